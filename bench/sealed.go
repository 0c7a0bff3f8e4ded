package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"clew/tracer"
)

// sealTxs is how many transactions the chain has through which the sealed trace goes, where -txs does
// not say: enough for more than 10,000 hops. It starts from sealSeeds outputs of block sealBlock.
const (
	sealTxs   = 40_000
	sealBlock = 8
	sealSeeds = 3
)

var sealJob = job{"seal", (*options).seal}

// seal traces over the generated chain with the program itself, which it builds, seals the trace
// and verifies the bundle, each in a process of its own: Points has, by command, how long it took
// (P50) and its processor time (P99); Took, CPU and PeakMiB are those of clew verify, Bytes the bundle's.
//
//	go run ./bench -job seal -dir FOLDER
func (o *options) seal(ctx context.Context) (res result, err error) {
	if o.txs == 0 {
		o.txs = sealTxs
	}
	if _, missing := os.Stat(o.chainFile()); missing != nil {
		if _, err := o.generate(ctx); err != nil {
			return res, err
		}
	}
	program := filepath.Join(o.dir, "clew")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/clew").CombinedOutput(); err != nil {
		return res, fmt.Errorf("build the program (run this in the project's folder): %w: %s", err, out)
	}
	serving, end := context.WithCancel(ctx)
	server, err := o.startServer(serving, serveJob)
	if err != nil {
		end()
		return res, err
	}
	defer func() {
		end()
		_ = server.Wait() // it was told to end
	}()
	records, f, err := o.open()
	if err != nil {
		return res, err
	}
	b, err := records[sealBlock].Decode(sealBlock)
	if err := errors.Join(err, f.Close()); err != nil {
		return res, err
	}
	folder, bundle, db := filepath.Join(o.dir, "sealed"), filepath.Join(o.dir, "sealed.zip"), filepath.Join(o.dir, "sealed.db")
	for _, name := range []string{folder, bundle, db, db + "-wal", db + "-shm"} {
		if err := os.RemoveAll(name); err != nil {
			return res, err
		}
	}
	trace := []string{"trace", "--from", fmt.Sprint(sealBlock), "--rule", "fifo", "--rule-reason", "measured", "--rpc", o.url, "--out", folder, "--db", db}
	for i := range sealSeeds {
		trace = append(trace, "--seed", fmt.Sprintf("%s:%s:0", chain, b.Txs[1+i].ID))
	}
	res.Points = map[string]point{}
	for _, c := range [][]string{
		trace,
		{"bundle", filepath.Join(folder, "trace.json"), "--out", bundle, "--db", db},
		{"verify", bundle, "--no-log"},
	} {
		if res.Took, res.CPU, res.PeakMiB, err = timed(ctx, program, c); err != nil {
			return res, err
		}
		res.Points[c[0]] = point{Reads: 1, P50: res.Took, P99: res.CPU}
	}
	return res, o.sealed(&res, folder, bundle)
}

// sealed notes how much was sealed.
func (o *options) sealed(res *result, folder, bundle string) error {
	text, err := os.ReadFile(filepath.Join(folder, "trace.json"))
	if err != nil {
		return err
	}
	var t tracer.Trace
	if err := json.Unmarshal(text, &t); err != nil {
		return fmt.Errorf("the trace: %w", err)
	}
	info, err := os.Stat(bundle)
	if err != nil {
		return err
	}
	res.Hops, res.Bytes = int64(len(t.Hops)), info.Size()
	return nil
}

// timed runs a command of the program, which may say that something is lacking, and returns how long it
// took, its processor time and the most memory that it held.
func timed(ctx context.Context, program string, args []string) (took, cpu time.Duration, peak int64, err error) {
	cmd := exec.CommandContext(ctx, program, append(args, "--quiet")...)
	cmd.Stderr = os.Stderr
	start := time.Now()
	err = cmd.Run()
	took = time.Since(start)
	const lacking = 3
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == lacking {
		err = nil
	}
	if err != nil {
		return took, cpu, peak, fmt.Errorf("clew %s: %w", args[0], err)
	}
	if use, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		peak = use.Maxrss / 1024
	}
	return took, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), peak, nil
}
