package journal_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/store/journal"
)

// TestNothingGoesThroughAWholeTable calls everything that is called while requests wait, and looks at how
// SQLite means to answer it.
func TestNothingGoesThroughAWholeTable(t *testing.T) {
	ctx := t.Context()
	j := open(t, journal.Options{})
	fill(t, j)
	s := verdict(3)
	var errs []error
	note := func(err error) { errs = append(errs, err) }
	_, err := j.Screening(ctx, s.ID)
	note(err)
	for _, f := range []journal.ScreeningFilter{{Subject: s.Subject}, {Subject: s.Subject, Since: day}, {Outcome: "match"}, {Action: "block"}, {Outcome: "match", Action: "block", Since: day}} {
		for _, before := range []int64{0, 1} {
			_, err = j.Screenings(ctx, f, before, 10)
			note(err)
		}
	}
	_, err = j.Job(ctx, "a")
	note(err)
	_, _, err = j.ClaimJob(ctx, "me", time.Minute)
	note(err)
	_, err = j.Reply(ctx, "r")
	note(err)
	_, err = j.Watches(ctx, journal.WatchFilter{Chain: "bitcoin"}, "", 0)
	note(err)
	_, err = j.Watches(ctx, journal.WatchFilter{Incident: "i"}, "", 10)
	note(err)
	_, err = j.Sightings(ctx, "bitcoin", "pending", 0)
	note(err)
	claimed, err := j.ClaimDeliveries(ctx, "e", time.Now(), time.Minute, 10)
	note(err)
	require.Len(t, claimed, 1)
	note(j.FinishDelivery(ctx, claimed[0]))
	_, _, err = j.Deliveries(ctx, journal.DeliveryDead, 0, 10)
	note(err)
	_, err = j.Counts(ctx)
	note(err)
	_, err = j.LogLines(ctx, 3, 10)
	note(err)
	_, err = j.Prune(ctx, day)
	note(err)
	note(j.Do(ctx, func(tx *journal.Tx) error {
		_, err := tx.RequeueRunning()
		return errors.Join(err, tx.AdvanceWatch("w", 1, "x"), tx.PutReply(journal.Reply{Key: "r"}))
	}))
	require.NoError(t, errors.Join(errs...))
	scans, err := journal.Scans(ctx, j)
	require.NoError(t, err)
	require.Empty(t, scans)
}

func TestCheckpointsComeBeside(t *testing.T) {
	ctx := t.Context()
	j := open(t, journal.Options{})
	const longLog = 200
	journal.TidyEvery(j, 1<<20, longLog)
	for i := range 3000 {
		s := verdict(int64(i))
		do(t, j, func(tx *journal.Tx) error {
			_, err := tx.PutScreening(s)
			return err
		})
	}
	require.NoError(t, j.Trouble())
	pages, err := journal.LogPages(ctx, j)
	require.NoError(t, err)
	require.Less(t, pages, int64(4000), "3,000 commits write three or more pages each")
	moved, err := journal.Number(ctx, j, `PRAGMA page_count`)
	require.NoError(t, err)
	require.Greater(t, moved, int64(100))
}
