package heuristics

import (
	"fmt"
	"math/big"

	"clew/chains"
)

// MappingVersion is the version of what is counted as a mapping.
const MappingVersion = "1"

// Mappings are the ways in which a transaction can be split into payments of its own: see Mapping.
type Mappings struct {
	// Count is how many there are, 1 at least: the whole transaction as one.
	Count *big.Int
	// Links says in how many of them an input and an output are in the same part, by input and
	// then output as they stand in the transaction. An output that can hold no value (data) has 0.
	Links [][]*big.Int
}

// Link returns in how many of a million mappings an input and an output are in the same part,
// rounded down. That is no chance that they are one owner's: all mappings count alike, and owners
// are known to prefer some.
func (m *Mappings) Link(input, output int) int {
	part := new(big.Int).Mul(m.Links[input][output], big.NewInt(1_000_000))
	return int(part.Quo(part, m.Count).Int64())
}

// LinkCertain is the band of links of all mappings.
const LinkCertain = "100"

// LinkBand returns in which tenth of a hundred a link of so many in a million lies, such as "30-40", and
// LinkCertain where all mappings have it: errors are measured for each, as those of mapping/30-40.
func LinkBand(ppm int) string {
	const million, tenth = 1_000_000, 100_000
	if ppm >= million {
		return LinkCertain
	}
	low := ppm / tenth * 10
	return fmt.Sprintf("%d-%d", low, low+10)
}

// Mapping counts the ways to split inputs and outputs of tx into parts, each with an input and an
// output at least and with inputs worth no less than its outputs (what is left over is its share of
// the fee). Each input and output is in one part. Inputs and outputs of equal value are told apart:
// of a Whirlpool mix of five there are 1,496 mappings. Outputs that hold data belong to no part.
// That is what Boltzmann (LaurentMT) counts with fees allowed inside of the transaction.
//
// stop is asked now and then, always after the same amount of work (Steps); once it says true the
// answer is false: not computed. So it is where the value of an input is not known, and where there
// are more than MappingPlaces inputs and outputs, or more ways to make one part than fit into memory.
func Mapping(tx *chains.Tx, stop func() bool) (Mappings, bool) {
	rule, at, ok := boltzmann(tx)
	if !ok {
		return Mappings{}, false
	}
	s, ok := newSplitter(rule, stop)
	if !ok {
		return Mappings{}, false
	}
	count, ok := s.count(s.whole())
	if !ok {
		return Mappings{}, false
	}
	links, ok := s.links()
	if !ok {
		return Mappings{}, false
	}
	m := Mappings{Count: count.big(), Links: make([][]*big.Int, len(tx.Inputs))}
	for i := range tx.Inputs {
		m.Links[i] = make([]*big.Int, len(tx.Outputs))
		for o := range m.Links[i] {
			m.Links[i][o] = new(big.Int)
		}
		for k, o := range at {
			m.Links[i][o].Set(links[s.in.classOf[i]][s.out.classOf[k]])
		}
	}
	return m, true
}

// Steps returns a stop for Mapping that says true from the n-th time on that it is asked, so that
// the same transaction is computed or not wherever it is asked. It is asked about a thousand times a
// second.
func Steps(n int) func() bool {
	return func() bool {
		n--
		return n < 0
	}
}

// boltzmann is what Mapping counts, and where the outputs that can hold value stand in tx.
func boltzmann(tx *chains.Tx) (rule SplitRule, at []int, ok bool) {
	if tx.Coinbase || len(tx.Inputs) == 0 || len(tx.Inputs)+len(tx.Outputs) > 2*MappingPlaces || !spentKnown(tx) {
		return SplitRule{}, nil, false
	}
	for i := range tx.Inputs {
		rule.In = append(rule.In, int64(tx.Inputs[i].Spent.Value))
		rule.Most += rule.In[i]
	}
	for i := range tx.Outputs {
		if o := &tx.Outputs[i]; o.Type != chains.ScriptNullData {
			rule.Out = append(rule.Out, int64(o.Value))
			rule.Most -= int64(o.Value)
			at = append(at, i)
		}
	}
	return rule, at, len(at) > 0
}
