package bitcoin

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrBadEncoding means that bytes are not what consensus serialization would have written.
var ErrBadEncoding = errors.New("malformed bytes")

// reader reads consensus serialization from the front of a slice. After the first failure
// every read returns zero and err says why; the caller looks once at the end, and before it
// allocates by a number that was read.
type reader struct {
	data []byte
	pos  int
	err  error
}

// fail keeps the first failure.
func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w at byte %d: %s", ErrBadEncoding, r.pos, fmt.Sprintf(format, args...))
	}
}

// left returns the number of bytes not read yet; 0 after a failure.
func (r *reader) left() int {
	if r.err != nil {
		return 0
	}
	return len(r.data) - r.pos
}

// take returns the next n bytes as a part of the data, or nil after a failure.
func (r *reader) take(n uint64) []byte {
	if r.err != nil {
		return nil
	}
	if n > uint64(len(r.data)-r.pos) {
		r.fail("want %d bytes, have %d", n, len(r.data)-r.pos)
		return nil
	}
	end := r.pos + int(n)
	b := r.data[r.pos:end:end]
	r.pos = end
	return b
}

func (r *reader) uint8() byte {
	if r.err == nil && r.pos < len(r.data) {
		r.pos++
		return r.data[r.pos-1]
	}
	r.fail("want 1 byte, have none")
	return 0
}

func (r *reader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// compactSize reads a length in its only allowed, shortest form.
func (r *reader) compactSize() uint64 {
	first := r.uint8()
	var n, least uint64
	switch first {
	default:
		return uint64(first)
	case 0xfd:
		b := r.take(2)
		if b == nil {
			return 0
		}
		n, least = uint64(binary.LittleEndian.Uint16(b)), 0xfd
	case 0xfe:
		n, least = uint64(r.uint32()), 1<<16
	case 0xff:
		n, least = r.uint64(), 1<<32
	}
	if r.err == nil && n < least {
		r.fail("length %d is not in its shortest form", n)
	}
	if r.err != nil {
		return 0
	}
	return n
}

// count reads how many items of at least size bytes follow, and fails if so many cannot
// follow: a hostile number never makes us allocate more than the data is long.
func (r *reader) count(what string, size int) int {
	n := r.compactSize()
	if r.err != nil {
		return 0
	}
	if n > uint64(r.left()/size) {
		r.fail("%d %s do not fit in the %d bytes left", n, what, r.left())
		return 0
	}
	return int(n)
}

// end fails unless everything was read.
func (r *reader) end() error {
	if r.err == nil && r.pos != len(r.data) {
		r.fail("%d bytes too many", len(r.data)-r.pos)
	}
	return r.err
}

// appendCompactSize appends n as a length.
func appendCompactSize(dst []byte, n uint64) []byte {
	switch {
	case n < 0xfd:
		return append(dst, byte(n))
	case n < 1<<16:
		return binary.LittleEndian.AppendUint16(append(dst, 0xfd), uint16(n))
	case n < 1<<32:
		return binary.LittleEndian.AppendUint32(append(dst, 0xfe), uint32(n))
	}
	return binary.LittleEndian.AppendUint64(append(dst, 0xff), n)
}
