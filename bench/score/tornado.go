package main

import (
	"fmt"

	"clew/heuristics"
)

// replicaSet is what these measurements call their set: made up, and small.
const replicaSet = "the worked example (a replica of a theft)"

// told is what a signal names, each once: a withdrawal that stands behind several deposits is one.
type told struct{ withdrawals, recipients map[string]bool }

// scoreTornado compares the candidates behind a mixer with whose withdrawals they were, in the worked
// example: its thief made ten deposits in two pools, among those of others.
func scoreTornado(s *sheet) error {
	trace, known, err := retrace(s.repo)
	if err != nil {
		return err
	}
	own, owner := map[string]string{}, map[string]string{} // a deposit's withdrawal; a withdrawal's owner
	for _, m := range known.Mixers {
		if m.Withdrawal != nil {
			own[bare(m.TxID)], owner[bare(m.Withdrawal.TxID)] = bare(m.Withdrawal.TxID), m.Owner
		}
	}
	const thief = "thief"
	listed, hit := map[string]int{}, map[string]int{}
	named := map[string]*told{}
	for _, name := range heuristics.MixerSignals() {
		named[name] = &told{map[string]bool{}, map[string]bool{}}
	}
	behind, ranks, found := 0, 0, 0
	for _, c := range trace.Candidates {
		behind += c.Withdrawals
		for rank, w := range c.List {
			if bare(w.TxID.String()) == own[bare(c.Deposit.String())] {
				found++
				ranks += rank + 1
			}
			for _, signal := range w.Signals {
				listed[signal.Name]++
				named[signal.Name].withdrawals[bare(w.TxID.String())] = true
				named[signal.Name].recipients[w.Recipient] = true
				if bare(w.TxID.String()) == own[bare(c.Deposit.String())] {
					hit[signal.Name]++
				}
			}
		}
	}
	n := len(trace.Candidates)
	s.printf("| signal | deposits whose own withdrawal it names | pairs of a deposit and a withdrawal that it names | different withdrawals among them | of these not the depositor's | recipients |\n|---|---|---|---|---|---|\n")
	s.incident = trace.Incident.ID
	for _, name := range heuristics.MixerSignals() {
		by, foreign := named[name], 0
		for txid := range by.withdrawals {
			if owner[txid] != thief {
				foreign++
			}
		}
		each := len(by.withdrawals)
		s.printf("| %s | %s | %d | %d | %s | %d |\n", name, of(hit[name], n), listed[name], each, of(foreign, each), len(by.recipients))
		full := "mixer-candidates/" + name
		s.add(full, heuristics.DataSimulated, replicaSet+": deposits of the thief", "missed", n-hit[name], n)
		s.shows(full, heuristics.DataSimulated, fmt.Sprintf("withdrawals named as the way out of a mixer (recipients: %d), in %s", len(by.recipients), replicaSet), foreign, each)
	}
	s.printf("\nOf %d deposits %d have their own withdrawal in the list", n, found)
	if found > 0 {
		s.printf(", at a mean place of %s; by chance alone it would stand at %s of those behind", decimal(ranks, found), decimal(behind+n, 2*n))
	}
	s.WriteString(".\n")
	return nil
}
