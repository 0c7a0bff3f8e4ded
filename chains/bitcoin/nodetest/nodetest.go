// Package nodetest runs a real bitcoind for tests: on regtest, on loopback, without peers or
// wallet, with REST and an index of transactions unless told otherwise.
//
//	node := nodetest.Start(t, nodetest.Options{})
//	coins := node.Fund(nodetest.P2WPKH(1), 2)                       // two mature coinbases
//	tx := nodetest.Spend(t, coins, nodetest.Pay{To: nodetest.P2TR(2), Value: 70e8},
//		nodetest.Pay{To: nodetest.Anyone(3), Value: 5e8})           // merge two, pay two; the rest is fee
//	hash := node.MineBlock(nodetest.Anyone(0), tx)                  // into a block by itself
//	next := nodetest.Spend(t, tx.Coins[:1], …)                      // tx.Coins are its outputs
//	dialled, err := bitcoin.Dial(ctx, "bitcoin-regtest", node.URL, bitcoin.Options{CookieFile: node.CookieFile})
//
// Transactions are built and signed here and go into blocks with generateblock, so that fees
// and relay rules are no matter, and a block takes thousands of them. Keys are made from small
// numbers and amounts are whole units, so a test reads the same each time. Block hashes and
// the txids of coinbases differ from run to run unless SetTime fixes the node's clock.
//
// Start finds bitcoind by the variable CLEW_BITCOIND, in build/tools/bitcoind below
// the module's root, where scripts/get-bitcoind.sh puts it, or in PATH. Without one the test is skipped, and fails where CI=true.
//
// It is for tests alone: nothing outside _test.go files imports it.
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
	"testing"
	"time"
)

// Options of Start. The zero value is a fresh regtest node.
type Options struct {
	// Args are more arguments of bitcoind. They stand behind ours and win: -rest=0,
	// -txindex=0, -prune=1, -fastprune.
	Args []string
	// DataDir keeps the chain; "" is a temporary one that goes with the test.
	DataDir string
}

// Bitcoind is a running node. Its methods fail the test where the node refuses. It stops at
// the end of the test.
type Bitcoind struct {
	URL        string // http://127.0.0.1:PORT
	DataDir    string
	CookieFile string // there while the node runs, new at each start
	BlocksDir  string // blk*.dat and rev*.dat

	t      testing.TB
	binary string
	args   []string
	port   int
	run    *process
}

// process is one run of the program.
type process struct {
	cmd   *exec.Cmd
	ready chan struct{} // closed when it says that loading is done
	ended chan struct{} // closed when it is gone
	mu    sync.Mutex
	log   []string // its last lines
}

const (
	startLimit = time.Minute
	stopLimit  = time.Minute
	keptLines  = 40
)

// Start starts a node and waits until it answers. It stops it when the test ends.
func Start(tb testing.TB, o Options) *Bitcoind {
	tb.Helper()
	b := &Bitcoind{t: tb, binary: find(tb), args: o.Args, DataDir: o.DataDir}
	if b.DataDir == "" {
		b.DataDir = tb.TempDir()
	}
	b.CookieFile = filepath.Join(b.DataDir, "regtest", ".cookie")
	b.BlocksDir = filepath.Join(b.DataDir, "regtest", "blocks")
	tb.Cleanup(b.Kill) // after Stop, which it then finds done
	var err error
	for range 5 { // another program may take the port in between
		b.port = freePort(tb)
		b.URL = fmt.Sprintf("http://127.0.0.1:%d", b.port)
		if err = b.start(); err == nil {
			tb.Cleanup(b.Stop)
			return b
		}
	}
	tb.Fatalf("bitcoind does not start: %v", err)
	return nil
}

// find returns the program, or skips the test.
func find(tb testing.TB) string {
	tb.Helper()
	if path := os.Getenv("CLEW_BITCOIND"); path != "" {
		return path
	}
	if root, ok := moduleRoot(); ok {
		path := filepath.Join(root, "build", "tools", "bitcoind", "bitcoind")
		if exists(path) {
			return path
		}
	}
	if path, err := exec.LookPath("bitcoind"); err == nil {
		return path
	}
	const says = "bitcoind is missing: run scripts/get-bitcoind.sh build/tools/bitcoind, or set CLEW_BITCOIND"
	if os.Getenv("CI") == "true" {
		tb.Fatal(says)
	}
	tb.Skip(says)
	return ""
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

func freePort(tb testing.TB) int {
	tb.Helper()
	l, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("find a free port: %v", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// start runs the program and waits until it is ready.
func (b *Bitcoind) start() error {
	args := append([]string{
		"-regtest", "-datadir=" + b.DataDir, "-server=1", "-rest=1", "-txindex=1",
		"-listen=0", "-connect=0", "-dnsseed=0", "-fixedseeds=0",
		"-rpcbind=127.0.0.1", "-rpcallowip=127.0.0.1", fmt.Sprintf("-rpcport=%d", b.port),
		"-printtoconsole=1", "-persistmempool=0", "-par=1", "-dbcache=32",
	}, b.args...)
	p := &process{ready: make(chan struct{}), ended: make(chan struct{})}
	// It lives as long as the test, not as long as a context: Stop and Kill end it.
	p.cmd = exec.Command(b.binary, args...) //nolint:gosec,noctx // a program that the developer named
	p.cmd.SysProcAttr = dieWithParent()
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("read what bitcoind prints: %w", err)
	}
	p.cmd.Stderr = p.cmd.Stdout
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("run %s: %w", b.binary, err)
	}
	b.run = p
	go p.watch(out)
	timer := time.NewTimer(startLimit)
	defer timer.Stop()
	select {
	case <-p.ready:
		return nil
	case <-p.ended:
		return errors.New("it ended:\n" + p.lastLines())
	case <-timer.C:
		b.Kill()
		return fmt.Errorf("not ready after %s:\n%s", startLimit, p.lastLines())
	}
}

// watch reads the program's log to its end and waits for the program.
func (p *process) watch(out io.Reader) {
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
		if !loaded && strings.Contains(lines.Text(), "Done loading") {
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

// Stop ends the node in good order and waits until it is gone.
func (b *Bitcoind) Stop() {
	b.t.Helper()
	b.end(syscall.SIGTERM)
}

// Kill ends the node at once, as a loss of power would.
func (b *Bitcoind) Kill() {
	b.t.Helper()
	b.end(syscall.SIGKILL)
}

func (b *Bitcoind) end(signal syscall.Signal) {
	b.t.Helper()
	if b.run == nil {
		return
	}
	p := b.run
	b.run = nil
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		b.t.Errorf("stop bitcoind: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	select {
	case <-p.ended:
	case <-ctx.Done():
		b.t.Errorf("bitcoind did not stop within %s:\n%s", stopLimit, p.lastLines())
		if err := p.cmd.Process.Kill(); err == nil {
			<-p.ended
		}
	}
}

// Restart starts a stopped or killed node again, on the same port and data, with the same
// arguments and more. It stops a running one first.
func (b *Bitcoind) Restart(more ...string) {
	b.t.Helper()
	b.Stop()
	b.args = append(b.args, more...)
	if err := b.start(); err != nil {
		b.t.Fatalf("restart bitcoind: %v", err)
	}
}
