package store_test

import (
	"context"
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
)

const bitcoin = chains.Chain("bitcoin")

// open makes a store in a fresh folder, closed with the test.
func open(t testing.TB) *store.Store {
	s, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "clew.db"), store.Options{Create: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// load writes blocks in batches of the given number of blocks.
func load(t testing.TB, s *store.Store, bs []*chains.Block, batch int) {
	ctx := context.Background()
	l, err := s.Load(ctx, bitcoin)
	require.NoError(t, err)
	for i, b := range bs {
		require.NoError(t, l.Add(b))
		if (i+1)%batch == 0 {
			require.NoError(t, l.Flush(ctx))
		}
	}
	require.NoError(t, l.Flush(ctx))
	require.NoError(t, l.Close())
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
		if err == io.EOF {
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
