package paper

import (
	"fmt"

	"clew/exhibit/scene"
)

// panelGap is the room between two parts on a sheet, in pixels of the drawing.
const panelGap = 14

// panel is one region as it is drawn, which stands on a sheet alone or with others.
type panel struct {
	region int
	scene  *scene.Scene
	boxes  int
	x, y   int // where on the sheet
}

// pack draws all regions and puts them on sheets, as many on each as have room beside and below each other, in
// the order of the flow.
func (c *cutter) pack() error {
	c.sheetOf = make([]int, len(c.regions))
	for i := range c.sheetOf {
		c.sheetOf[i] = i + 1 // no number is longer in the end
	}
	panels, err := c.panels()
	if err != nil {
		return err
	}
	c.place(panels)
	if panels, err = c.panels(); err != nil { // with the numbers of the sheets
		return err
	}
	c.sheets = make([]Sheet, c.place(panels))
	for i := range c.sheets {
		c.sheets[i] = Sheet{Number: i + 1, Scene: &scene.Scene{Fonts: c.sc.Fonts, Down: c.sc.Down}}
	}
	for i := range panels {
		c.put(&panels[i])
	}
	for i := range c.sheets {
		s := &c.sheets[i]
		name := fmt.Sprintf("Sheet %d of %d", s.Number, len(c.sheets))
		s.Scene.Title = name + ": " + c.sc.Title
		s.Scene.Description = name + ", " + count(s.Boxes, "box", "boxes") + says(" Arrows come from", s.From) + says(" Arrows go on to", s.To)
		s.Scene.Groups[0].Anchor = anchor(s.Number)
	}
	return nil
}

func (c *cutter) panels() ([]panel, error) {
	out := make([]panel, len(c.regions))
	for i := range out {
		var err error
		if out[i], err = c.panel(i); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// shelf is how far a sheet is filled: rows of panels below each other, of which the last one is open.
type shelf struct{ x, top, low int }

// lookBack is on how many of the last sheets a panel may stand, so that sheets go with the flow.
const lookBack = 3

// place gives each panel its sheet and its place there, and returns how many sheets there are: on the first of the last
// sheets that has room beside its last panel or below, else on a new one.
func (c *cutter) place(panels []panel) int {
	var sheets []shelf
	for i := range panels {
		p := &panels[i]
		at := -1
		for k := max(0, len(sheets)-lookBack); k < len(sheets) && at < 0; k++ {
			if sheets[k].take(p, c.room) {
				at = k
			}
		}
		if at < 0 {
			at = len(sheets)
			sheets = append(sheets, shelf{x: p.scene.Width, low: p.scene.Height})
		}
		c.sheetOf[p.region] = at + 1
	}
	return len(sheets)
}

// take gives a panel a place on the sheet, if there is room.
func (s *shelf) take(p *panel, room Area) bool {
	w, h := p.scene.Width, p.scene.Height
	switch {
	case s.x+panelGap+w <= room.W && s.top+h <= room.H:
		p.x, p.y = s.x+panelGap, s.top
	case s.low+panelGap+h <= room.H:
		p.x, p.y = 0, s.low+panelGap
		s.top = p.y
	default:
		return false
	}
	s.x, s.low = p.x+w, max(s.low, p.y+h)
	return true
}

// put draws a panel on its sheet, in a thin frame, which shows where there are several.
func (c *cutter) put(p *panel) {
	s := &c.sheets[c.sheetOf[p.region]-1]
	frame := scene.Group{Kind: scene.GroupFrame}
	frame.AddRect(scene.Rect{X: p.x, Y: p.y, W: p.scene.Width, H: p.scene.Height, Line: 1, Stroke: scene.Light, Round: 4})
	s.Scene.Groups = append(s.Scene.Groups, frame)
	for _, g := range p.scene.Groups {
		g.Move(p.x, p.y)
		s.Scene.Groups = append(s.Scene.Groups, g)
	}
	s.Scene.Width, s.Scene.Height = max(s.Scene.Width, p.x+p.scene.Width), max(s.Scene.Height, p.y+p.scene.Height)
	s.Boxes += p.boxes
	for _, e := range c.regions[p.region].ends {
		switch other := c.sheetOf[e.other]; {
		case other == s.Number:
		case e.out:
			s.To = insert(s.To, other)
		default:
			s.From = insert(s.From, other)
		}
	}
}
