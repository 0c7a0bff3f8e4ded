package paper

import (
	"fmt"
	"io"

	"clew/exhibit/scene"
)

// The edges of a page, in units: what stands nearer to the paper's edge many printers lose.
const (
	marginSide   = 430
	marginTop    = 360
	marginBottom = 330
	gapHead      = 120 // between the head of a page and what it says
	gapFoot      = 90
	stickerWidth = 1150 // at most
)

// PDF sets the document and writes it as a PDF with outline and links.
func (d *Document) PDF(w io.Writer, f *scene.Fonts) error {
	pages, err := d.Pages(f)
	if err != nil {
		return err
	}
	return scene.PDF(w, pages, scene.Info{Title: d.Title})
}

// Pages sets the document: a scene a page, in order, in tenths of a point. Every text lies inside of the
// margins, and none on another but over the watermark.
func (d *Document) Pages(f *scene.Fonts) ([]*scene.Scene, error) {
	s := &setter{d: d, f: f}
	if err := s.measure(); err != nil {
		return nil, fmt.Errorf("head and foot of %q: %w", d.Title, err)
	}
	for i := range d.Parts {
		if err := s.part(i, &d.Parts[i]); err != nil {
			return nil, fmt.Errorf("%q of %q: %w", d.Parts[i].Title, d.Title, err)
		}
	}
	if err := s.contents(); err != nil {
		return nil, fmt.Errorf("contents of %q: %w", d.Title, err)
	}
	for i, p := range s.pages {
		if err := s.finish(i, p); err != nil {
			return nil, fmt.Errorf("page %d of %q: %w", i+1, d.Title, err)
		}
	}
	return s.pages, nil
}

// Room returns the room, in units, that the first drawing of p has on the page on which p starts, with
// what p says before it and with those blocks behind it that stay with it. It may be less than nothing.
func (d *Document) Room(p *Part, f *scene.Fonts) (w, h int, err error) {
	s := &setter{d: d, f: f}
	if err := s.measure(); err != nil {
		return 0, 0, err
	}
	if err := s.newPage(p); err != nil {
		return 0, 0, err
	}
	if err := s.title(p); err != nil {
		return 0, 0, err
	}
	for k, b := range p.Blocks {
		if drawing, ok := b.(Drawing); ok {
			below, err := s.heights(p.Blocks[k+1:], drawing.With, s.bottom)
			return s.w, s.bottom - s.y - below - styleFine.leading/2, err
		}
		if err := s.block(b, p.Blocks[k+1:]); err != nil {
			return 0, 0, err
		}
	}
	return s.w, s.bottom - s.y, nil
}

// setter sets one document.
type setter struct {
	d       *Document
	f       *scene.Fonts
	sticker []string
	pages   []*scene.Scene
	parts   []*Part // of each page
	feet    map[int][]string
	starts  []int // the page on which each part starts, from 0
	listed  *list

	// The page that is set:
	sc      *scene.Scene
	p       *Part
	w       int // between the margins
	y       int // where the next block starts
	bottom  int // where the foot starts
	isFresh bool
}

// measure wraps what stands on every page.
func (s *setter) measure() error {
	s.feet = map[int][]string{}
	if s.d.Sticker == "" {
		return nil
	}
	var err error
	s.sticker, err = wrap(s.f, s.d.Sticker, stickerWidth-120, styleSticker)
	return err
}

// foot returns the lines of the foot for pages of width w.
func (s *setter) foot(w int) ([]string, error) {
	if lines, ok := s.feet[w]; ok {
		return lines, nil
	}
	var lines []string
	for _, l := range s.d.Foot {
		more, err := wrap(s.f, l, w, styleFoot)
		if err != nil {
			return nil, err
		}
		lines = append(lines, more...)
	}
	s.feet[w] = lines
	return lines, nil
}

func (p *Part) size(d *Document) (w, h int) {
	size := d.Size
	if p.Size.W > 0 {
		size = p.Size
	}
	if p.Landscape {
		return size.H, size.W
	}
	return size.W, size.H
}

// headHeight is how much the head of each page takes: the sticker, or a line.
func (s *setter) headHeight() int {
	return max(styleFine.leading, len(s.sticker)*styleSticker.leading+60)
}

// newPage starts a page of p.
func (s *setter) newPage(p *Part) error {
	w, h := p.size(s.d)
	s.p, s.w = p, w-2*marginSide
	foot, err := s.foot(s.w)
	if err != nil {
		return err
	}
	s.sc = &scene.Scene{Width: w, Height: h, PerInch: Unit, Fonts: s.f}
	s.y = marginTop + s.headHeight() + gapHead
	s.bottom = h - marginBottom - (len(foot)+1)*styleFoot.leading - gapFoot
	s.isFresh = true
	s.pages, s.parts = append(s.pages, s.sc), append(s.parts, p)
	return nil
}

// add puts a group on the page.
func (s *setter) add(g scene.Group) {
	s.sc.Groups = append(s.sc.Groups, g)
	s.isFresh = false
}

// need starts a new page where less than h is left, unless nothing stands on this one.
func (s *setter) need(h int) error {
	if s.y+h <= s.bottom || s.isFresh {
		return nil
	}
	return s.newPage(s.p)
}

func (s *setter) part(i int, p *Part) error {
	goesOn := false
	if i > 0 && p.Flows {
		var err error
		if goesOn, err = s.follows(p); err != nil {
			return err
		}
	}
	if goesOn {
		s.p, s.y = p, s.y+gapPart
	} else if err := s.newPage(p); err != nil {
		return err
	}
	if i == 0 {
		if err := s.caption(); err != nil {
			return err
		}
	}
	s.starts = append(s.starts, len(s.pages)-1)
	s.sc.Groups = append(s.sc.Groups, scene.Group{Kind: scene.GroupFrame, Anchor: partAnchor(i), Frame: scene.Rect{X: marginSide, Y: s.y, W: s.w, H: stylePart.leading}})
	if p.Title != "" {
		mark := scene.Bookmark{Title: scene.Visible(p.Title)}
		if goesOn {
			mark.Y = s.y
		}
		s.sc.Bookmarks = append(s.sc.Bookmarks, mark)
	}
	if err := s.title(p); err != nil {
		return err
	}
	for k, b := range p.Blocks {
		if err := s.block(b, p.Blocks[k+1:]); err != nil {
			return err
		}
	}
	return nil
}

// title sets the heading of a part.
func (s *setter) title(p *Part) error {
	if p.Title == "" {
		return nil
	}
	if err := s.lines(p.Title, stylePart, left); err != nil {
		return err
	}
	s.y += 50
	return nil
}

func (s *setter) block(b Block, rest []Block) error {
	switch b := b.(type) {
	case Heading:
		return s.heading(b, rest)
	case Paragraph:
		st := b.style()
		if err := s.lines(b.Text, st, left); err != nil {
			return err
		}
		s.y += st.leading / 3
		return nil
	case Table:
		return s.table(&b)
	case Drawing:
		return s.drawing(&b, rest)
	case Legend:
		return s.legend(&b)
	case Contents:
		return s.contentsHere()
	}
	return fmt.Errorf("a block of kind %T", b)
}

func (s *setter) heading(h Heading, rest []Block) error {
	keep, err := s.keep(rest)
	if err != nil {
		return err
	}
	if err := s.need(styleHeading.leading + 120 + keep); err != nil {
		return err
	}
	if !s.isFresh {
		s.y += 90
	}
	s.sc.Bookmarks = append(s.sc.Bookmarks, scene.Bookmark{Title: scene.Visible(h.Text), Level: 1, Y: s.y})
	if err := s.lines(h.Text, styleHeading, left); err != nil {
		return err
	}
	s.y += 30
	return nil
}

// align is where a line stands between the margins.
type align uint8

const (
	left align = iota
	centre
	right
)

// lines sets running text, over as many pages as it needs.
func (s *setter) lines(text string, st style, a align) error {
	all, err := wrap(s.f, text, s.w, st)
	if err != nil {
		return err
	}
	g := scene.Group{Kind: scene.GroupFrame}
	top := s.y
	for _, l := range all {
		if s.y+st.leading > s.bottom && (!s.isFresh || len(g.Texts) > 0) {
			s.close(&g, top)
			if err := s.newPage(s.p); err != nil {
				return err
			}
			g, top = scene.Group{Kind: scene.GroupFrame}, s.y
		}
		if err := s.write(&g, l, marginSide, s.w, s.y, st, a); err != nil {
			return err
		}
		s.y += st.leading
	}
	s.close(&g, top)
	return nil
}

// close puts a group of running text on the page.
func (s *setter) close(g *scene.Group, top int) {
	if len(g.Texts) > 0 {
		g.Frame = scene.Rect{X: marginSide, Y: top, W: s.w, H: s.y - top}
		s.add(*g)
	}
}

// write sets one line whose top is y into a column of width w at x.
func (s *setter) write(g *scene.Group, line string, x, w, y int, st style, a align) error {
	return s.writeGrey(g, line, x, w, y, st, a, scene.Black)
}

func (s *setter) writeGrey(g *scene.Group, line string, x, w, y int, st style, a align, grey scene.Grey) error {
	if line == "" {
		return nil
	}
	n, err := s.f.Measure(line, st.size, st.bold)
	if err != nil {
		return err
	}
	switch a {
	case centre:
		x += (w - n) / 2
	case right:
		x += w - n
	}
	g.AddText(scene.Text{X: x, Y: y + st.size, W: n, Size: st.size, Bold: st.bold, Fill: grey, S: line})
	return nil
}
