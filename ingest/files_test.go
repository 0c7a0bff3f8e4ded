package ingest_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
	"clew/ingest"
)

var (
	_ ingest.Node   = (*bitcoin.Files)(nil)
	_ ingest.Holder = (*bitcoin.Files)(nil)
)

func openBlocks(t testing.TB, node *nodetest.Node) *bitcoin.Files {
	t.Helper()
	files, err := bitcoin.OpenFiles(context.Background(), node.Chain, node.BlocksDir, nil)
	require.NoError(t, err)
	return files
}

// A sync from the node's files leads to the store that a sync from the node leads to: also
// behind blocks that left the main chain, when it goes on later, and when the chain has
// changed in between.
func TestSyncFromFiles(t *testing.T) {
	for name, args := range map[string][]string{
		"key":        nil,
		"no key":     {"-blocksxor=0"},
		"many files": {"-fastprune"},
	} {
		t.Run(name, func(t *testing.T) {
			node := nodetest.Start(t, nodetest.Options{Args: args})
			node.Fill(5, 40, 3)
			node.Invalidate(node.HashAt(node.Height() - 2))
			node.Mine(4, nodetest.Anyone(9))
			rpc := dial(t, node)
			st := openStore(t)
			syncSome(t, openBlocks(t, node), st, ingest.SyncOptions{From: -1, To: 103})
			res := syncAll(t, openBlocks(t, node), st)
			require.Zero(t, res.Unresolved)
			same(t, fresh(t, rpc), dump(t, st))

			node.Fill(2, 40, 4)
			node.Invalidate(node.HashAt(node.Height() - 4))
			node.Mine(7, nodetest.Anyone(8))
			res = syncAll(t, openBlocks(t, node), st)
			require.Empty(t, res.Reorgs, "it was above what had been read")
			same(t, fresh(t, rpc), dump(t, st))

			node.Invalidate(node.HashAt(node.Height() - 4))
			node.Mine(6, nodetest.Anyone(7))
			res = syncAll(t, openBlocks(t, node), st)
			require.Len(t, res.Reorgs, 1)
			require.EqualValues(t, 5, res.Reorgs[0].Blocks)
			same(t, fresh(t, rpc), dump(t, st))
			sound(t, st)
		})
	}
}

// Without undo data the values come out of the blocks read before, as from a node that does
// not tell them: the store is the same.
func TestSyncFromFilesWithoutUndoData(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	node.Fill(3, 40, 3)
	want := fresh(t, dial(t, node))
	node.Stop()
	require.NoError(t, os.Remove(filepath.Join(node.BlocksDir, "rev00000.dat")))
	st := openStore(t)
	require.Zero(t, syncAll(t, openBlocks(t, node), st).Unresolved)
	same(t, want, dump(t, st))
}

// Of a damaged file nothing is stored from the damage on, and what is below stays whole.
func TestSyncFromDamagedFiles(t *testing.T) {
	for _, file := range []string{"blk00000.dat", "rev00000.dat"} {
		t.Run(file, func(t *testing.T) {
			node := nodetest.Start(t, nodetest.Options{})
			node.Fill(1, 400, 3) // the largest block by far: what is in the middle is its own
			node.Skip(3)
			large := node.Height() - 3
			want := openStore(t)
			syncSome(t, dial(t, node), want, ingest.SyncOptions{From: -1, To: large - 1})
			node.Stop()
			path := filepath.Join(node.BlocksDir, file)
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			end := len(bytes.TrimRight(raw, "\x00"))
			raw[end-10_000] ^= 1
			require.NoError(t, os.WriteFile(path, raw, 0o600))
			st := openStore(t)
			_, err = trySync(t.Context(), openBlocks(t, node), regtest, st, fewTxs, everything)
			damage := new(bitcoin.DamageError)
			require.ErrorAs(t, err, &damage)
			require.Equal(t, path, damage.Path)
			require.Less(t, damage.Offset, int64(end-10_000))
			require.Greater(t, damage.Offset, int64(end-150_000))
			same(t, dump(t, want), dump(t, st))
			sound(t, st)
		})
	}
}

// Files that a node has pruned are read from their lowest block on.
func TestSyncFromPrunedFiles(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{Args: []string{"-txindex=0", "-prune=1", "-fastprune"}})
	node.Fill(2, 60, 1)
	node.Skip(700)
	first := node.Prune(300) + 1
	require.Positive(t, first)
	files, st := openBlocks(t, node), openStore(t)
	from := ingest.SyncOptions{From: first, To: -1}
	syncSome(t, files, st, from)
	want := openStore(t)
	syncSome(t, dial(t, node), want, from)
	same(t, dump(t, want), dump(t, st))
	_, err := trySync(t.Context(), files, regtest, openStore(t), fewTxs, everything)
	require.ErrorContains(t, err, "is pruned and has blocks from")
}
