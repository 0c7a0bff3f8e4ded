package exhibit

import (
	"fmt"
	"slices"
	"sort"

	"clew/chains"
	"clew/tracer"
)

// diagram adds up what each box of p stands for and bundles the movements between boxes.
func (f *flow) diagram(p *partition, runs []Run) *Diagram {
	d := &Diagram{Trace: f.trace, Assets: f.assets, flow: f, Rule: f.rule, Runs: runs, Fees: f.fees, FeeHops: f.feeHops,
		TouchedOnly: f.touchedOnly, PoisonOnly: f.poisonOnly, TouchedOnlyTotal: f.touchedOnlyTotal}
	for i := range p.boxes {
		d.Boxes = append(d.Boxes, f.box(&p.boxes[i]))
	}
	f.bundle(d, p)
	f.countTransactions(d, p)
	for i := range d.Boxes {
		b := &d.Boxes[i]
		sort.Ints(b.Hops)
		if b.Kind == BoxRun || b.Kind == BoxFold || b.Kind == BoxSeeds {
			d.Folded++
			d.FoldedAddresses += b.Addresses
			d.FoldedHops += len(b.Hops)
		}
	}
	return d
}

// box adds up the spots of one part.
func (f *flow) box(p *part) Box {
	b := Box{Kind: p.kind, Node: -1, Run: p.run, Payments: p.payments, OtherExact: true}
	var held []int
	for _, i := range p.spots {
		s := &f.spots[i]
		b.Seeded = b.Seeded.addAll(s.seeded)
		b.Fees = b.Fees.addAll(s.fees)
		b.Returned = b.Returned.addAll(s.returned)
		b.Hops = append(append(b.Hops, s.feeHops...), s.loops...)
		held = append(held, s.held...)
		b.convert(s)
		if !s.other.isZero() {
			b.Other = b.Other.addAll(s.other)
			b.OtherExact = b.OtherExact && s.otherExact
		}
		switch s.kind {
		case spotSeed:
			b.Seeds++
		case spotJunction:
			b.Inputs += s.inputs
		case spotNode:
			b.Addresses++
		}
	}
	if len(p.spots) == 1 {
		s := &f.spots[p.spots[0]]
		b.Node, b.Text = s.node, s.text
	}
	b.Held = f.holdings(held)
	return b
}

// convert adds what spot s converts. Hops of conversions that stay in their box, or that bring
// nothing, have no arrow of their own.
func (b *Box) convert(s *spot) {
	b.ConvertedOut, b.ConvertedIn = b.ConvertedOut.addAll(s.convertedOut), b.ConvertedIn.addAll(s.convertedIn)
	b.Swaps, b.Joint = append(b.Swaps, s.swaps...), append(b.Joint, s.joint...)
	b.Hops = append(append(b.Hops, s.swaps...), s.rounded...)
	b.unclear = b.unclear || s.unclear
	if s.chain != "" && !slices.Contains(b.Chains, s.chain) {
		b.Chains = append(b.Chains, s.chain)
	}
}

// holdings gathers endpoints by reason and asset, the largest first.
func (f *flow) holdings(endpoints []int) []Holding {
	type key struct {
		reason tracer.Reason
		unit   Unit
	}
	at := map[key]int{}
	var out []Holding
	for _, i := range endpoints {
		e := &f.trace.Endpoints[i]
		k := key{e.Reason, Unit{e.Chain, e.Asset}}
		n, ok := at[k]
		if !ok {
			n = len(out)
			at[k] = n
			out = append(out, Holding{Reason: e.Reason, Chain: e.Chain, Asset: e.Asset})
		}
		h := &out[n]
		h.Traced = plus(h.Traced, tracedUnder(&e.Traced, f.rule))
		h.Units = plus(h.Units, e.Units)
		h.Endpoints = append(h.Endpoints, i)
	}
	for i := range out {
		out[i].Min, out[i].Max = totalRange(f.trace, out[i].Endpoints)
	}
	sortHoldings(out)
	return out
}

// totalRange adds up the endpoints under each accounting rule that was run and returns the
// smallest and the largest total. A rule that says nothing about one of them is left out.
// One endpoint alone keeps the range of the trace. (The ranges themselves never add.)
func totalRange(t *tracer.Trace, endpoints []int) (least, most chains.Amount) {
	if len(endpoints) == 1 {
		r := t.Endpoints[endpoints[0]].Range
		return r.Min, r.Max
	}
	first := true
	for _, r := range t.Rules {
		if !r.Conserves() {
			continue
		}
		var sum chains.Amount
		said := true
		for _, i := range endpoints {
			a, ok := t.Endpoints[i].Traced.Get(r)
			said = said && ok
			if ok {
				sum = plus(sum, a)
			}
		}
		if !said {
			continue
		}
		if first {
			least, most, first = sum, sum, false
		}
		least, most = chains.Min(least, sum), chains.Max(most, sum)
	}
	return least, most
}

// bundle draws the movements between two boxes, of one asset, known in one way, as one
// arrow, and leaves those within a box inside it.
func (f *flow) bundle(d *Diagram, p *partition) {
	at := map[string]int{}
	for i := range f.moves {
		m := &f.moves[i]
		from, to := p.box[m.from], p.box[m.to]
		d.Boxes[to].spans(m)
		if from == to {
			if m.kind == moveHop {
				d.Boxes[from].Hops = append(d.Boxes[from].Hops, m.hop)
			}
			continue
		}
		key := fmt.Sprintf("%d %d %d %t %s %s", from, to, m.style, m.known, m.unit.Chain, m.unit.Asset)
		n, ok := at[key]
		if !ok {
			n = len(d.Arrows)
			at[key] = n
			d.Arrows = append(d.Arrows, Arrow{From: from, To: to, Chain: m.unit.Chain, Asset: m.unit.Asset,
				Known: m.known, Style: m.style, First: m.time, Last: m.time})
		}
		d.Arrows[n].take(m)
	}
	for i := range d.Arrows {
		sort.Ints(d.Arrows[i].Hops)
		sort.Ints(d.Arrows[i].Gives)
	}
}

// spans widens the time of a box by that of m.
func (b *Box) spans(m *movement) {
	if m.time == "" {
		return
	}
	if b.First == "" || m.time < b.First {
		b.First = m.time
	}
	b.Last = max(b.Last, m.time)
}

func (a *Arrow) take(m *movement) {
	a.Units, a.Traced = plus(a.Units, m.units), plus(a.Traced, m.traced)
	switch m.kind {
	case moveHop:
		a.Hops = append(a.Hops, m.hop)
	case moveSeed:
		a.Seeds++
	case moveFeed:
		a.Feeds++
	case moveGive:
		a.Gives = append(a.Gives, m.hop)
	}
	if a.First == "" || (m.time != "" && m.time < a.First) {
		a.First = m.time
	}
	a.Last = max(a.Last, m.time)
}

// countTransactions counts, for each folded box, the transactions that have a hop inside.
func (f *flow) countTransactions(d *Diagram, p *partition) {
	for i := range d.Boxes {
		if len(p.boxes[i].spots) == 1 {
			continue
		}
		seen := map[chains.TxID]bool{}
		for _, h := range d.Boxes[i].Hops {
			for k := range f.trace.Hops[h].Legs {
				seen[f.trace.Hops[h].Legs[k].TxID] = true
			}
		}
		d.Boxes[i].Transactions = len(seen)
	}
}
