package journal

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"zombiezen.com/go/sqlite"
)

const (
	// tidyEvery is how much is written, about, between two checkpoints, in bytes.
	tidyEvery = 8 << 20
	// longLog is from how many pages on the write-ahead log is begun anew: 128 MiB.
	longLog = 32 << 10
	// commitBytes is what a commit writes beside what it was given, about: a page for each index.
	commitBytes = 5 * pageBytes
)

// tidier moves what was written from the write-ahead log to its place in the file, on a connection
// of its own, so that nobody who writes waits for the disk.
//
// While others write, a checkpoint never comes to the log's end, and the log grows. Where it
// is long, the goroutine that writes does the rest itself between two groups, which takes some
// milliseconds; then the next group begins the log anew.
type tidier struct {
	c       *conn
	every   int           // tidyEvery, and less in tests
	wake    chan struct{} // closed at the end
	written int           // since the last checkpoint; of the goroutine that writes
	long    atomic.Bool   // the log is to be begun anew

	mu  sync.Mutex
	err error // of the last checkpoint
}

func newTidier(c *conn) *tidier {
	return &tidier{c: c, every: tidyEvery, wake: make(chan struct{}, 1)}
}

// run makes a checkpoint whenever it is woken, until wake is closed.
func (t *tidier) run() error {
	for range t.wake {
		t.long.Store(t.checkpoint(t.c) > longLog)
	}
	return t.c.Close()
}

// wrote is called by the goroutine that writes, behind each group, with its connection.
func (t *tidier) wrote(c *conn, bytes int) {
	if t.long.Load() {
		t.checkpoint(c)
		t.long.Store(false)
	}
	t.written += bytes + commitBytes
	if t.written < t.every {
		return
	}
	t.written = 0
	select {
	case t.wake <- struct{}{}:
	default: // it is at it
	}
}

// checkpoint moves as much as it can without waiting for anybody and returns the length of the log,
// in pages. That it failed is no loss, the log has everything: it is kept for Trouble.
func (t *tidier) checkpoint(c *conn) (pages int64) {
	err := c.rows(`PRAGMA wal_checkpoint(PASSIVE)`, func(st *sqlite.Stmt) error {
		pages = st.ColumnInt64(1)
		return nil
	})
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err = mapErr(context.Background(), err)
	return pages
}

// Trouble returns why what was written cannot be moved to its place in the file: nothing is lost, and
// the log beside it grows. nil: it can.
func (j *Journal) Trouble() error {
	if j.tidier == nil {
		return nil
	}
	j.tidier.mu.Lock()
	defer j.tidier.mu.Unlock()
	if j.tidier.err != nil {
		return fmt.Errorf("tidy journal %s: %w", j.path, j.tidier.err)
	}
	return nil
}
