package ingest_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/chains/evm/nodetest"
	"clew/ingest"
	"clew/store"
)

// syncAccounts syncs everything that a node has in small batches.
func syncAccounts(ctx context.Context, node ingest.Node, st *store.Store) (res ingest.SyncResult, err error) {
	l, err := st.Load(context.WithoutCancel(ctx), node.Chain())
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return ingest.Sync(ctx, node, nil, l, ingest.SyncOptions{From: -1, To: -1, Batch: fewTxs})
}

// freshAccounts returns the dump of a new store of everything that the node has.
func freshAccounts(t testing.TB, node ingest.Node) string {
	t.Helper()
	st := openStore(t)
	_, err := syncAccounts(context.Background(), node, st)
	require.NoError(t, err)
	sound(t, st)
	return dump(t, st)
}

// stopping is a node that ends the context while a block is asked for.
type stopping struct {
	ingest.Node
	at   int64
	stop context.CancelFunc
}

func (s *stopping) Block(ctx context.Context, height int64, hash chains.BlockHash) (*chains.Block, error) {
	if height == s.at {
		s.stop()
	}
	return s.Node.Block(ctx, height, hash)
}

func TestSyncOfAccountsGoesOnWhereItWasStopped(t *testing.T) {
	c := newAccountChain(t, nodetest.Geth)
	c.blocks(12, 6)
	node := dialEVM(t, c, c.URL)
	st := openStore(t)
	for _, at := range []int64{5, 9, 14} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := syncAccounts(ctx, &stopping{node, at, cancel}, st)
		cancel()
		require.ErrorIs(t, err, context.Canceled)
		sound(t, st)
	}
	res, err := syncAccounts(t.Context(), node, st)
	require.NoError(t, err)
	require.Less(t, res.Blocks, c.Height(), "it went on")
	require.Equal(t, freshAccounts(t, node), dump(t, st))
}

func TestReorganisationOfAccounts(t *testing.T) {
	c := newAccountChain(t, nodetest.Anvil)
	c.blocks(6, 5)
	node := dialEVM(t, c, c.URL)
	theft := nodetest.TxID(c.theft)
	st := openStore(t)
	_, err := syncAccounts(t.Context(), node, st)
	require.NoError(t, err)
	pinned, err := node.Head(t.Context())
	require.NoError(t, err)

	// Passes that began before the reorganisation, and one that is pinned to what left.
	passes := map[string]*ingest.Pass{}
	for name, opt := range map[string]ingest.PassOptions{"every block": {Whole: true, InFlight: 1}, "search": {}} {
		p := accountPass(t, node, opt)
		require.NoError(t, p.WatchTx(t.Context(), theft))
		tx, err := p.Next(t.Context())
		require.NoError(t, err)
		require.NoError(t, p.WatchAddress(t.Context(), tx.Exec.To))
		passes[name] = p
	}
	c.Reorg(3)
	c.blocks(2, 4)
	for name, p := range passes {
		t.Run(name, func(t *testing.T) {
			var err error
			for err == nil {
				_, err = p.Next(t.Context())
			}
			require.NotErrorIs(t, err, io.EOF)
			require.ErrorIs(t, err, chains.ErrReorged)
		})
	}
	_, err = ingest.NewPass(t.Context(), node, nil, ingest.PassOptions{From: -1, AsOf: pinned})
	require.ErrorIs(t, err, chains.ErrReorged)

	res, err := syncAccounts(t.Context(), node, st)
	require.NoError(t, err)
	require.Equal(t, []ingest.Reorg{{Fork: pinned.Height - 3, Blocks: 3}}, res.Reorgs)
	sound(t, st)
	require.Equal(t, freshAccounts(t, node), dump(t, st))
	require.Contains(t, history(t, st), pinned.Hash.String())
}

// walkPass returns the places of what a pass hands out.
func walkPass(t *testing.T, p *ingest.Pass) (places []chains.Place) {
	t.Helper()
	for {
		tx, err := p.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return places
		}
		require.NoError(t, err)
		places = append(places, chains.Place{Height: tx.Block.Height, Index: tx.Index})
	}
}

func TestWindowsAndEndsOfAccounts(t *testing.T) {
	c := newAccountChain(t, nodetest.Anvil)
	var times []int64
	begin := c.Height()
	for range 8 {
		c.RPC(nil, "evm_increaseTime", 100)
		c.Pay(2, nodetest.Account(5), 10)
		c.Pay(4, nodetest.Account(5), 10)
		c.Mine()
	}
	node := dialEVM(t, c, c.URL)
	for h := range c.Height() + 1 {
		ref, err := node.Ref(t.Context(), h)
		require.NoError(t, err)
		times = append(times, ref.Time)
	}
	who := evm.Address(nodetest.Account(5))
	at := func(first, last int64) (want []chains.Place) {
		for h := first; h <= last; h++ {
			want = append(want, chains.Place{Height: h}, chains.Place{Height: h, Index: 1})
		}
		return want
	}
	for _, whole := range []bool{true, false} {
		open := func(t *testing.T, opt ingest.PassOptions) *ingest.Pass {
			t.Helper()
			opt.Whole, opt.From = whole, begin+1
			p, err := ingest.NewPass(t.Context(), node, nil, opt)
			require.NoError(t, err)
			require.Equal(t, !whole, p.Searches())
			return p
		}
		t.Run("a window by height", func(t *testing.T) {
			p := open(t, ingest.PassOptions{})
			require.NoError(t, p.WatchWindow(t.Context(), who, begin+3, 0))
			require.Equal(t, at(begin+1, begin+3), walkPass(t, p))
			require.Equal(t, c.Height(), p.AsOf().Height)
		})
		t.Run("a window by time", func(t *testing.T) {
			p := open(t, ingest.PassOptions{})
			require.NoError(t, p.WatchWindow(t.Context(), who, -1, times[begin+4]))
			require.Equal(t, at(begin+1, begin+4), walkPass(t, p))
		})
		t.Run("until", func(t *testing.T) {
			until := time.Unix(times[begin+6]-1, 0)
			p := open(t, ingest.PassOptions{Until: &until})
			require.NoError(t, p.WatchAddress(t.Context(), who))
			require.Equal(t, at(begin+1, begin+5), walkPass(t, p))
			require.Equal(t, begin+5, p.AsOf().Height)
			require.Equal(t, begin+1, p.From().Height)
		})
		t.Run("ends before it begins", func(t *testing.T) {
			until := time.Unix(times[begin], 0)
			_, err := ingest.NewPass(t.Context(), node, nil, ingest.PassOptions{Until: &until, From: begin + 1, Whole: whole})
			require.ErrorIs(t, err, chains.ErrNotFound)
		})
		t.Run("a transaction that there is not", func(t *testing.T) {
			p, err := ingest.NewPass(t.Context(), node, nil, ingest.PassOptions{From: -1, Whole: whole})
			require.NoError(t, err)
			require.ErrorIs(t, p.WatchTx(t.Context(), chains.TxID{1}), chains.ErrNotFound)
		})
		t.Run("a transaction behind the end", func(t *testing.T) {
			pin, err := node.Ref(t.Context(), begin-1)
			require.NoError(t, err)
			p, err := ingest.NewPass(t.Context(), node, nil, ingest.PassOptions{From: -1, AsOf: pin, Whole: whole})
			require.NoError(t, err)
			require.ErrorIs(t, p.WatchTx(t.Context(), nodetest.TxID(c.theft)), chains.ErrIncomplete)
		})
	}
	height, err := ingest.HeightAt(t.Context(), node, time.Unix(times[begin+2], 0))
	require.NoError(t, err)
	require.Equal(t, begin+2, height)
	height, err = ingest.HeightAt(t.Context(), node, time.Unix(times[c.Height()]+5000, 0))
	require.NoError(t, err)
	require.Equal(t, c.Height(), height)
}
