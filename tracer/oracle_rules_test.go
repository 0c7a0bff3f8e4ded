package tracer_test

import (
	"math/big"
	"sort"

	"clew/tracer"
)

// take removes w units from pot as the rule says and returns them in the order in which
// they left.
func take(r tracer.Rule, pot *[]unit, w int, seeds int) []unit {
	if r == tracer.ProRata {
		return takeShares(pot, w, seeds)
	}
	var out []unit
	for range w {
		i := pick(r, *pot)
		out = append(out, (*pot)[i])
		*pot = append(append([]unit(nil), (*pot)[:i]...), (*pot)[i+1:]...)
	}
	return out
}

// pick returns the index of the unit that leaves first.
func pick(r tracer.Rule, pot []unit) int {
	first := func(tainted bool) int {
		for i, u := range pot {
			if (u != untainted) == tainted {
				return i
			}
		}
		return 0
	}
	switch r {
	case tracer.FIFO:
		return 0
	case tracer.LIFO:
		return len(pot) - 1
	case tracer.LIBR:
		return first(false)
	case tracer.PIFO, tracer.TIHO:
		return first(true)
	}
	panic("no such rule")
}

// takeShares is prorata by its formula: floor(source·w/T) of each source, the units that
// remain to the largest fractions, ties to the earlier seed, clean last.
func takeShares(pot *[]unit, w int, seeds int) []unit {
	total := int64(len(*pot))
	if w == 0 || total == 0 {
		return nil
	}
	type share struct {
		source   unit
		floor    int64
		fraction *big.Rat
	}
	var shares []share
	given := int64(0)
	for s := range seeds + 1 {
		source := unit(s)
		if s == seeds {
			source = untainted
		}
		exact := new(big.Rat).SetFrac(big.NewInt(count(*pot, source)*int64(w)), big.NewInt(total))
		floor := new(big.Int).Quo(exact.Num(), exact.Denom())
		given += floor.Int64()
		shares = append(shares, share{source, floor.Int64(), exact.Sub(exact, new(big.Rat).SetInt(floor))})
	}
	order := append([]share(nil), shares...)
	sort.SliceStable(order, func(i, j int) bool { return order[i].fraction.Cmp(order[j].fraction) > 0 })
	for i := range int64(w) - given {
		for j := range shares {
			if shares[j].source == order[i].source {
				shares[j].floor++
			}
		}
	}
	var out []unit
	for _, s := range shares {
		for range s.floor {
			for i, u := range *pot {
				if u == s.source {
					out = append(out, u)
					*pot = append(append([]unit(nil), (*pot)[:i]...), (*pot)[i+1:]...)
					break
				}
			}
		}
	}
	return out
}

func count(pot []unit, source unit) (n int64) {
	for _, u := range pot {
		if u == source {
			n++
		}
	}
	return n
}

func tainted(pot []unit) int { return len(pot) - int(count(pot, untainted)) }
