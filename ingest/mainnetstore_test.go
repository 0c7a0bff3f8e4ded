package ingest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/ingest"
	"clew/store"
	"clew/tracer"
)

// indexed is the ten mainnet blocks as a node that finds the transactions in them.
type indexed struct {
	*mainnet
	txs map[chains.TxID]*chains.Tx
}

func newIndexed(m *mainnet) *indexed {
	x := &indexed{m, map[chains.TxID]*chains.Tx{}}
	for _, b := range m.blocks {
		for i := range b.Txs {
			x.txs[b.Txs[i].ID] = &b.Txs[i]
		}
	}
	return x
}

func (x *indexed) Tx(_ context.Context, id chains.TxID) ([]byte, chains.BlockHash, error) {
	tx, ok := x.txs[id]
	if !ok {
		return nil, chains.BlockHash{}, fmt.Errorf("transaction %s: %w", id, chains.ErrNotFound)
	}
	return tx.Raw, tx.Block.Hash, nil
}

func (x *indexed) Locate(_ context.Context, id chains.TxID) (chains.BlockRef, error) {
	tx, ok := x.txs[id]
	if !ok {
		return chains.BlockRef{}, fmt.Errorf("transaction %s: %w", id, chains.ErrNotFound)
	}
	return tx.Block, nil
}

// Ten real blocks in a store: traces of the demonstration's incidents and of hundreds of
// outputs taken at random are those of one pass over the blocks, and balance.
func TestMainnetFromTheStore(t *testing.T) {
	t.Parallel()
	blocks := openMainnet(t)
	st := openStore(t)
	res, err := trySync(t.Context(), openMainnet(t), "bitcoin", st, 4000, ingest.SyncOptions{From: firstMainnet, To: -1})
	require.NoError(t, err)
	require.Equal(t, int64(10), res.Blocks)
	require.Positive(t, res.Unresolved, "outputs from before the ten blocks")
	node := newIndexed(blocks)
	compare := func(t *testing.T, inc *tracer.Incident) *tracer.Trace {
		t.Helper()
		want, err := passTrace(inc, node, ingest.PassOptions{From: -1})
		require.NoError(t, err)
		got, err := storeTrace(t, inc, st, store.Latest)
		require.NoError(t, err)
		require.Equal(t, conserve(t, want), conserve(t, got))
		return got
	}
	for _, name := range []string{"peel", "merge", "mix", "split"} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("..", "testdata", "demo", name, "incident.yaml"))
			require.NoError(t, err)
			inc, err := tracer.ParseIncident(name, data, bitcoin.Codec{})
			require.NoError(t, err)
			require.NotEmpty(t, compare(t, inc).Hops)
		})
	}
	t.Run("outputs at random", func(t *testing.T) {
		rng := rand.New(rand.NewPCG(560062, 0))
		hops, gaps := 0, 0
		for n := 0; n < 300; {
			txs := blocks.blocks[rng.IntN(10)].Txs
			tx := &txs[rng.IntN(len(txs))]
			i := rng.IntN(len(tx.Outputs))
			if tx.Outputs[i].Value == 0 {
				continue
			}
			n++
			trace := compare(t, incident(t, fmt.Sprintf("seeds: [{id: V1, output: \"bitcoin:%s:%d\"}]\n", tx.ID, i)))
			hops += len(trace.Hops)
			gaps += len(trace.Gaps)
		}
		t.Logf("300 outputs: %d hops, %d gaps", hops, gaps)
		require.Positive(t, hops)
		require.Positive(t, gaps)
	})
}
