package main

import (
	"clew/heuristics"
)

// replicaSet is what these measurements call their set: made up, and small.
const replicaSet = "the worked example (a replica of a theft)"

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
	listed, foreign, hit := map[string]int{}, map[string]int{}, map[string]int{}
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
				if owner[bare(w.TxID.String())] != thief {
					foreign[signal.Name]++
				}
				if bare(w.TxID.String()) == own[bare(c.Deposit.String())] {
					hit[signal.Name]++
				}
			}
		}
	}
	n := len(trace.Candidates)
	s.printf("| signal | deposits whose own withdrawal it names | withdrawals it names | of them not the depositor's |\n|---|---|---|---|\n")
	for _, name := range heuristics.MixerSignals() {
		s.printf("| %s | %s | %d | %s |\n", name, of(hit[name], n), listed[name], of(foreign[name], listed[name]))
		full := "mixer-candidates/" + name
		s.add(full, replicaSet+": deposits of the thief", "missed", n-hit[name], n)
		s.shows(full, "withdrawals named as the way out of a mixer, in "+replicaSet, foreign[name], listed[name])
	}
	s.printf("\nOf %d deposits %d have their own withdrawal in the list", n, found)
	if found > 0 {
		s.printf(", at a mean place of %s; by chance alone it would stand at %s of those behind", decimal(ranks, found), decimal(behind+n, 2*n))
	}
	s.WriteString(".\n")
	return nil
}
