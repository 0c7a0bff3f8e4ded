package evm_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/trie"
	"github.com/stretchr/testify/require"

	"clew/chains/evm"
)

// derivable is a list as go-ethereum computes roots of.
type derivable [][]byte

func (l derivable) Len() int                           { return len(l) }
func (l derivable) EncodeIndex(i int, b *bytes.Buffer) { b.Write(l[i]) }

// Roots are go-ethereum's, and each item is proven by its own proof and by no other.
func TestRootsAndProofs(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, 2, 3, 16, 17, 127, 128, 129, 130, 255, 256, 257, 700} {
		items := make([][]byte, n)
		for i := range items {
			items[i] = make([]byte, 1+rng.IntN(60)) // short ones lie inside of other nodes
			for j := range items[i] {
				items[i][j] = byte(rng.Uint32())
			}
		}
		root := evm.ListRoot(items)
		require.Equal(t, types.DeriveSha(derivable(items), trie.NewStackTrie(nil)), root, "%d items", n)
		for i := 0; i < n; i += 1 + n/9 {
			proof, err := evm.Prove(items, i)
			require.NoError(t, err)
			item, err := evm.VerifyProof(root, i, proof)
			require.NoError(t, err)
			require.Equal(t, items[i], item)
			_, err = evm.VerifyProof(root, n+1, proof)
			require.ErrorIs(t, err, evm.ErrBadEncoding)
			_, err = evm.VerifyProof(common.Hash{1}, i, proof)
			require.ErrorIs(t, err, evm.ErrBadEncoding)
			for j := range proof {
				_, err = evm.VerifyProof(root, i, append(append([][]byte{}, proof[:j]...), proof[j+1:]...))
				require.ErrorIs(t, err, evm.ErrBadEncoding, "%d items, item %d without node %d of %d", n, i, j, len(proof))
			}
		}
		_, err := evm.Prove(items, n)
		require.Error(t, err)
	}
}

// One proof of two items is not larger than both, and shows both.
func TestProofOfSeveral(t *testing.T) {
	items := make([][]byte, 300)
	for i := range items {
		items[i] = bytes.Repeat([]byte{byte(i)}, 40)
	}
	proof, err := evm.Prove(items, 200, 199)
	require.NoError(t, err)
	for _, i := range []int{199, 200} {
		item, err := evm.VerifyProof(evm.ListRoot(items), i, proof)
		require.NoError(t, err)
		require.Equal(t, items[i], item)
	}
	_, err = evm.VerifyProof(evm.ListRoot(items), 150, proof)
	require.ErrorIs(t, err, evm.ErrBadEncoding)
}

func FuzzVerifyProof(f *testing.F) {
	items := [][]byte{bytes.Repeat([]byte{1}, 40), {2}, bytes.Repeat([]byte{3}, 40)}
	proof, err := evm.Prove(items, 2)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(2, bytes.Join(proof, nil), len(proof[0]))
	root := evm.ListRoot(items)
	f.Fuzz(func(t *testing.T, i int, nodes []byte, cut int) {
		if cut < 0 || cut > len(nodes) || i < 0 {
			return
		}
		item, err := evm.VerifyProof(root, i, [][]byte{nodes[:cut], nodes[cut:]})
		if err == nil {
			require.Equal(t, items[i], item)
		}
	})
}
