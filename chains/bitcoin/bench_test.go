package bitcoin_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/stretchr/testify/require"

	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
)

// The ten mainnet blocks, decoded on one core: bytes, txids, Merkle root, address keys.
func BenchmarkDecodeBlock(b *testing.B) {
	raw, txs := mainnet(b)
	b.ReportAllocs()
	for b.Loop() {
		for _, block := range raw {
			if _, err := bitcoin.DecodeBlock("bitcoin", block, 0); err != nil {
				b.Fatal(err)
			}
		}
	}
	reportRate(b, txs*b.N)
}

// The same by btcd's wire and txscript, without checking the Merkle root.
func BenchmarkDecodeBlockByWire(b *testing.B) {
	raw, txs := mainnet(b)
	b.ReportAllocs()
	for b.Loop() {
		for _, text := range raw {
			var block wire.MsgBlock
			if err := block.Deserialize(bytes.NewReader(text)); err != nil {
				b.Fatal(err)
			}
			for _, tx := range block.Transactions {
				tx.TxHash()
				for _, out := range tx.TxOut {
					txscript.GetScriptClass(out.PkScript)
				}
			}
		}
	}
	reportRate(b, txs*b.N)
}

// A block with its spent outputs, as for every block of a sync.
func BenchmarkDecodeBlockWithSpent(b *testing.B) {
	raw := testdata(b, "block300025.raw.gz")
	block, err := bitcoin.DecodeBlock("bitcoin", raw, 300025)
	require.NoError(b, err)
	spent := spentOf300025(b, block)
	b.ReportAllocs()
	for b.Loop() {
		block, err = bitcoin.DecodeBlock("bitcoin", raw, 300025)
		if err == nil {
			err = bitcoin.AttachSpent("bitcoin", block, spent)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	reportRate(b, len(block.Txs)*b.N)
}

// Blocks from a real node by each way, one after the other over one connection, the node on
// the same machine.
func BenchmarkNodeBlock(b *testing.B) {
	node := nodetest.Start(b, nodetest.Options{})
	hashes, _ := node.Fill(4, 3000, 1)
	first := node.Height() - int64(len(hashes)) + 1
	for _, way := range []string{"rest", "getblock 3", "getblock 0"} {
		b.Run(way, func(b *testing.B) {
			url := node.URL
			switch way {
			case "getblock 3":
				node.Restart("-rest=0")
			case "getblock 0":
				url = older(b, node)
			}
			n, err := bitcoin.Dial(b.Context(), regtest, url, bitcoin.Options{CookieFile: node.CookieFile})
			require.NoError(b, err)
			for i, hash := range hashes { // the first answers show which way it goes
				_, err = n.Block(b.Context(), first+int64(i), hash)
				require.NoError(b, err)
			}
			txs := 0
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				block, err := n.Block(b.Context(), first+int64(i%len(hashes)), hashes[i%len(hashes)])
				if err != nil {
					b.Fatal(err)
				}
				txs += len(block.Txs)
			}
			reportRate(b, txs)
		})
	}
}

func BenchmarkFormatAddress(b *testing.B) {
	for _, script := range []string{"76a914" + hash20 + "88ac", "0014" + hash20, "5120" + key33[2:]} {
		a, form := bitcoin.Classify("bitcoin", unhex(b, script))
		b.Run(fmt.Sprint(form), func(b *testing.B) {
			for b.Loop() {
				bitcoin.FormatAddress("bitcoin", a)
			}
		})
	}
}

func mainnet(b *testing.B) (raw [][]byte, txs int) {
	b.Helper()
	for height := firstBlock; height <= lastBlock; height++ {
		raw = append(raw, rawBlock(b, height))
		block, err := bitcoin.DecodeBlock("bitcoin", raw[len(raw)-1], int64(height))
		require.NoError(b, err)
		txs += len(block.Txs)
	}
	return raw, txs
}

func reportRate(b *testing.B, txs int) {
	b.Helper()
	b.ReportMetric(float64(txs)/b.Elapsed().Seconds(), "tx/s") //nolint:forbidigo // the testing package wants one
}
