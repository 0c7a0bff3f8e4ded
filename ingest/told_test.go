package ingest_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
	"clew/ingest"
)

// A node that shifts the value of a spent output, or names another script for it, is found
// out where the transaction that made it was read not long before, in the same block too;
// nothing of that block is stored, and an honest answer is taken later.
func TestSyncComparesToldOutputs(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	coin := node.Fund(nodetest.Anyone(1), 1)[0]
	made := nodetest.Split(t, coin, 2, nodetest.Anyone(2))
	node.MineBlock(nodetest.Anyone(0), made)
	spend := func(n int) nodetest.Tx {
		return nodetest.Spend(t, made.Coins[n:n+1], nodetest.Pay{To: nodetest.Anyone(3), Value: made.Coins[n].Value / 2})
	}
	next := spend(0)
	node.MineBlock(nodetest.Anyone(0), next)
	same1 := spend(1)
	same2 := nodetest.Spend(t, same1.Coins, nodetest.Pay{To: nodetest.Anyone(4), Value: 1000})
	node.MineBlock(nodetest.Anyone(0), same1, same2)
	node.Skip(3)
	late := nodetest.Spend(t, next.Coins, nodetest.Pay{To: nodetest.Anyone(4), Value: 1000})
	node.MineBlock(nodetest.Anyone(0), late)
	head := node.Height()
	want := fresh(t, dial(t, node))

	value := func(o *bitcoin.SpentOutput) { o.Value += 7 }
	script := func(o *bitcoin.SpentOutput) { o.Script[len(o.Script)-1] ^= 1 }
	for _, c := range []struct {
		name   string
		height int64
		tx     int // whose first input is lied about
		lie    func(*bitcoin.SpentOutput)
		says   string
	}{
		{"a value of the block before", head - 5, 1, value, fmt.Sprintf("tells that it spends %d units of %s, which were made as %d", made.Coins[0].Value+7, made.Coins[0].Point, made.Coins[0].Value)},
		{"a script of the block before", head - 5, 1, script, fmt.Sprintf("another script of the %d units of %s", made.Coins[0].Value, made.Coins[0].Point)},
		{"a value of the same block", head - 4, 2, value, fmt.Sprintf("tells that it spends %d units of %s", same1.Coins[0].Value+7, same1.Coins[0].Point)},
		{"a value of some blocks before", head, 1, value, fmt.Sprintf("tells that it spends %d units of %s", next.Coins[0].Value+7, next.Coins[0].Point)},
		{"a value of many blocks before", head - 6, 1, value, fmt.Sprintf("tells that it spends %d units of %s", coin.Value+7, coin.Point)},
	} {
		t.Run(c.name, func(t *testing.T) {
			var lies atomic.Bool
			lies.Store(true)
			path := "/rest/spenttxouts/" + node.HashAt(c.height).String() + ".bin"
			url := nodetest.Proxy(t, node.URL, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
				if q.Path == path && lies.Load() {
					r.Body = lie(r.Body, c.tx, c.lie)
				}
			}})
			n := dialURL(t, node, url, bitcoin.Options{})
			st := openStore(t)
			_, err := trySync(t.Context(), n, regtest, st, fewTxs, everything)
			require.ErrorIs(t, err, chains.ErrBadAnswer)
			require.ErrorContains(t, err, fmt.Sprintf("block %d (%s): input 0 of transaction", c.height, node.HashAt(c.height)))
			require.ErrorContains(t, err, c.says)
			require.Equal(t, []ingest.Span{{From: 0, To: c.height - 1}}, spans(t, st))
			lies.Store(false)
			syncAll(t, n, st)
			same(t, want, dump(t, st))
		})
	}
}

// lie changes the first output that transaction tx spends, in an answer of spenttxouts.
func lie(body []byte, tx int, change func(*bitcoin.SpentOutput)) []byte {
	parts, err := bitcoin.DecodeSpentTxOuts(body)
	if err != nil {
		return nil
	}
	out := []byte{byte(len(parts))}
	for i, part := range parts {
		outs, err := bitcoin.DecodeSpent(part)
		if err != nil {
			return nil
		}
		if i == tx {
			change(&outs[0])
		}
		out = append(out, bitcoin.EncodeSpent(outs)...)
	}
	return out
}
