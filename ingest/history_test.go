package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/chains/evm/nodetest"
	"clew/ingest"
	"clew/store"
	"clew/tracer"
)

var (
	_ tracer.Historian = (*ingest.Pass)(nil)
	_ tracer.Historian = (*store.AccountSource)(nil)
)

// poolCode is a contract that tells of a deposit whenever it is called, as a pool of Tornado Cash does.
func poolCode(leaf uint64) nodetest.Code {
	topic := crypto.Keccak256Hash([]byte("Deposit(bytes32,uint32,uint256)"))
	code := nodetest.Code{}.Push(leaf).Push(0).Ops(vm.MSTORE).Push(1).Push(32).Ops(vm.MSTORE)
	return code.PushBytes(common.HexToHash("0xc0").Bytes()).PushBytes(topic[:]).Push(64).Push(0).Ops(vm.LOG2, vm.STOP)
}

// historian is who tells what a trace asks behind mixers.
type historian interface {
	tracer.Historian
	tracer.EventFinder
	AsOf() chains.BlockRef
}

// histories asks for what accounts did and what pools told, from several times on, with and without
// bounds, and writes down what is answered.
func histories(t testing.TB, src historian, times []int64, accounts, pools []common.Address) string {
	t.Helper()
	var b strings.Builder
	list := func(what string, a common.Address, since int64, most int, txs []*chains.Tx, err error) {
		require.NoError(t, err)
		fmt.Fprintf(&b, "%s %s since %d most %d:", what, a, since-times[0], most)
		for _, tx := range txs {
			require.GreaterOrEqual(t, tx.Block.Time, since)
			fmt.Fprintf(&b, " %d/%d %s %d", tx.Block.Height, tx.Index, tx.ID, len(tx.Exec.Moves))
		}
		b.WriteByte('\n')
	}
	for _, since := range times {
		for _, most := range []int{0, 3} {
			for _, a := range accounts {
				txs, err := src.History(t.Context(), evm.Address(a), since, most)
				list("history", a, since, most, txs, err)
			}
			for _, a := range pools {
				q := chains.EventQuery{Kind: chains.EventMixerIn, Protocol: "tornado", Emitter: evm.Address(a), Since: since, Most: most}
				txs, err := src.FindEvents(t.Context(), q)
				list("told", a, since, most, txs, err)
			}
		}
	}
	return b.String()
}

// TestHistoriesAreTheSameEveryWay: a node with an index, a store, and the recording of the node.
func TestHistoriesAreTheSameEveryWay(t *testing.T) {
	ctx := context.Background()
	c := newAccountChain(t, nodetest.Anvil)
	pools := []common.Address{c.Deploy(1, poolCode(3)), c.Deploy(1, poolCode(4))}
	c.Mine()
	for i := range 12 {
		c.Call(2+i%3, pools[i%2], 100)
		c.blocks(1, 4)
	}
	node := dialEVM(t, c, c.URL)
	middle, err := node.Ref(ctx, 12)
	require.NoError(t, err)
	times := []int64{1, middle.Time}
	accounts := []common.Address{nodetest.Account(2), nodetest.Account(3), common.HexToAddress("0x77")}

	dir := t.TempDir()
	rec, err := ingest.NewRecorder(dir, c.Chain, nil)
	require.NoError(t, err)
	p := accountPass(t, node, ingest.PassOptions{Recorder: rec})
	said := histories(t, p, times, accounts, pools)
	_, err = rec.Close(p.AsOf())
	require.NoError(t, err)
	for _, pool := range pools {
		require.Contains(t, said, fmt.Sprintf("told %s since 0 most 0:", pool))
	}
	lines := strings.Split(said, "\n")
	for _, line := range lines {
		n := strings.Count(line, "/")
		switch {
		case strings.Contains(line, "0x0000000000000000000000000000000000000077"):
			require.Zero(t, n, "nobody")
		case strings.Contains(line, "most 3"):
			require.Equal(t, 3, n, line)
		case strings.HasPrefix(line, "told") && strings.Contains(line, "since 0"):
			require.Equal(t, 6, n, "a pool, and not the other one: %s", line)
		case line != "":
			require.Greater(t, n, 3, line)
		}
	}
	require.Equal(t, said, histories(t, accountPass(t, openKept(t, dir), ingest.PassOptions{}), times, accounts, pools), "recorded")

	st := openStore(t)
	l, err := st.Load(ctx, c.Chain)
	require.NoError(t, err)
	_, err = ingest.Sync(ctx, node, nil, l, ingest.SyncOptions{From: -1, To: -1})
	require.NoError(t, errors.Join(err, l.Close()))
	q, err := st.AccountSource(ctx, c.Chain, store.Latest, node)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	require.Equal(t, said, histories(t, q, times, accounts, pools), "stored")
}

// A recording answers what was asked when it was made, and nothing else.
func TestHistoryThatWasNotRecorded(t *testing.T) {
	c := newAccountChain(t, nodetest.Anvil)
	node := dialEVM(t, c, c.URL)
	dir := t.TempDir()
	rec, err := ingest.NewRecorder(dir, c.Chain, nil)
	require.NoError(t, err)
	p := accountPass(t, node, ingest.PassOptions{Recorder: rec})
	a := evm.Address(nodetest.Account(3))
	_, err = p.History(t.Context(), a, 1, 5)
	require.NoError(t, err)
	_, err = rec.Close(p.AsOf())
	require.NoError(t, err)
	kept, err := ingest.OpenRecording(t.Context(), os.DirFS(dir), "", nil, evm.Codec{})
	require.NoError(t, err)
	defer func() { require.NoError(t, kept.Close()) }()
	q := accountPass(t, kept, ingest.PassOptions{})
	_, err = q.History(t.Context(), a, 1, 5)
	require.NoError(t, err)
	for name, ask := range map[string]func() error{
		"another bound":   func() error { _, err := q.History(t.Context(), a, 1, 6); return err },
		"another time":    func() error { _, err := q.History(t.Context(), a, 2, 5); return err },
		"another account": func() error { _, err := q.History(t.Context(), "x", 1, 5); return err },
	} {
		require.ErrorIs(t, ask(), chains.ErrIncomplete, name)
	}
}

// A node without an index of accounts tells no histories, and its recording says so too.
func TestHistoryWithoutAnIndex(t *testing.T) {
	c := newAccountChain(t, nodetest.Geth)
	node := dialEVM(t, c, c.URL)
	dir := t.TempDir()
	rec, err := ingest.NewRecorder(dir, c.Chain, nil)
	require.NoError(t, err)
	p := accountPass(t, node, ingest.PassOptions{Recorder: rec})
	_, err = p.History(t.Context(), "x", 1, 5)
	require.ErrorIs(t, err, chains.ErrUnsupported)
	_, err = rec.Close(p.AsOf())
	require.NoError(t, err)
	_, again := accountPass(t, openKept(t, dir), ingest.PassOptions{}).History(t.Context(), "x", 1, 5)
	require.ErrorIs(t, again, chains.ErrUnsupported)
}

// BenchmarkPool reads a pool with two thousand deposits out of a node by its index.
func BenchmarkPool(b *testing.B) {
	c := newAccountChain(b, nodetest.Anvil)
	pool := c.Deploy(1, poolCode(3))
	c.Mine()
	const deposits = 2_000
	for i := range deposits {
		c.Call(2+i%3, pool, 100)
		if i%20 == 19 {
			c.Mine()
		}
	}
	node := dialEVM(b, c, c.URL)
	q := chains.EventQuery{Kind: chains.EventMixerIn, Protocol: "tornado", Emitter: evm.Address(pool), Since: 1}
	for b.Loop() {
		txs, err := accountPass(b, node, ingest.PassOptions{}).FindEvents(b.Context(), q)
		require.NoError(b, err)
		require.Len(b, txs, deposits)
	}
}
