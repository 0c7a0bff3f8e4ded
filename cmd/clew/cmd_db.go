package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/store"
)

func dbCommand() *command {
	return &command{
		path: "db", short: "check, migrate or copy the store",
		long: "The store is one file, which --db names.",
		subs: []*command{
			{
				path: "db check", short: "read the whole store and say what contradicts itself",
				long:     "Reads every block, transaction, index, trace and log entry. It takes minutes for ten million transactions and changes nothing.",
				examples: []example{{"clew db check --db case.db", "exit code 5 if something is wrong"}},
				codes:    []exitCode{codeCheck, codeNoStore, codeStore},
				action:   runCheck,
			},
			{
				path: "db migrate", short: "bring the store to this version's schema",
				long:     "Migrations only go forward. Which addresses belong together is read once more from blocks that an older version wrote: some minutes for ten million transactions. Commands that write do the same when they open the store; copy it first if an older version has to read it again.",
				examples: []example{{"clew db copy before.db && clew db migrate", "a copy first, then the migration"}},
				codes:    []exitCode{codeNoStore, codeStore},
				action:   runMigrate,
			},
			{
				path: "db copy", args: "FILE", short: "write a consistent copy of the store, also while it is written to",
				long:     "The copy is one file without free space; FILE must not exist.",
				examples: []example{{"clew db copy backup.db --db case.db", "a backup in mid-sync"}},
				codes:    []exitCode{codeNoStore, codeStore},
				least:    1, most: 1,
				action: runCopy,
			},
		},
	}
}

// checkAnswer is the answer of `clew db check --json`.
type checkAnswer struct {
	Schema   string          `json:"schema"` // "clew.check/1"
	DB       string          `json:"db"`
	OK       bool            `json:"ok"`
	Problems []problemAnswer `json:"problems"`
}

type problemAnswer struct {
	Where string `json:"where"`
	What  string `json:"what"`
}

func runCheck(ctx context.Context, w *world, c *cli.Context) error {
	db := c.String("db")
	st, err := store.Open(ctx, db, store.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	w.remark("reading all of %s\n", db)
	problems, err := st.Check(ctx)
	if err := errors.Join(err, st.Close()); err != nil {
		return err
	}
	if err := writeCheck(w, db, problems); err != nil {
		return err
	}
	if len(problems) > 0 {
		return withHint(&checkError{fmt.Sprintf("%s: %s", db, counted(int64(len(problems)), "problem"))},
			"blocks can be read again into a new store (clew sync --db NEW); traces and the log cannot: keep this file")
	}
	return nil
}

func writeCheck(w *world, db string, problems []store.Problem) error {
	if w.json {
		a := checkAnswer{Schema: "clew.check/1", DB: db, OK: len(problems) == 0, Problems: []problemAnswer{}}
		for _, p := range problems {
			a.Problems = append(a.Problems, problemAnswer(p))
		}
		return writeJSON(w.stdout, a)
	}
	p := newPage(w.stdout)
	for _, problem := range problems {
		p.line("%s", problem)
	}
	if len(problems) == 0 {
		p.line("%s: all of it was read, and agrees", db)
	}
	return p.flush()
}

// dbAnswer is the answer of `clew db migrate|copy --json`.
type dbAnswer struct {
	Schema string        `json:"schema"` // "clew.db/1"
	DB     string        `json:"db"`
	Copy   string        `json:"copy,omitempty"`
	Bytes  int64         `json:"bytes,omitempty"`
	Chains []chainAnswer `json:"chains"`
}

type chainAnswer struct {
	Chain chains.Chain `json:"chain"`
	Spans []spanAnswer `json:"spans"`
}

func runMigrate(ctx context.Context, w *world, c *cli.Context) error {
	st, err := store.Open(ctx, c.String("db"), store.Options{})
	if err != nil {
		return err
	}
	a, err := contents(ctx, st)
	for _, of := range a.Chains {
		if err == nil {
			err = makeJoins(ctx, w, st, of.Chain)
		}
		if err == nil {
			err = saveClusters(ctx, w, a.DB, st, of.Chain)
		}
	}
	if err := errors.Join(err, st.Close()); err != nil {
		return err
	}
	if w.json {
		return writeJSON(w.stdout, a)
	}
	p := newPage(w.stdout)
	p.line("%s has the schema of this version", a.DB)
	writeContents(p, a)
	return p.flush()
}

func contents(ctx context.Context, st *store.Store) (dbAnswer, error) {
	a := dbAnswer{Schema: "clew.db/1", DB: st.Path(), Chains: []chainAnswer{}}
	names, err := st.Chains(ctx)
	if err != nil {
		return a, err
	}
	for _, name := range names {
		spans, err := st.Spans(ctx, name)
		if err != nil {
			return a, err
		}
		ca := chainAnswer{Chain: name, Spans: []spanAnswer{}}
		for _, s := range spans {
			ca.Spans = append(ca.Spans, spanAnswer{s.From, s.To})
		}
		a.Chains = append(a.Chains, ca)
	}
	return a, nil
}

func writeContents(p *page, a dbAnswer) {
	for _, c := range a.Chains {
		for _, s := range c.Spans {
			p.line("  %s: blocks %d to %d", c.Chain, s.From, s.To)
		}
	}
}

func runCopy(ctx context.Context, w *world, c *cli.Context) error {
	target := c.Args().First()
	if _, err := os.Lstat(target); !errors.Is(err, fs.ErrNotExist) {
		return withHint(fmt.Errorf("copy the store: %s is there already", target), "name a file that does not exist")
	}
	st, err := store.Open(ctx, c.String("db"), store.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	a, err := contents(ctx, st)
	if err == nil {
		err = copyStore(ctx, st.Path(), target)
	}
	if err := errors.Join(err, st.Close()); err != nil {
		return err
	}
	info, err := os.Stat(target)
	if err != nil {
		return fmt.Errorf("copy the store: %w", err)
	}
	a.Copy, a.Bytes = target, info.Size()
	if w.json {
		return writeJSON(w.stdout, a)
	}
	p := newPage(w.stdout)
	p.line("%s copied to %s, %s bytes", a.DB, target, grouped(a.Bytes))
	writeContents(p, a)
	return p.flush()
}
