package exhibit

import "clew/exhibit/scene"

// Sizes of text in a drawing, in pixels.
const (
	sizeText = 12
	leading  = 16 // from baseline to baseline
	padding  = 8
	bandGap  = 6 // between a box's own lines and the band at its foot
)

// line is one line of a box or label before it has a place.
type line struct {
	s    string
	full string // what a tooltip says instead; "": the same
	bold bool
	grey scene.Grey
	band bool // on the grey band at the foot of a box, where value ends
	tone tone // of a line in the two-tone field of a conversion
	// goesOn: it is the rest of the line before it, whose full has all of it.
	goesOn bool
}

// say is the line in a tooltip.
func (l line) say() string {
	if l.full != "" {
		return l.full
	}
	return l.s
}

// tone is the ground of a line.
type tone uint8

const (
	toneNone  tone = iota
	toneGiven      // white, with a border
	toneGot        // grey, with a border
)

// block is text with its measured size, before it has a place.
type block struct {
	lines  []line
	widths []int
	w, h   int
	room   int // more at both sides, for the shape of the box
	// Of a label: how many lines stand above its arrow, and the label in a sentence.
	above int
	say   string
}

// newBlock measures lines. The width is even, so that a centre lies on a whole pixel.
func newBlock(f *scene.Fonts, lines []line, least, room int) (block, error) {
	b := block{lines: lines, w: least, room: room}
	for _, l := range lines {
		w, err := f.Measure(l.s, sizeText, l.bold)
		if err != nil {
			return b, err
		}
		b.widths = append(b.widths, w)
		b.w = max(b.w, w+2*(padding+room))
	}
	b.w += b.w % 2
	b.h = len(lines)*leading + 2*padding - 2
	if _, ok := b.bandFrom(); ok {
		b.h += bandGap
	}
	b.h += b.h % 2
	return b, nil
}

// put writes the block's lines into g, from the left edge at x and the top at y.
func (b *block) put(g *scene.Group, x, y int) {
	gap := 0
	for i, l := range b.lines {
		if l.band {
			gap = bandGap
		}
		if l.tone != toneNone {
			r := scene.Rect{X: x + b.room + 4, Y: y + padding + i*leading + gap - 1, W: b.w - 2*b.room - 8, H: leading, Line: 1, Stroke: scene.Middle, Fill: scene.White, Filled: true}
			if l.tone == toneGot {
				r.Fill = scene.Light
			}
			g.AddRect(r)
		}
		g.AddText(scene.Text{X: x + b.room + padding, Y: y + padding + 11 + i*leading + gap, W: b.widths[i], Size: sizeText, Bold: l.bold, Fill: l.grey, S: l.s})
	}
}

// bandFrom returns the y, from the top of the block, at which the grey band starts, and
// whether there is one.
func (b *block) bandFrom() (int, bool) {
	for i, l := range b.lines {
		if l.band {
			return padding + i*leading + 1, true
		}
	}
	return 0, false
}
