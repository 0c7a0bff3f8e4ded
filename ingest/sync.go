package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

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
type Span = chains.Span

// SyncOptions of Sync. Heights below 0 are not set.
type SyncOptions struct {
	From     int64 // −1: go on behind the last span, or from block 0
	To       int64 // −1: the node's head
	InFlight int
	// Batch is the number of transactions after which a batch is written. 0: the sink says.
	Batch    int64
	Progress Progress
	Log      *slog.Logger // nil: nothing is logged
}

// SyncResult says what a sync did.
type SyncResult struct {
	Blocks     int64   // written
	Txs        int64   // in them
	Reorgs     []Reorg // followed
	Unresolved int64   // inputs whose spent outputs lie before the range and were not found
	Untraced   int64   // transactions whose internal calls the node did not tell
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
//
// A chain of accounts needs no Decoder.
//
// ErrWrongChain: the node shares no block with the sink, or none but block 0, so that it is
// another chain of the same kind and not a reorganisation; the sink is left as it was.
func Sync(ctx context.Context, node Node, dec Decoder, sink Sink, opt SyncOptions) (SyncResult, error) {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	s := &syncer{node: node, dec: dec, sink: sink, opt: opt, taken: -1, told: newTold()}
	s.accounts = node.Chain().Info().Family == chains.FamilyEVM
	for tries := 1; ; tries++ {
		err := s.pass(ctx)
		if s.broken || !errors.Is(err, chains.ErrReorged) {
			return s.res, err
		}
		if tries > maxReorgs {
			return s.res, fmt.Errorf("the node's chain changed %d times while it was read: %w", tries, err)
		}
		if err := s.rewind(ctx, err); err != nil {
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
	taken int64 // the lowest block that was taken back, −1 for none
	idle  int   // how often in a row nothing was, on an unchanged chain

	gathered int64 // blocks since the last flush began
	pending  int64 // transactions in them
	flushing chan error
	broken   bool                 // the sink failed to write
	recent   map[chains.TxID]bool // transactions that are gathered and may not be written yet
	before   map[chains.TxID]bool // the same, of the batch that is being written
	noIndex  bool                 // the node cannot find transactions
	alone    bool                 // the next block follows none that the sink has
	whole    bool                 // the sink has all that lies before what is being read
	accounts bool                 // the chain has no outputs
	told     *told
	latest   chains.BlockRef // added to the sink last
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

// missing returns the parts of the wanted range that no span covers.
func (s *syncer) missing(spans []Span, head chains.BlockRef) ([]Span, error) {
	want := Span{From: s.from(spans), To: s.opt.To}
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
			out = append(out, Span{From: want.From, To: have.From - 1})
		}
		want.From = have.To + 1
	}
	if want.From <= want.To {
		out = append(out, want)
	}
	return out, nil
}

// from returns where the wanted range begins: what a reorganisation took back is read again.
func (s *syncer) from(spans []Span) int64 {
	switch {
	case s.taken >= 0 && s.opt.From >= 0:
		return min(s.taken, s.opt.From)
	case s.taken >= 0:
		return s.taken
	case s.opt.From >= 0:
		return s.opt.From
	case len(spans) > 0:
		return spans[len(spans)-1].To + 1
	}
	return 0
}

// fill reads one missing range. Whatever ends it, what was gathered is written.
func (s *syncer) fill(ctx context.Context, m Span) error {
	s.opt.Log.Debug("reading blocks", "from", m.From, "to", m.To)
	spans, err := s.sink.Spans(ctx)
	if err != nil {
		return err
	}
	s.alone = !slices.ContainsFunc(spans, func(sp Span) bool { return sp.To == m.From-1 })
	s.whole = m.From == 0 || len(spans) > 0 && spans[0].From == 0 && spans[0].To == m.From-1
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	if err = s.read(ctx, stream(inner, s.node, m.From, m.To, s.opt.InFlight)); err == nil {
		err = s.still(ctx)
	}
	if s.broken {
		return err
	}
	fault := s.flush(ctx, true)
	switch {
	case fault == nil:
		return err
	case err == nil || errors.Is(err, fault): // the sink says it twice
		return fault
	}
	return fmt.Errorf("%w (reading had ended with: %s)", fault, err.Error())
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
			if errors.Is(a.err, chains.ErrNotFound) {
				// The head stood above it when the reading began.
				return fmt.Errorf("%w: %w", a.err, chains.ErrReorged)
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
	if err := s.anchor(ctx, b); err != nil {
		return err
	}
	if !s.accounts {
		if err := s.told.check(b); err != nil {
			return err
		}
	}
	if err := s.resolve(ctx, b); err != nil {
		return err
	}
	if err := s.sink.Add(b); err != nil {
		return err
	}
	s.latest = b.Ref
	s.res.Blocks++
	s.res.Txs += int64(len(b.Txs))
	for i := range b.Txs {
		if e := b.Txs[i].Exec; e != nil && e.Untraced {
			s.res.Untraced++
		}
	}
	s.gathered++
	s.pending += int64(len(b.Txs))
	if s.opt.Progress != nil {
		s.opt.Progress(s.res.Blocks, s.total, s.res.Txs, b.Ref)
	}
	full := s.sink.Full()
	if s.opt.Batch > 0 {
		full = s.pending >= s.opt.Batch
	}
	if full {
		return s.flush(ctx, false)
	}
	return nil
}

// still asks again for the hash of the last block of a range: it was named with others, some
// time before it was read.
func (s *syncer) still(ctx context.Context) error {
	hash, err := s.node.HashAt(ctx, s.latest.Height)
	if err != nil && !errors.Is(err, chains.ErrNotFound) {
		return fmt.Errorf("block %d again: %w", s.latest.Height, err)
	}
	if hash != s.latest.Hash {
		return fmt.Errorf("block %d (%s), which was read last: %w", s.latest.Height, s.latest.Hash, chains.ErrReorged)
	}
	return nil
}

// anchor asks again for the hash of a block that follows none in the sink, and for that of the
// one before: that it is another height's, nothing else would show.
func (s *syncer) anchor(ctx context.Context, b *chains.Block) error {
	if !s.alone {
		return nil
	}
	s.alone = false
	hash, err := s.node.HashAt(ctx, b.Ref.Height)
	if err != nil && !errors.Is(err, chains.ErrNotFound) {
		return fmt.Errorf("block %d again: %w", b.Ref.Height, err)
	}
	if hash != b.Ref.Hash {
		return fmt.Errorf("block %d: the node named %s before and names %s now: %w", b.Ref.Height, b.Ref.Hash, hash, chains.ErrReorged)
	}
	if b.Ref.Height == 0 {
		return nil
	}
	before, err := s.node.HashAt(ctx, b.Ref.Height-1)
	switch {
	case errors.Is(err, chains.ErrNotFound), errors.Is(err, chains.ErrUnsupported), errors.Is(err, chains.ErrIncomplete): // it has none so low
		return nil
	case err != nil:
		return fmt.Errorf("the block before block %d: %w", b.Ref.Height, err)
	case before != b.Prev:
		return fmt.Errorf("block %d: the node names %s, which stands on %s, not on block %d, %s: %w",
			b.Ref.Height, b.Ref.Hash, b.Prev, b.Ref.Height-1, before, chains.ErrReorged)
	}
	return nil
}

// flush waits for the batch that is being written and writes the next one, beside the
// reading unless wait is set. Cancelling ctx does not end it: what was read is kept.
func (s *syncer) flush(ctx context.Context, wait bool) error {
	if err := s.landed(); err != nil {
		return err
	}
	if s.gathered == 0 {
		return nil
	}
	s.gathered, s.pending = 0, 0
	s.before, s.recent = s.recent, nil
	s.flushing = make(chan error, 1)
	go func(done chan<- error) { done <- s.sink.Flush(context.WithoutCancel(ctx)) }(s.flushing)
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
	s.broken = s.broken || err != nil
	return err
}
