package ingest_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/chains/evm/nodetest"
	"clew/ingest"
	"clew/store"
	"clew/tracer"
)

// accountTrace traces an incident over a source.
func accountTrace(t testing.TB, lines string, src tracer.Source) *tracer.Trace {
	t.Helper()
	text := "clew: incident/1\nid: t\ntitle: t\nrule: fifo\nrule_reason: a test\n" + lines
	inc, err := tracer.ParseIncident("incident.yaml", []byte(text), evm.Codec{})
	require.NoError(t, err, text)
	trace, err := tracer.Run(t.Context(), inc, inc.Seeds[0].Chain, src, evm.Codec{}, tracer.Options{TouchedOnly: true})
	require.NoError(t, err, text)
	return trace
}

// randomTheft writes an incident with one or two seeds on the chain.
func (c *accountChain) randomTheft(height int64) string {
	lines := fmt.Sprintf("seeds:\n  - {id: V1, chain: %q, tx: %q, to: %q}\n", c.Chain, c.theft.Hash().Hex(), nodetest.Account(3).Hex())
	if c.random.IntN(2) == 0 {
		token := c.random.IntN(3)
		lines += fmt.Sprintf("  - {id: V2, chain: %q, address: %q, asset: %q, from: %d, to: %d}\n",
			c.Chain, nodetest.Account((token+3)%accountKeys).Hex(), c.tokens[token].Hex(), height, height+6)
	}
	if c.random.IntN(2) == 0 {
		lines += fmt.Sprintf("stop: {hops: %d}\n", 2+c.random.IntN(4))
	}
	return lines
}

// requireHeard checks that nothing which hangs on a signature counts as proven: a store keeps none.
func requireHeard(t testing.TB, trace *tracer.Trace) {
	t.Helper()
	for _, h := range trace.Hops {
		for _, leg := range h.Legs {
			for _, p := range leg.Positions {
				if p.Kind == "fee" || p.Kind == "call" {
					require.Equal(t, "attested", leg.Evidence)
				}
			}
		}
	}
}

// unproven returns the trace without its evidence, for comparing what was found by one that checks
// signatures with what was found by one that does not.
func unproven(trace *tracer.Trace) *tracer.Trace {
	c := *trace
	c.Seeds, c.Hops = slices.Clone(c.Seeds), slices.Clone(c.Hops)
	for i := range c.Seeds {
		c.Seeds[i].Evidence = ""
	}
	for i := range c.Hops {
		c.Hops[i].Legs = slices.Clone(c.Hops[i].Legs)
		for j := range c.Hops[i].Legs {
			c.Hops[i].Legs[j].Evidence = ""
		}
	}
	return &c
}

// TestTracesOfAccountsAgree: from a pass, a search, a store and a recording, byte for byte but for
// the evidence of a store's.
func TestTracesOfAccountsAgree(t *testing.T) {
	for _, kind := range nodetest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			c := newAccountChain(t, kind)
			start := c.Height()
			for i := range c.tokens {
				c.Call(4+i, c.tokens[i], 0)
			}
			c.blocks(8, 8)
			node := dialEVM(t, c, c.URL)
			st := openStore(t)
			_, err := syncAccounts(t.Context(), node, st)
			require.NoError(t, err)
			for range 6 {
				lines := c.randomTheft(start)
				dir := t.TempDir()
				rec, err := ingest.NewRecorder(dir, c.Chain, nil)
				require.NoError(t, err)
				p := accountPass(t, node, ingest.PassOptions{Recorder: rec})
				want := accountTrace(t, lines, p)
				_, err = rec.Close(p.AsOf())
				require.NoError(t, err)
				require.Greater(t, len(want.Hops), 1, lines)

				whole := accountTrace(t, lines, accountPass(t, node, ingest.PassOptions{Whole: true}))
				same(t, asJSON(t, want), asJSON(t, whole))
				kept := accountTrace(t, lines, accountPass(t, openKept(t, dir), ingest.PassOptions{}))
				same(t, asJSON(t, want), asJSON(t, kept))

				q, err := st.AccountSource(t.Context(), chains.EVM(c.ChainID.Uint64()), store.Latest, node)
				require.NoError(t, err)
				stored := accountTrace(t, lines, q)
				require.NoError(t, q.Close())
				requireHeard(t, stored)
				require.Equal(t, conserve(t, unproven(want)), conserve(t, unproven(stored)), lines)
			}
		})
	}
}
