package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"zombiezen.com/go/sqlite"

	"clew/chains"
	"clew/store/internal/engine"
)

// Options of Open. The zero value opens an existing store for reading and writing.
type Options struct {
	// Create makes the store where the file is absent or empty.
	Create bool
	// ReadOnly opens for reading: nothing is migrated, and writing is ErrReadOnly.
	ReadOnly bool
}

// Store is an open store. It is safe for concurrent use.
type Store struct {
	path     string
	readOnly bool
	hash     hasher
	reads    *engine.Pool[*conn]
	views    *viewPool

	mu     sync.Mutex // guards what follows, and a write as a whole
	write  *conn
	loader *Loader // the open one, or nil
	lock   *conn
}

// Open opens the store in the file at path. Errors: ErrNoStore, ErrForeign, ErrNewer,
// ErrOlder, ErrLocked, ErrFull.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	s, err := open(ctx, path, o)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	return s, nil
}

func open(ctx context.Context, path string, o Options) (*Store, error) {
	if o.Create && o.ReadOnly {
		return nil, errors.New("a store that is opened for reading only cannot be created")
	}
	info, err := os.Stat(path)
	absent := errors.Is(err, fs.ErrNotExist)
	switch {
	case absent && !o.Create:
		return nil, fmt.Errorf("%w (clew sync makes one; --db names another)", ErrNoStore)
	case err != nil && !absent:
		return nil, err
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("%w: not a file", ErrForeign)
	}
	s := &Store{path: path, readOnly: o.ReadOnly}
	first, err := openConn(ctx, path, engine.Mode(o).Flags(), cacheWrite)
	if err != nil {
		return nil, err
	}
	if err := s.prepare(ctx, first, o); err != nil {
		return nil, errors.Join(mapErr(ctx, err), first.Close())
	}
	if o.ReadOnly {
		err = first.Close()
	} else {
		s.write = first
	}
	if err != nil {
		return nil, err
	}
	s.reads = engine.NewPool(readConns, func(ctx context.Context) (*conn, error) {
		return openConn(ctx, path, sqlite.OpenReadOnly, cacheRead)
	})
	s.views = newViewPool()
	return s, nil
}

// prepare checks that conn leads to one of our stores, brings its schema up to date, and
// reads what every later call needs.
func (s *Store) prepare(ctx context.Context, conn *conn, o Options) error {
	restore := interruptible(ctx, conn)
	defer restore()
	if err := schema().Migrate(conn.Conn, engine.Mode(o)); err != nil {
		return err
	}
	key, err := hashKey(conn)
	if err != nil {
		return err
	}
	s.hash = key
	return nil
}

// Close closes the store. Loaders, Sources and Views must be closed before.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	if s.reads != nil {
		errs = append(errs, s.reads.Close(), s.views.close())
	}
	for _, c := range []*conn{s.write, s.lock} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	s.reads, s.views, s.write, s.lock = nil, nil, nil, nil
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close store %s: %w", s.path, err)
	}
	return nil
}

// Path returns the path of the store's file.
func (s *Store) Path() string { return s.path }

// Chains returns the chains of which the store has had blocks, in the order in which they
// came.
func (s *Store) Chains(ctx context.Context) (names []chains.Chain, err error) {
	err = s.read(ctx, func(c *conn) error {
		names, err = chainNames(c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("chains of the store: %w", err)
	}
	return names, nil
}
