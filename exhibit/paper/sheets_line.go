package paper

import (
	"slices"

	"clew/exhibit/scene"
)

// line is one line of an arrow, in flow coordinates: a start and cubic Bézier segments of three points
// each, and points along it, fine to a segment.
type line struct {
	group, path int
	curve       []scene.Point
	points      []scene.Point
}

// fine is into how many steps a segment is divided to find where it crosses a cut.
const fine = 48

// arrowLines lists the lines of all arrows. Straight ones become segments as well.
func (c *cutter) arrowLines() []line {
	var out []line
	for i := range c.sc.Groups {
		g := &c.sc.Groups[i]
		if g.Kind != scene.GroupArrow {
			continue
		}
		for k := range g.Paths {
			if p := &g.Paths[k]; !p.Filled && len(p.Points) > 1 {
				out = append(out, c.line(i, k, p))
			}
		}
	}
	return out
}

func (c *cutter) line(group, path int, p *scene.Path) line {
	l := line{group: group, path: path}
	for n, q := range p.Points {
		if q = c.uv(q); n > 0 && !p.Curve {
			from := l.curve[len(l.curve)-1]
			l.curve = append(l.curve, between(from, q, 1, 3), between(from, q, 2, 3))
		}
		l.curve = append(l.curve, q)
	}
	l.points = append(l.points, l.curve[0])
	for s := 0; s+3 < len(l.curve); s += 3 {
		for n := 1; n <= fine; n++ {
			l.points = append(l.points, blossom(l.curve[s:s+4], n, n, n))
		}
	}
	return l
}

// between is the point n/of of the way from a to b.
func between(a, b scene.Point, n, of int) scene.Point {
	return scene.Point{X: a.X + (b.X-a.X)*n/of, Y: a.Y + (b.Y-a.Y)*n/of}
}

// blossom is the polar form of a segment at three parameters, each in parts of fine: with all three alike it
// is a point of the segment, and its values at (a, a, b) and (a, b, b) lead the part from a to b.
func blossom(p []scene.Point, a, b, c int) scene.Point {
	at := func(v [4]int) int {
		n := 3
		for _, t := range []int{a, b, c} {
			for i := range n {
				v[i] = v[i]*(fine-t) + v[i+1]*t
			}
			n--
		}
		const whole = fine * fine * fine
		return floorDiv(2*v[0]+whole, 2*whole)
	}
	return scene.Point{X: at([4]int{p[0].X, p[1].X, p[2].X, p[3].X}), Y: at([4]int{p[0].Y, p[1].Y, p[2].Y, p[3].Y})}
}

// part is the line from one of its points to another as a start and segments.
func (l *line) part(from, to int) []scene.Point {
	out := []scene.Point{l.points[from]}
	for from < to {
		s := from / fine
		end := min(to, (s+1)*fine)
		a, b, p := from-s*fine, end-s*fine, l.curve[3*s:3*s+4]
		out = append(out, blossom(p, a, a, b), blossom(p, a, b, b), l.points[end])
		from = end
	}
	return out
}

// floorDiv divides and rounds down.
func floorDiv(a, b int) int {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

// height is the v at which the line first crosses u.
func (l *line) height(u int) int {
	for i := 1; i < len(l.points); i++ {
		a, b := l.points[i-1], l.points[i]
		if (a.X <= u) != (b.X <= u) {
			return a.Y + (b.Y-a.Y)*(u-a.X)/(b.X-a.X)
		}
	}
	return l.points[0].Y
}

// crossed lists, for each line that runs in the band, between which heights it does.
func (c *cutter) crossed(b *band) [][2]int {
	var out [][2]int
	for _, l := range c.lines {
		found, span := false, [2]int{}
		for _, p := range l.points {
			if p.X < b.u0 || p.X > b.u1 {
				continue
			}
			if !found {
				found, span = true, [2]int{p.Y, p.Y}
			}
			span[0], span[1] = min(span[0], p.Y), max(span[1], p.Y)
		}
		if found && span[0] < span[1] {
			out = append(out, span)
		}
	}
	return out
}

// piece is a part of a line that stands on one sheet.
type piece struct {
	group, path int
	points      []scene.Point // a start and segments, in flow coordinates
}

// end is where a piece meets a match line.
type end struct {
	letter string
	hops   []int
	out    bool // the arrow leaves the sheet here
	other  int  // region on the other side
	at     scene.Point
	side   side
}

// side is a side of a sheet in flow coordinates.
type side uint8

const (
	sideBack  side = iota // against the flow
	sideAhead             // along it
	sideLow               // smaller v
	sideHigh
)

// stretch is a part of a line within one region, by indexes into its points, both included.
type stretch struct{ region, from, to int }

// stretches divides a line by regions. What runs above or below everything is left out, and so are
// excursions into a neighbour's empty corner that come back.
func (c *cutter) stretches(l *line) []stretch {
	var all []stretch
	for i, p := range l.points {
		r := c.regionAt(p)
		if n := len(all); n > 0 && all[n-1].region == r {
			all[n-1].to = i
			continue
		}
		all = append(all, stretch{r, i, i})
	}
	for {
		i := c.excursion(l, all)
		if i < 0 {
			break
		}
		all[i-1].to = all[i+1].to
		all = slices.Delete(all, i, i+2)
	}
	return slices.DeleteFunc(all, func(s stretch) bool { return s.region < 0 })
}

// excursion finds a stretch between two of one region that can be drawn with them: what lies nowhere, or
// within what that region's sheet shows anyway. −1: there is none.
func (c *cutter) excursion(l *line, all []stretch) int {
	for i := 1; i < len(all)-1; i++ {
		r := all[i-1].region
		if r < 0 || all[i+1].region != r {
			continue
		}
		if all[i].region < 0 {
			return i
		}
		g, inside := &c.regions[r], true
		for _, p := range l.points[all[i].from : all[i].to+1] {
			inside = inside && g.u0 <= p.X && p.X <= g.u1 && g.v0 <= p.Y && p.Y <= g.v1
		}
		if inside {
			return i
		}
	}
	return -1
}

// clip divides the arrows among the regions and gives each crossing its letter.
func (c *cutter) clip() {
	n := 0
	for _, l := range c.lines {
		parts := c.stretches(&l)
		for i, s := range parts {
			r := &c.regions[s.region]
			points := l.part(s.from, s.to)
			v0, v1 := c.bands[r.band].limits(r.row)
			for k := range points { // what lies nowhere is drawn at the edge of the sheet
				points[k].Y = min(max(points[k].Y, v0), v1)
			}
			if i > 0 {
				p := c.enter(&l, s.region, s.from, -1)
				points = append([]scene.Point{p, p, points[0]}, points...)
				r.ends = append(r.ends, end{letter: letter(n - 1), hops: c.sc.Groups[l.group].Hops, other: parts[i-1].region, at: p, side: c.sideOf(s.region, parts[i-1].region, l.points[s.from-1])})
			}
			if i+1 < len(parts) {
				p := c.enter(&l, s.region, s.to, 1)
				points = append(points, points[len(points)-1], p, p)
				r.ends = append(r.ends, end{letter: letter(n), hops: c.sc.Groups[l.group].Hops, out: true, other: parts[i+1].region, at: p, side: c.sideOf(s.region, parts[i+1].region, l.points[s.to+1])})
				n++
			}
			r.pieces = append(r.pieces, piece{l.group, l.path, points})
			for _, p := range points {
				r.u0, r.u1, r.v0, r.v1 = min(r.u0, p.X), max(r.u1, p.X), min(r.v0, p.Y), max(r.v1, p.Y)
			}
		}
	}
}

// enter is the last point of the region on the way from the point at index i to the one before it, or behind
// it (step 1).
func (c *cutter) enter(l *line, region, i, step int) scene.Point {
	in, out := l.points[i], l.points[i+step]
	for max(in.X-out.X, out.X-in.X) > 1 || max(in.Y-out.Y, out.Y-in.Y) > 1 {
		mid := scene.Point{X: (in.X + out.X) / 2, Y: (in.Y + out.Y) / 2}
		if mid == in || mid == out {
			break
		}
		if c.regionAt(mid) == region {
			in = mid
		} else {
			out = mid
		}
	}
	return in
}

// sideOf says on which side of a sheet an arrow crosses to another, by the point beyond.
func (c *cutter) sideOf(region, other int, beyond scene.Point) side {
	r, o := &c.regions[region], &c.regions[other]
	b := &c.bands[r.band]
	v0, v1 := b.limits(r.row)
	switch {
	case o.band < r.band && beyond.X < b.u0:
		return sideBack
	case o.band > r.band && beyond.X >= b.u1:
		return sideAhead
	case beyond.Y < v0 || beyond.Y <= v1 && c.regionAt(beyond) < region:
		return sideLow
	}
	return sideHigh
}
