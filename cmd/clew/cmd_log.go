package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"clew/custody"
	"clew/store"
)

func logCommand() *command {
	codes := []exitCode{codeCheck, codeNoStore, codeStore}
	return &command{
		path: "log", short: "what was declared and done, each entry hashed with the one before",
		long: "The log of the store. An entry's hash covers the one before it, so whoever keeps the last hash can show that nothing up to there was changed.",
		subs: []*command{
			{
				path: "log show", short: "the entries, oldest first",
				examples: []example{{"clew log show --db case.db", "when, what, and the hash of what was declared"}},
				codes:    codes,
				action: func(ctx context.Context, w *world, c *cli.Context) error {
					return withLog(ctx, c, func(entries []custody.Entry) error { return showLog(w, entries) })
				},
			},
			{
				path: "log verify", short: "compute every hash again and print the last",
				examples: []example{{"clew log verify --db case.db", "the last hash is the one to keep elsewhere"}},
				codes:    codes,
				action: func(ctx context.Context, w *world, c *cli.Context) error {
					return withLog(ctx, c, func(entries []custody.Entry) error { return verifyLog(w, entries) })
				},
			},
		},
	}
}

// logAnswer is the answer of `clew log show --json` and, without entries, of verify.
type logAnswer struct {
	Schema  string     `json:"schema"` // "clew.log/1"
	OK      bool       `json:"ok"`
	Count   int        `json:"count"`
	Head    string     `json:"head"` // hash of the last entry; "" of an empty log
	Entries []logEntry `json:"entries,omitempty"`
}

type logEntry struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
	custody.Entry
}

// withLog reads and verifies the log: reading it does both.
func withLog(ctx context.Context, c *cli.Context, use func([]custody.Entry) error) error {
	st, err := store.Open(ctx, c.String("db"), store.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	entries, err := st.Log(ctx)
	if err := errors.Join(err, st.Close()); err != nil {
		return err
	}
	return use(entries)
}

func head(entries []custody.Entry) string {
	if len(entries) == 0 {
		return ""
	}
	return entries[len(entries)-1].Hash
}

func showLog(w *world, entries []custody.Entry) error {
	if w.json {
		a := logAnswer{Schema: "clew.log/1", OK: true, Count: len(entries), Head: head(entries)}
		for _, e := range entries {
			a.Entries = append(a.Entries, logEntry{e.Seq, e.Hash, e})
		}
		return writeJSON(w.stdout, a)
	}
	p := newPage(w.stdout)
	for _, e := range entries {
		p.line("%d  %s  %s  %s", e.Seq, e.When.Format(time.RFC3339), e.What, e.Details["id"])
		if e.SHA256 != "" {
			p.line("   sha256 %s", e.SHA256)
		}
		p.line("   entry  %s", e.Hash)
	}
	if len(entries) == 0 {
		p.line("the log is empty")
	}
	return p.flush()
}

func verifyLog(w *world, entries []custody.Entry) error {
	if w.json {
		return writeJSON(w.stdout, logAnswer{Schema: "clew.log/1", OK: true, Count: len(entries), Head: head(entries)})
	}
	last := ""
	if len(entries) > 0 {
		last = "; the last hash is " + head(entries)
	}
	_, err := fmt.Fprintf(w.stdout, "%s, every hash agrees%s\n", entriesCount(len(entries)), last)
	return err
}

func entriesCount(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return grouped(int64(n)) + " entries"
}
