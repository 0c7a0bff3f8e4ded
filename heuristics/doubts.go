package heuristics

import (
	"slices"

	"clew/chains"
)

// besides doubts what a party got for nothing at venues where nothing was converted: while it
// paid others directly, or together with a token that was made for it, as lenders note a debt, or
// with a lender's event that says so.
func (s *settler) besides() {
	slices.Sort(s.alike)
	b := s.books(s.alike)
	for _, a := range b.accounts {
		given, received := b.sides(a)
		if len(given) > 0 || s.role(a) != RoleParty {
			continue
		}
		made := slices.ContainsFunc(received, func(e *entry) bool { return s.minted(a, e) })
		for _, e := range received {
			switch {
			case s.paid[a]:
				s.doubt(a, e, "somebody else was paid directly, and this came from a contract: perhaps for it", false)
			case s.borrows(a):
				s.doubt(a, e, "it came for nothing, and a contract notes a debt: a loan", true)
			case made && !s.minted(a, e):
				s.doubt(a, e, "it came for nothing, and a token was made together with it: perhaps a loan", true)
			}
		}
	}
}

// borrows reports whether a contract says that it lends to a. Any may say so: it makes a doubt, and
// no more.
func (s *settler) borrows(a chains.Address) bool {
	return slices.ContainsFunc(s.exec.Events, func(e chains.Event) bool {
		return e.Kind == chains.EventPool && e.Name == "Borrow" && e.Account == a
	})
}

// between doubts what came to one who trades at a venue from another one who does, through contracts
// that deal in nothing else, where both traded without it: in their nets it cannot be told from that.
func (d *dealing) between() {
	if len(d.traders) < 2 {
		return
	}
	deals := map[chains.Address]chains.Asset{} // of contracts: the one asset; "" for several
	into := map[chains.Address][]int{}
	for _, i := range d.moves {
		m := &d.exec.Moves[i]
		into[m.To] = append(into[m.To], i)
		for _, a := range []chains.Address{m.From, m.To} {
			if one, met := deals[a]; !met {
				deals[a] = m.Asset
			} else if one != m.Asset {
				deals[a] = ""
			}
		}
	}
	narrow := func(a chains.Address) bool { return a != "" && !d.isEnd(a) && deals[a] != "" }
	alone := d.books(slices.DeleteFunc(slices.Clone(d.moves), func(i int) bool {
		return narrow(d.exec.Moves[i].From) || narrow(d.exec.Moves[i].To)
	}))
	trades := func(a chains.Address) bool { return slices.Contains(d.traders, a) && d.trades(a, alone) }
	for _, a := range d.traders {
		for _, i := range into[a] {
			if trades(a) && d.paidBy(i, trades, deals, into) {
				m := &d.exec.Moves[i]
				d.unclear = append(d.unclear, Unclear{a, m.Asset, m.Amount, []int{i}, "another one who traded here paid this through a contract: it stands among what was traded", false})
			}
		}
	}
}

// paidBy reports whether what move i brings can have come from another one who trades, through
// contracts that deal in its asset alone.
func (d *dealing) paidBy(i int, trades func(chains.Address) bool, deals map[chains.Address]chains.Asset, into map[chains.Address][]int) bool {
	asset := d.exec.Moves[i].Asset
	seen := map[chains.Address]bool{d.exec.Moves[i].To: true}
	for open := []int{i}; len(open) > 0; open = open[1:] {
		from := d.exec.Moves[open[0]].From
		switch {
		case from == "" || seen[from]:
		case d.isEnd(from):
			if open[0] != i && trades(from) {
				return true
			}
		case deals[from] == asset:
			seen[from] = true
			open = append(slices.Clip(open), into[from]...)
		}
	}
	return false
}

// parted doubts what a contract pays out of an asset that it got here from somebody else, where it is
// not passed through: it adds some of its own. The value ends at the contract, and what it paid may
// be the same.
func (s *settler) parted() {
	first := map[Holding]chains.Address{} // who brought something first
	for _, i := range s.plain {
		m := &s.exec.Moves[i]
		from, to := Holding{m.From, m.Asset}, Holding{m.To, m.Asset}
		if who, got := first[from]; got && who != m.To && m.To != "" && !s.out.Through[from] {
			s.out.Unclear = append(s.out.Unclear, Unclear{m.To, m.Asset, m.Amount, []int{i}, "a contract paid it that got the same from somebody else here, and paid more than it got: perhaps out of it", false})
		}
		if _, got := first[to]; !got && m.From != "" && m.To != "" && !s.isEnd(m.To) && m.From != m.To {
			first[to] = m.From
		}
	}
}

// doubt says that what a got is unclear.
func (s *settler) doubt(a chains.Address, e *entry, why string, loan bool) {
	s.out.Unclear = append(s.out.Unclear, Unclear{a, e.asset, e.net, e.moves, why, loan})
}

// minted reports whether all that came to a in e came out of nothing.
func (s *settler) minted(a chains.Address, e *entry) bool {
	return !slices.ContainsFunc(e.moves, func(i int) bool {
		m := &s.exec.Moves[i]
		return m.To == a && m.From != ""
	})
}
