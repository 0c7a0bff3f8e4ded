package journal_test

import (
	"errors"
	"math"
	"os"
	"sync"
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
	j := open(t, journal.Options{})
	journal.TidyEvery(j, 1<<20)
	size := func() int64 {
		info, err := os.Stat(j.Path())
		require.NoError(t, err)
		return info.Size()
	}
	before := size()
	for i := 0; size() <= before; i++ { // until what was written, which goes to the log first, comes to its place
		require.Less(t, i, 50_000)
		put(t, j, true, verdict(int64(i)))
	}
	require.NoError(t, j.Trouble())
}

func TestLongLogIsBegunAnew(t *testing.T) {
	ctx := t.Context()
	j := open(t, journal.Options{})
	journal.TidyEvery(j, math.MaxInt) // never beside
	for i := range 500 {
		put(t, j, true, verdict(int64(i)))
	}
	journal.LongLog(j)
	put(t, j, true, verdict(500)) // behind which the log is moved
	put(t, j, true, verdict(501)) // which begins it anew
	pages, err := journal.LogPages(ctx, j)
	require.NoError(t, err)
	require.Less(t, pages, int64(50))
}

func TestAnotherWriterIsWaitedFor(t *testing.T) {
	ctx := t.Context()
	j := open(t, journal.Options{})
	release, err := journal.HoldWriter(ctx, j.Path())
	require.NoError(t, err)
	var wait sync.WaitGroup
	wait.Go(func() { do(t, j, addJob("waits")) })
	_, err = j.Job(ctx, "waits")
	require.ErrorIs(t, err, journal.ErrNotFound, "reads wait for nobody")
	require.NoError(t, release())
	wait.Wait()

	require.NoError(t, journal.Impatient(ctx, j))
	release, err = journal.HoldWriter(ctx, j.Path())
	require.NoError(t, err)
	err = j.Do(ctx, addJob("gives up"))
	require.ErrorIs(t, err, journal.ErrLocked)
	require.ErrorContains(t, err, "--journal")
	require.NoError(t, release())
	do(t, j, addJob("goes on"))
}
