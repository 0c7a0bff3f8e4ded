package bitcoin_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
)

func TestHeaderEncodesBack(t *testing.T) {
	for height := firstBlock; height <= lastBlock; height++ {
		raw := rawBlock(t, height)[:bitcoin.HeaderBytes]
		h, err := bitcoin.DecodeHeader("bitcoin", raw)
		require.NoError(t, err)
		require.Equal(t, raw, h.Encode())
	}
	_, err := bitcoin.DecodeHeader("bitcoin", make([]byte, 79))
	require.ErrorIs(t, err, bitcoin.ErrBadEncoding)
}

func TestCheckWork(t *testing.T) {
	good, err := bitcoin.DecodeHeader("bitcoin", genesisBlock(t)[:bitcoin.HeaderBytes])
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
			err := bitcoin.CheckWork("bitcoin", h.Encode())
			if c.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, bitcoin.ErrNoWork)
		})
	}
	require.ErrorIs(t, bitcoin.CheckWork("ethereum", good.Encode()), chains.ErrUnknownChain)
}

// The easiest target of the chains that anyone extends at will is none of mainnet.
func TestCheckWorkAsksForTheChainsLimit(t *testing.T) {
	easy, err := bitcoin.DecodeHeader("bitcoin", genesisBlock(t)[:bitcoin.HeaderBytes])
	require.NoError(t, err)
	easy.Bits = 0x207fffff
	for easy.Nonce = 0; bitcoin.CheckWork("bitcoin-regtest", easy.Encode()) != nil; easy.Nonce++ {
		require.Less(t, easy.Nonce, uint32(1000))
	}
	require.NoError(t, bitcoin.CheckWork("bitcoin-simnet", easy.Encode()))
	require.ErrorIs(t, bitcoin.CheckWork("bitcoin", easy.Encode()), bitcoin.ErrNoWork)
	require.ErrorIs(t, bitcoin.CheckWork("bitcoin-testnet", easy.Encode()), bitcoin.ErrNoWork)
}

func TestCheckChainWork(t *testing.T) {
	genesis := genesisBlock(t)[:bitcoin.HeaderBytes]      // difficulty 1
	late := rawBlock(t, firstBlock)[:bitcoin.HeaderBytes] // difficulty 5.9·10¹², 2⁴² times harder
	idle := slices.Clone(late)
	idle[79] ^= 1
	type at struct {
		height int64
		raw    []byte
	}
	for _, c := range []struct {
		name    string
		chain   chains.Chain
		headers []at
		ok      bool
	}{
		{"none", "bitcoin", nil, true},
		{"one", "bitcoin", []at{{5, late}}, true},
		{"no work", "bitcoin", []at{{5, late}, {6, idle}}, false},
		{"easier within a period", "bitcoin", []at{{2016, late}, {4031, genesis}}, false},
		{"harder within a period", "bitcoin", []at{{0, genesis}, {2015, late}}, false},
		{"harder in the next period", "bitcoin", []at{{2015, genesis}, {2016, late}}, true},
		{"much easier in the next period", "bitcoin", []at{{2015, late}, {2016, genesis}}, false},
		{"easier after 20 periods than can be", "bitcoin", []at{{2015, late}, {2016 * 20, genesis}}, false},
		{"easier after 30 periods", "bitcoin", []at{{2015, late}, {2016 * 30, genesis}}, true},
		{"easier after ages", "bitcoin", []at{{2015, late}, {1 << 60, genesis}}, true},
		{"a late block of a test network", "bitcoin-testnet", []at{{2016, late}, {2017, genesis}}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := bitcoin.CheckChainWork(c.chain, func(yield func(int64, []byte) bool) {
				for _, h := range c.headers {
					if !yield(h.height, h.raw) {
						return
					}
				}
			})
			if c.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, bitcoin.ErrNoWork)
		})
	}
	require.ErrorIs(t, bitcoin.CheckChainWork("ethereum", maps.All(map[int64][]byte{})), chains.ErrUnknownChain)
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
