package wallets_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/bench/wallets"
	"clew/chains"
)

func TestWorldIsAChainWhoseOwnersAreKnown(t *testing.T) {
	w := wallets.Make(1, 60)
	require.Equal(t, w, wallets.Make(1, 60), "the same seed gives the same world")
	other := wallets.Make(2, 60)
	require.NotEqual(t, w.Txs[len(w.Txs)-1].ID, other.Txs[len(other.Txs)-1].ID)
	require.Len(t, w.Truth, len(w.Txs))
	unspent, kinds := map[chains.OutPoint]chains.Output{}, map[string]int{}
	for i := range w.Txs {
		tx, truth := &w.Txs[i], w.Truth[i]
		kinds[truth.Kind]++
		if i > 0 {
			require.True(t, w.Txs[i-1].Before(tx))
		}
		owners, in, out := map[int]bool{}, uint64(0), uint64(0)
		for _, input := range tx.Inputs {
			spent, ok := unspent[input.Prev]
			require.True(t, ok, "%s spends what is there", tx.ID)
			require.Equal(t, spent, input.Spent)
			delete(unspent, input.Prev)
			in += spent.Value
			owners[w.Owner[spent.Address]] = true
			if input.Signed.Wraps != "" {
				require.Equal(t, w.Owner[spent.Address], w.Owner[input.Signed.Wraps])
			}
		}
		for j, o := range tx.Outputs {
			unspent[chains.OutPoint{Tx: tx.ID, Index: uint32(j)}] = o
			out += o.Value
			if o.Type == chains.ScriptNullData {
				continue
			}
			owner, ok := w.Owner[o.Address]
			require.True(t, ok)
			if truth.Payer != wallets.NoOwner && truth.Kind != wallets.KindTx0 && truth.Kind != wallets.KindConsolidation && truth.Kind != wallets.KindSplit {
				require.Equal(t, owner == truth.Payer, slices.Contains(truth.Change, j), "%s output %d", tx.ID, j)
			}
		}
		if tx.Coinbase {
			continue
		}
		require.Greater(t, in, out, "%s %s", truth.Kind, tx.ID)
		require.Less(t, in-out, uint64(20_000_000), "%s %s: a fee", truth.Kind, tx.ID)
		if truth.Payer != wallets.NoOwner {
			require.Equal(t, map[int]bool{truth.Payer: true}, owners)
		} else {
			require.Greater(t, len(owners), 1, "%s %s", truth.Kind, tx.ID)
		}
	}
	for kind, least := range map[string]int{
		wallets.KindPayment: 1000, wallets.KindBatch: 50, wallets.KindConsolidation: 50, wallets.KindPeel: 100, wallets.KindPayjoin: 5,
		wallets.KindJoinMarket: 20, wallets.KindWasabi1: 10, wallets.KindWasabi2: 10, wallets.KindWhirlpool: 20, wallets.KindTx0: 10,
	} {
		require.GreaterOrEqual(t, kinds[kind], least, kind)
	}
}
