package paper

import (
	"fmt"

	"clew/exhibit/scene"
)

// key draws the whole drawing small, without its texts, which nobody could read, with the outline of what each sheet
// shows and the sheet's number.
func (c *cutter) key(area Area) (*scene.Scene, error) {
	all, room := c.all, area.room(textSize)
	key := &scene.Scene{Fonts: c.sc.Fonts, Down: c.sc.Down, Title: "Key to the sheets: " + c.sc.Title, Description: c.sc.Description}
	width, height := room.W-2*edge, room.H-2*edge
	by := ratio{min(width, all.W), all.W}
	if all.H*by.n/by.of > height {
		by = ratio{height, all.H}
	}
	var boxes []scene.Rect
	for i := range c.sc.Groups {
		g := clone(&c.sc.Groups[i])
		g.Texts, g.Order, g.Say, g.Hops, g.Fold, g.Anchor, g.Link = nil, withoutText(g.Order), "", nil, 0, "", ""
		g.Move(-all.X, -all.Y)
		by.shrink(&g)
		g.Move(edge, edge)
		key.Groups = append(key.Groups, g)
		if g.Kind == scene.GroupBox {
			boxes = append(boxes, g.Frame)
		}
	}
	var numbers []scene.Group
	for i := range c.regions {
		frame, number, err := c.outline(i, by, &boxes)
		if err != nil {
			return nil, err
		}
		key.Groups, numbers = append(key.Groups, frame), append(numbers, number)
	}
	key.Groups = append(key.Groups, numbers...)
	key.Width, key.Height = by.of1(all.W)+2*edge, by.of1(all.H)+2*edge
	return key, nil
}

// outline is the frame of what a region shows, on the key, and the number of its sheet, which stands where it
// hides the least of the boxes and numbers that are there.
func (c *cutter) outline(i int, by ratio, taken *[]scene.Rect) (frame, number scene.Group, err error) {
	r, all := &c.regions[i], c.all
	a, b := c.uv(scene.Point{X: r.items[0].u0, Y: r.items[0].v0}), scene.Point{}
	for _, it := range r.items {
		p, q := c.uv(scene.Point{X: it.u0, Y: it.v0}), c.uv(scene.Point{X: it.u1, Y: it.v1})
		a.X, a.Y, b.X, b.Y = min(a.X, p.X), min(a.Y, p.Y), max(b.X, q.X), max(b.Y, q.Y)
	}
	f := scene.Rect{X: by.of1(a.X-all.X) + edge - 2, Y: by.of1(a.Y-all.Y) + edge - 2, W: by.of1(b.X-a.X) + 4, H: by.of1(b.Y-a.Y) + 4, Line: 1, Stroke: scene.Black, Dash: scene.Dashed}
	frame = scene.Group{Kind: scene.GroupLabel}
	frame.AddRect(f)
	text := fmt.Sprint(c.sheetOf[i])
	const size, high = 13, 18
	w, err := c.sc.Fonts.Measure(text, size, true)
	if err != nil {
		return frame, number, err
	}
	at := freePlace(f, scene.Rect{W: w + 8, H: high}, *taken)
	*taken = append(*taken, at)
	number = scene.Group{Kind: scene.GroupLabel, ID: fmt.Sprintf("key%d", i+1), Link: anchor(c.sheetOf[i]), Frame: at}
	at.Line, at.Stroke, at.Fill, at.Filled, at.Round = 1, scene.Black, scene.White, true, 3
	number.AddRect(at)
	number.AddText(scene.Text{X: at.X + 4, Y: at.Y + high - 5, W: w, Size: size, Bold: true, S: text})
	return frame, number, nil
}

// freePlace is where in f a label hides the least of what is taken; the first of several, from the upper left.
func freePlace(f, label scene.Rect, taken []scene.Rect) scene.Rect {
	const steps = 12
	best, least := label, -1
	for row := range steps + 1 {
		for column := range steps + 1 {
			at := label
			at.X, at.Y = f.X+max(0, f.W-label.W)*column/steps, f.Y+max(0, f.H-label.H)*row/steps
			hidden := 0
			for _, t := range taken {
				w, h := min(at.X+at.W, t.X+t.W)-max(at.X, t.X), min(at.Y+at.H, t.Y+t.H)-max(at.Y, t.Y)
				if w > 0 && h > 0 {
					hidden += w * h
				}
			}
			if least < 0 || hidden < least {
				best, least = at, hidden
			}
		}
	}
	return best
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
