package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"clew/chains/evm/nodetest"
)

// The jobs of chains of accounts.
var (
	evmNodeJob   = job{"evm-node", (*options).runEVMNode}
	evmDropJob   = job{"evm-drop", (*options).evmDrop}
	evmSyncJob   = job{"evm-sync", (*options).evmSync}
	evmDecodeJob = job{"evm-decode", (*options).evmDecode}
	evmRecordJob = job{"evm-record", (*options).evmRecord}
	evmServeJob  = job{"evm-serve", (*options).evmServe}
	evmChainJob  = job{"evm-chain", (*options).evmChain}
	evmFollowJob = job{"evm-follow", (*options).evmFollow}
	evmTraceJob  = job{"evm-trace", (*options).evmTrace}
	evmJobs      = []job{
		evmNodeJob, evmDropJob, evmSyncJob, evmDecodeJob, evmRecordJob, evmServeJob, evmChainJob, evmFollowJob, evmTraceJob,
	}
)

// evmResult is what was measured beside a node, or beside what stands in for one.
type evmResult struct {
	Kind    nodetest.Kind
	Missing bool
	Blocks  int64
	Txs     int64 // of a block
	Rows    []evmRow
}

// evmRow is a row of its table.
type evmRow struct {
	result
	job
	beside string // "82 % of dropping the answers"
}

// evmMeasured is everything that was measured of chains of accounts.
type evmMeasured struct {
	Nodes  []evmResult
	Served evmResult
	Follow []followRow
	Traces []traceRow
}

// Of the blocks that EVM nodes are filled with.
const evmBlockTxs = 45

// allEVM measures chains of accounts.
func (o *options) allEVM(ctx context.Context) (m *evmMeasured, err error) {
	remove, err := o.folder()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	m = &evmMeasured{}
	blocks := o.evmBlocks
	if o.quick {
		blocks /= 4
	}
	o.txs, o.blockTxs = blocks*evmBlockTxs, evmBlockTxs
	for _, kind := range nodetest.Kinds() {
		r, err := o.besideNode(ctx, kind)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
		m.Nodes = append(m.Nodes, r)
	}
	if m.Served, err = o.besideRecorded(ctx); err != nil {
		return nil, fmt.Errorf("recorded blocks: %w", err)
	}
	if m.Follow, err = o.followCurve(ctx); err != nil {
		return nil, err
	}
	m.Traces, err = o.traceEVM(ctx)
	return m, err
}

// besideNode fills a node and measures beside it, twice; go-ethereum's answers are kept for
// besideRecorded.
func (o *options) besideNode(ctx context.Context, kind nodetest.Kind) (r evmResult, err error) {
	fmt.Fprintf(os.Stderr, "bench: %s: %d transactions in blocks of %d …\n", kind, o.txs, o.blockTxs)
	o.way, r.Kind = string(kind), kind
	started := time.Now()
	return r, o.withEVM(ctx, evmNodeJob, func(f *evmFilled) error {
		if f.Missing {
			fmt.Fprintf(os.Stderr, "bench: %v; its rows are left out\n", nodetest.ErrMissing)
			r.Missing = true
			return nil
		}
		fmt.Fprintf(os.Stderr, "bench: %s: filled in %s\n", kind, time.Since(started).Round(time.Second))
		if err := o.rows(ctx, &r, evmDropJob, evmSyncJob, evmDropJob, evmSyncJob); err != nil || kind != nodetest.Geth {
			return err
		}
		_, err := o.child(ctx, evmRecordJob)
		return err
	})
}

// besideRecorded measures beside a server that answers with what go-ethereum said.
func (o *options) besideRecorded(ctx context.Context) (r evmResult, err error) {
	o.way, r.Kind = "recorded", "recorded"
	return r, o.withEVM(ctx, evmServeJob, func(*evmFilled) error {
		return o.rows(ctx, &r, evmDropJob, evmDecodeJob, evmSyncJob, evmSyncJob)
	})
}

// rows runs jobs and sets each beside the dropping before it.
func (o *options) rows(ctx context.Context, r *evmResult, jobs ...job) error {
	var limit result
	for _, j := range jobs {
		res, err := o.child(ctx, j)
		if err != nil {
			return err
		}
		row := evmRow{result: res, job: j}
		if j.name == evmDropJob.name {
			limit = res
		} else {
			row.beside = fmt.Sprintf("%s of dropping; %s by processor time", percent(res.rate(), limit.rate()),
				percent(int64(limit.CPU+limit.NodeCPU), int64(res.CPU+res.NodeCPU)))
		}
		r.Rows = append(r.Rows, row)
		r.Blocks, r.Txs = res.Blocks, res.Txs/max(1, res.Blocks)
	}
	return nil
}

// withEVM runs a job that serves, keeps what it says for the others, and ends it behind do.
func (o *options) withEVM(ctx context.Context, j job, do func(*evmFilled) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd, err := o.command(ctx, j)
	if err != nil {
		return err
	}
	// It ends by itself, so that it can clean up.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	f, err := o.startDescribed(cmd)
	if err != nil {
		return err
	}
	err = do(&f)
	cancel()
	_ = cmd.Wait() // it was told to end
	return err
}

// startDescribed starts cmd and reads the line that it begins with.
func (o *options) startDescribed(cmd *exec.Cmd) (f evmFilled, err error) {
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return f, err
	}
	if err := cmd.Start(); err != nil {
		return f, err
	}
	line, err := bufio.NewReader(pipe).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &f)
	}
	if err != nil {
		return f, fmt.Errorf("what serves: %w", errors.Join(err, cmd.Wait()))
	}
	return f, os.WriteFile(o.evmFile(), line, 0o600)
}

// Name names what answers.
func (r evmResult) Name() string {
	return map[nodetest.Kind]string{nodetest.Geth: "go-ethereum", nodetest.Anvil: "anvil"}[r.Kind]
}

// PerTx returns how many bytes all answers for a transaction have.
func (r evmResult) PerTx() int64 { return r.Rows[0].Bytes / max(1, r.Rows[0].Txs) }

// What says what the row is of.
func (r evmRow) What() string {
	switch r.name {
	case evmDropJob.name:
		return "all answers that a sync asks for, dropped"
	case evmDecodeJob.name:
		return "blocks read, decoded and checked, then dropped"
	}
	return "**sync** into the store"
}

// Beside returns the row's ratio.
func (r evmRow) Beside() string { return r.beside }

// Share returns how much of all cores what serves and the job took, while it was measured.
func (r evmRow) Share() string { return nodeRow{result: r.result}.Share() }

// ServerCPU and OwnCPU return the processor time of what serves and of the job, by transaction.
func (r evmRow) ServerCPU() string { return r.perTx(r.NodeCPU) }

// OwnCPU is described at ServerCPU.
func (r evmRow) OwnCPU() string { return r.perTx(r.CPU) }

// Rate returns transactions a second.
func (r evmRow) Rate() int64 { return r.rate() }

// Followed returns how many accounts the theft goes through.
func (*evmMeasured) Followed() int { return followed }

// HeapOfBalance returns how much memory a trace from memory has for each live balance.
func (m *evmMeasured) HeapOfBalance() int64 { return m.Traces[0].Heap / max(1, m.Traces[0].Live) }
