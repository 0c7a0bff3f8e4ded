package heuristics

import "clew/chains"

// SpamVersion is the version of the rules by which dust and spam are set apart.
const SpamVersion = "1"

// DustLimit returns the value in the smallest unit below which an output of that type costs more
// to spend than it holds, by the measure of the nodes that relay transactions: Bitcoin Core's
// GetDustThreshold at its default of 3,000 units for 1,000 virtual bytes, three times the bytes of
// the output and of the input that spends it. Where scripts of a type differ in size it is
// that of the shortest. Nodes of the other chains of the family ask for as much or more.
// 0 for data, which cannot be spent.
func DustLimit(t chains.ScriptType) uint64 {
	const (
		rate    = 3              // units for a byte
		output  = 8 + 1          // value and length of the script
		input   = 32 + 4 + 1 + 4 // outpoint, length of the script, sequence
		signed  = 107            // of a signature and a key, with their lengths
		legacy  = output + input + signed
		witness = output + input + signed/4
	)
	switch t {
	case chains.ScriptNullData:
		return 0
	case chains.ScriptP2WPKH:
		return rate * (witness + 22)
	case chains.ScriptP2WSH, chains.ScriptP2TR, chains.ScriptPegIn, chains.ScriptPegged:
		return rate * (witness + 34)
	case chains.ScriptWitness:
		return rate * (witness + 4)
	case chains.ScriptP2PKH:
		return rate * (legacy + 25)
	case chains.ScriptP2SH:
		return rate * (legacy + 23)
	case chains.ScriptP2PK:
		return rate * (legacy + 35)
	case chains.ScriptMultisig:
		return rate * (legacy + 37)
	}
	return rate * legacy
}

// Dust reports whether output i of tx came unasked: it holds no more than the dust limit, and its
// address is none of those that paid. Such value is sent so that who spends it shows which
// addresses are together, or to bring an address in touch with something; it is kept apart
// from what an address was paid. Where it is not known who paid, nothing is dust.
//
// Markers of protocols that live on the chain (Omni, Ordinals) look the same, and hold as little.
func Dust(tx *chains.Tx, i int) bool {
	out := &tx.Outputs[i]
	if tx.Coinbase || out.Value == 0 || out.Value > DustLimit(out.Type) {
		return false
	}
	for j := range tx.Inputs {
		if in := &tx.Inputs[j]; !in.Known || in.Spent.Address == out.Address {
			return false
		}
	}
	return true
}

// TokenTransfer is a transfer of a token as somebody shows it.
type TokenTransfer struct {
	// Claimed is the token that it is said to be, and Emitter the contract whose log says so.
	Claimed, Emitter chains.Asset
	From             chains.Address // whose tokens are said to move
	Sender           chains.Address // who signed the transaction
	Units            chains.Amount
}

// Spam is why a transfer is no value.
type Spam string

// The kinds of spam.
const (
	SpamForged Spam = "forged" // the contract that tells of it is not the token's
	SpamEmpty  Spam = "empty"  // it moves nothing, and who signed is not whose tokens are named: anybody can write such a line into another's history
)

// Spam says why t is shown and never counted; "" where it is a transfer of value, or of nothing by
// its owner.
func (t TokenTransfer) Spam() Spam {
	switch {
	case t.Emitter != t.Claimed:
		return SpamForged
	case t.Units.IsZero() && t.Sender != t.From:
		return SpamEmpty
	}
	return ""
}
