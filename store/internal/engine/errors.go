package engine

import (
	"context"
	"fmt"

	"zombiezen.com/go/sqlite"
)

// Errors are the sentinels of the owner of a file, by what went wrong.
type Errors struct {
	Foreign  error // the file is not one of the owner's
	Newer    error // a newer version of the program wrote the schema
	Older    error // the schema needs a migration that it cannot get now, or there is none
	Empty    error // there is no file, or nothing in it, and it is not to be made
	Locked   error // another process writes
	Full     error // no space is left
	Disk     error // the system refuses to write
	Damaged  error // the file contradicts itself
	ReadOnly error // it was opened for reading

	Flag string // by which a person names another file: "--db"
}

// Map translates an error of the engine to a sentinel, by code, and keeps both. An
// interrupted call returns the reason of ctx.
func (e *Errors) Map(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var known error
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultInterrupt:
		known = context.Canceled
		if ctx.Err() != nil {
			known = ctx.Err()
		}
	case sqlite.ResultFull:
		return fmt.Errorf("%w: %w (free some space or move the file, then run the command again: it resumes)", e.Full, err)
	case sqlite.ResultIOErr:
		return fmt.Errorf("%w: %w (is there free space, and room in a quota and in ulimit -f? then run the command again: it resumes)", e.Disk, err)
	case sqlite.ResultCantOpen:
		return fmt.Errorf("%w (is there such a folder? files must be made in it, also to read)", err)
	case sqlite.ResultBusy, sqlite.ResultLocked:
		return fmt.Errorf("%w: %w (wait for the other process or stop it, or use another %s)", e.Locked, err, e.Flag)
	case sqlite.ResultNotADB:
		known = e.Foreign
	case sqlite.ResultCorrupt:
		return fmt.Errorf("%w: %w (run clew db check)", e.Damaged, err)
	case sqlite.ResultReadOnly:
		known = e.ReadOnly
	default:
		return err
	}
	return fmt.Errorf("%w: %w", known, err)
}
