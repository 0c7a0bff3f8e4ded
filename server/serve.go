package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// maxHeader is how many bytes the headers of a request may have.
const maxHeader = 16 << 10

// Serve answers on l until ctx ends, and runs jobs meanwhile. Then it takes nothing new; requests in
// flight have Limits.Drain to end, after which their walks are cut off and said to be; jobs go back into
// the queue. It closes l. The error is nil where it was ctx that ended it.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	err := s.mayServe(ctx, l)
	if err == nil && s.opt.Serving != nil {
		err = s.opt.Serving()
	}
	if err != nil {
		return errors.Join(err, l.Close())
	}
	web := &http.Server{
		Handler: s, MaxHeaderBytes: maxHeader,
		BaseContext:       func(net.Listener) context.Context { return s.abort },
		ReadHeaderTimeout: s.opt.Limits.HeaderTime,
		ReadTimeout:       s.opt.Limits.HeaderTime + s.opt.Limits.Deadline,
		WriteTimeout:      2*s.opt.Limits.Deadline + s.opt.Limits.HeaderTime,
		IdleTimeout:       s.opt.Limits.Idle,
		ErrorLog:          slog.NewLogLogger(s.opt.Logger.Handler(), slog.LevelDebug), // what clients do wrong
	}
	jobs, endJobs := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { s.runJobs(jobs, "serve-"+rand.Text()) })
	running.Go(func() { s.prune(jobs) })
	defer running.Wait()
	defer endJobs()
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(l) }()
	select {
	case err := <-failed:
		s.kill()
		return fmt.Errorf("serving on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	endJobs()
	return s.drain(context.WithoutCancel(ctx), web)
}

const (
	// pruneEvery is how often old answers and deliveries are dropped, and pruneAfter when they are old.
	pruneEvery = time.Hour
	pruneAfter = 7 * 24 * time.Hour
)

// prune drops what nobody asks for any more, until ctx ends: answers to idempotency keys, and deliveries
// that arrived. Verdicts, jobs and the log stay.
func (s *Server) prune(ctx context.Context) {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		_, err := s.opt.Journal.Prune(ctx, s.now().Add(-max(pruneAfter, s.opt.Limits.ReplyKept)))
		if err != nil && ctx.Err() == nil {
			s.opt.Logger.LogAttrs(ctx, slog.LevelError, "old answers could not be dropped", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// killTime is how long requests have whose walks were cut off.
const killTime = 5 * time.Second

// drain lets requests in flight end.
func (s *Server) drain(ctx context.Context, web *http.Server) error {
	s.ending.Store(true)
	defer s.kill()
	wait, cancel := context.WithTimeout(ctx, s.opt.Limits.Drain)
	defer cancel()
	err := web.Shutdown(wait)
	if err == nil {
		return nil
	}
	s.kill()
	wait, cancel = context.WithTimeout(ctx, killTime)
	defer cancel()
	if err = web.Shutdown(wait); err != nil {
		err = errors.Join(fmt.Errorf("stopping: requests were still in flight: %w", err), web.Close())
	}
	return err
}

// mayServe refuses what would be open to everybody, or of use to nobody.
func (s *Server) mayServe(ctx context.Context, l net.Listener) error {
	near := isNear(l.Addr())
	if s.opt.NoAuth {
		if !near {
			return fmt.Errorf("%w: %s", ErrOpen, l.Addr())
		}
		return nil
	}
	_, sealed := l.(interface{ Sealed() })
	if !near && !sealed && !s.opt.Plain {
		return fmt.Errorf("%w: %s", ErrPlain, l.Addr())
	}
	keys, err := s.keysNow(ctx)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if k.Revoked.IsZero() {
			return nil
		}
	}
	return ErrNoKey
}

// isNear says whether an address is of this machine alone.
func isNear(a net.Addr) bool {
	switch a := a.(type) {
	case *net.UnixAddr:
		return true
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	}
	return false
}
