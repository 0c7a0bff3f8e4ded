package exhibit

import (
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/exhibit/scene"
	"clew/tracer"
)

// slant is how far the sides of a hexagon stand out, and how wide other shapes' marks are.
const slant = 14

// shape is the outline of a box. Shapes differ in their lines, never in shade alone.
type shape uint8

const (
	shapePlain    shape = iota
	shapeService        // a double frame
	shapeMixer          // a hexagon
	shapeBridge         // a double line at both sides
	shapeContract       // a folded corner
	shapePool           // round ends
)

// shapeOf returns the outline of b.
func (d *Diagram) shapeOf(b *Box) shape {
	switch {
	case b.Kind == BoxJoint:
		switch d.Trace.Hops[b.Joint[0]].Kind {
		case tracer.HopBridge:
			return shapeBridge
		case tracer.HopMixer:
			return shapeMixer
		}
		return shapePlain
	case b.Kind != BoxPlace:
		return shapePlain
	}
	switch d.Trace.Nodes[b.Node].Kind {
	case tracer.NodeService:
		return shapeService
	case tracer.NodeMixer:
		return shapeMixer
	case tracer.NodeBridge:
		return shapeBridge
	case tracer.NodeContract:
		return shapeContract
	case tracer.NodePool:
		return shapePool
	}
	return shapePlain
}

// room is how much wider a box of that shape is on each side, so that its text stays inside.
func (s shape) room() int {
	switch s {
	case shapeMixer:
		return slant
	case shapeBridge, shapeService, shapePool, shapeContract:
		return 6
	}
	return 0
}

// inset is how far the grey band at the foot of a box stays inside its outline.
func (s shape) inset() (side, foot int) {
	switch s {
	case shapeMixer, shapePool:
		return slant, 0
	case shapeService:
		return 4, 4
	case shapeBridge:
		return 5, 0
	}
	return 0, 0
}

// outlineOf draws into g the frame r in shape s: filled, with the border of r.
func outlineOf(g *scene.Group, r scene.Rect, s shape) {
	inner := r
	switch s {
	case shapeMixer:
		area(g, r, hexagon(r))
		return
	case shapeContract:
		x := r.X + r.W
		area(g, r, []scene.Point{{X: r.X, Y: r.Y}, {X: x - slant, Y: r.Y}, {X: x, Y: r.Y + slant}, {X: x, Y: r.Y + r.H}, {X: r.X, Y: r.Y + r.H}})
		g.AddPath(scene.Path{Points: []scene.Point{{X: x - slant, Y: r.Y}, {X: x - slant, Y: r.Y + slant}, {X: x, Y: r.Y + slant}}, Line: r.Line, Stroke: r.Stroke})
		return
	case shapePool:
		r.Round = slant
	}
	g.AddRect(r)
	switch s {
	case shapeService:
		inner.X, inner.Y, inner.W, inner.H, inner.Filled = r.X+3, r.Y+3, r.W-6, r.H-6, false
		g.AddRect(inner)
	case shapeBridge:
		for _, x := range []int{r.X + 4, r.X + r.W - 4} {
			g.AddPath(scene.Path{Points: []scene.Point{{X: x, Y: r.Y}, {X: x, Y: r.Y + r.H}}, Line: r.Line, Stroke: r.Stroke})
		}
	}
}

func hexagon(r scene.Rect) []scene.Point {
	middle := r.Y + r.H/2
	return []scene.Point{{X: r.X, Y: middle}, {X: r.X + slant, Y: r.Y}, {X: r.X + r.W - slant, Y: r.Y}, {X: r.X + r.W, Y: middle}, {X: r.X + r.W - slant, Y: r.Y + r.H}, {X: r.X + slant, Y: r.Y + r.H}}
}

// area draws a filled outline through the points.
func area(g *scene.Group, r scene.Rect, points []scene.Point) {
	g.AddPath(scene.Path{Points: points, Filled: true, Fill: r.Fill})
	g.AddPath(scene.Path{Points: append(slices.Clone(points), points[0]), Line: r.Line, Stroke: r.Stroke, Dash: r.Dash})
}

// chainMarks are the patterns along the upper edge of a box that tell its chain beside the
// chain's name: lengths of line and gap in turn.
func chainMarks(i int) []int {
	marks := [][]int{{1, 0}, {10, 6}, {3, 4}, {18, 4, 3, 4}, {6, 12}, {24, 3}, {3, 3, 3, 9}, {12, 2, 3, 2, 3, 2}}
	return marks[i%len(marks)]
}

// mark draws the pattern of chain i from x over w pixels, at y.
func mark(g *scene.Group, i, x, y, w int) {
	pattern := chainMarks(i)
	for at, k := 0, 0; at < w; k++ {
		n := pattern[k%len(pattern)]
		if pattern[1] == 0 {
			n = w
		}
		if k%2 == 0 {
			g.AddRect(scene.Rect{X: x + at, Y: y, W: min(n, w-at), H: 4, Fill: scene.Dark, Filled: true})
		}
		at += n
	}
}

// chainsOf lists the chains of t in the order of its pinned blocks, then as nodes name them.
func chainsOf(t *tracer.Trace) []chains.Chain {
	var all []chains.Chain
	add := func(c chains.Chain) {
		if c != "" && !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	for _, a := range t.AsOf {
		add(a.Chain)
	}
	last := chains.Chain("") // neighbours mostly lie on one chain, and this is asked for every box
	for i := range t.Nodes {
		if c := t.Nodes[i].Chain; c != last {
			add(c)
			last = c
		}
	}
	return all
}

// onChain says on which chains a box lies, behind its title; "" in a trace of one chain.
func (a *artist) onChain(b *Box) string {
	if len(a.chains) < 2 || len(b.Chains) == 0 || b.Kind.outside() {
		return ""
	}
	names := make([]string, 0, len(b.Chains))
	for _, c := range b.Chains {
		names = append(names, clip(visible(string(c)), 20))
	}
	if len(names) > 3 {
		return fmt.Sprintf(" · %d chains", len(names))
	}
	return " · " + strings.Join(names, ", ")
}

// chainMark draws the mark of the chain of b, where it lies on one of several.
func (a *artist) chainMark(g *scene.Group, b *Box, frame scene.Rect, s shape) {
	if len(a.chains) < 2 || len(b.Chains) != 1 || b.Kind.outside() {
		return
	}
	x, w := frame.X+4, frame.W-8
	if s != shapePlain {
		x, w = frame.X+slant+2, frame.W-2*slant-4
	}
	i := slices.Index(a.chains, b.Chains[0])
	mark(g, i, x, frame.Y+3, w)
	fill, _ := chainBar(i)
	if fill == scene.White {
		return
	}
	bar := scene.Rect{X: frame.X + s.room() + 4, Y: frame.Y + 7, W: frame.W - 2*s.room() - 8, H: 16, Fill: fill, Filled: true}
	if s == shapeContract { // beside its folded corner
		bar.W -= slant - s.room()
	}
	g.AddRect(bar)
}

// chainBar is the ground of the title of a box of chain i, and what is written on it: the chain's
// name and its pattern say the same.
func chainBar(i int) (ground, ink scene.Grey) {
	bars := [][2]scene.Grey{{scene.White, scene.Black}, {scene.Dark, scene.White}, {scene.Light, scene.Black}, {scene.Middle, scene.Black}}
	return bars[i%len(bars)][0], bars[i%len(bars)][1]
}

// inkOf is what the title of b is written with.
func (a *artist) inkOf(b *Box) scene.Grey {
	if len(a.chains) < 2 || len(b.Chains) != 1 || b.Kind.outside() {
		return scene.Black
	}
	_, ink := chainBar(slices.Index(a.chains, b.Chains[0]))
	return ink
}

// jointTitle names a joint: "Swap, hop 5", "Bridge nomad, hops 5, 6".
func (d *Diagram) jointTitle(b *Box) string {
	h := &d.Trace.Hops[b.Joint[0]]
	title := hopWords(h.Kind)
	if h.Link != nil && h.Link.Protocol != "" {
		title += " " + clip(visible(h.Link.Protocol), 20)
	}
	return title + ", " + hopNumbers(d.Trace, b.Joint)
}

// jointLines is the text of a joint: what went in, and what came out.
func (a *artist) jointLines(b *Box) []line {
	h := &a.d.Trace.Hops[b.Joint[0]]
	ls := []line{{s: a.d.jointTitle(b) + a.crossing(b), bold: true}}
	if h.Link != nil && h.Link.Key != "" {
		ls = append(ls, line{s: "key " + shorten(visible(h.Link.Key)), grey: scene.Dark})
	}
	first, last := firstLeg(a.d.flow, b.Joint[0]), lastLeg(a.d.flow, b.Joint[len(b.Joint)-1])
	ls = append(ls, line{s: dates(first.Time, last.Time), grey: scene.Dark})
	gave, got := waysOfJoint(h.Kind)
	return append(ls, a.toneLines(gave, got, b)...)
}

// waysOfJoint are the words before what enters a joint and before what leaves it.
func waysOfJoint(k tracer.HopKind) (gave, got string) {
	switch k {
	case tracer.HopBridge:
		return "sent ", "arrived "
	case tracer.HopMixer:
		return "went in ", "adopted "
	}
	return "gave ", "got "
}

// crossing says between which chains a joint leads, or on which it lies.
func (a *artist) crossing(b *Box) string {
	from, to := firstLeg(a.d.flow, b.Joint[0]).Chain, lastLeg(a.d.flow, b.Joint[0]).Chain
	if from == to {
		return a.onChain(b)
	}
	return " · " + clip(visible(string(from)), 20) + " → " + clip(visible(string(to)), 20)
}

// mostAmounts is how many assets of one kind a box lists.
const mostAmounts = 4

// toneLines list what is given on white and what is received on grey.
func (a *artist) toneLines(gave, got string, b *Box) []line {
	var ls []line
	list := func(what string, s Sums, t tone) {
		parts := a.d.Assets.writings(s)
		for i, p := range parts {
			if i == mostAmounts-1 && len(parts) > mostAmounts {
				ls = append(ls, line{s: "and " + count(len(parts)-i, "further asset"), tone: t})
				break
			}
			ls = append(ls, line{s: what + p.brief, full: what + p.full, tone: t})
		}
	}
	if b.unclear && b.ConvertedOut.isZero() {
		ls = append(ls, line{s: gave + "an amount that is not stated", tone: toneGiven})
	}
	list(gave, b.ConvertedOut, toneGiven)
	list(got, b.ConvertedIn, toneGot)
	return ls
}

// swapLines say what is converted in the box of an address, or inside a fold.
func (a *artist) swapLines(b *Box) []line {
	if b.Kind == BoxJoint || b.ConvertedIn.isZero() && b.ConvertedOut.isZero() && !b.unclear {
		return nil
	}
	if len(b.Swaps) > 0 && b.Kind == BoxPlace {
		return append([]line{{s: "swaps here, " + hopNumbers(a.d.Trace, b.Swaps), bold: true}}, a.toneLines("gave ", "got ", b)...)
	}
	return append([]line{{s: "swapped or bridged inside:", grey: scene.Dark}}, a.toneLines("gave ", "got ", b)...)
}

// shapeEntries explain the shapes that are there, the two tones of a conversion, and the marks
// of the chains.
func (a *artist) shapeEntries() []legendEntry {
	has := map[shape]bool{}
	converts := false
	for i := range a.d.Boxes {
		b := &a.d.Boxes[i]
		has[a.d.shapeOf(b)] = true
		converts = converts || !b.ConvertedIn.isZero() || !b.ConvertedOut.isZero()
	}
	var out []legendEntry
	for s, text := range []string{shapeService: "service", shapeMixer: "mixer or confidential pool", shapeBridge: "bridge: value goes on to another chain, or ends there",
		shapeContract: "contract", shapePool: "pool of a venue"} {
		if text != "" && has[shape(s)] {
			out = append(out, legendEntry{text, func(g *scene.Group, x, y int) {
				outlineOf(g, scene.Rect{X: x, Y: y + 2, W: 36, H: 16, Line: 1, Fill: scene.White, Filled: true, Round: 2}, shape(s))
			}})
		}
	}
	if converts {
		out = append(out, legendEntry{"swap, bridge or adopted way through a mixer: what went in above, what came out below", func(g *scene.Group, x, y int) {
			g.AddRect(scene.Rect{X: x, Y: y + 2, W: 34, H: 8, Line: 1, Stroke: scene.Middle, Fill: scene.White, Filled: true})
			g.AddRect(scene.Rect{X: x, Y: y + 10, W: 34, H: 8, Line: 1, Stroke: scene.Middle, Fill: scene.Light, Filled: true})
		}})
	}
	if len(a.chains) > 1 {
		for i, c := range a.chains {
			out = append(out, legendEntry{"on " + clip(visible(string(c)), 20), func(g *scene.Group, x, y int) {
				mark(g, i, x, y+2, 36)
				if fill, _ := chainBar(i); fill != scene.White {
					g.AddRect(scene.Rect{X: x, Y: y + 7, W: 36, H: 11, Fill: fill, Filled: true})
				}
			}})
		}
	}
	return out
}
