package main

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"clew/custody"
	"clew/screen"
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

// noted appends what a command changes in the journal to the log there, in the transaction that changes it: who,
// when, with which program. Settings are left out, since addresses of webhooks may be secrets; details name
// what was changed.
func (w *world) noted(c *cli.Context, tx *journal.Tx, e custody.Entry) error {
	e = w.signed(c, e)
	e.Settings = nil
	_, err := tx.AppendLog(e)
	return err
}

// notedScreening is noted for a verdict that the command line asked for.
func (w *world) notedScreening(c *cli.Context, tx *journal.Tx, v *screen.Verdict) error {
	return w.noted(c, tx, custody.Entry{What: "screened", Details: map[string]string{
		"subject": v.Subject.Key(), "result": v.ID, "action": string(v.Action),
	}})
}
