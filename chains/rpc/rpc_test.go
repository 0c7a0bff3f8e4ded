package rpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/rpc"
)

// errOwn is a sentinel that only the tests' family knows.
var errOwn = errors.New("of this family")

// strict and lenient are the ends of what families differ in. Adapters test against real nodes
// what theirs have in common.
var (
	strict = rpc.Dialect{
		Version: "1.0", Meaning: func(int, string) error { return nil },
		Login: "--login", Forbidden: "not from here",
	}
	lenient = rpc.Dialect{Version: "2.0", Nulls: true, Login: "--login", Meaning: func(code int, words string) error {
		switch {
		case code == http.StatusGatewayTimeout || code == http.StatusRequestEntityTooLarge:
			return rpc.ErrTooMuch
		case code == -7 || words == "own":
			return errOwn
		case code == -8:
			return rpc.ErrNotReady
		}
		return nil
	}}
)

// answering returns a client of a server that answers with a status and a body, in which ID is the
// request's id, and how often it was asked.
func answering(tb testing.TB, d rpc.Dialect, login rpc.Login, status int, body string) (*rpc.Client, *atomic.Int64) {
	tb.Helper()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		var question struct {
			Version string `json:"jsonrpc"`
			ID      json.RawMessage
		}
		if err := json.NewDecoder(r.Body).Decode(&question); err != nil || question.Version != d.Version {
			tb.Errorf("asked by version %q: %v", question.Version, err)
		}
		w.WriteHeader(status)
		text := body
		if body != "" && body[0] == '{' {
			text = `{"id":` + string(question.ID) + "," + body[1:]
		}
		_, _ = w.Write([]byte(text)) // who does not read it has failed already
	}))
	tb.Cleanup(server.Close)
	u, err := rpc.ParseURL(server.URL, "http")
	require.NoError(tb, err)
	c, err := rpc.New(u, login, d, rpc.Options{Retries: 1, Backoff: time.Nanosecond})
	require.NoError(tb, err)
	return c, &asked
}

func TestDialects(t *testing.T) {
	for name, tt := range map[string]struct {
		d      rpc.Dialect
		status int
		body   string
		is     error
		says   string
		asked  int64
	}{
		"null":                            {strict, 200, `{"result":null}`, chains.ErrBadAnswer, "neither result nor error", 1},
		"null, where it is an answer":     {lenient, 200, `{"result":null}`, nil, "", 1},
		"an error without a meaning":      {lenient, 200, `{"error":{"code":-1,"message":"no"}}`, nil, "the node answers -1: no", 1},
		"an error with one":               {lenient, 500, `{"error":{"code":-7,"message":"no"}}`, errOwn, "the node answers -7: no", 1},
		"starting":                        {lenient, 200, `{"error":{"code":-8,"message":"no"}}`, chains.ErrUnreachable, "asked 2 times", 2},
		"too slow for a gateway":          {strict, 504, ``, chains.ErrUnreachable, "asked 2 times", 2},
		"too slow, where less may go":     {lenient, 504, ``, rpc.ErrTooMuch, "status 504", 1},
		"too large":                       {strict, 413, ``, chains.ErrBadAnswer, "status 413", 1},
		"too large, where less may go":    {lenient, 413, ``, rpc.ErrTooMuch, "status 413", 1},
		"words in place of an answer":     {lenient, 500, `own`, errOwn, "status 500: own", 1},
		"forbidden":                       {strict, 403, `no`, chains.ErrUnauthorized, "not from here", 1},
		"forbidden, as refused":           {lenient, 403, `no`, chains.ErrUnauthorized, "none were given", 1},
		"forbidden, in words of meaning":  {lenient, 403, `own`, errOwn, "status 403: own", 1},
		"refused":                         {strict, 401, "no\x00", chains.ErrUnauthorized, "status 401: no (none were given)", 1},
		"refused without words":           {strict, 401, "", chains.ErrUnauthorized, "status 401 (none were given)", 1},
		"a proxy that wants a password":   {strict, 407, "", chains.ErrUnreachable, "status 407", 1},
		"a gateway without a node":        {lenient, 502, "", chains.ErrUnreachable, "asked 2 times", 2},
		"neither method nor any JSON-RPC": {lenient, 405, "", chains.ErrUnsupported, "no JSON-RPC", 1},
	} {
		t.Run(name, func(t *testing.T) {
			c, asked := answering(t, tt.d, nil, tt.status, tt.body)
			var result *string
			err := c.Call(t.Context(), 1<<10, &result, "method")
			require.Equal(t, tt.asked, asked.Load())
			require.Nil(t, result)
			if tt.is == nil && tt.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.says)
			if tt.is != nil {
				require.ErrorIs(t, err, tt.is)
			}
			advised, is := errors.AsType[*rpc.AdvisedError](err)
			require.Equal(t, tt.status == 401 || tt.says == "none were given" || tt.status == 407, is)
			if is && tt.status != 407 {
				require.Equal(t, "--login", advised.Advice())
			}
		})
	}
}

// A long answer is not read to its end.
func TestLimit(t *testing.T) {
	c, _ := answering(t, strict, nil, http.StatusOK, `{"result":"0123456789"}`)
	var result string
	require.ErrorIs(t, c.Call(t.Context(), 20, &result, "method"), chains.ErrBadAnswer)
	require.NoError(t, c.Call(t.Context(), 40, &result, "method"))
	require.Equal(t, "0123456789", result)
}

// renewing is a login that there is another of after it was refused once.
type renewing struct{ times atomic.Int64 }

func (r *renewing) Authorization(time.Time) string { return "Word " + string(rune('a'+r.times.Load())) }
func (r *renewing) Renewed(used string) bool       { return used == "Word a" && r.times.Add(1) == 1 }
func (r *renewing) Advice() string                 { return "it is renewed once" }

func TestRenewedLogin(t *testing.T) {
	login := &renewing{}
	c, asked := answering(t, strict, login, http.StatusUnauthorized, "")
	err := c.Call(t.Context(), 1<<10, new(string), "method")
	require.ErrorIs(t, err, chains.ErrUnauthorized)
	require.ErrorContains(t, err, login.Advice())
	require.EqualValues(t, 2, asked.Load())
}

// What answers is looked at again once a connection has failed, until it is found to be right.
func TestSure(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(server.Close)
	u, err := rpc.ParseURL(server.URL, "http")
	require.NoError(t, err)
	c, err := rpc.New(u, nil, strict, rpc.Options{Retries: -1})
	require.NoError(t, err)
	checks := 0
	check := func(err error) func(context.Context) error {
		return func(context.Context) error { checks++; return err }
	}
	require.NoError(t, c.Sure(t.Context(), check(errOwn)))
	_, err = c.Get(t.Context(), "path", 1<<10)
	require.ErrorIs(t, err, chains.ErrUnreachable)
	require.True(t, rpc.Broken(err))
	require.ErrorIs(t, c.Sure(t.Context(), check(errOwn)), errOwn)
	require.NoError(t, c.Sure(t.Context(), check(nil)))
	require.NoError(t, c.Sure(t.Context(), check(errOwn)))
	require.Equal(t, 2, checks)
}

func TestParseURL(t *testing.T) {
	for address, want := range map[string]string{
		"host:1": "http://host:1", "http://host:1/path?key=k": "http://host:1/path?key=k", "ws://host": "ws://host",
		"ftp://me:s3cret@host": "", "https://host": "", "http://me:s3cret@ [": "", "http:///s3cret": "",
	} {
		u, err := rpc.ParseURL(address, "http", "ws")
		if want != "" {
			require.NoError(t, err)
			require.Equal(t, want, u.String())
			continue
		}
		require.EqualError(t, err, "the node's URL cannot be read: want http://HOST:PORT, or ws", address)
	}
}
