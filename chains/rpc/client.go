package rpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"clew/chains"
)

// Client asks one node. Safe for concurrent use: as many requests are in flight as there are
// callers. Errors name the node by scheme and host alone.
type Client struct {
	base    *url.URL // without user and password
	http    *http.Client
	sockets *sockets // nil over HTTP
	dialect Dialect
	login   Login // nil for none
	// headerName and headerValue are one more header of each request; "" for none.
	headerName, headerValue string
	timeout                 time.Duration
	retries                 int
	backoff                 time.Duration
	pace                    *pace
	log                     *slog.Logger
	remark                  time.Duration // how long a request may take before the log says so
	// findProxy returns the proxy that a request goes through, nil for none; the function may be nil.
	findProxy func(*http.Request) (*url.URL, error)
	proxyFrom func(scheme string) string // the variable that names it; nil: none does
	hasty     bool                       // a refused connection is final: another node can be asked
	lastID    atomic.Int64               // of a request: an answer must have the id of its request
	breaks    atomic.Int64               // how often a connection failed: something else may answer since
	sure      atomic.Int64               // breaks when Sure last found nothing wrong
	most      atomic.Int64               // calls in a batch that were not refused as too many; see Batches
	// answered is set once the node has answered: from then on a refused connection is a
	// restart, and passing.
	answered atomic.Bool
}

// String names the node in messages: no path, which may hold a key, and no credentials.
func (c *Client) String() string { return c.base.Scheme + "://" + c.base.Host }

// BySocket reports whether the node is asked over a WebSocket.
func (c *Client) BySocket() bool { return c.sockets != nil }

// Proxy returns the proxy on the way to the node, without credentials; "" for none.
func (c *Client) Proxy() string {
	if c.findProxy == nil {
		return ""
	}
	u, err := c.findProxy(&http.Request{URL: c.httpURL()})
	if err != nil || u == nil { // requests would have failed with err
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// Close ends the connections that are kept.
func (c *Client) Close() {
	if c.sockets != nil {
		c.sockets.close()
	}
	c.http.CloseIdleConnections()
}

// Sure calls check if a connection has failed since check last returned nil: what answers now
// may be another node.
func (c *Client) Sure(ctx context.Context, check func(context.Context) error) error {
	breaks := c.breaks.Load()
	if c.sure.Load() == breaks {
		return nil
	}
	if err := check(ctx); err != nil {
		return err
	}
	c.sure.Store(breaks)
	return nil
}

// httpURL returns the node's URL as that of a request: a WebSocket begins with one.
func (c *Client) httpURL() *url.URL {
	u := *c.base
	u.Scheme = strings.Replace(u.Scheme, "ws", "http", 1)
	return &u
}

// Bounds of a pause between two attempts.
const (
	maxPause    = 5 * time.Second
	maxAskPause = 60 * time.Second // the longest pause that a node may ask for
)

// passing marks an error that may be gone at the next attempt.
type passing struct {
	err   error
	pause time.Duration // what the node asked for, 0 for none
}

func (p *passing) Error() string { return p.err.Error() }
func (p *passing) Unwrap() error { return p.err }

// Retry calls ask until it succeeds, fails for good, or has failed as often as allowed.
// Every wait ends with ctx. It is for what asks by Get; calls are repeated by themselves.
func (c *Client) Retry(ctx context.Context, ask func(context.Context) error) error {
	for attempt := 0; ; attempt++ {
		err := ask(ctx)
		var p *passing
		if err == nil || !errors.As(err, &p) {
			return err
		}
		if attempt >= c.retries {
			if attempt == 0 {
				return p.err
			}
			return fmt.Errorf("%w (asked %d times)", p.err, attempt+1)
		}
		pause := min(c.backoff<<min(attempt, 20), maxPause)
		jitter := rand.N(pause/2 + 1) //nolint:gosec // spreads requests, keeps no secret
		pause = max(pause/2+jitter, min(p.pause, maxAskPause))
		if p.pause > 0 {
			c.pace.hold(time.Now().Add(pause)) // the node has asked it of all of us
		}
		c.log.Info("asking the node again", "node", c.String(), "in", pause, "why", p.err)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%w, while waiting to ask again: %w", p.err, context.Cause(ctx))
		case <-timer.C:
		}
	}
}

// Answer is what came back whole.
type Answer struct {
	Status int
	Body   []byte
	lent   *[]byte // where Body comes from; nil where it is the caller's own
}

// bodies are buffers of answers that are read through and dropped: JSON of a block has several
// times its size.
var bodies = sync.Pool{New: func() any { return new([]byte) }}

// free gives the body back, where it was lent. Nothing that was decoded from it shares its memory.
func (a Answer) free() {
	if a.lent != nil {
		*a.lent = a.Body
		bodies.Put(a.lent)
	}
}

// Get asks once over HTTP for what is at path below the node's URL, of at most limit bytes. The
// body is the caller's. A passing fault is one for Retry.
func (c *Client) Get(ctx context.Context, path string, limit int64) (Answer, error) {
	return c.once(ctx, http.MethodGet, c.base.JoinPath(path).String(), nil, limit)
}

// post sends a JSON-RPC request once. The body is lent: see free.
func (c *Client) post(ctx context.Context, body []byte, limit int64) (Answer, error) {
	return c.once(ctx, http.MethodPost, c.base.String(), body, limit)
}

// once sends one request and reads at most limit bytes of the answer. Refusals that mean the
// same for every request come back as errors; other statuses are the caller's.
func (c *Client) once(ctx context.Context, method, target string, body []byte, limit int64) (Answer, error) {
	if err := c.pace.wait(ctx); err != nil {
		return Answer{}, fmt.Errorf("%s: %w", c, err)
	}
	bounded, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	defer c.remind()()
	var a Answer
	var err error
	if c.sockets != nil {
		a, err = c.sockets.exchange(bounded, body, limit)
	} else {
		a, err = c.exchange(bounded, method, target, body, limit)
	}
	switch {
	case err == nil:
		c.answered.Store(true)
		return a, nil
	case errors.Is(err, errSaid):
		c.answered.Store(true)
		return a, err
	case errors.Is(err, chains.ErrBadAnswer):
		return a, fmt.Errorf("%s: %w", c, err)
	}
	return a, c.broken(ctx, err)
}

// exchange asks over HTTP.
func (c *Client) exchange(ctx context.Context, method, target string, body []byte, limit int64) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	used := c.sign(req.Header)
	res, err := c.http.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = res.Body.Close() }() // the answer is whole or an error by then
	a := Answer{Status: res.StatusCode}
	if method == http.MethodPost {
		a.lent = bodies.Get().(*[]byte)
		a.Body = (*a.lent)[:0]
	}
	a.Body, err = readBody(res.Body, a.Body, res.ContentLength, limit)
	if err != nil {
		return Answer{}, err
	}
	if err := c.refusal(res, a.Body, used); err != nil {
		a.free()
		return Answer{}, said{err}
	}
	return a, nil
}

// readBody reads all of in into buffer, or into one of the right size where that is nil. length
// is what the sender announces, −1 for nothing. A body of more than limit bytes is
// chains.ErrBadAnswer.
func readBody(in io.Reader, buffer []byte, length, limit int64) ([]byte, error) {
	tooLong := fmt.Errorf("an answer of more than %d bytes: %w", limit, chains.ErrBadAnswer)
	if length > limit {
		return nil, tooLong
	}
	if length >= 0 && buffer == nil {
		buffer = make([]byte, 0, length+1) // one more finds the end without growing
	}
	in = io.LimitReader(in, limit+1)
	for {
		if len(buffer) == cap(buffer) {
			// What the node announces is not believed before it has sent a part of it.
			larger := make([]byte, len(buffer), max(2*len(buffer), 64<<10))
			copy(larger, buffer)
			buffer = larger
		}
		n, err := in.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		switch {
		case int64(len(buffer)) > limit:
			return nil, tooLong
		case errors.Is(err, io.EOF) && int64(len(buffer)) < length:
			return nil, io.ErrUnexpectedEOF
		case errors.Is(err, io.EOF):
			return buffer, nil
		case err != nil:
			return nil, err
		}
	}
}
