package exhibit

import (
	"slices"

	"clew/exhibit/scene"
)

// column is what stands above each other: dot gives all of it the same centre.
type column struct{ center, left, right int }

// columns returns the columns of p from left to right.
func (r *layoutRequest) columns(p *placement) []column {
	var cols []column
	for _, n := range r.nodes {
		x := p.center[n.name].X
		c := column{x, x - n.w/2, x + n.w/2}
		i, ok := slices.BinarySearchFunc(cols, x, func(c column, x int) int { return c.center - x })
		if !ok {
			cols = slices.Insert(cols, i, c)
			continue
		}
		cols[i].left, cols[i].right = min(cols[i].left, c.left), max(cols[i].right, c.right)
	}
	return cols
}

// smooth draws a line between neighbouring columns anew: straight to the edge of its
// column, one curve through the gap, where nothing stands, and straight on. Lines that
// leave one box then fan out instead of winding round each other. Lines over several
// columns stay as dot led them, round what stands between.
func (r *layoutRequest) smooth(p *placement) {
	cols := r.columns(p)
	at := map[int]int{}
	for i, c := range cols {
		at[c.center] = i
	}
	width := map[string]int{}
	for _, n := range r.nodes {
		width[n.name] = n.w
	}
	for i, e := range r.edges {
		a, b := p.center[e.from], p.center[e.to]
		if e.fromPort != "" || e.toPort != "" || at[b.X] != at[a.X]+1 {
			continue
		}
		from, to := scene.Point{X: a.X + width[e.from]/2, Y: a.Y}, scene.Point{X: b.X - width[e.to]/2, Y: b.Y}
		out, in := scene.Point{X: cols[at[a.X]].right, Y: a.Y}, scene.Point{X: cols[at[b.X]].left, Y: b.Y}
		if in.X <= out.X {
			continue
		}
		mid := (out.X + in.X) / 2
		line := append([]scene.Point{from}, straight(from, out)...)
		line = append(line, scene.Point{X: mid, Y: out.Y}, scene.Point{X: mid, Y: in.Y}, in)
		p.lines[i] = append(line, straight(in, to)...)
	}
}
