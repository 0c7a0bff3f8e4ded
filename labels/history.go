package labels

import (
	"slices"
	"strings"
	"time"

	"clew/chains"
)

// History returns all labels of an address on a chain, also those that nobody makes any more. What
// one edition after the other of a source says alike is one label: the latest one, made since the
// first.
func (s *Set) History(chain chains.Chain, a chains.Address) []Label {
	var out []Label
	s.each(string(chain), string(a), func(l *live, p *Pack, i int) { out = follow(out, l.label(p, i)) })
	return out
}

// follow appends l to labels of its address, in place of what it goes on with.
func follow(before []Label, l Label) []Label {
	for i := range before {
		b := &before[i]
		if b.pack != l.pack && b.Edition.SameSource(l.Edition) && !b.Until.IsZero() && !b.Until.Before(l.Since) && b.says(&l) {
			if b.Since.Before(l.Since) {
				l.Since = b.Since
			}
			return append(slices.Delete(before, i, i+1), l)
		}
	}
	return append(before, l)
}

// says reports whether two labels claim the same, whatever their editions and when it was last
// changed.
func (l *Label) says(other *Label) bool {
	x, y := *l.Claim, *other.Claim
	x.LastMod, y.LastMod = time.Time{}, time.Time{}
	return claimKey(&x) == claimKey(&y) && l.Text == other.Text && l.Context == other.Context
}

// Elsewhere returns all labels of an address as written on chains that this program does not know.
func (s *Set) Elsewhere(text string) []Label {
	var names []string
	for name := range s.chains {
		if strings.HasPrefix(name, foreignMark) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var out []Label
	for _, name := range names {
		s.each(name, text, func(l *live, p *Pack, i int) { out = append(out, l.label(p, i)) })
	}
	return out
}
