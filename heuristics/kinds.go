package heuristics

import (
	"fmt"
	"slices"

	"clew/chains"
)

// describe says what kind of conversion c is, and what each thing given is worth where that is
// told.
func (s *settler) describe(c *Conversion) {
	wrapped := s.wrapped()
	coin := func(l Leg) bool { return l.Asset == chains.Native || wrapped[l.Asset] }
	switch several := len(c.Given) > 1; {
	case len(c.Given) == 1 && len(c.Received) == 1 && coin(c.Given[0]) && coin(c.Received[0]) && c.Given[0].Units == c.Received[0].Units:
		c.Kind = KindWrap
		if c.Received[0].Asset == chains.Native {
			c.Kind = KindUnwrap
		}
	case several && !slices.ContainsFunc(c.Given, func(l Leg) bool { return !coin(l) }):
		for _, l := range c.Given {
			c.Weights = append(c.Weights, l.Units)
		}
	case several && len(c.Received) == 1 && s.passes("", c.Received[0].Account, c.Received[0].Asset):
		c.Kind = KindAddLiquidity
		c.Weights = s.shares(c.Given)
	case len(c.Given) == 1 && len(c.Received) > 1 && s.burnt(c.Given[0].Asset):
		c.Kind = KindRemoveLiquidity
	}
}

// passes reports whether one of the moves is of that asset between those two.
func (s *settler) passes(from, to chains.Address, asset chains.Asset) bool {
	return slices.ContainsFunc(s.exec.Moves, func(m chains.Move) bool { return m.From == from && m.To == to && m.Asset == asset })
}

// burnt reports whether some of the asset is gone.
func (s *settler) burnt(asset chains.Asset) bool {
	return slices.ContainsFunc(s.exec.Moves, func(m chains.Move) bool { return m.To == "" && m.Asset == asset })
}

// wrapped returns the tokens that wrap the native coin, as far as this transaction shows.
func (s *settler) wrapped() map[chains.Asset]bool {
	found := map[chains.Asset]bool{}
	for i := range s.exec.Moves {
		if m := &s.exec.Moves[i]; m.Kind == chains.MoveWrap || m.Kind == chains.MoveUnwrap {
			found[m.Asset] = true
		}
	}
	return found
}

// shares returns what two things given to a pool of constant product are worth, in units of the
// product of both assets: each amount times the reserve of the other one, which the pool tells in
// Sync before it says Mint. Only one counts that keeps both amounts, or a registered one: any
// contract can write such events. Nil where no pool tells of these amounts, or where they fit both
// ways.
func (s *settler) shares(given []Leg) []chains.Amount {
	if len(given) != 2 || given[0].Units == given[1].Units {
		return nil
	}
	reserves := map[chains.Address]*chains.Event{}
	for i := range s.exec.Events {
		e := &s.exec.Events[i]
		if e.Kind != chains.EventPool || !e.Registered && !s.keeps(e.Emitter, given) {
			continue
		}
		switch e.Name {
		case "Sync":
			reserves[e.Emitter] = e
		case "Mint":
			if reserves[e.Emitter] == nil {
				continue
			}
			a, b := number(e, "amount0"), number(e, "amount1")
			perA, perB := number(reserves[e.Emitter], "reserve1"), number(reserves[e.Emitter], "reserve0")
			switch {
			case given[0].Units == a && given[1].Units == b:
				return products(a, perA, b, perB)
			case given[0].Units == b && given[1].Units == a:
				return products(b, perB, a, perA)
			}
		}
	}
	return nil
}

// keeps reports whether all of these amounts were moved to a.
func (s *settler) keeps(a chains.Address, given []Leg) bool {
	return !slices.ContainsFunc(given, func(l Leg) bool {
		return !slices.ContainsFunc(s.exec.Moves, func(m chains.Move) bool {
			return m.To == a && m.Asset == l.Asset && m.Amount == l.Units
		})
	})
}

// number returns a field of an event as an amount; 0 where it is none.
func number(e *chains.Event, field string) chains.Amount {
	a, err := chains.ParseAmount(e.Field(field))
	if err != nil {
		return chains.Amount{}
	}
	return a
}

// products returns a·x and b·y; nil where one is 0 or could be more than an amount holds. Real
// pools keep both factors in 112 bits.
func products(a, x, b, y chains.Amount) []chains.Amount {
	limit := chains.Units(1 << 32)
	for range 2 {
		limit, _ = limit.MulDiv(limit, chains.Units(1))
	}
	for _, f := range []chains.Amount{a, x, b, y} {
		if f.IsZero() || !f.Less(limit) {
			return nil
		}
	}
	first, _ := a.MulDiv(x, chains.Units(1))
	second, _ := b.MulDiv(y, chains.Units(1))
	return []chains.Amount{first, second}
}

// fee takes out of g what a registered venue names as its fee in this asset, if that is less than
// what was given: a step of its own, before the give.
func (d *dealing) fee(c *Conversion, g *side, conversion int) {
	named := d.named(g)
	if named.IsZero() || !named.Less(g.left) {
		return
	}
	g.left = g.left.Minus(named)
	c.Fees = append(c.Fees, Leg{g.account, g.asset, named})
	d.steps = append(d.steps, placed{Step{StepFee, g.moves, g.account, "", g.asset, named, conversion}, g.firstOut})
}

// named returns the sum of the fees that registered venues name for what g's account gave.
func (d *dealing) named(g *side) (sum chains.Amount) {
	for i := range d.exec.Events {
		e := &d.exec.Events[i]
		if !e.Registered || e.Account != g.account || e.Asset != g.asset {
			continue
		}
		fee := chains.Amount{}
		switch e.Kind {
		case chains.EventFee:
			fee = e.Amount
		case chains.EventOwner:
			fee = number(e, "feeAmount")
		}
		if more, err := sum.Add(fee); err == nil {
			sum = more
		}
	}
	return sum
}

// says describes c, which nets so many moves, in words.
func says(c *Conversion, moves int) string {
	assets, accounts := map[chains.Asset]bool{}, map[chains.Address]bool{}
	for _, l := range c.Received {
		assets[l.Asset], accounts[l.Account] = true, true
	}
	to := ""
	if len(accounts) > 1 {
		to = fmt.Sprintf(" to %d accounts", len(accounts))
	}
	return fmt.Sprintf("%s: %s for %s%s, net of %d moves", c.Kind, things(len(c.Given)), things(len(assets)), to, moves)
}

func things(n int) string {
	if n == 1 {
		return "one asset"
	}
	return fmt.Sprintf("%d assets", n)
}
