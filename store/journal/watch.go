package journal

import (
	"context"
	"fmt"
	"strings"

	"zombiezen.com/go/sqlite"
)

const watchColumns = `id, chain, address, txid, vout, incident, screen, note, endpoint, created_us, removed_us, last, seen`

func scanWatch(st *sqlite.Stmt) (Watch, error) {
	return Watch{
		ID: st.ColumnText(0), Chain: st.ColumnText(1), Address: st.ColumnText(2), TxID: st.ColumnText(3),
		Vout: uint32(st.ColumnInt64(4)), Incident: st.ColumnText(5), Screen: st.ColumnBool(6), Note: st.ColumnText(7),
		Endpoint: st.ColumnText(8), Created: columnTime(st, 9), Removed: columnTime(st, 10), Last: st.ColumnText(11), Seen: st.ColumnInt64(12),
	}, nil
}

// PutWatch keeps a watch. Of one with its id that was kept before, what a person sets is changed (Screen,
// Note, Endpoint, and that it is watched, if it was removed), and what was seen stays.
func (t *Tx) PutWatch(w Watch) error {
	if w.Created.IsZero() {
		w.Created = t.now()
	}
	_, err := t.accept("watches", `INSERT INTO watch (`+watchColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET screen = excluded.screen, note = excluded.note, endpoint = excluded.endpoint, removed_us = excluded.removed_us`,
		w.ID, w.Chain, w.Address, w.TxID, int64(w.Vout), w.Incident, w.Screen, w.Note, w.Endpoint, w.Created, w.Removed, w.Last, w.Seen)
	if err != nil {
		return fmt.Errorf("keep watch %q: %w", w.ID, err)
	}
	return nil
}

// AdvanceWatch says up to which height blocks were looked through and which verdict was told last; ""
// leaves the one before.
func (t *Tx) AdvanceWatch(id string, seen int64, last string) error {
	t.durable()
	return t.must("watch", id)(t.write(`UPDATE watch SET seen = ?1, last = iif(?2 = '', last, ?2) WHERE id = ?3`, seen, last, id))
}

// RemoveWatch ends a watch; it stays in the journal. ErrNotFound where there is none that is not
// removed.
func (t *Tx) RemoveWatch(id string) error {
	return t.must("watch", id)(t.accept("watches", `UPDATE watch SET removed_us = ? WHERE id = ? AND removed_us = 0`, t.now(), id))
}

// Watch returns a watch, also one that was removed. ErrNotFound where there is none.
func (r *Reader) Watch(id string) (Watch, error) {
	return one(r, "watch", id, `SELECT `+watchColumns+` FROM watch WHERE id = ?`, scanWatch, id)
}

// Watch is Reader.Watch.
func (j *Journal) Watch(ctx context.Context, id string) (Watch, error) {
	return read(ctx, j, func(r *Reader) (Watch, error) { return r.Watch(id) })
}

// WatchFilter says which watches are listed. What is empty is not asked for.
type WatchFilter struct {
	Chain    string
	Incident string
	Removed  bool // also those that were removed
}

// Watches lists at most limit watches behind the one with the id after, "" for the first, in the order
// in which they came; a limit of 0 lists all.
func (r *Reader) Watches(f WatchFilter, after string, limit int) ([]Watch, error) {
	where, args := []string{`place > coalesce((SELECT place FROM watch WHERE id = ?), 0)`}, []any{after}
	if f.Chain != "" {
		where, args = append(where, `chain = ?`), append(args, f.Chain)
	}
	if f.Incident != "" {
		where, args = append(where, `incident = ? AND incident <> ''`), append(args, f.Incident)
	}
	if !f.Removed {
		where = append(where, `removed_us = 0`)
	}
	if limit == 0 {
		limit = -1
	}
	found, err := rows(r, `SELECT `+watchColumns+` FROM watch WHERE `+strings.Join(where, ` AND `)+` ORDER BY place LIMIT ?`,
		scanWatch, append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("list watches: %w", err)
	}
	return found, nil
}

// Watches is Reader.Watches.
func (j *Journal) Watches(ctx context.Context, f WatchFilter, after string, limit int) ([]Watch, error) {
	return read(ctx, j, func(r *Reader) ([]Watch, error) { return r.Watches(f, after, limit) })
}

// PutTrail says how far a chain was looked through: blocks that were reached, as whoever watches writes
// them.
func (t *Tx) PutTrail(chain string, trail []byte) error {
	t.durable()
	_, err := t.write(`INSERT INTO watched (chain, trail) VALUES (?, ?) ON CONFLICT (chain) DO UPDATE SET trail = excluded.trail`, chain, some(trail))
	if err != nil {
		return fmt.Errorf("keep how far %s was watched: %w", chain, err)
	}
	return nil
}

// Trail returns what PutTrail kept of a chain; nil where nothing was.
func (r *Reader) Trail(chain string) ([]byte, error) {
	found, err := rows(r, `SELECT trail FROM watched WHERE chain = ?`, func(st *sqlite.Stmt) ([]byte, error) { return columnBytes(st, 0), nil }, chain)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// Trail is Reader.Trail.
func (j *Journal) Trail(ctx context.Context, chain string) ([]byte, error) {
	return read(ctx, j, func(r *Reader) ([]byte, error) { return r.Trail(chain) })
}

const sightingColumns = `watch, txid, kind, chain, state, height, block, event, body`

func scanSighting(st *sqlite.Stmt) (Sighting, error) {
	return Sighting{
		Watch: st.ColumnText(0), TxID: st.ColumnText(1), Kind: st.ColumnText(2), Chain: st.ColumnText(3), State: st.ColumnText(4),
		Height: st.ColumnInt64(5), Block: st.ColumnText(6), Event: st.ColumnText(7), Body: columnBytes(st, 8),
	}, nil
}

// PutSighting keeps a sighting in place of the one of the same watch, transaction and kind.
func (t *Tx) PutSighting(s Sighting) error {
	t.durable()
	_, err := t.write(`INSERT INTO sighting (`+sightingColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (watch, txid, kind) DO UPDATE SET chain = excluded.chain, state = excluded.state,
			height = excluded.height, block = excluded.block, event = excluded.event, body = excluded.body`,
		s.Watch, s.TxID, s.Kind, s.Chain, s.State, s.Height, s.Block, s.Event, some(s.Body))
	if err != nil {
		return fmt.Errorf("keep what was seen of watch %q: %w", s.Watch, err)
	}
	return nil
}

// Sighting returns what was told of a transaction at a watched place; false where nothing was.
func (r *Reader) Sighting(watch, txid, kind string) (Sighting, bool, error) {
	found, err := rows(r, `SELECT `+sightingColumns+` FROM sighting WHERE watch = ? AND txid = ? AND kind = ?`, scanSighting, watch, txid, kind)
	if err != nil || len(found) == 0 {
		return Sighting{}, false, err
	}
	return found[0], true, nil
}

// Sightings returns those of a chain in a state, of blocks above a height, in order of height,
// transaction, watch and kind.
func (r *Reader) Sightings(chain, state string, above int64) ([]Sighting, error) {
	return rows(r, `SELECT `+sightingColumns+` FROM sighting WHERE chain = ? AND state = ? AND height > ?
		ORDER BY height, txid, watch, kind`, scanSighting, chain, state, above)
}

// Sightings is Reader.Sightings.
func (j *Journal) Sightings(ctx context.Context, chain, state string, above int64) ([]Sighting, error) {
	return read(ctx, j, func(r *Reader) ([]Sighting, error) { return r.Sightings(chain, state, above) })
}
