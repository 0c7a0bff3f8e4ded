package evm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"clew/chains"
)

// client asks one node by JSON-RPC, over HTTP or a WebSocket. Requests are bounded in time and
// in the size of their answers; passing faults are asked again with growing pauses. Safe for
// concurrent use.
//
// It is our own and not go-ethereum's rpc.Client, which over HTTP compares no ids, bounds no
// answer in size, and scans each result twice before it is decoded a third time.
type client struct {
	base    *url.URL // without user and password
	http    *http.Client
	sockets *sockets // nil over HTTP
	creds   *credentials
	timeout time.Duration
	retries int
	backoff time.Duration
	pace    *pace
	log     *slog.Logger
	remark  time.Duration // how long a request may take before the log says so
	// findProxy returns the proxy that a request goes through, nil for none; the function may be nil.
	findProxy func(*http.Request) (*url.URL, error)
	proxyFrom func(scheme string) string // the variable that names it; nil: none does
	hasty     bool                       // a refused connection is final: another node can be asked
	lastID    atomic.Int64               // of a request: an answer must have the id of its request
	breaks    atomic.Int64               // how often a connection failed: something else may answer since
	most      atomic.Int64               // calls in a batch that were not refused as too many; see batches
	// answered is set once the node has answered: from then on a refused connection is a
	// restart, and passing.
	answered atomic.Bool
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

// String names the node in messages: no path, which may hold a key, and no credentials.
func (c *client) String() string { return c.base.Scheme + "://" + c.base.Host }

// proxy returns the proxy on the way to the node, without credentials; "" for none.
func (c *client) proxy() string {
	if c.findProxy == nil {
		return ""
	}
	u, err := c.findProxy(&http.Request{URL: c.httpURL()})
	if err != nil || u == nil { // requests would have failed with err
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// httpURL returns the node's URL as that of a request: a WebSocket begins with one.
func (c *client) httpURL() *url.URL {
	u := *c.base
	u.Scheme = strings.Replace(u.Scheme, "ws", "http", 1)
	return &u
}

// retry calls ask until it succeeds, fails for good, or has failed as often as allowed.
// Every wait ends with ctx.
func (c *client) retry(ctx context.Context, ask func(context.Context) error) error {
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

// answer is what came back whole. Its body is lent: see free.
type answer struct {
	status int
	body   []byte
	lent   *[]byte
}

// bodies are buffers of answers that are read through and dropped.
var bodies = sync.Pool{New: func() any { return new([]byte) }}

// free gives the body back. Nothing that was decoded from it shares its memory.
func (a answer) free() {
	if a.lent != nil {
		*a.lent = a.body
		bodies.Put(a.lent)
	}
}

// post sends a request once and reads at most limit bytes of the answer. Refusals that mean the
// same for every request come back as errors; other statuses are the caller's.
func (c *client) post(ctx context.Context, body []byte, limit int64) (answer, error) {
	if err := c.pace.wait(ctx); err != nil {
		return answer{}, fmt.Errorf("%s: %w", c, err)
	}
	bounded, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	defer c.remind()()
	var a answer
	var err error
	if c.sockets != nil {
		a, err = c.sockets.exchange(bounded, body, limit)
	} else {
		a, err = c.exchange(bounded, body, limit)
	}
	switch {
	case err == nil:
		c.answered.Store(true)
		return a, nil
	case errors.Is(err, errSaid):
		return a, err
	case errors.Is(err, chains.ErrBadAnswer):
		return a, fmt.Errorf("%s: %w", c, err)
	}
	return a, c.broken(ctx, err)
}

// errSaid marks a refusal by the transport that is an error with its words already.
var errSaid = errors.New("refused")

// said is such a refusal.
type said struct{ error }

func (s said) Unwrap() []error { return []error{s.error, errSaid} }

// exchange asks over HTTP.
func (c *client) exchange(ctx context.Context, body []byte, limit int64) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.String(), bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	c.creds.sign(req.Header, time.Now())
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }() // the answer is whole or an error by then
	a := answer{status: res.StatusCode, lent: bodies.Get().(*[]byte)}
	a.body, err = readBody(res.Body, (*a.lent)[:0], res.ContentLength, limit)
	if err != nil {
		return answer{}, err
	}
	if err := c.refusal(res, a.body); err != nil {
		defer a.free()
		return answer{}, said{err}
	}
	return a, nil
}

// readBody reads all of in into buffer. Length is what the sender announces, −1 for nothing. A
// body of more than limit bytes is chains.ErrBadAnswer.
func readBody(in io.Reader, buffer []byte, length, limit int64) ([]byte, error) {
	tooLong := fmt.Errorf("an answer of more than %d bytes: %w", limit, chains.ErrBadAnswer)
	if length > limit {
		return nil, tooLong
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

// refusal turns the statuses that do not depend on the question into errors.
func (c *client) refusal(res *http.Response, body []byte) error {
	switch res.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		if refusalOf(0, string(body)) != notKnown {
			return nil // the body says what is meant
		}
		return &AdvisedError{fmt.Errorf("%s: %w: status %d: %s (%s)", c, chains.ErrUnauthorized,
			res.StatusCode, excerpt(body), c.creds.advice()), wayCredentials}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return &passing{fmt.Errorf("%s: %w: status %d: %s", c, chains.ErrRateLimited, res.StatusCode, excerpt(body)),
			retryAfter(res.Header.Get("Retry-After"), time.Now())}
	case http.StatusBadGateway:
		return &passing{err: fmt.Errorf("%s: %w: status %d", c.reached(), chains.ErrUnreachable, res.StatusCode)}
	case http.StatusRequestEntityTooLarge, http.StatusGatewayTimeout:
		return fmt.Errorf("%s: %w: status %d", c, errTooMuch, res.StatusCode)
	case http.StatusProxyAuthRequired:
		return c.unreachable(wayProxy, "status 407: the proxy wants a user and a password (http://USER:PASSWORD@HOST:PORT in its variable)")
	}
	return nil
}

// broken turns a failure of transport into an error without URL or credentials.
func (c *client) broken(ctx context.Context, err error) error {
	err = bare(err)
	c.breaks.Add(1)
	advised := c.advised(err)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", c, context.Cause(ctx))
	case errors.Is(err, syscall.ECONNREFUSED) && c.answered.Load() && !c.hasty:
		return &passing{err: fmt.Errorf("%s: %w: %w", c.reached(), chains.ErrUnreachable, err)}
	case advised != nil:
		return advised
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%s: %w: connection refused (is the node running, with its HTTP or WebSocket interface, on this port?)", c.reached(), chains.ErrUnreachable)
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return &passing{err: fmt.Errorf("%s: %w: %w", c.reached(), chains.ErrUnreachable, err)}
	}
	return fmt.Errorf("%s: %w: %w", c.reached(), chains.ErrUnreachable, err)
}

// bare takes the URL, which may hold a key, off an error of net/url and net/http.
func bare(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// excerpt returns the first printable characters of a body for a message.
func excerpt(body []byte) string {
	const most = 200
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return ' '
		}
		return r
	}, string(body[:min(len(body), most)]))
	return strings.TrimSpace(text)
}
