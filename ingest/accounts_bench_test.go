package ingest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"sync/atomic"
	"testing"

	"github.com/ethereum/go-ethereum/core/types"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/chains/evm/nodetest"
	"clew/ingest"
)

// BenchmarkFollowAccounts follows a payment through 100 accounts, spread evenly over as many
// blocks as the name says, on an anvil: time, and questions asked of the node. A search costs
// by what is touched; a pass that reads every block, by the chain.
func BenchmarkFollowAccounts(b *testing.B) {
	const accounts = 100
	for _, blocks := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(blocks), func(b *testing.B) {
			alloc := types.GenesisAlloc{}
			for i := range accounts {
				alloc[nodetest.Account(i)] = types.Account{Balance: big.NewInt(1e18)}
			}
			n := nodetest.Start(b, nodetest.Anvil, nodetest.Options{Alloc: alloc})
			var theft *types.Transaction
			for i := range accounts - 1 {
				to := nodetest.Account(i + 1)
				tx := n.Send(i, &types.DynamicFeeTx{To: &to, Value: big.NewInt(1000)})
				n.Mine()
				if theft == nil {
					theft = tx
				}
				n.RPC(nil, "anvil_mine", fmt.Sprintf("0x%x", blocks/accounts-1))
			}
			var asked atomic.Int64
			url := n.Proxy(b, nodetest.Tamper{Answer: func(_ nodetest.Question, result json.RawMessage) json.RawMessage {
				asked.Add(1)
				return result
			}})
			for _, whole := range []bool{false, true} {
				if whole && blocks > 1_000 {
					continue // its cost is in proportion, as the first two lines show
				}
				b.Run(map[bool]string{false: "search", true: "every-block"}[whole], func(b *testing.B) {
					for range b.N {
						asked.Store(0)
						node, err := evm.Dial(b.Context(), n.Chain, url, evm.Options{})
						require.NoError(b, err)
						p := accountPass(b, node, ingest.PassOptions{Whole: whole})
						require.Equal(b, accounts-1, followPayments(b, p, nodetest.TxID(theft)))
						require.NoError(b, node.Close())
					}
					b.ReportMetric(float64(asked.Load()), "questions") //nolint:forbidigo // what the testing package asks for
				})
			}
		})
	}
}

// followPayments watches whoever is paid, from the theft on, and counts the transactions.
func followPayments(tb testing.TB, p *ingest.Pass, theft chains.TxID) (txs int) {
	tb.Helper()
	require.NoError(tb, p.WatchTx(tb.Context(), theft))
	for {
		tx, err := p.Next(tb.Context())
		if errors.Is(err, io.EOF) {
			return txs
		}
		require.NoError(tb, err)
		txs++
		for _, m := range tx.Exec.Moves {
			if m.Kind == chains.MoveCall {
				require.NoError(tb, p.WatchAddress(tb.Context(), m.To))
			}
		}
	}
}
