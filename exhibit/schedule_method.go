package exhibit

import (
	"strconv"

	"clew/tracer"
)

// RuleTexts are the rules of schedule G in full.
func (p *reportPage) RuleTexts() []methodView { return ruleTexts(p.Trace) }

// RulesLine stands above them.
func (p *reportPage) RulesLine() string { return textRules }

// textRules stands above them.
const textRules = "Value enters a pot in some order; when value leaves, the rule picks what leaves with it. Amounts are whole smallest units and never rounded."

// ruleTexts says of every rule what it does and where it is from.
func ruleTexts(t *tracer.Trace) []methodView {
	outputs := hasOutputs(t)
	libr, tiho := "", ", of which this trace has none"
	if outputs {
		libr, tiho = " With transactions as pots it follows the order of outputs and is not the lowest intermediate balance of an account.", ""
	}
	return []methodView{
		{"fifo", "What came in first goes out first (Clayton’s Case, Devaynes v Noble, 1816)."},
		{"lifo", "What came in last goes out first."},
		{"prorata", "Every source goes out in proportion; units that remain go to the largest fractions (“haircut” in the literature on taint)."},
		{"libr", "Clean value leaves first; what is claimed sinks with the lowest balance and does not refill (Roscoe v Winder, 1915)." + libr},
		{"pifo", "What is alleged stolen leaves first."},
		{"tiho", "What is alleged stolen goes to the largest outputs (“taint in, highest out” in the literature on taint). Only for transactions with outputs" + tiho + "."},
		{"poison", "Everything after contact is marked. It does not divide amounts, does not conserve, and is no accounting rule."},
	}
}

// methodRows are schedule G as a table: settings, rules, heuristics with their measured errors, tokens and
// sources.
func methodRows(r *register, _ []Run) [][]string {
	rows := [][]string{{"section", "term", "text", "version", "error_rate", "error_n", "error_measured_on", "chain", "height", "hash", "time_utc"}}
	add := func(section, term, text string, more ...string) {
		rows = append(rows, append(append([]string{section, term, text}, more...), make([]string, 8-len(more))...))
	}
	v := &viewer{register: r}
	for _, m := range v.method() {
		add("settings", m.Term, m.Text)
	}
	add("settings", "Of whom", textAlleged+" "+textInnocent)
	for _, name := range r.t.Without {
		add("settings", "Left out", name)
	}
	for _, name := range r.t.Through {
		add("settings", "Went on through", name)
	}
	add("rule", "all", textRules)
	for _, m := range ruleTexts(r.t) {
		add("rule", m.Term, m.Text)
	}
	for _, g := range r.found.Groups() {
		rate, n, on := "", "", ""
		if g.Error != nil {
			rate, n, on = g.Error.Rate, strconv.Itoa(g.Error.N), g.Error.MeasuredOn
		}
		add("heuristic", g.Heuristic, g.Title+": "+count(g.Count, "finding")+"; "+ErrorWords(g.Error), g.Version, rate, n, on)
	}
	for _, c := range v.claims() {
		add("token", c.Contract, "claims the symbol "+c.Symbol+" and "+c.Decimals+" decimals; written "+c.Written, "", "", "", "", c.Chain)
	}
	for i := range r.t.AsOf {
		a := &r.t.AsOf[i]
		height, hash := strconv.FormatInt(a.Height, 10), a.Hash.String()
		if listed(a) {
			height, hash = "", ""
		}
		add("source", a.CAIP2, "read "+readTo(a), "", "", "", "", string(a.Chain), height, hash, a.Time)
	}
	for _, in := range v.inputViews() {
		add("source", in.What, in.Coverage, "", "", "", "", "", "", in.SHA256)
	}
	add("source", "incident file", r.t.Incident.ID, "", "", "", "", "", "", r.t.Incident.SHA256)
	return rows
}
