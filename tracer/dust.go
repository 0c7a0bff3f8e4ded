package tracer

import (
	"fmt"
	"slices"

	"clew/chains"
	"clew/heuristics"
)

// dusted counts outputs that came unasked below the dust limit. All of them are one finding: there may
// be one in every transaction.
type dusted struct {
	id       string // of the finding; "" before the first
	outputs  int
	txs      int
	first    chains.TxID
	position int
}

// markDust gives the finding of dust to the outputs of tx that are, so that a touch by dust is told from
// a payment, where from brings what an accounting rule sees (see learned). It moves nothing.
func (s *sweep) markDust(tx *chains.Tx, from, made []*holding) {
	if !s.opt.uses(dusting) || !anyConserved(from) {
		return
	}
	d := &s.dusted
	before := d.outputs
	for _, h := range made {
		outs := h.outputs()
		if slices.ContainsFunc(outs, func(i int) bool { return !heuristics.Dust(tx, i) }) {
			continue
		}
		if d.id == "" {
			d.id = id("finding", dusting, string(s.chain))
			d.first, d.position = tx.ID, outs[0]
		}
		d.outputs += len(outs)
		h.findings = append(h.findings, d.id)
	}
	if d.outputs > before {
		d.txs++
	}
}

// tellDust writes the finding.
func (s *sweep) tellDust() {
	d := &s.dusted
	if d.id == "" {
		return
	}
	s.out.find(Finding{
		ID: d.id, Heuristic: dusting, Version: heuristics.SpamVersion, TxID: d.first.String(),
		Says: fmt.Sprintf("of what the hops with this finding moved, all came unasked below the dust limit (outputs: %d, transactions: %d, the first: output %d): who gets such value did not deal with who sent it",
			d.outputs, d.txs, d.position),
	})
}
