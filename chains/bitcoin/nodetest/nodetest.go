// Package nodetest runs a real node for tests, of each kind that is read: bitcoind and
// litecoind on regtest, btcd on simnet; on loopback, without peers or wallet, with an index
// of transactions, and with REST where the kind has it, unless told otherwise.
//
//	node := nodetest.Start(t, nodetest.Options{})                   // a bitcoind
//	coins := node.Fund(nodetest.P2WPKH(1), 2)                       // two mature coinbases
//	tx := nodetest.Spend(t, coins, nodetest.Pay{To: nodetest.P2TR(2), Value: 70e8},
//		nodetest.Pay{To: nodetest.Anyone(3), Value: 5e8})           // merge two, pay two; the rest is fee
//	hash := node.MineBlock(nodetest.Anyone(0), tx)                  // into a block by itself
//	next := nodetest.Spend(t, tx.Coins[:1], …)                      // tx.Coins are its outputs
//	dialled, err := bitcoin.Dial(ctx, node.Chain, node.URL, node.Options())
//
// Transactions are built and signed here and go into blocks directly, so that fees and relay
// rules are no matter, and a block takes thousands of them. Keys are made from small
// numbers and amounts are whole units, so a test reads the same each time. Block hashes and
// the txids of coinbases differ from run to run unless SetTime fixes the node's clock; on
// btcd they are always the same.
//
// Start finds the program by the variable CLEW_BITCOIND, CLEW_LITECOIND or CLEW_BTCD, in
// build/tools below the module's root, where `make setup` puts it, or in PATH. Without one
// the test is skipped, and fails where CI=true. Launch does the same without a test.
//
// It is for tests and measurements alone.
package nodetest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/rpc"
)

// Options of Start. The zero value is a fresh bitcoind on regtest.
type Options struct {
	Kind Kind // "" is BitcoinCore
	// Args are more arguments of the program. They stand behind ours and win: -rest=0,
	// -txindex=0, -prune=1, -fastprune.
	Args []string
	// DataDir keeps the chain; "" is a temporary one that goes with the test.
	DataDir string
}

// TB is what a node needs of a test. Where there is none, a refusal of the node panics.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Node is a running node. Its methods fail the test where the node refuses. It stops at the
// end of the test.
type Node struct {
	Kind       Kind
	Chain      chains.Chain
	URL        string // http://127.0.0.1:PORT, https of btcd
	DataDir    string
	CookieFile string // there while the node runs, new at each start; "" where it takes none
	CAFile     string // the certificate that it shows over TLS; "" without
	BlocksDir  string // blk*.dat and rev*.dat

	t       TB
	program program
	binary  string
	args    []string
	port    int
	run     *process
	http    *http.Client
	made    uint64 // blocks made here: the next one differs from all of them
	tip     *tip   // nil where it is not known
}

// Start starts a node and waits until it answers. It stops it when the test ends.
func Start(tb testing.TB, o Options) *Node {
	tb.Helper()
	temporary := o.DataDir == ""
	if temporary {
		o.DataDir = tb.TempDir()
	}
	n, err := newNode(tb, o)
	if errors.Is(err, ErrMissing) && os.Getenv("CI") != "true" {
		tb.Skip(err)
	}
	if err == nil {
		if temporary { // nobody will miss what it has not written
			tb.Cleanup(n.Kill)
		} else {
			tb.Cleanup(n.Stop)
		}
		err = n.begin(tb.Context())
	}
	if err != nil {
		tb.Fatalf("start a node: %v", err)
	}
	return n
}

// Launch starts a node in dir without a test. Its methods panic where the node refuses. It
// runs until Stop, or until the process ends. ErrMissing: the program is not on this machine.
func Launch(ctx context.Context, o Options) (*Node, error) {
	n, err := newNode(panics{}, o)
	if err != nil {
		return nil, err
	}
	return n, n.begin(ctx)
}

// panics stands in for a test.
type panics struct{}

// Helper is of TB.
func (panics) Helper() {}

// Fatalf is of TB.
func (panics) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func newNode(tb TB, o Options) (*Node, error) {
	if o.Kind == "" {
		o.Kind = BitcoinCore
	}
	n := &Node{t: tb, Kind: o.Kind, program: o.Kind.program(), args: o.Args, DataDir: o.DataDir}
	n.Chain = n.program.chain
	if o.DataDir == "" {
		return nil, fmt.Errorf("start %s: no data directory is named", o.Kind)
	}
	n.BlocksDir = filepath.Join(n.DataDir, "regtest", "blocks")
	if n.program.tls {
		n.CAFile = filepath.Join(n.DataDir, "rpc.cert")
	} else {
		n.CookieFile = filepath.Join(n.DataDir, "regtest", ".cookie")
	}
	var err error
	n.binary, err = o.Kind.find()
	return n, err
}

// begin starts the program on a port of its own.
func (n *Node) begin(ctx context.Context) error {
	scheme := "http"
	if n.program.tls {
		scheme = "https"
	}
	var err error
	for range 5 { // another program may take the port in between
		if n.port, err = freePort(ctx); err != nil {
			return err
		}
		n.URL = fmt.Sprintf("%s://127.0.0.1:%d", scheme, n.port)
		if err = n.start(ctx); err == nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("%s does not start: %w", n.Kind, err)
	}
	if n.http, err = client(n.CAFile); err != nil {
		return err
	}
	if n.program.first > 0 && n.Height() == 0 {
		n.Skip(n.program.first)
	}
	return nil
}

// Options returns what a client needs beside the URL.
func (n *Node) Options() bitcoin.Options {
	if n.program.tls {
		return bitcoin.Options{Options: rpc.Options{User: user, Password: password, CAFile: n.CAFile}}
	}
	return bitcoin.Options{CookieFile: n.CookieFile}
}

// Stop ends the node in good order and waits until it is gone.
func (n *Node) Stop() {
	n.t.Helper()
	if err := n.end(syscall.SIGTERM); err != nil {
		n.t.Fatalf("%v", err)
	}
}

// Kill ends the node at once, as a loss of power would.
func (n *Node) Kill() {
	n.t.Helper()
	if err := n.end(syscall.SIGKILL); err != nil {
		n.t.Fatalf("%v", err)
	}
}

// Restart starts a stopped or killed node again, on the same port and data, with the same
// arguments and more. It stops a running one first.
func (n *Node) Restart(more ...string) {
	n.t.Helper()
	n.Stop()
	n.args = append(n.args, more...)
	if err := n.start(context.Background()); err != nil {
		n.t.Fatalf("restart %s: %v", n.Kind, err)
	}
}
