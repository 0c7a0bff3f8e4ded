package store

import (
	"cmp"
	"encoding/binary"
	"slices"

	"clew/chains"
	"clew/heuristics"
)

// join packs what t at pos joins, where every spent output of its inputs is known; else the block
// has one more that waits.
func (g *segment) join(h hasher, pos place, t *chains.Tx) {
	if t.Exec != nil {
		return
	}
	if !allKnown(t) {
		g.unread[heightOf(pos)]++
		return
	}
	g.found = heuristics.Joins(t, g.found[:0])
	if len(g.found) > 0 {
		g.packed = appendMembers(g.packed[:0], h, g.found)
		g.joins = append(g.joins, txRow{pos, g.bodies.keep(g.packed)})
	}
}

func allKnown(t *chains.Tx) bool {
	for i := range t.Inputs {
		if !t.Inputs[i].Known {
			return false
		}
	}
	return true
}

// writeJoins writes a row for each block of g.
func writeJoins(r *reader, g *segment) error {
	if !keepsJoins(r.chain) {
		return nil
	}
	rows, err := newBulk(r.c, sqlJoinRow)
	if err != nil {
		return err
	}
	slices.SortFunc(g.joins, func(a, b txRow) int { return cmp.Compare(a.pos, b.pos) })
	var row []byte
	next := 0
	for h := g.from; h <= g.to(); h++ {
		begin := blockPlace(r.no, h)
		row = startJoinRow(row[:0], g.unread[h])
		before := begin
		for ; next < len(g.joins) && heightOf(g.joins[next].pos) == h; next++ {
			row = binary.AppendUvarint(row, uint64(g.joins[next].pos-before))
			row = append(row, g.joins[next].body...)
			before = g.joins[next].pos
		}
		if err := rows.row(begin, row); err != nil {
			return err
		}
	}
	return rows.finish()
}

const sqlJoinRow = `INSERT INTO joins (pos, entries) VALUES `

// joinLate writes rows for transactions above those that a batch brought, whose inputs spend from
// it and are all known by now.
func joinLate(r *reader, places []place) error {
	if !keepsJoins(r.chain) {
		return nil
	}
	slices.Sort(places)
	for _, pos := range slices.Compact(places) {
		t, err := r.rawTx(pos)
		if err != nil {
			return err
		}
		if err := r.resolve(pos, t); err != nil {
			return err
		}
		if !allKnown(t) {
			continue
		}
		row := startJoinRow(nil, 0)
		if js := heuristics.Joins(t, nil); len(js) > 0 {
			row = appendMembers(binary.AppendUvarint(row, uint64(pos&maxOrdinal)), r.hash, js)
		}
		if err := putJoinRow(r.c, pos, row); err != nil {
			return err
		}
	}
	return nil
}

func putJoinRow(c *conn, pos place, row []byte) error {
	st, err := c.prepared(`INSERT OR REPLACE INTO joins (pos, entries) VALUES (?, ?)`)
	if err != nil {
		return err
	}
	st.BindInt64(1, pos)
	st.BindBytes(2, row)
	return insert(st)
}

// dropJoins takes away the joins of the places in [from, to).
func dropJoins(c *conn, from, to place) error {
	_, err := number(c, `DELETE FROM joins WHERE pos >= ? AND pos < ?`, from, to)
	return err
}
