package heuristics

import (
	"math/bits"
	"slices"

	"clew/chains"
)

// ChangeVersion is the version of the vote, its predicates and weights.
const ChangeVersion = "1"

// ChangeVote is what the habits of wallets say of which output is the change: an opinion with its
// reasons, never a fact, and no probability.
type ChangeVote struct {
	// Answered: an output is named. Without it Output is −1.
	Answered bool
	Output   int
	// Score is by how much the votes for Output outweigh those for the strongest of the others,
	// in thousandths of a nat of log-odds; votes of one group count once, by the strongest.
	Score int
	// Band is the range that the score lies in: errors are measured for each. "" without an answer.
	Band string
	// Votes are all that were given, also those that a stronger one of their group silences, in
	// the order of the predicates; also where no output is named.
	Votes []Vote
}

// Vote is one predicate that holds for one output alone.
type Vote struct {
	Predicate string
	Group     string
	Output    int
	Weight    int // thousandths of a nat
}

// The bands of scores, the strongest first. Each but the first is named by its ends in nats.
const (
	BandSelf = "self" // the output's script is among the inputs
	Band8    = "8+"
	Band6    = "6-8"
	Band4    = "4-6"
	Band2    = "2-4"
	Band0    = "0-2"
)

// Bands returns all of them, the strongest first.
func Bands() []string { return []string{BandSelf, Band8, Band6, Band4, Band2, Band0} }

func bandOf(score int) string {
	const nat = 1000
	switch {
	case score >= 8*nat:
		return Band8
	case score >= 6*nat:
		return Band6
	case score >= 4*nat:
		return Band4
	case score >= 2*nat:
		return Band2
	}
	return Band0
}

// changeOutputs is the most outputs of a transaction that has a change; with more it is a batch.
const changeOutputs = 10

// Change says which output of tx returns to who paid. facts tells what lies around tx; what it
// cannot tell gives no vote: predicates about spenders vote where the spenders of all outputs are
// known, those about amounts where the values of all inputs are.
//
// No output is named of a coinbase, in a mix, in a batch, where there is only one output
// that can be spent, and where fewer than two groups agree on it: predicates of one group are
// not independent. An output whose script is among the inputs is change by itself.
func Change(tx *chains.Tx, facts Facts) ChangeVote {
	none := ChangeVote{Output: -1}
	if tx.Coinbase || len(tx.Inputs) == 0 || len(tx.Outputs) < 2 || len(tx.Outputs) > changeOutputs {
		return none
	}
	b := ballot{tx: tx}
	for i := range tx.Outputs {
		if out := &tx.Outputs[i]; out.Value > 0 && out.Type != chains.ScriptNullData {
			b.all |= 1 << i
		}
	}
	if bits.OnesCount16(b.all) < 2 {
		return none
	}
	b.scripts()
	b.amounts()
	if facts.Seen != nil {
		b.freshness(facts.Seen)
	}
	if facts.Spender != nil {
		b.fingerprints(facts.Spender)
	}
	if b.n == 0 {
		return none
	}
	if _, mix := MixOf(tx); mix {
		return none
	}
	return b.count()
}

// ballot gathers the votes on one transaction.
type ballot struct {
	tx  *chains.Tx
	all uint16 // the outputs that may be the change
	n   int
	// votes are the first n.
	votes [predicateCount]struct {
		predicate predicate
		output    int
	}
}

// holds takes the outputs of which p holds. It is a vote where that is one alone.
func (b *ballot) holds(p predicate, of uint16) {
	if of &= b.all; bits.OnesCount16(of) == 1 {
		b.votes[b.n].predicate, b.votes[b.n].output = p, bits.TrailingZeros16(of)
		b.n++
	}
}

// count adds up the strongest vote of each group.
func (b *ballot) count() ChangeVote {
	v := ChangeVote{Output: -1}
	var best [groupCount]struct{ weight, output int }
	v.Votes = make([]Vote, b.n)
	for i := range v.Votes {
		p := predicates[b.votes[i].predicate]
		v.Votes[i] = Vote{p.name, groupNames[p.group], b.votes[i].output, p.weight}
		switch g := &best[p.group]; {
		case p.weight > g.weight:
			g.weight, g.output = p.weight, b.votes[i].output
		case p.weight == g.weight && g.output != b.votes[i].output:
			g.output = -1 // they cancel out
		}
	}
	var sums, groups [changeOutputs]int
	for _, g := range best {
		if g.weight > 0 && g.output >= 0 {
			sums[g.output] += g.weight
			groups[g.output]++
		}
	}
	first := slices.Index(sums[:], slices.Max(sums[:]))
	lead := sums[first]
	sums[first] = 0
	lead -= slices.Max(sums[:])
	switch self := best[groupSelf]; {
	case self.weight > 0:
		v.Answered, v.Output, v.Score, v.Band = true, self.output, self.weight, BandSelf
	case lead > 0 && groups[first] > 1:
		v.Answered, v.Output, v.Score, v.Band = true, first, lead, bandOf(lead)
	}
	return v
}
