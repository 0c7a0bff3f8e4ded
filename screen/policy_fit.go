package screen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"clew/chains"
)

// told is how far a condition is met.
type told uint8

const (
	no     told = iota
	untold      // the exposure does not say
	yes
)

func tell(met bool) told {
	if met {
		return yes
	}
	return no
}

// condition is one that a rule has for single exposures: whether it is met, and what is lacking where
// it is not.
type condition struct {
	met   func(*Rule, *Verdict, *Exposure) told
	lacks func(*Rule, *Verdict, *Exposure) string
}

// conditions are in the order in which they are told.
var conditions = []condition{
	{
		func(r *Rule, _ *Verdict, e *Exposure) told { return among(r.Distance, e.Distance) },
		func(r *Rule, _ *Verdict, e *Exposure) string {
			return fmt.Sprintf("it is %s, asks for %s", e.Distance, listed(r.Distance))
		},
	},
	{
		func(r *Rule, _ *Verdict, e *Exposure) told { return among(r.Chains, e.Chain) },
		func(r *Rule, _ *Verdict, e *Exposure) string {
			return fmt.Sprintf("it is on %s, asks for %s", e.Chain, listed(r.Chains))
		},
	},
	{
		func(r *Rule, _ *Verdict, e *Exposure) told { return among(r.Assets, e.Asset) },
		func(r *Rule, _ *Verdict, e *Exposure) string {
			return fmt.Sprintf("it is of asset %s, asks for %s", e.Asset, listed(r.Assets))
		},
	},
	{
		func(r *Rule, _ *Verdict, e *Exposure) told { return tell(r.MaxHops == 0 || e.Hops <= r.MaxHops) },
		func(r *Rule, _ *Verdict, e *Exposure) string {
			return fmt.Sprintf("it is %s away, asks for at most %d", counted(e.Hops, "hop"), r.MaxHops)
		},
	},
	{
		func(r *Rule, _ *Verdict, e *Exposure) told { return among(r.KnownBy, e.KnownBy) },
		func(r *Rule, _ *Verdict, e *Exposure) string {
			return fmt.Sprintf("it is known by %s, asks for %s", e.KnownBy, listed(r.KnownBy))
		},
	},
	{
		func(r *Rule, _ *Verdict, e *Exposure) told { return wordAmong(r.Bases, e.Basis) },
		func(r *Rule, _ *Verdict, e *Exposure) string {
			return fmt.Sprintf("it rests on %s, asks for %s", orNothing(e.Basis), listed(r.Bases))
		},
	},
	{
		func(r *Rule, _ *Verdict, e *Exposure) told { return wordAmong(r.Evidence, e.Evidence) },
		func(r *Rule, _ *Verdict, e *Exposure) string {
			return fmt.Sprintf("its evidence is %s, asks for %s", orNothing(e.Evidence), listed(r.Evidence))
		},
	},
	{
		func(r *Rule, _ *Verdict, e *Exposure) told { return among(r.Incidents, e.Incident) },
		func(r *Rule, _ *Verdict, e *Exposure) string {
			return fmt.Sprintf("it is of incident %s, asks for %s", orNothing(e.Incident), listed(r.Incidents))
		},
	},
	{
		func(r *Rule, _ *Verdict, e *Exposure) told { return among(r.Entities, e.Entity) },
		func(r *Rule, _ *Verdict, e *Exposure) string {
			return fmt.Sprintf("it is of entity %s, asks for %s", orNothing(e.Entity), listed(r.Entities))
		},
	},
	{addressMet, func(r *Rule, _ *Verdict, _ *Exposure) string {
		return fmt.Sprintf("none of %s listed by the rule was seen behind it", counted(len(r.Addresses), "address"))
	}},
	{whenMet, func(r *Rule, _ *Verdict, _ *Exposure) string {
		return fmt.Sprintf("no claim of it held at the time asked for: %s", r.When)
	}},
	{datesMet, func(r *Rule, _ *Verdict, _ *Exposure) string {
		return "its movements are of another time, asks for " + timeSpan(r.From, r.Until)
	}},
}

// fits reports whether an exposure meets every condition of a rule that is about single exposures. In
// doubt it fits what reviews and blocks, and does not fit what allows.
func (r *Rule) fits(v *Verdict, e *Exposure) bool {
	if !r.takes(e.Category) {
		return false
	}
	for i := range conditions {
		if !r.enough(conditions[i].met(r, v, e)) {
			return false
		}
	}
	return true
}

// misses returns what an exposure lacks to fit.
func (r *Rule) misses(v *Verdict, e *Exposure) []string {
	var out []string
	for i := range conditions {
		if !r.enough(conditions[i].met(r, v, e)) {
			out = append(out, conditions[i].lacks(r, v, e))
		}
	}
	return out
}

func (r *Rule) enough(t told) bool { return t == yes || t == untold && r.Action != Allow }

func (r *Rule) takes(c Category) bool {
	return len(r.Categories) == 0 || slices.Contains(r.Categories, c)
}

// among is met where the list is empty: it then asks for nothing.
func among[T comparable](list []T, value T) told {
	return tell(len(list) == 0 || slices.Contains(list, value))
}

// wordAmong is among for what an exposure writes as a word, "" where it does not say.
func wordAmong[T fmt.Stringer](list []T, word string) told {
	switch {
	case len(list) == 0:
		return yes
	case word == "":
		return untold
	}
	return tell(slices.ContainsFunc(list, func(t T) bool { return t.String() == word }))
}

// addressMet: for review and block one of the addresses must have been seen, for allow nothing else.
func addressMet(r *Rule, v *Verdict, e *Exposure) told {
	if len(r.Addresses) == 0 {
		return yes
	}
	inList := func(chain chains.Chain, a string) bool { return slices.Contains(r.Addresses, AddressOf{chain, a}) }
	if e.Distance == Own && inList(v.Subject.Chain, v.Subject.Address) {
		return yes
	}
	some, all := false, true
	see := func(chain chains.Chain, a string) {
		in := a != "" && inList(chain, a)
		some, all = some || in, all && in
	}
	for i := range e.Claims {
		see(e.Chain, e.Claims[i].Address)
	}
	for i := range e.Paths {
		if end := e.Paths[i].far(v.Subject.Direction); end != nil && len(e.Claims) == 0 {
			chain, a := end.Chain, end.From
			if v.Subject.Direction == Destination {
				a = end.To
			}
			see(chain, a)
		}
	}
	if r.Action == Allow { // more of them may have been left out of what the verdict shows
		return tell(some && all && e.More == 0 && len(e.Claims) < mostClaims)
	}
	return tell(some)
}

// far returns the step of a path that is the farthest from the subject; nil where it has none.
func (p *Path) far(d Direction) *Step {
	switch {
	case len(p.Steps) == 0:
		return nil
	case d == Destination:
		return &p.Steps[len(p.Steps)-1]
	}
	return &p.Steps[0]
}

// whenMet asks for one claim of the exposure's category that held at the time.
func whenMet(r *Rule, _ *Verdict, e *Exposure) told {
	if r.When == "" {
		return yes
	}
	claimed := false
	for i := range e.Claims {
		c := &e.Claims[i]
		if c.Category != e.Category {
			continue
		}
		claimed = true
		if r.When != AtPresent && c.AtTransaction || r.When != AtTransaction && c.Now {
			return yes
		}
	}
	if !claimed {
		return untold
	}
	return no
}

// datesMet asks for one path whose far end lies within the dates.
func datesMet(r *Rule, v *Verdict, e *Exposure) told {
	if r.From.IsZero() && r.Until.IsZero() {
		return yes
	}
	seen := 0
	for i := range e.Paths {
		far := e.Paths[i].far(v.Subject.Direction)
		if far == nil {
			continue
		}
		at, err := time.Parse(time.RFC3339, far.Time)
		if err != nil {
			continue
		}
		seen++
		within := !at.Before(r.From) && (r.Until.IsZero() || !at.After(r.Until))
		if within == (r.Action != Allow) { // one within is enough to fire, one outside to refuse
			return tell(within)
		}
	}
	if seen == 0 || seen < len(e.Paths) || e.More > 0 {
		return untold
	}
	return tell(r.Action == Allow)
}

func listed[T any](list []T) string {
	words := make([]string, len(list))
	for i, t := range list {
		words[i] = fmt.Sprint(t)
	}
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
	return strings.Join(words, "")
}

func orNothing(s string) string {
	if s == "" {
		return "nothing that is told"
	}
	return s
}

func counted(n int, noun string) string { return string(appendCounted(nil, n, noun)) }

func timeSpan(from, until time.Time) string {
	switch {
	case from.IsZero():
		return "until " + until.Format(time.RFC3339)
	case until.IsZero():
		return "from " + from.Format(time.RFC3339)
	}
	return "from " + from.Format(time.RFC3339) + " until " + until.Format(time.RFC3339)
}

// shareOf returns units of value in parts of a million, rounded down; all of it where the value is not
// known to be more.
func shareOf(units, value chains.Amount) int64 {
	if !units.Less(value) {
		if units.IsZero() {
			return 0
		}
		return Million
	}
	ppm, _ := units.MulDiv(chains.Units(Million), value)
	n, _ := ppm.Uint64()
	return int64(n)
}
