// Package chart draws two charts as scenes: a timeline, and value in proportion over where it came from
// and where it ends (a Sankey diagram). It is given plain data and knows nothing of traces; amounts are
// whole numbers, and so is all geometry. Start reading at Timeline and Sankey.
package chart

import (
	"clew/chains"
	"clew/exhibit/scene"
)

// Frame is what stands round a chart.
type Frame struct {
	Title       string
	Description string   // for readers that cannot see it
	Head        []string // sentences above
	Notes       []string // sentences below
	Replica     string   // stands above everything, and a watermark below; "" where the data are real
}

// Sizes in pixels.
const (
	margin    = 24
	sizeTitle = 17
	sizeText  = 12
	sizeSmall = 11
	leading   = 15 // from baseline to baseline
	proseWide = 1000
)

// canvas is a scene that grows downward. The first error stays and is returned by done.
type canvas struct {
	sc  *scene.Scene
	f   *scene.Fonts
	y   int // where the next thing starts
	err error
}

func newCanvas(width int, fr *Frame) (*canvas, error) {
	f, err := scene.OpenFonts()
	if err != nil {
		return nil, err
	}
	c := &canvas{sc: &scene.Scene{Width: width, Title: fr.Title, Description: fr.Description, Fonts: f}, f: f, y: margin}
	c.sc.Words = fr.words()
	g := scene.Group{Kind: scene.GroupFrame, ID: scene.IDTitle}
	if fr.Replica != "" {
		c.prose(&g, fr.Replica, sizeText, true)
	}
	c.prose(&g, fr.Title, sizeTitle, true)
	for _, s := range fr.Head {
		c.prose(&g, s, sizeText, false)
	}
	c.add(g, scene.Rect{X: margin, Y: margin, W: width - 2*margin, H: c.y - margin})
	return c, nil
}

// words is the frame as text.
func (fr *Frame) words() scene.Words {
	w := scene.Words{Title: fr.Title}
	if fr.Replica != "" {
		w.Head = append(w.Head, scene.Sentences{Text: fr.Replica, Bold: true})
	}
	for _, s := range fr.Head {
		w.Head = append(w.Head, scene.Sentences{Text: s})
	}
	for _, s := range fr.Notes {
		w.Notes = append(w.Notes, scene.Sentences{Text: s})
	}
	return w
}

// done writes the notes and returns the scene.
func (c *canvas) done(fr *Frame) (*scene.Scene, error) {
	g, top := scene.Group{Kind: scene.GroupFrame, ID: scene.IDNotes}, c.y
	g.AddPath(scene.Path{Points: []scene.Point{{X: margin, Y: c.y}, {X: c.sc.Width - margin, Y: c.y}}, Line: 1, Stroke: scene.Light})
	c.y += 6
	for _, s := range fr.Notes {
		c.prose(&g, s, sizeSmall, false)
	}
	c.add(g, scene.Rect{X: margin, Y: top, W: c.sc.Width - 2*margin, H: c.y - top})
	c.sc.Height = c.y + margin
	if fr.Replica != "" {
		c.watermark()
	}
	return c.sc, c.err
}

func (c *canvas) watermark() {
	const size = 96
	w := c.width("REPLICA", size, true)
	g := scene.Group{Kind: scene.GroupMark, Frame: scene.Rect{W: c.sc.Width, H: c.sc.Height}}
	for y := 330; y < c.sc.Height+100; y += 420 {
		for x := 60 + (y/420%2)*260; x < c.sc.Width; x += 700 {
			g.AddText(scene.Text{X: x, Y: y, W: w, Size: size, Bold: true, Fill: 234, Turn: 25, S: "REPLICA"})
		}
	}
	c.sc.Groups = append([]scene.Group{g}, c.sc.Groups...)
}

// add appends g, whose texts lie in frame.
func (c *canvas) add(g scene.Group, frame scene.Rect) {
	g.Frame = frame
	c.sc.Groups = append(c.sc.Groups, g)
}

// prose writes text over the whole width, broken between words.
func (c *canvas) prose(g *scene.Group, text string, size int, bold bool) {
	for _, l := range c.wrap(text, min(c.sc.Width-2*margin, proseWide), size, bold) {
		c.text(g, l, margin, c.y+size, size, bold, scene.Black)
		c.y += size + size/3
	}
	c.y += 2
}

func (c *canvas) wrap(text string, width, size int, bold bool) []string {
	lines, err := c.f.Wrap(text, width, size, bold)
	c.keep(err)
	return lines
}

func (c *canvas) width(text string, size int, bold bool) int {
	w, err := c.f.Measure(text, size, bold)
	c.keep(err)
	return w
}

func (c *canvas) keep(err error) {
	if c.err == nil {
		c.err = err
	}
}

// text writes a line with its baseline at y and returns how wide it is.
func (c *canvas) text(g *scene.Group, s string, x, y, size int, bold bool, grey scene.Grey) int {
	w := c.width(s, size, bold)
	g.AddText(scene.Text{X: x, Y: y, W: w, Size: size, Bold: bold, Fill: grey, S: s})
	return w
}

// part is a of whole, as a share of size, rounded to the nearest and at least 1 where a is anything.
func part(a, whole chains.Amount, size int) int {
	if a.IsZero() || whole.IsZero() {
		return 0
	}
	if !a.Less(whole) {
		return size
	}
	q, rest := a.MulDiv(chains.Units(uint64(size)), whole) // #nosec G115 a number of pixels
	n, _ := q.Uint64()
	if !rest.Less(whole.Minus(rest)) {
		n++
	}
	return max(1, int(n)) // #nosec G115 at most size
}

// plus adds; a sum that is beyond any Amount stays the larger of both, which a drawing does not show.
func plus(a, b chains.Amount) chains.Amount {
	if sum, err := a.Add(b); err == nil {
		return sum
	}
	return chains.Max(a, b)
}
