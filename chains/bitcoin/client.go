package bitcoin

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
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"clew/chains"
)

// client asks one node, over REST and JSON-RPC. Requests are bounded in time and in the
// size of their answers; passing faults are asked again with growing pauses. Safe for
// concurrent use.
type client struct {
	base    *url.URL // without user and password
	http    *http.Client
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
	lastID    atomic.Int64               // of a request by JSON-RPC: an answer must have the id of its request
	breaks    atomic.Int64               // how often a connection failed: something else may answer since
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
	u, err := c.findProxy(&http.Request{URL: c.base})
	if err != nil || u == nil { // requests would have failed with err
		return ""
	}
	return u.Scheme + "://" + u.Host
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

// answer is what came back whole.
type answer struct {
	status int
	body   []byte
	lent   *[]byte // where body comes from; nil where it is the caller's own
}

// bodies are buffers of answers that are read through and dropped: JSON of a block has five
// times its size.
var bodies = sync.Pool{New: func() any { return new([]byte) }}

// free gives the body back, where it was lent.
func (a answer) free() {
	if a.lent != nil {
		*a.lent = a.body
		bodies.Put(a.lent)
	}
}

// get asks the REST interface once, with path below the node's URL. The body is the caller's.
func (c *client) get(ctx context.Context, path string, limit int64) (answer, error) {
	return c.once(ctx, http.MethodGet, c.base.JoinPath(path).String(), nil, limit)
}

// post sends a JSON-RPC request once. The body is lent: see free.
func (c *client) post(ctx context.Context, body []byte, limit int64) (answer, error) {
	return c.once(ctx, http.MethodPost, c.base.String(), body, limit)
}

// once sends one request and reads at most limit bytes of the answer. Refusals that mean the
// same for every request come back as errors; other statuses are the caller's.
func (c *client) once(ctx context.Context, method, target string, body []byte, limit int64) (answer, error) {
	if err := c.pace.wait(ctx); err != nil {
		return answer{}, fmt.Errorf("%s: %w", c, err)
	}
	bounded, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(bounded, method, target, bytes.NewReader(body))
	if err != nil {
		return answer{}, fmt.Errorf("%s: request: %w", c, bare(err))
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	used := c.creds.sign(req)
	defer c.remind()()
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, c.broken(ctx, err)
	}
	defer func() { _ = res.Body.Close() }() // the answer is whole or an error by then
	a := answer{status: res.StatusCode}
	if method == http.MethodPost {
		a.lent = bodies.Get().(*[]byte)
		a.body = (*a.lent)[:0]
	}
	a.body, err = readBody(res, a.body, limit)
	if errors.Is(err, chains.ErrBadAnswer) {
		return answer{}, fmt.Errorf("%s: %w", c, err)
	}
	if err != nil {
		return answer{}, c.broken(ctx, err)
	}
	c.answered.Store(true)
	return a, c.refusal(res, a.body, used)
}

// readBody reads the whole body into buffer, or into one of the right size where that is
// nil. A body of more than limit bytes is chains.ErrBadAnswer.
func readBody(res *http.Response, buffer []byte, limit int64) ([]byte, error) {
	tooLong := fmt.Errorf("an answer of more than %d bytes: %w", limit, chains.ErrBadAnswer)
	if res.ContentLength > limit {
		return nil, tooLong
	}
	if res.ContentLength >= 0 && buffer == nil {
		buffer = make([]byte, 0, res.ContentLength+1) // one more finds the end without growing
	}
	in := io.LimitReader(res.Body, limit+1)
	for {
		if len(buffer) == cap(buffer) {
			// What the node announces is not believed before it has sent a part of it.
			buffer = slices.Grow(buffer, max(len(buffer), 64<<10))
		}
		n, err := in.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		switch {
		case int64(len(buffer)) > limit:
			return nil, tooLong
		case errors.Is(err, io.EOF) && int64(len(buffer)) < res.ContentLength:
			return nil, io.ErrUnexpectedEOF
		case errors.Is(err, io.EOF):
			return buffer, nil
		case err != nil:
			return nil, err
		}
	}
}

// refusal turns the statuses that do not depend on the question into errors.
func (c *client) refusal(res *http.Response, body []byte, used string) error {
	switch res.StatusCode {
	case http.StatusUnauthorized:
		return c.unauthorized(used)
	case http.StatusForbidden:
		return fmt.Errorf("%s: %w: status 403: this address or this call is not allowed (bitcoind's options -rpcallowip and -rpcwhitelist)",
			c, chains.ErrUnauthorized)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return &passing{fmt.Errorf("%s: %w: status %d: %s", c, chains.ErrRateLimited, res.StatusCode, excerpt(body)),
			retryAfter(res.Header.Get("Retry-After"), time.Now())}
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return &passing{err: fmt.Errorf("%s: %w: status %d", c.reached(), chains.ErrUnreachable, res.StatusCode)}
	case http.StatusProxyAuthRequired:
		return c.unreachable(wayProxy, "status 407: the proxy wants a user and a password (http://USER:PASSWORD@HOST:PORT in its variable)")
	}
	return nil
}

// unauthorized is passing where the cookie file has changed since: a restarted node writes
// a new one.
func (c *client) unauthorized(used string) error {
	var err error = &AdvisedError{fmt.Errorf("%s: %w (%s)", c, chains.ErrUnauthorized, c.creds.advice()), wayCookie}
	if c.creds.reload(used) {
		return &passing{err: err}
	}
	return err
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
		return fmt.Errorf("%s: %w: connection refused (is the node running, with -server=1, on this port?)", c.reached(), chains.ErrUnreachable)
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return &passing{err: fmt.Errorf("%s: %w: %w", c.reached(), chains.ErrUnreachable, err)}
	}
	return fmt.Errorf("%s: %w: %w", c.reached(), chains.ErrUnreachable, err)
}

// bare takes the URL off an error of net/url and net/http.
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
