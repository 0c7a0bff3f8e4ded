package nodetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"clew/chains"
	"clew/chains/bitcoin"
)

const (
	// submitVersion signals for CSV, segwit and taproot, after BIP9, as simnet counts it.
	submitVersion = 0x20000007
	// submitSubsidy is what a coinbase of simnet is worth until block 210,000.
	submitSubsidy = 50_0000_0000
	// submitPace lies between the times of two blocks: what keeps the bits as they are.
	submitPace = 10 * time.Minute
)

// submit makes a block of these transactions on top of the chain, hands it to the node and
// returns its hash.
func (n *Node) submit(to Lock, txs []Tx) chains.BlockHash {
	n.t.Helper()
	block, err := n.assemble(to, txs)
	if err != nil {
		n.t.Fatalf("make a block: %v", err)
	}
	var raw bytes.Buffer
	if err := block.Serialize(&raw); err != nil {
		n.t.Fatalf("make a block: %v", err)
	}
	var refused *string
	n.RPC(&refused, "submitblock", hex.EncodeToString(raw.Bytes()))
	if refused != nil {
		n.t.Fatalf("%s refuses a block: %s", n.Kind, *refused)
	}
	hash := chains.Hash(block.BlockHash()).Reversed()
	n.tip = &tip{n.tip.height + 1, bitcoin.Header{Hash: hash, Time: block.Header.Timestamp.Unix(), Bits: block.Header.Bits}}
	return hash
}

// tip is the last block of the chain, as far as it is known: asking costs a connection.
type tip struct {
	height int64
	header bitcoin.Header // hash, time and bits
}

// findTip asks for the last block where others may have changed it.
func (n *Node) findTip() error {
	if n.tip != nil {
		return nil
	}
	height := n.Height()
	var text string
	n.RPC(&text, "getblockheader", n.HashAt(height).String(), false)
	raw, err := hex.DecodeString(text)
	if err != nil {
		return err
	}
	h, err := bitcoin.DecodeHeader(n.Chain, raw)
	n.tip = &tip{height, h}
	return err
}

func (n *Node) assemble(to Lock, txs []Tx) (*wire.MsgBlock, error) {
	if err := n.findTip(); err != nil {
		return nil, err
	}
	last := n.tip.header
	n.made++
	block := &wire.MsgBlock{Transactions: []*wire.MsgTx{n.reward(n.tip.height+1, to)}}
	ids, witnesses := []chains.TxID{{}}, []chains.TxID{{}}
	for _, tx := range txs {
		var m wire.MsgTx
		if err := m.Deserialize(bytes.NewReader(tx.Raw)); err != nil {
			return nil, fmt.Errorf("transaction %s: %w", tx.ID, err)
		}
		block.Transactions = append(block.Transactions, &m)
		ids = append(ids, tx.ID)
		witnesses = append(witnesses, chains.Hash(m.WitnessHash()).Reversed())
	}
	if err := commit(block.Transactions[0], witnesses); err != nil {
		return nil, err
	}
	ids[0] = chains.Hash(block.Transactions[0].TxHash()).Reversed()
	root, err := bitcoin.MerkleRoot(ids)
	if err != nil {
		return nil, err
	}
	block.Header = wire.BlockHeader{
		Version: submitVersion, PrevBlock: chainhash.Hash(last.Hash.Reversed()), MerkleRoot: chainhash.Hash(root.Reversed()),
		Timestamp: time.Unix(last.Time, 0).Add(submitPace), Bits: last.Bits,
	}
	for bitcoin.CheckWork(n.Chain, header(&block.Header)) != nil { // every second nonce will do
		block.Header.Nonce++
	}
	return block, nil
}

// reward returns the coinbase of a block, unlike that of every other one made here.
func (n *Node) reward(height int64, to Lock) *wire.MsgTx {
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(&wire.TxIn{
		PreviousOutPoint: wire.OutPoint{Index: wire.MaxPrevOutIndex}, Sequence: wire.MaxTxInSequenceNum,
		SignatureScript: script(func(b *txscript.ScriptBuilder) { b.AddInt64(height).AddData([]byte(fmt.Sprint("nodetest ", n.made))) }),
		Witness:         wire.TxWitness{make([]byte, 32)},
	})
	tx.AddTxOut(wire.NewTxOut(submitSubsidy, to.Script))
	return tx
}

// commit adds the output that commits to the witnesses of a block, after BIP141. The
// coinbase's own hash counts as zero there.
func commit(coinbase *wire.MsgTx, witnesses []chains.TxID) error {
	if len(witnesses) == 1 {
		coinbase.TxIn[0].Witness = nil
		return nil
	}
	root, err := bitcoin.MerkleRoot(witnesses)
	if err != nil {
		return err
	}
	inner := root.Reversed()
	once := sha256.Sum256(append(inner[:], coinbase.TxIn[0].Witness[0]...))
	twice := sha256.Sum256(once[:])
	coinbase.AddTxOut(wire.NewTxOut(0, script(func(b *txscript.ScriptBuilder) {
		b.AddOp(txscript.OP_RETURN).AddData(append([]byte{0xaa, 0x21, 0xa9, 0xed}, twice[:]...))
	})))
	return nil
}

func header(h *wire.BlockHeader) []byte {
	var raw bytes.Buffer
	_ = h.Serialize(&raw) // a buffer takes it
	return raw.Bytes()
}
