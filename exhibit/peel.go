package exhibit

import (
	"fmt"

	"clew/chains"
	"clew/tracer"
)

// minRun is the number of transactions from which a chain is listed as a run. Shorter
// chains are as easily read hop by hop.
const minRun = 4

// RunKind says what a run does.
type RunKind string

// The kinds of runs.
const (
	PeelRun  RunKind = "peel"  // most transactions make one payment and pass on the rest
	RelayRun RunKind = "relay" // most transactions pass on the whole
)

// Run is a chain of payments as the drawn rule shows them: transactions, each of which spends
// one traced output and pays at most one other address before it passes on the rest, or accounts
// that each receive once, pay at most one other and pass on the rest (peel_accounts.go). It says
// nothing about who controls the addresses. Found is the peel chain of the trace that the run is,
// or is a part of; nil where its shape alone makes it one.
type Run struct {
	Number int
	Kind   RunKind
	Steps  []Step
	Found  *tracer.PeelRun
	// Accounts: each step is an account, whose payment and rest are transactions of their own.
	Accounts bool
}

// Step is one transaction of a run, or one account, by indexes into Trace.Hops.
type Step struct {
	Payment int // −1: none carries traced value
	Rest    int // the output that the next transaction spends; of the last one, the larger
}

// Payments returns how many steps pay somebody.
func (r *Run) Payments() int {
	n := 0
	for _, s := range r.Steps {
		if s.Payment >= 0 {
			n++
		}
	}
	return n
}

// findRuns lists the peel chains that the trace has, then the runs of at least minRun transactions
// by their shape. Every transaction is in one run at most.
func (f *flow) findRuns() []Run {
	used := map[*txGroup]bool{}
	runs := f.foundRuns(used)
	for _, g := range f.txs {
		if used[g] || !f.isStep(g) {
			continue
		}
		var steps []Step
		for next := g; next != nil; {
			used[next] = true
			var s Step
			s, next = f.step(next, used)
			steps = append(steps, s)
		}
		if len(steps) < minRun {
			continue
		}
		r := Run{Kind: RelayRun, Steps: steps}
		if 2*r.Payments() >= len(steps) {
			r.Kind = PeelRun
		}
		runs = append(runs, r)
	}
	return runs
}

// isStep reports whether g spends one holding, alone, and moves traced value to one or two
// outputs.
func (f *flow) isStep(g *txGroup) bool {
	if len(g.holdings) != 1 || g.loose || g.junction >= 0 || len(g.drawn) < 1 || len(g.drawn) > 2 {
		return false
	}
	for _, i := range g.drawn {
		if f.trace.Hops[i].Kind != tracer.HopTransfer {
			return false
		}
	}
	return true
}

// step divides g into payment and rest. The rest is the output whose own transaction goes
// on in the same way; if both do or none does, the larger one, then the first.
func (f *flow) step(g *txGroup, used map[*txGroup]bool) (Step, *txGroup) {
	best, bestNext := -1, (*txGroup)(nil)
	for _, i := range g.drawn {
		next := f.spentBy(i)
		if next != nil && (used[next] || !f.isStep(next)) {
			next = nil
		}
		better := best < 0 || (next != nil && bestNext == nil) ||
			((next != nil) == (bestNext != nil) && f.whole(best).Less(f.whole(i)))
		if better {
			best, bestNext = i, next
		}
	}
	s := Step{Payment: -1, Rest: best}
	for _, i := range g.drawn {
		if i != best {
			s.Payment = i
		}
	}
	return s, bestNext
}

func (f *flow) whole(hop int) chains.Amount { return f.trace.Hops[hop].Legs[0].Units }

// spentBy returns the transaction that spends the output that a hop made; nil if none does
// in the trace.
func (f *flow) spentBy(hop int) *txGroup {
	leg := &f.trace.Hops[hop].Legs[0]
	if len(leg.Positions) != 1 {
		return nil
	}
	return f.spender[outKey(leg.Chain, leg.TxID.String(), leg.Positions[0].Value)]
}

// runFolds returns, for each stretch of a run that may be drawn as one box, the spots that
// the box stands for: the addresses that pass the rest on, and those that were paid and did
// nothing else.
func (f *flow) runFolds(runs []Run, least int) ([]runFold, error) {
	in, out := f.degrees()
	var folds []runFold
	taken := map[int]bool{}
	for i := range runs {
		r := &runs[i]
		var cur runFold
		need := least
		if r.Found != nil {
			need = minFound
		}
		flush := func() {
			if cur.links >= need {
				folds = append(folds, cur)
				for _, s := range cur.spots {
					taken[s] = true
				}
			}
			cur = runFold{run: i}
		}
		flush()
		for k, s := range r.Steps {
			if err := f.collectPayee(&cur, s, in, out, taken); err != nil {
				return nil, err
			}
			if k+1 == len(r.Steps) {
				break
			}
			rest, err := f.restSpot(s.Rest)
			if err != nil {
				return nil, err
			}
			next := r.Steps[k+1]
			moves := 1
			if next.Payment >= 0 {
				moves = 2
			}
			sp := &f.spots[rest]
			if in[rest] != 1 || out[rest] != moves || len(sp.loops) > 0 || sp.kind != spotNode || taken[rest] {
				flush()
				continue
			}
			cur.spots = append(cur.spots, rest)
			cur.links++
		}
		flush()
	}
	return folds, nil
}

// runFold is a stretch of a run drawn as one box.
type runFold struct {
	run      int // index into the runs
	links    int // addresses that pass the rest on
	payments int
	spots    []int
}

// collectPayee adds the address that s pays to the fold if it received nothing else and
// moved nothing on.
func (f *flow) collectPayee(c *runFold, s Step, in, out []int, taken map[int]bool) error {
	if s.Payment < 0 {
		return nil
	}
	c.payments++
	p, err := f.restSpot(s.Payment)
	if err != nil {
		return err
	}
	sp := &f.spots[p]
	if in[p] == 1 && out[p] == 0 && len(sp.loops) == 0 && !taken[p] && sp.kind == spotNode && !f.telling(p) {
		c.spots = append(c.spots, p)
	}
	return nil
}

// telling reports whether value ends at spot s for a reason that a reader must not miss in
// a folded box: a gap, a service or whatever else is not simply held.
func (f *flow) telling(s int) bool {
	for _, i := range f.spots[s].held {
		if tellingReason(f.trace.Endpoints[i].Reason) {
			return true
		}
	}
	return false
}

func tellingReason(r tracer.Reason) bool {
	switch r {
	case tracer.ReasonUnspent, tracer.ReasonBalance, tracer.ReasonDust, tracer.ReasonLimit, tracer.ReasonPending, tracer.ReasonFee:
		return false
	}
	return true
}

func (f *flow) restSpot(hop int) (int, error) {
	h := &f.trace.Hops[hop]
	return f.at(h.Legs[len(h.Legs)-1].To, fmt.Sprintf("hop %d", h.Number))
}

// degrees returns how many movements enter and leave each spot.
func (f *flow) degrees() (in, out []int) {
	in, out = make([]int, len(f.spots)), make([]int, len(f.spots))
	for _, m := range f.moves {
		in[m.to]++
		out[m.from]++
	}
	return in, out
}
