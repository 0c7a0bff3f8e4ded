package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// route is what the gate knows of an operation.
type route struct {
	*huma.Operation
	name    string // "POST /v1/screenings", in the log and in metrics
	scope   Scope
	body    int64 // most bytes of the body
	time    time.Duration
	streams bool // the handler writes to the connection itself
	quiet   bool // no entry in the log of calls: health, metrics, pages
}

// call is one request on its way through the gate.
type call struct {
	route     *route
	id        string
	key       *holder // nil: without keys, or a route that needs none
	idem      string  // the Idempotency-Key
	about     string  // the subject, for the log of calls
	summary   bool    // of a batch: lines are summaries
	reference string  // the caller's own name for what it asks about, for the log of calls
	result    string  // id of what came of it, for the log of calls
	logged    bool    // its entry is in the journal already
	status    int
	started   time.Time
}

// keyID is the id of the key that asks; "" without keys.
func (c *call) keyID() string {
	if c.key == nil {
		return ""
	}
	return c.key.ID
}

type callKey struct{}

// callOf returns the call that a context belongs to.
func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// answer is what a handler said, before it is sent.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
	whole  []byte // the body, where it is there already and is not changed any more
}

// bytes returns the body.
func (a *answer) bytes() []byte {
	if a.whole != nil {
		return a.whole
	}
	return a.body.Bytes()
}

// give makes data the body of an answer, without a copy where that can be.
func give(w http.ResponseWriter, data []byte) {
	if a, ok := w.(*answer); ok && a.body.Len() == 0 {
		a.WriteHeader(http.StatusOK)
		a.whole = data
		return
	}
	_, _ = w.Write(data) // it is kept until it is sent
}

// Header returns the headers.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader sets the status, once.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write appends to the body.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// gate puts everything before a handler that all routes have in common.
func (s *Server) gate(rt *route, next http.HandlerFunc) http.HandlerFunc {
	series := s.metrics.route(rt.name)
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{route: rt, id: requestID(r), started: s.opt.Now()}
		w.Header()["X-Request-Id"] = []string{c.id}
		s.metrics.inFlight.Inc()
		defer s.metrics.inFlight.Dec()
		if p := s.pass(c, w, r, next); p != nil {
			p.RequestID = c.id
			c.status = p.Status
			writeProblem(w, p)
			s.logRefused(r.Context(), c)
		}
		took := s.opt.Now().Sub(c.started)
		series.observe(c.status, took)
		if s.opt.Logger.Enabled(r.Context(), slog.LevelDebug) {
			s.opt.Logger.LogAttrs(r.Context(), slog.LevelDebug, "answered", slog.String("route", rt.name), slog.Int("status", c.status),
				slog.String("request", c.id), slog.String("key", c.keyID()), slog.Duration("took", took))
		}
	}
}

// pass lets a request through to its handler and sends what it says, or returns why not.
func (s *Server) pass(c *call, w http.ResponseWriter, r *http.Request, next http.HandlerFunc) *Problem {
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), callKey{}, c), c.route.time)
	defer cancel()
	r = r.WithContext(ctx)
	if s.ending.Load() {
		return stopping.problem("The server is stopping. Send the request again once it is back.").after(5)
	}
	if p := s.authorize(c, r); p != nil {
		return p
	}
	leave, p := s.enter(c)
	if p != nil {
		return p
	}
	defer leave()
	if p := s.spend(c, w.Header(), 1); p != nil {
		return p
	}
	body, p := readBody(w, r, c.route.body)
	if p != nil {
		return p
	}
	// Behind the body: who sends slowly keeps nobody waiting.
	leave, p = s.place(c)
	if p != nil {
		return p
	}
	defer leave()
	if c.route.streams {
		r.Body = newBody(body)
		next(w, r)
		return nil
	}
	if len(body) > 0 && r.Method == http.MethodPost && r.Header.Get("Content-Type") == "" {
		return untyped()
	}
	r.Body = newBody(body)
	said := &answer{header: w.Header()}
	if p := s.once(c, r, body, said, next); p != nil {
		return p
	}
	if !c.logged && !c.route.quiet {
		c.status = said.status
		if err := s.logCall(ctx, c); err != nil {
			return s.asProblem(ctx, err)
		}
	}
	c.status = said.status
	s.send(w, said)
	return nil
}

// enter counts a request of a key, until leave is called: while its body is read, and while it is answered. What
// one key may have at once leaves room for others.
func (s *Server) enter(c *call) (leave func(), p *Problem) {
	if c.key == nil || c.route.quiet || c.route.scope == Admin {
		return func() {}, nil
	}
	most := s.opt.Limits.KeyInFlight
	if n := c.key.inFlight.Add(1); n > int64(most) {
		c.key.inFlight.Add(-1)
		return nil, rateLimited.problem("%d requests of the key %s are being answered, which is the most at once. Wait a second.", most, c.key.ID).after(1)
	}
	return func() { c.key.inFlight.Add(-1) }, nil
}

// place takes a place among the requests in flight, until leave is called. Those who administer have places of
// their own, so that a key can be revoked while its requests take all others; health takes none.
func (s *Server) place(c *call) (leave func(), p *Problem) {
	places := s.places
	switch {
	case c.route.quiet:
		return func() {}, nil
	case c.route.scope == Admin:
		places = s.aside
	}
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	default:
		return nil, busy.problem("%d requests are being answered, which is the most at once. Wait a second.", cap(places)).after(1)
	}
}

// send sends an answer whole.
func (s *Server) send(w http.ResponseWriter, said *answer) {
	if said.status == 0 {
		said.status = http.StatusOK
	}
	data := said.bytes()
	if said.status != http.StatusNoContent && said.status != http.StatusNotModified {
		w.Header()["Content-Length"] = []string{strconv.Itoa(len(data))}
	}
	w.WriteHeader(said.status)
	_, _ = w.Write(data) // whoever asked has gone
}

// guarded calls a handler and makes an answer of a panic.
func (s *Server) guarded(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) (p *Problem) {
	defer func() {
		if v := recover(); v != nil {
			if v == http.ErrAbortHandler { //nolint:errorlint // it is this value, and net/http compares so
				panic(v)
			}
			p = s.asProblem(r.Context(), panicked(v))
		}
	}()
	next(w, r)
	return nil
}

// panicked makes an error of a panic, for the program's log.
func panicked(v any) error { return fmt.Errorf("panic: %v\n%s", v, debug.Stack()) }

// failed writes to the program's log what is not said in the answer.
func (s *Server) failed(ctx context.Context, c *call, err error) {
	if err == nil {
		return
	}
	s.opt.Logger.LogAttrs(ctx, slog.LevelError, "a request failed", slog.String("route", c.route.name), slog.String("request", c.id), slog.Any("error", err))
}

// firstRead is how many bytes are set aside for a body before any has come, whatever length it tells.
const firstRead = 16 << 10

// readBody reads a body of at most so many bytes.
func readBody(w http.ResponseWriter, r *http.Request, most int64) ([]byte, *Problem) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if r.ContentLength > most {
		return nil, bodyTooLarge(most)
	}
	b := bytes.NewBuffer(make([]byte, 0, min(max(r.ContentLength, 512), firstRead)+1))
	if _, err := b.ReadFrom(http.MaxBytesReader(w, r.Body, most)); err != nil {
		return nil, bodyProblem(err, most)
	}
	return b.Bytes(), nil
}

func bodyTooLarge(most int64) *Problem {
	return tooLarge.problem("The body has more than %d bytes, which is the most. Divide the request.", most)
}

// untyped refuses a body that does not say what it is. A page of anybody can make a browser send one.
func untyped() *Problem {
	return mediaType.problem("The body has no Content-Type. Send it as application/json (curl: -H 'Content-Type: application/json').")
}

// wholeBody is a body that was read already.
type wholeBody struct {
	bytes.Reader
	data []byte
}

func newBody(data []byte) *wholeBody {
	b := &wholeBody{data: data}
	b.Reset(data)
	return b
}

// Close does nothing.
func (*wholeBody) Close() error { return nil }

// bodyOf returns the whole body of a request behind the gate.
func bodyOf(r *http.Request) []byte {
	if b, ok := r.Body.(*wholeBody); ok {
		return b.data
	}
	return nil
}

// bodyProblem says why a body could not be read.
func bodyProblem(err error, most int64) *Problem {
	var bound *http.MaxBytesError
	if errors.As(err, &bound) {
		return bodyTooLarge(most)
	}
	return requestTimeout.problem("The body could not be read whole: %s. Send it again.", "the connection ended, or was too slow")
}

// requestID returns the id that a request brings, where it is one, or a new one.
func requestID(r *http.Request) string {
	if given := r.Header["X-Request-Id"]; len(given) == 1 && isToken(given[0], 128) {
		return given[0]
	}
	return "req-" + rand.Text()
}

// isToken says whether a text of a header can be kept: printable ASCII without spaces, so many at most.
func isToken(text string, most int) bool {
	if text == "" || len(text) > most {
		return false
	}
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}
