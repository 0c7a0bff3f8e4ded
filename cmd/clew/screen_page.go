package main

import (
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/exhibit"
	"clew/screen"
	"clew/tracer"
)

// verdictPage writes a verdict for people: what was decided first, then why, on what evidence, and
// what was not looked at.
type verdictPage struct {
	p     *page
	v     *screen.Verdict
	names *exhibit.Assets
	rules string // the file of the policy, for people
	// nearly are the rules that did not fire, and what each lacks; nil: nobody asked.
	nearly []screen.Fired
}

// pageVerdict prints v, which was decided by the policy in the file rules.
func pageVerdict(p *page, v *screen.Verdict, rules string, nearly []screen.Fired) {
	g := &verdictPage{p: p, v: v, names: namesOf(v), rules: rules, nearly: nearly}
	g.decision()
	g.value()
	g.exposures()
	g.incidents()
	g.fired()
	g.paths()
	g.claims()
	g.unasked()
	g.coverage()
	g.pins()
	g.further()
}

// namesOf names the assets of a verdict, as their contracts claim.
func namesOf(v *screen.Verdict) *exhibit.Assets {
	t := &tracer.Trace{}
	for i := range v.Value {
		a := &v.Value[i]
		t.Seeds = append(t.Seeds, tracer.SeedEntry{Chain: a.Chain, Asset: a.Asset})
		if a.Asset != chains.Native {
			t.Assets = append(t.Assets, tracer.AssetInfo{Chain: a.Chain, Asset: a.Asset, Symbol: a.Symbol, Decimals: a.Decimals, Claimed: true})
		}
	}
	return exhibit.NameAssets(t)
}

// head begins a part of the page.
func (g *verdictPage) head(format string, args ...any) {
	g.p.line("")
	g.p.line(format, args...)
}

// decision says what is to be done, and in a sentence why.
func (g *verdictPage) decision() {
	v := g.v
	g.p.line("%s: %s", strings.ToUpper(string(v.Outcome)), v.Action)
	g.p.line("%s", fold(subjectWords(&v.Subject), 0))
	g.p.line("%s", exhibit.Visible(v.Subject.String()))
	if v.Says != "" {
		g.p.line("%s", fold(exhibit.Visible(v.Says), 0))
	}
	if v.Caution != "" {
		g.p.line("%s", fold(v.Caution, 0))
	}
	if v.Error != "" {
		g.p.line("error: %s", fold(exhibit.Visible(v.Error), 7))
	}
	if v.Score != nil {
		g.p.line("score %d of 100, by the weights of the rules", *v.Score)
	}
}

// subjectWords names what was screened, and which way.
func subjectWords(s *screen.Subject) string {
	var what string
	switch s.Kind {
	case screen.KindAddress:
		what = "address " + s.Address
	case screen.KindTransaction:
		what = "transaction " + s.TxID
	case screen.KindOutput:
		what = "output " + s.TxID
		if s.Vout != nil {
			what += fmt.Sprintf(":%d", *s.Vout)
		}
	case screen.KindDeposit:
		what = "deposit to " + s.Address + " in " + s.TxID
	}
	if s.Asset != "" && s.Asset != chains.Native {
		what += ", token " + string(s.Asset)
	}
	way := "where its funds come from"
	if s.Direction == screen.Destination {
		way = "where its funds went"
	}
	return fmt.Sprintf("%s: %s; %s", s.Chain, what, way)
}

// value is what was screened, and how much of it is explained.
func (g *verdictPage) value() {
	if len(g.v.Value) == 0 {
		return
	}
	g.head("Value")
	rows := [][]string{{"asset", "value", "explained, fifo", "", "pro rata", "", "unknown, fifo", "pro rata"}}
	for i := range g.v.Value {
		a := &g.v.Value[i]
		number := func(n chains.Amount) string { return g.brief(a.Chain, a.Asset, n) }
		rows = append(rows, []string{
			symbol(g.names, a.Chain, a.Asset), number(a.Units), number(a.Explained.FIFO), percent(a.ExplainedPPM.FIFO), number(a.Explained.ProRata),
			percent(a.ExplainedPPM.ProRata), number(a.Unknown.FIFO), number(a.Unknown.ProRata),
		})
	}
	g.p.table("lrrrrrrr", rows)
}

// exposures is the table of what the value is exposed to. Numbers are those that rules, paths and
// labels name.
func (g *verdictPage) exposures() {
	g.head("Exposure")
	if len(g.v.Exposure) == 0 {
		g.p.line("  none was found")
		return
	}
	rows := [][]string{{"", "category", "type", "least hops", "fifo", "", "pro rata", "", "", "known by", "who"}}
	notes := map[string][]string{}
	var order []string
	for i := range g.v.Exposure {
		e := &g.v.Exposure[i]
		row := []string{
			fmt.Sprint(i + 1), string(e.Category), string(e.Distance), fmt.Sprint(e.Hops), g.brief(e.Chain, e.Asset, e.Units.FIFO), percent(e.SharePPM.FIFO),
			g.brief(e.Chain, e.Asset, e.Units.ProRata), percent(e.SharePPM.ProRata), symbol(g.names, e.Chain, e.Asset), string(e.KnownBy), exhibit.Visible(or(e.Entity, or(e.Incident, "-"))),
		}
		if e.Distance == screen.Own { // it is said of the address, and explains no value
			copy(row[3:9], []string{"", "", "", "", "", ""})
		}
		rows = append(rows, row)
		if e.Note != "" {
			if notes[e.Note] == nil {
				order = append(order, e.Note)
			}
			notes[e.Note] = append(notes[e.Note], fmt.Sprint(i+1))
		}
	}
	g.p.table("rlrrrrrrlll", rows)
	for _, note := range order {
		of := strings.Join(notes[note], ", ")
		g.p.line("  %s: %s", of, fold(exhibit.Visible(note), len(of)+4))
	}
}

// brief writes an amount without its symbol, rounded on chains of accounts.
func (g *verdictPage) brief(chain chains.Chain, asset chains.Asset, a chains.Amount) string {
	return plainSpaces(g.names.Brief(chain, asset, a))
}

// briefCoins is brief with the symbol.
func (g *verdictPage) briefCoins(chain chains.Chain, asset chains.Asset, a chains.Amount) string {
	return g.brief(chain, asset, a) + " " + symbol(g.names, chain, asset)
}

// percent writes parts of a million as percent, rounded down to two decimals.
func percent(ppm int64) string {
	if ppm > 0 && ppm < 100 {
		return "<0.01 %"
	}
	return fmt.Sprintf("%d.%02d %%", ppm/10_000, ppm%10_000/100)
}

// fired lists the rules that fired, and where each stands; with --explain also the others.
func (g *verdictPage) fired() {
	g.head("Rules that fired (%s, %s)", exhibit.Visible(or(g.v.Pins.PolicyID, "no id")), exhibit.Visible(g.rules))
	if len(g.v.Fired) == 0 {
		g.p.line("  none")
	}
	for i := range g.v.Fired {
		g.rule(&g.v.Fired[i])
	}
	if g.nearly == nil {
		return
	}
	g.head("Rules that did not fire, the nearest first")
	if len(g.nearly) == 0 {
		g.p.line("  none: all fired")
	}
	g.unfired()
}

// unfired prints rules that did not fire, those together that lack the same.
func (g *verdictPage) unfired() {
	for from := 0; from < len(g.nearly); {
		f, to := &g.nearly[from], from+1
		for to < len(g.nearly) && slices.Equal(g.nearly[to].Lacks, f.Lacks) {
			to++
		}
		var ids []string
		for i := from; i < to; i++ {
			ids = append(ids, g.nearly[i].Rule)
		}
		if from = to; len(ids) == 1 {
			g.rule(f)
			continue
		}
		g.p.line("  %s", fold(strings.Join(ids, ", "), 2))
		g.p.line("          lack: %s", fold(exhibit.Visible(strings.Join(f.Lacks, "; ")), 16))
	}
}

func (g *verdictPage) rule(f *screen.Fired) {
	g.p.line("  %-6s  %s  %s:%d", f.Action, f.Rule, exhibit.Visible(g.rules), f.Line)
	if f.Says != "" {
		g.p.line("          %s", fold(exhibit.Visible(f.Says), 10))
	}
	if f.Reason != "" && len(f.Lacks) == 0 {
		g.p.line("          why: %s", fold(exhibit.Visible(f.Reason), 15))
	}
	if f.NotBlock != "" {
		g.p.line("          not block: %s", fold(exhibit.Visible(f.NotBlock), 21))
	}
	if len(f.Lacks) > 0 {
		g.p.line("          lacks: %s", fold(exhibit.Visible(strings.Join(f.Lacks, "; ")), 17))
	}
	if len(f.Withholds) > 0 {
		g.p.line("          without it these would have fired: %s", fold(exhibit.Visible(strings.Join(f.Withholds, ", ")), 10))
	}
	if len(f.Exposures) > 0 {
		var of []string
		for _, n := range f.Exposures {
			of = append(of, fmt.Sprint(n+1))
		}
		g.p.line("          exposure %s", strings.Join(of, ", "))
	}
}
