package journal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/custody"
	"clew/store/journal"
)

// open opens a new journal, which is closed with the test.
func open(t testing.TB, o journal.Options) *journal.Journal {
	t.Helper()
	o.Create = true
	return openAt(t, filepath.Join(t.TempDir(), "clew.screening.db"), o)
}

func openAt(t testing.TB, path string, o journal.Options) *journal.Journal {
	t.Helper()
	j, err := journal.Open(context.Background(), path, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, j.Close()) })
	return j
}

// do writes in a transaction of its own.
func do(t testing.TB, j *journal.Journal, f func(*journal.Tx) error) {
	t.Helper()
	require.NoError(t, j.Do(context.Background(), f))
}

// clock is a clock that tests set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func addJob(id string) func(*journal.Tx) error {
	return func(tx *journal.Tx) error {
		_, err := tx.AddJob(journal.Job{ID: id, Kind: "trace", Request: []byte("{}")})
		return err
	}
}

func TestDoKeepsAllOrNothing(t *testing.T) {
	ctx := t.Context()
	j := open(t, journal.Options{})
	wrong := errors.New("something is wrong")
	for _, n := range []int{0, 1} { // also behind one that failed
		err := j.Do(ctx, func(tx *journal.Tx) error {
			if err := addJob("one")(tx); err != nil {
				return err
			}
			if b, err := tx.Job("one"); err != nil || b.State != journal.JobQueued {
				return fmt.Errorf("it does not see what it wrote: %+v, %w", b, err)
			}
			if _, err := tx.AppendLog(custody.Entry{What: "call"}); err != nil {
				return err
			}
			if _, err := tx.PutScreening(verdict(int64(n))); err != nil {
				return err
			}
			return wrong
		})
		require.ErrorIs(t, err, wrong)
		_, err = j.Job(ctx, "one")
		require.ErrorIs(t, err, journal.ErrNotFound)
		require.ErrorContains(t, err, `job "one"`)
		_, err = j.Screening(ctx, verdict(int64(n)).ID)
		require.ErrorIs(t, err, journal.ErrNotFound)
	}
	do(t, j, addJob("two"))
	b, err := j.Job(ctx, "two")
	require.NoError(t, err)
	require.Equal(t, journal.JobQueued, b.State)
	entries, _, err := j.VerifyLog(ctx)
	require.NoError(t, err)
	require.Zero(t, entries)
}

// held runs f while the goroutine that writes is held up, so that all that f starts joins one group.
func held(t *testing.T, j *journal.Journal, f func()) {
	t.Helper()
	begun, end := make(chan struct{}), make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		do(t, j, func(*journal.Tx) error {
			close(begun)
			<-end
			return nil
		})
	})
	<-begun
	f()
	close(end)
	wait.Wait()
}

func TestCallsShareACommit(t *testing.T) {
	ctx := t.Context()
	var mu sync.Mutex
	var groups []journal.Group
	j := open(t, journal.Options{Committed: func(g journal.Group) {
		mu.Lock()
		defer mu.Unlock()
		groups = append(groups, g)
	}})
	const calls = 60
	wrong := errors.New("every third")
	errs := make([]error, calls)
	var wait sync.WaitGroup
	held(t, j, func() {
		for i := range calls {
			s := verdict(int64(i))
			wait.Go(func() {
				errs[i] = j.Do(ctx, func(tx *journal.Tx) error {
					if _, err := tx.PutScreening(s); err != nil {
						return err
					}
					if _, err := tx.AppendLog(called(int64(i), &s)); err != nil {
						return err
					}
					if i%3 == 0 {
						return wrong
					}
					return nil
				})
			})
		}
		for journal.Waiting(j) < calls {
			runtime.Gosched()
		}
	})
	wait.Wait()
	for i := range calls {
		_, err := j.Screening(ctx, verdict(int64(i)).ID)
		if i%3 == 0 {
			require.ErrorIs(t, errs[i], wrong)
			require.ErrorIs(t, err, journal.ErrNotFound, i)
		} else {
			require.NoError(t, errs[i])
			require.NoError(t, err, i)
		}
	}
	entries, _, err := j.VerifyLog(ctx)
	require.NoError(t, err, "what was taken back leaves no gap in the log")
	require.EqualValues(t, calls-calls/3, entries)
	total := 0
	mu.Lock()
	defer mu.Unlock()
	for _, g := range groups {
		require.NoError(t, g.Err)
		require.False(t, g.Durable)
		total += g.Calls
	}
	require.Equal(t, calls+1, total, "with the one that held them up")
	require.Less(t, len(groups), calls/2)
}

func TestCallsBehindOneJoinIt(t *testing.T) {
	groups := make(chan journal.Group, 8)
	j := open(t, journal.Options{Committed: func(g journal.Group) { groups <- g }})
	var wait sync.WaitGroup
	begun, end := make(chan struct{}), make(chan struct{})
	wait.Go(func() {
		do(t, j, func(*journal.Tx) error { close(begun); <-end; return nil })
	})
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() { left <- j.Do(ctx, addJob("left")) }()
	cancel()
	require.ErrorIs(t, <-left, context.Canceled, "one that waits is not run")
	ran := false
	wait.Go(func() { do(t, j, func(tx *journal.Tx) error { ran = true; return addJob("joined")(tx) }) })
	close(end)
	wait.Wait()
	require.True(t, ran)
	_, err := j.Job(t.Context(), "left")
	require.ErrorIs(t, err, journal.ErrNotFound)
	_, err = j.Job(t.Context(), "joined")
	require.NoError(t, err)
}

func TestWhatIsAcceptedWaitsForTheDisk(t *testing.T) {
	groups := make(chan journal.Group, 1)
	j := open(t, journal.Options{Committed: func(g journal.Group) { groups <- g }})
	s := verdict(1)
	cases := []struct {
		name    string
		durable bool
		f       func(*journal.Tx) error
	}{
		{"verdict", false, func(tx *journal.Tx) error { _, err := tx.PutScreening(s); return err }},
		{"call", false, func(tx *journal.Tx) error { _, err := tx.AppendLog(called(1, &s)); return err }},
		{"text", false, func(tx *journal.Tx) error { _, err := tx.PutBlob("rules", []byte("x")); return err }},
		{"reply", false, func(tx *journal.Tx) error { return tx.PutReply(journal.Reply{Key: "k"}) }},
		{"job", true, addJob("one")},
		{"claim", false, func(tx *journal.Tx) error { _, _, err := tx.ClaimJob("me", time.Second); return err }},
		{"end of a job", false, func(tx *journal.Tx) error { return tx.FinishJob("one", "me", "", "") }},
		{"incident", true, func(tx *journal.Tx) error { return tx.PutIncident(journal.Incident{ID: "i"}) }},
		{"no incident", true, func(tx *journal.Tx) error { return tx.DropIncident("i") }},
		{"watch", true, func(tx *journal.Tx) error { return tx.PutWatch(journal.Watch{ID: "w", Address: "a"}) }},
		{"watch goes on", true, func(tx *journal.Tx) error { return tx.AdvanceWatch("w", 1, "") }},
		{"sighting", true, func(tx *journal.Tx) error { return tx.PutSighting(journal.Sighting{Watch: "w"}) }},
		{"trail", true, func(tx *journal.Tx) error { return tx.PutTrail("bitcoin", []byte("[]")) }},
		{"no watch", true, func(tx *journal.Tx) error { return tx.RemoveWatch("w") }},
		{"endpoint", true, func(tx *journal.Tx) error { return tx.PutEndpoint(journal.Endpoint{ID: "e"}) }},
		{"delivery", true, func(tx *journal.Tx) error { return tx.AddDelivery(journal.Delivery{ID: "d", Endpoint: "e"}) }},
		{"end of a delivery", false, func(tx *journal.Tx) error {
			return tx.FinishDelivery(journal.Delivery{ID: "d", Endpoint: "e", State: journal.DeliveryDead})
		}},
		{"delivery again", true, func(tx *journal.Tx) error { return tx.Resend("d", "e", time.Now()) }},
		{"no endpoint", true, func(tx *journal.Tx) error { return tx.RemoveEndpoint("e") }},
		{"key", true, func(tx *journal.Tx) error { return tx.PutKey(journal.Key{ID: "k"}) }},
		{"no key", true, func(tx *journal.Tx) error { return tx.RevokeKey("k") }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			do(t, j, c.f)
			require.Equal(t, c.durable, (<-groups).Durable)
		})
	}
	require.Error(t, j.Do(t.Context(), func(tx *journal.Tx) error {
		return errors.Join(addJob("not")(tx), errors.New("taken back"))
	}))
	require.False(t, (<-groups).Durable)
}

func TestPanicIsItsCallers(t *testing.T) {
	j := open(t, journal.Options{})
	require.PanicsWithValue(t, "no", func() {
		do(t, j, func(tx *journal.Tx) error {
			if err := addJob("one")(tx); err != nil {
				return err
			}
			panic("no")
		})
	})
	do(t, j, addJob("two"))
	_, err := j.Job(t.Context(), "one")
	require.ErrorIs(t, err, journal.ErrNotFound)
}

func TestCloseKeepsWhatWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clew.screening.db")
	j, err := journal.Open(t.Context(), path, journal.Options{Create: true})
	require.NoError(t, err)
	var wait sync.WaitGroup
	held(t, j, func() {
		wait.Go(func() { do(t, j, addJob("waits")) })
		for journal.Waiting(j) == 0 {
			runtime.Gosched()
		}
		wait.Go(func() { require.NoError(t, j.Close()) })
		for !journal.Closing(j) {
			runtime.Gosched()
		}
		require.ErrorIs(t, j.Do(t.Context(), addJob("late")), journal.ErrClosed)
	})
	wait.Wait()
	require.NoError(t, j.Close(), "again")
	require.NoFileExists(t, path+"-wal", "all stands in one file")

	j = openAt(t, path, journal.Options{ReadOnly: true})
	_, err = j.Job(t.Context(), "waits")
	require.NoError(t, err)
	require.ErrorIs(t, j.Do(t.Context(), addJob("more")), journal.ErrReadOnly)
	require.ErrorIs(t, j.Writable(t.Context()), journal.ErrReadOnly)
	require.NoError(t, j.Trouble())
}

// TestOneFileOnceItIsClosed: whoever copies the one file of a journal that was read and written has all of it.
func TestOneFileOnceItIsClosed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clew.screening.db")
	j, err := journal.Open(t.Context(), path, journal.Options{Create: true})
	require.NoError(t, err)
	do(t, j, addJob("one"))
	_, err = j.Job(t.Context(), "one")
	require.NoError(t, err)
	require.NoError(t, j.Close())
	require.NoFileExists(t, path+"-wal")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	copied := filepath.Join(t.TempDir(), "copy.db")
	require.NoError(t, os.WriteFile(copied, data, 0o600))
	_, err = openAt(t, copied, journal.Options{ReadOnly: true}).Job(t.Context(), "one")
	require.NoError(t, err)
}

func TestFullDiskFailsEveryCallOfTheGroup(t *testing.T) {
	ctx := t.Context()
	j := open(t, journal.Options{})
	do(t, j, addJob("before"))
	require.NoError(t, journal.LimitPages(ctx, j, 2))
	big := make([]byte, 1<<20)
	err := j.Do(ctx, func(tx *journal.Tx) error {
		if err := addJob("small")(tx); err != nil {
			return err
		}
		_, err := tx.PutBlob("rules", big)
		return err
	})
	require.ErrorIs(t, err, journal.ErrFull)
	require.ErrorContains(t, err, "free some space")
	require.Equal(t, 1, strings.Count(err.Error(), "free some space"))
	require.NoError(t, j.Writable(ctx), "a number still has room")
	require.ErrorIs(t, j.Do(ctx, func(tx *journal.Tx) error { _, err := tx.PutBlob("rules", big); return err }), journal.ErrFull)
	require.True(t, journal.Unkept(j))
	require.NoError(t, journal.LimitPages(ctx, j, 1<<20))
	do(t, j, addJob("behind"))
	require.False(t, journal.Unkept(j))
	for id, there := range map[string]bool{"before": true, "small": false, "behind": true} {
		_, err := j.Job(ctx, id)
		require.Equal(t, there, err == nil, id)
	}
	problems, err := j.Check(ctx, nil)
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestReadSeesOneState(t *testing.T) {
	ctx := t.Context()
	j := open(t, journal.Options{})
	require.NoError(t, j.Read(ctx, func(r *journal.Reader) error {
		if _, err := r.Job("one"); !errors.Is(err, journal.ErrNotFound) {
			return fmt.Errorf("already there: %w", err)
		}
		do(t, j, addJob("one"))
		if _, err := r.Job("one"); !errors.Is(err, journal.ErrNotFound) {
			return fmt.Errorf("it sees what came later: %w", err)
		}
		return nil
	}))
	_, err := j.Job(ctx, "one")
	require.NoError(t, err)
}
