package heuristics

import (
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
