package screen

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"clew/chains"
	"clew/tracer"
)

// Decide fills Outcome, Action, Fired, Score, Rule and Says from everything else that v holds. What
// must be there before: Outcome is NotCovered or Failed where that is so; anything else, also what an
// earlier call made of it, counts as Clear. The order is fixed, and that of the exposures does not matter:
//
//  1. Rules with the action allow that are in force take out what fits them.
//  2. Each other rule sums, for each asset and each rule of accounting by which the policy decides, the
//     exposures that fit it, or for the category unknown what nothing explains. It fires where one sum
//     reaches min_units, min_share and the policy's dust limit; what is said of the subject's own
//     address fires it whatever the sums. Where a share is one of what was looked at alone, and there is
//     more (Value.Partial), a rule that asks for a share fires with review in place of block.
//  3. Outcome: an error stays one; else a rule that fired with review or block makes a match; else what
//     is not covered stays so; else it is clear.
//  4. Action: the gravest of those of the fired rules, of NotCovered and of Failed where these apply.
//
// More exposure never makes a verdict milder, but for what a rule allows, and that is told.
func (p *Policy) Decide(v *Verdict) {
	d := p.newDecision(v)
	v.Rule = string(p.DecideBy)
	v.Fired = []Fired{}
	action := Allow
	switch v.Outcome {
	case Failed:
		action = p.Failed
	case NotCovered:
		action = p.NotCovered
	default:
		v.Outcome = Clear
	}
	for i := range p.Rules {
		f, fired := d.fire(&p.Rules[i])
		if !fired {
			continue
		}
		v.Fired = append(v.Fired, f)
		action = graver(action, f.Action)
		if f.Action != Allow && v.Outcome != Failed {
			v.Outcome = Match
		}
	}
	v.Action = action
	v.Caution = ""
	if v.Outcome == Match {
		v.Caution = caution
	}
	d.notBlocked(v.Fired)
	v.Score = p.score(v, d.taken)
	v.Says = p.says(v)
}

// caution stands in every match.
const caution = "Each path is a chain of transactions that can be checked. It says what moved where, and nothing of who holds an address: whoever was paid over one may be innocent."

// notBlocked says of what fired with review, where nothing did with block, why nothing blocks.
func (d *decision) notBlocked(fired []Fired) {
	if slices.ContainsFunc(fired, func(f Fired) bool { return f.Action == Block }) {
		return
	}
	for i := range fired {
		f := &fired[i]
		if f.Action != Review {
			continue
		}
		var best *Rule
		var lacks []string
		var near nearness
		for k := range d.p.Rules {
			r := &d.p.Rules[k]
			if r.Action != Block || !d.about(r, f.Exposures) {
				continue
			}
			if l, n := d.lacks(r); best == nil || n.compare(near) < 0 {
				best, lacks, near = r, l, n
			}
		}
		if best != nil {
			f.NotBlock = best.ID + ": " + strings.Join(lacks, "; ")
		}
	}
}

// about reports whether a rule is about the category of one of some exposures.
func (d *decision) about(r *Rule, exposures []int) bool {
	return slices.ContainsFunc(exposures, func(i int) bool { return r.takes(d.v.Exposure[i].Category) })
}

// graver returns the graver of two actions.
func graver(a, b Action) Action {
	order := []Action{Allow, Review, Block}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

// decision is one verdict that is being decided.
type decision struct {
	p     *Policy
	v     *Verdict
	asOf  time.Time // of the last block of the subject's chain; zero: none is pinned
	taken []bool    // the exposures that a rule allows; nil: none
}

func (p *Policy) newDecision(v *Verdict) *decision {
	d := &decision{p: p, v: v, asOf: pinnedTime(v)}
	for i := range p.Rules {
		r := &p.Rules[i]
		if r.Action != Allow || d.idle(r) != "" {
			continue
		}
		for j := range v.Exposure {
			if r.fits(v, &v.Exposure[j]) {
				if d.taken == nil {
					d.taken = make([]bool, len(v.Exposure))
				}
				d.taken[j] = true
			}
		}
	}
	return d
}

// pinnedTime returns the time of the last block of the subject's chain.
func pinnedTime(v *Verdict) time.Time {
	for i := range v.Pins.Blocks {
		if v.Pins.Blocks[i].Chain == v.Subject.Chain {
			if at, err := time.Parse(time.RFC3339, v.Pins.Blocks[i].Time); err == nil {
				return at
			}
		}
	}
	return time.Time{}
}

// sum is what of the subject's value in one asset fits a rule, under one rule of accounting.
type sum struct {
	value      *Value // nil: the verdict has no value of it
	chain      chains.Chain
	asset      chains.Asset
	accounting tracer.Rule
	units      chains.Amount
	ppm        int64
	exposures  []int
}

// sums returns, for each asset and each rule of accounting that decides, the exposures that fit a rule,
// and the indices of those that are said of an own address. skip marks exposures that are left out.
func (d *decision) sums(r *Rule, skip []bool) (sums []sum, own []int) {
	if slices.Contains(r.Categories, Unknown) {
		return d.unknown(r), nil
	}
	var fitting []int
	for i := range d.v.Exposure {
		e := &d.v.Exposure[i]
		switch {
		case skip != nil && skip[i] || !r.fits(d.v, e):
		case e.said():
			own = append(own, i)
		default:
			fitting = append(fitting, i)
		}
	}
	if fitting == nil {
		return nil, own
	}
	for _, accounting := range d.p.DecideBy.rules() {
		sums = append(sums, d.sumsBy(accounting, fitting)...)
	}
	return sums, own
}

// said reports whether e is said of the subject's own address, whatever its amounts. What an incident traces to
// a subject of which it is asked where its value goes has amounts.
func (e *Exposure) said() bool { return e.Distance == Own && e.Incident == "" }

// unknown returns what nothing explains, in each asset.
func (d *decision) unknown(r *Rule) []sum {
	var out []sum
	for _, accounting := range d.p.DecideBy.rules() {
		for i := range d.v.Value {
			value := &d.v.Value[i]
			if among(r.Chains, value.Chain) == no || among(r.Assets, value.Asset) == no {
				continue
			}
			units := value.Unknown.Of(accounting)
			out = append(out, sum{value, value.Chain, value.Asset, accounting, units, shareOf(units, value.Units), nil})
		}
	}
	return out
}

// sumsBy returns the sums of some exposures by asset under one rule of accounting, in the order of
// their chains and assets.
func (d *decision) sumsBy(accounting tracer.Rule, fitting []int) []sum {
	var out []sum
	for _, i := range fitting {
		e := &d.v.Exposure[i]
		at := slices.IndexFunc(out, func(s sum) bool { return s.chain == e.Chain && s.asset == e.Asset })
		if at < 0 {
			at = len(out)
			out = append(out, sum{value: d.v.valueIn(e.Chain, e.Asset), chain: e.Chain, asset: e.Asset, accounting: accounting})
		}
		out[at].add(e.Units.Of(accounting))
		out[at].exposures = append(out[at].exposures, i)
	}
	for i := range out {
		out[i].ppm = shareOf(out[i].units, out[i].whole())
	}
	slices.SortFunc(out, func(a, b sum) int {
		return cmp.Or(strings.Compare(string(a.chain), string(b.chain)), strings.Compare(string(a.asset), string(b.asset)))
	})
	return out
}

// add adds an amount. A sum is never above the value that it is of, nor what an amount can hold.
func (s *sum) add(units chains.Amount) {
	total, err := s.units.Add(units)
	if err != nil {
		total = chains.Max(s.units, units)
	}
	if s.value != nil {
		total = chains.Min(total, s.value.Units)
	}
	s.units = total
}

// whole is the value of the subject in the asset; what the sum is where the verdict does not have it.
func (s *sum) whole() chains.Amount {
	if s.value == nil {
		return s.units
	}
	return s.value.Units
}

// valueIn returns the value of the subject in an asset; nil if there is none.
func (v *Verdict) valueIn(chain chains.Chain, asset chains.Asset) *Value {
	for i := range v.Value {
		if v.Value[i].Chain == chain && v.Value[i].Asset == asset {
			return &v.Value[i]
		}
	}
	return nil
}

// reaches reports whether a sum is what a rule asks for.
func (d *decision) reaches(r *Rule, s *sum) bool {
	return !s.units.IsZero() && !s.units.Less(r.MinUnits[s.chain][s.asset]) &&
		s.ppm >= r.MinShare && !s.units.Less(d.p.Dust[s.chain][s.asset])
}

// partOfUnknown reports whether r asks for a share that s is not known to have: there is more to the subject
// than was looked at, so that the share of all is smaller. Of what nothing explains it is larger.
func (s *sum) partOfUnknown(r *Rule) bool {
	return r.MinShare > 0 && s.exposures != nil && s.value != nil && s.value.Partial
}

// fire returns the entry of a rule, and whether it fired.
func (d *decision) fire(r *Rule) (Fired, bool) {
	if d.idle(r) != "" {
		return Fired{}, false
	}
	if r.Action == Allow {
		return d.allow(r)
	}
	sums, own := d.sums(r, d.taken)
	var told *sum
	for i := range sums {
		if s := &sums[i]; d.reaches(r, s) && (told == nil || s.ppm > told.ppm) {
			told = s
		}
	}
	if told == nil && len(own) == 0 {
		return Fired{}, false
	}
	f := r.entry()
	f.Exposures = append(f.Exposures, own...)
	sure := len(own) > 0
	for i := range sums {
		if s := &sums[i]; d.reaches(r, s) {
			sure = sure || !s.partOfUnknown(r)
			f.Exposures = append(f.Exposures, s.exposures...)
			f.Sums = append(f.Sums, Sum{s.chain, s.asset, s.accounting.String(), s.units, s.ppm})
		}
	}
	if !sure && f.Action == Block {
		f.Action = Review
	}
	slices.Sort(f.Exposures)
	f.Exposures = slices.Compact(f.Exposures)
	var room [256]byte
	f.Says = string(d.appendFired(room[:0], own, told))
	return f, true
}

// entry returns what the entry of a rule says whether or not it fired.
func (r *Rule) entry() Fired {
	f := Fired{Rule: r.ID, Line: r.Line, Action: r.Action, Categories: r.Categories, Reason: r.Reason, Exposures: []int{}}
	if f.Categories == nil {
		f.Categories = []Category{}
	}
	return f
}

// allow returns the entry of a rule that takes exposures out: which, and which rules fired with them.
func (d *decision) allow(r *Rule) (Fired, bool) {
	var exposures []int
	for i := range d.v.Exposure {
		if r.fits(d.v, &d.v.Exposure[i]) {
			exposures = append(exposures, i)
		}
	}
	if exposures == nil {
		return Fired{}, false
	}
	f := r.entry()
	f.Exposures = exposures
	for i := range d.p.Rules {
		other := &d.p.Rules[i]
		if other.Action == Allow || d.idle(other) != "" {
			continue
		}
		if d.firesWith(other, d.taken) == nil && haveCommon(d.firesWith(other, nil), f.Exposures) {
			f.Withholds = append(f.Withholds, other.ID)
		}
	}
	f.Says = string(d.appendAllowed(nil, r, &f))
	return f, true
}

// firesWith returns the exposures that make a rule fire where some are left out; nil: it does not.
func (d *decision) firesWith(r *Rule, skip []bool) []int {
	sums, own := d.sums(r, skip)
	out := own
	for i := range sums {
		if d.reaches(r, &sums[i]) {
			out = append(out, sums[i].exposures...)
			if out == nil {
				out = []int{} // it is about what nothing explains
			}
		}
	}
	return out
}

func haveCommon(a, b []int) bool {
	return slices.ContainsFunc(a, func(i int) bool { return slices.Contains(b, i) })
}

// idle says why a rule does not count for this verdict, "" where it does.
func (d *decision) idle(r *Rule) string {
	switch {
	case among(r.Direction, d.v.Subject.Direction) == no:
		return "screened as " + string(d.v.Subject.Direction) + ", asks for " + listed(r.Direction)
	case r.Expires.IsZero():
		return ""
	case d.asOf.IsZero() && r.Action == Allow:
		return "it expires, and the verdict pins no block by whose time that could be told"
	case d.asOf.After(r.Expires):
		return "it expired on " + r.Expires.Format(time.RFC3339) + ", before the last block that was read"
	}
	return ""
}
