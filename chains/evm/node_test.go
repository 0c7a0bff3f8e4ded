package evm_test

import (
	"context"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/chains/evm/nodetest"
)

// onEach runs a test on every kind of node.
func onEach(t *testing.T, test func(t *testing.T, n *nodetest.Node)) {
	t.Helper()
	for _, kind := range nodetest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			test(t, nodetest.Start(t, kind, nodetest.Options{}))
		})
	}
}

// dial dials a node, which must be of the chain that the test's node is of.
func dial(t *testing.T, n *nodetest.Node, url string, o evm.Options) *evm.Node {
	t.Helper()
	dialled, err := evm.Dial(t.Context(), n.Chain, url, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, dialled.Close()) })
	return dialled
}

// readBlock reads the main chain's block at height.
func readBlock(t *testing.T, n *evm.Node, height int64) *chains.Block {
	t.Helper()
	ctx := context.Background()
	hash, err := n.HashAt(ctx, height)
	require.NoError(t, err)
	b, err := n.Block(ctx, height, hash)
	require.NoError(t, err)
	return b
}

func TestReadsBlocks(t *testing.T) {
	onEach(t, func(t *testing.T, n *nodetest.Node) {
		to := common.HexToAddress("0x00000000000000000000000000000000000000aa")
		wei := big.NewInt(7)
		sent := []*types.Transaction{
			n.Send(1, &types.LegacyTx{To: &to, Value: wei}),
			n.Send(2, &types.AccessListTx{To: &to, Value: wei, AccessList: types.AccessList{{Address: to, StorageKeys: []common.Hash{{1}}}}}),
			n.Send(3, &types.DynamicFeeTx{To: &to, Value: wei}),
			n.Send(4, &types.DynamicFeeTx{Value: wei, Data: nodetest.InitCode([]byte{0})}),
		}
		hash := n.Mine()
		n.Succeeded(sent...)
		for _, url := range []string{n.URL, n.WS} {
			node := dial(t, n, url, evm.Options{})
			require.Equal(t, n.Chain, node.Chain())
			head, err := node.Head(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, 1, head.Height)
			require.Equal(t, hash, head.Hash)
			b := readBlock(t, node, 1)
			require.Equal(t, head, b.Ref)
			require.Equal(t, n.HashAt(0), b.Prev)
			require.GreaterOrEqual(t, len(b.Txs), len(sent))
			got := map[chains.TxID]*chains.Tx{}
			for i := range b.Txs {
				got[b.Txs[i].ID] = &b.Txs[i]
			}
			for i, tx := range sent {
				found := got[nodetest.TxID(tx)]
				require.NotNil(t, found, "transaction %d", i)
				require.Equal(t, chains.EvidenceProven, found.Evidence)
				require.False(t, found.Exec.Untraced)
				require.Equal(t, tx.Type(), found.Exec.Type)
				require.Equal(t, evm.Address(nodetest.Account(i+1)), found.Exec.Sender)
				require.Equal(t, "7", found.Exec.Moves[1].Amount.String())
			}
		}
	})
}
