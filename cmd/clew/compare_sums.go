package main

import (
	"cmp"
	"fmt"
	"slices"

	"clew/chains"
	"clew/tracer"
)

// reasonSum is what ended for one reason in both traces, under one rule.
type reasonSum struct {
	Rule   tracer.Rule   `json:"rule"`
	Chain  chains.Chain  `json:"chain"`
	Asset  chains.Asset  `json:"asset"`
	Reason tracer.Reason `json:"reason"`
	A      chains.Amount `json:"a"`
	B      chains.Amount `json:"b"`
}

// endCount is how many endpoints with traced value under one rule only one of both has, or both with
// another amount or reason.
type endCount struct {
	Rule    tracer.Rule `json:"rule"`
	OnlyA   int         `json:"only_a"`
	OnlyB   int         `json:"only_b"`
	Changed int         `json:"changed"`
	Same    int         `json:"same"`
}

// renamed is an address of which both traces say something else.
type renamed struct {
	Chain   chains.Chain `json:"chain"`
	Address string       `json:"address"`
	A       naming       `json:"a"`
	B       naming       `json:"b"`
}

// naming is what a trace says of an address on somebody's word.
type naming struct {
	Kind   tracer.NodeKind `json:"kind"`
	Entity string          `json:"entity"`
	Label  string          `json:"label"`
}

// tools says what made each trace; no difference in it is one of the traces.
type tools struct {
	A tracer.Tool `json:"a"`
	B tracer.Tool `json:"b"`
}

// sumsOf returns what ended by rule, asset and reason wherever both differ, in the order of rules and
// reasons.
func sumsOf(a, b *tracer.Trace) []reasonSum {
	type key struct {
		rule   tracer.Rule
		unit   assetOn
		reason tracer.Reason
	}
	sums := map[key]*reasonSum{}
	add := func(t *tracer.Trace, side func(*reasonSum) *chains.Amount) {
		for i := range t.Endpoints {
			e := &t.Endpoints[i]
			for _, r := range tracer.Rules() {
				units, ok := e.Traced.Get(r)
				if !ok || units.IsZero() {
					continue
				}
				k := key{r, assetOn{e.Chain, e.Asset}, e.Reason}
				if sums[k] == nil {
					sums[k] = &reasonSum{Rule: r, Chain: e.Chain, Asset: e.Asset, Reason: e.Reason}
				}
				to := side(sums[k])
				if sum, err := to.Add(units); err == nil {
					*to = sum // poison may mark more than any amount: then the sum stays as it was
				}
			}
		}
	}
	add(a, func(s *reasonSum) *chains.Amount { return &s.A })
	add(b, func(s *reasonSum) *chains.Amount { return &s.B })
	out := []reasonSum{}
	for _, s := range sums {
		if s.A != s.B {
			out = append(out, *s)
		}
	}
	reasons := tracer.Reasons()
	slices.SortFunc(out, func(p, q reasonSum) int {
		return cmp.Or(cmp.Compare(p.Rule, q.Rule), cmp.Compare(p.Chain, q.Chain), cmp.Compare(p.Asset, q.Asset),
			cmp.Compare(slices.Index(reasons, p.Reason), slices.Index(reasons, q.Reason)))
	})
	return out
}

// endKeys names each endpoint by what lies there, so that one which ends for another reason in another
// trace is the same: its id, and that of its node, say the reason too.
func endKeys(t *tracer.Trace) []string {
	places := make(map[string]string, len(t.Nodes))
	for i := range t.Nodes {
		places[t.Nodes[i].ID] = placeOf(&t.Nodes[i])
	}
	met := map[string]int{}
	keys := make([]string, len(t.Endpoints))
	for i := range t.Endpoints {
		e := &t.Endpoints[i]
		place := "balance"
		if e.TxID != nil {
			place = e.TxID.String()
		}
		keys[i] = fmt.Sprintf("%s %s %s %s %s", e.Chain, e.Asset, place, e.Position, cmp.Or(places[e.Node], e.Node))
		if met[keys[i]]++; met[keys[i]] > 1 {
			keys[i] += fmt.Sprintf(" %d", met[keys[i]])
		}
	}
	return keys
}

// endCounts compares the endpoints of both under every rule.
func endCounts(a, b *tracer.Trace) []endCount {
	in := make(map[string]*tracer.Endpoint, len(b.Endpoints))
	keysB := endKeys(b)
	for i, key := range keysB {
		in[key] = &b.Endpoints[i]
	}
	counts := make([]endCount, len(tracer.Rules()))
	met := make(map[string]bool, len(a.Endpoints))
	for i, key := range endKeys(a) {
		met[key] = true
		count(counts, &a.Endpoints[i], in[key])
	}
	for i, key := range keysB {
		if !met[key] {
			count(counts, nil, &b.Endpoints[i])
		}
	}
	return counts
}

// count adds an endpoint of one or of both.
func count(counts []endCount, a, b *tracer.Endpoint) {
	for _, r := range tracer.Rules() {
		c := &counts[r]
		c.Rule = r
		x, inA := tracedAt(a, r)
		y, inB := tracedAt(b, r)
		switch {
		case !inA && !inB:
		case !inB:
			c.OnlyA++
		case !inA:
			c.OnlyB++
		case x != y || a.Reason != b.Reason:
			c.Changed++
		default:
			c.Same++
		}
	}
}

// tracedAt is what is traced to an endpoint under a rule, if anything.
func tracedAt(e *tracer.Endpoint, r tracer.Rule) (chains.Amount, bool) {
	if e == nil {
		return chains.Amount{}, false
	}
	units, ok := e.Traced.Get(r)
	return units, ok && !units.IsZero()
}

// namedOtherwise are the addresses that both traces have and of which they say something else. (The id
// of a node says what it is taken for.)
func namedOtherwise(a, b *tracer.Trace) []renamed {
	type place struct {
		chain   chains.Chain
		address string
	}
	in := make(map[place]naming, len(b.Nodes))
	of := func(n *tracer.Node) naming { return naming{n.Kind, n.Entity, n.Label} }
	for i := range b.Nodes {
		if n := &b.Nodes[i]; n.Address != "" {
			in[place{n.Chain, n.Address}] = of(n)
		}
	}
	out := []renamed{}
	for i := range a.Nodes {
		n := &a.Nodes[i]
		if other, both := in[place{n.Chain, n.Address}]; both && n.Address != "" && of(n) != other {
			out = append(out, renamed{n.Chain, n.Address, of(n), other})
		}
	}
	return out
}
