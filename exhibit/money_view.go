package exhibit

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"clew/chains"
	"clew/exhibit/paper"
	"clew/tracer"
)

//go:embed money.html.tmpl
var moneyTemplate string

// moneyView is what amounts were worth, for the report and for paper: text that is visible.
type moneyView struct {
	Lines    []string // what it is, by whose prices, what is missing
	Currency string
	Seeds    []moneyRow
	Ends     []moneyRow // the largest first, at most mostValued
	More     int        // endpoints behind them
	Totals   []moneyTotal
}

// moneyRow is a receipt or an endpoint with its worth.
type moneyRow struct {
	Name, Link string // "V1", or the endpoint's number; Link is its place in the report
	Where      string
	Amount     string
	When       string // it was received, or arrived
	Price      string // with the time of its quote; "" where there is none
	Worth      string // "no quote" where there is none
	Taken      string // of an endpoint: what it was worth when it was taken; "–" where that has no meaning
	sort       chains.Amount
}

// moneyTotal is a sum over rows: what was taken, or what ended for one reason.
type moneyTotal struct{ What, Worth, Left string }

// mostValued is how many endpoints are listed with their worth; the schedule as CSV has all.
const mostValued = 60

const textMoney = "Money is an illustration: the units of each asset are the evidence, and no amount of the trace rests on a price."

// moneyView values the trace; nil where no prices were given.
func (x *Exhibit) moneyView() *moneyView {
	if x.options.Quotes == nil {
		return nil
	}
	reg := newRegister(x.Trace, x.Diagram.Rule)
	a := newAppraiser(x.Trace, reg.assets, x.Diagram.Rule, x.options.Quotes)
	v := &moneyView{Currency: visible(a.quotes.Currency())}
	v.seeds(reg, a)
	v.ends(reg, a)
	v.Lines = append(v.Lines, textMoney,
		fmt.Sprintf("Values are in %s, at the last quote at or before the time, no quote being older than a day; a quote of a date alone counts from the first second of that day in UTC. Each row is rounded once, to hundredths, so that rows of the same units may differ from their sum by a hundredth a row. Amounts are those traced under %s. What an endpoint was worth when taken values its units at the time of its seed; what was swapped for another asset has no such value.",
			v.Currency, x.Diagram.Rule))
	if len(a.used) > 0 {
		v.Lines = append(v.Lines, "Whose prices: "+strings.Join(a.used, "; ")+".")
	}
	v.Lines = append(v.Lines, "SHA-256 of the prices: "+visible(a.quotes.SHA256()))
	if len(a.silent) > 0 {
		v.Lines = append(v.Lines, "No quote, at some time at least: "+strings.Join(sortedNames(a.silent), ", ")+". What has none is in no sum, so that sums here are not the whole.")
	}
	return v
}

func sortedNames(set map[string]struct{}) []string {
	names := make([]string, 0, len(set))
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// tally adds what has a quote and counts what has none.
type tally struct {
	sum     chains.Amount
	n, left int
}

func (s *tally) add(w Worth, ok bool) {
	if s.n++; !ok {
		s.left++
		return
	}
	s.sum = plus(s.sum, w.Hundredths)
}

// total is the tally as a row.
func (s *tally) total(what string) moneyTotal {
	row := moneyTotal{What: what, Worth: money(s.sum)}
	if s.left == s.n {
		row.Worth = "no quote"
	} else if s.left > 0 {
		row.Left = fmt.Sprintf("%s of %s without a quote", groupThousands(fmt.Sprint(s.left)), groupThousands(fmt.Sprint(s.n)))
	}
	return row
}

// value fills what receipts and endpoints have in common.
func (r *moneyRow) value(w Worth, ok bool, when string) {
	r.When, r.Worth, r.Taken = clock(when), "no quote", "–"
	if ok {
		r.Worth, r.sort = money(w.Hundredths), w.Hundredths
		r.Price = visible(w.Price) + " of " + clock(w.At.UTC().Format(time.RFC3339))
	}
}

func (v *moneyView) seeds(reg *register, a *appraiser) {
	var taken tally
	for i := range a.t.Seeds {
		s := &a.t.Seeds[i]
		row := moneyRow{Name: visible(s.ID), Where: reg.place(s.Node).Alias, Amount: a.assets.format(Unit{s.Chain, s.Asset}, s.Units)}
		w, ok := a.seed(s)
		taken.add(w, ok)
		row.value(w, ok, s.Time)
		v.Seeds = append(v.Seeds, row)
	}
	v.Totals = append(v.Totals, taken.total("Alleged stolen, when taken"))
}

func (v *moneyView) ends(reg *register, a *appraiser) {
	ends := map[tracer.Reason]*tally{}
	for i := range a.t.Endpoints {
		e := &a.t.Endpoints[i]
		units := tracedUnder(&e.Traced, a.rule)
		if units.IsZero() {
			continue
		}
		w, when, ok := a.arrival(e)
		if ends[e.Reason] == nil {
			ends[e.Reason] = &tally{}
		}
		ends[e.Reason].add(w, ok)
		if e.Reason == tracer.ReasonFee {
			continue // many and small: in the sum, and in the schedule
		}
		number := fmt.Sprint(i + 1)
		row := moneyRow{Name: number, Link: "end" + number, Where: strings.TrimSpace(reg.place(e.Node).Alias + " " + reasonWords(e.Reason, e.Chain)),
			Amount: a.assets.format(Unit{e.Chain, e.Asset}, units)}
		row.value(w, ok, when)
		if sum, priced := a.taken(e); priced {
			row.Taken = money(sum)
		}
		v.Ends = append(v.Ends, row)
	}
	for _, r := range tracer.Reasons() {
		if sum := ends[r]; sum != nil {
			v.Totals = append(v.Totals, sum.total(capital(reasonWords(r, ""))+", on arrival"))
		}
	}
	slices.SortStableFunc(v.Ends, func(p, q moneyRow) int { return q.sort.Cmp(p.sort) })
	v.Ends, v.More = cut(v.Ends, mostValued)
}

// moneyBlocks are the same for paper; none where no prices were given.
func (x *Exhibit) moneyBlocks() []paper.Block {
	v := x.moneyView()
	if v == nil {
		return nil
	}
	var blocks []paper.Block
	for _, line := range v.Lines {
		blocks = append(blocks, paper.Paragraph{Text: line, Fine: true})
	}
	totals := paper.Table{Columns: []paper.Column{{Head: "What", Width: 5}, {Head: v.Currency, Width: 2, Right: true}, {Head: "Left out", Width: 3}}, Repeat: "Values in money, continued"}
	for _, t := range v.Totals {
		totals.Rows = append(totals.Rows, []paper.Cell{{Text: t.What}, {Text: t.Worth, Bold: true}, {Text: t.Left}})
	}
	return append(blocks, totals,
		paper.Heading{Text: "Seeds when taken"}, moneyTable("Seed", v.Seeds, false),
		paper.Heading{Text: "Endpoints on arrival, the largest first" + v.MoreWords()}, moneyTable("No", v.Ends, true))
}

// MoreWords says how many endpoints are not listed; "" for none.
func (v *moneyView) MoreWords() string {
	if v.More == 0 {
		return ""
	}
	return fmt.Sprintf("; %s more in schedule C as CSV", groupThousands(fmt.Sprint(v.More)))
}

func moneyTable(name string, rows []moneyRow, taken bool) paper.Table {
	t := paper.Table{Columns: []paper.Column{{Head: name, Width: 1}, {Head: "Where", Width: 4}, {Head: "Amount", Width: 5, Right: true}, {Head: "Time (UTC)", Width: 3},
		{Head: "Price, and when it was quoted", Width: 4}, {Head: "Worth", Width: 3, Right: true}}, Repeat: "Values in money, continued"}
	if taken {
		t.Columns = append(t.Columns, paper.Column{Head: "Worth when taken", Width: 3, Right: true})
	}
	for _, r := range rows {
		cells := []paper.Cell{{Text: r.Name}, {Text: r.Where}, {Text: r.Amount}, {Text: r.When}, {Text: r.Price}, {Text: r.Worth, Bold: true}}
		if taken {
			cells = append(cells, paper.Cell{Text: r.Taken})
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}
