package main

import (
	"fmt"
	"math/big"
	"slices"
	"time"

	"clew/chains"
	"clew/heuristics"
)

// scoreMappings counts the mappings of the smaller emulated rounds of Wasabi 2, and compares with a count
// of our own where that takes a moment.
func scoreMappings(s *sheet) error {
	rounds, err := wasabi2Set(s.repo)
	if err != nil {
		return err
	}
	n, done, checked, wrong := 0, 0, 0, 0
	for i := range rounds.txs {
		tx := &rounds.txs[i]
		if places(tx) > smallRound {
			continue
		}
		n++
		got, ok := heuristics.Mapping(tx, func() bool { return false })
		if !ok {
			continue
		}
		done++
		if places(tx) <= plainRound {
			checked++
			if got.Count.Cmp(new(big.Int).SetUint64(plainMappings(tx))) != 0 {
				wrong++
			}
		}
	}
	s.printf("| rounds of %d places at most, of %d rounds | counted | of these compared with a plain count, up to %d places | wrong |\n|---|---|---|---|\n", smallRound, len(rounds.txs), plainRound)
	s.printf("| %d | %s | %d | %d |\n", n, of(done, n), checked, wrong)
	s.shows("mapping", fmt.Sprintf("counts of mappings of emulated Wasabi 2 rounds (%d inputs and outputs at most), beside a plain enumeration", plainRound), wrong, checked)
	return nil
}

// The quick measurement counts rounds with up to smallRound inputs and outputs, and compares those
// with up to plainRound.
const smallRound, plainRound = 21, 18

// places is the number of inputs and outputs.
func places(tx *chains.Tx) int { return len(tx.Inputs) + len(tx.Outputs) }

// scoreMinute counts the mappings of the same rounds, each for a minute at most.
func scoreMinute(s *sheet) error {
	rounds, err := wasabi2Set(s.repo)
	if err != nil {
		return err
	}
	var took []time.Duration
	for i := range rounds.txs {
		begin := time.Now()
		if _, ok := heuristics.Mapping(&rounds.txs[i], func() bool { return time.Since(begin) > time.Minute }); ok {
			took = append(took, time.Since(begin))
		}
	}
	slices.Sort(took)
	s.WriteString("| rounds | counted within 60 s | median of these | slowest of these |\n|---|---|---|---|\n")
	if len(took) == 0 {
		s.printf("| %d | 0 | – | – |\n", len(rounds.txs))
		return nil
	}
	s.printf("| %d | %s | %s | %s |\n", len(rounds.txs), of(len(took), len(rounds.txs)), took[len(took)/2].Round(time.Microsecond*100), took[len(took)-1].Round(time.Millisecond))
	s.add("mapping", "Wasabi 2 emulated, not counted within 60 s", "missed", len(rounds.txs)-len(took), len(rounds.txs))
	return nil
}

// plainMappings counts the mappings of a transaction as they are defined (heuristics.Mapping), with
// nothing done to be quick but that what is left of inputs and outputs is counted once: the part
// that holds the first input is chosen in every way, then the others. The count of so few places is far
// below 64 bits.
func plainMappings(tx *chains.Tx) uint64 {
	in := subsets(len(tx.Inputs), func(i int) uint64 { return tx.Inputs[i].Spent.Value })
	out := subsets(len(tx.Outputs), func(i int) uint64 { return tx.Outputs[i].Value })
	counted := make([]uint64, len(in)*len(out)) // one more than the count; 0: not counted yet
	var count func(ins, outs int) uint64
	count = func(ins, outs int) (n uint64) {
		switch {
		case ins == 0 && outs == 0:
			return 1
		case ins == 0 || outs == 0:
			return 0
		}
		memo := &counted[ins*len(out)+outs]
		if *memo > 0 {
			return *memo - 1
		}
		lowest := ins & -ins
		for rest := ins &^ lowest; ; rest = (rest - 1) & (ins &^ lowest) {
			part := rest | lowest
			for paid := outs; paid > 0; paid = (paid - 1) & outs {
				if in[part] >= out[paid] {
					n += count(ins&^part, outs&^paid)
				}
			}
			if rest == 0 {
				break
			}
		}
		*memo = n + 1
		return n
	}
	return count(len(in)-1, len(out)-1)
}

// subsets are the sums of every subset of n values, by its bits.
func subsets(n int, value func(int) uint64) []uint64 {
	all := make([]uint64, 1<<n)
	for m := range all {
		for i := range n {
			if m>>i&1 == 1 {
				all[m] += value(i)
			}
		}
	}
	return all
}
