package ingest_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"clew/chains"
	"clew/chains/bitcoin/nodetest"
)

// empty is the last block of the chain that has no transactions but its coinbase.
const empty = 102

// game is a node whose chain is reorganised again and again.
type game struct {
	t     *testing.T
	node  *nodetest.Node
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
	g.cut(f.height)
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

// cut takes the blocks from height on off the chain, and every other branch that the node
// would turn to instead.
func (g *game) cut(height int64) {
	g.t.Helper()
	var below []chains.BlockHash
	for h := int64(empty); h < height; h++ {
		below = append(below, g.node.HashAt(h))
	}
	for {
		other := int64(empty)
		for other < height && other <= g.node.Height() && g.node.HashAt(other) == below[other-empty] {
			other++
		}
		if other > g.node.Height() {
			return
		}
		g.node.Invalidate(g.node.HashAt(other))
	}
}

// back makes the branch that was replaced last possible again in the place of the other one,
// if there is one. What becomes the main chain is the node's to say.
func (g *game) back() {
	g.t.Helper()
	if len(g.forks) == 0 {
		return
	}
	f := g.forks[len(g.forks)-1]
	g.forks = g.forks[:len(g.forks)-1]
	g.node.Invalidate(f.new)
	g.node.Reconsider(f.old)
	g.t.Logf("  back from the branch at %d, the head is %d", f.height, g.node.Height())
}
