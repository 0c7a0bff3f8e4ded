package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/custody"
	"clew/exhibit"
	"clew/screen"
	"clew/screen/watch"
	"clew/store/journal"
)

func watchCommand() *command {
	codes := []exitCode{codeStore}
	return &command{
		path: "watch", short: "addresses and outputs of which to be told: add, list, remove",
		long: "A running clew serve with a node looks through each new block, and through what waits for one, and sends an event to the webhooks when something watched pays, is paid, or leaves the chain again, and when its verdict changes. The places where the money of a loaded incident lies are watched by themselves.",
		subs: []*command{
			{
				path: "watch add", args: "SUBJECT", short: "watch an address (CHAIN:ADDRESS) or an output (CHAIN:TXID:VOUT)",
				examples: []example{{"clew watch add bitcoin:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa --note 'case 17'", "from the store's last block on"}},
				codes:    codes,
				options:  []string{"journal", "hook", "note", "no-screening"},
				least:    1, most: 1,
				action: runWatchAdd,
			},
			{
				path: "watch list", args: "[--incident ID]", short: "what is watched",
				examples: []example{{"clew watch list --incident atlanta-replica", "the places of one incident"}},
				codes:    codes,
				options:  []string{"journal", "incident", "chain", "limit", "after"},
				action:   runWatchList,
			},
			{
				path: "watch remove", args: "ID", short: "watch it no more",
				examples: []example{{"clew watch remove wat-…", "the id, as clew watch list prints it"}},
				codes:    codes,
				options:  []string{"journal"},
				least:    1, most: 1,
				action: runWatchRemove,
			},
		},
	}
}

// watchAnswer is a watch in answers with --json.
type watchAnswer struct {
	Schema   string       `json:"schema,omitempty"` // "clew.watch/1"
	ID       string       `json:"id"`
	Chain    chains.Chain `json:"chain"`
	Address  string       `json:"address,omitempty"`
	TxID     string       `json:"txid,omitempty"`
	Vout     *uint32      `json:"vout,omitempty"`
	Incident string       `json:"incident,omitempty"`
	Screen   bool         `json:"screen"`
	Note     string       `json:"note,omitempty"`
	Hook     string       `json:"hook,omitempty"` // absent: all of them
	Created  time.Time    `json:"created"`
	Removed  time.Time    `json:"removed,omitzero"`
	Last     string       `json:"last_screening,omitempty"`
	Seen     int64        `json:"seen_height"` // −1: as far as its chain
}

func watchOf(w *journal.Watch) watchAnswer {
	a := watchAnswer{
		ID: w.ID, Chain: chains.Chain(w.Chain), Address: w.Address, TxID: w.TxID, Incident: w.Incident, Screen: w.Screen, Note: w.Note,
		Hook: w.Endpoint, Created: w.Created, Removed: w.Removed, Last: w.Last, Seen: w.Seen,
	}
	if w.TxID != "" {
		a.Vout = &w.Vout
	}
	return a
}

// where names the place that is watched.
func (a *watchAnswer) where() string {
	if a.Vout != nil {
		return fmt.Sprintf("%s:%s:%d", a.Chain, a.TxID, *a.Vout)
	}
	return string(a.Chain) + ":" + a.Address
}

// notedWatch is noted for a watch.
func (w *world) notedWatch(c *cli.Context, tx *journal.Tx, what string, a *watchAnswer) error {
	return w.noted(c, tx, custody.Entry{What: what, Incident: a.Incident, Details: map[string]string{"watch": a.ID, "place": a.where()}})
}

func runWatchAdd(ctx context.Context, w *world, c *cli.Context) (err error) {
	subject, err := screen.ParseSubject(c.Args().First(), codec())
	if err == nil {
		subject, err = subject.Check(codec())
	}
	if err != nil {
		return withHint(err, "watch an address, CHAIN:ADDRESS, or an output, CHAIN:TXID:VOUT")
	}
	d, err := openDesk(ctx, w, c, deskOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if id := c.String("hook"); id != "" {
		if _, err := hook(ctx, d.j, id); err != nil {
			return err
		}
	}
	heads, err := d.headsNow(ctx, nil)
	if err != nil {
		return err
	}
	o := watch.Settings{Note: c.String("note"), Endpoint: c.String("hook"), Screen: !c.Bool("no-screening"), Seen: watch.WithChain}
	for _, h := range heads {
		if h.Chain == subject.Chain {
			o.Seen = h.Block.Height
		}
	}
	made, err := watch.New(subject, o)
	if err != nil {
		return withHint(err, "watch an address, CHAIN:ADDRESS, or an output, CHAIN:TXID:VOUT")
	}
	made.Created = w.now().UTC()
	a := watchOf(&made)
	err = d.j.Do(ctx, func(tx *journal.Tx) error {
		return errors.Join(tx.PutWatch(made), w.notedWatch(c, tx, "watch set", &a))
	})
	if err != nil {
		return fmt.Errorf("watch %s: %w", c.Args().First(), err)
	}
	a.Schema = "clew.watch/1"
	if w.json {
		return writeJSON(w.stdout, a)
	}
	_, err = fmt.Fprintf(w.stdout, "%s: %s is watched\n", a.ID, exhibit.Visible(a.where()))
	return err
}

func runWatchList(ctx context.Context, w *world, c *cli.Context) (err error) {
	j, err := openJournal(ctx, w, c, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	most := 20
	if c.IsSet("limit") {
		most = int(c.Int64("limit"))
	}
	list, err := j.Watches(ctx, journal.WatchFilter{Chain: c.String("chain"), Incident: c.String("incident")}, c.String("after"), most+1)
	if err != nil {
		return err
	}
	a := struct {
		Schema  string        `json:"schema"` // "clew.watches/1"
		Watches []watchAnswer `json:"watches"`
		Next    string        `json:"next,omitempty"` // what --after takes for the page behind it
	}{Schema: "clew.watches/1", Watches: []watchAnswer{}}
	for i := range list[:min(len(list), most)] {
		a.Watches = append(a.Watches, watchOf(&list[i]))
	}
	if len(list) > most {
		a.Next = list[most-1].ID
	}
	if w.json {
		return writeJSON(w.stdout, a)
	}
	p := newPage(w.stdout)
	if len(list) == 0 {
		p.line("nothing is watched: clew watch add CHAIN:ADDRESS, or clew incident add")
		return p.flush()
	}
	rows := [][]string{{"id", "place", "incident", "note"}}
	for i := range a.Watches {
		one := &a.Watches[i]
		rows = append(rows, []string{one.ID, exhibit.Visible(one.where()), exhibit.Visible(one.Incident), exhibit.Visible(one.Note)})
	}
	p.table("llll", rows)
	if a.Next != "" {
		p.line("more with --after %s", a.Next)
	}
	return p.flush()
}

func runWatchRemove(ctx context.Context, w *world, c *cli.Context) (err error) {
	j, err := openJournal(ctx, w, c, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	one, err := j.Watch(ctx, c.Args().First())
	a := watchOf(&one)
	if err == nil {
		err = j.Do(ctx, func(tx *journal.Tx) error {
			return errors.Join(tx.RemoveWatch(one.ID), w.notedWatch(c, tx, "watch removed", &a))
		})
	}
	if err != nil {
		return withHint(err, "clew watch list prints them")
	}
	a.Schema, a.Removed = "clew.watch/1", w.now().UTC()
	if w.json {
		return writeJSON(w.stdout, a)
	}
	_, err = fmt.Fprintf(w.stdout, "%s: %s is not watched any more\n", a.ID, exhibit.Visible(a.where()))
	return err
}
