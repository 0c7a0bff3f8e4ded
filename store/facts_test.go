package store_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/store"
)

// sourceOf returns a Source that is closed with the test.
func sourceOf(t *testing.T, s *store.Store, asOf int64) *store.Source {
	t.Helper()
	q, err := s.Source(t.Context(), bitcoin, asOf)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, q.Close()) })
	return q
}

func TestBlocksMustFit(t *testing.T) {
	ctx := t.Context()
	g := newGenerator(1)
	bs := g.blocks(6, 3)
	other := newGenerator(2).blocks(6, 3)
	relink := func(b *chains.Block, prev chains.BlockHash) *chains.Block {
		c := *b
		c.Prev = prev
		return &c
	}
	for _, c := range []struct {
		name   string
		stored []*chains.Block
		added  []*chains.Block // before block
		block  *chains.Block
		height int64 // of the ReorgError; −1: it fits
	}{
		{"the next one, stored", bs[:3], nil, bs[3], -1},
		{"the next one, gathered", nil, bs[:3], bs[3], -1},
		{"the same one, stored", bs[:3], nil, bs[2], -1},
		{"the same one, gathered", nil, bs[:3], bs[1], -1},
		{"the one before, stored", bs[3:], nil, bs[2], -1},
		{"between", []*chains.Block{bs[0], bs[2]}, nil, bs[1], -1},
		{"far away", bs[:2], nil, bs[5], -1},
		{"another at a stored height", bs[:3], nil, other[2], 2},
		{"another at a gathered height", nil, bs[:3], other[2], 2},
		{"on another block than the stored one", bs[:3], nil, other[3], 2},
		{"on another block than the gathered one", nil, bs[:3], other[3], 2},
		{"below a stored block that does not follow it", bs[3:], nil, other[2], 2},
		{"below a gathered block that does not follow it", nil, bs[3:], other[2], 2},
		{"fits below and not above", []*chains.Block{bs[0], bs[2]}, nil, relink(other[1], bs[0].Ref.Hash), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			for _, b := range c.stored {
				load(t, s, []*chains.Block{b}, 1)
			}
			l, err := s.Load(ctx, bitcoin)
			require.NoError(t, err)
			for _, b := range c.added {
				require.NoError(t, l.Add(b))
			}
			pending := l.Pending()
			err = l.Add(c.block)
			if c.height >= 0 {
				var reorg *store.ReorgError
				require.ErrorAs(t, err, &reorg)
				require.ErrorIs(t, err, chains.ErrReorged)
				require.Equal(t, c.height, reorg.Height)
				require.Equal(t, pending, l.Pending(), "nothing is gathered")
			} else {
				require.NoError(t, err)
			}
			require.NoError(t, l.Flush(ctx))
			require.NoError(t, l.Close())
			dump(t, s)
		})
	}
}

func TestBlocksThatCannotBeLoaded(t *testing.T) {
	s := open(t)
	l, err := s.Load(t.Context(), bitcoin)
	require.NoError(t, err)
	b := newGenerator(1).block(2)
	b.Partial = true
	require.ErrorIs(t, l.Add(b), chains.ErrUnsupported)
	b.Partial = false
	b.Ref.Height = -1
	require.ErrorContains(t, l.Add(b), "height -1")
	b.Ref.Height = 0
	outputs := b.Txs[1].Outputs
	b.Txs[1].Outputs = make([]chains.Output, 1<<24)
	require.ErrorIs(t, l.Add(b), chains.ErrUnsupported)
	b.Txs[1].Outputs = outputs
	require.NoError(t, l.Add(b))
	require.NoError(t, l.Flush(t.Context()))
	require.NoError(t, l.Close())
	dump(t, s)
}

// TestLowerRangeMakesInputsKnown: a range from a node without spent outputs is loaded first,
// the one that made them later.
func TestLowerRangeMakesInputsKnown(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	g := newGenerator(4)
	bs := g.blocks(12, 20)
	upper := []*chains.Block{}
	for _, b := range bs[6:] {
		upper = append(upper, forget(b))
	}
	load(t, s, upper, 2)
	var late *chains.Tx
	var spent chains.Input
	for _, b := range bs[6:] {
		for i := range b.Txs {
			for _, in := range b.Txs[i].Inputs {
				if _, err := s.Tx(ctx, bitcoin, in.Prev.Tx); err != nil {
					require.ErrorIs(t, err, chains.ErrNotFound)
					late, spent = &b.Txs[i], in
				}
			}
		}
	}
	require.NotNil(t, late, "some input comes from below the range")
	got, n, err := s.Spender(ctx, bitcoin, spent.Prev)
	require.NoError(t, err)
	require.Equal(t, late.ID, got.ID)
	require.False(t, got.Inputs[n].Known)
	q := sourceOf(t, s, store.Latest)
	require.NoError(t, q.WatchOut(ctx, spent.Prev), "an output from below the range")
	got, err = q.Next(ctx)
	require.NoError(t, err)
	require.Equal(t, late.ID, got.ID)
	_, err = q.BalanceBefore(ctx, spent.Spent.Address)
	require.ErrorIs(t, err, chains.ErrIncomplete)

	load(t, s, bs[:6], 4)
	got, err = s.Tx(ctx, bitcoin, late.ID)
	require.NoError(t, err)
	require.Equal(t, late, got)
	ts, err := s.AddressTxs(ctx, bitcoin, spent.Spent.Address, store.Start, 1000)
	require.NoError(t, err)
	require.Contains(t, ts, late)
	whole := open(t)
	load(t, whole, bs, 5)
	require.Equal(t, dump(t, whole), dump(t, s))

	_, err = s.Rewind(ctx, bitcoin, 5)
	require.NoError(t, err)
	h := late.Block.Height
	stale, err := s.StaleTxs(ctx, bitcoin, bs[h].Ref.Hash)
	require.NoError(t, err)
	require.Equal(t, bs[h].Txs, stale, "history keeps what was known")
	load(t, s, bs[6:], 5)
	require.Equal(t, dump(t, whole), dump(t, s))
}

// TestWhatANodeTellsIsKept: spent outputs from below the range, as the node gave them.
func TestWhatANodeTellsIsKept(t *testing.T) {
	s := open(t)
	bs := newGenerator(4).blocks(12, 20)
	load(t, s, bs[6:], 2)
	for i := range bs[7].Txs {
		got, err := s.Tx(t.Context(), bitcoin, bs[7].Txs[i].ID)
		require.NoError(t, err)
		require.Equal(t, &bs[7].Txs[i], got)
	}
}

func TestHistory(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	g := newGenerator(6)
	common := g.blocks(5, 8)
	loser, winner := g.fork(1).blocks(3, 8), g.fork(2).blocks(4, 8)
	load(t, s, append(append([]*chains.Block{}, common...), loser...), 3)
	before := dump(t, s)

	l, err := s.Load(ctx, bitcoin)
	require.NoError(t, err)
	require.NoError(t, l.Add(g.fork(1).blocks(4, 8)[3]), "gathered, and dropped by the rewind")
	n, err := s.Rewind(ctx, bitcoin, 4)
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.Zero(t, l.Pending())
	for _, b := range winner {
		require.NoError(t, l.Add(b), "the loader goes on after the rewind")
	}
	require.NoError(t, l.Flush(ctx))
	require.NoError(t, l.Close())

	stale, err := s.Stale(ctx, bitcoin)
	require.NoError(t, err)
	require.Len(t, stale, 3)
	for i, b := range stale {
		require.Equal(t, loser[i].Ref, b.Ref)
		require.True(t, b.Stale)
	}
	var history strings.Builder
	require.NoError(t, s.DumpHistory(ctx, &history))
	require.Contains(t, history.String(), loser[2].Txs[7].ID.String())
	_, err = s.Tx(ctx, bitcoin, loser[2].Txs[7].ID)
	require.ErrorIs(t, err, chains.ErrNotFound, "it is history only")

	_, err = s.Rewind(ctx, bitcoin, 4)
	require.NoError(t, err)
	load(t, s, loser, 1)
	require.Equal(t, before, dump(t, s), "blocks that come back are main again")
	stale, err = s.Stale(ctx, bitcoin)
	require.NoError(t, err)
	require.Len(t, stale, 4)
	require.Equal(t, winner[0].Ref, stale[0].Ref)
	_, err = s.StaleTxs(ctx, bitcoin, loser[0].Ref.Hash)
	require.ErrorIs(t, err, chains.ErrNotFound)
	main, err := s.BlockByHash(ctx, bitcoin, loser[0].Ref.Hash)
	require.NoError(t, err)
	require.False(t, main.Stale)

	n, err = s.Rewind(ctx, "bitcoin-regtest", 4)
	require.NoError(t, err)
	require.Zero(t, n, "nothing of that chain")
}

func TestSourceNamesWhatIsMissing(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	_, err := s.Source(ctx, bitcoin, store.Latest)
	require.ErrorIs(t, err, chains.ErrIncomplete)
	require.ErrorContains(t, err, "clew sync --chain bitcoin")
	bs := newGenerator(8).blocks(30, 6)
	load(t, s, bs[5:10], 9)
	load(t, s, bs[20:25], 9)

	q := sourceOf(t, s, store.Latest)
	require.Equal(t, bs[24].Ref, q.AsOf())
	require.Equal(t, int64(20), q.Span().From)
	err = q.WatchTx(ctx, bs[7].Txs[1].ID)
	require.ErrorIs(t, err, chains.ErrIncomplete)
	require.ErrorContains(t, err, "block 7")
	require.ErrorContains(t, err, "5–9, 20–24")
	err = q.WatchTx(ctx, bs[12].Txs[1].ID)
	require.ErrorIs(t, err, chains.ErrIncomplete)
	require.ErrorContains(t, err, "5–9, 20–24")
	_, err = s.Source(ctx, bitcoin, 12)
	require.ErrorIs(t, err, chains.ErrIncomplete)
	require.ErrorContains(t, err, "5–9, 20–24")

	require.Equal(t, bs[8].Ref, sourceOf(t, s, 8).AsOf())
	load(t, s, bs[:5], 9)
	err = sourceOf(t, s, 9).WatchTx(ctx, bs[12].Txs[1].ID)
	require.ErrorIs(t, err, chains.ErrNotFound, "read from the first block on")
	require.ErrorIs(t, sourceOf(t, s, 3).WatchTx(ctx, bs[4].Txs[1].ID), chains.ErrIncomplete, "above as of")
}

// TestTwoCoinbasesWithOneTxID, as in Bitcoin's blocks 91722 and 91880: both are there, and
// the second replaces the first.
func TestTwoCoinbasesWithOneTxID(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	bs := newGenerator(8).blocks(4, 1)
	first, second, spender := &bs[0].Txs[0], &bs[2].Txs[0], &bs[3].Txs[0]
	out := chains.Output{Value: 50, Address: "\x01twice", Type: chains.ScriptP2PKH}
	first.Outputs, second.Outputs, second.ID = []chains.Output{out}, []chains.Output{out}, first.ID
	spender.Coinbase = false
	spender.Inputs = []chains.Input{{Prev: chains.OutPoint{Tx: first.ID}, Spent: out, Known: true}}
	load(t, s, []*chains.Block{bs[0], bs[1], bs[2], forget(bs[3])}, 2)
	dump(t, s)

	got, err := s.Tx(ctx, bitcoin, first.ID)
	require.NoError(t, err)
	require.Equal(t, first, got)
	ts, err := s.AddressTxs(ctx, bitcoin, out.Address, store.Start, 10)
	require.NoError(t, err)
	require.Equal(t, []*chains.Tx{first, second, spender}, ts)
	q := sourceOf(t, s, store.Latest)
	require.NoError(t, q.WatchOut(ctx, chains.OutPoint{Tx: first.ID}))
	got, err = q.Next(ctx)
	require.NoError(t, err)
	require.Equal(t, spender, got)
	sum, err := q.BalanceBefore(ctx, out.Address)
	require.NoError(t, err)
	require.Equal(t, chains.Units(50), sum)
	_, err = s.Rewind(ctx, bitcoin, 1)
	require.NoError(t, err)
	dump(t, s)
	got, err = s.Tx(ctx, bitcoin, first.ID)
	require.NoError(t, err)
	require.Equal(t, first, got)
}

// TestWideTransactions: 20,000 inputs of one transaction with 20,000 outputs, and an address
// that each of 2,000 transactions touches, read in well under a second.
func TestWideTransactions(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	const wide = 20_000
	g := newGenerator(8)
	bs := g.blocks(4, 1)
	for _, b := range bs[:2] {
		b.Txs = append(b.Txs, chains.Tx{ID: g.hash('t'), Block: b.Ref, Index: 1, Version: 1, Evidence: chains.EvidenceAttested})
	}
	fan, merge := &bs[0].Txs[1], &bs[1].Txs[1]
	hot := chains.Address("\x01hot")
	for i := range uint32(wide) {
		out := chains.Output{Value: uint64(i), Address: g.freshAddress()}
		fan.Outputs = append(fan.Outputs, out)
		merge.Inputs = append(merge.Inputs, chains.Input{Prev: chains.OutPoint{Tx: fan.ID, Index: i}, Spent: out, Known: true})
	}
	merge.Outputs = []chains.Output{{Value: 7, Address: hot}}
	for i := range 2000 {
		bs[2].Txs = append(bs[2].Txs, chains.Tx{
			ID: g.hash('t'), Block: bs[2].Ref, Index: 1 + i, Version: 1, Evidence: chains.EvidenceAttested,
			Outputs: []chains.Output{{Value: uint64(i), Address: hot}},
		})
	}
	for i := range bs {
		if i == 1 {
			bs[i] = forget(bs[i])
		}
	}
	load(t, s, bs, 1)
	dump(t, s)
	start := time.Now()
	q := sourceOf(t, s, store.Latest)
	require.NoError(t, q.WatchTx(ctx, fan.ID))
	require.NoError(t, q.WatchAddress(ctx, hot))
	for n := 0; ; n++ {
		got, err := q.Next(ctx)
		if errors.Is(err, io.EOF) {
			require.Equal(t, 2002, n)
			break
		}
		require.NoError(t, err)
		if n == 1 {
			require.Equal(t, merge.Inputs, got.Inputs)
		}
		for i := range got.Outputs {
			require.NoError(t, q.WatchOut(ctx, chains.OutPoint{Tx: got.ID, Index: uint32(i)}))
		}
	}
	t.Logf("read in %v", time.Since(start))
	page, after := 0, store.Start
	for {
		ts, err := s.AddressTxs(ctx, bitcoin, hot, after, 300)
		require.NoError(t, err)
		page += len(ts)
		if len(ts) < 300 {
			break
		}
		after = store.After{Height: ts[299].Block.Height, Index: ts[299].Index}
	}
	require.Equal(t, 2001, page)
}

func TestChainsStayApart(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	bs := newGenerator(8).blocks(4, 5)
	load(t, s, bs, 2)
	l, err := s.Load(ctx, "bitcoin-regtest")
	require.NoError(t, err)
	for _, b := range newGenerator(8).blocks(6, 5) { // the same hashes, as on a fork of the chain
		require.NoError(t, l.Add(b))
	}
	require.NoError(t, l.Flush(ctx))
	require.NoError(t, l.Close())
	dump(t, s)
	names, err := s.Chains(ctx)
	require.NoError(t, err)
	require.Equal(t, []chains.Chain{bitcoin, "bitcoin-regtest"}, names)
	got, err := s.Tx(ctx, "bitcoin-regtest", bs[3].Txs[2].ID)
	require.NoError(t, err)
	require.Equal(t, &bs[3].Txs[2], got)
	_, err = s.Rewind(ctx, bitcoin, -1)
	require.NoError(t, err)
	dump(t, s)
	_, err = s.Tx(ctx, bitcoin, bs[3].Txs[2].ID)
	require.ErrorIs(t, err, chains.ErrNotFound)
	_, err = s.Tx(ctx, "bitcoin-regtest", bs[3].Txs[2].ID)
	require.NoError(t, err)
	_, err = s.Tx(ctx, "bitcoin-simnet", bs[3].Txs[2].ID)
	require.ErrorIs(t, err, chains.ErrNotFound)
}
