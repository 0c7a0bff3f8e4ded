package chart

import (
	"cmp"
	"errors"
	"slices"

	"clew/chains"
)

// layout places a Sankey as d3-sankey does (M. Bostock, github.com/d3/d3-sankey, after the flow diagrams
// of M. H. Sankey, 1898): bars stand in columns by the longest way to them, ends in the last; then each
// is moved again and again towards the middle of those that it is linked to, and bars of a column that
// meet are pushed apart. Other than there, all is done in whole numbers, bands keep a place of their own
// in every column that they cross, and the words of a bar have room.
type layout struct {
	s      *Sankey
	c      *canvas
	pitch  int
	depth  []int   // column of each node
	column [][]int // boxes from top to bottom, by column
	boxes  []placed
	segs   []segment
}

// placed is a bar, or the room of a band that crosses a column (node −1).
type placed struct {
	node, column int
	text         []word
	high         int // of the bar
	slot         int // of bar and words
	y            int // of the slot, in 256ths of a pixel while bars are moved, then in pixels
	bar, words   int // tops, in pixels
	enter, leave []int
}

type word struct {
	s    string
	bold bool
}

// segment is a link between two columns that stand side by side.
type segment struct {
	link, from, to int
	high           int
	leaves, enters int // below the top of the bar
}

func (l *layout) x(column int) int { return margin + sourceWide + column*l.pitch }

// columns puts every node behind all that lead to it.
func (l *layout) columns() error {
	n := len(l.s.Nodes)
	l.depth = make([]int, n)
	for round := 0; ; round++ {
		if round > n {
			return errors.New("chart: a way of the Sankey leads back to where it was")
		}
		moved := false
		for _, e := range l.s.Links {
			if d := l.depth[e.From] + 1; l.depth[e.To] < d {
				l.depth[e.To], moved = d, true
			}
		}
		if !moved {
			break
		}
	}
	last := 0
	for i := range l.depth {
		last = max(last, l.depth[i])
	}
	for i := range l.depth {
		if l.s.Nodes[i].Kind == End {
			l.depth[i] = last
		}
	}
	if n > 0 {
		l.column = make([][]int, last+1)
	}
	return nil
}

// place finds where everything stands.
func (l *layout) place() {
	l.build()
	high := 0
	for _, col := range l.column {
		sum := -columnGap
		for _, i := range col {
			sum += l.boxes[i].slot + columnGap
		}
		high = max(high, sum)
	}
	for _, col := range l.column {
		y := 0
		for _, i := range col {
			l.boxes[i].y = y * fine
			y += l.boxes[i].slot + columnGap
		}
	}
	l.relax(high * fine)
	top := l.c.y + 6
	for _, col := range l.column {
		y := 0
		for _, i := range col { // rounding may have let two meet
			b := &l.boxes[i]
			b.y = max(y, b.y/fine)
			y = b.y + b.slot + columnGap
			high = max(high, b.y+b.slot)
			l.within(b, top)
		}
	}
	l.ports()
	l.c.y = top + high
}

// within places bar and words in the slot of b.
func (l *layout) within(b *placed, top int) {
	wordsHigh := len(b.text) * leading
	b.bar, b.words = top+b.y, top+b.y
	if b.node < 0 {
		return
	}
	if k := l.s.Nodes[b.node].Kind; k == Trunk || k == Joint {
		b.bar += wordsHigh + 4
		return
	}
	b.bar += (b.slot - b.high) / 2
	b.words += (b.slot - wordsHigh) / 2
}

// build makes the boxes and segments of all columns.
func (l *layout) build() {
	scale := l.scale()
	for i := range l.s.Nodes {
		l.boxes = append(l.boxes, placed{node: i, column: l.depth[i]})
		l.column[l.depth[i]] = append(l.column[l.depth[i]], i)
	}
	for k := range l.s.Links {
		e := &l.s.Links[k]
		high, from := part(e.Amount, scale[e.Unit].total, scale[e.Unit].high), e.From
		for d := l.depth[e.From] + 1; d <= l.depth[e.To]; d++ {
			to := e.To
			if d < l.depth[e.To] {
				to = len(l.boxes)
				l.boxes = append(l.boxes, placed{node: -1, column: d, high: high, slot: high})
				l.column[d] = append(l.column[d], to)
			}
			l.boxes[from].leave = append(l.boxes[from].leave, len(l.segs))
			l.boxes[to].enter = append(l.boxes[to].enter, len(l.segs))
			l.segs = append(l.segs, segment{link: k, from: from, to: to, high: high})
			from = to
		}
	}
	for i := range l.boxes {
		if b := &l.boxes[i]; b.node >= 0 {
			l.measure(b)
		}
	}
}

// measure finds how high a bar is and what room its words take.
func (l *layout) measure(b *placed) {
	n := &l.s.Nodes[b.node]
	b.high = max(1, l.sum(b.enter), l.sum(b.leave))
	wide := map[Kind]int{Source: sourceWide - 10, Trunk: l.pitch - 16, Joint: l.pitch - 16, End: endWide - 10}[n.Kind]
	for i, line := range n.Lines {
		for _, s := range l.c.wrap(line, wide, sizeSmall, i == 0) {
			b.text = append(b.text, word{s, i == 0})
		}
	}
	words := len(b.text) * leading
	if b.slot = max(b.high, words); n.Kind == Trunk || n.Kind == Joint {
		b.slot = b.high + words + 4
	}
}

func (l *layout) sum(segs []int) int {
	sum := 0
	for _, k := range segs {
		sum += l.segs[k].high
	}
	return sum
}

// scaled is how much of a unit there is at most in one place, and how high that is drawn.
type scaled struct {
	total chains.Amount
	high  int
}

func (l *layout) scale() []scaled {
	out := make([]scaled, len(l.s.Units))
	links := make([]int, len(out))
	for i := range l.s.Nodes {
		in, from := make([]chains.Amount, len(out)), make([]chains.Amount, len(out))
		for k := range l.s.Links {
			e := &l.s.Links[k]
			if e.To == i {
				in[e.Unit] = plus(in[e.Unit], e.Amount)
				links[e.Unit]++
			}
			if e.From == i {
				from[e.Unit] = plus(from[e.Unit], e.Amount)
			}
		}
		for u := range out {
			out[u].total = chains.Max(out[u].total, chains.Max(in[u], from[u]))
		}
	}
	for u := range out {
		out[u].high = min(max(leastBand, links[u]*bandOfLink), mostBand)
	}
	return out
}

const (
	fine   = 256 // parts of a pixel in which bars are moved
	rounds = 48
)

// relax moves bars towards those that they are linked to, less from round to round.
func (l *layout) relax(high int) {
	alpha := 1000 // thousandths
	for range rounds {
		for c := len(l.column) - 2; c >= 0; c-- {
			l.pull(c, alpha, false)
			l.apart(l.column[c], high)
		}
		for c := 1; c < len(l.column); c++ {
			l.pull(c, alpha, true)
			l.apart(l.column[c], high)
		}
		alpha = alpha * 96 / 100
	}
}

// pull moves the boxes of a column towards the middle of their links, to the left or to the right, and
// orders the column anew.
func (l *layout) pull(c, alpha int, left bool) {
	for _, i := range l.column[c] {
		b := &l.boxes[i]
		links := b.leave
		if left {
			links = b.enter
		}
		sum, weight := 0, 0
		for _, k := range links {
			e := &l.segs[k]
			other := e.to
			if left {
				other = e.from
			}
			sum += l.middle(&l.boxes[other]) * e.high
			weight += e.high
		}
		if weight > 0 {
			b.y += (sum/weight - l.middle(b)) * alpha / 1000
		}
	}
	slices.SortStableFunc(l.column[c], func(i, k int) int { return cmp.Compare(l.middle(&l.boxes[i]), l.middle(&l.boxes[k])) })
}

func (l *layout) middle(b *placed) int { return b.y + b.slot*fine/2 }

// apart pushes the boxes of a column apart, from its middle, and into the drawing.
func (l *layout) apart(col []int, high int) {
	if len(col) == 0 {
		return
	}
	down := func(from, y int) {
		for _, i := range col[from:] {
			b := &l.boxes[i]
			b.y = max(b.y, y)
			y = b.y + (b.slot+columnGap)*fine
		}
	}
	up := func(to, y int) {
		for k := to; k >= 0; k-- {
			b := &l.boxes[col[k]]
			b.y = min(b.y, y-b.slot*fine)
			y = b.y - columnGap*fine
		}
	}
	mid := len(col) / 2
	up(mid-1, l.boxes[col[mid]].y-columnGap*fine)
	down(mid, l.boxes[col[mid]].y)
	up(len(col)-1, high)
	down(0, 0)
}

// ports stacks the bands at every bar by where they lead.
func (l *layout) ports() {
	for i := range l.boxes {
		b := &l.boxes[i]
		at := func(k int, other func(*segment) int) int {
			return l.boxes[other(&l.segs[k])].bar*2 + l.boxes[other(&l.segs[k])].high
		}
		to, from := func(e *segment) int { return e.to }, func(e *segment) int { return e.from }
		slices.SortStableFunc(b.leave, func(p, q int) int { return cmp.Compare(at(p, to), at(q, to)) })
		slices.SortStableFunc(b.enter, func(p, q int) int { return cmp.Compare(at(p, from), at(q, from)) })
		y := 0
		for _, k := range b.leave {
			l.segs[k].leaves = y
			y += l.segs[k].high
		}
		y = 0
		for _, k := range b.enter {
			l.segs[k].enters = y
			y += l.segs[k].high
		}
	}
}
