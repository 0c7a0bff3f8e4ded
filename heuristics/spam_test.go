package heuristics_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/heuristics"
)

// The limits that Bitcoin Core's own tests and documentation name (policy.cpp, GetDustThreshold).
func TestDustLimit(t *testing.T) {
	for kind, want := range map[chains.ScriptType]uint64{
		chains.ScriptP2PKH: 546, chains.ScriptP2SH: 540, chains.ScriptP2WPKH: 294, chains.ScriptP2WSH: 330, chains.ScriptP2TR: 330,
		chains.ScriptWitness: 240, chains.ScriptP2PK: 576, chains.ScriptMultisig: 582, chains.ScriptUnknown: 471, chains.ScriptNullData: 0,
	} {
		require.Equal(t, want, heuristics.DustLimit(kind), kind)
	}
}

func TestDust(t *testing.T) {
	tx := func(change func(*chains.Tx)) *chains.Tx {
		tx := &chains.Tx{
			Inputs:  []chains.Input{{Known: true, Spent: chains.Output{Value: 10_000, Address: "payer", Type: chains.ScriptP2PKH}}},
			Outputs: []chains.Output{{Value: 546, Address: "victim", Type: chains.ScriptP2PKH}},
		}
		change(tx)
		return tx
	}
	cases := []struct {
		name   string
		change func(*chains.Tx)
		dust   bool
	}{
		{"at the limit", func(*chains.Tx) {}, true},
		{"below", func(tx *chains.Tx) { tx.Outputs[0].Value = 1 }, true},
		{"above", func(tx *chains.Tx) { tx.Outputs[0].Value = 547 }, false},
		{"above, of another type", func(tx *chains.Tx) { tx.Outputs[0].Type = chains.ScriptP2WPKH }, false},
		{"to who paid", func(tx *chains.Tx) { tx.Outputs[0].Address = "payer" }, false},
		{"who paid is not known", func(tx *chains.Tx) { tx.Inputs[0].Known = false }, false},
		{"nothing", func(tx *chains.Tx) { tx.Outputs[0].Value = 0 }, false},
		{"mined", func(tx *chains.Tx) { tx.Coinbase, tx.Inputs = true, nil }, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.dust, heuristics.Dust(tx(c.change), 0))
		})
	}
}

func TestTokenSpam(t *testing.T) {
	cases := []struct {
		name string
		t    heuristics.TokenTransfer
		want heuristics.Spam
	}{
		{"a transfer", heuristics.TokenTransfer{Claimed: "USDC", Emitter: "USDC", From: "a", Sender: "b", Units: chains.Units(1)}, ""},
		{"of another contract", heuristics.TokenTransfer{Claimed: "USDC", Emitter: "another", From: "a", Sender: "a", Units: chains.Units(1)}, heuristics.SpamForged},
		{"nothing, in another's name", heuristics.TokenTransfer{Claimed: "USDC", Emitter: "USDC", From: "a", Sender: "b"}, heuristics.SpamEmpty},
		{"nothing, by its owner", heuristics.TokenTransfer{Claimed: "USDC", Emitter: "USDC", From: "a", Sender: "a"}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, c.t.Spam()) })
	}
}
