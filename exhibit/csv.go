package exhibit

import (
	"encoding/csv"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// schedule is a table: the name of its CSV file, and its rows, of which the first is the head.
type schedule struct {
	name string
	rows func(*register, []Run) [][]string
}

// schedules lists the CSV files.
func schedules() []schedule {
	return []schedule{
		{"schedule_a_hops.csv", hopRows},
		{"schedule_b_peels.csv", peelRows},
		{"schedule_c_endpoints.csv", endpointRows},
		{"schedule_d_findings.csv", findingRows},
		{"schedule_d_candidates.csv", candidateRows},
		{"schedule_d_labels.csv", labelRows},
		{"schedule_e_conservation.csv", conservationRows},
		{"schedule_f_gaps.csv", gapRows},
		{"schedule_g_method.csv", methodRows},
		{"schedule_h_accounts.csv", accountRows},
		{"seeds.csv", seedRows},
	}
}

// CSVNames lists the schedules that CSV writes, in order.
func CSVNames() []string {
	var names []string
	for _, s := range schedules() {
		names = append(names, s.name)
	}
	return names
}

// CSV writes one schedule after RFC 4180, in UTF-8: a header, then a row a thing, in the
// order of the trace. Columns that end in _units are whole smallest units; those that end
// in _amount the same as a decimal number of coins. An empty traced column means that the
// rule does not say. A hop of two legs, a swap or a bridge, has a row for each: leg_role says
// which, and the converted_ columns of the first what of it was traced. Amounts of tokens have
// the decimals that their contracts claim. Of synthetic data each row ends in REPLICA, and a table of
// nothing has one row with that alone. Where via_txid stands, its transaction moved the whole, and from gives a
// part of what it spent: of several places, or beside other funds. A cell of text that a spreadsheet would take for a formula starts
// with an apostrophe.
func (x *Exhibit) CSV(w io.Writer, name string) error {
	for _, s := range schedules() {
		if s.name != name {
			continue
		}
		c := csv.NewWriter(w)
		c.UseCRLF = true
		for _, row := range x.scheduleRows(s, newRegister(x.Trace, x.Diagram.Rule)) {
			if err := c.Write(row); err != nil {
				return fmt.Errorf("schedule %s: %w", name, err)
			}
		}
		c.Flush()
		return c.Error()
	}
	return fmt.Errorf("no schedule is named %q (there are %s)", name, strings.Join(CSVNames(), ", "))
}

// scheduleRows are the rows of s as every format has them.
func (x *Exhibit) scheduleRows(s schedule, r *register) [][]string {
	rows := x.valued(s.name, s.rows(r, x.Diagram.Runs))
	if x.Trace.Incident.Synthetic && len(rows) == 1 {
		rows = append(rows, make([]string, len(rows[0]))) // so that a table of nothing says it as well
	}
	for n := range rows {
		if x.Trace.Incident.Synthetic {
			rows[n] = append(rows[n], []string{"REPLICA", "replica"}[max(0, 1-n)])
		}
		for i := range rows[n] {
			rows[n][i] = cell(rows[n][i])
		}
	}
	return rows
}

// cell makes text safe in a spreadsheet: what hides is made visible, and what would be a
// formula is marked as text. A plain number with a sign stays a number. Spaces that keep a line whole
// in print are plain ones here, and none inside a number, so that a search finds what it says.
func cell(text string) string {
	text = plainText(text)
	formula := text != "" && strings.ContainsRune("=+-@\t\r\n|%＝＋－＠", []rune(text)[0])
	text = visible(text)
	if formula && !isInteger(text) {
		return "'" + text
	}
	return text
}

// plainText returns text without grouped numbers and without spaces at which a line does not break.
func plainText(text string) string {
	if !strings.ContainsAny(text, thinSpace+hardSpace) {
		return text
	}
	return strings.ReplaceAll(strings.ReplaceAll(grouped.ReplaceAllString(text, "$1"), thinSpace, " "), hardSpace, " ")
}

// grouped is a thin space between the groups of a number, with the digit before it.
var grouped = regexp.MustCompile(`([0-9])` + thinSpace)

func isInteger(text string) bool {
	text = strings.TrimPrefix(text, "-")
	if text == "" {
		return false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func ruleColumns(t *tracer.Trace, prefix string) []string {
	var out []string
	for _, r := range t.Rules {
		out = append(out, prefix+r.String()+"_units")
	}
	return out
}

// perRule writes an amount under each rule of the trace.
func (r *register) perRule(t *tracer.Traced) []string {
	var out []string
	for _, rule := range r.t.Rules {
		a, ok := t.Get(rule)
		if !ok {
			out = append(out, "")
			continue
		}
		out = append(out, a.String())
	}
	return out
}

func hopRows(r *register, _ []Run) [][]string {
	head := []string{"number", "hop_id", "kind", "leg", "time_utc", "chain", "caip2", "block", "txid", "position",
		"from", "from_alias", "from_outputs", "via_txid", "to", "to_alias", "to_kind", "to_claimed", "asset", "symbol",
		"whole_units", "whole_amount", "traced_units", "traced_amount"}
	head = append(head, ruleColumns(r.t, "traced_")...)
	head = append(head, "evidence", "basis", "carries_on", "link_protocol", "link_key", "findings", "raw_sha256",
		"other_funds", "other_funds_units", "other_funds_amount", "leg_role", "decimals", "converted_units", "converted_amount")
	head = append(head, ruleColumns(r.t, "converted_")...)
	rows := [][]string{head}
	for i := range r.t.Hops {
		h := &r.t.Hops[i]
		for k := range h.Legs {
			rows = append(rows, r.hopRow(h, k))
		}
	}
	return rows
}

// hopRow writes one leg. Traced amounts stand with the last leg, whose asset they count.
func (r *register) hopRow(h *tracer.Hop, k int) []string {
	leg := &h.Legs[k]
	u := Unit{leg.Chain, leg.Asset}
	from, outs := r.sources(leg)
	to := r.place(leg.To)
	var addresses, names []string
	for _, p := range from {
		addresses, names = append(addresses, p.Address), append(names, p.Alias)
	}
	via := ""
	if leg.Via != "" {
		via = r.place(leg.Via).Address
	}
	other, otherUnits, otherAmount := "", "", ""
	if a, exact := r.other(leg); !a.IsZero() {
		via, otherUnits, otherAmount = txText(leg.Chain, leg.TxID.String()), a.String(), r.assets.plain(u, a)
		other = "at least"
		if exact {
			other = "exactly"
		}
	}
	row := []string{strconv.Itoa(h.Number), h.ID, string(h.Kind), strconv.Itoa(k + 1), leg.Time, string(leg.Chain), leg.Chain.CAIP2(),
		strconv.FormatInt(leg.Height, 10), txText(leg.Chain, leg.TxID.String()), positions(leg), strings.Join(addresses, " "), strings.Join(names, " "),
		strings.Join(outs, " "), via, to.Address, to.Alias, to.Kind, to.Claim, string(leg.Asset), r.assets.symbol(u), leg.Units.String(), r.assets.plain(u, leg.Units)}
	if k+1 < len(h.Legs) {
		row = append(row, make([]string, 2+len(r.t.Rules))...)
	} else {
		units, amount := "", ""
		if a, ok := h.Traced.Get(r.rule); ok {
			units, amount = a.String(), r.assets.plain(u, a)
		}
		row = append(row, units, amount)
		row = append(row, r.perRule(&h.Traced)...)
	}
	protocol, key := "", ""
	if h.Link != nil {
		protocol, key = h.Link.Protocol, h.Link.Key
	}
	return append(append(row, leg.Evidence, r.basisOf(h), strings.Join(r.inputs(h), " "), protocol, key, refsText(r.findings(h)), strings.Join(leg.Raw, " "),
		other, otherUnits, otherAmount, legRole(h, k), r.decimals(u)), r.converted(h, k)...)
}

// legRole says which side of a hop of two legs a leg is.
func legRole(h *tracer.Hop, k int) string {
	switch {
	case len(h.Legs) == 1:
		return ""
	case k == 0:
		return "given"
	}
	return "received"
}

// decimals is how many digits of an amount in u stand behind the point.
func (r *register) decimals(u Unit) string { return strconv.Itoa(r.assets.name(u).decimals) }

// converted writes what of the first leg of a hop of two legs was traced.
func (r *register) converted(h *tracer.Hop, k int) []string {
	if k > 0 || len(h.Legs) == 1 || h.Given == nil {
		return make([]string, 2+len(r.t.Rules))
	}
	units, amount := "", ""
	if a, ok := h.Given.Get(r.rule); ok {
		units, amount = a.String(), r.assets.plain(legUnit(&h.Legs[0]), a)
	}
	return append([]string{units, amount}, r.perRule(h.Given)...)
}

func peelRows(r *register, runs []Run) [][]string {
	rows := [][]string{{"run", "kind", "step", "time_utc", "chain", "block", "txid", "payment_hop", "payment_to", "payment_to_alias",
		"payment_whole_units", "payment_traced_units", "payment_traced_amount", "rest_hop", "rest_to", "rest_to_alias",
		"rest_whole_units", "rest_traced_units", "rest_traced_amount", "payment_time_utc", "payment_txid", "asset", "symbol"}}
	for i := range runs {
		for k, s := range runs[i].Steps {
			leg := &r.t.Hops[s.Rest].Legs[0]
			row := []string{strconv.Itoa(runs[i].Number), string(runs[i].Kind), strconv.Itoa(k + 1), leg.Time, string(leg.Chain),
				strconv.FormatInt(leg.Height, 10), txText(leg.Chain, leg.TxID.String())}
			row = append(row, r.paymentCells(s.Payment)...)
			paid, txid := "", ""
			if s.Payment >= 0 {
				p := &r.t.Hops[s.Payment].Legs[0]
				paid, txid = p.Time, txText(p.Chain, p.TxID.String())
			}
			row = append(append(row, r.paymentCells(s.Rest)...), paid, txid, string(leg.Asset), r.assets.symbol(legUnit(leg)))
			rows = append(rows, row)
		}
	}
	return rows
}

func (r *register) paymentCells(hop int) []string {
	if hop < 0 {
		return make([]string, 6)
	}
	h := &r.t.Hops[hop]
	leg := &h.Legs[0]
	to, traced := r.place(leg.To), tracedUnder(&h.Traced, r.rule)
	return []string{strconv.Itoa(h.Number), to.Address, to.Alias, leg.Units.String(), traced.String(), r.assets.plain(legUnit(leg), traced)}
}

func endpointRows(r *register, _ []Run) [][]string {
	head := []string{"number", "endpoint_id", "reason", "chain", "place", "place_alias", "place_kind", "place_claimed", "txid", "position",
		"asset", "symbol", "whole_units", "whole_amount", "traced_units", "traced_amount"}
	head = append(head, ruleColumns(r.t, "traced_")...)
	head = append(head, "range_min_units", "range_max_units", "by_basis_units", "from_hop", "note", "process_could_add")
	rows := [][]string{head}
	for i := range r.t.Endpoints {
		e := &r.t.Endpoints[i]
		u, p := Unit{e.Chain, e.Asset}, r.place(e.Node)
		txid, hop := "", ""
		if e.TxID != nil {
			txid = txText(e.Chain, e.TxID.String())
		}
		if k, ok := r.hopAt[e.Hop]; ok {
			hop = strconv.Itoa(r.t.Hops[k].Number)
		}
		traced := tracedUnder(&e.Traced, r.rule)
		row := []string{strconv.Itoa(i + 1), e.ID, string(e.Reason), string(e.Chain), p.Address, p.Alias, p.Kind, p.Claim, txid, e.Position,
			string(e.Asset), r.assets.symbol(u), e.Units.String(), r.assets.plain(u, e.Units), traced.String(), r.assets.plain(u, traced)}
		row = append(row, r.perRule(&e.Traced)...)
		basis := ""
		if b, ok := e.ByBasis.Get(r.rule); ok {
			basis = splitWords(&b, func(a chains.Amount) string { return a.String() })
		}
		least, most := e.Range.Min.String(), e.Range.Max.String()
		if e.Asset.IsValuation() {
			least, most = "", "" // no accounting rule says anything
		}
		rows = append(rows, append(row, least, most, basis, hop, r.told(e.Chain, e.Note), process(e.Reason, e.Chain)))
	}
	return rows
}

func conservationRows(r *register, _ []Run) [][]string {
	rows := [][]string{{"rule", "conserves", "chain", "asset", "symbol", "seeded_units", "converted_in_units", "unexplained_units",
		"ended_units", "converted_out_units", "difference_units", "note"}}
	for _, rule := range r.t.Rules {
		table, ok := r.t.Conservation.Get(rule)
		if !ok {
			continue
		}
		for _, c := range table {
			head := []string{rule.String(), strconv.FormatBool(rule.Conserves()), string(c.Chain), string(c.Asset), r.assets.symbol(Unit{c.Chain, c.Asset})}
			if c.Asset.IsValuation() {
				rows = append(rows, append(head, "", "", "", "", "", "", TextValued))
				continue
			}
			rows = append(rows, append(head, c.Seeded.String(), c.ConvertedIn.String(), c.Unexplained.String(),
				c.Ended.String(), c.ConvertedOut.String(), c.Difference, ""))
		}
	}
	return rows
}

func gapRows(r *register, _ []Run) [][]string {
	rows := [][]string{{"number", "chain", "blocks", "txid", "what", "why", "effect"}}
	for i := range r.t.Gaps {
		g := &r.t.Gaps[i]
		rows = append(rows, []string{strconv.Itoa(i + 1), string(g.Chain), heights(g), txText(g.Chain, g.TxID), r.told(g.Chain, g.What), r.told(g.Chain, g.Why), r.told(g.Chain, g.Effect)})
	}
	return rows
}

func seedRows(r *register, _ []Run) [][]string {
	rows := [][]string{{"seed", "time_utc", "chain", "caip2", "block", "txid", "position", "address", "address_alias", "asset", "symbol", "units", "amount"}}
	for i := range r.t.Seeds {
		s := &r.t.Seeds[i]
		u := Unit{s.Chain, s.Asset}
		rows = append(rows, []string{s.ID, s.Time, string(s.Chain), s.Chain.CAIP2(), strconv.FormatInt(s.Height, 10), txText(s.Chain, s.TxID.String()), s.Position,
			s.Address, r.place(s.Node).Alias, string(s.Asset), r.assets.symbol(u), s.Units.String(), r.assets.plain(u, s.Units)})
	}
	return rows
}
