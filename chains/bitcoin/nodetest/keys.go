package nodetest

import (
	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/txscript/v2"
)

// P2PKH pays to the hash of key number n.
func P2PKH(n int) Lock {
	public := key(n).PubKey().SerializeCompressed()
	l := Lock{Script: script(func(b *txscript.ScriptBuilder) {
		b.AddOp(txscript.OP_DUP).AddOp(txscript.OP_HASH160).AddData(address.Hash160(public)).
			AddOp(txscript.OP_EQUALVERIFY).AddOp(txscript.OP_CHECKSIG)
	})}
	l.unlock = func(s *signer, i int) error {
		text, err := txscript.SignatureScript(s.tx, i, l.Script, txscript.SigHashAll, key(n), true)
		s.tx.TxIn[i].SignatureScript = text
		return err
	}
	return l
}

// P2PK pays to key number n itself, in 33 bytes.
func P2PK(n int) Lock { return payToKey(n, key(n).PubKey().SerializeCompressed()) }

// P2PKLong pays to key number n itself, in 65 bytes.
func P2PKLong(n int) Lock { return payToKey(n, key(n).PubKey().SerializeUncompressed()) }

func payToKey(n int, public []byte) Lock {
	l := Lock{Script: script(func(b *txscript.ScriptBuilder) { b.AddData(public).AddOp(txscript.OP_CHECKSIG) })}
	l.unlock = func(s *signer, i int) error {
		sig, err := txscript.RawTxInSignature(s.tx, i, l.Script, txscript.SigHashAll, key(n))
		if err != nil {
			return err
		}
		s.tx.TxIn[i].SignatureScript = script(func(b *txscript.ScriptBuilder) { b.AddData(sig) })
		return nil
	}
	return l
}

// Multisig is a bare multisig: one signature of keys n and n+1.
func Multisig(n int) Lock {
	l := Lock{Script: script(func(b *txscript.ScriptBuilder) {
		b.AddInt64(1).AddData(key(n).PubKey().SerializeCompressed()).
			AddData(key(n + 1).PubKey().SerializeCompressed()).AddInt64(2).AddOp(txscript.OP_CHECKMULTISIG)
	})}
	l.unlock = func(s *signer, i int) error {
		sig, err := txscript.RawTxInSignature(s.tx, i, l.Script, txscript.SigHashAll, key(n))
		if err != nil {
			return err
		}
		// The zero is the element too many that OP_CHECKMULTISIG takes.
		s.tx.TxIn[i].SignatureScript = script(func(b *txscript.ScriptBuilder) { b.AddOp(txscript.OP_0).AddData(sig) })
		return nil
	}
	return l
}

// P2WPKH pays to the hash of key number n, segwit version 0.
func P2WPKH(n int) Lock {
	public := key(n).PubKey().SerializeCompressed()
	l := Lock{Script: script(func(b *txscript.ScriptBuilder) { b.AddOp(txscript.OP_0).AddData(address.Hash160(public)) })}
	l.unlock = func(s *signer, i int) error {
		witness, err := txscript.WitnessSignature(s.tx, s.sigHashes(), i, int64(s.coins[i].Value), l.Script,
			txscript.SigHashAll, key(n), true)
		s.tx.TxIn[i].Witness = witness
		return err
	}
	return l
}

// Nested is the P2WPKH of key number n inside of a script hash.
func Nested(n int) Lock {
	inside := P2WPKH(n)
	return Lock{
		Script: script(func(b *txscript.ScriptBuilder) {
			b.AddOp(txscript.OP_HASH160).AddData(address.Hash160(inside.Script)).AddOp(txscript.OP_EQUAL)
		}),
		unlock: func(s *signer, i int) error {
			s.tx.TxIn[i].SignatureScript = script(func(b *txscript.ScriptBuilder) { b.AddData(inside.Script) })
			return inside.unlock(s, i)
		},
	}
}

// P2TR pays to key number n as taproot's internal key, without scripts.
func P2TR(n int) Lock {
	output := schnorr.SerializePubKey(txscript.ComputeTaprootKeyNoScript(key(n).PubKey()))
	l := Lock{Script: script(func(b *txscript.ScriptBuilder) { b.AddOp(txscript.OP_1).AddData(output) })}
	l.unlock = func(s *signer, i int) error {
		witness, err := txscript.TaprootWitnessSignature(s.tx, s.sigHashes(), i, int64(s.coins[i].Value), l.Script,
			txscript.SigHashDefault, key(n))
		s.tx.TxIn[i].Witness = witness
		return err
	}
	return l
}

// Anchor is the pay-to-anchor output (a witness program of version 1 and two bytes), which
// anyone can spend with an empty witness.
func Anchor() Lock {
	return Lock{Script: []byte{txscript.OP_1, 2, 0x4e, 0x73}}
}
