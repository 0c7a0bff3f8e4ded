package chart

import (
	"fmt"

	"clew/chains"
	"clew/exhibit/scene"
)

// Timeline is what a timeline shows: time from left to right, in UTC; a band an asset, with rows of bars
// that add up what happened in each step of time; below, the blocks of each chain.
type Timeline struct {
	Frame
	Bands []Band
	Spans []Span
}

// Band is one asset: its rows share a scale, and no two bands do.
type Band struct {
	Name  string
	Note  string                     // at the right of its name, behind the tallest bar
	Write func(chains.Amount) string // an amount for people; nil: none is written
	Rows  []Row
}

// Row is a row of bars.
type Row struct {
	Name   string
	Note   string // under the name
	Look   Look
	Events []Event
}

// Look is how the bars of a row are drawn.
type Look uint8

// The looks.
const (
	Seeded Look = iota // black
	Moved              // grey
	Ended              // white, with a border
	Weak               // pale: inferred, or adopted
)

// Event is an amount at a time.
type Event struct {
	At     int64 // Unix seconds
	Amount chains.Amount
	Hop    int // number of a hop, or 0
}

// Span is a stretch of blocks.
type Span struct {
	Name        string
	From, To    int64  // Unix seconds
	First, Last string // heights
}

const (
	timeWidth  = 820 // on an upright page its text is 7 points high
	namesWide  = 256
	rowHigh    = 20
	leastBar   = 4
	mostBars   = 104 // of about five pixels
	mostTicks  = 5
	mostListed = 200 // hops that a bar names
)

// Draw draws t. Its cost grows with the number of events.
func (t *Timeline) Draw() (*scene.Scene, error) {
	c, err := newCanvas(timeWidth, &t.Frame)
	if err != nil {
		return nil, err
	}
	from, to, ok := t.span()
	if ok {
		a := axis{c: c, bars: finest(from, to, mostBars), from: from, to: to}
		a.cuts = a.bars.cuts(from, to)
		a.draw(t)
	}
	c.y += 10
	return c.done(&t.Frame)
}

// span is from the first to the last of everything; ok is false where there is nothing.
func (t *Timeline) span() (from, to int64, ok bool) {
	see := func(at int64) {
		if !ok || at < from {
			from = at
		}
		if !ok || at > to {
			to = at
		}
		ok = true
	}
	for i := range t.Bands {
		for k := range t.Bands[i].Rows {
			for _, e := range t.Bands[i].Rows[k].Events {
				see(e.At)
			}
		}
	}
	for _, s := range t.Spans {
		see(s.From)
		see(s.To)
	}
	return from, to, ok
}

// axis places times on a canvas.
type axis struct {
	c        *canvas
	bars     step
	cuts     []int64 // where bars begin, and where the last ends
	from, to int64   // of what is shown
}

func (a *axis) x(t int64) int {
	left, wide := int64(margin+namesWide), int64(timeWidth-2*margin-namesWide)
	first, last := a.cuts[0], a.cuts[len(a.cuts)-1]
	return int(left + (t-first)*wide/(last-first))
}

func (a *axis) draw(t *Timeline) {
	top, at := a.c.y+6, len(a.c.sc.Groups)
	a.c.y = top + 8
	for i := range t.Bands {
		a.band(&t.Bands[i], i)
	}
	for i := range t.Spans {
		a.blocks(&t.Spans[i])
	}
	bottom := a.c.y + 2
	grid := a.ticks(top, bottom)
	groups := append([]scene.Group(nil), a.c.sc.Groups[:at]...)
	a.c.sc.Groups = append(append(groups, grid), a.c.sc.Groups[at:]...)
}

// ticks writes the axis below bottom and returns its lines, which lie under everything.
func (a *axis) ticks(top, bottom int) scene.Group {
	grid, words := scene.Group{Kind: scene.GroupFrame, ID: "grid"}, scene.Group{Kind: scene.GroupFrame, ID: "axis"}
	line := func(x int, grey scene.Grey, dash scene.Dash, end int) {
		grid.AddPath(scene.Path{Points: []scene.Point{{X: x, Y: top}, {X: x, Y: end}}, Line: 1, Stroke: grey, Dash: dash})
	}
	right := timeWidth - margin
	unit, free, day := finest(a.cuts[0], a.cuts[len(a.cuts)-1], mostTicks), 0, ""
	for _, t := range unit.cuts(a.cuts[0], a.cuts[len(a.cuts)-1]) {
		if t < a.cuts[0] || t > a.cuts[len(a.cuts)-1] {
			continue
		}
		x := a.x(t)
		line(x, scene.Light, scene.Solid, bottom+4)
		mark, below := unit.label(t)
		w := a.c.width(mark, sizeSmall, false)
		if below != day {
			w = max(w, a.c.width(below, sizeSmall, false))
		}
		at := min(max(x-w/2, margin+namesWide-20), right-w)
		if at < free {
			continue
		}
		a.c.text(&words, mark, at, bottom+4+sizeSmall, sizeSmall, false, scene.Black)
		if below != day {
			a.c.text(&words, below, at, bottom+4+sizeSmall+leading, sizeSmall, false, scene.Black)
			day = below
		}
		free = at + w + 8
	}
	for _, t := range []int64{a.from, a.to} {
		line(a.x(t), scene.Dark, scene.Dashed, bottom)
	}
	grid.AddPath(scene.Path{Points: []scene.Point{{X: margin + namesWide, Y: bottom}, {X: right, Y: bottom}}, Line: 1, Stroke: scene.Dark})
	a.c.text(&words, "UTC", margin, bottom+4+sizeSmall, sizeSmall, true, scene.Black)
	a.c.y = bottom + 4 + sizeSmall + leading + 6
	a.c.add(words, scene.Rect{X: margin, Y: bottom, W: right - margin, H: a.c.y - bottom})
	return grid
}

// band draws the rows of b on one scale.
func (a *axis) band(b *Band, number int) {
	sums, most := make([][]bar, len(b.Rows)), chains.Amount{}
	for i := range b.Rows {
		sums[i] = a.sum(&b.Rows[i])
		for k := range sums[i] {
			most = chains.Max(most, sums[i][k].amount)
		}
	}
	head, top := scene.Group{Kind: scene.GroupFrame, ID: fmt.Sprintf("band%d", number)}, a.c.y
	wide := a.c.width(b.Name, sizeText, true)
	head.AddRect(scene.Rect{X: margin, Y: top, W: wide + 4, H: sizeText + 4, Fill: scene.White, Filled: true}) // over the lines of the axis
	a.c.text(&head, b.Name, margin, top+sizeText, sizeText, true, scene.Black)
	if b.Write != nil && !most.IsZero() {
		note := fmt.Sprintf("tallest bar: %s per %s", b.Write(most), a.bars.name)
		w, at := a.c.width(note, sizeSmall, false), top
		if wide+w+12 > timeWidth-2*margin {
			a.c.y += leading
			at += leading
		}
		head.AddRect(scene.Rect{X: timeWidth - margin - w - 4, Y: at, W: w + 4, H: sizeText + 4, Fill: scene.White, Filled: true})
		a.c.text(&head, note, timeWidth-margin-w, at+sizeText, sizeSmall, false, scene.Dark)
	}
	a.c.y += sizeText + 4
	for i := range b.Rows {
		a.row(&head, &b.Rows[i], sums[i], most, b)
	}
	a.c.add(head, scene.Rect{X: margin, Y: top, W: timeWidth - 2*margin, H: a.c.y - top})
	a.c.y += 6
}

// bar is what happened in a step of time.
type bar struct {
	amount chains.Amount
	hops   []int
	events int
}

// sum adds up the events of r, step by step.
func (a *axis) sum(r *Row) []bar {
	out := make([]bar, len(a.cuts)-1)
	for _, e := range r.Events {
		lo, hi := 0, len(out)-1
		for lo < hi { // the last step that begins at or before
			mid := (lo + hi + 1) / 2
			if a.cuts[mid] <= e.At {
				lo = mid
			} else {
				hi = mid - 1
			}
		}
		b := &out[lo]
		b.amount = plus(b.amount, e.Amount)
		b.events++
		if e.Hop > 0 && len(b.hops) < mostListed {
			b.hops = append(b.hops, e.Hop)
		}
	}
	return out
}

func (a *axis) row(words *scene.Group, r *Row, bars []bar, most chains.Amount, b *Band) {
	y, high, x := a.c.y, 0, margin+8
	for _, part := range []struct {
		text string
		grey scene.Grey
	}{{r.Name, scene.Black}, {r.Note, scene.Dark}} {
		if w := a.c.width(part.text, sizeSmall, false); x+w > margin+namesWide-10 && x > margin+8 {
			x, high = margin+8, high+leading-1
		}
		for i, l := range a.c.wrap(part.text, namesWide-18, sizeSmall, false) {
			if i > 0 {
				x, high = margin+8, high+leading-1
			}
			x += a.c.text(words, l, x, y+high+sizeSmall+1, sizeSmall, false, part.grey) + 6
		}
	}
	high += leading - 1
	high = max(high+3, rowHigh)
	base := y + high - 3
	words.AddPath(scene.Path{Points: []scene.Point{{X: margin + namesWide, Y: base}, {X: timeWidth - margin, Y: base}}, Line: 1, Stroke: scene.Light})
	for i := range bars {
		if bars[i].events == 0 {
			continue
		}
		x, end := a.x(a.cuts[i]), a.x(a.cuts[i+1])
		h := max(leastBar, part(bars[i].amount, most, rowHigh-4))
		g := scene.Group{Kind: scene.GroupArrow, Hops: bars[i].hops, Say: a.say(r, &bars[i], i, b)}
		g.AddRect(r.Look.rect(scene.Rect{X: x, Y: base - h, W: max(3, min(end-x-1, 24)), H: h}))
		a.c.sc.Groups = append(a.c.sc.Groups, g)
	}
	a.c.y += high
}

// rect draws a bar.
func (l Look) rect(r scene.Rect) scene.Rect {
	r.Filled, r.Fill = true, scene.White
	switch l {
	case Seeded:
		r.Fill = scene.Black
	case Moved:
		r.Fill = scene.Middle
	case Ended:
		r.Line, r.Stroke = 1, scene.Black
	case Weak:
		r.Line, r.Stroke, r.Fill = 1, scene.Middle, scene.Light
	}
	return r
}

func (a *axis) say(r *Row, b *bar, i int, band *Band) string {
	mark, below := step{seconds: 60}.label(a.cuts[i])
	text := fmt.Sprintf("%s, %s: the %s from %s %s UTC, %d in all", band.Name, r.Name, a.bars.name, below, mark, b.events)
	if band.Write != nil && !b.amount.IsZero() {
		text += ", " + band.Write(b.amount)
	}
	return text
}

// blocks draws the stretch of blocks of a chain, with the heights at its ends.
func (a *axis) blocks(s *Span) {
	g, y := scene.Group{Kind: scene.GroupFrame}, a.c.y
	a.c.text(&g, s.Name, margin, y+sizeSmall, sizeSmall, false, scene.Black)
	x1, x2 := a.x(s.From), a.x(s.To)
	line := y + 7
	g.AddPath(scene.Path{Points: []scene.Point{{X: x1, Y: line}, {X: max(x2, x1+2), Y: line}}, Line: 3, Stroke: scene.Dark})
	text := s.First
	if s.Last != s.First {
		text += " – " + s.Last
	}
	w := a.c.width(text, sizeSmall, false)
	at := min(max((x1+x2-w)/2, margin+namesWide), timeWidth-margin-w)
	g.AddRect(scene.Rect{X: at - 2, Y: line + 4, W: w + 4, H: sizeSmall + 4, Fill: scene.White, Filled: true})
	a.c.text(&g, text, at, line+5+sizeSmall, sizeSmall, false, scene.Black)
	a.c.y += 14 + sizeSmall + 4
	a.c.add(g, scene.Rect{X: margin, Y: y, W: timeWidth - 2*margin, H: a.c.y - y})
}
