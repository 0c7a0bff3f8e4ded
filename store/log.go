package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"clew/chains"
)

// LogEntry is a line of the log: something declared or done. The log is append only, and
// each entry's hash covers the one before: who keeps a hash can show that nothing up to it
// was changed. Entries removed from the end show only against a hash kept elsewhere.
type LogEntry struct {
	When    time.Time         `json:"when"` // kept in UTC, to the second
	What    string            `json:"what"` // "incident declared", say
	SHA256  string            `json:"sha256,omitempty"`
	Details map[string]string `json:"details,omitempty"`

	Seq  int64  `json:"-"` // 1, 2, 3 …; set by the store
	Hash string `json:"-"` // hex; set by the store
}

// AppendLog appends e and returns it with its number and hash. When it returns, the disk
// has it.
func (s *Store) AppendLog(ctx context.Context, e LogEntry) (LogEntry, error) {
	e.When = e.When.UTC().Truncate(time.Second)
	text, err := json.Marshal(e)
	if err != nil {
		return LogEntry{}, fmt.Errorf("log %q: %w", e.What, err)
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
		hash := logHash(last.hash, text)
		e.Seq, e.Hash = last.seq+1, hex.EncodeToString(hash[:])
		return sqlitex.Execute(c.Conn, `INSERT INTO log (seq, prev, entry, hash) VALUES (?, ?, ?, ?)`,
			&sqlitex.ExecOptions{Args: []any{e.Seq, last.hash[:], string(text), hash[:]}})
	})
	if err != nil {
		return LogEntry{}, fmt.Errorf("log %q: %w", e.What, err)
	}
	return e, nil
}

func logHash(prev [32]byte, entry []byte) [32]byte {
	return sha256.Sum256(append(prev[:], entry...))
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

// readLog returns the log. ErrDamaged, naming the entry, if a hash does not hold.
func readLog(c *conn) (entries []LogEntry, err error) {
	var prev [32]byte
	err = eachLogRow(c, `ORDER BY seq`, func(row logRow) error {
		if row.seq != int64(len(entries))+1 || row.prev != prev || row.hash != logHash(prev, []byte(row.entry)) {
			return damaged("log entry %d was changed, or one before it is missing", row.seq)
		}
		prev = row.hash
		e := LogEntry{}
		if err := json.Unmarshal([]byte(row.entry), &e); err != nil {
			return damaged("log entry %d: %v", row.seq, err)
		}
		e.Seq, e.Hash = row.seq, hex.EncodeToString(row.hash[:])
		entries = append(entries, e)
		return nil
	})
	return entries, err
}

// Log returns the log, oldest first, after verifying it: ErrDamaged, naming the first entry
// that does not hold, otherwise.
func (s *Store) Log(ctx context.Context) (entries []LogEntry, err error) {
	err = s.read(ctx, func(c *conn) error {
		entries, err = readLog(c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	return entries, nil
}

// VerifyLog returns the hash of the last entry, "" of an empty log, after verifying all.
func (s *Store) VerifyLog(ctx context.Context) (head string, err error) {
	entries, err := s.Log(ctx)
	if err != nil || len(entries) == 0 {
		return "", err
	}
	return entries[len(entries)-1].Hash, nil
}

// FirstLogged returns the first entry with the given What and SHA256. chains.ErrNotFound if
// there is none.
func (s *Store) FirstLogged(ctx context.Context, what, sha256 string) (LogEntry, error) {
	entries, err := s.Log(ctx)
	if err != nil {
		return LogEntry{}, err
	}
	for _, e := range entries {
		if e.What == what && e.SHA256 == sha256 {
			return e, nil
		}
	}
	return LogEntry{}, fmt.Errorf("log entry %q of %s: %w", what, sha256, chains.ErrNotFound)
}
