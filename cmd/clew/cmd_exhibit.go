package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/custody"
	"clew/exhibit"
	"clew/store"
	"clew/tracer"
)

func exhibitCommand() *command {
	return &command{
		path: "exhibit", args: "TRACE [--out DIR]", short: "write the report, the diagram, the schedules and the exhibit for a court of a trace",
		long: "TRACE is a trace.json, or the id that clew trace printed (its first characters are enough). The same trace and the same flags give the same bytes; draft certificates (--letters) name the files of the recording beside TRACE as well. The folder is exhibit-ID unless --out names another.\n\n" +
			"Caption, docket and numbers come from the incident (case:), from a file of the same fields (--case), and from flags; a flag wins over the file, and the file over the incident. None of them changes an amount.",
		examples: []example{
			{"clew exhibit 3f2a9c1e --out report", "every format, into report"},
			{"clew exhibit report/trace.json --out again", "from a file, without a store"},
			{"clew exhibit report/trace.json --case case.yaml --exhibit-no 12 --bates GOV000101 --offered summary", "with the caption and the numbers of a proceeding"},
			{"clew exhibit report/trace.json --letters", "drafts of letters and certificates too, to be completed by a person"},
			{"clew exhibit report/trace.json --only pdf,png --paper a4 --drawing-paper a3", "the exhibit for print alone"},
		},
		codes:   []exitCode{codeCheck, codeNoStore, codeStore},
		options: logFlags("out", "case", "exhibit-no", "bates", "offered", "paper", "drawing-paper", "letters", "prices", "only"),
		least:   1, most: 1,
		action: runExhibit,
	}
}

// exhibitAnswer is the answer of `clew exhibit --json`.
type exhibitAnswer struct {
	Schema string   `json:"schema"` // "clew.exhibit/1"
	Trace  string   `json:"trace"`
	Dir    string   `json:"dir"`
	Files  []string `json:"files"`
}

func runExhibit(ctx context.Context, w *world, c *cli.Context) error {
	t, err := loadTrace(ctx, c, c.Args().First())
	if err != nil {
		return err
	}
	opt, err := w.exhibitOptions(ctx, c, t)
	if err != nil {
		return err
	}
	dir, err := openOutDir(or(c.String("out"), "exhibit-"+t.id))
	if err != nil {
		return err
	}
	if err := dir.claimFor(t); err != nil {
		return err
	}
	files, err := dir.put(func(stage string) ([]string, error) {
		return exhibit.Write(ctx, t.Trace, t.text, stage, opt)
	})
	if err != nil {
		return err
	}
	result, err := resultOfFiles(dir.path, files)
	if err != nil {
		return err
	}
	bates, err := batesOf(dir.path, files, &opt.Case)
	if err != nil {
		return err
	}
	entry := custody.Entry{What: custody.Exhibited, SHA256: t.Incident.SHA256, Incident: t.Incident.ID, Trace: t.id, Result: result, Details: bates.details()}
	if err := w.custody(ctx, c, entry); err != nil {
		return err
	}
	if err := w.warnOfBates(ctx, c, t, &opt.Case, &bates); err != nil {
		return err
	}
	if w.json {
		return writeJSON(w.stdout, exhibitAnswer{"clew.exhibit/1", t.id, dir.path, files})
	}
	return sayExhibit(newPage(w.stdout), t, dir, files)
}

// exhibitOptions returns what flags, case file and prices ask for, and for letters which files were
// copied; where these do not fit the trace, a person is told.
func (w *world) exhibitOptions(ctx context.Context, c *cli.Context, t *loadedTrace) (exhibit.Options, error) {
	opt, err := exhibitChoices(c, t.Incident.Case)
	if err != nil {
		return opt, err
	}
	if opt.Quotes, err = w.quotesOf(c); err != nil || !opt.Letters {
		return opt, err
	}
	var mismatch string
	if opt.Copies, mismatch, err = copiesOf(ctx, t); err == nil && mismatch != "" {
		w.say("clew: %s\n", mismatch)
	}
	return opt, err
}

// sayExhibit prints the summary and where the files are.
func sayExhibit(p *page, t *loadedTrace, dir *outDir, files []string) error {
	for _, s := range exhibit.Summarize(t.Trace).Sentences() {
		p.fold(plainSpaces(s))
	}
	p.line("")
	for _, main := range mainFiles() {
		if slices.Contains(files, main.name) {
			p.line("%-8s %s", main.title, filepath.Join(dir.path, main.name))
		}
	}
	p.line("Files    %s", fold(strings.Join(files, " "), 9))
	if t.file != "" {
		p.line("Next     clew bundle %s", t.file)
	}
	return p.flush()
}

// mainFiles are what of an exhibit is named on a line of its own, where it was written.
func mainFiles() []struct{ title, name string } {
	return []struct{ title, name string }{{"Exhibit", "exhibit.pdf"}, {"Report", "report.html"}, {"Letters", "letters/00-overview.txt"}}
}

// loadedTrace is a stored trace with its bytes.
type loadedTrace struct {
	*tracer.Trace
	id   string
	text []byte
	file string // where it was read from; "" for the store
}

// loadTrace reads the trace that a person named: a file, or the start of an id in the
// store. It returns a checkError where the trace contradicts itself.
func loadTrace(ctx context.Context, c *cli.Context, name string) (*loadedTrace, error) {
	text, err := os.ReadFile(name)
	switch {
	case err == nil:
		return parseTrace(name, text)
	case !errors.Is(err, fs.ErrNotExist) || strings.ContainsAny(name, `./\`):
		return nil, withHint(fmt.Errorf("read the trace: %w", err), "TRACE is a trace.json, or the id that clew trace printed")
	}
	st, err := store.Open(ctx, c.String("db"), store.Options{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("find trace %s: %w", name, err)
	}
	_, text, err = st.LoadTrace(ctx, name)
	if errors.Is(err, chains.ErrNotFound) {
		err = withHint(err, "%s", knownTraces(ctx, st))
	}
	if err := errors.Join(err, st.Close()); err != nil {
		return nil, err
	}
	t, err := parseTrace("the store", text)
	if err != nil {
		return nil, err
	}
	t.file = ""
	return t, nil
}

func knownTraces(ctx context.Context, st *store.Store) string {
	infos, err := st.Traces(ctx)
	if err != nil || len(infos) == 0 {
		return "this store has no traces; --db names another"
	}
	var ids []string
	for _, in := range infos[:min(8, len(infos))] {
		ids = append(ids, in.ID)
	}
	hint := "this store has: " + strings.Join(ids, ", ")
	if more := len(infos) - len(ids); more > 0 {
		hint += fmt.Sprintf(" and %d more", more)
	}
	return hint
}

func parseTrace(name string, text []byte) (*loadedTrace, error) {
	t := &tracer.Trace{}
	if err := json.Unmarshal(text, t); err != nil {
		return nil, withHint(fmt.Errorf("read the trace from %s: %w", name, err), "clew trace --json, or --out DIR, writes a trace")
	}
	if t.Schema != tracer.Schema {
		return nil, withHint(fmt.Errorf("%s is no trace of this version: schema %q, want %q", name, t.Schema, tracer.Schema), "clew trace --json, or --out DIR, writes a trace")
	}
	if err := t.Check(); err != nil {
		return nil, withHint(&checkError{fmt.Sprintf("read the trace from %s: %v", name, err)},
			"take it from its source again, or make it again with clew trace; nothing was written from it")
	}
	_, id, err := encodeTrace(t)
	if err != nil {
		return nil, err
	}
	return &loadedTrace{t, id, text, name}, nil
}
