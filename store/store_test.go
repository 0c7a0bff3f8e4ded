package store_test

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/store"
	"clew/tracer"
)

var (
	_ tracer.Source   = (*store.Source)(nil)
	_ tracer.Balancer = (*store.Source)(nil)
	_ tracer.Clusters = (*store.Source)(nil)
)

const bitcoin = chains.Chain("bitcoin")

// open makes a store in a fresh folder, closed with the test.
func open(tb testing.TB) *store.Store {
	tb.Helper()
	s, err := store.Open(context.Background(), filepath.Join(tb.TempDir(), "clew.db"), store.Options{Create: true})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	return s
}

// load writes blocks in batches of the given number of blocks.
func load(tb testing.TB, s *store.Store, bs []*chains.Block, batch int) {
	tb.Helper()
	loadOf(tb, s, bitcoin, bs, batch)
}

// loadOf is load for any chain.
func loadOf(tb testing.TB, s *store.Store, chain chains.Chain, bs []*chains.Block, batch int) {
	tb.Helper()
	ctx := context.Background()
	l, err := s.Load(ctx, chain)
	require.NoError(tb, err)
	for i, b := range bs {
		require.NoError(tb, l.Add(b))
		if (i+1)%batch == 0 {
			require.NoError(tb, l.Flush(ctx))
		}
	}
	require.NoError(tb, l.Flush(ctx))
	require.NoError(tb, l.Close())
}

func TestLoadAndRead(t *testing.T) {
	ctx := context.Background()
	s := open(t)
	bs := newGenerator(1).blocks(20, 30)
	load(t, s, bs, 3)
	spans, err := s.Spans(ctx, bitcoin)
	require.NoError(t, err)
	require.Equal(t, []store.Span{{From: 0, To: 19}}, spans)
	for _, b := range bs {
		for i := range b.Txs {
			want := &b.Txs[i]
			got, err := s.Tx(ctx, bitcoin, want.ID)
			require.NoError(t, err)
			require.Equal(t, want, got)
			for j := range want.Inputs {
				got, n, err := s.Spender(ctx, bitcoin, want.Inputs[j].Prev)
				require.NoError(t, err)
				require.Equal(t, want, got)
				require.Equal(t, j, n)
			}
		}
	}
}

func TestSourceGivesWhatIsWatched(t *testing.T) {
	ctx := context.Background()
	s := open(t)
	bs := newGenerator(2).blocks(20, 30)
	load(t, s, bs, 4)
	q, err := s.Source(ctx, bitcoin, store.Latest)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	require.Equal(t, bs[19].Ref, q.AsOf())

	start := bs[3].Txs[5].ID
	reached := map[chains.TxID]bool{start: true}
	var want []chains.TxID
	for _, b := range bs {
		for i := range b.Txs {
			tx := &b.Txs[i]
			for _, in := range tx.Inputs {
				reached[tx.ID] = reached[tx.ID] || reached[in.Prev.Tx]
			}
			if reached[tx.ID] {
				want = append(want, tx.ID)
			}
		}
	}
	require.NoError(t, q.WatchTx(ctx, start))
	var got []chains.TxID
	for {
		tx, err := q.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		got = append(got, tx.ID)
		for i := range tx.Outputs {
			require.NoError(t, q.WatchOut(ctx, chains.OutPoint{Tx: tx.ID, Index: uint32(i)}))
		}
	}
	require.Equal(t, want, got)
}

// TestAddWhileFlushing: one goroutine gathers while another writes, as a sync does on two
// cores.
func TestAddWhileFlushing(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	bs := newGenerator(3).blocks(60, 40)
	l, err := s.Load(ctx, bitcoin)
	require.NoError(t, err)
	added, flushed := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-added:
				flushed <- nil
				return
			default:
				if err := l.Flush(ctx); err != nil {
					flushed <- err
					return
				}
			}
		}
	}()
	for i, b := range bs {
		if i%3 == 0 {
			b = forget(b)
		}
		require.NoError(t, l.Add(b))
	}
	close(added)
	require.NoError(t, <-flushed)
	require.NoError(t, l.Flush(ctx))
	require.NoError(t, l.Close())
	whole := open(t)
	load(t, whole, bs, 7)
	require.Equal(t, dump(t, whole), dump(t, s))
}
