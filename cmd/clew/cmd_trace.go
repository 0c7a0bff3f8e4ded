package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/custody"
	"clew/store"
	"clew/tracer"
)

func traceCommand() *command {
	return &command{
		path: "trace", args: "INCIDENT.yaml | --seed SEED… [--rpc CHAIN=URL…] [--out DIR]", short: "follow stolen value to where it is now",
		long: "Follows the value of the seeds through every transaction, under every accounting rule at once, and prints where it ends, what each rule says of it, and what was not read.\n\n" +
			"With --rpc it follows: one pass over the node's blocks from the theft on, which keeps only what touches traced value and needs no store; where --from or the incident says in which block a seed is, the node needs no index of transactions either. --blocks reads the node's own files in place of asking it, and --rpc recording:DIR the recording of an earlier trace. With none of these it reads the blocks that clew sync has put into the store.\n\n" +
			"A trace ends in a CoinJoin, at a mixer, and at an address that labels call a service, a mixer or a bridge. --through coinjoin goes on through a CoinJoin, and everything behind it is an inference; --without leaves a heuristic out, or the labels. Both stand in the trace. Labels are those that the program carries and those of the store (clew label); --label-as-of asks what they said on a date.\n\n" +
			"An incident file declares the seeds, the rule and why it was chosen; the flags do the same for a quick look. The hash of the declaration goes into the log of the store (--db, which is made if need be) before the first result, and the trace is kept there under the id that is printed. With --out, the result is written as files: trace.json, report.html, flow.svg, the schedules as CSV, incident.yaml, run.json, and with --rpc the recording of what was read.",
		examples: []example{
			{"clew trace theft.yaml --rpc http://127.0.0.1:8332 --out report", "follow a theft on a bitcoind and write the report"},
			{"clew trace --seed bitcoin:TXID:0 --rule fifo --rule-reason 'first look' --hops 20", "a quick look from one output, over the blocks in the store"},
			{"clew trace --seed polygon:TXID:ADDRESS:TOKEN --rpc polygon=http://127.0.0.1:8545 --rpc bsc=ws://127.0.0.1:8546 --out report", "a token that may cross a bridge: a node for each chain"},
			{"clew trace theft.yaml --rpc recording:report/recording --json", "the same trace again from what was recorded, as JSON"},
			{"clew trace theft.yaml --without co-spend --without labels", "what is left where two kinds of evidence are taken away; clew compare shows the difference"},
		},
		codes:   []exitCode{codeGaps, codeNoStore, codeStore, codeUnreachable},
		options: rpcFlags("state-rpc", "seed", "rule", "rule-reason", "accounts", "title", "hops", "until", "dust", "touched", "from", "as-of", "without", "through", "label-as-of", "out", "examiner", "purpose"),
		most:    1,
		action:  runTrace,
	}
}

func runTrace(ctx context.Context, w *world, c *cli.Context) error {
	if err := checkChoices(c); err != nil {
		return err
	}
	inc, err := declaration(w, c)
	if err != nil {
		return err
	}
	job := &traceJob{w: w, c: c, inc: inc, chains: inc.chains(), db: c.String("db"), started: w.now()}
	return job.run(ctx)
}

// run traces what was declared, over nodes or over the store, and keeps and delivers the trace.
func (j *traceJob) run(ctx context.Context) (err error) {
	c := j.c
	only := j.chains[0]
	if j.recordingOf(only) != "" {
		only = "" // it may leave the chain of its seeds
	}
	if j.pins, err = pinned(c.StringSlice("as-of"), only); err != nil {
		return err
	}
	nodes, follow, err := newNodes(j.w, c, j.inc)
	if err != nil {
		return err
	}
	if !follow && c.IsSet("from") {
		return &usageError{"--from is for --rpc and --blocks: without a node, a trace reads the whole range in the store", ""}
	}
	if follow && c.IsSet("state-rpc") {
		return &usageError{"--state-rpc is for a trace over the store: with --rpc, the same node tells it", "leave one of them out"}
	}
	if j.dir, err = openOutDir(c.String("out")); err != nil {
		return err
	}
	if err := j.dir.claim(j.inc.ID); err != nil {
		return err
	}
	if !follow {
		return j.withStore(ctx, j.fromStore)
	}
	defer func() { err = errors.Join(err, nodes.Close()) }()
	// The nodes come first: one that cannot be reached leaves no empty store behind.
	var where []string
	for _, chain := range j.chains {
		node, err := nodes.open(ctx, chain)
		if err != nil {
			return seedChainHint(err, chain)
		}
		where = append(where, node.where)
	}
	j.source = strings.Join(where, ", ")
	return j.withStore(ctx, func(ctx context.Context) error { return j.follow(ctx, nodes) })
}

// withStore opens the store, which a follow makes if need be, runs the trace and delivers
// it.
func (j *traceJob) withStore(ctx context.Context, run func(context.Context) error) (err error) {
	j.st, err = store.Open(ctx, j.db, store.Options{Create: j.source != ""})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.st.Close()) }()
	return j.deliver(ctx, run(ctx))
}

// traceJob is one run of `clew trace`: what it was asked, and then what came of it.
type traceJob struct {
	w       *world
	c       *cli.Context
	inc     *declared
	chains  []chains.Chain // of the seeds
	pins    map[chains.Chain]chains.BlockRef
	begin   map[chains.Chain]int64 // first blocks, of a trace that is run again over nodes
	dir     *outDir                // nil without --out
	st      *store.Store
	db      string // its path, as named
	started time.Time

	brief  bool // one of several: printed in short, and its JSON is not the answer
	silent bool // nothing of it is printed

	source string // what was read, for people and the run record
	trace  *tracer.Trace
	id     string         // of the trace, once it is kept
	logged custody.Entry  // about the trace
	unread []chains.Chain // to which value leads, and of which there is nothing to read
}

// recordingOf returns the folder of a chain inside of the recording: none of its own where the
// trace cannot leave the chain.
func (j *traceJob) recordingOf(chain chains.Chain) string {
	if len(j.chains) == 1 && j.chains[0].Info().Family != chains.FamilyEVM && len(j.inc.Adopt) == 0 {
		return ""
	}
	return folderOf(chain)
}

// deliver keeps, writes and prints the trace; ran is how the run ended. A trace whose sums
// do not add up is written too: it shows the defect.
func (j *traceJob) deliver(ctx context.Context, ran error) error {
	if j.trace == nil || (ran != nil && !errors.Is(ran, tracer.ErrDefect)) {
		return ran
	}
	if _, err := j.keep(ctx); err != nil || ran != nil {
		return errors.Join(ran, err)
	}
	switch n := len(j.trace.Gaps); {
	case n > 0 && len(j.unread) > 0:
		way := "--rpc " + string(j.unread[0]) + "=URL"
		if !j.c.IsSet("rpc") {
			way = "clew sync --chain " + string(j.unread[0]) + " --rpc URL"
		}
		return withHint(&gapsError{n}, "value leads to %s, of which there is nothing to read: %s", j.unread[0], way)
	case n > 0:
		return &gapsError{n}
	}
	return nil
}

// keep puts the trace into the store and the folder, prints it, and returns its id.
func (j *traceJob) keep(ctx context.Context) (id string, err error) {
	text, id, err := encodeTrace(j.trace)
	if err != nil {
		return id, err
	}
	if err := j.st.SaveTrace(ctx, id, j.inc.SHA256, text); err != nil {
		return id, err
	}
	j.id = id
	j.logged, err = j.st.AppendLog(ctx, j.w.signed(j.c, custody.Entry{
		What: custody.Traced, SHA256: j.inc.SHA256, Incident: j.inc.ID, Trace: id, Result: hashOf(text),
	}))
	if err != nil {
		return id, err
	}
	files, err := j.dir.writeResult(ctx, j, id, text)
	if err == nil {
		err = j.dir.dropRecording()
	}
	if err != nil {
		return id, err
	}
	switch {
	case j.silent:
	case !j.w.json:
		err = writeResult(j.w.stdout, &printed{Trace: j.trace, id: id, source: j.source, db: j.db, logged: j.logged, dir: j.dir, files: files, brief: j.brief})
	case !j.brief:
		_, err = j.w.stdout.Write(text)
	}
	return id, err
}
