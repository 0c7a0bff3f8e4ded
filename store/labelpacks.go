package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/klauspost/compress/zstd"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// LabelPack is an edition of a source of labels, as package labels packs it; the store does not
// look into it.
type LabelPack struct {
	Base    bool // it stands in place of the packs that the program carries
	Added   time.Time
	Content []byte
	SHA256  string // hex, of Content; set by the store
}

const sqlLabelPacks = `SELECT sha256, base, added_at, bytes, pack_zstd FROM label_pack ORDER BY sha256, base`

// AddLabels keeps packs, all or none; one that the store has already stays as it was added first.
// It returns how many are new. When it returns, the disk has them.
func (s *Store) AddLabels(ctx context.Context, packs []LabelPack) (added int, err error) {
	err = s.changeLabels(ctx, packs, func(*conn) error { return nil }, &added)
	if err != nil {
		return 0, fmt.Errorf("keep labels: %w", err)
	}
	return added, nil
}

// ReplaceLabels keeps packs in place of the program's own, and drops those that were kept in their
// place before; without any, the program's own count again.
func (s *Store) ReplaceLabels(ctx context.Context, packs []LabelPack) error {
	for i := range packs {
		packs[i].Base = true
	}
	added := 0
	err := s.changeLabels(ctx, packs, func(c *conn) error {
		return sqlitex.Execute(c.Conn, `DELETE FROM label_pack WHERE base = 1`, nil)
	}, &added)
	if err != nil {
		return fmt.Errorf("replace labels: %w", err)
	}
	return nil
}

// RemoveLabels drops packs that were added, by their hashes, and returns how many there were.
func (s *Store) RemoveLabels(ctx context.Context, sums []string) (removed int, err error) {
	err = s.changeLabels(ctx, nil, func(c *conn) error {
		for _, sum := range sums {
			if err := sqlitex.Execute(c.Conn, `DELETE FROM label_pack WHERE sha256 = ? AND base = 0`, &sqlitex.ExecOptions{Args: []any{sum}}); err != nil {
				return err
			}
			removed += c.Changes()
		}
		return nil
	}, new(int))
	if err != nil {
		return 0, fmt.Errorf("remove labels: %w", err)
	}
	return removed, nil
}

// changeLabels runs first and adds packs, in one transaction.
func (s *Store) changeLabels(ctx context.Context, packs []LabelPack, first func(*conn) error, added *int) error {
	zw, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.transact(ctx, true, func(c *conn) error {
		if err := first(c); err != nil {
			return err
		}
		for i := range packs {
			p := &packs[i]
			sum := sha256.Sum256(p.Content)
			p.SHA256 = hex.EncodeToString(sum[:])
			err := sqlitex.Execute(c.Conn, `INSERT OR IGNORE INTO label_pack (sha256, base, added_at, bytes, pack_zstd) VALUES (?, ?, ?, ?, ?)`,
				&sqlitex.ExecOptions{Args: []any{p.SHA256, p.Base, p.Added.UTC().Format(time.RFC3339), len(p.Content), zw.EncodeAll(p.Content, nil)}})
			if err != nil {
				return err
			}
			*added += c.Changes()
		}
		return nil
	})
}

// LabelPacks returns all packs in order of their hashes. ErrDamaged where the bytes of one are
// not those that were kept.
func (s *Store) LabelPacks(ctx context.Context) (packs []LabelPack, err error) {
	err = s.read(ctx, func(c *conn) error {
		return sqlitex.Execute(c.Conn, sqlLabelPacks, &sqlitex.ExecOptions{ResultFunc: func(st *sqlite.Stmt) error {
			p, err := labelRow(st)
			packs = append(packs, p)
			return err
		}})
	})
	if err != nil {
		return nil, fmt.Errorf("labels of the store: %w", err)
	}
	return packs, nil
}

// LabelNames says which packs there are without reading them: a pack's hash in hex, behind "base " where
// it stands in place of the program's own, in the order of LabelPacks. Whoever keeps what LabelPacks
// returned sees by it that it has to read them again.
func (s *Store) LabelNames(ctx context.Context) (names []string, err error) {
	err = s.read(ctx, func(c *conn) error {
		return sqlitex.Execute(c.Conn, `SELECT sha256, base FROM label_pack ORDER BY sha256, base`, &sqlitex.ExecOptions{ResultFunc: func(st *sqlite.Stmt) error {
			name := st.ColumnText(0)
			if st.ColumnBool(1) {
				name = "base " + name
			}
			names = append(names, name)
			return nil
		}})
	})
	if err != nil {
		return nil, fmt.Errorf("labels of the store: %w", err)
	}
	return names, nil
}

// labelRow reads a row and checks the pack against its name.
func labelRow(st *sqlite.Stmt) (p LabelPack, err error) {
	p = LabelPack{SHA256: st.ColumnText(0), Base: st.ColumnBool(1)}
	p.Added, err = time.Parse(time.RFC3339, st.ColumnText(2))
	if err == nil {
		p.Content, err = unzstd(columnBytes(st, 4))
	}
	if sum := sha256.Sum256(p.Content); err == nil && (hex.EncodeToString(sum[:]) != p.SHA256 || int64(len(p.Content)) != st.ColumnInt64(3)) {
		err = errors.New("its bytes are not those that were kept")
	}
	if err != nil {
		return p, damaged("labels %s: %v", p.SHA256, err)
	}
	return p, nil
}

// labels reads every pack.
func (k *checker) labels(c *conn) error {
	return sqlitex.Execute(c.Conn, sqlLabelPacks, &sqlitex.ExecOptions{ResultFunc: func(st *sqlite.Stmt) error {
		if _, err := labelRow(st); err != nil {
			k.found("labels", "%v", err)
		}
		return nil
	}})
}
