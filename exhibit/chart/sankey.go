package chart

import (
	"fmt"
	"math/big"

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
	Amount   *big.Int
	Weak     bool // inferred, or adopted
	Say      string
	Hops     []int // numbers
}

const (
	sankeyWidth = 960
	sourceWide  = 176
	endWide     = 268
	barWide     = 12
	leastPitch  = 112 // from column to column
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
		sum := new(big.Int)
		for k := range s.Links {
			if s.Links[k].To == i {
				sum.Add(sum, s.Links[k].Amount)
			}
			if s.Links[k].From == i {
				sum.Sub(sum, s.Links[k].Amount)
			}
		}
		if sum.Sign() != 0 {
			return fmt.Errorf("chart: %q does not balance: %s more comes in than goes out", s.Nodes[i].Lines, sum)
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
	for i := range l.segs {
		e := &l.segs[i]
		if e.link != k {
			continue
		}
		from, to := &l.boxes[e.from], &l.boxes[e.to]
		ribbon(&g, l.x(from.column)+barWide, from.bar+e.leaves, l.x(to.column), to.bar+e.enters, e.high, link.Weak)
		if to.node < 0 {
			x := l.x(to.column)
			ribbon(&g, x, to.bar+e.enters, x+barWide, to.bar+e.enters, e.high, link.Weak)
		}
	}
	l.c.sc.Groups = append(l.c.sc.Groups, g)
}

// bandGrey is the ground of bands: words on it can be read in print.
const bandGrey scene.Grey = 216

// ribbon draws a band of one height between two columns.
func ribbon(g *scene.Group, x1, y1, x2, y2, high int, weak bool) {
	mid := (x1 + x2) / 2
	upper := []scene.Point{{X: x1, Y: y1}, {X: mid, Y: y1}, {X: mid, Y: y2}, {X: x2, Y: y2}}
	lower := []scene.Point{{X: x2, Y: y2 + high}, {X: mid, Y: y2 + high}, {X: mid, Y: y1 + high}, {X: x1, Y: y1 + high}}
	points := append(append([]scene.Point(nil), upper...), upper[3], lower[0], lower[0])
	points = append(append(points, lower[1:]...), lower[3], upper[0], upper[0])
	fill := bandGrey
	switch {
	case weak:
		fill = scene.White
	case high <= 2:
		fill = scene.Middle // a hair of light grey is not seen
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
