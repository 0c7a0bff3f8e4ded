package bitcoin

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/holiman/uint256"

	"clew/chains"
)

// fileBlock is what is kept in memory of each block in the files: 80 bytes.
type fileBlock struct {
	hash, prev chains.BlockHash
	body       bodySpan
	bits       uint32
	time       uint32
}

// filePart is one blk*.dat with the rev*.dat of the same number.
type filePart struct {
	path   string
	blocks []fileBlock // as they lie in the file
	undo   undoFile
}

// place names a block in the files: the part and the position in it.
type place struct{ part, at uint32 }

// nowhere is the place of a block that no file holds.
var nowhere = place{math.MaxUint32, math.MaxUint32}

// scanParts finds the blocks of all parts, as many files at a time as there are processors.
func (f *Files) scanParts(ctx context.Context, progress func(done, total int)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var running sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range min(runtime.GOMAXPROCS(0), len(f.parts)) {
		running.Go(func() {
			for i := range next {
				if err := f.scanPart(&f.parts[i], i == len(f.parts)-1); err != nil {
					cancel(err)
				}
				mu.Lock()
				if done++; progress != nil {
					progress(done, len(f.parts))
				}
				mu.Unlock()
			}
		})
	}
	for i := range f.parts {
		select {
		case next <- i:
		case <-ctx.Done():
		}
	}
	close(next)
	running.Wait()
	return context.Cause(ctx)
}

// scanPart finds the blocks of one file. The last record may be one that the node is still
// writing.
func (f *Files) scanPart(p *filePart, last bool) (err error) {
	file, err := f.open(p.path)
	if err != nil {
		return err
	}
	defer func() { err = joinClose(err, file) }()
	if file.size > math.MaxUint32 {
		return fmt.Errorf("%s: %d bytes, and no node writes so large a file: %w", p.path, file.size, ErrBadEncoding)
	}
	scan := recordScan{
		file: file, magic: f.magic, least: HeaderBytes + 1, most: f.most,
		accept: func(body bodySpan, vouched bool) (bool, error) {
			b, ok, err := f.indexed(file, body, vouched)
			if ok {
				p.blocks = append(p.blocks, b)
			}
			return ok, err
		},
	}
	end, err := scan.run(0)
	if err != nil {
		return err
	}
	if n := len(p.blocks); n > 0 && (last || end < file.size) {
		unfinished, err := f.unfinished(file, p.blocks[n-1].body)
		if err != nil {
			return err
		}
		if unfinished {
			p.blocks = p.blocks[:n-1]
		}
	}
	p.blocks = slices.Clip(p.blocks)
	return nil
}

// indexed reads the header of a record. Where the node wrote the record, the header is
// judged alone; bytes that a search came upon must be a whole block with its work, since
// anybody may have had them written into another block.
func (f *Files) indexed(file *maskedFile, body bodySpan, vouched bool) (fileBlock, bool, error) {
	if !vouched {
		raw := make([]byte, body.size)
		if err := file.read(raw, int64(body.offset)); err != nil {
			return fileBlock{}, false, err
		}
		if _, err := f.decode(raw, 0); err != nil {
			return fileBlock{}, false, nil //nolint:nilerr // then it is no record, and the search goes on
		}
	}
	var raw [HeaderBytes]byte
	if err := file.read(raw[:], int64(body.offset)); err != nil {
		return fileBlock{}, false, err
	}
	b := fileBlock{
		hash: hashTwice(raw[:]), prev: chains.Hash(raw[4:36]).Reversed(), body: body,
		time: binary.LittleEndian.Uint32(raw[68:]), bits: binary.LittleEndian.Uint32(raw[72:]),
	}
	stated, ok := target(b.bits)
	easiest, _ := target(f.net.powLimit)
	if !ok || stated.Gt(easiest) {
		return b, false, nil
	}
	if f.net.work == workSHA256 && new(uint256.Int).SetBytes(b.hash[:]).Gt(stated) {
		return b, false, nil
	}
	return b, true, nil
}

// unfinishedTail is how many zeros at the end of a broken last record say that the node
// has not written it whole yet: more than the locktime with which a block ends.
const unfinishedTail = 5

// unfinished reports whether the last record of a file is a block that is being written.
func (f *Files) unfinished(file *maskedFile, body bodySpan) (bool, error) {
	if blank, err := file.blank(int64(body.offset)+int64(body.size)-unfinishedTail, unfinishedTail); err != nil || !blank {
		return false, err
	}
	raw := make([]byte, body.size)
	if err := file.read(raw, int64(body.offset)); err != nil {
		return false, err
	}
	_, err := f.decode(raw, 0)
	return err != nil, nil
}

// decode reads a block of the files and checks that its work is there.
func (f *Files) decode(raw []byte, height int64) (*chains.Block, error) {
	block, err := DecodeBlock(f.net.chain, raw, height)
	if err != nil {
		return nil, err
	}
	return block, CheckWork(f.net.chain, block.Header)
}

// hashIndex finds blocks by their hashes: sorted by a part of them, then as the files are.
type hashIndex []hashEntry

type hashEntry struct {
	key uint64 // the last bytes of the hash as displayed; the first ones are zeros
	at  place
}

func hashKey(h chains.BlockHash) uint64 { return binary.BigEndian.Uint64(h[24:]) }

// index sorts all blocks by one of their hashes.
func (f *Files) index(by func(*fileBlock) chains.BlockHash) hashIndex {
	n := 0
	for i := range f.parts {
		n += len(f.parts[i].blocks)
	}
	index := make(hashIndex, 0, n)
	for p := range f.places() {
		index = append(index, hashEntry{hashKey(by(f.at(p))), p})
	}
	slices.SortStableFunc(index, func(a, b hashEntry) int { return cmp.Compare(a.key, b.key) })
	return index
}

// at returns the block at a place.
func (f *Files) at(p place) *fileBlock { return &f.parts[p.part].blocks[p.at] }

// copies returns the places of all copies of a block, as the files are: after a crash a node
// may have written a block twice.
func (f *Files) copies(hash chains.BlockHash) []place {
	key := hashKey(hash)
	i, _ := slices.BinarySearchFunc(f.byHash, key, func(e hashEntry, key uint64) int {
		if e.key < key {
			return -1
		}
		return 1 // the first entry of several
	})
	var found []place
	for ; i < len(f.byHash) && f.byHash[i].key == key; i++ {
		if f.at(f.byHash[i].at).hash == hash {
			found = append(found, f.byHash[i].at)
		}
	}
	return found
}

// first returns the place of the first copy of a block, nowhere if there is none.
func (f *Files) first(hash chains.BlockHash) place {
	if found := f.copies(hash); len(found) > 0 {
		return found[0]
	}
	return nowhere
}

// pathOf names a place for people.
func (f *Files) pathOf(p place) string {
	return fmt.Sprintf("%s, record at byte %d", f.parts[p.part].path, int64(f.at(p).body.offset)-recordHead)
}
