package heuristics

import (
	"cmp"
	"slices"

	"clew/chains"
)

// entry is what happened to one holding over some moves.
type entry struct {
	asset    chains.Asset
	gave     bool          // more went out than came in
	net      chains.Amount // the difference
	moves    []int
	firstOut int // the move at which the holding first went below what it was before; −1 where it never did
	lastIn   int // the last move into it; −1 where there is none
}

// books are the nets of the ends of a transaction.
type books struct {
	accounts []chains.Address // in order of their first move
	of       map[chains.Address][]*entry
}

// books nets the given moves for each end.
func (s *settler) books(moves []int) *books {
	b := &books{of: map[chains.Address][]*entry{}}
	for _, i := range moves {
		m := &s.exec.Moves[i]
		if s.isEnd(m.From) {
			b.entry(m.From, m.Asset).add(i, m.Amount, true)
		}
		if s.isEnd(m.To) {
			b.entry(m.To, m.Asset).add(i, m.Amount, false)
		}
	}
	return b
}

// entry returns what is known of a holding, a new one where nothing is.
func (b *books) entry(a chains.Address, asset chains.Asset) *entry {
	list, known := b.of[a]
	if !known {
		b.accounts = append(b.accounts, a)
	}
	for _, e := range list {
		if e.asset == asset {
			return e
		}
	}
	e := &entry{asset: asset, firstOut: -1, lastIn: -1}
	b.of[a] = append(list, e)
	return e
}

// add counts one move.
func (e *entry) add(i int, units chains.Amount, out bool) {
	e.moves = append(e.moves, i)
	switch {
	case e.net.IsZero():
		e.gave, e.net = out, units
	case e.gave == out:
		e.net = e.net.Plus(units) // fits: absurd has added up all of this asset's moves
	case units.Less(e.net):
		e.net = e.net.Minus(units)
	default:
		e.gave, e.net = out, units.Minus(e.net)
	}
	if out && e.firstOut < 0 && e.gave && !e.net.IsZero() {
		e.firstOut = i
	}
	if !out {
		e.lastIn = i
	}
}

// sides returns what a gave, by first outflow, and what it got, by last inflow.
func (b *books) sides(a chains.Address) (given, received []*entry) {
	for _, e := range b.of[a] {
		switch {
		case e.net.IsZero():
		case e.gave:
			given = append(given, e)
		default:
			received = append(received, e)
		}
	}
	slices.SortFunc(given, func(x, y *entry) int { return cmp.Compare(x.firstOut, y.firstOut) })
	slices.SortFunc(received, func(x, y *entry) int { return cmp.Compare(x.lastIn, y.lastIn) })
	return given, received
}
