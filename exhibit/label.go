package exhibit

import (
	"fmt"
	"strings"

	"clew/tracer"
)

// arrowLines is the text on an arrow: numbers and dates above the line, the amount below.
func (a *artist) arrowLines(ar *Arrow) []line {
	var above []string
	switch {
	case len(ar.Hops) > 0:
		above = append(above, hopNumbers(a.d.Trace, ar.Hops))
	case len(ar.Gives) > 0:
		above = append(above, hopNumbers(a.d.Trace, ar.Gives))
	case ar.Seeds > 0:
		above = append(above, receipts(ar.Seeds))
	case ar.Feeds > 0:
		above = append(above, "input")
	}
	if ar.Back {
		above = append(above, "comes back")
	}
	if ar.Feeds == 0 && ar.First != "" {
		above = append(above, dates(ar.First, ar.Last))
	}
	amount := writing{brief: "amount not divided"}
	if ar.Known {
		amount = a.d.Assets.of(ar.unit(), ar.Traced, ar.Units)
	}
	return []line{{s: strings.Join(above, "  ·  "), bold: ar.Feeds == 0, grey: Black}, {s: amount.brief, full: amount.full}}
}

func receipts(n int) string {
	if n == 1 {
		return "receipt"
	}
	return count(n, "receipt")
}

func dates(first, last string) string {
	if day(first) == day(last) {
		return day(first)
	}
	return day(first) + " – " + day(last)
}

// hopNumbers writes hop numbers as they stand in schedule A: up to three, else the first
// and the last with how many there are.
func hopNumbers(t *tracer.Trace, hops []int) string {
	num := func(i int) string { return fmt.Sprint(t.Hops[i].Number) }
	if len(hops) == 1 {
		return "hop " + num(hops[0])
	}
	if len(hops) <= 3 {
		parts := make([]string, len(hops))
		for i, h := range hops {
			parts[i] = num(h)
		}
		return "hops " + strings.Join(parts, ", ")
	}
	return fmt.Sprintf("hops %s … %s (%d)", num(hops[0]), num(hops[len(hops)-1]), len(hops))
}
