// Package exhibit turns a stored trace into what people read: a flow diagram as SVG, one
// HTML report that needs nothing else, and the schedules as CSV. Everything that it writes
// is a pure function of the trace: the same trace gives the same bytes. It traces nothing,
// reads no node and no store, and makes no statement about persons.
//
// The way of a drawing: newFlow (flow.go) takes from the trace the movements that carry
// value under the declared rule; fold (fold.go) bundles and folds them into a Diagram of
// boxes and arrows that balance; Diagram.Scene (layout.go, draw.go) places them as a Scene
// of integers; the Scene is written as SVG (svg.go), and a writer of another format draws
// the same Scene. Start reading at Diagram (diagram.go) and Scene (scene.go).
package exhibit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"clew/exhibit/paper"
	"clew/exhibit/scene"
	"clew/tracer"
)

// Options are choices about what is written. The zero value is useful.
type Options struct {
	// MaxBoxes is about how many boxes are drawn before branches are folded; 0 means 90.
	// At most 200 are.
	MaxBoxes int
	// Case heads and numbers what is made for paper; its Paper is the size of pages. It stands
	// in place of the incident's own, so whoever fills it in starts from that.
	Case tracer.Case
	// DrawingPaper is the size of the sheets of the drawing, where they are not like the pages:
	// one of DrawingPapers.
	DrawingPaper string
	Letters      bool     // drafts of letters and certificates too
	Copies       []Copy   // files of the evidence, as somebody has them who asks for certificates
	Only         []string // the formats to write, of Formats; nil for all
	Quotes       Quotes   // what amounts were worth in money, printed beside them; nil: no money is named
}

// Copy is a file that a draft certificate names.
type Copy struct {
	Name   string // within the folder of the trace, with strokes: "recording/recording.json"
	SHA256 string // over the bytes of the file
}

// DrawingPapers lists the papers for drawings, by name.
func DrawingPapers() []string {
	var names []string
	for _, s := range paper.Sizes() {
		names = append(names, s.Name)
	}
	return names
}

// Formats lists what Write can make, by the end of the files' names.
func Formats() []string { return []string{"html", "svg", "png", "pdf", "csv", "xlsx", "graphml"} }

func (o Options) wants(format string) bool {
	return len(o.Only) == 0 || slices.Contains(o.Only, format)
}

func (o Options) maxBoxes() int {
	if o.MaxBoxes <= 0 {
		return 90
	}
	return max(8, min(o.MaxBoxes, 200))
}

// Exhibit is a trace ready to be written in every format.
type Exhibit struct {
	Trace   *tracer.Trace
	SHA256  string // of the trace as JSON, printed on everything
	Diagram *Diagram
	Scene   *scene.Scene
	Levels  []*scene.Scene // what the folded boxes open to: Levels[i] draws Diagram.Levels[i]
	options Options

	rules     sync.Once // guards what follows
	otherwise []underRule
	failed    error
}

// New draws t. traceJSON is the stored trace that t was read from; its hash is printed on
// what is written. nil: the canonical JSON of t is hashed.
func New(ctx context.Context, t *tracer.Trace, traceJSON []byte, opt Options) (*Exhibit, error) {
	if t.Schema != tracer.Schema {
		return nil, fmt.Errorf("trace of schema %q: want %q; make the trace again with this version", t.Schema, tracer.Schema)
	}
	if traceJSON == nil {
		var err error
		if traceJSON, err = json.Marshal(t); err != nil {
			return nil, fmt.Errorf("trace %s as JSON: %w", t.Incident.ID, err)
		}
	}
	sum := sha256.Sum256(traceJSON)
	x := &Exhibit{Trace: t, SHA256: hex.EncodeToString(sum[:]), options: opt}
	var err error
	if x.Diagram, err = NewDiagram(t, opt); err != nil {
		return nil, fmt.Errorf("diagram of %s: %w", t.Incident.ID, err)
	}
	if x.Scene, x.Levels, err = x.Diagram.scenes(ctx, x.SHA256); err != nil {
		return nil, fmt.Errorf("drawing of %s: %w", t.Incident.ID, err)
	}
	return x, nil
}

// Write writes the diagram, the report and the schedules of t into dir, which it makes if
// need be, and returns the names of the files in a fixed order. Files that are there
// already are replaced, each in one step, so that a reader never sees half of one.
func Write(ctx context.Context, t *tracer.Trace, traceJSON []byte, dir string, opt Options) ([]string, error) {
	x, err := New(ctx, t, traceJSON, opt)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("folder of the report: %w", err)
	}
	var names []string
	for _, f := range x.files() {
		if err := ctx.Err(); err != nil {
			return names, err
		}
		var b bytes.Buffer
		if err := f.write(&b); err != nil {
			return names, fmt.Errorf("%s: %w", f.name, err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, f.name)), 0o755); err != nil {
			return names, fmt.Errorf("folder of %s: %w", f.name, err)
		}
		if err := replaceFile(filepath.Join(dir, f.name), b.Bytes()); err != nil {
			return names, fmt.Errorf("%s: %w (choose a folder that can be written with --out)", f.name, err)
		}
		names = append(names, f.name)
	}
	return names, nil
}

type outputFile struct {
	name  string
	write func(io.Writer) error
}

// files lists what Write makes, in order: of the formats that are wanted.
func (x *Exhibit) files() []outputFile {
	files := []outputFile{
		{"report.html", x.HTML},
		{"flow.svg", x.Scene.SVG},
		{"flow.png", x.PNG},
		{"exhibit.pdf", x.PDF},
		{"timeline.svg", drawing(x.Timeline)},
		{"sankey.svg", drawing(x.Sankey)},
		{"flow.graphml", x.GraphML},
		{"schedules.xlsx", x.XLSX},
	}
	for _, name := range CSVNames() {
		files = append(files, outputFile{name, func(w io.Writer) error { return x.CSV(w, name) }})
	}
	files = slices.DeleteFunc(files, func(f outputFile) bool {
		return !x.options.wants(strings.TrimPrefix(filepath.Ext(f.name), "."))
	})
	return append(files, x.letterFiles()...)
}

// replaceFile puts data under path in one step.
func replaceFile(path string, data []byte) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".clew-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w%s", err, leftover(os.Remove(tmp.Name())))
		}
	}()
	if _, err = tmp.Write(data); err != nil {
		return fmt.Errorf("%w%s", err, leftover(tmp.Close()))
	}
	if err = tmp.Chmod(0o644); err != nil {
		return fmt.Errorf("%w%s", err, leftover(tmp.Close()))
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

func leftover(err error) string {
	if err == nil {
		return ""
	}
	return "; also: " + err.Error()
}
