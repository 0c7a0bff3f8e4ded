package exhibit

import (
	"fmt"
	"slices"

	"clew/tracer"
)

// minFound is the number of steps from which a stretch of a peel chain that a heuristic found is a
// run, and of addresses that pass its rest on from which it is one box: it is told of as one thing
// whatever its length.
const minFound = 2

// foundRuns are the peel chains of the trace as far as the drawn rule shows them: which output goes
// on is the heuristic's word there. Where a step does more than pay one address, or carries nothing
// under the rule, the run is cut in two. used receives the transactions.
func (f *flow) foundRuns(used map[*txGroup]bool) []Run {
	hopAt, groupOf := map[string]int{}, map[int]*txGroup{}
	for i := range f.trace.Hops {
		hopAt[f.trace.Hops[i].ID] = i
	}
	for _, g := range f.txs {
		for _, i := range g.drawn {
			groupOf[i] = g
		}
	}
	var runs []Run
	for k := range f.trace.Peels {
		p := &f.trace.Peels[k]
		var steps []Step
		var groups []*txGroup
		flush := func() {
			if len(steps) >= minFound {
				runs = append(runs, Run{Kind: PeelRun, Steps: steps, Found: p})
				for _, g := range groups {
					used[g] = true
				}
			}
			steps, groups = nil, nil
		}
		for _, id := range p.Hops {
			i, known := hopAt[id]
			g := groupOf[i]
			if !known || g == nil || used[g] || !f.isStep(g) || !slices.Contains(g.drawn, i) {
				flush()
				continue
			}
			steps, groups = append(steps, stepOf(g, i)), append(groups, g)
		}
		flush()
	}
	return runs
}

// stepOf is the step of g whose rest is hop rest.
func stepOf(g *txGroup, rest int) Step {
	s := Step{Payment: -1, Rest: rest}
	for _, i := range g.drawn {
		if i != rest {
			s.Payment = i
		}
	}
	return s
}

// stopWords say why a peel chain ends.
func stopWords(stop string) string {
	switch stop {
	case "unspent":
		return "its rest is unspent, or what spends it was not read"
	case "coinjoin":
		return "its rest went into a CoinJoin"
	case "batch":
		return "its rest was paid out to many at once"
	case "consolidation":
		return "its rest was spent with many others"
	case "swept":
		return "its rest was passed on whole"
	case "label":
		return "its rest reached an address that somebody labels"
	case "habits":
		return "it is not plain which output goes on"
	case "limit":
		return "longer chains are not followed"
	}
	return visible(stop)
}

// byFinding says which finding a peel chain is; "" for none.
func (f *Findings) byFinding(p *tracer.PeelRun) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf(", finding %d", f.at[p.Finding]+1)
}
