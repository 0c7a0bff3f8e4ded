package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	_ "embed"
)

//go:embed wrk.lua
var wrkScript []byte

// Of the requests of wrk.
const (
	wrkThreads = 2
	wrkWires   = 32
	wrkTime    = 10 * time.Second
)

// served is how requests of one kind were answered.
type served struct {
	Requests       int64
	Took           time.Duration
	Failed         int64
	P50, P99, P999 time.Duration
	CPU            time.Duration // of who answered
}

// Rate is requests a second.
func (s served) Rate() int64 { return s.Requests * int64(time.Second) / max(1, int64(s.Took)) }

// Each is the processor time of a request.
func (s served) Each() string {
	return fmt.Sprintf("%d µs", int64(s.CPU)/max(1, s.Requests)/int64(time.Microsecond))
}

// fullRate has wrk ask as fast as it is answered by the process pid at url. Its latencies are from when a
// request was sent: it sends none while it waits.
func (o *options) fullRate(ctx context.Context, url, key string, pid int, bodies [][]byte) (s served, err error) {
	script, file := filepath.Join(o.dir, "wrk.lua"), filepath.Join(o.dir, "bodies")
	if err := errors.Join(os.WriteFile(script, wrkScript, 0o600), os.WriteFile(file, bytes.Join(bodies, []byte("\n")), 0o600)); err != nil {
		return s, err
	}
	cmd := exec.CommandContext(ctx, "wrk", "-t", fmt.Sprint(wrkThreads), "-c", fmt.Sprint(wrkWires), "-d", fmt.Sprintf("%.0fs", wrkTime.Seconds()), "-s", script, url)
	cmd.Env = append(os.Environ(), "BENCH_KEY="+key, "BENCH_BODIES="+file)
	before := processCPU(pid)
	out, err := cmd.CombinedOutput()
	s.CPU = processCPU(pid) - before
	var told struct{ Requests, Microseconds, Failed, P50, P99, P999 int64 }
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err == nil {
		err = json.Unmarshal([]byte(lines[len(lines)-1]), &told)
	}
	if err != nil {
		return s, fmt.Errorf("wrk (apt-get install wrk): %w\n%s", err, out)
	}
	s.Requests, s.Took, s.Failed = told.Requests, time.Duration(told.Microseconds)*time.Microsecond, told.Failed
	s.P50, s.P99, s.P999 = time.Duration(told.P50)*time.Microsecond, time.Duration(told.P99)*time.Microsecond, time.Duration(told.P999)*time.Microsecond
	return s, nil
}

// bareJob is a handler of net/http that reads a body and answers with o.txs bytes: the limit of any server
// that is written with it.
const bareJob = "bare"

// bare serves on a free port of loopback, whose URL it prints, until ctx ends.
func (o *options) bare(ctx context.Context, out io.Writer) error {
	l, err := listenLoopback(ctx)
	if err != nil {
		return err
	}
	answer := bytes.Repeat([]byte("x"), o.txs)
	h := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return // whoever asked has gone
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer) // whoever asked has gone
	})}
	if _, err := fmt.Fprintf(out, "http://%s\n", l.Addr()); err != nil {
		return errors.Join(err, l.Close())
	}
	stop := context.AfterFunc(ctx, func() { _ = h.Close() })
	defer stop()
	if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
