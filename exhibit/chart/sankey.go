package chart

import (
	"fmt"

	"clew/chains"
	"clew/exhibit/scene"
)

// Sankey is value in proportion: bars that stand for places, and between them bands as wide as the
// amounts that passed. Bands of one unit compare in width and no others do.
type Sankey struct {
	Frame
	Units []string // what amounts are counted in
	Nodes []Node
	Links []Link // from earlier to later: no way leads back
}

// Kind says what a node of a Sankey stands for.
type Kind uint8

// The kinds.
const (
	Source Kind = iota // in the first column: where value came from
	Trunk              // all of one unit: what comes in goes out, to the last unit
	Joint              // one unit enters, others leave
	End                // in the last column
)

// Node is a bar.
type Node struct {
	Kind  Kind
	Lines []string // the first is set bold
	Weak  bool     // inferred, or adopted
}

// Link is a band.
type Link struct {
	From, To int // indexes into Nodes
	Unit     int
	Amount   chains.Amount
	Weak     bool // inferred, or adopted
	Say      string
	Hops     []int // numbers
}

const (
	sankeyWidth = 820 // on an upright page its text is 7 points high
	sourceWide  = 150
	endWide     = 250
	barWide     = 12
	leastPitch  = 110 // from column to column
	columnGap   = 14  // between bars of a column
	leastBand   = 44
	mostBand    = 170
	bandOfLink  = 15 // a unit gets about so much height for each of its bands
	// MostColumns is how many columns a drawing has whose text stays large enough on a page.
	MostColumns = 7
)

// Draw lays s out and draws it.
func (s *Sankey) Draw() (*scene.Scene, error) {
	l := &layout{s: s}
	if err := l.columns(); err != nil {
		return nil, err
	}
	if err := s.balances(); err != nil {
		return nil, err
	}
	l.pitch = leastPitch
	width := sankeyWidth
	if n := len(l.column) - 1; n > 0 {
		l.pitch = max(leastPitch, (sankeyWidth-2*margin-sourceWide-endWide-barWide)/n)
		width = 2*margin + sourceWide + endWide + barWide + n*l.pitch
	}
	c, err := newCanvas(width, &s.Frame)
	if err != nil {
		return nil, err
	}
	if l.c = c; len(s.Nodes) > 0 {
		l.place()
		l.draw()
	}
	c.y += 8
	return c.done(&s.Frame)
}

// balances checks that what comes to a trunk leaves it.
func (s *Sankey) balances() error {
	for i := range s.Nodes {
		if s.Nodes[i].Kind != Trunk {
			continue
		}
		var in, out chains.Amount
		for k := range s.Links {
			var err error
			if s.Links[k].To == i {
				in, err = in.Add(s.Links[k].Amount)
			}
			if err == nil && s.Links[k].From == i {
				out, err = out.Add(s.Links[k].Amount)
			}
			if err != nil {
				return fmt.Errorf("chart: %q: %w", s.Nodes[i].Lines, err)
			}
		}
		if in.Cmp(out) != 0 {
			return fmt.Errorf("chart: %q does not balance: %s comes in and %s goes out", s.Nodes[i].Lines, in, out)
		}
	}
	return nil
}

// draw draws what place placed: bands, bars, then words.
func (l *layout) draw() {
	for k := range l.s.Links {
		l.band(k)
	}
	for i := range l.boxes {
		if b := &l.boxes[i]; b.node >= 0 {
			l.bar(b)
		}
	}
}

// band draws link k through the columns that it crosses.
func (l *layout) band(k int) {
	link := &l.s.Links[k]
	g := scene.Group{Kind: scene.GroupArrow, Say: link.Say, Hops: link.Hops}
	var upper []scene.Point
	high := 0
	for i := range l.segs {
		e := &l.segs[i]
		if e.link != k {
			continue
		}
		from, to := &l.boxes[e.from], &l.boxes[e.to]
		if len(upper) == 0 {
			upper = append(upper, scene.Point{X: l.x(from.column) + barWide, Y: from.bar + e.leaves})
		}
		x := l.x(to.column)
		if to.node < 0 {
			x += barWide / 2
		}
		upper, high = append(upper, scene.Point{X: x, Y: to.bar + e.enters}), e.high
	}
	ribbon(&g, smooth(upper), high, link.Weak)
	l.c.sc.Groups = append(l.c.sc.Groups, g)
}

// smooth leads a curve through points from left to right, level at both ends and nowhere beyond what it
// leads through (F. N. Fritsch and R. E. Carlson, Monotone piecewise cubic interpolation, 1980).
func smooth(p []scene.Point) []scene.Point {
	out := p[:1:1]
	rise := func(i int) int { // of the curve at p[i], in 1024ths
		if i == 0 || i == len(p)-1 {
			return 0
		}
		before, after := (p[i].Y-p[i-1].Y)*1024/(p[i].X-p[i-1].X), (p[i+1].Y-p[i].Y)*1024/(p[i+1].X-p[i].X)
		switch {
		case before > 0 && after > 0:
			return min(before, after)
		case before < 0 && after < 0:
			return max(before, after)
		}
		return 0
	}
	for i := 1; i < len(p); i++ {
		a, b := p[i-1], p[i]
		third := (b.X - a.X) * 2 / 5
		out = append(out, scene.Point{X: a.X + third, Y: a.Y + third*rise(i-1)/1024}, scene.Point{X: b.X - third, Y: b.Y - third*rise(i)/1024}, b)
	}
	return out
}

// bandGrey is the ground of bands: words on it can be read in print.
const bandGrey scene.Grey = 216

// ribbon draws a band whose upper edge is a curve.
func ribbon(g *scene.Group, upper []scene.Point, high int, weak bool) {
	if high <= 2 && !weak { // filled, a hair that climbs would not be seen
		line := make([]scene.Point, len(upper))
		for i, p := range upper {
			line[i] = scene.Point{X: p.X, Y: p.Y + high/2}
		}
		g.AddPath(scene.Path{Points: line, Curve: true, Line: high, Stroke: scene.Middle})
		return
	}
	lower := make([]scene.Point, len(upper))
	for i, p := range upper {
		lower[len(upper)-1-i] = scene.Point{X: p.X, Y: p.Y + high}
	}
	last, first := upper[len(upper)-1], upper[0]
	points := append(append([]scene.Point(nil), upper...), last, lower[0], lower[0])
	points = append(append(points, lower[1:]...), lower[len(lower)-1], first, first)
	fill := bandGrey
	if weak {
		fill = scene.White
	}
	g.AddPath(scene.Path{Points: points, Curve: true, Filled: true, Fill: fill})
	if weak {
		for _, edge := range [][]scene.Point{upper, lower} {
			g.AddPath(scene.Path{Points: edge, Curve: true, Line: 1, Stroke: scene.Dark, Dash: scene.Dotted})
		}
	}
}

// bar draws a node and its words.
func (l *layout) bar(b *placed) {
	n := &l.s.Nodes[b.node]
	x := l.x(b.column)
	g := scene.Group{Kind: scene.GroupBox}
	r := scene.Rect{X: x, Y: b.bar, W: barWide, H: b.high, Filled: true, Fill: scene.Dark}
	switch {
	case n.Weak:
		r.Fill, r.Line, r.Stroke, r.Dash = scene.White, 1, scene.Dark, scene.Dotted
	case n.Kind == Source:
		r.Fill = scene.Black
	case n.Kind == Joint:
		r.Fill = scene.Middle
	}
	g.AddRect(r)
	y := b.words
	left, right := x, x+barWide
	for _, w := range b.text {
		wide := l.c.width(w.s, sizeSmall, w.bold)
		at := x + barWide + 6
		switch n.Kind {
		case Source:
			at = x - 6 - wide
		case Trunk, Joint:
			at = x + barWide/2 - wide/2
			g.AddRect(scene.Rect{X: at - 2, Y: y + 1, W: wide + 4, H: leading, Filled: true, Fill: scene.White})
		}
		g.AddText(scene.Text{X: at, Y: y + sizeSmall, W: wide, Size: sizeSmall, Bold: w.bold, S: w.s})
		left, right = min(left, at-2), max(right, at+wide+2)
		y += leading
	}
	top := min(b.bar, b.words)
	l.c.add(g, scene.Rect{X: left, Y: top, W: right - left, H: max(b.bar+b.high, y+1) - top})
}
