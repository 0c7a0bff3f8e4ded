package heuristics

import (
	"math/bits"
	"slices"

	"clew/chains"
)

// JoinMarket. One taker pays some makers to join it. Each of the n gives inputs and gets one output
// of the same value and its change; only the taker may have none, and only the taker's equal output
// may be somebody else's, so of another form. All wallets are of one form: P2PKH until 2018, P2SH
// with P2WPKH inside until 2020, P2WPKH since. A maker's change is what it gave less the value, and
// the small fee that it is paid more (or, where it adds more to the mining fee, less). So the inputs
// can be divided among the participants.

const (
	// joinMarketSet is the least number of participants that is recognised: with two any payment to
	// oneself of an amount like another's looks so (Stonewall).
	joinMarketSet = 3
	// joinMarketLeast is the least value, in satoshi: JoinMarket's first limit for dust, below which it
	// makes no output.
	joinMarketLeast = 2_730
	// mostPlaces is the largest number of outputs: messages of more makers do not fit into what the
	// protocol exchanges.
	mostPlaces = 100
	// joinMarketBorn is when it was announced, 9 January 2015, in Unix seconds. Earlier CoinJoins of its
	// form were made by a server (SharedCoin).
	joinMarketBorn = 1_420_761_600
	// makerSteps bounds the search for a division; what is not refuted by then counts as one. A search
	// takes a third of a millisecond at most.
	makerSteps = 20_000
)

// makerShare is by how much a maker's change may differ from what it gave less the value, in
// satoshi: its fee, and its share of the mining fee. Takers refuse more than 1 % (BlockSci allows as
// much), and makers ask for fixed fees up to some thousands.
func makerShare(value uint64) uint64 { return max(value/100, 10_000) }

// joinMarket recognises a CoinJoin of JoinMarket.
func joinMarket(tx *chains.Tx) (mix, bool) {
	if tx.Block.Time != 0 && tx.Block.Time < joinMarketBorn {
		return mix{}, false
	}
	return equalShares(tx)
}

// equalShares recognises a CoinJoin of JoinMarket's form, whoever made it.
func equalShares(tx *chains.Tx) (mix, bool) {
	n := len(tx.Outputs)
	set := (n + 1) / 2
	if n > mostPlaces || set < joinMarketSet || len(tx.Inputs) < set {
		return mix{}, false
	}
	value, ok := majority(tx, set)
	if !ok || value <= joinMarketLeast || !oneWallet(tx, value) || !outputsDiffer(tx) {
		return mix{}, false
	}
	m := mix{KindJoinMarket, value, set, "everybody has one of these and change, but for one at most; all addresses are of one form"}
	if !spentKnown(tx) {
		return m, true
	}
	m.rule = "the inputs can be shared out among as many as have one of these and the change beside it"
	return m, distinctSpent(tx) >= set && newDivision(tx, value, makerShare(value)).found()
}

// makersPaid reports whether tx has the form of JoinMarket and its inputs can surely be divided among
// the participants so that no change differs from what its owner gave by more than a tenth of a
// percent: in a CoinJoin whose coordinator is paid, everybody pays more.
func makersPaid(tx *chains.Tx) bool {
	m, ok := joinMarket(tx)
	if !ok || !spentKnown(tx) {
		return false
	}
	d := newDivision(tx, m.value, m.value/1000)
	return d.found() && d.steps <= makerSteps
}

// majority returns the value that exactly count of the outputs have, which is half of them or more.
func majority(tx *chains.Tx, count int) (uint64, bool) {
	// Of two candidates that others cancel out, one is what more than a third have.
	var a, b uint64
	var na, nb int
	for i := range tx.Outputs {
		switch v := tx.Outputs[i].Value; {
		case na > 0 && v == a:
			na++
		case nb > 0 && v == b:
			nb++
		case na == 0:
			a, na = v, 1
		case nb == 0:
			b, nb = v, 1
		default:
			na--
			nb--
		}
	}
	for _, v := range [...]uint64{max(a, b), min(a, b)} {
		if countWithin(tx, func(w uint64) bool { return w == v }) == count {
			return v, true
		}
	}
	return 0, false
}

// oneWallet reports whether all inputs that are known and all outputs are of one form that
// JoinMarket's wallets have, but for one of the equal outputs.
func oneWallet(tx *chains.Tx, value uint64) bool {
	var count [256]int
	most := chains.ScriptUnknown
	for i := range tx.Outputs {
		t := tx.Outputs[i].Type
		if count[t]++; count[t] > count[most] || most == chains.ScriptUnknown {
			most = t
		}
	}
	switch most {
	case chains.ScriptP2PKH, chains.ScriptP2SH, chains.ScriptP2WPKH:
	default:
		return false
	}
	others := 0
	for i := range tx.Outputs {
		if o := &tx.Outputs[i]; o.Type != most {
			if others++; o.Value != value || o.Type == chains.ScriptNullData {
				return false
			}
		}
	}
	for i := range tx.Inputs {
		if in := &tx.Inputs[i]; in.Known && in.Spent.Type != most {
			return false
		}
	}
	return others <= 1
}

// newDivision is about the inputs of tx, of which is known what they spend, and outputs of which the
// equal ones have that value.
func newDivision(tx *chains.Tx, value, share uint64) *division {
	d := &division{share: share}
	for i := range tx.Inputs {
		d.inputs = append(d.inputs, tx.Inputs[i].Spent.Value)
	}
	for i := range tx.Outputs {
		if v := tx.Outputs[i].Value; v != value {
			d.got = append(d.got, v+value)
		}
	}
	if len(d.got)*2 < len(tx.Outputs) {
		d.got = append(d.got, value)
	}
	slices.SortFunc(d.inputs, descending)
	slices.SortFunc(d.got, descending)
	return d
}

// found reports whether the inputs can be divided among the participants: each maker's are worth
// what it got, but for its share; the taker's are the rest. It gives up with true.
func (d *division) found() bool {
	if len(d.inputs) > 64 {
		d.steps = makerSteps + 1
		return true
	}
	all := uint64(1)<<len(d.inputs) - 1
	for taker := range d.got {
		if d.taker = taker; d.place(0, all) {
			return true
		}
	}
	return false
}

func descending(a, b uint64) int {
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	}
	return 0
}

// division is the search for one of inputs among participants.
type division struct {
	inputs []uint64 // values, descending
	got    []uint64 // what each participant got, descending
	share  uint64
	taker  int // index in got
	steps  int // above makerSteps: given up
}

// place finds inputs among free for the participants from i on.
func (d *division) place(i int, free uint64) bool {
	if i == d.taker {
		i++
	}
	if i >= len(d.got) {
		var left uint64
		for f := free; f != 0; f &= f - 1 {
			left += d.inputs[bits.TrailingZeros64(f)]
		}
		return left >= d.got[d.taker]
	}
	return d.fill(i, free, free, 0)
}

// fill gives participant i, who has been given sum, inputs out of from and goes on with the next
// participant; free are those that nobody has.
func (d *division) fill(i int, free, from, sum uint64) bool {
	if d.steps++; d.steps > makerSteps {
		return true
	}
	if sum+d.share >= d.got[i] && sum > 0 {
		next := i + 1
		if d.place(next, free) {
			return true
		}
	}
	last := uint64(0)
	for f := from; f != 0; f &= f - 1 {
		k := bits.TrailingZeros64(f)
		v := d.inputs[k]
		if v == last || sum+v > d.got[i]+d.share {
			continue
		}
		last = v
		bit := uint64(1) << k
		if d.fill(i, free&^bit, f&^bit, sum+v) {
			return true
		}
	}
	return false
}
