package journal

import (
	"context"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"clew/store/internal/engine"
)

// TidyEvery makes checkpoints come after so many bytes. It must be called before anything is
// written.
func TidyEvery(j *Journal, bytes int) { j.tidier.every = bytes }

// LongLog says that the log is to be begun anew, as the tidier does where it comes to no end of it.
func LongLog(j *Journal) { j.tidier.long.Store(true) }

// Impatient makes writes wait for other processes for a moment only.
func Impatient(ctx context.Context, j *Journal) error {
	return j.Do(ctx, func(t *Tx) error {
		t.c.SetBusyTimeout(time.Millisecond)
		return nil
	})
}

// HoldWriter keeps everybody from writing to the journal at path until release is called.
func HoldWriter(ctx context.Context, path string) (release func() error, err error) {
	c, err := openConn(ctx, path, sqlite.OpenReadWrite, cacheRead)
	if err != nil {
		return nil, err
	}
	return c.Close, c.step("BEGIN IMMEDIATE")
}

// LimitPages lets the file grow to n pages beyond what it has, as a full disk would.
func LimitPages(ctx context.Context, j *Journal, n int64) error {
	return j.Do(ctx, func(t *Tx) error {
		have, err := engine.Number(t.c.Conn, "PRAGMA page_count")
		if err != nil {
			return err
		}
		_, err = engine.Number(t.c.Conn, "PRAGMA max_page_count = "+itoa(have+n))
		return err
	})
}

func itoa(n int64) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

// Damage changes the journal behind its back.
func Damage(ctx context.Context, path, sql string) error {
	c, err := openConn(ctx, path, sqlite.OpenReadWrite, cacheRead)
	if err != nil {
		return err
	}
	return joined(engine.RunScript(c.Conn, sql), c.Close())
}

func joined(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Number runs a query that gives one whole number.
func Number(ctx context.Context, j *Journal, sql string) (n int64, err error) {
	err = j.Read(ctx, func(r *Reader) error {
		n, err = r.number(sql)
		return err
	})
	return n, err
}

// Scans returns, of the statements that were prepared on the connections for reading and in the next
// call of Do, the plans that go through a whole table in search of something. A partial index holds little.
func Scans(ctx context.Context, j *Journal) (scans []string, err error) {
	look := func(c *conn) error {
		for sql := range c.stmts {
			if !strings.Contains(sql, "SELECT") && !strings.Contains(sql, "UPDATE") && !strings.Contains(sql, "DELETE") {
				continue
			}
			st, _, err := c.PrepareTransient("EXPLAIN QUERY PLAN " + sql)
			if err != nil {
				return err
			}
			for more := true; more && err == nil; {
				if more, err = st.Step(); more {
					if plan := st.ColumnText(3); strings.HasPrefix(plan, "SCAN") && !strings.Contains(plan, "USING") && strings.Contains(sql, "WHERE") && !strings.Contains(plan, "CONSTANT") || strings.Contains(plan, "TEMP B-TREE") {
						scans = append(scans, plan+": "+sql)
					}
				}
			}
			if err := joined(err, st.Finalize()); err != nil {
				return err
			}
		}
		return nil
	}
	for range readConns {
		c, err := j.reads.Take(ctx)
		if err != nil {
			return nil, err
		}
		defer j.reads.Put(c)
		if err := look(c); err != nil {
			return nil, err
		}
	}
	err = j.Do(ctx, func(t *Tx) error { return look(t.c) })
	return scans, err
}

// Waiting returns how many calls of Do wait for the goroutine that writes.
func Waiting(j *Journal) int { return len(j.queue) }

// Closing says whether Close was called.
func Closing(j *Journal) bool {
	j.gate.RLock()
	defer j.gate.RUnlock()
	return j.closed
}

// LogPages returns the length of the write-ahead log, in pages.
func LogPages(ctx context.Context, j *Journal) (pages int64, err error) {
	c, err := openConn(ctx, j.path, sqlite.OpenReadWrite, cacheRead)
	if err != nil {
		return 0, err
	}
	err = c.rows(`PRAGMA wal_checkpoint(PASSIVE)`, func(st *sqlite.Stmt) error {
		pages = st.ColumnInt64(1)
		return nil
	})
	return pages, joined(err, c.Close())
}

// Unkept says whether what was asked for last could not be kept.
func Unkept(j *Journal) bool { return j.unkept.Load() }
