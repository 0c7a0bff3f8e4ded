package exhibit

import (
	"fmt"
	"strings"

	"clew/exhibit/scene"
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
	ls := []line{{s: strings.Join(above, "  ·  "), bold: ar.Feeds == 0, grey: scene.Black}}
	if link := a.found.linkWords(ar.Hops); link != "" {
		ls = append(ls, line{s: link, grey: scene.Black})
	}
	return append(ls, line{s: amount.brief, full: amount.full})
}

// linkWords says in how many of the ways in which a mix can be read the hops, indexes, are linked
// to what was traced into it: "linked in 16.6 % of the readings"; "" where none says.
func (f *Findings) linkWords(hops []int) string {
	least, most, said := 0, 0, false
	for _, i := range hops {
		for _, g := range f.Of(&f.t.Hops[i]) {
			if g.LinkPPM == nil {
				continue
			}
			if !said {
				least, most, said = *g.LinkPPM, *g.LinkPPM, true
			}
			least, most = min(least, *g.LinkPPM), max(most, *g.LinkPPM)
		}
	}
	switch {
	case !said:
		return ""
	case least == most:
		return "linked in " + percent(least) + " of the readings"
	}
	return "linked in " + percent(least) + " to " + percent(most) + " of the readings"
}

// percent writes millionths as a percentage, cut to one decimal: what is not certain is never 100 %.
func percent(ppm int) string { return fmt.Sprintf("%d.%d\u00a0%%", ppm/10_000, ppm/1000%10) }

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
