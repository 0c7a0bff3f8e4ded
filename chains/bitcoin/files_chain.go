package bitcoin

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/holiman/uint256"

	"clew/chains"
)

// chainWork is a sum of work: 128 bits, of which mainnet's chain has filled 96 in 2026. It
// stops at the largest number.
type chainWork struct{ hi, lo uint64 }

func (a chainWork) plus(b chainWork) chainWork {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	hi, over := bits.Add64(a.hi, b.hi, carry)
	if over != 0 {
		return chainWork{^uint64(0), ^uint64(0)}
	}
	return chainWork{hi, lo}
}

func (a chainWork) more(b chainWork) bool {
	return a.hi > b.hi || a.hi == b.hi && a.lo > b.lo
}

// blockWork returns the hashes that a block with these bits has taken: 2²⁵⁶ / (target + 1).
func blockWork(stated uint32) chainWork {
	t, ok := target(stated)
	if !ok {
		return chainWork{}
	}
	t.AddUint64(t, 1)
	one := uint256.NewInt(1)
	w := new(uint256.Int).Div(new(uint256.Int).Neg(t), t) // (2²⁵⁶ − t) / t is one less
	w.Add(w, one)
	if w.BitLen() > 128 {
		return chainWork{^uint64(0), ^uint64(0)}
	}
	return chainWork{w[1], w[0]}
}

// branch is what is known of a block while the main chain is looked for.
type branch struct {
	parent place // nowhere at a root
	root   place // the lowest block below it that is there; nowhere: not followed yet
	depth  uint32
	work   chainWork // from the root on
}

// tree holds a branch for every block, in the order of the files.
type tree struct {
	files    *Files
	base     []uint32 // where the blocks of a part begin in branches
	branches []branch
}

func (t *tree) at(p place) *branch { return &t.branches[t.base[p.part]+p.at] }

// grow links all blocks with those before them.
func (f *Files) grow() *tree {
	t := &tree{files: f, base: make([]uint32, len(f.parts)), branches: make([]branch, len(f.byHash))}
	n := uint32(0)
	for i := range f.parts {
		t.base[i] = n
		n += uint32(len(f.parts[i].blocks))
	}
	for p := range f.places() {
		*t.at(p) = branch{parent: t.parent(p), root: nowhere}
	}
	var way []place
	var last uint32
	var work chainWork
	for p := range f.places() {
		way = way[:0]
		for ; p != nowhere && t.at(p).root == nowhere; p = t.at(p).parent {
			way = append(way, p)
		}
		for _, q := range slices.Backward(way) {
			if b := f.at(q).bits; b != last {
				last, work = b, blockWork(b)
			}
			self := t.at(q)
			if self.parent == nowhere {
				self.root, self.work = q, work
				continue
			}
			below := t.at(self.parent)
			self.root, self.depth, self.work = below.root, below.depth+1, below.work.plus(work)
		}
	}
	return t
}

// parent returns where the block before p is. Most lie one after the other.
func (t *tree) parent(p place) place {
	prev := t.files.at(p).prev
	if p.at > 0 && t.files.parts[p.part].blocks[p.at-1].hash == prev {
		return place{p.part, p.at - 1}
	}
	return t.files.first(prev)
}

// places yields every block in the order of the files.
func (f *Files) places() func(yield func(place) bool) {
	return func(yield func(place) bool) {
		for i := range f.parts {
			for j := range f.parts[i].blocks {
				if !yield(place{uint32(i), uint32(j)}) {
					return
				}
			}
		}
	}
}

// mainBlock is a block of the main chain.
type mainBlock struct {
	at   place
	rank uint32 // how many blocks of the main chain below it have undo data in the same part
}

// choose finds the main chain: of those whose blocks are all there, from block 0 or else from
// the lowest one kept, that with the most work; of equals, the one whose last block stands
// first in the files. The files do not say which blocks a node has refused.
func (f *Files) choose() error {
	t := f.grow()
	genesis, err := chains.ParseHash(f.net.chain.Info().Genesis)
	if err != nil {
		return fmt.Errorf("block 0 of %s: %w", f.net.chain, err)
	}
	root := f.first(genesis)
	best := nowhere
	for p := range f.places() {
		b := t.at(p)
		if (root == nowhere || b.root == root) && (best == nowhere || b.work.more(t.at(best).work)) {
			best = p
		}
	}
	if best == nowhere {
		return fmt.Errorf("%s: no block in %d files: %w", f.dir, len(f.parts), chains.ErrNotFound)
	}
	f.main = make([]mainBlock, t.at(best).depth+1)
	for p, i := best, len(f.main)-1; i >= 0; p, i = t.at(p).parent, i-1 {
		f.main[i].at = p
	}
	if root == nowhere {
		if f.base, err = f.lowest(); err != nil {
			return err
		}
	}
	ranks := make([]uint32, len(f.parts))
	for i := range f.main {
		part := f.main[i].at.part
		f.main[i].rank = ranks[part]
		if f.base+int64(i) > 0 { // block 0 spends nothing and has no undo data
			ranks[part]++
		}
	}
	return f.whole(t)
}

// lowest returns the height of the main chain's lowest block where block 0 is pruned: as its
// coinbase says (BIP34), and as the last block's says too.
func (f *Files) lowest() (int64, error) {
	var heights [2]int64
	for i, at := range []place{f.main[0].at, f.main[len(f.main)-1].at} {
		block, _, err := f.readBlock(f.at(at).hash, 0)
		if err != nil {
			return 0, err
		}
		h, err := coinbaseHeight(block.Txs[0].Raw)
		if err != nil {
			return 0, fmt.Errorf("%s: block 0 is not in the folder, and the height of what is cannot be told: %w: %w",
				f.pathOf(at), err, chains.ErrUnsupported)
		}
		heights[i] = h
	}
	if last := heights[0] + int64(len(f.main)) - 1; heights[1] != last {
		return 0, fmt.Errorf("%s: the last of %d blocks states height %d, the first one %d: %w",
			f.dir, len(f.main), heights[1], heights[0], chains.ErrBadAnswer)
	}
	return heights[0], nil
}

// errNoHeight means that a coinbase states no height.
var errNoHeight = errors.New("the coinbase states no height")

// coinbaseHeight returns the height in the first push of a coinbase's script (BIP34): a
// number from 1 in least bytes, little-endian, or one opcode up to 16.
func coinbaseHeight(raw []byte) (int64, error) {
	d := decoder{reader: reader{data: raw}}
	d.take(4)
	if d.left() > 1 && d.data[d.pos] == 0 {
		d.take(2)
	}
	d.take(1 + 36)
	script := d.take(d.compactSize())
	if d.err != nil || len(script) == 0 {
		return 0, errNoHeight
	}
	const op1, op16 = 0x51, 0x60
	n := int(script[0])
	if n >= op1 && n <= op16 {
		return int64(n - op1 + 1), nil
	}
	if n == 0 || n > 4 || len(script) <= n || script[n]&0x80 != 0 {
		return 0, errNoHeight
	}
	var wide [8]byte
	copy(wide[:], script[1:1+n])
	return int64(binary.LittleEndian.Uint64(wide[:])), nil
}

// whole is an error if the files hold blocks that must be above the main chain, but lack
// what lies between. A node writes blocks as they come, so the one below may just not be
// there yet; but undo data is written when a block is connected, and then all below were
// there.
func (f *Files) whole(t *tree) error {
	tops := map[place]uint32{} // the greatest depth above each root
	for p := range f.places() {
		if b := t.at(p); b.root != t.at(f.main[0].at).root {
			tops[b.root] = max(tops[b.root], b.depth)
		}
	}
	f.waiting = 0
	for p := range f.places() {
		depth, ok := tops[p]
		if !ok {
			continue
		}
		block, _, err := f.readBlock(f.at(p).hash, 0)
		if err != nil && depth > 0 {
			return err
		}
		if err != nil {
			continue // nothing stands on it
		}
		height, err := coinbaseHeight(block.Txs[0].Raw)
		if err == nil && height+int64(depth) <= f.head() {
			continue
		}
		connected := false
		if err := f.undoOf(block, p, 0, func(*undoData) bool { connected = true; return false }); err != nil {
			return err
		}
		if connected {
			return f.damage(p, fmt.Errorf("block %s stands on block %s, which is in no file: %w", block.Ref.Hash, block.Prev, errGone))
		}
		f.waiting += int64(depth) + 1
	}
	return nil
}

// errGone means that a block was there once.
var errGone = errors.New("it was there when this one was connected: it is damaged, or its file is missing")

// head returns the height of the main chain's last block.
func (f *Files) head() int64 { return f.base + int64(len(f.main)) - 1 }
