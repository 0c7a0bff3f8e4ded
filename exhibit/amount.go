package exhibit

import (
	"sort"
	"strings"

	"clew/chains"
)

// unit is what an amount is counted in.
type unit struct {
	chain chains.Chain
	asset chains.Asset
}

// decimals returns how many digits of an amount in u stand behind the point: those of the
// chain's coin; 0 for a token, whose own claim about its decimals a trace does not carry.
func (u unit) decimals() int {
	if u.asset == chains.Native {
		return u.chain.Info().Decimals
	}
	return 0
}

// symbol returns how people write u: "BTC", or "units of 0x1234…abcd".
func (u unit) symbol() string {
	if u.asset == chains.Native && u.chain.Info().Symbol != "" {
		return u.chain.Info().Symbol
	}
	if u.asset == chains.Native {
		return "units of " + visible(string(u.chain))
	}
	return "units of " + shorten(visible(string(u.asset)))
}

// plain writes a as an exact decimal number without grouping: "1234.50000000". Up to 8
// decimals are always printed; of more, trailing zeros beyond the second are left out.
func (u unit) plain(a chains.Amount) string {
	whole, frac := splitDecimal(a.String(), u.decimals())
	if frac == "" {
		return whole
	}
	return whole + "." + frac
}

// format writes a for people, with its symbol: "1 234.50000000 BTC". The digits of the
// whole part are grouped by three with thin spaces; nothing is rounded.
func (u unit) format(a chains.Amount) string { return u.number(a) + "\u00a0" + u.symbol() }

// number is format without the symbol.
func (u unit) number(a chains.Amount) string {
	whole, frac := splitDecimal(a.String(), u.decimals())
	whole = groupThousands(whole)
	if frac == "" {
		return whole
	}
	return whole + "." + frac
}

func splitDecimal(digits string, decimals int) (whole, frac string) {
	if decimals <= 0 {
		return digits, ""
	}
	if len(digits) <= decimals {
		digits = strings.Repeat("0", decimals-len(digits)+1) + digits
	}
	whole, frac = digits[:len(digits)-decimals], digits[len(digits)-decimals:]
	if decimals > 8 {
		frac = strings.TrimRight(frac, "0")
		for len(frac) < 2 {
			frac += "0"
		}
	}
	return whole, frac
}

// thinSpace groups digits; a line never breaks there.
const thinSpace = "\u202f"

func groupThousands(digits string) string {
	var b strings.Builder
	for i, c := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(thinSpace)
		}
		b.WriteRune(c)
	}
	return b.String()
}

// Sum is an amount of one asset.
type Sum struct {
	Chain chains.Chain
	Asset chains.Asset
	Units chains.Amount
}

func (s Sum) unit() unit { return unit{s.Chain, s.Asset} }

// Sums are amounts by asset, in the order in which the assets were met; assets never add
// to each other. Entries of 0 are kept.
type Sums []Sum

// add returns s with a added to its entry for u.
func (s Sums) add(u unit, a chains.Amount) Sums {
	for i := range s {
		if s[i].unit() == u {
			s[i].Units = s[i].Units.Plus(a)
			return s
		}
	}
	return append(s, Sum{u.chain, u.asset, a})
}

func (s Sums) addAll(t Sums) Sums {
	for _, e := range t {
		s = s.add(e.unit(), e.Units)
	}
	return s
}

// of returns the entry for u; 0 where there is none.
func (s Sums) of(u unit) chains.Amount {
	for _, e := range s {
		if e.unit() == u {
			return e.Units
		}
	}
	return chains.Amount{}
}

// isZero reports whether every entry is 0.
func (s Sums) isZero() bool {
	for _, e := range s {
		if !e.Units.IsZero() {
			return false
		}
	}
	return true
}

// Equal reports whether s and t hold the same amounts, in whatever order.
func (s Sums) Equal(t Sums) bool {
	for _, e := range append(append(Sums(nil), s...), t...) {
		if s.of(e.unit()).Cmp(t.of(e.unit())) != 0 {
			return false
		}
	}
	return true
}

// String writes the amounts one after another: "1.50000000 BTC + 3 units of 0x…".
func (s Sums) String() string {
	parts := make([]string, 0, len(s))
	for _, e := range s {
		if !e.Units.IsZero() || len(s) == 1 {
			parts = append(parts, e.unit().format(e.Units))
		}
	}
	if len(parts) == 0 {
		return "0"
	}
	return strings.Join(parts, " + ")
}

// sortedKeys returns the keys of m in ascending order.
func sortedKeys[K ~string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool { return keys[i] < keys[j] })
	return keys
}
