package bitcoin_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
)

// blockSource is what gives blocks to a sync.
type blockSource interface {
	HashAt(ctx context.Context, height int64) (chains.BlockHash, error)
	Block(ctx context.Context, height int64, hash chains.BlockHash) (*chains.Block, error)
}

// readBlocks reads blocks with as many in flight as a sync has, and returns how many
// transactions they have.
func readBlocks(b *testing.B, from blockSource, first, last int64) (txs int) {
	b.Helper()
	const inFlight = 4
	heights := make(chan int64)
	var running sync.WaitGroup
	var mu sync.Mutex
	for range inFlight {
		running.Go(func() {
			for h := range heights {
				hash, err := from.HashAt(b.Context(), h)
				if err != nil {
					b.Error(err)
					continue
				}
				block, err := from.Block(b.Context(), h, hash)
				if err != nil {
					b.Error(err)
					continue
				}
				mu.Lock()
				txs += len(block.Txs)
				mu.Unlock()
			}
		})
	}
	for h := first; h <= last; h++ {
		heights <- h
	}
	close(heights)
	running.Wait()
	return txs
}

// The same blocks from the node's files, over REST and as JSON.
func BenchmarkSources(b *testing.B) {
	node := nodetest.Start(b, nodetest.Options{})
	node.Fill(40, 2000, 1)
	last := node.Height()
	measure := func(name string, open func(b *testing.B) blockSource) {
		b.Run(name, func(b *testing.B) {
			from, txs := open(b), 0
			for b.Loop() {
				txs += readBlocks(b, from, last-39, last)
			}
			b.ReportMetric(float64(txs)/b.Elapsed().Seconds(), "tx/s") //nolint:forbidigo // the testing package wants one
		})
	}
	dialled := func(b *testing.B) blockSource {
		n, err := bitcoin.Dial(b.Context(), node.Chain, node.URL, node.Options())
		require.NoError(b, err)
		return n
	}
	measure("files", func(b *testing.B) blockSource {
		files, err := bitcoin.OpenFiles(b.Context(), node.Chain, node.BlocksDir, nil)
		require.NoError(b, err)
		return files
	})
	measure("rest", dialled)
	node.Restart("-rest=0")
	measure("getblock3", dialled)
}
