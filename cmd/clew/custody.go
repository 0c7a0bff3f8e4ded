package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"clew/custody"
	"clew/store"
)

// custodyOptions say who does something, and why, for the log.
func custodyOptions() []option {
	return []option{
		{name: "examiner", kind: isText, value: "NAME", usage: "who does this, for the log (the system's name of the user without it)"},
		{name: "purpose", kind: isText, value: "TEXT", usage: "why, for the log: what was asked for, and by whom"},
		{name: "no-log", kind: isBool, usage: "leave no entry in the log of the store"},
		{name: "incident", kind: isText, value: "INCIDENT", usage: "the incident: of the log its id, of a bundle its file"},
		{name: "head", kind: isText, value: "HASH", usage: "the hash of an entry that was kept elsewhere, and must still be in the log"},
	}
}

// logFlags are what a command takes that leaves an entry about what it read or wrote, and more.
func logFlags(more ...string) []string {
	return append([]string{"examiner", "purpose", "no-log"}, more...)
}

// custody appends e, about what a command has read or written, to the log of the store that the
// command line names. Where there is no store, it says so and goes on; one that cannot be written
// is an error, since an entry that is missing unseen is worse than none.
func (w *world) custody(ctx context.Context, c *cli.Context, e custody.Entry) (err error) {
	if c.Bool("no-log") {
		w.remark("--no-log: this is not logged\n")
		return nil
	}
	db := c.String("db")
	defer func() {
		err = withHint(err, "--no-log does it without an entry; --db names another store")
	}()
	st, err := store.Open(ctx, db, store.Options{})
	if errors.Is(err, store.ErrNoStore) {
		w.remark("there is no store %s: this is not logged (--db names one)\n", db)
		return nil
	}
	if err != nil {
		return fmt.Errorf("log %q: %w", e.What, err)
	}
	_, err = st.AppendLog(ctx, w.signed(c, e))
	return errors.Join(err, st.Close())
}

// custodyOf is custody for what was done with a trace: what, and the hash of what came of it.
func (w *world) custodyOf(ctx context.Context, c *cli.Context, what, result string, t *loadedTrace) error {
	return w.custody(ctx, c, custody.Entry{What: what, SHA256: t.Incident.SHA256, Incident: t.Incident.ID, Trace: t.id, Result: result})
}

// signed returns e with who did it, when, why, by which settings and with which program.
func (w *world) signed(c *cli.Context, e custody.Entry) custody.Entry {
	tool := thisTool()
	e.When, e.Who, e.Why = w.now(), or(c.String("examiner"), w.user()), withoutUser(c.String("purpose"))
	e.Settings, e.Tool = w.settings, tool.Version+" "+tool.Commit
	return e
}

// silent are options that bear on no result: how the answer is written, and what stands in an entry
// anyway.
func silent(o *option) bool {
	unsaid := func(p option) bool { return p.name == o.name }
	return slices.ContainsFunc(commonOptions(), unsaid) || strings.HasPrefix(o.name, "rpc-") ||
		slices.Contains(logFlags(), o.name)
}

// settings returns the flags that were given, on the line or by the environment, and the arguments, as
// the log keeps them: of a node only its name, since the rest of its URL may be a secret.
func (a *arranged) settings() []string {
	var out []string
	for _, s := range a.given {
		switch {
		case s.source == sourceDefault || silent(s.option):
		case s.option.kind == isBool && s.value == "true":
			out = append(out, "--"+s.option.name)
		case strings.HasSuffix(s.option.name, "rpc"):
			out = append(out, "--"+s.option.name+"="+nodeNamed(s.value))
		default:
			out = append(out, "--"+s.option.name+"="+nodeOnly(s.value))
		}
	}
	for _, arg := range a.args {
		out = append(out, nodeOnly(arg))
	}
	return out
}

// bareUser is what may stand before the host of a URL without a scheme: user and password.
var bareUser = regexp.MustCompile(`(^|[=\s])[^\s=/@]*:\S*@`)

// nodeNamed is nodeOnly for a value of --rpc, whose scheme may be left out.
func nodeNamed(text string) string {
	chain := ""
	if name, rest, has := strings.Cut(text, "="); has && chainBefore.MatchString(name) {
		chain, text = name+"=", rest
	}
	if !strings.Contains(text, "://") && !strings.HasPrefix(text, recordingPrefix) {
		text = "http://" + text
	}
	return chain + nodeOnly(text)
}

// nodeOnly returns text, and of a URL in it, which may stand behind CHAIN=, scheme and host alone.
func nodeOnly(text string) string {
	at := strings.Index(text, "://")
	if at < 0 {
		return bareUser.ReplaceAllString(text, "$1")
	}
	start := strings.LastIndexAny(text[:at], "= ") + 1
	u, err := url.Parse(text[start:])
	if err != nil {
		return text[:start] + text[start:at] + "://…" // what it is, and nothing of what may be secret
	}
	return text[:start] + u.Scheme + "://" + u.Host
}

// resultOf returns the SHA-256 of an answer as JSON.
func resultOf(answer any) (string, error) {
	text, err := json.Marshal(answer)
	if err != nil {
		return "", fmt.Errorf("hash the answer: %w", err)
	}
	return hashOf(text), nil
}

// hashOf returns the SHA-256 of text in hex.
func hashOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// resultOfFiles returns the hash over the files with these names in dir, in the order of their names.
func resultOfFiles(dir string, names []string) (string, error) {
	var files []custody.File
	for _, name := range slices.Sorted(slices.Values(names)) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", fmt.Errorf("hash what was written: %w", err)
		}
		files = append(files, custody.File{Name: name, SHA256: hashOf(data)})
	}
	return custody.ResultOfFiles(files), nil
}

// logExcerpt returns the log of a store about one incident as lines of JSON, as it stood when
// the trace whose JSON has that SHA-256 was first logged: the same bytes whatever was logged since.
// nil without a store.
func logExcerpt(ctx context.Context, st *store.Store, incident, trace string) ([]byte, error) {
	if st == nil {
		return nil, nil
	}
	lines, err := st.LogLines(ctx)
	if err == nil {
		lines, err = custody.UpTo(lines, custody.Traced, trace)
	}
	if err == nil {
		lines, err = custody.Excerpt(lines, custody.OfIncident(incident))
	}
	var out bytes.Buffer
	if err == nil {
		err = custody.Write(&out, lines)
	}
	if err != nil {
		return nil, fmt.Errorf("the log about %s: %w", incident, err)
	}
	return out.Bytes(), nil
}
