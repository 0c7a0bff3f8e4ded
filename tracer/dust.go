package tracer

import (
	"fmt"

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
	position uint32
}

// markDust gives the finding of dust to the outputs of tx that are, so that a touch by dust is told from
// a payment, where from brings what an accounting rule sees (see learned). It moves nothing.
func (s *sweep) markDust(tx *chains.Tx, from, made []*holding) {
	if !s.opt.uses(dusting) || !anyConserved(from) {
		return
	}
	d, before := &s.dusted, s.dusted.outputs
	for _, h := range made {
		for _, i := range h.outputs() {
			if h.units.IsZero() || !heuristics.Dust(tx, i) {
				continue
			}
			if d.id == "" {
				d.id = id("finding", dusting, string(s.chain))
				d.first, d.position = tx.ID, uint32(i)
			}
			d.outputs++
			h.findings = append(h.findings, d.id)
			break
		}
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
		Says: fmt.Sprintf("of what the hops with this finding moved, all came unasked below the dust limit (%d outputs of %d transactions, the first of them output %d): who gets such value did not deal with who sent it",
			d.outputs, d.txs, d.position),
	})
}
