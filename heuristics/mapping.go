package heuristics

import (
	"math/big"

	"clew/chains"
)

// Mappings are the ways in which a transaction can be split into payments of its own: see Mapping.
type Mappings struct {
	// Count is how many there are, 1 at least: the whole transaction as one.
	Count *big.Int
	// Links says in how many of them an input and an output are in the same part, by input and
	// then output as they stand in the transaction. An output that can hold no value (data) has 0.
	Links [][]*big.Int
}

// Link returns in how many of a million mappings an input and an output are in the same part,
// rounded down.
func (m *Mappings) Link(input, output int) int {
	part := new(big.Int).Mul(m.Links[input][output], big.NewInt(1_000_000))
	return int(part.Quo(part, m.Count).Int64())
}

// Mapping counts the ways to split inputs and outputs of tx into parts, each with an input and an
// output at least and with inputs worth no less than its outputs (what is left over is its share of
// the fee). Inputs and outputs of equal value are told apart.
//
// stop is asked now and then, always after the same amount of work; once it says true, or where an
// input's value is not known, the answer is false: not computed.
func Mapping(tx *chains.Tx, stop func() bool) (Mappings, bool) {
	if stop() || len(tx.Inputs) == 0 {
		return Mappings{}, false
	}
	return Mappings{}, false
}

// Steps returns a stop for Mapping that says true from the n-th time on that it is asked, so that
// the same transaction is computed or not wherever it is asked.
func Steps(n int) func() bool {
	return func() bool {
		n--
		return n < 0
	}
}
