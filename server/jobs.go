package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"clew/screen"
	"clew/store/journal"
)

// Kinds of jobs.
const (
	jobScreening = "screening"
	jobTrace     = "trace"
)

// Job is what was accepted and is done behind.
type Job struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"`
	State string `json:"state"`
	// Subject is what a screening is about.
	Subject *screen.Subject `json:"subject,omitempty"`
	// Reference is the caller's own name for it.
	Reference string `json:"reference,omitempty"`
	// Preliminary is the id of the verdict as far as the budget went.
	Preliminary string `json:"preliminary,omitempty"`
	// Screening is the id of the verdict that came of it.
	Screening string `json:"screening,omitempty"`
	// Incident is the id of the incident that was loaded.
	Incident string     `json:"incident,omitempty"`
	Attempts int        `json:"attempts"`
	Error    string     `json:"error,omitempty"`
	Created  time.Time  `json:"created_at"`
	Finished *time.Time `json:"finished_at,omitempty"`
}

// screeningJob is a job's request for a verdict, as the journal keeps it.
type screeningJob struct {
	Subject     screen.Subject `json:"subject"`
	Budget      *screen.Budget `json:"budget,omitempty"`
	Preliminary string         `json:"preliminary,omitempty"`
	Reference   string         `json:"reference,omitempty"`
}

// traceJob is a job's request for a trace: the incident's file, or the trace's id.
type traceJob struct {
	File  []byte `json:"file,omitempty"`
	Trace string `json:"trace,omitempty"`
}

// accept answers with a job: the verdict comes later. before is what is known already; nil: nothing.
func (s *Server) accept(w http.ResponseWriter, r *http.Request, req *ScreeningRequest, before *screen.Verdict) *Problem {
	body := screeningJob{Subject: req.Subject, Budget: req.Budget, Reference: req.Reference}
	if before != nil {
		// The budget that the request named has been used up: the job takes the policy's deep one.
		body.Preliminary, body.Budget = before.ID, nil
	}
	return s.addJob(w, r, jobScreening, body, req.Endpoint)
}

// addJob keeps a job and answers with it. It is on the disk before the answer leaves.
func (s *Server) addJob(w http.ResponseWriter, r *http.Request, kind string, request any, endpoint string) *Problem {
	c, ctx := callOf(r.Context()), r.Context()
	data, err := json.Marshal(request)
	if err == nil {
		job := journal.Job{ID: newID(c, "job-"), Kind: kind, Request: data, State: journal.JobQueued, Endpoint: endpoint, Key: c.keyID(), Created: s.now()}
		c.result, c.status = job.ID, http.StatusAccepted
		err = s.commit(ctx, func(tx *journal.Tx) error {
			_, err := tx.AddJob(job)
			return err
		})
		if err == nil {
			s.ring()
			said := jobOf(&job)
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Location", "/v1/jobs/"+job.ID)
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusAccepted)
			err = writeJSON(w, said)
		}
	}
	if err != nil {
		return s.asProblem(ctx, fmt.Errorf("accepting a job: %w", err))
	}
	return nil
}

// ring tells the runner that there is something to do.
func (s *Server) ring() {
	select {
	case s.wake <- struct{}{}:
	default: // it has been told already
	}
}

// jobOf writes a job as the API shows it.
func jobOf(j *journal.Job) Job {
	out := Job{ID: j.ID, Kind: j.Kind, State: string(j.State), Attempts: j.Attempts, Error: j.Error, Created: j.Created}
	if !j.Finished.IsZero() {
		out.Finished = &j.Finished
	}
	switch j.Kind {
	case jobScreening:
		var req screeningJob
		if json.Unmarshal(j.Request, &req) == nil { // it was written by addJob
			out.Subject, out.Preliminary, out.Reference = &req.Subject, req.Preliminary, req.Reference
		}
		out.Screening = j.Result
	case jobTrace:
		out.Incident = j.Result
	}
	return out
}

type jobOut struct {
	Location   string `header:"Content-Location"`
	RetryAfter string `header:"Retry-After"`
	Body       Job
}

// ByID names something by its id. It is exported since huma sees exported fields alone.
type ByID struct {
	ID string `path:"id" maxLength:"200" doc:"The id, as an earlier answer gave it."`
}

// getJob says how far a job is.
func (s *Server) getJob(ctx context.Context, in *ByID) (*jobOut, error) {
	j, err := s.opt.Journal.Job(ctx, in.ID)
	if errors.Is(err, journal.ErrNotFound) {
		return nil, notFound.problem("There is no job %s.", in.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("reading job %s: %w", in.ID, err)
	}
	out := &jobOut{Body: jobOf(&j)}
	switch {
	case out.Body.Finished == nil:
		out.RetryAfter = "1"
	case out.Body.Screening != "":
		out.Location = "/v1/screenings/" + out.Body.Screening
	case out.Body.Incident != "":
		out.Location = "/v1/incidents/" + out.Body.Incident
	}
	return out, nil
}
