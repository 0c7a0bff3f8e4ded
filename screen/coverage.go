package screen

import (
	"fmt"
	"slices"
)

// gap adds what was not looked at, once.
func (w *work) gap(g Gap) {
	if !slices.Contains(w.v.Coverage.Gaps, g) {
		w.v.Coverage.Gaps = append(w.v.Coverage.Gaps, g)
	}
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

// unread says that nothing of the chain was read. Where nothing else is known, it is not covered.
func (w *work) unread(known bool) {
	w.v.Coverage.Ended = EndedNoStore
	if !known {
		w.v.Outcome = NotCovered
	}
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
