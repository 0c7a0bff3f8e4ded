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

	"clew/chains"
)

// Import is a file of transfers that somebody delivered, with how it is to be read. The store
// keeps its bytes as they came: they are the evidence.
type Import struct {
	Chain    chains.Chain
	Name     string // of the file, without its folder
	Source   string // who delivered it
	Unit     string // what its amounts are counted in where that is no coin; ""
	Decimals int    // of the unit, or of tokens; −1: not said
	Imported time.Time
	Content  []byte
	SHA256   string // hex, of Content; set by the store
}

// SaveImport keeps a file and returns its hash. A file that the store has already is read from
// now on as said last.
func (s *Store) SaveImport(ctx context.Context, in Import) (string, error) {
	sum := sha256.Sum256(in.Content)
	id := hex.EncodeToString(sum[:])
	zw, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return "", fmt.Errorf("keep %s: %w", in.Name, err)
	}
	packed := zw.EncodeAll(in.Content, nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.transact(ctx, true, func(c *conn) error {
		return sqlitex.Execute(c.Conn, `INSERT OR REPLACE INTO import (sha256, chain, name, source, unit, decimals, imported_at, bytes, content_zstd) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			&sqlitex.ExecOptions{Args: []any{
				id, string(in.Chain), in.Name, in.Source, in.Unit, in.Decimals, in.Imported.UTC().Format(time.RFC3339), len(in.Content), packed,
			}})
	})
	if err != nil {
		return "", fmt.Errorf("keep %s: %w", in.Name, err)
	}
	return id, nil
}

// Imports returns the files of a chain in the order of their hashes; none is no error.
func (s *Store) Imports(ctx context.Context, chain chains.Chain) (files []Import, err error) {
	err = s.read(ctx, func(c *conn) error {
		return sqlitex.Execute(c.Conn, `SELECT sha256, name, source, unit, decimals, imported_at, bytes, content_zstd FROM import WHERE chain = ? ORDER BY sha256`, &sqlitex.ExecOptions{
			Args: []any{string(chain)},
			ResultFunc: func(st *sqlite.Stmt) error {
				in, err := importRow(st)
				in.Chain = chain
				files = append(files, in)
				return err
			},
		})
	})
	if err != nil {
		return nil, fmt.Errorf("imported files of %s: %w", chain, err)
	}
	return files, nil
}

// importRow reads a row and checks the file against its name.
func importRow(st *sqlite.Stmt) (in Import, err error) {
	in = Import{
		SHA256: st.ColumnText(0), Name: st.ColumnText(1), Source: st.ColumnText(2), Unit: st.ColumnText(3), Decimals: st.ColumnInt(4),
	}
	in.Imported, err = time.Parse(time.RFC3339, st.ColumnText(5))
	if err == nil {
		in.Content, err = unzstd(columnBytes(st, 7))
	}
	if sum := sha256.Sum256(in.Content); err == nil && (hex.EncodeToString(sum[:]) != in.SHA256 || int64(len(in.Content)) != st.ColumnInt64(6)) {
		err = errors.New("its bytes are not those that were imported")
	}
	if err != nil {
		return in, damaged("imported file %s: %v", in.Name, err)
	}
	return in, nil
}
