package heuristics

import "clew/chains"

// PeelVersion is the version of the rules by which runs of payments are found.
const PeelVersion = "1"

// Limits of a peel chain, from its definition: a payment to one party, or a few, by which the
// rest goes on.
const (
	PeelInputs  = 2    // the most inputs of a step; with more it gathers coins
	PeelOutputs = 10   // the most outputs of a step; with more it is a batch
	PeelLongest = 1000 // steps after which a run is ended, and another begins
)

// Peel is a run of transactions that each pay somebody and pass the rest on.
type Peel struct {
	// Txs are its steps, in order; the length of the run is their number.
	Txs []chains.TxID
	// In is the output that the first step spends, of two the larger one. ValueIn is what all inputs of
	// the first step bring, in the smallest unit.
	In      chains.OutPoint
	ValueIn uint64
	// Added are the inputs of later steps beside what goes on, by step, then by index.
	Added []PeelAdded
	// Fees is what no step paid to anybody: fees, and what outputs with data hold. ValueIn and Added are
	// what Paid, TipValue and Fees are together, where Closed: the values of all inputs are known. Else
	// unknown ones count as 0, and so does Fees.
	Fees   uint64
	Closed bool
	// Paid is what left on the way, by step, then by index.
	Paid []Peeled
	// Tip is the output of the last step that goes on, and TipValue its value.
	Tip      chains.OutPoint
	TipValue uint64
	// Stop is why it ended there.
	Stop PeelStop
}

// Peeled is an output that a step of a run pays to somebody.
type Peeled struct {
	Output chains.OutPoint
	To     chains.Address
	Value  uint64 // smallest units
}

// PeelAdded is an input by which other coins come to a run.
type PeelAdded struct {
	Tx    chains.TxID // the step
	Input int
	Value uint64 // smallest units
}

// PeelStop is why a run ends.
type PeelStop string

// The ends of runs.
const (
	PeelUnspent       PeelStop = "unspent"       // nothing that was given spends the tip
	PeelMix           PeelStop = "coinjoin"      // the tip goes into a CoinJoin, or into what prepares one
	PeelBatch         PeelStop = "batch"         // it is spent with more than PeelOutputs outputs
	PeelConsolidation PeelStop = "consolidation" // it is spent with other coins: more than PeelInputs, or those of another run
	PeelSwept         PeelStop = "swept"         // it is spent whole, to one output
	PeelLabel         PeelStop = "label"         // it went to an address that is labelled as a service
	PeelHabits        PeelStop = "habits"        // it is spent by software with other habits, or nothing tells which output goes on
	PeelLimit         PeelStop = "limit"         // PeelLongest steps
)

// peelShape returns "" where tx has the form of a step, else why a run ends at it. Outputs that
// hold data pay nobody: a transaction with one and one other output is spent whole.
func peelShape(tx *chains.Tx) PeelStop {
	outputs := 0
	for i := range tx.Outputs {
		if canContinue(&tx.Outputs[i]) {
			outputs++
		}
	}
	switch {
	case len(tx.Outputs) > PeelOutputs || len(tx.Inputs) > PeelInputs:
		switch {
		case isMixing(tx):
			return PeelMix
		case outputs > PeelOutputs:
			return PeelBatch
		case len(tx.Inputs) > PeelInputs:
			return PeelConsolidation
		}
	case outputs < 2 || len(tx.Inputs) == 0:
		return PeelSwept
	}
	if isMixing(tx) {
		return PeelMix
	}
	return ""
}

// isMixing reports whether tx is a mix or prepares one.
func isMixing(tx *chains.Tx) bool {
	if _, mix := MixOf(tx); mix {
		return true
	}
	_, prepares := whirlpoolTx0(tx)
	return prepares
}

// canContinue reports whether an output can be spent and holds something.
func canContinue(out *chains.Output) bool {
	return out.Value > 0 && out.Type != chains.ScriptNullData
}

// PeelStep reports whether tx is a step of a peel chain, and which output goes on. A payment with a
// change that is spent in another payment is what every wallet makes, so that one step is none: the
// transaction behind it, or the one before it, must be a step in the same way. What lies there is
// facts' word (Around, Maker); where they do not tell, nothing is a step.
func PeelStep(tx *chains.Tx, facts Facts) (continues int, ok bool) {
	return peelStep(tx, facts, nil)
}

// peelStep is PeelStep, given the vote on tx where it was taken already.
func peelStep(tx *chains.Tx, facts Facts, vote *ChangeVote) (continues int, ok bool) {
	if facts.Around == nil {
		return -1, false
	}
	at, next := goesOn(tx, facts, vote)
	if next == nil {
		return -1, false
	}
	if _, further := goesOn(next, facts.Around(next), nil); further != nil {
		return at, true
	}
	for i := range tx.Inputs {
		if facts.Maker == nil {
			break
		}
		maker := facts.Maker(i)
		if maker == nil {
			continue
		}
		if from, to := goesOn(maker, facts.Around(maker), nil); to != nil && from == int(tx.Inputs[i].Prev.Index) {
			return at, true
		}
	}
	return -1, false
}

// goesOn returns the output of tx by which the rest goes on, and the transaction of the form of a
// step that spends it with the habits of tx; nil where there is none. It is the only output that is
// spent with these habits; where several are, the change of the vote. Where the vote names another
// one than habits do, nothing goes on: what pays a script that paid is always the vote's. vote is that on
// tx; nil: it is taken here.
func goesOn(tx *chains.Tx, facts Facts, vote *ChangeVote) (at int, next *chains.Tx) {
	if facts.Spender == nil || len(tx.Inputs) == 0 || len(tx.Inputs) > PeelInputs || len(tx.Outputs) < 2 {
		return -1, nil
	}
	own, alike := HabitsOf(tx), 0
	for i := range tx.Outputs {
		if !canContinue(&tx.Outputs[i]) {
			continue
		}
		if by := facts.Spender(i); by != nil && own.Same(HabitsOf(by)) {
			alike, at, next = alike+1, i, by
		}
	}
	if alike == 0 || alike == 1 && peelShape(next) != "" || peelShape(tx) != "" {
		return -1, nil
	}
	if vote == nil {
		taken := Change(tx, facts)
		vote = &taken
	}
	switch {
	case alike > 1 && !vote.Answered, alike == 1 && vote.Answered && vote.Output != at:
		return -1, nil
	case alike > 1:
		at, next = vote.Output, facts.Spender(vote.Output)
		if next == nil || !own.Same(HabitsOf(next)) || peelShape(next) != "" {
			return -1, nil
		}
	}
	return at, next
}
