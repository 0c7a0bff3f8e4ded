// Package rpc asks a node by JSON-RPC over HTTP or a WebSocket, and over plain HTTP beside it.
// Requests are bounded in time, in rate and in the size of their answers; passing faults are asked
// again; no answer is taken that is not the request's; what a node refuses becomes the sentinels
// of package chains, with a way out for a person where there is one.
//
// It knows no chain: what the codes and words of a refusal mean, and what a person is told to
// do about it, is the Dialect of a family of nodes; the Login may be a family's own too.
//
// Start reading at Client.once (client.go), the one place where a request is sent.
//
// It is our own and not go-ethereum's rpc.Client nor btcd's rpcclient: the former over HTTP
// compares no ids, bounds no answer in size, and scans each result twice before it is decoded a
// third time; the latter does not read what all nodes of its family answer.
package rpc

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"

	"clew/chains"
)

// Options say how to reach a node of any family. The zero value serves one on this machine.
type Options struct {
	// User and Password are for a node that asks for them. They win over those in the URL.
	User, Password string
	// CAFile holds certificates in PEM that may sign the node's, beside the system's.
	CAFile string
	// Proxy returns the proxy of a request (http, https or socks5), nil for none. A nil
	// function means that there is none.
	Proxy func(*http.Request) (*url.URL, error)
	// ProxyFrom names the variable that Proxy follows for a node's scheme; nil: none.
	ProxyFrom func(scheme string) string
	// Header is one more header of each request, NAME: VALUE, as services want it that ask
	// for a key.
	Header string
	// Rate is how many requests a second are sent at most, a batch counting as one; 0 means
	// any number.
	Rate int
	// Timeout bounds one request with its answer; 0 means one minute.
	Timeout time.Duration
	// Log is told when an answer is long in coming, and when a request is repeated; nil: nobody.
	Log *slog.Logger
	// Retries is how often a request is repeated after a passing fault (connection broken,
	// work queue full, too many requests, node starting); 0 means 7, which lasts about ten
	// seconds, and a negative number never.
	Retries int
	// Hasty: a refused connection is not tried again, as there are other nodes to ask.
	Hasty bool
	// Backoff is the first pause before repeating, doubled each time; 0 means 100 ms.
	Backoff time.Duration
	// Connections is how many idle connections are kept: as many as there are requests in
	// flight. 0 means 16.
	Connections int
}

// Dialect is what the nodes of one family do not share with others: how they answer, and what a
// person is told about them.
type Dialect struct {
	Version string // of JSON-RPC, in each request
	Nulls   bool   // null is an answer: there is no such thing. Else it is chains.ErrBadAnswer
	// Meaning returns the sentinel that an error of a node means, by its code and its words, or
	// by status 413 and 504, or by the words alone of a refused request (code 0); nil where it
	// is an error of its own. What is chains.ErrUnreachable or ErrRateLimited is asked again,
	// what is ErrTooMuch in smaller batches.
	Meaning func(code int, words string) error
	// For a person, in words of the command line:
	Serve       string // what the node must be running with to answer
	Certificate string // where a node keeps its own certificate; "" where it has none
	Login       string // the way out of refused credentials
	Forbidden   string // what status 403 means; "": the same as 401
}

// ParseURL reads the address of a node as a person writes it: SCHEME://HOST:PORT/PATH with one
// of the schemes, of which the first is meant where none is named. An error does not show the
// text, which may hold a password or a key.
func ParseURL(address string, schemes ...string) (*url.URL, error) {
	if !strings.Contains(address, "://") {
		address = schemes[0] + "://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || !slices.Contains(schemes, u.Scheme) {
		return nil, fmt.Errorf("the node's URL cannot be read: want %s://HOST:PORT, or %s", schemes[0], strings.Join(schemes[1:], ", "))
	}
	return u, nil
}

// New returns a client of the node at u, over a WebSocket where the scheme is ws or wss. Nothing
// is asked yet. login is nil where none was given; user and password in u are not looked at.
func New(u *url.URL, login Login, d Dialect, o Options) (*Client, error) {
	transport, err := newTransport(u, o)
	if err != nil {
		return nil, err
	}
	base := *u
	base.User, base.Fragment = nil, ""
	c := &Client{
		base: &base, login: login, dialect: d, timeout: o.Timeout, retries: o.Retries, backoff: o.Backoff,
		pace: newPace(o.Rate), log: o.Log, findProxy: o.Proxy, proxyFrom: o.ProxyFrom, hasty: o.Hasty,
	}
	if c.headerName, c.headerValue, err = parseHeader(o.Header); err != nil {
		return nil, err
	}
	c.setDefaults()
	if c.findProxy != nil {
		if _, err := c.findProxy(&http.Request{URL: c.httpURL()}); err != nil {
			return nil, fmt.Errorf("%s: the proxy on the way: %w", c, err)
		}
	}
	c.http = &http.Client{
		Transport: transport,
		// A redirect would carry the credentials elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if strings.HasPrefix(u.Scheme, "ws") {
		c.sockets = &sockets{c: c, idle: make(chan *websocket.Conn, transport.MaxIdleConns)}
	}
	return c, nil
}

func (c *Client) setDefaults() {
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.timeout == 0 {
		c.timeout = time.Minute
	}
	c.remark = min(remarkAfter, c.timeout/2)
	if c.retries == 0 {
		c.retries = 7
	}
	if c.backoff == 0 {
		c.backoff = 100 * time.Millisecond
	}
}

func newTransport(u *url.URL, o Options) (*http.Transport, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = o.Proxy
	t.MaxIdleConnsPerHost = o.Connections
	if o.Connections == 0 {
		t.MaxIdleConnsPerHost = 16
	}
	t.MaxIdleConns = t.MaxIdleConnsPerHost
	t.DisableCompression = IsLoopback(u.Hostname()) // hex shrinks to a third, at a price that a wire pays and a loopback does not
	t.ReadBufferSize = 64 << 10
	// A btcd closes the connection after each answer: a session that goes on spares it, and us,
	// the signature of its certificate.
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(0)}
	if o.CAFile == "" {
		return t, nil
	}
	text, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("certificates of the node's authority: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("certificates of this system: %w", err)
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("certificates of the node's authority: %s holds none in PEM", o.CAFile)
	}
	t.TLSClientConfig.RootCAs = pool
	return t, nil
}

// IsLoopback reports whether host is this machine.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Errors that adapters branch on, beside those of package chains.
var (
	// ErrTooMuch: the node refuses the question or its answer as too large, too many or too slow.
	ErrTooMuch = errors.New("too much for the node")
	// ErrNotReady: the node is starting, or making ready what would answer. It is asked again.
	ErrNotReady = fmt.Errorf("%w: it is not ready", chains.ErrUnreachable)
)
