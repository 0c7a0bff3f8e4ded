package bitcoin_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
	"clew/chains/rpc"
)

const regtest chains.Chain = "bitcoin-regtest"

// impatient keeps tests of refusals short.
func impatient(node *nodetest.Node) bitcoin.Options {
	return bitcoin.Options{Options: rpc.Options{Retries: 2, Backoff: time.Millisecond}, CookieFile: node.CookieFile}
}

func dial(tb testing.TB, node *nodetest.Node) *bitcoin.Node {
	tb.Helper()
	n, err := bitcoin.Dial(tb.Context(), regtest, node.URL, bitcoin.Options{CookieFile: node.CookieFile})
	require.NoError(tb, err)
	return n
}

func TestNodeChain(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	hashes := node.Skip(12)
	n := dial(t, node)
	ctx := t.Context()
	require.Equal(t, regtest, n.Chain())

	head, err := n.Head(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 12, head.Height)
	require.Equal(t, hashes[11], head.Hash)

	for height, want := range map[int64]string{0: regtest.Info().Genesis, 1: hashes[0].String(), 12: hashes[11].String()} {
		got, err := n.HashAt(ctx, height)
		require.NoError(t, err)
		require.Equal(t, want, got.String())
		ref, err := n.Ref(ctx, height)
		require.NoError(t, err)
		require.Equal(t, node.Block(got, height).Ref, ref)
	}
	for _, height := range []int64{13, -1, 1 << 31, 1 << 40} {
		_, err := n.HashAt(ctx, height)
		require.ErrorIs(t, err, chains.ErrNotFound, "%d", height)
	}
	_, err = n.Header(ctx, chains.BlockHash{1})
	require.ErrorIs(t, err, chains.ErrNotFound)
	_, err = n.Block(ctx, 3, chains.BlockHash{1})
	require.ErrorIs(t, err, chains.ErrNotFound)
}

func TestNodeFollowsAReorganisation(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	hashes := node.Skip(5)
	n := dial(t, node)
	node.Invalidate(hashes[3])
	node.Mine(3, nodetest.Anyone(9))

	head, err := n.Head(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 6, head.Height)
	at4, err := n.HashAt(t.Context(), 4)
	require.NoError(t, err)
	require.NotEqual(t, hashes[3], at4)
	stale, err := n.Block(t.Context(), 4, hashes[3])
	require.NoError(t, err, "a block that left the main chain can still be read")
	require.Equal(t, hashes[3], stale.Ref.Hash)
	require.Equal(t, hashes[2], stale.Prev)
}

func TestNodeTransactions(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	hashes, coins := node.Fill(2, 200, 1)
	n := dial(t, node)
	ctx := t.Context()
	first := node.Height() - 1

	raw, block, err := n.Tx(ctx, coins[0].Point.Tx)
	require.NoError(t, err)
	require.Equal(t, hashes[1], block)
	tx, err := bitcoin.DecodeTx(regtest, raw)
	require.NoError(t, err)
	require.Equal(t, coins[0].Point.Tx, tx.ID)
	ref, err := n.Locate(ctx, coins[0].Point.Tx)
	require.NoError(t, err)
	require.Equal(t, node.Block(hashes[1], first+1).Ref, ref)

	points := []chains.OutPoint{}
	for _, c := range coins {
		points = append(points, c.Point)
	}
	found, err := n.Outputs(ctx, points)
	require.NoError(t, err)
	require.Len(t, found, len(coins))
	for _, c := range coins {
		require.Equal(t, c.Value, found[c.Point].Value)
		require.Equal(t, c.Lock.Address(), found[c.Point].Address)
	}

	missing := chains.OutPoint{Tx: chains.TxID{7}}
	found, err = n.Outputs(ctx, append(points[:3:3], missing))
	require.ErrorIs(t, err, chains.ErrNotFound)
	require.ErrorContains(t, err, missing.Tx.String())
	require.Len(t, found, 3, "what was found is returned")
	_, err = n.Outputs(ctx, []chains.OutPoint{{Tx: points[0].Tx, Index: 99}})
	require.ErrorIs(t, err, chains.ErrNotFound)
	_, _, err = n.Tx(ctx, missing.Tx)
	require.ErrorIs(t, err, chains.ErrNotFound)

	node.Invalidate(hashes[1])
	_, err = n.Locate(ctx, coins[0].Point.Tx)
	require.ErrorIs(t, err, chains.ErrNotFound)
}

func TestNodeWithoutTxIndex(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{Args: []string{"-txindex=0"}})
	coin := node.Mine(1, nodetest.Anyone(1))[0]
	n := dial(t, node)
	_, _, err := n.Tx(t.Context(), coin.Point.Tx)
	require.ErrorIs(t, err, chains.ErrUnsupported)
	require.ErrorContains(t, err, "-txindex=1")
	_, err = n.Outputs(t.Context(), []chains.OutPoint{coin.Point})
	require.ErrorIs(t, err, chains.ErrUnsupported)
	_, err = n.Block(t.Context(), 1, node.HashAt(1))
	require.NoError(t, err)
}

// A restarted node has a new cookie; who was connected before goes on.
func TestNodeRestart(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	last := node.Skip(3)[2]
	n := dial(t, node)
	before, err := os.ReadFile(node.CookieFile)
	require.NoError(t, err)
	node.Stop()
	waiting := make(chan error, 1)
	go func() {
		_, err := n.Block(context.Background(), 3, last)
		waiting <- err
	}()
	node.Restart()
	after, err := os.ReadFile(node.CookieFile)
	require.NoError(t, err)
	require.NotEqual(t, before, after)
	require.NoError(t, <-waiting)
}

// Passing faults are asked again; the others are not.
func TestNodeRetries(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	node.Skip(1)
	var fault atomic.Value // of func(*nodetest.Reply)
	var asked, faults atomic.Int64
	proxy := nodetest.Proxy(t, node.URL, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
		if q.Method != "getblockhash" || string(q.Params[0]) != "1" {
			return
		}
		asked.Add(1)
		if faults.Add(-1) >= 0 {
			fault.Load().(func(*nodetest.Question, *nodetest.Reply))(q, r)
		}
	}})
	n, err := bitcoin.Dial(t.Context(), regtest, proxy, impatient(node))
	require.NoError(t, err)
	type answer = func(*nodetest.Question, *nodetest.Reply)
	status := func(code int, body string) answer {
		return func(_ *nodetest.Question, r *nodetest.Reply) { r.Status, r.Body = code, []byte(body) }
	}
	refusal := func(status, code int) answer {
		return func(q *nodetest.Question, r *nodetest.Reply) { r.Status, r.Body = status, q.Refusal(code, "no") }
	}
	result := func(json string) answer {
		return func(q *nodetest.Question, r *nodetest.Reply) { r.Body = q.Result(json) }
	}
	first := `"` + node.HashAt(1).String() + `"`
	cases := []struct {
		name    string
		fault   answer
		passing bool
		is      error
	}{
		{"work queue full", status(503, "Work queue depth exceeded"), true, chains.ErrRateLimited},
		{"too many requests", status(429, ""), true, chains.ErrRateLimited},
		{"bad gateway", status(502, ""), true, chains.ErrUnreachable},
		{"warming up", refusal(500, -28), true, chains.ErrUnreachable},
		{"warming up, newer protocol", refusal(200, -28), true, chains.ErrUnreachable},
		{"connection broken", func(_ *nodetest.Question, r *nodetest.Reply) { r.Drop = true }, true, chains.ErrUnreachable},
		{"answer cut", func(_ *nodetest.Question, r *nodetest.Reply) { r.Cut = 10 }, true, chains.ErrUnreachable},
		{"refused", status(401, ""), false, chains.ErrUnauthorized},
		{"forbidden", status(403, ""), false, chains.ErrUnauthorized},
		{"no such method", refusal(404, -32601), false, chains.ErrUnsupported},
		{"no JSON-RPC", status(404, "<html>"), false, chains.ErrUnsupported},
		{"a page instead", status(200, "<html>"), false, chains.ErrBadAnswer},
		{"a redirect", status(302, ""), false, chains.ErrBadAnswer},
		{"nothing at all", result("null"), false, chains.ErrBadAnswer},
		{"no hash", result(`"00"`), false, chains.ErrBadAnswer},
		{"another type", result("7"), false, chains.ErrBadAnswer},
		{"the answer to another request", status(200, `{"result":`+first+`,"error":null,"id":1}`), false, chains.ErrBadAnswer},
		{"an answer to no request", status(200, `{"result":`+first+`,"error":null}`), false, chains.ErrBadAnswer},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			fault.Store(c.fault)
			asked.Store(0)
			faults.Store(2)
			_, err := n.HashAt(t.Context(), 1)
			if c.passing {
				require.NoError(t, err)
				require.EqualValues(t, 3, asked.Load())
				faults.Store(1000)
				asked.Store(0)
				_, err = n.HashAt(t.Context(), 1)
				require.EqualValues(t, 3, asked.Load())
			} else {
				require.EqualValues(t, 1, asked.Load())
			}
			require.ErrorIs(t, err, c.is)
		})
	}
}

// Every wait ends with the context, and one request with its time limit.
func TestNodeWaitsEnd(t *testing.T) {
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer silent.Close()
	defer close(release)
	o := bitcoin.Options{Options: rpc.Options{User: "a", Password: "b"}}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := bitcoin.Dial(ctx, regtest, silent.URL, o)
		done <- err
	}()
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)

	o.Timeout = 20 * time.Millisecond
	_, err := bitcoin.Dial(t.Context(), regtest, silent.URL, o)
	require.ErrorIs(t, err, chains.ErrUnreachable)
	require.ErrorContains(t, err, "no whole answer within 20ms")

	waiting, stop := context.WithCancel(t.Context())
	defer stop()
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		stop()
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer busy.Close()
	_, err = bitcoin.Dial(waiting, regtest, busy.URL, bitcoin.Options{Options: rpc.Options{User: "a", Password: "b"}})
	require.ErrorIs(t, err, context.Canceled)
}
