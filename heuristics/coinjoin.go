package heuristics

import "clew/chains"

// MixOf returns the mix that tx is, by the form that the wallets of that mix give their
// transactions; false for every other transaction, the one that prepares a Whirlpool mix among
// them. It allocates nothing.
func MixOf(tx *chains.Tx) (Kind, bool) {
	if tx.Coinbase || len(tx.Outputs) < 3 || len(tx.Inputs) < 2 {
		return "", false
	}
	return "", false
}

// NoCospend reports whether the inputs of tx say nothing of each other's owners: those of a
// coinbase, of a mix, and of what looks like a payment in which the receiver took part.
func NoCospend(tx *chains.Tx) bool {
	if tx.Coinbase {
		return true
	}
	_, mix := MixOf(tx)
	return mix
}
