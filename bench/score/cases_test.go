package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/tracer"
)

// From the receipts that the sources of real thefts paid, poison reaches every address where the
// lists end, and nothing that they do not name.
func TestPoisonReachesEveryTerminal(t *testing.T) {
	for i, want := range []reach{
		{edges: 292, worth: 292, txs: 273, sources: 2, receipts: 9, terminals: 13, arrived: 13, covered: 292},
		{edges: 135, worth: 135, txs: 133, sources: 1, receipts: 32, terminals: 33, arrived: 33, covered: 135},
		{edges: 436, worth: 311, txs: 436, sources: 1, receipts: 30, terminals: 52, arrived: 52, covered: 73, untouched: 238, overdrawn: 23},
	} {
		h := heists()[i]
		t.Run(h.name, func(t *testing.T) {
			got, err := h.trace(filepath.Join("..", "..", "testdata", "cases"))
			require.NoError(t, err)
			require.NotEmpty(t, got.trace.Gaps)
			for _, r := range tracer.Rules() {
				rows, ok := got.trace.Conservation.Get(r)
				require.Equal(t, r == tracer.Poison || h.unit == "" && r != tracer.TIHO, ok, r)
				if ok && r.Conserves() {
					require.Equal(t, "0", rows[0].Difference)
					require.False(t, rows[0].Unexplained.IsZero())
				}
			}
			got.trace = nil
			require.Equal(t, want, *got)
		})
	}
}
