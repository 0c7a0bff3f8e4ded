package ingest

import (
	"archive/zip"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// objectWriter writes objects.zip, each object once, in the order in which they come.
type objectWriter struct {
	dir  string // "": only hashes are computed
	file *os.File
	zip  *zip.Writer
	seen map[[32]byte]bool
}

func newObjectWriter(dir string) (*objectWriter, error) {
	w := &objectWriter{dir: dir, seen: map[[32]byte]bool{}}
	if dir == "" {
		return w, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	// A manifest from before would stand beside objects that are not its own.
	if err := os.Remove(filepath.Join(dir, manifestFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var err error
	if w.file, err = os.Create(filepath.Join(dir, objectsFile)); err != nil {
		return nil, err
	}
	w.zip = zip.NewWriter(w.file)
	w.zip.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(out, flate.BestCompression)
	})
	return w, nil
}

// zipTime is the earliest time that a ZIP member can have: archives carry no clock.
var zipTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// put keeps data and returns its SHA-256 in hex.
func (w *objectWriter) put(data []byte) (string, error) {
	sum := sha256.Sum256(data)
	name := hex.EncodeToString(sum[:])
	if w.seen[sum] {
		return name, nil
	}
	w.seen[sum] = true
	if w.zip == nil {
		return name, nil
	}
	member, err := w.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: zipTime})
	if err == nil {
		_, err = member.Write(data)
	}
	if err != nil {
		return "", fmt.Errorf("recording: object %s: %w", name, err)
	}
	return name, nil
}

// close finishes the objects and writes the manifest behind them, so that a manifest never
// stands beside objects that are not there.
func (w *objectWriter) close(manifest []byte) error {
	if w.zip == nil {
		return nil
	}
	err := errors.Join(w.zip.Close(), w.file.Sync(), w.file.Close())
	w.zip = nil
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(w.dir, manifestFile), manifest, 0o644)
}

// discard closes the file without a manifest.
func (w *objectWriter) discard() error {
	if w.zip == nil {
		return nil
	}
	w.zip = nil
	return w.file.Close()
}
