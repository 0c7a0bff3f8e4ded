package evm

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"

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

// unreachable returns an error of transport with its way out.
func (c *client) unreachable(way string, format string, args ...any) error {
	return &AdvisedError{fmt.Errorf("%s: %w: %w", c.reached(), chains.ErrUnreachable, fmt.Errorf(format, args...)), way}
}

// reached names the node in messages about the way to it, with the proxy on it.
func (c *client) reached() string {
	proxy := c.proxy()
	if proxy == "" {
		return c.String()
	}
	return fmt.Sprintf("%s, through the proxy %s%s", c, proxy, c.proxyVariable())
}

// proxyVariable returns the variable that names the proxy, in brackets; "" where none does.
func (c *client) proxyVariable() string {
	if c.proxyFrom == nil {
		return ""
	}
	return " (" + c.proxyFrom(c.httpURL().Scheme) + ")"
}

const (
	wayHTTPS       = "if the node speaks TLS, write https:// (or wss://) in --rpc"
	wayHTTP        = "if the node speaks no TLS, write http:// (or ws://) in --rpc"
	wayCA          = "name the certificate that signed the node's with --rpc-ca FILE"
	wayHung        = "something is there but does not answer: wait longer with --rpc-timeout SECONDS, or see what the node is doing"
	wayProxy       = "correct the proxy's variable, or name the node's host in NO_PROXY"
	waySocket      = "write http:// (or https://) in --rpc, or see whether the node's WebSocket is on (geth: --ws) and on this port"
	wayCredentials = "give what the node wants to see: a key in the URL or in CLEW_RPC_HEADER (NAME: VALUE), --rpc-user and CLEW_RPC_PASSWORD, or --rpc-jwt FILE"
)

// advised returns what a failure of transport means where its cause tells a way out; nil for
// any other.
func (c *client) advised(err error) error {
	if certificate, is := errors.AsType[*tls.CertificateVerificationError](err); is {
		return c.unreachable(wayCA, "%w", certificate.Err)
	}
	if _, is := errors.AsType[tls.RecordHeaderError](err); is || errors.Is(err, http.ErrSchemeMismatch) {
		return c.unreachable(wayHTTP, "what answers speaks no TLS")
	}
	if timeout, is := errors.AsType[net.Error](err); is && timeout.Timeout() {
		return c.unreachable(wayHung, "no whole answer within %s (--rpc-timeout)", c.timeout)
	}
	if op, is := errors.AsType[*net.OpError](err); is && (op.Op == "proxyconnect" || op.Op == "socks connect") {
		return c.unreachable(wayProxy, "the proxy cannot be used: %w", op.Err)
	}
	return nil
}
