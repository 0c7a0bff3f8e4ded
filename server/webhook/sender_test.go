package webhook_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/server/webhook"
	"clew/store/journal"
)

// clock is one that a test sets.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// patience is how long a test waits for what must come.
const patience = time.Minute

// arrived is a webhook that a receiver took, checked.
type arrived struct {
	id   string
	body string
	at   string
	err  error // of Verify
}

// mailbox is a receiver on loopback that checks what comes.
type mailbox struct {
	t        *testing.T
	endpoint journal.Endpoint
	got      chan arrived
	// answer says what is answered to the n-th request, from 0; nil: 200.
	mu     sync.Mutex
	n      int
	answer func(w http.ResponseWriter, r *http.Request, n int)
}

func newMailbox(t *testing.T, c *clock, id string, answer func(w http.ResponseWriter, r *http.Request, n int)) *mailbox {
	t.Helper()
	secret, err := webhook.NewSecret()
	require.NoError(t, err)
	m := &mailbox{t: t, got: make(chan arrived, 1000), answer: answer}
	server, _ := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		a := arrived{body: string(body), at: r.Header.Get(webhook.HeaderTimestamp), err: err}
		if err == nil {
			a.id, a.err = webhook.VerifyAt(secret, r.Header, body, time.Second, c.now())
		}
		m.mu.Lock()
		n := m.n
		m.n++
		m.mu.Unlock()
		m.got <- a
		if m.answer != nil {
			m.answer(w, r, n)
		}
	})
	m.endpoint = journal.Endpoint{ID: id, URL: server.URL + "/secret-path", Secret: secret}
	return m
}

// next waits for the next webhook.
func (m *mailbox) next() arrived {
	m.t.Helper()
	select {
	case a := <-m.got:
		require.NoError(m.t, a.err)
		return a
	case <-time.After(patience):
		require.Fail(m.t, "no webhook came")
		return arrived{}
	}
}

func openJournal(t *testing.T, c *clock) *journal.Journal {
	t.Helper()
	j, err := journal.Open(t.Context(), filepath.Join(t.TempDir(), "j.db"), journal.Options{Create: true, Now: c.now})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, j.Close()) })
	return j
}

func put(t *testing.T, j *journal.Journal, endpoints []journal.Endpoint, deliveries ...journal.Delivery) {
	t.Helper()
	require.NoError(t, j.Do(t.Context(), func(tx *journal.Tx) error {
		for _, e := range endpoints {
			if err := tx.PutEndpoint(e); err != nil {
				return err
			}
		}
		for _, d := range deliveries {
			if err := tx.AddDelivery(d); err != nil {
				return err
			}
		}
		return nil
	}))
}

// event is a delivery of a group to an endpoint.
func event(n int, endpoint, group string) journal.Delivery {
	return journal.Delivery{
		ID: fmt.Sprintf("evt-%03d", n), Endpoint: endpoint, Group: group, Kind: "watch.moved", Body: fmt.Appendf(nil, `{"n":%d}`, n),
	}
}

// run runs a sender until the test ends, or the function that it returns is called.
func run(t testing.TB, j webhook.Queue, o webhook.Options) (*webhook.Sender, func()) {
	t.Helper()
	o.Guard = loopback()
	if o.Poll == 0 {
		o.Poll = 5 * time.Millisecond
	}
	s := webhook.NewSender(j, o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	stop := sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return s, stop
}

// delivery waits until one is as the condition wants.
func delivery(t *testing.T, j *journal.Journal, id, endpoint string, is func(journal.Delivery) bool) (found journal.Delivery) {
	t.Helper()
	require.Eventually(t, func() bool {
		all, _, err := j.Deliveries(t.Context(), "", 0, 10_000)
		if err != nil {
			t.Error(err)
			return true
		}
		at := slices.IndexFunc(all, func(d journal.Delivery) bool { return d.ID == id && d.Endpoint == endpoint })
		if at >= 0 {
			found = all[at]
		}
		return at >= 0 && is(found)
	}, patience, 2*time.Millisecond)
	return found
}

func inState(s journal.DeliveryState) func(journal.Delivery) bool {
	return func(d journal.Delivery) bool { return d.State == s }
}

func attempted(n int) func(journal.Delivery) bool {
	return func(d journal.Delivery) bool { return d.Attempts == n && d.Leased.IsZero() }
}

func TestDelivered(t *testing.T) {
	c := newClock()
	j := openJournal(t, c)
	box := newMailbox(t, c, "e", nil)
	var all []journal.Delivery
	for i := range 20 {
		all = append(all, event(i, "e", "w"))
	}
	put(t, j, []journal.Endpoint{box.endpoint}, all...)
	run(t, j, webhook.Options{Now: c.now, Agent: "clew/test"})
	for i := range 20 { // those of one group in their order, although four go side by side
		a := box.next()
		require.Equal(t, all[i].ID, a.id)
		require.Equal(t, string(all[i].Body), a.body)
	}
	d := delivery(t, j, "evt-019", "e", inState(journal.DeliveryDelivered))
	require.Equal(t, 1, d.Attempts)
	require.Empty(t, d.Error)
	require.Equal(t, c.now(), d.Finished)
	require.Empty(t, box.got, "each once")
}

// A receiver that is down gets it again, later and later, until it is dead; and again when somebody
// wants it, with the same id.
func TestRetriesDeadResend(t *testing.T) {
	c := newClock()
	j := openJournal(t, c)
	box := newMailbox(t, c, "e", func(w http.ResponseWriter, _ *http.Request, n int) {
		if n < 4 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	put(t, j, []journal.Endpoint{box.endpoint}, event(1, "e", ""))
	var log bytes.Buffer
	s, stop := run(t, j, webhook.Options{Now: c.now, Attempts: 4, Backoff: 10 * time.Second, MaxBackoff: time.Minute, Log: slog.New(slog.NewTextHandler(&log, nil))})
	for n, pause := range []time.Duration{10 * time.Second, 40 * time.Second, time.Minute} {
		require.Equal(t, "evt-001", box.next().id)
		d := delivery(t, j, "evt-001", "e", attempted(n+1))
		require.Equal(t, journal.DeliveryDue, d.State)
		wait := d.Next.Sub(c.now())
		require.GreaterOrEqual(t, wait, pause)
		require.LessOrEqual(t, wait, pause+pause/4)
		require.Contains(t, d.Error, "it answered 500")
		require.NotContains(t, d.Error, "secret-path")
		c.set(d.Next.Add(-time.Microsecond))
		s.Wake()
		require.Empty(t, box.got, "not before its time")
		c.set(d.Next)
	}
	box.next()
	d := delivery(t, j, "evt-001", "e", inState(journal.DeliveryDead))
	require.Equal(t, 4, d.Attempts)
	dead, _, err := j.Deliveries(t.Context(), journal.DeliveryDead, 0, 10)
	require.NoError(t, err)
	require.Len(t, dead, 1)
	c.set(c.now().Add(1000 * time.Hour))

	require.NoError(t, j.Do(t.Context(), func(tx *journal.Tx) error { return tx.Resend("evt-001", "e", c.now()) }))
	require.Equal(t, "evt-001", box.next().id)
	require.Equal(t, 1, delivery(t, j, "evt-001", "e", inState(journal.DeliveryDelivered)).Attempts)
	stop()
	require.Contains(t, log.String(), "webhook given up")
	require.NotContains(t, log.String(), "secret-path")
	require.NotContains(t, log.String(), webhook.Secret(box.endpoint.Secret).Reveal()[6:])
}

// The jitter follows from the event: two that failed together come apart, the same way each time.
func TestJitterIsFixed(t *testing.T) {
	next := func() (a, b time.Time) {
		c := newClock()
		j := openJournal(t, c)
		box := newMailbox(t, c, "e", func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(http.StatusBadGateway) })
		put(t, j, []journal.Endpoint{box.endpoint}, event(1, "e", ""), event(2, "e", ""))
		run(t, j, webhook.Options{Now: c.now})
		return delivery(t, j, "evt-001", "e", attempted(1)).Next, delivery(t, j, "evt-002", "e", attempted(1)).Next
	}
	a, b := next()
	require.NotEqual(t, a, b)
	c, d := next()
	require.Equal(t, []time.Time{a, b}, []time.Time{c, d})
}

func TestAnswersThatMean(t *testing.T) {
	cases := []struct {
		name   string
		answer func(w http.ResponseWriter, r *http.Request, n int)
		change func(e *journal.Endpoint)
		state  journal.DeliveryState
		wait   time.Duration // at least, until the next attempt
		says   string
	}{
		{name: "410 is final", answer: status(http.StatusGone, ""), state: journal.DeliveryDead, says: "it wants no more"},
		{name: "400 may be mended", answer: status(http.StatusBadRequest, ""), state: journal.DeliveryDue, says: "400"},
		{name: "429 says when", answer: status(http.StatusTooManyRequests, "3600"), state: journal.DeliveryDue, wait: time.Hour, says: "429"},
		{name: "503 says when, as a date", answer: status(http.StatusServiceUnavailable, "Fri, 02 Jan 2026 05:04:05 GMT"), state: journal.DeliveryDue, wait: 2 * time.Hour, says: "503"},
		{name: "but not longer than we wait", answer: status(http.StatusTooManyRequests, "999999"), state: journal.DeliveryDue, wait: 8 * time.Hour, says: "429"},
		{name: "204 is delivered", answer: status(http.StatusNoContent, ""), state: journal.DeliveryDelivered},
		{name: "a redirect is not followed", answer: status(http.StatusFound, ""), state: journal.DeliveryDue, says: "redirects are not followed"},
		{name: "removed", change: func(e *journal.Endpoint) { e.Removed = time.Unix(1, 0) }, state: journal.DeliveryDead, says: "removed"},
		{name: "a target that is not allowed", change: func(e *journal.Endpoint) { e.URL = "https://10.0.0.1/secret-path" }, state: journal.DeliveryDue, says: "private"},
		{name: "nobody listens", change: func(e *journal.Endpoint) { e.URL = closedPort(t) }, state: journal.DeliveryDue, says: "refused"},
	}
	for _, one := range cases {
		t.Run(one.name, func(t *testing.T) {
			c := newClock()
			j := openJournal(t, c)
			box := newMailbox(t, c, "e", one.answer)
			if one.change != nil {
				one.change(&box.endpoint)
			}
			put(t, j, []journal.Endpoint{box.endpoint}, event(1, "e", ""))
			run(t, j, webhook.Options{Now: c.now})
			d := delivery(t, j, "evt-001", "e", attempted(1))
			require.Equal(t, one.state, d.State)
			require.Contains(t, d.Error, one.says)
			require.NotContains(t, d.Error, "secret-path")
			if d.State == journal.DeliveryDue {
				require.GreaterOrEqual(t, d.Next.Sub(c.now()), max(one.wait, 5*time.Second))
				require.LessOrEqual(t, d.Next.Sub(c.now()), max(one.wait, 7*time.Second))
			}
		})
	}
}

func status(code int, retry string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		if retry != "" {
			w.Header().Set("Retry-After", retry)
		}
		w.WriteHeader(code)
	}
}

func closedPort(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return "http://" + l.Addr().String()
}

// An endpoint that does not answer holds up no other, and has no more than its share under way.
func TestOneEndpointHoldsUpNoOther(t *testing.T) {
	c := newClock()
	j := openJournal(t, c)
	release := make(chan struct{})
	stuck := newMailbox(t, c, "stuck", func(http.ResponseWriter, *http.Request, int) { <-release })
	good := newMailbox(t, c, "good", nil)
	var all []journal.Delivery
	for i := range 30 {
		all = append(all, event(i, "stuck", ""), event(i, "good", ""))
	}
	put(t, j, []journal.Endpoint{stuck.endpoint, good.endpoint}, all...)
	run(t, j, webhook.Options{Now: c.now, PerEndpoint: 3, Timeout: time.Minute})
	for range 30 {
		good.next()
	}
	for range 3 {
		stuck.next()
	}
	require.Empty(t, stuck.got)
	close(release)
	for range 27 {
		stuck.next()
	}
}

// What is under way when it is to stop comes to its end, and nothing else begins.
func TestStopIsGraceful(t *testing.T) {
	c := newClock()
	j := openJournal(t, c)
	release := make(chan struct{})
	box := newMailbox(t, c, "e", func(http.ResponseWriter, *http.Request, int) { <-release })
	put(t, j, []journal.Endpoint{box.endpoint}, event(1, "e", ""), event(2, "e", ""))
	s := webhook.NewSender(j, webhook.Options{Now: c.now, PerEndpoint: 1, Guard: loopback()})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	box.next()
	cancel()
	select {
	case <-done:
		t.Fatal("it left an attempt behind")
	default:
	}
	close(release)
	<-done
	require.Empty(t, box.got)
	delivery(t, j, "evt-001", "e", inState(journal.DeliveryDelivered))
	delivery(t, j, "evt-002", "e", func(d journal.Delivery) bool { return d.Attempts == 0 && d.Leased.IsZero() })
}

// Two senders on one journal, as two processes would be: nothing is sent twice at once.
func TestTwoSenders(t *testing.T) {
	c := newClock()
	j := openJournal(t, c)
	box := newMailbox(t, c, "e", nil)
	put(t, j, []journal.Endpoint{box.endpoint})
	run(t, j, webhook.Options{Now: c.now})
	run(t, j, webhook.Options{Now: c.now})
	var all []journal.Delivery
	for i := range 200 {
		all = append(all, event(i, "e", ""))
	}
	put(t, j, nil, all...)
	seen := map[string]int{}
	for range 200 {
		seen[box.next().id]++
	}
	require.Len(t, seen, 200)
	for _, d := range all {
		delivery(t, j, d.ID, "e", inState(journal.DeliveryDelivered))
	}
	require.Empty(t, box.got)
}
