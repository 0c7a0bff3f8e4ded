package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"clew/labels"
	"clew/strict"
)

type labelRemarkAnswer struct {
	Line    int    `json:"line"`
	Address string `json:"address"` // "" of a header
	What    string `json:"what"`
	Near    string `json:"did_you_mean,omitempty"`
}

type labelWordAnswer struct {
	Word   string `json:"word"`
	Labels int    `json:"labels"`
	Near   string `json:"did_you_mean,omitempty"`
}

// labelKindAnswer says what the labels of a file mean to a trace.
type labelKindAnswer struct {
	Kind   labels.Kind `json:"kind"`
	Labels int         `json:"labels"`
	Ends   bool        `json:"ends"` // a trace ends there
}

// with returns the labels of k and of packs, as they are when these are kept.
func (k *knownLabels) with(packs ...*labels.Pack) (*labels.Set, error) {
	return labels.NewSet(append(k.set.Packs(), packs...)...)
}

// fileAnswer says what became of a file; set has its labels.
func fileAnswer(p *labels.Pack, r labels.Report, set *labels.Set) labelFileAnswer {
	e := p.Edition()
	a := labelFileAnswer{
		File: e.File, SHA256: e.SHA256, ID: p.SHA256(), Kind: e.Form, Title: e.Title, Creator: e.Creator, Labels: r.Labels, Repeated: r.Repeated,
		Actors: r.Actors, Refused: []labelRefusalAnswer{}, Remarks: []labelRemarkAnswer{}, Words: []labelWordAnswer{}, Kinds: []labelKindAnswer{},
	}
	for _, f := range r.Refused {
		a.Refused = append(a.Refused, labelRefusalAnswer(f))
	}
	for _, m := range r.Remarks {
		near := ""
		if m.Word != "" {
			near = strict.Nearest(m.Word, m.Known)
		}
		a.Remarks = append(a.Remarks, labelRemarkAnswer{m.Line, m.Address, m.What, near})
	}
	for _, word := range r.Words {
		a.Words = append(a.Words, labelWordAnswer{word.Word, word.Labels, strict.Nearest(word.Word, kindWords())})
	}
	count := set.Kinds(p.SHA256())
	for _, kind := range slices.Sorted(maps.Keys(count)) {
		a.Kinds = append(a.Kinds, labelKindAnswer{kind, count[kind], nodeKind(kind) != ""})
	}
	return a
}

// kindWords are the words that have a kind.
func kindWords() []string {
	var out []string
	for _, m := range labels.Meanings() {
		out = append(out, m.Word)
	}
	return out
}

// count adds a file.
func (a *labelImportAnswer) count(f labelFileAnswer) {
	a.Files = append(a.Files, f)
	a.Labels += f.Labels
	a.Refused += len(f.Refused)
	a.Remarks += len(f.Remarks)
}

// writeLabelImport writes the answer; entries that were refused are gaps, and so is what was not
// understood.
func writeLabelImport(w *world, a *labelImportAnswer) error {
	var err error
	if w.json {
		err = writeJSON(w.stdout, a)
	} else {
		err = pageLabelImport(w, a)
	}
	if gaps := a.Refused + a.Remarks; err == nil && gaps > 0 {
		err = withHint(&gapsError{gaps}, "what was refused or not understood stands above with its line; correct it and import the file again")
	}
	return err
}

func pageLabelImport(w *world, a *labelImportAnswer) error {
	p := newPage(w.stdout)
	for i := range a.Files {
		a.Files[i].write(p)
	}
	if a.Added != nil {
		p.line("the new one: %s, %s", a.Added.Kind, endsWords(a.Added.Ends))
	}
	if a.Removed > 0 {
		p.line("%s counts no more", counted(int64(a.Removed), "label"))
	}
	p.line("kept in %s", a.DB)
	return p.flush()
}

// write prints what became of a file: at most so many lines of each sort as are read.
func (f *labelFileAnswer) write(p *page) {
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
	for _, k := range f.Kinds {
		p.line("    %s: %s, %s", k.Kind, grouped(int64(k.Labels)), endsWords(k.Ends))
	}
	some(p, f.Words, func(word labelWordAnswer) string {
		return fmt.Sprintf("category %q, of %s, is not known: it does not end a trace%s", word.Word, counted(int64(word.Labels), "label"), meant(word.Near))
	})
	some(p, f.Remarks, func(m labelRemarkAnswer) string { return fmt.Sprintf("line %d: %s%s", m.Line, m.What, meant(m.Near)) })
	some(p, f.Refused, func(r labelRefusalAnswer) string { return fmt.Sprintf("line %d refused: %s", r.Line, r.Why) })
}

// some prints the first of a list, and how many there are more.
func some[T any](p *page, list []T, text func(T) string) {
	const shown = 20
	for _, item := range list[:min(shown, len(list))] {
		p.line("    %s", text(item))
	}
	if more := len(list) - shown; more > 0 {
		p.line("    and %s more; --json lists them all", grouped(int64(more)))
	}
}

func endsWords(ends bool) string {
	if ends {
		return "where a trace ends"
	}
	return "where a trace goes on"
}

func meant(near string) string {
	if near == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", near)
}
