package evm_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/chains/evm/nodetest"
)

// touched makes blocks in which one account is touched in every way, and returns the
// transactions that do it.
func touched(n *nodetest.Node, who common.Address) map[chains.TxID]string {
	topic := func(text string) common.Hash { return crypto.Keccak256Hash([]byte(text)) }
	pad := func(a common.Address) common.Hash { return common.BytesToHash(a[:]) }
	other := common.HexToAddress("0xb0b")
	says := func(topics ...common.Hash) common.Address {
		return n.Deploy(9, nodetest.Code{}.Log(5, topics...).Ops(vm.STOP))
	}
	transfer, single := topic("Transfer(address,address,uint256)"), topic("TransferSingle(address,address,address,uint256,uint256)")
	logs := map[string]common.Address{
		"token out":  says(transfer, pad(who), pad(other)),
		"token in":   says(transfer, pad(other), pad(who)),
		"nft in":     says(transfer, pad(other), pad(who), common.BigToHash(big.NewInt(7))),
		"multi out":  says(single, pad(other), pad(who), pad(other)),
		"multi in":   says(single, pad(other), pad(other), pad(who)),
		"wrapped":    says(topic("Deposit(address,uint256)"), pad(who)),
		"unwrapped":  says(topic("Withdrawal(address,uint256)"), pad(who)),
		"other logs": says(transfer, pad(other), pad(other)),
	}
	inside := n.Deploy(9, nodetest.Code{}.Call(vm.CALL, who, 3).Ops(vm.STOP))
	n.Mine()
	found := map[chains.TxID]string{}
	i := 2
	for name, contract := range logs {
		tx := n.Call(i, contract, 0)
		if name != "other logs" {
			found[nodetest.TxID(tx)] = name
		}
		if i++; i%3 == 0 {
			n.Mine()
		}
	}
	found[nodetest.TxID(n.Call(2, inside, 3))] = "call inside"
	found[nodetest.TxID(n.Pay(2, who, 1))] = "payment"
	found[nodetest.TxID(n.Call(1, other, 1))] = "sent"
	n.Pay(3, other, 1)
	n.Mine()
	return found
}

func TestFindsWhatTouchesAnAccount(t *testing.T) {
	n := nodetest.Start(t, nodetest.Anvil, nodetest.Options{})
	who := nodetest.Account(1)
	want := touched(n, who)
	span := chains.Span{From: 0, To: n.Height()}
	var refused atomic.Int64
	// A service that answers for two blocks at a time.
	narrow := func(q nodetest.Question) *nodetest.Refusal {
		var filter []struct{ FromBlock, ToBlock string }
		if q.Method != "eth_getLogs" && q.Method != "trace_filter" {
			return nil
		}
		text, err := json.Marshal(q.Params)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &filter))
		number := func(text string) int64 {
			v, err := strconv.ParseInt(strings.TrimPrefix(text, "0x"), 16, 64)
			require.NoError(t, err)
			return v
		}
		if number(filter[0].ToBlock)-number(filter[0].FromBlock) < 2 {
			return nil
		}
		refused.Add(1)
		return &nodetest.Refusal{Code: -32600, Message: "eth_getLogs is limited to a 2 block range"}
	}
	for name, url := range map[string]string{
		"plain":         n.URL,
		"narrow ranges": n.Proxy(t, nodetest.Tamper{Refuse: narrow}),
	} {
		t.Run(name, func(t *testing.T) {
			node := dial(t, n, url, evm.Options{})
			places := touching(t, node, who, span)
			require.IsIncreasing(t, order(places))
			got := map[chains.TxID]bool{}
			for _, at := range places {
				b, err := node.BlockTxs(t.Context(), at.Height, []int{at.Index})
				require.NoError(t, err)
				got[b.Txs[0].ID] = true
			}
			for id, how := range want {
				require.True(t, got[id], how)
			}
			require.Len(t, got, len(want))
		})
	}
	require.Positive(t, refused.Load())

	t.Run("without an index of calls", func(t *testing.T) {
		node := dial(t, n, n.Proxy(t, nodetest.Tamper{Refuse: nodetest.NoMethod("trace_filter")}), evm.Options{})
		_, _, err := node.Touching(t.Context(), nil, span)
		require.ErrorIs(t, err, chains.ErrUnsupported)
	})
}

// touching asks about the whole of a span, question by question.
func touching(t *testing.T, node *evm.Node, who common.Address, span chains.Span) (all []chains.Place) {
	t.Helper()
	for span.From <= span.To {
		places, to, err := node.Touching(t.Context(), []chains.Address{evm.Address(who)}, span)
		require.NoError(t, err)
		require.GreaterOrEqual(t, to, span.From)
		all, span.From = append(all, places...), to+1
	}
	return all
}

func order(places []chains.Place) []string {
	text := make([]string, len(places))
	for i, p := range places {
		text[i] = fmt.Sprintf("%09d/%05d", p.Height, p.Index)
	}
	return text
}

// A node may give fewer calls than were asked for without saying so.
func TestFindsCallsBeyondASilentLimit(t *testing.T) {
	n := nodetest.Start(t, nodetest.Anvil, nodetest.Options{})
	who := common.HexToAddress("0xaa")
	for range 10 {
		n.Pay(1, who, 1)
	}
	n.Mine()
	three := func(q nodetest.Question, result json.RawMessage) json.RawMessage {
		if q.Method != "trace_filter" {
			return result
		}
		var list []json.RawMessage
		require.NoError(t, json.Unmarshal(result, &list))
		text, err := json.Marshal(list[:min(3, len(list))])
		require.NoError(t, err)
		return text
	}
	node := dial(t, n, n.Proxy(t, nodetest.Tamper{Answer: three}), evm.Options{})
	require.Len(t, touching(t, node, who, chains.Span{From: 0, To: 1}), 10)
}

func TestFindsEvents(t *testing.T) {
	onEach(t, func(t *testing.T, n *nodetest.Node) {
		key := common.HexToHash("0x5eed")
		finalized := crypto.Keccak256Hash([]byte("WithdrawalFinalized(bytes32,bool)"))
		says := n.Deploy(1, nodetest.Code{}.Log(1, finalized, key).Ops(vm.STOP))
		other := n.Deploy(1, nodetest.Code{}.Log(1, finalized, common.HexToHash("0x0dd")).Ops(vm.STOP))
		n.Mine()
		n.Call(2, other, 0)
		n.Mine()
		tx := n.Call(2, says, 0)
		n.Mine()
		n.Succeeded(tx)
		node := dial(t, n, n.URL, evm.Options{})
		q := chains.EventQuery{Kind: chains.EventBridgeIn, Protocol: "op-stack", Key: key.Hex()}
		places, err := node.FindEvents(t.Context(), q, chains.Span{From: 0, To: n.Height()})
		require.NoError(t, err)
		require.Equal(t, []chains.Place{{Height: 3, Index: 0}}, places)
		at, err := node.PlaceOf(t.Context(), nodetest.TxID(tx))
		require.NoError(t, err)
		require.Equal(t, places[0], at)
		none, err := node.FindEvents(t.Context(), q, chains.Span{From: 0, To: 2})
		require.NoError(t, err)
		require.Empty(t, none)
	})
}
