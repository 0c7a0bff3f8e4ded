package heuristics_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/heuristics"
)

// spentFrom fills in what transactions spend that come one after the other, each behind those whose
// outputs it spends.
type spentFrom map[chains.OutPoint]chains.Output

func (s spentFrom) add(tx *chains.Tx) {
	for i := range tx.Inputs {
		if o, ok := s[tx.Inputs[i].Prev]; ok {
			tx.Inputs[i].Spent, tx.Inputs[i].Known = o, true
		}
	}
	for i := range tx.Outputs {
		s[chains.OutPoint{Tx: tx.ID, Index: uint32(i)}] = tx.Outputs[i]
	}
}

// blocksOf2019 returns ten blocks of the main chain; what they spend is known where they made it.
func blocksOf2019(tb testing.TB) []*chains.Tx {
	tb.Helper()
	var txs []*chains.Tx
	spent := spentFrom{}
	for height := int64(560_062); height <= 560_071; height++ {
		block, err := bitcoin.DecodeBlock("bitcoin", packed(tb, fmt.Sprintf("blocks/%d.blk.gz", height)), height)
		require.NoError(tb, err)
		for i := range block.Txs {
			spent.add(&block.Txs[i])
			txs = append(txs, &block.Txs[i])
		}
	}
	return txs
}

// TestKindsOf2019: of 27,357 transactions those are CoinJoins of JoinMarket that a look at each
// confirms: P2SH with P2WPKH inside, change that fits, four of them spend others of them.
func TestKindsOf2019(t *testing.T) {
	found := map[string]heuristics.Kind{}
	txs := blocksOf2019(t)
	require.Len(t, txs, 27_357)
	for _, tx := range txs {
		if kind, ok := heuristics.MixOf(tx); ok {
			found[tx.ID.String()[:8]] = kind
		}
		for _, f := range heuristics.Identify(tx, heuristics.Facts{}) {
			require.NotEqual(t, heuristics.KindWhirlpoolTx0, f.Kind, "before there was any")
		}
	}
	want := map[string]heuristics.Kind{}
	for _, id := range []string{"3c7f829e", "25208a83", "6aeec333", "31a1e7ba", "f776394e", "5d038788", "d5e7b8f1"} {
		want[id] = heuristics.KindJoinMarket
	}
	require.Equal(t, want, found)
}

// TestJoinMarketKinds: on a chain of real wallets those transactions are CoinJoins that spend coins of
// several of them, and no others.
func TestJoinMarketKinds(t *testing.T) {
	var blocks []struct{ Tx []struct{ Hex string } }
	require.NoError(t, json.Unmarshal(packed(t, "coinjoin/joinmarket_blocks.json.gz"), &blocks))
	var truth struct {
		Wallets map[string][]string `json:"wallet_addresses"`
	}
	require.NoError(t, json.Unmarshal(packed(t, "coinjoin/joinmarket_truth.json.gz"), &truth))
	owner := map[chains.Address]string{}
	for wallet, addresses := range truth.Wallets {
		for _, text := range addresses {
			a, err := bitcoin.ParseAddress("bitcoin-regtest", text)
			require.NoError(t, err)
			owner[a] = wallet
		}
	}
	spent, mixes := spentFrom{}, 0
	for _, block := range blocks {
		for _, given := range block.Tx {
			raw, err := hex.DecodeString(given.Hex)
			require.NoError(t, err)
			tx, err := bitcoin.DecodeTx("bitcoin-regtest", raw)
			require.NoError(t, err)
			spent.add(&tx)
			owners := map[string]bool{}
			for i := range tx.Inputs {
				owners[owner[tx.Inputs[i].Spent.Address]] = true
			}
			kind, mix := heuristics.MixOf(&tx)
			require.Equal(t, len(owners) > 1, mix, tx.ID)
			if mix {
				mixes++
				require.Equal(t, heuristics.KindJoinMarket, kind, tx.ID)
				unknown(&tx)
				_, blind := heuristics.MixOf(&tx)
				require.True(t, blind, tx.ID)
			}
		}
	}
	require.Equal(t, 32, mixes)
}

// BenchmarkMixOf is the time of one transaction of the blocks of 2019.
func BenchmarkMixOf(b *testing.B) {
	each(b, blocksOf2019(b), func(tx *chains.Tx) { heuristics.MixOf(tx) })
}

// BenchmarkIdentify is the same for everything that is said of a transaction, with the spenders of its
// outputs, and what lies before them, where the blocks have them.
func BenchmarkIdentify(b *testing.B) {
	txs := blocksOf2019(b)
	spenders := map[chains.OutPoint]*chains.Tx{}
	for _, tx := range txs {
		for i := range tx.Inputs {
			spenders[tx.Inputs[i].Prev] = tx
		}
	}
	of := around(txs, spenders)
	each(b, txs, func(tx *chains.Tx) { heuristics.Identify(tx, of(tx)) })
}

// BenchmarkIdentifyMixes is the same for the transactions of 2024, of which a third are mixes.
func BenchmarkIdentifyMixes(b *testing.B) {
	var txs []*chains.Tx
	for _, set := range mainnet(b) {
		txs = append(txs, set...)
	}
	each(b, txs, func(tx *chains.Tx) { heuristics.Identify(tx, heuristics.Facts{}) })
}

// each runs f on one transaction after the other, b.N in all.
func each(b *testing.B, txs []*chains.Tx, f func(tx *chains.Tx)) {
	b.Helper()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		f(txs[i%len(txs)])
	}
}
