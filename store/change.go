package store

import (
	"errors"
	"slices"
)

// Single changes of postings outside of a batch: rare, so a statement each.

// addPosting adds p to addr_tx, where the row that covers its place may have it already.
func addPosting(r *reader, p posting) error {
	row, found, err := rowBefore(r.c, `addr_tx`, `address_hash`, p.key, p.pos, blockPlace(r.no, 0))
	if err != nil {
		return err
	}
	if !found || row[len(row)-1].pos < p.pos {
		return putRow(r.c, `addr_tx`, `address_hash`, []posting{p})
	}
	row = append(row, p)
	sortPostings(row)
	return putRow(r.c, `addr_tx`, `address_hash`, mergeRoles(row))
}

// rowBefore returns the last row of key that begins at or before pos, and not before from.
func rowBefore(c *conn, table, column string, key int64, pos, from place) (row []posting, found bool, err error) {
	st, err := c.prepared(`SELECT pos, entries FROM ` + table + ` WHERE ` + column + ` = ? AND pos <= ? AND pos >= ? ORDER BY pos DESC LIMIT 1`)
	if err != nil {
		return nil, false, err
	}
	st.BindInt64(1, key)
	st.BindInt64(2, pos)
	st.BindInt64(3, from)
	found, err = st.Step()
	if found {
		row, err = decodeEntries(nil, key, st.ColumnInt64(0), columnBytes(st, 1))
	}
	return row, found, errors.Join(err, st.Reset())
}

// putRow writes a row, in place of the one with the same key and place if there is one.
func putRow(c *conn, table, column string, row []posting) error {
	st, err := c.prepared(`INSERT OR REPLACE INTO ` + table + ` (` + column + `, pos, entries) VALUES (?, ?, ?)`)
	if err != nil {
		return err
	}
	st.BindInt64(1, row[0].key)
	st.BindInt64(2, row[0].pos)
	st.BindBytes(3, appendEntries(nil, row))
	return insert(st)
}

// cutPostings deletes the postings of key from the place on, to the end of the chain.
func cutPostings(r *reader, table, column string, key int64, from place) error {
	st, err := r.c.prepared(`DELETE FROM ` + table + ` WHERE ` + column + ` = ? AND pos >= ? AND pos < ?`)
	if err != nil {
		return err
	}
	st.BindInt64(1, key)
	st.BindInt64(2, from)
	st.BindInt64(3, chainEnd(r.no))
	if err := insert(st); err != nil {
		return err
	}
	row, found, err := rowBefore(r.c, table, column, key, from, blockPlace(r.no, 0))
	if err != nil || !found {
		return err
	}
	keep := slices.IndexFunc(row, func(p posting) bool { return p.pos >= from })
	if keep < 0 {
		return nil
	}
	return putRow(r.c, table, column, row[:keep]) // keep > 0: the row begins before from
}
