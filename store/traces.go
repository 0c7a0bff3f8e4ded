package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/klauspost/compress/zstd"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"clew/chains"
)

// TraceInfo says which traces there are.
type TraceInfo struct {
	ID             string
	IncidentSHA256 string // hex, of the incident's file
	Bytes          int64  // length of the JSON
}

const sqlTrace = `SELECT id, json_bytes, json_zstd FROM trace ORDER BY id`

// SaveTrace keeps the JSON of a trace under its id. A trace with the same id is replaced:
// ids are hashes of what a trace says, and only the version of the tool may differ. When it
// returns, the disk has it.
func (s *Store) SaveTrace(ctx context.Context, id, incidentSHA256 string, json []byte) error {
	zw, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return fmt.Errorf("save trace %s: %w", id, err)
	}
	packed := zw.EncodeAll(json, nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.transact(ctx, true, func(c *conn) error {
		return sqlitex.Execute(c.Conn, `INSERT OR REPLACE INTO trace (id, incident_sha256, json_bytes, json_zstd) VALUES (?, ?, ?, ?)`,
			&sqlitex.ExecOptions{Args: []any{id, incidentSHA256, len(json), packed}})
	})
	if err != nil {
		return fmt.Errorf("save trace %s: %w", id, err)
	}
	return nil
}

// LoadTrace returns the id and JSON of the trace whose id begins with prefix.
// chains.ErrNotFound if there is none; ErrAmbiguous, naming them, if there are several and
// none is prefix itself.
func (s *Store) LoadTrace(ctx context.Context, prefix string) (id string, json []byte, err error) {
	infos, err := s.Traces(ctx)
	if err != nil {
		return "", nil, fmt.Errorf("load trace %q: %w", prefix, err)
	}
	var ids []string
	for _, in := range infos {
		if in.ID == prefix {
			ids = []string{prefix}
			break
		}
		if strings.HasPrefix(in.ID, prefix) {
			ids = append(ids, in.ID)
		}
	}
	switch len(ids) {
	case 0:
		return "", nil, fmt.Errorf("load trace %q: %w in %s", prefix, chains.ErrNotFound, s.path)
	case 1:
	default:
		return "", nil, fmt.Errorf("load trace %q: %w: %s", prefix, ErrAmbiguous, strings.Join(ids, ", "))
	}
	err = s.read(ctx, func(c *conn) error {
		found := false
		err := sqlitex.Execute(c.Conn, `SELECT id, json_bytes, json_zstd FROM trace WHERE id = ?`, &sqlitex.ExecOptions{
			Args: []any{ids[0]},
			ResultFunc: func(st *sqlite.Stmt) (err error) {
				found = true
				id, json, err = traceRow(st)
				return err
			},
		})
		if err == nil && !found {
			err = chains.ErrNotFound
		}
		return err
	})
	if err != nil {
		return "", nil, fmt.Errorf("load trace %s: %w", ids[0], err)
	}
	return id, json, nil
}

// traceRow reads id, json_bytes, json_zstd from the current row.
func traceRow(st *sqlite.Stmt) (id string, json []byte, err error) {
	json, err = unzstd(columnBytes(st, 2))
	if err == nil && int64(len(json)) != st.ColumnInt64(1) {
		err = errors.New("wrong length")
	}
	if err != nil {
		return "", nil, damaged("trace %s: %v", st.ColumnText(0), err)
	}
	return st.ColumnText(0), json, nil
}

// Traces lists the traces, by id.
func (s *Store) Traces(ctx context.Context) (infos []TraceInfo, err error) {
	err = s.read(ctx, func(c *conn) error {
		return sqlitex.Execute(c.Conn, `SELECT id, incident_sha256, json_bytes FROM trace ORDER BY id`, &sqlitex.ExecOptions{
			ResultFunc: func(st *sqlite.Stmt) error {
				infos = append(infos, TraceInfo{st.ColumnText(0), st.ColumnText(1), st.ColumnInt64(2)})
				return nil
			},
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list traces: %w", err)
	}
	return infos, nil
}
