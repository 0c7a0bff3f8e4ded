package journal_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/custody"
	"clew/store/journal"
)

// verdict returns a verdict as large as one that an index answers.
func verdict(n int64) journal.Screening {
	sum := sha256.Sum256(fmt.Append(nil, n))
	id := "scr-" + hex.EncodeToString(sum[:16])
	subject := fmt.Sprintf(`{"chain":"bitcoin","kind":"output","txid":"%x","vout":%d,"direction":"source"}`, sum, n%3)
	text := fmt.Sprintf(`{"schema":"clew.screening/1","id":"%s","subject":%s,"verdict":"clear within coverage","padding":"%s"}`, id, subject, strings.Repeat("0123456789abcde ", 80))
	return journal.Screening{ID: id, Subject: subject, Verdict: []byte(text[:1500]), Outcome: "clear within coverage", Action: "allow", Key: "0123456789abcdef"}
}

func called(n int64, s *journal.Screening) custody.Entry {
	return custody.Entry{What: "call", Who: s.Key, Details: map[string]string{
		"request": fmt.Sprintf("req-%016d", n), "route": "POST /v1/screenings", "subject": s.Subject, "screening": s.ID, "status": "200",
	}}
}

// BenchmarkDo keeps a verdict and a call of the log in each operation, from so many callers at once.
func BenchmarkDo(b *testing.B) {
	for _, callers := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			var groups atomic.Int64
			j := open(b, journal.Options{Committed: func(journal.Group) { groups.Add(1) }})
			var next atomic.Int64
			b.ResetTimer()
			var wait sync.WaitGroup
			for range callers {
				wait.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						keep(b, j, n)
					}
				})
			}
			wait.Wait()
			report(b, int64(b.N)*int64(time.Second)/int64(b.Elapsed()), "calls/s")
			report(b, int64(b.N)/groups.Load(), "calls/group")
		})
	}
}

func keep(b *testing.B, j *journal.Journal, n int64) {
	b.Helper()
	s := verdict(n)
	e := called(n, &s)
	err := j.Do(context.Background(), func(tx *journal.Tx) error {
		if _, err := tx.PutScreening(s); err != nil {
			return err
		}
		_, err := tx.AppendLog(e)
		return err
	})
	if err != nil {
		b.Error(err)
	}
}

// BenchmarkCall logs a call whose verdict was given before in each operation, as a lookup that is asked
// again, from 64 callers at once.
func BenchmarkCall(b *testing.B) {
	j := open(b, journal.Options{})
	for n := range int64(100) {
		keep(b, j, n)
	}
	var next atomic.Int64
	b.ResetTimer()
	var wait sync.WaitGroup
	for range 64 {
		wait.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				keep(b, j, n%100)
			}
		})
	}
	wait.Wait()
}

// BenchmarkBatch keeps verdicts as a batch does, 1,000 in each call of Do.
func BenchmarkBatch(b *testing.B) {
	j := open(b, journal.Options{})
	all := make([]journal.Screening, b.N)
	for i := range all {
		all[i] = verdict(int64(i))
	}
	b.ResetTimer()
	for some := range slices.Chunk(all, 1000) {
		err := j.Do(context.Background(), func(tx *journal.Tx) error {
			for i := range some {
				if _, err := tx.PutScreening(some[i]); err != nil {
					return err
				}
			}
			return nil
		})
		require.NoError(b, err)
	}
	report(b, int64(b.N)*int64(time.Second)/int64(b.Elapsed()), "screenings/s")
	b.StopTimer()
	require.NoError(b, j.Close())
	info, err := os.Stat(j.Path())
	require.NoError(b, err)
	report(b, info.Size()/int64(b.N), "B/screening")
}

// BenchmarkLog appends calls to the log, 1,000 in each call of Do.
func BenchmarkLog(b *testing.B) {
	j := open(b, journal.Options{})
	s := verdict(1)
	entries := make([]custody.Entry, b.N)
	for i := range entries {
		entries[i] = called(int64(i), &s)
	}
	b.ResetTimer()
	for some := range slices.Chunk(entries, 1000) {
		err := j.Do(context.Background(), func(tx *journal.Tx) error {
			for i := range some {
				if _, err := tx.AppendLog(some[i]); err != nil {
					return err
				}
			}
			return nil
		})
		require.NoError(b, err)
	}
}

// BenchmarkPaced asks as clients do that do not wait for each other: 5,000 calls a second, evenly, from as
// many goroutines as it takes. It reports how long a call takes from the moment at which it was due.
func BenchmarkPaced(b *testing.B) {
	const every = time.Second / 5000
	j := open(b, journal.Options{})
	took := make([]time.Duration, b.N)
	var next atomic.Int64
	var wait sync.WaitGroup
	b.ResetTimer()
	began := time.Now()
	for range 16 {
		wait.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				due := began.Add(time.Duration(n) * every)
				if d := time.Until(due); d > 0 {
					<-time.After(d)
				}
				called := time.Now()
				keep(b, j, n)
				took[n-1] = time.Since(called)
			}
		})
	}
	wait.Wait()
	slices.Sort(took)
	for _, q := range []int{50, 99} {
		report(b, took[len(took)*q/100].Microseconds(), fmt.Sprintf("µs/p%d", q))
	}
	report(b, took[len(took)-1].Microseconds(), "µs/max")
}

// report adds a figure to the benchmark's.
func report(b *testing.B, n int64, unit string) {
	b.Helper()
	b.ReportMetric(float64(n), unit) //nolint:forbidigo // the testing package wants it so
}
