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
	"clew/custody"
	"clew/exhibit"
	"clew/tracer"
)

// encodeTrace returns t as the bytes that are kept and written everywhere, and its id: the
// start of the hash of what it says, whichever version said it, whenever the incident and those
// before it were logged, and however its exhibits are headed.
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
	says.Tool, says.Incident.FirstLogged, says.Incident.Case, says.Incident.Earlier = tracer.Tool{}, nil, nil, nil
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
	logged         custody.Entry
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
	sum := exhibit.Summarize(r.Trace)
	for _, s := range sum.Sentences() {
		p.fold(plainSpaces(s))
	}
	p.line("")
	r.endpoints(p, sum)
	p.line("")
	r.sums(p, sum)
	r.statement(p)
	r.findings(p, sum.Names())
	if len(r.Gaps) > 0 {
		p.line("")
		r.gaps(p, sum.Names())
	}
	p.line("")
	r.whereToLook(p)
	return p.flush()
}

// endpoints prints the largest endpoints under the declared rule, with their ranges: asset by
// asset, since amounts of different assets do not compare.
func (r *printed) endpoints(p *page, sum *exhibit.Summary) {
	rule, names, units := r.Incident.Rule, sum.Names(), sum.Units()
	ends := map[exhibit.Unit][]*tracer.Endpoint{}
	all := 0
	for i := range r.Endpoints {
		if e := &r.Endpoints[i]; !e.Range.Max.IsZero() || e.Asset.IsValuation() {
			u := exhibit.Unit{Chain: e.Chain, Asset: e.Asset}
			ends[u], all = append(ends[u], e), all+1
		}
	}
	most := max(1, r.rows()/max(1, len(ends)))
	found := exhibit.ReadFindings(r.Trace, names)
	p.line("Where it ends: the largest by %s%s, and the range over the accounting rules", sum.Rule, map[bool]string{true: " of each asset"}[len(ends) > 1])
	rows := [][]string{{"reason", "traced", "least", "most", "", "where"}}
	for _, u := range units {
		slices.SortStableFunc(ends[u], func(a, b *tracer.Endpoint) int {
			x, _ := a.Traced.Get(rule)
			y, _ := b.Traced.Get(rule)
			if u.Asset.IsValuation() {
				x, y = a.Units, b.Units
			}
			return cmp.Or(y.Cmp(x), b.Range.Max.Cmp(a.Range.Max))
		})
		for _, e := range ends[u][:min(most, len(ends[u]))] {
			traced, ok := e.Traced.Get(rule)
			amount := brief(names, e.Chain, e.Asset, traced)
			least, most := brief(names, e.Chain, e.Asset, e.Range.Min), brief(names, e.Chain, e.Asset, e.Range.Max)
			if !ok {
				amount = "-"
			}
			if e.Asset.IsValuation() {
				amount, least, most = "contact", "-", "-"
			}
			reason, by := found.Ends(e)
			rows = append(rows, []string{reason, amount, least, most, symbol(names, e.Chain, e.Asset), r.place(e, by)})
		}
	}
	p.table("lrrrll", rows)
	if more := all - len(rows) + 1; more > 0 {
		p.line("  and %s more", counted(int64(more), "endpoint"))
	}
}

// place says where an endpoint is, for a terminal; by are the findings that say what it is.
func (r *printed) place(e *tracer.Endpoint, by string) string {
	where := e.Node
	for i := range r.Nodes {
		if n := &r.Nodes[i]; n.ID == e.Node {
			where = cmp.Or(n.Label, n.Address, n.TxID, n.ID)
			switch {
			case n.Address != "" && n.Entity != "":
				where = n.Entity + ", " + n.Address
			case n.Kind == tracer.NodeMixer && n.TxID != "":
				return exhibit.Visible(exhibit.HeuristicWords(n.Entity) + " (" + by + "), transaction " + short(n.TxID))
			}
		}
	}
	if e.Reason == tracer.ReasonFee && e.TxID != nil {
		where = "fee of " + short(hashText(e.Chain, *e.TxID))
	}
	if len(r.AsOf) > 1 {
		where = string(e.Chain) + ": " + where
	}
	if e.Note != "" && e.Reason != tracer.ReasonFee {
		where += " (" + e.Note + ")"
	}
	return exhibit.Visible(where)
}

// brief is number, rounded where the summary says so.
func brief(names *exhibit.Assets, chain chains.Chain, asset chains.Asset, a chains.Amount) string {
	return plainSpaces(names.Brief(chain, asset, a))
}

// sums prints what each rule found in all, by reason: a table for each asset.
func (r *printed) sums(p *page, sum *exhibit.Summary) {
	for i, u := range sum.Units() {
		if i > 0 && r.brief {
			p.line("  and %s more: schedule E of the report", counted(int64(len(sum.Units())-i), "asset"))
			return
		}
		if i > 0 {
			p.line("")
		}
		r.sumsOf(p, sum, u)
	}
}

func (r *printed) sumsOf(p *page, sum *exhibit.Summary, u exhibit.Unit) {
	if u.Asset.IsValuation() {
		p.fold(fmt.Sprintf("No sums in %s: %s", symbol(sum.Names(), u.Chain, u.Asset), exhibit.TextValued))
		return
	}
	var endings []*exhibit.Ending
	header := []string{"rule"}
	for i := range sum.Endings {
		if e := &sum.Endings[i]; e.Chain == u.Chain && e.Asset == u.Asset {
			endings, header = append(endings, e), append(header, e.Column())
		}
	}
	amount := func(a chains.Amount) string { return brief(sum.Names(), u.Chain, u.Asset, a) }
	converted := len(sum.Units()) > 1
	if converted {
		header = append(header, "converted out", "converted in", "unexplained")
	}
	rows := [][]string{append(header, "in all", "difference")}
	for _, rule := range r.Rules {
		book, ok := r.book(rule, u)
		if !ok {
			rows = append(rows, []string{rule.String(), "-"})
			continue
		}
		row := []string{rule.String()}
		for _, e := range endings {
			cell := "-"
			if traced, ok := e.Traced.Get(rule); ok {
				cell = amount(traced)
			}
			row = append(row, cell)
		}
		if converted {
			row = append(row, amount(book.ConvertedOut), amount(book.ConvertedIn), amount(book.Unexplained))
		}
		difference := book.Difference
		if !rule.Conserves() {
			difference = "contact only"
		}
		rows = append(rows, append(row, amount(book.Ended), difference))
	}
	seeded := "-"
	if book, ok := r.book(r.Incident.Rule, u); ok {
		seeded = amount(book.Seeded)
	}
	where := ""
	if len(r.AsOf) > 1 {
		where = " on " + string(u.Chain)
	}
	p.line("Sums by rule, in %s%s; seeded: %s", symbol(sum.Names(), u.Chain, u.Asset), where, seeded)
	p.table("l"+strings.Repeat("r", len(rows[0])-1), rows)
}

// book returns the row of u in the books of a rule.
func (r *printed) book(rule tracer.Rule, u exhibit.Unit) (tracer.ConservationRow, bool) {
	books, ok := r.Conservation.Get(rule)
	at := slices.IndexFunc(books, func(b tracer.ConservationRow) bool { return b.Chain == u.Chain && b.Asset == u.Asset })
	if !ok || at < 0 {
		return tracer.ConservationRow{}, false
	}
	return books[at], true
}

// statement prints what the victim states beside the trace's own sums.
func (r *printed) statement(p *page) {
	if len(r.Statement) == 0 {
		return
	}
	p.line("")
	p.line("What the victim states; no part of the sums above")
	rows := [][]string{{"asset", "what", "amount"}}
	for i := range r.Statement {
		s := &r.Statement[i]
		rows = append(rows, []string{s.Asset, "taken", s.Taken})
		for _, part := range s.Rows {
			rows = append(rows, []string{"", part.What, part.Amount})
		}
		rows = append(rows, []string{"", "accounted for by nobody", s.Unaccounted})
	}
	for i := range rows {
		for k := range rows[i] {
			rows[i][k] = exhibit.Visible(rows[i][k])
		}
	}
	p.table("llr", rows)
}

func (r *printed) gaps(p *page, names *exhibit.Assets) {
	p.line("Gaps: what was not read or not understood (%d)", len(r.Gaps))
	for _, g := range r.Gaps[:min(r.rows(), len(r.Gaps))] {
		where := ""
		if g.TxID != "" {
			where = " in transaction " + short(hashText(g.Chain, g.TxID))
		}
		p.line("  - %s", fold(plainSpaces(names.InCoins(g.Chain, fmt.Sprintf("%s%s: %s; %s", g.What, where, g.Why, g.Effect))), 4))
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
		if !r.brief {
			p.line("Log      entry %d, %s", r.logged.Seq, r.logged.Hash)
		}
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
