package ingest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"clew/chains"
)

// chooseSearch makes the pass ask the node's index, where it has one.
func (p *Pass) chooseSearch(ctx context.Context) error {
	index, can := p.node.(Index)
	picker, too := p.node.(TxPicker)
	if p.opt.Whole || !can || !too {
		return nil
	}
	_, _, err := index.Touching(ctx, nil, Span{From: p.asOf.Height, To: p.asOf.Height})
	if errors.Is(err, chains.ErrUnsupported) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the node's index of accounts: %w", err)
	}
	p.search = &search{node: p.node, index: index, picker: picker, watches: func(a chains.Address) bool { return p.addresses[a] > 0 }}
	return nil
}

// Searches reports whether the pass asks the node's index of accounts; else it reads every block.
func (p *Pass) Searches() bool { return p.search != nil }

// placeTx asks for the transaction id by its place.
func (p *Pass) placeTx(ctx context.Context, id chains.TxID) error {
	at, err := p.search.picker.PlaceOf(ctx, id)
	if err != nil {
		return fmt.Errorf("find the block of transaction %s: %w", id, err)
	}
	if p.any && !p.handed.Before(at) || p.opt.From > at.Height {
		return fmt.Errorf("transaction %s is in block %d, which lies before what is read: %w", id, at.Height, chains.ErrIncomplete)
	}
	p.search.want(at)
	return p.startAt(id, at.Height)
}

// watched returns the accounts that are watched at a height, in order, and up to which block all
// of them are.
func (p *Pass) watched(height int64) (list []chains.Address, to int64) {
	open := make(map[chains.Address]bool, len(p.addresses))
	for a := range p.pots {
		open[a] = true
	}
	to = p.asOf.Height
	for _, w := range p.windows {
		if w.height < 0 || w.height >= height {
			open[w.address] = true
		}
		if w.height >= height {
			to = min(to, w.height)
		}
	}
	return slices.Sorted(maps.Keys(open)), to
}

// touched reports whether e touches a watched account.
func (p *Pass) touched(e *chains.Execution) bool {
	if p.addresses[e.Sender] > 0 {
		return true
	}
	for i := range e.Moves {
		if p.addresses[e.Moves[i].From] > 0 || p.addresses[e.Moves[i].To] > 0 {
			return true
		}
	}
	return false
}

// handExec records transaction i of the block and returns it, its sender checked: the same as a
// TxPicker gives and a recording holds.
func (p *Pass) handExec(ctx context.Context, i int) (*chains.Tx, error) {
	if err := p.keep(ctx, p.block, i); err != nil {
		return nil, err
	}
	own := p.block.Txs[i].Clone()
	if own.Exec.OnSignature == 0 {
		return &own, nil
	}
	if checker, can := p.node.(SignerChecker); can {
		if err := checker.CheckSigner(&own); err != nil {
			return nil, fmt.Errorf("block %d: %w", own.Block.Height, err)
		}
	}
	return &own, nil
}

// keep records transaction i of b, which is asked for again where b does not bring its proofs.
func (p *Pass) keep(ctx context.Context, b *chains.Block, i int) error {
	if p.rec == nil {
		return nil
	}
	at := Place{Height: b.Ref.Height, Index: b.Txs[i].Index}
	if p.rec.keeps(at) {
		return nil
	}
	if !b.Partial {
		picker, can := p.node.(TxPicker)
		if !can {
			return fmt.Errorf("record transaction %s: its proof: %w by this node", b.Txs[i].ID, chains.ErrUnsupported)
		}
		part, err := pick(ctx, picker, []Place{at})
		if err != nil {
			return err
		}
		if part.Ref.Hash != b.Ref.Hash {
			return fmt.Errorf("block %d was %s and is %s: %w", b.Ref.Height, b.Ref.Hash, part.Ref.Hash, chains.ErrReorged)
		}
		b, i = part, 0
	}
	return p.rec.exec(b, i)
}

// BalanceBefore returns what a held of an asset just before the transaction that Next returned
// last: its balance at the end of the block before, and what moved since.
func (p *Pass) BalanceBefore(ctx context.Context, a chains.Address, asset chains.Asset) (chains.Amount, error) {
	return p.before(ctx, a, asset, func() ([]chains.Tx, error) { return p.earlier(ctx, a) })
}

// earlier returns the transactions of the block of the one that was handed out last, which stand
// before that and touch a, and records them: the balance follows from them.
func (p *Pass) earlier(ctx context.Context, a chains.Address) ([]chains.Tx, error) {
	b := p.block
	if p.search != nil {
		var err error
		if b, err = p.search.blockOf(ctx, a, p.handed); err != nil {
			return nil, fmt.Errorf("transactions of an account in block %d: %w", p.handed.Height, err)
		}
	}
	var txs []chains.Tx
	for i := range b.Txs {
		tx := &b.Txs[i]
		if tx.Index >= p.handed.Index || tx.Exec == nil || !tx.Exec.Touches(a) {
			continue
		}
		if err := p.keep(ctx, b, i); err != nil {
			return nil, err
		}
		txs = append(txs, *tx)
	}
	return txs, nil
}

// pinEnds has the headers of the first and of the last block recorded.
func (p *Pass) pinEnds(ctx context.Context) error {
	for _, ref := range []chains.BlockRef{p.first, p.asOf} {
		if ref.Hash == (chains.BlockHash{}) {
			continue
		}
		if err := p.pinBlock(ctx, ref); err != nil {
			return err
		}
	}
	return nil
}
