package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"clew/custody"
	"clew/labels"
	"clew/store"
)

func labelImportCommand() *command {
	return &command{
		path: "label import", args: "FILE…", short: "keep files of labels in the store",
		long: "Reads TagPacks and ActorPacks of GraphSense (YAML), OFAC's sdn_advanced.xml, lists with an address a line, and tables (CSV) as explorers export them; gzip is unpacked. The form is found out by looking, or given with --kind.\n\n" +
			"A TagPack names a currency or network for each tag. A list says it by --chain, or by the end of its file's name (addresses_XBT.txt); a table by a column, or in the same ways. Addresses of chains that this program does not know are kept under the source's word. --title names a list or table; --label, --category and --confidence are those of all its entries that have none.\n\n" +
			"A file of a source that is there already (the same form, title and creator) replaces the earlier one from its own date on: --as-of still asks for that. What cannot be read as an address of its chain is refused and listed with its line; so is, as a remark, a field that the form does not have or that is of another type; the exit code is 3. A category that no kind is known for is named: the trace goes on at its addresses.",
		examples: []example{
			{"clew label import binance.yaml --licence MIT --source https://github.com/graphsense/graphsense-tagpacks", "a TagPack"},
			{"clew label import sdn_advanced.xml --source https://sanctionslist.ofac.treas.gov", "OFAC's list, with programmes and dates"},
			{"clew label import victims.csv --chain ethereum --columns address=Wallet --columns label=Who --title 'our victims'", "a table of one's own"},
		},
		codes:   []exitCode{codeGaps, codeStore},
		options: []string{"kind", "chain", "source", "licence", "title", "label", "category", "confidence", "columns", "retrieved", "examiner", "purpose"},
		least:   1, most: -1,
		action: runLabelImport,
	}
}

// labelImportAnswer is the answer of `clew label import|update|add|remove --json`.
type labelImportAnswer struct {
	Schema  string            `json:"schema"` // "clew.label-import/1"
	DB      string            `json:"db"`
	Labels  int               `json:"labels"`          // in all files
	Refused int               `json:"refused"`         // entries that could not be read
	Remarks int               `json:"remarks"`         // what of entries and headers was not understood
	Removed int               `json:"removed"`         // labels that do not count any more
	Added   *labelKindAnswer  `json:"added,omitempty"` // of label add: what the label that was added is
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
	Remarks  []labelRemarkAnswer  `json:"remarks"`
	Words    []labelWordAnswer    `json:"unknown_words"` // categories and abuses that no kind is known for
	Kinds    []labelKindAnswer    `json:"kinds"`         // in alphabetical order
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
	err = changeLabels(ctx, w, c, func(st *store.Store) (entries []custody.Entry, err error) {
		k, err := labelsOf(ctx, st)
		if err != nil {
			return nil, err
		}
		read, err := importAll(c.Args().Slice(), labels.Form(c.String("kind")), o)
		if err != nil {
			return nil, withHint(err, "nothing was taken; %s", importHint(err))
		}
		var all []*labels.Pack
		for i := range read {
			all = append(all, read[i].pack)
		}
		set, err := k.with(all...)
		if err != nil {
			return nil, err
		}
		var packs []store.LabelPack
		for i := range read {
			p := read[i].pack
			f := fileAnswer(p, read[i].report, set)
			f.Known = k.has(p)
			if err := a.take(f); err != nil {
				return nil, err
			}
			if !f.Known {
				packs = append(packs, store.LabelPack{Added: w.now(), Content: p.Bytes()})
				entries = append(entries, custody.Entry{What: "labels imported", SHA256: f.SHA256, Details: map[string]string{"file": f.File, "title": f.Title, "creator": f.Creator}})
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
		Options: labels.Options{Codec: codec(), Edition: labels.Edition{Title: c.String("title"), Source: c.String("source"), Licence: c.String("licence")}, Today: labelMoment(w)},
		Chain:   c.String("chain"), Text: c.String("label"), Category: c.String("category"), Confidence: c.String("confidence"),
	}
	if o.Edition.Retrieved, err = labelDate("retrieved", c.String("retrieved")); err != nil {
		return o, err
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

// importedFile is a file that was read.
type importedFile struct {
	pack   *labels.Pack
	report labels.Report
}

// importAll reads every file, or none.
func importAll(paths []string, form labels.Form, o labels.TableOptions) ([]importedFile, error) {
	var out []importedFile
	for _, path := range paths {
		p, r, err := importLabels(path, form, o)
		if err != nil {
			return nil, err
		}
		out = append(out, importedFile{p, r})
	}
	return out, nil
}

// importHint is the way out where a file could not be read.
func importHint(err error) string {
	if errors.Is(err, labels.ErrWhichChain) {
		return "say which chain with --chain, such as --chain bitcoin"
	}
	return "clew help label import describes the forms"
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
		err = fmt.Errorf("%s: %w", path, err)
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

// take adds a file. Two of one source in one command would replace each other.
func (a *labelImportAnswer) take(f labelFileAnswer) error {
	for _, g := range a.Files {
		if g.Kind == f.Kind && g.Title == f.Title && g.Creator == f.Creator {
			return withHint(fmt.Errorf("%s and %s are both %q of %q: one would replace the other", g.File, f.File, f.Title, f.Creator), "import them one after another, or give one of them another --title")
		}
	}
	a.count(f)
	return nil
}
