package store

import (
	"slices"

	"clew/chains"
)

// cursor walks the places of the transactions that touch an address, in order. By accident
// of hashing it may give places of others: readers compare the address. It reads some rows
// at a time, so that many cursors can stand open on one connection.
type cursor struct {
	r     *reader
	key   int64
	after place // places up to here are not wanted
	end   place // places from here on are not wanted
	heads []cursorHead
	begun bool
}

// cursorHead walks one run.
type cursorHead struct {
	g      *run
	rows   []packedRow
	from   int64 // rows of the key from here on are not read yet, if more
	more   bool
	places []place // read and not yet given
}

// cursorRows is how many rows of a key are read at once.
const cursorRows = 4

// newCursor returns a cursor over the places of a in (after, end).
func newCursor(r *reader, a chains.Address, after, end place) *cursor {
	return &cursor{r: r, key: r.hash.address(a), after: after, end: end}
}

// dry reports whether next has to read.
func (u *cursor) dry() bool {
	return !u.begun || slices.ContainsFunc(u.heads, func(h cursorHead) bool { return h.dry() })
}

// dry reports whether the run has more, and none of it was read.
func (h *cursorHead) dry() bool { return len(h.places) == 0 && (len(h.rows) > 0 || h.more) }

// next returns the next place; false after the last.
func (u *cursor) next() (place, bool, error) {
	if err := u.fill(); err != nil || len(u.heads) == 0 {
		return 0, false, err
	}
	least := u.heads[0].places[0]
	for i := range u.heads {
		least = min(least, u.heads[i].places[0])
	}
	for i := range u.heads {
		if u.heads[i].places[0] == least {
			u.heads[i].places = u.heads[i].places[1:]
		}
	}
	return least, true, nil
}

// fill leaves the runs that have more, each with its next place.
func (u *cursor) fill() error {
	if !u.begun {
		u.begun = true
		if err := u.begin(); err != nil {
			return err
		}
	}
	left := u.heads[:0]
	for i := range u.heads {
		h := &u.heads[i]
		for h.dry() {
			if err := u.advance(h); err != nil {
				return err
			}
		}
		if len(h.places) > 0 {
			left = append(left, *h)
		}
	}
	clear(u.heads[len(left):])
	u.heads = left
	return nil
}

// begin finds the first row of each run that can have the key: the last one that begins
// before the key, and where a row begins with the key, that one and all behind it.
func (u *cursor) begin() error {
	runs := u.r.runs[byAddress]
	for i := range runs {
		g := &runs[i]
		if blockPlace(g.chainNo, g.to+1) <= u.after || blockPlace(g.chainNo, g.from) >= u.end {
			continue
		}
		last, err := rowBefore(u.r.c, g, rowID(g.no, u.key, maxPart))
		if err != nil {
			return err
		}
		h := cursorHead{g: g, rows: last}
		if len(last) > 0 && rowKey(last[0].id) == u.key {
			h.from, h.more = rowID(g.no, u.key, 0), true
			if h.rows, err = rowBefore(u.r.c, g, h.from-1); err != nil {
				return err
			}
		}
		u.heads = append(u.heads, h)
	}
	return nil
}

// advance takes the places of the head's next row, and reads more rows where it must.
func (u *cursor) advance(h *cursorHead) error {
	if len(h.rows) == 0 {
		rows, err := rowsBetween(u.r.c, h.from, rowID(h.g.no, u.key, maxPart), cursorRows)
		if err != nil {
			return err
		}
		if h.more = len(rows) == cursorRows; h.more {
			h.from = rows[cursorRows-1].id + 1
		}
		if h.rows = rows; len(rows) == 0 {
			return nil
		}
	}
	row := newRowReader(h.g, h.rows[0].id, h.rows[0].entries)
	h.rows = h.rows[1:]
	for p, ok := row.next(); ok && p.key <= u.key; p, ok = row.next() {
		if p.key == u.key && p.pos > u.after && p.pos < u.end {
			h.places = append(h.places, p.pos)
		}
	}
	return row.err()
}
