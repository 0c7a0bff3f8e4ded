package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// A proxy that cannot be one is refused where it would be used, by its variable.
func TestProxyRefused(t *testing.T) {
	p := proxiesFrom(func(name string) string { return map[string]string{"ALL_PROXY": "foo://x:9"}[name] })
	_, err := p.Of(httptest.NewRequest(http.MethodGet, "http://node.example/", nil))
	require.ErrorContains(t, err, "ALL_PROXY names a proxy of the kind foo")
	u, err := p.Of(httptest.NewRequest(http.MethodGet, "http://127.0.0.1/", nil))
	require.NoError(t, err)
	require.Nil(t, u)
}

func TestProxyFrom(t *testing.T) {
	cases := []struct {
		name, target, want string
		env                map[string]string
	}{
		{"nothing set", "http://node.example:8332/", "", nil},
		{"for http", "http://node.example:8332/", "http://p:1", map[string]string{"HTTP_PROXY": "http://p:1", "HTTPS_PROXY": "http://p:2"}},
		{"for https", "https://node.example/", "http://p:2", map[string]string{"http_proxy": "http://p:1", "https_proxy": "http://p:2"}},
		{"for all", "https://node.example/", "socks5://p:3", map[string]string{"ALL_PROXY": "socks5://p:3", "HTTP_PROXY": "http://p:1"}},
		{"for all, small letters", "http://node.example/", "socks5://p:3", map[string]string{"all_proxy": "socks5://p:3"}},
		{"the more exact one wins", "http://node.example/", "http://p:1", map[string]string{"ALL_PROXY": "socks5://p:3", "HTTP_PROXY": "http://p:1"}},
		{"without", "http://node.example/", "", map[string]string{"ALL_PROXY": "socks5://p:3", "NO_PROXY": "other,.example"}},
		{"without, small letters", "http://node.example/", "", map[string]string{"ALL_PROXY": "socks5://p:3", "no_proxy": "*"}},
		{"this machine", "http://127.0.0.1:8332/", "", map[string]string{"ALL_PROXY": "socks5://p:3"}},
		{"this machine by name", "http://localhost:8332/", "", map[string]string{"HTTP_PROXY": "http://p:1"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			find := proxiesFrom(func(name string) string { return c.env[name] })
			u, err := find.Of(httptest.NewRequest(http.MethodGet, c.target, nil))
			require.NoError(t, err)
			if c.want == "" {
				require.Nil(t, u)
				return
			}
			require.Equal(t, c.want, u.String())
		})
	}
}
