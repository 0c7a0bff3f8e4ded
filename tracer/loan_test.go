package tracer_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
)

// What a thief borrows is no movement of stolen value, and is said where stolen value may stand
// behind it.
func TestLoans(t *testing.T) {
	for borrower, said := range map[string]bool{"T": true, "C": false} {
		b, seeds := theft(polygon, token, 100)
		b.tx("lender", usd("", "lender", 1000))
		b.tx(borrower, usd("lender", borrower, 70))
		b.event(chains.Event{Kind: chains.EventPool, Protocol: "compound", Name: "Borrow", Emitter: "lender", Account: chains.Address(borrower)})
		trace := b.run(t, seeds)
		require.Equal(t, []string{"balance TOKEN T: " + same("100")}, lies(trace))
		if !said {
			require.Empty(t, trace.Gaps)
			require.Empty(t, trace.Findings)
			continue
		}
		require.Len(t, trace.Gaps, 1)
		require.Contains(t, trace.Gaps[0].Why, "a loan")
		require.Len(t, trace.Findings, 1)
		require.Equal(t, "loan", trace.Findings[0].Heuristic)
		require.Equal(t, []string{"T"}, trace.Findings[0].Addresses)
	}
}
