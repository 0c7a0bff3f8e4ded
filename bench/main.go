// Command bench measures how fast the program is beside what limits it, in one run on one
// machine, and prints a page in Markdown:
//
//	go run ./bench -sizes 0.3,3 > docs/performance.md
//	go run ./bench -only evm > docs/performance-accounts.md
//	go run ./bench -job screening -txs 1000000 -minutes 30 > docs/performance-screening.md
//
// For each size it generates a chain, serves it on loopback as a bitcoind that never has to
// think, and runs each job in a process of its own, whose peak memory is the one printed.
// Everything lies in a temporary folder, which is removed; a chain of 30 million
// transactions and its two stores take 35 GB there. Then it fills real nodes, where they are
// installed, and measures beside them, and does the same with chains of accounts; -only leaves out the
// other parts.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options of the command line, which the processes of a run share.
type options struct {
	sizes    string // of the run
	small    int    // blocks of the chain of small blocks
	inFlight int
	// nodeBlocks is how many blocks each node is filled with.
	nodeBlocks int
	evmBlocks  int    // blocks that each node of a chain of accounts is filled with
	only       string // chains, nodes or evm; "" for all
	quick      bool
	date       string
	profile    string // folder for a CPU profile of each job; "" for none
	keep       bool

	// Of one chain, and of one process:
	txs, blockTxs int
	dir           string
	url           string // of the server
	way           string // in which a node gives its blocks
	job           string // what this process is to do; "" is the whole run

	// Of clew serve under load:
	clew       string // the program; "" to build it
	minutes    float64
	rate       int // requests a second; 0 for half of what is answered
	blockEvery time.Duration
}

// Transactions of a block, its coinbase among them.
const (
	largeBlock = 2500
	smallBlock = 6
)

func run(ctx context.Context, args []string, out io.Writer) error {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&o.sizes, "sizes", "0.3,3", "chains to measure, in millions of transactions")
	f.IntVar(&o.small, "small", 100_000, "blocks of a chain of small blocks; 0 for none")
	f.IntVar(&o.inFlight, "in-flight", 4, "requests at once")
	f.IntVar(&o.nodeBlocks, "node-blocks", 100, "blocks of 2,000 transactions that each real node is filled with")
	f.IntVar(&o.evmBlocks, "evm-blocks", 2000, "blocks of 45 transactions that each node of a chain of accounts is filled with")
	f.StringVar(&o.only, "only", "", "measure chains, the generated ones, nodes, the real ones, or evm, chains of accounts, alone")
	f.BoolVar(&o.quick, "quick", false, "of chains of accounts, fill nodes with a quarter of the blocks, and do not read every block of the longest")
	f.StringVar(&o.date, "date", "", "printed as the date of the run; left out if empty")
	f.StringVar(&o.profile, "profile", "", "write a CPU profile of each job to JOB-TXS.pprof in this folder")
	f.BoolVar(&o.keep, "keep", false, "keep the folder of each chain, and name it; -job JOB -dir FOLDER -txs N then does one job again")
	f.IntVar(&o.txs, "txs", 0, "used with -job: transactions of the chain")
	f.IntVar(&o.blockTxs, "block-txs", largeBlock, "used with -job: transactions of a block")
	f.StringVar(&o.job, "job", "", "do one job in the folder -dir")
	f.StringVar(&o.dir, "dir", "", "used with -job")
	f.StringVar(&o.way, "way", "", "used with -job: how a node gives its blocks")
	f.StringVar(&o.url, "url", "", "used with -job: of the server, which is -job serve")
	f.StringVar(&o.clew, "clew", "", "used with -job load and screening: this program in place of one that is built from the checkout")
	f.Float64Var(&o.minutes, "minutes", 0.3, "used with -job load and screening: how long it lasts")
	f.IntVar(&o.rate, "rate", 0, "used with -job load and screening: requests a second; 0 for half of what is answered with nothing between them")
	f.DurationVar(&o.blockEvery, "block-every", 10*time.Second, "used with -job load and screening: how often the node finds a block")
	if err := f.Parse(args); err != nil {
		return err
	}
	switch o.job {
	case "":
		return o.all(ctx, out)
	case reportJob:
		return o.report(ctx, out)
	case loadJob:
		return o.load(ctx, out)
	case screeningJob:
		return o.screening(ctx, out)
	case bareJob:
		return o.bare(ctx, out)
	}
	return o.perform(ctx, out)
}

// chainFile, loadedStore and syncedStore lie in the folder of the chain.
func (o *options) chainFile() string   { return filepath.Join(o.dir, "chain") }
func (o *options) syncedStore() string { return filepath.Join(o.dir, "synced.db") }
func (o *options) loadedStore() string { return filepath.Join(o.dir, "loaded.db") }

// The parts of a run.
const (
	onlyChains = "chains"
	onlyNodes  = "nodes"
	onlyEVM    = "evm"
)

// all measures every chain and every node and prints the page.
func (o *options) all(ctx context.Context, out io.Writer) error {
	var m measured
	var err error
	switch o.only {
	case onlyChains:
		err = o.allChains(ctx, &m)
	case onlyNodes:
		m.Nodes, err = o.allNodes(ctx)
	case onlyEVM:
		m.EVM, err = o.allEVM(ctx)
	case "":
		if err = o.allChains(ctx, &m); err == nil {
			m.Nodes, err = o.allNodes(ctx)
		}
		if err == nil {
			m.EVM, err = o.allEVM(ctx)
		}
	default:
		err = fmt.Errorf("-only %s: want %s, %s or %s", o.only, onlyChains, onlyNodes, onlyEVM)
	}
	if err != nil {
		return err
	}
	return o.print(out, m)
}

// measured is everything that a run found.
type measured struct {
	Large []results // by size
	Small results   // nil where it was left out
	Nodes []nodeResult
	EVM   *evmMeasured // nil where it was left out
}

// allChains measures the generated chains.
func (o *options) allChains(ctx context.Context, m *measured) error {
	for text := range strings.SplitSeq(o.sizes, ",") {
		millions, err := strconv.ParseFloat(text, 64)
		if err != nil || millions <= 0 {
			return fmt.Errorf("-sizes %s: want millions of transactions, such as 0.3,3", o.sizes)
		}
		o.txs, o.blockTxs = int(millions*1e6), largeBlock
		r, err := o.measure(ctx, largeJobs)
		if err != nil {
			return err
		}
		m.Large = append(m.Large, r)
	}
	if o.small == 0 {
		return nil
	}
	o.txs, o.blockTxs = o.small*smallBlock, smallBlock
	var err error
	m.Small, err = o.measure(ctx, smallJobs)
	return err
}

// results are by job.
type results map[string]result

// measure runs jobs on a chain of o.txs transactions.
func (o *options) measure(ctx context.Context, jobs []job) (r results, err error) {
	remove, err := o.folder()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r = results{}
	var server *exec.Cmd
	for _, j := range jobs {
		if r[j.name], err = o.child(ctx, j); err != nil {
			return nil, err
		}
		if server == nil { // the first job made the chain
			if server, err = o.startServer(ctx, serveJob); err != nil {
				return nil, err
			}
		}
		if j.name == "insert" { // it is not read again, and large
			if err := os.Remove(o.loadedStore()); err != nil {
				return nil, err
			}
		}
	}
	cancel()
	_ = server.Wait() // it was told to end
	return r, nil
}

// folder makes the folder of a chain, and returns what removes it.
func (o *options) folder() (remove func() error, err error) {
	if o.dir, err = os.MkdirTemp("", "clew-bench-"); err != nil {
		return nil, err
	}
	if o.keep {
		fmt.Fprintf(os.Stderr, "bench: -txs %d -block-txs %d -dir %s\n", o.txs, o.blockTxs, o.dir)
		return func() error { return nil }, nil
	}
	return func() error { return os.RemoveAll(o.dir) }, nil
}

// command is this program again, for one job.
func (o *options) command(ctx context.Context, j job) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-job", j.name, "-dir", o.dir, "-url", o.url, "-way", o.way, "-profile", o.profile,
		"-txs", strconv.Itoa(o.txs), "-block-txs", strconv.Itoa(o.blockTxs), "-in-flight", strconv.Itoa(o.inFlight))
	cmd.Stderr = os.Stderr
	return cmd, nil
}

// child runs a job to its end.
func (o *options) child(ctx context.Context, j job) (res result, err error) {
	fmt.Fprintf(os.Stderr, "bench: %s …\n", strings.TrimSpace(j.name+" "+o.way))
	cmd, err := o.command(ctx, j)
	if err != nil {
		return res, err
	}
	text, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(text, &res)
	}
	if err != nil {
		return res, fmt.Errorf("job %s: %w", j.name, err)
	}
	if res.CPU == 0 { // the job did not measure it
		res.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	fmt.Fprintf(os.Stderr, "bench: %s: %d a second, %s of processor time: %s\n", j.name, res.rate(), res.CPU, strings.TrimSpace(string(text)))
	return res, nil
}

// startServer starts this program for a job that prints the URL at which it serves, and learns it.
func (o *options) startServer(ctx context.Context, j job) (*exec.Cmd, error) {
	cmd, err := o.command(ctx, j)
	if err != nil {
		return nil, err
	}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(pipe).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("server: %w", errors.Join(err, cmd.Wait()))
	}
	o.url = strings.TrimSpace(line)
	return cmd, nil
}
