package ingest_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
	"clew/chains/rpc"
	"clew/ingest"
	"clew/store"
)

// However a chain is cut into syncs, batches and requests, the store is the same.
func TestSyncInAnyChunks(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	newWallet(t, node, 1).mine(40)
	head := node.Height()
	n := dial(t, node)
	want := fresh(t, n)
	cases := []struct {
		name     string
		txs      int // of a batch
		inFlight int
		ranges   []ingest.Span // one sync each
	}{
		{"one batch", 1e6, 4, []ingest.Span{{From: -1, To: -1}}},
		{"a batch a block, one request", 1, 1, []ingest.Span{{From: -1, To: -1}}},
		{"small batches, many requests", 7, 16, []ingest.Span{{From: -1, To: -1}}},
		{"resumed", 9, 3, []ingest.Span{{From: -1, To: 0}, {From: -1, To: 10}, {From: -1, To: 10}, {From: -1, To: 101}, {From: -1, To: -1}}},
		{"a lower range later", 9, 3, []ingest.Span{{From: 120, To: 125}, {From: 60, To: 110}, {From: 0, To: head}}},
		{"overlapping", 9, 3, []ingest.Span{{From: 50, To: 110}, {From: 100, To: head}, {From: 0, To: 60}}},
		{"single blocks from the top", 9, 3, []ingest.Span{{From: head, To: head}, {From: head - 1, To: head - 1}, {From: 0, To: head}}},
		{"a hole that is filled", 9, 3, []ingest.Span{{From: 0, To: 104}, {From: 108, To: -1}, {From: 104, To: 108}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			st := openStore(t)
			for _, r := range c.ranges {
				_, err := trySync(t.Context(), n, regtest, st, c.txs, ingest.SyncOptions{From: r.From, To: r.To, InFlight: c.inFlight})
				require.NoError(t, err)
			}
			same(t, want, dump(t, st))
			require.Equal(t, []ingest.Span{{From: 0, To: head}}, spans(t, st))
			sound(t, st)
			require.Equal(t, int64(0), syncAll(t, n, st).Blocks, "nothing is read twice")
		})
	}
}

func TestSyncSaysHowFarItIs(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	node.Skip(30)
	st := openStore(t)
	syncSome(t, dial(t, node), st, ingest.SyncOptions{From: 10, To: 14})
	var heights, totals []int64
	opt := ingest.SyncOptions{From: 5, To: 20, Progress: func(done, total, txs int64, at chains.BlockRef) {
		require.Equal(t, int64(len(heights)+1), done)
		require.Equal(t, done, txs, "a coinbase a block")
		heights, totals = append(heights, at.Height), append(totals, total)
	}}
	res := syncSome(t, dial(t, node), st, opt)
	require.Equal(t, []int64{5, 6, 7, 8, 9, 15, 16, 17, 18, 19, 20}, heights)
	require.Equal(t, int64(11), totals[0])
	require.Equal(t, int64(11), totals[10])
	require.Equal(t, ingest.SyncResult{Blocks: 11, Txs: 11, Head: res.Head}, res)
	require.Equal(t, int64(30), res.Head.Height)
}

func TestSyncRefusesImpossibleRanges(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	node.Skip(5)
	n := dial(t, node)
	for name, r := range map[string]ingest.Span{
		"above the head":  {From: -1, To: 6},
		"turned round":    {From: 4, To: 3},
		"behind the head": {From: 6, To: -1},
	} {
		t.Run(name, func(t *testing.T) {
			st := openStore(t)
			_, err := trySync(t.Context(), n, regtest, st, fewTxs, ingest.SyncOptions{From: r.From, To: r.To})
			require.ErrorIs(t, err, chains.ErrNotFound)
			require.Empty(t, spans(t, st))
		})
	}
}

// What was read before a sync is cancelled is written, and the next one goes on behind it.
func TestSyncResumesAfterCancel(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	newWallet(t, node, 2).mine(10)
	n := dial(t, node)
	want := fresh(t, n)
	for name, stops := range map[string][]int64{
		"at the first block": {0}, "in the middle": {57}, "at the last block": {node.Height()},
		"again and again": {3, 20, 50, 100},
	} {
		t.Run(name, func(t *testing.T) {
			st := openStore(t)
			for _, stop := range stops {
				ctx, cancel := context.WithCancel(t.Context())
				opt, last := everything, int64(-1)
				opt.Progress = func(_, _, _ int64, at chains.BlockRef) {
					if last = at.Height; last >= stop {
						cancel()
					}
				}
				_, err := trySync(ctx, n, regtest, st, fewTxs, opt)
				cancel()
				require.ErrorIs(t, err, context.Canceled)
				require.Equal(t, []ingest.Span{{From: 0, To: last}}, spans(t, st))
			}
			syncAll(t, n, st)
			same(t, want, dump(t, st))
		})
	}
}

// What was read before an answer fails is written, and the next sync goes on behind it.
func TestSyncResumesAfterError(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	newWallet(t, node, 3).mine(10)
	want := fresh(t, dial(t, node))
	bad := node.HashAt(80).String()
	for name, c := range map[string]struct {
		spoil func(*nodetest.Reply)
		is    error
	}{
		"no answer":      {func(r *nodetest.Reply) { r.Drop = true }, chains.ErrUnreachable},
		"half an answer": {func(r *nodetest.Reply) { r.Cut = 100 }, chains.ErrUnreachable},
		"a wrong answer": {func(r *nodetest.Reply) { r.Body[len(r.Body)/2] ^= 1 }, chains.ErrBadAnswer},
		"a busy node":    {func(r *nodetest.Reply) { r.Status = 503 }, chains.ErrRateLimited},
	} {
		t.Run(name, func(t *testing.T) {
			var on atomic.Bool
			url := nodetest.Proxy(t, node.URL, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
				if on.Load() && q.Path == "/rest/block/"+bad+".bin" {
					c.spoil(r)
				}
			}})
			n := dialURL(t, node, url, bitcoin.Options{Options: rpc.Options{Retries: -1}})
			on.Store(true)
			st := openStore(t)
			for range 2 {
				_, err := trySync(t.Context(), n, regtest, st, fewTxs, everything)
				require.ErrorIs(t, err, c.is)
				require.Equal(t, []ingest.Span{{From: 0, To: 79}}, spans(t, st))
			}
			on.Store(false)
			syncAll(t, n, st)
			same(t, want, dump(t, st))
		})
	}
}

var errDisk = errors.New("no space left")

// failing is a sink whose n-th flush fails.
type failing struct {
	*store.Loader
	left *atomic.Int64
}

func (f failing) Flush(ctx context.Context) error {
	if f.left.Add(-1) < 0 {
		return errDisk
	}
	return f.Loader.Flush(ctx)
}

// A sink that cannot write ends the sync with its own error, whatever else ends it.
func TestSyncEndsWhenTheSinkFails(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	hashes := node.Skip(60)
	n := dial(t, node)
	for name, disturb := range map[string]func(at int64, cancel func()){
		"by itself":                func(int64, func()) {},
		"and is cancelled":         func(at int64, cancel func()) { cancel() },
		"and the chain is changed": func(at int64, _ func()) { node.Invalidate(hashes[20]) },
	} {
		t.Run(name, func(t *testing.T) {
			st := openStore(t)
			l, err := st.Load(t.Context(), regtest)
			require.NoError(t, err)
			defer func() { require.NoError(t, l.Close()) }()
			left := &atomic.Int64{}
			left.Store(2)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			opt := everything
			opt.Batch = 10
			opt.Progress = func(_, _, _ int64, at chains.BlockRef) {
				if at.Height == 29 {
					disturb(29, cancel)
				}
			}
			_, err = ingest.Sync(ctx, n, bitcoin.Codec{}, failing{l, left}, opt)
			require.ErrorIs(t, err, errDisk)
			require.Equal(t, 1, strings.Count(err.Error(), errDisk.Error()), "said once: %v", err)
			have := spans(t, st)
			require.Len(t, have, 1)
			require.Less(t, have[0].To, int64(29), "the batches that were written before")
		})
	}
}

// Inputs from before the range are known through whatever the node offers; where it cannot
// tell they are unknown until a lower range is read.
func TestSyncFromAboveGenesis(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	newWallet(t, node, 4).mine(30)
	from := node.Height() - 20
	part := func(t *testing.T, n ingest.Node) (string, ingest.SyncResult) {
		t.Helper()
		st := openStore(t)
		res := syncSome(t, n, st, ingest.SyncOptions{From: from, To: -1})
		return dump(t, st), res
	}
	whole := fresh(t, dial(t, node))
	want, res := part(t, dial(t, node))
	require.Zero(t, res.Unresolved)
	require.Zero(t, unknownInputs(want))

	t.Run("the node has an index", func(t *testing.T) {
		got, res := part(t, dialURL(t, node, older(t, node, true), bitcoin.Options{}))
		require.Zero(t, res.Unresolved)
		same(t, want, got)
	})
	t.Run("the node has an index and is asked once a block", func(t *testing.T) {
		var single, batches atomic.Int64
		url := nodetest.Proxy(t, older(t, node, true), nodetest.Tamper{Ask: func(q *nodetest.Question) {
			switch {
			case q.Method == "getrawtransaction":
				single.Add(1)
			case strings.HasPrefix(string(q.Body), "["):
				batches.Add(1)
			}
		}})
		got, _ := part(t, dialURL(t, node, url, bitcoin.Options{}))
		same(t, want, got)
		require.Positive(t, batches.Load())
		require.LessOrEqual(t, single.Load()+batches.Load(), int64(21), "one output is asked for by itself")
	})
	t.Run("the node cannot tell", func(t *testing.T) {
		n := dialURL(t, node, older(t, node, false), bitcoin.Options{})
		got, res := part(t, n)
		require.Positive(t, res.Unresolved)
		require.Equal(t, int(res.Unresolved), unknownInputs(got))
		st := openStore(t)
		syncSome(t, n, st, ingest.SyncOptions{From: from, To: -1})
		syncSome(t, n, st, ingest.SyncOptions{From: 0, To: -1})
		same(t, whole, dump(t, st))
		sound(t, st)
	})
	t.Run("a whole chain needs nobody to tell", func(t *testing.T) {
		st := openStore(t)
		n := dialURL(t, node, older(t, node, false), bitcoin.Options{})
		syncSome(t, n, st, ingest.SyncOptions{From: 0, To: from - 1})
		l, err := st.Load(t.Context(), regtest)
		require.NoError(t, err)
		asked := 0
		res, err := ingest.Sync(t.Context(), n, bitcoin.Codec{}, asking{l, &asked}, everything)
		require.NoError(t, errors.Join(err, l.Close()))
		require.Zero(t, res.Unresolved)
		require.Zero(t, asked, "nor is the store searched")
		same(t, whole, dump(t, st))
	})
}

// asking is a sink that counts how often it is asked for a transaction.
type asking struct {
	*store.Loader
	asked *int
}

func (a asking) HasTx(ctx context.Context, id chains.TxID) (bool, error) {
	*a.asked++
	return a.Loader.HasTx(ctx, id)
}

// unknownInputs counts the inputs of unknown value in a dump.
func unknownInputs(dump string) int { return strings.Count(dump, " unknown\n") }

func TestSyncFromAPrunedNode(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{Args: []string{"-txindex=0", "-prune=1", "-fastprune"}})
	node.Skip(900)
	n := dial(t, node)
	before := openStore(t)
	syncSome(t, n, before, ingest.SyncOptions{From: -1, To: 300})
	gone := node.Prune(400)
	from := gone + 1
	st := openStore(t)

	_, err := trySync(t.Context(), n, regtest, st, fewTxs, everything)
	require.ErrorIs(t, err, chains.ErrUnsupported)
	require.ErrorContains(t, err, "pruned")
	require.Empty(t, spans(t, st))

	syncSome(t, n, st, ingest.SyncOptions{From: from, To: -1})
	require.Equal(t, []ingest.Span{{From: from, To: 900}}, spans(t, st))

	_, err = trySync(t.Context(), n, regtest, before, fewTxs, everything)
	if gone > 300 {
		require.ErrorIs(t, err, chains.ErrUnsupported, "a hole is not jumped over")
	} else {
		require.NoError(t, err)
	}
}

// The node is restarted while blocks are read: the sync waits for it, or ends with an error
// that says so and goes on later.
func TestSyncOverARestart(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	newWallet(t, node, 5).mine(30)
	want := fresh(t, dial(t, node))
	at := func(height int64, do func()) ingest.SyncOptions {
		opt := everything
		done := false
		opt.Progress = func(_, _, _ int64, at chains.BlockRef) {
			if at.Height == height && !done {
				done = true
				do()
			}
		}
		return opt
	}
	t.Run("it comes back", func(t *testing.T) {
		st := openStore(t)
		n := dialURL(t, node, node.URL, bitcoin.Options{Options: rpc.Options{Backoff: 10 * time.Millisecond}})
		syncSome(t, n, st, at(50, func() { node.Restart() }))
		same(t, want, dump(t, st))
	})
	t.Run("it stays away", func(t *testing.T) {
		st := openStore(t)
		n := dialURL(t, node, node.URL, bitcoin.Options{Options: rpc.Options{Retries: 1, Backoff: time.Millisecond}})
		_, err := trySync(t.Context(), n, regtest, st, fewTxs, at(50, node.Kill))
		require.ErrorIs(t, err, chains.ErrUnreachable)
		have := spans(t, st)
		require.Len(t, have, 1)
		require.GreaterOrEqual(t, have[0].To, int64(50), "what was read is written")
		node.Restart()
		syncAll(t, n, st)
		same(t, want, dump(t, st))
	})
}
