package tracer_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/chains"
	"clew/tracer"
)

// reread is a trace as somebody else reads it, with one change.
func reread(t reporter, trace *tracer.Trace, change func(*tracer.Trace)) *tracer.Trace {
	t.Helper()
	data, err := json.Marshal(trace)
	require.NoError(t, err)
	var back tracer.Trace
	require.NoError(t, json.Unmarshal(data, &back))
	change(&back)
	return &back
}

// mergeTrace is a theft that merges with other money, forks, pays fees and meets an input
// of unknown value.
func mergeTrace(t *testing.T) *tracer.Trace {
	b, incident := goldenBook(true)
	return b.run(t, incident)
}

// TestCheckNamesWhatWasChanged changes one thing in a trace.
func TestCheckNamesWhatWasChanged(t *testing.T) {
	one := chains.Units(1)
	huge, err := chains.ParseAmount("1" + strings.Repeat("0", 77))
	require.NoError(t, err)
	for _, c := range []struct {
		name, says string
		change     func(*tracer.Trace)
	}{
		{"schema", `schema: stated ""`, func(x *tracer.Trace) { x.Schema = "" }},
		{"incident", "incident: it has no id", func(x *tracer.Trace) { x.Incident.ID = "" }},
		{"rules", "rules: there are none", func(x *tracer.Trace) { x.Rules = nil }},
		{"rule", "its rule, fifo, is none of", func(x *tracer.Trace) { x.Rules = x.Rules[1:] }},
		{"poison", "is no accounting rule", func(x *tracer.Trace) { x.Incident.Rule = tracer.Poison }},
		{"accounts", `accounts "bank" is not known`, func(x *tracer.Trace) { x.Incident.Accounts = "bank" }},
		{"huge units", "overflow", func(x *tracer.Trace) { x.Hops[0].Legs[0].Units, x.Hops[1].Legs[0].Units = huge, huge }},
		{"as of", "as_of: no block", func(x *tracer.Trace) { x.AsOf = nil }},
		{"seeds", "seeds: there are none", func(x *tracer.Trace) { x.Seeds = nil }},
		{"seed's units", "conservation under fifo", func(x *tracer.Trace) { x.Seeds[0].Units = x.Seeds[0].Units.Plus(one) }},
		{"seed's node", "seed V1: node", func(x *tracer.Trace) { x.Seeds[0].Node = "x" }},
		{"two nodes", "node 2: id", func(x *tracer.Trace) { x.Nodes[1].ID = x.Nodes[0].ID }},
		{"lost node", "is not in the trace", func(x *tracer.Trace) { x.Nodes = x.Nodes[:1] }},
		{"lost hop", "hop 1: stated number 2", func(x *tracer.Trace) { x.Hops = x.Hops[1:] }},
		{"hop twice", "hop 2: id", func(x *tracer.Trace) { x.Hops[1].ID = x.Hops[0].ID }},
		{"hop's input", `input "x" is no seed`, func(x *tracer.Trace) { x.Hops[0].Inputs[0] = "x" }},
		{"hop's legs", "it has no legs", func(x *tracer.Trace) { x.Hops[0].Legs = nil }},
		{"hop's position", "a leg has no position", func(x *tracer.Trace) { x.Hops[0].Legs[0].Positions = nil }},
		{"hop's traced", "hop 1: traced under fifo: stated 201, computed 200 from its seeds", func(x *tracer.Trace) {
			x.Hops[0].Traced.Value[tracer.FIFO] = x.Hops[0].Traced.Value[tracer.FIFO].Plus(one)
		}},
		{"hop's traced and seed's", "enters it under fifo, and its hops state", func(x *tracer.Trace) {
			h := &x.Hops[0]
			h.Traced.Value[tracer.FIFO] = h.Traced.Value[tracer.FIFO].Plus(one)
			h.TracedBySeed[0].Traced.Value[tracer.FIFO] = h.Traced.Value[tracer.FIFO]
		}},
		{"hop's whole", "of 0 in all", func(x *tracer.Trace) { x.Hops[0].Legs[0].Units = chains.Amount{} }},
		{"hop's basis", "basis under fifo", func(x *tracer.Trace) { x.Hops[0].Basis.Null[tracer.FIFO] = true }},
		{"hop's source", "to which no seed and no hop leads", func(x *tracer.Trace) { x.Hops[0].Legs[0].From[0].OutPoint = "x:0" }},
		{"lost endpoint", "conservation under", func(x *tracer.Trace) { x.Endpoints = x.Endpoints[:len(x.Endpoints)-1] }},
		{"endpoint's reason", `reason "lost" is none of`, func(x *tracer.Trace) { x.Endpoints[0].Reason = "lost" }},
		{"endpoint's hop", `hop "x" is not in the trace`, func(x *tracer.Trace) { x.Endpoints[0].Hop = "x" }},
		{"endpoint's range", "range: stated 0 to 1,", func(x *tracer.Trace) { x.Endpoints[0].Range = tracer.Range{Max: one} }},
		{"endpoint's basis", "from by_basis", func(x *tracer.Trace) {
			p := &x.Endpoints[0].ByBasis.Value[tracer.FIFO].Parts[tracer.ByRule]
			*p = p.Plus(one)
		}},
		{"difference", "difference 5; computed", func(x *tracer.Trace) { x.Conservation.Value[tracer.FIFO][0].Difference = "5" }},
		{"lost table", "the table of fifo is missing", func(x *tracer.Trace) { x.Conservation.Null[tracer.FIFO] = true }},
		{"lost row", "fifo has no row", func(x *tracer.Trace) { x.Conservation.Value[tracer.FIFO] = nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := reread(t, mergeTrace(t), c.change).Check()
			require.ErrorIs(t, err, tracer.ErrAltered)
			require.ErrorContains(t, err, c.says)
		})
	}
}

// TestCheckSeesEveryAmount changes any one traced amount or unit of a random trace.
func TestCheckSeesEveryAmount(t *testing.T) {
	checks(t, 200)
	rapid.Check(t, func(t *rapid.T) {
		c := randomChain(t, true)
		c.randomIncident(t, somePots(t))
		trace, err := c.try()
		if err != nil {
			t.Skip("a seed of nothing")
		}
		var amounts []*chains.Amount
		altered := reread(t, trace, func(x *tracer.Trace) {
			for i := range x.Seeds {
				amounts = append(amounts, &x.Seeds[i].Units)
			}
			for i := range x.Hops {
				amounts = append(amounts, said(&x.Hops[i].Traced)...)
			}
			for i := range x.Endpoints {
				amounts = append(amounts, said(&x.Endpoints[i].Traced)...)
			}
		})
		require.NoError(t, altered.Check())
		a := rapid.SampledFrom(amounts).Draw(t, "amount")
		*a = a.Plus(chains.Units(rapid.Uint64Range(1, 9).Draw(t, "more")))
		require.ErrorIs(t, altered.Check(), tracer.ErrAltered)
	})
}

// said are the amounts that are stated.
func said(traced *tracer.Traced) (out []*chains.Amount) {
	for _, r := range tracer.Rules() {
		if _, ok := traced.Get(r); ok {
			out = append(out, &traced.Value[r])
		}
	}
	return out
}

// TestCheckOfADefect: books that do not balance and say so are what a run wrote.
func TestCheckOfADefect(t *testing.T) {
	trace := mergeTrace(t)
	rows, err := trace.Books(tracer.FIFO)
	require.NoError(t, err)
	require.Equal(t, trace.Conservation.Value[tracer.FIFO], rows)
	require.Equal(t, "0", rows[0].Difference)

	last := len(trace.Endpoints) - 1
	for trace.Endpoints[last].Traced.Value[tracer.FIFO].IsZero() {
		last--
	}
	lost := trace.Endpoints[last].Traced.Value[tracer.FIFO]
	trace.Endpoints[last].Traced.Value[tracer.FIFO] = chains.Amount{}
	rows, err = trace.Books(tracer.FIFO)
	require.NoError(t, err)
	require.Equal(t, lost.String(), rows[0].Difference)
}

// TestCheckOfHugeAmounts: amounts that no sum can hold are an error, not a crash.
func TestCheckOfHugeAmounts(t *testing.T) {
	data, err := json.Marshal(mergeTrace(t))
	require.NoError(t, err)
	huge := "1" + strings.Repeat("0", 77)
	for units := range 1001 {
		text := strings.ReplaceAll(string(data), `"`+strconv.Itoa(units)+`"`, `"`+huge+`"`)
		var x tracer.Trace
		if json.Unmarshal([]byte(text), &x) == nil && text != string(data) {
			require.NotPanics(t, func() { _ = x.Check() })
		}
	}
}
