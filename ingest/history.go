package ingest

import (
	"context"
	"errors"
	"fmt"

	"clew/chains"
)

// History returns the transactions from a time on, in Unix seconds, up to the last block, in which an
// account acts (Execution.Acts), in chain order: the first most of them; 0 is all. ErrUnsupported where
// the node has no index of accounts, or no longer the blocks of that time.
func (s *accounts) History(ctx context.Context, a chains.Address, since int64, most int) ([]*chains.Tx, error) {
	found, err := s.history(ctx, a, since, most)
	if s.rec != nil {
		s.rec.noteTxs(historyOf(a, since, s.asOf.Height, most), found, err)
	}
	if err != nil {
		return nil, fmt.Errorf("what an account did since %s: %w", when(since), err)
	}
	return found, nil
}

func (s *accounts) history(ctx context.Context, a chains.Address, since int64, most int) ([]*chains.Tx, error) {
	picker, can := s.node.(TxPicker)
	index, too := s.node.(Index)
	if !can || !too {
		return nil, fmt.Errorf("an index of accounts: %w by this node", chains.ErrUnsupported)
	}
	wanted := func(tx *chains.Tx) bool { return tx.Block.Time >= since && tx.Exec.Acts(a) }
	if r, recorded := s.node.(*Recording); recorded {
		places, err := r.history(a, since, s.asOf.Height, most)
		if err != nil {
			return nil, err
		}
		return s.answers(ctx, picker, places, most, wanted)
	}
	span, err := s.since(ctx, since)
	if errors.Is(err, chains.ErrIncomplete) {
		return nil, fmt.Errorf("%w: %w", err, chains.ErrUnsupported)
	}
	if err != nil {
		return nil, err
	}
	if err := s.pinBlock(ctx, s.asOf); err != nil {
		return nil, err
	}
	var found []*chains.Tx
	for span.From <= span.To && (most == 0 || len(found) < most) {
		places, to, err := index.Touching(ctx, []chains.Address{a}, span)
		if err == nil && (to < span.From || to > span.To) {
			err = fmt.Errorf("it reached block %d: %w", to, chains.ErrBadAnswer)
		}
		if err != nil {
			return nil, err
		}
		part, err := s.answers(ctx, picker, places, max(0, most-len(found)), wanted)
		if err != nil {
			return nil, err
		}
		found = append(found, part...)
		span.From = to + 1
	}
	return found, nil
}
