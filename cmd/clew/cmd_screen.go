package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"clew/screen"
)

func screenCommand() *command {
	return &command{
		path: "screen", args: "SUBJECT… | - | --file FILE | --replay ID", short: "does a deposit carry stolen money: how much, from where, on what evidence",
		long: "A SUBJECT is an address (CHAIN:ADDRESS), a transaction (CHAIN:TXID), an output (CHAIN:TXID:VOUT) or a deposit (CHAIN:TXID:ADDRESS, with :ASSET for one token). What is known of it is looked for in three ways: it lies on the trace of an incident that was loaded (clew incident add); somebody labels it, or an address that is taken to be of the same owner; and a bounded walk through the blocks of the store, from its value back to where that came from. With --direction destination it walks forward.\n\n" +
			"The verdict is one of four: a match, by rules that fired; clear within coverage, which says what was looked at and how much of the value is explained; not covered, where the chain or the block is not in the store; error. Dust and what came unasked raise no match and stand apart. Every amount is given under two rules of accounting, first in first out and in proportion, with the path as transactions.\n\n" +
			"It needs neither a node nor a store: without blocks, incidents and labels are asked alone, and what that leaves open is said. The verdict is kept in the journal (--journal), with which --replay makes it again to the byte; --replay ID --as-of now says what changed since.\n\n" +
			"- reads subjects from standard input, --file from a file: one a line, or a table with the columns chain, txid, address and asset, as exchanges export their deposits; chains may go by their tickers, and columns for a reference and an amount are understood too. A line that cannot be understood is answered as an error in its place, and the exit status is 1 where nothing matched.",
		examples: []example{
			{"clew screen bitcoin:34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo", "an address, by its labels"},
			{"clew screen bitcoin:TXID:ADDRESS --explain", "a deposit; and of each rule that did not fire what it lacks"},
			{"clew screen --file deposits.csv --rules rules.yaml --json", "many deposits, one verdict a line"},
			{"clew screen --replay scr-0123456789abcdef0123456789abcdef --as-of now", "an old verdict against what is known today"},
		},
		codes: []exitCode{codeGaps, codeMatch, codeStore},
		options: []string{"file", "rules", "direction", "asset", "budget-hops", "budget-transactions", "budget-milliseconds", "deep", "explain",
			"replay", "as-of", "journal", "no-journal"},
		most:   -1,
		action: runScreen,
	}
}

func runScreen(ctx context.Context, w *world, c *cli.Context) (err error) {
	if c.IsSet("replay") {
		return runReplay(ctx, w, c)
	}
	list, err := subjectsOf(w, c)
	if err != nil {
		return err
	}
	cuts, now, err := cutsOf(c)
	if err != nil {
		return err
	}
	if now {
		return &usageError{"--as-of now goes with --replay: without it, a screening is as of now", ""}
	}
	d, err := openDesk(ctx, w, c, deskOptions{noJournal: c.Bool("no-journal")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	s, err := d.refresh(ctx)
	if err == nil && len(cuts) > 0 {
		s, err = d.cut(ctx, cuts)
	}
	if err != nil {
		return err
	}
	return (&screening{w: w, d: d, s: s, explain: c.Bool("explain"), budget: budgetOf(c, s.Policy), deep: c.Bool("deep"), fixed: len(cuts) > 0}).run(ctx, list)
}

// screening screens a list of subjects.
type screening struct {
	w       *world
	d       *desk
	s       *deskState
	explain bool
	budget  *screen.Budget // nil: the policy's
	deep    bool
	fixed   bool // as of blocks that were named
	p       *page

	of                      int
	before                  bool            // a page was written
	said                    map[string]bool // sentences that stand above
	matches, failed, absent int             // outcomes
	block, review           int             // actions
}

// movedTries is how often a part of the list is begun again because the chain was reorganised meanwhile.
const movedTries = 3

// verdictChunk is how many verdicts are kept in one write.
const verdictChunk = 256

// run screens on all processors and answers in the order of the list. A verdict is in the journal
// before it is printed.
func (g *screening) run(ctx context.Context, list []question) error {
	g.of, g.p, g.said = len(list), newPage(g.w.stdout), map[string]bool{}
	for part := range slices.Chunk(list, verdictChunk) {
		verdicts, err := g.screen(ctx, part)
		for range movedTries {
			if !errors.Is(err, screen.ErrMoved) || g.fixed {
				break
			}
			// Somebody syncs beside this, and followed a reorganisation.
			if g.s, err = g.d.refresh(ctx); err == nil {
				verdicts, err = g.screen(ctx, part)
			}
		}
		if err != nil {
			return err
		}
		if err := g.d.record(ctx, g.s, slices.DeleteFunc(slices.Clone(verdicts), func(v *screen.Verdict) bool { return v == nil })); err != nil {
			return err
		}
		for i, v := range verdicts {
			if err := g.print(&part[i], v); err != nil {
				return err
			}
		}
		if err := g.p.flush(); err != nil {
			return err
		}
	}
	if g.of > 1 && !g.w.json {
		g.sum()
	}
	return errors.Join(g.p.flush(), g.outcome())
}

// screen answers a part of the list, in its order; nil for what cannot be understood.
func (g *screening) screen(ctx context.Context, part []question) ([]*screen.Verdict, error) {
	verdicts, faults := make([]*screen.Verdict, len(part)), make([]error, len(part))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(part)) {
		workers.Go(func() {
			for i := range next {
				verdicts[i], faults[i] = g.s.Screener.Screen(ctx, screen.Request{Subject: part[i].Subject, Budget: g.budget, Deep: g.deep})
			}
		})
	}
	for i := range part {
		if part[i].problem == nil {
			next <- i
		}
	}
	close(next)
	workers.Wait()
	return verdicts, errors.Join(faults...)
}

// print writes one verdict: a page where it was asked for alone, two lines among others.
func (g *screening) print(q *question, v *screen.Verdict) error {
	if v == nil {
		return g.unreadable(q)
	}
	g.count(v)
	var all []screen.Fired
	if g.explain {
		all = slices.DeleteFunc(g.s.Policy.Explain(v), func(f screen.Fired) bool { return len(f.Lacks) == 0 })
	}
	if g.w.json && q.table && !g.explain {
		return g.rowJSON(q, v)
	}
	if g.w.json {
		return g.printJSON(v, all)
	}
	if g.of == 1 || g.explain {
		if g.before {
			g.p.line("")
			g.p.line("%s", strings.Repeat("-", helpWidth))
		}
		g.before = true
		pageVerdict(g.p, v, g.s.rules, all)
		return nil
	}
	g.row(q, v)
	return nil
}

// explainedAnswer is a line of `clew screen --explain --json`.
type explainedAnswer struct {
	Schema    string          `json:"schema"` // "clew.screening-explained/1"
	Screening json.RawMessage `json:"screening"`
	Unfired   []screen.Fired  `json:"unfired"` // rules that did not fire, the nearest first
}

// printJSON writes a verdict on one line: its own bytes, whose hash is its id.
func (g *screening) printJSON(v *screen.Verdict, unfired []screen.Fired) error {
	text, err := v.JSON()
	if err != nil {
		return err
	}
	if g.explain {
		if unfired == nil {
			unfired = []screen.Fired{}
		}
		if text, err = json.Marshal(explainedAnswer{"clew.screening-explained/1", text, unfired}); err != nil {
			return fmt.Errorf("write the explanation of %s: %w", v.ID, err)
		}
	}
	g.p.line("%s", text)
	return nil
}

func (g *screening) count(v *screen.Verdict) {
	switch v.Outcome {
	case screen.Match:
		g.matches++
	case screen.Failed:
		g.failed++
	case screen.NotCovered:
		g.absent++
	}
	switch v.Action {
	case screen.Block:
		g.block++
	case screen.Review:
		g.review++
	}
}

// sum counts outcomes and actions of several.
func (g *screening) sum() {
	g.p.line("")
	g.p.line("%s: %d match, %d clear within coverage, %d not covered, %d error; %d to block, %d to review",
		counted(int64(g.of), "subject"), g.matches, g.of-g.matches-g.absent-g.failed, g.absent, g.failed, g.block, g.review)
	g.p.line("one of them as a page: clew screen --replay ID")
}

// outcome is how the command ends: a match wins over an error, and that over what is not covered.
func (g *screening) outcome() error {
	switch {
	case g.matches > 0:
		return &matchError{g.matches, g.of}
	case g.failed > 0:
		return withHint(fmt.Errorf("%s could not be screened", counted(int64(g.failed), "subject")), "each verdict says why")
	case g.absent > 0:
		return &notCoveredError{g.absent, g.of}
	}
	return nil
}
