package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"

	"clew/store/internal/engine"
)

const (
	// busyWait is how long a write waits for other processes before it gives up with ErrLocked. A
	// group of theirs takes milliseconds.
	busyWait = 20 * time.Second
	// readConns is the number of connections for reads.
	readConns = 4

	// Page caches, in KiB, one for each connection. What is written at random places are the indexes
	// of verdicts, about 70 bytes of them each.
	cacheWrite = 64 << 10
	cacheRead  = 8 << 10
)

// conn is a connection with its prepared statements.
type conn struct {
	*sqlite.Conn
	stmts engine.Statements
}

// openConn opens a connection with the pragmas that every connection has.
//
//   - synchronous NORMAL: a commit does not wait for the disk; see seal for those that do.
//   - wal_autocheckpoint 0: a checkpoint waits for the disk, so it is not done by whoever writes
//     but beside (see tidy).
//   - mmap_size 0: a truncated file is then an error, not a signal that ends the process.
//   - trusted_schema OFF: a file from elsewhere cannot call functions through its schema.
func openConn(ctx context.Context, path string, flags sqlite.OpenFlags, cacheKiB int) (*conn, error) {
	opened, err := sqlite.OpenConn(path, flags)
	if err != nil {
		return nil, mapErr(ctx, err)
	}
	opened.SetBusyTimeout(busyWait)
	err = engine.RunScript(opened, fmt.Sprintf(`
		PRAGMA synchronous = NORMAL;
		PRAGMA wal_autocheckpoint = 0;
		PRAGMA trusted_schema = OFF;
		PRAGMA temp_store = MEMORY;
		PRAGMA mmap_size = 0;
		PRAGMA journal_size_limit = 268435456;
		PRAGMA cache_size = -%d`, cacheKiB))
	if err != nil {
		return nil, errors.Join(mapErr(ctx, err), opened.Close())
	}
	return &conn{Conn: opened, stmts: engine.Statements{}}, nil
}

// step runs a statement without parameters or rows.
func (c *conn) step(sql string) error { return c.stmts.Step(c.Conn, sql) }

// exec runs a statement without rows and returns how many it changed.
func (c *conn) exec(sql string, args ...any) (changed int, err error) {
	err = c.rows(sql, nil, args...)
	return c.Changes(), err
}

// rows runs a statement and gives each of its rows to f, which must not keep the statement.
func (c *conn) rows(sql string, f func(*sqlite.Stmt) error, args ...any) (err error) {
	st, err := c.stmts.Prepared(c.Conn, sql)
	if err != nil {
		return err
	}
	if n := st.BindParamCount(); n != len(args) {
		return fmt.Errorf("%d values for %d parameters of %s", len(args), n, sql)
	}
	for i, arg := range args {
		if err := bind(st, i+1, arg); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, st.Reset()) }()
	for {
		more, err := st.Step()
		if err != nil || !more {
			return err
		}
		if err := f(st); err != nil {
			return err
		}
	}
}

// bind sets a parameter. Times are microseconds, nil bytes NULL.
func bind(st *sqlite.Stmt, i int, arg any) error {
	switch v := arg.(type) {
	case nil:
		st.BindNull(i)
	case string:
		st.BindText(i, v)
	case int64:
		st.BindInt64(i, v)
	case int:
		st.BindInt64(i, int64(v))
	case bool:
		st.BindBool(i, v)
	case time.Time:
		st.BindInt64(i, micros(v))
	case []byte:
		if v == nil {
			st.BindNull(i)
		} else {
			st.BindBytes(i, v)
		}
	default:
		return fmt.Errorf("no column holds a %T", arg)
	}
	return nil
}

// micros returns t as columns hold it: microseconds since 1970, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// columnTime returns a time of the current row.
func columnTime(st *sqlite.Stmt, col int) time.Time {
	us := st.ColumnInt64(col)
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// some returns b, empty in place of nil: what must not be NULL.
func some(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// list returns texts as JSON, NULL for nil.
func list(texts []string) (any, error) {
	if texts == nil {
		return nil, nil
	}
	text, err := json.Marshal(texts)
	return string(text), err
}

// columnList returns a list of the current row, nil for NULL.
func columnList(st *sqlite.Stmt, col int) (texts []string, err error) {
	if st.ColumnIsNull(col) {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(st.ColumnText(col)), &texts); err != nil {
		return nil, damaged("list %q: %v", st.ColumnText(col), err)
	}
	return texts, nil
}
