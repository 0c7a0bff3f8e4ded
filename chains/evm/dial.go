package evm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"clew/chains"
)

// Options of Dial. The zero value serves a node on this machine.
type Options struct {
	// User and Password are for a node behind something that asks for them. They win over those
	// in the URL.
	User, Password string
	// JWTFile holds the secret that the node shares with its callers, 64 hex digits: each
	// request then carries a token signed with it.
	JWTFile string
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
	// too many requests); 0 means 7, which lasts about ten seconds, and a negative number never.
	Retries int
	// Hasty: a refused connection is not tried again, as there are other nodes to ask.
	Hasty bool
	// Backoff is the first pause before repeating, doubled each time; 0 means 100 ms.
	Backoff time.Duration
	// Wrapped are contracts beside the known ones whose token is the native coin one to one, told
	// by Deposit and Withdrawal as WETH9 does.
	Wrapped []common.Address
	// Connections is how many idle connections are kept: as many as there are requests in
	// flight. 0 means 16: a block is asked for in three requests.
	Connections int
}

// Node is a node of a chain of accounts. All methods are safe for concurrent use, and as many
// requests are in flight as there are callers. Errors name the node by scheme and host alone.
// A Node dialled over a WebSocket holds connections until Close.
type Node struct {
	client  *client
	chain   chains.Chain
	id      uint64
	genesis chains.BlockHash
	decoder *Decoder
	offers  offered
	window  window // how many blocks a search of logs takes, learned from what is refused
	// sure is the client's breaks at which the network was last found to be the same.
	sure atomic.Int64
}

// Dial asks the node at address (http://HOST:PORT/PATH, https, ws and wss too, or HOST:PORT)
// what it is and what it offers. It must be of chain; "" takes any, and Node.Chain tells which.
//
// Errors: chains.ErrWrongChain with what the node is, ErrUnauthorized, ErrUnreachable,
// ErrRateLimited, ErrUnknownChain where chain is none of accounts.
func Dial(ctx context.Context, chain chains.Chain, address string, o Options) (*Node, error) {
	if chain != "" && chain.Info().Family != chains.FamilyEVM {
		return nil, fmt.Errorf("%s is no chain of accounts: %w", chain, chains.ErrUnknownChain)
	}
	c, err := newClient(address, o)
	if err != nil {
		return nil, err
	}
	n := &Node{client: c}
	if err := n.recognise(ctx, chain); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	n.decoder = NewDecoder(n.chain, o.Wrapped...)
	if n.offers, err = n.probe(ctx); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// Close ends the connections that are kept. It returns nil.
func (n *Node) Close() error {
	if n.client.sockets != nil {
		n.client.sockets.close()
	}
	n.client.http.CloseIdleConnections()
	return nil
}

// recognise tells the chain by the node's own id for it, and keeps block 0.
func (n *Node) recognise(ctx context.Context, asked chains.Chain) error {
	id, err := n.askChainID(ctx)
	if err != nil {
		return fmt.Errorf("ask which chain the node is of: %w", err)
	}
	n.id, n.chain = id, chains.EVM(id)
	if asked != "" && asked != n.chain {
		return fmt.Errorf("%s: the node is of %s, not of %s: %w", n.client, n.chain, asked, chains.ErrWrongChain)
	}
	n.genesis, err = n.hashAt(ctx, 0)
	if errors.Is(err, chains.ErrNotFound) || errors.Is(err, chains.ErrUnsupported) { // it has forgotten its first blocks
		return nil
	}
	if err != nil {
		return fmt.Errorf("ask which chain the node is of: %w", err)
	}
	return nil
}

func (n *Node) askChainID(ctx context.Context) (uint64, error) {
	var id hexutil.Uint64
	if err := n.client.call(ctx, smallAnswer, &id, "eth_chainId"); err != nil {
		return 0, err
	}
	if id == 0 {
		return 0, fmt.Errorf("%s: a chain without an id: %w", n.client, chains.ErrBadAnswer)
	}
	return uint64(id), nil
}

// sameNetwork is chains.ErrWrongChain where another network answers since a connection failed:
// a node that was started again may be another one.
func (n *Node) sameNetwork(ctx context.Context) error {
	breaks := n.client.breaks.Load()
	if n.sure.Load() == breaks {
		return nil
	}
	if err := n.checkNetwork(ctx); err != nil {
		return err
	}
	n.sure.Store(breaks)
	return nil
}

// checkNetwork is chains.ErrWrongChain where the chain's id or block 0 is another one by now.
func (n *Node) checkNetwork(ctx context.Context) error {
	id, err := n.askChainID(ctx)
	if err != nil {
		return fmt.Errorf("ask again which chain the node is of: %w", err)
	}
	if id != n.id {
		return fmt.Errorf("%s: the node was of %s when it was reached, and is of %s now: %w",
			n.client, n.chain, chains.EVM(id), chains.ErrWrongChain)
	}
	if n.genesis == (chains.BlockHash{}) {
		return nil
	}
	genesis, err := n.hashAt(ctx, 0)
	if err != nil {
		return fmt.Errorf("ask again which chain the node is of: %w", err)
	}
	if genesis != n.genesis {
		return fmt.Errorf("%s: the node was of %s when it was reached, and has another block 0 now, %s: %w",
			n.client, n.chain, common.Hash(genesis), chains.ErrWrongChain)
	}
	return nil
}

// newClient makes the client of Dial from what a person wrote.
func newClient(address string, o Options) (*client, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || !strings.Contains(" http https ws wss ", " "+u.Scheme+" ") {
		// Not the text itself: it may hold a key.
		return nil, errors.New("the node's URL cannot be read: want http://HOST:PORT, or https, ws or wss")
	}
	creds, err := newCredentials(u, o)
	if err != nil {
		return nil, err
	}
	transport, err := newTransport(u, o)
	if err != nil {
		return nil, err
	}
	base := *u
	base.User, base.Fragment = nil, ""
	c := &client{
		base: &base, creds: creds, timeout: o.Timeout, retries: o.Retries, backoff: o.Backoff,
		pace: newPace(o.Rate), log: o.Log, proxyFrom: o.ProxyFrom, hasty: o.Hasty,
	}
	c.setDefaults()
	if c.findProxy = transport.Proxy; c.findProxy != nil {
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

func (c *client) setDefaults() {
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
	t.DisableCompression = isLoopback(u.Hostname()) // hex shrinks to a third, at a price that a wire pays and a loopback does not
	t.ReadBufferSize = 64 << 10
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

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
