package journal

import (
	"context"
	"fmt"

	"zombiezen.com/go/sqlite"
)

const keyColumns = `id, name, hash, scopes, rate, burst, created_us, revoked_us`

func scanKey(st *sqlite.Stmt) (Key, error) {
	k := Key{ID: st.ColumnText(0), Name: st.ColumnText(1), Rate: st.ColumnInt(4), Burst: st.ColumnInt(5), Created: columnTime(st, 6), Revoked: columnTime(st, 7)}
	if st.ColumnLen(2) != len(k.Hash) {
		return k, damaged("key %s: a hash of %d bytes", k.ID, st.ColumnLen(2))
	}
	st.ColumnBytes(2, k.Hash[:])
	scopes, err := columnList(st, 3)
	k.Scopes = scopes
	return k, err
}

// PutKey keeps a key, whose id and hash nobody had before.
func (t *Tx) PutKey(k Key) error {
	if k.Created.IsZero() {
		k.Created = t.now()
	}
	scopes := k.Scopes
	if scopes == nil {
		scopes = []string{} // it opens nothing
	}
	text, err := list(scopes)
	if err == nil {
		_, err = t.accept("keys", `INSERT INTO api_key (`+keyColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			k.ID, k.Name, k.Hash[:], text, k.Rate, k.Burst, k.Created, k.Revoked)
	}
	if err != nil {
		return fmt.Errorf("keep key %q: %w", k.ID, err)
	}
	return nil
}

// RevokeKey ends a key; it stays in the journal. ErrNotFound where there is none that is not revoked.
func (t *Tx) RevokeKey(id string) error {
	return t.must("key", id)(t.accept("keys", `UPDATE api_key SET revoked_us = ? WHERE id = ? AND revoked_us = 0`, t.now(), id))
}

// Keys returns all keys, also those that were revoked, in the order in which they came.
func (r *Reader) Keys() ([]Key, error) {
	return rows(r, `SELECT `+keyColumns+` FROM api_key ORDER BY place`, scanKey)
}

// Keys is Reader.Keys.
func (j *Journal) Keys(ctx context.Context) ([]Key, error) { return read(ctx, j, (*Reader).Keys) }

// Revisions are how often what processes keep in memory was changed: who keeps it, reads it again
// where the number is another.
type Revisions struct{ Incidents, Watches, Endpoints, Keys int64 }

// Revisions reads the numbers, at the cost of one look at one page.
func (j *Journal) Revisions(ctx context.Context) (found Revisions, err error) {
	_, err = read(ctx, j, func(r *Reader) (_ struct{}, err error) {
		return struct{}{}, r.c.rows(`SELECT noun, times FROM revision`, func(st *sqlite.Stmt) error {
			times := st.ColumnInt64(1)
			switch st.ColumnText(0) {
			case "incidents":
				found.Incidents = times
			case "watches":
				found.Watches = times
			case "endpoints":
				found.Endpoints = times
			case "keys":
				found.Keys = times
			}
			return nil
		})
	})
	if err != nil {
		return found, fmt.Errorf("read what changed: %w", err)
	}
	return found, nil
}
