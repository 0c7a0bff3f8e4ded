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
	s.add("mapping", heuristics.DataEmulated, fmt.Sprintf("counts of mappings of emulated Wasabi 2 rounds (%d inputs and outputs at most), beside a plain enumeration", plainRound), "wrong", wrong, checked)
	s.links(&rounds)
	return s.changeOfMixes()
}

// linkSteps is how long a mapping may take here, as in a trace.
const linkSteps = 20_000

// links measures, of every pair of an input and an output of rounds in which several wallets are, how often
// the output is not of the wallet that gave the input, by how strong the link between them is. An output
// of nobody who gave an input, as the coordinator's, is another's.
func (s *sheet) links(rounds *set) {
	pairs, foreign, several := map[string]int{}, map[string]int{}, 0
	for i := range rounds.txs {
		tx := &rounds.txs[i]
		if !rounds.several[i] {
			continue
		}
		got, ok := heuristics.Mapping(tx, heuristics.Steps(linkSteps))
		if !ok {
			continue
		}
		several++
		for in := range tx.Inputs {
			for out := range tx.Outputs {
				band := heuristics.LinkBand(got.Link(in, out))
				pairs[band]++
				if rounds.owner[tx.Inputs[in].Spent.Address] != rounds.owner[tx.Outputs[out].Address] {
					foreign[band]++
				}
			}
		}
	}
	s.printf("\n| link, in percent of the mappings | pairs of an input and an output, in %d rounds of several wallets | the output is another owner's |\n|---|---|---|\n", several)
	const million, tenth = 1_000_000, 100_000
	for ppm := 0; ppm <= million; ppm += tenth {
		band := heuristics.LinkBand(ppm)
		s.printf("| %s | %d | %s |\n", band, pairs[band], of(foreign[band], pairs[band]))
		s.shows("mapping/"+band, heuristics.DataEmulated, fmt.Sprintf("links of %s %% in Wasabi 2 rounds of several wallets, where wrong is an output of another owner", band), foreign[band], pairs[band])
	}
}

// changeOfMixes measures how often the output that is named as the change of whoever gave some inputs of a
// CoinJoin is another's: with all inputs of an owner, which is what heuristics.Emerge supposes, and with one.
func (s *sheet) changeOfMixes() error {
	sets, err := ownedSets(s.repo)
	if err != nil {
		return err
	}
	s.WriteString("\n| change out of CoinJoins of | of all inputs of an owner | named | another's | of one input alone | named | another's |\n|---|---|---|---|---|---|---|\n")
	for i := range sets {
		o := &sets[i]
		var all, alone asking
		for j := range o.set.txs {
			tx := &o.set.txs[j]
			if _, mixed := heuristics.MixOf(tx); !mixed {
				continue
			}
			gave := map[string]uint64{}
			for k := range tx.Inputs {
				in := &tx.Inputs[k].Spent
				gave[o.set.owner[in.Address]] += in.Value
				alone.ask(o, tx, o.set.owner[in.Address], in.Value)
			}
			for who, value := range gave {
				all.ask(o, tx, who, value)
			}
		}
		s.printf("| %s | %d | %d | %s | %d | %d | %s |\n", o.name, all.n, all.named, of(all.wrong, all.named), alone.n, alone.named, of(alone.wrong, alone.named))
		s.shows("mix-change", o.data, "outputs taken for change out of CoinJoins, where one input alone is known to be traced", alone.wrong, alone.named)
	}
	return nil
}

// asking counts questions for the change of a participant, and answers.
type asking struct{ n, named, wrong int }

// ask asks for the change of who gave value to a mix.
func (a *asking) ask(o *owned, tx *chains.Tx, who string, value uint64) {
	e, ok := heuristics.Emerge(tx, value)
	if !ok || who == "" {
		return
	}
	if a.n++; e.Change < 0 {
		return
	}
	if a.named++; o.set.owner[tx.Outputs[e.Change].Address] != who {
		a.wrong++
	}
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
	s.add("mapping", heuristics.DataEmulated, "Wasabi 2 emulated, not counted within 60 s", "missed", len(rounds.txs)-len(took), len(rounds.txs))
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
