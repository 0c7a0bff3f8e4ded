package store

import (
	"strings"

	"zombiezen.com/go/sqlite"
)

// bulkRows is the number of rows that one statement inserts: it spares most of the cost of
// starting one. More gains little.
const bulkRows = 32

// bulk inserts rows of one or two whole numbers and a blob.
type bulk struct {
	many, one *sqlite.Stmt
	columns   int
	rows      int
	held      [bulkRows]bulkRow
	bytes     []byte // the blobs of held, one behind the other
}

type bulkRow struct {
	a, b int64
	end  int // of the blob in bytes
}

// newBulk prepares statements of the form INTO VALUES (?, …), … with 2 columns (number,
// blob) or 3 (number, number, blob).
func newBulk(c *conn, into string, columns int) (*bulk, error) {
	marks := "(" + strings.Repeat("?, ", columns-1) + "?)"
	one, err := c.prepared(into + marks)
	if err != nil {
		return nil, err
	}
	many, err := c.prepared(into + strings.Repeat(marks+", ", bulkRows-1) + marks)
	if err != nil {
		return nil, err
	}
	return &bulk{many: many, one: one, columns: columns}, nil
}

// row inserts a row, now or with later ones. With 2 columns, b is ignored.
func (k *bulk) row(a, b int64, blob []byte) error {
	k.bytes = append(k.bytes, blob...)
	k.held[k.rows] = bulkRow{a, b, len(k.bytes)}
	k.rows++
	if k.rows < bulkRows {
		return nil
	}
	for i := range k.held {
		k.bind(k.many, i*k.columns, i)
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
	r := &k.held[i]
	st.BindInt64(after+1, r.a)
	if k.columns == 3 {
		st.BindInt64(after+2, r.b)
	}
	st.BindBytes(after+k.columns, k.bytes[start:r.end])
}
