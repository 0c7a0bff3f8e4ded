package exhibit

import (
	"math"
	"slices"

	"clew/exhibit/scene"
)

const (
	// lineRoom is how far lines that run beside each other stay apart, and how far they stay
	// from a box, where there is room; in pixels.
	lineRoom = 8
	// beyond is how far above and below everything else a line may run.
	beyond = 10
	// detour is how far a line may go up and down beyond what it must so that it stays at
	// one height; in pixels.
	detour = 200
)

// longLine is a line over at least one column.
type longLine struct {
	from, to      int   // its columns
	start, target int   // y of its ends
	y             []int // where it crosses the columns between them
}

// passage is where lines cross a column between two boxes that stand above each other: from
// the first y to the last.
type passage struct{ first, last int }

// route draws all lines of p itself: from column to column in one curve through the gap
// between them, and straight through columns, between their boxes. The engine left room
// there for each line over several columns, so most find one height for all of them. So the
// engine need not search for curves, which takes it more time than
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
		lines[i] = longLine{from: at[a.X], to: at[b.X], start: a.Y, target: b.Y}
		if at[b.X] <= at[a.X] || e.fromPort != "" || e.toPort != "" {
			return false
		}
	}
	lead(lines, r.passages(p, at, len(cols)))
	width := map[string]int{}
	for _, n := range r.nodes {
		width[n.name] = n.w
	}
	for i, e := range r.edges {
		a, b, l := p.center[e.from], p.center[e.to], &lines[i]
		here := scene.Point{X: a.X + width[e.from]/2, Y: a.Y}
		line := []scene.Point{here}
		for k := l.from; k < l.to; k++ {
			out, in := scene.Point{X: cols[k].right, Y: here.Y}, scene.Point{X: cols[k+1].left, Y: b.Y}
			end := scene.Point{X: b.X - width[e.to]/2, Y: b.Y}
			if k+1 < l.to {
				in.Y = l.y[k-l.from]
				end = scene.Point{X: cols[k+1].right, Y: in.Y}
			}
			mid := (out.X + in.X) / 2
			line = append(append(line, straight(here, out)...), scene.Point{X: mid, Y: out.Y}, scene.Point{X: mid, Y: in.Y}, in)
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

// lead finds the way of each line over columns, the longest first: at one height if it need
// not go far out of its way for that, else from column to column.
func lead(lines []longLine, passages [][]passage) {
	var order []int
	for i := range lines {
		if lines[i].to > lines[i].from+1 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return (lines[b].to - lines[b].from) - (lines[a].to - lines[a].from)
	})
	taken := make([][]int, len(passages))
	for _, i := range order {
		l := &lines[i]
		between := passages[l.from+1 : l.to]
		free := between[0]
		for _, next := range between[1:] {
			free = common(free, next)
		}
		if y, cost := height(free, taken[l.from+1:l.to], l.start, l.target); cost <= max(l.target-l.start, l.start-l.target)+detour {
			for range between {
				l.y = append(l.y, y)
			}
		} else {
			at := l.start
			for k := range between {
				at, _ = height(between[k], taken[l.from+1+k:l.from+2+k], at, l.target)
				l.y = append(l.y, at)
			}
		}
		for k, y := range l.y {
			taken[l.from+1+k] = append(taken[l.from+1+k], y)
		}
	}
}

// common returns where both lists of passages are open, which are in order.
func common(a, b []passage) []passage {
	var out []passage
	for len(a) > 0 && len(b) > 0 {
		if p := (passage{max(a[0].first, b[0].first), min(a[0].last, b[0].last)}); p.first <= p.last {
			out = append(out, p)
		}
		if a[0].last < b[0].last {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}

// height chooses where a line from start to target runs within the passages, beside those
// that are taken, and says how far that is up and down, with a bend for each change. Where
// all is taken it runs as near as it can, and its cost is beyond any limit.
func height(free []passage, taken [][]int, start, target int) (y, cost int) {
	const bend, crowd = 16, 1 << 20
	cost = math.MaxInt
	try := func(at int) {
		c := max(at-start, start-at) + max(at-target, target-at)
		if at != start {
			c += bend
		}
		if at != target {
			c += bend
		}
		for _, column := range taken {
			if slices.ContainsFunc(column, func(t int) bool { return t-lineRoom < at && at < t+lineRoom }) {
				c += crowd
			}
		}
		if c < cost {
			y, cost = at, c
		}
	}
	for _, p := range free {
		try(min(max(start, p.first), p.last))
		try(min(max(target, p.first), p.last))
		for _, column := range taken {
			for _, t := range column {
				for _, at := range []int{t - lineRoom, t + lineRoom} {
					if p.first <= at && at <= p.last {
						try(at)
					}
				}
			}
		}
	}
	return y, cost
}
