package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"clew/server"
)

// retracer traces loaded incidents again whose traces no longer say where their money lies: because some
// of it moved, or because a block that they rest on left the main chain.
type retracer struct {
	d     *desk
	wake  chan struct{}
	hurry chan struct{}

	mu  sync.Mutex
	due []string // ids of incidents, each once, in the order in which they are traced
}

func newRetracer(d *desk) *retracer {
	return &retracer{d: d, wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1)}
}

// ask has an incident traced again, once it is its turn. It does not wait.
func (r *retracer) ask(incident string) {
	r.mu.Lock()
	if !slices.Contains(r.due, incident) {
		r.due = append(r.due, incident)
	}
	r.mu.Unlock()
	nudge(r.wake)
}

// stale has those traced next that do not stand on the main chain: their matches do not count until then.
func (r *retracer) stale(s *deskState) {
	for _, in := range s.Screener.Index().Incidents() {
		if in.Stale != "" {
			r.askFirst(in.ID)
		}
	}
}

// askFirst has an incident traced again before all others, and at once. It does not wait.
func (r *retracer) askFirst(incident string) {
	r.mu.Lock()
	r.due = slices.Insert(slices.DeleteFunc(r.due, func(id string) bool { return id == incident }), 0, incident)
	r.mu.Unlock()
	nudge(r.wake)
	nudge(r.hurry)
}

// nudge lets whoever waits go on, or whoever comes to wait.
func nudge(to chan struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

// next takes the incident whose turn it is.
func (r *retracer) next() (id string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.due) == 0 {
		return "", false
	}
	id, r.due = r.due[0], r.due[1:]
	return id, true
}

// retraceRest is how long nothing is traced again after a trace, in times of what that took: money of a large
// incident may move with each block, and screening goes first. What is stale does not wait.
const retraceRest = 4

// run traces what was asked for, one after another, until ctx ends.
func (r *retracer) run(ctx context.Context) {
	for ctx.Err() == nil {
		id, ok := r.next()
		if !ok {
			select {
			case <-ctx.Done():
			case <-r.wake:
			}
			continue
		}
		began := time.Now()
		if err := r.trace(ctx, id); err != nil && ctx.Err() == nil {
			r.d.w.log.Error("an incident whose trace is out of date was not traced again", "incident", id, "error", err)
		}
		r.rest(ctx, retraceRest*time.Since(began))
	}
}

// rest waits, at most until something stale is asked for.
func (r *retracer) rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-r.hurry:
	case <-timer.C:
	}
}

// trace traces an incident again as of now, if its file is known.
func (r *retracer) trace(ctx context.Context, id string) error {
	in, err := r.d.j.Incident(ctx, id)
	if err != nil {
		return err
	}
	if len(in.File) == 0 {
		r.d.w.log.Warn("an incident whose trace is out of date cannot be traced again: its file is not known (clew incident add INCIDENT.yaml)", "incident", id)
		return nil
	}
	_, err = deskTraces{r.d}.Run(ctx, in.File)
	return err
}

// served is the state as the API has it.
func (d *desk) served() *server.State { return d.state.Load().api }
