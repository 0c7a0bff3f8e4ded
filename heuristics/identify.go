package heuristics

import "clew/chains"

// Identify says what kinds of transaction tx is, in a fixed order: mixes and what prepares them,
// batch, consolidation, change, peel. It is empty for a transaction of which nothing is said.
func Identify(tx *chains.Tx, _ Facts) []Finding {
	kind, mix := MixOf(tx)
	if !mix {
		return nil
	}
	return []Finding{{Heuristic: string(kind), Version: "1", Kind: kind}}
}
