package paper

import "clew/exhibit/scene"

// How tables are set, in units: a cell's text keeps padX from the sides of its column, a row padY
// from the rules above and below it.
const (
	padX     = 22
	padY     = 22
	ruleThin = 3
	ruleBold = 8
	ruleGrey = scene.Grey(150) // a rule between rows, which a copier still shows
)

// grid is a table whose columns have their places.
type grid struct {
	t     *Table
	x, w  []int // of the columns
	head  row
	whole int
	group []Cell // the row that heads those that come now
}

// row is a row broken into lines: of its cells, and below them of those that span the table.
type row struct {
	cells []cell
	spans []cell
	high  int // lines
}

type cell struct {
	*Cell
	lines []string
}

// table sets t, over as many pages as it needs.
func (s *setter) table(t *Table) error {
	g, err := s.grid(t)
	if err != nil {
		return err
	}
	least, err := s.least(g)
	if err != nil {
		return err
	}
	if err := s.need(least); err != nil {
		return err
	}
	if err := s.tableHead(g); err != nil {
		return err
	}
	for i := range t.Rows {
		r, err := s.row(g, t.Rows[i])
		if err != nil {
			return err
		}
		if err := s.keepRows(g, i, &r); err != nil {
			return err
		}
		if err := s.putRow(g, &r); err != nil {
			return err
		}
		if heads(t, t.Rows[i]) {
			g.group = t.Rows[i]
		}
	}
	s.y += 90
	return nil
}

// grid gives the columns of t their places, and breaks its head into lines.
func (s *setter) grid(t *Table) (*grid, error) {
	g := &grid{t: t, whole: s.w}
	var err error
	if g.w, err = s.widths(t); err != nil {
		return nil, err
	}
	at := marginSide
	for _, w := range g.w {
		g.x = append(g.x, at)
		at += w
	}
	heads := make([]Cell, len(t.Columns))
	for i, c := range t.Columns {
		heads[i] = Cell{Text: c.Head, Bold: true}
	}
	g.head, err = s.row(g, heads)
	return g, err
}

// row breaks cells into lines.
func (s *setter) row(g *grid, cells []Cell) (row, error) {
	var r row
	for i := range cells {
		w := g.whole
		if i < len(g.w) {
			w = g.w[i]
		}
		var lines []string
		if cells[i].Text != "" {
			var err error
			if lines, err = wrap(s.f, cells[i].Text, w-2*padX, styleCell.strong(cells[i].Bold)); err != nil {
				return r, err
			}
		}
		c := cell{&cells[i], lines}
		if i < len(g.w) {
			r.cells = append(r.cells, c)
			r.high = max(r.high, len(lines))
			continue
		}
		r.spans = append(r.spans, c)
	}
	return r, nil
}

// count is how many lines the row has.
func (r *row) count() int {
	n := r.high
	for i := range r.spans {
		n += len(r.spans[i].lines)
	}
	return n
}

func (r *row) height() int { return r.count()*styleCell.leading + 2*padY }

// tableHead draws the head of a table.
func (s *setter) tableHead(g *grid) error {
	high := g.head.height()
	box := scene.Group{Kind: scene.GroupFrame, Frame: scene.Rect{X: marginSide, Y: s.y, W: g.whole, H: high}}
	box.AddRect(scene.Rect{X: marginSide, Y: s.y, W: g.whole, H: high, Fill: scene.Pale, Filled: true})
	if err := s.rowLines(g, &g.head, &box, 0, g.head.count()); err != nil {
		return err
	}
	s.y += high
	box.AddPath(rule(s.y, g.whole, ruleBold, scene.Black))
	s.add(box)
	return nil
}

func rule(y, w, line int, grey scene.Grey) scene.Path {
	return scene.Path{Points: []scene.Point{{X: marginSide, Y: y}, {X: marginSide + w, Y: y}}, Line: line, Stroke: grey}
}

// putRow sets r, whole where it fits on a page.
func (s *setter) putRow(g *grid, r *row) error {
	if s.y+r.height() > s.bottom {
		if err := s.continueTable(g); err != nil {
			return err
		}
	}
	for done := 0; done < r.count() || r.count() == 0; {
		n := min(r.count()-done, (s.bottom-s.y-2*padY)/styleCell.leading)
		n = max(n, 1)
		if err := s.putLines(g, r, done, n); err != nil {
			return err
		}
		if done += n; done >= r.count() {
			return nil
		}
		if err := s.continueTable(g); err != nil {
			return err
		}
	}
	return nil
}

// continueTable goes on with a table on a new page.
func (s *setter) continueTable(g *grid) error {
	if err := s.newPage(s.p); err != nil {
		return err
	}
	if g.t.Repeat != "" {
		if err := s.lines(g.t.Repeat, styleFine.strong(true), left); err != nil {
			return err
		}
		s.y += 20
	}
	if err := s.tableHead(g); err != nil || g.group == nil {
		return err
	}
	r, err := s.row(g, continued(g.group))
	if err != nil {
		return err
	}
	return s.putLines(g, &r, 0, r.count())
}

// putLines sets n lines of a row and the rule below them.
func (s *setter) putLines(g *grid, r *row, from, n int) error {
	high := n*styleCell.leading + 2*padY
	box := scene.Group{Kind: scene.GroupFrame, Frame: scene.Rect{X: marginSide, Y: s.y, W: g.whole, H: high}}
	if from == 0 {
		for i := range r.cells {
			if r.cells[i].Anchor != "" {
				box.Anchor = r.cells[i].Anchor
			}
		}
	}
	if err := s.rowLines(g, r, &box, from, n); err != nil {
		return err
	}
	s.y += high
	box.AddPath(rule(s.y, g.whole, ruleThin, ruleGrey))
	s.add(box)
	return nil
}

// rowLines writes lines of a row into box; cells with links get groups of their own.
func (s *setter) rowLines(g *grid, r *row, box *scene.Group, from, n int) error {
	top := s.y + padY
	for i := range r.cells {
		c := &r.cells[i]
		a := left
		if g.t.Columns[i].Right {
			a = right
		}
		into := box
		if c.Link != "" && from == 0 {
			into = &scene.Group{Kind: scene.GroupFrame, Link: c.Link, Frame: scene.Rect{X: g.x[i], Y: s.y, W: g.w[i], H: n*styleCell.leading + 2*padY}}
		}
		for k := from; k < min(from+n, len(c.lines)); k++ {
			if err := s.writeGrey(into, c.lines[k], g.x[i]+padX, g.w[i]-2*padX, top+(k-from)*styleCell.leading, styleCell.strong(c.Bold), a, c.Grey); err != nil {
				return err
			}
		}
		if into != box {
			s.add(*into)
		}
	}
	at := r.high
	for i := range r.spans {
		c := &r.spans[i]
		for _, l := range c.lines {
			if at >= from && at < from+n {
				if err := s.writeGrey(box, l, marginSide+padX, g.whole-2*padX, top+(at-from)*styleCell.leading, styleCell.strong(c.Bold), left, c.Grey); err != nil {
					return err
				}
			}
			at++
		}
	}
	return nil
}
