package exhibit

import (
	"fmt"
	"slices"
	"strings"

	"clew/exhibit/scene"
	"clew/tracer"
)

// hull is a frame round boxes of one cluster.
type hull struct {
	name    string // "K1"
	says    string // the rule that joined its addresses
	members []int  // boxes
}

// hulls lists the clusters of which at least two addresses are drawn, in the order of their numbers.
func (a *artist) hulls() []hull {
	var out []hull
	for i := range a.d.Boxes {
		b := &a.d.Boxes[i]
		if b.Kind != BoxPlace {
			continue
		}
		n := &a.d.Trace.Nodes[b.Node]
		name := a.found.Cluster(n)
		if name == "" {
			continue
		}
		k := slices.IndexFunc(out, func(h hull) bool { return h.name == name })
		if k < 0 {
			k = len(out)
			out = append(out, hull{name: name, says: a.found.clusterRule(n)})
		}
		out[k].members = append(out[k].members, i)
	}
	out = slices.DeleteFunc(out, func(h hull) bool { return len(h.members) < 2 })
	slices.SortStableFunc(out, func(a, b hull) int { return len(a.name) - len(b.name) })
	return out
}

// clusterRule is the heuristic that joined the addresses of the cluster in which n is.
func (f *Findings) clusterRule(n *tracer.Node) string {
	for _, g := range f.About(n) {
		if f.clusters[g.ID] > 0 {
			return strings.TrimPrefix(lower(HeuristicWords(g.Heuristic)), "addresses ")
		}
	}
	return ""
}

// inColumns divides hulls by the columns of a placement; what stands alone in its column has none.
func (a *artist) inColumns(hulls []hull, p *placement) []hull {
	var out []hull
	for _, h := range hulls {
		first := len(out)
		at := map[int]int{}
		for _, m := range h.members {
			c := p.center[fmt.Sprintf("b%d", m)]
			rank := c.X
			if a.down {
				rank = c.Y
			}
			k, ok := at[rank]
			if !ok {
				k = len(out)
				at[rank] = k
				out = append(out, hull{name: h.name, says: h.says})
			}
			out[k].members = append(out[k].members, m)
		}
		kept := slices.DeleteFunc(slices.Clone(out[first:]), func(h hull) bool { return len(h.members) < 2 })
		out = append(out[:first], kept...)
	}
	return out
}

const (
	// hullRoom is how far a frame stays from the boxes in it.
	hullRoom = 6
	// hullTitle is the height of its words, which stand in the gap above the first box.
	hullTitle = 14
)

// frames draws a dashed frame round the boxes of a cluster where they stand together: round all, else round
// those of one column. Where another box or label stands among them, or words would be crossed, there is no
// frame, and the words in the boxes are all.
func (a *artist) frames(p *placement, groups []scene.Group) ([]scene.Group, error) {
	var out []scene.Group
	for _, h := range a.hulls() {
		g, err := a.hullGroup(h, groups)
		if err != nil {
			return nil, err
		}
		if g != nil {
			out = append(out, *g)
			continue
		}
		for _, part := range a.inColumns([]hull{h}, p) {
			if g, err = a.hullGroup(part, groups); err != nil {
				return nil, err
			}
			if g != nil {
				out = append(out, *g)
			}
		}
	}
	a.framed = len(out) > 0
	return out, nil
}

// hullGroup draws the frame of h; nil where there is no room for it.
func (a *artist) hullGroup(h hull, groups []scene.Group) (*scene.Group, error) {
	ids := map[string]bool{}
	for _, m := range h.members {
		ids[fmt.Sprintf("%sbox%d", a.prefix, m+1)] = true
	}
	var f scene.Rect
	for i := range groups {
		if g := &groups[i]; g.Kind == scene.GroupBox && ids[g.ID] {
			f = around(f, g.Frame)
		}
	}
	text, w, err := a.hullWords(h, f.W)
	if err != nil {
		return nil, err
	}
	title := scene.Rect{X: f.X, Y: f.Y - hullTitle - 1, W: w, H: hullTitle}
	edge := scene.Rect{X: f.X - hullRoom, Y: f.Y - hullTitle/2 - 1, W: f.W + 2*hullRoom, H: f.H + hullTitle/2 + 1 + hullRoom, Line: 1, Stroke: scene.Middle, Dash: scene.Dashed, Round: 6}
	if w > f.W || !clearOf(edge, title, ids, groups) {
		return nil, nil //nolint:nilnil // no frame, and no error
	}
	g := scene.Group{Kind: scene.GroupCluster, Frame: title, Say: text + " (inferred)"}
	g.AddRect(edge)
	g.AddRect(scene.Rect{X: title.X - 3, Y: title.Y, W: w + 6, H: hullTitle, Fill: scene.White, Filled: true})
	g.AddText(scene.Text{X: title.X, Y: title.Y + 11, W: w, Size: sizeText, Fill: scene.Dark, S: text})
	return &g, nil
}

// hullWords name a cluster and the rule that joined it, shorter where the boxes are narrow.
func (a *artist) hullWords(h hull, room int) (text string, w int, err error) {
	for _, text = range []string{"cluster " + h.name + ": " + h.says, h.name + ": " + h.says} {
		if w, err = a.f.Measure(text, sizeText, false); err != nil || w <= room {
			break
		}
	}
	return text, w, err
}

// around is the smallest rectangle with both; an empty one counts for nothing.
func around(a, b scene.Rect) scene.Rect {
	if a.W == 0 {
		return scene.Rect{X: b.X, Y: b.Y, W: b.W, H: b.H}
	}
	x, y := min(a.X, b.X), min(a.Y, b.Y)
	return scene.Rect{X: x, Y: y, W: max(a.X+a.W, b.X+b.W) - x, H: max(a.Y+a.H, b.Y+b.H) - y}
}

// clearOf reports whether no box but the members, no label and no stub meets the frame, and no line its words.
func clearOf(edge, title scene.Rect, members map[string]bool, groups []scene.Group) bool {
	for i := range groups {
		g := &groups[i]
		if g.Kind != scene.GroupArrow {
			if !members[g.ID] && g.Frame.Meets(edge) || g.Frame.Meets(title) {
				return false
			}
			continue
		}
		for _, p := range g.Paths {
			for k := 0; p.Curve && k+3 < len(p.Points); k += 3 {
				if passes(p.Points[k:k+4], title) {
					return false
				}
			}
		}
	}
	return true
}

// passes reports whether a Bézier segment comes into r.
func passes(p []scene.Point, r scene.Rect) bool {
	const n = 48
	for k := 0; k <= n; k++ {
		a, b := n-k, k
		at := func(p0, p1, p2, p3 int) int {
			return (a*a*a*p0 + 3*a*a*b*p1 + 3*a*b*b*p2 + b*b*b*p3) / (n * n * n)
		}
		dot := scene.Rect{X: at(p[0].X, p[1].X, p[2].X, p[3].X), Y: at(p[0].Y, p[1].Y, p[2].Y, p[3].Y), W: 1, H: 1}
		if dot.Meets(r) {
			return true
		}
	}
	return false
}
