package exhibit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// mostListed is how many transactions, addresses and hops a row of schedule D lists; the file has
// all of them.
const mostListed = 12

// findingViews fills schedule D.
func (v *viewer) findingViews(p *reportPage) {
	for _, g := range v.found.Groups() {
		p.FoundBy = append(p.FoundBy, groupView{visible(g.Heuristic + " " + g.Version), g.Title, ErrorWords(g.Error), g.Count})
	}
	var rows []findingView
	for i := range v.t.Findings {
		rows = append(rows, v.findingView(&v.t.Findings[i]))
	}
	p.Findings, p.FindingsCount = chunks(rows, chunkRows), len(rows)
}

func (v *viewer) findingView(g *tracer.Finding) findingView {
	row := findingView{Number: v.found.Number(g), Title: v.found.Title(g), Heuristic: visible(g.Heuristic + " " + g.Version),
		Says: v.found.Says(g), Error: ErrorWords(g.Error)}
	chain := v.found.Chain(g)
	for _, id := range v.found.txs(g) {
		row.Txs = append(row.Txs, txText(chain, id))
	}
	for _, a := range g.Addresses {
		row.Addresses = append(row.Addresses, visible(a))
	}
	row.Hops = v.found.Hops(g)
	row.Txs, row.MoreTxs = cut(row.Txs, mostListed)
	row.Addresses, row.MoreAddresses = cut(row.Addresses, mostListed)
	row.Hops, row.MoreHops = cut(row.Hops, mostListed)
	return row
}

// foundTitle heads a run that is a peel chain of the trace, or a part of one.
func (v *viewer) foundTitle(r *Run, title string) string {
	p := r.Found
	u := Unit{p.Chain, chains.Native}
	var added, paid chains.Amount
	for i := range p.Added {
		added = added.Plus(p.Added[i].Units)
	}
	for i := range p.Peels {
		paid = paid.Plus(p.Peels[i].Units)
	}
	whole := fmt.Sprintf("%s; %s went in", title, v.assets.format(u, p.ValueIn))
	if !added.IsZero() {
		whole += fmt.Sprintf(" and %s more on the way", v.assets.format(u, added))
	}
	whole += fmt.Sprintf(", %s was paid", v.assets.format(u, paid))
	if p.Fees != nil {
		whole += fmt.Sprintf(", %s went to fees", v.assets.format(u, *p.Fees))
	}
	whole += fmt.Sprintf(", %s left at %s, where %s", v.assets.format(u, p.TipUnits), v.place(p.Tip).Alias, stopWords(p.Stop))
	if len(r.Steps) < len(p.Hops) {
		whole += fmt.Sprintf(" (these are %d of its %d steps)", len(r.Steps), len(p.Hops))
	}
	return whole
}

// claimView is what others claim of an address.
type claimView struct{ Alias, Address, Kind, Entity, Label string }

// claimed reports whether somebody says what the address of n is.
func claimed(n *tracer.Node) bool { return n.Address != "" && (n.Label != "" || n.Entity != "") }

// claimed lists the labels of the trace.
func (v *viewer) claimed() []claimView {
	var out []claimView
	for i := range v.t.Nodes {
		if n := &v.t.Nodes[i]; claimed(n) {
			out = append(out, claimView{v.names[i], visible(n.Address), string(n.Kind), visible(n.Entity), visible(n.Label)})
		}
	}
	return out
}

// refsText lists findings in a cell: "1 Peel chain | 4 Dust".
func refsText(refs []findingRef) string {
	parts := make([]string, len(refs))
	for i, r := range refs {
		parts[i] = fmt.Sprintf("%d %s", r.Number, r.Title)
	}
	return strings.Join(parts, " | ")
}

// findingRows are schedule D as a table.
func findingRows(r *register, _ []Run) [][]string {
	rows := [][]string{{"number", "finding_id", "finds", "heuristic", "version", "says", "chain", "txids", "addresses", "hops", "anonymity_set", "anonymity_set_units",
		"link_ppm", "error", "error_rate", "error_n", "error_measured_on"}}
	for i := range r.t.Findings {
		g := &r.t.Findings[i]
		chain := r.found.Chain(g)
		txs := r.found.txs(g)
		for k := range txs {
			txs[k] = txText(chain, txs[k])
		}
		set, each, link, rate, n, on := "", "", "", "", "", ""
		if g.Set > 0 {
			set = strconv.Itoa(g.Set)
		}
		if g.SetUnits != nil {
			each = g.SetUnits.String()
		}
		if g.LinkPPM != nil {
			link = strconv.Itoa(*g.LinkPPM)
		}
		if g.Error != nil {
			rate, n, on = g.Error.Rate, strconv.Itoa(g.Error.N), g.Error.MeasuredOn
		}
		rows = append(rows, []string{strconv.Itoa(i + 1), g.ID, r.found.Title(g), g.Heuristic, g.Version, r.found.Says(g), string(chain),
			strings.Join(txs, " "), strings.Join(g.Addresses, " "), strings.Trim(fmt.Sprint(r.found.Hops(g)), "[]"), set, each, link,
			ErrorWords(g.Error), rate, n, on})
	}
	return rows
}

// cut returns up to n of list, and how many are left.
func cut[T any](list []T, n int) ([]T, int) {
	if len(list) <= n {
		return list, 0
	}
	return list[:n], len(list) - n
}

// txs are the transactions of a finding, each once.
func (f *Findings) txs(g *tracer.Finding) []string {
	if g.TxID == "" {
		return slices.Clone(g.TxIDs)
	}
	out := []string{g.TxID}
	for _, id := range g.TxIDs {
		if id != g.TxID {
			out = append(out, id)
		}
	}
	return out
}

// words say what heuristics take a node for: "inferred: CoinJoin of JoinMarket", "hides up to
// 1.92081967 BTC of each", "deposit address (inferred)", "cluster K2".
func (f *Findings) words(n *tracer.Node) []string {
	var out []string
	if g := f.mix(n); g != nil {
		out = append(out, "inferred: "+HeuristicWords(g.Heuristic))
		out = append(out, f.setWords(g)...)
	}
	for _, g := range f.About(n) {
		if family(g.Heuristic) == depositAddress && g.Addresses[0] == n.Address {
			out = append(out, "deposit address (inferred)")
		}
	}
	if k := f.Cluster(n); k != "" {
		out = append(out, "cluster "+k)
	}
	return append(out, f.candidateWords(n.ID)...)
}

// foundLine tells a reader of a drawing apart what in it is found, and what claimed; "" where
// nothing is.
func (f *Findings) foundLine() string {
	var parts, words []string
	has := func(is func(*tracer.Finding) bool) bool {
		return slices.ContainsFunc(f.t.Findings, func(g tracer.Finding) bool { return is(&g) })
	}
	linked := has(func(g *tracer.Finding) bool { return g.LinkPPM != nil })
	for _, w := range []struct {
		word string
		is   bool
	}{
		{"“inferred”", has(func(g *tracer.Finding) bool {
			return family(g.Heuristic) == "coinjoin" || family(g.Heuristic) == depositAddress
		})},
		{"“cluster”", len(f.clusters) > 0}, {"“peel chain”", len(f.t.Peels) > 0}, {"“linked in … of the readings”", linked},
	} {
		if w.is {
			words = append(words, w.word)
		}
	}
	if len(words) > 0 {
		parts = append(parts, "What stands with "+series(words)+" is what heuristics say, and no fact: schedule D tells how often each was wrong, where that was measured.")
	}
	if linked {
		parts = append(parts, "A reading is one way to split a mix into payments that add up; all count alike, so that it is no chance that two ends are one person's.")
	}
	if len(f.t.Candidates) > 0 {
		parts = append(parts, "“Perhaps to” names a candidate for the way out of a mixer, most of which are strangers; none is followed unless the incident adopts it.")
	}
	if slices.ContainsFunc(f.t.Nodes, func(n tracer.Node) bool { return claimed(&n) }) {
		parts = append(parts, "“Claimed” is what somebody else says of an address; schedule D names who.")
	}
	return strings.Join(parts, " ")
}

// setWords say what an anonymity set covers and how large it is at most, and that there is change
// beside it, for the box of a mix.
func (f *Findings) setWords(g *tracer.Finding) []string {
	if g.Set == 0 {
		return nil
	}
	n := groupThousands(fmt.Sprint(g.Set))
	out := []string{"hides an owner among at most " + n}
	if g.SetUnits != nil {
		value := f.assets.format(Unit{f.Chain(g), chains.Native}, *g.SetUnits)
		out = []string{"hides up to " + value + " of each", "among at most " + n + " owners"}
		if g.Heuristic == severalValues {
			out = []string{"of " + value + " at most " + n + " alike"}
		}
	}
	if changes := f.changes(g.TxID); len(changes) > 0 {
		out = append(out, "likely change: "+refer(changes))
	}
	return out
}

// severalValues is the mix that gives a participant outputs of many values.
const severalValues = "coinjoin/wasabi2"

// changes are the findings, by number, that name change out of a mix.
func (f *Findings) changes(tx string) []int {
	var out []int
	for i := range f.t.Findings {
		if g := &f.t.Findings[i]; g.Heuristic == "mix-change" && g.TxID == tx {
			out = append(out, f.Number(g))
		}
	}
	return out
}

// SetSays is a sentence on what the anonymity set of a mix covers; "" where there is none.
func (f *Findings) SetSays(g *tracer.Finding) string {
	if g.Set == 0 {
		return ""
	}
	n, value := groupThousands(fmt.Sprint(g.Set)), "one value"
	if g.SetUnits != nil {
		value = f.assets.format(Unit{f.Chain(g), chains.Native}, *g.SetUnits) + " each"
	}
	says := fmt.Sprintf("The anonymity set is of the %s outputs of %s alone: who owns one of them is hidden among at most %s, of whom one may own several.", n, value, n)
	if g.Heuristic == severalValues {
		return says + " Outputs of another value have a set of their own, and what has a value of its own has none."
	}
	return says + " Each who took part has one of these; what anybody put in beyond that value came out as change or fees, and change is not hidden by it."
}

// inferredLine says of each heuristic on which a line of the drawing rests how often it was wrong, in
// short; "" where no line rests on one.
func (d *Diagram) inferredLine() string {
	found, seen := ReadFindings(d.Trace, d.Assets), map[string]bool{}
	var parts []string
	for i := range d.Arrows {
		if d.Arrows[i].Style != Inferred {
			continue
		}
		for _, n := range d.Arrows[i].Hops {
			for _, g := range found.Of(&d.Trace.Hops[n]) {
				if key := g.Heuristic + " " + g.Version; !seen[key] {
					seen[key] = true
					errs, _, _ := strings.Cut(ErrorWords(g.Error), ": ")
					parts = append(parts, HeuristicWords(g.Heuristic)+" ("+errs+")")
				}
			}
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "Behind lines that are inferred or adopted stand heuristics, with their measured errors: " + strings.Join(parts, "; ") + ". Schedule D says on what each was measured."
}
