package bitcoin_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
)

// siblings is a node with two blocks on the same one: left, which left the main chain, and stays.
type siblings struct {
	node        *nodetest.Node
	height      int64
	left, stays chains.BlockHash
}

// mineSiblings mines them with a transaction each, which spends some of three coins under
// lock, worth 1000, 2000 and 3000 units.
func mineSiblings(t *testing.T, lock func(n int) nodetest.Lock, left, stays []int) siblings {
	t.Helper()
	node := nodetest.Start(t, nodetest.Options{Args: []string{"-blocksxor=0"}})
	fund := node.Fund(nodetest.Anyone(0), 1)[0]
	split := nodetest.Spend(t, []nodetest.Coin{fund},
		nodetest.Pay{To: lock(1), Value: 1000}, nodetest.Pay{To: lock(2), Value: 2000}, nodetest.Pay{To: lock(3), Value: 3000})
	node.MineBlock(nodetest.Anyone(0), split)
	mine := func(to int, spends []int) chains.BlockHash {
		var coins []nodetest.Coin
		for _, i := range spends {
			coins = append(coins, split.Coins[i])
		}
		return node.MineBlock(nodetest.Anyone(to), nodetest.Spend(t, coins, nodetest.Pay{To: nodetest.Anyone(9), Value: 900}))
	}
	s := siblings{node: node, height: node.Height() + 1, left: mine(5, left)}
	node.Invalidate(s.left)
	s.stays = mine(6, stays)
	node.Skip(2)
	return s
}

// values returns what the second transaction of a block spends, nil where that is not known.
func values(t *testing.T, files *bitcoin.Files, height int64, hash chains.BlockHash) []uint64 {
	t.Helper()
	block, err := files.Block(t.Context(), height, hash)
	require.NoError(t, err)
	require.Len(t, block.Txs, 2)
	var all []uint64
	for _, in := range block.Txs[1].Inputs {
		require.Equal(t, block.Spent != nil, in.Known)
		if !in.Known {
			require.Zero(t, in.Spent)
			continue
		}
		all = append(all, in.Spent.Value)
	}
	return all
}

// Undo data does not say of which of two blocks on the same one it is. None is given what the
// other one spends.
func TestFilesSiblings(t *testing.T) {
	for name, c := range map[string]struct {
		lock         func(n int) nodetest.Lock
		left, stays  []int // coins that they spend
		without      int   // which record of undo data is taken out, from the last one: 0 for none, 2 is that of left
		gone, gained []uint64
	}{
		"another number of inputs":          {nodetest.Bare, []int{0}, []int{1, 2}, 0, []uint64{1000}, []uint64{2000, 3000}},
		"the same inputs":                   {nodetest.Bare, []int{0}, []int{0}, 0, []uint64{1000}, []uint64{1000}},
		"a witness script":                  {nodetest.Anyone, []int{0}, []int{1}, 0, []uint64{1000}, []uint64{2000}},
		"a witness key":                     {nodetest.P2WPKH, []int{0}, []int{1}, 0, []uint64{1000}, []uint64{2000}},
		"a key":                             {nodetest.P2PKH, []int{0}, []int{1}, 0, []uint64{1000}, []uint64{2000}},
		"a script":                          {nodetest.P2SH, []int{0}, []int{1}, 0, []uint64{1000}, []uint64{2000}},
		"nothing shown":                     {nodetest.Bare, []int{0}, []int{1}, 0, nil, nil},
		"nothing but a signature":           {nodetest.P2TR, []int{0}, []int{1}, 0, nil, nil},
		"never connected, nothing shown":    {nodetest.Bare, []int{0}, []int{1}, 2, nil, nil},
		"never connected, the same inputs":  {nodetest.Bare, []int{1}, []int{1}, 2, []uint64{2000}, []uint64{2000}},
		"never connected, a witness script": {nodetest.Anyone, []int{0}, []int{1}, 2, nil, []uint64{2000}},
	} {
		t.Run(name, func(t *testing.T) {
			s := mineSiblings(t, c.lock, c.left, c.stays)
			s.node.Stop()
			f := newFolder(t, s.node.BlocksDir)
			f.change("rev00000.dat", func(raw []byte) []byte { return withoutUndo(raw, c.without) })
			files, err := bitcoin.OpenFiles(t.Context(), "", f.dir, nil)
			require.NoError(t, err)
			require.Equal(t, c.gained, values(t, files, s.height, s.stays))
			require.Equal(t, c.gone, values(t, files, s.height, s.left))
		})
	}
}

// withoutUndo takes out the undo data of the block with two transactions that is the nth from
// the last of these; 0 takes none.
func withoutUndo(raw []byte, n int) []byte {
	if n == 0 {
		return raw
	}
	var records [][]byte
	var full []int
	for bytes.HasPrefix(raw, magic) {
		size := 8 + int(binary.LittleEndian.Uint32(raw[4:])) + 32
		if raw[8] == 1 {
			full = append(full, len(records))
		}
		records, raw = append(records, raw[:size]), raw[size:]
	}
	out := full[len(full)-n]
	return append(bytes.Join(append(records[:out:out], records[out+1:]...), nil), raw...)
}
