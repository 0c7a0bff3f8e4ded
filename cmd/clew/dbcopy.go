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
// Whoever writes to the store meanwhile is neither seen nor disturbed. A copy that fails
// leaves no file.
func copyStore(ctx context.Context, path, target string) (err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return fmt.Errorf("copy the store: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	conn.SetInterrupt(ctx.Done())
	if err := sqlitex.Execute(conn, `VACUUM INTO ?`, &sqlitex.ExecOptions{Args: []any{target}}); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return fmt.Errorf("copy the store to %s: %w", target, errors.Join(err, removed(target)))
	}
	return nil
}

// removed removes a file that may not be there.
func removed(path string) error {
	err := os.Remove(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
