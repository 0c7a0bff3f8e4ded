package main

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"clew/store/journal"
)

// openJournal opens the journal that the command line names; create makes it where there is none.
func openJournal(ctx context.Context, w *world, c *cli.Context, create bool) (*journal.Journal, error) {
	return journal.Open(ctx, journalPath(c), journal.Options{Create: create, Now: w.now})
}

// inJournal makes one change of the journal, which is made where there is none.
func inJournal(ctx context.Context, w *world, c *cli.Context, change func(*journal.Tx) error) (err error) {
	j, err := openJournal(ctx, w, c, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	return j.Do(ctx, change)
}
