package exhibit

import (
	"fmt"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// totalGroup is one asset in the table that answers where the value is under every rule.
type totalGroup struct {
	Head string // "" where the trace counts in one asset alone
	Rows []totalView
}

// totalView is one row of it.
type totalView struct {
	What, Symbol string
	Cells        []cellView
	Total        bool // a line is drawn below
}

// cellView is an amount; Full is the exact one where Text is rounded.
type cellView struct {
	Text, Full string
	Declared   bool
	units      chains.Amount
	adds       bool // it is a part of a sum
}

// totals is, for each asset, what came and what became of it: one row per reason and per way of
// conversion. Where there is one asset alone, what was taken stands below, as a total.
func (v *viewer) totals(sum *Summary) []totalGroup {
	by := map[tracer.Rule]map[Unit]*byWay{}
	for _, r := range v.t.Rules {
		if books, ok := v.t.Conservation.Get(r); ok {
			by[r] = conversions(v.t, r, books)
		}
	}
	var groups []totalGroup
	for _, u := range sum.units {
		came := v.takenTotal(sum, u)
		var went []totalView
		for i := range sum.Endings {
			if e := &sum.Endings[i]; e.unit() == u {
				went = append(went, v.endingTotal(e))
			}
		}
		for w := range ways {
			came = append(came, v.wayTotal(w.gotTitle(), u, by, func(b *byWay) chains.Amount { return b.received[w] })...)
			went = append(went, v.wayTotal(w.gaveTitle(), u, by, func(b *byWay) chains.Amount { return b.given[w] })...)
		}
		came = append(came, v.inAll(u, came)...)
		v.addUp(u, came[:min(len(came), max(1, len(came)-1))])
		v.addUp(u, went)
		if len(came) > 0 {
			came[len(came)-1].Total = true
		}
		if len(sum.units) == 1 {
			groups = append(groups, totalGroup{"", append(went, came...)})
			continue
		}
		groups = append(groups, totalGroup{v.assets.onChain(u), append(came, went...)})
	}
	return groups
}

// onChain names an asset with its chain.
func (a *Assets) onChain(u Unit) string {
	chain, symbol := visible(string(u.Chain)), a.symbol(u)
	if strings.HasSuffix(symbol, " ("+chain+")") {
		symbol = strings.TrimSuffix(symbol, " ("+chain+")")
	}
	return symbol + " on " + chain
}

// inAll is the sum of several rows of what came, which is that of what became of it too; none of one row.
func (v *viewer) inAll(u Unit, came []totalView) []totalView {
	if len(came) < 2 {
		return nil
	}
	row := totalView{What: "In all", Symbol: v.assets.symbol(u)}
	for k, r := range v.t.Rules {
		var sum chains.Amount
		adds := false
		for i := range came {
			if c := &came[i].Cells[k]; c.adds {
				sum, adds = plus(sum, c.units), true
			}
		}
		c := cellView{Text: "–", Declared: r == v.rule}
		if adds {
			c = v.briefCell(u, sum, r)
		} else if !r.Conserves() {
			c.Text = "no sum"
		}
		row.Cells = append(row.Cells, c)
	}
	return []totalView{row}
}

// addUp rounds the amounts of each rule such that the rows add up as they are shown.
func (v *viewer) addUp(u Unit, rows []totalView) {
	for k := range v.t.Rules {
		var cells []*cellView
		var parts []chains.Amount
		for i := range rows {
			if c := &rows[i].Cells[k]; c.adds {
				cells, parts = append(cells, c), append(parts, c.units)
			}
		}
		for i, text := range v.assets.addUp(u, parts) {
			cells[i].Text, cells[i].Full = text, ""
			if full := v.assets.number(u, parts[i]); full != text {
				cells[i].Full = full
			}
		}
	}
}

func (v *viewer) endingTotal(e *Ending) totalView {
	if e.Asset.IsValuation() {
		return v.valuedTotal(e)
	}
	what := count(e.Endpoints, "endpoint")
	if _, says := e.Traced.Get(v.rule); says && e.Drawn != e.Endpoints { // the sentences count under one rule
		what = groupThousands(fmt.Sprint(e.Drawn)) + " under " + v.rule.String() + ", " + what + " under any rule"
	}
	if e.Endpoints == 0 && onlyContact(v.t, e) {
		what = "contact only"
	}
	if len(e.found) > 0 {
		what += "; " + refer(e.found)
	}
	return totalView{What: capital(e.why().words()) + " (" + what + ")", Symbol: v.assets.symbol(e.unit()), Cells: v.briefCells(&e.Traced, e.unit())}
}

// takenTotal is what was taken of u, if anything was.
func (v *viewer) takenTotal(sum *Summary, u Unit) []totalView {
	a := sum.Stolen.of(u)
	if a.IsZero() {
		return nil
	}
	row := totalView{What: "Alleged stolen", Symbol: v.assets.symbol(u)}
	for _, r := range v.t.Rules {
		c := v.briefCell(u, a, r)
		if _, ok := v.t.Conservation.Get(r); !ok || r.Conserves() && u.Asset.IsValuation() {
			c = cellView{Text: "–", Declared: r == v.rule}
		} else if !r.Conserves() {
			c = cellView{Text: "no sum", Declared: r == v.rule}
		}
		row.Cells = append(row.Cells, c)
	}
	return []totalView{row}
}

// wayTotal is what passed in one way under each rule, if anything did.
func (v *viewer) wayTotal(what string, u Unit, by map[tracer.Rule]map[Unit]*byWay, amount func(*byWay) chains.Amount) []totalView {
	row, some := totalView{What: what, Symbol: v.assets.symbol(u)}, false
	for _, r := range v.t.Rules {
		b := by[r][u]
		if b == nil {
			row.Cells = append(row.Cells, cellView{Text: "–", Declared: r == v.rule})
			continue
		}
		some = some || !amount(b).IsZero()
		row.Cells = append(row.Cells, v.briefCell(u, amount(b), r))
	}
	if !some {
		return nil
	}
	return []totalView{row}
}

func (v *viewer) briefCells(t *tracer.Traced, u Unit) []cellView {
	var out []cellView
	for _, r := range v.t.Rules {
		a, ok := t.Get(r)
		if !ok {
			out = append(out, cellView{Text: "–", Declared: r == v.rule})
			continue
		}
		out = append(out, v.briefCell(u, a, r))
	}
	return out
}

func (v *viewer) briefCell(u Unit, a chains.Amount, r tracer.Rule) cellView {
	c := cellView{Text: v.assets.briefNumber(u, a), Declared: r == v.rule, units: a, adds: r.Conserves()}
	if full := v.assets.number(u, a); full != c.Text {
		c.Full = full
	}
	return c
}
