package screen

import (
	"cmp"
	"math/bits"
	"slices"
	"sort"
)

// stretch is a run of units in what lies at one place, or in the line in which value passes through a
// transaction: from lo up to, and without, hi. Spans are kept as they were asked for: where the same
// units are asked for twice, as by two receipts of an address of which one paid for the other, they
// count twice.
type stretch struct{ lo, hi uint64 }

// asked is how much of what lies at a place is to be explained, under the two rules.
type asked struct {
	fifo []stretch // which units
	pro  uint64    // how many
}

// first is how many units are asked for under FIFO.
func (a *asked) first() (sum uint64) {
	for _, s := range a.fifo {
		sum += s.hi - s.lo
	}
	return sum
}

// none reports whether nothing is asked for.
func (a *asked) none() bool { return a.pro == 0 && len(a.fifo) == 0 }

// carried is what is asked for under the rule that asks for more.
func (a *asked) carried() uint64 { return max(a.first(), a.pro) }

// add asks for s too. Runs that touch become one.
func (a *asked) add(s stretch) {
	if n := len(a.fifo); n > 0 && a.fifo[n-1].hi == s.lo {
		a.fifo[n-1].hi = s.hi
		return
	}
	a.fifo = append(a.fifo, s)
}

// line is the line of slots that value leaves in, or enters: slot i takes the units from offset[i] up
// to offset[i+1].
type line struct{ offset []uint64 }

// slots returns how many slots there are.
func (l *line) slots() int { return len(l.offset) - 1 }

// value returns the units of a slot.
func (l *line) value(i int) uint64 { return l.offset[i+1] - l.offset[i] }

// total returns the units of all slots.
func (l *line) total() uint64 { return l.offset[len(l.offset)-1] }

// newLine makes a line of the values; false where they add up to more than fits.
func newLine(n int, value func(int) uint64) (line, bool) {
	l := line{make([]uint64, n+1)}
	for i := range n {
		sum, over := bits.Add64(l.offset[i], value(i), 0)
		if over != 0 {
			return line{}, false
		}
		l.offset[i+1] = sum
	}
	return l, true
}

// cut gives each slot the part of the spans that lies in it, counted from the slot's own first unit.
func (l *line) cut(spans []stretch, give func(slot int, s stretch)) {
	for _, s := range spans {
		i := sort.Search(l.slots(), func(i int) bool { return l.offset[i+1] > s.lo })
		for ; i < l.slots() && l.offset[i] < s.hi; i++ {
			lo, hi := max(s.lo, l.offset[i]), min(s.hi, l.offset[i+1])
			if lo < hi {
				give(i, stretch{lo - l.offset[i], hi - l.offset[i]})
			}
		}
	}
}

// portion is what one slot gets of an amount that is divided in proportion.
type portion struct {
	slot       int
	rest, part uint64
}

// apportion divides units over the first n slots by their values: floor(units · value / total), and
// the units that are left to the largest fractions, ties to the earlier slot. So each slot gets less
// than one unit more or less than its exact part, and the sum is exact. portions is scratch.
func (l *line) apportion(units uint64, n int, portions []portion, give func(slot int, units uint64)) []portion {
	portions = portions[:0]
	total, left := l.offset[n], units
	if total == 0 || units == 0 {
		return portions
	}
	for i := range n {
		v := l.value(i)
		if v == 0 {
			continue
		}
		high, low := bits.Mul64(units, v)
		part, rest := bits.Div64(high, low, total) // v ≤ total, so that it fits
		left -= part
		portions = append(portions, portion{i, rest, part})
	}
	if left > 0 {
		byRest := slices.Clone(portions)
		slices.SortStableFunc(byRest, func(a, b portion) int { return cmp.Compare(b.rest, a.rest) })
		for _, s := range byRest[:left] {
			i, _ := slices.BinarySearchFunc(portions, s.slot, func(a portion, slot int) int { return cmp.Compare(a.slot, slot) })
			portions[i].part++
		}
	}
	for _, s := range portions {
		if s.part > 0 {
			give(s.slot, s.part)
		}
	}
	return portions
}
