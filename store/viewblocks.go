package store

import (
	"context"
	"fmt"

	"clew/chains"
)

// EachTx calls f for the transactions of the main chain's block at a height, by position, with spent
// outputs where the store knows them. chains.ErrIncomplete where the block was not read as of the
// block that v is of. f may use v.
func (v *View) EachTx(ctx context.Context, height int64, f func(*chains.Tx) error) error {
	if err := v.eachTx(ctx, height, f); err != nil {
		return fmt.Errorf("view %s block %d: %w", v.chain, height, mapErr(ctx, err))
	}
	return nil
}

func (v *View) eachTx(ctx context.Context, height int64, f func(*chains.Tx) error) error {
	for _, sp := range v.spans {
		if height < sp.From || height > sp.To {
			continue
		}
		b, err := v.r.blockRef(height)
		if err != nil {
			return err
		}
		return v.r.eachTx(b, func(_ place, t *chains.Tx) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return f(t)
		})
	}
	return fmt.Errorf("%w: the store has %s", chains.ErrIncomplete, spanNames(v.spans))
}
