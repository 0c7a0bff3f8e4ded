package heuristics

import "clew/chains"

// MixChangeVersion is that of what Emerge says of change.
const MixChangeVersion = "1"

// Emerging is how what one participant gave to a mix can have come out of it, in smallest units: the
// wallets give each participant one output of the value that many have, and the rest as change. So
// an anonymity set never covers more than Alike.
type Emerging struct {
	Alike uint64 // at most so much is in the participant's output of that value
	Rest  uint64 // what else was given: it paid fees and came out in outputs of other values
	// Change is the one output of another value that the rest fits to but for fees, by index; -1
	// where none or several do. It may be another participant's (mix-change in docs/methods.md).
	Change int
}

// Emerge says how what somebody gave with some inputs of a mix can have come out. ok is false for
// what is no mix, and for mixes that bind nobody to one output of a value (Wasabi 2): there what was
// given is spread over values that each have a set of their own.
//
// It takes the inputs for all that their owner gave. Who gave others too has more change, and the
// output that fits is somebody else's.
func Emerge(tx *chains.Tx, gave uint64) (e Emerging, ok bool) {
	m, mixed := mixOf(tx)
	if !mixed || m.kind == KindWasabi2 {
		return Emerging{}, false
	}
	e = Emerging{Alike: min(gave, m.value), Change: -1}
	e.Rest = gave - e.Alike
	share := makerShare(m.value)
	if e.Rest <= share { // it may all be fees
		return e, true
	}
	most := e.Rest
	if m.kind == KindJoinMarket { // a maker is paid
		most += share
	}
	for i := range tx.Outputs {
		if v := tx.Outputs[i].Value; v == m.value || v < e.Rest-share || v > most {
			continue
		}
		if e.Change >= 0 {
			e.Change = -1
			break
		}
		e.Change = i
	}
	return e, true
}
