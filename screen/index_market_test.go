package screen_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains/evm"
	"clew/screen"
	"clew/store"
	"clew/tracer"
)

// TestIndexOfRandomAccounts: what traces tell of balances, with swaps and several seeds, the index tells.
func TestIndexOfRandomAccounts(t *testing.T) {
	swaps, mixed := 0, 0
	for seed := range uint64(24) {
		m := newMarket(t, seed, true)
		var places []screen.Place
		for _, b := range m.blocks {
			m.receipts(b, func(at screen.Place) { places = append(places, at) })
		}
		for i := 0; i+3 <= len(places); i += 3 {
			trace := m.steal(t, places[i:i+3]...)
			requireTold(t, trace)
			requirePaths(t, trace)
			for i := range trace.Hops {
				if trace.Hops[i].Kind == tracer.HopSwap {
					swaps++
				}
				if len(trace.Hops[i].TracedBySeed) > 1 {
					mixed++
				}
			}
		}
	}
	require.Greater(t, swaps, 15)
	require.Greater(t, mixed, 15)
}

// steal traces what accounts received, each as a seed of its own.
func (m *market) steal(t *testing.T, from ...screen.Place) *tracer.Trace {
	t.Helper()
	text := "clew: incident/1\nid: market\ntitle: A market\nrule: fifo\nrule_reason: a test\nseeds:\n"
	for i, at := range from {
		text += fmt.Sprintf("  - {id: V%d, chain: polygon, tx: \"0x%s\", to: \"%s\", asset: \"%s\"}\n", i+1, at.Tx,
			evm.Codec{}.FormatAddress(polygon, at.Account), at.Asset)
	}
	inc, err := tracer.ParseIncident("market.yaml", []byte(text), evm.Codec{})
	require.NoError(t, err)
	src, err := m.st.AccountSource(t.Context(), polygon, store.Latest, m)
	require.NoError(t, err)
	trace, err := tracer.Run(t.Context(), inc, polygon, src, evm.Codec{}, tracer.Options{})
	require.NoError(t, err)
	require.NoError(t, src.Close())
	return trace
}
