package heuristics

import (
	"slices"

	"clew/chains"
)

// judge says of the conversions of this venue, from the given one on, who has what was given: a
// contract that anybody can write, or another party. It changes no step. What was received is a
// fact, that it was worth what was given is not, and whoever follows it must know on whose word.
func (d *dealing) judge(from int) {
	made := d.out.Conversions[from:]
	kept := d.kept()
	for i := range made {
		c := &made[i]
		if c.Kind == KindWrap || c.Kind == KindUnwrap {
			continue
		}
		c.Kept = kept
		c.Made = len(kept) > 0 && slices.ContainsFunc(c.Received, func(l Leg) bool { return !d.made(l.Asset).Less(l.Units) })
		for k := range made {
			if other := &made[k]; k != i && !d.names(c.Giver) && !d.names(other.Giver) {
				c.Sold = append(c.Sold, sold(c, other)...)
			}
		}
	}
}

// sold returns what of that which c was given others got out of a conversion that brought c what
// it received: they dealt with each other.
func sold(c, other *Conversion) (to []Leg) {
	has := func(legs []Leg, asset chains.Asset) bool {
		return slices.ContainsFunc(legs, func(l Leg) bool { return l.Asset == asset })
	}
	if !slices.ContainsFunc(c.Received, func(l Leg) bool { return has(other.Given, l.Asset) }) {
		return nil
	}
	for _, l := range other.Received {
		if l.Account != c.Giver && has(c.Given, l.Asset) {
			to = append(to, l)
		}
	}
	return to
}

// names reports whether a registered venue says that it acted for a.
func (d *dealing) names(a chains.Address) bool {
	return slices.ContainsFunc(d.exec.Events, func(e chains.Event) bool {
		return e.Kind == chains.EventOwner && e.Registered && e.Account == a
	})
}

// vouched reports whether a contract is known to be a pool, or speaks for a registered venue.
func (d *dealing) vouched(a chains.Address) bool {
	return d.role(a) == RolePool || slices.ContainsFunc(d.exec.Events, func(e chains.Event) bool {
		return e.Registered && e.Emitter == a
	})
}

// kept returns what contracts for which nobody vouches keep of what moved here, in the order of
// the first moves to them. The contract that wraps the native coin keeps it for whoever has
// the token: it is left out where the amounts show which one it is.
func (d *dealing) kept() []Leg {
	var order []Holding
	in, out := map[Holding]chains.Amount{}, map[Holding]chains.Amount{}
	for _, i := range d.moves {
		m := &d.exec.Moves[i]
		to, from := Holding{m.To, m.Asset}, Holding{m.From, m.Asset}
		if _, met := in[to]; !met {
			order = append(order, to)
		}
		in[to], out[from] = in[to].Plus(m.Amount), out[from].Plus(m.Amount) // fits, as in entry.add
	}
	var legs []Leg
	for _, h := range order {
		if h.Account != "" && !d.isEnd(h.Account) && out[h].Less(in[h]) {
			legs = append(legs, Leg{h.Account, h.Asset, in[h].Minus(out[h])})
		}
	}
	wrapped := d.wrappedHere()
	wraps := func(l Leg) bool { return l.Asset == chains.Native && l.Units == wrapped }
	if i := slices.IndexFunc(legs, wraps); i >= 0 && !slices.ContainsFunc(legs[i+1:], wraps) {
		legs = slices.Delete(legs, i, i+1)
	}
	legs = slices.DeleteFunc(legs, func(l Leg) bool { return d.vouched(l.Account) })
	if len(legs) == 0 {
		return nil
	}
	return legs
}

// wrappedHere returns how much more of the native coin was wrapped here than unwrapped; 0 where
// tokens that lie tell of more than an amount can hold.
func (d *dealing) wrappedHere() chains.Amount {
	var in, out chains.Amount
	for _, i := range d.moves {
		sum := &in
		switch d.exec.Moves[i].Kind {
		case chains.MoveWrap:
		case chains.MoveUnwrap:
			sum = &out
		default:
			continue
		}
		more, err := sum.Add(d.exec.Moves[i].Amount)
		if err != nil {
			return chains.Amount{}
		}
		*sum = more
	}
	return in.Minus(chains.Min(in, out))
}

// made returns how much more of a token was made here than destroyed. What wraps the native coin
// is made of that coin.
func (d *dealing) made(asset chains.Asset) chains.Amount {
	var in, out chains.Amount
	for _, i := range d.moves {
		m := &d.exec.Moves[i]
		switch {
		case m.Asset != asset || m.Kind == chains.MoveWrap || m.Kind == chains.MoveUnwrap:
		case m.From == "":
			in = in.Plus(m.Amount)
		case m.To == "":
			out = out.Plus(m.Amount)
		}
	}
	return in.Minus(chains.Min(in, out))
}
