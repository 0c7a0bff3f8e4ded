package bitcoin_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
)

// openFiles opens the block files of a node.
func openFiles(t testing.TB, node *nodetest.Node) *bitcoin.Files {
	t.Helper()
	files, err := bitcoin.OpenFiles(t.Context(), "", node.BlocksDir, nil)
	require.NoError(t, err)
	return files
}

// sameBlocks wants every block that the files hold of the main chain as the node gives it,
// and nothing of it left out.
func sameBlocks(t testing.TB, node *nodetest.Node, files *bitcoin.Files) {
	t.Helper()
	dialled, err := bitcoin.Dial(t.Context(), node.Chain, node.URL, node.Options())
	require.NoError(t, err)
	want, err := dialled.Head(t.Context())
	require.NoError(t, err)
	head, err := files.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, head)
	held := files.Held()
	require.Equal(t, head.Height, held.To)
	for h := held.From; h <= held.To; h++ {
		ref, err := files.Ref(t.Context(), h)
		require.NoError(t, err)
		require.Equal(t, node.HashAt(h), ref.Hash, "block %d", h)
		mine, err := files.Block(t.Context(), h, ref.Hash)
		require.NoError(t, err)
		theirs, err := dialled.Block(t.Context(), h, ref.Hash)
		require.NoError(t, err)
		if theirs.Spent == nil { // a node that does not tell
			for i := range theirs.Txs {
				for j := range theirs.Txs[i].Inputs {
					require.True(t, mine.Txs[i].Inputs[j].Known)
					mine.Txs[i].Inputs[j].Known, mine.Txs[i].Inputs[j].Spent = false, chains.Output{}
				}
			}
			mine.Spent = nil
		}
		require.Equal(t, theirs, mine, "block %d", h)
	}
}

// The files give what the node gives: with and without a key, in one file and in many, with
// blocks that left the main chain among them, while the node runs.
func TestFiles(t *testing.T) {
	for name, o := range map[string]nodetest.Options{
		"key":        {},
		"no key":     {Args: []string{"-blocksxor=0"}},
		"many files": {Args: []string{"-fastprune"}},
		"litecoind":  {Kind: nodetest.LitecoinCore},
	} {
		t.Run(name, func(t *testing.T) {
			node := nodetest.Start(t, o)
			variety(t, node)
			node.Fill(3, 60, 1)
			stale := node.Height()
			node.Invalidate(node.HashAt(stale - 2))
			node.Mine(5, nodetest.Anyone(9))
			files := openFiles(t, node)
			require.Equal(t, node.Chain, files.Chain())
			require.Zero(t, files.Held().From)
			sameBlocks(t, node, files)

			_, err := files.Ref(t.Context(), files.Held().To+1)
			require.ErrorIs(t, err, chains.ErrNotFound)
			_, err = files.Ref(t.Context(), -1)
			require.ErrorIs(t, err, chains.ErrNotFound)
			_, err = files.Block(t.Context(), 1, chains.BlockHash{})
			require.ErrorIs(t, err, chains.ErrNotFound)

			node.Skip(2)
			sameBlocks(t, node, openFiles(t, node))
		})
	}
}

// Blocks with extension blocks (MWEB), whose undo data has a part of its own.
func TestFilesWithExtensionBlocks(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{Kind: nodetest.LitecoinCore, Args: []string{"-vbparams=mweb:1601450001:999999999999"}})
	var inside, outside string
	mine := func(n int) { node.RPC(nil, "generatetoaddress", n, outside) }
	send := func(to string, coins int) { node.RPC(nil, "sendtoaddress", to, coins) }
	node.RPC(nil, "createwallet", "w")
	node.RPC(&outside, "getnewaddress", "", "bech32")
	mine(431)
	node.RPC(&inside, "getnewaddress", "", "mweb")
	send(inside, 10)
	mine(1)
	send(inside, 3)
	mine(1)
	mine(3)
	files := openFiles(t, node)
	forms := map[chains.ScriptType]int{}
	for h := int64(431); h <= node.Height(); h++ {
		block, err := files.Block(t.Context(), h, node.HashAt(h))
		require.NoError(t, err)
		require.Equal(t, node.Block(node.HashAt(h), h).Raw, block.Raw)
		for i := range block.Txs {
			for _, in := range block.Txs[i].Inputs {
				require.True(t, in.Known, "block %d, transaction %d", h, i)
				forms[in.Spent.Type]++
			}
		}
	}
	require.Positive(t, forms[chains.ScriptPegIn])
	require.Positive(t, forms[chains.ScriptPegged])
	r, err := files.Doctor(t.Context())
	require.NoError(t, err)
	require.Equal(t, node.Height(), r.Folder.Undo)
}

// The folder may be named from above.
func TestFilesFindTheFolder(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	node.Skip(3)
	for _, dir := range []string{node.BlocksDir, filepath.Dir(node.BlocksDir), node.DataDir} {
		for _, chain := range []chains.Chain{"", "bitcoin-regtest"} {
			files, err := bitcoin.OpenFiles(t.Context(), chain, dir, nil)
			require.NoError(t, err)
			require.Equal(t, node.BlocksDir, files.String())
			require.EqualValues(t, 3, files.Held().To)
		}
	}
	_, err := bitcoin.OpenFiles(t.Context(), "bitcoin", node.BlocksDir, nil)
	require.ErrorIs(t, err, chains.ErrWrongChain)
	require.ErrorContains(t, err, "the blocks are of bitcoin-regtest, not of bitcoin")
	_, err = bitcoin.OpenFiles(t.Context(), "", t.TempDir(), nil)
	require.ErrorIs(t, err, chains.ErrNotFound)
	require.ErrorContains(t, err, "no blk*.dat")
}

func TestFilesDoctor(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{Args: []string{"-fastprune"}})
	node.Fill(2, 100, 1)
	node.Invalidate(node.HashAt(node.Height()))
	node.Mine(3, nodetest.Anyone(9))
	r, err := openFiles(t, node).Doctor(t.Context())
	require.NoError(t, err)
	height := node.Height()
	require.Equal(t, height, r.Head.Height)
	require.Equal(t, bitcoin.Offers{Blocks: bitcoin.ByFiles, SpentOutputs: bitcoin.ByFiles}, r.Offers)
	require.Greater(t, r.Folder.Files, 1)
	require.Positive(t, r.Folder.Bytes)
	require.True(t, r.Folder.Masked)
	require.Equal(t, height+1, r.Folder.Blocks)
	require.EqualValues(t, 1, r.Folder.Others)
	require.Equal(t, height+1, r.Folder.Undo, "of every block but block 0, and of the one that left the chain")
	require.Len(t, r.Lacks, 1)
}
