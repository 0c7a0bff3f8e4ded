package screen

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"clew/chains"
)

// coins writes an amount of an asset in coins, with the symbol of the coin. A token's contract can claim
// any symbol, so that one is quoted beside the token's address.
func coins(v *Verdict, chain chains.Chain, asset chains.Asset, units chains.Amount) string {
	if asset == chains.Native {
		in := chain.Info()
		return decimal(units, in.Decimals) + " " + in.Symbol
	}
	value := v.valueIn(chain, asset)
	if value == nil || value.Decimals <= 0 {
		return fmt.Sprintf("%s units of %s", units, asset)
	}
	if !plainSymbol(value.Symbol) {
		return fmt.Sprintf("%s of %s", decimal(units, value.Decimals), asset)
	}
	return fmt.Sprintf("%s %s (%s)", decimal(units, value.Decimals), value.Symbol, asset)
}

// plainSymbol reports whether a symbol can stand in a sentence and be taken for nothing else.
func plainSymbol(s string) bool {
	return s != "" && utf8.RuneCountInString(s) <= 12 &&
		strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-") == ""
}

// decimal writes units with a point before the last places digits, without zeros at the end.
func decimal(units chains.Amount, places int) string {
	digits := units.String()
	if len(digits) <= places {
		digits = strings.Repeat("0", places-len(digits)+1) + digits
	}
	whole, frac := digits[:len(digits)-places], strings.TrimRight(digits[len(digits)-places:], "0")
	if frac == "" {
		return whole
	}
	return whole + "." + frac
}

// percent writes a share that was rounded down to parts of a million.
func percent(ppm int64) string {
	if ppm == 0 {
		return "below 0.0001 %"
	}
	return decimal(chains.Units(uint64(ppm)), 4) + " %"
}

// categories writes what a rule is about.
func (r *Rule) categories() string {
	if len(r.Categories) == 0 {
		return "any category"
	}
	return listed(r.Categories)
}

// firedSays says in one sentence what made a rule fire: what is said of an own address, or the sum
// with the largest share.
func (d *decision) firedSays(r *Rule, own []int, told *sum) string {
	var parts []string
	if len(own) > 0 {
		parts = append(parts, ownSays(&d.v.Exposure[own[0]]))
	}
	if told != nil {
		parts = append(parts, d.sumSays(r, told))
	}
	return strings.Join(parts, "; ")
}

func ownSays(e *Exposure) string {
	whose := "the subject's own address"
	if e.KnownBy == ByCluster {
		whose = "an address of the subject's cluster"
	}
	if e.Entity == "" {
		return fmt.Sprintf("%s is called %s", whose, e.Category)
	}
	return fmt.Sprintf("%s is called %s (%s)", whose, e.Category, e.Entity)
}

func (d *decision) sumSays(r *Rule, s *sum) string {
	verb := "comes from"
	if d.v.Subject.Direction == Destination {
		verb = "goes to"
	}
	what := r.categories()
	if len(s.exposures) > 0 {
		what = d.sourceSays(s.exposures)
	}
	return fmt.Sprintf("%s of %s (%s) %s %s, by %s",
		coins(d.v, s.chain, s.asset, s.units), coins(d.v, s.chain, s.asset, s.whole()), percent(s.ppm), verb, what, s.accounting)
}

// sourceSays names the categories of some exposures, whose they are, and the least number of hops.
func (d *decision) sourceSays(exposures []int) string {
	var names []string
	hops := -1
	for _, i := range exposures {
		e := &d.v.Exposure[i]
		name := string(e.Category)
		if of := e.Entity; of != "" {
			name += " (" + of + ")"
		} else if e.Incident != "" {
			name += " (incident " + e.Incident + ")"
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		if hops < 0 || e.Hops < hops {
			hops = e.Hops
		}
	}
	const most = 3
	more := ""
	if len(names) > most {
		more = fmt.Sprintf(" and %d more", len(names)-most)
		names = names[:most]
	}
	return fmt.Sprintf("%s%s, %s away", strings.Join(names, ", "), more, counted(hops, "hop"))
}

func (d *decision) allowSays(r *Rule, f *Fired) string {
	text := fmt.Sprintf("%s is left out until %s", d.sourceSays(f.Exposures), r.Expires.Format(time.DateOnly))
	if len(f.Withholds) > 0 {
		text += fmt.Sprintf("; without this line there would have fired: %s", strings.Join(f.Withholds, ", "))
	}
	return text
}

// says puts the verdict in one sentence.
func (p *Policy) says(v *Verdict) string {
	switch v.Outcome {
	case Failed:
		return "Error: " + v.Error
	case Match:
		return matchSays(v)
	case NotCovered:
		return "Not covered: " + firstGap(v)
	}
	return clearSays(v)
}

func matchSays(v *Verdict) string {
	var first *Fired
	others := 0
	for i := range v.Fired {
		f := &v.Fired[i]
		if f.Action == Allow {
			continue
		}
		others++
		if first == nil || f.Action == Block && first.Action == Review {
			first = f
		}
	}
	text := fmt.Sprintf("Match, %s: %s (rule %s, line %d)", v.Action, first.Says, first.Rule, first.Line)
	if others > 1 {
		text += fmt.Sprintf("; %s fired beside it", counted(others-1, "rule"))
	}
	return text
}

func firstGap(v *Verdict) string {
	if len(v.Coverage.Gaps) == 0 {
		return "what was asked lies outside of what was read"
	}
	g := &v.Coverage.Gaps[0]
	return g.What + ": " + g.Why
}

// clearSays says how much of the value is explained, under the rule that explains the least.
func clearSays(v *Verdict) string {
	text := "Clear within coverage: no rule to review or block fired"
	for i := range v.Fired {
		if n := len(v.Fired[i].Withholds); n > 0 {
			text += fmt.Sprintf(", and rule %s allows what %s would have taken", v.Fired[i].Rule, counted(n, "other"))
		}
	}
	for i := range v.Value {
		value := &v.Value[i]
		text += fmt.Sprintf("; of %s %s is explained", coins(v, value.Chain, value.Asset, value.Units), percentOf(min(value.ExplainedPPM.FIFO, value.ExplainedPPM.ProRata)))
		if i == 2 && len(v.Value) > 3 {
			text += fmt.Sprintf("; %s more", counted(len(v.Value)-3, "asset"))
			break
		}
	}
	if n := len(v.Unasked); n > 0 {
		text += fmt.Sprintf("; %s that came unasked %s shown apart", counted(n, "movement"), isAre(n))
	}
	return text
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// percentOf is percent, but that nothing is "nothing".
func percentOf(ppm int64) string {
	if ppm == 0 {
		return "nothing"
	}
	return percent(ppm)
}
