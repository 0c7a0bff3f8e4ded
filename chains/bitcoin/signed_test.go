package bitcoin_test

import (
	"bytes"
	"crypto/sha256"
	"testing"

	btcaddress "github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
)

// signer spends one output of signedValue, as wallets do.
type signer struct {
	t      *testing.T
	key    *btcec.PrivateKey
	tx     *wire.MsgTx
	script []byte // of the output that is spent
	prev   txscript.PrevOutputFetcher
	hashes *txscript.TxSigHashes
}

const signedValue = 100_000

func newSigner(t *testing.T, script []byte, serial uint32) *signer {
	t.Helper()
	s := &signer{t: t, key: testKey(), script: script, tx: wire.NewMsgTx(2)}
	s.tx.AddTxIn(&wire.TxIn{PreviousOutPoint: wire.OutPoint{Hash: [32]byte{1}, Index: serial}, Sequence: 1})
	s.tx.AddTxOut(wire.NewTxOut(signedValue-serviceFee, p2wpkh(make([]byte, 33))))
	s.prev = txscript.NewCannedPrevOutputFetcher(script, signedValue)
	s.hashes = txscript.NewTxSigHashes(s.tx, s.prev)
	return s
}

const serviceFee = 1000

func testKey() *btcec.PrivateKey {
	key, _ := btcec.PrivKeyFromBytes([]byte{7})
	return key
}

func (s *signer) legacy(script []byte, kind txscript.SigHashType) []byte {
	sig, err := txscript.RawTxInSignature(s.tx, 0, script, kind, s.key)
	require.NoError(s.t, err)
	return sig
}

func (s *signer) witness(script []byte) []byte {
	sig, err := txscript.RawTxInWitnessSignature(s.tx, s.hashes, 0, signedValue, script, txscript.SigHashAll, s.key)
	require.NoError(s.t, err)
	return sig
}

// spend writes script and witness of the input, lets btcd verify them, and returns what is read.
func (s *signer) spend(script []byte, witness ...[]byte) chains.Signed {
	s.tx.TxIn[0].SignatureScript, s.tx.TxIn[0].Witness = script, witness
	vm, err := txscript.NewEngine(s.script, s.tx, 0, txscript.StandardVerifyFlags, nil, s.hashes, signedValue, s.prev)
	require.NoError(s.t, err)
	require.NoError(s.t, vm.Execute())
	return s.read()
}

func (s *signer) read() chains.Signed {
	var raw bytes.Buffer
	require.NoError(s.t, s.tx.Serialize(&raw))
	tx, err := bitcoin.DecodeTx("bitcoin", raw.Bytes())
	require.NoError(s.t, err)
	return tx.Inputs[0].Signed
}

// push returns a script that pushes items; nil is OP_0.
func push(tb testing.TB, items ...[]byte) []byte {
	tb.Helper()
	b := txscript.NewScriptBuilder()
	for _, item := range items {
		b.AddData(item)
	}
	script, err := b.Script()
	require.NoError(tb, err)
	return script
}

func p2pkh(key []byte) []byte {
	return append(append([]byte{0x76, 0xa9, 20}, btcaddress.Hash160(key)...), 0x88, 0xac)
}
func p2wpkh(key []byte) []byte { return append([]byte{0, 20}, btcaddress.Hash160(key)...) }
func p2pk(key []byte) []byte   { return append(append([]byte{byte(len(key))}, key...), 0xac) }
func p2sh(script []byte) []byte {
	return append(append([]byte{0xa9, 20}, btcaddress.Hash160(script)...), 0x87)
}

func p2wsh(script []byte) []byte {
	sum := sha256.Sum256(script)
	return append([]byte{0, 32}, sum[:]...)
}

// twoOfThree is a multisig script of one key, thrice.
func twoOfThree(key []byte) []byte {
	script := []byte{0x52}
	for range 3 {
		script = append(append(script, byte(len(key))), key...)
	}
	return append(script, 0x53, 0xae)
}

func addressOf(script []byte) chains.Address {
	a, _ := bitcoin.Classify("bitcoin", script)
	return a
}

// What valid spends of each form show. A signature's r is low or high by chance, so that this
// bit is looked at elsewhere.
func TestSigned(t *testing.T) {
	const read, ecdsa = chains.SignedRead, chains.SignedECDSA
	short, long := testKey().PubKey().SerializeCompressed(), testKey().PubKey().SerializeUncompressed()
	multi := twoOfThree(short)
	compressed := chains.Signed{Form: read | ecdsa | chains.SignedCompressed}
	of := func(m, n byte) chains.Signed { return chains.Signed{Form: compressed.Form, M: m, N: n} }
	wraps := func(script []byte) chains.Signed {
		return chains.Signed{Form: compressed.Form, Wraps: addressOf(script)}
	}
	nestedMulti := of(2, 3)
	nestedMulti.Wraps = addressOf(p2wsh(multi))
	cases := []struct {
		name   string
		script []byte
		spend  func(*signer) chains.Signed
		want   chains.Signed
	}{
		{"P2PKH", p2pkh(short), func(s *signer) chains.Signed {
			return s.spend(push(t, s.legacy(s.script, txscript.SigHashAll), short))
		}, compressed},
		{"P2PKH with an uncompressed key", p2pkh(long), func(s *signer) chains.Signed {
			return s.spend(push(t, s.legacy(s.script, txscript.SigHashAll), long))
		}, chains.Signed{Form: read | ecdsa | chains.SignedUncompressed}},
		{"signed for one output alone", p2pkh(short), func(s *signer) chains.Signed {
			return s.spend(push(t, s.legacy(s.script, txscript.SigHashSingle), short))
		}, chains.Signed{Form: compressed.Form | chains.SignedNotAll}},
		{"others may add inputs", p2pkh(short), func(s *signer) chains.Signed {
			return s.spend(push(t, s.legacy(s.script, txscript.SigHashAll|txscript.SigHashAnyOneCanPay), short))
		}, chains.Signed{Form: compressed.Form | chains.SignedNotAll}},
		{"P2PK", p2pk(short), func(s *signer) chains.Signed {
			return s.spend(push(t, s.legacy(s.script, txscript.SigHashAll)))
		}, chains.Signed{Form: read | ecdsa}},
		{"bare multisig", multi, func(s *signer) chains.Signed {
			sig := s.legacy(multi, txscript.SigHashAll)
			return s.spend(push(t, nil, sig, sig))
		}, chains.Signed{Form: read | ecdsa}},
		{"multisig in P2SH", p2sh(multi), func(s *signer) chains.Signed {
			sig := s.legacy(multi, txscript.SigHashAll)
			return s.spend(push(t, nil, sig, sig, multi))
		}, of(2, 3)},
		{"a key in P2SH", p2sh(p2pkh(short)), func(s *signer) chains.Signed {
			return s.spend(push(t, s.legacy(p2pkh(short), txscript.SigHashAll), short, p2pkh(short)))
		}, wraps(p2pkh(short))},
		{"P2WPKH", p2wpkh(short), func(s *signer) chains.Signed {
			return s.spend(nil, s.witness(p2wpkh(short)), short)
		}, compressed},
		{"P2WPKH in P2SH", p2sh(p2wpkh(short)), func(s *signer) chains.Signed {
			return s.spend(push(t, p2wpkh(short)), s.witness(p2wpkh(short)), short)
		}, wraps(p2wpkh(short))},
		{"multisig in P2WSH", p2wsh(multi), func(s *signer) chains.Signed {
			return s.spend(nil, nil, s.witness(multi), s.witness(multi), multi)
		}, of(2, 3)},
		{"multisig in P2WSH in P2SH", p2sh(p2wsh(multi)), func(s *signer) chains.Signed {
			return s.spend(push(t, p2wsh(multi)), nil, s.witness(multi), s.witness(multi), multi)
		}, nestedMulti},
		{"a key in P2WSH", p2wsh(p2pk(short)), func(s *signer) chains.Signed {
			return s.spend(nil, s.witness(p2pk(short)), p2pk(short))
		}, wraps(p2pk(short))},
		{"a script that anybody can spend", p2sh([]byte{0x51}), func(s *signer) chains.Signed {
			return s.spend(push(t, []byte{0x51}))
		}, chains.Signed{Form: read}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := c.spend(newSigner(t, c.script, 0))
			got.Form &^= chains.SignedHighR
			require.Equal(t, c.want, got)
		})
	}
}

// A witness program is revealed by the only push of a script; beside others it is any push.
func TestSignedProgramBesideOthers(t *testing.T) {
	key := testKey().PubKey().SerializeCompressed()
	s := newSigner(t, p2sh(p2wpkh(key)), 0)
	s.tx.TxIn[0].SignatureScript = push(t, key, p2wpkh(key))
	require.Equal(t, chains.Signed{Form: chains.SignedRead | chains.SignedCompressed}, s.read())
}

// Taproot: by key, by a script, and with an annex, which valid spends may have and nodes do not
// relay.
func TestSignedTaproot(t *testing.T) {
	key := testKey().PubKey()
	leaf := txscript.NewBaseTapLeaf(append(append([]byte{32}, schnorr.SerializePubKey(key)...), 0xac))
	tree := txscript.AssembleTaprootScriptTree(leaf)
	root := tree.RootNode.TapHash()
	script, err := txscript.PayToTaprootScript(txscript.ComputeTaprootOutputKey(key, root[:]))
	require.NoError(t, err)
	proof := tree.LeafMerkleProofs[0].ToControlBlock(key)
	control, err := proof.ToBytes()
	require.NoError(t, err)
	byKey := func(s *signer, kind txscript.SigHashType) []byte {
		sig, err := txscript.RawTxInTaprootSignature(s.tx, s.hashes, 0, signedValue, script, root[:], kind, s.key)
		require.NoError(t, err)
		return sig
	}
	const form = chains.SignedRead | chains.SignedSchnorr
	annex := []byte{0x50, 1, 2}

	s := newSigner(t, script, 0)
	require.Equal(t, chains.Signed{Form: form}, s.spend(nil, byKey(s, txscript.SigHashDefault)))
	require.Equal(t, chains.Signed{Form: form}, s.spend(nil, byKey(s, txscript.SigHashAll)))
	require.Equal(t, chains.Signed{Form: form | chains.SignedNotAll}, s.spend(nil, byKey(s, txscript.SigHashNone)))
	s.tx.TxIn[0].Witness = wire.TxWitness{byKey(s, txscript.SigHashDefault), annex}
	require.Equal(t, chains.Signed{Form: form}, s.read())

	sig, err := txscript.RawTxInTapscriptSignature(s.tx, s.hashes, 0, signedValue, script, leaf, txscript.SigHashDefault, s.key)
	require.NoError(t, err)
	require.Equal(t, chains.Signed{Form: form | chains.SignedScriptPath}, s.spend(nil, sig, leaf.Script, control))
	s.tx.TxIn[0].Witness = wire.TxWitness{sig, leaf.Script, control, annex}
	require.Equal(t, chains.Signed{Form: form | chains.SignedScriptPath}, s.read())
}

// A high r is one whose highest bit is set: then DER puts a zero in front of it. Wallets that
// grind sign again until it is not.
func TestSignedHighR(t *testing.T) {
	key := testKey().PubKey().SerializeCompressed()
	var seen [2]int
	for serial := range uint32(32) {
		s := newSigner(t, p2wpkh(key), serial)
		sig := s.witness(p2wpkh(key))
		high := 0
		if sig[3] == 33 {
			high = 1
		}
		seen[high]++
		require.Equal(t, high == 1, s.spend(nil, sig, key).Form&chains.SignedHighR != 0)
	}
	require.NotZero(t, seen[0])
	require.NotZero(t, seen[1])
}

// Bitcoin Cash signs by Schnorr in scripts, and its fork id is no leaving out.
func TestSignedOnCash(t *testing.T) {
	s := newSigner(t, p2pkh(testKey().PubKey().SerializeCompressed()), 0)
	sig := append(bytes.Repeat([]byte{9}, 64), 0x41)
	s.tx.TxIn[0].SignatureScript = push(t, sig, testKey().PubKey().SerializeCompressed())
	var raw bytes.Buffer
	require.NoError(t, s.tx.Serialize(&raw))
	tx, err := bitcoin.DecodeTx("bitcoin-cash", raw.Bytes())
	require.NoError(t, err)
	require.Equal(t, chains.SignedRead|chains.SignedSchnorr|chains.SignedCompressed, tx.Inputs[0].Signed.Form)
	tx, err = bitcoin.DecodeTx("bitcoin", raw.Bytes())
	require.NoError(t, err)
	require.Equal(t, chains.SignedRead|chains.SignedCompressed, tx.Inputs[0].Signed.Form)
}
