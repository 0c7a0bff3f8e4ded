package exhibit

import (
	"fmt"
	"strings"

	"clew/tracer"
)

// wideLabel is the width, in pixels, beyond which numbers and dates, or the parts of an amount, stand below
// each other: labels decide how long a drawing is.
const wideLabel = 140

// arrowLabel is the text on an arrow: numbers and dates above the line, the amount below.
func (a *artist) arrowLabel(ar *Arrow) (block, error) {
	above, err := a.besideOrBelow("  ·  ", line{s: a.arrowNumbers(ar), bold: ar.Feeds == 0}, line{s: arrowDates(ar), bold: ar.Feeds == 0})
	if err != nil {
		return block{}, err
	}
	if link := a.found.linkWords(ar.Hops); link != "" {
		above = append(above, line{s: link})
	}
	amount := writing{brief: "amount not divided"}
	if ar.Known {
		amount = a.d.Assets.of(ar.unit(), ar.Traced, ar.Units)
	}
	part, whole, divided := strings.Cut(amount.brief, " of ")
	if divided {
		whole = "of " + whole
	}
	below, err := a.besideOrBelow(" ", line{s: part}, line{s: whole})
	if err != nil {
		return block{}, err
	}
	b, err := newBlock(a.f, append(above, below...), 40, 0)
	b.above, b.say = len(above), spoken(above)+", "+line{s: amount.brief, full: amount.full}.say()
	return b, err
}

// besideOrBelow sets two texts in one line if that is not wide, else in two.
func (a *artist) besideOrBelow(between string, first, second line) ([]line, error) {
	if second.s == "" {
		return []line{first}, nil
	}
	one := first
	one.s += between + second.s
	if w, err := a.f.Measure(one.s, sizeText, one.bold); err != nil || w <= wideLabel {
		return []line{one}, err
	}
	second.bold = false
	return []line{first, second}, nil
}

// spoken are lines as a sentence has them.
func spoken(ls []line) string {
	words := make([]string, len(ls))
	for i, l := range ls {
		words[i] = l.say()
	}
	return strings.Join(words, ", ")
}

// arrowNumbers names what an arrow stands for.
func (a *artist) arrowNumbers(ar *Arrow) string {
	var parts []string
	switch {
	case len(ar.Hops) > 0:
		parts = append(parts, hopNumbers(a.d.Trace, ar.Hops))
	case len(ar.Gives) > 0:
		parts = append(parts, hopNumbers(a.d.Trace, ar.Gives))
	case ar.Seeds > 0:
		parts = append(parts, receipts(ar.Seeds))
	case ar.Feeds > 0:
		parts = append(parts, "input")
	}
	if ar.Back {
		parts = append(parts, "comes back")
	}
	return strings.Join(parts, "  ·  ")
}

// arrowDates is when what an arrow stands for happened.
func arrowDates(ar *Arrow) string {
	if ar.Feeds > 0 || ar.First == "" {
		return ""
	}
	return dates(ar.First, ar.Last)
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
