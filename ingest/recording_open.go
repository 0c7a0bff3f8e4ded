package ingest

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"clew/chains"
)

func (r *Recording) open(ctx context.Context, fsys fs.FS, chain chains.Chain) error {
	data, err := fs.ReadFile(fsys, manifestFile)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	r.SHA256 = hex.EncodeToString(sum[:])
	if err := r.readManifest(data, chain); err != nil {
		return err
	}
	if err := r.readDeclared(fsys); err != nil {
		return err
	}
	if err := r.openObjects(fsys); err != nil {
		return err
	}
	if err := r.readHeaders(); err != nil {
		return err
	}
	return r.index(ctx)
}

func (r *Recording) readManifest(data []byte, chain chains.Chain) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	m := &r.Manifest
	if err := d.Decode(m); err != nil {
		return fmt.Errorf("%s: %w: %w", manifestFile, chains.ErrBadAnswer, err)
	}
	_, err := d.Token()
	switch {
	case m.Schema != RecordingSchema:
		return fmt.Errorf("schema %q: this program reads %q: %w", m.Schema, RecordingSchema, chains.ErrUnsupported)
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("%s: something stands behind its end: %w", manifestFile, chains.ErrBadAnswer)
	case chain != "" && chain != m.Chain:
		return fmt.Errorf("it is of %s, not of %s: %w", m.Chain, chain, chains.ErrWrongChain)
	case m.Chain.CAIP2() == "" || m.CAIP2 != m.Chain.CAIP2():
		return fmt.Errorf("chain %q with id %q: %w", m.Chain, m.CAIP2, chains.ErrUnknownChain)
	case m.Coverage != CoverageWhole && m.Coverage != CoverageExtract:
		return fmt.Errorf("coverage %q, want whole or extract: %w", m.Coverage, chains.ErrBadAnswer)
	case m.From < 0 || m.To < m.From || m.AsOf.Height < m.To:
		return fmt.Errorf("blocks %d to %d as of block %d: %w", m.From, m.To, m.AsOf.Height, chains.ErrBadAnswer)
	case m.Coverage == CoverageWhole && (len(m.Txs) > 0 || int64(len(m.Blocks)) != m.To-m.From+1):
		return fmt.Errorf("%d blocks and %d single transactions in a recording of whole blocks %d to %d: %w",
			len(m.Blocks), len(m.Txs), m.From, m.To, chains.ErrBadAnswer)
	case m.Coverage == CoverageExtract && len(m.Blocks) > 0:
		return fmt.Errorf("whole blocks in a recording of single transactions: %w", chains.ErrBadAnswer)
	}
	return nil
}

// readDeclared reads when incidents were first logged, if the recording says.
func (r *Recording) readDeclared(fsys fs.FS) error {
	data, err := fs.ReadFile(fsys, declaredFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, &r.declared); err != nil {
		return fmt.Errorf("%s: %w", declaredFile, errors.Join(chains.ErrBadAnswer, err))
	}
	for _, d := range r.declared {
		if _, err := time.Parse(time.RFC3339, d.FirstLogged); err != nil {
			return fmt.Errorf("%s: %w", declaredFile, errors.Join(chains.ErrBadAnswer, err))
		}
	}
	return nil
}

func (r *Recording) openObjects(fsys fs.FS) error {
	f, err := fsys.Open(objectsFile)
	if err != nil {
		return err
	}
	r.close = f
	info, err := f.Stat()
	if err != nil {
		return err
	}
	reader, ok := f.(io.ReaderAt)
	if !ok {
		data, err := io.ReadAll(f)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(data)
	}
	z, err := zip.NewReader(reader, info.Size())
	if err != nil {
		return fmt.Errorf("%s: %w: %w", objectsFile, chains.ErrBadAnswer, err)
	}
	for _, m := range z.File {
		r.members[m.Name] = m
	}
	return nil
}

// object returns the object whose SHA-256 is name.
func (r *Recording) object(name string) ([]byte, error) {
	m := r.members[name]
	if m == nil {
		return nil, fmt.Errorf("object %s is not in %s: %w", name, objectsFile, chains.ErrBadAnswer)
	}
	if m.UncompressedSize64 > maxObject {
		return nil, fmt.Errorf("object %s has %d bytes: %w", name, m.UncompressedSize64, chains.ErrBadAnswer)
	}
	f, err := m.Open()
	if err != nil {
		return nil, fmt.Errorf("object %s: %w: %w", name, chains.ErrBadAnswer, err)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxObject))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("object %s: %w: %w", name, chains.ErrBadAnswer, err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != name {
		return nil, fmt.Errorf("object %s has another content: %w", name, chains.ErrBadAnswer)
	}
	return data, nil
}

// framed cuts data into the parts that stand behind their lengths.
func framed(data []byte) ([][]byte, error) {
	var parts [][]byte
	for len(data) > 0 {
		n, used := binary.Uvarint(data)
		if used <= 0 || n > uint64(len(data)-used) {
			return nil, fmt.Errorf("part %d is cut off: %w", len(parts), chains.ErrBadAnswer)
		}
		end := used + int(n)
		parts = append(parts, data[used:end:end])
		data = data[end:]
	}
	return parts, nil
}

// readHeaders checks that the headers follow each other and lead to the pinned block.
func (r *Recording) readHeaders() error {
	m := &r.Manifest
	data, err := r.object(m.Headers)
	if err != nil {
		return err
	}
	if r.raws, err = framed(data); err != nil {
		return fmt.Errorf("headers: %w", err)
	}
	if int64(len(r.raws)) != m.To-m.From+1 {
		return fmt.Errorf("%d headers for blocks %d to %d: %w", len(r.raws), m.From, m.To, chains.ErrBadAnswer)
	}
	for i, raw := range r.raws {
		h, err := r.dec.DecodeHeader(raw)
		if err != nil {
			return fmt.Errorf("header of block %d: %w: %w", m.From+int64(i), chains.ErrBadAnswer, err)
		}
		if i > 0 && h.Prev != r.headers[i-1].Hash {
			return fmt.Errorf("block %d does not follow the one before: %w", m.From+int64(i), chains.ErrBadAnswer)
		}
		r.headers = append(r.headers, h)
	}
	last := r.headers[len(r.headers)-1]
	if m.To == m.AsOf.Height && (last.Hash != m.AsOf.Hash || last.Time != m.AsOf.Time) {
		return fmt.Errorf("the last header is not that of block %s: %w", m.AsOf.Hash, chains.ErrBadAnswer)
	}
	return nil
}

// index notes where each transaction is. A whole recording is read once for that.
func (r *Recording) index(ctx context.Context) error {
	for i := range r.Manifest.Txs {
		e := &r.Manifest.Txs[i]
		if e.Height < r.Manifest.From || e.Height > r.Manifest.To {
			return fmt.Errorf("transaction %s lies outside of its headers: %w", e.TxID, chains.ErrBadAnswer)
		}
		if i > 0 && !r.Manifest.Txs[i-1].before(e) {
			return fmt.Errorf("transaction %s is not in the order of the chain: %w", e.TxID, chains.ErrBadAnswer)
		}
		r.byBlock[e.Height] = append(r.byBlock[e.Height], i)
		r.byID[e.TxID] = at{e.Height, e.Index}
	}
	if r.Manifest.Coverage == CoverageExtract {
		return nil
	}
	for i := range r.headers {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := r.whole(r.Manifest.From + int64(i))
		if err != nil {
			return err
		}
		for n := range b.Txs {
			r.byID[b.Txs[n].ID] = at{b.Ref.Height, n}
		}
	}
	return nil
}
