package store_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/store"
)

// BenchmarkLoadExecutions loads 200,000 transactions of a chain of accounts in batches of
// store.SuggestedBatch: transactions a second of Add and Flush alone, and bytes of the file for
// each.
func BenchmarkLoadExecutions(b *testing.B) {
	const blocks, each = 1000, 200
	ctx := context.Background()
	var busy time.Duration
	var size int64
	for range b.N {
		s := open(b)
		l, err := s.Load(ctx, evmChain)
		require.NoError(b, err)
		g := newAccountGenerator(11)
		for range blocks {
			block := g.block(each)
			began := time.Now()
			require.NoError(b, l.Add(block))
			if l.Full() {
				require.NoError(b, l.Flush(ctx))
			}
			busy += time.Since(began)
		}
		began := time.Now()
		require.NoError(b, l.Flush(ctx))
		require.NoError(b, l.Close())
		busy += time.Since(began)
		info, err := os.Stat(s.Path())
		require.NoError(b, err)
		size = info.Size()
	}
	report(b, rate(b.N*blocks*(each+1), busy), "tx/s")
	report(b, size/(blocks*(each+1)), "B/tx")
}

// BenchmarkExecutionBody packs and unpacks the body of an execution.
func BenchmarkExecutionBody(b *testing.B) {
	txs := newAccountGenerator(12).block(500).Txs
	bodies := make([][]byte, len(txs))
	for i := range txs {
		bodies[i] = store.PackBody(&txs[i])
	}
	b.Run("pack", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			store.PackBody(&txs[i%len(txs)])
		}
	})
	b.Run("unpack", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			_, err := store.UnpackBody(bodies[i%len(bodies)])
			require.NoError(b, err)
		}
	})
}
