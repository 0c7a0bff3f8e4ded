package bitcoin_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
)

// mergedBlock is the first block of Dogecoin that was mined together with Litecoin.
func mergedBlock(tb testing.TB) []byte { return fixture(tb, "dogecoin/371337.blk.gz") }

func TestDecodeMergedBlock(t *testing.T) {
	raw := mergedBlock(t)
	block, err := bitcoin.DecodeBlock("dogecoin", raw, 371337)
	require.NoError(t, err)
	require.Equal(t, "60323982f9c5ff1b5a954eac9dc1269352835f47c2c5222691d80f0d50dcf053", block.Ref.Hash.String())
	require.Equal(t, "46a8b109fb016fa41abd17a19186ca78d39c60c020c71fcd2690320d47036f0d", block.Prev.String())
	require.Len(t, block.Txs, 6)
	require.Equal(t, "4547b14bc16db4184fa9f141d645627430dd3dfa662d0e6f418fba497091da75", block.Txs[0].ID.String())
	require.Regexp(t, "^D", bitcoin.FormatAddress("dogecoin", block.Txs[1].Outputs[0].Address))
	require.Greater(t, len(block.Header), bitcoin.HeaderBytes)
	require.Equal(t, raw[:len(block.Header)], block.Header, "the proof is part of the header")
	require.NoError(t, bitcoin.CheckWork("dogecoin", block.Header))

	whole, err := bitcoin.DecodeHeader("dogecoin", block.Header)
	require.NoError(t, err)
	short, err := bitcoin.DecodeHeader("dogecoin", block.Header[:bitcoin.HeaderBytes])
	require.NoError(t, err, "a node may give the 80 bytes alone")
	require.Equal(t, whole, short)
	require.ErrorIs(t, bitcoin.CheckWork("dogecoin", block.Header[:bitcoin.HeaderBytes]), bitcoin.ErrNoWork)
	_, err = bitcoin.DecodeHeader("dogecoin", block.Header[:len(block.Header)-1])
	require.ErrorIs(t, err, bitcoin.ErrBadEncoding)
	_, err = bitcoin.DecodeBlock("bitcoin", raw, 371337)
	require.ErrorIs(t, err, bitcoin.ErrBadEncoding)
}

// Every byte that the proof of merged mining rests on, changed.
func TestMergedWorkRefuses(t *testing.T) {
	block, err := bitcoin.DecodeBlock("dogecoin", mergedBlock(t), 371337)
	require.NoError(t, err)
	mark := bytes.Index(block.Header, []byte("\xfa\xbemm"))
	flip := func(at int) func([]byte) []byte {
		return func(h []byte) []byte { h[at] ^= 1; return h }
	}
	end := len(block.Header)
	cases := []struct {
		name   string
		change func([]byte) []byte
		says   string
	}{
		{"the block", flip(40), "does not commit"},
		{"the chain of the block", flip(2), "of chain 99"},
		{"the root in the coinbase", flip(mark + 10), "not in the parent block"},
		{"the parent's Merkle root", flip(end - 80 + 40), "not in the parent block"},
		{"the parent's nonce", flip(end - 1), "above the target"},
		{"a chain id of its own in the parent", func(h []byte) []byte { h[end-80+2] = 0x62; return h }, "same chain"},
		{"the index of the coinbase", flip(end - 80 - 4 - 3*32 - 1 - 4), "no coinbase"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := bitcoin.CheckWork("dogecoin", c.change(slices.Clone(block.Header)))
			require.ErrorIs(t, err, bitcoin.ErrNoWork)
			require.ErrorContains(t, err, c.says)
		})
	}
}

// merged returns a header of Dogecoin's regression test network, mined together with a
// parent whose coinbase has the script that scriptOf returns for the root of the tree.
func merged(tb testing.TB, branch []chains.Hash, index uint32, scriptOf func(root []byte) []byte) []byte {
	tb.Helper()
	own := bitcoin.Header{Version: 0x62<<16 | 1<<8 | 4, Time: 1700000000, Bits: 0x207fffff}
	first := own.Encode()
	h, err := bitcoin.DecodeHeader("dogecoin-regtest", first)
	require.NoError(tb, err)
	root := h.Hash
	for i, beside := range branch { // the root of a tree of these leaves is the branch's fold
		ids := []chains.TxID{root, beside.Reversed()}
		if index>>i&1 == 1 {
			slices.Reverse(ids)
		}
		root, err = bitcoin.MerkleRoot(ids)
		require.NoError(tb, err)
	}
	script := scriptOf(root[:])
	coinbase := slices.Concat(unhex(tb, "01000000"+"01"), bytes.Repeat([]byte{0}, 32), unhex(tb, "ffffffff"),
		[]byte{byte(len(script))}, script, unhex(tb, "ffffffff"+"01"+"0000000000000000"+"00"+"00000000"))
	tx, err := bitcoin.DecodeTx("dogecoin-regtest", coinbase)
	require.NoError(tb, err)
	parent := bitcoin.Header{Version: 2, MerkleRoot: tx.ID, Time: 1700000000, Bits: 0x207fffff}
	for {
		raw := parent.Encode()
		if bitcoin.CheckWork("litecoin-regtest", raw) == nil {
			break
		}
		parent.Nonce++
	}
	raw := slices.Concat(first, coinbase, bytes.Repeat([]byte{0}, 32), []byte{0}, unhex(tb, "00000000"), []byte{byte(len(branch))})
	for _, b := range branch {
		raw = append(raw, b[:]...)
	}
	raw = binary.LittleEndian.AppendUint32(raw, index)
	return append(raw, parent.Encode()...)
}

func TestMergedCommitment(t *testing.T) {
	mark := []byte("\xfa\xbemm")
	tail := func(size, nonce uint32) []byte {
		return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, size), nonce)
	}
	side := []chains.Hash{{1}, {2}}
	// dogecoind's rule by hand: ((0·a + c + 98)·a + c) mod 4, a = 1103515245, c = 12345.
	const leaf = (12345+98)*1103515245%4 + 12345%4
	cases := []struct {
		name   string
		branch []chains.Hash
		index  uint32
		make   func(root []byte) []byte
		says   string
	}{
		{"one chain", nil, 0, func(r []byte) []byte { return slices.Concat(mark, r, tail(1, 0)) }, ""},
		{"four chains", side, leaf % 4, func(r []byte) []byte { return slices.Concat([]byte{9}, mark, r, tail(4, 0)) }, ""},
		{"the wrong leaf", side, (leaf + 1) % 4, func(r []byte) []byte { return slices.Concat(mark, r, tail(4, 0)) }, "leaf"},
		{"another nonce's leaf", side, leaf % 4, func(r []byte) []byte { return slices.Concat(mark, r, tail(4, 1)) }, "leaf"},
		{"a wrong size", side, leaf % 4, func(r []byte) []byte { return slices.Concat(mark, r, tail(8, 0)) }, "8 leaves"},
		{"no root", nil, 0, func([]byte) []byte { return slices.Concat(mark, tail(1, 0)) }, "does not commit"},
		{"two marks", nil, 0, func(r []byte) []byte { return slices.Concat(mark, r, tail(1, 0), mark) }, "two marks"},
		{"a mark elsewhere", nil, 0, func(r []byte) []byte { return slices.Concat(mark, []byte{0}, r, tail(1, 0)) }, "stand before"},
		{"no mark, early", nil, 0, func(r []byte) []byte { return slices.Concat(make([]byte, 20), r, tail(1, 0)) }, ""},
		{"no mark, late", nil, 0, func(r []byte) []byte { return slices.Concat(make([]byte, 21), r, tail(1, 0)) }, "begins at byte 21"},
		{"cut off", nil, 0, func(r []byte) []byte { return slices.Concat(mark, r, tail(1, 0)[:7]) }, "missing"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := bitcoin.CheckWork("dogecoin-regtest", merged(t, c.branch, c.index, c.make))
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, bitcoin.ErrNoWork)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestDogecoinAddresses(t *testing.T) {
	p2pkh := unhex(t, "76a914751e76e8199196d454941c45d1b3a323f1433bd688ac")
	p2sh := unhex(t, "a914751e76e8199196d454941c45d1b3a323f1433bd687")
	for _, c := range []struct {
		chain         chains.Chain
		script        []byte
		text, another string
	}{
		{"dogecoin", p2pkh, "DFpN6QqFfUm3gKNaxN6tNcab1FArL9cZLE", "LVuDpNCSSj6pQ7t9Pv6d6sUkLKoqDEVUnJ"},
		{"dogecoin", p2sh, "A37YDYSwz3438rFtm1SLVcQHyD7JeueC9H", "3CNHUhP3uyB9EUtRLsmvFUmvGdjGdkTxJw"},
		{"dogecoin-testnet", p2pkh, "nesRpRaAbTDmZHwmzBkLd2AtF7Z9L9z5S2", "DFpN6QqFfUm3gKNaxN6tNcab1FArL9cZLE"},
		{"dogecoin-regtest", p2pkh, "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r", "DFpN6QqFfUm3gKNaxN6tNcab1FArL9cZLE"},
	} {
		a, _ := bitcoin.Classify(c.chain, c.script)
		text := bitcoin.FormatAddress(c.chain, a)
		require.Equal(t, c.text, text, c.chain)
		back, err := bitcoin.ParseAddress(c.chain, text)
		require.NoError(t, err)
		require.Equal(t, a, back)
		_, err = bitcoin.ParseAddress(c.chain, c.another)
		require.ErrorIs(t, err, chains.ErrWrongChain)
	}
}

// Without segwit a witness program is a script like any other, and marker 00 says that a
// transaction has no inputs.
func TestChainsWithoutSegwit(t *testing.T) {
	for _, chain := range []chains.Chain{"dogecoin", "bitcoin-cash"} {
		a, form := bitcoin.Classify(chain, unhex(t, "0014"+hash20))
		require.Equal(t, chains.ScriptUnknown, form)
		require.Regexp(t, "^script:", bitcoin.FormatAddress(chain, a))
		segwit, _ := bitcoin.Classify("bitcoin", unhex(t, "0014"+hash20))
		require.Empty(t, bitcoin.FormatAddress(chain, segwit))
		_, err := bitcoin.DecodeTx(chain, unhex(t, segwitTx))
		require.ErrorIs(t, err, bitcoin.ErrBadEncoding)
		require.ErrorContains(t, err, "no inputs")
		_, err = bitcoin.ParseAddress(chain, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")
		require.ErrorIs(t, err, chains.ErrWrongChain)
	}
}
