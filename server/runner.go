package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"clew/chains"
	"clew/screen"
	"clew/screen/watch"
	"clew/store/journal"
)

const (
	// jobLease is how long a job stays with a process that does not say that it still has it: one that was
	// killed holds its jobs up no longer.
	jobLease = 15 * time.Second
	// jobPoll is how often the journal is asked for jobs that another process added.
	jobPoll = time.Second
)

// done is what came of a job.
type done struct {
	result string // id of the screening, or of the incident
	event  map[string]any
	write  func(*journal.Tx) error // what is kept with its end; nil: nothing
}

// runJobs runs jobs until ctx ends, several at once. One that is cut off then goes back into the queue.
func (s *Server) runJobs(ctx context.Context, owner string) {
	var running sync.WaitGroup
	for range s.opt.Limits.Jobs {
		running.Go(func() { s.runnerLoop(ctx, owner) })
	}
	running.Wait()
}

func (s *Server) runnerLoop(ctx context.Context, owner string) {
	tick := time.NewTicker(jobPoll)
	defer tick.Stop()
	for ctx.Err() == nil {
		job, ok, err := s.opt.Journal.ClaimJob(ctx, owner, jobLease)
		switch {
		case err != nil && ctx.Err() == nil:
			s.opt.Logger.LogAttrs(ctx, slog.LevelError, "jobs cannot be read", slog.Any("error", err))
		case ok:
			s.ring() // there may be another one for the other runners
			s.runJob(ctx, owner, &job)
			continue
		}
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-tick.C:
		}
	}
}

// runJob runs a job and keeps what came of it.
func (s *Server) runJob(ctx context.Context, owner string, job *journal.Job) {
	if job.Attempts > s.opt.Limits.JobAttempts { // each time, the process ended before the job did
		why := fmt.Sprintf("it was begun %d times and never came to its end", job.Attempts-1)
		if err := s.finishJob(context.WithoutCancel(ctx), owner, job, done{}, why); err != nil {
			s.unfinished(ctx, job, err)
		}
		return
	}
	run, cancel := context.WithTimeoutCause(ctx, s.opt.Limits.JobTime, fmt.Errorf("it took longer than %s", s.opt.Limits.JobTime))
	stop := s.holdJob(run, cancel, owner, job.ID)
	out, err := s.doJob(run, job)
	cancel()
	stop()
	// What was found is kept also when the server stops meanwhile.
	keep := context.WithoutCancel(ctx)
	switch {
	case err == nil:
		err = s.finishJob(keep, owner, job, out, "")
		s.metrics.jobs.WithLabelValues(job.Kind, string(journal.JobDone)).Inc()
	case ctx.Err() != nil:
		err = s.returnJob(keep, owner, job, "the server stopped")
	case final(err) || job.Attempts >= s.opt.Limits.JobAttempts:
		s.opt.Logger.LogAttrs(ctx, slog.LevelError, "a job failed", slog.String("job", job.ID), slog.Any("error", err))
		err = s.finishJob(keep, owner, job, done{}, publicError(err))
		s.metrics.jobs.WithLabelValues(job.Kind, string(journal.JobFailed)).Inc()
	default:
		s.opt.Logger.LogAttrs(ctx, slog.LevelWarn, "a job is tried again", slog.String("job", job.ID), slog.Any("error", err))
		err = s.returnJob(keep, owner, job, publicError(err))
	}
	if err != nil {
		s.unfinished(ctx, job, err)
	}
}

// unfinished says in the program's log that the end of a job could not be kept: it will be run again. Where
// another process has it, that is as it should be.
func (s *Server) unfinished(ctx context.Context, job *journal.Job, err error) {
	if !errors.Is(err, journal.ErrLost) {
		s.opt.Logger.LogAttrs(ctx, slog.LevelError, "the end of a job could not be kept", slog.String("job", job.ID), slog.Any("error", err))
	}
}

// holdJob says again and again that the job is still being run; where another process has it, the run
// ends. The function that it returns ends that, and waits.
func (s *Server) holdJob(ctx context.Context, lost context.CancelFunc, owner, id string) func() {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(jobLease / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				err := s.opt.Journal.Do(ctx, func(tx *journal.Tx) error { return tx.ExtendJob(id, owner, jobLease) })
				if errors.Is(err, journal.ErrLost) {
					lost()
				}
			}
		}
	}()
	return func() { <-ended }
}

// doJob does what a job asks for. A panic fails that job, and ends nothing else.
func (s *Server) doJob(ctx context.Context, job *journal.Job) (out done, err error) {
	defer func() {
		if v := recover(); v != nil {
			s.opt.Logger.LogAttrs(ctx, slog.LevelError, "a job broke off", slog.String("job", job.ID), slog.Any("error", panicked(v)))
			err = &finalError{errors.New("it broke off; the program's log has more")}
		}
	}()
	switch job.Kind {
	case jobScreening:
		return s.screenJob(ctx, job)
	case jobTrace:
		return s.traceJob(ctx, job)
	}
	return done{}, &finalError{fmt.Errorf("nobody knows jobs of the kind %q", job.Kind)}
}

func (s *Server) screenJob(ctx context.Context, job *journal.Job) (done, error) {
	var req screeningJob
	if err := json.Unmarshal(job.Request, &req); err != nil {
		return done{}, &finalError{fmt.Errorf("reading the job: %w", err)}
	}
	state, v, err := s.screen(ctx, screen.Request{Subject: req.Subject, Budget: req.Budget, Deep: true})
	if err != nil {
		return done{}, err
	}
	row, err := s.rowOf(&call{route: &route{}}, v)
	if err != nil {
		return done{}, err
	}
	row.Key = job.Key
	event := map[string]any{"screening": v.ID, "subject": v.Subject, "verdict": v.Outcome, "action": v.Action, "says": v.Says}
	if req.Preliminary != "" {
		event["preliminary"] = req.Preliminary
	}
	if req.Reference != "" {
		event["reference"] = req.Reference
	}
	return done{result: v.ID, event: event, write: func(tx *journal.Tx) error {
		if err := s.putBlobs(tx, state); err != nil {
			return err
		}
		_, err := tx.PutScreening(row)
		return err
	}}, nil
}

func (s *Server) traceJob(ctx context.Context, job *journal.Job) (done, error) {
	var req traceJob
	if err := json.Unmarshal(job.Request, &req); err != nil {
		return done{}, &finalError{fmt.Errorf("reading the job: %w", err)}
	}
	if s.opt.Traces == nil {
		return done{}, &finalError{errors.New("the program was started without a store of traces")}
	}
	var loaded journal.Incident
	var err error
	if req.Trace != "" {
		loaded, err = s.opt.Traces.Load(ctx, req.Trace)
	} else {
		loaded, err = s.opt.Traces.Run(ctx, req.File)
	}
	if err != nil {
		return done{}, err
	}
	return done{result: loaded.ID, event: map[string]any{"incident": loaded.ID, "trace": loaded.Trace, "sha256": loaded.SHA256}}, nil
}

// finishJob keeps the end of a job, what came of it, and the event that tells of it, all or nothing.
func (s *Server) finishJob(ctx context.Context, owner string, job *journal.Job, out done, why string) error {
	endpoints, err := s.opt.Journal.Endpoints(ctx)
	if err != nil {
		return fmt.Errorf("reading webhook endpoints: %w", err)
	}
	event, err := s.jobEvent(job, out, why)
	if err != nil {
		return err
	}
	err = s.commit(ctx, func(tx *journal.Tx) error {
		if out.write != nil {
			if err := out.write(tx); err != nil {
				return err
			}
		}
		if err := tx.FinishJob(job.ID, owner, out.result, why); err != nil {
			return err
		}
		return watch.Emit(tx, endpoints, job.Endpoint, &event)
	})
	if err == nil && s.opt.Sender != nil {
		s.opt.Sender.Wake()
	}
	return err
}

func (s *Server) returnJob(ctx context.Context, owner string, job *journal.Job, why string) error {
	return s.commit(ctx, func(tx *journal.Tx) error { return tx.ReturnJob(job.ID, owner, why) })
}

// finalError will not go away when the job is tried again.
type finalError struct{ error }

func (e *finalError) Unwrap() error { return e.error }

func final(err error) bool {
	var f *finalError
	return errors.As(err, &f) || errors.Is(err, screen.ErrSubject) || errors.Is(err, chains.ErrNotFound)
}

// publicError is what is told of a job's error: the API shows it to whoever may read. Names of files of
// this machine are nobody's business.
func publicError(err error) string {
	var file *fs.PathError
	if errors.As(err, &file) {
		return "a file could not be read or written; the program's log has more"
	}
	var p *Problem
	if errors.As(err, &p) {
		return p.Detail
	}
	return err.Error()
}
