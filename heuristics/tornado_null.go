package heuristics

import (
	"cmp"
	"math/bits"
	"math/rand/v2"
	"slices"

	"clew/chains"
)

// MixerShuffles is how often recipients are permuted to count accidental matches. Basis: the mean of
// 200 is within a tenth of the true one for one match expected; nothing is decided by it.
const MixerShuffles = 200

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
	for range MixerShuffles {
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
	return int64(a.all-a.of[but]) * million / MixerShuffles
}

// mean is the mean number of those that pass, in millionths.
func (a *accidents) mean() int64 { return int64(a.all) * million / MixerShuffles }

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
	c := m.counterOf(g)
	for k := range m.shuffled {
		for _, owner := range c.owners(m.shuffled[k].at) {
			found.add(m.names[owner])
		}
	}
	return found
}

// owning are those who match a group as it was, found once.
func (m *mixing) owning(g *takenTogether) map[chains.Address]bool {
	if m.own[g] == nil {
		m.own[g] = map[chains.Address]bool{}
		for _, owner := range m.counterOf(g).owners(nil) {
			m.own[g][m.names[owner]] = true
		}
	}
	return m.own[g]
}

// counter counts what owners take out behind the first deposit of a group, until its end.
type counter struct {
	m      *mixing
	places []countedPlace
	want   []int32 // how often each of the group's pools was paid into
	n      []int32 // taken, by owner and pool
	bad    []bool  // by owner: before as much was put in, or out of a pool that the group did not use
	seen   []bool  // by owner
	met    []int32 // owners that were seen
	found  []int32
}

// countedPlace is that of a withdrawal.
type countedPlace struct {
	place int
	pool  int // of the group's; −1: of none
	after int // deposits of the group to the pool before it
}

func (m *mixing) counterOf(g *takenTogether) *counter {
	c := &counter{m: m, n: make([]int32, len(m.names)*len(g.pools)), bad: make([]bool, len(m.names)), seen: make([]bool, len(m.names))}
	for _, pool := range g.pools {
		c.want = append(c.want, int32(len(g.of[pool]))) // #nosec G115 -- a pool has fewer
	}
	start := m.f.Deposits[g.of[g.pools[0]][0]].At
	for place := range m.f.Withdrawals {
		w := &m.f.Withdrawals[place]
		in := g.of[w.Pool]
		if w.Time > g.until || w.At.Before(start) || in == nil && !g.whole {
			continue
		}
		at := countedPlace{place: place, pool: slices.Index(g.pools, w.Pool)}
		for _, i := range in {
			if !w.At.Before(m.f.Deposits[i].At) {
				at.after++
			}
		}
		c.places = append(c.places, at)
	}
	return c
}

// owners returns the recipients, and those who gather from several, that take out of each pool of the
// group as often as it was put in, no way out before its way in. at says whose withdrawal stands at a
// place; nil: as it was. The slice is used again.
func (c *counter) owners(at []int32) []int32 {
	for _, owner := range c.met {
		c.bad[owner], c.seen[owner] = false, false
		clear(c.n[int(owner)*len(c.want) : (int(owner)+1)*len(c.want)])
	}
	c.met = c.met[:0]
	for i := range c.places {
		p := &c.places[i]
		label := p.place
		if at != nil {
			label = int(at[label])
		}
		pair := c.m.numbers[label]
		c.take(pair[0], p)
		if pair[1] != pair[0] {
			c.take(pair[1], p)
		}
	}
	c.found = c.found[:0]
	for _, owner := range c.met {
		if c.fully(owner) {
			c.found = append(c.found, owner)
		}
	}
	return c.found
}

// take counts a withdrawal of an owner.
func (c *counter) take(owner int32, p *countedPlace) {
	if !c.seen[owner] {
		c.seen[owner] = true
		c.met = append(c.met, owner)
	}
	n := c.n[int(owner)*len(c.want) : (int(owner)+1)*len(c.want)]
	if p.pool < 0 || int(n[p.pool]) >= p.after {
		c.bad[owner] = true
		return
	}
	n[p.pool]++
}

// fully reports whether an owner takes out all, and nothing too early or elsewhere.
func (c *counter) fully(owner int32) bool {
	return !c.bad[owner] && slices.Equal(c.n[int(owner)*len(c.want):(int(owner)+1)*len(c.want)], c.want)
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
