package exhibit

import (
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// Summary is a trace in a few numbers.
type Summary struct {
	trace    *tracer.Trace
	assets   *Assets
	units    []Unit                   // of seeds, then of what they became, as met
	Rule     tracer.Rule              // the drawn rule
	Seeds    int                      // of the incident
	Receipts int                      // of seeds
	Stolen   Sums                     // alleged
	Endings  []Ending                 // asset by asset, in the order of the reasons
	Hops     int                      // with traced value under the drawn rule
	books    []tracer.ConservationRow // of the drawn rule, computed; nil if amounts are beyond any sum
	ways     map[Unit]*byWay          // how what the books convert passed
	Txs      int                      // of these hops
	From, To string                   // time of the first receipt and of the last such hop
}

// Summarize adds up t under the declared rule.
func Summarize(t *tracer.Trace) *Summary { return summarize(t, drawnRule(t)) }

// summarize adds up t under rule.
func summarize(t *tracer.Trace, rule tracer.Rule) *Summary {
	s := &Summary{trace: t, assets: NameAssets(t), Rule: rule, Receipts: len(t.Seeds)}
	ids := map[string]bool{}
	for i := range t.Seeds {
		e := &t.Seeds[i]
		ids[e.ID] = true
		s.Stolen = s.Stolen.add(Unit{e.Chain, e.Asset}, e.Units)
		if s.From == "" || e.Time < s.From {
			s.From = e.Time
		}
	}
	s.Seeds = len(ids)
	txs := map[chains.TxID]bool{}
	for i := range t.Hops {
		h := &t.Hops[i]
		if !carries(h, s.Rule) {
			continue
		}
		s.Hops++
		for k := range h.Legs {
			txs[h.Legs[k].TxID] = true
			s.To = max(s.To, h.Legs[k].Time)
		}
	}
	s.Txs = len(txs)
	if books, err := t.Books(s.Rule); err == nil {
		s.books = books
	}
	s.ways = conversions(t, s.Rule, s.books)
	s.addUnits()
	s.addEndings()
	return s
}

// addUnits lists what is seeded, and what stands in the books beside it.
func (s *Summary) addUnits() {
	seen := map[Unit]bool{}
	add := func(u Unit) {
		if !seen[u] {
			seen[u] = true
			s.units = append(s.units, u)
		}
	}
	for _, e := range s.Stolen {
		add(e.unit())
	}
	for i := range s.trace.Endpoints {
		add(Unit{s.trace.Endpoints[i].Chain, s.trace.Endpoints[i].Asset})
	}
	for _, r := range s.books {
		add(Unit{r.Chain, r.Asset})
	}
}

// Names says how the amounts of the trace are written.
func (s *Summary) Names() *Assets { return s.assets }

// Units lists what the trace counts in: what was taken, then what it became.
func (s *Summary) Units() []Unit {
	return s.units
}

// Opening is the one sentence that answers where the value is. Where the trace counts in
// several assets it says what was taken, and PerAsset the rest.
func (s *Summary) Opening() string {
	if contactOnly(s.trace) {
		return s.contactLine()
	}
	counts := fmt.Sprintf("(%s, %s)", count(s.Seeds, "seed"), count(s.Receipts, "receipt"))
	if len(s.units) > 1 {
		return fmt.Sprintf("Alleged stolen: %s %s. Where each is now, and what it became, under %s (%s):",
			series(s.assets.briefParts(s.Stolen)), counts, s.Rule, ruleWordsOf(s.trace, s.Rule))
	}
	taken := fmt.Sprintf("Of %s alleged stolen %s", strings.Join(s.assets.briefParts(s.Stolen), " + "), counts)
	var parts []string
	for _, u := range s.units {
		_, parts = s.movedOf(u, hardSpace+s.assets.briefSymbol(u))
	}
	if len(parts) == 0 {
		parts = []string{"no traced value has an end in this trace"}
	}
	return fmt.Sprintf("%s, under %s: %s.", taken, s.Rule, strings.Join(parts, "; "))
}

// PerAsset is a sentence for each asset with traced value under the drawn rule: what came, and
// what became of it, which adds up. Empty where the trace counts in one asset alone.
func (s *Summary) PerAsset() []string {
	if len(s.units) < 2 || contactOnly(s.trace) {
		return nil
	}
	var out []string
	for _, u := range s.units {
		if line := s.assetLine(u); line != "" {
			out = append(out, line)
		}
	}
	return out
}

func (s *Summary) assetLine(u Unit) string {
	if u.Asset.IsValuation() {
		return s.assets.onChain(u) + ": " + TextValued + "."
	}
	came, went := s.movedOf(u, "")
	if len(came)+len(went) == 0 {
		return ""
	}
	if len(came) == 0 {
		came = []string{"nothing is known to have come"}
	}
	line := s.assets.onChain(u) + ": " + series(came)
	if len(went) > 0 {
		line += ". Of this, " + strings.Join(went, "; ")
	}
	return line + "."
}

// movedOf says what came of an asset, and what became of it; the numbers of each, with symbol behind them, add up
// as they are shown.
func (s *Summary) movedOf(u Unit, symbol string) (came, went []string) {
	var in, out []chains.Amount // in the order of the words
	var got, gave []string
	if taken := s.Stolen.of(u); !taken.IsZero() {
		in, got = append(in, taken), append(got, "alleged stolen")
	}
	s.endings([]Unit{u}, func(_ Unit, a chains.Amount) string {
		out = append(out, a)
		return ""
	})
	if by := s.ways[u]; by != nil {
		for w := range ways {
			if !by.received[w].IsZero() {
				in, got = append(in, by.received[w]), append(got, w.gotWords())
			}
			if !by.given[w].IsZero() {
				out, gave = append(out, by.given[w]), append(gave, w.gaveWords())
			}
		}
	}
	for i, number := range s.assets.addUp(u, in) {
		came = append(came, number+symbol+" "+got[i])
	}
	numbers := s.assets.addUp(u, out)
	next := func() string {
		number := numbers[0]
		numbers = numbers[1:]
		return number + symbol
	}
	went = s.endings([]Unit{u}, func(Unit, chains.Amount) string { return next() })
	for _, words := range gave {
		went = append(went, next()+" "+words)
	}
	return came, went
}

// RoundLine says that amounts are rounded; "" where none is.
func (s *Summary) RoundLine() string {
	if !hasAccounts(s.trace) {
		return ""
	}
	return textRounded
}

// Balanced reports whether the ends add up to what was taken, whatever the trace says of it.
func (s *Summary) Balanced() bool {
	return contactOnly(s.trace) || s.books != nil && !slices.ContainsFunc(s.books, func(r tracer.ConservationRow) bool { return r.Difference != "0" })
}

// SumLine says whether the ends add up to what was taken.
func (s *Summary) SumLine() string {
	if contactOnly(s.trace) {
		return fmt.Sprintf("Nothing is divided and nothing summed: the rule declared in the incident, %s, says nothing here, and neither does any other accounting rule.", s.trace.Incident.Rule)
	}
	if s.books == nil {
		return "These do NOT add up: the amounts are beyond any sum. The trace has a defect and must not be relied on."
	}
	for _, r := range s.books {
		if r.Difference != "0" {
			return fmt.Sprintf("These do NOT add up: %s units of %s are unaccounted for under %s. The trace has a defect and must not be relied on.",
				visible(r.Difference), s.assets.symbol(Unit{r.Chain, r.Asset}), s.Rule)
		}
	}
	if len(s.books) > 1 {
		return "Under this rule the exact sums close for every asset, with swaps, bridges and adopted ways through mixers (schedule E)."
	}
	return "These amounts add up exactly to the amount alleged stolen (schedule E)."
}

// FoundLine says that heuristics speak in the trace, and where; "" where none does.
func (s *Summary) FoundLine() string {
	n := len(s.trace.Findings)
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("Heuristics say %s of this trace, none of which is a fact: schedule D has each, with how often its heuristic was wrong where that was measured.", count(n, "thing"))
}

// GapLine says how many gaps there are; "" if none.
func (s *Summary) GapLine() string {
	n := len(s.trace.Gaps)
	if n == 0 {
		return ""
	}
	verb := "were"
	if n == 1 {
		verb = "was"
	}
	return fmt.Sprintf("%s %s not read or not understood: see schedule F.", capital(count(n, "thing")), verb)
}

func capital(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// ScopeLine says how far the trace went.
func (s *Summary) ScopeLine() string {
	what := "Under this rule the value moved in"
	if contactOnly(s.trace) {
		what = "Contact goes on in"
	}
	line := fmt.Sprintf("%s %s of %s", what, count(s.Hops, "hop"), count(s.Txs, "transaction"))
	if s.From != "" && s.To != "" {
		line += fmt.Sprintf(", from %s to %s", visible(day(s.From)), visible(day(s.To)))
	}
	for i, a := range s.trace.AsOf {
		if i == 0 {
			line += "; read"
		} else {
			line += " and"
		}
		line += " " + readTo(&a)
	}
	return line + "."
}

// StatementLine says what the victim's own statement leaves open; "" where there is none. These
// are the victim's numbers: they stand beside the trace's and are no part of its sums.
func (s *Summary) StatementLine() string {
	var open []string
	for _, st := range s.trace.Statement {
		if strings.Trim(st.Unaccounted, "0.") != "" {
			open = append(open, groupDecimal(visible(st.Unaccounted))+"\u00a0"+visible(st.Asset))
		}
	}
	switch {
	case len(s.trace.Statement) == 0:
		return ""
	case len(open) == 0:
		return "The victim's own statement accounts for all that it says was taken."
	}
	return "By the victim's own statement, nobody accounts for " + strings.Join(open, ", ") + "; that is apart from the sums of this trace."
}

// groupDecimal groups the whole part of a decimal.
func groupDecimal(text string) string {
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "−", text[1:]
	}
	whole, frac, has := strings.Cut(text, ".")
	if has {
		frac = "." + frac
	}
	return sign + groupThousands(whole) + frac
}

// Sentences is the summary as plain text.
func (s *Summary) Sentences() []string {
	out := append([]string{s.Opening()}, s.PerAsset()...)
	if line := s.RoundLine(); line != "" {
		out = append(out, line)
	}
	out = append(out, s.SumLine(), s.ScopeLine())
	if line := s.StatementLine(); line != "" {
		out = append(out, line)
	}
	if g := s.GapLine(); g != "" {
		out = append(out, g)
	}
	return append(out, declarationLines(s.trace)...)
}
