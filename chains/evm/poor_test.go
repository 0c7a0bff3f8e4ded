package evm_test

import (
	"encoding/json"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/chains/evm/nodetest"
)

// paying returns a contract that pays on what it is given, and calls it in a block of its own,
// beside a plain payment.
func paying(n *nodetest.Node) int64 {
	to := common.HexToAddress("0xaa")
	pays := n.Deploy(1, nodetest.Code{}.Call(vm.CALL, to, 7).Ops(vm.STOP))
	n.Mine()
	n.Call(2, pays, 7)
	n.Pay(3, to, 1)
	n.Mine()
	return n.Height()
}

// calls returns how much of the native coin each transaction moves by calls, as text.
func calls(b *chains.Block) (moved []string, untraced int) {
	for i := range b.Txs {
		if b.Txs[i].Exec.Untraced {
			untraced++
		}
		for _, m := range b.Txs[i].Exec.Moves {
			if m.Kind == chains.MoveCall {
				moved = append(moved, m.Amount.String())
			}
		}
	}
	return moved, untraced
}

// Whatever way to calls a node has, the block is the same; without any it says so.
func TestWaysToCalls(t *testing.T) {
	onEach(t, func(t *testing.T, n *nodetest.Node) {
		height := paying(n)
		want := readBlock(t, dial(t, n, n.URL, evm.Options{}), height)
		moved, untraced := calls(want)
		require.ElementsMatch(t, []string{"7", "7", "1"}, moved)
		require.Zero(t, untraced)
		for name, lacking := range map[string][]string{
			"debug_traceBlockByHash": {"trace_block"},
			"trace_block":            {"debug_traceBlockByHash", "debug_traceTransaction"},
			"debug_traceTransaction": {"trace_block", "debug_traceBlockByHash"},
			"no receipts of a block": {"eth_getBlockReceipts"},
		} {
			if n.Kind == nodetest.Geth && name == "trace_block" {
				continue // it has none
			}
			t.Run(name, func(t *testing.T) {
				node := dial(t, n, n.Proxy(t, nodetest.Tamper{Refuse: nodetest.NoMethod(lacking...)}), quick())
				require.Equal(t, want, readBlock(t, node, height))
				picked, err := node.BlockTxs(t.Context(), height, []int{0, 1})
				require.NoError(t, err)
				got, untraced := calls(picked)
				require.ElementsMatch(t, []string{"7", "7", "1"}, got)
				require.Zero(t, untraced)
			})
		}
		none := nodetest.NoMethod("trace_block", "debug_traceBlockByHash", "debug_traceTransaction")
		node := dial(t, n, n.Proxy(t, nodetest.Tamper{Refuse: none}), quick())
		moved, untraced = calls(readBlock(t, node, height))
		require.ElementsMatch(t, []string{"7", "1"}, moved)
		require.Positive(t, untraced)
		report, err := node.Doctor(t.Context())
		require.NoError(t, err)
		require.Equal(t, evm.TracesByNone, report.Offers.BlockTraces)
	})
}

// Calls that the node has for other blocks but not for this one are missing, and stop nothing.
func TestForgottenCalls(t *testing.T) {
	n := nodetest.Start(t, nodetest.Geth, nodetest.Options{Pruned: true})
	n.Skip(150) // beyond what the node runs again from block 0
	height := paying(n)
	n.Skip(200)
	node := dial(t, n, n.URL, evm.Options{})
	b := readBlock(t, node, height)
	moved, untraced := calls(b)
	require.ElementsMatch(t, []string{"7", "1"}, moved)
	require.Positive(t, untraced)
	_, err := node.BalanceAt(t.Context(), evm.Address(common.HexToAddress("0xaa")), chains.Native, height)
	require.ErrorIs(t, err, chains.ErrUnsupported)
	_, err = node.AccountKind(t.Context(), evm.Address(common.HexToAddress("0xaa")), height)
	require.ErrorIs(t, err, chains.ErrUnsupported)
	_, err = node.BalanceAt(t.Context(), evm.Address(common.HexToAddress("0xaa")), chains.Native, n.Height())
	require.NoError(t, err)
	report, err := node.Doctor(t.Context())
	require.NoError(t, err)
	require.False(t, report.Offers.Archive)
	require.Equal(t, evm.TracesByDebug, report.Offers.BlockTraces)
}

// A block that takes too long as a whole is traced transaction by transaction.
func TestCallsOfALargeBlock(t *testing.T) {
	n := nodetest.Start(t, nodetest.Geth, nodetest.Options{})
	height := paying(n)
	want := readBlock(t, dial(t, n, n.URL, evm.Options{}), height)
	node := dial(t, n, n.Proxy(t, nodetest.Tamper{Refuse: func(q nodetest.Question) *nodetest.Refusal {
		if q.Method == "debug_traceBlockByHash" || q.Method == "eth_getBlockReceipts" {
			return &nodetest.Refusal{Code: -32002, Message: "request timed out"}
		}
		return nil
	}}), quick())
	require.Equal(t, want, readBlock(t, node, height))
}

func TestDoctor(t *testing.T) {
	onEach(t, func(t *testing.T, n *nodetest.Node) {
		fill(n, 1)
		node := dial(t, n, n.WS, evm.Options{})
		r, err := node.Doctor(t.Context())
		require.NoError(t, err)
		require.Equal(t, n.Chain, r.Chain)
		require.Equal(t, "eip155:1337", r.CAIP2)
		require.EqualValues(t, 1, r.Head.Height)
		require.Equal(t, n.HashAt(1), r.Head.Hash)
		name, version, traces := "Geth", "v1.17.10-stable", evm.TracesByDebug
		if n.Kind == nodetest.Anvil {
			name, version, traces = "anvil", "v1.7.1", evm.TracesByParity
		}
		require.Equal(t, name, r.Node)
		require.Equal(t, version, r.Version)
		require.Equal(t, evm.Offers{
			Receipts: evm.ReceiptsByBlock, BlockTraces: traces, TraceFilter: n.Kind == nodetest.Anvil,
			Archive: true, WebSocket: true, Batches: true,
		}, r.Offers)
		if n.Kind == nodetest.Anvil {
			require.Empty(t, r.Lacks)
		} else {
			require.Len(t, r.Lacks, 1)
			require.Contains(t, r.Lacks[0].What, "trace_filter")
		}
		text, err := json.Marshal(r)
		require.NoError(t, err)
		require.Contains(t, string(text), `"block_traces":"`+traces+`"`)
		still, err := node.Loading(t.Context())
		require.NoError(t, err)
		require.False(t, still.Is())
	})
}

func TestLoading(t *testing.T) {
	n := nodetest.Start(t, nodetest.Geth, nodetest.Options{})
	node := dial(t, n, n.Proxy(t, nodetest.Tamper{Answer: func(q nodetest.Question, result json.RawMessage) json.RawMessage {
		if q.Method == "eth_syncing" {
			return json.RawMessage(`{"currentBlock":"0x5","highestBlock":"0x10","startingBlock":"0x0"}`)
		}
		return result
	}}), quick())
	loading, err := node.Loading(t.Context())
	require.NoError(t, err)
	require.Equal(t, chains.Loading{Blocks: 0, Headers: 16, Initial: true}, loading)
	report, err := node.Doctor(t.Context())
	require.NoError(t, err)
	require.Contains(t, report.Lacks[0].What, "16")
}

// The kinds of transactions that go-ethereum signs, beside those of TestReadsBlocks.
func TestLaterTransactionTypes(t *testing.T) {
	onEach(t, func(t *testing.T, n *nodetest.Node) {
		to := common.HexToAddress("0xaa")
		code := n.Deploy(1, nodetest.Code{}.Call(vm.CALL, to, 5).Ops(vm.STOP))
		n.Mine()
		lent := n.Lend(6, code)
		set := n.Send(2, &types.SetCodeTx{To: nodetest.Account(6), AuthList: []types.SetCodeAuthorization{lent}})
		blob := n.SendBlob(3, to, big.NewInt(3))
		failed := n.Call(4, n.Deploy(5, nodetest.Code{}.Call(vm.CALL, to, 1).Revert()), 9)
		n.Mine()
		n.Succeeded(set, blob)
		b := readBlock(t, dial(t, n, n.URL, evm.Options{}), 2)
		got := map[chains.TxID]*chains.Execution{}
		for i := range b.Txs {
			require.NotNil(t, b.Txs[i].Raw)
			if n.Kind == nodetest.Geth { // anvil 1.7.1 has a root over transactions with their blobs, which is none of consensus
				require.Equal(t, chains.EvidenceProven, b.Txs[i].Evidence)
			}
			got[b.Txs[i].ID] = b.Txs[i].Exec
		}
		e := got[nodetest.TxID(set)]
		require.EqualValues(t, types.SetCodeTxType, e.Type)
		require.Equal(t, evm.Address(nodetest.Account(6)), e.Moves[1].From, "the account itself pays by the code that it lent")
		require.Equal(t, "5", e.Moves[1].Amount.String())
		require.EqualValues(t, types.BlobTxType, got[nodetest.TxID(blob)].Type)
		require.True(t, got[nodetest.TxID(failed)].Failed)
		require.Len(t, got[nodetest.TxID(failed)].Moves, 2, "fee and tip alone")
		for _, a := range []common.Address{nodetest.Account(2), nodetest.Account(3), nodetest.Account(4)} {
			sum := new(big.Int)
			change := map[chains.Address]*big.Int{evm.Address(a): sum}
			for i := range b.Txs {
				for _, m := range b.Txs[i].Exec.Moves {
					add(change, m.From, m.Amount, -1)
					add(change, m.To, m.Amount, 1)
				}
			}
			want := new(big.Int).Sub(n.Balance(a, 2), n.Balance(a, 1))
			require.Equal(t, want.String(), sum.String(), "blob gas is part of the fee")
		}
	})
}
