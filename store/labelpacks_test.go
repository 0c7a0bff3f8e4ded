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

func TestLabelPacks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	st, err := store.Open(t.Context(), path, store.Options{Create: true})
	require.NoError(t, err)
	at := time.Unix(1648552790, 0).UTC()
	contents := func() (out []string) {
		packs, err := st.LabelPacks(t.Context())
		require.NoError(t, err)
		names, err := st.LabelNames(t.Context())
		require.NoError(t, err)
		require.Len(t, names, len(packs))
		for i, p := range packs {
			require.Equal(t, map[bool]string{true: "base "}[p.Base]+p.SHA256, names[i])
			require.Equal(t, at, p.Added)
			require.Len(t, p.SHA256, 64)
			word := string(p.Content)
			if p.Base {
				word += " in place"
			}
			out = append(out, word)
		}
		return out
	}
	require.Empty(t, contents())
	added, err := st.AddLabels(t.Context(), []store.LabelPack{{Content: []byte("one"), Added: at}, {Content: []byte("two"), Added: at}})
	require.NoError(t, err)
	require.Equal(t, 2, added)
	added, err = st.AddLabels(t.Context(), []store.LabelPack{{Content: []byte("two"), Added: at.Add(time.Hour)}})
	require.NoError(t, err)
	require.Zero(t, added, "it stays as it was added first")
	require.NoError(t, st.ReplaceLabels(t.Context(), []store.LabelPack{{Content: []byte("base"), Added: at}}))
	require.ElementsMatch(t, []string{"one", "two", "base in place"}, contents())
	require.NoError(t, st.ReplaceLabels(t.Context(), []store.LabelPack{{Content: []byte("newer"), Added: at}, {Content: []byte("one"), Added: at}}))
	require.ElementsMatch(t, []string{"one", "one in place", "two", "newer in place"}, contents())
	require.NoError(t, st.ReplaceLabels(t.Context(), nil))
	packs, err := st.LabelPacks(t.Context())
	require.NoError(t, err)
	removed, err := st.RemoveLabels(t.Context(), []string{packs[0].SHA256, "unknown"})
	require.NoError(t, err)
	require.Equal(t, 1, removed)
	require.Equal(t, []string{string(packs[1].Content)}, contents())
	problems, err := st.Check(t.Context())
	require.NoError(t, err)
	require.Empty(t, problems)
	require.NoError(t, st.Close())

	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	require.NoError(t, err)
	require.NoError(t, sqlitex.ExecuteTransient(c, `UPDATE label_pack SET bytes = bytes + 1`, nil))
	require.NoError(t, c.Close())
	st, err = store.Open(t.Context(), path, store.Options{})
	require.NoError(t, err)
	_, err = st.LabelPacks(t.Context())
	require.ErrorIs(t, err, store.ErrDamaged)
	problems, err = st.Check(t.Context())
	require.NoError(t, err)
	require.Len(t, problems, 1)
	require.NoError(t, st.Close())
}
