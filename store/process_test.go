package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"clew/chains"
	"clew/custody"
	"clew/store"
)

// TestKilledLoadResumes kills a loading process again and again, without warning, in and
// between batches: what is there is whole batches, and the end is that of a straight load.
func TestKilledLoadResumes(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "clew.db")
	kills := 0
	for round := 0; ; round++ {
		cmd, lines := child(t, "load", path)
		finished := true
		for n := 0; lines.Scan(); n++ {
			if n == 1+round%4 && kills < 12 { // after a "done", or as a flush begins
				require.NoError(t, cmd.Process.Kill())
				finished = false
				kills++
				break
			}
		}
		err := cmd.Wait()
		if finished {
			require.NoError(t, err)
			break
		}
		s, err := store.Open(ctx, path, store.Options{Create: true})
		require.NoError(t, err)
		spans, err := s.Spans(ctx, bitcoin)
		require.NoError(t, err)
		require.LessOrEqual(t, len(spans), 1)
		for _, sp := range spans {
			require.Zero(t, sp.From)
			require.Zero(t, (sp.To+1)%killBatch, "half a batch")
		}
		problems, err := s.Check(ctx)
		require.NoError(t, err)
		require.Empty(t, problems)
		require.NoError(t, s.Close())
	}
	require.Greater(t, kills, 4, "on a busy machine the other process is some batches ahead of its killer")
	s, err := store.Open(ctx, path, store.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	whole := open(t)
	load(t, whole, killChain(), killBlocks)
	require.Equal(t, dump(t, whole), dump(t, s))
}

func TestSecondWriterIsLocked(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	load(t, s, newGenerator(1).blocks(3, 3), 1)

	cmd, lines := child(t, "hold", s.Path())
	require.True(t, lines.Scan())
	_, err := s.Load(ctx, bitcoin)
	require.ErrorIs(t, err, store.ErrLocked)
	require.ErrorContains(t, err, "wait for the other process")
	_, err = s.Rewind(ctx, bitcoin, 1)
	require.ErrorIs(t, err, store.ErrLocked)
	_, err = s.AppendLog(ctx, custody.Entry{What: "traces and the log do not wait for a loader"})
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())

	l, err := s.Load(ctx, bitcoin)
	require.NoError(t, err, "the lock goes with its process")
	_, err = s.Load(ctx, bitcoin)
	require.ErrorIs(t, err, store.ErrLocked)
	require.NoError(t, l.Close())
	require.NoError(t, l.Close())
	require.Error(t, l.Add(newGenerator(1).block(1)), "closed")
}

func TestOpenRefuses(t *testing.T) {
	ctx := t.Context()
	sql := func(script string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
			require.NoError(t, err)
			require.NoError(t, sqlitex.ExecuteScript(c, script, nil))
			require.NoError(t, c.Close())
		}
	}
	ours := func(script string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			s, err := store.Open(ctx, path, store.Options{Create: true})
			require.NoError(t, err)
			require.NoError(t, s.Close())
			sql(script)(t, path)
		}
	}
	text := func(t *testing.T, path string) {
		t.Helper()
		require.NoError(t, os.WriteFile(path, []byte("block,txid\n1,2\n"), 0o600))
	}
	empty := func(t *testing.T, path string) {
		t.Helper()
		require.NoError(t, os.WriteFile(path, nil, 0o600))
	}
	folder := func(t *testing.T, path string) {
		t.Helper()
		require.NoError(t, os.Mkdir(path, 0o700))
	}
	absent := func(*testing.T, string) {}
	create := store.Options{Create: true}
	for _, c := range []struct {
		name    string
		prepare func(*testing.T, string)
		options store.Options
		want    error
		says    string
	}{
		{"absent", absent, store.Options{}, store.ErrNoStore, "clew sync"},
		{"absent, to read", absent, store.Options{ReadOnly: true}, store.ErrNoStore, "--db"},
		{"empty", empty, store.Options{}, store.ErrNoStore, "empty"},
		{"text", text, create, store.ErrForeign, "not a clew store"},
		{"folder", folder, create, store.ErrForeign, "not a file"},
		{"another program's", sql(`CREATE TABLE t (x)`), create, store.ErrForeign, "another program"},
		{"another application's", sql(`PRAGMA application_id = 7`), create, store.ErrForeign, "0x7"},
		{"newer", ours(`PRAGMA user_version = 99`), create, store.ErrNewer, "schema is 99"},
		{"newer, to read", ours(`PRAGMA user_version = 99`), store.Options{ReadOnly: true}, store.ErrNewer, "install"},
		{"older, to read", ours(`PRAGMA user_version = 0`), store.Options{ReadOnly: true}, store.ErrOlder, "migrate"},
		{"of before the first release", ours(`PRAGMA user_version = 1`), create, store.ErrOlder, "another --db"},
		{"without its key", ours(`DELETE FROM meta`), store.Options{}, store.ErrDamaged, "hash key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "clew.db")
			c.prepare(t, path)
			_, err := store.Open(ctx, path, c.options)
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, path)
		})
	}
	_, err := store.Open(ctx, filepath.Join(t.TempDir(), "x"), store.Options{Create: true, ReadOnly: true})
	require.Error(t, err)
}

func TestReadOnly(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	bs := newGenerator(1).blocks(3, 3)
	load(t, s, bs, 1)
	r, err := store.Open(ctx, s.Path(), store.Options{ReadOnly: true})
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	got, err := r.Tx(ctx, bitcoin, bs[2].Txs[1].ID)
	require.NoError(t, err)
	require.Equal(t, &bs[2].Txs[1], got)
	_, err = r.Load(ctx, bitcoin)
	require.ErrorIs(t, err, store.ErrReadOnly)
	_, err = r.Rewind(ctx, bitcoin, 0)
	require.ErrorIs(t, err, store.ErrReadOnly)
	require.ErrorIs(t, r.SaveTrace(ctx, "t", "", nil), store.ErrReadOnly)
}

// TestFullDisk: the batch that does not fit is gone as a whole, everything before is there,
// and loading goes on when there is room again.
func TestFullDisk(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	bs := newGenerator(3).blocks(40, 50)
	load(t, s, bs[:20], 5)
	before := dump(t, s)
	pages, err := store.Pages(s)
	require.NoError(t, err)
	require.NoError(t, store.LimitPages(s, int(pages)+2))

	l, err := s.Load(ctx, bitcoin)
	require.NoError(t, err)
	for _, b := range bs[20:] {
		require.NoError(t, l.Add(b))
	}
	err = l.Flush(ctx)
	require.ErrorIs(t, err, store.ErrFull)
	require.ErrorContains(t, err, "free some space")
	require.ErrorIs(t, l.Add(bs[20]), store.ErrFull, "a loader that failed stays failed")
	require.NoError(t, l.Close())
	require.Equal(t, before, dump(t, s))

	require.NoError(t, store.LimitPages(s, 1<<30))
	load(t, s, bs[20:], 7)
	whole := open(t)
	load(t, whole, bs, 40)
	require.Equal(t, dump(t, whole), dump(t, s))
}

// TestFlushEndsWithItsContext: a batch that was interrupted leaves nothing.
func TestFlushEndsWithItsContext(t *testing.T) {
	s := open(t)
	bs := newGenerator(3).blocks(4, 50)
	load(t, s, bs[:2], 5)
	before := dump(t, s)
	l, err := s.Load(t.Context(), bitcoin)
	require.NoError(t, err)
	require.NoError(t, l.Add(bs[2]))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, l.Flush(ctx), context.Canceled)
	require.NoError(t, l.Close())
	require.Equal(t, before, dump(t, s))
	load(t, s, bs[2:], 1)
}

// TestReadersKeepTheirSnapshot: while one goroutine loads and rewinds, a Source gives the
// chain as it was, and others read single transactions.
func TestReadersKeepTheirSnapshot(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	g := newGenerator(5)
	bs := g.blocks(30, 20)
	load(t, s, bs, 10)
	q, err := s.Source(ctx, bitcoin, store.Latest)
	require.NoError(t, err)
	for _, b := range bs {
		for i := range b.Txs {
			require.NoError(t, q.WatchTx(ctx, b.Txs[i].ID))
		}
	}
	var wg sync.WaitGroup
	stop, failed := make(chan struct{}), make(chan error, 2)
	for range 2 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				want := &bs[i%10].Txs[i%20]
				if got, err := s.Tx(ctx, bitcoin, want.ID); err != nil || got.ID != want.ID || len(got.Inputs) != len(want.Inputs) {
					failed <- fmt.Errorf("transaction %s: %w", want.ID, err)
					return
				}
			}
		})
	}
	for range 5 {
		_, err := s.Rewind(ctx, bitcoin, 9)
		require.NoError(t, err)
		load(t, s, bs[10:], 3)
		_, err = s.Rewind(ctx, bitcoin, 9)
		require.NoError(t, err)
		b := bs[9]
		f := newGenerator(5)
		f.height, f.prev = 10, b.Ref.Hash
		load(t, s, f.fork(99).blocks(5, 10), 2)
	}
	for _, b := range bs {
		for i := range b.Txs {
			got, err := q.Next(ctx)
			require.NoError(t, err)
			require.Equal(t, &b.Txs[i], got)
		}
	}
	require.NoError(t, q.Close())
	close(stop)
	wg.Wait()
	require.Empty(t, failed)
	_, err = s.Source(ctx, bitcoin, 29)
	require.ErrorIs(t, err, chains.ErrIncomplete)
}
