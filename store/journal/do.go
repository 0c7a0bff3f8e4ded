package journal

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

const (
	// queueLength is how many calls wait for the goroutine that writes before further ones wait to be let in.
	queueLength = 4096
	// groupTime is how long calls join a group before it is committed: a bound of what the first of
	// them waits for the others, where they keep coming.
	groupTime = 5 * time.Millisecond
)

// Tx is what a call of Do writes with. It is used in that call alone. What it reads, it reads with what
// was written before, by this call and by those in front of it.
type Tx struct {
	Reader
	w *writer
}

// call is one call of Do on its way.
type call struct {
	f     func(*Tx) error
	stage atomic.Int32  // waiting, begun, left
	done  chan struct{} // closed when what follows stands
	err   error
	panic any // with which f ended
}

// The stages of a call.
const (
	waiting int32 = iota
	begun         // it is being run, and who called waits for the end
	left          // who called has gone
)

// Do runs f and keeps what it wrote: all of it, or nothing where f returns an error, which Do
// returns as it is. Calls at the same time share one transaction, so f sees what those in front of
// it wrote, and is run while others wait: it computes nothing that can be computed before, waits
// for nothing, and does not call Do.
//
// A call that waits when ctx ends is not run, and Do returns the reason of ctx. Once it is run, Do
// returns what came of it. Errors beside those of f: ErrClosed, ErrReadOnly, ErrLocked, ErrFull,
// ErrDisk.
func (j *Journal) Do(ctx context.Context, f func(*Tx) error) error {
	if j.queue == nil {
		return fmt.Errorf("write to journal %s: %w", j.path, ErrReadOnly)
	}
	c := &call{f: f, done: make(chan struct{})}
	if err := j.enqueue(ctx, c); err != nil {
		return fmt.Errorf("write to journal %s: %w", j.path, err)
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		if c.stage.CompareAndSwap(waiting, left) {
			return fmt.Errorf("write to journal %s: %w", j.path, context.Cause(ctx))
		}
		<-c.done
	}
	if c.panic != nil {
		panic(c.panic)
	}
	return c.err
}

// enqueue puts c behind those that wait.
func (j *Journal) enqueue(ctx context.Context, c *call) error {
	j.gate.RLock()
	defer j.gate.RUnlock()
	if j.closed {
		return ErrClosed
	}
	select {
	case j.queue <- c:
		return nil
	default:
	}
	select {
	case j.queue <- c:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// writer is what the goroutine that writes has.
type writer struct {
	c      *conn
	opt    Options
	tidier *tidier
	unkept *atomic.Bool // see Journal
	tx     Tx
	state  groupState
	// kept is how verdicts are packed behind the last group that was kept.
	kept packing
	// content, scratch and entry are used again by each call.
	content, scratch, entry []byte
}

// groupState is what a call that fails takes back, beside what it wrote.
type groupState struct {
	durable bool  // the group is to be waited for until the disk has it
	place   int64 // of the last verdict; 0: not read in this group
	packing packing
	log     *entry // the last of the log; nil: not read in this group
	bytes   int    // written, about
}

func newWriter(c *conn, j *Journal) *writer {
	w := &writer{c: c, opt: j.opt, tidier: j.tidier, unkept: &j.unkept}
	w.tx = Tx{Reader: Reader{c: c, now: j.opt.Now, patterns: &j.patterns}, w: w}
	return w
}

// group runs first, and what waits in queue, in one transaction, and tells all.
func (w *writer) group(first *call, queue <-chan *call) {
	runtime.Gosched() // who can call now joins: groups of many callers are four times as large
	started := time.Now()
	w.state = groupState{packing: w.kept}
	calls, err := w.write(first, queue, started)
	if err == nil && w.state.durable {
		err = w.seal()
	}
	if err == nil {
		w.kept = w.state.packing
	}
	w.note(calls, err)
	if len(calls) > 0 && w.opt.Committed != nil {
		w.opt.Committed(Group{Calls: len(calls), Took: time.Since(started), Durable: w.state.durable, Err: err})
	}
	for _, c := range calls {
		if c.err == nil {
			c.err = err
		}
		close(c.done)
	}
	w.tidier.wrote(w.c, w.state.bytes)
}

// note remembers whether what was asked for last could be kept; err is why the group was not.
func (w *writer) note(calls []*call, err error) {
	for _, c := range calls {
		if errors.Is(c.err, ErrFull) || errors.Is(c.err, ErrDisk) {
			err = c.err
		}
	}
	if len(calls) > 0 {
		w.unkept.Store(err != nil)
	}
}

// Writable returns nil where the last that was written could be kept. Where it could not, it tries again, with
// one number, and returns what came of that: nobody may write any more once it is known that nothing is kept.
func (j *Journal) Writable(ctx context.Context) error {
	if j.queue != nil && !j.unkept.Load() {
		return nil
	}
	return j.Do(ctx, func(t *Tx) error {
		t.durable()
		_, err := t.write(sqlRevise, "disk")
		return err
	})
}

// write runs calls until none waits or groupTime is over, and commits. It returns those that were
// run, and why nothing of them is kept.
func (w *writer) write(first *call, queue <-chan *call, started time.Time) (calls []*call, err error) {
	if err = w.step(`BEGIN IMMEDIATE`); err != nil {
		err = fmt.Errorf("begin to write: %w", err)
	}
	alone := true // nobody wrote anything in this transaction
	for next := first; next != nil; {
		if next.stage.CompareAndSwap(waiting, begun) {
			calls = append(calls, next)
			if err == nil {
				err = w.run(next, alone)
				alone = alone && next.err != nil
			}
		}
		if time.Since(started) > groupTime && err == nil {
			break
		}
		select {
		case next = <-queue: // nil where it was closed
		default:
			next = nil
		}
	}
	if err == nil {
		if err = w.step(`COMMIT`); err != nil {
			err = fmt.Errorf("keep what was written: %w", err)
		}
	}
	if !w.c.AutocommitEnabled() { // some errors have rolled back already
		err = errors.Join(err, w.step(`ROLLBACK`))
	}
	return calls, err
}

// run runs one call, all of whose writes can be taken back: behind others in a savepoint, which SQLite
// pays with a copy of each page that it changes; the first of a group has the transaction for itself.
// An error of its own stands in the call; what run returns ends the group.
func (w *writer) run(c *call, first bool) error {
	before := w.state
	if !first {
		if err := w.step(`SAVEPOINT call`); err != nil {
			return err
		}
	}
	c.err = w.guarded(c)
	ended := w.c.AutocommitEnabled() // some errors end the transaction
	switch {
	case c.err != nil && first:
		w.state = before
		if !ended {
			if err := w.step(`ROLLBACK`); err != nil {
				return err
			}
		}
		return w.step(`BEGIN IMMEDIATE`)
	case ended:
		return fmt.Errorf("another call of the same moment ended the transaction: %w", c.err)
	case first:
		return nil
	case c.err != nil:
		w.state = before
		if err := w.step(`ROLLBACK TO call`); err != nil {
			return err
		}
	}
	return w.step(`RELEASE call`)
}

// step runs a statement without parameters or rows.
func (w *writer) step(sql string) error { return mapErr(context.Background(), w.c.step(sql)) }

// guarded calls f. A panic is its caller's, and nobody else's.
func (w *writer) guarded(c *call) (err error) {
	defer func() {
		if c.panic = recover(); c.panic != nil {
			err = fmt.Errorf("panic: %v", c.panic)
		}
	}()
	return mapErr(context.Background(), c.f(&w.tx))
}

// seal waits until the disk has everything that was committed before. A commit waits for the log as a
// whole, and what a connection waits for cannot be changed inside of a transaction, where it is
// known that it must: so one more follows, of one number.
func (w *writer) seal() (err error) {
	if err := w.step(`PRAGMA synchronous = FULL`); err != nil {
		return err
	}
	if _, err = w.c.exec(sqlRevise, "disk"); err != nil {
		err = mapErr(context.Background(), err)
		err = fmt.Errorf("what was written is kept, but not yet on the disk: %w", err)
	}
	return errors.Join(err, w.step(`PRAGMA synchronous = NORMAL`))
}

// durable makes the group one that is waited for until the disk has it.
func (t *Tx) durable() { t.w.state.durable = true }

// write runs a statement and returns how many rows it changed.
func (t *Tx) write(sql string, args ...any) (int, error) {
	for _, arg := range args {
		switch v := arg.(type) {
		case string:
			t.w.state.bytes += len(v)
		case []byte:
			t.w.state.bytes += len(v)
		}
	}
	return t.c.exec(sql, args...)
}

// accept runs a statement that somebody relies on, and notes that noun changed.
func (t *Tx) accept(noun, sql string, args ...any) (int, error) {
	t.durable()
	changed, err := t.write(sql, args...)
	if err != nil || changed == 0 || noun == "" {
		return changed, err
	}
	_, err = t.write(sqlRevise, noun)
	return changed, err
}

const sqlRevise = `INSERT INTO revision (noun, times) VALUES (?, 1) ON CONFLICT (noun) DO UPDATE SET times = times + 1`
