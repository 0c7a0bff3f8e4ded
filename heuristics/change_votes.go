package heuristics

import (
	"slices"

	"clew/chains"
)

// predicate is something that is true of the change more often than of a payment.
type predicate uint8

// The predicates, in the order in which votes are listed.
const (
	voteSelf predicate = iota
	voteMultisig
	voteLockTime
	voteVersion
	voteSequence
	voteKeys
	voteOrder
	voteType
	voteRound
	voteBelow
	voteNeedless
	voteFresh
	predicateCount
)

// changeGroup holds predicates that say the same in several ways.
type changeGroup uint8

const (
	groupSelf changeGroup = iota
	groupFingerprint
	groupType
	groupAmount
	groupFreshness
	groupCount
)

var groupNames = [groupCount]string{"self", "fingerprint", "type", "amount", "freshness"}

// predicates has for each the weight ln(p/(1−p)) in thousandths, where p is how often it was right
// on 35.3 million transactions with two outputs whose change showed later (Möser and Narayanan,
// "Resurrecting Address Clustering in Bitcoin", 2022); they are theirs, and what the vote is
// wrong by is measured here (docs/methods.md). Of keys, nothing was published: they weigh as the
// weakest do. The publication's habit of fee rates is left out: the size of a transaction, and so its rate,
// is not known everywhere, and spenders that pay the same fee were the right ones half of the time.
var predicates = [predicateCount]struct {
	name   string
	group  changeGroup
	weight int
}{
	voteSelf:     {"its script is among the inputs", groupSelf, 6907},
	voteMultisig: {"no spender of another output reveals the inputs' multisig", groupFingerprint, 5517},       // p .996
	voteLockTime: {"the spenders of the other outputs set lock times otherwise", groupFingerprint, 4595},      // p .990
	voteVersion:  {"the spenders of the other outputs have another version", groupFingerprint, 4185},          // p .985
	voteSequence: {"the spenders of the other outputs set sequences otherwise", groupFingerprint, 3317},       // p .965
	voteKeys:     {"the spenders of the other outputs have other keys", groupFingerprint, 1586},               // not published
	voteOrder:    {"the spenders of the other outputs are not sorted as this one is", groupFingerprint, 1586}, // p .83
	voteType:     {"its script is of the inputs' type", groupType, 2542},                                      // p .927
	voteRound:    {"the other outputs are round amounts", groupAmount, 4185},                                  // p .985
	voteBelow:    {"it is below the smallest input", groupAmount, 2442},                                       // p .92
	voteNeedless: {"the other outputs would have needed fewer inputs", groupAmount, 2442},                     // p .92
	voteFresh:    {"its script is new, and those of the others are not", groupFreshness, 3178},                // p .960
}

// roundUnits is what an amount is a multiple of that a person chose: 10³ of the smallest units, as in the
// publication.
const roundUnits = 1000

// scripts votes by the scripts of inputs and outputs.
func (b *ballot) scripts() {
	ins := b.tx.Inputs
	var self, same uint16
	kind, alike := ins[0].Spent.Type, ins[0].Known
	for i := range ins {
		alike = alike && ins[i].Known && ins[i].Spent.Type == kind
	}
	for i := range b.tx.Outputs {
		out := &b.tx.Outputs[i]
		if alike && out.Type == kind {
			same |= 1 << i
		}
		if out.Address != "" && slices.ContainsFunc(ins, func(in chains.Input) bool { return in.Known && in.Spent.Address == out.Address }) {
			self |= 1 << i
		}
	}
	b.holds(voteSelf, self)
	b.holds(voteType, same)
}

// amounts votes by what wallets do who gather no more inputs than they need, and people who pay
// round sums.
func (b *ballot) amounts() {
	var round, below, alone uint16
	total, least, most, known := b.inputValues()
	for i := range b.tx.Outputs {
		v := b.tx.Outputs[i].Value
		if v%roundUnits == 0 {
			round |= 1 << i
		}
		if known && v < least {
			below |= 1 << i
		}
		// If this were the change, one input alone would have paid all else.
		if known && total-min(v, total) <= most {
			alone |= 1 << i
		}
	}
	b.holds(voteRound, ^round)
	if known {
		b.holds(voteBelow, below)
		b.holds(voteNeedless, ^alone)
	}
}

// inputValues returns the sum, the least and the largest of the inputs' values; known is false
// where one of them is not known.
func (b *ballot) inputValues() (total, least, most uint64, known bool) {
	least = 1<<64 - 1
	for i := range b.tx.Inputs {
		in := &b.tx.Inputs[i]
		if !in.Known {
			return 0, 0, 0, false
		}
		v := in.Spent.Value
		total, least, most = total+v, min(least, v), max(most, v)
	}
	return total, least, most, true
}

// freshness votes by whether scripts were paid before.
func (b *ballot) freshness(asked func(chains.Address) (seen, known bool)) {
	var fresh uint16
	for i := range b.tx.Outputs {
		if b.all&(1<<i) == 0 {
			continue
		}
		seen, known := asked(b.tx.Outputs[i].Address)
		if !known {
			return
		}
		if !seen {
			fresh |= 1 << i
		}
	}
	b.holds(voteFresh, fresh)
}

// fingerprints votes by the habits of those who spend the outputs. A wallet keeps to its habits, so
// that an output is ruled out whose spender does otherwise; the vote is for the one that is
// left, also where nothing is known to spend it. Where a habit cannot be told, it rules nothing
// out.
func (b *ballot) fingerprints(spender func(int) *chains.Tx) {
	var out [predicateCount]uint16 // ruled out
	var own Habits
	known := false
	for i := range b.tx.Outputs {
		if b.all&(1<<i) == 0 {
			continue
		}
		by := spender(i)
		if by == nil {
			continue
		}
		if !known {
			own, known = HabitsOf(b.tx), true
		}
		bit, its := uint16(1)<<i, HabitsOf(by)
		for p, differs := range [...]bool{
			voteMultisig: own.N > 0 && (own.M != its.M || own.N != its.N),
			voteLockTime: own.LockTime != its.LockTime,
			voteVersion:  own.Version != its.Version,
			voteSequence: own.Sequence != its.Sequence,
			voteKeys:     own.keysDiffer(its),
			voteOrder:    own.Order != its.Order && own.Order != OrderUndecided && its.Order != OrderUndecided,
		} {
			if differs {
				out[p] |= bit
			}
		}
	}
	for p := voteMultisig; p <= voteOrder; p++ {
		if out[p] != 0 {
			b.holds(p, ^out[p])
		}
	}
}
