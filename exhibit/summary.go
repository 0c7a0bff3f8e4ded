package exhibit

import (
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// Ending is what ended for one reason, of one asset, in all.
type Ending struct {
	Reason    tracer.Reason
	Chain     chains.Chain
	Asset     chains.Asset
	Endpoints int           // with traced value under any accounting rule
	Drawn     int           // with traced value under the drawn rule
	Traced    tracer.Traced // totals; null where a rule does not say for one of them
}

// Summary is a trace in a few numbers.
type Summary struct {
	trace    *tracer.Trace
	Rule     tracer.Rule              // the drawn rule
	Seeds    int                      // of the incident
	Receipts int                      // of seeds
	Stolen   Sums                     // alleged
	Endings  []Ending                 // in the order of the reasons
	Hops     int                      // with traced value under the drawn rule
	books    []tracer.ConservationRow // of the drawn rule, computed; nil if amounts are beyond any sum
	Txs      int                      // of these hops
	From, To string                   // time of the first receipt and of the last such hop
}

// Summarize adds up t.
func Summarize(t *tracer.Trace) *Summary {
	s := &Summary{trace: t, Rule: drawnRule(t), Receipts: len(t.Seeds)}
	ids := map[string]bool{}
	for i := range t.Seeds {
		e := &t.Seeds[i]
		ids[e.ID] = true
		s.Stolen = s.Stolen.add(unit{e.Chain, e.Asset}, e.Units)
		if s.From == "" || e.Time < s.From {
			s.From = e.Time
		}
	}
	s.Seeds = len(ids)
	txs := map[chains.TxID]bool{}
	for i := range t.Hops {
		h := &t.Hops[i]
		if tracedUnder(&h.Traced, s.Rule).IsZero() {
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
	s.addEndings()
	return s
}

func (s *Summary) addEndings() {
	type key struct {
		reason tracer.Reason
		unit   unit
	}
	at := map[key]*Ending{}
	var units []unit
	seen := map[unit]bool{}
	for i := range s.trace.Endpoints {
		e := &s.trace.Endpoints[i]
		u := unit{e.Chain, e.Asset}
		if !seen[u] {
			seen[u] = true
			units = append(units, u)
		}
		k := key{e.Reason, u}
		if at[k] == nil {
			at[k] = &Ending{Reason: e.Reason, Chain: e.Chain, Asset: e.Asset}
		}
		at[k].add(e, s.Rule)
	}
	for _, r := range tracer.Reasons() {
		for _, u := range units {
			if e := at[key{r, u}]; e != nil {
				s.Endings = append(s.Endings, *e)
			}
		}
	}
}

func (g *Ending) add(e *tracer.Endpoint, drawn tracer.Rule) {
	reached := false
	for _, r := range tracer.Rules() {
		a, ok := e.Traced.Get(r)
		if !ok {
			g.Traced.Null[r] = true
			continue
		}
		g.Traced.Value[r] = g.Traced.Value[r].Plus(a)
		reached = reached || (r.Conserves() && !a.IsZero())
	}
	if reached {
		g.Endpoints++
	}
	if !tracedUnder(&e.Traced, drawn).IsZero() {
		g.Drawn++
	}
}

func (g *Ending) unit() unit { return unit{g.Chain, g.Asset} }

// Opening is the one sentence that answers where the value is.
func (s *Summary) Opening() string {
	var parts []string
	for i := range s.Endings {
		e := &s.Endings[i]
		a, ok := e.Traced.Get(s.Rule)
		if !ok || a.IsZero() {
			continue
		}
		parts = append(parts, e.unit().format(a)+" "+endingWords(e))
	}
	if len(parts) == 0 {
		parts = []string{"no traced value has an end in this trace"}
	}
	return fmt.Sprintf("Of %s alleged stolen (%s, %s), under %s: %s.", s.Stolen, count(s.Seeds, "seed"),
		count(s.Receipts, "receipt"), s.Rule, strings.Join(parts, "; "))
}

// endingWords follows an amount: "is in 3 unspent outputs".
func endingWords(e *Ending) string {
	n := e.Drawn
	switch e.Reason {
	case tracer.ReasonUnspent:
		return "is in " + count(n, "unspent output")
	case tracer.ReasonBalance:
		return "is still held in " + count(n, "account")
	case tracer.ReasonService:
		return "reached services in " + count(n, "deposit")
	case tracer.ReasonMixer:
		return "entered mixers or confidential pools in " + count(n, "deposit")
	case tracer.ReasonBridge:
		return "entered bridges in " + count(n, "deposit")
	case tracer.ReasonContract:
		return "is in contracts, at " + count(n, "endpoint")
	case tracer.ReasonFee:
		return "went to network fees"
	case tracer.ReasonBurn:
		return "can never be spent, in " + count(n, "output")
	case tracer.ReasonDust:
		return "was left as dust, in " + count(n, "output")
	case tracer.ReasonLimit:
		return "was not followed further (limits of the trace), at " + count(n, "endpoint")
	case tracer.ReasonPending:
		return "is not confirmed yet, in " + count(n, "output")
	case tracer.ReasonGap:
		return "is not known (gaps), at " + count(n, "endpoint")
	}
	return "ended as " + visible(string(e.Reason)) + ", at " + count(n, "endpoint")
}

// Balanced reports whether the ends add up to what was taken, whatever the trace says of it.
func (s *Summary) Balanced() bool {
	return s.books != nil && !slices.ContainsFunc(s.books, func(r tracer.ConservationRow) bool { return r.Difference != "0" })
}

// SumLine says whether the ends add up to what was taken.
func (s *Summary) SumLine() string {
	if s.books == nil {
		return "These do NOT add up: the amounts are beyond any sum. The trace has a defect and must not be relied on."
	}
	for _, r := range s.books {
		if r.Difference != "0" {
			return fmt.Sprintf("These do NOT add up: %s units of %s are unaccounted for under %s. The trace has a defect and must not be relied on.",
				visible(r.Difference), (unit{r.Chain, r.Asset}).symbol(), s.Rule)
		}
	}
	if len(s.books) > 1 {
		return "Under this rule the sums close exactly for every asset, conversions included (schedule E)."
	}
	return "These amounts add up exactly to the amount alleged stolen (schedule E)."
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

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// ScopeLine says how far the trace went.
func (s *Summary) ScopeLine() string {
	line := fmt.Sprintf("Under this rule the value moved in %s of %s", count(s.Hops, "hop"), count(s.Txs, "transaction"))
	if s.From != "" && s.To != "" {
		line += fmt.Sprintf(", from %s to %s", visible(day(s.From)), visible(day(s.To)))
	}
	for i, a := range s.trace.AsOf {
		if i == 0 {
			line += "; read"
		} else {
			line += " and"
		}
		line += fmt.Sprintf(" to block %d of %s", a.Height, visible(string(a.Chain)))
	}
	return line + "."
}

// Sentences is the summary as plain text.
func (s *Summary) Sentences() []string {
	out := []string{s.Opening(), s.SumLine(), s.ScopeLine()}
	if g := s.GapLine(); g != "" {
		out = append(out, g)
	}
	return out
}
