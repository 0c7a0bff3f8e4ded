package webhook

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"clew/store/journal"
)

// Queue is where deliveries wait: a journal. Safe for concurrent use.
type Queue interface {
	// DueEndpoints returns the ids of the endpoints for which something can be claimed.
	DueEndpoints(ctx context.Context, now time.Time) ([]string, error)
	// ClaimDeliveries takes up to limit due deliveries of an endpoint, the oldest first, which nobody
	// else gets until the lease is over.
	ClaimDeliveries(ctx context.Context, endpoint string, now time.Time, lease time.Duration, limit int) ([]journal.Delivery, error)
	// Endpoint returns an endpoint, also one that was removed.
	Endpoint(ctx context.Context, id string) (journal.Endpoint, error)
	// FinishDelivery writes how an attempt ended, and ends the lease.
	FinishDelivery(ctx context.Context, d journal.Delivery) error
}

// Options of NewSender. The zero value is meant.
type Options struct {
	Guard Guard
	// Timeout bounds one attempt, from the name of the host to the last byte of the answer; 0: 15 s.
	Timeout time.Duration
	// Endpoints is how many endpoints are served at once, PerEndpoint how many attempts to one of them
	// are under way; 0: 16, and 4. One that does not answer holds up no other.
	Endpoints, PerEndpoint int
	// Attempts is how often a delivery is tried before it is dead; 0: 12, which takes about two days.
	Attempts int
	// Backoff is the pause behind the first failure, four times as long behind each further one, at most
	// MaxBackoff, and up to a quarter more; 0: 5 s, and 8 h.
	Backoff, MaxBackoff time.Duration
	// Poll is how often the queue is looked at for what others added; 0: 1 s. See Wake.
	Poll time.Duration
	// RootCAs are those that may have signed a target's certificate; nil: the system's.
	RootCAs *x509.CertPool
	// Proxy is the way to the targets; nil: none, whatever the environment says. With one, it is the
	// proxy that looks up names and connects: the guard sees addresses alone that stand in URLs.
	Proxy func(*http.Request) (*url.URL, error)
	// Agent is what the sender calls itself (User-Agent).
	Agent string
	Now   func() time.Time // nil: time.Now
	Log   *slog.Logger     // nil: nothing is logged
}

// Sender sends what is due. Safe for concurrent use; several of them, in several processes, may work
// on one queue.
type Sender struct {
	queue         Queue
	opt           Options
	https, http   *http.Client
	wake          chan struct{}
	mu            sync.Mutex
	busy          map[string]bool // endpoints that are being served
	working       sync.WaitGroup
	leaseOverhead time.Duration
}

// NewSender returns a Sender. Run makes it work.
func NewSender(q Queue, o Options) *Sender {
	set(&o.Timeout, 15*time.Second)
	set(&o.Endpoints, 16)
	set(&o.PerEndpoint, 4)
	set(&o.Attempts, 12)
	set(&o.Backoff, 5*time.Second)
	set(&o.MaxBackoff, 8*time.Hour)
	set(&o.Poll, time.Second)
	if o.Agent == "" {
		o.Agent = "clew"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Sender{
		queue: q, opt: o, https: o.client(false), http: o.client(true),
		wake: make(chan struct{}, 1), busy: map[string]bool{}, leaseOverhead: 10 * time.Second,
	}
}

func set[T int | time.Duration](v *T, standard T) {
	if *v <= 0 {
		*v = standard
	}
}

// Wake makes Run look at the queue now. It never waits.
func (s *Sender) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // it is awake already
	}
}

// Run sends what is due until ctx ends; then attempts that are under way come to their end, at most
// Timeout later, and it returns. A queue that cannot be read is logged and read again.
func (s *Sender) Run(ctx context.Context) {
	ticker := time.NewTicker(s.opt.Poll)
	defer ticker.Stop()
	defer s.https.CloseIdleConnections()
	defer s.http.CloseIdleConnections()
	defer s.working.Wait()
	for {
		if err := s.round(ctx); err != nil && ctx.Err() == nil {
			s.opt.Log.Error("webhooks: the queue cannot be read", "why", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-s.wake:
		}
	}
}

// round begins to serve the endpoints that something is due for and that nobody serves.
func (s *Sender) round(ctx context.Context) error {
	due, err := s.queue.DueEndpoints(ctx, s.opt.Now())
	if err != nil {
		return err
	}
	for _, id := range due {
		if !s.take(id) {
			continue
		}
		s.working.Go(func() {
			defer s.leave(id)
			if err := s.serve(ctx, id); err != nil && ctx.Err() == nil {
				s.opt.Log.Error("webhooks: the queue cannot be read or written", "endpoint", id, "why", err)
			}
		})
	}
	return nil
}

// take reports whether the caller may serve an endpoint: nobody else does, and there is room.
func (s *Sender) take(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[id] || len(s.busy) >= s.opt.Endpoints {
		return false
	}
	s.busy[id] = true
	return true
}

// leave gives room to another endpoint, which may have waited for it.
func (s *Sender) leave(id string) {
	s.mu.Lock()
	full := len(s.busy) >= s.opt.Endpoints
	delete(s.busy, id)
	s.mu.Unlock()
	if full {
		s.Wake()
	}
}

// turn is how many batches an endpoint is served before others have their turn.
const turn = 16

// serve sends what is due for one endpoint, a batch at a time.
func (s *Sender) serve(ctx context.Context, id string) error {
	for range turn {
		if ctx.Err() != nil {
			return nil //nolint:nilerr // what was not claimed stays due
		}
		batch, err := s.queue.ClaimDeliveries(ctx, id, s.opt.Now(), s.opt.Timeout+s.leaseOverhead, s.opt.PerEndpoint)
		if err != nil || len(batch) == 0 {
			return err
		}
		if err := s.batch(context.WithoutCancel(ctx), id, batch); err != nil {
			return err
		}
	}
	s.Wake() // there may be more
	return nil
}

// batch tries deliveries side by side and writes how each ended.
func (s *Sender) batch(ctx context.Context, id string, batch []journal.Delivery) error {
	endpoint, err := s.queue.Endpoint(ctx, id)
	if err != nil {
		return err
	}
	faults := make([]error, len(batch))
	var group sync.WaitGroup
	for i, d := range batch {
		group.Go(func() {
			s.settle(&d, s.attempt(ctx, &endpoint, &d))
			faults[i] = s.queue.FinishDelivery(ctx, d)
		})
	}
	group.Wait()
	for _, err := range faults {
		if err != nil {
			return err
		}
	}
	return nil
}

// settle puts into d what follows from an attempt.
func (s *Sender) settle(d *journal.Delivery, r result) {
	now := s.opt.Now()
	d.Attempts++
	d.Error = r.why
	switch {
	case r.delivered:
		d.State, d.Finished = journal.DeliveryDelivered, now
	case r.final, d.Attempts >= s.opt.Attempts:
		d.State, d.Finished = journal.DeliveryDead, now
		s.opt.Log.Warn("webhook given up", "event", d.ID, "kind", d.Kind, "endpoint", d.Endpoint, "attempts", d.Attempts, "why", d.Error)
	default:
		d.Next = now.Add(max(s.pause(d), min(r.after, s.opt.MaxBackoff)))
		s.opt.Log.Info("webhook failed, it will be sent again", "event", d.ID, "endpoint", d.Endpoint, "attempts", d.Attempts, "next", d.Next, "why", d.Error)
	}
}

// pause returns how long to wait behind the attempt that failed last. The jitter follows from the
// delivery and the attempt, so that what failed together does not come again together, and a test
// knows it.
func (s *Sender) pause(d *journal.Delivery) time.Duration {
	pause := s.opt.Backoff
	for range d.Attempts - 1 {
		if pause = 4 * pause; pause >= s.opt.MaxBackoff {
			pause = s.opt.MaxBackoff
			break
		}
	}
	key := binary.LittleEndian.AppendUint64([]byte(d.ID+"\x00"+d.Endpoint+"\x00"), uint64(max(d.Attempts, 0)))
	sum := sha256.Sum256(key)
	return pause + time.Duration(binary.LittleEndian.Uint16(sum[:]))*(pause/4)/(1<<16)
}
