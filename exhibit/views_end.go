package exhibit

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"clew/chains"
	"clew/tracer"
)

func (v *viewer) runs() [][]runView {
	var out []runView
	for i := range v.x.Diagram.Runs {
		r := &v.x.Diagram.Runs[i]
		title := fmt.Sprintf("%s in %s", count(r.Payments(), "payment"), count(len(r.Steps), "transaction"))
		if r.Accounts {
			title = fmt.Sprintf("%s by %s that pass on the rest", count(r.Payments(), "payment"), count(len(r.Steps), "account"))
		}
		row := runView{Number: r.Number, Kind: string(r.Kind), Title: title, Count: len(r.Steps), Open: len(r.Steps) < openSteps, Live: i < chunkRuns}
		if r.Found != nil {
			g := &v.t.Findings[v.found.at[r.Found.Finding]]
			row.Title, row.Kind, row.Finding, row.Error = v.foundTitle(r, title), "peel chain", v.found.Number(g), ErrorWords(g.Error)
		}
		var steps []stepView
		for k, s := range r.Steps {
			steps = append(steps, v.step(k, s))
		}
		row.Steps = chunks(steps, chunkRows)
		out = append(out, row)
	}
	return chunks(out, chunkRuns)
}

func (v *viewer) step(k int, s Step) stepView {
	rest := &v.t.Hops[s.Rest]
	leg := &rest.Legs[0]
	out := stepView{Step: k + 1, Time: clock(leg.Time), TxID: txText(leg.Chain, leg.TxID.String()), Block: fmt.Sprint(leg.Height),
		Rest: rest.Number, RestTo: v.place(leg.To), HasPayment: s.Payment >= 0}
	amounts := func(h *tracer.Hop) (traced, whole string, differs bool) {
		u, a := legUnit(&h.Legs[0]), tracedUnder(&h.Traced, v.rule)
		return v.assets.format(u, a), v.assets.format(u, h.Legs[0].Units), a.Cmp(h.Legs[0].Units) != 0
	}
	out.RestTraced, out.RestWhole, out.RestsDiffers = amounts(rest)
	if s.Payment >= 0 {
		pay := &v.t.Hops[s.Payment]
		if p := &pay.Legs[0]; p.TxID != leg.TxID {
			out.PaymentTime, out.PaymentTxID = clock(p.Time), txText(p.Chain, p.TxID.String())
		}
		out.Payment, out.PaymentTo = pay.Number, v.place(pay.Legs[0].To)
		out.PaymentTraced, out.PaymentWhole, out.PaymentDiffers = amounts(pay)
	}
	return out
}

// endpoints fills schedule C: those with traced value under an accounting rule, and apart
// from them those that poison alone reaches. Fees of many transactions are one row each.
func (v *viewer) endpoints(p *reportPage) {
	var ends, fees, touched []endpointView
	reasons := map[why]bool{}
	for i := range v.t.Endpoints {
		e := &v.t.Endpoints[i]
		row := v.endpoint(i, e)
		if e.Range.Max.IsZero() {
			touched = append(touched, row)
			continue
		}
		if e.Reason == tracer.ReasonFee {
			fees = append(fees, row)
		} else {
			ends = append(ends, row)
		}
		g, _ := v.found.groundOf(e)
		reasons[why{e.Reason, e.Chain, g}] = true
	}
	p.Endpoints, p.EndpointsCount = chunks(ends, chunkRows), len(ends)
	p.Fees, p.FeesCount = chunks(fees, chunkRows), len(fees)
	p.Touched, p.TouchedCount = chunks(touched, chunkRows), len(touched)
	on := chainsOf(v.t)
	for _, r := range tracer.Reasons() {
		for _, c := range on {
			for g := range numGrounds {
				w := why{r, c, g}
				row := processView{w.words(), w.process()}
				if reasons[w] && !slices.Contains(p.Process, row) {
					p.Process = append(p.Process, row)
				}
			}
		}
	}
}

func (v *viewer) endpoint(i int, e *tracer.Endpoint) endpointView {
	u := Unit{e.Chain, e.Asset}
	g, found := v.found.groundOf(e)
	row := endpointView{Number: i + 1, Reason: why{e.Reason, e.Chain, g}.words(), Found: found, Chain: visible(string(e.Chain)), Place: v.place(e.Node),
		Position: visible(e.Position), Note: v.told(e.Chain, e.Note), Whole: v.assets.format(u, e.Units), Cells: v.cells(&e.Traced, u),
		Range: v.assets.number(u, e.Range.Min) + " to " + v.assets.number(u, e.Range.Max)}
	switch {
	case e.Asset.IsValuation():
		row.Range = "poison only"
	case e.Range.Min.Cmp(e.Range.Max) == 0:
		row.Range = "the same under every rule"
	}
	if e.TxID != nil {
		row.TxID = txText(e.Chain, e.TxID.String())
	}
	if k, ok := v.hopAt[e.Hop]; ok {
		row.Hop = v.t.Hops[k].Number
	}
	if b, ok := e.ByBasis.Get(v.rule); ok {
		row.Basis = splitWords(&b, func(a chains.Amount) string { return v.assets.number(u, a) })
	}
	return row
}

func (v *viewer) conservation() []conservationView {
	var out []conservationView
	for _, rule := range v.t.Rules {
		table, ok := v.t.Conservation.Get(rule)
		if !ok {
			continue
		}
		for _, c := range table {
			u := Unit{c.Chain, c.Asset}
			if u.Asset.IsValuation() {
				out = append(out, conservationView{Rule: rule.String(), Asset: v.assets.symbol(u), Chain: visible(string(c.Chain)), Difference: TextValued,
					Conserves: true})
				continue
			}
			out = append(out, conservationView{rule.String(), v.assets.symbol(u), visible(string(c.Chain)), v.assets.number(u, c.Seeded), v.assets.number(u, c.ConvertedIn), v.assets.number(u, c.Unexplained),
				v.assets.number(u, c.Ended), v.assets.number(u, c.ConvertedOut), visible(c.Difference), rule == v.rule,
				rule.Conserves() && c.Difference != "0", rule.Conserves()})
		}
	}
	return out
}

func (v *viewer) inputViews() []inputView {
	var out []inputView
	in := &v.t.Inputs
	for _, e := range []struct {
		what string
		in   *tracer.Input
	}{{"recording", in.Recording}, {"labels", in.Labels}, {"heuristics", in.Heuristics}, {"prices", in.Prices}} {
		if e.in != nil {
			out = append(out, inputView{e.what, visible(e.in.SHA256), visible(e.in.Coverage)})
		}
	}
	return out
}

// method lists the settings of this trace and what they mean.
func (v *viewer) method() []methodView {
	t := v.t
	out := []methodView{{"Rule declared", ruleLine(t, v.rule)}, {"Pots", potWords(t)}, {"Order in a pot", textOrder}}
	logged := "no log was kept that would show when the incident file was first declared"
	if t.Incident.FirstLogged != nil {
		logged = "the incident file with this hash is first named at " + visible(*t.Incident.FirstLogged) + ", in the log of whoever made this trace or of whoever made the recording that was read; that is their word, and the log (clew log verify) is theirs to show"
	}
	out = append(out, methodView{"Declared when", logged})
	for _, line := range declarationLines(t) {
		out = append(out, methodView{"Declared otherwise", line})
	}
	s := &t.Stop
	var stops []string
	if s.Hops > 0 {
		stops = append(stops, "a branch is followed for "+count(s.Hops, "hop"))
	}
	if s.Until != nil {
		stops = append(stops, "nothing after "+s.Until.UTC().Format(time.RFC3339)+" is read")
	}
	for _, asset := range sortedKeys(s.Dust) {
		stops = append(stops, fmt.Sprintf("less than %s units of %s is not followed", s.Dust[asset], visible(string(asset))))
	}
	if s.Touched > 0 {
		stops = append(stops, fmt.Sprintf("poison alone is not followed beyond %s", count(s.Touched, "transaction")))
	}
	if len(stops) == 0 {
		stops = []string{"none"}
	}
	return append(out, methodView{"Stops", strings.Join(stops, "; ")},
		methodView{"Program", ToolWords(&t.Tool)})
}

// potWords says what mixes value on the chains of t.
func potWords(t *tracer.Trace) string {
	outputs, accounts := hasOutputs(t), hasAccounts(t)
	const live = "each balance of an account in one asset is a pot that lives on: what moves in it enters and leaves in chain order; a swap takes from one and gives to another"
	words := visible(t.Incident.Accounts)
	switch t.Incident.Accounts {
	case "", "output":
		words = "each transaction is a pot: its inputs enter in order, its outputs leave in order, the fee leaves last"
	case "address":
		words = "each address is a pot: a transaction moves the net amount of each address"
	case "cluster":
		words = "each cluster of addresses is a pot; its members are frozen at the block named"
	}
	switch {
	case accounts && outputs:
		return words + "; on chains of accounts " + live
	case accounts:
		return live
	}
	return words
}

// statements are what the victim states, as it stands in the trace.
func (v *viewer) statements() []statementView {
	var out []statementView
	for i := range v.t.Statement {
		s := &v.t.Statement[i]
		row := statementView{Asset: visible(s.Asset), Taken: groupDecimal(visible(s.Taken)), Open: groupDecimal(visible(s.Unaccounted)),
			Source: visible(s.Source), Closes: strings.Trim(s.Unaccounted, "0.") == ""}
		for _, r := range s.Rows {
			row.Rows = append(row.Rows, [2]string{visible(r.What), groupDecimal(visible(r.Amount))})
		}
		out = append(out, row)
	}
	return out
}

// claims are what the contracts of tokens say of themselves.
func (v *viewer) claims() []assetView {
	var out []assetView
	for i := range v.t.Assets {
		a := &v.t.Assets[i]
		decimals := fmt.Sprint(a.Decimals)
		if a.Decimals < 0 || a.Decimals > mostDecimals {
			decimals = "none that can be: counted in whole units"
		}
		symbol := claimedSymbol(a.Symbol)
		if symbol == "" {
			symbol = "none"
		}
		out = append(out, assetView{visible(string(a.Chain)), visible(string(a.Asset)), symbol, decimals, v.assets.symbol(Unit{a.Chain, a.Asset})})
	}
	return out
}

// sortHoldings is the order in which a box lists what it holds: largest first, then as met.
func sortHoldings(hs []Holding) {
	sort.SliceStable(hs, func(i, j int) bool { return hs[j].Traced.Less(hs[i].Traced) })
}
