package ingest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains/bitcoin/nodetest"
	"clew/ingest"
	"clew/store"
)

// An output that poison alone reaches does not shorten the way of traced value that it meets:
// a pass does not follow it, and ends at the same hop as the store.
func TestPoisonAloneDoesNotCountHops(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	to := nodetest.Anyone(1)
	coins := node.Fund(to, 2)
	tiny := nodetest.Spend(t, coins[:1], nodetest.Pay{To: to, Value: 1}, nodetest.Pay{To: to, Value: 49e8})
	// The one unit goes to the large output or the fee under every rule, not to the small one.
	mixed := nodetest.Spend(t, tiny.Coins, nodetest.Pay{To: to, Value: 40e8}, nodetest.Pay{To: to, Value: 1e8})
	first := nodetest.Spend(t, coins[1:], nodetest.Pay{To: to, Value: 50e8})
	second := nodetest.Spend(t, first.Coins, nodetest.Pay{To: to, Value: 50e8})
	third := nodetest.Spend(t, second.Coins, nodetest.Pay{To: to, Value: 50e8})
	met := nodetest.Spend(t, []nodetest.Coin{third.Coins[0], mixed.Coins[1]}, nodetest.Pay{To: to, Value: 51e8})
	last := nodetest.Spend(t, met.Coins, nodetest.Pay{To: to, Value: 51e8})
	node.MineBlock(to, tiny, mixed, first, second, third, met, last)

	n := dial(t, node)
	st := openStore(t)
	syncAll(t, n, st)
	inc := incident(t, fmt.Sprintf("seeds:\n  - {id: V1, output: \"%s:%s\"}\n  - {id: V2, output: \"%s:%s\"}\nstop: {hops: 3}\n",
		regtest, tiny.Coins[0].Point, regtest, first.Coins[0].Point))
	want, err := storeTrace(t, inc, st, store.Latest)
	require.NoError(t, err)
	got, err := passTrace(inc, n, ingest.PassOptions{From: -1})
	require.NoError(t, err)
	require.Equal(t, conserve(t, want), conserve(t, got))
}
