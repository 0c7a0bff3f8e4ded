package server

import (
	"slices"
	"time"

	"clew/screen/watch"
	"clew/store/journal"
)

// The kinds of events of this package.
const (
	EventScreened = "screening.completed" // a job's verdict is there
	EventLoaded   = "incident.loaded"     // a job's incident is screened against
	EventFailed   = "job.failed"          // a job came to nothing
)

// Event is the form of every event that is sent.
type Event struct {
	ID        string         `json:"id"`
	Type      string         `json:"type"`
	Timestamp time.Time      `json:"timestamp"`
	Data      map[string]any `json:"data"`
}

// Events are all kinds that an endpoint can ask for.
func Events() []string {
	return append([]string{EventScreened, EventLoaded, EventFailed}, watch.Events()...)
}

func knownEvent(kind string) bool { return slices.Contains(Events(), kind) }

// jobEvent is the event that the end of a job is told by. A job ends once, so it is told once, however
// often that is tried.
func (s *Server) jobEvent(job *journal.Job, out done, why string) (watch.Event, error) {
	kind, data := map[string]string{jobScreening: EventScreened, jobTrace: EventLoaded}[job.Kind], out.event
	if why != "" {
		kind, data = EventFailed, map[string]any{"kind": job.Kind, "error": why}
	}
	data["job"] = job.ID
	return watch.NewEvent(kind, "", s.now(), data)
}
