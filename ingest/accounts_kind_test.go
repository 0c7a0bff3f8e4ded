package ingest_test

import (
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/chains/evm/nodetest"
	"clew/ingest"
)

// What an account is counts at the time of the movement: code that is put there later is not asked.
func TestAccountIsWhatItWasThen(t *testing.T) {
	n := nodetest.Start(t, nodetest.Anvil, nodetest.Options{})
	later := common.HexToAddress("0x1a7e")
	theft := n.Pay(1, later, 5)
	n.Mine()
	n.Mine() // what is set belongs to the last block
	n.RPC(nil, "anvil_setCode", later, "0x00")
	n.Mine()
	node, err := evm.Dial(t.Context(), n.Chain, n.URL, evm.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, node.Close()) })
	now, err := node.AccountKind(t.Context(), evm.Address(later), n.Height())
	require.NoError(t, err)
	require.Equal(t, chains.AccountContract, now)
	p := accountPass(t, node, ingest.PassOptions{})
	require.NoError(t, p.WatchTx(t.Context(), nodetest.TxID(theft)))
	tx, err := p.Next(t.Context())
	require.NoError(t, err)
	require.Equal(t, nodetest.TxID(theft), tx.ID)
	kind, err := p.AccountKind(t.Context(), evm.Address(later))
	require.NoError(t, err)
	require.Equal(t, chains.AccountKey, kind)
}
