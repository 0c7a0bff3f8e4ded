package bitcoin_test

import (
	"bytes"
	"math/big"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
)

// What inputs show agrees with what btcd reads who knows the script that is spent, for every
// input of the recorded blocks whose script is known.
func TestSignedIsBtcds(t *testing.T) {
	seen := map[string]int{}
	scripts := map[wire.OutPoint][]byte{}
	for height := firstBlock; height <= lastBlock; height++ {
		block, err := bitcoin.DecodeBlock("bitcoin", rawBlock(t, height), int64(height))
		require.NoError(t, err)
		for i := range block.Txs {
			other := wireTx(t, block.Txs[i].Raw)
			for j, in := range block.Txs[i].Inputs {
				if script, known := scripts[other.TxIn[j].PreviousOutPoint]; known {
					requireSigned(t, seen, script, other.TxIn[j], &in)
				}
			}
			for j, out := range other.TxOut {
				scripts[wire.OutPoint{Hash: other.TxHash(), Index: uint32(j)}] = out.PkScript
			}
		}
	}
	block, err := bitcoin.DecodeBlock("bitcoin", testdata(t, "block300025.raw.gz"), 300025)
	require.NoError(t, err)
	spent := spentOf300025(t, block)
	for i := range block.Txs {
		outs, err := bitcoin.DecodeSpent(spent[i])
		require.NoError(t, err)
		other := wireTx(t, block.Txs[i].Raw)
		for j := range block.Txs[i].Inputs {
			requireSigned(t, seen, outs[j].Script, other.TxIn[j], &block.Txs[i].Inputs[j])
		}
	}
	for _, kind := range []string{
		"pubkeyhash", "scripthash", "witness_v0_keyhash", "witness_v0_scripthash",
		"high", "low", "uncompressed", "multisig", "wraps", "not all",
	} {
		require.NotZero(t, seen[kind], "%v", seen)
	}
	t.Log(seen)
}

func requireSigned(t *testing.T, seen map[string]int, script []byte, in *wire.TxIn, got *chains.Input) {
	t.Helper()
	class := txscript.GetScriptClass(script)
	want, plain := wantSigned(t, class, in)
	if !plain {
		return
	}
	require.Equal(t, want, got.Signed, "%s", got.Prev)
	seen[class.String()]++
	for name, form := range map[string]chains.SignedForm{
		"high": chains.SignedHighR, "uncompressed": chains.SignedUncompressed, "not all": chains.SignedNotAll,
	} {
		if want.Form&form != 0 {
			seen[name]++
		}
	}
	if want.Form&(chains.SignedHighR|chains.SignedECDSA) == chains.SignedECDSA {
		seen["low"]++
	}
	if want.N > 0 {
		seen["multisig"]++
	}
	if want.Wraps != "" {
		seen["wraps"]++
	}
}

// wantSigned reads an input that spends an output of class; plain is false for scripts of no
// standard form.
func wantSigned(t *testing.T, class txscript.ScriptClass, in *wire.TxIn) (want chains.Signed, plain bool) {
	t.Helper()
	want.Form = chains.SignedRead
	items := in.Witness
	if len(in.SignatureScript) > 0 {
		pushed, err := txscript.PushedData(in.SignatureScript)
		require.NoError(t, err)
		if class != txscript.ScriptHashTy || len(items) == 0 {
			items = pushed
		} else {
			want.Wraps = addressOf(pushed[0]) // a witness program
			class = txscript.GetScriptClass(pushed[0])
		}
	}
	switch class {
	case txscript.PubKeyHashTy, txscript.WitnessV0PubKeyHashTy:
		require.Len(t, items, 2)
		addSignature(t, &want, items[0])
		addKey(&want, items[1])
	case txscript.ScriptHashTy, txscript.WitnessV0ScriptHashTy:
		last := items[len(items)-1]
		if txscript.GetScriptClass(last) != txscript.MultiSigTy {
			return want, false
		}
		n, m, err := txscript.CalcMultiSigStats(last)
		require.NoError(t, err)
		want.M, want.N = byte(m), byte(n)
		for _, sig := range items[:len(items)-1] {
			if len(sig) > 0 {
				addSignature(t, &want, sig)
			}
		}
		keys, err := txscript.PushedData(last)
		require.NoError(t, err)
		for _, key := range keys {
			addKey(&want, key)
		}
	default:
		return want, false
	}
	return want, true
}

func addSignature(t *testing.T, s *chains.Signed, sig []byte) {
	t.Helper()
	_, err := ecdsa.ParseDERSignature(sig[:len(sig)-1])
	require.NoError(t, err)
	s.Form |= chains.SignedECDSA
	if r := new(big.Int).SetBytes(sig[4 : 4+sig[3]]); r.BitLen() == 256 {
		s.Form |= chains.SignedHighR
	}
	if sig[len(sig)-1] != byte(txscript.SigHashAll) {
		s.Form |= chains.SignedNotAll
	}
}

func addKey(s *chains.Signed, key []byte) {
	if len(key) == 33 {
		s.Form |= chains.SignedCompressed
	} else {
		s.Form |= chains.SignedUncompressed
	}
}

// No bytes make the reading of scripts and witnesses panic, nor show what cannot be: M of N
// without a multisig script, or a wrapped script that is none.
func FuzzSigned(f *testing.F) {
	key := testKey().PubKey().SerializeCompressed()
	f.Add(push(f, twoOfThree(key)), []byte{0x30, 6, 2, 1, 1, 2, 1, 1, 1}, key)
	f.Add(push(f, p2wpkh(key)), make([]byte, 64), append([]byte{0xc0}, make([]byte, 32)...))
	f.Add([]byte{0x4e, 0xff, 0xff, 0xff, 0xff}, []byte{0x30}, []byte{0x50})
	f.Add([]byte{0x4d, 1}, []byte{}, twoOfThree(key))
	f.Fuzz(func(t *testing.T, script, first, last []byte) {
		tx := wire.NewMsgTx(2)
		tx.AddTxIn(&wire.TxIn{PreviousOutPoint: wire.OutPoint{Hash: [32]byte{1}}, SignatureScript: script, Witness: wire.TxWitness{first, last}})
		tx.AddTxOut(wire.NewTxOut(1, p2pkh(key)))
		var raw bytes.Buffer
		require.NoError(t, tx.Serialize(&raw))
		for _, chain := range []chains.Chain{"bitcoin", "bitcoin-cash"} {
			decoded, err := bitcoin.DecodeTx(chain, raw.Bytes())
			if err != nil {
				require.ErrorIs(t, err, bitcoin.ErrBadEncoding)
				continue
			}
			got := decoded.Inputs[0].Signed
			require.NotZero(t, got.Form&chains.SignedRead)
			require.True(t, got.M <= got.N && got.N <= 20 && (got.M > 0) == (got.N > 0))
			require.True(t, got.Form&(chains.SignedHighR) == 0 || got.Form&chains.SignedECDSA != 0)
			if got.Wraps != "" {
				require.NotEmpty(t, bitcoin.FormatAddress(chain, got.Wraps))
			}
		}
	})
}
