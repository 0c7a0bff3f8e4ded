package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"zombiezen.com/go/sqlite"

	"clew/custody"
)

// entry is the end of the log.
type entry struct {
	seq  int64
	hash [sha256.Size]byte
}

const sqlAppendLog = `INSERT INTO log (seq, entry, hash) VALUES (?, ?, ?)`

// AppendLog appends e to the log and returns it with its number and hash.
func (t *Tx) AppendLog(e custody.Entry) (custody.Entry, error) {
	if e.When.IsZero() {
		e.When = t.now()
	}
	e.When = e.When.UTC().Truncate(time.Second)
	text, err := e.Append(t.w.entry[:0])
	if err != nil {
		return custody.Entry{}, fmt.Errorf("append to the log: %w", err)
	}
	t.w.entry = text
	last, err := t.lastEntry()
	if err != nil {
		return custody.Entry{}, fmt.Errorf("log %q: %w", e.What, err)
	}
	next := entry{seq: last.seq + 1, hash: custody.Hash(last.hash, text)}
	st, err := t.c.stmts.Prepared(t.c.Conn, sqlAppendLog)
	if err != nil {
		return custody.Entry{}, fmt.Errorf("log %q: %w", e.What, err)
	}
	st.BindInt64(1, next.seq)
	st.BindText(2, string(text))
	st.BindBytes(3, next.hash[:])
	_, err = st.Step()
	if err = errors.Join(err, st.Reset()); err != nil {
		return custody.Entry{}, fmt.Errorf("log %q: %w", e.What, err)
	}
	t.w.state.log = &next
	t.w.state.bytes += len(text) + len(next.hash)
	e.Seq, e.Hash = next.seq, hex.EncodeToString(next.hash[:])
	return e, nil
}

// lastEntry returns the end of the log, which another process may have moved before this group.
func (t *Tx) lastEntry() (*entry, error) {
	if t.w.state.log != nil {
		return t.w.state.log, nil
	}
	last := &entry{}
	err := t.c.rows(`SELECT seq, hash FROM log ORDER BY seq DESC LIMIT 1`, func(st *sqlite.Stmt) error {
		last.seq = st.ColumnInt64(0)
		return columnHash(st, 1, last)
	})
	t.w.state.log = last
	return last, err
}

// columnHash reads the hash of an entry whose number is known.
func columnHash(st *sqlite.Stmt, col int, e *entry) error {
	if st.ColumnLen(col) != len(e.hash) {
		return damaged("log entry %d: a hash of %d bytes", e.seq, st.ColumnLen(col))
	}
	st.ColumnBytes(col, e.hash[:])
	return nil
}

// eachLine gives the lines of the log behind the number after to f, at most limit of them; a negative
// limit is none.
func (r *Reader) eachLine(after int64, limit int, f func(*custody.Line) error) error {
	var prev entry
	if after > 0 {
		prev.seq = -1
		err := r.c.rows(`SELECT hash FROM log WHERE seq = ?`, func(st *sqlite.Stmt) error {
			prev.seq = after
			return columnHash(st, 0, &prev)
		}, after)
		if err != nil {
			return err
		}
		if prev.seq < 0 {
			return notFound("log entry", fmt.Sprint(after))
		}
	}
	return r.c.rows(`SELECT seq, entry, hash FROM log WHERE seq > ? ORDER BY seq LIMIT ?`, func(st *sqlite.Stmt) error {
		next := entry{seq: st.ColumnInt64(0)}
		if err := columnHash(st, 2, &next); err != nil {
			return err
		}
		l := &custody.Line{Seq: next.seq, Prev: hex.EncodeToString(prev.hash[:]), Hash: hex.EncodeToString(next.hash[:]), Entry: st.ColumnText(1)}
		if l.Entry == "" {
			return damaged("log entry %d is empty", next.seq)
		}
		prev = next
		return f(l)
	}, after, limit)
}

// LogLines returns at most limit lines of the log, the oldest first: those behind the one with the
// number after, 0 for the first. They are not verified: that begins at the first line (custody.Verifier).
// ErrNotFound where the log does not reach to after.
func (r *Reader) LogLines(after int64, limit int) ([]custody.Line, error) {
	lines := []custody.Line{}
	err := r.eachLine(after, limit, func(l *custody.Line) error {
		lines = append(lines, *l)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	return lines, nil
}

// LogLines is Reader.LogLines.
func (j *Journal) LogLines(ctx context.Context, after int64, limit int) ([]custody.Line, error) {
	return read(ctx, j, func(r *Reader) ([]custody.Line, error) { return r.LogLines(after, limit) })
}

// logChunk is how many lines are read at once of a log that is read whole.
const logChunk = 4096

// verifyLog verifies the log from its first line on and gives the lines that hold to f. It reads
// in pieces, so that it holds up no checkpoint however long the log is; what is appended meanwhile is
// read, too.
func (j *Journal) verifyLog(ctx context.Context, f func([]custody.Line) error) (v custody.Verifier, err error) {
	for {
		before, _ := v.Head()
		lines, err := j.LogLines(ctx, before, logChunk)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return v, err
		}
		for i := range lines {
			if err := v.Add(&lines[i]); err != nil {
				return v, damaged("%v", err)
			}
		}
		if err := f(lines); err != nil {
			return v, err
		}
		if len(lines) < logChunk {
			return v, nil
		}
	}
}

// VerifyLog verifies the whole log and returns the number and the hash of its last entry; 0 and "" of
// an empty one. ErrDamaged, naming the first entry that does not hold, otherwise.
func (j *Journal) VerifyLog(ctx context.Context) (entries int64, head string, err error) {
	v, err := j.verifyLog(ctx, func([]custody.Line) error { return nil })
	if err != nil {
		return 0, "", fmt.Errorf("verify the log of %s: %w", j.path, err)
	}
	entries, head = v.Head()
	return entries, head, nil
}

// WriteLog writes the log as custody.Read reads it, verifying it on the way, and returns what
// VerifyLog does.
func (j *Journal) WriteLog(ctx context.Context, w io.Writer) (entries int64, head string, err error) {
	v, err := j.verifyLog(ctx, func(lines []custody.Line) error { return custody.Write(w, lines) })
	if err != nil {
		return 0, "", fmt.Errorf("write the log of %s: %w", j.path, err)
	}
	entries, head = v.Head()
	return entries, head, nil
}
