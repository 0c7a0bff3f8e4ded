package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"clew/custody"
	"clew/exhibit"
	"clew/store"
)

func logCommand() *command {
	codes := []exitCode{codeCheck, codeNoStore, codeStore}
	return &command{
		path: "log", short: "what was declared and done, by whom, each entry hashed with the one before",
		long: "The log of the store. clew trace declares an incident in it before the first result; trace, exhibit, bundle, verify, explain, compare, import and label say in it who (--examiner) did what, when, why (--purpose), with which settings, and the SHA-256 of what came of it.\n\n" +
			"An entry's hash covers the one before it, so whoever keeps the last hash can show that nothing up to there was changed. A log as a whole can be made anew by whoever has the store: so give its last hash to somebody else, and check it with clew log verify --head.\n\n" +
			"--calls asks another log in the same form, which the journal of clew serve keeps: an entry for each call of the API.",
		subs: []*command{
			{
				path: "log show", short: "the entries, oldest first",
				examples: []example{
					{"clew log show --db case.db", "when, who, what, and the hash of what came of it"},
					{"clew log show --incident atlanta-replica", "those about one incident"},
				},
				codes:   codes,
				options: []string{"incident", "calls", "journal"},
				action:  runLogShow,
			},
			{
				path: "log verify", args: "[FILE]", short: "compute every hash again and print the last",
				long: "Of the log of the store, or of FILE, which clew log export wrote or clew bundle put into a bundle. Of an entry that an excerpt leaves out, the hash alone is there: that it stood there is shown by the entries behind it.",
				examples: []example{
					{"clew log verify --db case.db", "the last hash is the one to keep elsewhere"},
					{"clew log verify log.json --head 5f0c…", "an export; the hash that was kept must be in it"},
				},
				codes:   codes,
				options: []string{"head", "calls", "journal"},
				most:    1,
				action:  runLogVerify,
			},
			{
				path: "log export", args: "[--incident ID] [--out FILE]", short: "write the log as lines of JSON that anybody can check",
				long: "A line for each entry: seq, prev, hash and entry, its exact bytes. hash is the SHA-256 of the 32 bytes of prev and those of entry. With --incident, entries about others are left out, and their hashes stay.",
				examples: []example{
					{"clew log export --out log.json", "the whole log"},
					{"clew log export --incident atlanta-replica --out log.json", "what concerns one incident"},
				},
				codes:   codes,
				options: []string{"incident", "out", "calls", "journal"},
				action:  runLogExport,
			},
		},
	}
}

// logAnswer is the answer of `clew log show --json` and, without entries, of verify and export.
type logAnswer struct {
	Schema  string     `json:"schema"` // "clew.log/1"
	OK      bool       `json:"ok"`
	Count   int        `json:"count"`
	Head    string     `json:"head"` // hash of the last entry; "" of an empty log
	Entries []logEntry `json:"entries,omitempty"`
}

type logEntry struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
	custody.Entry
}

// logLines reads and verifies the log of the store: reading it does both.
func logLines(ctx context.Context, c *cli.Context) ([]custody.Line, error) {
	st, err := store.Open(ctx, c.String("db"), store.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	lines, err := st.LogLines(ctx)
	return lines, errors.Join(err, st.Close())
}

func answerOf(lines []custody.Line) logAnswer {
	a := logAnswer{Schema: "clew.log/1", OK: true, Count: len(lines)}
	if len(lines) > 0 {
		a.Head = lines[len(lines)-1].Hash
	}
	return a
}

func runLogShow(ctx context.Context, w *world, c *cli.Context) error {
	if c.Bool("calls") {
		return showCalls(ctx, w, c)
	}
	lines, err := logLines(ctx, c)
	if err != nil {
		return err
	}
	a := answerOf(lines)
	for i := range lines {
		e, err := lines[i].Parse()
		if err != nil {
			return err
		}
		if id := c.String("incident"); id == "" || e.About() == id {
			a.Entries = append(a.Entries, logEntry{e.Seq, e.Hash, e})
		}
	}
	if w.json {
		return writeJSON(w.stdout, a)
	}
	p := newPage(w.stdout)
	for i := range a.Entries {
		a.Entries[i].write(p)
	}
	switch n := len(a.Entries); {
	case len(lines) == 0:
		p.line("the log is empty")
	case n < len(lines):
		p.line("%s of %s; those about others are not shown", grouped(int64(n)), entriesCount(len(lines)))
	}
	return p.flush()
}

// write prints an entry: what was done in a line, and below what it was done with. All of it may be
// somebody else's text.
func (e *logEntry) write(p *page) {
	parts := []string{fmt.Sprint(e.Seq), e.When.Format(time.RFC3339), e.What}
	for _, more := range []string{e.About(), e.Trace} {
		if more != "" {
			parts = append(parts, more)
		}
	}
	p.line("%s", exhibit.Visible(strings.Join(parts, "  ")))
	for _, row := range [][2]string{
		{"who", e.Who}, {"why", e.Why}, {"with", strings.Join(e.Settings, " ")}, {"details", detailWords(e.Details)}, {"tool", e.Tool},
		{"sha256", ofWhat(e.SHA256, aboutOf(e.What))}, {"result", ofWhat(e.Result, resultOfWhat(e.What))}, {"entry", e.Hash},
	} {
		if row[1] != "" {
			p.line("   %-7s %s", row[0], exhibit.Visible(row[1]))
		}
	}
}

// aboutOf says of what the SHA-256 of an entry is.
func aboutOf(what string) string {
	switch what {
	case custody.Verified:
		return "of the bundle"
	case custody.Declared, custody.Traced, custody.Exhibited, custody.Bundled, custody.Explained, custody.Compared:
		return "of the incident file"
	}
	return ""
}

// resultOfWhat says of what the result of an entry is the SHA-256.
func resultOfWhat(what string) string {
	switch what {
	case custody.Traced:
		return "of trace.json"
	case custody.Exhibited:
		return "over its files: LC_ALL=C sha256sum FILES | sha256sum"
	case custody.Bundled:
		return "of the bundle"
	case custody.Verified, custody.Explained, custody.Compared:
		return "of the answer as JSON in one line"
	}
	return ""
}

// ofWhat writes a hash and of what it is.
func ofWhat(hash, what string) string {
	if hash == "" || what == "" {
		return hash
	}
	return hash + ", " + what
}

// detailWords writes the details of an entry but for the id, which stands above.
func detailWords(details map[string]string) string {
	var parts []string
	for name, value := range details {
		if name != "id" {
			parts = append(parts, name+" "+value)
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

func runLogVerify(ctx context.Context, w *world, c *cli.Context) error {
	if c.Bool("calls") {
		return verifyCalls(ctx, w, c)
	}
	lines, err := linesToVerify(ctx, w, c)
	if err != nil {
		return err
	}
	a := answerOf(lines)
	if kept := strings.ToLower(c.String("head")); kept != "" {
		if !slices.ContainsFunc(lines, func(l custody.Line) bool { return l.Hash == kept }) {
			return withHint(&checkError{fmt.Sprintf("no entry of this log has the hash %s: it was cut before that entry, or made anew", kept)},
				"compare the hash with what was given out; if it is right, ask whoever keeps this log for the whole of it, as clew log export wrote it when that hash was given")
		}
	}
	if w.json {
		return writeJSON(w.stdout, a)
	}
	last := ""
	if a.Head != "" {
		last = "; the last hash is " + a.Head
	}
	left := 0
	for i := range lines {
		if lines[i].Entry == "" {
			left++
		}
	}
	if left > 0 {
		last = fmt.Sprintf(" (of %d the hash alone is there)", left) + last
	}
	_, err = fmt.Fprintf(w.stdout, "%s, every hash agrees%s\n", entriesCount(a.Count), last)
	return err
}

// linesToVerify returns the log of the file that was named, or of the store, after verifying it.
func linesToVerify(ctx context.Context, w *world, c *cli.Context) ([]custody.Line, error) {
	file := c.Args().First()
	if file == "" {
		return logLines(ctx, c)
	}
	lines, err := readLog(w, file)
	if err != nil {
		return nil, withHint(fmt.Errorf("%s: %w", file, err), "clew log export writes a log")
	}
	if _, err := custody.Verify(lines); err != nil {
		return nil, &checkError{fmt.Sprintf("%s: %v", file, err)}
	}
	return lines, nil
}

func readLog(w *world, file string) (lines []custody.Line, err error) {
	if file == "-" {
		return custody.Read(w.stdin)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return custody.Read(f)
}

func runLogExport(ctx context.Context, w *world, c *cli.Context) error {
	if c.Bool("calls") {
		return exportCalls(ctx, w, c)
	}
	lines, err := logLines(ctx, c)
	if err != nil {
		return err
	}
	if id := c.String("incident"); id != "" {
		if lines, err = custody.Excerpt(lines, custody.OfIncident(id)); err != nil {
			return err
		}
		if !slices.ContainsFunc(lines, func(l custody.Line) bool { return l.Entry != "" }) {
			return withHint(fmt.Errorf("the log has no entry about %q", id), "clew log show lists what it has; the id is that in the incident file")
		}
	}
	out := c.String("out")
	if out == "" {
		return custody.Write(w.stdout, lines)
	}
	var text bytes.Buffer
	if err := custody.Write(&text, lines); err != nil {
		return err
	}
	if err := writeNew(out, text.Bytes()); err != nil {
		return fmt.Errorf("write the log: %w", err)
	}
	a := answerOf(lines)
	if w.json {
		return writeJSON(w.stdout, a)
	}
	_, err = fmt.Fprintf(w.stdout, "%s written to %s; the last hash is %s\n", entriesCount(a.Count), out, a.Head)
	return err
}

// createNew makes a file that is not there yet.
func createNew(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil, withHint(err, "it is not replaced: name another file with --out, or remove that one first")
	}
	return f, err
}

// writeNew writes a file that is not there yet.
func writeNew(path string, data []byte) (err error) {
	f, err := createNew(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = f.Write(data)
	return err
}

func entriesCount(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return grouped(int64(n)) + " entries"
}
