package journal_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"clew/store"
	"clew/store/journal"
)

func TestOpenRefuses(t *testing.T) {
	ctx := t.Context()
	sql := func(script string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			j, err := journal.Open(ctx, path, journal.Options{Create: true})
			require.NoError(t, err)
			require.NoError(t, j.Close())
			c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
			require.NoError(t, err)
			require.NoError(t, sqlitex.ExecuteScript(c, script, nil))
			require.NoError(t, c.Close())
		}
	}
	write := func(text string, mode os.FileMode) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			require.NoError(t, os.Chmod(path, mode))
		}
	}
	aStore := func(t *testing.T, path string) {
		t.Helper()
		s, err := store.Open(ctx, path, store.Options{Create: true})
		require.NoError(t, err)
		require.NoError(t, s.Close())
		require.NoError(t, os.Chmod(path, 0o600))
	}
	none := func(*testing.T, string) {}
	folder := func(t *testing.T, path string) {
		t.Helper()
		require.NoError(t, os.Mkdir(path, 0o700))
	}
	create := journal.Options{Create: true}
	cases := []struct {
		name    string
		file    func(*testing.T, string)
		options journal.Options
		err     error
		says    string
	}{
		{"absent", none, journal.Options{}, journal.ErrNoJournal, "--journal"},
		{"absent, to read", none, journal.Options{ReadOnly: true}, journal.ErrNoJournal, "clew serve"},
		{"empty", write("", 0o600), journal.Options{}, journal.ErrNoJournal, "empty"},
		{"text", write("id,verdict\n", 0o600), create, journal.ErrForeign, "not a clew journal"},
		{"folder", folder, create, journal.ErrForeign, "not a file"},
		{"a store", aStore, create, journal.ErrForeign, "0x436c6577"},
		{"newer", sql(`PRAGMA user_version = 99`), create, journal.ErrNewer, "newer program"},
		{"may be read by the group", write("", 0o640), create, journal.ErrOpenToOthers, "chmod 600"},
		{"may be read by all", write("", 0o604), create, journal.ErrOpenToOthers, "secrets"},
		{"both", none, journal.Options{Create: true, ReadOnly: true}, nil, "cannot be created"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if errors.Is(c.err, journal.ErrOpenToOthers) && runtime.GOOS == "windows" {
				t.Skip("Windows tells no rights of others here")
			}
			path := filepath.Join(t.TempDir(), "clew.screening.db")
			c.file(t, path)
			_, err := journal.Open(ctx, path, c.options)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, path)
			if c.err != nil {
				require.ErrorIs(t, err, c.err)
			}
		})
	}
}

func TestFileIsItsOwnersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows tells no rights of others here")
	}
	j := open(t, journal.Options{})
	do(t, j, addJob("one"))
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(j.Path() + suffix)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), suffix)
	}
}

func TestEveryColumnIsExplained(t *testing.T) {
	text, err := os.ReadFile("migrations/0001_screening.sql")
	require.NoError(t, err)
	require.NotRegexp(t, `(?m)^    [a-z_]+ +(INTEGER|TEXT|BLOB)[^-]*$`, string(text))
}
