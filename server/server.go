package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Errors that say why a server does not start.
var (
	// ErrNoKey: no key was made, and nobody said that none is needed.
	ErrNoKey = errors.New("nobody could use the API: no key was made")
	// ErrOpen: without keys it answers on loopback and on Unix sockets alone.
	ErrOpen = errors.New("an API without keys is refused on an address that others reach")
	// ErrPlain: keys would be sent readable to everybody on the way.
	ErrPlain = errors.New("keys would cross the network readable: TLS is needed on an address that others reach")
)

// Server answers the API. Make one with New; it is safe for concurrent use.
type Server struct {
	opt     Options
	mux     *http.ServeMux
	api     huma.API
	ordered int // operations that were registered
	doc     document
	keys    keyring
	metrics *metrics
	places  chan struct{} // requests in flight
	aside   chan struct{} // those of routes that administer
	batches chan struct{} // batches in flight
	asked   sync.Map      // idempotency keys in flight
	wake    chan struct{} // a job was added
	recent  recent        // screenings that the journal is known to have
	blobs   atomic.Pointer[State]
	ending  atomic.Bool
	// abort ends the walks that are still running when the time to drain is over.
	// origin knows requests that a page of somebody else made a browser send.
	origin *http.CrossOriginProtection
	abort  context.Context //nolint:containedctx // it is the server's own life, not a request's
	kill   context.CancelFunc
}

// New makes a server. It reads nothing yet and starts nothing.
func New(opt Options) (*Server, error) {
	if opt.Journal == nil || opt.Codec == nil || opt.State == nil {
		return nil, errors.New("a server needs a journal, a codec and a state to screen from")
	}
	opt.Limits = opt.Limits.orDefaults()
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.Chains == nil {
		opt.Chains = func() []ChainState { return nil }
	}
	if opt.Watches == nil {
		opt.Watches = func() {}
	}
	s := &Server{
		opt: opt, mux: http.NewServeMux(), metrics: newMetrics(),
		places:  make(chan struct{}, opt.Limits.InFlight),
		aside:   make(chan struct{}, adminPlaces),
		batches: make(chan struct{}, opt.Limits.Batches),
		wake:    make(chan struct{}, 1),
		origin:  http.NewCrossOriginProtection(),
	}
	s.abort, s.kill = context.WithCancel(context.Background())
	s.newAPI()
	s.routes()
	return s, s.finishDocument()
}

// now is the time as the journal keeps it.
func (s *Server) now() time.Time { return s.opt.Now().UTC().Truncate(time.Microsecond) }

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p := s.foreign(r); p != nil {
		s.refuse(w, r, p)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// refuse answers with a problem where no route was looked for, or none was found.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, p *Problem) {
	p.RequestID = requestID(r)
	w.Header().Set("X-Request-Id", p.RequestID)
	s.metrics.answered("unrouted", p.Status, 0)
	writeProblem(w, p)
}

// elsewhere is the pattern of all that no route fits.
const elsewhere = "/"

// unrouted answers where no route fits.
func (s *Server) unrouted(w http.ResponseWriter, r *http.Request) {
	p := notFound.problem("There is no %.200s. The routes are listed at /docs.", r.URL.Path)
	if allow := strings.Join(s.allowed(r), ", "); allow != "" && !strings.Contains(allow, r.Method) {
		p = methodNotAllowed.problem("%s takes %s, not %s.", r.URL.Path, allow, r.Method).with("Allow", allow)
	}
	s.refuse(w, r, p)
}

// allowed names the methods that a path takes; nil where there is no such path.
func (s *Server) allowed(r *http.Request) (methods []string) {
	for _, method := range []string{http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodPost} {
		asked := http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := s.mux.Handler(&asked); pattern != elsewhere {
			methods = append(methods, method)
		}
	}
	return methods
}
