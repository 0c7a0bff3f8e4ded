package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/store"
)

// beforeFirst is the place before the first transaction.
var beforeFirst = chains.Place{Height: -1}

func view(t *testing.T, s *store.Store, asOf int64) *store.View {
	t.Helper()
	v, err := s.View(t.Context(), bitcoin, asOf)
	require.NoError(t, err)
	return v
}

func TestViewSaysWhatTheStoreSaid(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	bs := newGenerator(1).blocks(20, 30)
	load(t, s, bs, 3)
	v := view(t, s, store.Latest)
	for _, b := range bs {
		for i := range b.Txs {
			want := &b.Txs[i]
			got, err := v.Tx(ctx, want.ID)
			require.NoError(t, err)
			require.Equal(t, want, got)
			for j := range want.Inputs {
				got, n, err := v.Spender(ctx, want.Inputs[j].Prev)
				require.NoError(t, err)
				require.Equal(t, want, got)
				require.Equal(t, j, n)
			}
		}
	}
	spans, last := v.Covered()
	require.Equal(t, []chains.Span{{From: 0, To: 19}}, spans)
	require.Equal(t, bs[19].Ref, last)
	require.NoError(t, v.Close())
	require.NoError(t, v.Close(), "closing twice is closing once")
}

func TestViewAsOfAHeightHidesWhatIsBehind(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	bs := newGenerator(2).blocks(20, 30)
	load(t, s, bs, 20)
	v := view(t, s, 9)
	spans, last := v.Covered()
	require.Equal(t, []chains.Span{{From: 0, To: 9}}, spans)
	require.Equal(t, bs[9].Ref, last)
	hidden := 0
	for _, b := range bs {
		for i := range b.Txs {
			tx := &b.Txs[i]
			_, err := v.Tx(ctx, tx.ID)
			_, _, spent := v.Spender(ctx, chains.OutPoint{Tx: tx.ID})
			if b.Ref.Height > 9 {
				require.ErrorIs(t, err, chains.ErrNotFound)
				require.ErrorIs(t, spent, chains.ErrNotFound)
				hidden++
				continue
			}
			require.NoError(t, err)
			for _, in := range tx.Inputs {
				_, _, err := v.Spender(ctx, in.Prev)
				require.NoError(t, err)
			}
		}
	}
	require.Positive(t, hidden)
	require.NoError(t, v.Close())
	for asOf, want := range map[int64]error{20: chains.ErrIncomplete, -2: chains.ErrIncomplete} {
		_, err := s.View(ctx, bitcoin, asOf)
		require.ErrorIs(t, err, want)
	}
	_, err := s.View(ctx, "litecoin", store.Latest)
	require.ErrorIs(t, err, chains.ErrNotFound)
}

func TestViewPagesThroughAnAddress(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	g := newGenerator(3)
	bs := g.blocks(20, 60)
	load(t, s, bs, 7)
	all, err := s.AddressTxs(ctx, bitcoin, g.hot[0], store.Start, 1<<20)
	require.NoError(t, err)
	require.Greater(t, len(all), 5)
	v := view(t, s, store.Latest)
	for _, page := range []int{1, 3, 1000} {
		var got []*chains.Tx
		after := beforeFirst
		for {
			ts, err := v.AddressTxs(ctx, g.hot[0], after, page)
			require.NoError(t, err)
			got = append(got, ts...)
			if len(ts) < page {
				break
			}
			after = chains.Place{Height: ts[page-1].Block.Height, Index: ts[page-1].Index}
		}
		require.Equal(t, all, got)
	}
	require.NoError(t, v.Close())
}

// TestViewStaysWhileTheChainChanges keeps a View open over a reorganisation and opens another one on the
// connection that it used.
func TestViewStaysWhileTheChainChanges(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	g := newGenerator(4)
	shared := g.blocks(10, 20)
	f := g.fork(99)
	leaves, stays := g.blocks(5, 20), f.blocks(6, 20)
	load(t, s, shared, 10)
	load(t, s, leaves, 5)

	before := view(t, s, store.Latest)
	_, err := s.Rewind(ctx, bitcoin, 9)
	require.NoError(t, err, "an open View keeps no writer from its work")
	load(t, s, stays, 2)
	for i := range leaves[2].Txs {
		got, err := before.Tx(ctx, leaves[2].Txs[i].ID)
		require.NoError(t, err)
		require.Equal(t, leaves[2].Ref, got.Block)
	}
	_, last := before.Covered()
	require.Equal(t, leaves[4].Ref, last)
	require.NoError(t, before.Close())

	after := view(t, s, store.Latest)
	_, last = after.Covered()
	require.Equal(t, stays[5].Ref, last)
	_, err = after.Tx(ctx, leaves[2].Txs[0].ID)
	require.ErrorIs(t, err, chains.ErrNotFound)
	got, err := after.Tx(ctx, stays[2].Txs[0].ID)
	require.NoError(t, err)
	require.Equal(t, &stays[2].Txs[0], got)
	require.NoError(t, after.Close())
}

func TestManyViewsAtOnce(t *testing.T) {
	s := open(t)
	bs := newGenerator(5).blocks(12, 40)
	load(t, s, bs[:6], 6)
	var open, done sync.WaitGroup
	failed := make(chan error, 12)
	for n := range 12 {
		open.Add(1)
		done.Go(func() {
			v, err := s.View(t.Context(), bitcoin, store.Latest)
			open.Done()
			if err != nil {
				failed <- err
				return
			}
			open.Wait() // all of them are open
			for i := range bs[n%6].Txs {
				tx, err := v.Tx(t.Context(), bs[n%6].Txs[i].ID)
				if err == nil && tx.Block != bs[n%6].Ref {
					err = fmt.Errorf("transaction %s is in another block", tx.ID)
				}
				if err != nil {
					failed <- err
					break
				}
			}
			if err := v.Close(); err != nil {
				failed <- err
			}
		})
	}
	load(t, s, bs[6:], 2)
	done.Wait()
	close(failed)
	for err := range failed {
		require.NoError(t, err)
	}
	v := view(t, s, store.Latest)
	_, last := v.Covered()
	require.Equal(t, bs[11].Ref, last)
	require.NoError(t, v.Close())
}

func TestViewEndsWithItsContext(t *testing.T) {
	s := open(t)
	bs := newGenerator(6).blocks(2, 5)
	load(t, s, bs, 2)
	v := view(t, s, store.Latest)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := v.Tx(ctx, bs[0].Txs[0].ID)
	require.ErrorIs(t, err, context.Canceled)
	_, _, err = v.Spender(ctx, chains.OutPoint{})
	require.ErrorIs(t, err, context.Canceled)
	_, err = v.AddressTxs(ctx, "a", beforeFirst, 1)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, v.Close())
}
