package bitcoin

import (
	"bytes"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// maskedFile reads a file that the node has hidden behind the key in xor.dat: each byte is
// XORed with the key's byte at its offset modulo the key's length. A key of zeros hides
// nothing. Safe for concurrent use.
type maskedFile struct {
	file *os.File
	mask []byte // the key, repeated
	size int64  // when it was opened: a node may be writing behind it
}

// keyBytes is the length of the key in xor.dat.
const keyBytes = 8

// maskBytes is how much is unhidden at once.
const maskBytes = 4096

func openMasked(path string, key [keyBytes]byte) (*maskedFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("block files: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("block files: %w", err), file.Close())
	}
	m := &maskedFile{file: file, size: info.Size()}
	if key != ([keyBytes]byte{}) {
		m.mask = bytes.Repeat(key[:], maskBytes/keyBytes+1)
	}
	return m, nil
}

func (m *maskedFile) close() error { return m.file.Close() }

// hidden fills p with the file's own bytes from offset on; io.ErrUnexpectedEOF where the
// file is shorter.
func (m *maskedFile) hidden(p []byte, offset int64) error {
	n, err := m.file.ReadAt(p, offset)
	if n == len(p) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%s, %d bytes at %d: %w", m.file.Name(), len(p), offset, err)
}

// blank reports whether nobody has written the n bytes at offset.
func (m *maskedFile) blank(offset int64, n int) (bool, error) {
	p := make([]byte, n)
	err := m.hidden(p, offset)
	return bytes.Equal(p, make([]byte, n)), err
}

// read fills p with what the node wrote from offset on.
func (m *maskedFile) read(p []byte, offset int64) error {
	if err := m.hidden(p, offset); err != nil || m.mask == nil {
		return err
	}
	mask := m.mask[offset%keyBytes:]
	for len(p) > 0 {
		n := subtle.XORBytes(p, p, mask[:maskBytes])
		p = p[n:]
	}
	return nil
}

// Records of blk*.dat and of rev*.dat:
//
//	magic of the network 4 | size 4 little-endian | size bytes | in rev*.dat: checksum 32
//
// They follow each other without a gap, and zeros that no key hides follow the last one: the
// node makes files larger in steps. After a crash other bytes may lie between two records.

// recordHead is the length of magic and size.
const recordHead = 8

// span is where a record's bytes lie in a file, without magic, size and checksum.
type bodySpan struct {
	offset, size uint32
}

// recordScan finds the records of one file.
type recordScan struct {
	file  *maskedFile
	magic [4]byte
	tail  int64 // bytes behind a record's body
	least int64 // the smallest body
	most  int64 // the largest
	// accept judges a body and keeps it. vouched: the record stands where the one before
	// ended; otherwise its magic was found by a search, in bytes that may be anybody's.
	accept func(b bodySpan, vouched bool) (bool, error)
	// passed is set where bytes that are no record, and no zeros, lie before a record.
	passed func(offset int64)
}

// run visits all records behind offset and returns where the last one ends. What is no
// record is passed over by a search for the magic; it begins inside of the record before,
// since it may be that one's size that is wrong. A record that is not complete is none.
func (s *recordScan) run(from int64) (end int64, err error) {
	pos, again, odd := from, from, int64(-1)
	for vouched := true; pos+recordHead <= s.file.size; {
		body, ok, err := s.at(pos, vouched)
		if err != nil {
			return end, err
		}
		if ok {
			if odd >= 0 && s.passed != nil {
				s.passed(odd)
			}
			again, odd = pos+1, -1
			pos = int64(body.offset) + int64(body.size) + s.tail
			end, vouched = pos, true
			continue
		}
		begin := pos + 1
		if vouched {
			empty, err := s.file.blank(pos, recordHead)
			if err != nil {
				return end, err
			}
			if !empty {
				begin, odd = again, pos
			}
		}
		vouched = false
		if pos, err = s.find(begin); err != nil || pos < 0 {
			return end, err
		}
	}
	return end, nil
}

// at reads the record at pos, if one is there.
func (s *recordScan) at(pos int64, vouched bool) (bodySpan, bool, error) {
	var head [recordHead]byte
	if err := s.file.read(head[:], pos); err != nil {
		return bodySpan{}, false, err
	}
	size := int64(binary.LittleEndian.Uint32(head[4:]))
	if [4]byte(head[:4]) != s.magic || size < s.least || size > s.most || pos+recordHead+size+s.tail > s.file.size {
		return bodySpan{}, false, nil
	}
	body := bodySpan{uint32(pos + recordHead), uint32(size)}
	ok, err := s.accept(body, vouched)
	return body, ok, err
}

// find returns where the magic stands next, from pos on, or −1.
func (s *recordScan) find(pos int64) (int64, error) {
	buf := make([]byte, 1<<16)
	for pos+recordHead <= s.file.size {
		part := buf[:min(int64(len(buf)), s.file.size-pos)]
		if err := s.file.read(part, pos); err != nil {
			return -1, err
		}
		if i := bytes.Index(part, s.magic[:]); i >= 0 {
			return pos + int64(i), nil
		}
		pos += int64(len(part) - len(s.magic) + 1)
	}
	return -1, nil
}

// absent reports whether a file is not there, as the undo data of files that hold no block
// which was ever connected.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }
