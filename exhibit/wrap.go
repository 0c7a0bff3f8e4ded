package exhibit

import (
	"fmt"
	"slices"
)

const (
	// widestLine is the width, in pixels, beyond which a line of a box is broken: room for the title of a
	// fold of thousands and for an amount of 18 digits.
	widestLine = 260
	// mostParts is into how many lines a text is broken; what is longer ends in the number of a note under
	// the drawing that has all of it.
	mostParts = 3
)

// wrapped breaks lines of a box that are too wide, between words, or inside a word that is wider than a
// line.
func (a *artist) wrapped(lines []line) ([]line, error) {
	var out []line
	for _, l := range lines {
		parts, err := a.f.Wrap(l.s, widestLine, sizeText, l.bold)
		if err != nil {
			return nil, err
		}
		if len(parts) < 2 || l.tone != toneNone {
			out = append(out, l)
			continue
		}
		full := l.say()
		if len(parts) > mostParts {
			if parts, err = a.cutShort(parts, full, l.bold); err != nil {
				return nil, err
			}
		}
		for i, p := range parts {
			next := l
			next.s, next.full, next.goesOn = p, "", i > 0
			if i == 0 {
				next.full = full
			}
			out = append(out, next)
		}
	}
	return out, nil
}

// cutShort keeps mostParts lines, the last of which ends in the number of a note with the whole text. The
// level of a fold has no notes; there it ends in an ellipsis, and the tooltip has the whole.
func (a *artist) cutShort(parts []string, full string, bold bool) ([]string, error) {
	mark := "…"
	if a.fold == 0 {
		i := slices.Index(a.footnotes, full)
		if i < 0 {
			a.footnotes = append(a.footnotes, full)
			i = len(a.footnotes) - 1
		}
		mark = fmt.Sprintf("… (note %d)", i+1)
	}
	parts = slices.Clone(parts[:mostParts])
	last := []rune(parts[mostParts-1])
	for {
		w, err := a.f.Measure(string(last)+mark, sizeText, bold)
		if err != nil {
			return nil, err
		}
		if w <= widestLine || len(last) == 0 {
			parts[mostParts-1] = string(last) + mark
			return parts, nil
		}
		last = last[:len(last)-1]
	}
}

// footnoteLines are the texts that boxes are too small for.
func (a *artist) footnoteLines() []string {
	var out []string
	for i, text := range a.footnotes {
		out = append(out, fmt.Sprintf("Note %d: %s", i+1, text))
	}
	return out
}
