package nodetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"clew/chains"
	"clew/chains/bitcoin"
)

// Lock is an output script and the way to spend it.
type Lock struct {
	Script []byte
	// unlock writes the script or witness of input i; nil where nothing is needed.
	unlock func(s *signer, i int) error
}

// Address returns the lock's address key.
func (l Lock) Address() chains.Address {
	a, _ := bitcoin.Classify("bitcoin-regtest", l.Script)
	return a
}

// String returns the lock's address as text, on regtest.
func (l Lock) String() string { return bitcoin.FormatAddress("bitcoin-regtest", l.Address()) }

func (l Lock) descriptor() string { return "raw(" + hex.EncodeToString(l.Script) + ")" }

// Coin is an output that can be spent.
type Coin struct {
	Point chains.OutPoint
	Value uint64 // whole units
	Lock  Lock
}

// Pay is an output to be made.
type Pay struct {
	To    Lock
	Value uint64 // whole units
}

// Tx is a transaction made here, signed.
type Tx struct {
	ID    chains.TxID
	Raw   []byte // with its witness
	Coins []Coin // its outputs, in order
}

// signer holds a transaction while its inputs are signed.
type signer struct {
	tx     *wire.MsgTx
	prevs  txscript.PrevOutputFetcher
	hashes *txscript.TxSigHashes
	coins  []Coin
}

// Spend makes a transaction that spends coins in this order and makes the outputs pays in
// this order.
// What is left over is the fee.
func Spend(tb TB, coins []Coin, pays ...Pay) Tx {
	tb.Helper()
	tx := wire.NewMsgTx(2)
	prevs := map[wire.OutPoint]*wire.TxOut{}
	for _, c := range coins {
		point := wire.OutPoint{Hash: chainhash.Hash(c.Point.Tx.Reversed()), Index: c.Point.Index}
		tx.AddTxIn(&wire.TxIn{PreviousOutPoint: point, Sequence: wire.MaxTxInSequenceNum - 2})
		prevs[point] = wire.NewTxOut(int64(c.Value), c.Lock.Script)
	}
	for _, p := range pays {
		tx.AddTxOut(wire.NewTxOut(int64(p.Value), p.To.Script))
	}
	fetcher := txscript.NewMultiPrevOutFetcher(prevs)
	s := &signer{tx: tx, prevs: fetcher, coins: coins}
	for i, c := range coins {
		if c.Lock.unlock == nil {
			continue
		}
		if err := c.Lock.unlock(s, i); err != nil {
			tb.Fatalf("sign input %d: %v", i, err)
		}
	}
	var raw bytes.Buffer
	if err := tx.Serialize(&raw); err != nil {
		tb.Fatalf("encode transaction: %v", err)
	}
	made := Tx{ID: chains.Hash(tx.TxHash()).Reversed(), Raw: raw.Bytes(), Coins: make([]Coin, len(pays))}
	for i, p := range pays {
		made.Coins[i] = Coin{Point: chains.OutPoint{Tx: made.ID, Index: uint32(i)}, Value: p.Value, Lock: p.To}
	}
	return made
}

// Split spends one coin into n equal ones to the same lock; what does not divide is the fee.
func Split(tb TB, coin Coin, n int, to Lock) Tx {
	tb.Helper()
	pays := make([]Pay, n)
	for i := range pays {
		pays[i] = Pay{To: to, Value: coin.Value / uint64(n)}
	}
	return Spend(tb, []Coin{coin}, pays...)
}

// sigHashes returns the hashes that signatures of this transaction share.
func (s *signer) sigHashes() *txscript.TxSigHashes {
	if s.hashes == nil {
		s.hashes = txscript.NewTxSigHashes(s.tx, s.prevs)
	}
	return s.hashes
}

// key returns the private key number n.
func key(n int) *btcec.PrivateKey {
	seed := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("clew nodetest key "), uint64(n)))
	private, _ := btcec.PrivKeyFromBytes(seed[:])
	return private
}

// script builds a script that the caller knows to be well formed.
func script(build func(*txscript.ScriptBuilder)) []byte {
	b := txscript.NewScriptBuilder()
	build(b)
	text, err := b.Script()
	if err != nil {
		panic("nodetest: " + err.Error())
	}
	return text
}

// open is a script that anyone can spend, another one for each n.
func open(n int) []byte {
	return script(func(b *txscript.ScriptBuilder) {
		b.AddInt64(int64(n)).AddOp(txscript.OP_DROP).AddOp(txscript.OP_TRUE)
	})
}

// Anyone is a P2WSH that anyone can spend without a signature, the fastest lock; each n has
// an address of its own.
func Anyone(n int) Lock {
	inside := open(n)
	hash := sha256.Sum256(inside)
	return Lock{
		Script: script(func(b *txscript.ScriptBuilder) { b.AddOp(txscript.OP_0).AddData(hash[:]) }),
		unlock: func(s *signer, i int) error {
			s.tx.TxIn[i].Witness = wire.TxWitness{inside}
			return nil
		},
	}
}

// Bare is a script of no standard form that anyone can spend: it has no address of its own.
func Bare(n int) Lock { return Lock{Script: open(n)} }

// Data is an OP_RETURN output. It cannot be spent.
func Data(text string) Lock {
	return Lock{Script: script(func(b *txscript.ScriptBuilder) { b.AddOp(txscript.OP_RETURN).AddData([]byte(text)) })}
}

// P2SH is a script hash that anyone can spend.
func P2SH(n int) Lock {
	inside := open(n)
	return Lock{
		Script: script(func(b *txscript.ScriptBuilder) {
			b.AddOp(txscript.OP_HASH160).AddData(address.Hash160(inside)).AddOp(txscript.OP_EQUAL)
		}),
		unlock: func(s *signer, i int) error {
			s.tx.TxIn[i].SignatureScript = script(func(b *txscript.ScriptBuilder) { b.AddData(inside) })
			return nil
		},
	}
}
