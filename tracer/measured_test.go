package tracer_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/heuristics"
	"clew/tracer"
)

// What is printed of an error names the kind of data first, and says where cases are too few.
func TestMeasuredErrorSays(t *testing.T) {
	row := func(data heuristics.Data, n int) *tracer.MeasuredError {
		return tracer.Measured(heuristics.Score{Data: data, Set: "payments", What: "wrong", Hits: 1, N: n})
	}
	require.Equal(t, "wrong in 1 of 30 on real transactions: payments", row(heuristics.DataReal, 30).Says())
	require.Equal(t, "wrong in 1 of 29 (too few to say) on real transactions: payments", row(heuristics.DataReal, 29).Says())
	require.Equal(t, "wrong in 1 of 99 on a test chain with the real wallet software: payments", row(heuristics.DataEmulated, 99).Says())
	require.Equal(t, "wrong in 1 of 99 on simulations of this project only (on a real chain it is wrong more often): payments", row(heuristics.DataSimulated, 99).Says())
	require.Equal(t, "error not measured", (*tracer.MeasuredError)(nil).Says())
}

// A link inside of a mix has the error that links of its strength had, and not that of recognising the mix.
func TestErrorOfALinkIsOfItsStrength(t *testing.T) {
	b, seeds, _ := coinJoinCase()
	b.opt.Through, b.opt.Without = []string{"coinjoin"}, []string{"mix-change"}
	links := 0
	for _, f := range b.run(t, seeds).Findings {
		if f.Heuristic != "mapping" {
			continue
		}
		links++
		score, ok := heuristics.ErrorOf("mapping/"+heuristics.LinkBand(*f.LinkPPM), heuristics.MappingVersion)
		require.True(t, ok)
		require.Equal(t, tracer.Measured(score), f.Error)
	}
	require.Positive(t, links)
}
