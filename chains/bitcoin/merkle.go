package bitcoin

import (
	"errors"
	"fmt"

	"clew/chains"
)

// ErrMutated means that a list of transactions has two equal neighbours in its Merkle tree, so that
// another, shorter list has the same root (CVE-2012-2459).
var ErrMutated = errors.New("transactions repeated below the same Merkle root")

// MerkleRoot returns the root over the txids of a block, in display order. It fails with
// ErrMutated where a level of the tree has two equal neighbours, which no valid block has.
func MerkleRoot(ids []chains.TxID) (chains.Hash, error) {
	if len(ids) == 0 {
		return chains.Hash{}, fmt.Errorf("%w: a block without transactions", ErrBadEncoding)
	}
	level := wireOrder(ids)
	for len(level) > 1 {
		if i, bad := equalNeighbours(level); bad {
			return chains.Hash{}, fmt.Errorf("node %d of a level of %d: %w", i, len(level), ErrMutated)
		}
		level = parents(level)
	}
	return chains.Hash(level[0]).Reversed(), nil
}

// MerkleBranch returns the hashes beside the path from ids[i] to the root, from the bottom
// up, each in display order. It panics if i is out of range.
func MerkleBranch(ids []chains.TxID, i int) []chains.Hash {
	_ = ids[i]
	branch := []chains.Hash{}
	for level := wireOrder(ids); len(level) > 1; level = parents(level) {
		// Without a right neighbour the node is paired with itself.
		beside := min(i^1, len(level)-1)
		branch = append(branch, chains.Hash(level[beside]).Reversed())
		i /= 2
	}
	return branch
}

// VerifyBranch reports whether branch leads from id at position i to root.
//
// A branch alone does not show that id is a transaction and not a node of the tree, which is
// the hash of 64 bytes too (CVE-2017-12842): the caller reads the transaction's bytes with
// DecodeTx, which refuses those that have 64, and compares its txid. The other way round, a
// mined transaction of 64 bytes that passes for a node above an invented one, cannot be seen
// in one branch. It takes a search in the order of 2⁷⁰ hashes, and its branch is longer than
// those of the block's true transactions, all of which have the same length.
func VerifyBranch(id chains.TxID, i int, branch []chains.Hash, root chains.Hash) bool {
	if i < 0 || i>>len(branch) != 0 {
		return false
	}
	node := [32]byte(id.Reversed())
	for _, h := range branch {
		beside := [32]byte(h.Reversed())
		if i&1 == 1 {
			if node == beside { // a right node never equals its left neighbour: ErrMutated
				return false
			}
			node = hashPair(&beside, &node)
		} else {
			node = hashPair(&node, &beside)
		}
		i /= 2
	}
	return chains.Hash(node).Reversed() == root
}

func wireOrder(ids []chains.TxID) [][32]byte {
	level := make([][32]byte, len(ids))
	for i, id := range ids {
		level[i] = id.Reversed()
	}
	return level
}

func equalNeighbours(level [][32]byte) (int, bool) {
	for i := 0; i+1 < len(level); i += 2 {
		if level[i] == level[i+1] {
			return i, true
		}
	}
	return 0, false
}

// parents returns the next level up, written over the given one.
func parents(level [][32]byte) [][32]byte {
	n := 0
	for i := 0; i < len(level); i += 2 {
		right := min(i+1, len(level)-1)
		level[n] = hashPair(&level[i], &level[right])
		n++
	}
	return level[:n]
}

func hashPair(left, right *[32]byte) [32]byte {
	var both [64]byte
	copy(both[:32], left[:])
	copy(both[32:], right[:])
	return hashTwiceWire(both[:])
}
