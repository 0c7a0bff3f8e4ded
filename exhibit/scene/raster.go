package scene

import (
	"image"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

// canvas draws shapes into a grey picture. Places are in 1/256 pixel (sub).
type canvas struct {
	img     *image.Gray
	perInch int // pixels an inch
	units   int // of the scene, an inch
	fonts   *Fonts
	pen     vector.Rasterizer
	mask    image.Alpha
	glyphs  [2]map[rune]glyph // by weight
}

// sub is how many steps a pixel has.
const sub = 256

// at turns units of the scene into places.
func (c *canvas) at(v int) int { return v * c.perInch * sub / c.units }

func (c *canvas) point(p Point) Point { return Point{c.at(p.X), c.at(p.Y)} }

// pixel96 turns 1/96 inch into a length.
func (c *canvas) pixel96(v int) int { return v * c.perInch * sub / 96 }

func (c *canvas) group(g *Group) error {
	for _, o := range g.Order {
		switch o.List {
		case ListPath:
			c.path(&g.Paths[o.Index])
		case ListRect:
			c.rect(&g.Rects[o.Index])
		case ListText:
			if err := c.text(&g.Texts[o.Index]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *canvas) rect(r *Rect) {
	line := c.places([]Point{{r.X, r.Y}, {r.X + r.W, r.Y}, {r.X + r.W, r.Y + r.H}, {r.X, r.Y + r.H}, {r.X, r.Y}})
	if r.Round > 0 {
		corner := c.places(outline(r))
		line = nil
		for i := 0; i+4 < len(corner); i += 4 {
			line = append(line, corner[i])
			line = append(line, flat(corner[i+1:i+5])...)
		}
		line = append(line, line[0])
	}
	c.shape(line, r.Filled, r.Fill)
	if r.Line > 0 {
		c.line(line, r.Line, r.Stroke, r.Dash)
	}
}

func (c *canvas) path(s *Path) {
	line := c.places(s.Points)
	if s.Curve {
		line = flat(line)
	}
	c.shape(line, s.Filled, s.Fill)
	if s.Line == 0 {
		return
	}
	if s.Filled {
		line = append(line, line[0])
	}
	c.line(line, s.Line, s.Stroke, s.Dash)
	if s.Double {
		c.line(line, innerLine(s.Line), White, Solid)
	}
}

func (c *canvas) places(points []Point) []Point {
	out := make([]Point, len(points))
	for i, p := range points {
		out[i] = c.point(p)
	}
	return out
}

// flat turns a start and Bézier segments, in places, into straight pieces of about two pixels.
func flat(points []Point) []Point {
	out := []Point{points[0]}
	for i := 0; i+3 < len(points); i += 3 {
		p, span := points[i:i+4], 0
		for k := range 3 {
			span += distance(p[k], p[k+1])
		}
		n := max(4, min(span/(2*sub), 200))
		mix := func(i, a, b, c, d int) int {
			k := n - i
			return (k*k*k*a + 3*k*k*i*b + 3*k*i*i*c + i*i*i*d) / (n * n * n)
		}
		for i := 1; i <= n; i++ {
			out = append(out, Point{mix(i, p[0].X, p[1].X, p[2].X, p[3].X), mix(i, p[0].Y, p[1].Y, p[2].Y, p[3].Y)})
		}
	}
	return out
}

func distance(a, b Point) int {
	x, y := a.X-b.X, a.Y-b.Y
	return int(math.Sqrt(float64(x*x + y*y)))
}

// shape fills a polygon.
func (c *canvas) shape(line []Point, filled bool, g Grey) {
	if filled && len(line) > 2 {
		c.fill([][]Point{line}, g)
	}
}

// line draws along places; width is in units of the scene.
func (c *canvas) line(at []Point, width int, g Grey, d Dash) {
	half := max(c.at(width), sub*3/4) / 2 // thinner lines would fade
	for _, piece := range c.dashes(at, d) {
		c.fill(stroke(piece, half), g)
	}
}

// dashes cuts a line into the pieces of its pattern.
func (c *canvas) dashes(line []Point, d Dash) [][]Point {
	pattern := d.Lengths()
	if pattern == nil {
		return [][]Point{line}
	}
	var out [][]Point
	piece, k := []Point{line[0]}, 0
	left := c.pixel96(pattern[0])
	for i := 1; i < len(line); i++ {
		from, to := line[i-1], line[i]
		for whole := distance(from, to); whole > left; whole = distance(from, to) {
			cut := Point{from.X + (to.X-from.X)*left/whole, from.Y + (to.Y-from.Y)*left/whole}
			if k%2 == 0 {
				out = append(out, append(piece, cut))
			}
			k++
			piece, from, left = []Point{cut}, cut, max(1, c.pixel96(pattern[k%len(pattern)]))
		}
		left -= distance(from, to)
		piece = append(piece, to)
	}
	if k%2 == 0 && len(piece) > 1 {
		out = append(out, piece)
	}
	return out
}

// stroke returns the areas of a line: a quadrangle for each piece, and an octagon at each corner.
// All run the same way round, so that where they overlap they do not cancel out.
func stroke(line []Point, half int) [][]Point {
	var out [][]Point
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		n := distance(a, b)
		if n == 0 {
			continue
		}
		x, y := -(b.Y-a.Y)*half/n, (b.X-a.X)*half/n
		out = append(out, []Point{{a.X - x, a.Y - y}, {b.X - x, b.Y - y}, {b.X + x, b.Y + y}, {a.X + x, a.Y + y}})
		if i+1 < len(line) {
			k := half * 414 / 1000
			out = append(out, []Point{{b.X - k, b.Y - half}, {b.X + k, b.Y - half}, {b.X + half, b.Y - k}, {b.X + half, b.Y + k},
				{b.X + k, b.Y + half}, {b.X - k, b.Y + half}, {b.X - half, b.Y + k}, {b.X - half, b.Y - k}})
		}
	}
	return out
}

// tile is the side of what is rasterised at once: up to this, x/image/vector counts in fixed point.
const tile = 512

// fill covers polygons, in places, with g.
func (c *canvas) fill(polygons [][]Point, g Grey) {
	c.cover(bounds(polygons), g, func(dx, dy int) {
		for _, p := range polygons {
			for i, q := range p {
				x, y := float32(q.X-dx)/sub, float32(q.Y-dy)/sub
				if i == 0 {
					c.pen.MoveTo(x, y)
				} else {
					c.pen.LineTo(x, y)
				}
			}
			c.pen.ClosePath()
		}
	})
}

// bounds returns the pixels that polygons touch.
func bounds(polygons [][]Point) image.Rectangle {
	box := image.Rectangle{Min: image.Pt(math.MaxInt, math.MaxInt), Max: image.Pt(math.MinInt, math.MinInt)}
	for _, p := range polygons {
		for _, q := range p {
			box.Min.X, box.Min.Y = min(box.Min.X, q.X), min(box.Min.Y, q.Y)
			box.Max.X, box.Max.Y = max(box.Max.X, q.X), max(box.Max.Y, q.Y)
		}
	}
	if box.Min.X > box.Max.X {
		return image.Rectangle{}
	}
	return image.Rect(box.Min.X>>8, box.Min.Y>>8, box.Max.X>>8+1, box.Max.Y>>8+1)
}

// cover mixes g into the pixels of box that outline encloses, tile by tile; outline draws with
// c.pen what stands at (dx, dy) to the tile's corner.
func (c *canvas) cover(box image.Rectangle, g Grey, outline func(dx, dy int)) {
	box = box.Intersect(c.img.Rect)
	for y := box.Min.Y; y < box.Max.Y; y += tile {
		for x := box.Min.X; x < box.Max.X; x += tile {
			part := image.Rect(x, y, min(x+tile, box.Max.X), min(y+tile, box.Max.Y))
			c.pen.Reset(part.Dx(), part.Dy())
			c.pen.DrawOp = draw.Src
			outline(x*sub, y*sub)
			c.blend(part, g)
		}
	}
}

func (c *canvas) blend(part image.Rectangle, g Grey) {
	w, h := part.Dx(), part.Dy()
	if cap(c.mask.Pix) < w*h {
		c.mask.Pix = make([]byte, tile*tile)
	}
	c.mask.Pix, c.mask.Stride, c.mask.Rect = c.mask.Pix[:w*h], w, image.Rect(0, 0, w, h)
	c.pen.Draw(&c.mask, c.mask.Rect, image.Opaque, image.Point{})
	for y := range h {
		row := c.img.Pix[c.img.PixOffset(part.Min.X, part.Min.Y+y):]
		for x, a := range c.mask.Pix[y*w : (y+1)*w] {
			if a == 0 {
				continue
			}
			row[x] = byte((int(row[x])*(255-int(a)) + int(g)*int(a) + 127) / 255)
		}
	}
}
