package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"clew/bench/wallets"
	"clew/chains"
	"clew/chains/bitcoin"
)

// payers returns the addresses that the inputs of a transaction spend from, as far as keys and scripts
// that they show tell, by input; "" where they do not. So owners can be compared where the outputs
// that were spent lie before the data. It is meant for transactions before Taproot. Where an output
// is known, what it tells must be the same: anything else is an error.
func payers(tx *chains.Tx) ([]chains.Address, error) {
	if tx.Coinbase {
		return nil, nil
	}
	all := make([]chains.Address, len(tx.Inputs))
	for i := range tx.Inputs {
		all[i] = tx.Inputs[i].Spent.Address
	}
	if tx.Raw == nil {
		return all, nil
	}
	var msg wire.MsgTx
	if err := msg.Deserialize(bytes.NewReader(tx.Raw)); err != nil {
		return nil, fmt.Errorf("transaction %s: %w", tx.ID, err)
	}
	for i, in := range msg.TxIn {
		script := spentScript(in)
		if script == nil {
			continue
		}
		shows, _ := bitcoin.Classify(wallets.Chain, script)
		if tx.Inputs[i].Known && all[i] != shows && tx.Inputs[i].Spent.Type != chains.ScriptUnknown {
			return nil, fmt.Errorf("transaction %s, input %d: what it shows is not of the %s that it spends", tx.ID, i, tx.Inputs[i].Spent.Type)
		}
		all[i] = shows
	}
	return all, nil
}

// spentScript returns the script that an input can only have spent from; nil where it does not show.
func spentScript(in *wire.TxIn) []byte {
	pushes, err := txscript.PushedData(in.SignatureScript)
	if err != nil {
		return nil
	}
	w := in.Witness
	switch {
	case len(w) > 0 && len(in.SignatureScript) == 0 && len(w) == 2 && len(w[1]) == 33:
		return slices.Concat([]byte{0, 20}, address.Hash160(w[1]))
	case len(w) > 1 && len(in.SignatureScript) == 0:
		h := sha256.Sum256(w[len(w)-1])
		return slices.Concat([]byte{0, 32}, h[:])
	case len(w) == 0 && len(pushes) == 2 && isKey(pushes[1]) && len(pushes[0]) < 80:
		return slices.Concat([]byte{0x76, 0xa9, 20}, address.Hash160(pushes[1]), []byte{0x88, 0xac})
	case len(pushes) > 1 && len(w) == 0 && !isSignature(pushes[len(pushes)-1]) || len(pushes) == 1 && len(w) > 0:
		return slices.Concat([]byte{0xa9, 20}, address.Hash160(pushes[len(pushes)-1]), []byte{0x87})
	}
	return nil
}

// isKey reports whether data is a public key.
func isKey(data []byte) bool {
	return len(data) == 33 && (data[0] == 2 || data[0] == 3) || len(data) == 65 && data[0] == 4
}

// isSignature reports whether data has the form of an ECDSA signature: bare multisig is spent with nothing else.
func isSignature(data []byte) bool { return len(data) > 8 && len(data) < 74 && data[0] == 0x30 }
