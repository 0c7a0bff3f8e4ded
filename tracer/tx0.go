package tracer

import (
	"fmt"
	"slices"

	"clew/chains"
	"clew/heuristics"
)

// prepares returns the finding of a transaction that prepares a mix, which the trace goes through:
// one owner's still, but for what the coordinator asks. The output that is its fee, where one is told
// by its value, gets a finding of its own; made are the outputs.
func (s *sweep) prepares(tx *chains.Tx, made []*holding) []string {
	data := func(o chains.Output) bool { return o.Type == chains.ScriptNullData }
	if !s.opt.uses(string(heuristics.KindWhirlpoolTx0)) || !slices.ContainsFunc(tx.Outputs, data) {
		return nil
	}
	f, found := s.identified(tx, heuristics.KindWhirlpoolTx0)
	if found == "" {
		return nil
	}
	fee, told := heuristics.Tx0Fee(tx)
	if !told {
		return []string{found}
	}
	for _, h := range made {
		if !slices.Contains(h.outputs(), fee) {
			continue
		}
		txid := tx.ID.String()
		h.findings = append(h.findings, s.out.find(Finding{
			ID:        id("finding", f.Heuristic, string(s.chain), txid, "fee"),
			Heuristic: f.Heuristic, Version: f.Version, TxID: txid, Addresses: []string{s.out.codec.FormatAddress(s.chain, tx.Outputs[fee].Address)},
			Says: fmt.Sprintf("output %d, of %d units of native, is what the pool's coordinator asks for entering: its fee, and no longer the owner's", fee, tx.Outputs[fee].Value),
		}))
	}
	return []string{found}
}
