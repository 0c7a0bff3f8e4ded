package journal_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/store/journal"
)

func TestJobs(t *testing.T) {
	ctx := t.Context()
	c := newClock()
	j := open(t, journal.Options{Now: c.Now})
	other := openAt(t, j.Path(), journal.Options{Now: c.Now}) // as a second server has it
	_, ok, err := j.ClaimJob(ctx, "first", time.Minute)
	require.NoError(t, err)
	require.False(t, ok)

	asked := journal.Job{ID: "a", Kind: "screening", Request: []byte(`{"a":1}`), Endpoint: "e", Key: "k", Created: day}
	do(t, j, func(tx *journal.Tx) error {
		for i, want := range []bool{true, false} {
			again := asked
			again.Kind = fmt.Sprint("screening", "again"[:5*i])
			if added, err := tx.AddJob(again); err != nil || added != want {
				return errors.Join(err, fmt.Errorf("added: %v", added))
			}
		}
		return addJob("b")(tx)
	})
	a, ok, err := j.ClaimJob(ctx, "first", time.Minute)
	require.NoError(t, err)
	require.True(t, ok)
	want := asked
	want.State, want.Attempts = journal.JobRunning, 1
	require.Equal(t, want, a)
	b, ok, err := other.ClaimJob(ctx, "second", time.Minute)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "b", b.ID)
	_, ok, err = other.ClaimJob(ctx, "second", time.Minute)
	require.NoError(t, err)
	require.False(t, ok, "both are somebody's")
	counts, err := j.Counts(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 2, counts.Jobs[journal.JobRunning])

	c.advance(50 * time.Second)
	do(t, j, func(tx *journal.Tx) error { return tx.ExtendJob("a", "first", time.Minute) })
	c.advance(10 * time.Second) // to the moment at which the lease of b ends
	b, ok, err = j.ClaimJob(ctx, "first", time.Minute)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "b", b.ID)
	require.Equal(t, 2, b.Attempts)
	for name, f := range map[string]func(*journal.Tx) error{
		"extend": func(tx *journal.Tx) error { return tx.ExtendJob("b", "second", time.Minute) },
		"finish": func(tx *journal.Tx) error { return tx.FinishJob("b", "second", "scr-1", "") },
		"return": func(tx *journal.Tx) error { return tx.ReturnJob("b", "second", "stopped") },
	} {
		require.ErrorIs(t, other.Do(ctx, f), journal.ErrLost, name)
	}
	do(t, j, func(tx *journal.Tx) error { return tx.FinishJob("b", "first", "", "the chain is not there") })
	do(t, j, func(tx *journal.Tx) error { return tx.FinishJob("a", "first", "scr-1", "") })
	require.ErrorIs(t, j.Do(ctx, func(tx *journal.Tx) error { return tx.FinishJob("a", "first", "scr-2", "") }), journal.ErrLost)
	a, err = j.Job(ctx, "a")
	require.NoError(t, err)
	require.Equal(t, journal.JobDone, a.State)
	require.Equal(t, "scr-1", a.Result)
	require.Equal(t, c.Now(), a.Finished)
	b, err = j.Job(ctx, "b")
	require.NoError(t, err)
	require.Equal(t, journal.JobFailed, b.State)
	require.Equal(t, "the chain is not there", b.Error)
}

func TestReturnedAndRequeuedJobsWaitAgain(t *testing.T) {
	ctx := t.Context()
	c := newClock()
	j := open(t, journal.Options{Now: c.Now})
	do(t, j, addJob("a"))
	do(t, j, addJob("b"))
	for range 2 {
		a, ok, err := j.ClaimJob(ctx, "me", time.Minute)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, "a", a.ID)
		do(t, j, func(tx *journal.Tx) error { return tx.ReturnJob("a", "me", "the server stops") })
	}
	for range 2 {
		_, ok, err := j.ClaimJob(ctx, "me", time.Minute)
		require.NoError(t, err)
		require.True(t, ok)
	}
	c.advance(time.Minute)
	do(t, j, func(tx *journal.Tx) error { return tx.ExtendJob("b", "me", time.Minute) }) // nobody has taken it
	do(t, j, func(tx *journal.Tx) error {
		n, err := tx.RequeueRunning()
		if n != 1 {
			return fmt.Errorf("%d jobs taken back", n)
		}
		return err
	})
	a, err := j.Job(ctx, "a")
	require.NoError(t, err)
	require.Equal(t, journal.JobQueued, a.State)
	require.Equal(t, "the server stops", a.Error)
	require.Equal(t, 3, a.Attempts)
}

func TestDeliveries(t *testing.T) {
	ctx := t.Context()
	c := newClock()
	j := open(t, journal.Options{Now: c.Now})
	now := c.Now()
	d := journal.Delivery{ID: "evt-1", Endpoint: "e1", Kind: "watch.moved", Body: []byte(`{"n":1}`), Created: now}
	do(t, j, func(tx *journal.Tx) error {
		second, later, again := d, d, d
		second.Endpoint = "e2"
		later.ID, later.Next = "evt-2", now.Add(time.Hour)
		again.Kind = "another"
		return errors.Join(tx.PutEndpoint(journal.Endpoint{ID: "e1"}), tx.PutEndpoint(journal.Endpoint{ID: "e2"}), tx.RemoveEndpoint("e2"),
			tx.AddDelivery(d), tx.AddDelivery(second), tx.AddDelivery(later), tx.AddDelivery(again))
	})
	due := func(at time.Time, want ...string) {
		t.Helper()
		ids, err := j.DueEndpoints(ctx, at)
		require.NoError(t, err)
		require.Equal(t, append([]string{}, want...), ids)
	}
	due(now, "e1", "e2")
	claimed, err := j.ClaimDeliveries(ctx, "e1", now, time.Minute, 10)
	require.NoError(t, err)
	want := d
	want.State, want.Next, want.Leased = journal.DeliveryDue, now, now.Add(time.Minute)
	require.Equal(t, []journal.Delivery{want}, claimed)
	claimed, err = j.ClaimDeliveries(ctx, "e1", now.Add(59*time.Second), time.Minute, 10)
	require.NoError(t, err)
	require.Empty(t, claimed, "somebody has it in hand")
	due(now.Add(59*time.Second), "e2")
	due(now.Add(time.Minute), "e1", "e2") // who had it in hand died
	claimed, err = j.ClaimDeliveries(ctx, "e1", now.Add(time.Hour), time.Minute, 10)
	require.NoError(t, err)
	require.Len(t, claimed, 2)

	failed, dead := claimed[0], claimed[1]
	failed.Attempts, failed.Error, failed.Next = 1, "503", now.Add(2*time.Hour)
	dead.State, dead.Attempts, dead.Error, dead.Finished = journal.DeliveryDead, 12, "410", now.Add(time.Hour)
	require.NoError(t, j.FinishDelivery(ctx, failed))
	require.NoError(t, j.FinishDelivery(ctx, dead))
	due(now.Add(time.Hour), "e2")
	found, after, err := j.Deliveries(ctx, journal.DeliveryDead, 0, 10)
	require.NoError(t, err)
	require.Zero(t, after)
	dead.Leased = time.Time{}
	require.Equal(t, []journal.Delivery{dead}, found)

	do(t, j, func(tx *journal.Tx) error { return tx.Resend("evt-2", "e1", now.Add(90*time.Minute)) })
	claimed, err = j.ClaimDeliveries(ctx, "e1", now.Add(90*time.Minute), time.Minute, 10)
	require.NoError(t, err)
	require.Len(t, claimed, 1)
	require.Equal(t, "evt-2", claimed[0].ID)
	require.Zero(t, claimed[0].Attempts)
	require.True(t, claimed[0].Finished.IsZero())
}

func TestDeliveriesOfAGroupAreFirstTriedInOrder(t *testing.T) {
	ctx := t.Context()
	j := open(t, journal.Options{})
	now := day
	do(t, j, func(tx *journal.Tx) error {
		var errs []error
		for i, group := range []string{"g", "g", "", "h", "g"} {
			errs = append(errs, tx.AddDelivery(journal.Delivery{ID: fmt.Sprint(i), Endpoint: "e", Group: group, Created: day}))
		}
		return errors.Join(errs...)
	})
	claim := func(limit int, want ...string) []journal.Delivery {
		t.Helper()
		claimed, err := j.ClaimDeliveries(ctx, "e", now, time.Minute, limit)
		require.NoError(t, err)
		var ids []string
		for _, d := range claimed {
			ids = append(ids, d.ID)
		}
		require.Equal(t, want, ids)
		return claimed
	}
	first := claim(2, "0", "2")[0]
	claim(9, "3")
	claim(9)
	first.Attempts, first.Next = 1, now.Add(time.Hour) // it failed, and those behind it no longer wait for it
	require.NoError(t, j.FinishDelivery(ctx, first))
	second := claim(9, "1")[0]
	second.State, second.Finished = journal.DeliveryDelivered, now
	require.NoError(t, j.FinishDelivery(ctx, second))
	third := claim(9, "4")[0]
	third.State, third.Finished = journal.DeliveryDelivered, now
	require.NoError(t, j.FinishDelivery(ctx, third))
	now = now.Add(time.Hour)
	claim(9, "2", "3", "0")
	do(t, j, func(tx *journal.Tx) error {
		return tx.AddDelivery(journal.Delivery{ID: "5", Endpoint: "e", Group: "g", Created: day})
	})
	claim(9) // while one before it is tried again
	now = now.Add(2 * time.Minute)
	claim(9, "2", "3", "5", "0") // all leases ran out
}

func TestDeliveriesAreListedInPages(t *testing.T) {
	ctx := t.Context()
	j := open(t, journal.Options{})
	do(t, j, func(tx *journal.Tx) error {
		var errs []error
		for i := range 5 {
			errs = append(errs, tx.AddDelivery(journal.Delivery{ID: fmt.Sprint(i), Endpoint: "e"}))
		}
		return errors.Join(errs...)
	})
	var ids []string
	for before := int64(0); ; {
		found, after, err := j.Deliveries(ctx, "", before, 2)
		require.NoError(t, err)
		for _, d := range found {
			ids = append(ids, d.ID)
		}
		if before = after; after == 0 {
			break
		}
	}
	require.Equal(t, []string{"4", "3", "2", "1", "0"}, ids)
	found, _, err := j.Deliveries(ctx, journal.DeliveryDelivered, 0, 2)
	require.NoError(t, err)
	require.Empty(t, found)
}
