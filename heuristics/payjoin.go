package heuristics

import "clew/chains"

// payjoinShaped reports whether tx looks like a payment to which the receiver added an input
// (BIP 78): two outputs, and inputs of several scripts, all of one form; whichever output was the
// payment, it needed no input as small as the smallest, which a wallet would have left alone; but
// with one input taken away, and its value from an output, what is left is a payment without such an
// input. Many payments look so by
// accident, most where programs choose inputs at random: what it costs is that these join no addresses. A payment to which the receiver
// added a needed input looks like any other.
func payjoinShaped(tx *chains.Tx) bool {
	if len(tx.Outputs) != 2 || len(tx.Inputs) < 2 || tx.Outputs[0].Type != tx.Outputs[1].Type {
		return false
	}
	least, next, several := ^uint64(0), ^uint64(0), false
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		if !in.Known || in.Spent.Type != tx.Outputs[0].Type {
			return false
		}
		several = several || in.Spent.Address != tx.Inputs[0].Spent.Address
		if v := in.Spent.Value; v < least {
			least, next = v, least
		} else {
			next = min(next, v)
		}
	}
	a, b := tx.Outputs[0].Value, tx.Outputs[1].Value
	if !several || least > min(a, b) {
		return false
	}
	for i := range tx.Inputs {
		added := tx.Inputs[i].Spent.Value
		rest := least
		if added == least {
			rest = next
		}
		if added < a && rest > min(a-added, b) || added < b && rest > min(b-added, a) {
			return true
		}
	}
	return false
}
