package main

import (
	"cmp"
	"slices"

	"clew/chains"
	"clew/exhibit"
	"clew/tracer"
)

// ending is an endpoint under one rule.
type ending struct {
	amount, reason, where string
	units                 chains.Amount
	unit                  assetOn
}

func (e ending) text() string {
	if e.reason == "" {
		return "–"
	}
	return e.amount + " " + e.reason
}

// endsOf returns the endpoints of a trace that have something under a rule, by what lies there.
func endsOf(t *tracer.Trace, rule tracer.Rule) map[string]ending {
	names := exhibit.NameAssets(t)
	places := make(map[string]string, len(t.Nodes))
	for i := range t.Nodes {
		places[t.Nodes[i].ID] = placeOf(&t.Nodes[i])
	}
	ends := map[string]ending{}
	for i, key := range endKeys(t) {
		e := &t.Endpoints[i]
		units, says := tracedAt(e, rule)
		if !says {
			continue
		}
		ends[key] = ending{coins(names, e.Chain, e.Asset, units), string(e.Reason), cmp.Or(places[e.Node], e.Node), units, assetOn{e.Chain, e.Asset}}
	}
	return ends
}

// unionOf returns the keys under which both differ, assets together, the largest difference of each
// first, then by where it lies.
func unionOf(a, b map[string]ending) []string {
	var ids []string
	for id, x := range a {
		if y, both := b[id]; !both || x.units != y.units || x.reason != y.reason {
			ids = append(ids, id)
		}
	}
	for id := range b {
		if _, both := a[id]; !both {
			ids = append(ids, id)
		}
	}
	either := func(id string) ending {
		if x, has := a[id]; has {
			return x
		}
		return b[id]
	}
	by := func(id string) chains.Amount {
		x, y := a[id].units, b[id].units
		return chains.Max(x, y).Minus(chains.Min(x, y))
	}
	slices.SortFunc(ids, func(x, y string) int {
		p, q := either(x), either(y)
		return cmp.Or(cmp.Compare(p.unit.chain, q.unit.chain), cmp.Compare(p.unit.asset, q.unit.asset), by(y).Cmp(by(x)), cmp.Compare(p.where, q.where), cmp.Compare(x, y))
	})
	return ids
}
