package screen

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"clew/chains"
	"clew/tracer"
)

// Sentences are appended to one piece of memory: a verdict that is looked up is decided in a few
// microseconds, of which words would else take most.

// appendCoins writes an amount of an asset in coins, and what they are.
func appendCoins(b []byte, v *Verdict, chain chains.Chain, asset chains.Asset, units chains.Amount) []byte {
	return appendUnit(appendNumber(b, v, chain, asset, units), v, chain, asset)
}

// decimalsOf is how many decimals an amount of v is written with.
func (v *Verdict) decimalsOf(chain chains.Chain, asset chains.Asset) int {
	if asset == chains.Native {
		return chain.Info().Decimals
	} else if value := v.valueIn(chain, asset); value != nil {
		return max(0, value.Decimals)
	}
	return 0
}

// appendExact writes the number of coins alone, with all decimals.
func appendExact(b []byte, v *Verdict, chain chains.Chain, asset chains.Asset, units chains.Amount) []byte {
	return appendDecimal(b, units, v.decimalsOf(chain, asset))
}

// appendNumber writes the number of coins alone, rounded on chains of accounts.
func appendNumber(b []byte, v *Verdict, chain chains.Chain, asset chains.Asset, units chains.Amount) []byte {
	places := v.decimalsOf(chain, asset)
	if chain.Info().Family == chains.FamilyEVM && places > fewDecimals && places+3 <= mostDecimals {
		return appendRounded(b, units, places)
	}
	return appendDecimal(b, units, places)
}

// On chains of accounts amounts in sentences are rounded as in exhibits (exhibit.Assets.Brief): to
// fewDecimals, below a thousand to moreDecimals. Fields of the verdict are exact.
const fewDecimals, moreDecimals = 2, 4

// mostDecimals are those of the largest power of ten that an amount holds.
const mostDecimals = 77

// appendRounded writes units with places decimals rounded, a half up; "<0.0001" is more than nothing.
func appendRounded(b []byte, units chains.Amount, places int) []byte {
	keep := min(moreDecimals, places)
	if !units.Less(tens[places+3]) {
		keep = fewDecimals
	}
	step := tens[places-keep]
	rounded, rest := units.MulDiv(chains.Units(1), step)
	if !rest.Less(step.Minus(rest)) {
		rounded = rounded.Plus(chains.Units(1))
	}
	if rounded.IsZero() && !units.IsZero() {
		return append(append(append(b, "<0."...), "0000"[:keep-1]...), '1')
	}
	from := len(b)
	b = appendDecimal(b, rounded, keep)
	point := bytes.IndexByte(b[from:], '.')
	if point < 0 {
		return append(b, ".00"...)
	}
	for len(b) < from+point+1+fewDecimals {
		b = append(b, '0')
	}
	return b
}

// tens are the powers of ten that an amount holds.
var tens = func() (out [mostDecimals + 1]chains.Amount) {
	out[0] = chains.Units(1)
	for i := range mostDecimals {
		two := out[i].Plus(out[i])
		out[i+1] = two.Plus(two).Plus(two.Plus(two)).Plus(two)
	}
	return out
}()

// appendUnit writes what an amount is of: the symbol of a chain's coin. A token's contract can claim any
// symbol, so the token's address stands beside it.
func appendUnit(b []byte, v *Verdict, chain chains.Chain, asset chains.Asset) []byte {
	if asset == chains.Native {
		return append(append(b, ' '), chain.Info().Symbol...)
	}
	value := v.valueIn(chain, asset)
	if value == nil || value.Decimals <= 0 {
		b = append(b, " units"...)
	} else if plainSymbol(value.Symbol) {
		b = append(append(b, ' '), value.Symbol...)
	}
	return append(append(append(b, " (token "...), asset...), ')')
}

// plainSymbol reports whether a symbol can stand in a sentence and be taken for nothing else.
func plainSymbol(s string) bool {
	return s != "" && utf8.RuneCountInString(s) <= 12 &&
		strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-") == ""
}

// appendDecimal writes units with a point before the last places digits, without zeros at the end, and
// commas between thousands.
func appendDecimal(b []byte, units chains.Amount, places int) []byte {
	var room [96]byte
	digits := room[:0]
	if n, fits := units.Uint64(); fits {
		digits = strconv.AppendUint(digits, n, 10)
	} else {
		digits = append(digits, units.String()...)
	}
	point := len(digits) - places // of the digits; below 0 where zeros stand between
	fraction := digits[max(point, 0):]
	for len(fraction) > 0 && fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	for i := range max(point, 0) {
		if i > 0 && (point-i)%3 == 0 {
			b = append(b, ',')
		}
		b = append(b, digits[i])
	}
	if point <= 0 {
		b = append(b, '0')
	}
	if len(fraction) == 0 {
		return b
	}
	b = append(b, '.')
	for ; point < 0; point++ {
		b = append(b, '0')
	}
	return append(b, fraction...)
}

// appendPercent writes a share that was rounded down to parts of a million.
func appendPercent(b []byte, ppm int64) []byte {
	if ppm == 0 {
		return append(b, "below 0.0001 %"...)
	}
	return append(appendDecimal(b, chains.Units(uint64(ppm)), 4), " %"...)
}

func appendCounted(b []byte, n int, noun string) []byte {
	b = append(append(strconv.AppendInt(b, int64(n), 10), ' '), noun...)
	switch {
	case n == 1:
		return b
	case strings.HasSuffix(noun, "s"):
		return append(b, "es"...)
	}
	return append(b, 's')
}

// appendFired says what made a rule fire: what is said of an own address, and of the sums the one with
// the largest share.
func (d *decision) appendFired(b []byte, own []int, told *sum) []byte {
	if len(own) > 0 {
		b = appendOwn(b, &d.v.Exposure[own[0]])
		if told != nil {
			b = append(b, "; "...)
		}
	}
	if told != nil {
		b = d.appendSum(b, told)
	}
	return b
}

func appendOwn(b []byte, e *Exposure) []byte {
	whose := "the subject's own address"
	if e.KnownBy == ByCluster {
		whose = "an address of the subject's cluster"
	}
	b = append(append(append(b, whose...), " is called "...), e.Category...)
	if e.Entity != "" {
		b = append(append(append(b, " ("...), e.Entity...), ')')
	}
	return b
}

func (d *decision) appendSum(b []byte, s *sum) []byte {
	b = append(appendNumber(b, d.v, s.chain, s.asset, s.units), " of "...)
	if s.value != nil && s.value.Partial {
		b = append(appendCoins(append(b, "the "...), d.v, s.chain, s.asset, s.whole()), " that were looked at (there is more, and the share of all is not known) "...)
	} else {
		b = append(appendCoins(b, d.v, s.chain, s.asset, s.whole()), " ("...)
		b = append(appendPercent(b, s.ppm), ") "...)
	}
	b = append(b, d.whither(s)...)
	if len(s.exposures) > 0 {
		b = d.appendSources(b, s.exposures)
	} else {
		b = append(b, "what nothing explains"...)
	}
	b = append(append(b, ", by "...), s.accounting.String()...)
	return append(b, d.restsOn(s.exposures)...)
}

// whither says which way the value of a sum moves. As destination an own exposure with amounts came to the
// subject.
func (d *decision) whither(s *sum) string {
	if d.v.Subject.Direction != Destination {
		return "comes from "
	}
	came := slices.ContainsFunc(s.exposures, func(i int) bool { return d.v.Exposure[i].Distance == Own })
	goes := slices.ContainsFunc(s.exposures, func(i int) bool { return d.v.Exposure[i].Distance != Own })
	switch {
	case came && goes:
		return "came here from, or goes to, "
	case came:
		return "came here from "
	}
	return "goes to "
}

// restsOn says of a sum that it rests on more than accounting.
func (d *decision) restsOn(exposures []int) string {
	out := ""
	for _, i := range exposures {
		switch d.v.Exposure[i].Basis {
		case tracer.Adopted.String():
			return ", resting on an analyst's choice"
		case tracer.Inference.String():
			out = ", resting on an inference"
		}
	}
	return out
}

// appendSources names the categories of some exposures, whose they are, and the least number of hops.
func (d *decision) appendSources(b []byte, exposures []int) []byte {
	const most = 3
	named, hops := make([]int, 0, most), d.v.Exposure[exposures[0]].Hops
	more := 0
	for _, i := range exposures {
		e := &d.v.Exposure[i]
		hops = min(hops, e.Hops)
		switch {
		case slices.ContainsFunc(named, func(j int) bool { return d.v.Exposure[j].sameName(e) }):
		case len(named) == most:
			more++
		default:
			named = append(named, i)
		}
	}
	for at, i := range named {
		if at > 0 {
			b = append(b, ", "...)
		}
		b = d.v.Exposure[i].appendName(b)
	}
	if more > 0 {
		b = append(strconv.AppendInt(append(b, " and "...), int64(more), 10), " more"...)
	}
	return append(appendCounted(append(b, ", "...), hops, "hop"), " away at the nearest"...)
}

// sameName reports whether two exposures are called alike.
func (e *Exposure) sameName(o *Exposure) bool {
	return e.Category == o.Category && e.Entity == o.Entity && (e.Entity != "" || e.Incident == o.Incident)
}

// origins say in a sentence what value of a category comes from, or goes to. What somebody stole is
// alleged as long as no court says so; others are called by their category.
var origins = map[Category]string{
	Stolen: "an alleged theft", Sanctioned: "somebody sanctioned", Darknet: "a darknet market", Terrorism: "the financing of terrorism",
	Illicit: "an alleged crime", Fraud: "an alleged fraud", Frozen: "an address that its issuer froze", Mixer: "a mixer", Bridge: "a bridge",
	Exchange: "an exchange", Service: "a service", Contract: "a contract",
}

func (e *Exposure) appendName(b []byte) []byte {
	if words, ok := origins[e.Category]; ok {
		b = append(b, words...)
	} else {
		b = append(b, e.Category...)
	}
	switch {
	case e.Entity != "":
		return append(append(append(b, " ("...), e.Entity...), ')')
	case e.Incident != "":
		return append(append(append(b, " (incident "...), e.Incident...), ')')
	}
	return b
}

func (d *decision) appendAllowed(b []byte, r *Rule, f *Fired) []byte {
	b = append(d.appendSources(b, f.Exposures), ", is left out until "...)
	b = r.Expires.AppendFormat(b, time.DateOnly)
	for i, id := range f.Withholds {
		if i == 0 {
			b = append(b, "; without this line there would have fired: "...)
		} else {
			b = append(b, ", "...)
		}
		b = append(b, id...)
	}
	return b
}

// says puts the verdict in one sentence.
func (p *Policy) says(v *Verdict) string {
	var room [512]byte
	b := room[:0]
	switch v.Outcome {
	case Failed:
		b = append(append(b, "Error: "...), v.Error...)
	case Match:
		b = appendMatch(b, v)
	case NotCovered:
		b = appendNotCovered(b, v)
	default:
		b = appendClear(b, v)
	}
	return string(b)
}

// appendMatch tells the first of the gravest rules that fired.
func appendMatch(b []byte, v *Verdict) []byte {
	var first *Fired
	all := 0
	for i := range v.Fired {
		f := &v.Fired[i]
		if f.Action == Allow {
			continue
		}
		all++
		if first == nil || f.Action == Block && first.Action == Review {
			first = f
		}
	}
	b = append(append(append(b, "Match, "...), v.Action...), ": "...)
	b = append(append(append(b, first.Says...), " (rule "...), first.Rule...)
	b = append(strconv.AppendInt(append(b, ", line "...), int64(first.Line), 10), ')')
	if all > 1 {
		b = append(appendCounted(append(b, "; "...), all-1, "rule"), " fired beside it"...)
	}
	return b
}

func appendNotCovered(b []byte, v *Verdict) []byte {
	b = append(b, "Not covered: "...)
	if len(v.Coverage.Gaps) == 0 {
		return append(b, "what was asked lies outside of what was read"...)
	}
	g := &v.Coverage.Gaps[0]
	return append(append(append(b, g.What...), ": "...), g.Why...)
}

// appendClear says how much of the value is explained, under the rule that explains the least.
func appendClear(b []byte, v *Verdict) []byte {
	const most = 3
	b = append(b, "Clear within coverage: no rule to review or block fired"...)
	for i := range v.Fired {
		if n := len(v.Fired[i].Withholds); n > 0 {
			b = append(append(append(b, ", and rule "...), v.Fired[i].Rule...), " allows what "...)
			b = append(appendCounted(b, n, "other"), " would have taken"...)
		}
	}
	for i := range v.Value[:min(most, len(v.Value))] {
		value := &v.Value[i]
		b = append(appendCoins(append(b, "; of "...), v, value.Chain, value.Asset, value.Units), ' ')
		if ppm := min(value.ExplainedPPM.FIFO, value.ExplainedPPM.ProRata); ppm == 0 {
			b = append(b, "nothing"...)
		} else {
			b = appendPercent(b, ppm)
		}
		b = append(b, " is explained"...)
	}
	if n := len(v.Value) - most; n > 0 {
		b = append(appendCounted(append(b, "; "...), n, "asset"), " more"...)
	}
	if n := len(v.Unasked); n == 1 {
		b = append(b, "; 1 movement that came unasked is shown apart"...)
	} else if n > 1 {
		b = append(appendCounted(append(b, "; "...), n, "movement"), " that came unasked are shown apart"...)
	}
	return b
}
