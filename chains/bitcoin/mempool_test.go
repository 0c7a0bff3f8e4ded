package bitcoin_test

import (
	"bytes"
	"encoding/hex"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
)

// relay hands a transaction to the node as a wallet does, for its mempool.
func relay(t *testing.T, node *nodetest.Node, tx nodetest.Tx) {
	t.Helper()
	node.RPC(nil, "sendrawtransaction", hex.EncodeToString(tx.Raw))
}

func byID(txs []chains.Tx) map[chains.TxID]chains.Tx {
	found := map[chains.TxID]chains.Tx{}
	for _, tx := range txs {
		found[tx.ID] = tx
	}
	return found
}

// What every node of the family tells of what waits: new ones once, with what they spend.
func TestMempool(t *testing.T) {
	eachNode(t, func(t *testing.T, node *nodetest.Node) {
		coin := node.Fund(nodetest.P2WPKH(1), 1)[0]
		made := nodetest.Spend(t, []nodetest.Coin{coin}, nodetest.Pay{To: nodetest.P2WPKH(2), Value: 700},
			nodetest.Pay{To: nodetest.P2TR(3), Value: 10e8}, nodetest.Pay{To: nodetest.P2WPKH(4), Value: 30e8})
		node.MineBlock(nodetest.Anyone(0), made)
		n, err := bitcoin.Dial(t.Context(), "", node.URL, node.Options())
		require.NoError(t, err)
		pool := n.Mempool()
		seen, err := pool.Next(t.Context())
		require.NoError(t, err)
		require.Empty(t, seen)

		parent := nodetest.Spend(t, made.Coins[:2], nodetest.Pay{To: nodetest.P2WPKH(5), Value: 9e8}, nodetest.Pay{To: nodetest.P2PKH(6), Value: 1e8 - 5000})
		child := nodetest.Spend(t, []nodetest.Coin{made.Coins[2], parent.Coins[0]}, nodetest.Pay{To: nodetest.P2WPKH(7), Value: 39e8 - 5000})
		relay(t, node, parent)
		relay(t, node, child)
		seen, err = pool.Next(t.Context())
		require.NoError(t, err)
		found := byID(seen)
		require.Len(t, found, 2)
		for _, want := range []struct {
			tx    nodetest.Tx
			coins []nodetest.Coin
		}{{parent, made.Coins[:2]}, {child, []nodetest.Coin{made.Coins[2], parent.Coins[0]}}} {
			got, there := found[want.tx.ID]
			require.True(t, there)
			require.Equal(t, want.tx.Raw, got.Raw)
			require.Equal(t, int64(bitcoin.NoHeight), got.Block.Height)
			require.Equal(t, chains.EvidenceAttested, got.Evidence)
			require.Len(t, got.Inputs, len(want.coins))
			for i, coin := range want.coins {
				require.True(t, got.Inputs[i].Known)
				require.Equal(t, coin.Point, got.Inputs[i].Prev)
				require.Equal(t, coin.Value, got.Inputs[i].Spent.Value)
				require.Equal(t, coin.Lock.Address(), got.Inputs[i].Spent.Address)
			}
			require.True(t, pool.Waiting(want.tx.ID))
		}

		again, err := pool.Next(t.Context())
		require.NoError(t, err)
		require.Empty(t, again, "each is told once")
		node.MineBlock(nodetest.Anyone(0), parent, child)
		again, err = pool.Next(t.Context())
		require.NoError(t, err)
		require.Empty(t, again)
		// A btcd without peers keeps what a block has: who asks must look at the chain first.
		require.Equal(t, node.Kind == nodetest.Btcd, pool.Waiting(parent.ID))
	})
}

// A transaction that is paid more for takes the place of another.
func TestMempoolReplaced(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	coin := node.Fund(nodetest.P2WPKH(1), 1)[0]
	n, err := bitcoin.Dial(t.Context(), "", node.URL, node.Options())
	require.NoError(t, err)
	pool := n.Mempool()
	first := nodetest.Spend(t, []nodetest.Coin{coin}, nodetest.Pay{To: nodetest.P2WPKH(2), Value: coin.Value - 1000})
	second := nodetest.Spend(t, []nodetest.Coin{coin}, nodetest.Pay{To: nodetest.P2WPKH(3), Value: coin.Value - 50_000})
	relay(t, node, first)
	seen, err := pool.Next(t.Context())
	require.NoError(t, err)
	require.Contains(t, byID(seen), first.ID)
	relay(t, node, second)
	seen, err = pool.Next(t.Context())
	require.NoError(t, err)
	require.Len(t, seen, 1)
	require.Equal(t, second.ID, seen[0].ID)
	require.False(t, pool.Waiting(first.ID))
	require.True(t, pool.Waiting(second.ID))
}

// An error takes nothing away: what was new is told at the next call.
func TestMempoolAgainBehindAnError(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	coin := node.Fund(nodetest.P2WPKH(1), 1)[0]
	var healed atomic.Bool
	other := nodetest.Spend(t, []nodetest.Coin{coin}, nodetest.Pay{To: nodetest.P2WPKH(3), Value: 1})
	url := node.Proxy(t, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
		if q.Method == "getrawtransaction" && !healed.Load() {
			r.Body = q.Result(`"` + hex.EncodeToString(other.Raw) + `"`)
		}
	}})
	n, err := bitcoin.Dial(t.Context(), "", url, node.Options())
	require.NoError(t, err)
	pool := n.Mempool()
	tx := nodetest.Spend(t, []nodetest.Coin{coin}, nodetest.Pay{To: nodetest.P2WPKH(2), Value: coin.Value - 1000})
	relay(t, node, tx)
	_, err = pool.Next(t.Context())
	require.ErrorIs(t, err, chains.ErrBadAnswer)
	require.False(t, pool.Waiting(tx.ID))
	healed.Store(true)
	seen, err := pool.Next(t.Context())
	require.NoError(t, err)
	require.Contains(t, byID(seen), tx.ID)
}

// Of a transaction in a form that nobody knows yet, the others are told all the same.
func TestMempoolUnknownForm(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	coins := node.Fund(nodetest.P2WPKH(1), 2)
	var odd atomic.Pointer[string]
	url := node.Proxy(t, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
		if text := odd.Load(); q.Method == "" && text != nil {
			r.Body = bytes.ReplaceAll(r.Body, []byte(*text), []byte("00"))
		}
	}})
	n, err := bitcoin.Dial(t.Context(), "", url, node.Options())
	require.NoError(t, err)
	pool := n.Mempool()
	var txs [2]nodetest.Tx
	for i := range txs {
		txs[i] = nodetest.Spend(t, coins[i:i+1], nodetest.Pay{To: nodetest.P2WPKH(2), Value: coins[i].Value - 1000})
		relay(t, node, txs[i])
	}
	raw := hex.EncodeToString(txs[0].Raw)
	odd.Store(&raw)
	seen, err := pool.Next(t.Context())
	require.ErrorIs(t, err, chains.ErrIncomplete)
	require.Len(t, seen, 1)
	require.Equal(t, txs[1].ID, seen[0].ID)
	require.True(t, pool.Waiting(txs[0].ID))
	seen, err = pool.Next(t.Context())
	require.NoError(t, err, "it is said once")
	require.Empty(t, seen)
}

// A node that keeps no mempool, or does not tell of it, is no error of ours.
func TestMempoolNotOffered(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	url := node.Proxy(t, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
		if q.Method == "getrawmempool" {
			r.Status, r.Body = http.StatusNotFound, q.Refusal(-32601, "Method not found")
		}
	}})
	n, err := bitcoin.Dial(t.Context(), "", url, node.Options())
	require.NoError(t, err)
	_, err = n.Mempool().Next(t.Context())
	require.ErrorIs(t, err, chains.ErrUnsupported)
}
