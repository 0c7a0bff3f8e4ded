package evm

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/holiman/uint256"

	"clew/chains"
)

// Block returns the whole block as facts, its last transaction being that of the protocol where
// it paid anything. Transactions are proven where their root and the receipts' are the header's
// and the header hashes to the block's hash; ErrBadAnswer: they are not, on a chain that is
// known to do as Ethereum does. Signatures are not checked, which would take longer than all else:
// what moves by the sender's word is attested, and Execution.OnSignature names it for CheckSigner.
func (d *Decoder) Block(b *BlockParts) (*chains.Block, error) {
	lists, err := d.check(b)
	if err != nil {
		return nil, err
	}
	h := b.Header
	block := &chains.Block{Ref: h.Ref, Prev: h.Prev, Header: h.Raw, Txs: make([]chains.Tx, 0, len(b.Txs)+1)}
	for i := range b.Txs {
		p := &b.Txs[i]
		var err error
		if !signed(p.Tx.Type) {
			err = p.CheckSender(d.chain)
		}
		var tx chains.Tx
		if err == nil {
			tx, err = d.Tx(p, h, lists.evidence(i))
		}
		if err == nil {
			p.claim(&tx)
		}
		if err != nil {
			return nil, fmt.Errorf("block %d: %w", h.Ref.Height, err)
		}
		block.Txs = append(block.Txs, tx)
	}
	if system, paid := d.system(b); paid {
		block.Txs = append(block.Txs, system)
	}
	return block, nil
}

// Pick returns the block with the transactions at the given places only, each with what a
// recording keeps: raw bytes, receipt, what the node attested, and proofs. Senders are checked
// against signatures. The place behind the last transaction names the protocol's own.
func (d *Decoder) Pick(b *BlockParts, places []int) (*chains.Block, error) {
	lists, err := d.check(b)
	if err != nil {
		return nil, err
	}
	h := b.Header
	block := &chains.Block{Ref: h.Ref, Prev: h.Prev, Header: h.Raw, Partial: true, Places: append([]int{}, places...), Paid: d.paid(b)}
	for _, i := range places {
		var tx chains.Tx
		var err error
		switch {
		case i >= 0 && i < len(b.Txs):
			tx, err = d.picked(b, i, &lists)
		case i == len(b.Txs):
			tx, _ = d.system(b)
			tx.Exec.Attested, err = encodeSystem(b)
		default:
			err = fmt.Errorf("transaction %d of %d: %w", i, len(b.Txs), chains.ErrNotFound)
		}
		if err != nil {
			return nil, fmt.Errorf("block %d: %w", h.Ref.Height, err)
		}
		block.Txs = append(block.Txs, tx)
	}
	return block, nil
}

// paid returns to whom the protocol gives value in a block, but for what only receipts tell.
func (d *Decoder) paid(b *BlockParts) []chains.Address {
	to := []chains.Address{holder(b.Header.Miner)}
	system, _ := d.system(b)
	for i := range system.Exec.Moves {
		to = append(to, system.Exec.Moves[i].To)
	}
	return to
}

func (d *Decoder) picked(b *BlockParts, i int, lists *rootLists) (chains.Tx, error) {
	p := &b.Txs[i]
	if err := p.CheckSender(d.chain); err != nil {
		return chains.Tx{}, err
	}
	tx, err := d.Tx(p, b.Header, lists.evidence(i))
	if err != nil {
		return tx, err
	}
	p.claim(&tx)
	if tx.Exec.Attested, err = EncodeAttested(p, b.Header); err != nil {
		return tx, err
	}
	tx.Exec.Receipt = p.Receipt.encode()
	if i >= len(lists.txs) {
		return tx, nil
	}
	if tx.Exec.TxProof, err = Prove(lists.txs, i); err != nil {
		return tx, err
	}
	proven := []int{i}
	if i > 0 { // gas used is the difference of two receipts
		proven = append(proven, i-1)
	}
	tx.Exec.ReceiptProof, err = Prove(lists.receipts, proven...)
	return tx, err
}

// rootLists are what the roots are computed over.
type rootLists struct{ txs, receipts [][]byte }

// rooted is how many transactions of b the roots hold: all but Bor's, which hands over what came
// from Ethereum and stands in no root.
func (d *Decoder) rooted(b *BlockParts) int {
	n := len(b.Txs)
	if n > 0 && d.quirks.stateSync && b.Txs[n-1].Tx.Raw == nil && b.Txs[n-1].Sender == (common.Address{}) {
		n--
	}
	return n
}

// lists returns them; false where a transaction's bytes are not known.
func (d *Decoder) lists(b *BlockParts) (l rootLists, ok bool) {
	n := d.rooted(b)
	for i := range b.Txs[:n] {
		if b.Txs[i].Tx.Raw == nil {
			return rootLists{}, false
		}
		l.txs = append(l.txs, b.Txs[i].Tx.Raw)
		l.receipts = append(l.receipts, b.Txs[i].Receipt.encode())
	}
	return l, true
}

// check computes the roots again. The lists are empty where that could not be done, so that
// everything is the node's word; then a receipt's gas and the numbers of logs are, too.
func (d *Decoder) check(b *BlockParts) (rootLists, error) {
	h := b.Header
	l, ok := d.lists(b)
	if h.Raw == nil || !ok {
		return rootLists{}, nil
	}
	txs, receipts := ListRoot(l.txs), ListRoot(l.receipts)
	switch {
	case txs == h.TxRoot && receipts == h.ReceiptRoot:
	case !d.quirks.plainHeader:
		return rootLists{}, nil
	case txs != h.TxRoot:
		return l, fmt.Errorf("block %d: %w: its transactions do not make the root %x", h.Ref.Height, chains.ErrBadAnswer, h.TxRoot)
	default:
		return l, fmt.Errorf("block %d: %w: its receipts do not make the root %x", h.Ref.Height, chains.ErrBadAnswer, h.ReceiptRoot)
	}
	if err := b.count(len(l.txs)); err != nil {
		return l, err
	}
	return l, d.checkWithdrawals(b)
}

// count compares the gas of the first n transactions with what their receipts sum up, and
// numbers their logs.
func (b *BlockParts) count(n int) error {
	gas, logs := uint64(0), uint32(0)
	for i := range b.Txs[:n] {
		r := &b.Txs[i].Receipt
		if gas += r.GasUsed; gas != r.CumulativeGas {
			return fmt.Errorf("receipt of transaction %x: %w: %d gas, but the block's sum is %d instead of %d", b.Txs[i].Tx.Hash, chains.ErrBadAnswer, r.GasUsed, r.CumulativeGas, gas)
		}
		for j := range r.Logs {
			r.Logs[j].Index = logs
			logs++
		}
	}
	return nil
}

// evidence is that of the transaction at place i.
func (l *rootLists) evidence(i int) chains.Evidence {
	if i < len(l.txs) {
		return chains.EvidenceProven
	}
	return chains.EvidenceAttested
}

func (d *Decoder) checkWithdrawals(b *BlockParts) error {
	if b.Header.WithdrawalsRoot == nil || d.quirks.opStack {
		return nil
	}
	if withdrawalsRoot(b.Withdrawals) != *b.Header.WithdrawalsRoot && d.quirks.plainHeader {
		return fmt.Errorf("block %d: %w: its withdrawals do not make the root %x", b.Header.Ref.Height, chains.ErrBadAnswer, *b.Header.WithdrawalsRoot)
	}
	return nil
}

func withdrawalsRoot(withdrawals []Withdrawal) common.Hash {
	list := make([][]byte, len(withdrawals))
	for i := range withdrawals {
		list[i] = withdrawals[i].encode()
	}
	return ListRoot(list)
}

func (w *Withdrawal) encode() []byte {
	e := rlp.NewEncoderBuffer(nil)
	list := e.List()
	e.WriteUint64(w.Index)
	e.WriteUint64(w.Validator)
	e.WriteBytes(w.Address[:])
	e.WriteUint64(w.Gwei)
	e.ListEnd(list)
	return encoded(e)
}

// system returns the transaction of the protocol: rewards, then withdrawals; false where it
// paid nothing. Withdrawals are proven where their root is the header's.
func (d *Decoder) system(b *BlockParts) (chains.Tx, bool) {
	e, evidence := &chains.Execution{}, chains.EvidenceAttested
	if b.Header.Raw != nil && b.Header.WithdrawalsRoot != nil && withdrawalsRoot(b.Withdrawals) == *b.Header.WithdrawalsRoot {
		evidence = chains.EvidenceProven
	}
	d.rewards(b, e)
	if !d.quirks.noWithdrawals {
		for i := range b.Withdrawals {
			w := &b.Withdrawals[i]
			e.Moves = appendNative(e.Moves, chains.MoveWithdrawal, "", holder(w.Address), gwei(w.Gwei), uint32(i), evidence)
		}
	}
	return chains.Tx{
		ID: b.Header.Ref.Hash, Block: b.Header.Ref, Index: len(b.Txs), Coinbase: true, Exec: e, Evidence: evidence,
	}, len(e.Moves) > 0
}

// rewards adds what the block and its uncles pay: 1/32 more for each uncle, and to an uncle
// (8 − its distance)/8.
func (d *Decoder) rewards(b *BlockParts, e *chains.Execution) {
	full := uint64(0)
	for _, r := range d.quirks.rewards {
		if b.Header.Ref.Height >= r.from {
			full = r.gwei
		}
	}
	if full == 0 || !b.Header.Work || b.Header.Ref.Height == 0 {
		return
	}
	own := full + full/32*uint64(len(b.UncleHashes))
	e.Moves = appendNative(e.Moves, chains.MoveReward, "", holder(b.Header.Miner), gwei(own), 0, chains.EvidenceAttested)
	for i, u := range b.UncleMiners {
		if distance := b.Header.Ref.Height - u.Height; distance > 0 && distance < 8 {
			part := full / 8 * uint64(8-distance)
			e.Moves = appendNative(e.Moves, chains.MoveReward, "", holder(u.Miner), gwei(part), uint32(i+1), chains.EvidenceAttested)
		}
	}
}

func gwei(n uint64) *uint256.Int {
	return new(uint256.Int).Mul(uint256.NewInt(n), uint256.NewInt(1e9))
}
