package bitcoin_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
)

// variety mines blocks that create and spend every kind of output, and returns the height
// of the last.
func variety(tb testing.TB, node *nodetest.Node) int64 {
	tb.Helper()
	locks := []nodetest.Lock{
		nodetest.Anyone(1), nodetest.Bare(2), nodetest.P2SH(3), nodetest.P2PKH(4), nodetest.P2PK(5), nodetest.P2PKLong(6),
		nodetest.Multisig(7), nodetest.P2WPKH(9), nodetest.P2TR(10), nodetest.Anchor(),
	}
	coins := node.Fund(nodetest.P2TR(1), 2)
	pays := []nodetest.Pay{{To: nodetest.Data("text")}}
	for i, lock := range locks {
		pays = append(pays, nodetest.Pay{To: lock, Value: 1e8 + uint64(i)})
	}
	fan := nodetest.Spend(tb, coins, pays...)
	inBlock := nodetest.Spend(tb, fan.Coins[1:2], nodetest.Pay{To: nodetest.Anyone(2), Value: 5})
	node.MineBlock(nodetest.P2PKH(3), fan, inBlock)
	merge := nodetest.Spend(tb, append(fan.Coins[2:], inBlock.Coins...), nodetest.Pay{To: nodetest.P2TR(2), Value: 3e8})
	node.MineBlock(nodetest.P2PKLong(3), merge)
	node.Fill(2, 300, 5)
	return node.Height()
}

// older makes a node answer getblock 3 as 2, as Core before 23 and litecoind 0.21 do.
func older(tb testing.TB, node *nodetest.Node) string {
	tb.Helper()
	return nodetest.Proxy(tb, node.URL, nodetest.Tamper{Ask: func(q *nodetest.Question) {
		if q.Method == "getblock" && string(q.Params[1]) == "3" {
			q.Body = bytes.Replace(q.Body, []byte(",3]"), []byte(",2]"), 1)
		}
	}})
}

// Whichever way a block comes, it is the same block.
func TestBlockByEveryWay(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	height := variety(t, node)
	fast := dial(t, node)
	require.True(t, fast.SpentKnown())
	want := map[int64]*chains.Block{}
	for h := int64(0); h <= height; h++ {
		block, err := fast.Block(t.Context(), h, node.HashAt(h))
		require.NoError(t, err)
		want[h] = block
		if h > 0 {
			require.Equal(t, want[h-1].Ref.Hash, block.Prev)
		}
		for i := range block.Txs {
			spent, err := bitcoin.DecodeSpent(block.Spent[i])
			require.NoError(t, err)
			require.Len(t, spent, len(block.Txs[i].Inputs))
			for j, in := range block.Txs[i].Inputs {
				require.True(t, in.Known)
				require.Equal(t, spent[j].Output(regtest), in.Spent)
			}
		}
	}
	ways := map[string]struct {
		args []string
		old  bool
	}{
		"getblock 3 with REST beside it": {[]string{"-rest=1"}, false},
		"getblock 3":                     {[]string{"-rest=0"}, false},
		"getblock 0":                     {[]string{"-rest=0"}, true},
		"REST block":                     {[]string{"-rest=1"}, true},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			node.Restart(way.args...)
			url := node.URL
			if way.old {
				url = older(t, node)
			}
			if way.args[0] == "-rest=1" {
				url = nodetest.Proxy(t, url, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
					if strings.HasPrefix(q.Path, "/rest/spenttxouts/") {
						r.Status, r.Body = 404, nil
					}
				}})
			}
			n, err := bitcoin.Dial(t.Context(), regtest, url, bitcoin.Options{CookieFile: node.CookieFile})
			require.NoError(t, err)
			require.True(t, n.SpentKnown(), "nothing has shown otherwise yet")
			for h := int64(0); h <= height; h++ {
				block, err := n.Block(t.Context(), h, want[h].Ref.Hash)
				require.NoError(t, err)
				expected := want[h]
				if block.Spent == nil {
					expected = withoutSpent(t, expected)
				}
				require.Equal(t, expected, block)
			}
			require.Equal(t, !way.old, n.SpentKnown())
		})
	}
}

// withoutSpent decodes the block anew.
func withoutSpent(tb testing.TB, block *chains.Block) *chains.Block {
	tb.Helper()
	raw := append(bytes.Clone(block.Header), compact(len(block.Txs))...)
	for i := range block.Txs {
		raw = append(raw, block.Txs[i].Raw...)
	}
	plain, err := bitcoin.DecodeBlock(regtest, raw, block.Ref.Height)
	require.NoError(tb, err)
	return plain
}

func compact(n int) []byte {
	if n < 0xfd {
		return []byte{byte(n)}
	}
	return binary.LittleEndian.AppendUint16([]byte{0xfd}, uint16(n))
}

// A block that the node never followed has no spent outputs there: that says nothing about
// the others.
func TestBlockOffTheMainChain(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{Args: []string{"-rest=0"}})
	height := variety(t, node)
	n, err := bitcoin.Dial(t.Context(), regtest, older(t, node), bitcoin.Options{CookieFile: node.CookieFile})
	require.NoError(t, err)
	stale := node.HashAt(height)
	node.Invalidate(stale)
	node.Skip(1)
	block, err := n.Block(t.Context(), height, stale)
	require.NoError(t, err)
	require.Nil(t, block.Spent)
	require.True(t, n.SpentKnown())
	_, err = n.Block(t.Context(), height-1, node.HashAt(height-1))
	require.NoError(t, err)
	require.False(t, n.SpentKnown())
}

func TestBlockPruned(t *testing.T) {
	for name, rest := range map[string]string{"REST": "-rest=1", "getblock": "-rest=0"} {
		t.Run(name, func(t *testing.T) {
			node := nodetest.Start(t, nodetest.Options{Args: []string{"-txindex=0", "-prune=1", "-fastprune", rest}})
			node.Skip(900)
			last := node.Prune(400)
			n := dial(t, node)
			_, err := n.Block(t.Context(), last, node.HashAt(last))
			require.ErrorIs(t, err, chains.ErrUnsupported)
			require.ErrorContains(t, err, "pruned and keeps blocks from")
			_, err = n.Block(t.Context(), last+1, node.HashAt(last+1))
			require.NoError(t, err)

			report, err := n.Doctor(t.Context())
			require.NoError(t, err)
			require.Equal(t, last+1, report.Offers.FirstBlock)
			require.Contains(t, whats(report), "an index of transactions")
		})
	}
}

// Several callers at once get what one gets.
func TestBlockConcurrently(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	height := variety(t, node)
	n := dial(t, node)
	var group sync.WaitGroup
	errs := make(chan error, 8*int(height+1))
	for range 8 {
		group.Go(func() {
			for h := int64(0); h <= height; h++ {
				hash, err := n.HashAt(t.Context(), h)
				if err == nil {
					_, err = n.Block(t.Context(), h, hash)
				}
				errs <- err
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
}

// bitcoind's own rev*.dat gives what its REST interface gives.
func TestDecodeUndoOfARealNode(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	height := variety(t, node)
	n := dial(t, node)
	want := map[chains.BlockHash]*chains.Block{}
	for h := int64(1); h <= height; h++ {
		block, err := n.Block(t.Context(), h, node.HashAt(h))
		require.NoError(t, err)
		want[block.Ref.Hash] = block
	}
	node.Stop()
	raw, err := os.ReadFile(filepath.Join(node.BlocksDir, "rev00000.dat"))
	require.NoError(t, err)
	if mask, err := os.ReadFile(filepath.Join(node.BlocksDir, "xor.dat")); err == nil {
		for i := range raw {
			raw[i] ^= mask[i%len(mask)]
		}
	}
	byHeight := make([]*chains.Block, height+1)
	for _, block := range want {
		byHeight[block.Ref.Height] = block
	}
	magic := unhex(t, "fabfb5da")
	for h := int64(1); h <= height; h++ {
		require.Equal(t, magic, raw[:4], "block %d", h)
		size := binary.LittleEndian.Uint32(raw[4:])
		spent, err := bitcoin.DecodeUndo(regtest, raw[8:8+size])
		require.NoError(t, err)
		require.Equal(t, hexes(byHeight[h].Spent), hexes(spent), "block %d", h)
		raw = raw[8+size+32:] // a checksum stands behind
	}
}

func hexes(parts [][]byte) []string {
	texts := make([]string, len(parts))
	for i, part := range parts {
		texts[i] = hex.EncodeToString(part)
	}
	return texts
}
