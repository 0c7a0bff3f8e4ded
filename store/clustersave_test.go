package store_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/store"
)

// saved returns at which height the saved clusters of s end; −1: none are saved, and no part of any.
func saved(t *testing.T, s *store.Store) int64 {
	bases, end, parts, err := store.SavedClusters(s)
	require.NoError(t, err)
	require.LessOrEqual(t, bases, int64(1))
	require.Equal(t, bases > 0, parts > 0)
	return end
}

// TestSavedClusters: what is saved stands as long as the rows that it was made of do, and no longer.
func TestSavedClusters(t *testing.T) {
	bs := newGenerator(5).blocks(9, 20)
	for name, c := range map[string]struct {
		then func(*testing.T, *store.Store)
		end  int64
	}{
		"nothing": {func(*testing.T, *store.Store) {}, 6},
		"a reorganisation above": {func(t *testing.T, s *store.Store) {
			_, err := s.Rewind(t.Context(), bitcoin, 5)
			require.NoError(t, err)
		}, 6},
		"one that reaches it": {func(t *testing.T, s *store.Store) {
			_, err := s.Rewind(t.Context(), bitcoin, 4)
			require.NoError(t, err)
		}, -1},
		"a lower range": {func(t *testing.T, s *store.Store) { load(t, s, bs[:1], 1) }, -1},
		"a higher one":  {func(t *testing.T, s *store.Store) { load(t, s, bs[8:], 1) }, 6},
		"joins by other rules": {func(t *testing.T, s *store.Store) {
			require.NoError(t, store.Damage(s, `UPDATE joins SET entries = entries WHERE pos = (SELECT min(pos) FROM joins)`))
		}, -1},
		"more is saved": {func(t *testing.T, s *store.Store) {
			require.NoError(t, store.SaveAllClusters(t.Context(), s, bitcoin, 0))
		}, 8},
		"nothing more": {func(t *testing.T, s *store.Store) {
			require.NoError(t, store.SaveAllClusters(t.Context(), s, bitcoin, 2))
		}, 6},
		"another chain": {func(t *testing.T, s *store.Store) {
			l, err := s.Load(t.Context(), "litecoin")
			require.NoError(t, err)
			require.NoError(t, l.Add(bs[0]))
			require.NoError(t, l.Flush(t.Context()))
			require.NoError(t, l.Close())
			require.NoError(t, store.SaveAllClusters(t.Context(), s, "litecoin", 0))
			_, err = s.Rewind(t.Context(), "litecoin", -1)
			require.NoError(t, err)
		}, 6},
		"it is being saved meanwhile": {func(t *testing.T, s *store.Store) {
			require.NoError(t, store.Damage(s, `CREATE TRIGGER meanwhile AFTER INSERT ON cluster_base BEGIN
				UPDATE joins SET entries = entries WHERE pos = (SELECT min(pos) FROM joins); END`))
			require.NoError(t, store.SaveAllClusters(t.Context(), s, bitcoin, 0))
			require.NoError(t, store.Damage(s, `DROP TRIGGER meanwhile`))
		}, -1},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			load(t, s, bs[1:8], 2)
			require.NoError(t, store.SaveAllClusters(t.Context(), s, bitcoin, 2))
			require.Equal(t, int64(6), saved(t, s))
			c.then(t, s)
			require.Equal(t, c.end, saved(t, s))
			problems, err := s.Check(t.Context())
			require.NoError(t, err)
			require.Empty(t, problems)
		})
	}
}

// TestClustersBeginWithTheSaved: rows below are not read again, unless an earlier block is asked for
// or a range that begins later.
func TestClustersBeginWithTheSaved(t *testing.T) {
	bs := newGenerator(5).blocks(9, 20)
	s := open(t)
	load(t, s, bs[1:3], 1)
	load(t, s, bs[4:], 1)
	require.NoError(t, store.SaveAllClusters(t.Context(), s, bitcoin, 2))
	// A row that cannot be read, behind the back of what takes the saved away.
	require.NoError(t, store.Damage(s, `DROP TRIGGER joins_changed`))
	require.NoError(t, store.Damage(s, `UPDATE joins SET entries = x'ff' WHERE pos >> 24 & 4294967295 = 5`))
	u, err := s.Clusters(t.Context(), bitcoin, store.Latest)
	require.NoError(t, err)
	a := bs[4].Txs[0].Outputs[0].Address
	require.NoError(t, u.Close())
	_, err = s.Clusters(t.Context(), bitcoin, 5)
	require.ErrorIs(t, err, store.ErrDamaged)
	// The range of a source begins behind block 3, and what is saved before.
	_, _, err = sourceOf(t, s, 8).ClusterOf(t.Context(), a)
	require.ErrorIs(t, err, store.ErrDamaged)
	problems, err := s.Check(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, problems)
}

// TestCheckOfSavedClusters: what is saved and not what the joins make is found, and never answers.
func TestCheckOfSavedClusters(t *testing.T) {
	for name, c := range map[string]struct {
		sql  string
		read bool // it can be read all the same
	}{
		"another key":        {`UPDATE cluster_part SET bytes = CAST(x'00000000' || substr(bytes, 5) AS BLOB)`, true},
		"a later root":       {`UPDATE cluster_part SET bytes = CAST(substr(bytes, 1, 12) || x'00000001' || substr(bytes, 17) AS BLOB)`, false},
		"cut off":            {`UPDATE cluster_part SET bytes = substr(bytes, 1, length(bytes) - 1)`, false},
		"no part":            {`DELETE FROM cluster_part`, false},
		"another count":      {`UPDATE cluster_base SET joins = joins + 1`, true},
		"more that wait":     {`UPDATE cluster_base SET waiting = 9`, true},
		"more addresses":     {`UPDATE cluster_base SET addresses = addresses + 1, slots = slots - 4`, false},
		"addresses as slots": {`UPDATE cluster_base SET addresses = addresses + 64, slots = slots - 256`, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := loaded(t, newGenerator(5).blocks(6, 20))
			require.NoError(t, store.SaveAllClusters(t.Context(), s, bitcoin, 0))
			require.NoError(t, store.Damage(s, c.sql))
			u, err := s.Clusters(t.Context(), bitcoin, store.Latest)
			if c.read {
				require.NoError(t, err)
				require.NoError(t, u.Close())
			} else {
				require.ErrorIs(t, err, store.ErrDamaged)
			}
			problems, err := s.Check(t.Context())
			require.NoError(t, err)
			require.NotEmpty(t, problems)
		})
	}
}

// TestClustersAreSavedWhenMuchCame: a store of few addresses saves none; one of many does, and again
// when an eighth came to them, up to a hundred blocks below the last.
func TestClustersAreSavedWhenMuchCame(t *testing.T) {
	ctx := context.Background()
	s := open(t)
	g := newGenerator(5)
	few := g.blocks(3, 20)
	load(t, s, few, 1)
	saves := func(t *testing.T, due bool, end int64) {
		got, err := s.ClustersDue(ctx, bitcoin)
		require.NoError(t, err)
		require.Equal(t, due, got)
		require.NoError(t, s.SaveClusters(ctx, bitcoin))
		require.Equal(t, end, saved(t, s))
	}
	saves(t, false, -1)
	at := few[len(few)-1].Ref
	grow := func(blocks, addresses int) {
		bs := wide(at, blocks, addresses)
		load(t, s, bs, 50)
		at = bs[len(bs)-1].Ref
	}
	grow(1, 90_000)
	saves(t, false, -1) // it may still leave
	grow(100, 0)
	saves(t, true, 4)
	saves(t, false, 4)
	grow(1, 50_000)
	grow(100, 0)
	saves(t, false, 4)
	grow(1, 50_000)
	grow(100, 0)
	saves(t, true, 206)
}

// TestClustersAreSavedAgainForAShare: what came is compared with what is saved.
func TestClustersAreSavedAgainForAShare(t *testing.T) {
	s := open(t)
	at := chains.BlockRef{Height: -1}
	for _, c := range []struct {
		addresses int
		end       int64
	}{{4000, 1}, {1000, 1}, {2000, 3}, {2000, 3}} {
		bs := wide(at, 1, c.addresses)
		at = bs[0].Ref
		load(t, s, bs, 1)
		require.NoError(t, store.SaveMoreClusters(t.Context(), s, bitcoin, 0, 2))
		require.Equal(t, c.end, saved(t, s))
	}
}

// wide returns blocks behind a block; the first one spends from so many addresses together.
func wide(behind chains.BlockRef, blocks, addresses int) (bs []*chains.Block) {
	for i := range blocks {
		b := &chains.Block{Ref: chains.BlockRef{Height: behind.Height + 1}, Prev: behind.Hash, Header: []byte("header")}
		b.Ref.Hash[0], b.Ref.Hash[1], b.Ref.Hash[2] = 0xee, byte(b.Ref.Height), byte(b.Ref.Height>>8)
		coinbase := chains.Tx{ID: b.Ref.Hash, Coinbase: true, Block: b.Ref, Inputs: []chains.Input{{Known: true}}, Outputs: make([]chains.Output, 1)}
		b.Txs = append(b.Txs, coinbase)
		for from := 0; i == 0 && from < addresses; from += 1000 {
			tx := chains.Tx{Block: b.Ref, Outputs: make([]chains.Output, 1)}
			copy(tx.ID[:], b.Ref.Hash[:3])
			tx.ID[3], tx.ID[4] = byte(from/1000), 0xaa
			for n := range 1000 {
				in := chains.Input{Known: true, Prev: chains.OutPoint{Tx: tx.ID, Index: uint32(n)}}
				in.Prev.Tx[5] = 0xbb
				in.Spent.Address = chains.Address(strings.Join([]string{string(tx.ID[:5]), string([]byte{byte(n), byte(n >> 8)})}, ""))
				in.Spent.Value = 1000
				tx.Inputs = append(tx.Inputs, in)
			}
			b.Txs = append(b.Txs, tx)
		}
		bs = append(bs, b)
		behind = b.Ref
	}
	return bs
}
