package exhibit

import (
	"cmp"
	"slices"

	"clew/tracer"
)

// allRuns lists the runs of transactions and those of accounts, numbered in chain order of
// their first hop.
func (f *flow) allRuns() []Run {
	runs := append(f.findRuns(), f.findAccountRuns()...)
	slices.SortStableFunc(runs, func(a, b Run) int { return cmp.Compare(a.Steps[0].first(), b.Steps[0].first()) })
	for i := range runs {
		runs[i].Number = i + 1
	}
	return runs
}

// first is the earlier hop of s.
func (s Step) first() int {
	if s.Payment >= 0 {
		return min(s.Payment, s.Rest)
	}
	return s.Rest
}

// findAccountRuns lists the runs of at least minRun accounts, each of which receives once and
// makes one or two plain transfers of the same asset, in transactions of accounts. Every
// account is in one run at most.
func (f *flow) findAccountRuns() []Run {
	steps := f.accountSteps()
	after := map[int]int{} // the step that follows, by spot; −1: none
	led := map[int]bool{}  // a step before it leads here
	rest := map[int]Step{}
	for s, moves := range steps {
		rest[s], after[s] = f.accountStep(moves, steps)
	}
	for _, next := range after {
		led[next] = true
	}
	var runs []Run
	for s := range f.spots {
		if steps[s] == nil || led[s] {
			continue
		}
		r := Run{Accounts: true}
		for at := s; at >= 0; at = after[at] {
			r.Steps = append(r.Steps, rest[at])
		}
		if len(r.Steps) < minRun {
			continue
		}
		if r.Kind = RelayRun; 2*r.Payments() >= len(r.Steps) {
			r.Kind = PeelRun
		}
		runs = append(runs, r)
	}
	return runs
}

// accountSteps returns the movements out of each spot that may be a step, in order.
func (f *flow) accountSteps() map[int][]int {
	in := make([][]int, len(f.spots))
	out := make([][]int, len(f.spots))
	for i := range f.moves {
		in[f.moves[i].to] = append(in[f.moves[i].to], i)
		out[f.moves[i].from] = append(out[f.moves[i].from], i)
	}
	steps := map[int][]int{}
	for s := range f.spots {
		sp := &f.spots[s]
		if sp.kind != spotNode || f.trace.Nodes[sp.node].Kind != tracer.NodeAddress || len(sp.loops)+len(sp.swaps) > 0 ||
			len(in[s]) != 1 || len(out[s]) < 1 || len(out[s]) > 2 {
			continue
		}
		u := f.moves[in[s][0]].unit
		if !slices.ContainsFunc(out[s], func(i int) bool { return f.moves[i].unit != u || !f.plainTransfer(&f.moves[i]) }) {
			steps[s] = out[s]
		}
	}
	return steps
}

// plainTransfer reports whether m is a transfer out of one account. One out of an output
// belongs to the runs of transactions.
func (f *flow) plainTransfer(m *movement) bool {
	if m.kind != moveHop || f.trace.Hops[m.hop].Kind != tracer.HopTransfer {
		return false
	}
	leg := &f.trace.Hops[m.hop].Legs[0]
	return leg.Via == "" && len(leg.From) == 1 && leg.From[0].OutPoint == ""
}

// accountStep divides the movements out of an account into payment and rest: the rest leads to
// an account that goes on in the same way; if both do or none does, it is the larger one, then
// the first. next is that account, −1 for none.
func (f *flow) accountStep(moves []int, steps map[int][]int) (s Step, next int) {
	best := -1
	goesOn := func(i int) bool { return steps[f.moves[i].to] != nil }
	for _, i := range moves {
		if best < 0 || goesOn(i) && !goesOn(best) || goesOn(i) == goesOn(best) && f.moves[best].units.Less(f.moves[i].units) {
			best = i
		}
	}
	s, next = Step{Payment: -1, Rest: f.moves[best].hop}, -1
	for _, i := range moves {
		if i != best {
			s.Payment = f.moves[i].hop
		}
	}
	if goesOn(best) {
		next = f.moves[best].to
	}
	return s, next
}
