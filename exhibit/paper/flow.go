package paper

import (
	"fmt"

	"clew/exhibit/scene"
)

// What decides whether something stays on a page, in units: gapPart stands above a part that follows another
// on its page; a part that is longer than the rest of the page starts there where this is at least 1/leastRest of it.
const (
	gapPart   = 220
	leastRest = 3
)

// follows reports whether p starts on the page on which the part before it ends.
func (s *setter) follows(p *Part) (bool, error) {
	w, h := p.size(s.d)
	if w != s.sc.Width || h != s.sc.Height {
		return false, nil
	}
	room := s.bottom - s.y - gapPart - stylePart.leading - 50
	if room > (s.bottom-marginTop)/leastRest {
		return true, nil
	}
	high, err := s.heights(p.Blocks, len(p.Blocks), room)
	return err == nil && high <= room, err
}

// heights is how high the first n blocks are; it stops to count where they are higher than most.
func (s *setter) heights(blocks []Block, n, most int) (int, error) {
	sum := 0
	for _, b := range blocks[:min(n, len(blocks))] {
		h, err := s.heightOf(b, most-sum)
		if err != nil {
			return 0, err
		}
		if sum += h; sum > most {
			return sum, nil
		}
	}
	return sum, nil
}

func (s *setter) heightOf(b Block, most int) (int, error) {
	switch b := b.(type) {
	case Heading:
		return s.linesHigh(b.Text, styleHeading, 120)
	case Paragraph:
		st := b.style()
		return s.linesHigh(b.Text, st, st.leading/3)
	case Legend:
		_, h, err := s.entries(&b)
		return h, err
	case Contents:
		return s.contentsHigh(), nil
	case Table:
		return s.tableHigh(&b, most)
	}
	return most + 1, nil // a drawing takes what there is
}

func (s *setter) linesHigh(text string, st style, gap int) (int, error) {
	lines, err := wrap(s.f, text, s.w, st)
	return len(lines)*st.leading + gap, err
}

func (s *setter) tableHigh(t *Table, most int) (int, error) {
	g, err := s.grid(t)
	if err != nil {
		return 0, err
	}
	sum := g.head.height() + 90
	for i := range t.Rows {
		if sum > most {
			break
		}
		r, err := s.row(g, t.Rows[i])
		if err != nil {
			return 0, err
		}
		sum += r.height()
	}
	return sum, nil
}

func (p *Paragraph) style() style {
	if p.Fine {
		return styleFine.strong(p.Bold)
	}
	return styleText.strong(p.Bold)
}

// mostKept is the most that stands together on a page with what heads it.
const mostKept = 1500

// keep is how much of what follows a heading stands on its page: paragraphs, and the start of the first table.
func (s *setter) keep(rest []Block) (int, error) {
	sum := 0
	for i := range rest {
		switch b := rest[i].(type) {
		case Paragraph:
			h, err := s.heightOf(b, mostKept)
			if err != nil {
				return 0, err
			}
			sum += h
		case Contents:
			return min(sum+s.contentsHigh(), mostKept), nil
		case Table:
			g, err := s.grid(&b)
			if err != nil {
				return 0, err
			}
			h, err := s.least(g)
			return min(sum+h, mostKept), err
		default:
			return min(sum, mostKept), nil
		}
	}
	return min(sum, mostKept), nil
}

// least is how much of a table stands at least below its head on the page on which it starts: two rows, or three where
// the first heads those behind it.
func (s *setter) least(g *grid) (int, error) {
	n, sum := 2, g.head.height()
	if len(g.t.Rows) > 0 && heads(g.t, g.t.Rows[0]) {
		n = 3
	}
	for i := range g.t.Rows[:min(n, len(g.t.Rows))] {
		r, err := s.row(g, g.t.Rows[i])
		if err != nil {
			return 0, err
		}
		sum += r.height()
	}
	return min(sum, mostKept), nil
}

// keepRows starts a new page before row i where the next one would stand alone on it: the last of a table, or the first
// one below a row that heads it.
func (s *setter) keepRows(g *grid, i int, r *row) error {
	high := r.height()
	isHead := heads(g.t, g.t.Rows[i])
	if isHead {
		g.group = nil
	}
	if isHead && i+1 < len(g.t.Rows) || i > 0 && i == len(g.t.Rows)-2 {
		next, err := s.row(g, g.t.Rows[i+1])
		if err != nil {
			return err
		}
		if both := high + next.height(); s.y+high <= s.bottom && s.y+both > s.bottom && both <= mostKept {
			if err := s.continueTable(g); err != nil {
				return err
			}
		}
	}
	return nil
}

// heads reports whether a row heads those behind it: its columns are empty.
func heads(t *Table, row []Cell) bool {
	if len(row) != len(t.Columns)+1 {
		return false
	}
	for _, c := range row[:len(t.Columns)] {
		if c.Text != "" {
			return false
		}
	}
	return true
}

// continued is a row that heads others, on the next page.
func continued(head []Cell) []Cell {
	out := append([]Cell(nil), head...)
	last := &out[len(out)-1]
	last.Text, last.Anchor, last.Link = last.Text+", continued", "", ""
	return out
}

// entries sets the entries of a legend, from the left margin and from 0 downward, and returns how high they are.
func (s *setter) entries(l *Legend) ([]scene.Group, int, error) {
	if len(l.Entries) == 0 {
		return nil, 0, nil
	}
	by := scale{styleFine.size, smallest(&scene.Scene{Groups: l.Entries})}
	var out []scene.Group
	x, y, gap, leading := 0, 0, by.of(24), by.of(23)
	for i := range l.Entries {
		g, err := by.group(&l.Entries[i], s.f)
		if err != nil {
			return nil, 0, err
		}
		if x > 0 && x+g.Frame.W > s.w {
			x, y = 0, y+leading
		}
		g.Move(marginSide+x, y)
		x += g.Frame.W + gap
		out = append(out, g)
	}
	return out, y + leading + 40, nil
}

func (s *setter) legend(l *Legend) error {
	all, high, err := s.entries(l)
	if err != nil {
		return err
	}
	if err := s.need(high); err != nil {
		return err
	}
	for _, g := range all {
		g.Move(0, s.y)
		s.add(g)
	}
	s.y += high
	return nil
}

// list is where the contents are to be written when all pages are set.
type list struct {
	sc   *scene.Scene
	y, w int
}

func partAnchor(i int) string { return fmt.Sprintf("part%d", i+1) }

func (s *setter) contentsHigh() int {
	n := 0
	for i := range s.d.Parts {
		if p := &s.d.Parts[i]; p.Title != "" && !p.Unlisted {
			n++
		}
	}
	return n*styleText.leading + styleText.leading/2
}

// contentsHere keeps the place of the contents.
func (s *setter) contentsHere() error {
	high := s.contentsHigh()
	if err := s.need(high); err != nil {
		return err
	}
	s.listed = &list{s.sc, s.y, s.w}
	s.y += high
	s.isFresh = false
	return nil
}

// contents writes a line for each part: its title, and the page on which it starts.
func (s *setter) contents() error {
	if s.listed == nil {
		return nil
	}
	y, dot := s.listed.y, scene.Path{Line: 4, Stroke: scene.Middle, Dash: scene.Dotted}
	for i := range s.d.Parts {
		p := &s.d.Parts[i]
		if p.Title == "" || p.Unlisted {
			continue
		}
		g := scene.Group{Kind: scene.GroupFrame, Link: partAnchor(i), Frame: scene.Rect{X: marginSide, Y: y, W: s.listed.w, H: styleText.leading}}
		number := fmt.Sprintf("page %d", s.starts[i]+1)
		lines, err := wrap(s.f, p.Title, s.listed.w-1000, styleText)
		if err != nil {
			return err
		}
		if err := s.write(&g, lines[0], marginSide, s.listed.w, y, styleText, left); err != nil {
			return err
		}
		if err := s.write(&g, number, marginSide, s.listed.w, y, styleText, right); err != nil {
			return err
		}
		from, to := g.Texts[0], g.Texts[1]
		base := y + styleText.size - 4
		dot.Points = []scene.Point{{X: from.X + from.W + 60, Y: base}, {X: to.X - 60, Y: base}}
		g.AddPath(dot)
		s.listed.sc.Groups = append(s.listed.sc.Groups, g)
		y += styleText.leading
	}
	return nil
}
