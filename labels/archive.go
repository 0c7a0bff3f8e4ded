package labels

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// archiveMagic begins an archive of packs, before it is compressed: the program's own form, in
// which sets are passed on. Behind it stands each pack after its length (unsigned varint).
const archiveMagic = "clew.labels-archive/1\n"

// Archive writes packs into one compressed file. The same packs in the same order give the same
// bytes, as long as the version of the compressor is the same.
func Archive(packs []*Pack) ([]byte, error) {
	out := []byte(archiveMagic)
	for _, p := range packs {
		out = binary.AppendUvarint(out, uint64(len(p.arena)))
		out = append(out, p.arena...)
	}
	zw, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		return nil, fmt.Errorf("pack labels: %w", err)
	}
	return zw.EncodeAll(out, nil), nil
}

// IsArchive reports whether data looks like what Archive writes: compressed by zstd.
func IsArchive(data []byte) bool {
	return bytes.HasPrefix(data, []byte("\x28\xb5\x2f\xfd"))
}

// What an archive may unpack to, in bytes: addresses hardly shrink, so that packs of labels do not
// either, and all are held in memory.
const (
	maxArchive = 4 << 30 // 32 million labels
	maxShrunk  = 64      // times the size of the archive
	freeSize   = 1 << 20 // of a small one
	maxWindow  = 64 << 20
)

// Unarchive reads what Archive wrote, pack by pack: an archive that unpacks to what no packs are is
// left at the first that is none. An error wraps ErrNoPack.
func Unarchive(data []byte) ([]*Pack, error) {
	zr, err := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, fmt.Errorf("unpack labels: %w", err)
	}
	defer zr.Close()
	limit := min(maxArchive, maxShrunk*int64(len(data))+freeSize)
	r := &archiveReader{Reader: bufio.NewReader(io.LimitReader(zr, limit)), left: limit}
	if magic, err := r.take(int64(len(archiveMagic)), archiveMagic); err != nil {
		return nil, fmt.Errorf("%w: it begins otherwise, or is of another version: %q: %w", ErrNoPack, magic, err)
	}
	var packs []*Pack
	for {
		n, err := binary.ReadUvarint(r)
		if errors.Is(err, io.EOF) && r.left < limit {
			return packs, r.whole(zr)
		}
		if err != nil || n > uint64(r.left) {
			return nil, fmt.Errorf("%w: pack %d is cut off, or larger than this archive can hold (%d times its size): %w", ErrNoPack, len(packs)+1, maxShrunk, errors.Join(err, io.ErrUnexpectedEOF))
		}
		text, err := r.take(int64(n), packMagic)
		if err != nil {
			return nil, fmt.Errorf("%w: pack %d: %w", ErrNoPack, len(packs)+1, err)
		}
		p, err := Unpack(text)
		if err != nil {
			return nil, fmt.Errorf("pack %d: %w", len(packs)+1, err)
		}
		packs = append(packs, p)
	}
}

// archiveReader reads an archive that is being unpacked.
type archiveReader struct {
	*bufio.Reader
	left int64 // that may still come, at most
}

// take reads n bytes that begin with magic, and no more than these few where they do not.
func (r *archiveReader) take(n int64, magic string) ([]byte, error) {
	head, err := r.Peek(len(magic))
	if err != nil {
		return head, err
	}
	if string(head) != magic {
		return head, fmt.Errorf("%.20q is not how it begins", head)
	}
	r.left -= n
	var out bytes.Buffer
	_, err = io.CopyN(&out, r.Reader, n)
	return out.Bytes(), err
}

// whole is an error where the archive ended at the limit, with more behind it.
func (r *archiveReader) whole(zr io.Reader) error {
	var more [1]byte
	if n, err := zr.Read(more[:]); n > 0 || err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: it unpacks to more than %d times its size: %w", ErrNoPack, maxShrunk, errors.Join(err, io.ErrShortBuffer))
	}
	return nil
}
