package bitcoin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
)

func TestHeaderEncodesBack(t *testing.T) {
	for height := firstBlock; height <= lastBlock; height++ {
		raw := rawBlock(t, height)[:bitcoin.HeaderBytes]
		h, err := bitcoin.DecodeHeader(raw)
		require.NoError(t, err)
		require.Equal(t, raw, h.Encode())
	}
	_, err := bitcoin.DecodeHeader(make([]byte, 79))
	require.ErrorIs(t, err, bitcoin.ErrBadEncoding)
}

func TestCheckWork(t *testing.T) {
	good, err := bitcoin.DecodeHeader(genesisBlock(t)[:bitcoin.HeaderBytes])
	require.NoError(t, err)
	cases := []struct {
		name string
		bits uint32
		ok   bool
	}{
		{"its own", good.Bits, true},
		{"zero", 0x1d000000, false},
		{"negative", 0x1d80ffff, false},
		{"shifted to nothing", 0x01000001, false},
		{"above 256 bits", 0xff123456, false},
		{"just above 256 bits", 0x21010000, false},
		{"too hard", 0x1b0404cb, false},
		{"a small exponent", 0x03123456, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := good
			h.Bits = c.bits
			err := bitcoin.CheckWork(h.Encode())
			if c.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, bitcoin.ErrNoWork)
		})
	}
	// Any hash meets the easiest target that fits.
	h := good
	h.Bits = 0x207fffff
	for h.Nonce = 0; bitcoin.CheckWork(h.Encode()) != nil; h.Nonce++ {
		require.Less(t, h.Nonce, uint32(1000))
	}
}

func TestMerkle(t *testing.T) {
	ids := make([]chains.TxID, 0, 70)
	for n := 1; n <= 70; n++ {
		ids = append(ids, chains.TxID{byte(n), 31: byte(200 - n)})
		root, err := bitcoin.MerkleRoot(ids)
		require.NoError(t, err)
		for i := range ids {
			branch := bitcoin.MerkleBranch(ids, i)
			require.True(t, bitcoin.VerifyBranch(ids[i], i, branch, root), "%d of %d", i, n)
			require.False(t, bitcoin.VerifyBranch(ids[i], i+1<<len(branch), branch, root), "a position outside the tree")
			require.False(t, bitcoin.VerifyBranch(ids[i], -1, branch, root))
			if n > 1 {
				require.False(t, bitcoin.VerifyBranch(ids[i], i^1, branch, root) && i^1 < n, "%d of %d as its neighbour", i, n)
				require.False(t, bitcoin.VerifyBranch(ids[i], i, branch[1:], root))
				branch[0][5] ^= 1
				require.False(t, bitcoin.VerifyBranch(ids[i], i, branch, root))
			}
		}
	}
	_, err := bitcoin.MerkleRoot(nil)
	require.ErrorIs(t, err, bitcoin.ErrBadEncoding)
}

// CVE-2012-2459: lists that repeat their end have the root of a shorter one.
func TestMerkleRefusesRepeatedEnds(t *testing.T) {
	ids := []chains.TxID{{1}, {2}, {3}, {4}, {5}, {6}}
	want, err := bitcoin.MerkleRoot(ids)
	require.NoError(t, err)
	repeated := append(ids, ids[4], ids[5])
	root, err := bitcoin.MerkleRoot(repeated)
	require.ErrorIs(t, err, bitcoin.ErrMutated)
	require.Zero(t, root)
	// The branch of a repeated transaction would lead to the true root.
	branch := bitcoin.MerkleBranch(ids, 4)
	require.True(t, bitcoin.VerifyBranch(ids[4], 4, branch, want))
	require.False(t, bitcoin.VerifyBranch(ids[4], 6, branch, want))
}
