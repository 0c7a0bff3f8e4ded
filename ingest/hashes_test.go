package ingest_test

import (
	"bytes"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
	"clew/ingest"
)

// Blocks are named in batches, so that each costs its own requests; a node that takes no
// batches is asked for each, and gives the same store. So does a list of nodes.
func TestHashesInBatches(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	newWallet(t, node, 9).mine(10)
	blocks := node.Height() + 1
	var singles, batches atomic.Int64
	count := func(q *nodetest.Question, r *nodetest.Reply, refuse bool) {
		switch {
		case q.Method == "getblockhash":
			singles.Add(1)
		case bytes.HasPrefix(q.Body, []byte("[")):
			if batches.Add(1); refuse {
				r.Status, r.Body = 405, []byte("no batches here")
			}
		}
	}
	want := openStore(t)
	syncSome(t, dialURL(t, node, node.URL, bitcoin.Options{}), want, ingest.SyncOptions{From: -1, To: -1})
	for name, c := range map[string]struct{ refuse, list bool }{
		"batches": {}, "no batches": {refuse: true}, "batches, by a list": {list: true}, "no batches, by a list": {true, true},
	} {
		t.Run(name, func(t *testing.T) {
			url := nodetest.Proxy(t, node.URL, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) { count(q, r, c.refuse) }})
			var n ingest.Node = dialURL(t, node, url, bitcoin.Options{})
			if c.list {
				n, _ = list(t, candidate(node, url))
			}
			singles.Store(0)
			batches.Store(0)
			st := openStore(t)
			syncSome(t, n, st, ingest.SyncOptions{From: -1, To: -1})
			same(t, dump(t, want), dump(t, st))
			if c.refuse {
				require.EqualValues(t, 1, batches.Load(), "once is enough to know")
				require.GreaterOrEqual(t, singles.Load(), blocks)
			} else {
				require.Equal(t, (blocks+63)/64, batches.Load())
				require.Less(t, singles.Load(), batches.Load()+5)
			}
		})
	}
}
