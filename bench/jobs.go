package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"clew/bench/chaingen"
)

// chain is what the server says that it is of.
const chain = chaingen.Chain

// chainSeed makes the chain the same in every run.
const chainSeed = 7

// firstBlock is the first one that is read: block 0 is asked for as that of the network.
const firstBlock = 1

// job is something that is measured in a process of its own.
type job struct {
	name string
	do   func(*options, context.Context) (result, error)
}

// The jobs of each size of chain, in the order in which they run: the later ones use what the
// earlier ones left in the folder. The chain of many small blocks has the second list.
var (
	largeJobs = []job{
		{"generate", (*options).generate}, {"drop", (*options).drop}, {"decode", (*options).decode},
		{"insert", (*options).insert}, {"sync", (*options).sync}, {"points", (*options).points},
		{"union", (*options).union}, {"clusters", (*options).clusters},
		{"save clusters", (*options).saveClusters}, {"saved clusters", (*options).clusters},
		{"trace", (*options).trace}, {"follow", (*options).follow},
		{"labels", (*options).labels}, {"walk", (*options).walk},
	}
	smallJobs = []job{
		{"generate", (*options).generate}, {"drop", (*options).drop}, {"decode", (*options).decode},
		{"follow", (*options).follow},
	}
	serveJob = job{"serve", (*options).serve}
)

// result is what a job measured.
type result struct {
	Txs     int64         `json:"txs"`      // read, written or touched
	Took    time.Duration `json:"took"`     // nanoseconds
	Packing time.Duration `json:"packing"`  // nanoseconds spent before Took in preparing rows
	CPU     time.Duration `json:"cpu"`      // nanoseconds of all cores: of the whole process, or beside a node during Took
	NodeCPU time.Duration `json:"node_cpu"` // nanoseconds of all cores, of the node during Took
	PeakMiB int64         `json:"peak_mib"`
	Blocks  int64         `json:"blocks"`
	Bytes   int64         `json:"bytes"` // of the store, or read
	Hops    int64         `json:"hops"`
	Touched int64         `json:"touched"`
	Live    int64         `json:"live"` // the most outputs, or balances, that were live at once
	// Requests, and the Calls in them, are those that a server was asked.
	Requests int64            `json:"requests"`
	Calls    int64            `json:"calls"`
	Heap     int64            `json:"heap"`   // bytes, of what is live
	Points   map[string]point `json:"points"` // by what was asked
}

// point is how long single reads took.
type point struct {
	Reads int64         `json:"reads"`
	P50   time.Duration `json:"p50"`
	P99   time.Duration `json:"p99"`
	Max   time.Duration `json:"max"`
}

// rate returns transactions a second.
func (r result) rate() int64 {
	return r.Txs * int64(time.Second) / max(1, int64(r.Took))
}

// perform does one job in this process and prints its result as JSON.
func (o *options) perform(ctx context.Context, out io.Writer) error {
	var do func(*options, context.Context) (result, error)
	for _, j := range slices.Concat(largeJobs, []job{serveJob, exhibitJob, sealJob, nodeDrop, nodeSync}, evmJobs) {
		if j.name == o.job {
			do = j.do
		}
	}
	if do == nil {
		return fmt.Errorf("no job %q", o.job)
	}
	stop, err := o.startProfile()
	if err != nil {
		return err
	}
	res, err := do(o, ctx)
	if err := errors.Join(err, stop()); err != nil {
		return err
	}
	res.PeakMiB = peakMiB()
	return json.NewEncoder(out).Encode(res)
}

// startProfile begins a CPU profile of the job, if it is wanted, and returns what ends it.
func (o *options) startProfile() (stop func() error, err error) {
	if o.profile == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(filepath.Join(o.profile, strings.ReplaceAll(fmt.Sprintf("%s-%d%s.pprof", o.job, o.txs, o.way), " ", "-")))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}
