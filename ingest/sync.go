package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"clew/chains"
)

// Sink is where Sync puts blocks: a store with an open loader for one chain. Sync calls
// Flush from a goroutine of its own while it goes on to Add; nothing else overlaps.
type Sink interface {
	// Spans returns the ranges of heights that were read whole, in order, never touching.
	Spans(ctx context.Context) ([]Span, error)
	// HashAt returns the hash of a block that was read.
	HashAt(ctx context.Context, height int64) (chains.BlockHash, error)
	// HasTx reports whether a transaction was written.
	HasTx(ctx context.Context, id chains.TxID) (bool, error)
	// Rewind takes the blocks above height from the main chain and keeps them as history.
	Rewind(ctx context.Context, height int64) error
	Loader
}

// Loader gathers blocks and writes them in batches.
type Loader interface {
	// Add gathers a block; ErrReorged if it does not fit to its neighbours.
	Add(b *chains.Block) error
	// Full reports whether a Flush is due.
	Full() bool
	// Flush writes everything gathered and the span it covers, or nothing of it.
	Flush(ctx context.Context) error
}

// Span is a range of heights, both ends included.
type Span struct{ From, To int64 }

// SyncOptions of Sync. Heights below 0 are not set.
type SyncOptions struct {
	From     int64 // −1: go on behind the last span, or from block 0
	To       int64 // −1: the node's head
	InFlight int
	Progress Progress
	Log      *slog.Logger // nil: nothing is logged
}

// SyncResult says what a sync did.
type SyncResult struct {
	Blocks     int64   // written
	Txs        int64   // in them
	Reorgs     []Reorg // followed
	Unresolved int64   // inputs whose spent outputs lie before the range and were not found
	Head       chains.BlockRef
}

// Reorg is a reorganisation that was followed.
type Reorg struct {
	Fork   int64 // the last height that both chains share
	Blocks int64 // how many left the main chain
}

// maxReorgs bounds how often one sync starts over: a node whose chain changes more often
// than that while it is read is not to be trusted.
const maxReorgs = 20

// Sync reads the blocks that a sink lacks of a range, follows reorganisations, and writes
// whole batches only: after an interruption at any moment the next Sync goes on behind the
// last one. What was read before an error or a cancelled ctx is written first.
func Sync(ctx context.Context, node Node, dec Decoder, sink Sink, opt SyncOptions) (SyncResult, error) {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	s := &syncer{node: node, dec: dec, sink: sink, opt: opt}
	for {
		err := s.pass(ctx)
		if !errors.Is(err, chains.ErrReorged) {
			return s.res, err
		}
		if len(s.res.Reorgs) >= maxReorgs {
			return s.res, fmt.Errorf("the chain was reorganised %d times during this sync: %w", maxReorgs, err)
		}
		if err := s.rewind(ctx); err != nil {
			return s.res, err
		}
	}
}

type syncer struct {
	node  Node
	dec   Decoder
	sink  Sink
	opt   SyncOptions
	res   SyncResult
	total int64

	last     chains.BlockRef
	gathered int64 // blocks since the last flush began
	flushing chan error
	recent   map[chains.TxID]bool // transactions that are gathered and may not be written yet
	before   map[chains.TxID]bool // the same, of the batch that is being written
	noIndex  bool                 // the node cannot find transactions
}

// pass reads everything that is missing, as the chain stands now.
func (s *syncer) pass(ctx context.Context) error {
	head, err := s.node.Head(ctx)
	if err != nil {
		return fmt.Errorf("head of the chain: %w", err)
	}
	s.res.Head = head
	spans, err := s.sink.Spans(ctx)
	if err != nil {
		return err
	}
	if err := s.compare(ctx, spans, head); err != nil {
		return err
	}
	missing, err := s.missing(spans, head)
	if err != nil {
		return err
	}
	s.total = s.res.Blocks
	for _, m := range missing {
		s.total += m.To - m.From + 1
	}
	for _, m := range missing {
		if err := s.fill(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// compare is ErrReorged if the end of the last span has left the main chain.
func (s *syncer) compare(ctx context.Context, spans []Span, head chains.BlockRef) error {
	if len(spans) == 0 {
		return nil
	}
	h := min(spans[len(spans)-1].To, head.Height)
	if h < spans[len(spans)-1].From {
		return nil // the node is far behind the store: nothing to compare
	}
	same, err := s.same(ctx, h)
	if err != nil || same {
		return err
	}
	return fmt.Errorf("block %d: %w", h, chains.ErrReorged)
}

func (s *syncer) same(ctx context.Context, height int64) (bool, error) {
	ours, err := s.sink.HashAt(ctx, height)
	if err != nil {
		return false, err
	}
	theirs, err := s.node.HashAt(ctx, height)
	return ours == theirs, err
}

// missing returns the parts of the wanted range that no span covers.
func (s *syncer) missing(spans []Span, head chains.BlockRef) ([]Span, error) {
	want := Span{s.opt.From, s.opt.To}
	if want.From < 0 {
		want.From = 0
		if n := len(spans); n > 0 {
			want.From = spans[n-1].To + 1
		}
	}
	if want.To < 0 {
		want.To = head.Height
	}
	if want.To > head.Height {
		return nil, fmt.Errorf("block %d: the node has blocks up to %d: %w", want.To, head.Height, chains.ErrNotFound)
	}
	if want.From > want.To && s.opt.From >= 0 {
		return nil, fmt.Errorf("from block %d to %d: the range is empty: %w", want.From, want.To, chains.ErrNotFound)
	}
	var out []Span
	for _, have := range spans {
		if have.To < want.From || have.From > want.To {
			continue
		}
		if have.From > want.From {
			out = append(out, Span{want.From, have.From - 1})
		}
		want.From = have.To + 1
	}
	if want.From <= want.To {
		out = append(out, want)
	}
	return out, nil
}

// fill reads one missing range. Whatever ends it, what was gathered is written.
func (s *syncer) fill(ctx context.Context, m Span) error {
	s.opt.Log.Debug("reading blocks", "from", m.From, "to", m.To)
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	err := s.read(ctx, stream(inner, s.node, m.From, m.To, s.opt.InFlight))
	return errors.Join(err, s.flush(context.WithoutCancel(ctx), true))
}

func (s *syncer) read(ctx context.Context, queue <-chan chan answer) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case slot, ok := <-queue:
			if !ok {
				return ctx.Err()
			}
			var a answer
			select {
			case <-ctx.Done():
				return ctx.Err()
			case a = <-slot:
			}
			if a.err != nil {
				return a.err
			}
			if err := s.add(ctx, a.block); err != nil {
				return err
			}
		}
	}
}

func (s *syncer) add(ctx context.Context, b *chains.Block) error {
	if err := s.resolve(ctx, b); err != nil {
		return err
	}
	if err := s.sink.Add(b); err != nil {
		return err
	}
	s.res.Blocks++
	s.res.Txs += int64(len(b.Txs))
	s.gathered++
	s.last = b.Ref
	if s.opt.Progress != nil {
		s.opt.Progress(s.res.Blocks, s.total, s.res.Txs, b.Ref)
	}
	if s.sink.Full() {
		return s.flush(ctx, false)
	}
	return nil
}

// flush waits for the batch that is being written and writes the next one, beside the
// reading unless wait is set.
func (s *syncer) flush(ctx context.Context, wait bool) error {
	if err := s.landed(); err != nil {
		return err
	}
	if s.gathered == 0 {
		return nil
	}
	s.gathered = 0
	s.before, s.recent = s.recent, nil
	s.flushing = make(chan error, 1)
	go func(done chan<- error) { done <- s.sink.Flush(ctx) }(s.flushing)
	if wait {
		return s.landed()
	}
	return nil
}

// landed waits for the batch that is being written, if one is.
func (s *syncer) landed() error {
	if s.flushing == nil {
		return nil
	}
	err := <-s.flushing
	s.flushing = nil
	return err
}

// rewind takes back the blocks that have left the main chain.
func (s *syncer) rewind(ctx context.Context) error {
	spans, err := s.sink.Spans(ctx)
	if err != nil {
		return err
	}
	head, err := s.node.Head(ctx)
	if err != nil {
		return err
	}
	if len(spans) == 0 {
		return nil
	}
	top := spans[len(spans)-1]
	h := min(top.To, head.Height)
	for ; h >= top.From; h-- {
		same, err := s.same(ctx, h)
		if err != nil {
			return err
		}
		if same {
			break
		}
	}
	if h < top.From {
		return fmt.Errorf("no block from %d to %d is on the node's chain: the store was read from another chain, or from a node that was wrong: %w",
			top.From, top.To, chains.ErrWrongChain)
	}
	s.opt.Log.Info("following a reorganisation", "fork", h, "blocks", top.To-h)
	s.res.Reorgs = append(s.res.Reorgs, Reorg{Fork: h, Blocks: top.To - h})
	return s.sink.Rewind(ctx, h)
}

// resolve asks the node for outputs that b spends and that lie before everything read,
// where the node's blocks do not tell them. What it cannot find stays unknown.
func (s *syncer) resolve(ctx context.Context, b *chains.Block) error {
	if b.Spent != nil {
		return nil
	}
	if s.recent == nil {
		s.recent = map[chains.TxID]bool{}
	}
	for i := range b.Txs {
		s.recent[b.Txs[i].ID] = true
	}
	r, ok := s.node.(TxReader)
	for i := range b.Txs {
		for n := range b.Txs[i].Inputs {
			in := &b.Txs[i].Inputs[n]
			if in.Known || s.recent[in.Prev.Tx] || s.before[in.Prev.Tx] {
				continue
			}
			have, err := s.sink.HasTx(ctx, in.Prev.Tx)
			if err != nil {
				return err
			}
			if have {
				continue
			}
			if ok && !s.noIndex {
				if err := s.ask(ctx, r, in); err != nil {
					return err
				}
			}
			if !in.Known {
				s.res.Unresolved++
			}
		}
	}
	return nil
}

func (s *syncer) ask(ctx context.Context, r TxReader, in *chains.Input) error {
	raw, _, err := r.Tx(ctx, in.Prev.Tx)
	switch {
	case errors.Is(err, chains.ErrUnsupported):
		s.noIndex = true
		return nil
	case errors.Is(err, chains.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("output %s: %w", in.Prev, err)
	}
	prev, err := s.dec.DecodeTx(raw)
	if err != nil || prev.ID != in.Prev.Tx {
		return fmt.Errorf("transaction %s: %w", in.Prev.Tx, errors.Join(chains.ErrBadAnswer, err))
	}
	return fill(in, &prev)
}
