package bitcoin_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/rpc"
)

// A way that leads nowhere is told with what leads out of it.
func TestDialAdvice(t *testing.T) {
	done := make(chan struct{})
	silent := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-done })
	refuse := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	plain, secure, hung := httptest.NewServer(refuse), httptest.NewTLSServer(refuse), httptest.NewServer(silent)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	t.Cleanup(hung.Close)
	t.Cleanup(func() { close(done) }) // before hung is closed, which waits for its requests
	host := func(s *httptest.Server) string { return s.Listener.Addr().String() }
	closed, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	through := func(scheme string) bitcoin.Options {
		proxy := &url.URL{Scheme: scheme, Host: closed.Addr().String()}
		return bitcoin.Options{Options: rpc.Options{
			Proxy:     func(*http.Request) (*url.URL, error) { return proxy, nil },
			ProxyFrom: func(string) string { return "HTTP_PROXY" },
		}}
	}
	cases := map[string]struct {
		url  string
		o    bitcoin.Options
		is   error
		says string
		way  string
	}{
		"http to TLS":          {"http://" + host(secure), bitcoin.Options{}, chains.ErrUnreachable, "status 400", "https://"},
		"TLS to http":          {"https://" + host(plain), bitcoin.Options{}, chains.ErrUnreachable, "no TLS", "http://"},
		"unknown authority":    {secure.URL, bitcoin.Options{}, chains.ErrUnreachable, "certificate", "--rpc-ca FILE"},
		"hung":                 {hung.URL, bitcoin.Options{Options: rpc.Options{Timeout: 50 * time.Millisecond}}, chains.ErrUnreachable, "no whole answer", "--rpc-timeout"},
		"credentials":          {plain.URL, bitcoin.Options{}, chains.ErrUnauthorized, "refused", "--rpc-cookie FILE"},
		"proxy gone":           {plain.URL, through("http"), chains.ErrUnreachable, "through the proxy http://" + closed.Addr().String() + " (HTTP_PROXY)", "NO_PROXY"},
		"proxy gone, by SOCKS": {plain.URL, through("socks5"), chains.ErrUnreachable, "through the proxy socks5://" + closed.Addr().String() + " (HTTP_PROXY)", "NO_PROXY"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := bitcoin.Dial(t.Context(), "", c.url, c.o)
			require.ErrorIs(t, err, c.is)
			require.ErrorContains(t, err, c.says)
			var advised *rpc.AdvisedError
			require.ErrorAs(t, err, &advised)
			require.Contains(t, advised.Way, c.way)
		})
	}
}
