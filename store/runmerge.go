package store

import (
	"cmp"
	"context"
	"slices"
)

// fanIn is the number of runs of one level that are merged while a long sync goes on. With
// more, a posting is written again less often, and reads look into more runs.
const fanIn = 8

// fanInDue returns runs to be merged into one, of runs of one chain and kind, while loading
// goes on: fanIn of one level; none if all is well.
func fanInDue(runs []run) []run {
	levels := map[int64][]run{}
	for _, g := range runs {
		if levels[g.level] = append(levels[g.level], g); len(levels[g.level]) == fanIn {
			return levels[g.level]
		}
	}
	return nil
}

// negligible is how many postings are merged whatever that spares: 0.1 s of work.
const negligible = 1 << 16

// settledDue is fanInDue for when loading has ended and reads matter more: as many of the
// smallest runs as there are up to one that is at most twice as large as those before it
// together, or larger by a negligible number. So each run that is left is more than twice as
// large as all smaller ones, and a small one that comes last keeps no others apart.
func settledDue(runs []run) []run {
	runs = slices.Clone(runs)
	slices.SortFunc(runs, func(a, b run) int {
		return cmp.Or(cmp.Compare(a.postings, b.postings), cmp.Compare(a.no, b.no))
	})
	sum, due := int64(0), 0
	for i, g := range runs {
		if i > 0 && g.postings <= 2*sum+negligible {
			due = i + 1
		}
		sum += g.postings
	}
	return runs[:due]
}

// mergeDue merges runs of the chain until none are due, each time in a transaction of its
// own. The caller holds s.mu, and the lock of the one that writes facts.
func (s *Store) mergeDue(ctx context.Context, no int64, due func([]run) []run) error {
	for kind := runKind(0); kind < runKinds; {
		of, err := s.write.loadRuns(no)
		if err != nil {
			return mapErr(ctx, err)
		}
		runs := due(of[kind])
		if len(runs) == 0 {
			kind++
			continue
		}
		if err := s.transact(ctx, false, func(c *conn) error { return mergeRuns(c, runs) }); err != nil {
			return err
		}
	}
	return nil
}

// mergeRuns puts one run in the place of several of one chain and kind.
func mergeRuns(c *conn, runs []run) error {
	g := runs[0]
	for _, o := range runs {
		g.level, g.from, g.to = max(g.level, o.level), min(g.from, o.from), max(g.to, o.to)
	}
	if len(runs) >= fanIn {
		g.level++
	}
	w, err := newRun(c, g)
	if err != nil {
		return err
	}
	m, err := newMerge(c, runs)
	if err != nil {
		return err
	}
	for {
		p, ok, err := m.next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if err := w.add(p); err != nil {
			return err
		}
	}
	if err := w.finish(); err != nil {
		return err
	}
	for i := range runs {
		if err := dropRun(c, &runs[i]); err != nil {
			return err
		}
	}
	return nil
}

func dropRun(c *conn, g *run) error {
	c.forgetRuns()
	_, err := number(c, `DELETE FROM posting WHERE id BETWEEN ? AND ?`, g.firstRow(), g.lastRow())
	if err == nil {
		_, err = number(c, `DELETE FROM run WHERE run_no = ?`, g.no)
	}
	return err
}

// merge walks the postings of several runs of one kind in order. Postings of addresses that
// differ in their tags alone are joined.
type merge struct {
	kind  runKind
	heads []*runRows
	held  posting // of byAddress: read, and the next one may belong to it
	holds bool
}

// newMerge begins at the first posting of all runs, which are of one kind.
func newMerge(c *conn, runs []run) (*merge, error) {
	m := &merge{kind: runs[0].kind}
	for _, g := range runs {
		h := &runRows{c: c, g: g, from: g.firstRow()}
		ok, err := h.next()
		if err != nil {
			return nil, err
		}
		if ok {
			m.heads = append(m.heads, h)
		}
	}
	return m, nil
}

// next returns the next posting; false after the last.
func (m *merge) next() (posting, bool, error) {
	for {
		p, ok, err := m.least()
		if err != nil || m.kind != byAddress {
			return p, ok, err
		}
		switch {
		case !ok:
			p, ok, m.holds = m.held, m.holds, false
			return p, ok, nil
		case !m.holds:
			m.held, m.holds = p, true
		case m.held.key == p.key && m.held.pos == p.pos:
			m.held.tag |= p.tag
		default:
			p, m.held = m.held, p
			return p, true, nil
		}
	}
}

// least returns the least of the postings at which the runs stand, and goes on in its run.
func (m *merge) least() (p posting, ok bool, err error) {
	if len(m.heads) == 0 {
		return posting{}, false, nil
	}
	at := 0
	for i := 1; i < len(m.heads); i++ {
		if comparePostings(m.heads[i].at, m.heads[at].at) < 0 {
			at = i
		}
	}
	h := m.heads[at]
	p = h.at
	if ok, err = h.next(); !ok {
		m.heads = slices.Delete(m.heads, at, at+1)
	}
	return p, true, err
}

// rowsAhead is how many rows of a run are read at once.
const rowsAhead = 64

// runRows walks the postings of a run in order.
type runRows struct {
	c    *conn
	g    run
	from int64 // rows from here on are not read yet
	rows []packedRow
	row  rowReader
	at   posting
}

// next goes to the next posting; false after the last.
func (h *runRows) next() (bool, error) {
	for {
		p, ok := h.row.next()
		if ok {
			h.at = p
			return true, nil
		}
		if err := h.row.err(); err != nil {
			return false, err
		}
		if len(h.rows) == 0 {
			if err := h.read(); err != nil || len(h.rows) == 0 {
				return false, err
			}
		}
		h.row = newRowReader(&h.g, h.rows[0].id, h.rows[0].entries)
		h.rows = h.rows[1:]
	}
}

// read reads rows ahead.
func (h *runRows) read() error {
	var err error
	h.rows, err = rowsBetween(h.c, h.from, h.g.lastRow(), rowsAhead)
	if n := len(h.rows); n > 0 {
		h.from = h.rows[n-1].id + 1
	}
	return err
}
