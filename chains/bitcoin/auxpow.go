package bitcoin

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"clew/chains"
)

// auxPow is a proof of merged mining, as Dogecoin has it behind the 80 bytes of a header
// whose version has bit 8: another chain's block whose coinbase commits to this one, so that
// the work in that block counts here.
//
//	coinbase of the parent block, without witness
//	hash of the parent block 32
//	branch from that coinbase to the parent's Merkle root: number, hashes 32 | index 4
//	branch from this block to the root that the coinbase states: number, hashes 32 | index 4
//	header of the parent block 80
type auxPow struct {
	coinbase    []byte // all of the transaction
	script      []byte // of its first input
	branch      []chains.Hash
	index       uint32
	chainBranch []chains.Hash
	chainIndex  uint32
	parent      []byte
}

// mergedBit of a header's version says that a proof of merged mining follows.
const mergedBit = 1 << 8

// isMerged reports whether a proof of merged mining follows the 80 bytes of a header.
func isMerged(header []byte) bool {
	return binary.LittleEndian.Uint32(header)&mergedBit != 0
}

// mergeID returns the id of the chain of a header in merged mining.
func mergeID(header []byte) uint32 { return binary.LittleEndian.Uint32(header) >> 16 }

// auxPow reads a proof of merged mining.
func (r *reader) auxPow() auxPow {
	var a auxPow
	start := r.pos
	r.take(4) // version
	for i := range r.count("inputs", leastInput) {
		r.take(36)
		script := r.take(r.compactSize())
		r.take(4)
		if i == 0 {
			a.script = script
		}
		if r.err != nil {
			return a
		}
	}
	for range r.count("outputs", leastOutput) {
		r.take(8)
		r.take(r.compactSize())
		if r.err != nil {
			return a
		}
	}
	r.take(4) // locktime
	if r.err != nil {
		return a
	}
	a.coinbase = r.data[start:r.pos]
	r.take(32) // the parent's hash, which its header tells too
	a.branch, a.index = r.branch()
	a.chainBranch, a.chainIndex = r.branch()
	a.parent = r.take(HeaderBytes)
	return a
}

// branch reads the hashes beside a path in a Merkle tree, from the bottom up, and the
// position below.
func (r *reader) branch() ([]chains.Hash, uint32) {
	hashes := make([]chains.Hash, r.count("hashes of a branch", 32))
	for i := range hashes {
		hashes[i] = chains.Hash(r.take(32))
	}
	return hashes, r.uint32()
}

// foldBranch returns the root of a tree in which leaf has that branch. All are in the order
// of the wire.
func foldBranch(leaf [32]byte, branch []chains.Hash, index uint32) [32]byte {
	for _, h := range branch {
		beside := [32]byte(h)
		if index&1 == 1 {
			leaf = hashPair(&beside, &leaf)
		} else {
			leaf = hashPair(&leaf, &beside)
		}
		index >>= 1
	}
	return leaf
}

// mergeMark stands before the root that the coinbase of a parent block states.
var mergeMark = []byte{0xfa, 0xbe, 'm', 'm'}

const (
	// maxChainBranch is the length of the longest branch to the root in a coinbase.
	maxChainBranch = 30
	// unmarkedWithin is where the root begins at the latest if no mark stands before it.
	unmarkedWithin = 20
)

// checkMerged checks that the parent block of a commits to header, the 80 bytes of one of
// net. The rules are those of dogecoind's CAuxPow::check. An error wraps ErrNoWork.
func (net *network) checkMerged(header []byte, a *auxPow) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("merged mining: %s: %w", fmt.Sprintf(format, args...), ErrNoWork)
	}
	switch {
	case a.index != 0:
		return bad("transaction %d of the parent block is no coinbase", a.index)
	case net.strictID && mergeID(header) != uint32(net.mergeID):
		return bad("the block is of chain %d, not %d", mergeID(header), net.mergeID)
	case net.strictID && mergeID(a.parent) == uint32(net.mergeID):
		return bad("the parent block is of the same chain")
	case len(a.chainBranch) > maxChainBranch:
		return bad("a branch of %d hashes", len(a.chainBranch))
	case foldBranch(hashTwiceWire(a.coinbase), a.branch, a.index) != [32]byte(a.parent[36:68]):
		return bad("the coinbase is not in the parent block")
	}
	root := foldBranch(hashTwiceWire(header), a.chainBranch, a.chainIndex)
	stated := chains.Hash(root).Reversed()
	at, mark := bytes.Index(a.script, stated[:]), bytes.Index(a.script, mergeMark)
	switch {
	case at < 0:
		return bad("the parent's coinbase does not commit to the block")
	case mark >= 0 && bytes.Contains(a.script[mark+1:], mergeMark):
		return bad("the parent's coinbase has two marks")
	case mark >= 0 && mark+len(mergeMark) != at:
		return bad("the mark does not stand before the root")
	case mark < 0 && at > unmarkedWithin:
		return bad("no mark, and the root begins at byte %d", at)
	}
	rest := a.script[at+len(root):]
	if len(rest) < 8 {
		return bad("size and nonce of the tree are missing")
	}
	height := len(a.chainBranch)
	if size := binary.LittleEndian.Uint32(rest); size != 1<<height {
		return bad("a tree of %d leaves with a branch of %d hashes", size, height)
	}
	if want := leafOf(binary.LittleEndian.Uint32(rest[4:]), mergeID(header), height); a.chainIndex != want {
		return bad("leaf %d of the tree, want %d", a.chainIndex, want)
	}
	return nil
}

// leafOf returns the leaf of a tree of that height that belongs to a chain, which the nonce
// spreads, so that no work counts twice for one chain.
func leafOf(nonce, id uint32, height int) uint32 {
	n := nonce*1103515245 + 12345
	n = (n+id)*1103515245 + 12345
	return n % (1 << height)
}
