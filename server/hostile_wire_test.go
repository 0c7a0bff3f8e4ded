package server_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/server"
)

// TestBrokenHTTP sends what no client of HTTP sends. It is refused, or the connection is closed; nothing of
// it reaches a handler as another request than the one that the bytes say, and the server goes on.
func TestBrokenHTTP(t *testing.T) {
	w := newWorld(t)
	host := strings.TrimPrefix(w.url, "http://")
	key := "Authorization: Bearer " + w.keys[server.Screen] + "\r\n"
	post := "POST /v1/screenings HTTP/1.1\r\nHost: " + host + "\r\n" + key + "Content-Type: application/json\r\n"
	hidden := "GET /v1/rules HTTP/1.1\r\nHost: " + host + "\r\n" + key + "\r\n"
	for name, c := range map[string]struct {
		sent string
		want []int // statuses of the answers, in order
	}{
		"not HTTP":                  {"\x16\x03\x01\x02\x00\x01\x00", []int{400}},
		"no version":                {"GET /v1/rules\r\n\r\n", []int{400}},
		"version 3":                 {"GET /v1/rules HTTP/3.0\r\nHost: x\r\n\r\n", []int{505}},
		"no host":                   {"GET /healthz HTTP/1.1\r\n\r\n", []int{400}},
		"two hosts":                 {"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", []int{400}},
		"a space in a header":       {"GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n", []int{400}},
		"a line break in a header":  {"GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", []int{200}},
		"a null in a header":        {"GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n", []int{400}},
		"a header without end":      {"GET /healthz HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", []int{431}},
		"a null in the path":        {"GET /v1/rules\x00 HTTP/1.1\r\nHost: x\r\n\r\n", []int{400}},
		"another server's path":     {"GET http://other.invalid/v1/rules HTTP/1.1\r\nHost: other.invalid\r\n\r\n", []int{401}},
		"a tunnel":                  {"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n", []int{405}},
		"lengths that differ":       {post + "Content-Length: 2\r\nContent-Length: 200\r\n\r\n{}", []int{400}},
		"a length below zero":       {post + "Content-Length: -1\r\n\r\n{}", []int{400}},
		"a length and chunks":       {post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + hidden, []int{422, 200}}, // chunks win (RFC 9112, 6.3)
		"chunks that are none":      {post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n", []int{408}},
		"chunks of another kind":    {post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", []int{501}},
		"two chunkings":             {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", []int{501}},
		"a body that is not there":  {post + "Content-Length: 10\r\n\r\n{}", []int{408}},
		"a body that is too large":  {post + "Content-Length: 99999999999\r\n\r\n{}", []int{413}},
		"requests one after others": {hidden + hidden + hidden, []int{200, 200, 200}},
		"an upgrade":                {"GET /v1/rules HTTP/1.1\r\nHost: x\r\n" + key + "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n", []int{200}},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", host)
			require.NoError(t, err)
			defer func() { require.NoError(t, conn.Close()) }()
			require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
			go func() { // the server may close before it has read all
				_, _ = io.WriteString(conn, c.sent)
				if c.want[0] == http.StatusRequestTimeout { // nothing more will come
					_ = conn.(*net.TCPConn).CloseWrite()
				}
			}()
			r := bufio.NewReader(conn)
			for i, want := range c.want {
				res, err := http.ReadResponse(r, nil)
				require.NoError(t, err, "answer %d", i)
				body, err := io.ReadAll(res.Body)
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				require.Equal(t, want, res.StatusCode, "answer %d: %s", i, body)
				require.NotContains(t, string(body), w.keys[server.Screen])
			}
		})
	}
	require.Equal(t, http.StatusOK, w.ask("", http.MethodGet, "/healthz", "").StatusCode)
	require.NotContains(t, w.log.String(), "panic")
}
