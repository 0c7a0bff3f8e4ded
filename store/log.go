package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"clew/chains"
	"clew/custody"
)

// AppendLog appends e and returns it with its number and hash. When it returns, the disk
// has it. Several processes may append at once: each waits for the other's entry.
func (s *Store) AppendLog(ctx context.Context, e custody.Entry) (custody.Entry, error) {
	e.When = e.When.UTC().Truncate(time.Second)
	text, err := json.Marshal(e)
	if err != nil {
		return custody.Entry{}, fmt.Errorf("log %q: %w", e.What, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.transact(ctx, true, func(c *conn) error {
		var last logRow
		err := eachLogRow(c, `ORDER BY seq DESC LIMIT 1`, func(row logRow) error {
			last = row
			return nil
		})
		if err != nil {
			return err
		}
		hash := custody.Hash(last.hash, text)
		e.Seq, e.Hash = last.seq+1, hex.EncodeToString(hash[:])
		return sqlitex.Execute(c.Conn, `INSERT INTO log (seq, prev, entry, hash) VALUES (?, ?, ?, ?)`,
			&sqlitex.ExecOptions{Args: []any{e.Seq, last.hash[:], string(text), hash[:]}})
	})
	if err != nil {
		return custody.Entry{}, fmt.Errorf("log %q: %w", e.What, err)
	}
	return e, nil
}

type logRow struct {
	seq        int64
	prev, hash [32]byte
	entry      string
}

func eachLogRow(c *conn, order string, f func(logRow) error) error {
	return sqlitex.Execute(c.Conn, `SELECT seq, prev, entry, hash FROM log `+order, &sqlitex.ExecOptions{
		ResultFunc: func(st *sqlite.Stmt) error {
			row := logRow{seq: st.ColumnInt64(0), entry: st.ColumnText(2)}
			if st.ColumnLen(1) != 32 || st.ColumnLen(3) != 32 {
				return damaged("log entry %d: hash of another length", row.seq)
			}
			st.ColumnBytes(1, row.prev[:])
			st.ColumnBytes(3, row.hash[:])
			return f(row)
		},
	})
}

// readLog returns the log as lines. ErrDamaged, naming the entry, if a hash does not hold.
func readLog(c *conn) (lines []custody.Line, err error) {
	err = eachLogRow(c, `ORDER BY seq`, func(row logRow) error {
		if row.entry == "" {
			return damaged("log entry %d is empty", row.seq)
		}
		lines = append(lines, custody.Line{Seq: row.seq, Prev: hex.EncodeToString(row.prev[:]), Hash: hex.EncodeToString(row.hash[:]), Entry: row.entry})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if _, err = custody.Verify(lines); err != nil {
		return nil, damaged("%v", err)
	}
	return lines, nil
}

// LogLines returns the log, oldest first, with the exact bytes of each entry, after verifying it:
// ErrDamaged, naming the first entry that does not hold, otherwise.
func (s *Store) LogLines(ctx context.Context) (lines []custody.Line, err error) {
	err = s.read(ctx, func(c *conn) error {
		lines, err = readLog(c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	return lines, nil
}

// Log returns the entries of the log, oldest first, after verifying it as LogLines does.
func (s *Store) Log(ctx context.Context) ([]custody.Entry, error) {
	lines, err := s.LogLines(ctx)
	if err != nil {
		return nil, err
	}
	var entries []custody.Entry
	for i := range lines {
		e, err := lines[i].Parse()
		if err != nil {
			return nil, fmt.Errorf("read log: %w", errors.Join(ErrDamaged, err))
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// VerifyLog returns the hash of the last entry, "" of an empty log, after verifying all.
func (s *Store) VerifyLog(ctx context.Context) (head string, err error) {
	lines, err := s.LogLines(ctx)
	if err != nil || len(lines) == 0 {
		return "", err
	}
	return lines[len(lines)-1].Hash, nil
}

// FirstLogged returns the first entry with the given What and SHA256. chains.ErrNotFound if
// there is none.
func (s *Store) FirstLogged(ctx context.Context, what, sha256 string) (custody.Entry, error) {
	entries, err := s.Log(ctx)
	if err != nil {
		return custody.Entry{}, err
	}
	for _, e := range entries {
		if e.What == what && e.SHA256 == sha256 {
			return e, nil
		}
	}
	return custody.Entry{}, fmt.Errorf("log entry %q of %s: %w", what, sha256, chains.ErrNotFound)
}
