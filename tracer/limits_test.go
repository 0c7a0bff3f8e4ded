package tracer_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

// peel is a seed of 100 at A and three transactions that pay 10 to P, Q, R and the rest on.
func peel(b *book) (seed chains.OutPoint, txs []chains.TxID) {
	seed = b.mine("A", 100)
	rest, left := seed, uint64(100)
	for i, to := range []string{"P", "Q", "R"} {
		left -= 10
		o := b.spend([]chains.OutPoint{rest}, pay{to, 10}, pay{fmt.Sprintf("A%d", i+1), left})
		rest = o[1]
		txs = append(txs, o[0].Tx)
	}
	return seed, txs
}

// A holding that many hops from its seed is not followed; the seed's own is 0 hops away.
func TestLimitHops(t *testing.T) {
	for hops, want := range map[int]map[string]string{
		1: {"P": "limit", "A1": "limit"},
		2: {"P": "unspent", "Q": "limit", "A2": "limit"},
		3: {"P": "unspent", "Q": "unspent", "R": "limit", "A3": "limit"},
		4: {"P": "unspent", "Q": "unspent", "R": "unspent", "A3": "unspent"},
	} {
		for _, pots := range []string{"output", "address"} {
			t.Run(fmt.Sprintf("%d by %s", hops, pots), func(t *testing.T) {
				b := newBook()
				seed, _ := peel(b)
				trace := b.run(t, fmt.Sprintf("accounts: %s\nstop: {hops: %d}\nseeds:\n", pots, hops)+outSeed("V1", seed))
				got := map[string]string{}
				for _, e := range trace.Endpoints {
					reason := string(e.Reason)
					if reason == "balance" {
						reason = "unspent"
					}
					got[address(trace, e.Node)] = reason
				}
				require.Equal(t, want, got)
				requireLimitGap(t, trace)
			})
		}
	}
}

// requireLimitGap checks that a branch cut by a limit is a gap in the result.
func requireLimitGap(t *testing.T, trace *tracer.Trace) {
	t.Helper()
	limits := 0
	for _, e := range trace.Endpoints {
		if e.Reason == tracer.ReasonLimit {
			limits++
			require.NotEmpty(t, e.Note)
		}
	}
	if limits == 0 {
		require.Empty(t, trace.Gaps)
		return
	}
	require.Len(t, trace.Gaps, 1)
	require.Equal(t, fmt.Sprintf("%d holdings", limits), trace.Gaps[0].What)
}

// The hop count is one more than the least that entered the pot, not the largest.
func TestLimitHopsOfAMerge(t *testing.T) {
	b := newBook()
	v1, v2 := b.mine("A", 10), b.mine("B", 10)
	far := b.spend([]chains.OutPoint{v1}, pay{"C", 10})
	far = b.spend(far, pay{"D", 10})
	o := b.spend([]chains.OutPoint{far[0], v2}, pay{"X", 20})
	b.spend(o, pay{"Y", 20})
	trace := b.run(t, "stop: {hops: 3}\nseeds:\n"+outSeed("V1", v1)+outSeed("V2", v2))
	require.Equal(t, map[string]string{"Y": "unspent: 20 20 20 20 20 20 20"}, endings(trace), "Y is 2 hops from V2")
}

// Dust is less than the bound under every accounting rule; poison does not count.
func TestLimitDust(t *testing.T) {
	build := func() (*book, string) {
		b := newBook()
		v, c := b.mine("A", 10), b.mine("B", 90)
		o := b.spend([]chains.OutPoint{v, c}, pay{"P", 10}, pay{"Q", 80}, pay{"R", 10})
		b.spend(o[:1], pay{"P1", 10})
		b.spend(o[1:2], pay{"Q1", 80})
		b.spend(o[2:], pay{"R1", 10})
		return b, outSeed("V1", v)
	}
	// P: fifo 10. Q: prorata and tiho 8, 10. R: lifo 10. All rules but one trace 0 in P.
	b, seeds := build()
	trace := b.run(t, "stop: {dust: {native: \"10\"}}\nseeds:\n"+seeds)
	require.Equal(t, map[string]string{
		"P1": "unspent: 10 0 1 0 10 0 10", "Q1": "unspent: 0 0 8 0 0 10 80", "R1": "unspent: 0 10 1 10 0 0 10",
	}, endings(trace), "one rule that traces the bound is enough")
	b, seeds = build()
	trace = b.run(t, "stop: {dust: {native: \"11\"}}\nseeds:\n"+seeds)
	require.Equal(t, map[string]string{"A": "dust: 10 10 10 10 10 10 10"}, endings(trace), "a seed may be dust")
	b = newBook()
	v, c := b.mine("A", 1), b.mine("B", 99)
	b.spend([]chains.OutPoint{v, c}, pay{"P", 50}, pay{"Q", 40}, pay{"R", 10})
	trace = b.run(t, "stop: {dust: {native: \"1\"}}\nseeds:\n"+outSeed("V1", v))
	require.Equal(t, "dust: 0 0 0 0 0 0 40", endings(trace)["Q"], "poison does not count")
	require.Equal(t, "unspent: 0 1 0 1 0 0 10", endings(trace)["R"])
}

// Where the chain ends is the source's to say: times of blocks are not in order, and the
// engine never looks at one.
func TestLimitUntilIsTheSources(t *testing.T) {
	b := newBook()
	seed, txs := peel(b)
	b.txs[1].Block.Time = b.txs[3].Block.Time + 7200
	until := "stop: {until: 2020-09-13T12:00:00Z}\nseeds:\n"
	trace := b.run(t, until+outSeed("V1", seed))
	require.NotEmpty(t, traced(trace, txs[2], tracer.FIFO))
	require.NotNil(t, trace.Stop.Until)
}

// Poison alone is not followed once enough transactions were touched; what a conserving
// rule traces always is.
func TestLimitTouched(t *testing.T) {
	b := newBook()
	v, c := b.mine("A", 1), b.mine("B", 99)
	// P: fifo, prorata, pifo and tiho; R: lifo and libr; Q: poison alone.
	o := b.spend([]chains.OutPoint{v, c}, pay{"P", 50}, pay{"Q", 40}, pay{"R", 10})
	p := b.spend(o[:1], pay{"P1", 50})
	q := b.spend(o[1:2], pay{"Q1", 40})
	b.spend(q, pay{"Q2", 40})
	b.spend(p, pay{"P2", 50})
	b.spend(o[2:], pay{"R1", 10})
	for n, want := range map[int]string{1: "Q", 2: "Q", 3: "Q1", 4: "Q2", 5: "Q2", 7: ""} {
		trace := b.run(t, fmt.Sprintf("stop: {touched: %d}\nseeds:\n", n)+outSeed("V1", v))
		sound(t, trace)
		requireLimitGap(t, trace)
		ends := endings(trace)
		require.Equal(t, "unspent: 1 0 1 0 1 1 50", ends["P2"], "what a rule traces is never cut")
		require.Equal(t, "unspent: 0 1 0 1 0 0 10", ends["R1"], "what a rule traces is never cut")
		require.Len(t, ends, 3)
		if want != "" {
			require.Equal(t, "limit: 0 0 0 0 0 0 40", ends[want], "after %d transactions", n)
		} else {
			require.Equal(t, "unspent: 0 0 0 0 0 0 40", ends["Q2"])
		}
	}
}

// A source that knows only what accounting rules touch cannot follow poison alone.
func TestLimitTouchedOnly(t *testing.T) {
	b := newBook()
	v, c := b.mine("A", 1), b.mine("B", 99)
	o := b.spend([]chains.OutPoint{v, c}, pay{"P", 50}, pay{"Q", 40}, pay{"R", 10})
	b.spend(o[1:2], pay{"Q1", 40})
	b.spend(o[:1], pay{"P1", 50})
	inc, err := tracer.ParseIncident("incident.yaml", []byte("clew: incident/1\nid: test\nrule: fifo\nseeds:\n"+outSeed("V1", v)), plain{})
	require.NoError(t, err)
	trace, err := tracer.Run(context.Background(), inc, chain, b.rewind(), plain{}, tracer.Options{TouchedOnly: true})
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"P1": "unspent: 1 0 1 0 1 1 50", "Q": "limit: 0 0 0 0 0 0 40", "R": "unspent: 0 1 0 1 0 0 10",
	}, endings(trace))
	requireLimitGap(t, trace)
}

// A data output can never be spent.
func TestBurn(t *testing.T) {
	b := newBook()
	v := b.mine("A", 10)
	b.spend([]chains.OutPoint{v}, pay{"X", 6}, pay{"data", 4})
	trace := b.run(t, "seeds:\n"+outSeed("V1", v))
	require.Equal(t, "burn: 4 4 4 4 4 4 4", endings(trace)["data"])
}

// Seeds received in a window: both ends included, by height and by time.
func TestSeedWindowIncludesItsEnds(t *testing.T) {
	b := newBook()
	for range 6 {
		b.mine("P", 10)
	}
	for _, window := range []string{"from: 1, to: 4", "from: 2020-09-13T12:36:40Z, to: 2020-09-13T13:06:40Z"} {
		trace := b.run(t, fmt.Sprintf("seeds:\n  - {id: V1, chain: %s, address: P, %s}\n", chain, window))
		require.Len(t, trace.Seeds, 4, window)
		require.EqualValues(t, 1, trace.Seeds[0].Height)
		require.EqualValues(t, 4, trace.Seeds[3].Height)
	}
}

// After the bound is reached, what poison alone reaches ends where it comes to be, although
// an accounting rule traces its neighbour.
func TestLimitTouchedLater(t *testing.T) {
	b := newBook()
	v, c := b.mine("A", 1), b.mine("B", 49)
	o := b.spend([]chains.OutPoint{v, c}, pay{"P", 50})
	o = b.spend(o, pay{"S", 10}, pay{"T", 20}, pay{"U", 10}, pay{"X", 10})
	b.spend(o[2:3], pay{"U1", 10})
	trace := b.run(t, "stop: {touched: 1}\nseeds:\n"+outSeed("V1", v))
	require.Equal(t, "limit: 0 0 0 0 0 0 10", endings(trace)["U"])
	require.NotContains(t, endings(trace), "U1")
}

// An account that pays its last traced unit out after the bound was reached is not followed
// any more, although poison would hold it.
func TestLimitTouchedAccount(t *testing.T) {
	b := newBook()
	v := b.mine("P", 10)
	o := b.spend([]chains.OutPoint{v}, pay{"Q", 5}, pay{"P", 5})
	b.spend(o[1:], pay{"R", 5})
	clean := b.mine("P", 10)
	b.spend([]chains.OutPoint{clean}, pay{"S", 4}, pay{"P", 6})
	seeds := "seeds:\n" + outSeed("V1", v)
	trace := b.run(t, "accounts: address\nstop: {touched: 1}\n"+seeds)
	require.Equal(t, map[string]string{"Q": "balance: 5 5 5 5 5 null 5", "R": "balance: 5 5 5 5 5 null 5"}, endings(trace))
	trace = b.run(t, "accounts: address\n"+seeds)
	require.Contains(t, endings(trace), "S", "poison holds it where nothing bounds it")
}

// An incident made by hand has the same bound on poison as one from a file, and is left as
// it was.
func TestLimitDefault(t *testing.T) {
	b := newBook()
	v := b.mine("A", 1)
	inc := &tracer.Incident{
		ID: "made", Accounts: tracer.AccountsOutput,
		Seeds: []tracer.Seed{{ID: "V1", Chain: chain, Asset: chains.Native, Out: &v, Height: -1}},
	}
	trace, err := tracer.Run(context.Background(), inc, chain, b.rewind(), plain{}, tracer.Options{})
	require.NoError(t, err)
	require.Equal(t, tracer.DefaultTouched, trace.Stop.Touched)
	require.Zero(t, inc.Stop.Touched)
}
