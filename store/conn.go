package store

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"clew/chains"
	"clew/store/internal/engine"
)

const (
	// busyWait is how long a short write waits for another process's batch before it gives
	// up with ErrLocked. A batch of the size that Loader suggests takes less than a second, a
	// merge of indexes some seconds for each ten million transactions.
	busyWait = 20 * time.Second
	// readConns is the number of connections for short reads.
	readConns = 4

	// Page caches, in KiB, one for each connection.
	cacheWrite  = 128 << 10
	cacheRead   = 16 << 10
	cacheSource = 48 << 10
)

// conn is a connection with its prepared statements.
type conn struct {
	*sqlite.Conn
	stmts  engine.Statements
	chains map[chains.Chain]int64 // numbers that were found
	runs   runList
}

func newConn(c *sqlite.Conn) *conn {
	return &conn{Conn: c, stmts: engine.Statements{}, chains: map[chains.Chain]int64{}}
}

// prepared returns the statement for sql. It must be reset after use, and keeps the
// parameters that were bound before.
func (c *conn) prepared(sql string) (*sqlite.Stmt, error) { return c.stmts.Prepared(c.Conn, sql) }

// openConn opens a connection with the pragmas that every connection has; cacheKiB is the
// size of its page cache.
func openConn(ctx context.Context, path string, flags sqlite.OpenFlags, cacheKiB int) (*conn, error) {
	opened, err := sqlite.OpenConn(path, flags)
	if err != nil {
		return nil, mapErr(ctx, err)
	}
	c := newConn(opened)
	if err := setPragmas(c, cacheKiB); err != nil {
		return nil, errors.Join(mapErr(ctx, err), c.Close())
	}
	return c, nil
}

// setPragmas sets what SQLite keeps for one connection only.
//
//   - synchronous NORMAL: after a loss of power the last batches may be gone, whole, and sync
//     reads them again; a crash of the process loses nothing. What a person relies on, the
//     log and saved traces, is written with FULL (durably).
//   - foreign_keys OFF: there are none; Check compares the tables, and loading pays nothing.
//   - mmap_size 0: a truncated file is then an error, not a signal that ends the process.
//   - trusted_schema OFF: a file from elsewhere cannot call functions through its schema.
func setPragmas(c *conn, cacheKiB int) error {
	c.SetBusyTimeout(busyWait)
	return runScript(c, fmt.Sprintf(`
		PRAGMA synchronous = NORMAL;
		PRAGMA foreign_keys = OFF;
		PRAGMA trusted_schema = OFF;
		PRAGMA temp_store = MEMORY;
		PRAGMA mmap_size = 0;
		PRAGMA journal_size_limit = 268435456;
		PRAGMA cache_size = -%d`, cacheKiB))
}

// interruptible makes calls on c end with ctx until the function returned is called.
func interruptible(ctx context.Context, c *conn) (restore func()) {
	c.SetInterrupt(ctx.Done())
	return func() { c.SetInterrupt(nil) }
}

// read runs f on a connection for reading, in one snapshot. f is short: it is not
// interrupted with ctx, which costs more than most reads.
func (s *Store) read(ctx context.Context, f func(*conn) error) (err error) {
	c, err := s.reads.Take(ctx)
	if err != nil {
		return err
	}
	defer s.reads.Put(c)
	if err := begin(c); err != nil {
		return mapErr(ctx, err)
	}
	err = f(c)
	return mapErr(ctx, errors.Join(err, step(c, `ROLLBACK`)))
}

// begin starts a snapshot for reading.
func begin(c *conn) error { return step(c, `BEGIN`) }

// step runs a statement without parameters or rows, prepared once for each connection.
func step(c *conn, sql string) error { return c.stmts.Step(c.Conn, sql) }

// transact runs f in one write transaction: all of it is kept, or nothing. durable waits
// until the disk has it. The caller holds s.mu.
func (s *Store) transact(ctx context.Context, durable bool, f func(*conn) error) error {
	if s.readOnly {
		return ErrReadOnly
	}
	c := s.write
	if c == nil {
		return errors.New("the store is closed")
	}
	if durable {
		if err := step(c, `PRAGMA synchronous = FULL`); err != nil {
			return mapErr(ctx, err)
		}
	}
	restore := interruptible(ctx, c)
	err := step(c, `BEGIN IMMEDIATE`)
	if err == nil {
		if err = f(c); err == nil {
			err = step(c, `COMMIT`)
		}
	}
	restore()
	err = mapErr(ctx, err)
	if err != nil {
		c.forgetRuns()
	}
	if !c.AutocommitEnabled() { // some errors have rolled back already
		err = errors.Join(err, step(c, `ROLLBACK`))
	}
	if durable {
		err = errors.Join(err, step(c, `PRAGMA synchronous = NORMAL`))
	}
	return err
}

// lockWriter makes this process the one that writes facts, until unlockWriter. It holds an
// exclusive lock on a file beside the store, which the operating system releases when the
// process ends, however it ends. The caller holds s.mu.
func (s *Store) lockWriter(ctx context.Context) error {
	if s.readOnly {
		return ErrReadOnly
	}
	if s.lock != nil {
		return nil
	}
	opened, err := sqlite.OpenConn(s.path+"-writer", sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		return mapErr(ctx, err)
	}
	c := newConn(opened)
	c.SetBusyTimeout(0)
	if err := step(c, `BEGIN EXCLUSIVE`); err != nil {
		return errors.Join(mapErr(ctx, err), c.Close())
	}
	s.lock = c
	return nil
}

// unlockWriter undoes lockWriter. The caller holds s.mu.
func (s *Store) unlockWriter() error {
	c := s.lock
	if c == nil {
		return nil
	}
	s.lock = nil
	return c.Close()
}

// hashKey reads the key of the store's hashes.
func hashKey(c *conn) (hasher, error) {
	var key []byte
	err := sqlitex.Execute(c.Conn, `SELECT value FROM meta WHERE key = 'hash_key'`, &sqlitex.ExecOptions{
		ResultFunc: func(st *sqlite.Stmt) error {
			key = columnBytes(st, 0)
			return nil
		},
	})
	if err != nil {
		return hasher{}, err
	}
	if len(key) != 16 {
		return hasher{}, damaged("hash key of %d bytes", len(key))
	}
	return hasher{k0: binary.LittleEndian.Uint64(key), k1: binary.LittleEndian.Uint64(key[8:])}, nil
}

// newHashKey stores a new key: stores of the same chain differ in their hashes, and nothing
// that they answer depends on it.
func newHashKey(c *sqlite.Conn) error {
	key := make([]byte, 16)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	return sqlitex.Execute(c, `INSERT INTO meta (key, value) VALUES ('hash_key', ?)`,
		&sqlitex.ExecOptions{Args: []any{key}})
}

// columnBytes returns a copy of a blob of the current row.
func columnBytes(st *sqlite.Stmt, col int) []byte { return engine.ColumnBytes(st, col) }
