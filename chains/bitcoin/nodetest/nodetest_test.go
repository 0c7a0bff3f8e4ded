package nodetest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
)

// Every lock can be paid to and spent, on every kind of node: it checks the signatures.
func TestLocksAreSpendable(t *testing.T) {
	for _, kind := range nodetest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			locksAreSpendable(t, nodetest.Start(t, nodetest.Options{Kind: kind}))
		})
	}
}

func locksAreSpendable(t *testing.T, node *nodetest.Node) {
	t.Helper()
	locks := []nodetest.Lock{
		nodetest.Anyone(1), nodetest.Bare(2), nodetest.P2SH(3), nodetest.P2PKH(4), nodetest.P2PK(5), nodetest.P2PKLong(6),
		nodetest.Multisig(7), nodetest.P2WPKH(9), nodetest.P2TR(10), nodetest.Anchor(),
	}
	coin := node.Fund(nodetest.P2WPKH(0), 1)[0]
	pays := []nodetest.Pay{{To: nodetest.Data("receipt 17"), Value: 0}}
	for _, lock := range locks {
		pays = append(pays, nodetest.Pay{To: lock, Value: 1e8})
	}
	paid := nodetest.Spend(t, []nodetest.Coin{coin}, pays...)
	spent := nodetest.Spend(t, paid.Coins[1:], nodetest.Pay{To: nodetest.Anyone(0), Value: 10e8})

	block := node.Block(node.MineBlock(nodetest.P2TR(11), paid, spent), node.Height())

	require.Len(t, block.Txs, 3)
	require.Equal(t, paid.ID, block.Txs[1].ID)
	require.Equal(t, spent.ID, block.Txs[2].ID)
	for i, p := range pays {
		require.Equal(t, p.To.Address(), block.Txs[1].Outputs[i].Address, p.To)
	}
}

func TestReorganise(t *testing.T) {
	for _, kind := range nodetest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			node := nodetest.Start(t, nodetest.Options{Kind: kind})
			first := node.Height()
			hashes := node.Skip(5)
			node.Invalidate(hashes[3])
			require.Equal(t, first+3, node.Height())
			other := node.Mine(3, nodetest.Anyone(9))
			require.Len(t, other, 3)
			require.Equal(t, first+6, node.Height())
			require.NotEqual(t, hashes[3], node.HashAt(first+4))
			node.Reconsider(hashes[3])
			require.NotEqual(t, hashes[3], node.HashAt(first+4), "the longer chain stays")
		})
	}
}

// Without a test, a refusal is a panic.
func TestLaunch(t *testing.T) {
	node, err := nodetest.Launch(t.Context(), nodetest.Options{Kind: nodetest.Btcd, DataDir: t.TempDir()})
	require.NoError(t, err)
	defer node.Stop()
	height := node.Height()
	hashes, _ := node.Fill(1, 20, 3)
	require.Len(t, node.Block(hashes[0], height).Txs, 21)
	require.Panics(t, func() { node.Invalidate(chains.BlockHash{1}) })
	_, err = nodetest.Launch(t.Context(), nodetest.Options{})
	require.ErrorContains(t, err, "no data directory")
}

func TestRestartKeepsTheChain(t *testing.T) {
	for _, kind := range nodetest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			node := nodetest.Start(t, nodetest.Options{Kind: kind})
			last := node.Skip(3)[2]
			height := node.Height()
			node.Stop()
			require.Error(t, node.Call(nil, "getblockcount"))
			node.Restart()
			require.Equal(t, last, node.HashAt(height))
		})
	}
}

func TestRestartWithOtherArguments(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	node.Skip(3)
	node.Stop()
	node.Restart("-rest=0")
	require.EqualValues(t, 3, node.Height())
}

func TestFill(t *testing.T) {
	run := func() ([]chains.BlockHash, []nodetest.Coin) {
		node := nodetest.Start(t, nodetest.Options{})
		node.SetTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
		return node.Fill(3, 500, 7)
	}
	hashes, coins := run()
	require.Len(t, hashes, 3)
	require.Len(t, coins, 1000)
	again, _ := run()
	require.Equal(t, hashes, again, "the same seed and clock give the same blocks")
}

func TestPrune(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{Args: []string{"-txindex=0", "-prune=1", "-fastprune"}})
	node.Skip(900)
	last := node.Prune(400)
	require.Positive(t, last)
	require.Error(t, node.Call(nil, "getblock", node.HashAt(last).String(), 0))
	var text string
	require.NoError(t, node.Call(&text, "getblock", node.HashAt(last+1).String(), 0))
	require.NotEmpty(t, text)
	_, err := bitcoin.Dial(t.Context(), "bitcoin-regtest", node.URL, node.Options())
	require.NoError(t, err)
}
