// Command bench measures how fast the program is beside what limits it, in one run on one
// machine, and prints a table in Markdown:
//
//	go run ./bench > docs/performance.md
//
// It generates a chain, serves it on loopback as a bitcoind that never has to think, and runs
// each job in a process of its own, whose peak memory is the one printed. Everything lies in
// a temporary folder, which is removed.
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
	"runtime"
	"strings"
	"text/template"

	_ "embed"
)

//go:embed performance.md.tmpl
var page string

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
	txs      int
	inFlight int
	date     string
	dir      string // of the run
	url      string // of the server
	job      string // what this process is to do; "" is the whole run
	profile  string // folder for a CPU profile of each job; "" for none
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.IntVar(&o.txs, "txs", 600_000, "transactions of the generated chain")
	f.IntVar(&o.inFlight, "in-flight", 4, "requests at once")
	f.StringVar(&o.date, "date", "", "printed as the date of the run; left out if empty")
	f.StringVar(&o.profile, "profile", "", "write a CPU profile of each job to JOB.pprof in this folder")
	f.StringVar(&o.job, "job", "", "used by the run itself")
	f.StringVar(&o.dir, "dir", "", "used by the run itself")
	f.StringVar(&o.url, "url", "", "used by the run itself")
	if err := f.Parse(args); err != nil {
		return err
	}
	if o.job != "" {
		return o.perform(ctx, out)
	}
	return o.all(ctx, out)
}

// chainFile, loadedStore and syncedStore lie in the folder of the run.
func (o *options) chainFile() string   { return filepath.Join(o.dir, "chain") }
func (o *options) syncedStore() string { return filepath.Join(o.dir, "synced.db") }
func (o *options) loadedStore() string { return filepath.Join(o.dir, "loaded.db") }

// all runs every job and prints the page.
func (o *options) all(ctx context.Context, out io.Writer) (err error) {
	if o.dir, err = os.MkdirTemp("", "clew-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.dir)) }()
	if _, err := o.child(ctx, "generate"); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server, err := o.startServer(ctx)
	if err != nil {
		return err
	}
	results := map[string]result{}
	for _, job := range []string{"drop", "decode", "insert", "sync", "trace", "follow"} {
		if results[job], err = o.child(ctx, job); err != nil {
			return err
		}
	}
	cancel()
	_ = server.Wait() // it was told to end
	return o.print(out, results)
}

// command is this program again, for one job.
func (o *options) command(ctx context.Context, job string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-job", job, "-dir", o.dir, "-url", o.url, "-profile", o.profile,
		"-txs", fmt.Sprint(o.txs), "-in-flight", fmt.Sprint(o.inFlight))
	cmd.Stderr = os.Stderr
	return cmd, nil
}

// child runs a job to its end.
func (o *options) child(ctx context.Context, job string) (res result, err error) {
	fmt.Fprintf(os.Stderr, "bench: %s …\n", job)
	cmd, err := o.command(ctx, job)
	if err != nil {
		return res, err
	}
	text, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(text, &res)
	}
	if err != nil {
		return res, fmt.Errorf("job %s: %w", job, err)
	}
	fmt.Fprintf(os.Stderr, "bench: %s: %s\n", job, strings.TrimSpace(string(text)))
	return res, nil
}

// startServer starts the server and learns its URL.
func (o *options) startServer(ctx context.Context) (*exec.Cmd, error) {
	cmd, err := o.command(ctx, "serve")
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

// print writes the page.
func (o *options) print(out io.Writer, r map[string]result) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"thousands": thousands,
		"rate":      func(job string) string { return thousands(r[job].rate()) },
		"percent": func(job, of string) string {
			return fmt.Sprintf("%d %%", r[job].rate()*100/max(1, r[of].rate()))
		},
		"job": func(name string) result { return r[name] },
	}).Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(out, map[string]any{
		"Date": o.date, "Go": runtime.Version(), "System": runtime.GOOS + "/" + runtime.GOARCH, "Cores": runtime.NumCPU(),
		"Processor": processor(), "Memory": memoryGiB(), "InFlight": o.inFlight, "Args": fmt.Sprintf("-txs %d -in-flight %d", o.txs, o.inFlight),
	})
}
