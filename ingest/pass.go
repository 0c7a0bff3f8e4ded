package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"clew/chains"
)

// PassOptions of NewPass. The zero value reads from the seeds to the node's head.
type PassOptions struct {
	// From is the first block to read. −1: the first block of a watched transaction,
	// which the node must be able to find.
	From int64
	// AsOf pins the last block; the zero value takes the node's head.
	AsOf chains.BlockRef
	// Until ends the pass before the first block with a later time.
	Until    *time.Time
	InFlight int
	// Whole reads every block also where the node has an index of accounts.
	Whole    bool
	Recorder *Recorder // keeps what is handed out; nil keeps nothing
	Progress Progress
}

// Pass is one forward pass over a node's chain that hands out the transactions which a trace asks
// for. It needs no disk; the node is the limit. It reads every block or, of a chain of accounts,
// only the transactions that the node's index names (Index): the transactions handed out are the
// same, but for tips, rewards and withdrawals in blocks in which no watched account does anything
// else: no index has these. It implements the tracer's
// Source, State and EventFinder, and is used by one goroutine.
type Pass struct {
	accounts
	dec    Decoder // nil of a chain of accounts
	opt    PassOptions
	first  chains.BlockRef
	start  int64
	begun  bool
	queue  <-chan chan answer // of whole blocks
	search *search            // in place of queue; nil reads every block
	cancel context.CancelFunc

	ids       map[chains.TxID]bool
	outs      map[chains.OutPoint]bool
	addresses map[chains.Address]int  // how many watches there are
	pots      map[chains.Address]bool // of them, those watched to the end
	windows   []window                // and those watched up to a block
	spends    bool                    // an address is watched whose spends matter: see WatchAddress
	noIndex   bool                    // the node cannot find transactions: it is not asked again

	block *chains.Block // the one being gone through
	at    int           // next transaction in it
	last  chains.BlockRef
	times []int64 // of the last blocks, as many as a median takes
	read  int64
	txs   int64
}

// NewPass prepares a pass. It fails with ErrReorged if AsOf is not on the node's main chain. A
// chain of accounts needs no Decoder.
func NewPass(ctx context.Context, node Node, dec Decoder, opt PassOptions) (*Pass, error) {
	head, err := node.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("head of the chain: %w", err)
	}
	p := &Pass{
		accounts: accounts{node: node, asOf: head}, dec: dec, opt: opt, start: opt.From,
		ids: map[chains.TxID]bool{}, outs: map[chains.OutPoint]bool{}, addresses: map[chains.Address]int{}, pots: map[chains.Address]bool{},
	}
	if err := p.settleEnd(ctx, head); err != nil {
		return nil, err
	}
	if opt.From > p.asOf.Height {
		return nil, fmt.Errorf("from block %d: the last block of the trace is %d: %w", opt.From, p.asOf.Height, chains.ErrNotFound)
	}
	if node.Chain().Info().Family == chains.FamilyEVM {
		if p.rec = opt.Recorder; p.rec != nil {
			p.rec.readBy(node)
		}
		return p, p.chooseSearch(ctx)
	}
	return p, nil
}

// settleEnd finds the last block. Where times never fall, Until says it too; elsewhere that shows
// while the pass runs.
func (p *Pass) settleEnd(ctx context.Context, head chains.BlockRef) (err error) {
	if pin := p.opt.AsOf; pin.Hash != (chains.BlockHash{}) {
		if pin.Height > head.Height {
			return fmt.Errorf("as of block %d: the node knows %d blocks only: %w", pin.Height, head.Height, chains.ErrNotFound)
		}
		if p.asOf, err = p.node.Ref(ctx, pin.Height); err != nil {
			return err
		}
		if p.asOf.Hash != pin.Hash {
			return fmt.Errorf("as of block %d: the node has %s there, not %s: %w", pin.Height, p.asOf.Hash, pin.Hash, chains.ErrReorged)
		}
	}
	if p.opt.Until == nil || p.node.Chain().Info().Family != chains.FamilyEVM {
		return nil
	}
	above, err := firstAt(ctx, p.node, p.opt.Until.Unix()+1, p.asOf)
	if err != nil {
		return err
	}
	if above == 0 || above <= p.opt.From {
		return fmt.Errorf("the first block, %d, is later than %s: %w", max(0, p.opt.From), p.opt.Until.UTC().Format(time.RFC3339), chains.ErrNotFound)
	}
	if p.opt.Until = nil; above <= p.asOf.Height {
		p.asOf, err = p.node.Ref(ctx, above-1)
	}
	return err
}

// WatchTx asks for a transaction. Before the first Next it also moves the start of the pass
// to its block, which the node is asked for if From is not set.
func (p *Pass) WatchTx(ctx context.Context, id chains.TxID) error {
	p.ids[id] = true
	if p.search != nil {
		return p.placeTx(ctx, id)
	}
	if p.begun || p.opt.From >= 0 {
		return nil
	}
	r, ok := p.node.(Locator)
	if !ok {
		return fmt.Errorf("transaction %s: %w: the node cannot find transactions: state the block to start at (--from)", id, chains.ErrUnsupported)
	}
	ref, err := r.Locate(ctx, id)
	if err != nil {
		return fmt.Errorf("find the block of transaction %s: %w", id, err)
	}
	return p.startAt(id, ref.Height)
}

// startAt moves the start of the pass to the block at height, in which id stands.
func (p *Pass) startAt(id chains.TxID, height int64) error {
	if height > p.asOf.Height {
		return fmt.Errorf("transaction %s is in block %d, behind the last block of the trace, %d: %w", id, height, p.asOf.Height, chains.ErrIncomplete)
	}
	if p.opt.From < 0 && !p.begun && (p.start < 0 || height < p.start) {
		p.start = height
	}
	return nil
}

// WatchOut asks for the transaction that spends out.
func (p *Pass) WatchOut(_ context.Context, out chains.OutPoint) error {
	p.outs[out] = true
	return nil
}

// WatchAddress asks for every transaction that pays to a and, where the node tells what is
// spent, that spends from it.
//
// Watched after the first Next, a is a pot, whose spends must not be missed: from then on
// Next asks a node that does not tell them for every output spent in its blocks, which is
// slow, and fails with ErrUnsupported where the node cannot say.
func (p *Pass) WatchAddress(_ context.Context, a chains.Address) error {
	if !p.pots[a] {
		p.pots[a] = true
		p.add(a)
	}
	p.spends = p.spends || p.begun
	return nil
}

// add counts a watch of a.
func (p *Pass) add(a chains.Address) {
	if p.addresses[a]++; p.addresses[a] == 1 && p.search != nil {
		p.search.fresh = append(p.search.fresh, a)
	}
}

// From returns the first block of the pass, once it was read.
func (p *Pass) From() chains.BlockRef { return p.first }

// AsOf returns the last block of the pass. On a chain whose times fall at times, Until moves it
// back while the pass runs.
func (p *Pass) AsOf() chains.BlockRef { return p.asOf }

// Next returns the next watched transaction. At the end it makes sure that the last block
// is still on the main chain.
func (p *Pass) Next(ctx context.Context) (*chains.Tx, error) {
	if !p.begun {
		if err := p.begin(ctx); err != nil {
			return nil, err
		}
	}
	for {
		if p.search != nil && p.any && p.block != nil && len(p.search.fresh) > 0 {
			p.search.back(p.handed)
			p.block = nil
		}
		for p.block != nil && p.at < len(p.block.Txs) {
			i := p.at
			p.at++
			previous, err := p.uncover(ctx, &p.block.Txs[i])
			if err != nil {
				return nil, err
			}
			if p.wants(&p.block.Txs[i]) {
				return p.hand(ctx, i, previous)
			}
		}
		p.block = nil
		p.closeWindows()
		if p.idle() {
			return nil, p.finish(ctx)
		}
		if err := p.advance(ctx); err != nil {
			return nil, err
		}
	}
}

// begin starts the reading.
func (p *Pass) begin(ctx context.Context) (err error) {
	if p.start < 0 {
		return errors.New("where to start is not known: no transaction is watched and From is not set")
	}
	var inner context.Context
	inner, p.cancel = context.WithCancel(ctx)
	p.begun = true
	if p.search == nil {
		p.queue = stream(inner, p.node, p.start, p.asOf.Height, p.opt.InFlight)
		return nil
	}
	if p.first, err = p.node.Ref(ctx, p.start); err != nil {
		return fmt.Errorf("block %d: %w", p.start, err)
	}
	p.search.begin(inner, Span{From: p.start, To: p.asOf.Height}, p.opt.InFlight)
	return nil
}

// uncover makes the inputs of tx known where spends from watched addresses matter. It
// returns the transactions that it read for that.
func (p *Pass) uncover(ctx context.Context, tx *chains.Tx) ([][]byte, error) {
	unknown := func(in chains.Input) bool { return !in.Known }
	if !p.spends || !slices.ContainsFunc(tx.Inputs, unknown) {
		return nil, nil
	}
	raws, err := p.resolve(ctx, tx)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(tx.Inputs, unknown); i >= 0 {
		return nil, fmt.Errorf("input %d of %s: the node does not tell what is spent, so that spends from an address cannot be seen: %w "+
			"(use a node with -rest=1 or -txindex=1, a synced store, or accounts: output)", i, tx.ID, chains.ErrUnsupported)
	}
	return raws, nil
}

// idle reports whether nothing is watched any more: the rest of the chain cannot matter,
// but for finding the block at which Until ends it.
func (p *Pass) idle() bool {
	return p.read > 0 && p.opt.Until == nil && len(p.ids) == 0 && len(p.outs) == 0 && len(p.addresses) == 0
}

// advance reads the next block, or ends the pass with io.EOF.
func (p *Pass) advance(ctx context.Context) error {
	a, more := p.nextBlock(ctx)
	if !more && a.err == nil {
		return p.finish(ctx)
	}
	if errors.Is(a.err, chains.ErrNotFound) {
		// The pinned block stood above it when the reading began.
		return fmt.Errorf("%w: %w", a.err, chains.ErrReorged)
	}
	if a.err != nil {
		return a.err
	}
	b := a.block
	if p.search == nil && p.read > 0 && b.Prev != p.last.Hash {
		return fmt.Errorf("block %d does not follow block %s: %w", b.Ref.Height, p.last.Hash, chains.ErrReorged)
	}
	if p.opt.Until != nil && b.Ref.Time > p.opt.Until.Unix() {
		return p.cut(ctx, b)
	}
	if p.opt.Recorder != nil && p.rec == nil {
		p.opt.Recorder.header(b)
	}
	p.closeBefore(b.Ref)
	p.block, p.at, p.last = b, 0, b.Ref
	p.times = append(p.times[max(0, len(p.times)+1-medianBlocks):], b.Ref.Time)
	if p.read == 0 && p.search == nil {
		p.first = b.Ref
	}
	p.read++
	p.txs += int64(len(b.Txs))
	if p.opt.Progress != nil {
		p.opt.Progress(b.Ref.Height-p.start+1, p.asOf.Height-p.start+1, p.txs, b.Ref)
	}
	return nil
}

// nextBlock returns the next block, or its part that matters; false, without an error, behind the
// last one.
func (p *Pass) nextBlock(ctx context.Context) (a answer, more bool) {
	if p.search != nil {
		a.block, a.err = p.search.next(ctx, p.watched)
		return a, a.block != nil
	}
	select {
	case slot, ok := <-p.queue:
		if !ok { // it may have ended early
			return answer{err: ctx.Err()}, false
		}
		select {
		case a = <-slot:
		case <-ctx.Done():
			a.err = ctx.Err()
		}
	case <-ctx.Done():
		a.err = ctx.Err()
	}
	return a, true
}

// wants reports whether tx is watched, and forgets what it answers.
func (p *Pass) wants(tx *chains.Tx) bool {
	want := p.ids[tx.ID]
	delete(p.ids, tx.ID)
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		if p.outs[in.Prev] {
			delete(p.outs, in.Prev)
			want = true
		}
		want = want || in.Known && p.addresses[in.Spent.Address] > 0
	}
	for i := range tx.Outputs {
		want = want || p.addresses[tx.Outputs[i].Address] > 0
	}
	return want || tx.Exec != nil && p.touched(tx.Exec)
}

// hand completes a transaction with what it spends, records it and returns it. previous are
// the transactions that were read for that already.
func (p *Pass) hand(ctx context.Context, i int, previous [][]byte) (*chains.Tx, error) {
	tx := &p.block.Txs[i]
	p.handed, p.any = Place{Height: p.block.Ref.Height, Index: tx.Index}, true
	if tx.Exec != nil {
		return p.handExec(ctx, i)
	}
	more, err := p.resolve(ctx, tx)
	if err != nil {
		return nil, err
	}
	previous = append(previous, more...)
	if p.opt.Recorder != nil {
		if more, err = p.parents(ctx, tx); err != nil {
			return nil, err
		}
		if err := p.opt.Recorder.tx(p.block, i, append(previous, more...)); err != nil {
			return nil, err
		}
	}
	own := tx.Clone()
	return &own, nil
}

// resolve asks the node for the outputs that tx spends, where the block did not tell them.
// What the node cannot find stays unknown. It returns the transactions that it read.
func (p *Pass) resolve(ctx context.Context, tx *chains.Tx) ([][]byte, error) {
	r, ok := p.node.(TxReader)
	if !ok {
		return nil, nil
	}
	var raws [][]byte
	made := map[chains.TxID]*chains.Tx{}
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		if in.Known {
			continue
		}
		prev, asked := made[in.Prev.Tx]
		if !asked {
			var raw []byte
			var err error
			prev, raw, err = readTx(ctx, r, p.dec, p.node.Chain(), in.Prev.Tx)
			if err != nil && !errors.Is(err, chains.ErrUnsupported) {
				return nil, fmt.Errorf("input %d of %s: %w", i, tx.ID, err)
			}
			made[in.Prev.Tx] = prev
			if prev != nil {
				raws = append(raws, raw)
			}
		}
		if err := fill(in, prev); err != nil {
			return nil, err
		}
	}
	return raws, nil
}
