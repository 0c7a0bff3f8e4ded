package heuristics

import "slices"

// Partition parts the numbers 0 … Len()−1 into sets that only grow together. The root of a set is
// its smallest number, so that the sets do not depend on the order of joins, nor do their roots.
// It takes 4 bytes a number. The zero value is empty. One goroutine uses it; Find reads alone.
//
// A find halves the path that it walks. One thread is meant: with two that compare and swap, each
// waits for the other's lines of memory, and both together are slower.
type Partition struct{ parent []uint32 }

// PartitionOf returns the sets in which the root of each number is given, and keeps the slice. False
// where these are no roots: one that is larger than its number, or has another root.
func PartitionOf(roots []uint32) (p Partition, ok bool) {
	for i, root := range roots {
		if int64(root) > int64(i) || roots[root] != root {
			return Partition{}, false
		}
	}
	return Partition{roots}, true
}

// Len returns how many numbers there are.
func (p *Partition) Len() int { return len(p.parent) }

// Grow adds numbers, each a set of its own, until there are n.
func (p *Partition) Grow(n int) {
	p.parent = slices.Grow(p.parent, max(0, n-len(p.parent)))
	for len(p.parent) < n {
		p.parent = append(p.parent, uint32(len(p.parent)))
	}
}

// Root returns the smallest number of the set of a, and shortens the way there.
func (p *Partition) Root(a uint32) uint32 {
	parent := p.parent
	for up := parent[a]; up != a; up = parent[a] {
		over := parent[up]
		parent[a] = over
		a = over
	}
	return a
}

// Find is Root that changes nothing: many goroutines may call it while none joins.
func (p *Partition) Find(a uint32) uint32 {
	for up := p.parent[a]; up != a; up = p.parent[a] {
		a = up
	}
	return a
}

// Join makes one set of those of a and b, and reports whether they were two. It climbs from both at
// once, always where the parent is larger, and hangs what it passes below the other's parent (Rem's
// algorithm): half as many reads as to find both roots first.
func (p *Partition) Join(a, b uint32) bool {
	parent := p.parent
	x, y := parent[a], parent[b]
	for x != y {
		if x < y {
			a, b, x, y = b, a, y, x
		}
		parent[a] = y
		if a == x {
			return true
		}
		a, x = x, parent[x]
	}
	return false
}

// Guarded is a Partition with sets that must never be together. It costs a lookup for each join
// that finds two sets, and memory for each set that something was said of.
type Guarded struct {
	Partition
	apart map[uint32][]uint32 // by root: numbers of the sets that it must not join; may be stale
}

// Never says that the sets of a and b must not be joined. False where they are one already: that
// is the caller's to tell.
func (g *Guarded) Never(a, b uint32) bool {
	ra, rb := g.Root(a), g.Root(b)
	if ra == rb {
		return false
	}
	if g.apart == nil {
		g.apart = map[uint32][]uint32{}
	}
	g.apart[ra] = append(g.apart[ra], rb)
	g.apart[rb] = append(g.apart[rb], ra)
	return true
}

// MayJoin reports whether nothing keeps the sets of a and b apart; true where they are one.
func (g *Guarded) MayJoin(a, b uint32) bool {
	ra, rb := g.Root(a), g.Root(b)
	if len(g.apart[rb]) < len(g.apart[ra]) {
		ra, rb = rb, ra
	}
	for _, other := range g.apart[ra] {
		if g.Root(other) == rb {
			return false
		}
	}
	return true
}

// Join makes one set of those of a and b unless something keeps them apart. refused: it does.
func (g *Guarded) Join(a, b uint32) (joined, refused bool) {
	ra, rb := g.Root(a), g.Root(b)
	if ra == rb {
		return false, false
	}
	if !g.MayJoin(ra, rb) {
		return false, true
	}
	g.Partition.Join(ra, rb)
	if root, gone := min(ra, rb), max(ra, rb); len(g.apart[gone]) > 0 {
		g.apart[root] = append(g.apart[root], g.apart[gone]...)
		delete(g.apart, gone)
	}
	return true, false
}
