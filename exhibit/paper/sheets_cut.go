package paper

import (
	"cmp"
	"slices"

	"clew/exhibit/scene"
)

// The cutter thinks along the flow (u) and across it (v): x and y of a drawing from left to right, y
// and x of one from top to bottom. A band is a strip between two cuts across the flow; rows divide
// it; a row of a band is a sheet.

const (
	// sideRoom and endRoom are kept for the letters at the left and right, and at the top and bottom,
	// of a sheet. In pixels of the drawing.
	sideRoom, endRoom = 112, 52
	// slack is how far arrows may run above and below all boxes of a band and still be on its sheets.
	slack = 40
	// apart is how far a cut stays from a box or a label, where there is room.
	apart = 6
)

// item is what must not be cut: a box, a label or a stub.
type item struct {
	group          int
	u0, u1, v0, v1 int
	label          bool
}

// rank is a stretch along the flow that items fill and no cut may cross.
type rank struct {
	u0, u1 int
	items  []item // by v
	labels bool   // there are labels alone
}

// band is a stretch between two cuts across the flow.
type band struct {
	u0, u1 int
	ranks  []rank
	edges  []int    // between ranks: the u from which on a cut belongs to the next rank
	cuts   [][]int  // by row but the last, by rank: the v at which the row ends
	spans  [][2]int // by row: from where to where its items reach across the flow
	first  int      // index of its first sheet
}

// cutter cuts one drawing.
type cutter struct {
	sc            *scene.Scene
	room          Area
	all           scene.Rect // that boxes and arrows fill
	along, across int        // room for items on a sheet
	items         []item
	lines         []line
	bands         []band
	regions       []region
	sheetOf       []int // the number of each region's sheet
	sheets        []Sheet
}

// region is what of the drawing stands on one sheet.
type region struct {
	band, row      int
	items          []item
	u0, u1, v0, v1 int // what it shows; arrows included
	pieces         []piece
	ends           []end
}

// newCutter keeps percent of the usual room for letters.
func newCutter(sc *scene.Scene, room Area, percent int) *cutter {
	c := &cutter{sc: sc, room: room}
	c.all, c.lines = whole(sc), c.arrowLines()
	w, h := room.W-2*edge, room.H-2*edge
	if c.all.W > w || c.all.H > h { // more than one sheet, with letters
		w, h = w-2*sideRoom*percent/100, h-2*endRoom*percent/100
	}
	c.along, c.across = w, h
	if sc.Down {
		c.along, c.across = h, w
	}
	for i := range sc.Groups {
		g := &sc.Groups[i]
		switch g.Kind {
		case scene.GroupBox, scene.GroupLabel, scene.GroupOther, scene.GroupCluster:
			b := bounds(g)
			if g.Kind == scene.GroupCluster { // its words stay with the box below them, the frame may be cut
				b = g.Frame
				b.H += apart
			}
			it := item{group: i, u0: b.X, u1: b.X + b.W, v0: b.Y, v1: b.Y + b.H, label: g.Kind != scene.GroupBox}
			if sc.Down {
				it.u0, it.u1, it.v0, it.v1 = it.v0, it.v1, it.u0, it.u1
			}
			c.items = append(c.items, it)
		}
	}
	return c
}

// bounds is the rectangle that a group fills.
func bounds(g *scene.Group) scene.Rect {
	x0, y0, x1, y1 := g.Frame.X, g.Frame.Y, g.Frame.X+g.Frame.W, g.Frame.Y+g.Frame.H
	add := func(ax, ay, bx, by int) { x0, y0, x1, y1 = min(x0, ax), min(y0, ay), max(x1, bx), max(y1, by) }
	for _, r := range g.Rects {
		add(r.X, r.Y, r.X+r.W, r.Y+r.H)
	}
	for _, p := range g.Paths {
		for _, q := range p.Points {
			add(q.X, q.Y, q.X, q.Y)
		}
	}
	return scene.Rect{X: x0, Y: y0, W: x1 - x0, H: y1 - y0}
}

// uv turns a point of the drawing into flow coordinates, and back.
func (c *cutter) uv(p scene.Point) scene.Point {
	if c.sc.Down {
		return scene.Point{X: p.Y, Y: p.X}
	}
	return p
}

// cut divides the drawing into bands and these into rows.
func (c *cutter) cut() {
	ranks := c.ranks()
	at := c.places(ranks)
	breaks := c.breaks(ranks, at)
	c.bands, c.regions = nil, nil
	for k := range len(breaks) - 1 {
		from, to := breaks[k], breaks[k+1]
		b := band{u0: at[from], u1: at[to], ranks: ranks[from:to], first: len(c.regions)}
		for r := 1; r < len(b.ranks); r++ {
			b.edges = append(b.edges, (b.ranks[r-1].u1+b.ranks[r].u0)/2)
		}
		c.divide(&b)
		for row := range len(b.cuts) + 1 {
			c.regions = append(c.regions, region{band: k, row: row})
		}
		c.bands = append(c.bands, b)
	}
	for _, it := range c.items {
		r := c.regionAt(scene.Point{X: (it.u0 + it.u1) / 2, Y: (it.v0 + it.v1) / 2})
		c.regions[r].add(it)
	}
}

// add puts an item into the region.
func (r *region) add(it item) {
	if len(r.items) == 0 {
		r.u0, r.u1, r.v0, r.v1 = it.u0, it.u1, it.v0, it.v1
	}
	r.items = append(r.items, it)
	r.u0, r.u1, r.v0, r.v1 = min(r.u0, it.u0), max(r.u1, it.u1), min(r.v0, it.v0), max(r.v1, it.v1)
}

// ranks gathers items whose stretches along the flow meet.
func (c *cutter) ranks() []rank {
	items := slices.Clone(c.items)
	slices.SortStableFunc(items, func(a, b item) int { return cmp.Compare(a.u0, b.u0) })
	var out []rank
	for _, it := range items {
		if n := len(out); n == 0 || it.u0 > out[n-1].u1 {
			out = append(out, rank{u0: it.u0, u1: it.u1, labels: true})
		}
		r := &out[len(out)-1]
		r.u1, r.labels = max(r.u1, it.u1), r.labels && it.label
		r.items = append(r.items, it)
	}
	for i := range out {
		slices.SortStableFunc(out[i].items, func(a, b item) int { return cmp.Compare(a.v0, b.v0) })
	}
	return out
}

// places returns where a cut before each rank would run, and the ends of the drawing. Beside labels arrows
// run straight and apart from each other, so cuts are made there.
func (c *cutter) places(ranks []rank) []int {
	at := []int{ranks[0].u0 - slack}
	for k := 1; k < len(ranks); k++ {
		a, b := &ranks[k-1], &ranks[k]
		gap := min(apart, (b.u0-a.u1)/2)
		switch {
		case a.labels && !b.labels:
			at = append(at, a.u1+gap)
		case b.labels && !a.labels:
			at = append(at, b.u0-gap)
		default:
			at = append(at, (a.u1+b.u0)/2)
		}
	}
	return append(at, ranks[len(ranks)-1].u1+slack)
}

// breaks chooses before which ranks cuts are made, and returns them with the ends: the bands are no longer
// than a sheet, few, and few arrows are cut, where they run straight.
func (c *cutter) breaks(ranks []rank, at []int) []int {
	const perBand = 20_000
	n := len(ranks)
	cost, from := make([]int, n+1), make([]int, n+1)
	lines := c.lines
	for to := 1; to <= n; to++ {
		cost[to] = -1
		for k := to - 1; k >= 0; k-- {
			if at[to]-at[k] > c.along && k < to-1 {
				break
			}
			if total := cost[k] + perBand; cost[to] < 0 || total < cost[to] {
				cost[to], from[to] = total, k
			}
		}
		if to < n {
			cost[to] += cutCost(lines, at[to], ranks[to-1].labels)
		}
	}
	breaks := []int{n}
	for k := n; k > 0; {
		k = from[k]
		breaks = append(breaks, k)
	}
	slices.Reverse(breaks)
	return breaks
}

// cutCost is what a cut at u costs: each arrow that it crosses, and how far these run up and down behind
// it, or before it where the cut is made before labels. There is paper to be found for that.
func cutCost(lines []line, u int, behind bool) int {
	const perArrow = 300
	cost := 0
	for _, l := range lines {
		first, last := l.points[0], l.points[len(l.points)-1]
		if first.X > last.X {
			first, last = last, first
		}
		if first.X >= u || last.X <= u {
			continue
		}
		end := first
		if behind {
			end = last
		}
		v := l.height(u)
		cost += perArrow + max(v-end.Y, end.Y-v)
	}
	return cost
}

// divide cuts a band into rows that are no higher than a sheet.
func (c *cutter) divide(b *band) {
	const nowhere = 1 << 40
	starts, never := make([]int, len(b.ranks)), make([]int, len(b.ranks))
	for i := range starts {
		starts[i], never[i] = -nowhere, nowhere
	}
	lines := c.crossed(b)
	for {
		left, _ := b.span(starts, never)
		if left[1]-left[0] <= c.across {
			b.spans = append(b.spans, left)
			return
		}
		rows := (left[1] - left[0] + c.across - 1) / c.across
		cuts := b.bestCut(lines, starts, left[0], (left[1]-left[0])/rows, c.across)
		row, found := b.span(starts, cuts)
		rest, more := b.span(cuts, never)
		if !found || !more || rest[0] <= left[0] { // an item alone is higher than a sheet
			b.spans = append(b.spans, left)
			return
		}
		b.cuts, b.spans, starts = append(b.cuts, cuts), append(b.spans, row), cuts
	}
}

// span is how far the items that begin between two cuts reach; false: there are none.
func (b *band) span(from, to []int) (span [2]int, found bool) {
	for i, r := range b.ranks {
		for _, it := range r.items {
			if it.v0 < from[i] || it.v0 >= to[i] {
				continue
			}
			if !found {
				span, found = [2]int{it.v0, it.v1}, true
			}
			span[0], span[1] = min(span[0], it.v0), max(span[1], it.v1)
		}
	}
	return span, found
}

// limits are between which v a row's sheet shows arrows.
func (b *band) limits(row int) (v0, v1 int) { return b.spans[row][0] - slack, b.spans[row][1] + slack }

// bestCut tries ends of a row that starts at top: near the wanted height, straight, where few arrows run.
func (b *band) bestCut(lines [][2]int, starts []int, top, want, most int) []int {
	const step, perStep, perArrow = 4, 60, 40
	var best []int
	least := -1
	for v := top + most; v >= top+min(most/2, want*3/4); v -= step {
		cuts, cost := make([]int, len(b.ranks)), max(v-top-want, top+want-v)
		for i := range b.ranks {
			cuts[i] = max(b.ranks[i].gapAt(v), starts[i])
			if cuts[i] != v {
				cost += perStep + v - cuts[i]
			}
		}
		for _, l := range lines {
			if l[0] < v && v < l[1] {
				cost += perArrow
			}
		}
		if least < 0 || cost < least {
			least, best = cost, cuts
		}
	}
	return best
}

// gapAt is the v nearest to the given one, and not below it, at which the rank can be cut.
func (r *rank) gapAt(v int) int {
	for i := len(r.items) - 1; i >= 0; i-- {
		if it := &r.items[i]; it.v0 < v && v < it.v1 {
			gap := apart
			if i > 0 {
				gap = min(gap, max(0, (it.v0-r.items[i-1].v1)/2))
			}
			v = it.v0 - gap
		}
	}
	return v
}

// regionAt is the index of the region in which a point, in flow coordinates, lies; −1 for none: where
// a band is empty.
func (c *cutter) regionAt(p scene.Point) int {
	k := 0
	for k < len(c.bands)-1 && p.X >= c.bands[k].u1 {
		k++
	}
	b := &c.bands[k]
	i, _ := slices.BinarySearch(b.edges, p.X+1)
	row := 0
	for row < len(b.cuts) && p.Y >= b.cuts[row][i] {
		row++
	}
	if v0, v1 := b.limits(row); p.Y < v0 || p.Y > v1 {
		return -1
	}
	return b.first + row
}
