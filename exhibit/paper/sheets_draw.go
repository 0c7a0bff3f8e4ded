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
	// lineHeight is that of a line of a tab below its letter.
	lineHeight = 15
	// edge is the white round a sheet.
	edge = 8
)

// panel draws region i: arrows, what stands on it, match lines and their letters.
func (c *cutter) panel(i int) (panel, error) {
	r := &c.regions[i]
	view := c.view(r)
	s := panel{region: i}
	tabs, err := c.tabs(i, view)
	if err != nil {
		return s, err
	}
	margins := marginsOf(tabs)
	sc := &scene.Scene{Fonts: c.sc.Fonts, Down: c.sc.Down, Width: margins.left + view.W + margins.right + 2*edge, Height: margins.top + view.H + margins.bottom + 2*edge}
	dx, dy := edge+margins.left-view.X, edge+margins.top-view.Y
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
			s.boxes++
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
	s.scene = sc
	return s, nil
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

// hopWords names the hops of an arrow, the first and how many more.
func hopWords(hops []int) string {
	switch {
	case len(hops) == 0:
		return ""
	case len(hops) == 1:
		return fmt.Sprintf("hop %d", hops[0])
	}
	return fmt.Sprintf("hops %d, +%d", hops[0], len(hops)-1)
}

// thisSheet is said of an arrow that goes on in another part of the sheet.
const thisSheet = "this sheet"

// tab is a letter at the frame of a sheet, in pixels of the drawing.
type tab struct {
	out             bool   // the arrow leaves here
	letter, where   string // "A", "to sheet 3"
	letterW, whereW int
	room            int    // that is kept for where: as much in all tabs, so that the number decides nothing
	hops            string // "hop 12": by it arrows are told apart that cross at one place
	hopsW           int
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
func (c *cutter) tabs(i int, view scene.Rect) ([]tab, error) {
	var out []tab
	for _, e := range c.regions[i].ends {
		other := c.sheetOf[e.other]
		t := tab{out: e.out, letter: e.letter, at: c.uv(e.at), place: c.placeOf(e.side), where: fmt.Sprintf("from sheet %d", other)}
		switch {
		case other == c.sheetOf[i]:
			t.where = thisSheet
		case e.out:
			t.where = fmt.Sprintf("to sheet %d", other)
		}
		var err error
		if t.room, err = c.sc.Fonts.Measure(fmt.Sprintf("from sheet %d", len(c.regions)), textSize, false); err != nil {
			return nil, err
		}
		t.hops = hopWords(e.hops)
		if t.hopsW, err = c.sc.Fonts.Measure(t.hops, textSize, false); err != nil {
			return nil, err
		}
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
	for from := 0; from < len(out); {
		to := from
		for to < len(out) && out[to].place == out[from].place {
			to++
		}
		spread(out[from:to], view)
		from = to
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

// width and height of the tab: letter and sheet in one line at the sides, in two at top and bottom; below them the hops.
func (t *tab) width() int {
	if t.upDown() {
		return max(t.letterW, t.room, t.hopsW) + 6
	}
	return max(t.letterW+8+4+t.room, t.hopsW)
}

func (t *tab) height() int {
	high := tabHeight
	if t.upDown() {
		high += lineHeight
	}
	if t.hops != "" {
		high += lineHeight
	}
	return high
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
