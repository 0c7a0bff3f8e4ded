package paper

import (
	"slices"

	"clew/exhibit/scene"
)

// cutTall cuts a drawing that is too high for a page where nothing is drawn, from top to bottom, each of
// them as high as fits when the drawing is as wide as the page. nil where some piece fits on no page.
func (s *setter) cutTall(sc *scene.Scene, room int) []*scene.Scene {
	width, height := extent(sc)
	per := sc.PerInch
	if per == 0 {
		per = 96
	}
	by := scale{Unit, per}
	if by.of(width) > s.w {
		by = scale{s.w, width}
	}
	most := room * by.of1 / by.n // units of the drawing that a page has
	gaps := emptyLines(sc, height)
	var out []*scene.Scene
	for top := 0; top < height; {
		end := height
		if end-top > most {
			end = 0
			for _, y := range gaps {
				if y > top && y-top <= most {
					end = y
				}
			}
			if end == 0 {
				return nil
			}
		}
		out = append(out, strip(sc, top, end, width))
		top = end
	}
	return out
}

// emptyLines lists where a level line meets nothing that is drawn, one for each stretch of them:
// the middle.
func emptyLines(sc *scene.Scene, height int) []int {
	type span struct{ from, to int }
	var all []span
	for i := range sc.Groups {
		g := &sc.Groups[i]
		if g.Kind == scene.GroupMark {
			continue
		}
		for _, o := range g.Order {
			from, to := spanOf(g, o)
			all = append(all, span{from, to})
		}
	}
	slices.SortFunc(all, func(a, b span) int { return a.from - b.from })
	var out []int
	end := 0
	for _, a := range all {
		if a.from > end+1 && end > 0 {
			out = append(out, (end+a.from)/2)
		}
		end = max(end, a.to)
	}
	return slices.DeleteFunc(out, func(y int) bool { return y <= 0 || y >= height })
}

// spanOf is from where to where a shape reaches, from top to bottom.
func spanOf(g *scene.Group, o scene.Shape) (from, to int) {
	switch o.List {
	case scene.ListRect:
		r := g.Rects[o.Index]
		return r.Y - r.Line, r.Y + r.H + r.Line
	case scene.ListText:
		b := g.Texts[o.Index].Bounds()
		return b.Y, b.Y + b.H
	}
	p := &g.Paths[o.Index]
	from, to = p.Points[0].Y, p.Points[0].Y
	for _, q := range p.Points {
		from, to = min(from, q.Y), max(to, q.Y)
	}
	return from - p.Line, to + p.Line
}

// strip is what of a drawing stands from top to end.
func strip(sc *scene.Scene, top, end, width int) *scene.Scene {
	out := &scene.Scene{Width: width, Height: end - top, PerInch: sc.PerInch, Fonts: sc.Fonts, Title: sc.Title}
	for i := range sc.Groups {
		g := &sc.Groups[i]
		part := scene.Group{Kind: g.Kind, ID: g.ID, Hops: g.Hops, Say: g.Say, Anchor: g.Anchor, Link: g.Link, Frame: g.Frame}
		for _, o := range g.Order {
			if from, to := spanOf(g, o); from < top || to > end {
				continue
			}
			switch o.List {
			case scene.ListRect:
				part.AddRect(g.Rects[o.Index])
			case scene.ListText:
				part.AddText(g.Texts[o.Index])
			case scene.ListPath:
				p := g.Paths[o.Index]
				p.Points = slices.Clone(p.Points)
				part.AddPath(p)
			}
		}
		if len(part.Order) > 0 {
			part.Frame.Y, part.Frame.H = max(part.Frame.Y, top), min(part.Frame.Y+part.Frame.H, end)-max(part.Frame.Y, top)
			part.Move(0, -top)
			out.Groups = append(out.Groups, part)
		}
	}
	return out
}
