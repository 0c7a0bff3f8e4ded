package heuristics

import (
	"slices"

	"clew/chains"
)

// besides doubts what a party got for nothing at venues where nothing was converted: while it
// paid others directly, or together with a token that was made for it, as lenders note a debt.
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
				s.doubt(a, e, "somebody else was paid directly, and this came from a contract: perhaps for it")
			case made && !s.minted(a, e):
				s.doubt(a, e, "it came for nothing, and a token was made together with it: perhaps a loan")
			}
		}
	}
}

// doubt says that what a got is unclear.
func (s *settler) doubt(a chains.Address, e *entry, why string) {
	s.out.Unclear = append(s.out.Unclear, Unclear{a, e.asset, e.net, e.moves, why})
}

// minted reports whether all that came to a in e came out of nothing.
func (s *settler) minted(a chains.Address, e *entry) bool {
	return !slices.ContainsFunc(e.moves, func(i int) bool {
		m := &s.exec.Moves[i]
		return m.To == a && m.From != ""
	})
}
