package main

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// spread counts times in buckets that are less than a hundredth wide, so that a run of any length takes the
// same memory.
type spread struct {
	counts [64 * spreadSteps]int64
	n      int64
	max    time.Duration
}

// spreadSteps are buckets of each doubling.
const spreadSteps = 128

func (s *spread) add(d time.Duration) {
	d = max(d, 0)
	s.counts[spreadBucket(uint64(d))]++
	s.n, s.max = s.n+1, max(s.max, d)
}

func spreadBucket(v uint64) int {
	if v < spreadSteps {
		return int(v)
	}
	shift := bits.Len64(v) - bits.Len64(spreadSteps-1) - 1
	return (shift+1)*spreadSteps + int(v>>shift) - spreadSteps
}

// join adds what another one counted.
func (s *spread) join(o *spread) {
	for i, n := range o.counts {
		s.counts[i] += n
	}
	s.n, s.max = s.n+o.n, max(s.max, o.max)
}

// at returns the time below which so many of a thousand lie, or a hundredth less.
func (s *spread) at(perMille int64) time.Duration {
	left := (s.n*perMille + 999) / 1000
	for i, n := range s.counts {
		if left -= n; left <= 0 {
			if i < spreadSteps {
				return time.Duration(i)
			}
			return time.Duration(i%spreadSteps+spreadSteps) << (i/spreadSteps - 1)
		}
	}
	return s.max
}

// request is one request of a load.
type request struct {
	kind   string
	bytes  []byte             // as they stand on the wire
	status int                // that it must be answered with
	judge  func([]byte) error // of the body; nil: any will do
}

// tally is what a load counted.
type tally struct {
	kinds  map[string]*spread
	faults []string // the first of them
	failed int64
	bytes  int64 // of bodies
}

func newTally() *tally { return &tally{kinds: map[string]*spread{}} }

func (t *tally) answered(kind string, took time.Duration) {
	s := t.kinds[kind]
	if s == nil {
		s = &spread{}
		t.kinds[kind] = s
	}
	s.add(took)
}

// mostFaults is how many failed requests are written down; the others are counted.
const mostFaults = 50

func (t *tally) fault(text string) {
	if t.failed++; len(t.faults) < mostFaults {
		t.faults = append(t.faults, text)
	}
}

func (t *tally) join(o *tally) {
	for kind, s := range o.kinds {
		if t.kinds[kind] == nil {
			t.kinds[kind] = &spread{}
		}
		t.kinds[kind].join(s)
	}
	t.faults = append(t.faults, o.faults[:min(len(o.faults), mostFaults-min(mostFaults, len(t.faults)))]...)
	t.failed, t.bytes = t.failed+o.failed, t.bytes+o.bytes
}

// all returns the spread of requests of every kind.
func (t *tally) all() *spread {
	s := &spread{}
	for _, k := range t.kinds {
		s.join(k)
	}
	return s
}

// driver sends requests over several connections.
//
// With a rate, the moments at which requests are due are fixed beforehand, and a request takes from the
// moment at which it was due to the end of its answer: where the server falls behind, each request that has
// to wait shows it, though it is sent late. Without one, each connection sends as soon as it has an answer.
type driver struct {
	url   string
	wires int
	rate  int // requests a second; 0: as many as are answered
	next  func(*rand.Rand) *request

	mu  sync.Mutex
	got *tally
}

// take returns what was counted since it was last taken.
func (d *driver) take() *tally {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.got
	d.got = newTally()
	return t
}

// run sends requests until ctx ends, and takes what is still to be answered.
func (d *driver) run(ctx context.Context) error {
	d.got = newTally()
	var sent atomic.Int64
	var running sync.WaitGroup
	faults := make([]error, d.wires)
	began := time.Now()
	for i := range d.wires {
		running.Go(func() {
			faults[i] = d.drive(ctx, rand.New(rand.NewPCG(chainSeed, uint64(i))), began, &sent)
		})
	}
	running.Wait()
	return errors.Join(faults...)
}

// drive sends requests over one connection, and over another one where that fails.
func (d *driver) drive(ctx context.Context, rng *rand.Rand, began time.Time, sent *atomic.Int64) error {
	var w *wire
	defer func() {
		if w != nil {
			_ = w.conn.Close() // all was answered that was sent
		}
	}()
	for {
		if w == nil {
			var err error
			if w, err = dialWire(context.WithoutCancel(ctx), d.url); err != nil {
				return fmt.Errorf("reaching the server: %w", err)
			}
		}
		due := time.Now()
		if n := sent.Add(1) - 1; d.rate > 0 {
			due = began.Add(time.Duration(n) * time.Second / time.Duration(d.rate))
			waitUntil(ctx, due)
		}
		if ctx.Err() != nil {
			return nil // that is how a load ends
		}
		a := d.next(rng)
		status, body, err := w.ask(a.bytes)
		took := time.Since(due)
		if d.note(a, status, body, took, err) {
			_ = w.conn.Close() // it is broken
			w = nil
		}
	}
}

func waitUntil(ctx context.Context, due time.Time) {
	left := time.Until(due)
	if left <= 0 {
		return
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// note counts an answer, and reports whether the connection is broken.
func (d *driver) note(a *request, status int, body []byte, took time.Duration, err error) (broken bool) {
	broken = err != nil
	if err == nil && status != a.status {
		err = fmt.Errorf("%d: %.300s", status, body)
	}
	if err == nil && a.judge != nil {
		err = a.judge(body)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.got.bytes += int64(len(body))
	if err != nil {
		d.got.fault(fmt.Sprintf("%s %s: %v", time.Now().UTC().Format(time.TimeOnly), a.kind, err))
	}
	d.got.answered(a.kind, took)
	return broken
}
