package journal

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"

	"clew/store/internal/engine"
)

//go:embed migrations/*.sql
var migrations embed.FS

// pageBytes is the size of a page of new journals. A commit of one call writes five or six pages, so
// that larger ones cost more than the fewer of them spare.
const pageBytes = 4096

// schema is what the file of a journal is.
func schema() *engine.Schema {
	return &engine.Schema{
		ApplicationID: 0x436c6577 + 'J' - 'C', // "Jlew"
		First:         1, Current: 1,
		Migrations: migrations,
		File:       func(v int) string { return [...]string{1: "migrations/0001_screening.sql"}[v] },
		PageBytes:  pageBytes,
		Fill:       "clew screen and clew serve make one",
		Anew:       "name another with --journal",
		Errors:     fileErrors(),
	}
}

// Options of Open. The zero value opens an existing journal for reading and writing.
type Options struct {
	// Create makes the journal where the file is absent or empty.
	Create bool
	// ReadOnly opens for reading: nothing is migrated, and writing is ErrReadOnly.
	ReadOnly bool
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// Committed is told of each group, from the goroutine that writes; nil: nobody is.
	Committed func(Group)
}

// Group is what was written in one transaction.
type Group struct {
	Calls   int           // of Do
	Took    time.Duration // from its begin until it was kept
	Durable bool          // it was waited for until the disk had it
	Err     error         // why it was not kept; nil: it was
}

// Journal is an open journal. It is safe for concurrent use.
type Journal struct {
	path     string
	opt      Options
	reads    *engine.Pool[*conn]
	patterns patterns

	// queue leads to the goroutine that writes; nil: open for reading only. gate is held for reading
	// while something is put there, so that nothing is put behind its end.
	queue  chan *call
	gate   sync.RWMutex
	closed bool
	ended  chan struct{} // closed when the goroutines have ended
	tidier *tidier
	unkept atomic.Bool // what was asked for last could not be kept
	faults []error     // of their end; read behind ended
}

// Open opens the journal in the file at path. Errors: ErrNoJournal, ErrForeign, ErrNewer, ErrOlder,
// ErrOpenToOthers, ErrLocked, ErrFull.
func Open(ctx context.Context, path string, o Options) (*Journal, error) {
	j, err := open(ctx, path, o)
	if err != nil {
		return nil, fmt.Errorf("open journal %s: %w", path, err)
	}
	return j, nil
}

func open(ctx context.Context, path string, o Options) (*Journal, error) {
	if o.Create && o.ReadOnly {
		return nil, errors.New("a journal that is opened for reading only cannot be created")
	}
	if err := prepareFile(path, o.Create); err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	mode := engine.Mode{Create: o.Create, ReadOnly: o.ReadOnly}
	first, err := openConn(ctx, path, mode.Flags(), cacheWrite)
	if err != nil {
		return nil, err
	}
	restore := first.SetInterrupt(ctx.Done())
	err = mapErr(ctx, schema().Migrate(first.Conn, mode))
	first.SetInterrupt(restore)
	if err != nil {
		return nil, errors.Join(err, first.Close())
	}
	j := &Journal{path: path, opt: o, ended: make(chan struct{})}
	j.reads = engine.NewPool(readConns, func(ctx context.Context) (*conn, error) {
		return openConn(ctx, path, sqlite.OpenReadOnly, cacheRead)
	})
	if o.ReadOnly {
		close(j.ended)
		return j, first.Close()
	}
	beside, err := openConn(ctx, path, sqlite.OpenReadWrite, cacheRead)
	if err != nil {
		return nil, errors.Join(err, first.Close())
	}
	j.queue = make(chan *call, queueLength)
	j.tidier = newTidier(beside)
	go j.run(first)
	return j, nil
}

// run is the life of the goroutine that writes.
func (j *Journal) run(c *conn) {
	defer close(j.ended)
	beside := make(chan error, 1)
	go func() { beside <- j.tidier.run() }()
	w := newWriter(c, j)
	for first := range j.queue {
		w.group(first, j.queue)
	}
	close(j.tidier.wake)
	// The last connection to a file moves everything into it, which one that may only read cannot.
	j.faults = append(j.faults, <-beside, j.reads.Close(), c.Close())
}

// prepareFile makes the file where it is absent, and refuses one that others may read.
func prepareFile(path string, create bool) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if !create {
			return fmt.Errorf("%w (clew screen and clew serve make one; --journal names another)", ErrNoJournal)
		}
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		return f.Close()
	}
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: not a file", ErrForeign)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" { // which has other rights, and tells none here
		return fmt.Errorf("%w: its mode is %#o, and it holds secrets of webhooks (chmod 600 %s)", ErrOpenToOthers, mode, path)
	}
	return nil
}

// Path returns the path of the journal's file.
func (j *Journal) Path() string { return j.path }

// Close writes what was asked for before, waits for what is being read, and closes the journal. Do is
// ErrClosed from its begin on. Where no other process has the journal open, all of it then stands in its
// one file.
func (j *Journal) Close() error {
	j.gate.Lock()
	if j.closed {
		j.gate.Unlock()
		return nil
	}
	j.closed = true
	if j.queue != nil {
		close(j.queue)
	} else {
		j.faults = append(j.faults, j.reads.Close())
	}
	j.gate.Unlock()
	<-j.ended
	if err := errors.Join(j.faults...); err != nil {
		return fmt.Errorf("close journal %s: %w", j.path, err)
	}
	return nil
}
