package paper

import (
	"fmt"

	"clew/exhibit/scene"
)

// key draws the whole drawing small, without its texts, which nobody could read, with the outline and the
// number of each sheet; above it the title of the drawing, below legend and notes.
func (c *cutter) key() (*scene.Scene, error) {
	all := c.all
	above, below, err := c.frames()
	if err != nil {
		return nil, err
	}
	key := &scene.Scene{Fonts: c.sc.Fonts, Down: c.sc.Down, Title: "Key to the sheets: " + c.sc.Title, Description: c.sc.Description}
	y := stack(key, above, edge)
	y, err = c.keyHead(key, y)
	if err != nil {
		return nil, err
	}
	foot := heightOf(below)
	width := c.room.W - 2*edge
	height := max(c.room.H-y-foot-2*edge, c.room.H/3)
	for y+height+2*edge+foot > c.room.H && len(below) > 0 { // the last ones have a sheet of their own
		last := len(below) - 1
		c.notes = append([]scene.Group{below[last]}, c.notes...)
		below = below[:last]
		foot = heightOf(below)
	}
	height = max(height, c.room.H-y-foot-2*edge)
	by := ratio{min(width, all.W), all.W}
	if all.H*by.n/by.of > height {
		by = ratio{height, all.H}
	}
	dx, dy := edge+(width-by.of1(all.W))/2, y
	for i := range c.sc.Groups {
		g := clone(&c.sc.Groups[i])
		if g.Kind == scene.GroupFrame || g.Kind == scene.GroupMark {
			continue
		}
		g.Texts, g.Order, g.Say, g.Hops, g.Fold, g.Anchor, g.Link = nil, withoutText(g.Order), "", nil, 0, "", ""
		g.Move(-all.X, -all.Y)
		by.shrink(&g)
		g.Move(dx, dy)
		key.Groups = append(key.Groups, g)
	}
	for i := range c.regions {
		g, err := c.outline(i, by, dx, dy)
		if err != nil {
			return nil, err
		}
		key.Groups = append(key.Groups, g)
	}
	key.Height = stack(key, below, y+by.of1(all.H)+12)
	key.Width = c.room.W
	return key, nil
}

func heightOf(groups []scene.Group) int {
	h := 0
	for _, g := range groups {
		h += g.Frame.H + 10
	}
	return h
}

// notesSheet is the last sheet: what found no room on the key.
func (c *cutter) notesSheet() (Sheet, error) {
	const name, size = "Notes to the drawing", 15
	s := Sheet{Number: len(c.regions) + 1, Scene: &scene.Scene{Fonts: c.sc.Fonts, Down: c.sc.Down, Width: c.room.W, Title: name + ": " + c.sc.Title, Description: name}}
	w, err := c.sc.Fonts.Measure(name, size, true)
	if err != nil {
		return s, err
	}
	head := scene.Group{Kind: scene.GroupFrame, ID: "sheet", Frame: scene.Rect{X: edge, Y: 0, W: w, H: headRoom - 4}}
	head.AddText(scene.Text{X: edge, Y: edge + size, W: w, Size: size, Bold: true, S: name})
	s.Scene.Groups = append(s.Scene.Groups, head)
	s.Scene.Height = stack(s.Scene, c.notes, headRoom)
	return s, nil
}

// reset is the whole drawing with its title, legend and notes set as wide as the page, if that fits on it; else nil.
func (c *cutter) reset() (*scene.Scene, error) {
	above, below, err := c.frames()
	if err != nil {
		return nil, err
	}
	out := &scene.Scene{Fonts: c.sc.Fonts, Down: c.sc.Down, Title: c.sc.Title, Description: c.sc.Description, Width: c.room.W}
	y := stack(out, above, edge) + 4
	for i := range c.sc.Groups {
		g := clone(&c.sc.Groups[i])
		if g.Kind != scene.GroupFrame && g.Kind != scene.GroupMark {
			g.Move((c.room.W-c.all.W)/2-c.all.X, y-c.all.Y)
			out.Groups = append(out.Groups, g)
		}
	}
	out.Height = stack(out, below, y+c.all.H+14)
	if c.all.W > c.room.W-2*edge || out.Height > c.room.H {
		return nil, nil //nolint:nilnil // it does not fit: no error
	}
	return out, nil
}

// whole is the rectangle that boxes and arrows fill.
func (c *cutter) whole() scene.Rect {
	var all scene.Rect
	for i := range c.sc.Groups {
		g := &c.sc.Groups[i]
		if g.Kind == scene.GroupFrame || g.Kind == scene.GroupMark {
			continue
		}
		if g.Frame.W == 0 && len(g.Paths) > 0 { // an arrow has no frame
			p := g.Paths[0].Points[0]
			g = &scene.Group{Frame: scene.Rect{X: p.X, Y: p.Y}, Paths: g.Paths}
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

// frames are title, legend and notes at the size that their smallest text allows, those above the
// drawing and those below it.
func (c *cutter) frames() (above, below []scene.Group, err error) {
	for i := range c.sc.Groups {
		if c.sc.Groups[i].Kind != scene.GroupFrame {
			continue
		}
		g := clone(&c.sc.Groups[i])
		up := g.Frame.Y < c.all.Y
		if len(g.Texts) > 0 {
			if err := c.plain(&g); err != nil {
				return nil, nil, err
			}
		}
		if up {
			above = append(above, g)
		} else {
			below = append(below, g)
		}
	}
	return above, below, nil
}

// plain undoes that the text round a wide drawing was enlarged.
func (c *cutter) plain(g *scene.Group) error {
	widest := g.Texts[0]
	size := widest.Size
	for _, t := range g.Texts {
		size = min(size, t.Size)
	}
	for _, t := range g.Texts {
		if t.Size == size && (widest.Size > size || t.W > widest.W) {
			widest = t
		}
	}
	w, err := c.sc.Fonts.Measure(widest.S, textSize, widest.Bold)
	if err != nil {
		return err
	}
	by := ratio{w, widest.W}
	if by.n > by.of || by.n == 0 {
		by = ratio{1, 1}
	}
	g.Move(-g.Frame.X, -g.Frame.Y)
	by.shrink(g)
	right := 0
	for k := range g.Texts {
		g.Texts[k].Size = max(g.Texts[k].Size, min(size, textSize))
		right = max(right, g.Texts[k].X+g.Texts[k].W)
	}
	g.Frame.W = right
	c.narrow(g)
	return nil
}

// narrow cuts rules that run over the whole width to that of the text.
func (c *cutter) narrow(g *scene.Group) {
	for i := range g.Paths {
		for k := range g.Paths[i].Points {
			g.Paths[i].Points[k].X = min(g.Paths[i].Points[k].X, c.room.W-2*edge)
		}
	}
}

// stack sets groups below each other from y on and returns the y below them.
func stack(key *scene.Scene, groups []scene.Group, y int) int {
	for _, g := range groups {
		g.Move(edge-g.Frame.X, y-g.Frame.Y)
		y += g.Frame.H + 10
		key.Groups = append(key.Groups, g)
	}
	return y
}

// keyHead says what the key is.
func (c *cutter) keyHead(key *scene.Scene, y int) (int, error) {
	g := scene.Group{Kind: scene.GroupFrame, ID: "key"}
	text := fmt.Sprintf("Key to %s: the whole drawing, small. A number is that of the sheet that shows its part.", count(len(c.regions), "sheet", "sheets"))
	const size = 13
	lines, err := c.sc.Fonts.Wrap(text, c.room.W-2*edge, size, true)
	if err != nil {
		return y, err
	}
	top := y
	for _, l := range lines {
		w, err := c.sc.Fonts.Measure(l, size, true)
		if err != nil {
			return y, err
		}
		g.AddText(scene.Text{X: edge, Y: y + size, W: w, Size: size, Bold: true, S: l})
		y += size + 6
	}
	g.Frame = scene.Rect{X: edge, Y: top, W: c.room.W - 2*edge, H: y - top}
	key.Groups = append(key.Groups, g)
	return y + 4, nil
}

// outline is the frame and the number of sheet i on the key.
func (c *cutter) outline(i int, by ratio, dx, dy int) (scene.Group, error) {
	r, all := &c.regions[i], c.all
	g := scene.Group{Kind: scene.GroupLabel, ID: fmt.Sprintf("key%d", i+1), Link: anchor(i + 1)}
	a, b := c.uv(scene.Point{X: r.items[0].u0, Y: r.items[0].v0}), scene.Point{}
	for _, it := range r.items {
		p, q := c.uv(scene.Point{X: it.u0, Y: it.v0}), c.uv(scene.Point{X: it.u1, Y: it.v1})
		a.X, a.Y, b.X, b.Y = min(a.X, p.X), min(a.Y, p.Y), max(b.X, q.X), max(b.Y, q.Y)
	}
	frame := scene.Rect{X: by.of1(a.X-all.X) + dx - 2, Y: by.of1(a.Y-all.Y) + dy - 2, W: by.of1(b.X-a.X) + 4, H: by.of1(b.Y-a.Y) + 4, Line: 1, Stroke: scene.Black, Dash: scene.Dashed}
	g.AddRect(frame)
	number := fmt.Sprint(i + 1)
	const size = 15
	w, err := c.sc.Fonts.Measure(number, size, true)
	if err != nil {
		return g, err
	}
	x, y := frame.X+(frame.W-w)/2, frame.Y+frame.H/2
	g.Frame = scene.Rect{X: x - 4, Y: y - 10, W: w + 8, H: 20}
	g.AddRect(scene.Rect{X: x - 4, Y: y - 10, W: w + 8, H: 20, Line: 1, Stroke: scene.Black, Fill: scene.White, Filled: true, Round: 3})
	g.AddText(scene.Text{X: x, Y: y + 5, W: w, Size: size, Bold: true, S: number})
	return g, nil
}

// ratio makes things smaller: n of each so many.
type ratio struct{ n, of int }

// of1 is a length made smaller, rounded.
func (r ratio) of1(v int) int { return floorDiv(2*v*r.n+r.of, 2*r.of) }

// shrink makes a group smaller, from the corner of the drawing. Lines stay as wide as they are, but for wide
// ones.
func (r ratio) shrink(g *scene.Group) {
	rect := func(q *scene.Rect) {
		q.X, q.Y, q.W, q.H, q.Round = r.of1(q.X), r.of1(q.Y), r.of1(q.W), r.of1(q.H), r.of1(q.Round)
	}
	rect(&g.Frame)
	for i := range g.Rects {
		rect(&g.Rects[i])
	}
	for i := range g.Texts {
		t := &g.Texts[i]
		t.X, t.Y, t.W, t.Size = r.of1(t.X), r.of1(t.Y), r.of1(t.W), r.of1(t.Size)
	}
	for i := range g.Paths {
		p := &g.Paths[i]
		if g.Kind == scene.GroupArrow && p.Line > 1 {
			p.Line = max(1, r.of1(p.Line))
		}
		for k := range p.Points {
			p.Points[k].X, p.Points[k].Y = r.of1(p.Points[k].X), r.of1(p.Points[k].Y)
		}
	}
}

// withoutText is the order of drawing of what is no text.
func withoutText(order []scene.Shape) []scene.Shape {
	var out []scene.Shape
	for _, o := range order {
		if o.List != scene.ListText {
			out = append(out, o)
		}
	}
	return out
}
