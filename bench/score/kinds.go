package main

import (
	"slices"

	"clew/bench/wallets"
	"clew/chains"
	"clew/heuristics"
)

// scoreKinds measures on simulated wallets what is said of transactions that are no mixes.
func scoreKinds(s *sheet) error {
	w := world()
	truths := []struct {
		kind  heuristics.Kind
		means string
		true  func(tx *chains.Tx, t *wallets.Truth) bool
	}{
		{heuristics.KindBatch, "one owner pays several others at once", func(tx *chains.Tx, t *wallets.Truth) bool {
			return t.Payer != wallets.NoOwner && len(paidOwners(w, tx, t.Payer)) > 1
		}},
		{heuristics.KindConsolidation, "one owner gathers its own coins", func(_ *chains.Tx, t *wallets.Truth) bool { return t.Kind == wallets.KindConsolidation }},
	}
	s.WriteString("| kind | which means | fired on | of these wrong | meant | of these found |\n|---|---|---|---|---|---|\n")
	for _, k := range truths {
		fired, wrong, meant, found := 0, 0, 0, 0
		for i := range w.Txs {
			tx := &w.Txs[i]
			is, says := k.true(tx, &w.Truth[i]), says(tx, k.kind)
			if is {
				meant++
			}
			if says {
				fired++
			}
			switch {
			case is && says:
				found++
			case says:
				wrong++
			}
		}
		s.printf("| %s | %s | %d | %s | %d | %s |\n", k.kind, k.means, fired, of(wrong, fired), meant, of(found, meant))
		s.shows(string(k.kind), heuristics.DataSimulated, "transactions taken for one", wrong, fired)
		s.add(string(k.kind), heuristics.DataSimulated, simulated+": "+k.means, "missed", meant-found, meant)
	}
	return nil
}

// says reports whether tx is said to be of a kind by itself.
func says(tx *chains.Tx, kind heuristics.Kind) bool {
	return slices.ContainsFunc(heuristics.Identify(tx, heuristics.Facts{}), func(f heuristics.Finding) bool { return f.Kind == kind })
}

// paidOwners are those to whom a transaction pays, but the payer.
func paidOwners(w *wallets.World, tx *chains.Tx, payer int) map[int]bool {
	paid := map[int]bool{}
	for i := range tx.Outputs {
		if who, ok := w.Owner[tx.Outputs[i].Address]; ok && who != payer {
			paid[who] = true
		}
	}
	return paid
}
