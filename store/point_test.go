package store_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/store"
)

// BenchmarkPoint reads transactions by txid, at random, from a small warm store.
func BenchmarkPoint(b *testing.B) {
	ctx := context.Background()
	s, err := store.Open(ctx, filepath.Join(b.TempDir(), "p.db"), store.Options{Create: true})
	require.NoError(b, err)
	bs := newGenerator(1).blocks(40, 2500)
	load(b, s, bs, 1000)
	i := 0
	for b.Loop() {
		i++
		_, err := s.Tx(ctx, bitcoin, bs[i*7%40].Txs[i*7919%2500].ID)
		require.NoError(b, err)
	}
	b.StopTimer()
	require.NoError(b, s.Close())
}
