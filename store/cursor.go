package store

import (
	"errors"

	"clew/chains"
)

// cursor walks the places of the transactions that touch an address, in order. By accident
// of hashing it may give places of others: readers compare the address. It reads some rows
// at a time, so that many cursors can stand open on one connection.
type cursor struct {
	r      *reader
	key    int64
	places []place // read and not yet given
	row    place   // rows from here on are not read yet
	after  place   // places up to here are not wanted
	end    place   // places from here on are not wanted
	done   bool    // every row was read
	begun  bool
}

// newCursor returns a cursor over the places of a in (after, end).
func newCursor(r *reader, a chains.Address, after, end place) *cursor {
	return &cursor{r: r, key: r.hash.address(a), after: after, row: after + 1, end: end}
}

// dry reports whether next has to read.
func (u *cursor) dry() bool { return len(u.places) == 0 && !u.done }

// next returns the next place; false after the last.
func (u *cursor) next() (place, bool, error) {
	for len(u.places) == 0 {
		if u.done {
			return 0, false, nil
		}
		if err := u.fill(); err != nil {
			return 0, false, err
		}
	}
	p := u.places[0]
	u.places = u.places[1:]
	return p, true, nil
}

// fill reads more rows. The first of all may begin before the places that are wanted.
func (u *cursor) fill() error {
	if !u.begun {
		u.begun = true
		row, found, err := rowBefore(u.r.c, `addr_tx`, `address_hash`, u.key, u.after, blockPlace(u.r.no, 0))
		if err != nil {
			return err
		}
		if found {
			u.take(row)
		}
	}
	st := u.r.addrs
	st.BindInt64(1, u.key)
	st.BindInt64(2, u.row)
	st.BindInt64(3, u.end)
	u.done = true
	for {
		found, err := st.Step()
		if err != nil || !found {
			return errors.Join(err, st.Reset())
		}
		u.done = false
		pos := st.ColumnInt64(0)
		row, err := decodeEntries(u.r.postings[:0], u.key, pos, columnBytes(st, 1))
		if err != nil {
			return errors.Join(err, st.Reset())
		}
		u.r.postings = row
		u.row = pos + 1
		u.take(row)
	}
}

// take keeps the places of a row that are wanted.
func (u *cursor) take(row []posting) {
	for i := range row {
		if p := row[i].pos; p > u.after && p < u.end {
			u.places = append(u.places, p)
		}
	}
}
