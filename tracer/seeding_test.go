package tracer_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

// What cannot be seeded is refused, with the seed's id.
func TestSeedsRefused(t *testing.T) {
	b := newBook()
	v := b.mine("P", 10)
	o := b.spend([]chains.OutPoint{v}, pay{"X", 4}, pay{"P", 6})
	byTx := fmt.Sprintf("  - {id: V2, chain: %s, tx: %s, to: %%s%%s}\n", chain, o[0].Tx)
	window := fmt.Sprintf("  - {id: V3, chain: %s, address: %%s, from: 0, to: 9%%s}\n", chain)
	missing := chains.OutPoint{Tx: v.Tx, Index: 5}
	for _, c := range []struct{ name, seeds, says string }{
		{"an output and a window", outSeed("V1", v) + fmt.Sprintf(window, "P", ""), "overlap"},
		{"an output and a transaction", outSeed("V1", o[0]) + fmt.Sprintf(byTx, "X", ""), "overlap"},
		{"a transaction and a window", fmt.Sprintf(byTx, "X", "") + fmt.Sprintf(window, "X", ""), "overlap"},
		{"an output that does not exist", outSeed("V1", missing), "not found"},
		{"a transaction that pays another", fmt.Sprintf(byTx, "Q", ""), "V2"},
		{"an address that received nothing", fmt.Sprintf(window, "Q", ""), "V3"},
		{"more than an output holds", fmt.Sprintf("  - {id: V1, output: \"%s:%s\", amount: 11, take: first}\n", chain, v), "amount 11 is more than the 10"},
		{"more than was received", fmt.Sprintf(byTx, "X", ", amount: 5, take: last"), "amount 5 is more than the 4"},
		{"an unknown transaction", outSeed("V1", chains.OutPoint{Tx: chains.TxID{1}}), "not found"},
		{"another chain", fmt.Sprintf("  - {id: V1, output: \"bitcoin:%s\"}\n", v), "one chain in a run"},
	} {
		for _, pots := range []string{"output", "address"} {
			t.Run(c.name+" by "+pots, func(t *testing.T) {
				_, err := b.try("accounts: " + pots + "\nseeds:\n" + c.seeds)
				require.ErrorContains(t, err, c.says)
				require.ErrorContains(t, err, "seed V")
			})
		}
	}
	_, err := b.try("seeds:\n" + outSeed("V1", missing))
	require.ErrorIs(t, err, chains.ErrNotFound)
}

// A window that found less than its amount starts from what there was, and says so.
func TestSeedWindowOfLess(t *testing.T) {
	b := newBook()
	b.mine("P", 10)
	trace := b.run(t, fmt.Sprintf("seeds:\n  - {id: V1, chain: %s, address: P, from: 0, to: 0, amount: 25, take: first}\n", chain))
	require.Equal(t, chains.Units(10), trace.Seeds[0].Units)
	require.Len(t, trace.Gaps, 1)
	require.Contains(t, trace.Gaps[0].What, "V1")
}

// A seed stands 0 hops from itself, although older stolen value lies in the same output.
func TestSeedStartsCountingHops(t *testing.T) {
	b := newBook()
	v1 := b.mine("A", 10)
	o := b.spend([]chains.OutPoint{v1, b.mine("B", 90)}, pay{"P", 10}, pay{"Q", 90})
	next := b.spend(o[1:], pay{"Q1", 90})
	b.spend(next, pay{"Q2", 90})
	trace := b.run(t, "stop: {hops: 3}\nseeds:\n"+outSeed("V1", v1)+outSeed("V2", o[1]))
	require.Contains(t, endings(trace)["Q2"], "unspent: ", "2 hops from V2, and 3 from V1")
}

// An account's count is the least of all that arrived in it.
func TestAccountKeepsTheLeastHops(t *testing.T) {
	b := newBook()
	v1, v2 := b.mine("P", 10), b.mine("A", 10)
	far := b.spend([]chains.OutPoint{v2}, pay{"B", 10})
	far = b.spend(far, pay{"P", 10})
	b.spend([]chains.OutPoint{v1, far[0]}, pay{"X", 20})
	trace := b.run(t, "accounts: address\nstop: {hops: 3}\nseeds:\n"+outSeed("V1", v1)+outSeed("V2", v2))
	require.Equal(t, map[string]string{"X": "balance: 20 20 20 20 20 null 20"}, endings(trace), "P is 0 hops from V1")
}

// An arrival that a stop ends is clean money to the account that it lies in.
func TestAccountHoldsWhatAStopEnded(t *testing.T) {
	b := newBook()
	v := b.mine("P", 10)
	c := b.mine("M", 94)
	o := b.spend([]chains.OutPoint{v}, pay{"A", 6}, pay{"P", 4})
	o = b.spend([]chains.OutPoint{o[0], c}, pay{"P", 3}, pay{"B", 97})
	b.spend([]chains.OutPoint{o[0]}, pay{"X", 3})
	trace := b.run(t, "accounts: address\nstop: {dust: {native: \"4\"}}\nseeds:\n"+outSeed("V1", v))
	// P holds 4 stolen and the 3 that ended there: of them 3 go on to X, and end too.
	rows, _ := trace.Conservation.Get(tracer.FIFO)
	require.True(t, rows[0].Unexplained.IsZero())
	require.Equal(t, "dust: 3 0 2 0 3 null 3", endings(trace)["X"])
}

// A transaction that pays more than it spends is a wrong answer of the source.
func TestPaysMoreThanItSpends(t *testing.T) {
	for _, pots := range []string{"output", "address"} {
		b := newBook()
		v := b.mine("P", 10)
		b.spend([]chains.OutPoint{v}, pay{"X", 11})
		_, err := b.try("accounts: " + pots + "\nseeds:\n" + outSeed("V1", v))
		require.ErrorIs(t, err, chains.ErrBadAnswer, pots)
	}
}
