package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"text/template"
	"time"

	"clew/screen"

	_ "embed"
)

// screeningJob measures clew serve beside a handler that does nothing, and prints docs/performance-screening.md.
const screeningJob = "screening"

// Of its parts.
const (
	fixedRate  = 5000 // requests a second
	fixedTime  = 10 * time.Second
	batchMost  = 10_000
	walksAsked = 400
)

//go:embed performance-screening.md.tmpl
var screeningPage string

// screened is what was measured of it.
type screened struct {
	Full, Bare           served // wrk, as fast as it goes
	ByIncident, ByLabel  served
	Fixed, FixedBare     served // at fixedRate, from when each request was due
	Answer               int64  // bytes of an answer
	First, Again         served // batches
	Walks                served
	Subjects             map[string]int
	Peak                 int64 // MiB
	Load                 *loaded
	Txs, BlockTxs        int64
	Date, Go, System, On string
	Cores                int
}

// screening runs each part against the same server, one after another, and the bare handler between them:
//
//	go run ./bench -job screening -txs 1000000 -minutes 30 > docs/performance-screening.md
//
// With -minutes 0 the mixed load is left out.
func (o *options) screening(ctx context.Context, out io.Writer) error {
	remove, err := o.loadFolder()
	if err != nil {
		return err
	}
	s := &screened{Txs: int64(o.txs), BlockTxs: int64(o.blockTxs), Date: o.date, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, On: processor(), Cores: cores()}
	err = o.measureScreening(ctx, s)
	if err == nil && o.minutes > 0 {
		if s.Load, err = o.mixedLoad(ctx, io.Discard); err == nil && len(s.Load.Wrong) > 0 {
			err = fmt.Errorf("the load went wrong:\n  %s", strings.Join(s.Load.Wrong, "\n  "))
		}
	}
	if err != nil {
		return errors.Join(err, remove())
	}
	t, err := template.New("page").Funcs(template.FuncMap{"thousands": thousands, "millis": millis, "percent": percent, "count": func(n int) string { return thousands(int64(n)) }, "args": func() string { return o.screeningArgs() }}).Parse(screeningPage)
	if err == nil {
		err = t.Execute(out, s)
	}
	return errors.Join(err, remove())
}

// screeningArgs repeats the run.
func (o *options) screeningArgs() string {
	text := fmt.Sprintf("-job screening -txs %d -block-txs %d -minutes %g", o.txs, o.blockTxs, o.minutes)
	if o.minutes > 0 {
		text += fmt.Sprintf(" -rate %d -block-every %s", o.rate, o.blockEvery)
	}
	return text
}

func (o *options) measureScreening(ctx context.Context, s *screened) (err error) {
	node, err := o.startHouseNode(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, node.Close()) }()
	h, err := o.openHouse(ctx, node)
	if err != nil {
		return err
	}
	if err := h.serve(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.stop()) }()
	c := &client{url: h.url, key: h.key}
	defer c.http.CloseIdleConnections()
	traced, err := tracedSubjects(ctx, c)
	if err != nil {
		return err
	}
	labelled, err := labelledSubjects()
	if err != nil {
		return err
	}
	if err := s.batches(ctx, h, c, labelled); err != nil {
		return err
	}
	m, err := newMix(ctx, o, c, node.found.Load())
	if err != nil {
		return err
	}
	s.Subjects = map[string]int{"traced": len(traced), byIncident: len(m.pools[byIncident]), byLabel: len(m.pools[byLabel])}
	if err := s.lookups(ctx, o, h, m); err != nil {
		return err
	}
	s.Walks, err = fixed(ctx, h.url, h.cmd.Process.Pid, 0, 1, walksAsked, func(rng *rand.Rand) *request { return m.of(byWalk, rng) })
	s.Peak = kib(fmt.Sprintf("/proc/%d/status", h.cmd.Process.Pid), "VmHWM:") / 1024
	return err
}

// batches asks for a batch of subjects that the server was never asked for, and again.
func (s *screened) batches(ctx context.Context, h *house, c *client, subjects []screen.Subject) error {
	rng := rand.New(rand.NewPCG(chainSeed, 14))
	rng.Shuffle(len(subjects), func(i, k int) { subjects[i], subjects[k] = subjects[k], subjects[i] })
	body := string(batchBody(nil, subjects[:batchMost], batchMost))
	for _, to := range []*served{&s.First, &s.Again} {
		before, began := processCPU(h.cmd.Process.Pid), time.Now()
		text, err := c.post(ctx, http.StatusOK, "/v1/screenings:batch", body)
		to.Took, to.CPU, to.Requests = time.Since(began), processCPU(h.cmd.Process.Pid)-before, batchMost
		if err == nil {
			err = wholeBatch(text, batchMost)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lookups measures what incidents and labels answer, and a bare handler with bodies of the same size.
func (s *screened) lookups(ctx context.Context, o *options, h *house, m *mix) error {
	both := append(append([]*request{}, m.pools[byIncident]...), m.pools[byLabel]...)
	rng := rand.New(rand.NewPCG(chainSeed, 15))
	rng.Shuffle(len(both), func(i, k int) { both[i], both[k] = both[k], both[i] })
	d := &driver{url: h.url, wires: 8, next: func(rng *rand.Rand) *request { return both[rng.IntN(len(both))] }}
	some, stop := context.WithTimeout(ctx, time.Second)
	err := d.run(some)
	stop()
	if err != nil {
		return err
	}
	warm := d.take()
	s.Answer = warm.bytes / max(1, warm.all().n)
	bare := *o
	bare.txs = int(s.Answer)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	beside, err := bare.startServer(ctx, job{name: bareJob})
	if err != nil {
		return err
	}
	defer func() { cancel(); _ = beside.Wait() }() // it was told to end
	pid, barePid := h.cmd.Process.Pid, beside.Process.Pid
	for _, part := range []struct {
		to   *served
		url  string
		pid  int
		from []*request
	}{
		{&s.ByIncident, h.url, pid, m.pools[byIncident]}, {&s.ByLabel, h.url, pid, m.pools[byLabel]},
		{&s.Bare, bare.url, barePid, both}, {&s.Full, h.url, pid, both}, // last, so that the journal has the verdicts
	} {
		progress("wrk, %s …", part.url)
		if *part.to, err = o.fullRate(ctx, part.url, h.key, part.pid, bodiesOf(part.from)); err != nil {
			return err
		}
	}
	progress("%d requests a second …", fixedRate)
	if s.FixedBare, err = fixed(ctx, bare.url, barePid, fixedRate, wrkWires, 0, func(rng *rand.Rand) *request {
		return &request{kind: bareJob, bytes: d.next(rng).bytes, status: http.StatusOK}
	}); err != nil {
		return err
	}
	s.Fixed, err = fixed(ctx, h.url, pid, fixedRate, wrkWires, 0, d.next)
	return err
}

// bodiesOf are the bodies of requests.
func bodiesOf(all []*request) (bodies [][]byte) {
	for _, r := range all {
		_, body, _ := bytes.Cut(r.bytes, []byte("\r\n\r\n"))
		bodies = append(bodies, body)
	}
	return bodies
}

// fixed asks at a rate for fixedTime; or, where most is not 0, so many times.
func fixed(ctx context.Context, url string, pid, rate, wires int, most int64, next func(*rand.Rand) *request) (s served, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	d := &driver{url: url, wires: wires, rate: rate, next: next}
	if most > 0 {
		var asked atomic.Int64
		d.next = func(rng *rand.Rand) *request {
			if asked.Add(1) >= most {
				stop()
			}
			return next(rng)
		}
	} else {
		ctx, stop = context.WithTimeout(ctx, fixedTime)
		defer stop()
	}
	before, began := processCPU(pid), time.Now()
	err = d.run(ctx)
	s.Took, s.CPU = time.Since(began), processCPU(pid)-before
	t := d.take()
	all := t.all()
	s.Requests, s.Failed, s.P50, s.P99, s.P999 = all.n, t.failed, all.at(500), all.at(990), all.at(999)
	return s, err
}
