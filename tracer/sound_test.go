package tracer_test

import (
	"encoding/json"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

// sound checks what must hold of every trace, whatever the chain: ids are unique, what is
// referred to exists and came before, parts sum to the whole, ranges are ranges, and the
// JSON reads back as the same trace.
func sound(t reporter, trace *tracer.Trace) {
	t.Helper()
	soundReferences(t, trace)
	for _, h := range trace.Hops {
		soundSplit(t, "hop "+h.ID, h.Legs[len(h.Legs)-1].Units, h.Traced, h.TracedBySeed)
		for _, r := range tracer.Rules() {
			v, ok := h.Traced.Get(r)
			_, hasBasis := h.Basis.Get(r)
			require.Equal(t, ok && !v.IsZero(), hasBasis, "hop %s: %s has a basis if it traces anything", h.ID, r)
		}
	}
	for _, e := range trace.Endpoints {
		soundSplit(t, "endpoint "+e.ID, e.Units, e.Traced, e.TracedBySeed)
		soundEndpoint(t, e)
	}
	first, err := json.Marshal(trace)
	require.NoError(t, err)
	var back tracer.Trace
	require.NoError(t, json.Unmarshal(first, &back))
	second, err := json.Marshal(&back)
	require.NoError(t, err)
	require.Equal(t, string(first), string(second), "read back and written again")
	require.NoError(t, back.Check())
}

func soundReferences(t reporter, trace *tracer.Trace) {
	t.Helper()
	ids, earlier, nodes := map[string]bool{}, map[string]bool{}, map[string]bool{}
	unique := func(id string) {
		require.False(t, ids[id], "id %s stands twice", id)
		ids[id] = true
	}
	for _, s := range trace.Seeds {
		earlier[s.ID] = true
	}
	for _, n := range trace.Nodes {
		unique(n.ID)
		nodes[n.ID] = true
	}
	for _, s := range trace.Seeds {
		require.True(t, nodes[s.Node], "node of seed %s", s.ID)
	}
	for i, h := range trace.Hops {
		unique(h.ID)
		require.Equal(t, i+1, h.Number, "hops are numbered in order")
		require.NotEmpty(t, h.Inputs, "hop %s carries something on", h.ID)
		for _, in := range h.Inputs {
			require.True(t, earlier[in], "input %s of hop %s is an earlier hop or a seed", in, h.ID)
		}
		for _, leg := range h.Legs[1:] {
			require.True(t, nodes[leg.To] && nodes[leg.From[0].Node], "nodes of hop %s", h.ID)
		}
		leg := h.Legs[0]
		require.True(t, nodes[leg.To], "node to which hop %s leads", h.ID)
		require.True(t, leg.Via == "" || nodes[leg.Via], "node through which hop %s leads", h.ID)
		require.NotEmpty(t, leg.From)
		for _, f := range leg.From {
			require.True(t, nodes[f.Node], "node from which hop %s leads", h.ID)
		}
		earlier[h.ID] = true
	}
	for _, e := range trace.Endpoints {
		unique(e.ID)
		require.True(t, nodes[e.Node], "node of endpoint %s", e.ID)
		require.True(t, e.Hop == "" || earlier[e.Hop], "hop of endpoint %s", e.ID)
	}
}

// soundSplit checks that the seeds' parts sum to the traced amount under each rule that
// conserves, and that poison says all or nothing.
func soundSplit(t reporter, what string, units chains.Amount, all tracer.Traced, by tracer.BySeed) {
	t.Helper()
	for _, r := range tracer.Rules() {
		v, ok := all.Get(r)
		require.False(t, units.Less(v), "%s: more than all of it under %s", what, r)
		var sum chains.Amount
		for _, s := range by {
			part, same := s.Traced.Get(r)
			require.Equal(t, ok, same, "%s: null alike under %s", what, r)
			sum = sum.Plus(part)
			if r == tracer.Poison && !part.IsZero() {
				require.Equal(t, units, part, "%s: poison says all or nothing", what)
			}
		}
		switch {
		case r.Conserves():
			require.Equal(t, v, sum, "%s: the seeds' parts under %s", what, r)
		case !v.IsZero():
			require.Equal(t, units, v, "%s: poison says all or nothing", what)
		}
	}
}

func soundEndpoint(t reporter, e tracer.Endpoint) {
	t.Helper()
	require.False(t, e.Units.IsZero(), "endpoint %s of nothing", e.ID)
	var low, high *chains.Amount
	for _, r := range tracer.Rules() {
		v, ok := e.Traced.Get(r)
		if !ok {
			continue
		}
		split, _ := e.ByBasis.Get(r)
		var sum chains.Amount
		for _, part := range split.Parts {
			sum = sum.Plus(part)
		}
		require.Equal(t, v, sum, "endpoint %s: parts by basis under %s", e.ID, r)
		if !r.Conserves() {
			continue
		}
		if low == nil || v.Less(*low) {
			low = &v
		}
		if high == nil || high.Less(v) {
			high = &v
		}
	}
	require.Equal(t, *low, e.Range.Min, "endpoint %s: range over the accounting rules", e.ID)
	require.Equal(t, *high, e.Range.Max, "endpoint %s: range over the accounting rules", e.ID)
}
