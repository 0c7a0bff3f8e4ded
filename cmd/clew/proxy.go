package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"golang.org/x/net/http/httpproxy"
)

// proxies finds the proxy of a request as Unix programs do: in HTTP_PROXY or HTTPS_PROXY, by
// the scheme of the node's URL, else in ALL_PROXY, each also in small letters; http, https
// and socks5. Hosts in NO_PROXY are reached without, and so is this machine.
type proxies struct {
	variable map[string]string // by the node's scheme: the variable that is followed
	find     func(*url.URL) (*url.URL, error)
}

func proxiesFrom(getenv func(string) string) *proxies {
	first := func(names ...string) (name, value string) {
		for _, name := range names {
			if value := getenv(name); value != "" {
				return name, value
			}
		}
		return "", ""
	}
	p := &proxies{variable: map[string]string{}}
	var config httpproxy.Config
	p.variable["http"], config.HTTPProxy = first("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
	p.variable["https"], config.HTTPSProxy = first("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
	_, config.NoProxy = first("NO_PROXY", "no_proxy")
	p.find = config.ProxyFunc()
	return p
}

// Of returns the proxy of a request, nil for none.
func (p *proxies) Of(req *http.Request) (*url.URL, error) {
	u, err := p.find(req.URL)
	variable := p.Variable(req.URL.Scheme)
	if err != nil {
		return nil, &usageError{variable + " cannot be read as a proxy", proxyForms}
	}
	if u != nil && !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
		return nil, &usageError{fmt.Sprintf("%s names a proxy of the kind %s, which is not known", variable, u.Scheme), proxyForms}
	}
	return u, nil
}

// Variable names the variable that is followed for nodes of a scheme.
func (p *proxies) Variable(scheme string) string { return p.variable[scheme] }

const proxyForms = "http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT"
