package journal_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/store/journal"
)

// The test binary plays the other process where a test needs one: CLEW_JOURNAL_CHILD says how many
// calls it makes, CLEW_JOURNAL_PATH of which journal, CLEW_JOURNAL_FROM which numbers they have.
func TestMain(m *testing.M) {
	if os.Getenv("CLEW_JOURNAL_CHILD") == "" {
		os.Exit(m.Run())
	}
	if err := child(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child accepts jobs, keeps verdicts and logs calls from eight goroutines, and writes the number of each to
// standard output once it is kept. It also claims jobs and finishes every other one.
func child() error {
	calls, err1 := strconv.Atoi(os.Getenv("CLEW_JOURNAL_CHILD"))
	from, err2 := strconv.Atoi(os.Getenv("CLEW_JOURNAL_FROM"))
	j, err := journal.Open(context.Background(), os.Getenv("CLEW_JOURNAL_PATH"), journal.Options{Create: true})
	if err := errors.Join(err, err1, err2); err != nil {
		return err
	}
	var mu sync.Mutex
	var wait sync.WaitGroup
	errs := make([]error, 8)
	for g := range errs {
		wait.Go(func() {
			for i := from + g; i < from+calls && errs[g] == nil; i += len(errs) {
				if errs[g] = childCall(j, i); errs[g] == nil {
					mu.Lock()
					fmt.Fprintln(os.Stdout, i)
					mu.Unlock()
				}
			}
		})
	}
	wait.Wait()
	return errors.Join(errors.Join(errs...), j.Close())
}

func childCall(j *journal.Journal, i int) error {
	s := verdict(int64(i))
	err := j.Do(context.Background(), func(tx *journal.Tx) error {
		if _, err := tx.AddJob(journal.Job{ID: jobID(i), Kind: "screening", Request: s.Verdict}); err != nil {
			return err
		}
		if _, err := tx.PutScreening(s); err != nil {
			return err
		}
		_, err := tx.AppendLog(called(int64(i), &s))
		return err
	})
	if err != nil || i%2 == 1 {
		return err
	}
	return j.Do(context.Background(), func(tx *journal.Tx) error {
		b, ok, err := tx.ClaimJob("child", time.Millisecond)
		if err != nil || !ok || i%4 == 0 {
			return err
		}
		return tx.FinishJob(b.ID, "child", "scr-"+b.ID, "")
	})
}

func jobID(i int) string { return fmt.Sprint("job-", i) }

func start(t *testing.T, path string, from, calls int) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), "CLEW_JOURNAL_CHILD="+strconv.Itoa(calls), "CLEW_JOURNAL_PATH="+path, "CLEW_JOURNAL_FROM="+strconv.Itoa(from))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return cmd, bufio.NewScanner(out)
}

// TestKilledLosesNothingThatWasAccepted kills a process under load again and again. Each job, verdict and
// call that it was told is kept is there, and what it had in hand goes to the next.
func TestKilledLosesNothingThatWasAccepted(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "clew.screening.db")
	const rounds, each = 8, 1_000_000
	var kept []int
	for round := range rounds {
		cmd, lines := start(t, path, round*each, math.MaxInt32)
		for n := 0; n < 40+37*round && lines.Scan(); n++ {
			kept = append(kept, number(t, lines.Text()))
		}
		require.NoError(t, cmd.Process.Kill())
		for lines.Scan() { // what it said before it ended: lines this short are written whole
			kept = append(kept, number(t, lines.Text()))
		}
		require.Error(t, cmd.Wait(), "it was killed")
		j := openAt(t, path, journal.Options{})
		for _, i := range kept {
			b, err := j.Job(ctx, jobID(i))
			require.NoError(t, err)
			require.Contains(t, []journal.JobState{journal.JobQueued, journal.JobRunning, journal.JobDone}, b.State)
			s, err := j.Screening(ctx, verdict(int64(i)).ID)
			require.NoError(t, err)
			require.Equal(t, verdict(int64(i)).Verdict, s.Verdict)
		}
		entries, _, err := j.VerifyLog(ctx)
		require.NoError(t, err)
		require.GreaterOrEqual(t, int(entries), len(kept))
		problems, err := j.Check(ctx, nil)
		require.NoError(t, err)
		require.Empty(t, problems)
		require.NoError(t, j.Close())
	}
	j := openAt(t, path, journal.Options{Now: func() time.Time { return time.Now().Add(time.Hour) }})
	for { // everything that was accepted is done by somebody in the end
		b, ok, err := j.ClaimJob(ctx, "heir", time.Minute)
		require.NoError(t, err)
		if !ok {
			break
		}
		do(t, j, func(tx *journal.Tx) error { return tx.FinishJob(b.ID, "heir", "", "") })
	}
	for _, i := range kept {
		b, err := j.Job(ctx, jobID(i))
		require.NoError(t, err)
		require.Equal(t, journal.JobDone, b.State)
	}
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// TestProcessesWriteSideBySide has two processes and this one write to one journal. Nothing is lost, the log
// is one chain, and every job is claimed.
func TestProcessesWriteSideBySide(t *testing.T) {
	ctx := t.Context()
	j := open(t, journal.Options{})
	const calls = 400
	var wait sync.WaitGroup
	for from := range 2 {
		cmd, lines := start(t, j.Path(), from*calls, calls)
		wait.Go(func() {
			for lines.Scan() {
			}
			require.NoError(t, cmd.Wait())
		})
	}
	for i := 2 * calls; i < 3*calls; i++ {
		require.NoError(t, childCall(j, i))
	}
	wait.Wait()
	entries, _, err := j.VerifyLog(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 3*calls, entries)
	for i := range 3 * calls {
		_, err := j.Job(ctx, jobID(i))
		require.NoError(t, err)
		_, err = j.Screening(ctx, verdict(int64(i)).ID)
		require.NoError(t, err)
	}
	problems, err := j.Check(ctx, nil)
	require.NoError(t, err)
	require.Empty(t, problems)
}
