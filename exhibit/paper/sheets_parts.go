package paper

import (
	"slices"

	"clew/exhibit/scene"
)

// clusters are the frames of clusters of which sheet i shows a part, as far as it does; their words stand on
// one sheet.
func (c *cutter) clusters(i int, view scene.Rect) []scene.Group {
	var out []scene.Group
	for n := range c.sc.Groups {
		g := clone(&c.sc.Groups[n])
		if g.Kind != scene.GroupCluster {
			continue
		}
		words := slices.ContainsFunc(c.regions[i].items, func(it item) bool { return it.group == n })
		inside := slices.ContainsFunc(c.regions[i].items, func(it item) bool {
			return c.sc.Groups[it.group].Kind == scene.GroupBox && g.Rects[0].Contains(c.sc.Groups[it.group].Frame)
		})
		if !words && !inside {
			continue
		}
		edge := &g.Rects[0]
		right, low := min(edge.X+edge.W, view.X+view.W), min(edge.Y+edge.H, view.Y+view.H)
		edge.X, edge.Y = max(edge.X, view.X), max(edge.Y, view.Y)
		edge.W, edge.H = right-edge.X, low-edge.Y
		if !words {
			g.Rects, g.Texts, g.Order, g.Frame = g.Rects[:1], nil, g.Order[:1], scene.Rect{}
		}
		out = append(out, g)
	}
	return out
}

// arrows are the parts of arrows on sheet i, with the heads that end there.
func (c *cutter) arrows(i int) []scene.Group {
	r, at := &c.regions[i], map[int]int{}
	var out []scene.Group
	group := func(n int) *scene.Group {
		k, ok := at[n]
		if !ok {
			of := &c.sc.Groups[n]
			k = len(out)
			at[n] = k
			out = append(out, scene.Group{Kind: of.Kind, ID: of.ID, Hops: of.Hops, Say: of.Say})
		}
		return &out[k]
	}
	for _, p := range r.pieces {
		path := c.sc.Groups[p.group].Paths[p.path]
		path.Curve, path.Points = true, nil
		for _, q := range p.points {
			path.Points = append(path.Points, c.uv(q))
		}
		group(p.group).AddPath(path)
	}
	for n := range c.sc.Groups {
		if c.sc.Groups[n].Kind != scene.GroupArrow {
			continue
		}
		for _, p := range c.sc.Groups[n].Paths {
			if p.Filled && c.regionAt(c.uv(middle(p.Points))) == i {
				p.Points = slices.Clone(p.Points)
				group(n).AddPath(p)
			}
		}
	}
	return out
}

func middle(ps []scene.Point) scene.Point {
	var sum scene.Point
	for _, p := range ps {
		sum.X, sum.Y = sum.X+p.X, sum.Y+p.Y
	}
	return scene.Point{X: sum.X / len(ps), Y: sum.Y / len(ps)}
}

// clone copies a group so that it can be moved.
func clone(g *scene.Group) scene.Group {
	out := *g
	out.Rects, out.Texts, out.Paths = slices.Clone(g.Rects), slices.Clone(g.Texts), slices.Clone(g.Paths)
	for i := range out.Paths {
		out.Paths[i].Points = slices.Clone(out.Paths[i].Points)
	}
	return out
}
