package main

import (
	"net/http"
	"net/url"

	"golang.org/x/net/http/httpproxy"
)

// proxyFrom finds the proxy of a request as Unix programs do: in HTTP_PROXY or HTTPS_PROXY, by
// the scheme of the node's URL, else in ALL_PROXY, each also in small letters; http, https
// and socks5. Hosts in NO_PROXY are reached without, and so is this machine.
func proxyFrom(getenv func(string) string) func(*http.Request) (*url.URL, error) {
	first := func(names ...string) string {
		for _, name := range names {
			if value := getenv(name); value != "" {
				return value
			}
		}
		return ""
	}
	config := httpproxy.Config{
		HTTPProxy:  first("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"),
		HTTPSProxy: first("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"),
		NoProxy:    first("NO_PROXY", "no_proxy"),
	}
	find := config.ProxyFunc()
	return func(req *http.Request) (*url.URL, error) { return find(req.URL) }
}
