package exhibit

import (
	"container/heap"
	"sort"

	"clew/chains"
)

const (
	// foldedRun is the number of addresses in a row from which a run is drawn as one box.
	foldedRun = 4
	// siblings is how many places with the same origin and the same destination are drawn
	// one by one, largest first; the others go into one box. A fold that is opened shows
	// more of them.
	siblings, siblingsInside = 6, 24
	// leastFold is the number of boxes from which a fold saves more than it hides.
	leastFold = 3
	// maxColumns is how many boxes in a row are drawn; what lies beyond is folded, since a
	// diagram much wider than that is a ribbon that nobody can read. On chains of accounts joints
	// stand between the places, and the long diagram of at most fewSpots runs down the page.
	maxColumns, maxAccountColumns, fewSpots = 10, 14, 100
	// farEnds is how many of the places where most value ends are drawn, beside the telling
	// ones, although they lie beyond what is drawn in full, and farShare the least that
	// they receive, in billionths of the largest place.
	farEnds  = 8
	farShare = 5_000_000
	// tellingEnds is how many gaps, services and the like are drawn before anything else,
	// the largest first.
	tellingEnds = 16
	first       = 1 << 40 // added to a weight: before all others
)

// partition says which box each spot belongs to.
type partition struct {
	box   []int // by spot
	boxes []part
}

// part is one box in the making.
type part struct {
	kind     BoxKind
	spots    []int
	run      int // number of the run; 0: none
	payments int
}

// fold groups the spots into at most about limit boxes: runs first, then, from the seeds
// on, the places with the most traced value are opened one after another, and whatever can
// only be reached through the same place and stays closed is one box beside it. Value
// cannot be lost: a box is a set of spots, and everything between them stays inside.
// alike is how many places with the same origin and destination are opened.
func (f *flow) fold(runs []Run, limit, alike int) (*partition, error) {
	base, err := f.runPartition(runs)
	if err != nil {
		return nil, err
	}
	g := f.contract(base)
	g.dominators()
	opened := g.open(limit, alike)
	g.openEnds(opened)
	g.openSmall(opened)
	for b := range base.boxes {
		opened[b] = opened[b] || base.boxes[b].kind.outside()
	}
	return base.merge(g, opened), nil
}

// outside reports whether the box stands for something beyond the frame of an opened fold.
func (k BoxKind) outside() bool { return k == BoxFrom || k == BoxTo }

// runPartition puts each folded run into one box and every other spot into its own.
func (f *flow) runPartition(runs []Run) (*partition, error) {
	folds, err := f.runFolds(runs, foldedRun)
	if err != nil {
		return nil, err
	}
	p := &partition{box: make([]int, len(f.spots))}
	for i := range p.box {
		p.box[i] = -1
	}
	heads := map[int]*runFold{}
	for i := range folds {
		first := folds[i].spots[0]
		for _, s := range folds[i].spots {
			first = min(first, s)
			p.box[s] = -2
		}
		heads[first] = &folds[i]
	}
	for s := range f.spots {
		if c := heads[s]; c != nil {
			for _, m := range c.spots {
				p.box[m] = len(p.boxes)
			}
			sort.Ints(c.spots)
			p.boxes = append(p.boxes, part{kind: BoxRun, spots: c.spots, run: c.run + 1, payments: c.payments})
		} else if p.box[s] == -1 {
			p.box[s] = len(p.boxes)
			p.boxes = append(p.boxes, part{kind: kindOf(f.spots[s].kind), spots: []int{s}})
		}
	}
	return p, nil
}

func kindOf(k spotKind) BoxKind {
	switch k {
	case spotSeed:
		return BoxSeed
	case spotJunction:
		return BoxJunction
	case spotJoint:
		return BoxJoint
	case spotFrom:
		return BoxFrom
	case spotTo:
		return BoxTo
	}
	return BoxPlace
}

// digraph is the flow between the boxes of a partition. Its last vertex is a root from
// which every seed is reached.
type digraph struct {
	flow   *flow
	p      *partition
	succ   [][]int
	pred   [][]int
	weight []uint64 // traced value that enters, in billionths of the largest of its asset
	idom   []int
	order  []int // reverse postorder
	child  [][]int
	size   []int // boxes at and below in the tree of dominators
}

func (g *digraph) root() int { return len(g.p.boxes) }

// contract builds the graph between the boxes of p.
func (f *flow) contract(p *partition) *digraph {
	n := len(p.boxes)
	g := &digraph{flow: f, p: p, succ: make([][]int, n+1), pred: make([][]int, n+1), weight: make([]uint64, n+1)}
	in := make([]Sums, n)
	var most Sums
	seen := map[[2]int]bool{}
	edge := func(a, b int) {
		if a != b && !seen[[2]int{a, b}] {
			seen[[2]int{a, b}] = true
			g.succ[a] = append(g.succ[a], b)
			g.pred[b] = append(g.pred[b], a)
		}
	}
	for b := range p.boxes {
		for _, s := range p.boxes[b].spots {
			if k := f.spots[s].kind; k == spotSeed || k == spotFrom {
				edge(n, b)
				in[b] = in[b].addAll(f.spots[s].seeded)
			}
		}
	}
	for _, m := range f.moves {
		if a, b := p.box[m.from], p.box[m.to]; a != b {
			edge(a, b)
			in[b] = in[b].add(m.unit, m.traced)
		}
	}
	for _, s := range in {
		for _, e := range s {
			if most.of(e.unit()).Less(e.Units) {
				most = most.add(e.unit(), e.Units.Minus(most.of(e.unit())))
			}
		}
	}
	for b, s := range in {
		for _, e := range s {
			if m := most.of(e.unit()); !m.IsZero() {
				q, _ := e.Units.MulDiv(chains.Units(1_000_000_000), m)
				share, _ := q.Uint64()
				g.weight[b] += share
			}
		}
	}
	return g
}

// candidate is a closed box whose place in the tree is already open.
type candidate struct {
	box, depth int
	weight     uint64
}

type candidates []candidate

func (c candidates) Len() int      { return len(c) }
func (c candidates) Swap(i, j int) { c[i], c[j] = c[j], c[i] }
func (c candidates) Less(i, j int) bool {
	if c[i].weight != c[j].weight {
		return c[i].weight > c[j].weight
	}
	return c[i].box < c[j].box
}

// Push is for container/heap.
func (c *candidates) Push(x any) { *c = append(*c, x.(candidate)) }

// Pop is for container/heap.
func (c *candidates) Pop() any {
	old := *c
	x := old[len(old)-1]
	*c = old[:len(old)-1]
	return x
}

// open chooses the boxes that are drawn as they are. Each place that is opened costs one
// box, and one more if something below it stays closed.
func (g *digraph) open(limit, most int) []bool {
	opened := make([]bool, len(g.p.boxes))
	var queue candidates
	alike, all := map[alikeKey]int{}, map[alikeKey]int{}
	for b := range g.p.boxes {
		all[g.alike(b)]++
	}
	push := func(parent, depth int) {
		for _, b := range g.child[parent] {
			heap.Push(&queue, candidate{b, depth, g.weight[b]})
		}
	}
	g.markTelling()
	push(g.root(), 1)
	spent := 1
	for queue.Len() > 0 && spent < limit {
		c := heap.Pop(&queue).(candidate)
		key := g.alike(c.box)
		if c.depth > g.flow.columns() || c.weight < first && alike[key] >= most && all[key] > most+1 {
			continue
		}
		alike[key]++
		opened[c.box] = true
		spent++
		if len(g.child[c.box]) > 0 {
			spent++
			push(c.box, c.depth+1)
		}
	}
	return opened
}

// alikeKey tells places with the same origin and the same destination; next is −1 for
// places that lead nowhere, −2 for those that lead to several.
type alikeKey struct {
	parent, next int
	kind         BoxKind
}

func (g *digraph) alike(b int) alikeKey {
	k := alikeKey{parent: g.idom[b], next: -1, kind: g.p.boxes[b].kind}
	if len(g.succ[b]) == 1 {
		k.next = g.succ[b][0]
	} else if len(g.succ[b]) > 1 {
		k.next = -2 - b // never alike
	}
	return k
}

// markTelling raises the weight of the largest places where value ends for a telling
// reason.
func (g *digraph) markTelling() {
	var ends []candidate
	for b := range g.p.boxes {
		if spots := g.p.boxes[b].spots; len(spots) == 1 && len(g.succ[b]) == 0 && g.flow.telling(spots[0]) {
			ends = append(ends, candidate{box: b, weight: g.weight[b]})
		}
	}
	sort.Sort(candidates(ends))
	for _, c := range ends[:min(tellingEnds, len(ends))] {
		g.weight[c.box] += first
	}
}

// openEnds opens places deep in closed branches where the most value ends, gaps, services
// and the like first: where value is now matters more than how it wandered.
func (g *digraph) openEnds(opened []bool) {
	var ends []candidate
	for b := range g.p.boxes {
		if opened[b] || g.idom[b] == g.root() || opened[g.idom[b]] || len(g.succ[b]) > 0 || g.p.boxes[b].kind != BoxPlace {
			continue
		}
		if g.weight[b] >= farShare {
			ends = append(ends, candidate{box: b, weight: g.weight[b]})
		}
	}
	sort.Sort(candidates(ends))
	plain := 0
	for _, c := range ends {
		if c.weight < first {
			plain++
		}
		if plain > farEnds {
			break
		}
		opened[c.box] = true
	}
}
