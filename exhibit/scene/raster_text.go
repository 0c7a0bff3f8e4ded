package scene

import (
	"fmt"
	"image"
	"math"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// glyph is the outline of a character in units of the em, y downward from the baseline.
type glyph struct {
	segments sfnt.Segments // in 26.6
	advance  int
}

// glyph returns the outline of r.
func (c *canvas) glyph(r rune, bold bool) (glyph, error) {
	k := weight(bold)
	if g, ok := c.glyphs[k][r]; ok {
		return g, nil
	}
	if c.glyphs[k] == nil {
		c.glyphs[k] = map[rune]glyph{}
	}
	t := c.fonts.face(bold)
	index, err := t.font.GlyphIndex(&t.buf, r)
	if err != nil {
		return glyph{}, fmt.Errorf("glyph of %q: %w", r, err)
	}
	segments, err := t.font.LoadGlyph(&t.buf, index, fixed.I(t.em), nil)
	if err != nil {
		return glyph{}, fmt.Errorf("outline of %q: %w", r, err)
	}
	advance, err := t.advance(r)
	if err != nil {
		return glyph{}, err
	}
	g := glyph{append(sfnt.Segments(nil), segments...), advance}
	c.glyphs[k][r] = g
	return g, nil
}

// writing places the glyphs of a line: from units of the em to places.
type writing struct {
	x, y     int // where the line starts
	num, den int // a unit of the em is num/den steps
	wide     int // per mille of the width that glyphs have
	cos, sin int // of the turn, in millionths
}

// place returns where (x, y) stands, in 1/64 unit of the em from the start of the line.
func (w *writing) place(x, y int) (int, int) {
	x = x * w.wide / 1000 * w.num / (w.den * 64)
	y = y * w.num / (w.den * 64)
	if w.sin != 0 {
		x, y = (x*w.cos+y*w.sin)/1_000_000, (y*w.cos-x*w.sin)/1_000_000
	}
	return w.x + x, w.y + y
}

func (c *canvas) text(t *Text) error {
	s, err := c.fonts.Shown(t.S, t.Bold)
	if err != nil {
		return err
	}
	face := c.fonts.face(t.Bold)
	w := &writing{x: c.at(t.X), y: c.at(t.Y), num: t.Size * c.perInch * sub, den: face.em * c.units, wide: 1000, cos: 1_000_000}
	if t.Turn != 0 {
		turn := float64(t.Turn) * math.Pi / 180
		w.cos, w.sin = int(math.Round(1e6*math.Cos(turn))), int(math.Round(1e6*math.Sin(turn)))
	}
	sum := 0
	var glyphs []glyph
	for _, r := range s {
		g, err := c.glyph(r, t.Bold)
		if err != nil {
			return err
		}
		glyphs, sum = append(glyphs, g), sum+g.advance
	}
	if width := sum * t.Size / face.em; s != t.S && width > t.W {
		w.wide = 1000 * t.W / width
	}
	c.cover(w.box(sum, face.em), t.Fill, func(dx, dy int) {
		at := 0
		for i := range glyphs {
			c.trace(w, glyphs[i].segments, at, dx, dy)
			at += glyphs[i].advance
		}
	})
	return nil
}

// box returns the pixels in which a line of the given width stands, in units of the em.
func (w *writing) box(width, em int) image.Rectangle {
	var corners []Point
	for _, x := range []int{-em / 4, width + em/4} {
		for _, y := range []int{-em * 5 / 4, em / 2} {
			px, py := w.place(x*64, y*64)
			corners = append(corners, Point{px, py})
		}
	}
	return bounds([][]Point{corners})
}

// trace draws the outline of a glyph that starts at units of the em along the line.
func (c *canvas) trace(w *writing, segments sfnt.Segments, at, dx, dy int) {
	point := func(p fixed.Point26_6) (float32, float32) {
		x, y := w.place(at*64+int(p.X), int(p.Y))
		return float32(x-dx) / sub, float32(y-dy) / sub
	}
	for i := range segments {
		s := &segments[i]
		x0, y0 := point(s.Args[0])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			c.pen.ClosePath()
			c.pen.MoveTo(x0, y0)
		case sfnt.SegmentOpLineTo:
			c.pen.LineTo(x0, y0)
		case sfnt.SegmentOpQuadTo:
			x1, y1 := point(s.Args[1])
			c.pen.QuadTo(x0, y0, x1, y1)
		case sfnt.SegmentOpCubeTo:
			x1, y1 := point(s.Args[1])
			x2, y2 := point(s.Args[2])
			c.pen.CubeTo(x0, y0, x1, y1, x2, y2)
		}
	}
	c.pen.ClosePath()
}
