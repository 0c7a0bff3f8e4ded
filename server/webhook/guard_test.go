package webhook_test

import (
	"context"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/server/webhook"
	"clew/store/journal"
)

func TestGuardAddresses(t *testing.T) {
	refused := []string{
		"127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255",
		"0.0.0.0", "0.1.2.3", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "255.255.255.255", "240.0.0.1",
		"168.63.129.16", "[::]", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[::ffff:10.0.0.1]", "[::127.0.0.1]", "[fe80::1]", "[fe80::1%25eth0]", "[2606:4700::1111%25eth0]",
		"[fc00::1]", "[fd00:ec2::254]", "[fec0::1]", "[ff02::1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::a00:1]", "[2001::1]", "[2001:db8::1]", "[2002:7f00:1::]", "[100::1]", "[4000::1]",
	}
	for _, host := range refused {
		require.ErrorIs(t, webhook.Guard{}.CheckURL("https://"+host+"/hook"), webhook.ErrTarget, host)
	}
	for _, host := range []string{"1.1.1.1", "172.32.0.1", "172.15.255.255", "100.63.255.255", "100.128.0.1", "[2606:4700::1111]", "[2a00::1]", "hooks.example.com", "hooks.example.com:8443"} {
		require.NoError(t, webhook.Guard{}.CheckURL("https://"+host+"/hook"), host)
	}
}

func TestGuardURLs(t *testing.T) {
	allowed, err := webhook.ParseGuard([]string{"10.1.0.0/16", "::1"})
	require.NoError(t, err)
	cases := []struct {
		url   string
		guard webhook.Guard
		says  string // "": it is taken
	}{
		{"https://hooks.example.com/a?b=c", webhook.Guard{}, ""},
		{"http://hooks.example.com/", webhook.Guard{}, "plain http goes to networks alone"},
		{"http://10.1.2.3/", allowed, ""},
		{"http://[::ffff:10.1.2.3]/", allowed, ""},
		{"https://[::1]/", allowed, ""},
		{"https://10.2.2.3/", allowed, "--allow-webhook 10.2.2.3"},
		{"http://1.1.1.1/", allowed, "plain http, and no network that the operator allowed"},
		{"http://10.1.2.3.example.com/", allowed, ""}, // looked up when it is dialled
		{"https://user:hunter2@hooks.example.com/", webhook.Guard{}, "user and password"},
		{"https://hooks.example.com/#x", webhook.Guard{}, "behind #"},
		{"ftp://hooks.example.com/", webhook.Guard{}, "https is needed"},
		{"https://", webhook.Guard{}, "want https://"},
		{"https://:443/", webhook.Guard{}, "want https://"},
		{"hooks.example.com", webhook.Guard{}, "want https://"},
		{"https:hooks", webhook.Guard{}, "want https://"},
		{"https://%zz", webhook.Guard{}, "want https://"},
		{"", webhook.Guard{}, "want https://"},
	}
	for _, c := range cases {
		err := c.guard.CheckURL(c.url)
		if c.says == "" {
			require.NoError(t, err, c.url)
			continue
		}
		require.ErrorIs(t, err, webhook.ErrTarget, c.url)
		require.ErrorContains(t, err, c.says, c.url)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func TestParseGuard(t *testing.T) {
	for _, text := range []string{"", "10.1.2.3/16", "localhost", "10.0.0.0/33", "::ffff:10.0.0.0/104"} {
		_, err := webhook.ParseGuard([]string{text})
		require.Error(t, err, text)
	}
}

// receiver is one on loopback that counts what reaches it.
func receiver(t testing.TB, handle http.HandlerFunc) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var got atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.Add(1)
		if handle != nil {
			handle(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server, &got
}

func loopback() webhook.Guard {
	return webhook.Guard{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
}

func probe(t *testing.T, o webhook.Options, target string) error {
	t.Helper()
	secret, err := webhook.NewSecret()
	require.NoError(t, err)
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	return webhook.NewSender(nil, o).Probe(t.Context(), journal.Endpoint{ID: "e", URL: target, Secret: secret})
}

// A name is not looked at: the address that it leads to when it is dialled is.
func TestGuardLooksAtTheAddressDialled(t *testing.T) {
	server, got := receiver(t, nil)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	target := "https://localhost:" + port + "/secret-path"
	require.NoError(t, webhook.Guard{}.CheckURL(target), "a name passes the form")
	err = probe(t, webhook.Options{}, target)
	require.ErrorContains(t, err, "is this machine's, a private or a reserved address")
	require.NotContains(t, err.Error(), "secret-path")
	require.Zero(t, got.Load())

	require.NoError(t, probe(t, webhook.Options{Guard: loopback()}, "http://localhost:"+port))
	require.Equal(t, int64(1), got.Load())
	elsewhere := webhook.Guard{Allowed: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	require.ErrorContains(t, probe(t, webhook.Options{Guard: elsewhere}, "http://localhost:"+port), "plain http")
	require.Equal(t, int64(1), got.Load())
}

func TestNoRedirects(t *testing.T) {
	behind, reached := receiver(t, nil)
	for _, code := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		server, _ := receiver(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, behind.URL, code) })
		require.ErrorContains(t, probe(t, webhook.Options{Guard: loopback()}, server.URL), "redirects are not followed")
	}
	require.Zero(t, reached.Load())
}

// The environment names a proxy in many places; nobody means webhooks by it.
func TestProxyOnlyWhereAsked(t *testing.T) {
	server, _ := receiver(t, nil)
	proxy, asked := receiver(t, nil)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	require.NoError(t, probe(t, webhook.Options{Guard: loopback()}, server.URL))
	require.Zero(t, asked.Load())
	through := func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) }
	require.NoError(t, probe(t, webhook.Options{Guard: loopback(), Proxy: through}, "http://hooks.example.com/"))
	require.Equal(t, int64(1), asked.Load())
}

func TestAnswersAreBounded(t *testing.T) {
	sent := make(chan int64, 1)
	endless, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		n := int64(0)
		for {
			written, err := w.Write(make([]byte, 64<<10))
			if n += int64(written); err != nil {
				sent <- n
				return
			}
		}
	})
	require.NoError(t, probe(t, webhook.Options{Guard: loopback()}, endless.URL), "the status counts, and the body is dropped")
	require.Less(t, <-sent, int64(64<<20), "most of which is what lies in buffers on the way")

	silent, _ := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not see the client leave
		<-r.Context().Done()
	})
	require.ErrorContains(t, probe(t, webhook.Options{Guard: loopback(), Timeout: 100 * time.Millisecond}, silent.URL), "not delivered")

	wordy, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) })
	require.ErrorContains(t, probe(t, webhook.Options{Guard: loopback()}, wordy.URL), "not delivered")
}

func TestTLSIsChecked(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // it is refused once, and says so
	server.StartTLS()
	t.Cleanup(server.Close)
	require.ErrorContains(t, probe(t, webhook.Options{Guard: loopback()}, server.URL), "certificate")
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	require.NoError(t, probe(t, webhook.Options{Guard: loopback(), RootCAs: roots}, server.URL))
}

func TestProbeIsSigned(t *testing.T) {
	secret, err := webhook.NewSecret()
	require.NoError(t, err)
	checked := make(chan error, 1)
	server, _ := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			_, err = webhook.Verify(secret, r.Header, body, 0)
		}
		checked <- err
	})
	sender := webhook.NewSender(nil, webhook.Options{Guard: loopback()})
	require.NoError(t, sender.Probe(context.Background(), journal.Endpoint{ID: "e", URL: server.URL, Secret: secret}))
	require.NoError(t, <-checked)
	err = sender.Probe(t.Context(), journal.Endpoint{ID: "e", URL: server.URL})
	require.ErrorContains(t, err, "no secret")
	require.ErrorIs(t, err, webhook.ErrRefused)
}
