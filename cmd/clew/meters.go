package main

import "clew/ingest"

// meters shows how far a trace is that reads several chains, one after another. The zero value
// is ready.
type meters struct {
	job   string
	shown *meter
}

// of returns what shows the progress of a job, in place of the one before.
func (m *meters) of(w *world, job string) ingest.Progress {
	if m.shown == nil || m.job != job {
		m.done()
		m.job, m.shown = job, newMeter(w, job)
	}
	return m.shown.Update
}

// done ends the one that is shown.
func (m *meters) done() {
	if m.shown != nil {
		m.shown.Done()
		m.shown = nil
	}
}
