package store_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/store"
	"clew/tracer"
)

var (
	_ tracer.State       = (*store.AccountSource)(nil)
	_ tracer.EventFinder = (*store.AccountSource)(nil)
	_ tracer.Source      = (*store.AccountSource)(nil)
)

func TestExecutionBodies(t *testing.T) {
	g := newAccountGenerator(1)
	many := &chains.Execution{Sender: "s"} // more names than are looked through
	for range 200 {
		many.Moves = append(many.Moves, chains.Move{
			Kind: chains.MoveToken, Asset: mixed(g.account()), From: g.account(), To: g.account(), Amount: g.amount(), Evidence: chains.EvidenceAttested,
		})
	}
	many.Moves = append(many.Moves, many.Moves[3], many.Moves[150])
	txs := append(g.block(300).Txs, chains.Tx{Exec: many}, chains.Tx{Exec: &chains.Execution{Failed: true, Untraced: true}})
	size := 0
	for i := range txs {
		body := store.PackBody(&txs[i])
		size += len(body)
		got, err := store.UnpackBody(body)
		require.NoError(t, err)
		got.Block = txs[i].Block
		require.Equal(t, &txs[i], got)
		for n := range min(len(body), 200) {
			_, err := store.UnpackBody(body[:n])
			require.ErrorIs(t, err, store.ErrDamaged, "cut to %d of %d bytes", n, len(body))
		}
	}
	_, err := store.UnpackBody(append(store.PackBody(&txs[0]), 0))
	require.ErrorIs(t, err, store.ErrDamaged, "something behind the end")
	t.Logf("%d bytes a transaction", size/len(txs))
}

// FuzzExecutionBody: no bytes make the reader panic, and what it reads is what it would write.
func FuzzExecutionBody(f *testing.F) {
	g := newAccountGenerator(5)
	for _, tx := range g.block(20).Txs {
		f.Add(store.PackBody(&tx))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		tx, err := store.UnpackBody(body)
		if err != nil || tx.Exec == nil {
			return
		}
		again, err := store.UnpackBody(store.PackBody(tx))
		require.NoError(t, err)
		require.Equal(t, tx, again)
	})
}

func TestExecutionsLoadAndRewind(t *testing.T) {
	ctx := t.Context()
	g := newAccountGenerator(2)
	shared := g.blocks(12, 20)
	g2 := g.fork(9)
	left, stays := g.blocks(6, 15), g2.blocks(8, 25)

	s := open(t)
	loadOf(t, s, evmChain, append(append([]*chains.Block{}, shared...), left...), 4)
	n, err := s.Rewind(ctx, evmChain, 11)
	require.NoError(t, err)
	require.Equal(t, 6, n)
	loadOf(t, s, evmChain, stays, 3)

	straight := open(t)
	loadOf(t, straight, evmChain, append(append([]*chains.Block{}, shared...), stays...), 100)
	require.Equal(t, dump(t, straight), dump(t, s))

	ts, err := s.StaleTxs(ctx, evmChain, left[2].Ref.Hash)
	require.NoError(t, err)
	require.Equal(t, left[2].Txs, ts)
	got, err := s.Tx(ctx, evmChain, stays[3].Txs[4].ID)
	require.NoError(t, err)
	require.Equal(t, &stays[3].Txs[4], got)
}

// ledger is what accounts hold by the movements of some blocks, from balances that suffice.
type ledger struct{ blocks []*chains.Block }

func (l ledger) BalanceAt(_ context.Context, a chains.Address, asset chains.Asset, height int64) (chains.Amount, error) {
	held, err := chains.ParseAmount("1" + strings.Repeat("0", 60))
	for _, b := range l.blocks {
		for i := range b.Txs {
			if b.Ref.Height <= height && err == nil {
				held, err = b.Txs[i].Exec.After(held, a, asset)
			}
		}
	}
	return held, err
}

func (ledger) AccountKind(context.Context, chains.Address, int64) (chains.AccountKind, error) {
	return chains.AccountWallet, nil
}

func (ledger) Token(_ context.Context, asset chains.Asset, height int64) (chains.Token, error) {
	return chains.Token{Asset: asset, Symbol: "T", Decimals: int(height)}, nil
}

// walk returns the transactions that q gives.
func walk(t *testing.T, q tracer.Source) (ts []*chains.Tx) {
	t.Helper()
	for {
		tx, err := q.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return ts
		}
		require.NoError(t, err)
		ts = append(ts, tx)
	}
}

func TestAccountSource(t *testing.T) {
	ctx := t.Context()
	g := newAccountGenerator(3)
	bs := g.blocks(30, 20)
	s := open(t)
	store.WeakenHash(s, 34) // many addresses share a key: the bytes decide
	loadOf(t, s, evmChain, bs, 4)
	q, err := s.AccountSource(ctx, evmChain, 25, ledger{bs})
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	who := []chains.Address{g.people[3], g.people[4], bs[4].Txs[2].Exec.Sender}
	var want []*chains.Tx
	for _, b := range bs[:26] {
		for i := range b.Txs {
			e := b.Txs[i].Exec
			if e.Touches(who[0]) || e.Touches(who[1]) || e.Touches(who[2]) {
				want = append(want, &b.Txs[i])
			}
		}
	}
	require.NoError(t, q.WatchAddress(ctx, who[0]))
	require.NoError(t, q.WatchAddress(ctx, who[1]))
	require.NoError(t, q.WatchAddress(ctx, who[2]))
	require.Equal(t, want, walk(t, q))

	kind, err := q.AccountKind(ctx, who[0])
	require.NoError(t, err)
	require.Equal(t, chains.AccountWallet, kind)
	token, err := q.Token(ctx, g.tokens[0])
	require.NoError(t, err)
	require.Equal(t, 25, token.Decimals, "of the last block")
	_, err = q.BalanceAt(ctx, who[0], chains.Native, 26)
	require.ErrorIs(t, err, chains.ErrIncomplete)
}

func TestBalanceBeforeATransaction(t *testing.T) {
	ctx := t.Context()
	g := newAccountGenerator(4)
	g.people = g.people[:5] // so that most transactions of a block touch the same accounts
	bs := g.blocks(4, 60)
	s := open(t)
	loadOf(t, s, evmChain, bs, 4)
	q, err := s.AccountSource(ctx, evmChain, store.Latest, ledger{bs})
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	_, err = q.BalanceBefore(ctx, g.people[0], chains.Native)
	require.Error(t, err, "before which one?")

	watched := g.people[0]
	require.NoError(t, q.WatchAddress(ctx, watched))
	rng := rand.New(rand.NewPCG(1, 1))
	for n := 0; ; n++ {
		tx, err := q.Next(ctx)
		if errors.Is(err, io.EOF) {
			require.Greater(t, n, 8, "transactions that touch the account")
			return
		}
		require.NoError(t, err)
		for _, asset := range []chains.Asset{chains.Native, g.tokens[rng.IntN(3)]} {
			want, err := ledger{bs}.BalanceAt(ctx, watched, asset, tx.Block.Height-1)
			require.NoError(t, err)
			for i := range tx.Index {
				want, err = bs[tx.Block.Height].Txs[i].Exec.After(want, watched, asset)
				require.NoError(t, err)
			}
			got, err := q.BalanceBefore(ctx, watched, asset)
			require.NoError(t, err)
			require.Equal(t, want, got, "%s before transaction %d of block %d", asset, tx.Index, tx.Block.Height)
		}
	}
}

func TestStateWithoutANode(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	bs := newAccountGenerator(6).blocks(2, 4)
	loadOf(t, s, evmChain, bs, 2)
	q, err := s.AccountSource(ctx, evmChain, store.Latest, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	require.NoError(t, q.WatchTx(ctx, bs[1].Txs[1].ID))
	require.Len(t, walk(t, q), 1)
	_, err = q.BalanceBefore(ctx, "a", chains.Native)
	require.ErrorIs(t, err, chains.ErrUnsupported)
	_, err = q.AccountKind(ctx, "a")
	require.ErrorIs(t, err, chains.ErrUnsupported)
	_, err = q.Token(ctx, "t")
	require.ErrorIs(t, err, chains.ErrUnsupported)
}

func TestEventsAreFoundByTheirKey(t *testing.T) {
	ctx := t.Context()
	g := newAccountGenerator(7)
	bs := g.blocks(10, 30)
	s := open(t)
	store.WeakenHash(s, 36)
	loadOf(t, s, evmChain, bs, 3)
	q, err := s.AccountSource(ctx, evmChain, 7, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	n := 0
	for _, b := range bs {
		for i := range b.Txs {
			for _, e := range b.Txs[i].Exec.Events {
				n++
				query := chains.EventQuery{Kind: e.Kind, Protocol: e.Protocol, Key: e.Key}
				got, err := q.FindEvents(ctx, query)
				require.NoError(t, err)
				if b.Ref.Height > 7 {
					require.Empty(t, got, "behind the last block")
					continue
				}
				require.Equal(t, []*chains.Tx{&b.Txs[i]}, got)
				query.Since = b.Ref.Time + 1
				got, err = q.FindEvents(ctx, query)
				require.NoError(t, err)
				require.Empty(t, got, "earlier than asked for")
				query = chains.EventQuery{Kind: chains.EventBridgeIn, Protocol: e.Protocol, Key: e.Key}
				got, err = q.FindEvents(ctx, query)
				require.NoError(t, err)
				require.Empty(t, got, "of another kind")
			}
		}
	}
	require.Greater(t, n, 10)
	_, err = q.FindEvents(ctx, chains.EventQuery{Kind: chains.EventBridgeIn, Protocol: "nomad"})
	require.ErrorIs(t, err, chains.ErrUnsupported)
}

func TestCheckOfExecutions(t *testing.T) {
	move := func(e *chains.Execution) *chains.Move { return &e.Moves[len(e.Moves)-1] }
	for _, c := range []struct {
		name, says string
		spoil      func(b *chains.Block, e *chains.Execution)
	}{
		{"nothing", "", func(*chains.Block, *chains.Execution) {}},
		{"a fee that another pays", "sender does not pay", func(_ *chains.Block, e *chains.Execution) { e.Moves[0].From = "x" }},
		{"a failed transaction that moves", "which failed", func(_ *chains.Block, e *chains.Execution) { e.Failed = true }},
		{"a tip above the fee", "block's maker", func(_ *chains.Block, e *chains.Execution) {
			m := move(e)
			m.Kind, m.Asset, m.From, m.Amount = chains.MoveTip, chains.Native, "", chains.Units(9e18)
		}},
		{"nothing moves", "moves nothing", func(_ *chains.Block, e *chains.Execution) { move(e).Amount = chains.Units(0) }},
		{"a call that moves a token", "moves 0x", func(_ *chains.Block, e *chains.Execution) { move(e).Asset = "0xtoken" }},
		{"evidence", "evidence", func(_ *chains.Block, e *chains.Execution) { move(e).Evidence = 0 }},
		{"no sender", "no sender", func(_ *chains.Block, e *chains.Execution) { e.Sender, e.Moves[0].From = "", "" }},
		{"the protocol's own, elsewhere", "not the last", func(b *chains.Block, _ *chains.Execution) {
			b.Txs[0].Coinbase, b.Txs[0].Exec.Sender, b.Txs[0].Exec.Moves = true, "", nil
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newAccountGenerator(8).block(5)
			e := b.Txs[2].Exec
			e.Failed, e.Moves = false, []chains.Move{
				{Kind: chains.MoveFee, Asset: chains.Native, From: e.Sender, Amount: chains.Units(5), Evidence: chains.EvidenceProven},
				{Kind: chains.MoveCall, Asset: chains.Native, From: e.Sender, To: e.To, Amount: chains.Units(7), Evidence: chains.EvidenceProven},
			}
			c.spoil(b, e)
			s := open(t)
			loadOf(t, s, evmChain, []*chains.Block{b}, 1)
			problems, err := s.Check(t.Context())
			require.NoError(t, err)
			if c.says == "" {
				require.Empty(t, problems)
				return
			}
			require.NotEmpty(t, problems)
			require.Contains(t, problems[0].What, c.says)
		})
	}
}
