package store_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
)

// A View gives a block's transactions as they were loaded, and none of a block that it does not see.
func TestViewEachTx(t *testing.T) {
	s := open(t)
	blocks := newGenerator(5).blocks(12, 9)
	load(t, s, blocks, 3)
	v, err := s.View(t.Context(), bitcoin, 10)
	require.NoError(t, err)
	defer func() { require.NoError(t, v.Close()) }()
	for _, b := range blocks[:11] {
		i := 0
		require.NoError(t, v.EachTx(t.Context(), b.Ref.Height, func(tx *chains.Tx) error {
			same, err := v.Tx(t.Context(), tx.ID)
			require.NoError(t, err)
			require.Equal(t, same, tx)
			require.Equal(t, b.Txs[i].ID, tx.ID)
			i++
			return nil
		}))
		require.Len(t, b.Txs, i)
	}
	for _, h := range []int64{-1, 11, 12} {
		require.ErrorIs(t, v.EachTx(t.Context(), h, func(*chains.Tx) error { return nil }), chains.ErrIncomplete)
	}
	enough := errors.New("enough")
	require.ErrorIs(t, v.EachTx(t.Context(), 3, func(*chains.Tx) error { return enough }), enough)
}
