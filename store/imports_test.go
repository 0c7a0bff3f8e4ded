package store_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"clew/store"
)

func TestImportsKeepTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	st, err := store.Open(t.Context(), path, store.Options{Create: true})
	require.NoError(t, err)
	in := store.Import{
		Chain: "ethereum", Name: "a.csv", Source: "an exchange", Unit: "usd", Decimals: 2,
		Imported: time.Unix(1648552790, 0).UTC(), Content: []byte("time,from,to\n1,2,3\n"),
	}
	id, err := st.SaveImport(t.Context(), in)
	require.NoError(t, err)
	in.SHA256 = id
	got, err := st.Imports(t.Context(), "ethereum")
	require.NoError(t, err)
	require.Equal(t, []store.Import{in}, got)

	in.Source = "the same, named better"
	_, err = st.SaveImport(t.Context(), in)
	require.NoError(t, err)
	got, err = st.Imports(t.Context(), "ethereum")
	require.NoError(t, err)
	require.Equal(t, []store.Import{in}, got)
	none, err := st.Imports(t.Context(), "polygon")
	require.NoError(t, err)
	require.Empty(t, none)
	require.NoError(t, st.Close())

	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	require.NoError(t, err)
	require.NoError(t, sqlitex.ExecuteTransient(c, `UPDATE import SET bytes = bytes + 1`, nil))
	require.NoError(t, c.Close())
	st, err = store.Open(t.Context(), path, store.Options{})
	require.NoError(t, err)
	_, err = st.Imports(t.Context(), "ethereum")
	require.ErrorIs(t, err, store.ErrDamaged)
	require.NoError(t, st.Close())
}
