package server_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/server"
)

// TestForeignPages: what a page of somebody else makes a browser send is refused, with keys and without; what
// programs and this server's own page send is not.
func TestForeignPages(t *testing.T) {
	for name, noAuth := range map[string]bool{"with keys": false, "without keys": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(w *world) { w.opt.NoAuth = noAuth })
			post := func(headers ...string) *reply {
				return w.ask(server.Admin, http.MethodPost, "/v1/screenings", subject(stolenDeposit()), headers...)
			}
			post("Sec-Fetch-Site", "cross-site").problem(403, "foreign-page")
			post("Sec-Fetch-Site", "same-site").problem(403, "foreign-page")
			post("Origin", "https://evil.example").problem(403, "foreign-page")
			post("Content-Type", "").problem(415, "unsupported-media-type")
			post("Content-Type", "text/plain").problem(415, "unsupported-media-type")
			w.ask(server.Admin, http.MethodPost, "/v1/watches", `{}`, "Content-Type", "").problem(415, "unsupported-media-type")
			w.ask(server.Admin, http.MethodPost, "/v1/watches", `{}`, "Content-Type", "text/plain").problem(415, "unsupported-media-type")
			w.ask(server.Admin, http.MethodPost, "/v1/screenings:batch", `[]`, "Content-Type", "").problem(415, "unsupported-media-type")
			w.ask(server.Admin, http.MethodPost, "/v1/incidents", `{}`, "Content-Type", "").problem(415, "unsupported-media-type")
			require.Equal(t, 200, post().StatusCode)
			require.Equal(t, 200, post("Sec-Fetch-Site", "same-origin", "Origin", w.url).StatusCode)
		})
	}
}

// TestForeignHosts: without keys a name that somebody can lead to this machine is not answered.
func TestForeignHosts(t *testing.T) {
	w := newWorld(t, func(w *world) { w.opt.NoAuth = true })
	with := newWorld(t)
	ask := func(w *world, host string) int {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(w.url, "http://"))
		require.NoError(t, err)
		defer conn.Close()
		_, err = fmt.Fprintf(conn, "GET /healthz HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", host)
		require.NoError(t, err)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res.StatusCode
	}
	for _, host := range []string{"localhost", "LOCALHOST:1", "127.0.0.1", "127.9.9.9:80", "[::1]", "[::1]:8750"} {
		require.Equal(t, 200, ask(w, host), host)
	}
	for _, host := range []string{"evil.example", "evil.example:8750", "localhost.evil.example", "127.0.0.1.evil.example", "192.0.2.1", "10.0.0.1:80", "[2001:db8::1]"} {
		require.Equal(t, 421, ask(w, host), host)
		require.Equal(t, 200, ask(with, host), "with keys any name is taken: a browser has no key")
	}
}
