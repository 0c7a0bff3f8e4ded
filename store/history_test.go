package store_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/store"
)

// What an account did, and what a contract told, is what a search through all blocks finds, whatever
// hashes collide.
func TestHistoryOfAnAccount(t *testing.T) {
	ctx := t.Context()
	g := newAccountGenerator(11)
	bs := g.blocks(10, 30)
	for _, b := range bs {
		for i := range b.Txs { // a pool tells of what goes through it
			e := b.Txs[i].Exec
			for k := range e.Events {
				e.Events[k].Emitter = e.Moves[len(e.Moves)-1].To
			}
		}
	}
	s := open(t)
	store.WeakenHash(s, 36)
	loadOf(t, s, evmChain, bs, 3)
	const last = 7
	q, err := s.AccountSource(ctx, evmChain, last, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	search := func(since int64, most int, wanted func(*chains.Execution) bool) (found []*chains.Tx) {
		for _, b := range bs[:last+1] {
			for i := range b.Txs {
				if tx := &b.Txs[i]; b.Ref.Time >= since && wanted(tx.Exec) && (most == 0 || len(found) < most) {
					found = append(found, tx)
				}
			}
		}
		return found
	}
	acted, told := 0, 0
	for _, a := range append(slices.Clone(g.people), "nobody") {
		for _, since := range []int64{0, bs[4].Ref.Time} {
			for _, most := range []int{0, 1, 3} {
				t.Run(fmt.Sprintf("%x since %d most %d", string(a), since, most), func(t *testing.T) {
					want := search(since, most, func(e *chains.Execution) bool { return e.Acts(a) })
					got, err := q.History(ctx, a, since, most)
					require.NoError(t, err)
					require.Equal(t, want, got)
					acted += len(got)
					query := chains.EventQuery{Kind: chains.EventBridgeOut, Protocol: "nomad", Emitter: a, Since: since, Most: most}
					want = search(since, most, func(e *chains.Execution) bool { return slices.ContainsFunc(e.Events, query.Answers) })
					got, err = q.FindEvents(ctx, query)
					require.NoError(t, err)
					require.Equal(t, want, got)
					told += len(got)
				})
			}
		}
	}
	require.Greater(t, acted, 100)
	require.Greater(t, told, 20)
}

// A range that begins later cannot tell what an account did before.
func TestHistoryBeforeTheRange(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	bs := newAccountGenerator(12).blocks(6, 10)
	loadOf(t, s, evmChain, bs[3:], 3)
	q, err := s.AccountSource(ctx, evmChain, store.Latest, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	_, err = q.History(ctx, "a", bs[3].Ref.Time, 0)
	require.NoError(t, err)
	_, err = q.History(ctx, "a", bs[3].Ref.Time-1, 0)
	require.ErrorIs(t, err, chains.ErrUnsupported)
	require.ErrorContains(t, err, "clew sync --from")
}
