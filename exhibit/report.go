package exhibit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"clew/exhibit/scene"
	"clew/tracer"
)

//go:embed report.html.tmpl
var reportTemplate string

//go:embed report.css
var reportCSS string

// scriptFiles is the report's script, in parts of one job each: report_base.js, which the others
// share, comes first, and report_keys.js, which starts the page, last.
//
//go:embed *.js
var scriptFiles embed.FS

// script joins the parts.
func script() (string, error) {
	var b strings.Builder
	for _, name := range []string{"report_base.js", "report.js", "report_drawing.js", "report_print.js", "report_shade.js", "tables.js", "report_rules.js", "report_filter.js", "report_search.js", "report_panel.js", "report_keys.js"} {
		text, err := scriptFiles.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("script of the report: %w", err)
		}
		b.Write(text)
	}
	return b.String(), nil
}

const (
	// chunkRows is how many rows of a long schedule stand in one table with its own head.
	// The first table of a schedule is in the page and the others are in noscript elements:
	// a browser without scripts shows all of them, one with scripts a page at a time
	// (tables.js), and builds nothing else.
	chunkRows = 100
	// chunkRuns is the same for the runs of schedule B, and openSteps the number of steps
	// below which a run shows its table at once.
	chunkRuns, openSteps = 20, 30
)

// HTML writes the report: one file that loads nothing from anywhere, says so to the browser
// by a content security policy, and shows the diagram and every schedule. Without scripts
// only pan and zoom are missing.
func (x *Exhibit) HTML(w io.Writer) error {
	page, err := x.page()
	if err != nil {
		return err
	}
	t, err := template.New("report").Funcs(template.FuncMap{"linked": linked, "loose": loose, "text": fixedText}).Parse(moneyTemplate + reportTemplate)
	if err != nil {
		return fmt.Errorf("template of the report: %w", err)
	}
	b := bufio.NewWriterSize(w, 1<<16) // the template writes a few bytes at a time
	if err := t.Execute(b, page); err != nil {
		return fmt.Errorf("report of %s: %w", x.Trace.Incident.ID, err)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("report of %s: %w", x.Trace.Incident.ID, err)
	}
	return nil
}

// reportPage is what the template shows. Text in it has been made visible; the template
// escapes it.
type reportPage struct {
	Lang, Title, Policy     string
	CSS                     template.CSS
	JS                      template.JS
	Diagram                 template.HTML
	Timeline, Sankey        template.HTML
	Drawings, Data          template.JS // data, not scripts
	FoldsCount              int
	Under                   []underView // the drawn rule first
	Filters                 filterView
	Trace                   *tracer.Trace
	SHA256                  string
	Alleged, Innocent       string
	Replica                 string
	GapLine, FoundLine      string
	Contact                 bool // poison alone says something
	Rules                   []ruleView
	Totals                  []totalGroup
	RoundLine               string
	Seeds                   []seedView
	Money                   *moneyView // nil where no prices were given
	Hops                    [][]hopView
	Runs                    [][]runView
	RunsCount               int
	Endpoints, Fees         [][]endpointView
	Touched                 [][]endpointView
	TouchedCount, HopsCount int
	HopRows                 int // legs
	PerAsset                []string
	StatementLine           string
	Stated                  []statementView
	Claims                  []assetView
	Chains                  int
	EndpointsCount          int
	FeesCount               int
	Process                 []processView
	Conservation            []conservationView
	Gaps                    []gapView
	FoundBy                 []groupView
	Findings                [][]findingView
	FindingsCount           int
	Candidates              []candidatesView
	Claimed                 []claimView
	Method                  []methodView
	AsOf                    []asOfView
	Inputs                  []inputView
	Statement               string // the incident's own notes
	Notes                   []string
	Files                   []string
	down                    bool
}

func (x *Exhibit) page() (*reportPage, error) {
	t := x.Trace
	v := &viewer{register: newRegister(t, x.Diagram.Rule), x: x}
	sum := Summarize(t)
	p := &reportPage{Lang: "en", Title: x.Scene.Title, Trace: t, SHA256: x.SHA256, Alleged: textAlleged, Innocent: textInnocent,
		FoldsCount: len(x.Levels), Contact: contactOnly(t), GapLine: sum.GapLine(), FoundLine: sum.FoundLine(), RoundLine: sum.RoundLine(),
		Files: append([]string{"flow.svg"}, CSVNames()...), Statement: visible(t.Incident.Notes), down: x.Scene.Height > x.Scene.Width}
	faces, err := v.pictures(p)
	if err != nil {
		return nil, err
	}
	reportJS, err := script()
	if err != nil {
		return nil, err
	}
	css := faces + reportCSS + x.pageMargins()
	p.CSS, p.JS, p.Policy = template.CSS(css), template.JS(reportJS), policy(css, reportJS) // #nosec G203 our own files
	if t.Incident.Synthetic {
		p.Replica = textReplica
	}
	v.fill(p, sum)
	return p, nil
}

// pictures puts every drawing on the page, or packed into it, with the data of the script, and returns
// the style rules of the letters in them.
func (v *viewer) pictures(p *reportPage) (faces string, err error) {
	x := v.x
	others, err := x.underRules()
	if err != nil {
		return "", err
	}
	timeline, err := x.Timeline()
	if err != nil {
		return "", err
	}
	sankey, err := x.Sankey()
	if err != nil {
		return "", err
	}
	var svg bytes.Buffer
	if err := x.Scene.Inline(&svg); err != nil {
		return "", err
	}
	p.Diagram = template.HTML(svg.String()) // #nosec G203 written and escaped by svgWriter
	if p.Timeline, err = figure("timeline", timeline); err != nil {
		return "", err
	}
	if p.Sankey, err = figure("sankey", sankey); err != nil {
		return "", err
	}
	drawings, err := x.drawings(others)
	if err != nil {
		return "", err
	}
	data, err := v.data(others)
	if err != nil {
		return "", err
	}
	p.Drawings, p.Data = template.JS(drawings), template.JS(data) // #nosec G203 numbers, base64 and text that the encoder escaped
	all := append([]*scene.Scene{x.Scene, timeline, sankey}, x.Levels...)
	for _, u := range others {
		all = append(append(all, u.scene), u.levels...)
	}
	return scene.FontFaces(all...)
}

// figure is a drawing of its own section, whose ids no other drawing on the page has.
func figure(name string, s *scene.Scene) (template.HTML, error) {
	var b strings.Builder
	if err := s.Level(&b); err != nil {
		return "", fmt.Errorf("drawing %q: %w", s.Title, err)
	}
	return template.HTML(strings.ReplaceAll(b.String(), ` id="`, ` id="`+name+`-`)), nil // #nosec G203 written and escaped by svgWriter
}

// policy allows the report's own style and script, by hash, and the fonts inside it;
// nothing is loaded or sent.
func policy(css, js string) string {
	hash := func(s string) string {
		h := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(h[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash(css) + "; script-src " + hash(js) + "; font-src data:; base-uri 'none'; form-action 'none'"
}

// Down reports whether the drawing runs from top to bottom.
func (p *reportPage) Down() bool { return p.down }

// Shown is the rule that the page is first shown under.
func (p *reportPage) Shown() string {
	for _, u := range p.Under {
		if u.Shown {
			return u.Rule
		}
	}
	return p.Trace.Incident.Rule.String()
}

// FeeWords says what the fees of schedule C are.
func (p *reportPage) FeeWords() string {
	if hasAccounts(p.Trace) {
		return "fees, of transactions to whoever made the block, of bridges and mixers to those who ran them"
	}
	return "network fees, each paid to whoever mined the block"
}

// HasOutputs reports whether a chain of the trace keeps value in outputs.
func (p *reportPage) HasOutputs() bool { return hasOutputs(p.Trace) }

// Columns is how many columns the table of the totals has where it has groups.
func (p *reportPage) Columns() int { return len(p.Rules) + 1 }

// endTable is a part of schedule C with the heads that it needs.
type endTable struct {
	Rules  []ruleView
	Chunks [][]endpointView
	Count  int
	Chains int // of the trace
}

// Table joins rows of schedule C with the rules that head its columns.
func (p *reportPage) Table(rows [][]endpointView) endTable {
	t := endTable{Rules: p.Rules, Chunks: rows, Chains: p.Chains}
	for _, r := range rows {
		t.Count += len(r)
	}
	return t
}
