package store

import (
	"context"
	"errors"
	"fmt"

	"clew/chains"
)

// What callers branch on, beside the sentinels of chains.
var (
	// ErrNoStore: there is no file at the path, and Create was not asked for.
	ErrNoStore = errors.New("no store")
	// ErrForeign: the file is not a store of this program.
	ErrForeign = errors.New("not a clew store")
	// ErrNewer: a newer version of the program wrote the schema.
	ErrNewer = errors.New("store is newer than this program")
	// ErrOlder: the schema needs a migration, which a store opened for reading cannot get, or
	// there is none for it.
	ErrOlder = errors.New("store is older than this program")
	// ErrLocked: another process or another loader writes to the store.
	ErrLocked = errors.New("store is locked by another writer")
	// ErrFull: no space is left for the store. What was committed before is intact.
	ErrFull = errors.New("no space left for the store")
	// ErrDisk: the system refuses to write to the file: a limit on its size, a quota, or a
	// disk that fails. What was committed before is intact.
	ErrDisk = errors.New("the disk refuses the store")
	// ErrDamaged: the file contradicts itself.
	ErrDamaged = errors.New("store is damaged")
	// ErrAmbiguous: a prefix names more than one thing.
	ErrAmbiguous = errors.New("ambiguous")
	// ErrReadOnly: the store was opened for reading.
	ErrReadOnly = errors.New("store is open for reading only")
)

// ReorgError says that a block does not fit the main chain of the store. It is
// chains.ErrReorged.
type ReorgError struct {
	Chain  chains.Chain
	Height int64            // the height at which two blocks contradict each other
	Stored chains.BlockHash // what the store, or the loader, has there
	Seen   chains.BlockHash // what the block that was added says is there
}

// Error names the height and both blocks.
func (e *ReorgError) Error() string {
	return fmt.Sprintf("%s block %d: stored %s, now %s: %v (rewind the store below this height and read again)",
		e.Chain, e.Height, e.Stored, e.Seen, chains.ErrReorged)
}

// Unwrap returns chains.ErrReorged.
func (e *ReorgError) Unwrap() error { return chains.ErrReorged }

// mapErr translates an error of the engine to a sentinel, by code, and keeps both. An
// interrupted call returns the reason of ctx.
func mapErr(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	return fileErrors().Map(ctx, err)
}

// damaged returns an ErrDamaged with its detail.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s (run clew db check)", ErrDamaged, fmt.Sprintf(format, args...))
}
