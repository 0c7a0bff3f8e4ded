package paper

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"clew/exhibit/scene"
)

const (
	// textSize is that of letters and heads of sheets, in pixels of the drawing.
	textSize = 12
	// tabHeight and tabGap are the height of a letter's tab and the room between two.
	tabHeight, tabGap = 18, 3
	// edge is the white round a sheet.
	edge = 8
)

// drawSheets draws every region as a sheet.
func (c *cutter) drawSheets() error {
	c.sheets = nil
	for i := range c.regions {
		s, err := c.sheet(i)
		if err != nil {
			return err
		}
		c.sheets = append(c.sheets, s)
	}
	return nil
}

// sheet draws region i: arrows, what stands on it, match lines and their letters.
func (c *cutter) sheet(i int) (Sheet, error) {
	r := &c.regions[i]
	view := c.view(r)
	s := Sheet{Number: i + 1}
	tabs, err := c.tabs(r, view)
	if err != nil {
		return s, err
	}
	margins := marginsOf(tabs)
	sc := &scene.Scene{Fonts: c.sc.Fonts, Down: c.sc.Down, Width: margins.left + view.W + margins.right + 2*edge, Height: headRoom + margins.top + view.H + margins.bottom + edge}
	dx, dy := edge+margins.left-view.X, headRoom+margins.top-view.Y
	for _, g := range append(c.clusters(i, view), c.arrows(i)...) {
		g.Move(dx, dy)
		sc.Groups = append(sc.Groups, g)
	}
	for _, it := range r.items {
		g := clone(&c.sc.Groups[it.group])
		switch g.Kind {
		case scene.GroupCluster:
			continue
		case scene.GroupBox:
			s.Boxes++
		}
		g.Move(dx, dy)
		sc.Groups = append(sc.Groups, g)
	}
	match := c.matchLines(i, view)
	match.Move(dx, dy)
	sc.Groups = append(sc.Groups, match)
	for k := range tabs {
		g := tabs[k].group(view)
		g.Move(dx, dy)
		sc.Groups = append(sc.Groups, g)
	}
	for _, e := range r.ends {
		if e.out {
			s.To = insert(s.To, e.other+1)
		} else {
			s.From = insert(s.From, e.other+1)
		}
	}
	s.Scene = sc
	return s, c.head(&s)
}

// view is what of the drawing a sheet shows, in pixels of the drawing.
func (c *cutter) view(r *region) scene.Rect {
	b := &c.bands[r.band]
	u0, u1, v0, v1 := r.u0-4, r.u1+4, r.v0-4, r.v1+4
	for _, e := range r.ends { // the cut itself, where arrows cross it
		switch e.side {
		case sideBack:
			u0 = b.u0
		case sideAhead:
			u1 = b.u1
		}
	}
	if c.sc.Down {
		u0, u1, v0, v1 = v0, v1, u0, u1
	}
	return scene.Rect{X: u0, Y: v0, W: max(u1-u0, leastView), H: max(v1-v0, leastView)}
}

// leastView is how wide and high what a sheet shows is at least, so that a letter fits on each side.
const leastView = 120

// matchLines are the cuts at which sheet i ends, as far as it shows them.
func (c *cutter) matchLines(i int, view scene.Rect) scene.Group {
	r := &c.regions[i]
	b := &c.bands[r.band]
	u0, u1, v0, v1 := view.X, view.X+view.W, view.Y, view.Y+view.H
	if c.sc.Down {
		u0, u1, v0, v1 = v0, v1, u0, u1
	}
	g := scene.Group{Kind: scene.GroupFrame, ID: "match", Say: "match lines"}
	draw := func(ps ...scene.Point) {
		for k := range ps {
			ps[k] = c.uv(ps[k])
		}
		g.AddPath(scene.Path{Points: ps, Line: 1, Stroke: scene.Middle, Dash: scene.Dashed})
	}
	crossed := [4]bool{}
	for _, e := range r.ends {
		crossed[e.side] = true
	}
	if crossed[sideBack] {
		draw(scene.Point{X: u0, Y: v0}, scene.Point{X: u0, Y: v1})
	}
	if crossed[sideAhead] {
		draw(scene.Point{X: u1, Y: v0}, scene.Point{X: u1, Y: v1})
	}
	for _, row := range []int{r.row - 1, r.row} {
		if row < 0 || row >= len(b.cuts) {
			continue
		}
		var steps []scene.Point
		from := u0
		for k, v := range b.cuts[row] {
			to := u1
			if k < len(b.edges) {
				to = min(max(b.edges[k], u0), u1)
			}
			v = min(max(v, v0), v1)
			if to > from {
				steps = append(steps, scene.Point{X: from, Y: v}, scene.Point{X: to, Y: v})
			}
			from = max(from, to)
		}
		if len(steps) > 1 {
			draw(steps...)
		}
	}
	return g
}

// head writes the sheet's number and what its letters mean.
func (c *cutter) head(s *Sheet) error {
	name := fmt.Sprintf("Sheet %d of %d", s.Number, len(c.regions))
	s.Scene.Title = name + ": " + c.sc.Title
	s.Scene.Description = name + ", " + count(s.Boxes, "box", "boxes") + says(" Arrows come from", s.From) + says(" Arrows go on to", s.To)
	const size = 15
	w, err := c.sc.Fonts.Measure(name, size, true)
	if err != nil {
		return err
	}
	g := scene.Group{Kind: scene.GroupFrame, ID: "sheet", Anchor: anchor(s.Number)}
	g.AddText(scene.Text{X: edge, Y: edge + size, W: w, Size: size, Bold: true, S: name})
	x := edge + w + 16
	if len(s.From)+len(s.To) > 0 {
		lines, err := c.sc.Fonts.Wrap("At a dashed match line each arrow goes on at its letter on the sheet named.", max(120, s.Scene.Width-x-edge), textSize, false)
		if err != nil {
			return err
		}
		for k, l := range lines[:min(2, len(lines))] {
			lw, err := c.sc.Fonts.Measure(l, textSize, false)
			if err != nil {
				return err
			}
			g.AddText(scene.Text{X: x, Y: edge + 10 + k*15, W: lw, Size: textSize, S: l})
			s.Scene.Width = max(s.Scene.Width, x+lw+edge)
		}
	}
	s.Scene.Width = max(s.Scene.Width, edge+w+edge)
	g.Frame = scene.Rect{X: edge, Y: 0, W: s.Scene.Width - 2*edge, H: headRoom - 4}
	s.Scene.Groups = append([]scene.Group{g}, s.Scene.Groups...)
	return nil
}

// anchor is where the number of a sheet on the key leads to.
func anchor(sheet int) string { return fmt.Sprintf("sheet%d", sheet) }

// says lists sheets at the end of a description.
func says(what string, sheets []int) string {
	if len(sheets) == 0 {
		return ""
	}
	var names []string
	for _, n := range sheets {
		names = append(names, fmt.Sprint(n))
	}
	if len(names) == 1 {
		return "." + what + " sheet " + names[0]
	}
	return "." + what + " sheets " + strings.Join(names, ", ")
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// tab is a letter at the frame of a sheet, in pixels of the drawing.
type tab struct {
	out             bool   // the arrow leaves here
	letter, where   string // "A", "to sheet 3"
	letterW, whereW int
	at              scene.Point // where the arrow meets the match line
	place           place
	pos             int // along the side
	off             int // from the match line outwards
}

// place is a side of a sheet on paper.
type place uint8

const (
	placeLeft place = iota
	placeRight
	placeTop
	placeBottom
)

// tabs places the letters of a region beside what it shows, side by side in the order of the arrows.
func (c *cutter) tabs(r *region, view scene.Rect) ([]tab, error) {
	var out []tab
	for _, e := range r.ends {
		t := tab{out: e.out, letter: e.letter, at: c.uv(e.at), place: c.placeOf(e.side), where: fmt.Sprintf("from sheet %d", e.other+1)}
		if e.out {
			t.where = fmt.Sprintf("to sheet %d", e.other+1)
		}
		var err error
		if t.letterW, err = c.sc.Fonts.Measure(t.letter, textSize, true); err != nil {
			return nil, err
		}
		if t.whereW, err = c.sc.Fonts.Measure(t.where, textSize, false); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	slices.SortStableFunc(out, func(a, b tab) int {
		return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.along(), b.along()))
	})
	for i := 0; i < len(out); {
		k := i
		for k < len(out) && out[k].place == out[i].place {
			k++
		}
		spread(out[i:k], view)
		i = k
	}
	return out, nil
}

// placeOf is where a side in flow coordinates is on paper.
func (c *cutter) placeOf(s side) place {
	upright := [4]place{sideBack: placeLeft, sideAhead: placeRight, sideLow: placeTop, sideHigh: placeBottom}
	down := [4]place{sideBack: placeTop, sideAhead: placeBottom, sideLow: placeLeft, sideHigh: placeRight}
	if c.sc.Down {
		return down[s]
	}
	return upright[s]
}

func (t *tab) upDown() bool { return t.place == placeTop || t.place == placeBottom }

// along is where the arrow meets the side.
func (t *tab) along() int {
	if t.upDown() {
		return t.at.X
	}
	return t.at.Y
}

// width and height of the tab: one line at the sides, two at top and bottom.
func (t *tab) width() int {
	if t.upDown() {
		return max(t.letterW, t.whereW) + 6
	}
	return t.letterW + 8 + 4 + t.whereW
}

func (t *tab) height() int {
	if t.upDown() {
		return tabHeight + 15
	}
	return tabHeight
}

// extent is what the tab takes of its side.
func (t *tab) extent() int {
	if t.upDown() {
		return t.width() + 2*tabGap
	}
	return t.height() + tabGap
}

// spread places the tabs of one side, which are in order, so that none meets another: as near to their
// arrows as that allows, and in several layers where one does not hold them.
func spread(tabs []tab, view scene.Rect) {
	from, room := view.Y, view.H
	if tabs[0].upDown() {
		from, room = view.X, view.W
	}
	layers := 1
	for layers < len(tabs) && longest(tabs, layers) > room {
		layers++
	}
	for n, off := 0, lead; n < layers; n++ {
		var of []*tab
		deep := 0
		for i := n; i < len(tabs); i += layers {
			tabs[i].off, deep = off, max(deep, tabs[i].depth())
			of = append(of, &tabs[i])
		}
		off += deep + 2*tabGap
		rowOf(of, from, from+room)
	}
}

// longest is how long the longest of so many layers is.
func longest(tabs []tab, layers int) int {
	long := make([]int, layers)
	for i := range tabs {
		long[i%layers] += tabs[i].extent()
	}
	return slices.Max(long)
}

// rowOf places tabs in a row between two ends; where they do not fit they run over the second.
func rowOf(tabs []*tab, from, to int) {
	for i, t := range tabs {
		t.pos = max(from, t.along()-t.extent()/2)
		if i > 0 {
			t.pos = max(t.pos, tabs[i-1].pos+tabs[i-1].extent())
		}
	}
	for i := len(tabs) - 1; i >= 0; i-- {
		t := tabs[i]
		t.pos = max(from, min(t.pos, to-t.extent()))
		to = t.pos
	}
	for i := 1; i < len(tabs); i++ {
		tabs[i].pos = max(tabs[i].pos, tabs[i-1].pos+tabs[i-1].extent())
	}
}
