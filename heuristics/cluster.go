package heuristics

import (
	"cmp"
	"slices"

	"clew/chains"
)

// Clusters are addresses of one chain by who is taken to own them, with the evidence for each
// join. It keeps all joins: for the addresses that a trace touched or a test knows, not for those
// of a whole chain. One goroutine uses it. The zero value is empty.
//
// What it answers does not depend on the order in which transactions came, as long as joins that
// are certain come before those that are weighed (Weigh).
type Clusters struct {
	sets    Guarded
	ids     map[chains.Address]uint32
	addrs   []chains.Address
	joins   []Join
	refused []Join
}

// Weighed is a join that may be wrong: how strong it is says the heuristic that found it.
type Weighed struct {
	Join
	Strength int // thousandths of a nat
}

// Add takes what tx tells: see Joins. It keeps addresses of tx, whose memory it so shares.
func (c *Clusters) Add(tx *chains.Tx) {
	for _, j := range Joins(tx, nil) {
		c.Join(j)
	}
}

// Join takes one join, unless something keeps both addresses apart: then it is among Refused.
func (c *Clusters) Join(j Join) {
	if _, refused := c.sets.Join(c.id(j.A), c.id(j.B)); refused {
		c.refused = append(c.refused, j)
		return
	}
	c.joins = append(c.joins, j)
}

// Weigh takes joins that may be wrong, the strongest first; of equals in chain order, by the
// transaction's height and id. Those that something keeps apart are among Refused.
func (c *Clusters) Weigh(ws []Weighed) {
	ws = slices.Clone(ws)
	slices.SortStableFunc(ws, func(a, b Weighed) int {
		return cmp.Or(cmp.Compare(b.Strength, a.Strength), cmp.Compare(a.Height, b.Height), slices.Compare(a.Tx[:], b.Tx[:]), cmp.Compare(a.InB, b.InB))
	})
	for _, w := range ws {
		c.Join(w.Join)
	}
}

// Never says that a and b must not be joined from now on. False: they are already.
func (c *Clusters) Never(a, b chains.Address) bool { return c.sets.Never(c.id(a), c.id(b)) }

// id returns the number of a, a new one where it has none.
func (c *Clusters) id(a chains.Address) uint32 {
	id, ok := c.ids[a]
	if !ok {
		if c.ids == nil {
			c.ids = map[chains.Address]uint32{}
		}
		id = uint32(len(c.addrs))
		c.ids[a] = id
		c.addrs = append(c.addrs, a)
		c.sets.Grow(len(c.addrs))
	}
	return id
}

// Together reports whether a and b are in one cluster.
func (c *Clusters) Together(a, b chains.Address) bool {
	if a == b {
		return true
	}
	x, ok := c.ids[a]
	y, also := c.ids[b]
	return ok && also && c.sets.Root(x) == c.sets.Root(y)
}

// Of returns the addresses of the cluster of a, ascending; a alone where nothing joined it.
func (c *Clusters) Of(a chains.Address) []chains.Address {
	id, ok := c.ids[a]
	if !ok {
		return []chains.Address{a}
	}
	var out []chains.Address
	for i, b := range c.addrs {
		if c.sets.Root(uint32(i)) == c.sets.Root(id) {
			out = append(out, b)
		}
	}
	slices.Sort(out)
	return out
}

// All returns the clusters of two addresses and more, each ascending, by their first address.
func (c *Clusters) All() [][]chains.Address {
	by := map[uint32][]chains.Address{}
	for i, a := range c.addrs {
		root := c.sets.Root(uint32(i))
		by[root] = append(by[root], a)
	}
	var out [][]chains.Address
	for _, members := range by {
		if len(members) > 1 {
			slices.Sort(members)
			out = append(out, members)
		}
	}
	slices.SortFunc(out, func(a, b []chains.Address) int { return cmp.Compare(a[0], b[0]) })
	return out
}

// Joins returns every join that was taken, in the order in which they came. The slice is shared:
// do not write to it.
func (c *Clusters) Joins() []Join { return c.joins }

// Refused returns the joins that something kept apart, in the order in which they came.
func (c *Clusters) Refused() []Join { return c.refused }

// Without derives the clusters again from the joins that drop does not name.
func (c *Clusters) Without(drop func(*Join) bool) *Clusters {
	out := &Clusters{}
	for i := range c.joins {
		if !drop(&c.joins[i]) {
			out.Join(c.joins[i])
		}
	}
	return out
}

// Why returns a shortest chain of joins from a to b: the A of each is the B of the one before.
// Empty where they are not in one cluster, or are one address.
func (c *Clusters) Why(a, b chains.Address) []Join {
	if a == b || !c.Together(a, b) {
		return nil
	}
	groups := c.groups()
	var out []Join
	for _, s := range Path(groups, c.ids[a], c.ids[b]) {
		j := c.joins[groups[s.Group].Evidence]
		j.A, j.B, j.InA, j.InB = c.addrs[s.A], c.addrs[s.B], s.InA, s.InB
		out = append(out, j)
	}
	return out
}

// groups returns the joins as groups of addresses that one transaction joins by one rule.
func (c *Clusters) groups() (groups []Group) {
	spends := map[chains.TxID]int{} // where the co-spend of a transaction is
	for i := range c.joins {
		j := &c.joins[i]
		b := Member{ID: c.ids[j.B], In: j.InB}
		if at, ok := spends[j.Tx]; ok && j.Rule == JoinCospend {
			groups[at].Members = append(groups[at].Members, b)
			continue
		}
		if j.Rule == JoinCospend {
			spends[j.Tx] = len(groups)
		}
		groups = append(groups, Group{Members: []Member{{ID: c.ids[j.A], In: j.InA}, b}, Evidence: i})
	}
	return groups
}
