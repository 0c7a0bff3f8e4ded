package watch_test

import (
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/chains/evm/nodetest"
	"clew/screen/watch"
)

// The same on a chain of accounts: what waits, a block, and one that leaves for good.
func TestFollowEVM(t *testing.T) {
	node := nodetest.Start(t, nodetest.Anvil, nodetest.Options{})
	node.Skip(2)
	n, err := evm.Dial(t.Context(), node.Chain, node.URL, evm.Options{})
	require.NoError(t, err)
	r := newRig(t)
	r.endpoint()
	thief, payee := nodetest.Account(1), nodetest.Account(30)
	from := r.watch(string(node.Chain)+":"+thief.Hex(), watch.Settings{Seen: watch.WithChain})
	to := r.watch(string(node.Chain)+":"+payee.Hex(), watch.Settings{Seen: watch.WithChain})
	stop := r.follow(n, n.Pending())
	r.reached(node.Chain, node.Height())

	tx := node.Pay(1, payee, 12345)
	id := tx.Hash().Hex()
	pair := func(kind string) map[string]watch.Movement {
		out := map[string]watch.Movement{}
		for range 2 {
			m := r.movement(kind)
			require.Equal(t, id, m.TxID)
			out[m.Watch] = m
		}
		return out
	}
	waits := pair(watch.EventPending)
	require.Equal(t, watch.Moved, waits[from].Kind)
	require.Equal(t, watch.Received, waits[to].Kind)
	want := []watch.Value{{Asset: chains.Native, Units: chains.Units(12345), Symbol: "coin", Decimals: 18}}
	require.Equal(t, want, waits[from].Value)
	require.Equal(t, want, waits[to].Value)

	mined := node.Mine()
	var moved, received watch.Movement
	for range 2 {
		g := r.next()
		if g.Type == watch.EventMoved {
			decode(t, g.Data, &moved)
		} else {
			require.Equal(t, watch.EventReceived, g.Type)
			decode(t, g.Data, &received)
		}
	}
	require.Equal(t, from, moved.Watch)
	require.Equal(t, to, received.Watch)
	require.Equal(t, common.Hash(mined).Hex(), moved.Block)
	require.Equal(t, node.Height(), *moved.Height)
	require.Equal(t, 2, moved.Sequence)
	require.Equal(t, want, received.Value)
	require.Equal(t, 1, moved.Value[0].Units.Cmp(chains.Units(12345)), "the fee leaves too")
	require.Equal(t, thief.Hex(), received.From[0].Address)

	node.Reorg(1)
	for _, m := range pair(watch.EventReorged) {
		require.Equal(t, common.Hash(mined).Hex(), m.Block)
		require.Equal(t, 3, m.Sequence)
	}
	r.reached(node.Chain, node.Height())
	stop()
	require.Len(t, r.queued(), 6, "and nothing else")
}

// A token moves as its log says; what waits is told by what the call asks for.
func TestTokenMoves(t *testing.T) {
	node := nodetest.Start(t, nodetest.Geth, nodetest.Options{})
	thief, payee := nodetest.Account(1), nodetest.Account(30)
	// A contract that logs Transfer(from, to, amount) of what transfer(to, amount) is asked for.
	topic := common.HexToHash("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")
	var code nodetest.Code
	token := node.Deploy(2, code.Log(77, topic, common.BytesToHash(thief[:]), common.BytesToHash(payee[:])))
	node.Mine()
	n, err := evm.Dial(t.Context(), node.Chain, node.URL, evm.Options{})
	require.NoError(t, err)
	r := newRig(t)
	r.endpoint(watch.EventPending, watch.EventReceived)
	r.watch(string(node.Chain)+":"+payee.Hex(), watch.Settings{Seen: watch.WithChain})
	r.follow(n, n.Pending())
	r.reached(node.Chain, node.Height())
	data := append(common.FromHex("0xa9059cbb"), append(nodetest.AddressWord(payee), nodetest.Word(77)...)...)
	node.Send(1, &types.DynamicFeeTx{To: &token, Data: data, Value: new(big.Int)})
	want := []watch.Value{{Asset: evm.AssetOf(token), Units: chains.Units(77)}}
	require.Equal(t, want, r.movement(watch.EventPending).Value)
	node.Mine()
	m := r.movement(watch.EventReceived)
	require.Equal(t, want, m.Value)
	require.Equal(t, thief.Hex(), m.From[0].Address)
}
