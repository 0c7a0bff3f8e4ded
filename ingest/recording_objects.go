package ingest

import (
	"archive/zip"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"

	"clew/chains"
)

// What the objects of a recording can have at most, in bytes: a small archive must not
// unpack to what fills the memory.
const (
	// framedHeader is a header of the Bitcoin family behind its length. A proof of merged
	// mining in it (Dogecoin) holds a whole transaction; most have less than 2000 bytes.
	framedHeader = 1_000_000
	// maxHeaders is twice the longest chain of that family, the test network, in 2025.
	maxHeaders = 10_000_000
	// maxBlock bounds blocks and single transactions: the most that a chain of the family
	// allows, Bitcoin Cash with a limit that may have doubled.
	maxBlock = 64_000_000
	// maxSpent is a spent output: value 8, length 3, and the longest script that runs.
	maxSpent = 8 + 3 + 10_000
	// maxCount is what stands before the outputs spent by a transaction: their length as a
	// varint, their number as a compact size.
	maxCount = binary.MaxVarintLen64 + 9
)

// spentLimit returns how many bytes the outputs that txs spend can have.
func spentLimit(txs []chains.Tx) uint64 {
	limit := 0
	for i := range txs {
		limit += maxCount + len(txs[i].Inputs)*maxSpent
	}
	return uint64(limit)
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
	members, err := Objects(reader, info.Size())
	if err != nil {
		return fmt.Errorf("%s: %w: %w", objectsFile, chains.ErrBadAnswer, err)
	}
	r.size = uint64(info.Size())
	for _, m := range members {
		r.members[m.Name] = m
	}
	return nil
}

// What the objects of an archive of so many bytes can unpack to in all: hashes, signatures and
// addresses hardly shrink.
const (
	maxShrunk = 200
	freeSize  = 64_000_000
)

// Objects lists the objects of an archive of size bytes. It is an error where two have one name, where
// they lie on one another, so that a few bytes would be unpacked again and again, or where they would
// unpack to more than any recording of that size. None is read; object and its like check contents.
func Objects(r io.ReaderAt, size int64) ([]*zip.File, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("it is no archive: %w", err)
	}
	type extent struct{ from, to int64 }
	var total uint64
	extents, met := make([]extent, 0, len(z.File)), make(map[string]bool, len(z.File))
	for _, m := range z.File {
		if met[m.Name] {
			return nil, fmt.Errorf("there are two objects %.80q", m.Name)
		}
		met[m.Name] = true
		at, err := m.DataOffset()
		if err != nil {
			return nil, fmt.Errorf("object %.80q: %w", m.Name, err)
		}
		if total += min(m.UncompressedSize64, math.MaxInt64); total > maxShrunk*uint64(size)+freeSize || m.CompressedSize64 > uint64(size) {
			return nil, fmt.Errorf("its objects would unpack to more than %d times its size", maxShrunk)
		}
		extents = append(extents, extent{at, at + int64(m.CompressedSize64)})
	}
	slices.SortFunc(extents, func(a, b extent) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(extents); i++ {
		if extents[i].from <= extents[i-1].to {
			return nil, errors.New("its objects lie on one another")
		}
	}
	return z.File, nil
}

// object returns the object whose SHA-256 is name, of at most limit bytes.
func (r *Recording) object(name string, limit uint64) ([]byte, error) {
	m := r.members[name]
	if m == nil {
		return nil, fmt.Errorf("object %s is not in %s: %w", name, objectsFile, chains.ErrBadAnswer)
	}
	if m.UncompressedSize64 > limit {
		return nil, fmt.Errorf("object %s has %d bytes, at most %d are possible: %w", name, m.UncompressedSize64, limit, chains.ErrBadAnswer)
	}
	f, err := m.Open()
	if err != nil {
		return nil, fmt.Errorf("object %s: %w: %w", name, chains.ErrBadAnswer, err)
	}
	// The archive's word on its sizes is not relied on.
	data, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("object %s: %w: %w", name, chains.ErrBadAnswer, err)
	}
	if uint64(len(data)) > limit {
		return nil, fmt.Errorf("object %s has more than %d bytes: %w", name, limit, chains.ErrBadAnswer)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != name {
		return nil, fmt.Errorf("object %s has another content: %w", name, chains.ErrBadAnswer)
	}
	return data, nil
}

// framed cuts data into count parts, each of which stands behind its length.
func framed(data []byte, count int) ([][]byte, error) {
	if count > len(data) { // each length takes a byte
		return nil, fmt.Errorf("%d bytes for %d parts: %w", len(data), count, chains.ErrBadAnswer)
	}
	parts := make([][]byte, 0, count)
	for len(data) > 0 {
		if len(parts) == count {
			return nil, fmt.Errorf("something stands behind %d parts: %w", count, chains.ErrBadAnswer)
		}
		n, used := binary.Uvarint(data)
		if used <= 0 || n > uint64(len(data)-used) {
			return nil, fmt.Errorf("part %d is cut off: %w", len(parts), chains.ErrBadAnswer)
		}
		end := used + int(n)
		parts = append(parts, data[used:end:end])
		data = data[end:]
	}
	if len(parts) < count {
		return nil, fmt.Errorf("%d parts, want %d: %w", len(parts), count, chains.ErrBadAnswer)
	}
	return parts, nil
}
