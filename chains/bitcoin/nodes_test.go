package bitcoin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
)

// eachNode runs a test on every kind of node.
func eachNode(t *testing.T, test func(t *testing.T, node *nodetest.Node)) {
	t.Helper()
	for _, kind := range nodetest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			test(t, nodetest.Start(t, nodetest.Options{Kind: kind}))
		})
	}
}

// What every node of the family answers.
func TestNodes(t *testing.T) {
	eachNode(t, func(t *testing.T, node *nodetest.Node) {
		first := node.Height()
		coins := node.Fund(nodetest.P2WPKH(1), 2)
		tx := nodetest.Spend(t, coins, nodetest.Pay{To: nodetest.P2PKH(2), Value: 70e8}, nodetest.Pay{To: nodetest.P2TR(3), Value: 29e8})
		hash := node.MineBlock(nodetest.Anyone(0), tx)
		height := node.Height()
		n, err := bitcoin.Dial(t.Context(), "", node.URL, node.Options())
		require.NoError(t, err)
		require.Equal(t, node.Chain, n.Chain(), "it tells the network by itself")

		t.Run("chain", func(t *testing.T) {
			head, err := n.Head(t.Context())
			require.NoError(t, err)
			require.Equal(t, node.Block(hash, height).Ref, head)
			for _, h := range []int64{0, first, height} {
				at, err := n.HashAt(t.Context(), h)
				require.NoError(t, err)
				require.Equal(t, node.HashAt(h), at)
				ref, err := n.Ref(t.Context(), h)
				require.NoError(t, err)
				require.Equal(t, chains.BlockRef{Height: h, Hash: at, Time: ref.Time}, ref)
				header, err := n.Header(t.Context(), at)
				require.NoError(t, err)
				require.Equal(t, ref.Time, header.Time)
			}
			for _, h := range []int64{height + 1, -1, 1 << 31} {
				_, err := n.HashAt(t.Context(), h)
				require.ErrorIs(t, err, chains.ErrNotFound, "%d", h)
			}
			_, err = n.Header(t.Context(), chains.BlockHash{1})
			require.ErrorIs(t, err, chains.ErrNotFound)
			_, err = n.Block(t.Context(), 3, chains.BlockHash{1})
			require.ErrorIs(t, err, chains.ErrNotFound)
		})
		t.Run("blocks", func(t *testing.T) {
			for h := int64(0); h <= height; h++ {
				block, err := n.Block(t.Context(), h, node.HashAt(h))
				require.NoError(t, err)
				want := node.Block(node.HashAt(h), h)
				if block.Spent == nil {
					require.Equal(t, want, block)
				}
				require.Equal(t, want.Ref, block.Ref)
				require.Equal(t, want.Raw, block.Raw)
			}
		})
		t.Run("transactions", func(t *testing.T) {
			raw, block, err := n.Tx(t.Context(), tx.ID)
			require.NoError(t, err)
			require.Equal(t, tx.Raw, raw)
			require.Equal(t, hash, block)
			ref, err := n.Locate(t.Context(), tx.ID)
			require.NoError(t, err)
			require.Equal(t, node.Block(hash, height).Ref, ref)
			points := []chains.OutPoint{tx.Coins[0].Point, tx.Coins[1].Point, coins[0].Point}
			found, err := n.Outputs(t.Context(), points)
			require.NoError(t, err)
			require.Len(t, found, 3)
			for _, c := range append(tx.Coins, coins[0]) {
				require.Equal(t, c.Value, found[c.Point].Value)
				require.Equal(t, c.Lock.Address(), found[c.Point].Address)
			}
			missing := chains.OutPoint{Tx: chains.TxID{7}}
			found, err = n.Outputs(t.Context(), append(points[:2:2], missing))
			require.ErrorIs(t, err, chains.ErrNotFound)
			require.Len(t, found, 2, "what was found is returned")
			_, _, err = n.Tx(t.Context(), missing.Tx)
			require.ErrorIs(t, err, chains.ErrNotFound)
		})
		t.Run("doctor", func(t *testing.T) {
			report, err := n.Doctor(t.Context())
			require.NoError(t, err)
			spent := map[nodetest.Kind]string{nodetest.BitcoinCore: bitcoin.ByREST}[node.Kind]
			blocks := spent
			if spent == "" {
				spent, blocks = bitcoin.ByNothing, bitcoin.ByGetBlock
			}
			require.Equal(t, bitcoin.Offers{Blocks: blocks, SpentOutputs: spent, TxIndex: true, Batches: true}, report.Offers)
			require.Regexp(t, map[nodetest.Kind]string{
				nodetest.BitcoinCore: `Satoshi:\d`, nodetest.LitecoinCore: `LitecoinCore:0\.21`, nodetest.Btcd: `btcd:0\.26`,
			}[node.Kind], report.Node)
			require.Equal(t, height, report.Head.Height)
		})
		t.Run("reorganisation", func(t *testing.T) {
			node.Invalidate(hash)
			_, err := n.Locate(t.Context(), tx.ID)
			require.ErrorIs(t, err, chains.ErrNotFound)
			node.Mine(2, nodetest.Anyone(9))
			at, err := n.HashAt(t.Context(), height)
			require.NoError(t, err)
			require.NotEqual(t, hash, at)
			stale, err := n.Block(t.Context(), height, hash)
			require.NoError(t, err, "a block that left the main chain can still be read")
			require.Equal(t, hash, stale.Ref.Hash)
			head, err := n.Head(t.Context())
			require.NoError(t, err)
			require.Equal(t, height+1, head.Height)
		})
	})
}
