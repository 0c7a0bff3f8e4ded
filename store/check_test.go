package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/custody"
	"clew/store"
)

// TestCheckFinds: each way of damaging a store is found, and named.
func TestCheckFinds(t *testing.T) {
	for _, c := range []struct{ name, damage, says string }{
		{"nothing wrong", `SELECT 1`, ""},
		{"a block is gone", `DELETE FROM block WHERE pos = 3 << 24`, "blocks 3 to 3 are missing"},
		{"the last block is gone", `DELETE FROM block WHERE pos = 9 << 24`, "blocks 9 to 9 are missing"},
		{"a block's transactions have no block", `DELETE FROM block WHERE pos = 9 << 24`, "belong to no block"},
		{"a block does not link", `UPDATE block SET prev = zeroblob(32) WHERE pos = 4 << 24`, "names 0000"},
		{"a span reaches too far", `UPDATE span SET to_height = 12`, "blocks 10 to 12 are missing"},
		{"a block lies outside", `UPDATE span SET to_height = 8`, "block 9 lies outside"},
		{"spans touch", `UPDATE span SET to_height = 4; INSERT INTO span VALUES (0, 5, 9, 0)`, "touch"},
		{"a transaction is gone", `DELETE FROM tx WHERE pos = (SELECT max(pos) FROM tx)`, "the block has 8"},
		{"a transaction moved", `UPDATE tx SET pos = pos + 1 WHERE pos = (SELECT max(pos) FROM tx)`, "ordinal"},
		{"a body is cut", `UPDATE tx SET body = substr(body, 1, 60) WHERE pos = (SELECT max(pos) FROM tx)`, "damaged"},
		{"a txid changed", `UPDATE tx SET body = zeroblob(32) || substr(body, 33) WHERE pos = (SELECT max(pos) FROM tx)`, "index of txids"},
		{"an index lost a row", `DELETE FROM posting WHERE id = (SELECT max(id) FROM posting)`, "index of addresses: does not lead to"},
		{"an index lost a run", `DELETE FROM posting WHERE id >> 46 = (SELECT run_no FROM run WHERE kind = 0); DELETE FROM run WHERE kind = 0`, "index of txids: does not lead to"},
		{"a run has an entry too many", `UPDATE posting SET entries = entries || x'00010000' WHERE id = (SELECT max(id) FROM posting)`, "entries"},
		{"a run is garbled", `UPDATE posting SET entries = x'80' WHERE id = (SELECT max(id) FROM posting)`, "entries of row"},
		{"a run's rows are out of order", `UPDATE posting SET entries = x'ffffffffff0f000000' WHERE id = (SELECT min(id) FROM posting)`, "out of order"},
		{"a run's row stands at another key", `UPDATE posting SET id = id + 64 WHERE id = (SELECT max(id) FROM posting)`, "does not lead to"},
		{"a run notes another number of entries", `UPDATE run SET postings = postings + 1`, "are noted"},
		{"a run notes other heights", `UPDATE run SET to_height = 5`, "the run has 0 to 5"},
		{"rows of no run", `INSERT INTO posting VALUES ((SELECT max(id) FROM posting) + (1 << 46), x'00000000')`, "belong to no run"},
		{"an address has another role", `UPDATE posting SET entries = CAST(substr(entries, 1, length(entries) - 1) || x'03' AS BLOB) WHERE id = (SELECT max(id) FROM posting)`, "index of addresses"},
		{"history is cut", `UPDATE stale_block SET bodies_zstd = substr(bodies_zstd, 1, 40)`, "history"},
		{"history lost a transaction", `UPDATE stale_block SET txs = txs + 1`, "the block has 9"},
		{"a trace is cut", `UPDATE trace SET json_zstd = substr(json_zstd, 1, 8)`, "trace t1"},
		{"a trace is another", `UPDATE trace SET json_bytes = json_bytes + 1`, "wrong length"},
		{"the log was edited", `UPDATE log SET entry = replace(entry, 'one', 'two')`, "log entry 1"},
		{"the log lost its first entry", `DELETE FROM log WHERE seq = 1`, "log entry 1 is missing"},
		{"an index of the file is wrong", `PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX block_by_hash ON block (prev)' WHERE name = 'block_by_hash'`, "block_by_hash"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := t.Context()
			s := open(t)
			g := newGenerator(4)
			load(t, s, g.blocks(10, 8), 3)
			load(t, s, g.fork(1).blocks(1, 8), 3)
			_, err := s.Rewind(ctx, bitcoin, 9)
			require.NoError(t, err)
			require.NoError(t, s.SaveTrace(ctx, "t1", "", []byte(`{"schema":"clew.trace/1"}`)))
			for _, what := range []string{"one", "three"} {
				_, err = s.AppendLog(ctx, custody.Entry{What: what})
				require.NoError(t, err)
			}
			require.NoError(t, store.Damage(s, c.damage))
			problems, err := s.Check(ctx)
			require.NoError(t, err)
			if c.says == "" {
				require.Empty(t, problems)
				return
			}
			var text strings.Builder
			for _, p := range problems {
				text.WriteString(p.String() + "\n")
			}
			require.Contains(t, text.String(), c.says)
		})
	}
}

// TestCheckFindsWrongSpends: blocks that contradict themselves are stored as a node tells
// them, and Check says so.
func TestCheckFindsWrongSpends(t *testing.T) {
	for _, c := range []struct {
		name, says string
		change     func(first, second *chains.Tx)
	}{
		{"an output spent twice", "is spent by", func(a, b *chains.Tx) { b.Inputs = a.Inputs }},
		{"another value than the output's", "or another script", func(a, _ *chains.Tx) { a.Inputs[0].Spent.Value++ }},
		{"an output that is not there", "which has", func(a, _ *chains.Tx) { a.Inputs[0].Prev.Index = 99 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			bs := newGenerator(4).blocks(10, 8)
			c.change(&bs[8].Txs[3], &bs[9].Txs[3])
			load(t, s, bs, 3)
			problems, err := s.Check(t.Context())
			require.NoError(t, err)
			require.NotEmpty(t, problems)
			require.Contains(t, problems[0].String(), c.says)
		})
	}
}

func TestTraces(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	_, _, err := s.LoadTrace(ctx, "ab")
	require.ErrorIs(t, err, chains.ErrNotFound)
	long := []byte(strings.Repeat(`{"hop":"…"},`, 100_000))
	require.NoError(t, s.SaveTrace(ctx, "abc1", "11", long))
	require.NoError(t, s.SaveTrace(ctx, "abd2", "22", []byte(`{}`)))
	require.NoError(t, s.SaveTrace(ctx, "ab", "33", nil))
	require.NoError(t, s.SaveTrace(ctx, "abd2", "22", []byte(`{"again":1}`)))
	for _, c := range []struct {
		prefix, id, want string
		err              error
	}{
		{"abc", "abc1", string(long), nil},
		{"abd2", "abd2", `{"again":1}`, nil},
		{"ab", "ab", "", nil},
		{"a", "", "", store.ErrAmbiguous},
		{"x", "", "", chains.ErrNotFound},
	} {
		id, got, err := s.LoadTrace(ctx, c.prefix)
		require.ErrorIs(t, err, c.err)
		require.Equal(t, c.id, id)
		require.Equal(t, []byte(c.want), append([]byte{}, got...))
	}
	infos, err := s.Traces(ctx)
	require.NoError(t, err)
	require.Equal(t, []store.TraceInfo{{"ab", "33", 0}, {"abc1", "11", int64(len(long))}, {"abd2", "22", 11}}, infos)
}

func TestLog(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	head, err := s.VerifyLog(ctx)
	require.NoError(t, err)
	require.Empty(t, head)
	when := time.Date(2022, 3, 29, 13, 19, 50, 5, time.FixedZone("", 7200))
	first, err := s.AppendLog(ctx, custody.Entry{When: when, What: "incident declared", SHA256: "aa", Details: map[string]string{"rule": "fifo"}})
	require.NoError(t, err)
	require.Equal(t, int64(1), first.Seq)
	_, err = s.AppendLog(ctx, custody.Entry{When: when.Add(time.Hour), What: "incident declared", SHA256: "bb"})
	require.NoError(t, err)
	last, err := s.AppendLog(ctx, custody.Entry{When: when.Add(2 * time.Hour), What: "incident declared", SHA256: "aa"})
	require.NoError(t, err)

	entries, err := s.Log(ctx)
	require.NoError(t, err)
	require.Len(t, entries, 3)
	require.Equal(t, first, entries[0])
	require.Equal(t, "2022-03-29T11:19:50Z", entries[0].When.Format(time.RFC3339))
	got, err := s.FirstLogged(ctx, "incident declared", "aa")
	require.NoError(t, err)
	require.Equal(t, first, got)
	_, err = s.FirstLogged(ctx, "traced", "aa")
	require.ErrorIs(t, err, chains.ErrNotFound)
	head, err = s.VerifyLog(ctx)
	require.NoError(t, err)
	require.Equal(t, last.Hash, head)

	require.NoError(t, store.Damage(s, `UPDATE log SET entry = replace(entry, 'bb', 'cc') WHERE seq = 2`))
	_, err = s.VerifyLog(ctx)
	require.ErrorIs(t, err, store.ErrDamaged)
	require.ErrorContains(t, err, "log entry 2")
}
