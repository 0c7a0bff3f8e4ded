package bitcoin_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
)

const regtest chains.Chain = "bitcoin-regtest"

// impatient keeps tests of refusals short.
func impatient(node *nodetest.Bitcoind) bitcoin.Options {
	return bitcoin.Options{CookieFile: node.CookieFile, Retries: 2, Backoff: time.Millisecond}
}

func dial(tb testing.TB, node *nodetest.Bitcoind) *bitcoin.Node {
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
	tx, err := bitcoin.DecodeTx(raw)
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

func TestDialRefusesTheWrongChain(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	_, err := bitcoin.Dial(t.Context(), "bitcoin", node.URL, bitcoin.Options{User: "", CookieFile: node.CookieFile})
	require.ErrorIs(t, err, chains.ErrWrongChain)
	require.ErrorContains(t, err, "is of bitcoin-regtest, not of bitcoin")
	_, err = bitcoin.Dial(t.Context(), "eip155:1", node.URL, bitcoin.Options{})
	require.ErrorIs(t, err, chains.ErrUnknownChain)

	strange := nodetest.Proxy(t, node.URL, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
		if q.Method == "getblockhash" {
			r.Body = []byte(`{"result":"` + strings.Repeat("ab", 32) + `","error":null,"id":1}`)
		}
	}})
	_, err = bitcoin.Dial(t.Context(), regtest, strange, impatient(node))
	require.ErrorIs(t, err, chains.ErrWrongChain)
	require.ErrorContains(t, err, `calls its network "regtest"`)
	_, err = bitcoin.Dial(t.Context(), "", strange, impatient(node))
	require.ErrorIs(t, err, chains.ErrUnknownChain)
}

// rpcauth returns the argument that bitcoind's own script makes of a user and a password.
func rpcauth(user, password string) string {
	const salt = "00112233445566778899aabbccddeeff"
	mac := hmac.New(sha256.New, []byte(salt))
	mac.Write([]byte(password))
	return "-rpcauth=" + user + ":" + salt + "$" + hex.EncodeToString(mac.Sum(nil))
}

func TestDialCredentials(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{Args: []string{rpcauth("reader", "s3cret-word")}})
	cookie, err := os.ReadFile(node.CookieFile)
	require.NoError(t, err)
	host := strings.TrimPrefix(node.URL, "http://")
	stray := filepath.Join(t.TempDir(), "cookie")
	require.NoError(t, os.WriteFile(stray, []byte("__cookie__:feedfacefeedface"), 0o600))
	empty := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	t.Setenv("HOME", t.TempDir())

	good := map[string]struct {
		address string
		o       bitcoin.Options
	}{
		"cookie file":         {node.URL, bitcoin.Options{CookieFile: node.CookieFile}},
		"data directory":      {node.URL, bitcoin.Options{CookieFile: node.DataDir}},
		"network's directory": {node.URL, bitcoin.Options{CookieFile: filepath.Dir(node.CookieFile)}},
		"user and password":   {node.URL, bitcoin.Options{User: "reader", Password: "s3cret-word"}},
		"in the URL":          {"http://reader:s3cret-word@" + host, bitcoin.Options{}},
		"without a scheme":    {host, bitcoin.Options{User: "reader", Password: "s3cret-word"}},
		"options win":         {"http://reader:wrong@" + host, bitcoin.Options{User: "reader", Password: "s3cret-word", CookieFile: stray}},
	}
	for name, c := range good {
		t.Run(name, func(t *testing.T) {
			n, err := bitcoin.Dial(t.Context(), "", c.address, c.o)
			require.NoError(t, err)
			require.Equal(t, regtest, n.Chain())
			require.Equal(t, node.URL, n.String())
		})
	}
	bad := map[string]struct {
		address string
		o       bitcoin.Options
		is      error
		says    string
	}{
		"wrong password":        {node.URL, bitcoin.Options{User: "reader", Password: "s3cret-wrong"}, chains.ErrUnauthorized, "-rpcauth"},
		"wrong one in the URL":  {"http://reader:s3cret-wrong@" + host, bitcoin.Options{}, chains.ErrUnauthorized, "-rpcauth"},
		"none":                  {node.URL, bitcoin.Options{}, chains.ErrUnauthorized, "name the cookie file"},
		"another node's cookie": {node.URL, bitcoin.Options{CookieFile: stray}, chains.ErrUnauthorized, stray},
		"no cookie file":        {node.URL, bitcoin.Options{CookieFile: stray + ".gone"}, os.ErrNotExist, "while it runs"},
		"an empty cookie file":  {node.URL, bitcoin.Options{CookieFile: empty}, nil, "USER:PASSWORD"},
		"an unreadable URL":     {"http://reader:s3cret-word@ [", bitcoin.Options{}, nil, "http://HOST:PORT"},
		"another scheme":        {"ftp://reader:s3cret-word@" + host, bitcoin.Options{}, nil, "http://HOST:PORT"},
	}
	for name, c := range bad {
		t.Run(name, func(t *testing.T) {
			_, err := bitcoin.Dial(t.Context(), "", c.address, c.o)
			require.Error(t, err)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "s3cret")
			require.NotContains(t, err.Error(), "feedface")
			require.NotContains(t, err.Error(), strings.TrimPrefix(string(cookie), "__cookie__:"))
		})
	}
}

func TestDialFindsTheDefaultCookie(t *testing.T) {
	home := t.TempDir()
	data := filepath.Join(home, ".bitcoin")
	require.NoError(t, os.Mkdir(data, 0o700))
	node := nodetest.Start(t, nodetest.Options{DataDir: data})
	t.Setenv("HOME", home)
	n, err := bitcoin.Dial(t.Context(), regtest, node.URL, bitcoin.Options{})
	require.NoError(t, err)
	require.Equal(t, regtest, n.Chain())
}

func TestDialUnreachable(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	o := impatient(node)
	n, err := bitcoin.Dial(t.Context(), regtest, node.URL, o)
	require.NoError(t, err)
	cookie, err := os.ReadFile(node.CookieFile)
	require.NoError(t, err)
	node.Stop()
	require.NoError(t, os.WriteFile(node.CookieFile, cookie, 0o600))

	_, err = bitcoin.Dial(t.Context(), regtest, node.URL, o)
	require.ErrorIs(t, err, chains.ErrUnreachable)
	require.ErrorContains(t, err, "is bitcoind running")
	_, err = n.Head(t.Context())
	require.ErrorIs(t, err, chains.ErrUnreachable)
	require.ErrorContains(t, err, "asked 3 times")
	_, err = bitcoin.Dial(t.Context(), regtest, "http://node.invalid:1", o)
	require.ErrorIs(t, err, chains.ErrUnreachable)
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

func TestDialTLS(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	target, err := url.Parse(node.URL)
	require.NoError(t, err)
	secure := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(target))
	defer secure.Close()
	authority := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	require.NoError(t, os.WriteFile(authority, text, 0o600))

	o := impatient(node)
	_, err = bitcoin.Dial(t.Context(), regtest, secure.URL, o)
	require.ErrorIs(t, err, chains.ErrUnreachable)
	require.ErrorContains(t, err, "certificate")
	o.CAFile = authority
	n, err := bitcoin.Dial(t.Context(), regtest, secure.URL, o)
	require.NoError(t, err)
	require.True(t, n.SpentKnown())
	o.CAFile = node.CookieFile
	_, err = bitcoin.Dial(t.Context(), regtest, secure.URL, o)
	require.ErrorContains(t, err, "holds none in PEM")
	o.CAFile = authority + ".gone"
	_, err = bitcoin.Dial(t.Context(), regtest, secure.URL, o)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// Passing faults are asked again; the others are not.
func TestNodeRetries(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	var fault atomic.Value // of func(*nodetest.Reply)
	var asked, faults atomic.Int64
	proxy := nodetest.Proxy(t, node.URL, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
		if q.Method != "getblockhash" || string(q.Params[0]) != "0" {
			return
		}
		asked.Add(1)
		if faults.Add(-1) >= 0 {
			fault.Load().(func(*nodetest.Reply))(r)
		}
	}})
	n, err := bitcoin.Dial(t.Context(), regtest, proxy, impatient(node))
	require.NoError(t, err)
	status := func(code int, body string) func(*nodetest.Reply) {
		return func(r *nodetest.Reply) { r.Status, r.Body = code, []byte(body) }
	}
	warming := `{"result":null,"error":{"code":-28,"message":"Loading block index"},"id":1}`
	cases := []struct {
		name    string
		fault   func(*nodetest.Reply)
		passing bool
		is      error
	}{
		{"work queue full", status(503, "Work queue depth exceeded"), true, chains.ErrRateLimited},
		{"too many requests", status(429, ""), true, chains.ErrRateLimited},
		{"bad gateway", status(502, ""), true, chains.ErrUnreachable},
		{"warming up", status(500, warming), true, chains.ErrUnreachable},
		{"warming up, newer protocol", status(200, warming), true, chains.ErrUnreachable},
		{"connection broken", func(r *nodetest.Reply) { r.Drop = true }, true, chains.ErrUnreachable},
		{"answer cut", func(r *nodetest.Reply) { r.Cut = 10 }, true, chains.ErrUnreachable},
		{"refused", status(401, ""), false, chains.ErrUnauthorized},
		{"forbidden", status(403, ""), false, chains.ErrUnauthorized},
		{"no such method", status(404, `{"result":null,"error":{"code":-32601,"message":"Method not found"},"id":1}`), false, chains.ErrUnsupported},
		{"no JSON-RPC", status(404, "<html>"), false, chains.ErrUnsupported},
		{"a page instead", status(200, "<html>"), false, chains.ErrBadAnswer},
		{"a redirect", status(302, ""), false, chains.ErrBadAnswer},
		{"nothing at all", status(200, `{"result":null,"error":null,"id":1}`), false, chains.ErrBadAnswer},
		{"no hash", status(200, `{"result":"00","error":null,"id":1}`), false, chains.ErrBadAnswer},
		{"another type", status(200, `{"result":7,"error":null,"id":1}`), false, chains.ErrBadAnswer},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			fault.Store(c.fault)
			asked.Store(0)
			faults.Store(2)
			_, err := n.HashAt(t.Context(), 0)
			if c.passing {
				require.NoError(t, err)
				require.EqualValues(t, 3, asked.Load())
				faults.Store(1000)
				asked.Store(0)
				_, err = n.HashAt(t.Context(), 0)
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
	o := bitcoin.Options{User: "a", Password: "b"}
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
	_, err = bitcoin.Dial(waiting, regtest, busy.URL, bitcoin.Options{User: "a", Password: "b"})
	require.ErrorIs(t, err, context.Canceled)
}
