package screen

import (
	"fmt"
	"slices"
)

// mostGaps is how many gaps a verdict writes out.
const mostGaps = 50

// gap adds what was not looked at, once.
func (w *work) gap(g Gap) {
	switch {
	case slices.Contains(w.v.Coverage.Gaps, g):
	case len(w.v.Coverage.Gaps) >= mostGaps:
		w.moreGaps++
	default:
		w.v.Coverage.Gaps = append(w.v.Coverage.Gaps, g)
	}
}

// closeGaps says how many gaps there are beyond those that are written out.
func (w *work) closeGaps() {
	if w.moreGaps > 0 {
		w.v.Coverage.Gaps = append(w.v.Coverage.Gaps, Gap{
			Chain: w.subject.Chain, What: fmt.Sprintf("%d more gaps", w.moreGaps), Why: fmt.Sprintf("a verdict names the first %d", mostGaps),
			Effect: "what they are about counts as unknown",
		})
		w.moreGaps = 0
	}
}

// received says what is not known of an address whose transactions were read.
func (w *work) received() {
	whole := len(w.head.spans) == 1 && w.head.spans[0].From == 0
	switch {
	case w.read == 0 && whole:
		w.gap(Gap{
			Chain: w.subject.Chain, What: "the address", Why: "no transaction up to the last block that was read touches it",
			Effect: "there is no value to follow: labels and incidents alone say what they know",
		})
	case w.read == 0 && !w.ends():
		w.absent("the address", "no transaction in the blocks that were read touches it, and not all were read")
	case !whole:
		w.partial = true
		w.gap(Gap{
			Chain: w.subject.Chain, What: "what the address was paid in blocks that were not read", Why: fmt.Sprintf("the store has %s", spansText(w.head.spans)),
			Effect: "value and shares are of what came in those that were",
		})
	}
}

func spansText(spans []CoveredSpan) string {
	text := "no blocks"
	for i, s := range spans {
		if i == 0 {
			text = "blocks "
		} else {
			text += ", "
		}
		text += fmt.Sprintf("%d to %d", s.From, s.To)
	}
	return text
}

// lookedUp says what an answer out of incidents and labels leaves out, and why the store was not asked.
func (w *work) lookedUp(why string) {
	if !w.partial {
		return
	}
	what := "what else the address was paid"
	switch w.subject.Kind {
	case KindDeposit:
		what = "what else the transaction pays the address"
	case KindTransaction:
		what = "what else the transaction pays"
	}
	w.gap(Gap{Chain: w.subject.Chain, What: what, Why: why, Effect: "value and shares are of the places that incidents traced, and not of all"})
}

// unread says that nothing of the chain was read: whatever incidents and labels say, where the value came
// from was not looked at. That is not covered, unless a rule fires with what they say.
func (w *work) unread() {
	w.v.Coverage.Ended, w.v.Outcome = EndedNoStore, NotCovered
	w.gap(Gap{
		Chain: w.subject.Chain, What: "the chain", Why: "nothing of it was read into the store: clew sync reads it",
		Effect: "incidents and labels alone were asked, and no value was followed",
	})
	w.lookedUp("an incident tells of the places that it traced alone")
}

// absent says that the subject is not in what was read.
func (w *work) absent(what, why string) {
	w.v.Outcome = NotCovered
	w.gap(Gap{
		Chain: w.subject.Chain, TxID: w.subject.TxID, What: what, Why: why,
		Effect: "nothing is known of its value, and none was followed",
	})
}

// behind says where the store is too far behind its node for the policy.
func (w *work) behind() {
	if w.head == nil || w.head.Behind == nil {
		return
	}
	most, bounded := w.s.cfg.Policy.MaxBehind[w.subject.Chain]
	if !bounded || *w.head.Behind <= most {
		return
	}
	if w.v.Outcome == Clear {
		w.v.Outcome = NotCovered
	}
	w.gap(Gap{
		Chain: w.subject.Chain, What: fmt.Sprintf("blocks behind %d", w.head.Block.Height),
		Why:    fmt.Sprintf("the node was %d ahead when it was last asked, and the rules allow %d", *w.head.Behind, most),
		Effect: "what happened there is not in this verdict",
	})
}

// cutShort says where a walk that a budget ended is no ground to call anything clear: it ended before it had
// gone as far as the rules' own budget for hops and transactions, by the will of whoever asked or for want of
// time, or it explained nothing at all.
func (w *work) cutShort() {
	c, run, rules := &w.v.Coverage, w.v.Pins.Budget, w.s.cfg.Policy.Budget
	if c.Ended != EndedBudget || w.v.Outcome != Clear {
		return
	}
	var why string
	switch {
	case c.Limit == limitHops && run.Hops < rules.Hops:
		why = fmt.Sprintf("it was given %d hops, and the rules give %d", run.Hops, rules.Hops)
	case c.Limit != limitHops && run.Transactions < rules.Transactions:
		why = fmt.Sprintf("it ended after %d transactions, and the rules give %d", run.Transactions, rules.Transactions)
	case !slices.ContainsFunc(w.v.Value, func(v Value) bool { return !v.Explained.FIFO.IsZero() || !v.Explained.ProRata.IsZero() }):
		why = "its budget ended before anything was explained"
	default:
		return
	}
	w.v.Outcome = NotCovered
	c.Gaps = slices.Insert(c.Gaps, 0, Gap{
		Chain: w.subject.Chain, What: "the walk", Why: why, Effect: "what it did not explain was not looked at, so that nothing is called clear",
	})
}
