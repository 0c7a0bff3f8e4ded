package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"

	"clew/store/internal/engine"
)

// Reader reads. One of a Tx sees what was written before in its group; one of Read sees the journal as
// it was when the function began.
type Reader struct {
	c        *conn
	now      func() time.Time
	patterns *patterns
}

// Read runs f, which sees one state of the journal. f is short, and does not keep the Reader.
func (j *Journal) Read(ctx context.Context, f func(*Reader) error) error {
	_, err := read(ctx, j, func(r *Reader) (_ struct{}, err error) {
		if err := r.c.step(`BEGIN`); err != nil {
			return struct{}{}, err
		}
		err = f(r)
		return struct{}{}, errors.Join(err, r.c.step(`ROLLBACK`))
	})
	return err
}

// read runs f, of one statement, on a connection for reading. f is short: it is not interrupted with
// ctx, which costs more than most reads.
func read[T any](ctx context.Context, j *Journal, f func(*Reader) (T, error)) (found T, err error) {
	c, err := j.reads.Take(ctx)
	if err != nil {
		return found, fmt.Errorf("read journal %s: %w", j.path, err)
	}
	defer j.reads.Put(c)
	found, err = f(&Reader{c: c, now: j.opt.Now, patterns: &j.patterns})
	return found, mapErr(ctx, err)
}

// one returns the only row that a query has; ErrNotFound, with the noun and the id, where there is none.
func one[T any](r *Reader, noun, id, sql string, row scan[T], args ...any) (found T, err error) {
	all, err := rows(r, sql, row, args...)
	if err == nil && len(all) == 0 {
		return found, notFound(noun, id)
	}
	if err != nil {
		return found, fmt.Errorf("%s %q: %w", noun, id, err)
	}
	return all[0], nil
}

// scan reads the current row.
type scan[T any] func(*sqlite.Stmt) (T, error)

// rows returns what a query gives, in its order; an empty list, not nil, where that is nothing.
func rows[T any](r *Reader, sql string, row scan[T], args ...any) ([]T, error) {
	found := []T{}
	err := r.c.rows(sql, func(st *sqlite.Stmt) error {
		v, err := row(st)
		found = append(found, v)
		return err
	}, args...)
	if err != nil {
		return nil, err
	}
	return found, nil
}

func columnBytes(st *sqlite.Stmt, col int) []byte { return engine.ColumnBytes(st, col) }
