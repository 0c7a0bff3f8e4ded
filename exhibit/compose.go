package exhibit

import (
	"fmt"
	"slices"
	"strings"

	"clew/exhibit/scene"
)

const (
	margin   = 28
	minWidth = 1080 // so that title and notes have room
)

// compose draws title, diagram, legend and notes, from top to bottom.
func (a *artist) compose(p *placement) error {
	s := a.scene
	s.Width, s.Down = max(minWidth, p.w+2*margin), a.down
	y, err := a.scaled(margin, a.header)
	if err != nil {
		return err
	}
	if err := a.groups(p, (s.Width-p.w)/2, y+14); err != nil {
		return err
	}
	y += 14 + p.h + 24
	if y, err = a.scaled(y, a.legend); err != nil {
		return err
	}
	if y, err = a.scaled(y, a.footer); err != nil {
		return err
	}
	s.Height = y + margin/2
	return a.watermark()
}

const (
	// plainWidth is up to which width, in pixels, the text around a drawing has its own size. Round
	// a wider one it grows with it, up to mostGrowth percent: who sees the drawing whole can read
	// what it is.
	plainWidth, mostGrowth = 1600, 250
)

// scaled draws a part of the frame from y on, larger round a wide drawing, and returns the y
// below it.
func (a *artist) scaled(y int, part func(int) (int, error)) (int, error) {
	s := a.scene
	percent := min(max(100, s.Width*100/plainWidth), mostGrowth)
	whole, first := s.Width, len(s.Groups)
	s.Width = whole * 100 / percent
	below, err := part(0)
	s.Width = whole
	for i := first; i < len(s.Groups); i++ {
		s.Groups[i].Grow(percent)
		s.Groups[i].Move(0, y)
	}
	return y + (below*percent+99)/100, err
}

// groups draws what was laid out: frames of clusters, then lines, then the rest.
func (a *artist) groups(p *placement, dx, dy int) error {
	var lines, rest []scene.Group
	edge := 0
	for i := range a.d.Arrows {
		label := a.labelGroup(i, p.center[fmt.Sprintf("l%d", i)])
		lines = append(lines, a.arrowGroup(i, p.lines[edge], p.lines[edge+1], &label))
		rest = append(rest, label)
		edge += 2
	}
	for i := range a.d.Boxes {
		rest = append(rest, a.boxGroup(i, p.center[fmt.Sprintf("b%d", i)]))
		if a.others[i].h > 0 {
			rest = append(rest, a.otherGroup(i, p.center[fmt.Sprintf("o%d", i)]))
			g := scene.Group{Kind: scene.GroupArrow}
			g.AddPath(scene.Path{Points: slices.Clone(p.lines[edge]), Curve: true, Line: 1, Stroke: scene.Middle, Dash: scene.Dashed})
			a.arrowHead(&g, p.lines[edge], scene.Middle)
			lines = append(lines, g)
			edge++
		}
	}
	all := append(lines, rest...)
	frames, err := a.frames(p, all)
	if err != nil {
		return err
	}
	for _, g := range append(frames, all...) {
		g.Move(dx, dy)
		a.scene.Groups = append(a.scene.Groups, g)
	}
	return nil
}

func lineOf(s Style) (width int, dash scene.Dash, double bool) {
	switch s {
	case Attested:
		return 2, scene.DashDot, false
	case Inferred:
		return 5, scene.Dotted, true
	}
	return 2, scene.Solid, false
}

// arrowGroup draws the two halves of arrow i and the piece through its label.
func (a *artist) arrowGroup(i int, in, out []scene.Point, label *scene.Group) scene.Group {
	ar := &a.d.Arrows[i]
	g := scene.Group{Kind: scene.GroupArrow, ID: fmt.Sprintf("%sarrow%d", a.prefix, i+1), Hops: label.Hops, Say: label.Say}
	width, dash, double := lineOf(ar.Style)
	parts := [][]scene.Point{slices.Clone(in), slices.Clone(out)} // from top to bottom, the label stands between them
	if !a.down {
		through := append(append([]scene.Point(nil), in...), straight(in[len(in)-1], out[0])...)
		parts = [][]scene.Point{append(through, out[1:]...)}
	}
	if ar.Back {
		slices.Reverse(parts)
		for _, part := range parts {
			slices.Reverse(part)
		}
	}
	for _, part := range parts {
		g.AddPath(scene.Path{Points: part, Curve: true, Line: width, Stroke: scene.Dark, Dash: dash, Double: double})
	}
	a.arrowHead(&g, parts[len(parts)-1], scene.Dark)
	return g
}

// straight returns the Bézier segment, without its start, of a straight line.
func straight(from, to scene.Point) []scene.Point {
	dx, dy := to.X-from.X, to.Y-from.Y
	return []scene.Point{{X: from.X + dx/3, Y: from.Y + dy/3}, {X: from.X + 2*dx/3, Y: from.Y + 2*dy/3}, to}
}

// arrowHead draws a head at the end of the line, which enters a box from the left, or from
// below if it comes back; in a drawing from top to bottom from above, or from the right.
func (a *artist) arrowHead(g *scene.Group, line []scene.Point, fill scene.Grey) {
	p, q := line[len(line)-1], line[len(line)-2]
	head := []scene.Point{{X: p.X - 9, Y: p.Y - 5}, p, {X: p.X - 9, Y: p.Y + 5}}
	dx, dy := p.X-q.X, q.Y-p.Y
	switch {
	case a.down && -dx > max(dy, -dy):
		head = []scene.Point{{X: p.X + 9, Y: p.Y - 5}, p, {X: p.X + 9, Y: p.Y + 5}}
	case a.down:
		head = []scene.Point{{X: p.X - 5, Y: p.Y - 9}, p, {X: p.X + 5, Y: p.Y - 9}}
	case dy > max(dx, -dx):
		head = []scene.Point{{X: p.X - 5, Y: p.Y + 9}, p, {X: p.X + 5, Y: p.Y + 9}}
	}
	g.AddPath(scene.Path{Points: head, Filled: true, Fill: fill})
}

func (a *artist) labelGroup(i int, at scene.Point) scene.Group {
	ar, b := &a.d.Arrows[i], &a.labels[i]
	g := scene.Group{Kind: scene.GroupLabel, Frame: scene.Rect{X: at.X - b.w/2, Y: at.Y - b.h/2, W: b.w, H: b.h}}
	for _, h := range append(slices.Clone(ar.Hops), ar.Gives...) {
		g.Hops = append(g.Hops, a.d.Trace.Hops[h].Number)
	}
	for k, l := range b.lines {
		y := at.Y - 6 - (b.above-1-k)*leading
		if k >= b.above {
			y = at.Y + 15 + (k-b.above)*leading
		}
		g.AddText(scene.Text{X: at.X - b.widths[k]/2, Y: y, W: b.widths[k], Size: sizeText, Bold: l.bold, Fill: l.grey, S: l.s})
	}
	g.Say = a.boxName(ar.From) + " to " + a.boxName(ar.To) + ": " + b.say
	return g
}

// boxName names a box within a sentence.
func (a *artist) boxName(i int) string {
	b := &a.d.Boxes[i]
	if b.Kind == BoxPlace {
		return a.names[b.Node]
	}
	if b.Kind.outside() {
		return b.Text
	}
	ls := a.boxes[i].lines
	if b.Kind == BoxSeed {
		return "seed " + visible(b.Text)
	}
	return ls[0].say()
}

// boxGroup draws box i with its centre at the given place.
func (a *artist) boxGroup(i int, at scene.Point) scene.Group {
	b, bl := &a.d.Boxes[i], &a.boxes[i]
	stack := stackWidth(b)
	x, y := at.X-(bl.w+stack)/2, at.Y-(bl.h+stack)/2+stack
	frame := scene.Rect{X: x, Y: y, W: bl.w, H: bl.h, Line: 1, Stroke: scene.Black, Fill: scene.White, Filled: true, Round: 2}
	g := scene.Group{Kind: scene.GroupBox, ID: fmt.Sprintf("%sbox%d", a.prefix, i+1), Frame: frame, Fold: b.Fold}
	for k := stack; k > 0; k -= 4 {
		r := frame
		r.X, r.Y, r.Stroke, r.Fill = x+k, y-k, scene.Middle, scene.White
		g.AddRect(r)
	}
	switch b.Kind {
	case BoxJunction:
		frame.Round, frame.Stroke = 12, scene.Dark
	case BoxSeed, BoxSeeds:
		frame.Line, frame.Fill = 2, scene.Pale
	case BoxFrom, BoxTo:
		frame.Dash, frame.Stroke = scene.Dashed, scene.Middle
	}
	outline := a.d.shapeOf(b)
	outlineOf(&g, frame, outline)
	a.chainMark(&g, b, frame, outline)
	if from, ok := bl.bandFrom(); ok {
		side, foot := outline.inset()
		left, w, h := x+side, bl.w-2*side, bl.h-from-foot
		g.AddRect(scene.Rect{X: left + frame.Line, Y: y + from, W: w - 2*frame.Line, H: h - frame.Line, Fill: scene.Pale, Filled: true})
		g.AddPath(scene.Path{Points: []scene.Point{{X: left, Y: y + from}, {X: left + w, Y: y + from}}, Line: 1, Stroke: scene.Middle})
		g.AddRect(scene.Rect{X: left + w - 4, Y: y + from, W: 4, H: h, Fill: scene.Dark, Filled: true})
	}
	bl.put(&g, x, y)
	var words []string
	for _, l := range bl.lines {
		if !l.goesOn {
			words = append(words, l.say())
		}
	}
	g.Say = strings.Join(words, "; ")
	for _, h := range b.Hops {
		g.Hops = append(g.Hops, a.d.Trace.Hops[h].Number)
	}
	return g
}

func (a *artist) otherGroup(i int, at scene.Point) scene.Group {
	o := &a.others[i]
	frame := scene.Rect{X: at.X - o.w/2, Y: at.Y - o.h/2, W: o.w, H: o.h, Line: 1, Stroke: scene.Middle, Fill: scene.White, Filled: true, Round: 2, Dash: scene.Dashed}
	g := scene.Group{Kind: scene.GroupOther, Frame: frame, Say: o.lines[0].say() + " " + o.lines[1].say()}
	g.AddRect(frame)
	o.put(&g, frame.X, frame.Y)
	return g
}

// watermark writes REPLICA across a drawing of synthetic data, under everything else.
func (a *artist) watermark() error {
	if !a.d.Trace.Incident.Synthetic {
		return nil
	}
	const size = 96
	w, err := a.f.Measure("REPLICA", size, true)
	if err != nil {
		return err
	}
	g := scene.Group{Kind: scene.GroupMark, Frame: scene.Rect{W: a.scene.Width, H: a.scene.Height}}
	for y := 330; y < a.scene.Height+100; y += 420 {
		for x := 60 + (y/420%2)*260; x < a.scene.Width; x += 700 {
			g.AddText(scene.Text{X: x, Y: y, W: w, Size: size, Bold: true, Fill: 234, Turn: 25, S: "REPLICA"})
		}
	}
	a.scene.Groups = append([]scene.Group{g}, a.scene.Groups...)
	return nil
}
