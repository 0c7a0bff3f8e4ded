package journal

import (
	"context"
	"errors"
	"fmt"

	"clew/store/internal/engine"
)

// What callers branch on.
var (
	// ErrNotFound: there is nothing by that id.
	ErrNotFound = errors.New("not in the journal")
	// ErrNoJournal: there is no file at the path, and Create was not asked for.
	ErrNoJournal = errors.New("no journal")
	// ErrForeign: the file is not a journal of this program.
	ErrForeign = errors.New("not a clew journal")
	// ErrNewer: a newer version of the program wrote the schema.
	ErrNewer = errors.New("journal is newer than this program")
	// ErrOlder: the schema needs a migration, which a journal opened for reading cannot get.
	ErrOlder = errors.New("journal is older than this program")
	// ErrLocked: another process wrote to the journal for longer than anybody waits.
	ErrLocked = errors.New("journal is locked by another writer")
	// ErrFull: no space is left for the journal. What was acknowledged before is intact.
	ErrFull = errors.New("no space left for the journal")
	// ErrDisk: the system refuses to write to the file. What was acknowledged before is intact.
	ErrDisk = errors.New("the disk refuses the journal")
	// ErrDamaged: the file contradicts itself.
	ErrDamaged = errors.New("journal is damaged")
	// ErrReadOnly: the journal was opened for reading.
	ErrReadOnly = errors.New("journal is open for reading only")
	// ErrOpenToOthers: others than the owner may read or write the file, which holds secrets.
	ErrOpenToOthers = errors.New("others may read the journal")
	// ErrClosed: the journal was closed, or is being closed.
	ErrClosed = errors.New("journal is closed")
	// ErrLost: a lease ran out, and somebody else has, or did, the work.
	ErrLost = errors.New("the lease was lost")
)

// fileErrors are the sentinels of a journal for what the engine says.
func fileErrors() *engine.Errors {
	return &engine.Errors{
		Foreign: ErrForeign, Newer: ErrNewer, Older: ErrOlder, Empty: ErrNoJournal, Locked: ErrLocked,
		Full: ErrFull, Disk: ErrDisk, Damaged: ErrDamaged, ReadOnly: ErrReadOnly, Flag: "--journal",
	}
}

// mapErr translates an error of the engine to a sentinel, by code, and keeps both.
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

// notFound returns an ErrNotFound that names what was looked for.
func notFound(noun, id string) error { return fmt.Errorf("%s %q: %w", noun, id, ErrNotFound) }
