package heuristics

import (
	"cmp"
	"math/bits"
	"math/rand/v2"

	"clew/chains"
)

// permutations is how often recipients are permuted to count accidental matches. Basis: the mean of
// 200 is within a tenth of the true one for one match expected; nothing is decided by it.
const permutations = 200

// The seed of the permutations, so that the same facts give the same bytes. Any would do.
const seedHigh, seedLow = 0x636c657720736565, 0x6420746f726e6164

const million = 1_000_000

// shuffle says for each place of a withdrawal whose withdrawal stands there, and for each
// withdrawal at which place it stands. Recipients, with how they pay and who gathers from them, are
// permuted within their pool; times and pools stay.
type shuffle struct{ at, place []int32 }

// shuffle makes the permutations, each pool after another, by a fixed generator (PCG, of which the
// standard library promises the sequence) and Fisher and Yates.
func (m *mixing) shuffle() {
	r := rand.NewPCG(seedHigh, seedLow)
	below := func(n int) int {
		high, _ := bits.Mul64(r.Uint64(), uint64(n)) // #nosec G115 -- a length
		return int(high)                             // #nosec G115 -- below n
	}
	for range permutations {
		s := shuffle{make([]int32, len(m.f.Withdrawals)), make([]int32, len(m.f.Withdrawals))}
		for j := range s.at {
			s.at[j] = int32(j) // #nosec G115 -- a pool has fewer
		}
		for _, pool := range m.order() {
			list := m.pools[pool]
			for k := len(list) - 1; k > 0; k-- {
				a, b := list[k], list[below(k+1)]
				s.at[a], s.at[b] = s.at[b], s.at[a]
			}
		}
		for place, j := range s.at {
			s.place[j] = int32(place) // #nosec G115 -- a pool has fewer
		}
		m.shuffled = append(m.shuffled, s)
	}
}

// order returns the pools as their first withdrawals stand.
func (m *mixing) order() []chains.Address {
	var list []chains.Address
	met := map[chains.Address]bool{}
	for j := range m.f.Withdrawals {
		if p := m.f.Withdrawals[j].Pool; !met[p] {
			met[p] = true
			list = append(list, p)
		}
	}
	return list
}

// accidents counts in how many permutations somebody passes a signal.
type accidents struct {
	of  map[chains.Address]int
	all int
}

func (a *accidents) add(who chains.Address) {
	a.of[who]++
	a.all++
}

// others is the mean number of those that pass beside one, in millionths.
func (a *accidents) others(but chains.Address) int64 {
	return int64(a.all-a.of[but]) * million / permutations
}

// mean is the mean number of those that pass, in millionths.
func (a *accidents) mean() int64 { return int64(a.all) * million / permutations }

// expectBehind counts who of the recipients that pass a signal with a deposit stands behind it.
func (m *mixing) expectBehind(d *Passage, labels []int) accidents {
	a := accidents{of: map[chains.Address]int{}}
	for k := range m.shuffled {
		met := map[chains.Address]bool{}
		for _, j := range labels {
			who := m.f.Withdrawals[j].Account
			if place := m.shuffled[k].place[j]; d.At.Before(m.f.Withdrawals[place].At) && !met[who] {
				met[who] = true
				a.add(who)
			}
		}
	}
	return a
}

// matches are those who take out just what a group of deposits put in.
type matches struct {
	owners map[chains.Address]bool // as it was
	accidents
}

// match finds them, once for a group.
func (m *mixing) match(g *takenTogether) *matches {
	if have := m.matched[g]; have != nil {
		return have
	}
	found := &matches{owners: m.owning(g), accidents: accidents{of: map[chains.Address]int{}}}
	m.matched[g] = found
	for k := range m.shuffled {
		for who := range m.ownersOf(g, m.shuffled[k].at) {
			found.add(who)
		}
	}
	return found
}

// owning are those who match a group as it was, found once.
func (m *mixing) owning(g *takenTogether) map[chains.Address]bool {
	if m.own[g] == nil {
		m.own[g] = m.ownersOf(g, nil)
	}
	return m.own[g]
}

// taken is what an owner took out of a pool behind the first deposit of a group.
type taken struct {
	n   int
	bad bool // before as much was put in, or out of a pool that the group did not use
}

// ownersOf returns the recipients, and those who gather from several, that take out of each pool of a
// group as often as it was put in, no way out before its way in, until the group's end. at says whose
// withdrawal stands at a place; nil: as it was.
func (m *mixing) ownersOf(g *takenTogether, at []int32) map[chains.Address]bool {
	counts := map[chains.Address]map[chains.Address]*taken{} // by owner and pool
	start := m.f.Deposits[g.of[g.pools[0]][0]].At
	for place := range m.f.Withdrawals {
		w := &m.f.Withdrawals[place]
		in := g.of[w.Pool]
		if w.Time > g.until || w.At.Before(start) || in == nil && !g.whole {
			continue
		}
		label := place
		if at != nil {
			label = int(at[place])
		}
		for level, owner := range m.owners[label] {
			if level > 0 && owner == m.owners[label][0] {
				continue
			}
			if counts[owner] == nil {
				counts[owner] = map[chains.Address]*taken{}
			}
			t := counts[owner][w.Pool]
			if t == nil {
				t = &taken{}
				counts[owner][w.Pool] = t
			}
			t.bad = t.bad || t.n >= len(in) || w.At.Before(m.f.Deposits[in[t.n]].At)
			t.n++
		}
	}
	owners := map[chains.Address]bool{}
	for owner, by := range counts {
		if fullyTaken(g, by) {
			owners[owner] = true
		}
	}
	return owners
}

func fullyTaken(g *takenTogether, by map[chains.Address]*taken) bool {
	for _, t := range by {
		if t.bad {
			return false
		}
	}
	for _, pool := range g.pools {
		if t := by[pool]; t == nil || t.n != len(g.of[pool]) {
			return false
		}
	}
	return true
}

// matching returns the withdrawals from a pool behind a place whose owner matches a group.
func (m *mixing) matching(name string, g *takenTogether, pool chains.Address, behind chains.Place) []hit {
	found := m.match(g)
	start := m.f.Deposits[g.of[pool][0]].At
	n := 0
	for _, list := range g.of {
		n += len(list)
	}
	var hits []hit
	for _, j := range m.pools[pool] {
		w := &m.f.Withdrawals[j]
		if w.Time > g.until || w.At.Before(start) || !behind.Before(w.At) {
			continue
		}
		owner := cmp.Or(matched(found, m.owners[j][1]), matched(found, m.owners[j][0]))
		if owner != "" {
			hits = append(hits, hit{j, Signal{Name: name, Strength: n, Expected: found.others(owner), owner: owner}})
		}
	}
	return hits
}

func matched(found *matches, owner chains.Address) chains.Address {
	if found.owners[owner] {
		return owner
	}
	return ""
}
