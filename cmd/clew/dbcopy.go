package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// copyStore writes the store at path into the new file target as it stands at this moment.
// Whoever writes to the store meanwhile is neither seen nor disturbed. The copy has its name
// when it is whole; one that fails leaves no file.
func copyStore(ctx context.Context, path, target string) (err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return fmt.Errorf("copy the store: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	conn.SetInterrupt(ctx.Done())
	partial := target + ".partial"
	err = removed(partial)
	if err == nil {
		err = os.WriteFile(partial, nil, 0o600) // its owner's alone, as a journal has to be
	}
	if err == nil {
		err = sqlitex.Execute(conn, `VACUUM INTO ?`, &sqlitex.ExecOptions{Args: []any{partial}})
	}
	if err == nil {
		err = os.Rename(partial, target)
	}
	if err == nil {
		return nil
	}
	code := sqlite.ErrCode(err).ToPrimary()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	err = fmt.Errorf("copy the store to %s: %w", target, errors.Join(err, removed(partial)))
	if code == sqlite.ResultFull || code == sqlite.ResultIOErr {
		return withHint(err, "free some space, or name another place for the copy")
	}
	return err
}

// removed removes a file that may not be there.
func removed(path string) error {
	err := os.Remove(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
