package journal_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/store/journal"
)

// open opens a new journal that the test closes.
func open(t testing.TB, o journal.Options) *journal.Journal {
	t.Helper()
	o.Create = true
	j, err := journal.Open(t.Context(), filepath.Join(t.TempDir(), "clew.screening.db"), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, j.Close()) })
	return j
}

func TestDoKeepsAllOrNothing(t *testing.T) {
	ctx := t.Context()
	j := open(t, journal.Options{})
	wrong := errors.New("something is wrong")
	err := j.Do(ctx, func(tx *journal.Tx) error {
		added, err := tx.AddJob(journal.Job{ID: "one", Kind: "trace"})
		return errors.Join(err, wrong, map[bool]error{true: nil, false: errors.New("not added")}[added])
	})
	require.ErrorIs(t, err, wrong)
	_, err = j.Job(ctx, "one")
	require.ErrorIs(t, err, journal.ErrNotFound)
	require.NoError(t, j.Do(ctx, func(tx *journal.Tx) error {
		if _, err := tx.PutScreening(journal.Screening{ID: "scr-1", Subject: `{}`, Verdict: []byte("{}")}); err != nil {
			return err
		}
		_, err := tx.AddJob(journal.Job{ID: "two", Kind: "trace", Request: []byte("{}")})
		return err
	}))
	b, err := j.Job(ctx, "two")
	require.NoError(t, err)
	require.Equal(t, journal.JobQueued, b.State)
	s, err := j.Screening(ctx, "scr-1")
	require.NoError(t, err)
	require.Equal(t, "{}", string(s.Verdict))
}
