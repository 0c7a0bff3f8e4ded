package bitcoin

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"sync"

	"clew/chains"
)

// undoFile is a rev*.dat: the undo data of the blocks in the blk*.dat of the same number, in
// the order in which they were connected. Which record is whose is not written down; its
// checksum is over the hash of the block before and the undo data.
//
// A node may be writing to it: a search that fails reads on where the last one ended.
type undoFile struct {
	path string

	mu      sync.Mutex
	end     int64 // what was read so far
	records []bodySpan
	passed  []int64 // where bytes that are no record lie before one
	shift   int     // how far the record found last was from its block's rank
}

// checksumBytes is the length of the checksum behind undo data.
const checksumBytes = sha256.Size

// leastUndo is the size of the undo data of a block whose coinbase is alone.
const leastUndo = 1

// snapshot returns the records that are known and where to look first for that of a block
// of this rank.
func (u *undoFile) snapshot(rank int) ([]bodySpan, int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.records, rank + u.shift
}

// firstPassed returns where bytes that are no record lie before one, −1 if there are none.
func (u *undoFile) firstPassed() int64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.passed) == 0 {
		return -1
	}
	return u.passed[0]
}

func (u *undoFile) found(rank, at int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.shift = at - rank
}

// grow reads the records that were not known yet and reports whether there are any.
func (u *undoFile) grow(f *Files, file *maskedFile) (bool, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	known := len(u.records)
	scan := recordScan{
		file: file, magic: f.magic, tail: checksumBytes, least: leastUndo, most: file.size,
		accept: func(body bodySpan, vouched bool) (bool, error) {
			ok := vouched
			if !vouched {
				var err error
				if ok, err = followed(file, f.magic, int64(body.offset)+int64(body.size)+checksumBytes); err != nil {
					return false, err
				}
			}
			if ok {
				u.records = append(u.records, body)
			}
			return ok, nil
		},
		passed: func(offset int64) { u.passed = append(u.passed, offset) },
	}
	end, err := scan.run(u.end)
	if err != nil {
		return false, err
	}
	u.end = end
	return len(u.records) > known, nil
}

// followed reports whether what stands at pos can follow a record: another one, zeros, or
// the end of the file.
func followed(file *maskedFile, magic [4]byte, pos int64) (bool, error) {
	if pos+recordHead > file.size {
		return true, nil
	}
	var head [4]byte
	if err := file.read(head[:], pos); err != nil || head == magic {
		return err == nil, err
	}
	return file.blank(pos, len(head))
}

// undoData is the undo data of a block and where it lies.
type undoData struct {
	raw    []byte
	path   string
	offset int64 // of the record
}

// undoOf hands to take the records beside a block at p whose checksum fits, those next to
// where its own should lie first, until take returns false. They are of a block with the same
// one before it. There are none if it was never connected, the node is about to write them,
// or they are damaged (damagedUndo).
func (f *Files) undoOf(block *chains.Block, p place, rank uint32, take func(*undoData) bool) (err error) {
	u := &f.parts[p.part].undo
	file, err := f.open(u.path)
	if absent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = joinClose(err, file) }()
	for tried := 0; ; {
		records, guess := u.snapshot(int(rank))
		for i := range outward(guess, len(records)) {
			if i < tried {
				continue
			}
			raw, err := f.undoAt(file, records[i], block)
			if err != nil {
				return err
			}
			if raw != nil && !take(&undoData{raw, u.path, int64(records[i].offset) - recordHead}) {
				u.found(int(rank), i)
				return nil
			}
		}
		tried = len(records)
		more, err := u.grow(f, file)
		if err != nil || !more {
			return err
		}
	}
}

// outward yields the numbers from 0 to n−1 beginning with those next to first.
func outward(first, n int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		first = min(max(first, 0), max(n-1, 0))
		for d := range max(first+1, n-first) {
			if up := first + d; up < n && !yield(up) {
				return
			}
			if down := first - d; d > 0 && down >= 0 && !yield(down) {
				return
			}
		}
	}
}

// undoAt returns the data of a record if its checksum is that of a block where block is, and
// it has as many transactions, else nil.
func (f *Files) undoAt(file *maskedFile, body bodySpan, block *chains.Block) ([]byte, error) {
	count := appendCompactSize(make([]byte, 0, 9), uint64(len(block.Txs)-1))
	if int(body.size) < len(count) {
		return nil, nil
	}
	var head [9]byte
	if err := file.read(head[:len(count)], int64(body.offset)); err != nil {
		return nil, err
	}
	if !bytes.Equal(head[:len(count)], count) {
		return nil, nil
	}
	raw := make([]byte, int(body.size)+checksumBytes)
	if err := file.read(raw, int64(body.offset)); err != nil {
		return nil, err
	}
	data, sum := raw[:body.size], raw[body.size:]
	if checksum := undoChecksum(block.Prev, data); !bytes.Equal(checksum[:], sum) {
		return nil, nil
	}
	return data, nil
}

// undoChecksum is SHA-256 twice over the hash of the block before and the data.
func undoChecksum(prev chains.BlockHash, data []byte) [sha256.Size]byte {
	before := prev.Reversed()
	h := sha256.New()
	h.Write(before[:])
	h.Write(data)
	return sha256.Sum256(h.Sum(nil))
}

// damagedUndo is an error if the file of undo data that belongs to p has bytes between its
// records that are none, or a record that fits to no block there. Of its last record that
// says nothing: the node may be writing it.
func (f *Files) damagedUndo(p place, block *chains.Block) (err error) {
	part := &f.parts[p.part]
	records, _ := part.undo.snapshot(0)
	if len(records) == 0 {
		return nil
	}
	file, err := f.open(part.undo.path)
	if err != nil {
		return err
	}
	defer func() { err = joinClose(err, file) }()
	if odd := part.undo.firstPassed(); odd >= 0 {
		return &DamageError{part.undo.path, odd, fmt.Errorf("no undo data, and block %s has none", block.Ref.Hash)}
	}
	for k, body := range records[:len(records)-1] {
		raw := make([]byte, int(body.size)+checksumBytes)
		if err := file.read(raw, int64(body.offset)); err != nil {
			return err
		}
		sum := [checksumBytes]byte(raw[body.size:])
		owned := false
		for i := range outward(k, len(part.blocks)) {
			if owned = undoChecksum(part.blocks[i].prev, raw[:body.size]) == sum; owned {
				break
			}
		}
		if !owned {
			return &DamageError{part.undo.path, int64(body.offset) - recordHead,
				fmt.Errorf("undo data that fits to no block of the file, and block %s has none", block.Ref.Hash)}
		}
	}
	return nil
}
