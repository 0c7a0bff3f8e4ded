package evm_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/chains/evm/nodetest"
	"clew/chains/rpc"
	"clew/ingest"
)

var (
	_ ingest.Node          = (*evm.Node)(nil)
	_ ingest.TxReader      = (*evm.Node)(nil)
	_ ingest.HashLister    = (*evm.Node)(nil)
	_ ingest.Index         = (*evm.Node)(nil)
	_ ingest.TxPicker      = (*evm.Node)(nil)
	_ ingest.StateReader   = (*evm.Node)(nil)
	_ ingest.EventSearcher = (*evm.Node)(nil)
)

// What was read of a block that leaves the main chain meanwhile is said to have left it.
func TestReorganised(t *testing.T) {
	onEach(t, func(t *testing.T, n *nodetest.Node) {
		fill(n, 2)
		fill(n, 2)
		node := dial(t, n, n.URL, evm.Options{})
		old := n.HashAt(2)
		n.Reorg(1)
		_, err := node.Block(t.Context(), 2, old)
		require.ErrorIs(t, err, chains.ErrReorged)
		hashes, err := node.HashesAt(t.Context(), 0, 10)
		require.NoError(t, err)
		require.Len(t, hashes, int(n.Height())+1)
		require.NotEqual(t, old, hashes[2])
		for h, hash := range hashes {
			require.Equal(t, n.HashAt(int64(h)), hash)
			_, err := node.Block(t.Context(), int64(h), hash)
			require.NoError(t, err)
		}
		_, err = node.HashesAt(t.Context(), n.Height()+1, 2)
		require.ErrorIs(t, err, chains.ErrNotFound)
	})
}

// In the middle of a read: the block is there, and its receipts are those of another.
func TestReorganisedInMidRead(t *testing.T) {
	n := nodetest.Start(t, nodetest.Geth, nodetest.Options{})
	fill(n, 2)
	old := n.HashAt(1)
	armed := make(chan struct{}, 1)
	url := n.Proxy(t, nodetest.Tamper{Refuse: func(q nodetest.Question) *nodetest.Refusal {
		if q.Method == "eth_getBlockReceipts" {
			select {
			case <-armed:
				n.Reorg(1)
			default:
			}
		}
		return nil
	}})
	node := dial(t, n, url, quick())
	_, err := node.Block(t.Context(), 1, old)
	require.NoError(t, err)
	armed <- struct{}{}
	_, err = node.Block(t.Context(), 1, old)
	require.ErrorIs(t, err, chains.ErrReorged)
}

// Another chain behind the same URL is noticed.
func TestAnotherChainMeanwhile(t *testing.T) {
	first := nodetest.Start(t, nodetest.Geth, nodetest.Options{})
	second := nodetest.Start(t, nodetest.Geth, nodetest.Options{Time: 1_600_000_000})
	third := nodetest.Start(t, nodetest.Geth, nodetest.Options{ChainID: 5})
	for _, other := range []*nodetest.Node{second, third} {
		var at atomic.Pointer[nodetest.Node]
		at.Store(first)
		url := nodetest.Switch(t, func() string { return at.Load().URL })
		node := dial(t, first, url, quick())
		_, err := node.Head(t.Context())
		require.NoError(t, err)
		at.Store(other)
		_, err = node.Head(t.Context())
		require.ErrorIs(t, err, chains.ErrWrongChain)
	}
}

func TestPicksTransactions(t *testing.T) {
	onEach(t, func(t *testing.T, n *nodetest.Node) {
		to := common.HexToAddress("0xaa")
		pays := n.Deploy(1, nodetest.Code{}.Call(vm.CALL, to, 7).Ops(vm.STOP))
		n.Mine()
		tx := n.Call(2, pays, 7)
		for i := range 20 {
			n.Pay(3+i%5, to, int64(i+1))
		}
		hash := n.Mine()
		node := dial(t, n, n.URL, evm.Options{})
		whole := readBlock(t, node, 2)
		place, err := node.PlaceOf(t.Context(), nodetest.TxID(tx))
		require.NoError(t, err)
		picked, err := node.BlockTxs(t.Context(), 2, []int{place.Index, 20})
		require.NoError(t, err)
		require.True(t, picked.Partial)
		require.Equal(t, []int{place.Index, 20}, picked.Places)
		require.Len(t, picked.Txs, 2)
		header, err := evm.DecodeHeader(n.Chain, picked.Header)
		require.NoError(t, err)
		for i, at := range []int{place.Index, 20} {
			got, want := picked.Txs[i], whole.Txs[at].Clone()
			require.NoError(t, node.CheckSigner(&want))
			raw, err := evm.VerifyProof(header.TxRoot, at, got.Exec.TxProof)
			require.NoError(t, err)
			require.Equal(t, want.Raw, raw)
			receipt, err := evm.VerifyProof(header.ReceiptRoot, at, got.Exec.ReceiptProof)
			require.NoError(t, err)
			require.Equal(t, got.Exec.Receipt, receipt)
			require.NotEmpty(t, got.Exec.Attested)
			require.Equal(t, want.Exec.Moves, got.Exec.Moves)
		}
		_, err = node.BlockTxs(t.Context(), 2, []int{99})
		require.ErrorIs(t, err, chains.ErrNotFound)
		_, err = node.BlockTxs(t.Context(), 9, []int{0})
		require.ErrorIs(t, err, chains.ErrNotFound)

		ref, err := node.Locate(t.Context(), nodetest.TxID(tx))
		require.NoError(t, err)
		require.Equal(t, whole.Ref, ref)
		raw, block, err := node.Tx(t.Context(), nodetest.TxID(tx))
		require.NoError(t, err)
		require.Equal(t, whole.Txs[place.Index].Raw, raw)
		require.Equal(t, hash, block)
		system, err := node.PlaceOf(t.Context(), hash)
		require.NoError(t, err)
		require.Equal(t, chains.Place{Height: 2, Index: 21}, system)
		for _, err := range []error{
			second(node.Locate(t.Context(), chains.TxID{1})),
			second(node.PlaceOf(t.Context(), chains.TxID{1})),
		} {
			require.ErrorIs(t, err, chains.ErrNotFound)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// As many callers as there are ask at once, over both transports; all get the same.
func TestManyAtOnce(t *testing.T) {
	n := nodetest.Start(t, nodetest.Geth, nodetest.Options{})
	for range 5 {
		fill(n, 40)
	}
	want := map[int64]*chains.Block{}
	plain := dial(t, n, n.URL, evm.Options{})
	for h := range int64(6) {
		want[h] = readBlock(t, plain, h)
	}
	for _, url := range []string{n.URL, n.WS} {
		node := dial(t, n, url, evm.Options{Options: rpc.Options{Connections: 4}})
		type read struct {
			at  int64
			b   *chains.Block
			err error
		}
		results := make(chan read)
		for i := range 60 {
			go func() {
				at := int64(i % 6)
				b, err := node.Block(context.Background(), at, want[at].Ref.Hash)
				results <- read{at, b, err}
			}()
		}
		for range 60 {
			r := <-results
			require.NoError(t, r.err)
			require.Equal(t, want[r.at], r.b)
		}
	}
}
