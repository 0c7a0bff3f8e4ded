package bitcoin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"clew/chains"
)

// Files are the block files of a node of the family: blk*.dat with the blocks and rev*.dat
// with what they spend, read without the node, which may be running. It is the main chain as
// the files had it when they were opened.
//
// Every block is checked against its hash, its Merkle root and its work, and the outputs that
// it spends against the node's checksum. A block whose undo data is not there (it was not
// connected yet, or rev*.dat were not kept), or may be that of another block with the same one
// before it, comes with Known false and Spent nil.
//
// All methods are safe for concurrent use. No file stays open between calls.
type Files struct {
	dir   string
	net   *network
	magic [4]byte
	most  int64 // bytes of a block
	key   [keyBytes]byte
	parts []filePart // by number

	byHash   hashIndex
	siblings map[chains.BlockHash][]place // by the block before them, where there are several
	main     []mainBlock
	base     int64 // height of main[0]
	waiting  int64 // blocks whose chain has a block that is not there yet
}

// DamageError is a place in a block file that cannot be what the node wrote there.
type DamageError struct {
	Path   string
	Offset int64 // where the record begins
	Err    error
}

// Error names the file and the place.
func (e *DamageError) Error() string {
	// The sentinel's words are of nodes that answer.
	why := strings.TrimSuffix(e.Err.Error(), ": "+chains.ErrBadAnswer.Error())
	return fmt.Sprintf("%s, record at byte %d: damaged: %s", e.Path, e.Offset, why)
}

func (e *DamageError) Unwrap() error { return e.Err }

func (f *Files) damage(p place, err error) error {
	return &DamageError{f.parts[p.part].path, int64(f.at(p).body.offset) - recordHead, err}
}

// OpenFiles finds the blocks in dir: the folder blocks of a node, or the one of its network
// or its data directory above it. They must be of chain; "" takes what the files are of,
// where block 0 or a block behind a split tells.
//
// It reads the header of each block once, several files at a time: on a disk that seeks
// slowly that takes longest. progress, unless nil, is told after each file how many of all
// are read, one call at a time. A block takes about 120 bytes of memory.
//
// Errors: chains.ErrNotFound where no block files are, chains.ErrWrongChain with what they
// are of, chains.ErrUnknownChain where nothing tells, a DamageError where the chain needs
// what is damaged, and those of the file system.
func OpenFiles(ctx context.Context, chain chains.Chain, dir string, progress func(done, total int)) (*Files, error) {
	f := &Files{}
	var err error
	if f.dir, err = findBlocks(dir, chain); err != nil {
		return nil, err
	}
	if err := f.list(); err != nil {
		return nil, err
	}
	shared, err := f.recognise(chain)
	if err != nil {
		return nil, err
	}
	if err := f.scanParts(ctx, progress); err != nil {
		return nil, err
	}
	f.byHash = f.index(func(b *fileBlock) chains.BlockHash { return b.hash })
	f.contest()
	if err := f.choose(); err != nil {
		return nil, err
	}
	return f, f.settle(shared, chain)
}

// Chain returns the network that the blocks are of.
func (f *Files) Chain() chains.Chain { return f.net.chain }

// String returns the folder.
func (f *Files) String() string { return f.dir }

// Waiting returns how many blocks in the files stand on one that is not there yet, as while
// a node loads its chain. They are no part of it.
func (f *Files) Waiting() int64 { return f.waiting }

// Loading tells of the blocks that wait.
func (f *Files) Loading(context.Context) (chains.Loading, error) {
	return chains.Loading{Blocks: f.head(), Headers: f.head(), Waiting: f.waiting}, nil
}

// Held returns the heights of the main chain that are there: from block 0 or, where the node
// has pruned, from the lowest one kept.
func (f *Files) Held() chains.Span { return chains.Span{From: f.base, To: f.head()} }

// Head returns the last block of the main chain.
func (f *Files) Head(ctx context.Context) (chains.BlockRef, error) { return f.Ref(ctx, f.head()) }

// Ref returns the main chain's block at height: chains.ErrNotFound above the last one,
// chains.ErrUnsupported below the first one kept.
func (f *Files) Ref(_ context.Context, height int64) (chains.BlockRef, error) {
	switch {
	case height < 0 || height > f.head():
		return chains.BlockRef{}, fmt.Errorf("block %d: the chain in %s ends with block %d: %w", height, f.dir, f.head(), chains.ErrNotFound)
	case height < f.base:
		return chains.BlockRef{}, fmt.Errorf("block %d: %s is pruned and has blocks from %d on: %w (start there, or use a node with -prune=0)",
			height, f.dir, f.base, chains.ErrUnsupported)
	}
	b := f.at(f.main[height-f.base].at)
	return chains.BlockRef{Height: height, Hash: b.hash, Time: int64(b.time)}, nil
}

// HashAt returns the hash of that block.
func (f *Files) HashAt(ctx context.Context, height int64) (chains.BlockHash, error) {
	ref, err := f.Ref(ctx, height)
	return ref.Hash, err
}

// Block returns the block with the given hash, on the main chain or not, which the caller
// knows to be at height. chains.ErrNotFound: no file has it. A DamageError names where its
// bytes or its undo data are not what the node wrote.
func (f *Files) Block(ctx context.Context, height int64, hash chains.BlockHash) (*chains.Block, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	block, at, err := f.readBlock(hash, height)
	if err != nil {
		return nil, fmt.Errorf("block %d (%s): %w", height, hash, err)
	}
	rank := uint32(0)
	if i := height - f.base; i >= 0 && i < int64(len(f.main)) && f.at(f.main[i].at).hash == hash {
		rank = f.main[i].rank
	}
	places := append([]place{at}, slices.DeleteFunc(f.copies(hash), func(p place) bool { return p == at })...)
	if err := f.attach(block, places, rank); err != nil {
		return nil, fmt.Errorf("block %d (%s): %w", height, hash, err)
	}
	return block, nil
}

// readBlock reads the first copy of a block that is whole, and tells where that lies.
func (f *Files) readBlock(hash chains.BlockHash, height int64) (*chains.Block, place, error) {
	var faults error
	for _, p := range f.copies(hash) {
		block, err := f.readAt(p, height)
		if err == nil {
			return block, p, nil
		}
		faults = errors.Join(faults, err)
	}
	if faults == nil {
		faults = fmt.Errorf("no file in %s has it: %w", f.dir, chains.ErrNotFound)
	}
	return nil, nowhere, faults
}

func (f *Files) readAt(p place, height int64) (block *chains.Block, err error) {
	file, err := f.open(f.parts[p.part].path)
	if absent(err) {
		return nil, fmt.Errorf("the node has pruned it meanwhile: %w: %w", err, chains.ErrUnsupported)
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = joinClose(err, file) }()
	b := f.at(p)
	raw := make([]byte, b.body.size)
	if err := file.read(raw, int64(b.body.offset)); err != nil {
		return nil, err
	}
	block, err = f.decode(raw, height)
	if err == nil && block.Ref.Hash != b.hash {
		err = fmt.Errorf("it was block %s when the files were opened", b.hash)
	}
	if err != nil {
		return nil, f.damage(p, err)
	}
	return block, nil
}

func (f *Files) open(path string) (*maskedFile, error) { return openMasked(path, f.key) }

// joinClose closes a file that was read and returns err with what that says.
func joinClose(err error, file *maskedFile) error { return errors.Join(err, file.close()) }
