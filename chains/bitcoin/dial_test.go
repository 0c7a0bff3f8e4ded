package bitcoin_test

import (
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

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
	"clew/chains/rpc"
)

func TestDialRefusesTheWrongChain(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	_, err := bitcoin.Dial(t.Context(), "bitcoin", node.URL, bitcoin.Options{CookieFile: node.CookieFile})
	require.ErrorIs(t, err, chains.ErrWrongChain)
	require.ErrorContains(t, err, "is of bitcoin-regtest, not of bitcoin")
	_, err = bitcoin.Dial(t.Context(), "eip155:1", node.URL, bitcoin.Options{})
	require.ErrorIs(t, err, chains.ErrUnknownChain)

	strange := nodetest.Proxy(t, node.URL, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
		if q.Method == "getblockhash" {
			r.Body = q.Result(`"` + strings.Repeat("ab", 32) + `"`)
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
		"user and password":   {node.URL, bitcoin.Options{Options: rpc.Options{User: "reader", Password: "s3cret-word"}}},
		"in the URL":          {"http://reader:s3cret-word@" + host, bitcoin.Options{}},
		"without a scheme":    {host, bitcoin.Options{Options: rpc.Options{User: "reader", Password: "s3cret-word"}}},
		"options win":         {"http://reader:wrong@" + host, bitcoin.Options{Options: rpc.Options{User: "reader", Password: "s3cret-word"}, CookieFile: stray}},
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
		"wrong password":        {node.URL, bitcoin.Options{Options: rpc.Options{User: "reader", Password: "s3cret-wrong"}}, chains.ErrUnauthorized, "-rpcauth"},
		"wrong one in the URL":  {"http://reader:s3cret-wrong@" + host, bitcoin.Options{}, chains.ErrUnauthorized, "-rpcauth"},
		"none":                  {node.URL, bitcoin.Options{}, chains.ErrUnauthorized, "no cookie file was found"},
		"another node's cookie": {node.URL, bitcoin.Options{CookieFile: stray}, chains.ErrUnauthorized, stray},
		"no cookie file":        {node.URL, bitcoin.Options{CookieFile: stray + ".gone"}, chains.ErrUnauthorized, "there is no cookie file " + stray + ".gone (a bitcoind writes it while it runs)"},
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
	for _, file := range []string{"gone", "left behind"} {
		if file == "left behind" {
			require.NoError(t, os.WriteFile(node.CookieFile, cookie, 0o600))
		}
		_, err = bitcoin.Dial(t.Context(), regtest, node.URL, o)
		require.ErrorIs(t, err, chains.ErrUnreachable, "cookie %s", file)
		require.ErrorContains(t, err, "is the node running")
	}
	_, err = n.Head(t.Context())
	require.ErrorIs(t, err, chains.ErrUnreachable)
	require.ErrorContains(t, err, "asked 3 times")
	_, err = bitcoin.Dial(t.Context(), regtest, "http://node.invalid:1", o)
	require.ErrorIs(t, err, chains.ErrUnreachable)
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

// A server that closes each connection, as btcd does, is not asked to sign every time.
func TestDialTLSGoesOn(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	target, err := url.Parse(node.URL)
	require.NoError(t, err)
	forward := httputil.NewSingleHostReverseProxy(target)
	var whole, resumed atomic.Int64
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS.DidResume {
			resumed.Add(1)
		} else {
			whole.Add(1)
		}
		w.Header().Set("Connection", "close")
		forward.ServeHTTP(w, r)
	}))
	defer secure.Close()
	o := impatient(node)
	o.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	require.NoError(t, os.WriteFile(o.CAFile, text, 0o600))
	n, err := bitcoin.Dial(t.Context(), regtest, secure.URL, o)
	require.NoError(t, err)
	for range 10 {
		_, err = n.HashAt(t.Context(), 0)
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, whole.Load())
	require.Greater(t, resumed.Load(), int64(10))
}
