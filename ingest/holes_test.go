package ingest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin/nodetest"
	"clew/ingest"
)

// Ranges that were read at different times may be of two branches. A sync leaves the store of
// one of them: what it would have read of that from the start.
func TestSyncOfTwoBranches(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	node.Skip(110)
	n := dial(t, node)
	top := ingest.Span{From: 80, To: 110}
	turn := func() chains.BlockHash { // the node goes to a branch that ends below that
		left := node.HashAt(46)
		node.Invalidate(left)
		if node.Height() == 45 { // the first time
			node.Mine(5, nodetest.Anyone(7))
		}
		require.EqualValues(t, 50, node.Height())
		return left
	}
	t.Run("the lower range has left", func(t *testing.T) {
		st := openStore(t)
		syncSome(t, n, st, ingest.SyncOptions{From: top.From, To: -1})
		left := turn()
		syncSome(t, n, st, ingest.SyncOptions{From: 0, To: -1})
		require.Equal(t, []ingest.Span{{From: 0, To: 50}, top}, spans(t, st))
		node.Reconsider(left)
		res := syncSome(t, n, st, everything)
		require.Equal(t, []ingest.Reorg{{Fork: 45, Blocks: 36}}, res.Reorgs)
		require.Equal(t, []ingest.Span{{From: 0, To: 110}}, spans(t, st))
		again := openStore(t)
		syncSome(t, n, again, everything)
		same(t, dump(t, again), dump(t, st))
		sound(t, st)
	})
	t.Run("the lowest range has left altogether", func(t *testing.T) {
		st := openStore(t)
		syncSome(t, n, st, ingest.SyncOptions{From: top.From, To: -1})
		left := turn()
		syncSome(t, n, st, ingest.SyncOptions{From: 48, To: 50})
		node.Reconsider(left)
		res := syncSome(t, n, st, everything)
		require.Equal(t, []ingest.Reorg{{Fork: -1, Blocks: 34}}, res.Reorgs)
		require.Equal(t, []ingest.Span{{From: 48, To: 110}}, spans(t, st))
		sound(t, st)
	})
	t.Run("what lies above the node's head is of another branch", func(t *testing.T) {
		st := openStore(t)
		syncSome(t, n, st, ingest.SyncOptions{From: 51, To: -1})
		left := turn()
		defer node.Reconsider(left)
		before := dump(t, st)
		_, err := trySync(t.Context(), n, regtest, st, fewTxs, ingest.SyncOptions{From: 50, To: -1})
		require.ErrorIs(t, err, chains.ErrReorged)
		require.ErrorContains(t, err, "sync into a new store")
		same(t, before, dump(t, st))
	})
}
