package journal

import (
	"context"
	"fmt"

	"zombiezen.com/go/sqlite"
)

const incidentColumns = `id, trace, trace_sha256, file, loaded_us, stale`

func scanIncident(st *sqlite.Stmt) (Incident, error) {
	i := Incident{ID: st.ColumnText(0), Trace: st.ColumnText(1), SHA256: st.ColumnText(2), Loaded: columnTime(st, 4), Stale: st.ColumnText(5)}
	if !st.ColumnIsNull(3) {
		i.File = columnBytes(st, 3)
	}
	return i, nil
}

// PutIncident keeps an incident in place of the one with its id, if there is one.
func (t *Tx) PutIncident(i Incident) error {
	if i.Loaded.IsZero() {
		i.Loaded = t.now()
	}
	_, err := t.accept("incidents", `INSERT INTO incident (`+incidentColumns+`) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET trace = excluded.trace, trace_sha256 = excluded.trace_sha256,
			file = excluded.file, loaded_us = excluded.loaded_us, stale = excluded.stale`,
		i.ID, i.Trace, i.SHA256, i.File, i.Loaded, i.Stale)
	if err != nil {
		return fmt.Errorf("keep incident %q: %w", i.ID, err)
	}
	return nil
}

// DropIncident forgets an incident; verdicts that name it stay. ErrNotFound where there is none.
func (t *Tx) DropIncident(id string) error {
	return t.must("incident", id)(t.accept("incidents", `DELETE FROM incident WHERE id = ?`, id))
}

// must makes an ErrNotFound of a statement that changed nothing.
func (t *Tx) must(noun, id string) func(changed int, err error) error {
	return func(changed int, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("%s %q: %w", noun, id, err)
		case changed == 0:
			return notFound(noun, id)
		}
		return nil
	}
}

// Incident returns an incident. ErrNotFound where there is none.
func (r *Reader) Incident(id string) (Incident, error) {
	return one(r, "incident", id, `SELECT `+incidentColumns+` FROM incident WHERE id = ?`, scanIncident, id)
}

// Incidents returns all incidents in order of their ids.
func (r *Reader) Incidents() ([]Incident, error) {
	return rows(r, `SELECT `+incidentColumns+` FROM incident ORDER BY id`, scanIncident)
}

// Incident is Reader.Incident.
func (j *Journal) Incident(ctx context.Context, id string) (Incident, error) {
	return read(ctx, j, func(r *Reader) (Incident, error) { return r.Incident(id) })
}

// Incidents is Reader.Incidents.
func (j *Journal) Incidents(ctx context.Context) ([]Incident, error) {
	return read(ctx, j, (*Reader).Incidents)
}
