package chains_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
)

func TestParseChain(t *testing.T) {
	for _, info := range chains.Known() {
		t.Run(string(info.Name), func(t *testing.T) {
			c, err := chains.ParseChain(string(info.Name))
			require.NoError(t, err)
			require.Equal(t, info, c.Info())
			require.Equal(t, info.CAIP2, c.CAIP2())
			require.NotZero(t, info.Family)
			require.NotEmpty(t, info.Symbol)
			if info.Family == chains.FamilyBitcoin { // CAIP-2 bip122: the first 32 digits of the genesis hash
				_, err := chains.ParseHash(info.Genesis)
				require.NoError(t, err)
				first := info.Genesis[:32]
				switch c { // or of the first block behind the split
				case "bitcoin-cash":
					first = "000000000000000000651ef99cb9fcbe"
				case "bitcoin-cash-testnet":
					first = "00000000000e38fef93ed9582a7df438"
				}
				require.Equal(t, "bip122:"+first, info.CAIP2)
			}
		})
	}
	for _, name := range []string{"", "Bitcoin", " bitcoin", "bitcoin ", "bitcoin-", "btc", "bitcoin:"} {
		_, err := chains.ParseChain(name)
		require.ErrorIs(t, err, chains.ErrUnknownChain, "%q", name)
		require.ErrorContains(t, err, "bitcoin-regtest", "the error lists the known ones")
	}
	require.Zero(t, chains.Chain("nothing").Info())
	require.Empty(t, chains.Chain("nothing").CAIP2())
}

func TestKnownIsACopy(t *testing.T) {
	chains.Known()[0].Name = "changed"
	require.NotEqual(t, chains.Chain("changed"), chains.Known()[0].Name)
}

func TestSplitChain(t *testing.T) {
	cases := []struct{ text, chain, rest string }{
		{"bitcoin:abc:0", "bitcoin", "abc:0"},
		{"bitcoin-regtest:abc:0", "bitcoin-regtest", "abc:0"},
		{"bitcoin-testnet:", "bitcoin-testnet", ""},
		{"bitcoin:bitcoin-regtest:x", "bitcoin", "bitcoin-regtest:x"},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			chain, rest, err := chains.SplitChain(c.text)
			require.NoError(t, err)
			require.Equal(t, chains.Chain(c.chain), chain)
			require.Equal(t, c.rest, rest)
		})
	}
	for _, text := range []string{"", "dollar:x", ":x", strings.Repeat("x", 1000)} {
		_, _, err := chains.SplitChain(text)
		require.ErrorIs(t, err, chains.ErrUnknownChain, "%.20q", text)
	}
	_, _, err := chains.SplitChain("bitcoin")
	require.ErrorContains(t, err, "nothing stands behind the chain")
}
