package chaingen_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/bench/chaingen"
)

// blocks writes and reads n blocks.
func blocks(t *testing.T, g *chaingen.Generator, n int) []chaingen.Record {
	t.Helper()
	path := filepath.Join(t.TempDir(), "chain")
	require.NoError(t, g.Write(path, n))
	records, file, err := chaingen.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	require.Len(t, records, n)
	return records
}

// The same seed gives the same chain, another one another; branches go on from the same block
// and differ from there.
func TestSeedsAndBranches(t *testing.T) {
	g, again, other := chaingen.New(1, 300), chaingen.New(1, 300), chaingen.New(2, 300)
	first := blocks(t, g, 5)
	require.Equal(t, hashes(first), hashes(blocks(t, again, 5)))
	require.NotEqual(t, first[0].Hash, blocks(t, other, 1)[0].Hash)

	left, right, rest := blocks(t, g.Branch(1), 3), blocks(t, g.Branch(2), 3), blocks(t, g, 3)
	require.Equal(t, hashes(left), hashes(blocks(t, again.Branch(1), 3)))
	require.NotEqual(t, left[0].Hash, right[0].Hash)
	require.NotEqual(t, left[0].Hash, rest[0].Hash)
	for _, branch := range [][]chaingen.Record{left, right, rest} {
		b, err := branch[0].Decode(5)
		require.NoError(t, err)
		require.Equal(t, first[4].Hash, b.Prev)
		require.Len(t, b.Txs, 300)
	}
}

func hashes(records []chaingen.Record) (out []string) {
	for _, r := range records {
		out = append(out, r.Hash.String())
	}
	return out
}
