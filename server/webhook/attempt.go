package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"clew/store/journal"
)

// result is how one attempt ended.
type result struct {
	delivered bool
	final     bool          // it will not be better another time
	after     time.Duration // how long the receiver asks us to wait
	why       string        // "" where it was delivered; without path, query and secret of the target
}

// Bounds of an answer, in bytes: of its header, and of the body, which is read so that the
// connection can be used again, and dropped.
const (
	mostHeader = 64 << 10
	mostBody   = 64 << 10
)

// client returns the client for one of the two schemes. A dialer cannot see the scheme, so that
// each has one of its own.
func (o *Options) client(plain bool) *http.Client {
	dialer := &net.Dialer{Timeout: o.Timeout, Control: o.Guard.control(plain)}
	if o.Proxy != nil {
		dialer.Control = nil // it would see the proxy, which the operator named
	}
	return &http.Client{
		Timeout: o.Timeout,
		Transport: &http.Transport{
			Proxy: o.Proxy, DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs},
			TLSHandshakeTimeout: o.Timeout, MaxResponseHeaderBytes: mostHeader,
			MaxIdleConnsPerHost: o.PerEndpoint, IdleConnTimeout: time.Minute, DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// attempt sends a delivery once.
func (s *Sender) attempt(ctx context.Context, e *journal.Endpoint, d *journal.Delivery) result {
	if !e.Removed.IsZero() {
		return result{final: true, why: "the endpoint was removed"}
	}
	if len(e.Secret) < leastSecret {
		return result{final: true, why: "the endpoint has no secret to sign with"}
	}
	if err := s.opt.Guard.CheckURL(e.URL); err != nil {
		return result{why: err.Error()} // the operator may allow it yet
	}
	req, err := s.request(ctx, e, d)
	if err != nil {
		return result{final: true, why: err.Error()}
	}
	client := s.https
	if req.URL.Scheme == "http" {
		client = s.http
	}
	res, err := client.Do(req)
	if err != nil {
		return result{why: shown(req.URL) + ": " + cause(err).Error()}
	}
	defer func() { _ = res.Body.Close() }() // nothing that was in it is used
	_, err = io.CopyN(io.Discard, res.Body, mostBody)
	r := s.judge(res)
	if !r.delivered {
		r.why = shown(req.URL) + ": " + r.why
	} else if err != nil && !errors.Is(err, io.EOF) {
		s.opt.Log.Debug("webhook delivered; the answer's body was cut off", "event", d.ID, "endpoint", d.Endpoint)
	}
	return r
}

// KindTest is the kind of the event that Probe sends.
const KindTest = "webhook.test"

// Probe sends an endpoint one event of kind KindTest now, once, beside the queue. The error says
// why it did not arrive.
func (s *Sender) Probe(ctx context.Context, e journal.Endpoint) error {
	now := s.opt.Now().UTC()
	id := fmt.Sprintf("evt-test-%d", now.UnixNano())
	body, err := json.Marshal(map[string]any{
		"id": id, "type": KindTest, "timestamp": now.Format(time.RFC3339),
		"data": map[string]string{"endpoint": e.ID, "says": "This is a test. Nothing happened."},
	})
	if err != nil {
		return fmt.Errorf("test of webhook endpoint %s: %w", e.ID, err)
	}
	if r := s.attempt(ctx, &e, &journal.Delivery{ID: id, Endpoint: e.ID, Kind: KindTest, Body: body}); !r.delivered {
		return fmt.Errorf("test of webhook endpoint %s: %s: %w", e.ID, r.why, ErrRefused)
	}
	return nil
}

// ErrRefused: what was sent did not arrive, or was not taken.
var ErrRefused = errors.New("not delivered")

func (s *Sender) request(ctx context.Context, e *journal.Endpoint, d *journal.Delivery) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(d.Body))
	if err != nil {
		return nil, fmt.Errorf("request: %w", cause(err))
	}
	now := s.opt.Now()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", s.opt.Agent)
	req.Header.Set(HeaderID, d.ID)
	req.Header.Set(HeaderTimestamp, strconv.FormatInt(now.Unix(), 10))
	req.Header.Set(HeaderSignature, Secret(e.Secret).Sign(d.ID, now, d.Body))
	return req, nil
}

// cause takes the URL out of an error: its path may be a secret.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// judge says what a status means. Beyond those of success, 410 alone is final, as the specification
// has it: what is refused as unknown or wrong today may be a receiver's mistake that it mends.
func (s *Sender) judge(res *http.Response) result {
	switch code := res.StatusCode; {
	case code >= 200 && code < 300:
		return result{delivered: true}
	case code == http.StatusGone:
		return result{final: true, why: "it answered 410: it wants no more of these"}
	case code >= 300 && code < 400:
		return result{why: fmt.Sprintf("it answered %d: redirects are not followed, set the endpoint's own URL", code)}
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		return result{after: s.retryAfter(res.Header.Get("Retry-After")), why: fmt.Sprintf("it answered %d", code)}
	default:
		return result{why: fmt.Sprintf("it answered %d", code)}
	}
}

// retryAfter reads a Retry-After: seconds, or a date; 0 where it has another form.
func (s *Sender) retryAfter(text string) time.Duration {
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return at.Sub(s.opt.Now())
	}
	return 0
}
