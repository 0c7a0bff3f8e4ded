package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"clew/chains"
	"clew/store"
)

// joined is how many addresses the store of crowd joins: more than are read anew for each question.
const joined = 90_000

// crowd makes a store in which one block spends from many addresses together, a hundred blocks below
// the last, and returns its path and one of the addresses.
func crowd(t *testing.T) (db, address string) {
	ctx := t.Context()
	db = filepath.Join(t.TempDir(), "clew.db")
	st, err := store.Open(ctx, db, store.Options{Create: true})
	require.NoError(t, err)
	l, err := st.Load(ctx, "bitcoin-regtest")
	require.NoError(t, err)
	first, err := codec().ParseAddress("bitcoin-regtest", "bcrt1qq7fvapa4je37tkxd2jfnzzltv2vregn0uft97f")
	require.NoError(t, err)
	of := func(n int) chains.Address {
		a := []byte(first)
		binary.BigEndian.PutUint32(a[1:], uint32(n))
		return chains.Address(a)
	}
	var prev chains.BlockHash
	for height := range int64(102) {
		ref := chains.BlockRef{Height: height, Hash: chains.BlockHash{1, byte(height)}}
		b := &chains.Block{Ref: ref, Prev: prev, Header: []byte("header")}
		b.Txs = append(b.Txs, chains.Tx{ID: ref.Hash, Block: ref, Coinbase: true, Inputs: []chains.Input{{Known: true}}, Outputs: make([]chains.Output, 1)})
		for n := 0; height == 1 && n < joined; {
			tx := chains.Tx{ID: chains.TxID{2, byte(n >> 16), byte(n >> 8)}, Block: ref, Outputs: make([]chains.Output, 1)}
			tx.Inputs = append(tx.Inputs, chains.Input{Prev: chains.OutPoint{Tx: chains.TxID{4}, Index: uint32(n)}, Spent: chains.Output{Value: 1, Address: of(0)}, Known: true})
			for end := n + 1000; n < end; n++ {
				tx.Inputs = append(tx.Inputs, chains.Input{Prev: chains.OutPoint{Tx: chains.TxID{3}, Index: uint32(n)}, Spent: chains.Output{Value: 1, Address: of(n)}, Known: true})
			}
			b.Txs = append(b.Txs, tx)
		}
		require.NoError(t, l.Add(b))
		prev = ref.Hash
	}
	require.NoError(t, l.Flush(ctx))
	require.NoError(t, l.Close())
	require.NoError(t, st.Close())
	return db, codec().FormatAddress("bitcoin-regtest", of(joined-1))
}

// damage runs statements on the store behind its back.
func damage(t *testing.T, db, sql string) {
	c, err := sqlite.OpenConn(db, sqlite.OpenReadWrite)
	require.NoError(t, err)
	require.NoError(t, sqlitex.ExecuteScript(c, sql, nil))
	require.NoError(t, c.Close())
}

// The first question saves the clusters and the second begins with them; both are answered the same,
// and so is one that could not save, which says so. A migration saves them beforehand.
func TestFirstQuestionSavesClusters(t *testing.T) {
	db, address := crowd(t)
	ask := func(more ...string) (answer, told string) {
		var stdout, stderr bytes.Buffer
		args := append([]string{"cluster", address, "--db", db}, more...)
		require.Zero(t, run(t.Context(), args, nil, &stdout, &stderr, func(string) string { return "" }), stderr.String())
		return stdout.String(), stderr.String()
	}
	due := func() bool {
		st, err := store.Open(t.Context(), db, store.Options{ReadOnly: true})
		require.NoError(t, err)
		due, err := st.ClustersDue(t.Context(), "bitcoin-regtest")
		require.NoError(t, err)
		require.NoError(t, st.Close())
		return due
	}
	require.True(t, due())
	damage(t, db, `CREATE TRIGGER refuse BEFORE INSERT ON cluster_base BEGIN SELECT RAISE(ABORT, 'refused'); END`)
	want, told := ask()
	require.Contains(t, want, "in a cluster of 90,000 addresses")
	require.Contains(t, told, "the clusters were not saved")
	require.Contains(t, told, "refused")
	_, told = ask("--json")
	require.Empty(t, told)
	require.True(t, due())
	damage(t, db, `DROP TRIGGER refuse`)
	for range 2 {
		got, told := ask()
		require.Equal(t, want, got)
		require.Empty(t, told)
		require.False(t, due())
	}
	damage(t, db, `DELETE FROM cluster_base`)
	require.True(t, due())
	require.Zero(t, run(t.Context(), []string{"db", "migrate", "--db", db}, nil, io.Discard, &strings.Builder{}, func(string) string { return "" }))
	require.False(t, due())
}
