package rpc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"clew/chains"
)

// AdvisedError is an error with the way out for a person, in words of the command line.
type AdvisedError struct {
	Err error
	Way string
}

func (e *AdvisedError) Error() string { return e.Err.Error() }
func (e *AdvisedError) Unwrap() error { return e.Err }

// Advice returns the way out.
func (e *AdvisedError) Advice() string { return e.Way }

const (
	wayHung   = "something is there but does not answer: wait longer with --rpc-timeout SECONDS, or see what the node is doing"
	wayProxy  = "correct the proxy's variable, or name the node's host in NO_PROXY"
	waySocket = "write http:// (or https://) in --rpc, or see whether the node's WebSocket is on (geth: --ws) and on this port"
)

// waySecure is the way out where the node speaks TLS and --rpc says that it does not.
func (c *Client) waySecure() string {
	return "if the node speaks TLS, write " + c.base.Scheme + "s:// in --rpc"
}

// wayPlain is the way out where it is the other way round.
func (c *Client) wayPlain() string {
	return "if the node speaks no TLS, write " + strings.TrimSuffix(c.base.Scheme, "s") + ":// in --rpc"
}

// unreachable returns an error of transport with its way out.
func (c *Client) unreachable(way string, format string, args ...any) error {
	return &AdvisedError{fmt.Errorf("%s: %w: %w", c.reached(), chains.ErrUnreachable, fmt.Errorf(format, args...)), way}
}

// reached names the node in messages about the way to it, with the proxy on it and the variable
// that names that.
func (c *Client) reached() string {
	proxy := c.Proxy()
	if proxy == "" {
		return c.String()
	}
	variable := ""
	if c.proxyFrom != nil {
		variable = " (" + c.proxyFrom(c.httpURL().Scheme) + ")"
	}
	return fmt.Sprintf("%s, through the proxy %s%s", c, proxy, variable)
}

// errSaid marks a refusal by the transport that is an error with its words already.
var errSaid = errors.New("refused")

// said is such a refusal.
type said struct{ error }

func (s said) Unwrap() []error { return []error{s.error, errSaid} }

// refusal turns the statuses that do not depend on the question into errors. used is what the
// request was signed with.
func (c *Client) refusal(res *http.Response, body []byte, used string) error {
	switch res.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		if c.dialect.Meaning(0, string(body)) == nil { // else the body says what is meant
			return c.unauthorized(res.StatusCode, body, used)
		}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return &passing{fmt.Errorf("%s: %w: status %d: %s", c, chains.ErrRateLimited, res.StatusCode, Excerpt(body)),
			retryAfter(res.Header.Get("Retry-After"), time.Now())}
	case http.StatusRequestEntityTooLarge, http.StatusGatewayTimeout:
		if what := c.dialect.Meaning(res.StatusCode, ""); what != nil {
			return fmt.Errorf("%s: %w: status %d", c, what, res.StatusCode)
		}
	case http.StatusProxyAuthRequired:
		return c.unreachable(wayProxy, "status 407: the proxy wants a user and a password (http://USER:PASSWORD@HOST:PORT in its variable)")
	}
	if res.StatusCode == http.StatusBadGateway || res.StatusCode == http.StatusGatewayTimeout {
		return &passing{err: fmt.Errorf("%s: %w: status %d", c.reached(), chains.ErrUnreachable, res.StatusCode)}
	}
	return nil
}

// unauthorized is passing where there are other credentials by now: a bitcoind that is started
// again writes a new cookie.
func (c *Client) unauthorized(status int, body []byte, used string) error {
	if status == http.StatusForbidden && c.dialect.Forbidden != "" {
		return fmt.Errorf("%s: %w: status %d: %s", c, chains.ErrUnauthorized, status, c.dialect.Forbidden)
	}
	words := ""
	if text := Excerpt(body); text != "" {
		words = ": " + text
	}
	var err error = &AdvisedError{fmt.Errorf("%s: %w: status %d%s (%s)", c, chains.ErrUnauthorized,
		status, words, c.loginAdvice()), c.dialect.Login}
	if c.login != nil && c.login.Renewed(used) {
		return &passing{err: err}
	}
	return err
}

// broken turns a failure of transport into an error without URL or credentials.
func (c *Client) broken(ctx context.Context, err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok { // which may hold a key
		err = u.Err
	}
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
		return fmt.Errorf("%s: %w: connection refused (is the node running, with %s, on this port?)",
			c.reached(), chains.ErrUnreachable, c.dialect.Serve)
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return &passing{err: fmt.Errorf("%s: %w: %w", c.reached(), chains.ErrUnreachable, err)}
	}
	return fmt.Errorf("%s: %w: %w", c.reached(), chains.ErrUnreachable, err)
}

// Broken reports whether err of Get is that of a connection which ended without an answer, so
// that it may be gone at the next attempt.
func Broken(err error) bool {
	_, is := errors.AsType[*passing](err)
	return is && errors.Is(err, chains.ErrUnreachable)
}

// advised returns what a failure of transport means where its cause tells a way out; nil for
// any other.
func (c *Client) advised(err error) error {
	if certificate, is := errors.AsType[*tls.CertificateVerificationError](err); is {
		way := "name the certificate that signed the node's with --rpc-ca FILE"
		if c.dialect.Certificate != "" {
			way += " (" + c.dialect.Certificate + ")"
		}
		return c.unreachable(way, "%w", certificate.Err)
	}
	if _, is := errors.AsType[tls.RecordHeaderError](err); is || errors.Is(err, http.ErrSchemeMismatch) {
		return c.unreachable(c.wayPlain(), "what answers speaks no TLS")
	}
	if timeout, is := errors.AsType[net.Error](err); is && timeout.Timeout() {
		return c.unreachable(wayHung, "no whole answer within %s (--rpc-timeout)", c.timeout)
	}
	if op, is := errors.AsType[*net.OpError](err); is && (op.Op == "proxyconnect" || op.Op == "socks connect") {
		return c.unreachable(wayProxy, "the proxy cannot be used: %w", op.Err)
	}
	return nil
}

// Excerpt returns the first printable characters of what a node says, for a message.
func Excerpt(text []byte) string {
	const most = 200
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return ' '
		}
		return r
	}, string(text[:min(len(text), most)])))
}
