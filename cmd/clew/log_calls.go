package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"clew/store/journal"
)

// callsChunk is how many entries of the log of calls are read at once. There may be millions.
const callsChunk = 10_000

// withCalls opens the journal, whose log has the calls of the API.
func withCalls(ctx context.Context, c *cli.Context, use func(*journal.Journal) error) error {
	j, err := journal.Open(ctx, journalPath(c), journal.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	return errors.Join(use(j), j.Close())
}

// showCalls prints the log of calls, oldest first.
func showCalls(ctx context.Context, w *world, c *cli.Context) error {
	return withCalls(ctx, c, func(j *journal.Journal) error {
		n, head, err := j.VerifyLog(ctx)
		if err != nil {
			return err
		}
		names, err := keyNames(ctx, j)
		if err != nil {
			return err
		}
		a := logAnswer{Schema: "clew.log/1", OK: true, Count: int(n), Head: head}
		p := newPage(w.stdout)
		for after := int64(0); after < n; {
			lines, err := j.LogLines(ctx, after, callsChunk)
			if err != nil {
				return err
			}
			for i := range lines {
				e, err := lines[i].Parse()
				if err != nil {
					return err
				}
				after = e.Seq
				if one := (logEntry{e.Seq, e.Hash, e}); w.json {
					a.Entries = append(a.Entries, one)
				} else {
					one.Who += names[one.Who]
					one.write(p)
				}
			}
			if len(lines) == 0 {
				break
			}
		}
		if w.json {
			return writeJSON(w.stdout, a)
		}
		if n == 0 {
			p.line("the log is empty")
		}
		return p.flush()
	})
}

// keyNames returns by id what keys are called, as it stands behind their id.
func keyNames(ctx context.Context, j *journal.Journal) (map[string]string, error) {
	keys, err := j.Keys(ctx)
	names := make(map[string]string, len(keys))
	for i := range keys {
		names[keys[i].ID] = " (" + keys[i].Name + ")"
	}
	return names, err
}

// verifyCalls computes every hash of the log of calls again.
func verifyCalls(ctx context.Context, w *world, c *cli.Context) error {
	return withCalls(ctx, c, func(j *journal.Journal) error {
		n, head, err := j.VerifyLog(ctx)
		if errors.Is(err, journal.ErrDamaged) {
			return &checkError{err.Error()}
		}
		if err != nil {
			return err
		}
		if kept := c.String("head"); kept != "" && kept != head {
			if err := holdsHash(ctx, j, kept); err != nil {
				return err
			}
		}
		if w.json {
			return writeJSON(w.stdout, logAnswer{Schema: "clew.log/1", OK: true, Count: int(n), Head: head})
		}
		last := ""
		if head != "" {
			last = "; the last hash is " + head
		}
		_, err = fmt.Fprintf(w.stdout, "%s, every hash agrees%s\n", entriesCount(int(n)), last)
		return err
	})
}

// holdsHash looks for an entry by the hash that somebody kept.
func holdsHash(ctx context.Context, j *journal.Journal, kept string) error {
	for after := int64(0); ; {
		lines, err := j.LogLines(ctx, after, callsChunk)
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			return &checkError{fmt.Sprintf("no entry of this log has the hash %s: it was cut before that entry, or made anew", kept)}
		}
		for i := range lines {
			if after = lines[i].Seq; lines[i].Hash == kept {
				return nil
			}
		}
	}
}

// exportCalls writes the log of calls as lines of JSON.
func exportCalls(ctx context.Context, w *world, c *cli.Context) error {
	return withCalls(ctx, c, func(j *journal.Journal) (err error) {
		out := c.String("out")
		if out == "" {
			_, _, err := j.WriteLog(ctx, w.stdout)
			return err
		}
		f, err := createNew(out)
		if err != nil {
			return fmt.Errorf("write the log: %w", err)
		}
		n, head, err := j.WriteLog(ctx, f)
		if err := errors.Join(err, f.Close()); err != nil {
			return errors.Join(err, os.Remove(out))
		}
		if w.json {
			return writeJSON(w.stdout, logAnswer{Schema: "clew.log/1", OK: true, Count: int(n), Head: head})
		}
		_, err = fmt.Fprintf(w.stdout, "%s written to %s; the last hash is %s\n", entriesCount(int(n)), out, head)
		return err
	})
}
