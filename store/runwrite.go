package store

import "errors"

// newRunNo returns a number for a new run: behind all others, so that its rows are appended
// to the table, as long as there is one.
func newRunNo(c *conn) (int64, error) {
	no, err := value(c, `SELECT coalesce(max(run_no), -1) + 1 FROM run`)
	if err != nil || no <= maxRun {
		return no, err
	}
	return value(c, `SELECT min(n) FROM (SELECT 0 AS n UNION ALL SELECT run_no + 1 FROM run) WHERE n NOT IN (SELECT run_no FROM run)`)
}

// runWriter writes the rows of a new run.
type runWriter struct {
	c       *conn
	g       run
	rows    *bulk
	id      int64 // of the row that is being filled
	filled  int   // its postings
	state   rowState
	entries []byte
}

// newRun begins a run whose postings lie at heights from g.from to g.to.
func newRun(c *conn, g run) (*runWriter, error) {
	c.forgetRuns()
	var err error
	if g.no, err = newRunNo(c); err != nil {
		return nil, err
	}
	g.postings = 0
	rows, err := newBulk(c, `INSERT INTO posting (id, entries) VALUES `)
	return &runWriter{c: c, g: g, rows: rows}, err
}

// add appends p, which does not come before the one added last.
func (w *runWriter) add(p posting) error {
	if w.filled == 0 || w.filled >= rowPostings(rowPart(w.id)) {
		if err := w.endRow(); err != nil {
			return err
		}
		part := int64(0)
		if w.g.postings > 0 && rowKey(w.id) == p.key {
			part = min(rowPart(w.id)+1, maxPart)
		}
		w.id = rowID(w.g.no, p.key, part)
		w.state = startRow(w.id, w.g.from)
	}
	w.entries = w.state.appendEntry(w.entries, p)
	w.filled++
	w.g.postings++
	return nil
}

func (w *runWriter) endRow() error {
	if w.filled == 0 {
		return nil
	}
	err := w.rows.row(w.id, w.entries)
	w.entries, w.filled = w.entries[:0], 0
	return err
}

// finish writes what is left. A run without postings is not kept.
func (w *runWriter) finish() error {
	if err := errors.Join(w.endRow(), w.rows.finish()); err != nil || w.g.postings == 0 {
		return err
	}
	g := &w.g
	_, err := number(w.c, `INSERT INTO run (run_no, chain_no, kind, level, from_height, to_height, postings) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		g.no, g.chainNo, int64(g.kind), g.level, g.from, g.to, g.postings)
	return err
}

// writeRun writes sorted postings of a chain as a run.
func writeRun(c *conn, chainNo int64, kind runKind, ps []posting) error {
	if len(ps) == 0 {
		return nil
	}
	g := run{chainNo: chainNo, kind: kind, from: heightOf(ps[0].pos), to: heightOf(ps[0].pos)}
	for i := range ps {
		h := heightOf(ps[i].pos)
		g.from, g.to = min(g.from, h), max(g.to, h)
	}
	w, err := newRun(c, g)
	if err != nil {
		return err
	}
	for i := range ps {
		if err := w.add(ps[i]); err != nil {
			return err
		}
	}
	return w.finish()
}
