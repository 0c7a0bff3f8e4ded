package heuristics

import "clew/chains"

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
	// Band is the range that the score lies in: errors are measured for each (see Bands).
	Band string
	// Votes are all that were given, also those that a stronger one of their group silences, in
	// the order of the predicates.
	Votes []Vote
}

// Vote is one predicate that holds for one output alone.
type Vote struct {
	Predicate string
	Group     string
	Output    int
	Weight    int // thousandths of a nat
}

// Change says which output of tx returns to who paid. facts tells what lies around tx; what it
// cannot tell gives no vote.
func Change(tx *chains.Tx, facts Facts) ChangeVote {
	_, _ = tx, facts
	return ChangeVote{Output: -1}
}
