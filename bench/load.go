package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"clew/bench/chaingen"
)

// loadJob is measured by itself: it asks a program of its own.
const loadJob = "load"

// Of the mixed load.
const (
	loadWires   = 32
	probeTime   = 5 * time.Second
	settleTime  = 60 * time.Second
	mostGrowth  = 64   // MiB that memory may grow by from the first quarter of the minutes to the last one
	mostLeft    = 16   // goroutines more than before the load, once it is over
	mostFiles   = 64   // open files more: connections to store and journal are kept for what follows
	mostShort   = 1024 // MiB that a server under load may take where it is too short to see growth
	growthSince = 8    // minutes that a load has at least of which the growth is judged
)

// loaded is what a mixed load found.
type loaded struct {
	Most     int // requests a second that were answered with nothing between them
	Rate     int // requests a second that were due
	Every    time.Duration
	Minutes  []minute
	Total    *tally
	Before   sample
	After    sample // once nothing is in flight
	Jobs     int    // that were accepted, and ended
	Events   int64  // webhooks that came
	Blocks   int64  // that the sync read meanwhile
	Answered int64  // requests as they should be, those of the probe too
	Logged   int64  // entries of the log of calls
	Wrong    []string
	probed   tally // what failed before the minutes began
}

// minute is a part of a load.
type minute struct {
	Took time.Duration
	*tally
	sample
	CPU    time.Duration // of the server, in this minute
	Height int64         // of the node
	Behind int64         // blocks that the store is behind it
}

// load runs a mixed load over clew serve while it follows a node that finds blocks, and says what was wrong:
//
//	go run ./bench -job load -txs 1000000 -minutes 30
//
// Requests are due at fixed moments, at half of what the server answers with nothing between them, or at
// -rate a second. A request that is refused, a verdict that is not what it must be, a job that is lost, an
// event that is not delivered, a call that is not in the log, and memory, goroutines or files that grow are
// errors; speed is printed and is none.
func (o *options) load(ctx context.Context, out io.Writer) error {
	remove, err := o.loadFolder()
	if err != nil {
		return err
	}
	r, err := o.mixedLoad(ctx, out)
	if err != nil {
		return errors.Join(err, remove())
	}
	_, err = io.WriteString(out, r.summary())
	if len(r.Wrong) > 0 {
		err = errors.Join(err, fmt.Errorf("the load went wrong:\n  %s", strings.Join(r.Wrong, "\n  ")))
	}
	return errors.Join(err, remove())
}

// loadFolder is -dir with what lies there, or a new one, which is removed.
func (o *options) loadFolder() (remove func() error, err error) {
	if o.dir == "" {
		return o.folder()
	}
	o.dir, err = filepath.Abs(o.dir)
	return func() error { return nil }, err
}

// mixedLoad makes a house, lets it serve, and loads it.
func (o *options) mixedLoad(ctx context.Context, out io.Writer) (r *loaded, err error) {
	node, err := o.startHouseNode(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, node.Close()) }()
	h, err := o.openHouse(ctx, node)
	if err != nil {
		return nil, err
	}
	if err := h.serve(ctx, "--rpc", string(chain)+"="+node.url); err != nil {
		return nil, err
	}
	defer func() {
		if fault := h.stop(); fault != nil {
			err = errors.Join(err, fault)
		} else if err == nil {
			r.checkLog(ctx, h)
		}
	}()
	c := &client{url: h.url, key: h.key}
	defer c.http.CloseIdleConnections()
	m, err := newMix(ctx, o, c, node.found.Load())
	if err != nil {
		return nil, err
	}
	heard, err := o.hear(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, heard.Close()) }()
	r = &loaded{Rate: o.rate, Every: o.blockEvery, Total: newTally()}
	d := &driver{url: h.url, wires: loadWires, next: m.draw}
	if err := r.probe(ctx, d); err != nil {
		return nil, err
	}
	first := node.found.Load()
	if err := r.drive(ctx, o, h, c, d, node, out); err != nil {
		return nil, err
	}
	r.Blocks = node.found.Load() - first
	if err := r.settle(ctx, h, c, m); err != nil {
		return nil, err
	}
	r.Events = heard.events.Load()
	r.judge()
	return r, nil
}

// aheadBlocks is how much of the chain is kept for the node to find while it is followed.
const aheadBlocks = 400

// startHouseNode makes the chain, unless it is there, and serves it up to o.txs transactions.
func (o *options) startHouseNode(ctx context.Context) (*pacedNode, error) {
	height := o.txs / o.blockTxs
	records, f, err := o.open()
	if err == nil {
		err = f.Close()
	}
	if err != nil || len(records) < height+aheadBlocks {
		progress("a chain of %d transactions, and %d blocks to find …", height*o.blockTxs, aheadBlocks)
		if err := chaingen.New(chainSeed, o.blockTxs).Write(o.chainFile(), height+aheadBlocks); err != nil {
			return nil, err
		}
	}
	return o.startNode(ctx, height)
}

// probe counts what is answered with nothing between requests, unless a rate is given.
func (r *loaded) probe(ctx context.Context, d *driver) error {
	if r.Rate > 0 {
		return nil
	}
	for range 2 { // the first one warms
		some, stop := context.WithTimeout(ctx, probeTime)
		err := d.run(some)
		stop()
		if err != nil {
			return err
		}
		t := d.take()
		r.Most, r.Answered = int(t.all().n/int64(probeTime/time.Second)), r.Answered+t.all().n-t.failed
		r.probed.failed, r.probed.faults = r.probed.failed+t.failed, append(r.probed.faults, t.faults...)
	}
	r.Rate = max(1, r.Most/2)
	return nil
}

// drive loads the server and looks at it each minute.
func (r *loaded) drive(ctx context.Context, o *options, h *house, c *client, d *driver, node *pacedNode, out io.Writer) (err error) {
	if r.Before, err = h.sample(ctx, c); err != nil {
		return err
	}
	d.rate = r.Rate
	if _, err := fmt.Fprintf(out, "%d requests a second are due, for %s\n%s\n", d.rate, o.loadTime(), minuteHead); err != nil {
		return err
	}
	some, stop := context.WithTimeout(ctx, o.loadTime())
	defer stop()
	var running sync.WaitGroup
	var failed error
	running.Go(func() { node.pace(some, o.blockEvery) })
	running.Go(func() { failed = d.run(some) })
	last, began := r.Before, time.Now()
	for some.Err() == nil {
		wait, over := context.WithTimeout(some, time.Minute)
		<-wait.Done()
		over()
		m := minute{Took: time.Since(began), tally: d.take(), Height: node.found.Load()}
		began = time.Now()
		if m.sample, err = h.sample(ctx, c); err == nil {
			m.Behind, err = behind(ctx, c, m.Height)
		}
		if err != nil {
			break
		}
		m.CPU, last = m.sample.CPU-last.CPU, m.sample
		r.Minutes = append(r.Minutes, m)
		r.Total.join(m.tally)
		if _, err = io.WriteString(out, m.line(len(r.Minutes))); err != nil {
			break
		}
	}
	stop()
	running.Wait()
	r.Total.join(d.take()) // what was still to be answered
	r.Answered += r.Total.all().n - r.Total.failed
	return errors.Join(err, failed, ctx.Err())
}

func (o *options) loadTime() time.Duration {
	return time.Duration(o.minutes * float64(time.Minute)).Round(time.Second)
}

// behind is how many blocks the store lacks of those that the node has found.
func behind(ctx context.Context, c *client, found int64) (int64, error) {
	_, text, err := c.do(ctx, http.MethodGet, "/readyz", "", nil)
	if err != nil {
		return 0, err
	}
	var ready struct {
		Chains []struct {
			Chain  string
			Height int64
		}
	}
	if err := json.Unmarshal(text, &ready); err != nil {
		return 0, err
	}
	for _, of := range ready.Chains {
		if of.Chain == string(chain) {
			return found - of.Height, nil
		}
	}
	return 0, fmt.Errorf("/readyz does not know %s: %s", chain, text)
}

// settle waits until what was accepted has ended, and looks what is left behind.
func (r *loaded) settle(ctx context.Context, h *house, c *client, m *mix) error {
	ends := time.Now().Add(settleTime)
	r.Jobs = len(m.jobs)
	for _, id := range m.jobs {
		if err := until(ctx, ends, func() (bool, error) { return r.ended(ctx, c, id) }); err != nil {
			return fmt.Errorf("job %s: %w", id, err)
		}
	}
	if err := until(ctx, ends, func() (bool, error) {
		text, err := c.get(ctx, "/v1/deliveries?state=due")
		return err == nil && strings.Contains(string(text), `"items":[]`), err
	}); err != nil {
		return fmt.Errorf("events that are due: %w", err)
	}
	text, err := c.get(ctx, "/v1/deliveries?state=dead")
	if err == nil && !strings.Contains(string(text), `"items":[]`) {
		r.Wrong = append(r.Wrong, fmt.Sprintf("events were given up: %.500s", text))
	}
	if err != nil {
		return err
	}
	c.http.CloseIdleConnections()
	err = until(ctx, ends, func() (bool, error) {
		r.After, err = h.sample(ctx, c)
		return err == nil && r.After.Goroutines <= r.Before.Goroutines+mostLeft && r.After.Files <= r.Before.Files+mostFiles, err
	})
	if errors.Is(err, errNotInTime) {
		return nil // judge says so
	}
	return err
}

// ended reports whether a job has ended, and notes it where it failed.
func (r *loaded) ended(ctx context.Context, c *client, id string) (bool, error) {
	text, err := c.get(ctx, "/v1/jobs/"+id)
	var job struct{ State, Error, Screening string }
	if err == nil {
		err = json.Unmarshal(text, &job)
	}
	switch {
	case err != nil:
		return false, err
	case job.State == "failed", job.State == "done" && job.Screening == "":
		r.Wrong = append(r.Wrong, fmt.Sprintf("job %s: %s", id, text))
		return true, nil
	}
	return job.State == "done", nil
}

var errNotInTime = errors.New("it did not happen within a minute")

// until asks again and again whether it is so.
func until(ctx context.Context, end time.Time, so func() (bool, error)) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if is, err := so(); is || err != nil {
			return err
		}
		if time.Now().After(end) {
			return errNotInTime
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
