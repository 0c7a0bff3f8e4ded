package store

// cutRuns takes the postings of the keys of ps at places from the given one on, to the end
// of the chain, out of its runs. ps is sorted.
func cutRuns(r *reader, kind runKind, ps []posting, from place) error {
	for _, g := range r.runs[kind] {
		if g.to < heightOf(from) {
			continue
		}
		cut := int64(0)
		for i := range ps {
			if i > 0 && ps[i].key == ps[i-1].key {
				continue
			}
			n, err := cutKey(r.c, &g, ps[i].key, from)
			if err != nil {
				return err
			}
			cut += n
		}
		r.c.forgetRuns()
		if cut == g.postings {
			if err := dropRun(r.c, &g); err != nil {
				return err
			}
			continue
		}
		if _, err := number(r.c, `UPDATE run SET to_height = ?, postings = postings - ? WHERE run_no = ?`,
			min(g.to, max(heightOf(from)-1, g.from)), cut, g.no); err != nil {
			return err
		}
	}
	return r.loadRuns()
}

// cutKey takes all postings at or behind from out of the rows that can have the key, and
// returns their number.
func cutKey(c *conn, g *run, key int64, from place) (cut int64, err error) {
	rows, err := keyRows(c, g, key, nil)
	if err != nil {
		return 0, err
	}
	for i := range rows {
		old := newRowReader(g, rows[i].id, rows[i].entries)
		state, kept, n := startRow(rows[i].id, g.from), []byte(nil), int64(0)
		for p, ok := old.next(); ok; p, ok = old.next() {
			if p.pos >= from {
				n++
				continue
			}
			kept = state.appendEntry(kept, p)
		}
		if err := old.err(); err != nil {
			return 0, err
		}
		if n == 0 {
			continue
		}
		cut += n
		if err := putRow(c, rows[i].id, kept); err != nil {
			return 0, err
		}
	}
	return cut, nil
}

// putRow puts entries in the place of a row's, or takes the row away if there are none.
func putRow(c *conn, id int64, entries []byte) error {
	if len(entries) == 0 {
		st, err := c.prepared(`DELETE FROM posting WHERE id = ?`)
		if err != nil {
			return err
		}
		st.BindInt64(1, id)
		return insert(st)
	}
	st, err := c.prepared(`UPDATE posting SET entries = ? WHERE id = ?`)
	if err != nil {
		return err
	}
	st.BindBytes(1, entries)
	st.BindInt64(2, id)
	return insert(st)
}
