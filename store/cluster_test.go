package store_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/chains"
	"clew/heuristics"
	"clew/store"
)

// clustersOf returns what the transactions up to a height say, without a store.
func clustersOf(bs []*chains.Block, asOf int64) *heuristics.Clusters {
	c := &heuristics.Clusters{}
	for _, b := range bs {
		for i := range b.Txs {
			if b.Ref.Height <= asOf {
				c.Add(&b.Txs[i])
			}
		}
	}
	return c
}

// addressesOf returns every address of bs once, ascending.
func addressesOf(bs []*chains.Block) (as []chains.Address) {
	for _, b := range bs {
		for _, t := range b.Txs {
			for _, o := range t.Outputs {
				as = append(as, o.Address)
			}
			for _, in := range t.Inputs {
				as = append(as, in.Spent.Address)
			}
		}
	}
	slices.Sort(as)
	return slices.Compact(as)
}

// memberPages returns all members of the cluster of a, read page by page.
func memberPages(t require.TestingT, u *store.Clusters, a chains.Address, size int) (as []chains.Address) {
	for {
		after := chains.Address("")
		if len(as) > 0 {
			after = as[len(as)-1]
		}
		page, more, err := u.Members(context.Background(), a, after, size)
		require.NoError(t, err)
		as = append(as, page...)
		if !more {
			return as
		}
		require.Len(t, page, size)
	}
}

// TestClustersAgreeWithBruteForce: whatever way the blocks came, and whatever was saved on it, the clusters as of any block are
// those of a walk over every transaction, each chain of joins holds, and what a cluster falls into
// is what the joins that are left make of it.
func TestClustersAgreeWithBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		g := newGenerator(rapid.Uint64Range(1, 1000).Draw(t, "chain"))
		common := g.blocks(rapid.IntRange(1, 6).Draw(t, "common"), 9)
		loser := g.fork(3001).blocks(rapid.IntRange(0, 3).Draw(t, "loser"), 6)
		bs := append(slices.Clone(common), g.fork(3002).blocks(rapid.IntRange(1, 3).Draw(t, "winner"), 6)...)
		y := &syncer{t: t, path: filepath.Join(scratch(t), "clew.db"), weak: rapid.SampledFrom([]uint{0, 36}).Draw(t, "weak")}
		y.open()
		defer y.close()
		if len(loser) > 0 {
			y.finish(append(slices.Clone(common), loser...))
		}
		y.finish(bs)
		if rapid.Bool().Draw(t, "saved") {
			require.NoError(t, store.SaveAllClusters(ctx, y.s, bitcoin, rapid.Int64Range(0, 3).Draw(t, "behind")))
		}
		asOf := rapid.Int64Range(0, int64(len(bs))-1).Draw(t, "as of")
		want := clustersOf(bs, asOf)
		u, err := y.s.Clusters(ctx, bitcoin, asOf)
		require.NoError(t, err)
		defer func() { require.NoError(t, u.Close()) }()
		require.Equal(t, len(want.Joins()), u.Joins)
		require.Zero(t, u.Waiting)
		for _, a := range addressesOf(bs[:asOf+1]) {
			as := memberPages(t, u, a, 3)
			require.Len(t, as, u.Size(a))
			first, err := u.First(ctx, a)
			require.NoError(t, err)
			require.Equal(t, as[0], first)
			number, joined := u.Number(a)
			require.Equal(t, len(as) > 1, joined)
			for _, member := range as {
				same, _ := u.Number(member)
				require.Equal(t, number, same)
			}
			slices.Sort(as)
			require.Equal(t, want.Of(a), as)
			h, err := u.Holdings(ctx, a, 1<<20)
			require.NoError(t, err)
			require.True(t, h.Counted)
			require.True(t, h.Whole)
			require.Equal(t, held(bs[:asOf+1], as), h.Units)
		}
		all := want.All()
		if len(all) == 0 {
			return
		}
		cluster := rapid.SampledFrom(all).Draw(t, "cluster")
		a, b := rapid.SampledFrom(cluster).Draw(t, "a"), rapid.SampledFrom(cluster).Draw(t, "b")
		why, err := u.Why(ctx, a, b)
		require.NoError(t, err)
		require.Len(t, why, len(want.Why(a, b)))
		requireChain(t, bs, a, b, why)
		if len(why) == 0 {
			return
		}
		fallsApart(t, u, want, a, store.Drop{Tx: why[0].Tx})
		fallsApart(t, u, want, a, store.Drop{Rule: why[0].Rule})
	})
}

// held returns the sum of the outputs of as that are unspent.
func held(bs []*chains.Block, as []chains.Address) (sum chains.Amount) {
	var all []*chains.Tx
	for _, b := range bs {
		for i := range b.Txs {
			all = append(all, &b.Txs[i])
		}
	}
	for _, a := range as {
		sum = sum.Plus(balance(all, a))
	}
	return sum
}

// requireChain checks each join against the transaction that it names.
func requireChain(t require.TestingT, bs []*chains.Block, a, b chains.Address, why []heuristics.Join) {
	at := a
	for _, j := range why {
		require.Equal(t, at, j.A)
		i := slices.IndexFunc(bs[j.Height].Txs, func(t chains.Tx) bool { return t.ID == j.Tx })
		require.GreaterOrEqual(t, i, 0)
		shown := func(in int) []chains.Address {
			in0 := bs[j.Height].Txs[i].Inputs[in]
			return []chains.Address{in0.Spent.Address, in0.Signed.Wraps}
		}
		require.Contains(t, shown(j.InA), j.A)
		require.Contains(t, shown(j.InB), j.B)
		at = j.B
	}
	require.Equal(t, b, at)
}

// fallsApart compares what the cluster of a falls into.
func fallsApart(t require.TestingT, u *store.Clusters, want *heuristics.Clusters, a chains.Address, drop store.Drop) {
	parts, n, dropped, err := u.Without(context.Background(), a, drop, 1000)
	require.NoError(t, err)
	require.Positive(t, dropped)
	require.Len(t, parts, n)
	less := want.Without(func(j *heuristics.Join) bool { return j.Rule == drop.Rule || j.Tx == drop.Tx })
	sum := 0
	for _, p := range parts {
		require.Len(t, less.Of(p.First), p.Size)
		require.Equal(t, p.Has, less.Together(p.First, a))
		sum += p.Size
	}
	require.Equal(t, u.Size(a), sum)
}

// TestJoinsOfOldStores: of blocks that an older version read nothing is joined, and nothing says
// so silently; once made, the joins are those of a fresh sync.
func TestJoinsOfOldStores(t *testing.T) {
	ctx := context.Background()
	bs := newGenerator(5).blocks(6, 20)
	s := loaded(t, bs)
	fresh := dump(t, s)
	require.NoError(t, store.Damage(s, `DELETE FROM joins WHERE pos >> 24 & 4294967295 < 4`))
	require.NoError(t, store.Damage(s, `UPDATE joins SET entries = x'01' || CAST('0' AS BLOB) || substr(entries, 3) WHERE pos >> 24 & 4294967295 = 5`))
	missing, err := s.MissingJoins(ctx, bitcoin)
	require.NoError(t, err)
	require.Equal(t, int64(5), missing)
	_, err = s.Clusters(ctx, bitcoin, store.Latest)
	require.ErrorIs(t, err, store.ErrNoJoins)
	var text strings.Builder
	require.NoError(t, s.Dump(ctx, &text))
	require.NotEqual(t, fresh, text.String())
	var done, of int64
	require.NoError(t, s.MakeJoins(ctx, bitcoin, func(d, o int64) { done, of = d, o }))
	require.Equal(t, []int64{5, 5}, []int64{done, of})
	require.Equal(t, fresh, dump(t, s))
	u, err := s.Clusters(ctx, bitcoin, store.Latest)
	require.NoError(t, err)
	require.NoError(t, u.Close())
}

// TestCheckOfJoins: joins that the transactions do not call for are found.
func TestCheckOfJoins(t *testing.T) {
	for name, sql := range map[string]string{
		"another key":      `UPDATE joins SET entries = CAST(substr(entries, 1, length(entries) - 1) || x'00' AS BLOB) WHERE pos = (SELECT max(pos) FROM joins)`,
		"none":             `UPDATE joins SET entries = substr(entries, 1, 3)`,
		"more that wait":   `UPDATE joins SET entries = CAST(substr(entries, 1, 2) || x'05' || substr(entries, 4) AS BLOB) WHERE pos = (SELECT max(pos) FROM joins)`,
		"cut off":          `UPDATE joins SET entries = substr(entries, 1, length(entries) - 1) WHERE pos = (SELECT max(pos) FROM joins)`,
		"of another block": `INSERT INTO joins (pos, entries) VALUES (1 << 40, x'013100')`,
	} {
		t.Run(name, func(t *testing.T) {
			s := loaded(t, newGenerator(5).blocks(6, 20))
			require.NoError(t, store.Damage(s, sql))
			problems, err := s.Check(context.Background())
			require.NoError(t, err)
			require.NotEmpty(t, problems)
		})
	}
}

// loaded returns a store with bs.
func loaded(t *testing.T, bs []*chains.Block) *store.Store {
	s := open(t)
	load(t, s, bs, 2)
	return s
}

// TestClusterOfASource: a Source tells clusters as of its last block and of its own range alone.
func TestClusterOfASource(t *testing.T) {
	bs := newGenerator(8).blocks(9, 12)
	s := loaded(t, bs)
	for _, asOf := range []int64{3, 8} {
		want, q := clustersOf(bs, asOf), sourceOf(t, s, asOf)
		for _, a := range addressesOf(bs[:asOf+1]) {
			as, err := q.Cluster(t.Context(), a)
			require.NoError(t, err)
			require.Equal(t, want.Of(a), as)
			cluster, size, err := q.ClusterOf(t.Context(), a)
			require.NoError(t, err)
			require.Len(t, as, size)
			require.Equal(t, size == 1, cluster == 0)
			for _, b := range as {
				same, _, err := q.ClusterOf(t.Context(), b)
				require.NoError(t, err)
				require.Equal(t, cluster, same)
			}
		}
	}
	apart := open(t)
	load(t, apart, bs[:2], 1)
	load(t, apart, bs[4:], 1)
	want, q := clustersOf(bs[4:], 8), sourceOf(t, apart, 8)
	for _, a := range addressesOf(bs) {
		as, err := q.Cluster(t.Context(), a)
		require.NoError(t, err)
		require.Equal(t, want.Of(a), as)
	}
	require.NoError(t, store.Damage(s, `DELETE FROM joins WHERE pos >> 24 & 4294967295 = 2`))
	_, err := sourceOf(t, s, 8).Cluster(t.Context(), bs[0].Txs[0].Outputs[0].Address)
	require.ErrorIs(t, err, chains.ErrIncomplete)
}
