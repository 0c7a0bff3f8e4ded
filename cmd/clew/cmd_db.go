package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/screen"
	"clew/store"
	"clew/store/journal"
)

func dbCommand() *command {
	return &command{
		path: "db", short: "check, migrate or copy the store",
		long: "The store is one file, which --db names.",
		subs: []*command{
			{
				path: "db check", short: "read the whole store and say what contradicts itself",
				long:     "Reads every block, transaction, index, trace and log entry, and of the journal of screening beside the store, where there is one, every verdict, its id, what it names and the log of calls. It takes minutes for ten million transactions and changes nothing.",
				examples: []example{{"clew db check --db case.db", "exit code 5 if something is wrong"}},
				codes:    []exitCode{codeCheck, codeNoStore, codeStore},
				options:  []string{"journal"},
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
				long:     "The copy is one file without free space; FILE must not exist. The journal of screening beside the store, where there is one, is copied beside FILE.",
				examples: []example{{"clew db copy backup.db --db case.db", "a backup in mid-sync"}},
				codes:    []exitCode{codeNoStore, codeStore},
				options:  []string{"journal"},
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
	Journal  string          `json:"journal,omitempty"` // of screening, where there is one
	OK       bool            `json:"ok"`
	Problems []problemAnswer `json:"problems"`
}

type problemAnswer struct {
	Where string `json:"where"`
	What  string `json:"what"`
}

func runCheck(ctx context.Context, w *world, c *cli.Context) error {
	a := checkAnswer{Schema: "clew.check/1", DB: c.String("db"), Problems: []problemAnswer{}}
	st, err := store.Open(ctx, a.DB, store.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	w.remark("reading all of %s\n", a.DB)
	problems, err := st.Check(ctx)
	if err := errors.Join(err, st.Close()); err != nil {
		return err
	}
	for _, p := range problems {
		a.Problems = append(a.Problems, problemAnswer(p))
	}
	ofStore := len(a.Problems)
	if err := a.checkJournal(ctx, w, c); err != nil {
		return err
	}
	a.OK = len(a.Problems) == 0
	if err := writeCheck(w, &a); err != nil || a.OK {
		return err
	}
	way := "what was decided is in the journal alone: keep this file; a copy of before is the way back"
	if ofStore > 0 {
		way = "blocks can be read again into a new store (clew sync --db NEW); traces and the log cannot: keep this file"
	}
	return withHint(&checkError{fmt.Sprintf("%s: %s", a.DB, counted(int64(len(a.Problems)), "problem"))}, "%s", way)
}

// checkJournal reads the journal beside the store, if there is one.
func (a *checkAnswer) checkJournal(ctx context.Context, w *world, c *cli.Context) error {
	path := journalPath(c)
	j, err := journal.Open(ctx, path, journal.Options{ReadOnly: true})
	if errors.Is(err, journal.ErrNoJournal) && !c.IsSet("journal") {
		return nil
	}
	if err != nil {
		return err
	}
	a.Journal = path
	w.remark("reading all of %s\n", path)
	texts := map[string]error{}
	problems, err := j.Check(ctx, func(kept *journal.Screening) error {
		v, err := verdictKept(kept)
		if err != nil {
			return err
		}
		for _, sum := range []string{v.Pins.Policy, v.Pins.Labels, v.Pins.IncidentSet} {
			why, known := texts[sum]
			if !known {
				_, why = j.Blob(ctx, sum)
				texts[sum] = why
			}
			if why != nil {
				return fmt.Errorf("it cannot be made again: %w", why)
			}
		}
		return nil
	})
	for _, p := range problems {
		a.Problems = append(a.Problems, problemAnswer(p))
	}
	return errors.Join(err, j.Close())
}

// verdictKept reads a verdict as it was kept, or says what is wrong with it: its id is the hash of its bytes, and
// what lists and searches show of it is what these say.
func verdictKept(kept *journal.Screening) (*screen.Verdict, error) {
	v, err := screen.ReadVerdict(kept.Verdict)
	if err != nil {
		return nil, err
	}
	for _, one := range [][2]string{
		{kept.ID, v.ID}, {kept.Outcome, string(v.Outcome)}, {kept.Action, string(v.Action)}, {kept.Subject, v.Subject.Key()},
	} {
		if one[0] != one[1] {
			return nil, fmt.Errorf("it was kept as %q, and its bytes say %q", one[0], one[1])
		}
	}
	return v, nil
}

func writeCheck(w *world, a *checkAnswer) error {
	if w.json {
		return writeJSON(w.stdout, a)
	}
	p := newPage(w.stdout)
	for _, problem := range a.Problems {
		p.line("%s: %s", problem.Where, problem.What)
	}
	if len(a.Problems) == 0 {
		p.line("%s: all of it was read, and agrees", a.DB)
		if a.Journal != "" {
			p.line("%s: all of it was read, and agrees", a.Journal)
		}
	}
	return p.flush()
}

// dbAnswer is the answer of `clew db migrate|copy --json`.
type dbAnswer struct {
	Schema string `json:"schema"` // "clew.db/1"
	DB     string `json:"db"`
	Copy   string `json:"copy,omitempty"`
	Bytes  int64  `json:"bytes,omitempty"`
	// The journal of screening, where there is one, and its copy.
	Journal     string        `json:"journal,omitempty"`
	JournalCopy string        `json:"journal_copy,omitempty"`
	Chains      []chainAnswer `json:"chains"`
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

// copyJournal copies the journal of screening beside the store, where there is one, beside the store's copy.
func (a *dbAnswer) copyJournal(ctx context.Context, c *cli.Context, target string) error {
	path := journalPath(c)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && !c.IsSet("journal") {
		return nil
	}
	j, err := journal.Open(ctx, path, journal.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	a.Journal, a.JournalCopy = path, journalBeside(target)
	return errors.Join(copyStore(ctx, path, a.JournalCopy), j.Close())
}

func runCopy(ctx context.Context, w *world, c *cli.Context) error {
	target := c.Args().First()
	for _, file := range []string{target, journalBeside(target)} { // of both, whatever there is to copy: they would look like one
		if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
			return withHint(fmt.Errorf("copy the store: %s is there already", file), "name a file that does not exist")
		}
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
	if err := a.copyJournal(ctx, c, target); err != nil {
		return err
	}
	if w.json {
		return writeJSON(w.stdout, a)
	}
	p := newPage(w.stdout)
	p.line("%s copied to %s, %s bytes", a.DB, target, grouped(a.Bytes))
	if a.Journal != "" {
		p.line("%s copied to %s", a.Journal, a.JournalCopy)
	}
	writeContents(p, a)
	return p.flush()
}
