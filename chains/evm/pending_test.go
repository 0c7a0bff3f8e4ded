package evm_test

import (
	"encoding/json"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/chains/evm/nodetest"
)

// waitFor reads what waits until a transaction does: a geth makes its block to come anew every
// second or two.
func waitFor(t *testing.T, pool *evm.Pending, id chains.TxID) map[chains.TxID]chains.Tx {
	t.Helper()
	found := map[chains.TxID]chains.Tx{}
	for !pool.Waiting(id) {
		seen, err := pool.Next(t.Context())
		require.NoError(t, err)
		for _, tx := range seen {
			require.NotContains(t, found, tx.ID, "each is told once")
			found[tx.ID] = tx
		}
	}
	return found
}

// What both kinds of nodes tell of what waits.
func TestPending(t *testing.T) {
	for _, kind := range nodetest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			node := nodetest.Start(t, kind, nodetest.Options{})
			n, err := evm.Dial(t.Context(), node.Chain, node.URL, evm.Options{})
			require.NoError(t, err)
			node.Skip(1)
			pool := n.Pending()
			token := common.HexToAddress("0x00000000000000000000000000000000000000aa")
			payer, payee := nodetest.Account(5), nodetest.Account(6)
			transfer := append(common.FromHex("0xa9059cbb"), append(nodetest.AddressWord(payee), nodetest.Word(77)...)...)
			from := append(common.FromHex("0x23b872dd"), append(nodetest.AddressWord(payer), append(nodetest.AddressWord(payee), nodetest.Word(88)...)...)...)
			paid := node.Pay(1, payee, 12345)
			both := node.Send(2, &types.DynamicFeeTx{To: &token, Value: big.NewInt(5), Data: transfer})
			other := node.Send(3, &types.DynamicFeeTx{To: &token, Data: from})
			last := node.Send(4, &types.LegacyTx{Data: nodetest.InitCode([]byte{0}), Value: big.NewInt(9)})

			found := waitFor(t, pool, nodetest.TxID(last))
			asset := evm.AssetOf(token)
			for _, want := range []struct {
				tx    *types.Transaction
				from  int
				moves []chains.Move
			}{
				{paid, 1, []chains.Move{{Kind: chains.MoveCall, Asset: chains.Native, To: evm.Address(payee), Amount: chains.Units(12345)}}},
				{both, 2, []chains.Move{
					{Kind: chains.MoveCall, Asset: chains.Native, To: evm.Address(token), Amount: chains.Units(5)},
					{Kind: chains.MoveToken, Asset: asset, To: evm.Address(payee), Amount: chains.Units(77)},
				}},
				{other, 3, []chains.Move{{Kind: chains.MoveToken, Asset: asset, From: evm.Address(payer), To: evm.Address(payee), Amount: chains.Units(88)}}},
				{last, 4, []chains.Move{{Kind: chains.MoveCreate, Asset: chains.Native, Amount: chains.Units(9)}}},
			} {
				got, there := found[nodetest.TxID(want.tx)]
				require.True(t, there)
				sender := evm.Address(nodetest.Account(want.from))
				require.Equal(t, sender, got.Exec.Sender)
				require.Equal(t, int64(evm.NoHeight), got.Block.Height)
				require.True(t, got.Exec.Untraced)
				for i := range want.moves {
					m := &want.moves[i]
					m.Evidence = chains.EvidenceAttested
					if m.From == "" {
						m.From = sender
					}
					if m.Kind == chains.MoveCreate {
						m.To = got.Exec.Created
					}
				}
				require.Equal(t, want.moves, got.Exec.Moves)
			}
			require.NotEmpty(t, found[nodetest.TxID(last)].Exec.Created)

			node.Mine()
			for pool.Waiting(nodetest.TxID(paid)) {
				seen, err := pool.Next(t.Context())
				require.NoError(t, err)
				require.Empty(t, seen)
			}
		})
	}
}

// Many services give the last block in place of the one to come, or nothing.
func TestPendingNotOffered(t *testing.T) {
	node := nodetest.Start(t, nodetest.Anvil, nodetest.Options{})
	node.Pay(1, nodetest.Account(2), 1)
	node.Mine()
	var latest json.RawMessage
	node.RPC(&latest, "eth_getBlockByNumber", "latest", true)
	isPending := func(q nodetest.Question) bool { return len(q.Params) > 0 && string(q.Params[0]) == `"pending"` }
	for name, how := range map[string]nodetest.Tamper{
		"the last block": {Answer: func(q nodetest.Question, result json.RawMessage) json.RawMessage {
			if isPending(q) {
				return latest
			}
			return result
		}},
		"null": {Answer: func(q nodetest.Question, result json.RawMessage) json.RawMessage {
			if isPending(q) {
				return json.RawMessage("null")
			}
			return result
		}},
		"refused": {Refuse: func(q nodetest.Question) *nodetest.Refusal {
			if isPending(q) {
				return &nodetest.Refusal{Code: -32000, Message: "pending block is not available"}
			}
			return nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := evm.Dial(t.Context(), node.Chain, node.Proxy(t, how), evm.Options{})
			require.NoError(t, err)
			_, err = n.Pending().Next(t.Context())
			require.ErrorIs(t, err, chains.ErrUnsupported)
		})
	}
}

// A node that names another sender than the one who signed is not believed.
func TestPendingChecksSenders(t *testing.T) {
	node := nodetest.Start(t, nodetest.Anvil, nodetest.Options{})
	tx := node.Pay(1, nodetest.Account(2), 1)
	url := node.Proxy(t, nodetest.Tamper{Answer: func(q nodetest.Question, result json.RawMessage) json.RawMessage {
		if len(q.Params) == 0 || string(q.Params[0]) != `"pending"` {
			return result
		}
		var block map[string]any
		if err := json.Unmarshal(result, &block); err != nil {
			panic(err)
		}
		for _, tx := range block["transactions"].([]any) {
			tx.(map[string]any)["from"] = nodetest.Account(3)
		}
		changed, err := json.Marshal(block)
		if err != nil {
			panic(err)
		}
		return changed
	}})
	n, err := evm.Dial(t.Context(), node.Chain, url, evm.Options{})
	require.NoError(t, err)
	pool := n.Pending()
	_, err = pool.Next(t.Context())
	require.ErrorIs(t, err, chains.ErrBadAnswer)
	require.False(t, pool.Waiting(nodetest.TxID(tx)))
}
