package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"clew/custody"
	"clew/exhibit"
	"clew/server"
	"clew/store/journal"
)

func keyCommand() *command {
	codes := []exitCode{codeStore}
	return &command{
		path: "key", short: "who may use the API: make, list and revoke keys",
		long: "A key is 256 random bits. It is printed once, when it is made; the journal keeps its SHA-256, the name by which the log knows it, and what it may do: read what is there (read), screen and watch (screen), load incidents and look after keys and webhooks (admin). A running clew serve knows a change within a second.",
		subs: []*command{
			{
				path: "key add", args: "NAME --scope SCOPE", short: "make a key and print it, once",
				examples: []example{{"clew key add deposits --scope screen", "a key for the system that screens deposits"}, {"clew key add board --scope read --rate 10", "one that reads, ten times a second"}},
				codes:    codes,
				options:  []string{"journal", "scope", "rate", "burst"},
				least:    1, most: 1,
				action: runKeyAdd,
			},
			{
				path: "key list", short: "the keys, by name, and what each may do",
				examples: []example{{"clew key list", "those that were revoked too, with the day"}},
				codes:    codes,
				options:  []string{"journal"},
				action:   runKeyList,
			},
			{
				path: "key revoke", args: "ID", short: "take a key back",
				examples: []example{{"clew key revoke 5f0c9a1b2c3d4e5f", "the id, as clew key list prints it"}},
				codes:    codes,
				options:  []string{"journal"},
				least:    1, most: 1,
				action: runKeyRevoke,
			},
		},
	}
}

// keyAnswer is a key in answers with --json. Key is the key itself, in the answer that makes it alone.
type keyAnswer struct {
	Schema  string    `json:"schema,omitempty"` // "clew.key/1"
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Scopes  []string  `json:"scopes"`
	Rate    int64     `json:"rate,omitempty"`
	Burst   int64     `json:"burst,omitempty"`
	Created time.Time `json:"created"`
	Revoked time.Time `json:"revoked,omitzero"`
	Key     string    `json:"key,omitempty"`
}

func keyOf(k *journal.Key) keyAnswer {
	return keyAnswer{ID: k.ID, Name: k.Name, Scopes: k.Scopes, Rate: int64(k.Rate), Burst: int64(k.Burst), Created: k.Created, Revoked: k.Revoked}
}

func runKeyAdd(ctx context.Context, w *world, c *cli.Context) error {
	scopes := c.StringSlice("scope")
	if len(scopes) == 0 {
		return &usageError{"--scope is needed: what may the key do?", "--scope read, screen or admin; each includes the one before"}
	}
	text, key, err := server.MakeKey(c.Args().First(), scopes, int(c.Int64("rate")), int(c.Int64("burst")), w.now())
	if err != nil {
		return err
	}
	err = inJournal(ctx, w, c, func(tx *journal.Tx) error {
		return errors.Join(tx.PutKey(key), w.noted(c, tx, custody.Entry{What: "key made", Details: map[string]string{
			"key": key.ID, "name": key.Name, "scope": strings.Join(key.Scopes, ", "),
		}}))
	})
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	a := keyOf(&key)
	a.Schema, a.Key = "clew.key/1", text
	if w.json {
		return writeJSON(w.stdout, a)
	}
	w.remark("key %s for %s, which may %s. It is printed once and not kept:\n", key.ID, exhibit.Visible(key.Name), strings.Join(scopes, ", "))
	_, err = fmt.Fprintln(w.stdout, text)
	return err
}

func runKeyList(ctx context.Context, w *world, c *cli.Context) (err error) {
	j, err := openJournal(ctx, w, c, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	keys, err := j.Keys(ctx)
	if err != nil {
		return err
	}
	a := struct {
		Schema string      `json:"schema"` // "clew.keys/1"
		Keys   []keyAnswer `json:"keys"`
	}{"clew.keys/1", []keyAnswer{}}
	for i := range keys {
		a.Keys = append(a.Keys, keyOf(&keys[i]))
	}
	if w.json {
		return writeJSON(w.stdout, a)
	}
	p := newPage(w.stdout)
	if len(keys) == 0 {
		p.line("no key was made: clew key add NAME --scope screen")
		return p.flush()
	}
	rows := [][]string{{"id", "name", "may", "made", ""}}
	for i := range a.Keys {
		k, gone := &a.Keys[i], ""
		if !k.Revoked.IsZero() {
			gone = "revoked " + k.Revoked.UTC().Format(time.DateOnly)
		}
		rows = append(rows, []string{k.ID, exhibit.Visible(k.Name), strings.Join(k.Scopes, ", "), k.Created.UTC().Format(time.DateOnly), gone})
	}
	p.table("lllll", rows)
	return p.flush()
}

func runKeyRevoke(ctx context.Context, w *world, c *cli.Context) (err error) {
	id := c.Args().First()
	j, err := openJournal(ctx, w, c, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	keys, err := j.Keys(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(keys, func(k journal.Key) bool { return k.ID == id })
	if at < 0 {
		return withHint(fmt.Errorf("no key has the id %q", id), "clew key list prints them")
	}
	if !keys[at].Revoked.IsZero() {
		return fmt.Errorf("key %s was revoked on %s already", id, keys[at].Revoked.UTC().Format(time.DateOnly))
	}
	err = j.Do(ctx, func(tx *journal.Tx) error {
		return errors.Join(tx.RevokeKey(id), w.noted(c, tx, custody.Entry{What: "key revoked", Details: map[string]string{"key": id, "name": keys[at].Name}}))
	})
	if err != nil {
		return fmt.Errorf("revoke key %s: %w", id, err)
	}
	a := keyOf(&keys[at])
	a.Schema, a.Revoked = "clew.key/1", w.now().UTC()
	if w.json {
		return writeJSON(w.stdout, a)
	}
	_, err = fmt.Fprintf(w.stdout, "key %s of %s is revoked\n", id, exhibit.Visible(keys[at].Name))
	return err
}
