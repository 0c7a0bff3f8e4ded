package heuristics_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/chains"
	"clew/heuristics"
)

// gathering is spending to one output: no form of a payment to which anybody added an input.
func gathering(n byte, from ...string) *chains.Tx {
	tx := spending(n, from...)
	tx.Outputs = tx.Outputs[:1]
	return tx
}

func TestClusters(t *testing.T) {
	var c heuristics.Clusters
	c.Add(gathering(1, "b", "a"))
	c.Add(revealing(gathering(2, "c"), 0, "w"))
	c.Add(gathering(3, "a", "c", "d"))
	c.Add(gathering(4, "x", "y"))
	require.Equal(t, [][]chains.Address{{"a", "b", "c", "d", "w"}, {"x", "y"}}, c.All())
	require.Equal(t, []chains.Address{"x", "y"}, c.Of("y"))
	require.Equal(t, []chains.Address{"alone"}, c.Of("alone"))
	require.True(t, c.Together("b", "w"))
	require.True(t, c.Together("alone", "alone"))
	require.False(t, c.Together("b", "x"))
	require.False(t, c.Together("b", "alone"))

	require.Equal(t, []string{"b(0)-a(1) co-spend", "a(0)-c(1) co-spend", "c(0)-w(0) wraps"}, words(c.Why("b", "w")))
	require.Equal(t, []string{"d(2)-c(1) co-spend"}, words(c.Why("d", "c")), "both stand in one transaction")
	require.Empty(t, c.Why("a", "x"))
	require.Empty(t, c.Why("a", "a"))

	less := c.Without(func(j *heuristics.Join) bool { return j.Tx == chains.TxID{3} })
	require.Equal(t, [][]chains.Address{{"a", "b"}, {"c", "w"}, {"x", "y"}}, less.All())
	less = c.Without(func(j *heuristics.Join) bool { return j.Rule == heuristics.JoinWraps })
	require.Equal(t, []chains.Address{"w"}, less.Of("w"))
}

// TestWeigh: joins that may be wrong are taken by strength, whatever their order, and none brings
// together what must be apart.
func TestWeigh(t *testing.T) {
	change := func(n byte, a, b string, strength int) heuristics.Weighed {
		return heuristics.Weighed{Strength: strength, Join: heuristics.Join{A: chains.Address(a), B: chains.Address(b), Rule: heuristics.JoinChange, Tx: chains.TxID{n}, Height: int64(n)}}
	}
	weak, strong, equal := change(1, "b", "c", 10), change(2, "a", "b", 90), change(3, "c", "d", 10)
	for _, order := range [][]heuristics.Weighed{{weak, strong, equal}, {equal, weak, strong}, {strong, equal, weak}} {
		var c heuristics.Clusters
		c.Add(gathering(9, "c", "shop"))
		require.True(t, c.Never("a", "shop"))
		require.False(t, c.Never("c", "shop"), "they are one already")
		c.Weigh(order)
		require.Equal(t, [][]chains.Address{{"a", "b"}, {"c", "d", "shop"}}, c.All())
		require.Equal(t, []heuristics.Join{weak.Join}, c.Refused())
		require.Len(t, c.Joins(), 3)
	}
}

// TestWhyHolds: a path leads from one to the other, each step by addresses of one transaction, and
// no shorter one is there; without all joins of its first transaction and rule the sets are those of
// the others.
func TestWhyHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.Custom(func(t *rapid.T) string { return fmt.Sprint(rapid.IntRange(0, 14).Draw(t, "n")) })
		var c heuristics.Clusters
		var all [][]string // the sets that were given
		for i := range rapid.IntRange(1, 10).Draw(t, "transactions") {
			from := rapid.SliceOfNDistinct(name, 2, 4, rapid.ID).Draw(t, "from")
			all = append(all, from)
			c.Add(gathering(byte(i), from...))
		}
		a, b := name.Draw(t, "a"), name.Draw(t, "b")
		why := c.Why(chains.Address(a), chains.Address(b))
		require.Len(t, why, max(0, distance(all, a, b)))
		require.Equal(t, distance(all, a, b) >= 0, c.Together(chains.Address(a), chains.Address(b)))
		at := a
		for _, j := range why {
			from := all[j.Tx[0]]
			require.Equal(t, at, string(j.A))
			require.Equal(t, string(j.A), from[j.InA])
			require.Equal(t, string(j.B), from[j.InB])
			at = string(j.B)
		}
		if len(why) > 0 {
			require.Equal(t, b, at)
		}
	})
}

// distance is the number of sets on the way from a to b; −1 where none leads there.
func distance(sets [][]string, a, b string) int {
	reached := map[string]bool{a: true}
	for n := 0; n <= len(sets); n++ {
		if reached[b] {
			return n
		}
		next := map[string]bool{}
		for _, set := range sets {
			touches := false
			for _, x := range set {
				touches = touches || reached[x]
			}
			for _, x := range set {
				next[x] = next[x] || touches
			}
		}
		for x, is := range next {
			reached[x] = reached[x] || is
		}
	}
	return -1
}
