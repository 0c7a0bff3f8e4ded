package heuristics

import (
	"slices"
	"strings"

	"clew/chains"
)

// MixOf returns the mix that tx is, by the form that the software of that mix gives its
// transactions; false for every other transaction, the one that prepares a Whirlpool mix among
// them.
//
// What inputs spent may be unknown. Then that part of a definition is left out that needs it: which
// inputs enter a Whirlpool mix and which are there again, whether inputs suffice for as many
// participants (Wasabi 1), stand in the order of their values (Wasabi 2) or fit to what the
// participants got (JoinMarket). A Wasabi 2 CoinJoin with fewer than ten inputs or outputs is then
// not found.
//
// It allocates nothing but for transactions that have most of the form of a mix.
func MixOf(tx *chains.Tx) (Kind, bool) {
	m, ok := mixOf(tx)
	return m.kind, ok
}

// mix is what was recognised in a transaction.
type mix struct {
	kind  Kind
	value uint64 // that most outputs have
	set   int    // how many outputs have the most frequent value
	rule  string // what fired, for people
}

func mixOf(tx *chains.Tx) (mix, bool) {
	if tx.Coinbase || len(tx.Outputs) < leastMixed || len(tx.Inputs) < 2 {
		return mix{}, false
	}
	for _, is := range [...]func(*chains.Tx) (mix, bool){whirlpoolMix, wasabi2, wasabi1, joinMarket} {
		if m, ok := is(tx); ok {
			return m, true
		}
	}
	return mix{}, false
}

// leastMixed is the least number of outputs that any mix named here has.
const leastMixed = 4

// NoCospend reports whether the inputs of tx say nothing of each other's owners: those of a
// coinbase, of a mix, and of what looks like a payment to which the receiver added inputs.
func NoCospend(tx *chains.Tx) bool {
	if tx.Coinbase {
		return true
	}
	if _, mixed := mixOf(tx); mixed {
		return true
	}
	_, alike := equalShares(tx)
	return alike || payjoinShaped(tx)
}

// spentKnown reports whether the value and script of every output that tx spends are known.
func spentKnown(tx *chains.Tx) bool {
	for i := range tx.Inputs {
		if !tx.Inputs[i].Known {
			return false
		}
	}
	return true
}

// outputsDiffer reports whether no two outputs pay to the same script.
func outputsDiffer(tx *chains.Tx) bool {
	return differ(len(tx.Outputs), func(i int) chains.Address { return tx.Outputs[i].Address })
}

// differ reports whether the n addresses that at returns are all different.
func differ(n int, at func(int) chains.Address) bool {
	return countDistinct(n, at) == n
}

// smallSet is up to how many things every pair is compared: faster than sorting, and on the stack.
const smallSet = 24

// countDistinct returns how many different addresses there are among the n that at returns.
func countDistinct(n int, at func(int) chains.Address) int {
	if n > smallSet {
		all := make([]string, n)
		for i := range n {
			all[i] = string(at(i))
		}
		slices.Sort(all)
		return len(slices.Compact(all))
	}
	count := 0
	for i := range n {
		a, again := at(i), false
		for j := 0; j < i && !again; j++ {
			again = at(j) == a
		}
		if !again {
			count++
		}
	}
	return count
}

// distinctSpent returns how many different scripts the inputs of tx spend from; what they spend is
// known.
func distinctSpent(tx *chains.Tx) int {
	return countDistinct(len(tx.Inputs), func(i int) chains.Address { return tx.Inputs[i].Spent.Address })
}

// commonest returns the value that most outputs have for which within is true, the larger of
// equals, and how many have it.
func commonest(tx *chains.Tx, within func(uint64) bool) (value uint64, count int) {
	var values []uint64
	for i := range tx.Outputs {
		if o := &tx.Outputs[i]; o.Type != chains.ScriptNullData && within(o.Value) {
			values = append(values, o.Value)
		}
	}
	slices.Sort(values)
	for start := 0; start < len(values); {
		end := start + 1
		for end < len(values) && values[end] == values[start] {
			end++
		}
		if end-start >= count {
			value, count = values[start], end-start
		}
		start = end
	}
	return value, count
}

// compareScripts orders output scripts of the standard forms as their bytes do; ok is false for
// others.
func compareScripts(a, b *chains.Output) (order int, ok bool) {
	ra, rb := scriptRank(a.Type), scriptRank(b.Type)
	if ra == 0 || rb == 0 {
		return 0, false
	}
	if ra != rb {
		return ra - rb, true
	}
	return strings.Compare(string(a.Address), string(b.Address)), true
}

// scriptRank is where scripts of a form stand among those of others by their first bytes: 0014,
// 0020, 5120, 76a9, a914. 0 for forms that no mix makes.
func scriptRank(t chains.ScriptType) int {
	switch t {
	case chains.ScriptP2WPKH:
		return 1
	case chains.ScriptP2WSH:
		return 2
	case chains.ScriptP2TR:
		return 3
	case chains.ScriptP2PKH:
		return 4
	case chains.ScriptP2SH:
		return 5
	}
	return 0
}
