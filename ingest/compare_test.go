package ingest_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains/bitcoin"
	"clew/ingest"
	"clew/store"
	"clew/tracer"
)

// incident parses an incident that has these lines below its first ones.
func incident(t testing.TB, lines string) *tracer.Incident {
	t.Helper()
	inc, err := tracer.ParseIncident("incident.yaml", []byte("clew: incident/1\nid: test\nrule: fifo\n"+lines), bitcoin.Codec{})
	require.NoError(t, err, lines)
	return inc
}

// passTrace traces by one pass over the blocks of a node.
func passTrace(inc *tracer.Incident, node ingest.Node, opt ingest.PassOptions) (*tracer.Trace, error) {
	ctx := context.Background()
	opt.Until = inc.Stop.Until
	pass, err := ingest.NewPass(ctx, node, bitcoin.Codec{}, opt)
	if err != nil {
		return nil, err
	}
	defer pass.Close()
	trace, err := tracer.Run(ctx, inc, inc.Seeds[0].Chain, pass, bitcoin.Codec{}, tracer.Options{TouchedOnly: true})
	if err != nil || opt.Recorder == nil {
		return trace, err
	}
	_, err = opt.Recorder.Close(pass.AsOf())
	return trace, err
}

// storeTrace traces from a store as of a height.
func storeTrace(t testing.TB, inc *tracer.Incident, st *store.Store, asOf int64) (*tracer.Trace, error) {
	t.Helper()
	ctx := context.Background()
	src, err := st.Source(ctx, inc.Seeds[0].Chain, asOf)
	require.NoError(t, err)
	defer func() { require.NoError(t, src.Close()) }()
	return tracer.Run(ctx, inc, inc.Seeds[0].Chain, src, bitcoin.Codec{}, tracer.Options{})
}

// conserved is what a trace says under the conserving rules: what a pass and a store must
// agree on. Poison, which a pass does not follow, and gaps are left out.
type conserved struct {
	AsOf         []tracer.AsOf
	Seeds        []tracer.SeedEntry
	Hops         []conservedHop
	Endpoints    []tracer.Endpoint
	Conservation tracer.PerRule[[]tracer.ConservationRow]
}

type conservedHop struct {
	ID     string
	Kind   tracer.HopKind
	Inputs []string
	Legs   []tracer.Leg
	Traced tracer.Traced
	Basis  tracer.PerRule[tracer.Basis]
	BySeed tracer.BySeed
}

// conserve reduces a trace to its conserving rules, after a check that it balances.
func conserve(t testing.TB, trace *tracer.Trace) string {
	t.Helper()
	balanced(t, trace)
	c := conserved{AsOf: slices.Clone(trace.AsOf), Seeds: trace.Seeds, Conservation: trace.Conservation}
	for i := range c.AsOf {
		c.AsOf[i].FromHeight = 0 // a pass begins at the seeds, a store where its span does
	}
	c.Conservation.Value[tracer.Poison] = nil
	kept, points := map[string]bool{}, map[string]bool{}
	for _, s := range trace.Seeds {
		kept[s.ID], points[fmt.Sprintf("%s:%s", s.TxID, s.Position)] = true, true
	}
	for _, h := range trace.Hops {
		if !anything(h.Traced) {
			continue
		}
		kept[h.ID] = true
		points[fmt.Sprintf("%s:%s", h.Legs[0].TxID, h.Legs[0].Positions[0].Value)] = true
		c.Hops = append(c.Hops, withoutPoison(h, kept, points))
	}
	for _, e := range trace.Endpoints {
		if !anything(e.Traced) {
			continue
		}
		e.Traced.Null[tracer.Poison], e.ByBasis.Null[tracer.Poison] = true, true
		e.TracedBySeed = seedsWithoutPoison(e.TracedBySeed)
		c.Endpoints = append(c.Endpoints, e)
	}
	return asJSON(t, c)
}

func withoutPoison(h tracer.Hop, kept, points map[string]bool) conservedHop {
	out := conservedHop{ID: h.ID, Kind: h.Kind, Traced: h.Traced, Basis: h.Basis, BySeed: seedsWithoutPoison(h.TracedBySeed)}
	out.Traced.Null[tracer.Poison], out.Basis.Null[tracer.Poison] = true, true
	for _, id := range h.Inputs {
		if kept[id] {
			out.Inputs = append(out.Inputs, id)
		}
	}
	for _, leg := range h.Legs {
		var from []tracer.From
		for _, f := range leg.From {
			if points[f.OutPoint] {
				from = append(from, f)
			}
		}
		leg.From, leg.Raw, leg.Via = from, nil, ""
		if h.Kind == tracer.HopFee {
			leg.Evidence = "" // as the source knows what is spent: by its own reading or by the node's word
		}
		out.Legs = append(out.Legs, leg)
	}
	return out
}

func seedsWithoutPoison(by tracer.BySeed) tracer.BySeed {
	var out tracer.BySeed
	for _, s := range by {
		if anything(s.Traced) {
			s.Traced.Null[tracer.Poison] = true
			out = append(out, s)
		}
	}
	return out
}

// anything reports whether a conserving rule traces an amount.
func anything(traced tracer.Traced) bool {
	for _, r := range tracer.Rules() {
		if v, ok := traced.Get(r); ok && r.Conserves() && !v.IsZero() {
			return true
		}
	}
	return false
}

// balanced checks the sums of a trace from outside.
func balanced(t testing.TB, trace *tracer.Trace) {
	t.Helper()
	for _, r := range tracer.Rules() {
		rows, ok := trace.Conservation.Get(r)
		if !ok || !r.Conserves() {
			continue
		}
		for _, row := range rows {
			require.Equal(t, "0", row.Difference, "conservation under %s", r)
		}
	}
}

func shaHex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
