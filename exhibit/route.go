package exhibit

import (
	"cmp"
	"math"
	"slices"
)

const (
	// lineRoom is how far lines that run beside each other stay apart, and how far they stay
	// from a box, where there is room; in pixels.
	lineRoom = 8
	// beyond is how far above and below everything else a line may run.
	beyond = 10
)

// longLine is a line over at least one column.
type longLine struct {
	edge, from, to int   // index of the edge; its columns
	y              []int // where it crosses the columns between them
	target         int   // y of its end
}

// aim is the y at which l would cross the column on a straight way from where it is.
func (l *longLine) aim(start, column int) int {
	at := start
	if len(l.y) > 0 {
		at = l.y[len(l.y)-1]
	}
	return at + (l.target-at)/(l.to-column+1)
}

// passage is where lines cross a column between two boxes that stand above each other: from
// the first y to the last.
type passage struct{ first, last, lines int }

// room is how many lines pass without standing too close.
func (g *passage) room() int { return (g.last-g.first)/lineRoom + 1 }

// route draws all lines of p itself: from column to column in one curve through the gap
// between them, and straight through a column, between its boxes, as near as possible to
// the straight way. So the engine need not search for curves, which takes it more time than
// the places do. It reports false, and draws nothing, where a line runs backward or in an
// angle to the columns.
func (r *layoutRequest) route(p *placement) bool {
	cols := r.columns(p)
	at := map[int]int{}
	for i, c := range cols {
		at[c.center] = i
	}
	lines := make([]longLine, len(r.edges))
	for i, e := range r.edges {
		a, b := p.center[e.from], p.center[e.to]
		lines[i] = longLine{edge: i, from: at[a.X], to: at[b.X], target: b.Y}
		if at[b.X] <= at[a.X] || e.fromPort != "" || e.toPort != "" {
			return false
		}
	}
	passages := r.passages(p, at, len(cols))
	for k := range cols {
		r.cross(p, lines, k, passages[k])
	}
	width := map[string]int{}
	for _, n := range r.nodes {
		width[n.name] = n.w
	}
	for i, e := range r.edges {
		a, b, l := p.center[e.from], p.center[e.to], &lines[i]
		here := Point{a.X + width[e.from]/2, a.Y}
		line := []Point{here}
		for k := l.from; k < l.to; k++ {
			out, in := Point{cols[k].right, here.Y}, Point{cols[k+1].left, b.Y}
			end := Point{b.X - width[e.to]/2, b.Y}
			if k+1 < l.to {
				in.Y = l.y[k-l.from]
				end = Point{cols[k+1].right, in.Y}
			}
			mid := (out.X + in.X) / 2
			line = append(append(line, straight(here, out)...), Point{mid, out.Y}, Point{mid, in.Y}, in)
			line = append(line, straight(in, end)...)
			here = end
		}
		p.lines = append(p.lines, line)
	}
	return true
}

// passages lists, for each column, where lines may pass, from top to bottom.
func (r *layoutRequest) passages(p *placement, at map[int]int, columns int) [][]passage {
	boxes := make([][]layoutNode, columns)
	for _, n := range r.nodes {
		k := at[p.center[n.name].X]
		boxes[k] = append(boxes[k], n)
	}
	out := make([][]passage, columns)
	for k, list := range boxes {
		slices.SortFunc(list, func(a, b layoutNode) int { return p.center[a.name].Y - p.center[b.name].Y })
		top := -beyond
		for _, n := range list {
			y := p.center[n.name].Y
			if bottom := y - n.h/2 - lineRoom; bottom >= top {
				out[k] = append(out[k], passage{first: top, last: bottom})
			}
			top = y + n.h/2 + lineRoom
		}
		out[k] = append(out[k], passage{first: top, last: max(top, p.h+beyond)})
	}
	return out
}

// cross leads all lines that pass column k through its passages: each through the nearest
// that has room, and side by side there in the order in which they come.
func (r *layoutRequest) cross(p *placement, lines []longLine, k int, passages []passage) {
	type passer struct{ line, aim, through int }
	var all []passer
	for i := range lines {
		if l := &lines[i]; l.from < k && k < l.to {
			all = append(all, passer{line: i, aim: l.aim(p.center[r.edges[i].from].Y, k)})
		}
	}
	slices.SortStableFunc(all, func(a, b passer) int { return cmp.Or(a.aim-b.aim, lines[a.line].target-lines[b.line].target) })
	for i := range all {
		best, least := 0, math.MaxInt
		for g := range passages {
			s := &passages[g]
			away := max(s.first-all[i].aim, all[i].aim-s.last, 0)
			if s.lines >= s.room() {
				away += 1000 // a crowd only where there is no other way
			}
			if away < least {
				best, least = g, away
			}
		}
		passages[best].lines++
		all[i].through = best
	}
	slices.SortStableFunc(all, func(a, b passer) int { return a.through - b.through })
	for i := 0; i < len(all); {
		s := &passages[all[i].through]
		step := lineRoom
		if s.lines > s.room() {
			step = (s.last - s.first) / s.lines
		}
		y := s.first
		for n := s.lines; n > 0; n-- { // room for those still to come stays below
			y = max(y, min(all[i].aim, s.last-(n-1)*step))
			lines[all[i].line].y = append(lines[all[i].line].y, y)
			y += step
			i++
		}
	}
}
