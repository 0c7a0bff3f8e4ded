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

// standing says whether the transaction of a leg is on the main chain as the store of --db
// has it now, and that in words; nil where there is no store, or it has not read that far.
func standing(ctx context.Context, c *cli.Context, t *tracer.Trace, leg *tracer.Leg) (stands *bool, says string, err error) {
	st, err := store.Open(ctx, c.String("db"), store.Options{ReadOnly: true})
	if errors.Is(err, store.ErrNoStore) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	yes, no := true, false
	for _, a := range t.AsOf {
		if a.Chain != leg.Chain {
			continue
		}
		b, err := st.BlockByHash(ctx, a.Chain, a.Hash)
		if err == nil && !b.Stale {
			return &yes, fmt.Sprintf("The block as of which the trace was made, %d, is on the main chain in %s, and so is this one.", a.Height, st.Path()), nil
		}
		if err != nil && !errors.Is(err, chains.ErrNotFound) {
			return nil, "", err
		}
	}
	// Whether the height was read at all decides what an absence means.
	b, err := st.Block(ctx, leg.Chain, leg.Height)
	if errors.Is(err, chains.ErrIncomplete) || errors.Is(err, chains.ErrNotFound) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	tx, err := st.Tx(ctx, leg.Chain, leg.TxID)
	switch {
	case errors.Is(err, chains.ErrNotFound):
		return &no, fmt.Sprintf("In %s the main chain has block %s at height %d, and this transaction is not in it: the block of this hop has left the main chain.",
			st.Path(), b.Ref.Hash, leg.Height), nil
	case err != nil:
		return nil, "", err
	case tx.Block.Height != leg.Height:
		return &no, fmt.Sprintf("In %s the main chain has this transaction in block %d: the block of this hop has left the main chain.",
			st.Path(), tx.Block.Height), nil
	}
	return &yes, fmt.Sprintf("The main chain in %s has this transaction at this height, in block %s.", st.Path(), b.Ref.Hash), nil
}
