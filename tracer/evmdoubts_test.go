package tracer_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/tracer"
)

// What is given for so few units that the stolen part comes to less than one has no endpoint, and is
// said.
func TestSwapRoundedAway(t *testing.T) {
	b, seeds := theft(polygon, token, 990)
	b.tx("C", tok("", "C", 10))
	b.tx("C", tok("C", "T", 10))
	b.tx("T", tok("T", "shop", 1000), mv{"", "T", "PUNK", 1})
	trace := b.run(t, seeds)
	require.Len(t, trace.Gaps, 1)
	require.Contains(t, trace.Gaps[0].What, "1000 units of TOKEN")
	require.Contains(t, trace.Gaps[0].Effect, "under fifo, prorata, pifo nothing")
	b.txs[len(b.txs)-1].Exec.Moves[1].Amount = b.txs[len(b.txs)-1].Exec.Moves[0].Amount
	require.Empty(t, b.run(t, seeds).Gaps)
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
