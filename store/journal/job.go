package journal

import (
	"context"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
)

const jobColumns = `id, kind, request, state, attempts, result, error, endpoint, key_id, created_us, finished_us`

func scanJob(st *sqlite.Stmt) (Job, error) {
	return Job{
		ID: st.ColumnText(0), Kind: st.ColumnText(1), Request: columnBytes(st, 2), State: JobState(st.ColumnText(3)),
		Attempts: st.ColumnInt(4), Result: st.ColumnText(5), Error: st.ColumnText(6), Endpoint: st.ColumnText(7),
		Key: st.ColumnText(8), Created: columnTime(st, 9), Finished: columnTime(st, 10),
	}, nil
}

// AddJob keeps a job, queued, unless one with its id was kept before: that stays as it is. added says
// whether it was new.
func (t *Tx) AddJob(b Job) (added bool, err error) {
	if b.Created.IsZero() {
		b.Created = t.now()
	}
	changed, err := t.accept("", `INSERT INTO job (`+jobColumns+`, owner, lease_us)
		VALUES (?, ?, ?, 'queued', 0, '', '', ?, ?, ?, 0, '', 0) ON CONFLICT (id) DO NOTHING`,
		b.ID, b.Kind, some(b.Request), b.Endpoint, b.Key, b.Created)
	if err != nil {
		return false, fmt.Errorf("accept job %q: %w", b.ID, err)
	}
	return changed > 0, nil
}

// sqlClaimableJob is the condition of jobs that can be claimed; jobs that ended are not looked at.
const sqlClaimableJob = ` FROM job WHERE finished_us = 0 AND (state = 'queued' OR state = 'running' AND lease_us <= ?)`

// ClaimJob gives the oldest job that waits, or whose runner's lease ran out, to owner for a time,
// and counts the attempt. ok is false where there is none.
func (t *Tx) ClaimJob(owner string, lease time.Duration) (b Job, ok bool, err error) {
	now := t.now()
	found, err := rows(&t.Reader, `SELECT `+jobColumns+sqlClaimableJob+` ORDER BY place LIMIT 1`, scanJob, now)
	if err == nil && len(found) == 0 {
		return Job{}, false, nil
	}
	if err == nil {
		b = found[0]
		b.State, b.Attempts = JobRunning, b.Attempts+1
		_, err = t.write(`UPDATE job SET state = 'running', attempts = ?, owner = ?, lease_us = ? WHERE id = ?`,
			b.Attempts, owner, now.Add(lease), b.ID)
	}
	if err != nil {
		return Job{}, false, fmt.Errorf("claim a job: %w", err)
	}
	return b, true, nil
}

// ClaimJob is Tx.ClaimJob in a transaction of its own, which is none where no job waits.
func (j *Journal) ClaimJob(ctx context.Context, owner string, lease time.Duration) (b Job, ok bool, err error) {
	waits, err := read(ctx, j, func(r *Reader) (int64, error) {
		return r.number(`SELECT EXISTS (SELECT 1`+sqlClaimableJob+`)`, r.now())
	})
	if err != nil || waits == 0 {
		return Job{}, false, err
	}
	err = j.Do(ctx, func(t *Tx) (err error) {
		b, ok, err = t.ClaimJob(owner, lease)
		return err
	})
	return b, ok, err
}

// ExtendJob lets owner keep a job for a further time. ErrLost where it has it no more.
func (t *Tx) ExtendJob(id, owner string, lease time.Duration) error {
	return t.held(id, owner)(t.write(`UPDATE job SET lease_us = ? WHERE id = ? AND state = 'running' AND owner = ?`, t.now().Add(lease), id, owner))
}

// FinishJob ends a job that owner has: done with a result, or failed where why is not empty. ErrLost
// where owner has it no more: then nothing of the caller's transaction should be kept.
func (t *Tx) FinishJob(id, owner, result, why string) error {
	state := JobDone
	if why != "" {
		state = JobFailed
	}
	return t.held(id, owner)(t.write(`UPDATE job SET state = ?, result = ?, error = ?, finished_us = ?, owner = '', lease_us = 0
		WHERE id = ? AND state = 'running' AND owner = ?`, string(state), result, why, t.now(), id, owner))
}

// ReturnJob puts a job that owner has back among those that wait, and says why: it is tried again, at
// once. ErrLost where owner has it no more.
func (t *Tx) ReturnJob(id, owner, why string) error {
	return t.held(id, owner)(t.write(`UPDATE job SET state = 'queued', error = ?, owner = '', lease_us = 0
		WHERE id = ? AND state = 'running' AND owner = ?`, why, id, owner))
}

// held makes an ErrLost of a statement that changed nothing.
func (t *Tx) held(id, owner string) func(changed int, err error) error {
	return func(changed int, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("job %q: %w", id, err)
		case changed == 0:
			return fmt.Errorf("job %q of %s: %w", id, owner, ErrLost)
		}
		return nil
	}
}

// RequeueRunning puts jobs back whose lease ran out and returns how many there were. ClaimJob finds
// them also without it.
func (t *Tx) RequeueRunning() (int, error) {
	n, err := t.write(`UPDATE job SET state = 'queued', owner = '', lease_us = 0 WHERE finished_us = 0 AND state = 'running' AND lease_us <= ?`, t.now())
	if err != nil {
		return 0, fmt.Errorf("take back jobs: %w", err)
	}
	return n, nil
}

// Job returns a job. ErrNotFound where there is none.
func (r *Reader) Job(id string) (Job, error) {
	return one(r, "job", id, `SELECT `+jobColumns+` FROM job WHERE id = ?`, scanJob, id)
}

// Job is Reader.Job.
func (j *Journal) Job(ctx context.Context, id string) (Job, error) {
	return read(ctx, j, func(r *Reader) (Job, error) { return r.Job(id) })
}
