package exhibit

import (
	"sort"
	"strings"

	"clew/chains"
)

// Unit is what amounts are counted in: amounts of two units never add.
type Unit struct {
	Chain chains.Chain
	Asset chains.Asset
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

// hardSpace stands between an amount and its symbol; a line never breaks there either.
const hardSpace = "\u00a0"

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

func (s Sum) unit() Unit { return Unit{s.Chain, s.Asset} }

// Sums are amounts by asset, in the order in which the assets were met; assets never add
// to each other. Entries of 0 are kept.
type Sums []Sum

// add returns s with a added to its entry for u.
func (s Sums) add(u Unit, a chains.Amount) Sums {
	for i := range s {
		if s[i].unit() == u {
			s[i].Units = plus(s[i].Units, a)
			return s
		}
	}
	return append(s, Sum{u.Chain, u.Asset, a})
}

func (s Sums) addAll(t Sums) Sums {
	for _, e := range t {
		s = s.add(e.unit(), e.Units)
	}
	return s
}

// of returns the entry for u; 0 where there is none.
func (s Sums) of(u Unit) chains.Amount {
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

// String writes the amounts for messages, native coins with their symbol and tokens in whole
// units. What people read of a trace is written by its Assets.
func (s Sums) String() string { return (&Assets{}).sums(s) }

// sortedKeys returns the keys of m in ascending order.
func sortedKeys[K ~string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool { return keys[i] < keys[j] })
	return keys
}
