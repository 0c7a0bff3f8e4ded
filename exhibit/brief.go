package exhibit

import (
	"fmt"
	"slices"
	"strings"

	"clew/chains"
)

// Drawings, summaries and terminals write amounts of chains of accounts, which have up to 18
// decimals and more, with few. Schedules, tooltips and files are exact, and each place that
// rounds says so.
const (
	// briefDecimals are shown of an amount below a thousand, largeDecimals of one from there on.
	briefDecimals, largeDecimals = 4, 2
	textBrief                    = "Amounts of chains of accounts are rounded here: to 2 decimals, below a thousand to 4. The schedules and files are exact."
	textRounded                  = "Amounts of chains of accounts are rounded here: to 2 decimals, below a thousand to 4. What came of an asset, and what became of it, is rounded to the same decimals and such that it adds up: an amount may differ by one in its last digit. The schedules and files are exact."
)

// Brief writes an amount without its symbol, rounded where its chain keeps balances of
// accounts; "<0.0001" is more than nothing.
func (a *Assets) Brief(chain chains.Chain, asset chains.Asset, amount chains.Amount) string {
	return a.briefNumber(Unit{chain, asset}, amount)
}

// briefSymbol is what stands behind a brief number.
func (a *Assets) briefSymbol(u Unit) string {
	if n := a.name(u); n.brief != "" {
		return n.brief
	}
	return a.symbol(u)
}

func (a *Assets) briefNumber(u Unit, amount chains.Amount) string {
	decimals := a.name(u).decimals
	if u.Chain.Info().Family != chains.FamilyEVM || decimals <= largeDecimals || amount == mostUnits() {
		return a.number(u, amount)
	}
	keep := keptDecimals(amount, decimals)
	rounded := roundTo(amount, powerOfTen(decimals-keep))
	return briefText(rounded, keep, amount.IsZero())
}

// keptDecimals is how many decimals are shown of an amount.
func keptDecimals(amount chains.Amount, decimals int) int {
	if whole, _ := splitDecimal(amount.String(), decimals); len(whole) > 3 {
		return min(largeDecimals, decimals)
	}
	return min(briefDecimals, decimals)
}

// roundTo is how many steps an amount has, a half rounded up.
func roundTo(amount, step chains.Amount) chains.Amount {
	rounded, left := amount.MulDiv(chains.Units(1), step)
	if twice := plus(left, left); !twice.Less(step) {
		rounded = plus(rounded, chains.Units(1))
	}
	return rounded
}

// briefText writes a rounded amount with keep decimals; one that is more than nothing is never "0.00".
func briefText(rounded chains.Amount, keep int, nothing bool) string {
	if rounded.IsZero() && !nothing {
		return "<0." + strings.Repeat("0", keep-1) + "1"
	}
	whole, frac := splitDecimal(rounded.String(), keep)
	for len(frac) > largeDecimals && strings.HasSuffix(frac, "0") {
		frac = frac[:len(frac)-1]
	}
	return groupThousands(whole) + "." + frac
}

// addUp writes amounts that are the parts of a sum: all with the decimals of the sum, and rounded by
// largest remainder, so that what is shown adds up to the sum as it is shown. Of equal remainders the
// earlier part is rounded up.
func (a *Assets) addUp(u Unit, parts []chains.Amount) []string {
	decimals := a.name(u).decimals
	var sum chains.Amount
	for _, p := range parts {
		sum = plus(sum, p)
	}
	out := make([]string, len(parts))
	if u.Chain.Info().Family != chains.FamilyEVM || decimals <= largeDecimals || sum == mostUnits() {
		for i, p := range parts {
			out[i] = a.briefNumber(u, p)
		}
		return out
	}
	keep := keptDecimals(sum, decimals)
	step := powerOfTen(decimals - keep)
	var shown chains.Amount
	whole, left, order := make([]chains.Amount, len(parts)), make([]chains.Amount, len(parts)), make([]int, len(parts))
	for i, p := range parts {
		whole[i], left[i] = p.MulDiv(chains.Units(1), step)
		shown, order[i] = plus(shown, whole[i]), i
	}
	slices.SortStableFunc(order, func(i, j int) int { return left[j].Cmp(left[i]) })
	for _, i := range order {
		if !shown.Less(roundTo(sum, step)) {
			break
		}
		whole[i], shown = plus(whole[i], chains.Units(1)), plus(shown, chains.Units(1))
	}
	for i := range parts {
		out[i] = briefText(whole[i], keep, parts[i].IsZero())
	}
	return out
}

// powerOfTen returns 10ⁿ, for n below 78.
func powerOfTen(n int) chains.Amount {
	p := chains.Units(1)
	for range n {
		p, _ = p.MulDiv(chains.Units(10), chains.Units(1))
	}
	return p
}

// brief writes an amount with its symbol.
func (a *Assets) brief(u Unit, amount chains.Amount) string {
	return a.briefNumber(u, amount) + "\u00a0" + a.briefSymbol(u)
}

// briefParts is parts, in brief.
func (a *Assets) briefParts(s Sums) []string {
	var parts []string
	for _, w := range a.writings(s) {
		parts = append(parts, w.brief)
	}
	return parts
}

// writing is an amount in brief, and exact.
type writing struct{ brief, full string }

func (a *Assets) write(u Unit, amount chains.Amount) writing {
	return writing{a.brief(u, amount), a.format(u, amount)}
}

// of writes a part of a movement: "3.00 of 4.00 MATIC".
func (a *Assets) of(u Unit, part, whole chains.Amount) writing {
	if part.Cmp(whole) == 0 {
		return a.write(u, part)
	}
	return writing{a.briefNumber(u, part) + " of " + a.brief(u, whole), a.number(u, part) + " of " + a.format(u, whole)}
}

// writings writes the amounts of s that are not 0; one that stands alone even then.
func (a *Assets) writings(s Sums) []writing {
	var out []writing
	for _, e := range s {
		if !e.Units.IsZero() || len(s) == 1 {
			out = append(out, a.write(e.unit(), e.Units))
		}
	}
	return out
}

// series joins parts as a sentence does: "a, b and c".
func series(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}

// legend explains the names that drawings use for tokens, in the order of their symbols:
// "START = 0x6Ccf12…4A7E72 (polygon)".
func (a *Assets) legend() []string {
	var out []string
	for u, n := range a.names {
		if n.brief != "" && n.brief != n.symbol {
			out = append(out, fmt.Sprintf("%s = %s on %s", n.brief, shortAsset(u.Asset), visible(string(u.Chain))))
		}
	}
	slices.Sort(out)
	return out
}
