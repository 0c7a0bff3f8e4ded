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

	"clew/chains"
)

// maxObject bounds one object of a recording, so that a small file cannot claim a huge one.
const maxObject = 1 << 30

// Recording stands in for a node with what a recording holds. It checks everything that it
// hands out: objects against their names, headers against each other, transactions against
// their proofs. What the recording does not hold is ErrIncomplete, never an empty answer.
// Safe for concurrent use.
type Recording struct {
	Manifest Manifest
	SHA256   string // of the manifest's bytes

	dec     Decoder
	close   io.Closer
	members map[string]*zip.File
	headers []chains.Header    // From…To
	raws    [][]byte           // their bytes
	byBlock map[int64][]int    // indices in Manifest.Txs, by height
	byID    map[chains.TxID]at // every transaction that is held
	heights map[chains.BlockHash]int64
}

// at is the place of a transaction that a recording holds.
type at struct {
	height int64
	index  int
}

// OpenRecording reads a recording from the root of fsys. It is an error that wraps
// ErrBadAnswer if it contradicts itself, and ErrWrongChain if it is of another chain than
// the one given; "" takes any.
func OpenRecording(ctx context.Context, fsys fs.FS, chain chains.Chain, dec Decoder) (*Recording, error) {
	r := &Recording{
		dec: dec, members: map[string]*zip.File{}, byBlock: map[int64][]int{},
		byID: map[chains.TxID]at{}, heights: map[chains.BlockHash]int64{},
	}
	if err := r.open(ctx, fsys, chain); err != nil {
		return nil, errors.Join(fmt.Errorf("recording: %w", err), r.Close())
	}
	return r, nil
}

// Close releases the file.
func (r *Recording) Close() error {
	if r.close == nil {
		return nil
	}
	return r.close.Close()
}

func (r *Recording) open(ctx context.Context, fsys fs.FS, chain chains.Chain) error {
	data, err := fs.ReadFile(fsys, manifestFile)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	r.SHA256 = hex.EncodeToString(sum[:])
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&r.Manifest); err != nil {
		return fmt.Errorf("%s: %w", manifestFile, err)
	}
	m := &r.Manifest
	switch {
	case m.Schema != RecordingSchema:
		return fmt.Errorf("schema %q: this program reads %q", m.Schema, RecordingSchema)
	case chain != "" && chain != m.Chain:
		return fmt.Errorf("it is of %s, not of %s: %w", m.Chain, chain, chains.ErrWrongChain)
	case m.Coverage != CoverageWhole && m.Coverage != CoverageExtract:
		return fmt.Errorf("coverage %q: want whole or extract", m.Coverage)
	}
	if err := r.openObjects(fsys); err != nil {
		return err
	}
	if err := r.readHeaders(); err != nil {
		return err
	}
	return r.index(ctx)
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
		return fmt.Errorf("%s: %w", objectsFile, err)
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
		return nil, fmt.Errorf("object %s: %w", name, err)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxObject))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("object %s: %w", name, err)
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
	if m.From < 0 || int64(len(r.raws)) != m.To-m.From+1 {
		return fmt.Errorf("%d headers for blocks %d to %d: %w", len(r.raws), m.From, m.To, chains.ErrBadAnswer)
	}
	for i, raw := range r.raws {
		h, err := r.dec.DecodeHeader(raw)
		if err != nil {
			return fmt.Errorf("header of block %d: %w", m.From+int64(i), err)
		}
		if i > 0 && h.Prev != r.headers[i-1].Hash {
			return fmt.Errorf("block %d does not follow the one before: %w", m.From+int64(i), chains.ErrBadAnswer)
		}
		r.headers = append(r.headers, h)
		r.heights[h.Hash] = m.From + int64(i)
	}
	if m.To > m.AsOf.Height {
		return fmt.Errorf("headers up to block %d go beyond its last block, %d: %w", m.To, m.AsOf.Height, chains.ErrBadAnswer)
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

// Head returns the last block that the recording stands for.
func (r *Recording) Head(context.Context) (chains.BlockRef, error) {
	p := r.Manifest.AsOf
	return chains.BlockRef{Height: p.Height, Hash: p.Hash, Time: p.Time}, nil
}

// Ref returns the block at a height of its span.
func (r *Recording) Ref(ctx context.Context, height int64) (chains.BlockRef, error) {
	m := &r.Manifest
	switch {
	case height == m.AsOf.Height:
		return r.Head(ctx)
	case height < m.From || height > m.To:
		return chains.BlockRef{}, fmt.Errorf("block %d: the recording holds %d to %d: %w", height, m.From, m.To, chains.ErrIncomplete)
	}
	h := r.headers[height-m.From]
	return chains.BlockRef{Height: height, Hash: h.Hash, Time: h.Time}, nil
}

// HashAt returns the hash of the block at a height of its span.
func (r *Recording) HashAt(ctx context.Context, height int64) (chains.BlockHash, error) {
	ref, err := r.Ref(ctx, height)
	return ref.Hash, err
}

// Block returns a block of its span: all of it, or the recorded transactions (Partial).
func (r *Recording) Block(_ context.Context, height int64, hash chains.BlockHash) (*chains.Block, error) {
	m := &r.Manifest
	if height < m.From || height > m.To {
		return nil, fmt.Errorf("block %d: the recording holds %d to %d: %w", height, m.From, m.To, chains.ErrIncomplete)
	}
	h := r.headers[height-m.From]
	if h.Hash != hash {
		return nil, fmt.Errorf("block %d is %s in the recording: %w", height, h.Hash, chains.ErrReorged)
	}
	if m.Coverage == CoverageWhole {
		return r.whole(height)
	}
	b := &chains.Block{
		Ref:  chains.BlockRef{Height: height, Hash: h.Hash, Time: h.Time},
		Prev: h.Prev, Header: r.raws[height-m.From], Partial: true,
	}
	for _, i := range r.byBlock[height] {
		tx, err := r.tx(&m.Txs[i], b)
		if err != nil {
			return nil, fmt.Errorf("recorded transaction %s: %w", m.Txs[i].TxID, err)
		}
		b.Txs = append(b.Txs, tx)
	}
	return b, nil
}

// tx reads one recorded transaction and checks its proof.
func (r *Recording) tx(e *TxEntry, b *chains.Block) (chains.Tx, error) {
	raw, err := r.object(e.Raw)
	if err != nil {
		return chains.Tx{}, err
	}
	tx, err := r.dec.DecodeTx(raw)
	if err != nil {
		return tx, err
	}
	root := r.headers[b.Ref.Height-r.Manifest.From].MerkleRoot
	if tx.ID != e.TxID || e.Index < 0 || !r.dec.VerifyBranch(tx.ID, e.Index, e.Branch, root) {
		return tx, fmt.Errorf("it is not proven to be at position %d of block %s: %w", e.Index, b.Ref.Hash, chains.ErrBadAnswer)
	}
	tx.Block, tx.Index, tx.Evidence = b.Ref, e.Index, chains.EvidenceProven
	if e.Spent != "" {
		spent, err := r.object(e.Spent)
		if err != nil {
			return tx, err
		}
		one := &chains.Block{Ref: b.Ref, Txs: []chains.Tx{tx}}
		if err := r.dec.AttachSpent(one, [][]byte{spent}); err != nil {
			return tx, err
		}
		tx = one.Txs[0]
	}
	return tx, r.fillPrevious(e, &tx)
}

// fillPrevious tells what tx spends of the recorded transactions before it.
func (r *Recording) fillPrevious(e *TxEntry, tx *chains.Tx) error {
	made := map[chains.TxID]*chains.Tx{}
	for _, name := range e.Previous {
		raw, err := r.object(name)
		if err != nil {
			return err
		}
		prev, err := r.dec.DecodeTx(raw)
		if err != nil {
			return err
		}
		made[prev.ID] = &prev
	}
	for i := range tx.Inputs {
		if in := &tx.Inputs[i]; !in.Known {
			if err := fill(in, made[in.Prev.Tx]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Recording) whole(height int64) (*chains.Block, error) {
	i := int(height - r.Manifest.From)
	if i >= len(r.Manifest.Blocks) || r.Manifest.Blocks[i].Height != height {
		return nil, fmt.Errorf("block %d is missing from a recording of whole blocks: %w", height, chains.ErrBadAnswer)
	}
	e := r.Manifest.Blocks[i]
	raw, err := r.object(e.Raw)
	if err != nil {
		return nil, err
	}
	b, err := r.dec.DecodeBlock(raw, height)
	if err != nil {
		return nil, err
	}
	if b.Ref.Hash != r.headers[i].Hash {
		return nil, fmt.Errorf("block %d is not the one of its header: %w", height, chains.ErrBadAnswer)
	}
	if e.Spent == "" {
		return b, nil
	}
	data, err := r.object(e.Spent)
	if err != nil {
		return nil, err
	}
	spent, err := framed(data)
	if err != nil {
		return nil, fmt.Errorf("outputs spent in block %d: %w", height, err)
	}
	return b, r.dec.AttachSpent(b, spent)
}

// Locate returns the block of a transaction that the recording holds.
func (r *Recording) Locate(ctx context.Context, id chains.TxID) (chains.BlockRef, error) {
	where, ok := r.byID[id]
	if !ok {
		return chains.BlockRef{}, fmt.Errorf("transaction %s: the recording (%s, blocks %d to %d) does not hold it: %w",
			id, r.Manifest.Coverage, r.Manifest.From, r.Manifest.To, chains.ErrNotFound)
	}
	return r.Ref(ctx, where.height)
}

// Tx returns the bytes of a transaction that a recording of whole blocks holds. An extract
// offers none: what was known of its inputs stands with each transaction, and a trace from
// it must not know more than the trace that made it.
func (r *Recording) Tx(ctx context.Context, id chains.TxID) ([]byte, chains.BlockHash, error) {
	if r.Manifest.Coverage == CoverageExtract {
		return nil, chains.BlockHash{}, fmt.Errorf("transaction %s: %w", id, chains.ErrUnsupported)
	}
	where, ok := r.byID[id]
	if !ok {
		return nil, chains.BlockHash{}, fmt.Errorf("transaction %s: %w", id, chains.ErrNotFound)
	}
	hash, err := r.HashAt(ctx, where.height)
	if err != nil {
		return nil, hash, err
	}
	b, err := r.whole(where.height)
	if err != nil {
		return nil, hash, err
	}
	return b.Txs[where.index].Raw, hash, nil
}
