package labels

import (
	"bytes"
	"encoding/binary"
	"fmt"

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

// maxArchive bounds what an archive may unpack to: 32 million labels.
const maxArchive = 4 << 30

// Unarchive reads what Archive wrote. An error wraps ErrNoPack.
func Unarchive(data []byte) ([]*Pack, error) {
	zr, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxArchive))
	if err != nil {
		return nil, fmt.Errorf("unpack labels: %w", err)
	}
	defer zr.Close()
	all, err := zr.DecodeAll(data, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoPack, err)
	}
	if !bytes.HasPrefix(all, []byte(archiveMagic)) {
		return nil, fmt.Errorf("%w: it begins otherwise, or is of another version", ErrNoPack)
	}
	var packs []*Pack
	for left := all[len(archiveMagic):]; len(left) > 0; {
		n, size := binary.Uvarint(left)
		if size <= 0 || n > uint64(len(left)-size) {
			return nil, fmt.Errorf("%w: pack %d is cut off", ErrNoPack, len(packs)+1)
		}
		p, err := Unpack(left[size : size+int(n) : size+int(n)])
		if err != nil {
			return nil, fmt.Errorf("pack %d: %w", len(packs)+1, err)
		}
		packs, left = append(packs, p), left[size+int(n):]
	}
	return packs, nil
}
