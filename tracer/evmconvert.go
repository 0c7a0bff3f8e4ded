package tracer

import (
	"context"
	"fmt"
	"slices"

	"clew/chains"
	"clew/heuristics"
)

// trade is the work on one conversion: what was given to it so far.
type trade struct {
	given    []given
	taken    int      // received assets so far
	doubted  bool     // what was received may be worth nothing: see endDoubtful
	findings []string // of its hops
}

// given is one asset that went into a conversion.
type given struct {
	bundle
	k      int // its step
	from   *livePot
	inputs []string
	hops   int
	ended  bool // the conserving rules end here: what it is worth beside the others is not known
}

// give takes what a conversion was given out of its pot.
func (s *balances) give(t *passage, k int) error {
	st := &t.set.Steps[k]
	b, from := bundle{units: st.Units}, (*livePot)(nil)
	if !absurd(st.Units) {
		var err error
		if b, from, err = s.withdraw(t, heuristics.Holding{Account: st.From, Asset: st.Asset}, st.Units); err != nil {
			return err
		}
	}
	g := given{bundle: b, k: k, from: from}
	if b.touched() {
		g.inputs, g.hops = inputsOf(from), from.hops+1
	}
	c := &t.trades[st.Conversion]
	c.given = append(c.given, g)
	return nil
}

// take brings one asset that a conversion gave: what each given asset stands for of it, in the
// order in which they were given.
func (s *balances) take(ctx context.Context, t *passage, k int) error {
	st := &t.set.Steps[k]
	conv, c := &t.set.Conversions[st.Conversion], &t.trades[st.Conversion]
	shares, known := weigh(st.Units, conv.Weights, len(c.given))
	touched := false
	for i := range c.given {
		touched = touched || c.given[i].touched()
	}
	if touched && c.taken == 0 {
		if err := s.begin(t, conv, c, st, known); err != nil {
			return err
		}
	}
	known = known && !c.doubted
	c.taken++
	if err := s.endVain(t, c, st, shares); err != nil || absurd(st.Units) {
		return err
	}
	parts := make([]bundle, 0, len(c.given))
	var from []*given
	for i := range c.given {
		g := &c.given[i]
		b := bundle{units: shares[i]}
		switch {
		case g.ended && !known: // it may be worth all of it
			b = bundle{units: st.Units, taint: g.taint}
		case g.touched() && !g.ended:
			b = g.converted(shares[i], basisOf(conv))
		}
		if b.units.IsZero() {
			continue
		}
		parts, from = append(parts, b), append(from, g)
	}
	all := bundle{units: st.Units, taint: poisoned(parts)}
	if known || !touched {
		var err error
		if all, err = join(parts); err != nil {
			return err
		}
	}
	return s.receive(ctx, t, k, all, nil, func(h *holding) error {
		return s.swapped(t, k, c, from, parts, h)
	})
}

// endVain ends what became nothing: what was worth nothing beside what else was given, and what
// was given for more than any amount can hold, as a token that lies may claim.
func (s *balances) endVain(t *passage, c *trade, st *heuristics.Step, shares []chains.Amount) error {
	lies := absurd(st.Units)
	for i := range c.given {
		g := &c.given[i]
		if c.taken > 1 || g.ended || !g.touched() || !shares[i].IsZero() && !lies {
			continue
		}
		note := "beside what else was given it was worth nothing"
		if lies {
			note = fmt.Sprintf("what was received, %s units of %s, is more than any balance can hold", st.Units, st.Asset)
		}
		if err := s.endOne(t, g, note); err != nil {
			return err
		}
	}
	return nil
}

// basisOf says how what comes out of a conversion is known, at best.
func basisOf(c *heuristics.Conversion) Basis {
	if c.Kind == heuristics.KindWrap || c.Kind == heuristics.KindUnwrap {
		return Whole
	}
	return Conversion
}

// weigh divides m over what was given, by weight: floor(m·W₁…ᵢ/W) − floor(m·W₁…ᵢ₋₁/W). Where
// nobody tells the weights of several, they count alike and known is false.
func weigh(m chains.Amount, weights []chains.Amount, n int) (shares []chains.Amount, known bool) {
	known = n == 1 || len(weights) == n
	var sum chains.Amount
	for i := 0; known && n > 1 && i < n; i++ {
		var err error
		sum, err = sum.Add(weights[i])
		known = err == nil
	}
	if !known || sum.IsZero() {
		known = known && n == 1
		weights, sum = nil, chains.Units(uint64(n))
	}
	var up, before chains.Amount
	for i := range n {
		w := chains.Units(1)
		if weights != nil {
			w = weights[i]
		}
		up = up.Plus(w)
		part, _ := m.MulDiv(up, sum)
		shares = append(shares, part.Minus(before))
		before = part
	}
	return shares, known
}

// converted returns what b becomes as m units of another asset: lot i of those that lie in it
// becomes floor(m·Cᵢ/n) − floor(m·Cᵢ₋₁/n), where n is the whole and Cᵢ the sum of the lots up to
// it.
func (b *bundle) converted(m chains.Amount, basis Basis) bundle {
	out := bundle{units: m}
	if !m.IsZero() {
		out.taint = b.taint
		if out.taint.seeds != nil {
			out.taint.basis = max(out.taint.basis, basis)
		}
	}
	for r := range b.by {
		if b.by[r] == nil {
			continue
		}
		var ls lots
		var up, before chains.Amount
		for _, l := range b.by[r] {
			up = up.Plus(l.amount)
			part, _ := m.MulDiv(up, b.units)
			ls = ls.push(lot{part.Minus(before), l.seed, l.basis})
			before = part
		}
		if !ls.traced().IsZero() {
			out.by[r] = ls.weaken(nil, basis)
		}
	}
	return out
}

// join puts bundles of one asset together, in order.
func join(parts []bundle) (bundle, error) {
	var sum account
	for i := range parts {
		if err := sum.deposit(&parts[i]); err != nil {
			return bundle{}, err
		}
	}
	return sum.bundle, nil
}

// swapped writes the hops of what a conversion gave: one for each asset that it was given.
func (s *balances) swapped(t *passage, k int, c *trade, from []*given, parts []bundle, h *holding) error {
	st := &t.set.Steps[k]
	venue := s.node(t.set.Conversions[st.Conversion].Venue, NodePool)
	var origin []string
	least := -1
	for i, g := range from {
		if !parts[i].touched() {
			continue
		}
		part := &holding{bundle: parts[i]}
		all := g.bundle
		if g.ended {
			all = bundle{units: g.units, taint: g.taint}
		}
		paid := s.out.traced(&all, t.set.Steps[g.k].Asset, g.ended)
		if c.taken > 1 {
			paid = Traced{Null: paid.Null}
		}
		findings := append(slices.Clip(t.findings), c.findings...)
		w := wide{kind: HopSwap, inputs: g.inputs, given: &paid, ruleEnds: g.ended, findings: findings, legs: []Leg{
			s.leg(t, g.k, g.from.node, venue, g.units), s.leg(t, k, venue, h.node, part.units),
		}}
		if err := s.out.write(&w, part); err != nil {
			return err
		}
		tally := s.out.tally(t.set.Steps[g.k].Asset)
		if err := tally.count(&tally.out, &paid); err != nil {
			return err
		}
		g.from.leftBy(part.hop)
		if least < 0 || g.hops < least {
			least = g.hops
		}
		if h.hop == "" {
			h.hop = part.hop
		} else {
			origin = append(origin, part.hop)
		}
	}
	h.hops, h.origin = least, append(h.origin, origin...)
	return nil
}
