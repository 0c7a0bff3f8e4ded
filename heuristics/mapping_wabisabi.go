package heuristics

import "clew/chains"

const (
	// wabiSabiRounded is by how many satoshi fees that are rounded for each input and output may
	// exceed what a participant gave.
	wabiSabiRounded = 10
	// wabiSabiLost is how much a participant may lose, in satoshi, because what is left makes no
	// output: the least output and its mining fee.
	wabiSabiLost = 6_000
	// wabiSabiOwn is the most outputs that one wallet registers.
	wabiSabiOwn = 10
)

// WabiSabiSplit is the rule by which a CoinJoin of Wasabi 2 is split among wallets, each of which pays
// the mining fee of its own inputs and outputs at rate satoshi a virtual byte and for each input what
// the coordinator asks (nil: nothing), loses what makes no output, and has 10 outputs at most. Outputs
// that are nobody's are the coordinator's. Equal values are not told apart. It is what
// crocs-muni/coinjoin-mappings enumerates. ok is false where the value of an input is not known.
func WabiSabiSplit(tx *chains.Tx, rate int64, asks func(input int) int64) (rule SplitRule, ok bool) {
	if !spentKnown(tx) {
		return SplitRule{}, false
	}
	rule = SplitRule{Least: -wabiSabiRounded, Most: wabiSabiLost, Alone: true, Spare: true, ByValue: true, MostOut: wabiSabiOwn}
	for i := range tx.Inputs {
		spent := &tx.Inputs[i].Spent
		in, _ := virtualBytes(spent.Type)
		v := int64(spent.Value) - rate*in
		if asks != nil {
			v -= asks(i)
		}
		rule.In = append(rule.In, v)
	}
	for i := range tx.Outputs {
		_, out := virtualBytes(tx.Outputs[i].Type)
		rule.Out = append(rule.Out, int64(tx.Outputs[i].Value)+rate*out)
	}
	return rule, true
}

// virtualBytes returns the sizes that Wasabi reckons with for an input and an output of a form.
func virtualBytes(form chains.ScriptType) (in, out int64) {
	if form == chains.ScriptP2TR {
		return 58, 43
	}
	return 69, 31
}
