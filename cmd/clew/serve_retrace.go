package main

import (
	"context"
	"slices"
	"sync"

	"clew/server"
)

// retracer traces loaded incidents again whose traces no longer say where their money lies: because some
// of it moved, or because a block that they rest on left the main chain.
type retracer struct {
	d    *desk
	wake chan struct{}

	mu  sync.Mutex
	due []string // ids of incidents, each once
}

func newRetracer(d *desk) *retracer { return &retracer{d: d, wake: make(chan struct{}, 1)} }

// ask has an incident traced again. It does not wait.
func (r *retracer) ask(incident string) {
	r.mu.Lock()
	if !slices.Contains(r.due, incident) {
		r.due = append(r.due, incident)
	}
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// stale asks for what does not stand on the main chain.
func (r *retracer) stale(s *deskState) {
	for _, in := range s.Screener.Index().Incidents() {
		if in.Stale != "" {
			r.ask(in.ID)
		}
	}
}

// run traces what was asked for, one after another, until ctx ends.
func (r *retracer) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		}
		r.mu.Lock()
		list := r.due
		r.due = nil
		r.mu.Unlock()
		for _, id := range list {
			if err := r.trace(ctx, id); err != nil && ctx.Err() == nil {
				r.d.w.log.Error("an incident whose trace is out of date was not traced again", "incident", id, "error", err)
			}
		}
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
