package nodetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is one run of the program.
type process struct {
	cmd   *exec.Cmd
	ready chan struct{} // closed when it says that it answers
	ended chan struct{} // closed when it is gone
	mu    sync.Mutex
	log   []string // its last lines
}

const (
	startLimit = time.Minute
	stopLimit  = time.Minute
	keptLines  = 40
)

// ErrMissing means that the program is not on this machine.
var ErrMissing = errors.New("is missing")

// find returns the program.
func (k Kind) find() (string, error) {
	if path := os.Getenv(k.env()); path != "" {
		return path, nil
	}
	p := k.program()
	if root, ok := moduleRoot(); ok {
		path := filepath.Join(root, "build", "tools", filepath.FromSlash(p.path))
		if exists(path) {
			return path, nil
		}
	}
	if path, err := exec.LookPath(string(k)); err == nil {
		return path, nil
	}
	return "", fmt.Errorf("%s %w: run %s, or set %s", k, ErrMissing, p.get, k.env())
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// moduleRoot returns the folder of go.mod above the test's.
func moduleRoot() (string, bool) {
	dir, err := os.Getwd()
	for err == nil {
		if exists(filepath.Join(dir, "go.mod")) {
			return dir, true
		}
		if filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	return "", false
}

func freePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// PID returns the number of the program's process, 0 while it does not run.
func (n *Node) PID() int {
	if n.run == nil {
		return 0
	}
	return n.run.cmd.Process.Pid
}

// start runs the program and waits until it answers.
func (n *Node) start(ctx context.Context) error {
	p := &process{ready: make(chan struct{}), ended: make(chan struct{})}
	// It lives until Stop or Kill, not as long as a context.
	p.cmd = exec.Command(n.binary, append(n.program.args(n), n.args...)...) //nolint:gosec,noctx // a program that the developer named
	p.cmd.SysProcAttr = dieWithParent()
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("read what %s prints: %w", n.Kind, err)
	}
	p.cmd.Stderr = p.cmd.Stdout
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("run %s: %w", n.binary, err)
	}
	n.run, n.tip = p, nil // after a loss of power it may have lost blocks
	go p.watch(out, n.program.ready)
	timer := time.NewTimer(startLimit)
	defer timer.Stop()
	select {
	case <-p.ready:
		return nil
	case <-p.ended:
		return errors.New("it ended:\n" + p.lastLines())
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-timer.C:
		err = fmt.Errorf("not ready after %s", startLimit)
	}
	return errors.Join(fmt.Errorf("%w:\n%s", err, p.lastLines()), n.end(syscall.SIGKILL))
}

// watch reads the program's log to its end and waits for the program.
func (p *process) watch(out io.Reader, ready string) {
	defer close(p.ended)
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	loaded := false
	for lines.Scan() {
		p.mu.Lock()
		if len(p.log) == keptLines {
			p.log = p.log[1:]
		}
		p.log = append(p.log, lines.Text())
		p.mu.Unlock()
		if !loaded && strings.Contains(lines.Text(), ready) {
			loaded = true
			close(p.ready)
		}
	}
	_, _ = io.Copy(io.Discard, out) // after a line that is too long; the log is for people only
	_ = p.cmd.Wait()                // how it ended shows in the log
}

func (p *process) lastLines() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.log, "\n")
}

// end sends a signal and waits until the program is gone. A second call does nothing.
func (n *Node) end(signal syscall.Signal) error {
	if n.run == nil {
		return nil
	}
	p := n.run
	n.run = nil
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", n.Kind, err)
	}
	timer := time.NewTimer(stopLimit)
	defer timer.Stop()
	select {
	case <-p.ended:
		return nil
	case <-timer.C:
	}
	err := fmt.Errorf("%s did not stop within %s:\n%s", n.Kind, stopLimit, p.lastLines())
	if killed := p.cmd.Process.Kill(); killed != nil {
		return errors.Join(err, killed)
	}
	<-p.ended
	return err
}
