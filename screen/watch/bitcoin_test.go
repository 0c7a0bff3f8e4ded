package watch_test

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
	"clew/screen/watch"
)

func relay(t *testing.T, node *nodetest.Node, tx nodetest.Tx) {
	t.Helper()
	node.RPC(nil, "sendrawtransaction", hex.EncodeToString(tx.Raw))
}

func dial(t *testing.T, node *nodetest.Node) *bitcoin.Node {
	t.Helper()
	n, err := bitcoin.Dial(t.Context(), node.Chain, node.URL, node.Options())
	require.NoError(t, err)
	return n
}

// A payment from a watched address waits, is in a block, leaves with it, waits again, and is in
// another: each is told, in this order, signed.
func TestFollowBitcoin(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	coins := node.Fund(nodetest.P2WPKH(1), 2)
	thief, payee := nodetest.P2WPKH(1), nodetest.P2TR(2)
	r := newRig(t)
	r.endpoint()
	from := r.watch("bitcoin-regtest:"+thief.String(), watch.Settings{Seen: watch.WithChain, Note: "the thief"})
	output := r.watch("bitcoin-regtest:"+coins[1].Point.String(), watch.Settings{Seen: watch.WithChain, Incident: "theft"})
	n := dial(t, node)
	r.follow(n, n.Mempool())
	r.reached(node.Chain, node.Height())

	tx := nodetest.Spend(t, coins[:1], nodetest.Pay{To: payee, Value: 20e8}, nodetest.Pay{To: thief, Value: 30e8 - 1000})
	relay(t, node, tx)
	m := r.movement(watch.EventPending)
	require.Equal(t, from, m.Watch)
	require.Equal(t, watch.Moved, m.Kind, "its change is no receipt")
	require.Equal(t, tx.ID.String(), m.TxID)
	require.Equal(t, "the thief", m.Note)
	require.Nil(t, m.Height)
	require.Equal(t, 1, m.Sequence)
	require.Equal(t, []watch.Value{{Asset: chains.Native, Units: chains.Units(50e8), Symbol: "rBTC", Decimals: 8}}, m.Value)
	require.Equal(t, []watch.Party{{Address: thief.String(), Outpoint: coins[0].Point.String(), Asset: chains.Native, Units: chains.Units(50e8)}}, m.From)
	require.Equal(t, []watch.Party{
		{Address: payee.String(), Outpoint: tx.Coins[0].Point.String(), Asset: chains.Native, Units: chains.Units(20e8)},
		{Address: thief.String(), Outpoint: tx.Coins[1].Point.String(), Asset: chains.Native, Units: chains.Units(30e8 - 1000)},
	}, m.To)
	require.Equal(t, "attested", m.Evidence)

	mined := node.MineBlock(nodetest.Anyone(0), tx)
	height := node.Height()
	m = r.movement(watch.EventMoved)
	require.Equal(t, height, *m.Height)
	require.Equal(t, mined.String(), m.Block)
	require.Equal(t, 2, m.Sequence)
	require.Equal(t, "proven", m.Evidence)

	node.Invalidate(mined)
	other := node.MineBlock(nodetest.Anyone(0)) // without it
	m = r.movement(watch.EventReorged)
	require.Equal(t, mined.String(), m.Block)
	require.Contains(t, m.Why, "has left the main chain")
	require.Equal(t, 3, m.Sequence)
	m = r.movement(watch.EventPending)
	require.Equal(t, 4, m.Sequence)
	second := node.MineBlock(nodetest.Anyone(0), tx)
	m = r.movement(watch.EventMoved)
	require.Equal(t, second.String(), m.Block)
	require.NotEqual(t, other.String(), m.Block)
	require.Equal(t, 5, m.Sequence)
	require.Equal(t, height+1, *m.Height)

	// An output that an incident brought, together with the address that holds it: two watches.
	both := nodetest.Spend(t, []nodetest.Coin{coins[1], tx.Coins[1]}, nodetest.Pay{To: payee, Value: 79e8})
	node.MineBlock(nodetest.Anyone(0), both)
	seen := map[string]watch.Movement{}
	for range 2 {
		m := r.movement(watch.EventMoved)
		seen[m.Watch] = m
	}
	require.Equal(t, "theft", seen[output].Incident)
	require.Len(t, seen[output].From, 1)
	require.Len(t, seen[from].From, 2)
	require.Equal(t, []watch.Value{{Asset: chains.Native, Units: chains.Units(80e8 - 1000), Symbol: "rBTC", Decimals: 8}}, seen[from].Value)
	require.Equal(t, "theft", <-r.moved)
	require.Equal(t, watch.MempoolRead, r.watcher.Status()[0].Mempool)
}

// A payment that another takes the place of is told as dropped, and by which one where a block has it.
func TestDropped(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	coin := node.Fund(nodetest.P2WPKH(1), 1)[0]
	r := newRig(t)
	r.endpoint()
	r.watch("bitcoin-regtest:"+nodetest.P2WPKH(2).String(), watch.Settings{Seen: watch.WithChain})
	r.watch("bitcoin-regtest:"+coin.Point.String(), watch.Settings{Seen: watch.WithChain})
	n := dial(t, node)
	r.follow(n, n.Mempool())
	r.reached(node.Chain, node.Height())

	first := nodetest.Spend(t, []nodetest.Coin{coin}, nodetest.Pay{To: nodetest.P2WPKH(2), Value: coin.Value - 1000})
	relay(t, node, first)
	kinds := map[string]bool{r.movement(watch.EventPending).Kind: true, r.movement(watch.EventPending).Kind: true}
	require.Equal(t, map[string]bool{watch.Moved: true, watch.Received: true}, kinds)

	second := nodetest.Spend(t, []nodetest.Coin{coin}, nodetest.Pay{To: nodetest.P2WPKH(3), Value: coin.Value - 50_000})
	relay(t, node, second)
	got := map[string][]watch.Movement{}
	for range 3 {
		g := r.next()
		var m watch.Movement
		decode(t, g.Data, &m)
		got[g.Type+" "+m.Kind] = append(got[g.Type+" "+m.Kind], m)
	}
	require.Len(t, got["watch.dropped moved"], 1)
	require.Len(t, got["watch.dropped received"], 1)
	require.Len(t, got["watch.pending moved"], 1, "the other spends the same output")
	require.Equal(t, first.ID.String(), got["watch.dropped received"][0].TxID)
	require.Contains(t, got["watch.dropped received"][0].Why, "no longer waits")
	require.Equal(t, second.ID.String(), got["watch.pending moved"][0].TxID)
}
