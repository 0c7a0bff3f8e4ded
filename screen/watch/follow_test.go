package watch_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
	"clew/screen/watch"
)

// status waits until a chain is followed in a way.
func (r *rig) status(is func(watch.FeedStatus) bool) (found watch.FeedStatus) {
	r.t.Helper()
	require.Eventually(r.t, func() bool {
		for _, s := range r.watcher.Status() {
			if is(s) {
				found = s
				return true
			}
		}
		return false
	}, patience, 5*time.Millisecond)
	return found
}

// A node that tells nothing, or nonsense, of what waits is followed by its blocks; one that is away for
// a while is followed again when it is back.
func TestFollowWithoutMempool(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{DataDir: t.TempDir()})
	coin := node.Fund(nodetest.P2WPKH(1), 1)[0]
	var mode atomic.Value
	var asked atomic.Int64
	mode.Store("not offered")
	url := node.Proxy(t, nodetest.Tamper{Answer: func(q *nodetest.Question, a *nodetest.Reply) {
		switch {
		case mode.Load() == "away":
			a.Drop = true
		case q.Method == "getrawmempool" && mode.Load() == "not offered":
			asked.Add(1)
			a.Status, a.Body = http.StatusNotFound, q.Refusal(-32601, "Method not found")
		case q.Method == "getrawmempool":
			a.Body = q.Result(`["nonsense"]`)
		}
	}})
	o := node.Options()
	o.Retries = -1
	n, err := bitcoin.Dial(t.Context(), node.Chain, url, o)
	require.NoError(t, err)
	r := newRig(t)
	r.endpoint()
	r.watch("bitcoin-regtest:"+nodetest.P2WPKH(2).String(), watch.Settings{Seen: watch.WithChain})
	pay := func() {
		t.Helper()
		tx := nodetest.Spend(t, []nodetest.Coin{coin}, nodetest.Pay{To: nodetest.P2WPKH(2), Value: 1e8}, nodetest.Pay{To: nodetest.P2WPKH(1), Value: coin.Value - 2e8})
		coin = tx.Coins[1]
		node.MineBlock(nodetest.Anyone(0), tx)
	}
	stop := r.follow(n, n.Mempool())
	r.reached(node.Chain, node.Height())
	pay()
	r.movement(watch.EventReceived)
	s := r.status(func(s watch.FeedStatus) bool { return s.Synced == node.Height() })
	require.Equal(t, watch.MempoolNotOffered, s.Mempool)
	require.Equal(t, node.Height(), s.Head.Height)
	require.False(t, s.Asked.IsZero())
	require.Empty(t, s.Error)
	stop()
	require.Equal(t, int64(1), asked.Load(), "it is not asked again at every turn")

	mode.Store("nonsense")
	stop = r.follow(n, n.Mempool())
	pay()
	r.movement(watch.EventReceived)
	require.Contains(t, r.status(func(s watch.FeedStatus) bool { return s.Error != "" }).Error, "what waits for a block")
	stop()

	mode.Store("away")
	r.follow(n, nil)
	require.NotEmpty(t, r.status(func(s watch.FeedStatus) bool { return s.Error != "" }).Error)
	pay()
	mode.Store("back")
	r.movement(watch.EventReceived)
	s = r.status(func(s watch.FeedStatus) bool { return s.Error == "" })
	require.Equal(t, watch.MempoolNotAsked, s.Mempool)
}
