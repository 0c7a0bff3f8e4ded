package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/evm"
	"clew/chains/rpc"
	"clew/ingest"
)

// rpcFlags returns the names of the flags that say how to speak to a node, and more.
func rpcFlags(more ...string) []string {
	return append([]string{
		"rpc", "blocks", "rpc-cookie", "rpc-user", "rpc-password-file", "rpc-header-file", "rpc-jwt-file", "rpc-ca", "rpc-rate", "rpc-timeout",
	}, more...)
}

// listPatience is how long a command waits for any node of a list once none can be reached:
// as long as for a single one that is started again.
const listPatience = 10 * time.Second

// openList reaches the nodes of a list; chain "" takes that of whichever answers first.
func openList(ctx context.Context, w *world, e endpoint, chain chains.Chain, o dialing) (*openedNode, error) {
	o.Hasty = true
	var list []ingest.Candidate
	for _, one := range slices.Concat([]endpoint{e}, e.others) {
		list = append(list, ingest.Candidate{
			Name: hostOf(one.url),
			Dial: func(ctx context.Context) (ingest.Backend, error) {
				node, err := dial(ctx, chain, one.url, o)
				if err != nil {
					return nil, err
				}
				return node, nil
			},
		})
	}
	nodes, err := ingest.OpenFailover(ctx, list, w.log)
	if err != nil {
		return nil, fmt.Errorf("reach a node: %w", err)
	}
	nodes.Patience = listPatience
	return &openedNode{Node: nodes, chain: nodes.Chain(), where: nodes.String()}, nil
}

// hostOf names a node for people: without user, password and path, which may hold a key.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "node"
	}
	return u.Scheme + "://" + u.Host
}

// dialing says how to speak to nodes of either family.
type dialing struct {
	rpc.Options
	cookieFile, jwtFile string
	wrapped             []chains.Address
}

// bitcoin returns the options of a node of the Bitcoin family.
func (d *dialing) bitcoin() bitcoin.Options {
	return bitcoin.Options{Options: d.Options, CookieFile: d.cookieFile}
}

// evm returns the options of a node of a chain of accounts.
func (d *dialing) evm() evm.Options {
	o := evm.Options{Options: d.Options, JWTFile: d.jwtFile}
	for _, a := range d.wrapped {
		if c, ok := evm.Account(a); ok {
			o.Wrapped = append(o.Wrapped, c)
		}
	}
	return o
}

// dialOptions gathers how to speak to nodes. Password and header come from a variable or a
// file.
func dialOptions(w *world, c *cli.Context) (dialing, error) {
	proxy := proxiesFrom(w.getenv)
	o := dialing{cookieFile: c.String("rpc-cookie"), jwtFile: c.String("rpc-jwt-file"), Options: rpc.Options{
		User: c.String("rpc-user"), CAFile: c.String("rpc-ca"),
		Rate: int(min(c.Int64("rpc-rate"), 1_000_000)), Timeout: time.Duration(min(c.Int64("rpc-timeout"), 86_400)) * time.Second,
		Proxy: proxy.Of, ProxyFrom: proxy.Variable, Log: w.log,
	}}
	var err error
	if o.Password, err = secret(w, c, "rpc-password"); err != nil {
		return o, err
	}
	if o.Header, err = secret(w, c, "rpc-header"); err != nil {
		return o, err
	}
	if o.User == "" && o.Password != "" {
		return o, &usageError{"a password for the node was given, but no user", "--rpc-user NAME"}
	}
	return o, nil
}

// secret returns the first line of the file that --NAME-file names, else the variable of NAME.
func secret(w *world, c *cli.Context, name string) (string, error) {
	flag := name + "-file"
	file := c.String(flag)
	if file == "" {
		return w.getenv((&option{name: name}).env()), nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("--%s: %w", flag, err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSuffix(first, "\r"), nil
}
