package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
)

// pruneChunk is how many rows are dropped in one call of Do, so that nobody waits long for it.
const pruneChunk = 500

// Pruned is how much was dropped.
type Pruned struct{ Replies, Deliveries int }

// Prune drops replies that were given, and deliveries that were delivered, before a time. Verdicts, the
// log, and what was given up stay. An event that was dropped would be new if it were added again.
func (j *Journal) Prune(ctx context.Context, before time.Time) (Pruned, error) {
	var p Pruned
	for _, kind := range []struct {
		sql   string
		count *int
	}{
		{`DELETE FROM reply WHERE rowid IN (SELECT rowid FROM reply WHERE created_us < ? LIMIT ?)`, &p.Replies},
		{`DELETE FROM delivery WHERE place IN (SELECT place FROM delivery WHERE state = 'delivered' AND finished_us < ? LIMIT ?)`, &p.Deliveries},
	} {
		for n := pruneChunk; n == pruneChunk; *kind.count += n {
			err := j.Do(ctx, func(t *Tx) (err error) {
				n, err = t.write(kind.sql, before, pruneChunk)
				return err
			})
			if err != nil {
				return p, fmt.Errorf("drop what is older than %s: %w", before.UTC().Format(time.RFC3339), err)
			}
		}
	}
	return p, nil
}

// Counts are how many there are.
type Counts struct {
	Jobs       map[JobState]int64      // queued and running; the failed
	Deliveries map[DeliveryState]int64 // due, dead
	Watches    int64                   // that are not removed
}

// Counts counts what waits, at the cost of a look at each of it. What is done is not counted.
func (j *Journal) Counts(ctx context.Context) (Counts, error) {
	c := Counts{Jobs: map[JobState]int64{}, Deliveries: map[DeliveryState]int64{}}
	err := j.Read(ctx, func(r *Reader) error {
		var errs [6]error
		c.Jobs[JobQueued], errs[0] = r.number(`SELECT count(*) FROM job WHERE finished_us = 0 AND state = 'queued'`)
		c.Jobs[JobRunning], errs[1] = r.number(`SELECT count(*) FROM job WHERE finished_us = 0 AND state = 'running'`)
		c.Jobs[JobFailed], errs[2] = r.number(`SELECT count(*) FROM job WHERE state = 'failed'`)
		c.Deliveries[DeliveryDue], errs[3] = r.number(`SELECT count(*) FROM delivery WHERE state = 'due'`)
		c.Deliveries[DeliveryDead], errs[4] = r.number(`SELECT count(*) FROM delivery WHERE state = 'dead'`)
		c.Watches, errs[5] = r.number(`SELECT count(*) FROM watch WHERE removed_us = 0`)
		return errors.Join(errs[:]...)
	})
	if err != nil {
		return Counts{}, fmt.Errorf("count what waits: %w", err)
	}
	return c, nil
}

// number runs a query that gives one whole number.
func (r *Reader) number(sql string, args ...any) (n int64, err error) {
	err = r.c.rows(sql, func(st *sqlite.Stmt) error {
		n = st.ColumnInt64(0)
		return nil
	}, args...)
	return n, err
}
