package evm_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/stretchr/testify/require"

	"clew/chains/evm"
	"clew/chains/evm/nodetest"
)

// replay answers with what the node once said, so that the node's own work is not measured.
func replay(b *testing.B, node string) string {
	b.Helper()
	id := regexp.MustCompile(`"id":\d+`)
	var known sync.Map
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		asked := id.Find(body)
		key := string(id.ReplaceAll(body, nil))
		text, ok := known.Load(key)
		if !ok {
			res, err := http.Post(node, "application/json", bytes.NewReader(body))
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			defer func() { _ = res.Body.Close() }()
			said, err := io.ReadAll(res.Body)
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			at := id.FindIndex(said)
			text = [2][]byte{said[:at[0]], said[at[1]:]}
			known.Store(key, text)
		}
		parts := text.([2][]byte)
		for _, part := range [][]byte{parts[0], asked, parts[1]} {
			if _, err := w.Write(part); err != nil {
				panic(http.ErrAbortHandler)
			}
		}
	}))
	b.Cleanup(server.Close)
	return server.URL
}

// BenchmarkBlock reads blocks of 200 transactions, half of them payments and half of them
// transfers of a token through another contract. It reports transactions; those of the loopback
// server count in the time.
func BenchmarkBlock(b *testing.B) {
	n := nodetest.Start(b, nodetest.Geth, nodetest.Options{})
	const blocks, txs = 10, 200
	pad := func(a common.Address) common.Hash { return common.BytesToHash(a[:]) }
	transfer := crypto.Keccak256Hash([]byte("Transfer(address,address,uint256)"))
	token := n.Deploy(0, nodetest.Code{}.Log(5, transfer, pad(nodetest.Account(1)), pad(nodetest.Account(2))).Ops(vm.STOP))
	router := n.Deploy(0, nodetest.Code{}.Call(vm.CALL, token, 0).Call(vm.CALL, nodetest.Account(3), 1).Ops(vm.STOP))
	n.Mine()
	for range blocks {
		for i := range txs / 2 {
			n.Pay(i%nodetest.Funded, nodetest.Account(5), 1)
			n.Call(i%nodetest.Funded, router, 1, make([]byte, 132))
		}
		n.Mine()
	}
	node, err := evm.Dial(b.Context(), "", replay(b, n.URL), evm.Options{})
	require.NoError(b, err)
	at := int64(0)
	var mu sync.Mutex
	next := func() int64 {
		mu.Lock()
		defer mu.Unlock()
		at = at%blocks + 1
		return at + 1
	}
	read := func() int {
		height := next()
		hash, err := node.HashAt(b.Context(), height)
		require.NoError(b, err)
		block, err := node.Block(b.Context(), height, hash)
		require.NoError(b, err)
		return len(block.Txs)
	}
	for range blocks {
		require.GreaterOrEqual(b, read(), txs)
	}
	b.ReportAllocs()
	b.ResetTimer()
	b.SetParallelism(2)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			read()
		}
	})
	b.ReportMetric(float64(b.N*txs)/b.Elapsed().Seconds(), "tx/s") //nolint:forbidigo // the testing package wants one
}
