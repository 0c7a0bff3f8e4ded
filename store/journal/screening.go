package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
)

const (
	screeningColumns = `place, created_us, outcome, action, key_id, id, subject_bytes, pattern_no, sum, packed`
	// What the indexes leave out, since most are so.
	usualOutcome = "clear within coverage"
	usualAction  = "allow"
)

const (
	sqlHasScreening = `SELECT 1 FROM screening WHERE id_no = ? AND id = ?`
	sqlPutScreening = `INSERT INTO screening (place, created_us, outcome, action, key_id, id, subject_bytes, pattern_no, sum, packed, id_no, subject_no)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

// PutScreening keeps a verdict, unless one with its id was kept before: that stays as it is. added
// says whether it was new.
func (t *Tx) PutScreening(s Screening) (added bool, err error) {
	if added, err = t.putScreening(&s); err != nil {
		return false, fmt.Errorf("keep screening %s: %w", s.ID, err)
	}
	return added, nil
}

func (t *Tx) putScreening(s *Screening) (added bool, err error) {
	state := &t.w.state
	idNo := numberOf([]byte(s.ID))
	if has, err := t.hasScreening(idNo, s.ID); err != nil || has {
		return false, err
	}
	if state.place == 0 {
		err := t.c.rows(`SELECT max(place) FROM screening`, func(st *sqlite.Stmt) error {
			state.place = st.ColumnInt64(0)
			return nil
		})
		if err != nil {
			return false, err
		}
	}
	if s.Created.IsZero() {
		s.Created = t.now()
	}
	content, err := t.w.join(s)
	if err != nil {
		return false, err
	}
	packed, patternNo, err := t.pack(content)
	if err != nil {
		return false, err
	}
	st, err := t.c.stmts.Prepared(t.c.Conn, sqlPutScreening)
	if err != nil {
		return false, err
	}
	created := micros(s.Created)
	place := max(state.place+1, created)
	st.BindInt64(1, place)
	st.BindInt64(2, created)
	st.BindText(3, s.Outcome)
	st.BindText(4, s.Action)
	st.BindText(5, s.Key)
	st.BindText(6, s.ID)
	st.BindInt64(7, int64(len(s.Subject)))
	st.BindInt64(8, patternNo)
	st.BindInt64(9, int64(crc32.Checksum(content, castagnoli())))
	st.BindBytes(10, packed)
	st.BindInt64(11, idNo)
	st.BindInt64(12, numberOf([]byte(s.Subject)))
	_, err = st.Step()
	if err = errors.Join(err, st.Reset()); err != nil {
		return false, err
	}
	state.place = place
	state.bytes += len(packed)
	return true, nil
}

// hasScreening says whether a verdict is kept.
func (t *Tx) hasScreening(idNo int64, id string) (bool, error) {
	st, err := t.c.stmts.Prepared(t.c.Conn, sqlHasScreening)
	if err != nil {
		return false, err
	}
	st.BindInt64(1, idNo)
	st.BindText(2, id)
	has, err := st.Step()
	return has, errors.Join(err, st.Reset())
}

func (r *Reader) scanScreening(st *sqlite.Stmt) (s Screening, err error) {
	s = Screening{
		Place: st.ColumnInt64(0), Created: columnTime(st, 1), Outcome: st.ColumnText(2), Action: st.ColumnText(3),
		Key: st.ColumnText(4), ID: st.ColumnText(5),
	}
	s.Subject, s.Verdict, err = r.unpack(columnBytes(st, 9), st.ColumnInt64(7), st.ColumnInt(6), uint32(st.ColumnInt64(8)))
	if err != nil {
		return s, fmt.Errorf("screening %s: %w", s.ID, err)
	}
	return s, nil
}

// Screening returns the verdict with an id. ErrNotFound where there is none.
func (r *Reader) Screening(id string) (Screening, error) {
	return one(r, "screening", id, `SELECT `+screeningColumns+` FROM screening WHERE id_no = ? AND id = ?`, r.scanScreening, numberOf([]byte(id)), id)
}

// Screening is Reader.Screening.
func (j *Journal) Screening(ctx context.Context, id string) (Screening, error) {
	return read(ctx, j, func(r *Reader) (Screening, error) { return r.Screening(id) })
}

// ScreeningFilter says which verdicts are listed. What is empty is not asked for.
type ScreeningFilter struct {
	Outcome, Action string
	Subject         string // canonical JSON
	Since           time.Time
}

// Screenings lists at most limit verdicts, the newest first: those with a Place below before; 0: from
// the newest on. The next page is the one before the last one's Place. Since is the first moment that
// is listed.
func (r *Reader) Screenings(f ScreeningFilter, before int64, limit int) ([]Screening, error) {
	where, args := []string{"true"}, []any{}
	add := func(condition string, arg any) {
		where, args = append(where, condition), append(args, arg)
	}
	if before != 0 {
		add(`place < ?`, before)
	}
	if !f.Since.IsZero() { // a place is never before its time, so it bounds what is read
		add(`place >= ?`, f.Since)
		add(`created_us >= ?`, f.Since)
	}
	if f.Subject != "" {
		add(`subject_no = ?`, numberOf([]byte(f.Subject)))
	}
	if f.Outcome != "" {
		add(partial(`outcome`, f.Outcome, usualOutcome)+`outcome = ?`, f.Outcome)
	}
	if f.Action != "" {
		add(partial(`action`, f.Action, usualAction)+`action = ?`, f.Action)
	}
	sql := `SELECT ` + screeningColumns + ` FROM screening WHERE ` + strings.Join(where, ` AND `) + ` ORDER BY place DESC LIMIT ?`
	found, err := rows(r, sql, r.scanScreening, append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("list screenings: %w", err)
	}
	return found, nil
}

// partial is the condition of the index that leaves out what is usual, for values that are not.
func partial(column, value, usual string) string {
	if value == usual {
		return ""
	}
	return column + ` <> '` + usual + `' AND `
}

// Screenings is Reader.Screenings.
func (j *Journal) Screenings(ctx context.Context, f ScreeningFilter, before int64, limit int) ([]Screening, error) {
	return read(ctx, j, func(r *Reader) ([]Screening, error) { return r.Screenings(f, before, limit) })
}

// PutBlob keeps a text, once, and returns its SHA-256 in hex.
func (t *Tx) PutBlob(kind string, content []byte) (string, error) {
	sum := sha256.Sum256(content)
	name := hex.EncodeToString(sum[:])
	_, err := t.write(`INSERT INTO blob (sha256, kind, created_us, content) VALUES (?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING`,
		sum[:], kind, t.now(), some(content))
	if err != nil {
		return "", fmt.Errorf("keep %s %s: %w", kind, name, err)
	}
	return name, nil
}

func scanBlob(st *sqlite.Stmt) (Blob, error) {
	b := Blob{SHA256: hex.EncodeToString(columnBytes(st, 0)), Kind: st.ColumnText(1), Content: columnBytes(st, 2)}
	if sum := sha256.Sum256(b.Content); hex.EncodeToString(sum[:]) != b.SHA256 {
		return b, damaged("%s %s: its bytes are not those that were kept", b.Kind, b.SHA256)
	}
	return b, nil
}

// Blob returns the text with a SHA-256 in hex. ErrNotFound where there is none; ErrDamaged where its
// bytes are not those that were kept.
func (r *Reader) Blob(sha256 string) (Blob, error) {
	sum, err := hex.DecodeString(sha256)
	if err != nil {
		return Blob{}, fmt.Errorf("text %q: %w", sha256, err)
	}
	return one(r, "text", sha256, `SELECT sha256, kind, content FROM blob WHERE sha256 = ?`, scanBlob, some(sum))
}

// Blob is Reader.Blob.
func (j *Journal) Blob(ctx context.Context, sha256 string) (Blob, error) {
	return read(ctx, j, func(r *Reader) (Blob, error) { return r.Blob(sha256) })
}
