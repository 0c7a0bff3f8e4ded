package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"clew/chains"
)

// compare is ErrReorged if a span of the sink has left the main chain, as far as the node has
// blocks. A node that is behind the sink on the same chain is no reorganisation.
func (s *syncer) compare(ctx context.Context, spans []Span, head chains.BlockRef) error {
	for _, sp := range spans {
		if sp.From > head.Height {
			break
		}
		h := min(sp.To, head.Height)
		same, err := s.same(ctx, h)
		if err != nil {
			return err
		}
		if !same {
			return fmt.Errorf("block %d: %w", h, chains.ErrReorged)
		}
	}
	return nil
}

// same reports whether sink and node have the same block at a height.
func (s *syncer) same(ctx context.Context, height int64) (bool, error) {
	ours, err := s.sink.HashAt(ctx, height)
	if err != nil {
		return false, err
	}
	theirs, err := s.node.HashAt(ctx, height)
	if errors.Is(err, chains.ErrNotFound) { // the chain became shorter meanwhile
		return false, nil
	}
	return ours == theirs, err
}

// maxIdle is how often the node's blocks may not fit to the sink while neither of them changes.
const maxIdle = 2

// rewind takes back the blocks that have left the main chain, after a pass that ended with
// cause. There may be none, where the chain changed above what was written; where it did not
// change at all, what the sink has above the node's head is of another branch.
func (s *syncer) rewind(ctx context.Context, cause error) error {
	spans, err := s.sink.Spans(ctx)
	if err != nil {
		return err
	}
	head, err := s.node.Head(ctx)
	if err != nil {
		return fmt.Errorf("head of the chain: %w", err)
	}
	fork, err := s.fork(ctx, spans, head)
	if err != nil {
		return err
	}
	s.recent, s.before = nil, nil
	r := Reorg{Fork: fork}
	for _, sp := range slices.Backward(spans) {
		if sp.To <= fork {
			break
		}
		lowest := max(sp.From, fork+1)
		r.Blocks += sp.To - lowest + 1
		if s.taken < 0 || lowest < s.taken {
			s.taken = lowest
		}
	}
	if r.Blocks == 0 {
		if s.idle++; head.Hash != s.res.Head.Hash {
			s.idle = 0
		}
		if s.idle >= maxIdle {
			return fmt.Errorf("up to the node's head %d the store has the node's blocks, and what it has above does not follow: "+
				"go on when the node has read its whole chain, or sync into a new store: %w", head.Height, cause)
		}
		return nil
	}
	s.idle = 0
	s.opt.Log.Info("following a reorganisation", "fork", fork, "blocks", r.Blocks)
	if err := s.sink.Rewind(ctx, fork); err != nil {
		return err
	}
	s.res.Reorgs = append(s.res.Reorgs, r)
	return nil
}

// fork returns the highest block up to which the sink has nothing but the node's main chain,
// as far as the node has blocks: spans were read at different times, and any of them may have
// left it. Where none has, that is the sink's last block.
func (s *syncer) fork(ctx context.Context, spans []Span, head chains.BlockRef) (int64, error) {
	if len(spans) == 0 {
		return -1, nil
	}
	top := spans[len(spans)-1].To
	fork, below, shares := top, int64(-1), false
	for _, sp := range spans {
		if sp.From > head.Height {
			break
		}
		last := min(sp.To, head.Height)
		at, err := s.forkIn(ctx, Span{From: sp.From, To: last})
		switch {
		case err != nil:
			return 0, err
		case at == 0 && sp.From == 0 && last > 0:
			return 0, fmt.Errorf("the node shares block 0 alone with the store, which has blocks up to %d: "+
				"the store was read from another chain of the same kind: %w", top, chains.ErrWrongChain)
		case at < sp.From:
			fork = min(fork, below)
		case at < last:
			fork = min(fork, at)
		}
		below, shares = sp.To, shares || at >= sp.From
	}
	if fork == top || shares {
		return fork, nil
	}
	return 0, fmt.Errorf("no block up to %d is on the node's chain: the store was read from another chain, or from a node that was wrong: %w",
		top, chains.ErrWrongChain)
}

// forkIn returns the highest block of sp that sink and node share, sp.From−1 for none. Each
// block names the one before it, so that below a shared block all are shared.
func (s *syncer) forkIn(ctx context.Context, sp Span) (int64, error) {
	var fault error
	shared := func(h int64) bool {
		if fault != nil {
			return false
		}
		same, err := s.same(ctx, h)
		fault = err
		return same
	}
	// Most reorganisations are short: the bounds are found from the top.
	step := int64(1)
	low := sp.To
	for low >= sp.From && !shared(low) {
		if fault != nil {
			return 0, fault
		}
		low, step = low-step, 2*step
	}
	low = max(low, sp.From-1)
	high := sp.To
	n := sort.Search(int(high-low), func(i int) bool { return !shared(low + 1 + int64(i)) })
	return low + int64(n), fault
}
