package scene

import (
	"bytes"
	"strconv"
)

// flush hands what was drawn to the page.
func (p *pdfWriter) flush() {
	if len(p.out) > 0 {
		p.doc.RawWriteBuf(bytes.NewReader(p.out))
		p.out = p.out[:0]
	}
}

// number writes hundredths as a decimal.
func (p *pdfWriter) number(v int) {
	if v < 0 {
		p.out, v = append(p.out, '-'), -v
	}
	p.out = strconv.AppendInt(p.out, int64(v/100), 10)
	if f := v % 100; f != 0 {
		p.out = append(p.out, '.', byte('0'+f/10))
		if f%10 != 0 {
			p.out = append(p.out, byte('0'+f%10))
		}
	}
	p.out = append(p.out, ' ')
}

// length writes a length in units.
func (p *pdfWriter) length(v int) { p.number(hundredths(v, p.perInch)) }

// point writes a place.
func (p *pdfWriter) point(x, y int) {
	p.length(x)
	p.number(p.height - hundredths(y, p.perInch))
}

func (p *pdfWriter) op(s string) {
	p.out = append(p.out, s...)
	p.out = append(p.out, '\n')
}

// shade writes a grey: black is 0, white 1.
func (p *pdfWriter) shade(g Grey, op string) {
	v := (int(g)*1000 + 127) / 255
	p.out = append(p.out, byte('0'+v/1000), '.', byte('0'+v/100%10), byte('0'+v/10%10), byte('0'+v%10), ' ')
	p.op(op)
}

func (p *pdfWriter) fillWith(g Grey) {
	if p.grey != g {
		p.grey = g
		p.shade(g, "g")
	}
}

// stroke sets width, grey and pattern of a line.
func (p *pdfWriter) stroke(width int, g Grey, d Dash) {
	p.length(width)
	p.op("w")
	p.shade(g, "G")
	p.out = append(p.out, '[')
	for _, n := range d.Lengths() {
		p.number(hundredths(n, 96))
	}
	p.op("] 0 d")
}

// Lengths are those of the pieces and spaces of the pattern in turn, in 1/96 inch on every scale;
// nil for an unbroken line.
func (d Dash) Lengths() []int {
	switch d {
	case DashDot:
		return []int{9, 4, 2, 4}
	case Dotted:
		return []int{3, 4}
	case Dashed:
		return []int{4, 3}
	}
	return nil
}

// paint ends a shape: filled, drawn round, or both.
func (p *pdfWriter) paint(filled, lined bool) {
	switch {
	case filled && lined:
		p.op("B")
	case filled:
		p.op("f")
	case lined:
		p.op("S")
	default:
		p.op("n")
	}
}

func (p *pdfWriter) rect(r *Rect) {
	if r.Filled {
		p.fillWith(r.Fill)
	}
	if r.Line > 0 {
		p.stroke(r.Line, r.Stroke, r.Dash)
	}
	if r.Round > 0 {
		p.rounded(r)
	} else {
		p.point(r.X, r.Y+r.H)
		p.length(r.W)
		p.length(r.H)
		p.op("re")
	}
	p.paint(r.Filled, r.Line > 0)
}

// rounded is the outline of r as Bézier segments.
func (p *pdfWriter) rounded(r *Rect) {
	for i, q := range outline(r) {
		p.point(q.X, q.Y)
		switch {
		case i == 0:
			p.op("m")
		case i%4 == 1:
			p.op("l")
		case i%4 == 0:
			p.op("c")
		}
	}
	p.op("h")
}

// outline walks round a rounded rectangle: a start, then for each side the end of its straight part
// and the two control points and the end of the corner behind it.
func outline(r *Rect) []Point {
	n := min(r.Round, r.W/2, r.H/2)
	k := n - n*552/1000 // how far from the corner the control points of a quarter circle stand
	x0, y0, x1, y1 := r.X, r.Y, r.X+r.W, r.Y+r.H
	return []Point{
		{x0 + n, y0},
		{x1 - n, y0}, {x1 - k, y0}, {x1, y0 + k}, {x1, y0 + n},
		{x1, y1 - n}, {x1, y1 - k}, {x1 - k, y1}, {x1 - n, y1},
		{x0 + n, y1}, {x0 + k, y1}, {x0, y1 - k}, {x0, y1 - n},
		{x0, y0 + n}, {x0, y0 + k}, {x0 + k, y0}, {x0 + n, y0},
	}
}

func (p *pdfWriter) path(s *Path) {
	if s.Filled {
		p.fillWith(s.Fill)
	}
	if s.Line > 0 {
		p.stroke(s.Line, s.Stroke, s.Dash)
	}
	p.trace(s)
	p.paint(s.Filled, s.Line > 0)
	if s.Double {
		p.stroke(innerLine(s.Line), White, Solid)
		p.trace(s)
		p.paint(false, true)
	}
}

// innerLine is how wide the white is between the two lines of a double one.
func innerLine(width int) int { return max(1, width/5) }

func (p *pdfWriter) trace(s *Path) {
	for i, q := range s.Points {
		p.point(q.X, q.Y)
		switch {
		case i == 0:
			p.op("m")
		case !s.Curve:
			p.op("l")
		case i%3 == 0:
			p.op("c")
		}
	}
	if s.Filled {
		p.op("h")
	}
}

// text writes a line. What the font lacks is written as [U+4E2D], and the line squeezed into its
// width.
func (p *pdfWriter) text(sc *Scene, t *Text) error {
	s, err := sc.Fonts.Shown(t.S, t.Bold)
	if err != nil {
		return err
	}
	p.fillWith(t.Fill)
	squeeze := false
	if s != t.S {
		w, err := sc.Fonts.Measure(s, t.Size, t.Bold)
		if err != nil {
			return err
		}
		if squeeze = w > t.W; squeeze {
			p.number(10000 * t.W / w)
			p.op("Tz")
		}
	}
	p.flush()
	if p.size != t.Size || p.bold != t.Bold {
		p.size, p.bold = t.Size, t.Bold
		p.doc.SetFont(pdfFont, map[bool]string{true: "B"}[t.Bold], float64(hundredths(t.Size, p.perInch))/100)
	}
	x, y := float64(hundredths(t.X, p.perInch))/100, float64(hundredths(t.Y, p.perInch))/100
	if t.Turn != 0 {
		p.doc.TransformBegin()
		p.doc.TransformRotate(float64(t.Turn), x, y)
	}
	p.doc.Text(x, y, s)
	if t.Turn != 0 {
		p.doc.TransformEnd()
	}
	if squeeze {
		p.number(10000)
		p.op("Tz")
	}
	return nil
}
