package bitcoin_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
)

// A service that wants a key in a header gets it with every request, and no error shows it.
func TestDialHeader(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	target, err := url.Parse(node.URL)
	require.NoError(t, err)
	forward := httputil.NewSingleHostReverseProxy(target)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Api-Key") != "s3cret: word" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	defer service.Close()
	o := impatient(node)
	o.Header = "x-api-key:  s3cret: word"
	n, err := bitcoin.Dial(t.Context(), regtest, service.URL, o)
	require.NoError(t, err)
	require.True(t, n.SpentKnown(), "over REST too")
	o.Header = "x-api-key: s3cret"
	_, err = bitcoin.Dial(t.Context(), regtest, service.URL, o)
	require.ErrorIs(t, err, chains.ErrUnauthorized)
	require.NotContains(t, err.Error(), "s3cret")
	for _, bad := range []string{"s3cret", "x-api-key:", "x api key: s3cret", "x-api-key: s3cret\n"} {
		o.Header = bad + "\x00"
		_, err = bitcoin.Dial(t.Context(), regtest, service.URL, o)
		require.ErrorContains(t, err, "want NAME: VALUE", "%q", bad)
		require.NotContains(t, err.Error(), "s3cret")
	}
}

// socks5 is a proxy that notes what it was asked for and connects to the node.
func socks5(tb testing.TB, node *nodetest.Node) (address string, asked *sync.Map) {
	tb.Helper()
	asked = &sync.Map{}
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = listener.Close() })
	serve := func(c net.Conn) error {
		defer func() { _ = c.Close() }()
		head := make([]byte, 3) // version 5, one method: no authentication
		if _, err := io.ReadFull(c, head); err != nil {
			return err
		}
		if _, err := c.Write([]byte{5, 0}); err != nil {
			return err
		}
		request := make([]byte, 5) // version, connect, reserved, a name, its length
		if _, err := io.ReadFull(c, request); err != nil {
			return err
		}
		name := make([]byte, int(request[4])+2)
		if _, err := io.ReadFull(c, name); err != nil {
			return err
		}
		asked.Store(string(name[:request[4]]), true)
		out, err := new(net.Dialer).DialContext(tb.Context(), "tcp", strings.TrimPrefix(node.URL, "http://"))
		if err != nil {
			return err
		}
		defer func() { _ = out.Close() }()
		if _, err := c.Write([]byte{5, 0, 0, 1, 127, 0, 0, 1, 0, 0}); err != nil {
			return err
		}
		go func() { _, _ = io.Copy(out, c) }() // ends with the connection
		_, err = io.Copy(c, out)
		return err
	}
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = serve(c) }() // a broken connection shows at its other end
		}
	}()
	return listener.Addr().String(), asked
}

// Through a proxy the node's name is resolved there, and the report names it without the
// password.
func TestDialThroughAProxy(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	address, asked := socks5(t, node)
	o := impatient(node)
	o.Proxy = http.ProxyURL(&url.URL{Scheme: "socks5", Host: address})
	_, port, _ := strings.Cut(strings.TrimPrefix(node.URL, "http://"), ":")
	n, err := bitcoin.Dial(t.Context(), regtest, "http://node.invalid:"+port, o)
	require.NoError(t, err)
	_, was := asked.Load("node.invalid")
	require.True(t, was)
	report, err := n.Doctor(t.Context())
	require.NoError(t, err)
	require.Equal(t, "socks5://"+address, report.Proxy)
}

// A node that asks for a pause gets it, in either of the two forms, and from all who ask.
func TestNodeRetryAfter(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	forms := map[string]func() string{
		"seconds": func() string { return "1" },
		"a date":  func() string { return time.Now().Add(2 * time.Second).UTC().Format(http.TimeFormat) },
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			var refused atomic.Bool
			var until atomic.Int64
			url := nodetest.Proxy(t, node.URL, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
				if q.Method != "getblockhash" || string(q.Params[0]) != "0" {
					return
				}
				if refused.CompareAndSwap(false, true) {
					text := form()
					at, err := http.ParseTime(text)
					if err != nil {
						at = time.Now().Add(time.Second)
					}
					until.Store(at.UnixNano())
					r.Status, r.Header = http.StatusTooManyRequests, http.Header{"Retry-After": {text}}
				} else if time.Now().UnixNano() < until.Load() {
					t.Error("asked before the time")
				}
			}})
			refused.Store(true)
			n, err := bitcoin.Dial(t.Context(), regtest, url, impatient(node))
			require.NoError(t, err)
			refused.Store(false)
			_, err = n.HashAt(t.Context(), 0)
			require.NoError(t, err)
			require.NotZero(t, until.Load())
		})
	}
}

// A bound on requests holds for all callers together.
func TestNodeRate(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	o := node.Options()
	o.Rate = 100
	n, err := bitcoin.Dial(t.Context(), regtest, node.URL, o)
	require.NoError(t, err)
	started := time.Now()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 10 {
				_, err := n.HashAt(t.Context(), 0)
				require.NoError(t, err)
			}
		})
	}
	group.Wait()
	require.GreaterOrEqual(t, time.Since(started), 39*10*time.Millisecond)
}

// Repeating a request is told to the log, with the reason.
func TestNodeLogsRepeats(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	var broken atomic.Bool
	url := nodetest.Proxy(t, node.URL, nodetest.Tamper{Answer: func(_ *nodetest.Question, r *nodetest.Reply) {
		r.Drop = broken.CompareAndSwap(true, false)
	}})
	var log bytes.Buffer
	o := impatient(node)
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	n, err := bitcoin.Dial(t.Context(), regtest, url, o)
	require.NoError(t, err)
	broken.Store(true)
	_, err = n.HashAt(t.Context(), 0)
	require.NoError(t, err)
	require.Contains(t, log.String(), "asking the node again")
	require.Contains(t, log.String(), fmt.Sprintf("node=%s", url))
}
