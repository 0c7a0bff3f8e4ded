package store

import (
	"strings"

	"zombiezen.com/go/sqlite"
)

// bulkRows is the number of rows that one statement inserts: it spares most of the cost of
// starting one. More gains little.
const bulkRows = 32

// bulk inserts rows of a whole number and a blob.
type bulk struct {
	many, one *sqlite.Stmt
	rows      int
	held      [bulkRows]bulkRow
	bytes     []byte // the blobs of held, one behind the other
}

type bulkRow struct {
	id  int64
	end int // of the blob in bytes
}

// newBulk prepares statements of the form INTO VALUES (?, ?), …
func newBulk(c *conn, into string) (*bulk, error) {
	const marks = "(?, ?)"
	one, err := c.prepared(into + marks)
	if err != nil {
		return nil, err
	}
	many, err := c.prepared(into + strings.Repeat(marks+", ", bulkRows-1) + marks)
	if err != nil {
		return nil, err
	}
	return &bulk{many: many, one: one}, nil
}

// row inserts a row, now or with later ones.
func (k *bulk) row(id int64, blob []byte) error {
	k.bytes = append(k.bytes, blob...)
	k.held[k.rows] = bulkRow{id, len(k.bytes)}
	k.rows++
	if k.rows < bulkRows {
		return nil
	}
	for i := range k.held {
		k.bind(k.many, 2*i, i)
	}
	k.rows, k.bytes = 0, k.bytes[:0]
	return insert(k.many)
}

// finish inserts the rows that are still held.
func (k *bulk) finish() error {
	for i := range k.rows {
		k.bind(k.one, 0, i)
		if err := insert(k.one); err != nil {
			return err
		}
	}
	k.rows, k.bytes = 0, k.bytes[:0]
	return nil
}

// bind binds the held row i to the parameters after the given one.
func (k *bulk) bind(st *sqlite.Stmt, after, i int) {
	start := 0
	if i > 0 {
		start = k.held[i-1].end
	}
	st.BindInt64(after+1, k.held[i].id)
	st.BindBytes(after+2, k.bytes[start:k.held[i].end])
}
