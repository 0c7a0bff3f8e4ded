package ingest_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/store"
)

// deepest is more than the blocks that one change of the chain can replace.
const deepest = 64

// note lets the chain change and remembers the blocks that the store had and that left it.
func (r *rack) note(change func()) {
	r.t.Helper()
	before := r.stored()
	change()
	head := r.node.Height()
	for h, hash := range before {
		if h > head || r.node.HashAt(h) != hash {
			r.kept[hash] = true
		}
	}
}

// stored returns the highest blocks that the store has, also while a sync runs.
func (r *rack) stored() map[int64]chains.BlockHash {
	r.t.Helper()
	hashes := map[int64]chains.BlockHash{}
	st, err := store.Open(context.Background(), r.db, store.Options{ReadOnly: true})
	if errors.Is(err, store.ErrNoStore) {
		return hashes
	}
	require.NoError(r.t, err)
	defer func() { require.NoError(r.t, st.Close()) }()
	spans, err := st.Spans(context.Background(), regtest)
	require.NoError(r.t, err)
	if len(spans) == 0 {
		return hashes
	}
	for h := max(0, spans[0].To-deepest); h <= spans[0].To; h++ {
		b, err := st.Block(context.Background(), regtest, h)
		if errors.Is(err, chains.ErrIncomplete) { // it was taken back meanwhile
			break
		}
		require.NoError(r.t, err)
		hashes[h] = b.Ref.Hash
	}
	return hashes
}

// peace lets a sync come to its end and compares the store with a fresh one.
func (r *rack) peace() {
	r.t.Helper()
	r.through(r.db)
	want, _ := r.fresh()
	got, history := r.dump(r.db)
	same(r.t, want, got)
	for hash := range r.kept { // it may have come back to the chain
		require.True(r.t, strings.Contains(got, " "+hash.String()+" prev ") || strings.Contains(history, " "+hash.String()+" prev "),
			"block %s, which was in the store, is kept", hash)
	}
	clear(r.kept)
	r.count("compared")
}

// dump returns what a store has, and its history.
func (r *rack) dump(db string) (main, history string) {
	r.t.Helper()
	st, err := store.Open(context.Background(), db, store.Options{ReadOnly: true})
	require.NoError(r.t, err)
	defer func() { require.NoError(r.t, st.Close()) }()
	var a, b strings.Builder
	require.NoError(r.t, st.Dump(context.Background(), &a))
	require.NoError(r.t, st.DumpHistory(context.Background(), &b))
	return a.String(), b.String()
}

// through runs a sync that nothing disturbs.
func (r *rack) through(db string) {
	r.t.Helper()
	c := r.sync(db, r.node.URL, roomy, 0, 0)
	<-c.ended
	require.NoError(r.t, c.err, c.stderr.String())
}

// fresh returns what a new store of the whole chain has.
func (r *rack) fresh() (main, history string) {
	r.t.Helper()
	db := filepath.Join(r.t.TempDir(), "fresh.db")
	r.through(db)
	return r.dump(db)
}
