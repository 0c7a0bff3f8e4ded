package heuristics

import "clew/chains"

// SpamVersion is the version of the rules by which dust and spam are set apart.
const SpamVersion = "1"

// DustLimit returns the value in the smallest unit below which an output of that type costs more
// to spend than it holds, by the measure of the nodes that relay transactions: Bitcoin Core's
// GetDustThreshold at its default of 3,000 units for 1,000 virtual bytes. 0 for data.
func DustLimit(t chains.ScriptType) uint64 {
	switch t {
	case chains.ScriptNullData:
		return 0
	case chains.ScriptP2WPKH:
		return 294
	case chains.ScriptP2WSH, chains.ScriptP2TR, chains.ScriptWitness, chains.ScriptPegIn, chains.ScriptPegged:
		return 330
	case chains.ScriptP2SH:
		return 540
	case chains.ScriptP2PK:
		return 576
	}
	return 546
}
