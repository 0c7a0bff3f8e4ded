package bitcoin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains/bitcoin"
)

func TestExpectedHashes(t *testing.T) {
	for _, c := range []struct {
		bits uint32
		want string
	}{
		{0x1d00ffff, "4295032833"}, // difficulty 1: a little more than 2³²
		{0x207fffff, "2"},          // regtest
		{0x17306835, "24974163927450731414666"},
	} {
		h := bitcoin.Header{Bits: c.bits}
		n, err := bitcoin.ExpectedHashes("bitcoin", h.Encode())
		require.NoError(t, err)
		require.Equal(t, c.want, n.Dec())
	}
	h := bitcoin.Header{Bits: 0x01800000}
	_, err := bitcoin.ExpectedHashes("bitcoin", h.Encode())
	require.ErrorIs(t, err, bitcoin.ErrNoWork)
}

func TestCheckpoints(t *testing.T) {
	list := bitcoin.Checkpoints("bitcoin")
	require.NotEmpty(t, list)
	for i, c := range list {
		if i > 0 {
			require.Greater(t, c.Height, list[i-1].Height)
		}
		// A hash of block is below its target, so that one in the other order of bytes shows.
		require.Regexp(t, "^00000000", c.Hash.String())
	}
	require.Empty(t, bitcoin.Checkpoints("dogecoin"), "nobody fixed any")
}
