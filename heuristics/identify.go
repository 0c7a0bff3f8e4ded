package heuristics

import (
	"fmt"
	"strings"

	"clew/chains"
)

// The versions of what Identify finds beside change and peel.
const (
	CoinJoinVersion      = "1"
	BatchVersion         = "1"
	ConsolidationVersion = "1"
)

const (
	// BatchOutputs is the most outputs that can be spent of a payment to one party or a few; more are a
	// batch.
	BatchOutputs = PeelOutputs
	// ConsolidationInputs is the least number of inputs that are gathered: a payment of one's whole
	// wallet has one or two.
	ConsolidationInputs = PeelInputs + 1
)

// Identify says what kinds of transaction tx is, in this order: a mix or what prepares one, which
// say all of a transaction; else batch or consolidation, change, peel. It is empty for a transaction
// of which nothing is said, a coinbase among them, and on chains of accounts. It is a pure function
// of tx and of what facts answer.
func Identify(tx *chains.Tx, facts Facts) []Finding {
	if tx.Coinbase || tx.Exec != nil {
		return nil
	}
	if m, ok := mixOf(tx); ok {
		return []Finding{m.finding(tx)}
	}
	if prepared, ok := whirlpoolTx0(tx); ok {
		return []Finding{prepared.finding(tx)}
	}
	var found []Finding
	if f, ok := gathered(tx); ok {
		found = append(found, f)
	}
	vote := Change(tx, facts)
	if vote.Answered {
		found = append(found, vote.finding())
	}
	if continues, ok := peelStep(tx, facts, &vote); ok {
		found = append(found, Finding{
			Heuristic: string(KindPeel), Version: PeelVersion, Kind: KindPeel, Outputs: []int{continues},
			Says: fmt.Sprintf("a step of a run of payments: it pays %d and passes the rest on with output %d, as the one before or behind it does", len(tx.Outputs)-1, continues),
		})
	}
	return found
}

// finding says it of tx.
func (m mix) finding(tx *chains.Tx) Finding {
	f := Finding{Heuristic: string(m.kind), Version: CoinJoinVersion, Kind: m.kind, Set: m.set, SetValue: m.value}
	for i := range tx.Outputs {
		if v := tx.Outputs[i].Value; v == m.value || m.kind == KindWasabi2 && denomination(v) != 0 {
			f.Outputs = append(f.Outputs, i)
		}
	}
	f.Says = fmt.Sprintf("%s: %d inputs, %d outputs, %d of them of %s each (%s)",
		mixNames[m.kind], len(tx.Inputs), len(tx.Outputs), m.set, coins(m.value), m.rule)
	if in, again, ok := Entrants(tx); ok {
		f.Says += fmt.Sprintf("; of the inputs %d enter and %d were mixed before, by their values", len(in), len(again))
	}
	return f
}

var mixNames = map[Kind]string{
	KindWhirlpool:  "a Whirlpool mix",
	KindWasabi1:    "a Wasabi 1 CoinJoin",
	KindWasabi2:    "a Wasabi 2 (WabiSabi) CoinJoin",
	KindJoinMarket: "a JoinMarket CoinJoin",
}

// Entrants tells apart, by their values, the inputs of a mix that enter and those that were mixed
// before, by index: in Whirlpool those of the pool's value were, in Wasabi 2 those of a standard
// denomination (some that enter have one by accident). ok is false where values do not tell: in
// other mixes, and where one is not known.
func Entrants(tx *chains.Tx) (entrants, remixes []int, ok bool) {
	m, mixed := mixOf(tx)
	if !mixed || m.kind != KindWhirlpool && m.kind != KindWasabi2 || !spentKnown(tx) {
		return nil, nil, false
	}
	for i := range tx.Inputs {
		v := tx.Inputs[i].Spent.Value
		if m.kind == KindWhirlpool && v == m.value || m.kind == KindWasabi2 && denomination(v) != 0 {
			remixes = append(remixes, i)
		} else {
			entrants = append(entrants, i)
		}
	}
	return entrants, remixes, true
}

// finding says it of tx.
func (p tx0) finding(tx *chains.Tx) Finding {
	f := Finding{Heuristic: string(KindWhirlpoolTx0), Version: CoinJoinVersion, Kind: KindWhirlpoolTx0}
	for i := range tx.Outputs {
		if tx.Outputs[i].Value == p.premix {
			f.Outputs = append(f.Outputs, i)
		}
	}
	f.Says = fmt.Sprintf("prepares a Whirlpool mix: %d outputs for the pool of %s, the coordinator's fee, and change; one owner",
		p.count, coins(p.pool))
	return f
}

// coins writes an amount of Bitcoin's units in coins.
func coins(units uint64) string {
	const unit = 100_000_000
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%d.%08d", units/unit, units%unit), "0"), ".")
}

// gathered says of tx that it is a batch, or a consolidation.
func gathered(tx *chains.Tx) (Finding, bool) {
	n := 0
	for i := range tx.Outputs {
		if tx.Outputs[i].Type != chains.ScriptNullData {
			n++
		}
	}
	var f Finding
	switch {
	case n > BatchOutputs:
		f = Finding{Heuristic: string(KindBatch), Version: BatchVersion, Kind: KindBatch}
		f.Says = fmt.Sprintf("a batch: %d outputs, more than a payment to one party or a few has", n)
	case n == 1 && len(tx.Inputs) >= ConsolidationInputs:
		f = Finding{Heuristic: string(KindConsolidation), Version: ConsolidationVersion, Kind: KindConsolidation}
		f.Says = fmt.Sprintf("a consolidation: %d inputs are gathered in one output", len(tx.Inputs))
	default:
		return Finding{}, false
	}
	f.Outputs = make([]int, 0, n)
	for i := range tx.Outputs {
		if tx.Outputs[i].Type != chains.ScriptNullData {
			f.Outputs = append(f.Outputs, i)
		}
	}
	return f, true
}

// finding says which output it is, and what voted for it.
func (v ChangeVote) finding() Finding {
	f := Finding{Heuristic: string(KindChange), Version: ChangeVersion, Kind: KindChange, Outputs: []int{v.Output}, Band: v.Band}
	var reasons []string
	for _, vote := range v.Votes {
		if vote.Output == v.Output {
			reasons = append(reasons, vote.Predicate)
		}
	}
	f.Says = fmt.Sprintf("output %d looks like the payer's change, because %s (strength %s on the scale %s)",
		v.Output, listed(reasons), v.Band, strings.Join(Bands()[1:], ", "))
	if v.Band == BandSelf {
		f.Says = fmt.Sprintf("output %d is the payer's change: it pays a script that paid", v.Output)
	}
	return f
}

// listed writes reasons after each other.
func listed(reasons []string) string {
	if last := len(reasons) - 1; last > 0 {
		return strings.Join(reasons[:last], ", ") + ", and " + reasons[last]
	}
	return strings.Join(reasons, "")
}

// Error returns the measured error that is printed beside f, for a change that of its band; false where it
// was not measured.
func (f Finding) Error() (Score, bool) {
	if f.Band != "" {
		return ErrorOf(f.Heuristic+"/"+f.Band, f.Version)
	}
	return ErrorOf(f.Heuristic, f.Version)
}
