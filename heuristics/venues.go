package heuristics

import (
	"slices"

	"clew/chains"
)

// venues divides the netted moves into groups that have nothing to do with each other, each
// ascending, in order of their first moves. What contracts pass among themselves is one venue.
// So are two at which a party gave or got the same asset, and those of a party that only gave at
// one and only got at another: what it burns at a token it may get back from a vault.
func (s *settler) venues() [][]int {
	g := groups{parent: map[string]string{}}
	places := make([]string, len(s.inner))
	for n, i := range s.inner {
		m := &s.exec.Moves[i]
		from, to := s.place(m.From, m), s.place(m.To, m)
		g.join(from, to)
		places[n] = from
	}
	for s.joinByParty(&g, places) {
	}
	s.joinMinted(&g, places)
	roots, moves := s.split(&g, places)
	list := make([][]int, 0, len(roots))
	for _, root := range roots {
		list = append(list, moves[root])
	}
	return list
}

// place names where a move touches a venue on the side of account a: the contract; for nobody
// the token itself; and where a is an end, the other side's, or the pair where both are ends.
func (s *settler) place(a chains.Address, m *chains.Move) string {
	switch {
	case a == "":
		return "token " + string(m.Asset)
	case !s.isEnd(a):
		return "contract " + string(a)
	case s.isEnd(m.From) && s.isEnd(m.To):
		return "pair " + string(min(m.From, m.To)) + string(max(m.From, m.To))
	case a == m.From:
		return s.place(m.To, m)
	}
	return s.place(m.From, m)
}

// dealings are what one party did at the venues.
type dealings struct {
	assets       map[chains.Asset]string // where the party dealt in it, last
	gives, takes []string                // venues where it only gave, or only got
}

// joinByParty joins venues by what one party did at them and reports whether any were.
func (s *settler) joinByParty(g *groups, places []string) bool {
	roots, split := s.split(g, places)
	if len(roots) < 2 {
		return false
	}
	of := map[chains.Address]*dealings{}
	joined := false
	for _, root := range roots {
		b := s.books(split[root])
		for _, a := range b.accounts {
			if of[a] == nil {
				of[a] = &dealings{assets: map[chains.Asset]string{}}
			}
			given, received := b.sides(a)
			joined = of[a].add(g, root, given, received) || joined
		}
	}
	for _, d := range of {
		if len(d.gives) == 0 || len(d.takes) == 0 {
			continue
		}
		for _, root := range append(d.gives, d.takes...) {
			joined = g.join(d.gives[0], root) || joined
		}
	}
	return joined
}

// add notes what the party did at one venue more, which it joins with those where it dealt in
// the same asset.
func (d *dealings) add(g *groups, root string, given, received []*entry) (joined bool) {
	for _, e := range slices.Concat(given, received) {
		if other, known := d.assets[e.asset]; known {
			joined = g.join(other, root) || joined
		}
		d.assets[e.asset] = root
	}
	switch {
	case len(given) > 0 && len(received) == 0:
		d.gives = append(d.gives, root)
	case len(received) > 0 && len(given) == 0:
		d.takes = append(d.takes, root)
	}
	return joined
}

// joinMinted joins what is minted for others with where it was paid, if one account alone gave
// something for nothing. Else nobody shows who paid.
func (s *settler) joinMinted(g *groups, places []string) {
	roots, split := s.split(g, places)
	var paid, minted []string
	var giver chains.Address
	for _, root := range roots {
		b := s.books(split[root])
		gave, got := 0, 0
		for _, a := range b.accounts {
			given, received := b.sides(a)
			gave, got = gave+len(given), got+len(received)
			if len(given) > 0 && len(received) == 0 {
				if giver != "" && giver != a {
					return
				}
				giver = a
			}
		}
		switch {
		case gave > 0 && got == 0:
			paid = append(paid, root)
		case gave == 0 && !slices.ContainsFunc(split[root], func(i int) bool { return s.exec.Moves[i].From != "" }):
			minted = append(minted, root)
		}
	}
	if len(paid) == 0 || len(minted) == 0 {
		return
	}
	for _, root := range append(paid, minted...) {
		g.join(paid[0], root)
	}
}

// split returns the moves of each venue so far, venues in order of their first moves.
func (s *settler) split(g *groups, places []string) (roots []string, moves map[string][]int) {
	moves = map[string][]int{}
	for n, i := range s.inner {
		root := g.root(places[n])
		if moves[root] == nil {
			roots = append(roots, root)
		}
		moves[root] = append(moves[root], i)
	}
	return roots, moves
}

// groups is a union of names.
type groups struct{ parent map[string]string }

func (g *groups) root(name string) string {
	for {
		up, known := g.parent[name]
		if !known || up == name {
			return name
		}
		name = up
	}
}

// join reports whether the two were apart.
func (g *groups) join(a, b string) bool {
	a, b = g.root(a), g.root(b)
	if a != b {
		g.parent[b] = a
	}
	return a != b
}
