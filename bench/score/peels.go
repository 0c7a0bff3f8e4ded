package main

import (
	"fmt"
	"slices"

	"clew/bench/wallets"
	"clew/chains"
	"clew/heuristics"
)

// longRun is from how many steps on a run of payments is counted as a chain here.
const longRun = 10

// scorePeels finds runs of payments, and compares with the world in which it is known who goes on.
func scorePeels(s *sheet) error {
	blocks, err := blocks2019(s.repo)
	if err != nil {
		return err
	}
	s.WriteString("| set | transactions | runs of 3 and more | of 10 and more | longest |\n|---|---|---|---|---|\n")
	w := world()
	runs := runsOf(w.Txs)
	s.runs("ten blocks of 2019", heuristics.DataReal, len(blocks.txs), runsOf(blocks.txs))
	s.runs(simulated, heuristics.DataSimulated, len(w.Txs), runs)
	s.peelSteps(w, runs)
	return s.ownAddress(&blocks)
}

func runsOf(txs []chains.Tx) []heuristics.Peel {
	p := heuristics.NewPeels(nil)
	for i := range txs {
		p.Add(&txs[i])
	}
	return p.Runs(3)
}

func (s *sheet) runs(name string, data heuristics.Data, n int, runs []heuristics.Peel) {
	long, longest := 0, 0
	for _, r := range runs {
		if len(r.Txs) >= longRun {
			long++
		}
		longest = max(longest, len(r.Txs))
	}
	s.printf("| %s | %d | %d | %d | %d |\n", name, n, len(runs), long, longest)
	s.add("peel", data, name+", runs of ten steps and more", "found", long, len(runs))
}

// peelSteps counts the steps of runs of which the output that goes on is somebody else's, and the
// steps of launderers that stand in no run.
func (s *sheet) peelSteps(w *wallets.World, runs []heuristics.Peel) {
	at := map[chains.TxID]int{}
	for i := range w.Txs {
		at[w.Txs[i].ID] = i
	}
	stepped := map[chains.TxID]bool{}
	s.WriteString("\n| runs of simulated wallets | steps | the output that goes on is another owner's | launderers' steps that stand in one |\n|---|---|---|---|\n")
	for _, least := range []int{3, longRun} {
		steps, wrong, truly, in := 0, 0, 0, 0
		clear(stepped)
		for _, r := range runs {
			if len(r.Txs) < least {
				continue
			}
			for k, id := range r.Txs {
				steps++
				stepped[id] = true
				if !goesOn(w, &w.Txs[at[id]], next(&r, k, w.Txs, at)) {
					wrong++
				}
			}
		}
		for i := range w.Txs {
			if w.Truth[i].Kind == wallets.KindPeel {
				truly++
				if stepped[w.Txs[i].ID] {
					in++
				}
			}
		}
		s.printf("| of %d steps and more | %d | %s | %s |\n", least, steps, of(wrong, steps), of(in, truly))
		s.add("peel", heuristics.DataSimulated, fmt.Sprintf("launderers' steps among simulated wallets, in runs of %d and more", least), "missed", truly-in, truly)
		set := "steps " + runWords(least)
		if least == 3 {
			s.shows("peel", heuristics.DataSimulated, set, wrong, steps)
		} else {
			s.add("peel", heuristics.DataSimulated, set, "wrong", wrong, steps)
		}
	}
}

// runWords says how long chains are.
func runWords(least int) string { return fmt.Sprintf("of chains of %d payments and more", least) }

// next is the output of step k of a run that goes on: what the next step spends of it, or the tip.
func next(r *heuristics.Peel, k int, txs []chains.Tx, at map[chains.TxID]int) uint32 {
	if k == len(r.Txs)-1 {
		return r.Tip.Index
	}
	by := txs[at[r.Txs[k+1]]].Inputs
	i := slices.IndexFunc(by, func(in chains.Input) bool { return in.Prev.Tx == r.Txs[k] })
	return by[i].Prev.Index
}

// goesOn reports whether an output of tx is the owner's who paid.
func goesOn(w *wallets.World, tx *chains.Tx, output uint32) bool {
	return w.Owner[tx.Outputs[output].Address] == w.Owner[tx.Inputs[0].Spent.Address]
}
