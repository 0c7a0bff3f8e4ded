package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/store"
	"clew/testdata"
)

func demoCommand() *command {
	return &command{
		path: "demo", args: "[DIR]", short: "trace recorded transactions offline, Bitcoin's and a replica of a theft on two chains, and write their reports",
		long: "The program carries recordings, each with the proof that its transactions are in their blocks. One is a REPLICA of the theft of March 2022 from a company in Atlanta, played on two chains of its own: over swaps, a bridge and a mixer, beside what the victim states. Four are pieces of Bitcoin's main network of 25 January 2019, traced as if a theft had happened there; none is alleged.\n\n" +
			"The demonstration needs no node and no network, prints the results with their gaps, and writes the reports to DIR (clew-demo unless named).",
		examples: []example{{"clew demo", "then open clew-demo/atlanta-replica/report.html"}},
		most:     1,
		action:   runDemo,
	}
}

// demoAnswer is the answer of `clew demo --json`.
type demoAnswer struct {
	Schema string     `json:"schema"` // "clew.demo/1"
	Dir    string     `json:"dir"`
	Traces []demoCase `json:"traces"`
}

type demoCase struct {
	Incident  string `json:"incident"`
	Trace     string `json:"trace"`
	Report    string `json:"report"`
	Hops      int    `json:"hops"`
	Endpoints int    `json:"endpoints"`
	Gaps      int    `json:"gaps"`
}

func runDemo(ctx context.Context, w *world, c *cli.Context) (err error) {
	dir, err := openOutDir(or(c.Args().First(), "clew-demo"))
	if err != nil {
		return err
	}
	db := c.String("db")
	if db == defaultDB {
		// The demonstration's traces are kept out of a store for real work.
		db = filepath.Join(dir.path, "demo.db")
	}
	st, err := store.Open(ctx, db, store.Options{Create: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()

	answer := demoAnswer{Schema: "clew.demo/1", Dir: dir.path}
	cases, err := fs.ReadDir(testdata.Demo, "demo")
	if err != nil {
		return fmt.Errorf("recordings of the demonstration: %w", err)
	}
	for i, d := range cases {
		if i > 0 && !w.json {
			if _, err := fmt.Fprintln(w.stdout); err != nil {
				return err
			}
		}
		j := &traceJob{w: w, c: c, st: st, db: db, started: w.now(), brief: true}
		one, err := j.demonstrate(ctx, d.Name(), filepath.Join(dir.path, d.Name()))
		if err != nil {
			return fmt.Errorf("demonstration %s: %w", d.Name(), err)
		}
		answer.Traces = append(answer.Traces, one)
	}
	if w.json {
		return writeJSON(w.stdout, answer)
	}
	return sayWhereDemoIs(w, answer)
}

// demonstrate traces one recorded incident and prints it.
func (j *traceJob) demonstrate(ctx context.Context, name, target string) (demoCase, error) {
	var none demoCase
	files, err := fs.Sub(testdata.Demo, "demo/"+name)
	if err != nil {
		return none, err
	}
	text, err := fs.ReadFile(files, "incident.yaml")
	if err != nil {
		return none, err
	}
	if j.inc, err = parseDeclaration(name+"/incident.yaml", text); err != nil {
		return none, err
	}
	j.chains = j.inc.chains()
	if j.dir, err = openOutDir(target); err != nil {
		return none, err
	}
	if err := j.dir.claim(j.inc.ID); err != nil {
		return none, err
	}
	nodes := &openedNodes{w: j.w, c: j.c, inc: j.inc, flag: "rpc", seeds: j.chains, of: map[chains.Chain]*openedNode{}}
	for _, chain := range recordedChains(files, j.chains) {
		if nodes.of[chain], err = openRecording(ctx, files, "demo/"+name, chain); err != nil {
			return none, errors.Join(err, nodes.Close())
		}
	}
	j.source = "a recording of real mainnet transactions in this program"
	if j.inc.Synthetic {
		j.source = "a recording of a replica in this program"
	}
	if err := errors.Join(j.follow(ctx, nodes), nodes.Close()); err != nil {
		return none, err
	}
	id, err := j.keep(ctx)
	if err != nil {
		return none, err
	}
	return demoCase{
		Incident: j.inc.ID, Trace: id, Report: filepath.Join(target, "report.html"),
		Hops: len(j.trace.Hops), Endpoints: len(j.trace.Endpoints), Gaps: len(j.trace.Gaps),
	}, nil
}

func sayWhereDemoIs(w *world, a demoAnswer) error {
	p := newPage(w.stdout)
	p.line("")
	p.line("Look at:")
	for _, t := range a.Traces {
		p.line("  %s", t.Report)
	}
	if len(a.Traces) > 0 {
		p.line("The same on paper, with a picture and a workbook:")
		p.line("  clew exhibit %s", filepath.Join(filepath.Dir(a.Traces[0].Report), "trace.json"))
	}
	return p.flush()
}

// recordedChains returns the chains of an incident's recordings: those of the folders that are
// named after one, or of the seeds where there is one recording.
func recordedChains(files fs.FS, seeds []chains.Chain) []chains.Chain {
	if _, err := fs.Stat(files, recordingFiles()[1]); err == nil {
		return seeds
	}
	var out []chains.Chain
	for _, in := range chains.Known() {
		if _, err := fs.Stat(files, folderOf(in.Name)); err == nil {
			out = append(out, in.Name)
		}
	}
	return out
}
