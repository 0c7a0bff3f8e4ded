package exhibit

import (
	"fmt"

	"clew/chains"
	"clew/tracer"
)

// addTx adds what transaction g does: its fee, its movements, and a junction where value
// from several places meets in it.
func (f *flow) addTx(g *txGroup) error {
	for _, i := range g.hops {
		h := &f.trace.Hops[i]
		if !carries(h, f.rule) {
			f.leaveOut(h)
			continue
		}
		if !f.paysBlock(h) {
			g.drawn = append(g.drawn, i)
		}
	}
	f.findOther(g)
	if err := f.addJunction(g); err != nil {
		return err
	}
	for _, i := range g.hops {
		if err := f.addHop(g, i); err != nil {
			return err
		}
	}
	return f.addConversions(g)
}

// paysBlock reports whether h pays a network fee. Fees of protocols go to places.
func (f *flow) paysBlock(h *tracer.Hop) bool {
	return h.Kind == tracer.HopFee && f.minesAt(h.Legs[len(h.Legs)-1].To)
}

// leaveOut counts a hop that carries nothing under the drawn rule.
func (f *flow) leaveOut(h *tracer.Hop) {
	last := &h.Legs[len(h.Legs)-1]
	f.touchedOnly++
	f.touchedOnlyTotal = f.touchedOnlyTotal.add(Unit{last.Chain, last.Asset}, last.Units)
	for _, r := range tracer.Rules() {
		if r.Conserves() && carries(h, r) {
			return
		}
	}
	f.poisonOnly++
}

// findOther computes what entered g beside the traced holdings: the whole of its outputs
// and fee less the whole of these holdings. It is exact where the trace lists every output,
// which it does as long as poison marks them. Only transactions as pots can be asked so.
func (f *flow) findOther(g *txGroup) {
	if g.loose || len(g.holdings) == 0 || (f.trace.Incident.Accounts != "" && f.trace.Incident.Accounts != "output") {
		return
	}
	u := g.holdings[0].unit
	var in, out chains.Amount
	for _, h := range g.holdings {
		if h.unit != u {
			return
		}
		in = plus(in, h.units)
	}
	for _, i := range g.hops {
		h := &f.trace.Hops[i]
		if len(h.Legs) != 1 || (Unit{h.Legs[0].Chain, h.Legs[0].Asset}) != u {
			return
		}
		out = plus(out, h.Legs[0].Units)
	}
	if in.Less(out) {
		g.other = Sums{}.add(u, out.Minus(in))
	}
}

// exactOther reports whether every output of g is in the trace: poison marks the whole of
// each.
func (f *flow) exactOther(g *txGroup) bool {
	for _, i := range g.hops {
		h := &f.trace.Hops[i]
		if tracedUnder(&h.Traced, tracer.Poison).Cmp(h.Legs[0].Units) != 0 {
			return false
		}
	}
	return true
}

// addJunction gives g a junction if traced value from several addresses meets in it, or
// traced value and other funds, and adds the movements into it.
func (f *flow) addJunction(g *txGroup) error {
	if g.accounts {
		return nil
	}
	feeds, err := f.feeds(g)
	if err != nil {
		return err
	}
	if len(g.drawn) == 0 || (len(feeds) < 2 && g.other.isZero()) {
		return nil
	}
	if g.via != "" {
		if g.junction, err = f.at(g.via, "transaction "+g.txid); err != nil {
			return err
		}
	} else {
		f.spots = append(f.spots, spot{kind: spotJunction, node: -1, text: g.txid, chain: g.chain})
		g.junction = len(f.spots) - 1
	}
	s := &f.spots[g.junction]
	s.other, s.otherExact, s.inputs = g.other, f.exactOther(g), len(g.holdings)
	f.moves = append(f.moves, feeds...)
	for i := len(f.moves) - len(feeds); i < len(f.moves); i++ {
		f.moves[i].to = g.junction
	}
	return nil
}

// feeds returns one movement for each address whose traced holdings g spends, in order.
// Amounts are known where they add up to what leaves g, asset by asset.
func (f *flow) feeds(g *txGroup) ([]movement, error) {
	var feeds []movement
	at := map[string]int{}
	add := func(spot int, u Unit, units, traced chains.Amount, style Style, time string) {
		key := fmt.Sprint(spot, u)
		i, ok := at[key]
		if !ok {
			at[key] = len(feeds)
			feeds = append(feeds, movement{from: spot, kind: moveFeed, hop: -1, unit: u, units: units, traced: traced, known: true, style: style, time: time})
			return
		}
		feeds[i].units, feeds[i].traced = plus(feeds[i].units, units), plus(feeds[i].traced, traced)
	}
	style, time := Proven, ""
	var out, in Sums
	for _, i := range g.hops {
		h := &f.trace.Hops[i]
		if len(h.Legs) > 1 && h.Given != nil {
			out = out.add(legUnit(&h.Legs[0]), tracedUnder(h.Given, f.rule))
			style, time = max(style, styleOf(h, f.rule)), h.Legs[0].Time
		} else if t := tracedUnder(&h.Traced, f.rule); !t.IsZero() {
			out = out.add(Unit{h.Legs[len(h.Legs)-1].Chain, h.Legs[len(h.Legs)-1].Asset}, t)
			style, time = max(style, styleOf(h, f.rule)), h.Legs[0].Time
		}
	}
	for _, h := range g.holdings {
		add(h.spot, h.unit, h.units, h.traced, style, time)
		in = in.add(h.unit, h.traced)
	}
	if !in.Equal(out) {
		return f.unknownFeeds(g, feeds, style, time)
	}
	return feeds, nil
}

// unknownFeeds returns the feeds without amounts, one for each source that g's hops name,
// where the trace does not divide the amounts between the sources.
func (f *flow) unknownFeeds(g *txGroup, feeds []movement, style Style, time string) ([]movement, error) {
	seen := map[int]bool{}
	for i := range feeds {
		feeds[i].known = false
		seen[feeds[i].from] = true
	}
	if len(g.holdings) > 0 && !g.loose {
		return feeds, nil
	}
	for _, i := range g.drawn {
		h := &f.trace.Hops[i]
		for _, from := range h.Legs[0].From {
			s, err := f.at(from.Node, fmt.Sprintf("hop %d", h.Number))
			if err != nil {
				return nil, err
			}
			if !seen[s] {
				seen[s] = true
				feeds = append(feeds, movement{from: s, kind: moveFeed, hop: -1, unit: Unit{h.Legs[0].Chain, h.Legs[0].Asset}, style: style, time: time})
			}
		}
	}
	return feeds, nil
}

// addHop adds hop i of g: a fee and a return to the same place stay at the source.
func (f *flow) addHop(g *txGroup, i int) error {
	h := &f.trace.Hops[i]
	traced := tracedUnder(&h.Traced, f.rule)
	if traced.IsZero() || len(h.Legs) > 1 {
		return nil
	}
	from, err := f.source(g, h)
	if err != nil {
		return err
	}
	last := &h.Legs[len(h.Legs)-1]
	u := Unit{last.Chain, last.Asset}
	if f.paysBlock(h) {
		f.fees, f.feeHops = f.fees.add(u, traced), f.feeHops+1
		f.spots[from].fees = f.spots[from].fees.add(u, traced)
		f.spots[from].feeHops = append(f.spots[from].feeHops, i)
		return nil
	}
	to, err := f.at(last.To, fmt.Sprintf("hop %d", h.Number))
	if err != nil {
		return err
	}
	if from == to {
		f.spots[from].returned = f.spots[from].returned.add(u, traced)
		f.spots[from].loops = append(f.spots[from].loops, i)
		return nil
	}
	f.moves = append(f.moves, movement{from: from, to: to, kind: moveHop, hop: i, unit: u, units: last.Units,
		traced: traced, known: true, style: styleOf(h, f.rule), time: last.Time})
	return nil
}

// source returns where the arrow of h starts: the junction of its transaction, the one
// address whose traced holdings it spends, else the first source that it names.
func (f *flow) source(g *txGroup, h *tracer.Hop) (int, error) {
	if g.junction >= 0 {
		return g.junction, nil
	}
	if len(g.holdings) > 0 && !g.accounts {
		return g.holdings[0].spot, nil
	}
	return f.at(h.Legs[0].From[0].Node, fmt.Sprintf("hop %d", h.Number))
}
