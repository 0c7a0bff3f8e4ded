package screen

import (
	"cmp"
	"fmt"
	"slices"

	"clew/chains"
)

// How near a rule came that did not fire, the nearest first.
const (
	nearAmount    = iota // only the amount is too small, by half at most, or a rule allows it
	nearCondition        // something of its category is there, and does not fit
	nearSmall            // the amount is less than half of what it asks for
	nearNothing          // nothing of its category is there
	nearIdle             // it does not count for this subject, or has expired
)

// nearness orders rules that did not fire.
type nearness struct {
	class int
	// reached is how much of what it asks for is there, in parts of a million; missing how many
	// conditions the nearest exposure lacks.
	reached, missing int
}

// compare orders the nearer first.
func (a nearness) compare(b nearness) int {
	return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(b.reached, a.reached), cmp.Compare(a.missing, b.missing))
}

// Explain returns every rule of the policy: those that fired as Decide tells them, in the order of the
// file, and behind them the others with what each lacks, the nearest first; of two that are as near, the
// earlier in the file. v is a verdict that this policy decided.
func (p *Policy) Explain(v *Verdict) []Fired {
	d := p.newDecision(v)
	type missed struct {
		Fired
		near nearness
	}
	out := make([]Fired, 0, len(p.Rules))
	var others []missed
	for i := range p.Rules {
		f, fired := d.fire(&p.Rules[i])
		if fired {
			out = append(out, f)
			continue
		}
		m := missed{Fired: p.Rules[i].entry()}
		m.Lacks, m.near = d.lacks(&p.Rules[i])
		others = append(others, m)
	}
	d.notBlocked(out)
	slices.SortStableFunc(others, func(a, b missed) int {
		return a.near.compare(b.near)
	})
	for i := range others {
		out = append(out, others[i].Fired)
	}
	return out
}

// lacks returns what a rule that did not fire lacks.
func (d *decision) lacks(r *Rule) ([]string, nearness) {
	if why := d.idle(r); why != "" {
		return []string{why}, nearness{class: nearIdle}
	}
	if r.Action != Allow {
		if allowedBy := d.withheldBy(r); allowedBy != "" {
			return []string{"what would fire it is allowed by rule " + allowedBy}, nearness{class: nearAmount, reached: Million}
		}
		if sums, _ := d.sums(r, d.taken); len(sums) > 0 {
			return d.lacksAmount(r, sums)
		}
	}
	return d.lacksCondition(r)
}

// withheldBy returns the first rule that allows what would fire r; "" if there is none.
func (d *decision) withheldBy(r *Rule) string {
	if d.taken == nil {
		return ""
	}
	would := d.firesWith(r, nil)
	for i := range d.p.Rules {
		other := &d.p.Rules[i]
		if other.Action != Allow || d.idle(other) != "" {
			continue
		}
		for _, j := range would {
			if other.fits(d.v, &d.v.Exposure[j]) {
				return other.ID
			}
		}
	}
	return ""
}

// lacksAmount returns what the sum lacks that comes nearest.
func (d *decision) lacksAmount(r *Rule, sums []sum) ([]string, nearness) {
	var lacks []string
	best := -1
	for i := range sums {
		what, reached := d.short(r, &sums[i])
		if reached > best {
			lacks, best = what, reached
		}
	}
	if best < Million/2 {
		return lacks, nearness{class: nearSmall, reached: best}
	}
	return lacks, nearness{class: nearAmount, reached: best}
}

// short says what a sum lacks, and how much of what is asked for it reaches at the condition that
// lacks the most, in parts of a million.
func (d *decision) short(r *Rule, s *sum) (lacks []string, reached int) {
	reached = Million
	about := fmt.Sprintf("%s by %s: ", r.about(), s.accounting)
	amount := func(least chains.Amount, kind string) {
		if s.units.Less(least) {
			lacks = append(lacks, about+d.coins(s, s.units)+", "+kind+" "+d.coins(s, least))
			reached = min(reached, int(shareOf(s.units, least)))
		}
	}
	if s.units.IsZero() {
		return []string{about + "nothing"}, 0
	}
	if s.ppm < r.MinShare {
		lacks = append(lacks, fmt.Sprintf("%sshare %s, asks for %s", about, percent(s.ppm), percent(r.MinShare)))
		reached = min(reached, int(s.ppm*Million/r.MinShare))
	} else if s.partOfUnknown(r) {
		lacks = append(lacks, fmt.Sprintf("%sits share of all that there is, of which not all was looked at, asks for %s", about, percent(r.MinShare)))
	}
	amount(r.MinUnits[s.chain][s.asset], "asks for")
	amount(d.p.Dust[s.chain][s.asset], "below the dust limit of")
	return lacks, reached
}

func (d *decision) coins(s *sum, units chains.Amount) string {
	return string(appendCoins(nil, d.v, s.chain, s.asset, units))
}

func percent(ppm int64) string { return string(appendPercent(nil, ppm)) }

// categories writes what a rule is about.
func (r *Rule) categories() string {
	if len(r.Categories) == 0 {
		return "any category"
	}
	return listed(r.Categories)
}

// about says what a rule sums.
func (r *Rule) about() string {
	if len(r.Distance) == 0 {
		return r.categories()
	}
	return listed(r.Distance) + " " + r.categories()
}

// lacksCondition returns what the exposure of the rule's category lacks that comes nearest: the one that
// lacks the fewest conditions, of those the first.
func (d *decision) lacksCondition(r *Rule) ([]string, nearness) {
	var best []string
	for i := range d.v.Exposure {
		e := &d.v.Exposure[i]
		if !r.takes(e.Category) {
			continue
		}
		misses := r.misses(d.v, e)
		if d.taken != nil && d.taken[i] {
			misses = append(misses, "a rule allows it")
		}
		if best == nil || len(misses) < len(best) {
			best = misses
			best[0] = string(e.Category) + ": " + best[0]
		}
	}
	switch {
	case slices.Contains(r.Categories, Unknown):
		return []string{"the subject has no value in an asset that it is for"}, nearness{class: nearNothing}
	case best == nil:
		return []string{"nothing of " + r.categories() + " was found"}, nearness{class: nearNothing}
	}
	return best, nearness{class: nearCondition, missing: len(best)}
}
