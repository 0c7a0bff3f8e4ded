package ingest_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
	"clew/ingest"
	"clew/store"
)

// replace takes the blocks above fork off the node's chain and mines n others there. It
// returns the hashes of the blocks that left, from the lowest.
func replace(node *nodetest.Node, fork int64, n int) []chains.BlockHash {
	var left []chains.BlockHash
	for h := fork + 1; h <= node.Height(); h++ {
		left = append(left, node.HashAt(h))
	}
	node.Invalidate(left[0])
	if n > 0 { // to an address of its own: else it may be the same blocks as once before
		node.Mine(n, nodetest.Anyone(1e6+rand.IntN(1e9)))
	}
	return left
}

// stale returns the hashes that a store has as history.
func stale(t *testing.T, st *store.Store) []chains.BlockHash {
	t.Helper()
	blocks, err := st.Stale(t.Context(), regtest)
	require.NoError(t, err)
	out := []chains.BlockHash{}
	for _, b := range blocks {
		require.True(t, b.Stale)
		out = append(out, b.Ref.Hash)
	}
	return out
}

// A reorganisation between two syncs: the store is that of the winning chain, and has the
// blocks that left as history.
func TestSyncFollowsAReorganisation(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	w := newWallet(t, node, 6)
	w.mine(20)
	n := dial(t, node)
	head := node.Height()
	cases := []struct {
		name  string
		have  []ingest.Span // read before
		fork  int64         // from the head
		mined int
		opt   ingest.SyncOptions
		want  ingest.Reorg // fork from the old head, blocks
		spans []ingest.Span
	}{
		{name: "one block", have: []ingest.Span{{From: 0, To: 0}}, fork: 1, mined: 2, opt: everything,
			want: ingest.Reorg{Fork: 1, Blocks: 1}, spans: []ingest.Span{{From: 0, To: 1}}},
		{name: "deeper than many batches", have: []ingest.Span{{From: 0, To: 0}}, fork: 60, mined: 70, opt: everything,
			want: ingest.Reorg{Fork: 60, Blocks: 60}, spans: []ingest.Span{{From: 0, To: 10}}},
		{name: "the new chain ends where the old one did", have: []ingest.Span{{From: 0, To: 0}}, fork: 5, mined: 5, opt: everything,
			want: ingest.Reorg{Fork: 5, Blocks: 5}, spans: []ingest.Span{{From: 0, To: 0}}},
		{name: "the new chain is shorter", have: []ingest.Span{{From: 0, To: 0}}, fork: 5, mined: 2, opt: everything,
			want: ingest.Reorg{Fork: 5, Blocks: 5}, spans: []ingest.Span{{From: 0, To: -3}}},
		{name: "a range above the fork is asked for", have: []ingest.Span{{From: 0, To: 0}}, fork: 9, mined: 12,
			opt:  ingest.SyncOptions{From: head - 2, To: -1},
			want: ingest.Reorg{Fork: 9, Blocks: 9}, spans: []ingest.Span{{From: 0, To: 3}}},
		{name: "the highest range has left altogether", have: []ingest.Span{{From: 0, To: -40}, {From: -10, To: 0}}, fork: 20, mined: 30, opt: everything,
			want: ingest.Reorg{Fork: 40, Blocks: 11}, spans: []ingest.Span{{From: 0, To: -40}, {From: -10, To: 10}}},
		{name: "two ranges have left", have: []ingest.Span{{From: 0, To: -40}, {From: -10, To: 0}}, fork: 45, mined: 60, opt: everything,
			want: ingest.Reorg{Fork: 45, Blocks: 16}, spans: []ingest.Span{{From: 0, To: 15}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			head := node.Height()
			c.opt.From = map[bool]int64{true: -1, false: head - 2}[c.opt.From < 0]
			st := openStore(t)
			for _, sp := range c.have {
				syncSome(t, n, st, ingest.SyncOptions{From: lower(sp.From, head), To: head + sp.To})
			}
			read := dump(t, st)
			left := replace(node, head-c.fork, c.mined)

			res := syncSome(t, n, st, c.opt)
			require.Equal(t, []ingest.Reorg{{Fork: head - c.want.Fork, Blocks: c.want.Blocks}}, res.Reorgs)
			want := []ingest.Span{}
			for _, sp := range c.spans {
				want = append(want, ingest.Span{From: lower(sp.From, head), To: head + sp.To})
			}
			require.Equal(t, want, spans(t, st))
			again := openStore(t)
			for _, sp := range want {
				syncSome(t, n, again, ingest.SyncOptions{From: sp.From, To: sp.To})
			}
			same(t, dump(t, again), dump(t, st))
			sound(t, st)
			var kept []chains.BlockHash
			for _, hash := range left {
				if strings.Contains(read, "\nblock ") && strings.Contains(read, " "+hash.String()+" prev ") {
					kept = append(kept, hash)
				}
			}
			require.ElementsMatch(t, kept, stale(t, st), "what left is kept")
			require.Contains(t, history(t, st), kept[0].String())

			node.Invalidate(node.HashAt(head - c.fork + 1)) // and back again
			node.Reconsider(left[0])
			require.Equal(t, left[0], node.HashAt(head-c.fork+1))
			syncSome(t, n, st, everything)
			for _, hash := range stale(t, st) {
				require.NotContains(t, dump(t, st), hash.String()+" prev ", "what came back is no history")
			}
			sound(t, st)
		})
	}
}

// lower reads heights of the tests' tables: from 0 up, or down from the head.
func lower(h, head int64) int64 {
	if h < 0 {
		return head + h
	}
	return h
}

// The chain changes while it is read: below what is written, in what is gathered, above it,
// again and again, or it becomes shorter.
func TestSyncFollowsAReorganisationMeanwhile(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		at    []int64 // heights, from the first head, at which it happens
		fork  int64   // below that height
		mined int     // beside what is needed to end where it was

		inFlight int
	}{
		{"just below", []int64{-30}, 2, 3, 1},
		{"below what is written", []int64{-20}, 60, 1, 8},
		{"above", []int64{-30}, -10, 4, 8},
		{"at the end", []int64{0}, 3, 2, 4},
		{"three times", []int64{-50, -30, -10}, 5, 1, 4},
		{"the chain becomes shorter", []int64{-30}, 4, -30, 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			node := nodetest.Start(t, nodetest.Options{})
			newWallet(t, node, 7).mine(10)
			head := node.Height()
			n := dial(t, node)
			st := openStore(t)
			opt := ingest.SyncOptions{From: -1, To: -1, InFlight: c.inFlight}
			done := map[int64]bool{}
			opt.Progress = func(_, _, _ int64, at chains.BlockRef) {
				if h := at.Height - head; slices.Contains(c.at, h) && !done[h] {
					done[h] = true
					fork := at.Height - c.fork
					replace(node, fork, max(1, int(head-fork)+c.mined))
				}
			}
			_, err := trySync(t.Context(), n, regtest, st, fewTxs, opt)
			require.NoError(t, err)
			require.Len(t, done, len(c.at), "it happened")
			syncAll(t, n, st) // what came after the head of the last pass
			same(t, fresh(t, n), dump(t, st))
			sound(t, st)
		})
	}
}

// A node that is behind the store on the same chain changes nothing.
func TestSyncWithANodeBehindTheStore(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	hashes := node.Skip(40)
	n := dial(t, node)
	for name, have := range map[string][]ingest.Span{
		"in the middle of a range":    {{From: 0, To: 40}},
		"between two ranges":          {{From: 0, To: 20}, {From: 35, To: 40}},
		"below the only range":        {{From: 35, To: 40}},
		"at the end of a lower range": {{From: 0, To: 30}, {From: 36, To: 40}},
	} {
		t.Run(name, func(t *testing.T) {
			st := openStore(t)
			for _, sp := range have {
				syncSome(t, n, st, ingest.SyncOptions{From: sp.From, To: sp.To})
			}
			before := dump(t, st)
			node.Invalidate(hashes[30]) // the head is 30
			res := syncAll(t, n, st)
			node.Reconsider(hashes[30])
			require.Empty(t, res.Reorgs)
			require.Zero(t, res.Blocks)
			require.Equal(t, int64(30), res.Head.Height)
			same(t, before, dump(t, st))
		})
	}
}

// A node of another chain of the same kind does not make the store forget its own.
func TestSyncRefusesAnotherHistory(t *testing.T) {
	t.Parallel()
	ours, theirs := nodetest.Start(t, nodetest.Options{}), nodetest.Start(t, nodetest.Options{})
	ours.Mine(40, nodetest.Anyone(1))
	theirs.Mine(60, nodetest.Anyone(2))
	for name, have := range map[string][]ingest.Span{
		"from block 0":       {{From: 0, To: -1}},
		"from above block 0": {{From: 10, To: -1}},
		"from block 1":       {{From: 1, To: -1}},
		"in two ranges":      {{From: 0, To: 20}, {From: 30, To: 40}},
	} {
		for _, from := range []int64{-1, 0, 5, 50} {
			t.Run(fmt.Sprintf("%s, asked from %d", name, from), func(t *testing.T) {
				st := openStore(t)
				for _, sp := range have {
					syncSome(t, dial(t, ours), st, ingest.SyncOptions{From: sp.From, To: sp.To})
				}
				before := dump(t, st)
				res, err := trySync(t.Context(), dial(t, theirs), regtest, st, fewTxs, ingest.SyncOptions{From: from, To: -1})
				require.ErrorIs(t, err, chains.ErrWrongChain)
				require.Empty(t, res.Reorgs)
				same(t, before, dump(t, st))
				require.Empty(t, stale(t, st))
			})
		}
	}
}

// The hash of another block in answer to the first height of a range, once: nothing above or
// below it in the sink would show that.
func TestSyncIsToldAnotherHash(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	newWallet(t, node, 8).mine(10)
	for name, c := range map[string]struct{ from, other int64 }{
		"of a higher block":                  {100, 101},
		"of a lower block":                   {100, 42},
		"of the last block":                  {100, node.Height()},
		"for the first block of a new store": {-1, 7},
	} {
		t.Run(name, func(t *testing.T) {
			var told atomic.Bool
			asked := fmt.Sprintf(`"params":[%d]`, max(0, c.from))
			url := nodetest.Proxy(t, node.URL, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
				if strings.HasPrefix(string(q.Body), "[") && strings.Contains(string(q.Body), asked) && told.CompareAndSwap(true, false) {
					at := []byte(node.HashAt(max(0, c.from)).String())
					require.Contains(t, string(r.Body), string(at))
					r.Body = bytes.Replace(r.Body, at, []byte(node.HashAt(c.other).String()), 1)
				}
			}})
			n := dialURL(t, node, url, bitcoin.Options{})
			told.Store(true)
			st := openStore(t)
			syncSome(t, n, st, ingest.SyncOptions{From: c.from, To: -1})
			require.False(t, told.Load(), "it was told")
			want := openStore(t)
			syncSome(t, n, want, ingest.SyncOptions{From: c.from, To: -1})
			same(t, dump(t, want), dump(t, st))
		})
	}
}
