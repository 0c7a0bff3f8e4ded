package tracer_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/tracer"
)

// What is given for so few units that the stolen part comes to less than one ends there, under the
// rules by which it does, and a gap says it of the declared one.
func TestSwapRoundedAway(t *testing.T) {
	b, seeds := theft(polygon, token, 990)
	b.tx("C", tok("", "C", 10))
	b.tx("C", tok("C", "T", 10))
	b.tx("T", tok("T", "pool", 1000), mv{"pool", "T", "PUNK", 1})
	last := b.txs[len(b.txs)-1].Exec
	trace := b.run(t, seeds)
	require.Equal(t, []string{"gap TOKEN T: 990 0 990 0 990 null 0", "balance PUNK T: 0 1 0 1 0 null 1"}, sorted(lies(trace)))
	require.Len(t, trace.Gaps, 1)
	require.Contains(t, trace.Gaps[0].What, "990 of 1000 units of TOKEN")
	rows, _ := trace.Conservation.Get(tracer.FIFO)
	require.Equal(t, []string{"990", "0"}, []string{rows[0].Ended.String(), rows[0].ConvertedOut.String()})
	last.Moves[1].Amount = last.Moves[0].Amount
	require.Empty(t, b.run(t, seeds).Gaps)
}

// Each victim's part is looked at alone: the first one's single unit comes to nothing, the other
// one's goes on.
func TestSwapRoundsOneSeedAway(t *testing.T) {
	b, seeds := theft(polygon, token, 1)
	b.tx("S", tok("", "S", 99))
	more := b.tx("S", tok("S", "T", 99))
	b.tx("T", tok("T", "pool", 100), usd("pool", "T", 7))
	trace := b.run(t, seeds+txSeed("V2", polygon, more, "T", token))
	require.Contains(t, lies(trace), "gap TOKEN T: 1 0 1 1 1 null 0")
	require.Contains(t, lies(trace), "balance USD T: "+same("7"))
}

const knownPool = "known:\n  - {chain: polygon, address: pool, kind: pool, source: a list}\n"

// What a contract makes for what it keeps may be worth nothing: the value ends at the contract,
// poison goes on, and a gap says it; unless the contract is known as a pool.
func TestSwapForWhatTheKeeperMakes(t *testing.T) {
	b, seeds := theft(polygon, token, 100)
	id := b.tx("T", tok("T", "pool", 100), mv{"", "T", "JUNK", 1})
	b.tx("pool", tok("pool", "X", 100))
	trace := b.run(t, seeds)
	require.Equal(t, map[string]string{"TOKEN pool": same("100"), "JUNK T": strings.Repeat("null ", 6) + "1"}, went(trace, id))
	require.Equal(t, []string{"contract TOKEN pool: " + same("100"), "balance JUNK T: 0 0 0 0 0 null 1"}, sorted(lies(trace)))
	require.Len(t, trace.Gaps, 1)
	require.Contains(t, trace.Gaps[0].Why, "pool keeps it")
	trace = b.run(t, knownPool+seeds)
	require.Empty(t, trace.Gaps)
	require.Empty(t, trace.Findings)
	require.Equal(t, []string{"balance JUNK T: " + same("1")}, lies(trace))
}

// The same behind a pool that is known: what was given became something that the maker keeps.
func TestSwapForWhatIsMadeBehindAPool(t *testing.T) {
	b, seeds := theft(polygon, token, 100)
	b.tx("C", usd("", "pool", 50))
	b.tx("T", tok("T", "pool", 100), usd("pool", "shop", 50), mv{"", "T", "JUNK", 1})
	trace := b.run(t, knownPool+seeds)
	require.Equal(t, []string{"gap TOKEN T: 100 100 100 100 100 null 0", "balance JUNK T: 0 0 0 0 0 null 1"}, sorted(lies(trace)))
	require.Len(t, trace.Gaps, 1)
	require.Contains(t, trace.Gaps[0].Why, "shop keeps what it became")
}

// What comes out of a contract's stock is followed, and a finding says that nobody vouches for it.
func TestSwapWithAContractThatNobodyKnows(t *testing.T) {
	b, seeds := theft(polygon, token, 100)
	b.tx("C", usd("", "pool", 50))
	for range 2 {
		b.tx("T", tok("T", "pool", 10), usd("pool", "T", 5))
	}
	trace := b.run(t, seeds)
	require.Empty(t, trace.Gaps)
	require.Len(t, trace.Findings, 1)
	require.Equal(t, "swap-counterpart", trace.Findings[0].Heuristic)
	require.Equal(t, []string{"pool"}, trace.Findings[0].Addresses)
	for _, h := range trace.Hops {
		require.Equal(t, []string{trace.Findings[0].ID}, h.Findings)
	}
	require.Empty(t, b.run(t, knownPool+seeds).Findings)
}

// Who is paid with traced value for what he sells is named: he may be the thief.
func TestSwapBetweenOwners(t *testing.T) {
	b, seeds := theft(polygon, token, 100)
	b.tx("X", mv{"", "X", "JUNK", 1})
	b.tx("T", mv{"X", "router", "JUNK", 1}, tok("T", "router", 90), mv{"router", "T", "JUNK", 1}, tok("router", "X", 90))
	trace := b.run(t, seeds)
	require.Contains(t, lies(trace), "balance JUNK T: "+same("1"))
	require.Len(t, trace.Gaps, 1)
	require.Contains(t, trace.Gaps[0].What, "90 units of TOKEN")
	require.Contains(t, trace.Gaps[0].Why, "X got it")
}

// A contract that keeps a part passes the rest on.
func TestBalancesContractKeepsAPart(t *testing.T) {
	b, seeds := theft(polygon, token, 60)
	id := b.tx("T", tok("T", "skim", 60), tok("skim", "X", 59))
	trace := b.run(t, seeds)
	require.Equal(t, map[string]string{"TOKEN skim": same("60"), "TOKEN X": same("59")}, went(trace, id))
	require.ElementsMatch(t, []string{"contract TOKEN skim: " + same("1"), "balance TOKEN X: " + same("59")}, lies(trace))
	require.Empty(t, trace.Gaps)
}

// Where nobody knows what an account held before, nobody can say that nothing else lay there.
func TestOpeningUnknownIsNeverWhole(t *testing.T) {
	for noState, want := range map[bool]tracer.Basis{true: tracer.ByRule, false: tracer.Whole} {
		b, seeds := theft(polygon, token, 100)
		b.noState = noState
		b.tx("T", tok("T", "X", 60))
		trace := b.run(t, seeds)
		require.Len(t, trace.Hops, 1)
		for _, r := range []tracer.Rule{tracer.FIFO, tracer.PIFO, tracer.Poison} {
			basis, ok := trace.Hops[0].Basis.Get(r)
			require.True(t, ok)
			require.Equal(t, want, basis, r)
		}
	}
}
