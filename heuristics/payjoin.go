package heuristics

import "clew/chains"

// payjoinShaped reports whether tx looks like a payment to which the receiver added an input
// (BIP 78): two outputs and some inputs of one form, among which one is not needed for either
// output, and which, taken off the output that it went to, leaves a round amount that no output
// shows.
func payjoinShaped(tx *chains.Tx) bool {
	if len(tx.Outputs) != 2 || len(tx.Inputs) < 2 || !spentKnown(tx) {
		return false
	}
	form := tx.Outputs[0].Type
	for i := range tx.Inputs {
		if tx.Inputs[i].Spent.Type != form {
			return false
		}
	}
	return tx.Outputs[1].Type == form
}
