package ingest_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/chains/evm/nodetest"
	"clew/ingest"
)

// followTips watches one account from the theft on and writes down what touches it, and what it held
// before each.
func followTips(t *testing.T, p accountSource, theft chains.TxID, who chains.Address) (said string, tips int) {
	t.Helper()
	var out strings.Builder
	require.NoError(t, p.WatchTx(t.Context(), theft))
	for {
		tx, err := p.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return out.String(), tips
		}
		require.NoError(t, err)
		held, err := p.BalanceBefore(t.Context(), who, chains.Native)
		require.NoError(t, err)
		fmt.Fprintf(&out, "%v %d %s %v\n", tx.Block, tx.Index, held, tx.Exec.Moves)
		for _, m := range tx.Exec.Moves {
			if m.Kind == chains.MoveTip && m.To == who {
				tips++
			}
		}
		require.NoError(t, p.WatchAddress(t.Context(), who))
	}
}

// No index knows tips. Of an account that makes the blocks in which it is touched they are seen
// all the same, whether blocks are searched for, all read, or recorded.
func TestTipsOfAWatchedAccountAreSeen(t *testing.T) {
	n := nodetest.Start(t, nodetest.Anvil, nodetest.Options{})
	maker := nodetest.Account(3)
	n.RPC(nil, "anvil_setCoinbase", maker)
	n.Pay(4, nodetest.Account(5), 1)
	theft := n.Pay(1, maker, 5_000_000)
	n.Pay(4, nodetest.Account(5), 2) // behind the theft: its tip is the account's
	n.Mine()
	for i := range 4 {
		n.Pay(4, nodetest.Account(5), 3)
		n.Pay(3, nodetest.Account(6), int64(1+i)) // what it has tells the tip before
		n.Pay(4, nodetest.Account(5), 4)
		n.Mine()
	}
	node, err := evm.Dial(t.Context(), n.Chain, n.URL, evm.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, node.Close()) })
	dir := t.TempDir()
	recorder, err := ingest.NewRecorder(dir, n.Chain, nil)
	require.NoError(t, err)
	search := accountPass(t, node, ingest.PassOptions{Recorder: recorder})
	require.True(t, search.Searches())
	found, tips := followTips(t, search, nodetest.TxID(theft), evm.Address(maker))
	require.GreaterOrEqual(t, tips, 1+1+4*2)
	_, err = recorder.Close(search.AsOf())
	require.NoError(t, err)

	read, _ := followTips(t, accountPass(t, node, ingest.PassOptions{Whole: true}), nodetest.TxID(theft), evm.Address(maker))
	require.Equal(t, read, found)
	replayed, _ := followTips(t, accountPass(t, openKept(t, dir), ingest.PassOptions{}), nodetest.TxID(theft), evm.Address(maker))
	require.Equal(t, read, replayed)
}
