package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"clew/chains"
	"clew/exhibit"
	"clew/tracer"
)

// encodeTrace returns t as the bytes that are kept and written everywhere, and its id: the
// start of the hash of what it says, whichever version said it and whenever the incident
// was first logged.
func encodeTrace(t *tracer.Trace) (text []byte, id string, err error) {
	if text, err = json.Marshal(t); err != nil {
		return nil, "", fmt.Errorf("write the trace as JSON: %w", err)
	}
	// A trace may have gigabytes: it is written once, and the hash is of those bytes with
	// another beginning.
	head, err := traceHead(t)
	if err != nil {
		return nil, "", err
	}
	rest, ok := bytes.CutPrefix(text, head)
	if !ok {
		return nil, "", fmt.Errorf("write the trace as JSON: it does not begin with %s", head)
	}
	says := *t
	says.Tool, says.Incident.FirstLogged = tracer.Tool{}, nil
	if head, err = traceHead(&says); err != nil {
		return nil, "", err
	}
	sum := sha256.New()
	sum.Write(head) // a hash never fails
	sum.Write(rest)
	return append(text, '\n'), hex.EncodeToString(sum.Sum(nil)[:8]), nil
}

// traceHead returns the beginning of t as JSON, up to and with what the incident is.
func traceHead(t *tracer.Trace) ([]byte, error) {
	head, err := json.Marshal(struct {
		Schema   string             `json:"schema"`
		Tool     tracer.Tool        `json:"tool"`
		Incident tracer.IncidentRef `json:"incident"`
	}{t.Schema, t.Tool, t.Incident})
	if err != nil {
		return nil, fmt.Errorf("write the trace as JSON: %w", err)
	}
	return bytes.TrimSuffix(head, []byte("}")), nil
}

// printed is a trace as it is shown in a terminal.
type printed struct {
	*tracer.Trace
	id, source, db string
	dir            *outDir
	files          []string
	brief          bool
}

// How many endpoints and gaps a terminal is shown; the files have all.
const (
	maxRows = 12
	fewRows = 3 // of one trace among several
)

func (r *printed) rows() int {
	if r.brief {
		return fewRows
	}
	return maxRows
}

// writeResult prints the short form of a trace: where the value is, what each rule says,
// what was not read, and where to look further.
func writeResult(out io.Writer, r *printed) error {
	p := newPage(out)
	title := fmt.Sprintf("Trace %s: %s", r.id, cmp.Or(r.Incident.Title, r.Incident.ID))
	if r.Incident.Synthetic {
		title += " (synthetic)"
	}
	p.fold(title)
	p.line("from %s", r.source)
	p.line("")
	for _, s := range exhibit.Summarize(r.Trace).Sentences() {
		p.fold(plainSpaces(s))
	}
	p.line("")
	r.endpoints(p)
	p.line("")
	r.sums(p)
	if len(r.Gaps) > 0 {
		p.line("")
		r.gaps(p)
	}
	p.line("")
	r.whereToLook(p)
	return p.flush()
}

// endpoints prints the largest endpoints under the declared rule, with their ranges.
func (r *printed) endpoints(p *page) {
	rule := r.Incident.Rule
	var ends []*tracer.Endpoint
	for i := range r.Endpoints {
		if !r.Endpoints[i].Range.Max.IsZero() {
			ends = append(ends, &r.Endpoints[i])
		}
	}
	slices.SortStableFunc(ends, func(a, b *tracer.Endpoint) int {
		x, _ := a.Traced.Get(rule)
		y, _ := b.Traced.Get(rule)
		return cmp.Or(y.Cmp(x), b.Range.Max.Cmp(a.Range.Max))
	})
	p.line("Where it ends: the largest by %s, and the range over the accounting rules", rule)
	rows := [][]string{{"reason", "traced", "least", "most", "", "where"}}
	for _, e := range ends[:min(r.rows(), len(ends))] {
		traced, ok := e.Traced.Get(rule)
		amount := number(e.Chain, e.Asset, traced)
		if !ok {
			amount = "-"
		}
		rows = append(rows, []string{string(e.Reason), amount, number(e.Chain, e.Asset, e.Range.Min),
			number(e.Chain, e.Asset, e.Range.Max), symbol(e.Chain, e.Asset), r.place(e)})
	}
	p.table("lrrrll", rows)
	if more := len(ends) - r.rows(); more > 0 {
		p.line("  and %s more", counted(int64(more), "endpoint"))
	}
}

// place says where an endpoint is, for a terminal.
func (r *printed) place(e *tracer.Endpoint) string {
	if e.Reason == tracer.ReasonFee {
		return "fee of " + short(e.TxID.String())
	}
	where := e.Node
	for i := range r.Nodes {
		if n := &r.Nodes[i]; n.ID == e.Node {
			where = cmp.Or(n.Label, n.Address, n.TxID, n.ID)
		}
	}
	if e.Note != "" {
		return where + " (" + e.Note + ")"
	}
	return where
}

// sums prints what each rule found in all, by reason.
func (r *printed) sums(p *page) {
	endings := exhibit.Summarize(r.Trace).Endings
	header := []string{"rule"}
	for _, e := range endings {
		header = append(header, string(e.Reason))
	}
	rows := [][]string{append(header, "in all", "difference")}
	for _, rule := range r.Rules {
		books, ok := r.Conservation.Get(rule)
		if !ok || len(books) == 0 {
			rows = append(rows, []string{rule.String(), "-"})
			continue
		}
		row := []string{rule.String()}
		for i := range endings {
			traced, ok := endings[i].Traced.Get(rule)
			cell := number(endings[i].Chain, endings[i].Asset, traced)
			if !ok {
				cell = "-"
			}
			row = append(row, cell)
		}
		difference := books[0].Difference
		if !rule.Conserves() {
			difference = "contact only"
		}
		rows = append(rows, append(row, number(books[0].Chain, books[0].Asset, books[0].Ended), difference))
	}
	p.line("Sums by rule, in %s; seeded: %s", symbol(r.Seeds[0].Chain, r.Seeds[0].Asset), r.seeded())
	p.table("l"+strings.Repeat("r", len(endings)+2), rows)
}

func (r *printed) seeded() string {
	rows, ok := r.Conservation.Get(r.Incident.Rule)
	if !ok || len(rows) == 0 {
		return "-"
	}
	return number(rows[0].Chain, rows[0].Asset, rows[0].Seeded)
}

func (r *printed) gaps(p *page) {
	p.line("Gaps: what was not read or not understood (%d)", len(r.Gaps))
	for _, g := range r.Gaps[:min(r.rows(), len(r.Gaps))] {
		where := ""
		if g.TxID != "" {
			where = " in transaction " + short(g.TxID)
		}
		p.line("  - %s", fold(fmt.Sprintf("%s%s: %s; %s", g.What, where, g.Why, g.Effect), 4))
	}
	if more := len(r.Gaps) - r.rows(); more > 0 {
		p.line("  and %s more", counted(int64(more), "gap"))
	}
}

// whereToLook names the files and the next command.
func (r *printed) whereToLook(p *page) {
	if r.dir != nil {
		p.line("Report   %s", filepath.Join(r.dir.path, "report.html"))
		if !r.brief {
			p.line("Files    %s", fold(strings.Join(r.files, " "), 9))
		}
	}
	if r.db != "" {
		p.line("Kept as  %s in %s", r.id, r.db)
	}
	if len(r.Hops) == 0 {
		return
	}
	// The file first: the recording beside it tells the whole transaction.
	trace := r.id
	switch {
	case r.dir != nil:
		trace = filepath.Join(r.dir.path, "trace.json")
	case r.db != defaultDB:
		trace += " --db " + r.db
	}
	p.line("Next     clew explain %s %d", trace, r.firstHop())
}

// firstHop returns the number of the first hop with value under the declared rule.
func (r *printed) firstHop() int {
	for i := range r.Hops {
		if a, ok := r.Hops[i].Traced.Get(r.Incident.Rule); ok && !a.IsZero() {
			return r.Hops[i].Number
		}
	}
	return r.Hops[0].Number
}

// number is coins without the symbol.
func number(chain chains.Chain, asset chains.Asset, a chains.Amount) string {
	digits, _, _ := strings.Cut(coins(chain, asset, a), " ")
	return digits
}

// symbol is coins without the number.
func symbol(chain chains.Chain, asset chains.Asset) string {
	_, name, _ := strings.Cut(coins(chain, asset, chains.Amount{}), " ")
	return name
}
