package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"clew/labels"
	"clew/store"
)

func labelImportCommand() *command {
	return &command{
		path: "label import", args: "FILE…", short: "keep files of labels in the store",
		long: "Reads TagPacks and ActorPacks of GraphSense (YAML), OFAC's sdn_advanced.xml, lists with an address a line, and tables (CSV) as explorers export them; gzip is unpacked. The form is found out by looking, or given with --kind.\n\n" +
			"A TagPack names a currency or network for each tag. A list says it by --chain, or by the end of its file's name (addresses_XBT.txt); a table by a column, or in the same ways. Addresses of chains that this program does not know are kept under the source's word. --title names a list or table; --label, --category and --confidence are those of all its entries that have none.\n\n" +
			"A file of a source that is there already (the same form, title and creator) replaces the earlier one from its own date on: --as-of still asks for that. What cannot be read as an address of its chain is refused and listed with its line, and the exit code is 3.",
		examples: []example{
			{"clew label import binance.yaml --licence MIT --source https://github.com/graphsense/graphsense-tagpacks", "a TagPack"},
			{"clew label import sdn_advanced.xml --source https://sanctionslist.ofac.treas.gov", "OFAC's list, with programmes and dates"},
			{"clew label import victims.csv --chain ethereum --columns address=Wallet --columns label=Who --title 'our victims'", "a table of one's own"},
		},
		codes:   []exitCode{codeGaps, codeStore},
		options: []string{"kind", "chain", "source", "licence", "title", "label", "category", "confidence", "columns", "retrieved"},
		least:   1, most: -1,
		action: runLabelImport,
	}
}

// labelImportAnswer is the answer of `clew label import|update|add|remove --json`.
type labelImportAnswer struct {
	Schema  string            `json:"schema"` // "clew.label-import/1"
	DB      string            `json:"db"`
	Labels  int               `json:"labels"`  // in all files
	Refused int               `json:"refused"` // entries that could not be read
	Removed int               `json:"removed"` // labels that do not count any more
	Files   []labelFileAnswer `json:"files"`
}

type labelFileAnswer struct {
	File     string               `json:"file"`
	SHA256   string               `json:"sha256"` // of the file; "" of labels that came from none
	ID       string               `json:"id"`     // of the pack
	Kind     labels.Form          `json:"kind"`
	Title    string               `json:"title"`
	Creator  string               `json:"creator"`
	Known    bool                 `json:"known"` // it was there already
	Labels   int                  `json:"labels"`
	Repeated int                  `json:"repeated"`
	Actors   int                  `json:"actors"`
	Refused  []labelRefusalAnswer `json:"refused"`
}

type labelRefusalAnswer struct {
	Line    int    `json:"line"`
	Address string `json:"address"`
	Why     string `json:"why"`
}

func runLabelImport(ctx context.Context, w *world, c *cli.Context) error {
	o, err := importOptions(w, c)
	if err != nil {
		return err
	}
	a := labelImportAnswer{Schema: "clew.label-import/1", DB: c.String("db"), Files: []labelFileAnswer{}}
	err = changeLabels(ctx, w, c, func(st *store.Store) (entries []store.LogEntry, err error) {
		k, err := labelsOf(ctx, st)
		if err != nil {
			return nil, err
		}
		var packs []store.LabelPack
		for _, path := range c.Args().Slice() {
			p, r, err := importLabels(path, labels.Form(c.String("kind")), o)
			if err != nil {
				return nil, err
			}
			f := fileAnswer(p, r)
			f.Known = k.has(p)
			if err := a.take(f); err != nil {
				return nil, err
			}
			if !f.Known {
				packs = append(packs, store.LabelPack{Added: w.now(), Content: p.Bytes()})
				entries = append(entries, store.LogEntry{What: "labels imported", SHA256: f.SHA256, Details: map[string]string{"file": f.File, "title": f.Title, "creator": f.Creator}})
			}
		}
		_, err = st.AddLabels(ctx, packs)
		return entries, err
	})
	if err != nil {
		return err
	}
	return writeLabelImport(w, &a)
}

// importOptions reads what the command line says of the files.
func importOptions(w *world, c *cli.Context) (o labels.TableOptions, err error) {
	o = labels.TableOptions{
		Options: labels.Options{Codec: codec(), Edition: labels.Edition{Title: c.String("title"), Source: c.String("source"), Licence: c.String("licence"), Retrieved: labelMoment(w)}},
		Chain:   c.String("chain"), Text: c.String("label"), Category: c.String("category"), Confidence: c.String("confidence"),
	}
	if given, err := labelDate("retrieved", c.String("retrieved")); err != nil {
		return o, err
	} else if !given.IsZero() {
		o.Edition.Retrieved = given
	}
	for _, pair := range c.StringSlice("columns") {
		role, name, ok := strings.Cut(pair, "=")
		if !ok {
			return o, &usageError{fmt.Sprintf("--columns: want ROLE=NAME, got %q", pair), "roles are " + strings.Join(labels.Roles(), ", ")}
		}
		if o.Columns == nil {
			o.Columns = map[string]string{}
		}
		o.Columns[role] = name
	}
	return o, nil
}

// importLabels reads a file. What it includes lies beside it.
func importLabels(path string, form labels.Form, o labels.TableOptions) (p *labels.Pack, r labels.Report, err error) {
	o.Edition.File = filepath.Base(path)
	o.Include = func(name string) ([]byte, error) {
		if !filepath.IsLocal(name) {
			return nil, fmt.Errorf("%s: a file outside of the folder is not read", name)
		}
		return os.ReadFile(filepath.Join(filepath.Dir(path), name))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, r, fmt.Errorf("read labels: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if p, r, err = labels.Read(f, form, o); err != nil {
		err = withHint(fmt.Errorf("%s: %w", path, err), "nothing was taken; clew help label import describes the forms")
	}
	return p, r, err
}

// has reports whether the latest edition of the same source was made of the same file, in the
// same way.
func (k *knownLabels) has(p *labels.Pack) bool {
	e := p.Edition()
	for _, other := range k.set.Packs() {
		f := other.Edition()
		if f.SameSource(&e) && f.SHA256 == e.SHA256 && f.Source == e.Source && f.Licence == e.Licence && other.Len() == p.Len() {
			return true
		}
	}
	return false
}

func fileAnswer(p *labels.Pack, r labels.Report) labelFileAnswer {
	e := p.Edition()
	a := labelFileAnswer{
		File: e.File, SHA256: e.SHA256, ID: p.SHA256(), Kind: e.Form, Title: e.Title, Creator: e.Creator, Labels: r.Labels, Repeated: r.Repeated,
		Actors: r.Actors, Refused: []labelRefusalAnswer{},
	}
	for _, f := range r.Refused {
		a.Refused = append(a.Refused, labelRefusalAnswer(f))
	}
	return a
}

// take adds a file. Two of one source in one command would replace each other.
func (a *labelImportAnswer) take(f labelFileAnswer) error {
	for _, g := range a.Files {
		if g.Kind == f.Kind && g.Title == f.Title && g.Creator == f.Creator {
			return withHint(fmt.Errorf("%s and %s are both %q of %q: one would replace the other", g.File, f.File, f.Title, f.Creator), "import them one after another, or give one of them another --title")
		}
	}
	a.Files = append(a.Files, f)
	a.Labels += f.Labels
	a.Refused += len(f.Refused)
	return nil
}

// writeLabelImport writes the answer; entries that were refused are gaps.
func writeLabelImport(w *world, a *labelImportAnswer) error {
	var err error
	if w.json {
		err = writeJSON(w.stdout, a)
	} else {
		err = pageLabelImport(w, a)
	}
	if err == nil && a.Refused > 0 {
		err = withHint(&gapsError{a.Refused}, "each entry that was refused stands above with its line; correct it and import the file again")
	}
	return err
}

func pageLabelImport(w *world, a *labelImportAnswer) error {
	const shown = 20
	p := newPage(w.stdout)
	for i := range a.Files {
		f := &a.Files[i]
		what := counted(int64(f.Labels), "label")
		if f.Kind == labels.FormActorPack {
			what = counted(int64(f.Actors), "actor")
		}
		if f.Known {
			what += ", there already"
		}
		about := slices.DeleteFunc([]string{f.File, f.Title, f.Creator}, func(text string) bool { return text == "" })
		p.line("%s: %s", strings.Join(about, ", "), what)
		if f.Repeated > 0 {
			p.line("    entries that say what another one says, to the letter: %s", grouped(int64(f.Repeated)))
		}
		for n, r := range f.Refused {
			if n == shown {
				p.line("    and %s more; --json lists them all", grouped(int64(len(f.Refused)-n)))
				break
			}
			p.line("    line %d refused: %s", r.Line, r.Why)
		}
	}
	if a.Removed > 0 {
		p.line("%s counts no more", counted(int64(a.Removed), "label"))
	}
	p.line("kept in %s", a.DB)
	return p.flush()
}
