package exhibit_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/exhibit"
	"clew/tracer"
)

// The commands that check a hop are those of the chain's own node.
func TestChecksNameTheChainsNode(t *testing.T) {
	id := chains.TxID{1}
	for chain, want := range map[chains.Chain][]string{
		"bitcoin":              {"bitcoin-cli getrawtransaction " + id.String() + " 2 $(bitcoin-cli getblockhash 7)", "bitcoin-cli gettxoutproof '[\"" + id.String() + "\"]' $(bitcoin-cli getblockhash 7)"},
		"bitcoin-testnet4":     {"bitcoin-cli -testnet4 getrawtransaction " + id.String() + " 2 $(bitcoin-cli -testnet4 getblockhash 7)", "bitcoin-cli -testnet4 gettxoutproof '[\"" + id.String() + "\"]' $(bitcoin-cli -testnet4 getblockhash 7)"},
		"bitcoin-cash":         {"bitcoin-cli getrawtransaction " + id.String() + " 2 $(bitcoin-cli getblockhash 7)", "bitcoin-cli gettxoutproof '[\"" + id.String() + "\"]' $(bitcoin-cli getblockhash 7)"},
		"bitcoin-cash-regtest": {"bitcoin-cli -regtest getrawtransaction " + id.String() + " 2 $(bitcoin-cli -regtest getblockhash 7)", "bitcoin-cli -regtest gettxoutproof '[\"" + id.String() + "\"]' $(bitcoin-cli -regtest getblockhash 7)"},
		"bitcoin-simnet":       {"btcctl --simnet getrawtransaction " + id.String() + " 2"},
		"litecoin-regtest":     {"litecoin-cli -regtest getrawtransaction " + id.String() + " 2 $(litecoin-cli -regtest getblockhash 7)", "litecoin-cli -regtest gettxoutproof '[\"" + id.String() + "\"]' $(litecoin-cli -regtest getblockhash 7)"},
		"dogecoin":             {"dogecoin-cli getrawtransaction " + id.String() + " 2", "dogecoin-cli gettxoutproof '[\"" + id.String() + "\"]' $(dogecoin-cli getblockhash 7)"},
	} {
		require.Equal(t, want, exhibit.Checks(&tracer.Hop{Legs: []tracer.Leg{{Chain: chain, TxID: id, Height: 7}}}), chain)
	}
}
