package paper

import "clew/exhibit/scene"

// drawing sets a drawing in the middle of the page, made smaller where it has to be. rest is what comes behind it.
func (s *setter) drawing(d *Drawing, rest []Block) error {
	below, err := s.heights(rest, d.With, s.bottom)
	if err != nil {
		return err
	}
	caption := below + styleFine.leading/2
	if d.Caption != "" {
		lines, err := wrap(s.f, d.Caption, s.w, styleFine)
		if err != nil {
			return err
		}
		caption += len(lines) * styleFine.leading
	}
	per := d.Scene.PerInch
	if per == 0 {
		per = 96
	}
	full := scale{Unit, per}
	width, height := extent(d.Scene)
	if 3*(s.bottom-s.y-caption) < s.bottom-marginTop {
		if err := s.need(full.of(height) + caption); err != nil {
			return err
		}
	}
	if room := s.bottom - s.y - caption; full.of(height) > room && smallText(d.Scene, scale{room, height}) {
		if parts := s.cutTall(d.Scene, room); len(parts) > 1 {
			return s.drawings(parts, d.Caption)
		}
	}
	by := full
	for _, fit := range []scale{{s.w, width}, {s.bottom - s.y - caption, height}} {
		if fit.n*by.of1 < by.n*fit.of1 {
			by = fit
		}
	}
	if err := s.scaled(d.Scene, by, marginSide+(s.w-by.of(width))/2); err != nil {
		return err
	}
	s.y += by.of(height) + styleFine.leading/2
	if d.Caption == "" {
		return nil
	}
	return s.lines(d.Caption, styleFine, centre)
}

// scaled puts the shapes of a drawing on the page, its left edge at x.
func (s *setter) scaled(sc *scene.Scene, by scale, x int) error {
	for i := range sc.Groups {
		g := &sc.Groups[i]
		if g.Kind == scene.GroupMark && s.d.Watermark != "" {
			continue // the page has one
		}
		put, err := by.group(g, s.f)
		if err != nil {
			return err
		}
		put.Move(x, s.y)
		s.add(put)
	}
	return nil
}

// drawings sets the parts of a drawing, each on a page.
func (s *setter) drawings(parts []*scene.Scene, caption string) error {
	for i, p := range parts {
		if i > 0 {
			if err := s.newPage(s.p); err != nil {
				return err
			}
		}
		if err := s.drawing(&Drawing{Scene: p, Caption: caption}, nil); err != nil {
			return err
		}
	}
	return nil
}

// smallText reports whether the smallest text of a drawing is below what is read on paper by the ratio.
func smallText(sc *scene.Scene, by scale) bool {
	size := smallest(sc)
	return size > 0 && by.of(size) < leastText
}

// Bare returns a drawing without its frame, which Words hold, cut to what is left.
func Bare(sc *scene.Scene) *scene.Scene {
	out := *sc
	out.Groups = nil
	for i := range sc.Groups {
		switch g := &sc.Groups[i]; {
		case g.Kind == scene.GroupFrame && (g.ID == scene.IDTitle || g.ID == scene.IDLegend || g.ID == scene.IDNotes):
		case g.Kind == scene.GroupMark:
		default:
			out.Groups = append(out.Groups, clone(g))
		}
	}
	all := whole(&out)
	for i := range out.Groups {
		out.Groups[i].Move(edge-all.X, edge-all.Y)
	}
	out.Width, out.Height = all.W+2*edge, all.H+2*edge
	return &out
}

// whole is the rectangle that a drawing fills.
func whole(sc *scene.Scene) scene.Rect {
	var all scene.Rect
	for i := range sc.Groups {
		g := &sc.Groups[i]
		if g.Frame.W == 0 { // an arrow has no frame
			first := scene.Rect{}
			switch {
			case len(g.Paths) > 0:
				first.X, first.Y = g.Paths[0].Points[0].X, g.Paths[0].Points[0].Y
			case len(g.Rects) > 0:
				first = g.Rects[0]
			default:
				continue
			}
			g = &scene.Group{Frame: first, Paths: g.Paths, Rects: g.Rects}
		}
		b := bounds(g)
		if all.W == 0 {
			all = b
			continue
		}
		x1, y1 := max(all.X+all.W, b.X+b.W), max(all.Y+all.H, b.Y+b.H)
		all.X, all.Y = min(all.X, b.X), min(all.Y, b.Y)
		all.W, all.H = x1-all.X, y1-all.Y
	}
	return all
}

// extent is the size of a drawing, and more where its texts need more.
func extent(sc *scene.Scene) (w, h int) {
	w, h = sc.Width, sc.Height
	for i := range sc.Groups {
		for _, t := range sc.Groups[i].Texts {
			if b := t.Bounds(); t.Turn == 0 {
				w, h = max(w, b.X+b.W), max(h, b.Y+b.H)
			}
		}
	}
	return w, h
}

// scale is a ratio.
type scale struct{ n, of1 int }

// of returns v by the ratio, rounded down.
func (s scale) of(v int) int {
	v *= s.n
	if v < 0 {
		return -((-v + s.of1 - 1) / s.of1)
	}
	return v / s.of1
}

// group returns g by the ratio; its texts are measured again, and are a little narrower than before.
func (s scale) group(g *scene.Group, f *scene.Fonts) (scene.Group, error) {
	out := *g
	out.Frame = s.rect(g.Frame)
	out.Rects = make([]scene.Rect, len(g.Rects))
	for i, r := range g.Rects {
		out.Rects[i] = s.rect(r)
	}
	out.Paths = make([]scene.Path, len(g.Paths))
	for i, p := range g.Paths {
		p.Line = s.line(p.Line)
		points := make([]scene.Point, len(p.Points))
		for k, q := range p.Points {
			points[k] = scene.Point{X: s.of(q.X), Y: s.of(q.Y)}
		}
		p.Points = points
		out.Paths[i] = p
	}
	out.Texts = make([]scene.Text, len(g.Texts))
	for i, t := range g.Texts {
		size := max(1, s.of(t.Size))
		w, err := f.Measure(t.S, size, t.Bold)
		if err != nil {
			return out, err
		}
		x := s.of(t.X)
		if t.Turn == 0 && g.Kind == scene.GroupLabel { // what is written on an arrow stands in its middle
			x += max(0, s.of(t.W)-w) / 2
		}
		t.X, t.Y, t.W, t.Size = x, s.of(t.Y), w, size
		out.Texts[i] = t
	}
	return out, nil
}

func (s scale) rect(r scene.Rect) scene.Rect {
	x, y := s.of(r.X), s.of(r.Y)
	r.W, r.H = s.of(r.X+r.W)-x, s.of(r.Y+r.H)-y
	r.X, r.Y, r.Round, r.Line = x, y, s.of(r.Round), s.line(r.Line)
	return r
}

// line keeps a line as wide as a copier can show.
func (s scale) line(w int) int {
	if w == 0 {
		return 0
	}
	return max(4, s.of(w))
}
