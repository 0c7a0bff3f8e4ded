package evm_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
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

	"github.com/ethereum/go-ethereum/common"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/chains/evm/nodetest"
	"clew/chains/rpc"
)

// quick are options under which nothing waits for long.
func quick() evm.Options {
	return evm.Options{Options: rpc.Options{Backoff: time.Millisecond, Timeout: 5 * time.Second}}
}

// fill makes one block of so many payments.
func fill(n *nodetest.Node, txs int) {
	for i := range txs {
		n.Pay(i%10, common.HexToAddress("0xaa"), int64(i+1))
	}
	n.Mine()
}

func TestCredentials(t *testing.T) {
	n := nodetest.Start(t, nodetest.Geth, nodetest.Options{})
	secret := bytes.Repeat([]byte{7}, 32)
	file := filepath.Join(t.TempDir(), "jwt.hex")
	require.NoError(t, os.WriteFile(file, []byte("0x"+hex.EncodeToString(secret)+"\n"), 0o600))
	signed := func(h http.Header) bool {
		token := strings.Split(strings.TrimPrefix(h.Get("Authorization"), "Bearer "), ".")
		if len(token) != 3 {
			return false
		}
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(token[0] + "." + token[1]))
		claims, err := base64.RawURLEncoding.DecodeString(token[1])
		var says struct{ Iat int64 }
		return err == nil && json.Unmarshal(claims, &says) == nil && time.Now().Unix()-says.Iat < 60 &&
			token[2] == base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	basic := func(h http.Header) bool {
		user, password, ok := (&http.Request{Header: h}).BasicAuth()
		return ok && user == "me" && password == "secret"
	}
	header := func(h http.Header) bool { return h.Get("X-Key") == "k" }
	for name, tt := range map[string]struct {
		wants func(http.Header) bool
		o     evm.Options
		user  *url.Userinfo
	}{
		"header":          {header, evm.Options{Options: rpc.Options{Header: "X-Key: k"}}, nil},
		"JWT":             {signed, evm.Options{JWTFile: file}, nil},
		"user":            {basic, evm.Options{Options: rpc.Options{User: "me", Password: "secret"}}, nil},
		"user in the URL": {basic, evm.Options{}, url.UserPassword("me", "secret")},
	} {
		for _, scheme := range []string{"http", "ws"} {
			t.Run(name+" over "+scheme, func(t *testing.T) {
				u, err := url.Parse(n.Guard(t, tt.wants))
				require.NoError(t, err)
				u.Scheme = scheme
				_, err = evm.Dial(t.Context(), "", u.String(), evm.Options{})
				require.ErrorIs(t, err, chains.ErrUnauthorized)
				var advised *rpc.AdvisedError
				require.ErrorAs(t, err, &advised)
				require.NotEmpty(t, advised.Advice())
				require.NotContains(t, err.Error(), "secret")
				u.User = tt.user
				dial(t, n, u.String(), tt.o)
			})
		}
	}
	_, err := evm.Dial(t.Context(), "", n.URL, evm.Options{Options: rpc.Options{User: "me"}, JWTFile: file})
	require.ErrorContains(t, err, "not both")
	require.NoError(t, os.WriteFile(file, []byte("0x12"), 0o600))
	_, err = evm.Dial(t.Context(), "", n.URL, evm.Options{JWTFile: file})
	require.ErrorContains(t, err, "64 hex digits")
	_, err = evm.Dial(t.Context(), "", n.URL, evm.Options{Options: rpc.Options{Header: "nonsense"}})
	require.ErrorContains(t, err, "NAME: VALUE")
}

func TestDialErrors(t *testing.T) {
	n := nodetest.Start(t, nodetest.Geth, nodetest.Options{})
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	nothing := closed.Addr().String()
	page := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(page.Close)
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(tls.Close)
	for name, tt := range map[string]struct {
		chain   chains.Chain
		address string
		want    error
	}{
		"another chain":        {"ethereum", n.URL, chains.ErrWrongChain},
		"no chain of accounts": {"bitcoin", n.URL, chains.ErrUnknownChain},
		"nobody there":         {"", "http://" + nothing, chains.ErrUnreachable},
		"nobody there, ws":     {"", "ws://" + nothing, chains.ErrUnreachable},
		"no node":              {"", page.URL, chains.ErrUnsupported},
		"no WebSocket":         {"", strings.Replace(page.URL, "http", "ws", 1), chains.ErrUnreachable},
		"unknown certificate":  {"", tls.URL, chains.ErrUnreachable},
		"TLS where none is":    {"", strings.Replace(n.URL, "http", "https", 1), chains.ErrUnreachable},
		"no TLS where it is":   {"", strings.Replace(tls.URL, "https", "http", 1), chains.ErrUnreachable},
		"an unknown scheme":    {"", "ftp://" + nothing, nil},
	} {
		t.Run(name, func(t *testing.T) {
			o := quick()
			o.Retries = 1
			_, err := evm.Dial(t.Context(), tt.chain, tt.address, o)
			require.Error(t, err)
			if tt.want != nil {
				require.ErrorIs(t, err, tt.want)
			}
		})
	}
	dial(t, n, strings.TrimPrefix(n.URL, "http://"), evm.Options{})
}

func TestCertificate(t *testing.T) {
	n := nodetest.Start(t, nodetest.Geth, nodetest.Options{})
	target, err := url.Parse(n.URL)
	require.NoError(t, err)
	server := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(target))
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	require.NoError(t, os.WriteFile(file, block, 0o600))
	dial(t, n, server.URL, evm.Options{Options: rpc.Options{CAFile: file}})
}

// What a node refuses as too much is asked again in halves, whatever words it uses for that.
func TestBatchesAreHalved(t *testing.T) {
	n := nodetest.Start(t, nodetest.Geth, nodetest.Options{})
	fill(n, 30)
	want := readBlock(t, dial(t, n, n.URL, evm.Options{}), 1)
	each := nodetest.NoMethod("eth_getBlockReceipts", "debug_traceBlockByHash", "trace_block")
	for name, how := range map[string]nodetest.Tamper{
		"batch too large": {Refuse: each, MostCalls: 7},
		"no batches":      {Refuse: each, MostCalls: 1},
		"status 413": {Refuse: each, Status: func(calls []nodetest.Question) (int, string) {
			if len(calls) > 4 {
				return http.StatusRequestEntityTooLarge, ""
			}
			return http.StatusOK, ""
		}},
		"status 400 with words": {Refuse: each, Status: func(calls []nodetest.Question) (int, string) {
			if len(calls) > 4 {
				return http.StatusBadRequest, `{"jsonrpc":"2.0","id":null,"error":{"code":-32602,"message":"too many requests in batch, maximum batch size is 4"}}`
			}
			return http.StatusOK, ""
		}},
		"each call beyond a limit": {Refuse: each, Body: func(calls []nodetest.Question, body []byte) []byte {
			if len(calls) <= 5 {
				return body
			}
			var replies []json.RawMessage
			require.NoError(t, json.Unmarshal(body, &replies))
			for i := 5; i < len(replies); i++ {
				replies[i] = fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%s,"error":{"code":-32003,"message":"response too large"}}`, calls[i].ID)
			}
			text, err := json.Marshal(replies)
			require.NoError(t, err)
			return text
		}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, want, readBlock(t, dial(t, n, n.Proxy(t, how), quick()), 1))
		})
	}
}

func TestRateLimits(t *testing.T) {
	n := nodetest.Start(t, nodetest.Geth, nodetest.Options{})
	for name, how := range map[string]func(*atomic.Int64) nodetest.Tamper{
		"status 429": func(times *atomic.Int64) nodetest.Tamper {
			return nodetest.Tamper{Status: func([]nodetest.Question) (int, string) {
				if times.Add(1)%3 == 1 {
					return http.StatusTooManyRequests, "slow down"
				}
				return http.StatusOK, ""
			}}
		},
		"by code": func(times *atomic.Int64) nodetest.Tamper {
			return nodetest.Tamper{Refuse: func(nodetest.Question) *nodetest.Refusal {
				if times.Add(1)%3 == 1 {
					return &nodetest.Refusal{Code: -32005, Message: "project ID request rate exceeded"}
				}
				return nil
			}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			var times, always atomic.Int64
			node := dial(t, n, n.Proxy(t, how(&times)), quick())
			_, err := node.Head(t.Context())
			require.NoError(t, err)
			o := quick()
			o.Retries = -1
			tamper := how(&always)
			if tamper.Status != nil {
				tamper.Status = func([]nodetest.Question) (int, string) { return http.StatusTooManyRequests, "slow down" }
			} else {
				tamper.Refuse = func(nodetest.Question) *nodetest.Refusal {
					return &nodetest.Refusal{Code: -32005, Message: "slow down"}
				}
			}
			_, err = evm.Dial(t.Context(), "", n.Proxy(t, tamper), o)
			require.ErrorIs(t, err, chains.ErrRateLimited)
		})
	}
}

// Nothing of an answer is kept that does not belong to its question.
func TestWrongAnswers(t *testing.T) {
	n := nodetest.Start(t, nodetest.Geth, nodetest.Options{ChainID: 1})
	fill(n, 3)
	fill(n, 3)
	for name, tt := range map[string]struct{ method, old, with string }{
		"another id":            {"eth_getBlockByHash", `"id":`, `"id":9`},
		"no JSON":               {"eth_getBlockReceipts", `}`, ``},
		"a number in a header":  {"eth_getBlockByHash", `"gasLimit":"0x`, `"gasLimit":"0x1`},
		"a value":               {"eth_getBlockByHash", `"value":"0x`, `"value":"0x1`},
		"a status":              {"eth_getBlockReceipts", `"status":"0x1"`, `"status":"0x0"`},
		"an index":              {"eth_getBlockReceipts", `"transactionIndex":"0x0"`, `"transactionIndex":"0x1"`},
		"calls of another size": {"debug_traceBlockByHash", `"value":"0x`, `"value":"0x1`},
		"calls of another":      {"debug_traceBlockByHash", `"txHash":"0x`, `"txHash":"0x` + strings.Repeat("1", 64) + `","was":"`},
		"another block":         {"eth_getBlockReceipts", `"blockHash":"0x`, `"blockHash":"0x` + strings.Repeat("0", 64) + `","was":"`},
		"neither":               {"eth_getBlockByHash", `"result":{`, `"other":{`},
	} {
		t.Run(name, func(t *testing.T) {
			var lies, lied atomic.Bool
			node := dial(t, n, n.Proxy(t, nodetest.Tamper{Body: func(calls []nodetest.Question, body []byte) []byte {
				if !lies.Load() || calls[0].Method != tt.method {
					return body
				}
				changed := bytes.Replace(body, []byte(tt.old), []byte(tt.with), 1)
				lied.Store(!bytes.Equal(changed, body))
				return changed
			}}), quick())
			hash, err := node.HashAt(t.Context(), 1)
			require.NoError(t, err)
			_, err = node.Block(t.Context(), 1, hash)
			require.NoError(t, err)
			lies.Store(true)
			_, err = node.Block(t.Context(), 1, hash)
			require.ErrorIs(t, err, chains.ErrBadAnswer)
			require.True(t, lied.Load())
		})
	}
	node := dial(t, n, n.URL, evm.Options{})
	_, err := node.Block(t.Context(), 2, n.HashAt(1))
	require.ErrorIs(t, err, chains.ErrBadAnswer, "a block of another height")
	_, err = node.Block(t.Context(), 1, chains.BlockHash{1})
	require.ErrorIs(t, err, chains.ErrReorged)
	_, err = node.HashAt(t.Context(), 3)
	require.ErrorIs(t, err, chains.ErrNotFound)
	_, err = node.Ref(t.Context(), 3)
	require.ErrorIs(t, err, chains.ErrNotFound)
	_, err = node.HashAt(t.Context(), -1)
	require.ErrorIs(t, err, chains.ErrNotFound)
	_, err = node.Header(t.Context(), chains.BlockHash{1})
	require.ErrorIs(t, err, chains.ErrNotFound)
}

// The members of an answer may stand in any order.
func TestOrderOfAnAnswer(t *testing.T) {
	n := nodetest.Start(t, nodetest.Geth, nodetest.Options{})
	fill(n, 3)
	want := readBlock(t, dial(t, n, n.URL, evm.Options{}), 1)
	turned := func(_ []nodetest.Question, body []byte) []byte {
		var members map[string]json.RawMessage
		if json.Unmarshal(body, &members) != nil || members["result"] == nil {
			return body
		}
		return fmt.Appendf(nil, ` { "result" : %s , "extra":{"a":[1]}, "id":%s, "jsonrpc":"2.0"}`+"\n", members["result"], members["id"])
	}
	require.Equal(t, want, readBlock(t, dial(t, n, n.Proxy(t, nodetest.Tamper{Body: turned}), quick()), 1))
}
