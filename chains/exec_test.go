package chains_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
)

func TestBalanceAfter(t *testing.T) {
	move := func(asset chains.Asset, from, to chains.Address, n uint64) chains.Move {
		return chains.Move{Kind: chains.MoveCall, Asset: asset, From: from, To: to, Amount: chains.Units(n)}
	}
	e := chains.Execution{Moves: []chains.Move{
		move(chains.Native, "a", "", 2), move(chains.Native, "a", "b", 3), move("coin", "b", "a", 50), move(chains.Native, "a", "a", 90),
	}}
	for _, c := range []struct {
		name   string
		who    chains.Address
		asset  chains.Asset
		before uint64
		want   uint64
	}{
		{"gives, and pays itself", "a", chains.Native, 10, 5},
		{"receives", "b", chains.Native, 1, 4},
		{"another asset", "a", "coin", 1, 51},
		{"more than it held", "b", "coin", 20, 0},
		{"nothing to do with it", "c", chains.Native, 7, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := e.After(chains.Units(c.before), c.who, c.asset)
			require.NoError(t, err)
			require.Equal(t, chains.Units(c.want), got)
		})
	}
	_, err := e.After(chains.Units(0).Plus(mustAmount(t, "115792089237316195423570985008687907853269984665640564039457584007913129639935")), "b", chains.Native)
	require.ErrorIs(t, err, chains.ErrOverflow)
}

func mustAmount(t *testing.T, text string) chains.Amount {
	t.Helper()
	a, err := chains.ParseAmount(text)
	require.NoError(t, err)
	return a
}
