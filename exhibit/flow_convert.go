package exhibit

import (
	"fmt"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// addConversions adds the hops of g that have two legs. Those that share what is given or what
// is received are one conversion: a joint, into which the givers' arrows lead and from which
// the receivers' lead on. A swap of an address for itself stays in its box.
func (f *flow) addConversions(g *txGroup) error {
	var hops []int
	for _, i := range g.hops {
		if h := &f.trace.Hops[i]; len(h.Legs) > 1 && carries(h, f.rule) {
			hops = append(hops, i)
		}
	}
	if len(hops) == 0 {
		return nil
	}
	same, at := newUnion(len(hops)), map[string]int{}
	for k, i := range hops {
		for n, leg := range []*tracer.Leg{firstLeg(f, i), lastLeg(f, i)} {
			key := fmt.Sprint(n, legKey(leg))
			if other, ok := at[key]; ok {
				same.join(k, other)
			}
			at[key] = k
		}
	}
	groups, order := map[int][]int{}, []int{}
	for k, i := range hops {
		root := same.find(k)
		if groups[root] == nil {
			order = append(order, root)
		}
		groups[root] = append(groups[root], i)
	}
	for _, root := range order {
		if err := f.addConversion(g, groups[root]); err != nil {
			return err
		}
	}
	return nil
}

func firstLeg(f *flow, hop int) *tracer.Leg { return &f.trace.Hops[hop].Legs[0] }

func lastLeg(f *flow, hop int) *tracer.Leg {
	legs := f.trace.Hops[hop].Legs
	return &legs[len(legs)-1]
}

// legKey tells legs apart.
func legKey(leg *tracer.Leg) string {
	return fmt.Sprint(leg.Chain, leg.TxID, leg.Asset, leg.From, leg.To, leg.Positions)
}

// addConversion adds one conversion, whose hops are given in order.
func (f *flow) addConversion(g *txGroup, hops []int) error {
	from, to := make([]int, len(hops)), make([]int, len(hops))
	own := true
	for k, i := range hops {
		h := &f.trace.Hops[i]
		var err error
		if from[k], err = f.source(g, h); err != nil {
			return err
		}
		if f.paysBlock(h) { // what the way cost stays at the joint
			to[k], own = -1, false
			continue
		}
		if to[k], err = f.at(lastLeg(f, i).To, fmt.Sprintf("hop %d", h.Number)); err != nil {
			return err
		}
		own = own && h.Kind == tracer.HopSwap && to[k] == from[0] && from[k] == from[0]
	}
	if own {
		f.convert(from[0], hops)
		f.spots[from[0]].swaps = append(f.spots[from[0]].swaps, hops...)
		return nil
	}
	joint := f.jointFor(g, hops, from, to)
	f.convert(joint, hops)
	seen := map[string]bool{}
	for k, i := range hops {
		f.addLegs(i, from[k], joint, to[k], seen)
	}
	return nil
}

// jointFor returns the joint of a conversion: a new one, or the one through which the same places
// passed the same assets in the same way before, so that ten deposits of one pool that come out
// at one address are one box.
func (f *flow) jointFor(g *txGroup, hops, from, to []int) int {
	key := ""
	for k, i := range hops {
		h := &f.trace.Hops[i]
		first, last := firstLeg(f, i), lastLeg(f, i)
		protocol := ""
		if h.Link != nil {
			protocol = h.Link.Protocol
		}
		part := fmt.Sprint(h.Kind, from[k], to[k], first.Chain, first.Asset, first.To, last.Chain, last.Asset, protocol, styleOf(h, f.rule), ";")
		if !strings.Contains(key, part) && to[k] >= 0 {
			key += part
		}
	}
	if joint, ok := f.joints[key]; ok {
		f.spots[joint].joint = append(f.spots[joint].joint, hops...)
		return joint
	}
	f.joints[key] = len(f.spots)
	f.spots = append(f.spots, spot{kind: spotJoint, node: -1, text: f.trace.Hops[hops[0]].ID, chain: g.chain, joint: hops})
	return len(f.spots) - 1
}

// convert notes at spot s what the hops give and receive.
func (f *flow) convert(s int, hops []int) {
	sp := &f.spots[s]
	for _, i := range hops {
		h := &f.trace.Hops[i]
		sp.convertedIn = sp.convertedIn.add(legUnit(lastLeg(f, i)), tracedUnder(&h.Traced, f.rule))
		if h.Given == nil {
			sp.unclear = true
			continue
		}
		sp.convertedOut = sp.convertedOut.add(legUnit(firstLeg(f, i)), tracedUnder(h.Given, f.rule))
	}
}

// addLegs adds the arrows of hop i into a joint and out of it; to is −1 for a fee. A leg that several hops share
// counts its whole movement once.
func (f *flow) addLegs(i, from, joint, to int, seen map[string]bool) {
	h := &f.trace.Hops[i]
	style := styleOf(h, f.rule)
	whole := func(side string, leg *tracer.Leg) chains.Amount {
		key := side + legKey(leg)
		if seen[key] {
			return chains.Amount{}
		}
		seen[key] = true
		return leg.Units
	}
	first, last := firstLeg(f, i), lastLeg(f, i)
	units := whole("given", first)
	give := movement{from: from, to: joint, kind: moveGive, hop: i, unit: legUnit(first), units: units, style: style, time: first.Time}
	if h.Given != nil {
		give.known, give.traced = true, tracedUnder(h.Given, f.rule)
	}
	if !units.IsZero() || !give.traced.IsZero() {
		f.moves = append(f.moves, give)
	}
	traced := tracedUnder(&h.Traced, f.rule)
	switch sp := &f.spots[joint]; {
	case traced.IsZero():
		sp.rounded = append(sp.rounded, i)
		return
	case to < 0:
		f.fees, f.feeHops = f.fees.add(legUnit(last), traced), f.feeHops+1
		sp.fees, sp.feeHops = sp.fees.add(legUnit(last), traced), append(sp.feeHops, i)
		return
	}
	units = whole("received", last)
	f.moves = append(f.moves, movement{from: joint, to: to, kind: moveHop, hop: i, unit: legUnit(last), units: units,
		traced: traced, known: true, style: style, time: last.Time})
}
