package store_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/store"
)

// rest returns what is left of a Source.
func rest(ctx context.Context, q *store.Source) (ids []chains.TxID, err error) {
	for {
		tx, err := q.Next(ctx)
		if errors.Is(err, io.EOF) {
			return ids, nil
		}
		if err != nil {
			return ids, err
		}
		ids = append(ids, tx.ID)
	}
}

// More is wanted than is read ahead, and asked for against the order of the chain: it comes
// in order all the same. What is wanted later and stands before what was read already comes
// first.
func TestSourceKeepsTheOrder(t *testing.T) {
	s := open(t)
	bs := newGenerator(21).blocks(30, 100)
	load(t, s, bs, 10)
	q := sourceOf(t, s, store.Latest)
	var want []chains.TxID
	for _, b := range bs {
		for i := range b.Txs {
			want = append(want, b.Txs[i].ID)
		}
	}
	for i := len(want) - 1; i > 0; i-- {
		if i%5 != 0 {
			require.NoError(t, q.WatchTx(t.Context(), want[i]))
		}
	}
	var got []chains.TxID
	for i := 1; i < len(want); i++ {
		tx, err := q.Next(t.Context())
		require.NoError(t, err)
		got = append(got, tx.ID)
		if i%5 == 4 && i+1 < len(want) { // the next one was not wanted yet
			require.NoError(t, q.WatchTx(t.Context(), want[i+1]))
		}
	}
	require.Equal(t, want[1:], got)
}

// What was cut off is read again for the next caller.
func TestSourceAfterAnInterruption(t *testing.T) {
	s := open(t)
	bs := newGenerator(22).blocks(20, 60)
	load(t, s, bs, 10)
	q := sourceOf(t, s, store.Latest)
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	for _, b := range bs {
		for i := range b.Txs {
			require.NoError(t, q.WatchTx(ctx, b.Txs[i].ID))
			n++
		}
	}
	for range 100 {
		_, err := q.Next(ctx)
		require.NoError(t, err)
	}
	cancel()
	_, err := q.Next(ctx)
	require.ErrorIs(t, err, context.Canceled)
	ids, err := rest(t.Context(), q)
	require.NoError(t, err)
	require.Len(t, ids, n-100)
}
