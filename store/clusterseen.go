package store

import (
	"context"
	"errors"
	"fmt"

	"clew/chains"
)

// From returns the height of the first block whose joins are in it.
func (u *Clusters) From() int64 { return heightOf(u.from) }

// HasTx reports whether a transaction stands in the blocks whose joins are in it.
func (u *Clusters) HasTx(ctx context.Context, id chains.TxID) (bool, error) {
	_, err := u.r.findTx(&id, u.from, u.end)
	if errors.Is(err, chains.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for a transaction of %s: %w", u.r.chain, mapErr(ctx, err))
	}
	return true, nil
}
