package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/store"
)

// TestRunsStayFew: batches are merged eight at a time, and where loading ends, what remains
// becomes one run.
func TestRunsStayFew(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	bs := newGenerator(6).blocks(23, 30)
	l, err := s.Load(ctx, bitcoin)
	require.NoError(t, err)
	for i, b := range bs {
		require.NoError(t, l.Add(b))
		require.NoError(t, l.Flush(ctx))
		batches := int64(i + 1)
		txids, addresses, _, err := store.Runs(s)
		require.NoError(t, err)
		require.Equal(t, batches/8+batches%8, txids)
		require.Equal(t, txids, addresses)
		if batches == 7 || batches == 12 {
			dump(t, s) // reads through several runs, and checks them
		}
	}
	require.NoError(t, l.Close())
	txids, addresses, rows, err := store.Runs(s)
	require.NoError(t, err)
	require.Equal(t, []int64{1, 1}, []int64{txids, addresses})
	require.Less(t, rows, int64(2*23*30*8/64), "rows are full")
	whole := open(t)
	load(t, whole, bs, 100)
	require.Equal(t, dump(t, whole), dump(t, s))
}

// TestBusyAddress: an address whose entries fill many rows of several runs is read in pages
// of any size, from any place, and by a Source; a rewind cuts it.
func TestBusyAddress(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	bs := newGenerator(8).blocks(30, 60)
	busy := bs[0].Txs[0].Outputs[0].Address
	var want []*chains.Tx
	for _, b := range bs {
		for i := range b.Txs {
			if i%4 != 3 {
				b.Txs[i].Outputs = append(b.Txs[i].Outputs, chains.Output{Value: 1, Address: busy, Type: chains.ScriptP2WPKH})
			}
		}
	}
	l, err := s.Load(ctx, bitcoin)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	for i, b := range bs {
		require.NoError(t, l.Add(b))
		if i%4 == 3 || i == len(bs)-1 {
			require.NoError(t, l.Flush(ctx)) // and runs stay apart as long as l is open
		}
	}
	w := watches{addrs: map[chains.Address]bool{busy: true}}
	for _, b := range bs {
		for i := range b.Txs {
			if w.hits(&b.Txs[i]) {
				want = append(want, &b.Txs[i])
			}
		}
	}
	require.Greater(t, len(want), 1300)
	for _, page := range []int{7, 64, 500, 5000} {
		require.Equal(t, want, pages(t, s, busy, page))
	}
	q, err := s.Source(ctx, bitcoin, 20)
	require.NoError(t, err)
	require.NoError(t, q.WatchAddress(ctx, busy))
	for _, tx := range want {
		if tx.Block.Height <= 20 {
			got, err := q.Next(ctx)
			require.NoError(t, err)
			require.Equal(t, tx, got)
		}
	}
	require.NoError(t, q.Close())

	_, err = s.Rewind(ctx, bitcoin, 13)
	require.NoError(t, err)
	for want[len(want)-1].Block.Height > 13 {
		want = want[:len(want)-1]
	}
	require.Equal(t, want, pages(t, s, busy, 100))
	require.NoError(t, l.Close())
	load(t, s, bs[14:], 3)
	whole := open(t)
	load(t, whole, bs, 100)
	require.Equal(t, dump(t, whole), dump(t, s))
}

// pages reads all transactions of a, n at a time.
func pages(t *testing.T, s *store.Store, a chains.Address, n int) (all []*chains.Tx) {
	t.Helper()
	after := store.Start
	for {
		ts, err := s.AddressTxs(t.Context(), bitcoin, a, after, n)
		require.NoError(t, err)
		all = append(all, ts...)
		if len(ts) < n {
			return all
		}
		last := ts[len(ts)-1]
		after = store.After{Height: last.Block.Height, Index: last.Index}
	}
}

// TestRunNumbersComeAgain: behind the last number a new run takes one that is free.
func TestRunNumbersComeAgain(t *testing.T) {
	s := open(t)
	g := newGenerator(9)
	bs := g.blocks(6, 20)
	load(t, s, bs[:1], 1)
	load(t, s, bs[1:3], 2)
	require.NoError(t, store.Damage(s, `
		UPDATE posting SET id = id + ((131071 - (SELECT max(run_no) FROM run)) << 46);
		UPDATE run SET run_no = run_no + 131071 - (SELECT max(run_no) FROM run)`))
	require.NoError(t, s.Close())
	s, err := store.Open(t.Context(), s.Path(), store.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	load(t, s, bs[3:], 1)
	whole := open(t)
	load(t, whole, bs, 10)
	require.Equal(t, dump(t, whole), dump(t, s))
}

// TestSettled: what is merged where loading ends.
func TestSettled(t *testing.T) {
	const m = 1_000_000
	for name, c := range map[string]struct {
		want int
		runs []int64
	}{
		"one run":                              {0, []int64{9 * m}},
		"small ones, whatever their sizes":     {3, []int64{10, 3000, 60_000, 9 * m}},
		"the larger is twice the smaller":      {2, []int64{m, 2*m + 1<<16}},
		"the larger is more than twice":        {0, []int64{m, 2*m + 1<<16 + 1}},
		"a small one last keeps none apart":    {6, []int64{m, m, m, m / 8, m / 8, 20_000}},
		"a middle one keeps none apart":        {6, []int64{m, m, m, m, m, m / 4}},
		"the largest stays, the others merge":  {4, []int64{m, m, m, 10, 90 * m}},
		"many of one size, and one much less":  {9, []int64{m, m, m, m, m, m, m, m, m / 9}},
		"each more than twice all before":      {0, []int64{m, 3 * m, 9 * m, 30 * m}},
		"nothing, where there are none at all": {0, nil},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, store.Settled(c.runs...)) })
	}
}
