package heuristics

import (
	"bytes"
	"math/bits"

	"clew/chains"
)

// Wasabi 1 (ZeroLink, 2018 to 2022). Each participant gives inputs worth the round's denomination
// and fees at least, and gets one output of exactly it, more of other levels, and change; the
// coordinator gets one output. Everything is P2WPKH, all outputs are to scripts of their own. At
// first the coordinator was paid to the same two addresses.

// wasabiCoordinators are the hashes that the coordinator's two fixed P2WPKH scripts commit to
// (bc1qs604…0ew and bc1qa24t…kmjw), from nopara73/Dumplings, MIT.
var wasabiCoordinators = [...]string{
	"\x86\x9f\x5c\x7a\x4c\xd7\x77\x6a\xe0\xc0\xfc\xd9\xc3\x31\x5a\xbb\x23\x9a\x9f\x0d",
	"\xea\xaa\xb8\x23\x17\x67\x0d\x0e\xe3\x01\x3b\x07\x3b\x25\xa7\xa5\xc7\x80\xf5\x28",
}

const (
	// wasabi1Set is the least number of equal outputs where no known coordinator is paid: rounds
	// of fewer were rare (Dumplings).
	wasabi1Set = 10
	// wasabi1Least and wasabi1Most bound the denomination, which was 0.1 at first and followed what
	// participants had left after fees, in satoshi.
	wasabi1Least, wasabi1Most = 8_000_000, 12_000_000
	// wasabi1Alone is the least number of outputs with a value of their own: the coordinator's and
	// somebody's change.
	wasabi1Alone = 2
	// wasabi1Version is that of its transactions, always; those of which it is not known (0) may be
	// ones.
	wasabi1Version = 1
)

// wasabi1 recognises a CoinJoin of Wasabi 1.
func wasabi1(tx *chains.Tx) (mix, bool) {
	if tx.Version > wasabi1Version || !allOf(tx.Outputs, chains.ScriptP2WPKH) {
		return mix{}, false
	}
	if paysCoordinator(tx) {
		value, count := commonest(tx, func(uint64) bool { return true })
		rule := "one output pays the coordinator of Wasabi 1"
		return mix{KindWasabi1, value, count, rule}, count >= 2 && len(tx.Inputs) >= count && outputsDiffer(tx)
	}
	in := func(v uint64) bool { return v >= wasabi1Least && v <= wasabi1Most }
	if len(tx.Inputs) < wasabi1Set || countWithin(tx, in) < wasabi1Set {
		return mix{}, false
	}
	value, count := commonest(tx, in)
	if count < wasabi1Set || len(tx.Inputs) < count || !outputsDiffer(tx) || aloneValues(tx) < wasabi1Alone {
		return mix{}, false
	}
	rule := "ten or more equal outputs of about 0.1, and inputs enough for as many, all P2WPKH"
	return mix{KindWasabi1, value, count, rule}, suffices(tx, value, count) && !makersPaid(tx)
}

// paysCoordinator reports whether an output is to the first coordinator's fixed addresses.
func paysCoordinator(tx *chains.Tx) bool {
	for i := range tx.Outputs {
		if a := tx.Outputs[i].Address; len(a) == 21 {
			for _, c := range wasabiCoordinators {
				if string(a[1:]) == c {
					return true
				}
			}
		}
	}
	return false
}

// countWithin returns for how many outputs within is true of the value.
func countWithin(tx *chains.Tx, within func(uint64) bool) int {
	n := 0
	for i := range tx.Outputs {
		if within(tx.Outputs[i].Value) {
			n++
		}
	}
	return n
}

// aloneValues returns how many values only one output has.
func aloneValues(tx *chains.Tx) int {
	count := make(map[uint64]int, len(tx.Outputs))
	for i := range tx.Outputs {
		count[tx.Outputs[i].Value]++
	}
	alone := 0
	for _, n := range count {
		if n == 1 {
			alone++
		}
	}
	return alone
}

// suffices reports whether the inputs may be those of count participants who each gave value at
// least, all from P2WPKH: an input alone serves one, and what is smaller serves one for each time
// that it adds up to value. It is true where what some input spent is not known.
func suffices(tx *chains.Tx, value uint64, count int) bool {
	served, small := 0, uint64(0)
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		switch {
		case !in.Known:
			return true
		case in.Spent.Type != chains.ScriptP2WPKH:
			return false
		case in.Spent.Value >= value:
			served++
		default:
			small += in.Spent.Value
		}
	}
	return uint64(served)+small/value >= uint64(count)
}

// Wasabi 2 (WabiSabi, since 2022, and others who use its library). Participants register inputs
// without telling which are one's, and outputs mostly of standard denominations into which each
// decomposes what is left of its own. The library orders inputs by value, the largest first, and
// equal ones by the bytes of the outpoint; outputs by value and then by script. Inputs are P2WPKH or
// P2TR; outputs are to scripts of their own.

const (
	// wabiSabiLeast and wabiSabiMost bound the standard denominations, in satoshi: the least output
	// that coordinators allowed, and the most that one participant may register.
	wabiSabiLeast, wabiSabiMost = 5_000, 134_375_000_000
	// wabiSabiOrdered is the least number of inputs and of outputs, where their order is known and as
	// the library's: of transactions in any order one in 14,400 has it by accident.
	wabiSabiOrdered = 5
	// wabiSabiAny is the same where the order of inputs is not known or another one.
	wabiSabiAny = 10
	// wabiSabiTies is how many orders equal inputs and outputs could have stood in where no
	// denomination is one that only the library knows.
	wabiSabiTies = 1000
)

// wasabi2 recognises a CoinJoin of Wasabi 2: in the library's order with 60 % of the outputs in
// standard denominations, otherwise with 80 % of them, and three different ones. One of them at least
// is a power of two or three or twice that, since payments have round decimal amounts too; or equal
// values stand in an order that they have by accident once in a thousand times, and not all are equal
// (then BIP 69 gives the same order).
func wasabi2(tx *chains.Tx) (mix, bool) {
	n := len(tx.Outputs)
	if n < wabiSabiOrdered || len(tx.Inputs) < wabiSabiOrdered {
		return mix{}, false
	}
	standard, binary := 0, 0
	for i := range tx.Outputs {
		if tx.Outputs[i].Type == chains.ScriptNullData {
			return mix{}, false
		}
		switch denomination(tx.Outputs[i].Value) {
		case 2:
			binary++
			standard++
		case 10:
			standard++
		}
		// Most transactions end here: what is left cannot make up for what is not standard.
		if misses := i + 1 - standard; misses*5 > n*2 {
			return mix{}, false
		}
	}
	if !segwitOnly(tx) || !outputsDiffer(tx) {
		return mix{}, false
	}
	m := mix{kind: KindWasabi2, rule: "outputs of standard denominations, inputs and outputs in the order of the WabiSabi library"}
	m.value, m.set = commonest(tx, func(v uint64) bool { return denomination(v) != 0 })
	if outTies, ok := wabiSabiOutputs(tx); ok {
		if inTies, ok := wabiSabiInputs(tx); ok && (binary > 0 || outTies*inTies >= wabiSabiTies && tx.Outputs[0].Value > tx.Outputs[n-1].Value) {
			return m, true
		}
	}
	m.rule = "at least four in five outputs of three or more standard denominations"
	return m, binary > 0 && n >= wabiSabiAny && len(tx.Inputs) >= wabiSabiAny && standard*5 >= n*4 && denominations(tx) >= 3
}

// segwitOnly reports whether all inputs that are known spend P2WPKH or P2TR, and, where one is not
// known, all outputs are segwit.
func segwitOnly(tx *chains.Tx) bool {
	for i := range tx.Inputs {
		if t := tx.Inputs[i].Spent.Type; tx.Inputs[i].Known && t != chains.ScriptP2WPKH && t != chains.ScriptP2TR {
			return false
		}
	}
	if spentKnown(tx) {
		return true
	}
	for i := range tx.Outputs {
		switch tx.Outputs[i].Type {
		case chains.ScriptP2WPKH, chains.ScriptP2TR, chains.ScriptP2WSH:
		default:
			return false
		}
	}
	return true
}

// wabiSabiOutputs reports whether outputs stand in the library's order, and in how many orders those
// of equal value could have stood, wabiSabiTies at most.
func wabiSabiOutputs(tx *chains.Tx) (ties int, ok bool) {
	ties, run := 1, 1
	for i := 1; i < len(tx.Outputs); i++ {
		a, b := &tx.Outputs[i-1], &tx.Outputs[i]
		switch order, standard := compareScripts(a, b); {
		case a.Value < b.Value, a.Value == b.Value && standard && order > 0:
			return 0, false
		case a.Value == b.Value && standard:
			run++
			ties = min(ties*run, wabiSabiTies)
		default:
			run = 1
		}
	}
	return ties, true
}

// wabiSabiInputs is the same for inputs; false where it is not known what one spends.
func wabiSabiInputs(tx *chains.Tx) (ties int, ok bool) {
	if !spentKnown(tx) {
		return 0, false
	}
	ties, run := 1, 1
	for i := 1; i < len(tx.Inputs); i++ {
		a, b := &tx.Inputs[i-1], &tx.Inputs[i]
		if a.Spent.Value < b.Spent.Value {
			return 0, false
		}
		if a.Spent.Value > b.Spent.Value {
			run = 1
			continue
		}
		// Bytes as they are written: of a txid the last first, of an index the lowest first.
		wireA, wireB := a.Prev.Tx.Reversed(), b.Prev.Tx.Reversed()
		if order := bytes.Compare(wireA[:], wireB[:]); order > 0 || order == 0 && bits.ReverseBytes32(a.Prev.Index) > bits.ReverseBytes32(b.Prev.Index) {
			return 0, false
		}
		run++
		ties = min(ties*run, wabiSabiTies)
	}
	return ties, true
}

// denomination tells of a value whether it is a standard denomination: 2 where it is a power of two
// or three or twice that of three, 10 where it is one, two or five times a power of ten, else 0.
func denomination(v uint64) int {
	if v < wabiSabiLeast || v > wabiSabiMost {
		return 0
	}
	if v&(v-1) == 0 {
		return 2
	}
	rest := v
	for rest%10 == 0 {
		rest /= 10
	}
	if rest == 1 || rest == 2 || rest == 5 {
		return 10
	}
	if rest = v; rest%2 == 0 {
		rest /= 2
	}
	for rest%3 == 0 {
		rest /= 3
	}
	if rest == 1 {
		return 2
	}
	return 0
}

// denominations returns how many different standard denominations outputs have.
func denominations(tx *chains.Tx) int {
	seen := map[uint64]bool{}
	for i := range tx.Outputs {
		if v := tx.Outputs[i].Value; denomination(v) != 0 {
			seen[v] = true
		}
	}
	return len(seen)
}
