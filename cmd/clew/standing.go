package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/store"
	"clew/tracer"
)

// standing says whether what a trace was made from is on the main chain as a store has it
// now; nil where there is no store, or it has not read that far.
type standing struct {
	main *bool // the block of the hop
	asOf *bool // the block as of which the trace was made
	says []string
}

// standingOf asks the store of --db.
func standingOf(ctx context.Context, c *cli.Context, t *tracer.Trace, leg *tracer.Leg) (s standing, err error) {
	st, err := store.Open(ctx, c.String("db"), store.Options{ReadOnly: true})
	if errors.Is(err, store.ErrNoStore) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	if err := s.ofAsOf(ctx, st, t, leg); err != nil {
		return s, err
	}
	if s.asOf != nil && *s.asOf {
		s.main = s.asOf
		return s, nil
	}
	return s, s.ofHop(ctx, st, leg)
}

// ofAsOf finds the block as of which the trace was made. The store has another one at its
// height where it left the main chain; where the store has none there, it does not know.
func (s *standing) ofAsOf(ctx context.Context, st *store.Store, t *tracer.Trace, leg *tracer.Leg) error {
	for _, a := range t.AsOf {
		if a.Chain != leg.Chain {
			continue
		}
		now, err := st.Block(ctx, a.Chain, a.Height)
		if errors.Is(err, chains.ErrIncomplete) || errors.Is(err, chains.ErrNotFound) {
			return s.left(ctx, st, a)
		}
		if err != nil {
			return err
		}
		stands := now.Ref.Hash == a.Hash
		s.asOf = &stands
		if stands {
			s.says = append(s.says, fmt.Sprintf("The block as of which the trace was made, %d, is on the main chain in %s, and so is this one.", a.Height, st.Path()))
			return nil
		}
		s.says = append(s.says, fmt.Sprintf("The block as of which the trace was made, %d (%s), has left the main chain: %s has %s at that height. Trace again: what moved or ended in the blocks that left may be otherwise now.",
			a.Height, hashText(a.Chain, a.Hash), st.Path(), hashText(a.Chain, now.Ref.Hash)))
	}
	return nil
}

// left says so where the block was on the main chain and is not any more, though nothing
// stands in its place yet.
func (s *standing) left(ctx context.Context, st *store.Store, a tracer.AsOf) error {
	b, err := st.BlockByHash(ctx, a.Chain, a.Hash)
	if errors.Is(err, chains.ErrIncomplete) || errors.Is(err, chains.ErrNotFound) || (err == nil && !b.Stale) {
		return nil
	}
	if err != nil {
		return err
	}
	no := false
	s.asOf = &no
	s.says = append(s.says, fmt.Sprintf("The block as of which the trace was made, %d (%s), has left the main chain in %s, which has none at that height now. Trace again: what moved or ended in the blocks that left may be otherwise now.",
		a.Height, hashText(a.Chain, a.Hash), st.Path()))
	return nil
}

// ofHop finds the transaction of the hop. Whether its height was read at all decides what an
// absence means.
func (s *standing) ofHop(ctx context.Context, st *store.Store, leg *tracer.Leg) error {
	b, err := st.Block(ctx, leg.Chain, leg.Height)
	if errors.Is(err, chains.ErrIncomplete) || errors.Is(err, chains.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	tx, err := st.Tx(ctx, leg.Chain, leg.TxID)
	var stands bool
	var says string
	switch {
	case errors.Is(err, chains.ErrNotFound):
		says = fmt.Sprintf("In %s the main chain has block %s at height %d, and this transaction is not in it: the block of this hop has left the main chain.",
			st.Path(), hashText(leg.Chain, b.Ref.Hash), leg.Height)
	case err != nil:
		return err
	case tx.Block.Height != leg.Height:
		says = fmt.Sprintf("In %s the main chain has this transaction in block %d: the block of this hop has left the main chain.",
			st.Path(), tx.Block.Height)
	default:
		stands, says = true, fmt.Sprintf("The main chain in %s has this transaction at this height, in block %s.", st.Path(), hashText(leg.Chain, b.Ref.Hash))
	}
	s.main, s.says = &stands, append(s.says, says)
	return nil
}
