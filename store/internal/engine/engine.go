// Package engine is what the program's SQLite files have in common: how they are opened and
// recognised, migrations that only go forward, prepared statements, and errors of the engine as the
// sentinels of whoever owns the file. It knows nothing of what the files hold.
//
// Start reading at Schema.
package engine

import (
	"errors"
	"fmt"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// Statements are the prepared statements of one connection. They are kept here and not by
// sqlite.Conn.Prepare, which clears the parameters on every use: after that SQLite plans
// most statements again, which takes three times as long as running them (measured: 17 µs
// and 4.7 µs).
type Statements map[string]*sqlite.Stmt

// Prepared returns the statement for sql on c, always the same c. It must be reset after use, and
// keeps the parameters that were bound before.
func (s Statements) Prepared(c *sqlite.Conn, sql string) (*sqlite.Stmt, error) {
	if st := s[sql]; st != nil {
		return st, nil
	}
	st, err := c.Prepare(sql)
	if err == nil {
		s[sql] = st
	}
	return st, err
}

// Step runs a statement without parameters or rows, prepared once for each connection.
func (s Statements) Step(c *sqlite.Conn, sql string) error {
	st, err := s.Prepared(c, sql)
	if err != nil {
		return err
	}
	_, err = st.Step()
	return errors.Join(err, st.Reset())
}

// RunScript runs statements one after another. Unlike sqlitex.ExecuteScript it opens no
// savepoint, inside which some pragmas cannot be set.
func RunScript(c *sqlite.Conn, sql string) error {
	for sql = strings.TrimSpace(sql); sql != ""; sql = strings.TrimSpace(sql) {
		st, trailing, err := c.PrepareTransient(sql)
		if err != nil {
			return err
		}
		sql = sql[len(sql)-trailing:]
		_, err = st.Step()
		if err = errors.Join(err, st.Finalize()); err != nil {
			return err
		}
	}
	return nil
}

// Number runs a query that gives one whole number.
func Number(c *sqlite.Conn, sql string, args ...any) (int64, error) {
	var n int64
	err := sqlitex.Execute(c, sql, &sqlitex.ExecOptions{
		Args: args,
		ResultFunc: func(st *sqlite.Stmt) error {
			n = st.ColumnInt64(0)
			return nil
		},
	})
	return n, err
}

// Pages lets SQLite check the file itself and gives what it finds, at most twenty lines, to found.
func Pages(c *sqlite.Conn, found func(text string)) error {
	return sqlitex.Execute(c, `PRAGMA integrity_check(20)`, &sqlitex.ExecOptions{
		ResultFunc: func(st *sqlite.Stmt) error {
			if text := st.ColumnText(0); text != "ok" {
				found(text)
			}
			return nil
		},
	})
}

// ColumnBytes returns a copy of a blob of the current row.
func ColumnBytes(st *sqlite.Stmt, col int) []byte {
	b := make([]byte, st.ColumnLen(col))
	st.ColumnBytes(col, b)
	return b
}

// useWAL sets the journal mode that lets readers go on while a batch is written. The file
// keeps it.
func useWAL(c *sqlite.Conn) error {
	mode := ""
	err := sqlitex.ExecuteTransient(c, `PRAGMA journal_mode = WAL`, &sqlitex.ExecOptions{
		ResultFunc: func(st *sqlite.Stmt) error {
			mode = st.ColumnText(0)
			return nil
		},
	})
	if err == nil && mode != "wal" {
		return fmt.Errorf("this file system offers no write-ahead log, journal mode stays %q (put the file on a local disk)", mode)
	}
	return err
}
