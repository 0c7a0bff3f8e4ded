package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// house is a folder with a store, a journal and a program, in which clew runs as a process of its own.
type house struct {
	dir  string
	clew string // the program
	key  string // of the scope admin, without a bound that matters
	cmd  *exec.Cmd
	url  string
	said *os.File // what the server says
}

// keyRate is what the key may ask for in a second: more than any machine answers.
const keyRate = "10000000"

// openHouse makes the program, unless one is named, the chain, the store and its incidents, unless they are
// there, and a journal of its own.
func (o *options) openHouse(ctx context.Context, node *pacedNode) (h *house, err error) {
	h = &house{dir: o.dir}
	if h.clew, err = filepath.Abs(orDefault(o.clew, filepath.Join(o.dir, "clew"))); err != nil {
		return nil, err
	}
	if o.clew == "" {
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", h.clew, "./cmd/clew").CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build the program: %w\n%s", err, out)
		}
	}
	for _, old := range []string{"clew.screening.db", "clew.screening.db-wal", "clew.screening.db-shm"} {
		if err := os.Remove(filepath.Join(o.dir, old)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if err := h.fill(ctx, o, node); err != nil {
		return nil, err
	}
	text, err := h.run(ctx, "key", "add", "bench", "--scope", "admin", "--rate", keyRate, "--burst", keyRate, "--quiet")
	h.key = strings.TrimSpace(text)
	return h, err
}

// fill syncs the store up to the height at which the node begins, and loads the incidents.
func (h *house) fill(ctx context.Context, o *options, node *pacedNode) error {
	if _, err := os.Stat(filepath.Join(h.dir, "clew.db")); errors.Is(err, fs.ErrNotExist) {
		progress("a store of %d transactions …", o.txs)
		if _, err := h.run(ctx, "sync", "--rpc", string(chain)+"="+node.url, "--from", fmt.Sprint(firstBlock), "--quiet"); err != nil {
			return err
		}
	}
	for i, hops := range o.incidentHops() {
		file := filepath.Join(h.dir, fmt.Sprintf("incident-%d.yaml", i+1))
		text, err := o.theft(i, hops)
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return err
		}
		progress("incident %d, of %d hops at most in a row …", i+1, hops)
		if _, err := h.run(ctx, "incident", "add", file, "--quiet"); err != nil {
			return err
		}
	}
	return nil
}

// exitGaps is the exit status of a result with gaps: where a limit cuts a branch, that is one.
const exitGaps = 3

// run runs a command and returns what it printed.
func (h *house) run(ctx context.Context, args ...string) (string, error) {
	cmd := h.command(ctx, args...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == exitGaps {
		err = nil
	}
	if err != nil {
		return "", fmt.Errorf("clew %s: %w\n%s", args[0], err, said.String())
	}
	return string(out), nil
}

func (h *house) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, h.clew, args...)
	cmd.Dir = h.dir
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "CLEW_") && !strings.HasPrefix(v, "HOME=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "HOME="+h.dir)
	return cmd
}

// serve starts the API and waits until it answers.
func (h *house) serve(ctx context.Context, args ...string) (err error) {
	if h.said, err = os.Create(filepath.Join(h.dir, "serve.log")); err != nil {
		return err
	}
	h.cmd = h.command(ctx, append([]string{"serve", "--json", "--listen", "127.0.0.1:0", "--allow-webhook", "127.0.0.0/8"}, args...)...)
	h.cmd.Stderr = h.said
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := h.cmd.Start(); err != nil {
		return err
	}
	var m struct{ Address string }
	if err := json.NewDecoder(out).Decode(&m); err != nil {
		return errors.Join(fmt.Errorf("clew serve does not answer: %w", err), h.stop())
	}
	h.url = m.Address
	return nil
}

// stop ends the API as an operator does. It must end well.
func (h *house) stop() error {
	if h.cmd == nil || h.cmd.Process == nil {
		return nil
	}
	err := h.cmd.Process.Signal(syscall.SIGTERM)
	if wait := h.cmd.Wait(); wait != nil {
		said, fault := os.ReadFile(h.said.Name())
		err = errors.Join(err, fmt.Errorf("clew serve: %w\n%s", wait, said), fault)
	}
	h.cmd = nil
	return errors.Join(err, h.said.Close())
}

// sample is what the server's process takes at a moment.
type sample struct {
	CPU        time.Duration // of all cores, so far
	RSS        int64         // MiB that lie in memory, of files too
	Anon       int64         // MiB of these that are of no file
	Files      int           // open
	Goroutines int
	Journal    int64 // bytes of the journal's files
}

// sample asks the system and the server's own metrics.
func (h *house) sample(ctx context.Context, c *client) (s sample, err error) {
	pid := h.cmd.Process.Pid
	status := fmt.Sprintf("/proc/%d/status", pid)
	s.CPU, s.RSS, s.Anon = processCPU(pid), kib(status, "VmRSS:")/1024, kib(status, "RssAnon:")/1024
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return s, err
	}
	s.Files = len(open)
	for _, name := range []string{"clew.screening.db", "clew.screening.db-wal"} {
		info, err := os.Stat(filepath.Join(h.dir, name))
		if err != nil {
			return s, err
		}
		s.Journal += info.Size()
	}
	text, err := c.get(ctx, "/metrics")
	if err != nil {
		return s, err
	}
	for line := range strings.Lines(string(text)) {
		if n, ok := strings.CutPrefix(line, "go_goroutines "); ok {
			_, err = fmt.Sscan(n, &s.Goroutines)
		}
	}
	return s, err
}

// progress tells a person how far a job is.
func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }
