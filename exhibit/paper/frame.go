package paper

import (
	"fmt"

	"clew/exhibit/scene"
)

// caption sets what heads the first page: court, caption and docket, then the title.
func (s *setter) caption() error {
	for _, l := range s.d.Head {
		if err := s.lines(l, styleHead, centre); err != nil {
			return err
		}
	}
	if len(s.d.Head) > 0 {
		s.y += 60
		g := scene.Group{Kind: scene.GroupFrame}
		g.AddPath(scene.Path{Points: []scene.Point{{X: marginSide, Y: s.y}, {X: marginSide + s.w, Y: s.y}}, Line: 8})
		s.add(g)
		s.y += 80
	}
	if err := s.lines(s.d.Title, styleTitle, centre); err != nil {
		return err
	}
	s.y += 70
	return nil
}

// finish writes what stands on every page around what it says: watermark, head and foot.
func (s *setter) finish(i int, p *scene.Scene) error {
	w := p.Width - 2*marginSide
	p.Title = fmt.Sprintf("%s, page %d of %d", s.d.Title, i+1, len(s.pages))
	if err := s.watermark(p); err != nil {
		return err
	}
	if err := s.head(i, p, w); err != nil {
		return err
	}
	foot, err := s.foot(w)
	if err != nil {
		return err
	}
	g := scene.Group{Kind: scene.GroupFrame}
	y := p.Height - marginBottom - (len(foot)+1)*styleFoot.leading
	g.Frame = scene.Rect{X: marginSide, Y: y, W: w, H: p.Height - marginBottom - y}
	g.AddPath(scene.Path{Points: []scene.Point{{X: marginSide, Y: y - 25}, {X: marginSide + w, Y: y - 25}}, Line: 5})
	strong := styleFoot.strong(true)
	if err := s.write(&g, s.d.Mark, marginSide, w, y, strong, left); err != nil {
		return err
	}
	number := fmt.Sprintf("page %d of %d", i+1, len(s.pages))
	if s.d.BatesStart > 0 {
		number += fmt.Sprintf("   %s%06d", s.d.BatesPrefix, s.d.BatesStart+i)
	}
	if err := s.write(&g, number, marginSide, w, y, strong, right); err != nil {
		return err
	}
	for _, l := range foot {
		y += styleFoot.leading
		if err := s.write(&g, l, marginSide, w, y, styleFoot, left); err != nil {
			return err
		}
	}
	p.Groups = append(p.Groups, g)
	return nil
}

// head writes the running head, and the sticker.
func (s *setter) head(i int, p *scene.Scene, w int) error {
	if len(s.sticker) > 0 {
		if err := s.stick(p, marginSide+w); err != nil {
			return err
		}
		w -= stickerWidth + 100
	}
	text := s.d.Title
	if t := s.parts[i].Title; t != "" {
		text = t + "  ·  " + text
	}
	if i == 0 {
		return nil // the title stands there
	}
	lines, err := wrap(s.f, text, w, styleFine)
	if err != nil {
		return err
	}
	if len(lines) > 1 { // clipped, with a sign that it is
		if lines, err = wrap(s.f, lines[0], w-styleFine.size, styleFine); err != nil {
			return err
		}
		lines[0] += "…"
	}
	g := scene.Group{Kind: scene.GroupFrame, Frame: scene.Rect{X: marginSide, Y: marginTop, W: w, H: styleFine.leading}}
	if err := s.writeGrey(&g, lines[0], marginSide, w, marginTop, styleFine, left, scene.Dark); err != nil {
		return err
	}
	p.Groups = append(p.Groups, g)
	return nil
}

// stick draws the exhibit's sticker at the upper right.
func (s *setter) stick(p *scene.Scene, edge int) error {
	wide := 0
	for _, l := range s.sticker {
		n, err := s.f.Measure(l, styleSticker.size, true)
		if err != nil {
			return err
		}
		wide = max(wide, n)
	}
	r := scene.Rect{W: wide + 120, H: len(s.sticker)*styleSticker.leading + 60, Line: 10, Fill: scene.White, Filled: true, Round: 30}
	r.X, r.Y = edge-r.W, marginTop
	g := scene.Group{Kind: scene.GroupFrame, Frame: r}
	g.AddRect(r)
	for i, l := range s.sticker {
		if err := s.write(&g, l, r.X, r.W, r.Y+30+i*styleSticker.leading, styleSticker, centre); err != nil {
			return err
		}
	}
	p.Groups = append(p.Groups, g)
	return nil
}

// watermark writes across the page, under everything.
func (s *setter) watermark(p *scene.Scene) error {
	if s.d.Watermark == "" {
		return nil
	}
	const turn, sine = 45, 707 // degrees; per mille, of sine and cosine
	one, err := s.f.Measure(s.d.Watermark, 1000, true)
	if err != nil {
		return err
	}
	// The diagonal of the smaller side, with room at both ends.
	size := min(min(p.Width, p.Height)*1000/sine*75/100*1000/max(one, 1), 2400)
	w, err := s.f.Measure(s.d.Watermark, size, true)
	if err != nil {
		return err
	}
	along, up := w/2, size*36/100 // half of the length, and of the letters' height
	t := scene.Text{X: p.Width/2 - (along-up)*sine/1000, Y: p.Height/2 + (along+up)*sine/1000, W: w, Size: size, Bold: true, Fill: scene.Pale, Turn: turn, S: s.d.Watermark}
	g := scene.Group{Kind: scene.GroupMark}
	g.AddText(t)
	p.Groups = append([]scene.Group{g}, p.Groups...)
	return nil
}
