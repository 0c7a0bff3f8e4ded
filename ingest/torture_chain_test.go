package ingest_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin/nodetest"
)

// empty is the last block of the chain that has no transactions but its coinbase.
const empty = 102

// game is a node whose chain is reorganised again and again.
type game struct {
	t     *testing.T
	node  *nodetest.Bitcoind
	coin  int // makes each coinbase another one
	forks []fork
}

// fork is where one branch took the place of another.
type fork struct {
	height   int64 // of the first block of both
	old, new chains.BlockHash
}

// reorganise replaces the blocks at the top by one more, in which the same transactions are
// spread in another way.
func (g *game) reorganise(rng *rand.Rand, depth int64) {
	g.t.Helper()
	head := g.node.Height()
	depth = min(depth, head-empty)
	var txs []nodetest.Tx
	for h := head - depth + 1; h <= head; h++ {
		for _, tx := range g.node.Block(g.node.HashAt(h), h).Txs[1:] {
			txs = append(txs, nodetest.Tx{Raw: slices.Clone(tx.Raw)})
		}
	}
	f := fork{height: head - depth + 1, old: g.node.HashAt(head - depth + 1)}
	g.node.Invalidate(f.old)
	for left := depth; left >= 0; left-- {
		n := len(txs)
		if left > 0 { // about as many as are due, or none, or twice as many
			n = min(n, rng.IntN(2*len(txs)/int(left+1)+1))
		}
		g.coin++
		hash := g.node.MineBlock(nodetest.Anyone(1e6+g.coin), txs[:n]...)
		if left == depth {
			f.new = hash
		}
		txs = txs[n:]
	}
	g.forks = append(g.forks, f)
	g.t.Logf("  %d blocks above %d left the chain", depth, f.height-1)
}

// back makes the branch that was replaced last the main chain again, if there is one.
func (g *game) back() {
	g.t.Helper()
	if len(g.forks) == 0 {
		return
	}
	f := g.forks[len(g.forks)-1]
	g.forks = g.forks[:len(g.forks)-1]
	g.node.Invalidate(f.new)
	g.node.Reconsider(f.old)
	require.Equal(g.t, f.old, g.node.HashAt(f.height))
	g.t.Logf("  back to the branch that was replaced at %d", f.height)
}
