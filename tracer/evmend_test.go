package tracer_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// A node without older states still knows the last one: what is held there must be what it says.
func TestBalancesOfTheLastBlockAlone(t *testing.T) {
	b := newEVM(polygon)
	b.tx("C", tok("", "C", 1000))
	b.tx("C", tok("C", "T", 300)) // clean, before
	id := b.tx("C", tok("C", "T", 100))
	b.tx("T", tok("T", "X", 60))
	b.shallow = true
	seeds := "seeds:\n  - {chain: polygon, tx: " + id.String() + ", to: T, asset: TOKEN}\n"
	trace := b.run(t, seeds)
	require.Contains(t, lies(trace), "balance TOKEN T: 40 40 40 40 40 null 340", "as the node says, not 40")
	require.Contains(t, fmt.Sprint(trace.Gaps), "300 units of TOKEN of T")
	b.shallow = false
	require.NotContains(t, fmt.Sprint(b.run(t, seeds).Gaps), "units of TOKEN of T")
}
