package bitcoin_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
)

// The ten blocks of mainnet: work, Merkle root, links, and every transaction as btcd reads it.
func TestMainnetBlocks(t *testing.T) {
	txs := []int{2970, 2746, 2747, 2650, 1871, 2975, 2666, 2363, 3322, 3047}
	var prev chains.BlockHash
	for height := firstBlock; height <= lastBlock; height++ {
		block, err := bitcoin.DecodeBlock("bitcoin", rawBlock(t, height), int64(height))
		require.NoError(t, err)
		require.NoError(t, bitcoin.CheckWork("bitcoin", block.Header))
		require.EqualValues(t, height, block.Ref.Height)
		require.Len(t, block.Txs, txs[height-firstBlock])
		if height > firstBlock {
			require.Equal(t, prev, block.Prev)
		}
		prev = block.Ref.Hash
		require.Nil(t, block.Spent)
		for i := range block.Txs {
			tx := &block.Txs[i]
			require.Equal(t, i == 0, tx.Coinbase)
			require.Equal(t, i, tx.Index)
			require.Equal(t, block.Ref, tx.Block)
			requireAsWire(t, tx)
		}
	}
	require.Equal(t, "000000000000000000222e14f1a55ee956e49e128502a684a279bd4ea77a5753", prev.String())
}

// Script forms agree with btcd's on every output of the ten blocks, but for OP_RETURN with
// code behind it, which btcd calls nonstandard.
func TestFormsAreBtcds(t *testing.T) {
	forms := map[txscript.ScriptClass]chains.ScriptType{
		txscript.PubKeyTy: chains.ScriptP2PK, txscript.PubKeyHashTy: chains.ScriptP2PKH, txscript.ScriptHashTy: chains.ScriptP2SH,
		txscript.WitnessV0PubKeyHashTy: chains.ScriptP2WPKH, txscript.WitnessV0ScriptHashTy: chains.ScriptP2WSH,
		txscript.MultiSigTy: chains.ScriptMultisig, txscript.NullDataTy: chains.ScriptNullData,
		txscript.NonStandardTy: chains.ScriptUnknown, txscript.WitnessV1TaprootTy: chains.ScriptP2TR,
	}
	seen := map[chains.ScriptType]int{}
	for height := firstBlock; height <= lastBlock; height++ {
		block, err := bitcoin.DecodeBlock("bitcoin", rawBlock(t, height), int64(height))
		require.NoError(t, err)
		for i := range block.Txs {
			for _, out := range wireTx(t, block.Txs[i].Raw).TxOut {
				want := forms[txscript.GetScriptClass(out.PkScript)]
				if len(out.PkScript) > 0 && out.PkScript[0] == txscript.OP_RETURN {
					want = chains.ScriptNullData
				}
				_, form := bitcoin.Classify("bitcoin", out.PkScript)
				require.Equal(t, want, form, "%x", out.PkScript)
				seen[form]++
			}
		}
	}
	require.GreaterOrEqual(t, len(seen), 6, "%v", seen)
}

// Block 300025 with the outputs that it spends: what goes in comes out, and the coinbase
// takes the subsidy of that time and all fees, to the satoshi.
func TestFeesOfBlock300025(t *testing.T) {
	const subsidy = 25_00000000
	block, err := bitcoin.DecodeBlock("bitcoin", testdata(t, "block300025.raw.gz"), 300025)
	require.NoError(t, err)
	require.NoError(t, bitcoin.CheckWork("bitcoin", block.Header))
	require.NoError(t, bitcoin.AttachSpent("bitcoin", block, spentOf300025(t, block)))
	var fees, claimed uint64
	for i := range block.Txs {
		tx := &block.Txs[i]
		var in, out uint64
		for _, input := range tx.Inputs {
			require.True(t, input.Known)
			require.NotEmpty(t, input.Spent.Address)
			in += input.Spent.Value
		}
		for _, output := range tx.Outputs {
			out += output.Value
		}
		if tx.Coinbase {
			claimed = out
			continue
		}
		require.GreaterOrEqual(t, in, out)
		fees += in - out
	}
	require.Equal(t, uint64(subsidy)+fees, claimed)
}

// spentOf300025 cuts the recorded list into one part per transaction.
func spentOf300025(tb testing.TB, block *chains.Block) [][]byte {
	tb.Helper()
	rest := testdata(tb, "block300025-undo.raw.gz")
	spent := make([][]byte, len(block.Txs))
	for i := range block.Txs {
		outs := make([]bitcoin.SpentOutput, len(block.Txs[i].Inputs))
		for j := range outs {
			require.GreaterOrEqual(tb, len(rest), 9)
			outs[j].Value = binary.LittleEndian.Uint64(rest)
			n := int(rest[8])
			require.Less(tb, n, 0xfd)
			outs[j].Script, rest = rest[9:9+n], rest[9+n:]
		}
		spent[i] = bitcoin.EncodeSpent(outs)
	}
	require.Empty(tb, rest)
	return spent
}

func wireTx(tb testing.TB, raw []byte) *wire.MsgTx {
	tb.Helper()
	var tx wire.MsgTx
	require.NoError(tb, tx.Deserialize(bytes.NewReader(raw)))
	return &tx
}

func TestDecodeBlockRefuses(t *testing.T) {
	raw := rawBlock(t, 560066)
	block, err := bitcoin.DecodeBlock("bitcoin", raw, 560066)
	require.NoError(t, err)
	put := func(txs ...[]byte) []byte {
		n := binary.LittleEndian.AppendUint16([]byte{0xfd}, uint16(len(txs)))
		return slices.Concat(block.Header, n, slices.Concat(txs...))
	}
	all := make([][]byte, len(block.Txs))
	for i := range block.Txs {
		all[i] = block.Txs[i].Raw
	}
	swapped := slices.Clone(all)
	swapped[5], swapped[6] = swapped[6], swapped[5]
	// 1871 transactions: the last has no neighbour, so a list with it twice has the same root.
	repeated := append(slices.Clone(all), all[len(all)-1])
	cases := []struct {
		name string
		raw  []byte
		is   error
	}{
		{"cut short", raw[:len(raw)-1], bitcoin.ErrBadEncoding},
		{"bytes behind", append(slices.Clone(raw), 0), bitcoin.ErrBadEncoding},
		{"no transactions", append(slices.Clone(block.Header), 0), bitcoin.ErrBadEncoding},
		{"a header alone", block.Header, bitcoin.ErrBadEncoding},
		{"two transactions swapped", put(swapped...), chains.ErrBadAnswer},
		{"a transaction left out", put(all[:len(all)-1]...), chains.ErrBadAnswer},
		{"the last transaction twice", put(repeated...), bitcoin.ErrMutated},
		{"the coinbase left out", put(all[1:]...), bitcoin.ErrBadEncoding},
		{"two coinbases", put(append([][]byte{all[0]}, all...)...), bitcoin.ErrBadEncoding},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			block, err := bitcoin.DecodeBlock("bitcoin", c.raw, 560066)
			require.ErrorIs(t, err, c.is)
			require.Nil(t, block)
		})
	}
	_, err = bitcoin.DecodeBlock("bitcoin", put(all...), 560066)
	require.NoError(t, err, "put together without a change")
}

// A transaction kept alone shares nothing with its block.
func TestCloneSharesNothing(t *testing.T) {
	raw := rawBlock(t, 560066)
	block, err := bitcoin.DecodeBlock("bitcoin", raw, 560066)
	require.NoError(t, err)
	tx := block.Txs[7].Clone()
	require.Equal(t, block.Txs[7], tx)
	clear(raw)
	block.Txs[7].Inputs[0].Sequence, block.Txs[7].Outputs[0].Value = 1, 1
	again, err := bitcoin.DecodeTx("bitcoin", tx.Raw)
	require.NoError(t, err)
	require.Equal(t, tx.ID, again.ID)
	require.Equal(t, again.Inputs, tx.Inputs)
	require.Equal(t, again.Outputs, tx.Outputs)
}

func FuzzDecodeBlock(f *testing.F) {
	small := genesisBlock(f)
	f.Add(small)
	f.Add(small[:90])
	f.Add(testdata(f, "block300025.raw.gz")[:4000])
	f.Add(mergedBlock(f))
	f.Add(fixture(f, "litecoin/regtest/443.blk.gz"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, chain := range family() {
			if block, err := bitcoin.DecodeBlock(chain, raw, 5); err == nil {
				requireParentsFirst(t, block)
				if err := bitcoin.CheckWork(chain, block.Header); err != nil {
					require.ErrorIs(t, err, bitcoin.ErrNoWork)
				}
			}
		}
		block, err := bitcoin.DecodeBlock("bitcoin", raw, 5)
		if err != nil {
			require.Nil(t, block)
			return
		}
		require.NotEmpty(t, block.Txs)
		for i := range block.Txs {
			requireAsWire(t, &block.Txs[i])
		}
	})
}

// requireParentsFirst checks that no transaction of a block of any order stands before one
// that it spends, and that places are a permutation.
func requireParentsFirst(tb testing.TB, block *chains.Block) {
	tb.Helper()
	if block.Places == nil {
		return
	}
	at := map[chains.TxID]int{}
	for i := range block.Txs {
		at[block.Txs[i].ID] = i
	}
	seen := make([]bool, len(block.Txs))
	for i := range block.Txs {
		require.False(tb, seen[block.Place(i)])
		seen[block.Place(i)] = true
		for _, in := range block.Txs[i].Inputs {
			if parent, here := at[in.Prev.Tx]; here {
				require.Less(tb, parent, i)
			}
		}
	}
}

// genesisBlock returns Bitcoin's first block.
func genesisBlock(tb testing.TB) []byte {
	tb.Helper()
	h := bitcoin.Header{
		Version: 1, MerkleRoot: hash(tb, "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"),
		Time: 1231006505, Bits: 0x1d00ffff, Nonce: 2083236893,
	}
	return slices.Concat(h.Encode(), []byte{1}, unhex(tb, genesisTx))
}

func TestGenesisBlock(t *testing.T) {
	block, err := bitcoin.DecodeBlock("bitcoin", genesisBlock(t), 0)
	require.NoError(t, err)
	require.Equal(t, chains.Chain("bitcoin").Info().Genesis, block.Ref.Hash.String())
	require.EqualValues(t, 1231006505, block.Ref.Time)
	require.NoError(t, bitcoin.CheckWork("bitcoin", block.Header))
}
