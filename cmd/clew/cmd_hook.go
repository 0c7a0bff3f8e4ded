package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"clew/custody"
	"clew/exhibit"
	"clew/server/webhook"
	"clew/store/journal"
)

func hookCommand() *command {
	codes := []exitCode{codeStore}
	return &command{
		path: "hook", short: "webhooks: where events are sent, and what became of each delivery",
		long: "A webhook gets each event as signed JSON (HMAC-SHA256, in the form of Standard Webhooks; docs/screening.md shows how to check it): watched money that moved, a verdict that changed, a job that ended. A running clew serve sends them, again and again with growing pauses until they are taken, and after that they stand on a list from which they can be sent again.\n\n" +
			"Targets in private ranges, on loopback and on this network are refused unless --allow-webhook names them, and what is not HTTPS is too.",
		subs: []*command{
			{
				path: "hook add", args: "URL", short: "send events there, and print the secret, once",
				examples: []example{{"clew hook add https://compliance.example/clew", "every event"}, {"clew hook add http://127.0.0.1:9000/ --allow-webhook 127.0.0.0/8 --event verdict.changed", "one kind, to a program on this machine"}},
				codes:    codes,
				options:  []string{"journal", "event", "allow-webhook"},
				least:    1, most: 1,
				action: runHookAdd,
			},
			{
				path: "hook list", short: "where events are sent",
				examples: []example{{"clew hook list", "with the id that hook remove and test take"}},
				codes:    codes, options: []string{"journal"}, action: runHookList,
			},
			{
				path: "hook remove", args: "ID", short: "send nothing there any more",
				examples: []example{{"clew hook remove end-…", "deliveries that are due are given up"}},
				codes:    codes, options: []string{"journal"}, least: 1, most: 1, action: runHookRemove,
			},
			{
				path: "hook test", args: "ID", short: "send one event there now, and say what became of it",
				examples: []example{{"clew hook test end-…", "an event of kind webhook.test, signed as all are"}},
				codes:    codes, options: []string{"journal", "allow-webhook"}, least: 1, most: 1, action: runHookTest,
			},
			{
				path: "hook deliveries", args: "[--state STATE]", short: "what was sent, what is due, and what was given up",
				examples: []example{{"clew hook deliveries --state dead", "those that nobody took, with the last answer"}},
				codes:    codes, options: []string{"journal", "state", "limit"}, action: runHookDeliveries,
			},
			{
				path: "hook resend", args: "EVENT", short: "send an event again",
				examples: []example{{"clew hook resend evt-0123456789abcdef", "a running clew serve sends it to each webhook that had it"}},
				codes:    codes, options: []string{"journal"}, least: 1, most: 1, action: runHookResend,
			},
		},
	}
}

// hookAnswer is a webhook in answers with --json. Secret stands in the answer that makes it alone.
type hookAnswer struct {
	Schema  string    `json:"schema,omitempty"` // "clew.hook/1"
	ID      string    `json:"id"`
	URL     string    `json:"url"`
	Events  []string  `json:"events"` // empty: all
	Created time.Time `json:"created"`
	Removed time.Time `json:"removed,omitzero"`
	Secret  string    `json:"secret,omitempty"`
}

func hookOf(e *journal.Endpoint) hookAnswer {
	a := hookAnswer{ID: e.ID, URL: e.URL, Events: e.Events, Created: e.Created, Removed: e.Removed}
	if a.Events == nil {
		a.Events = []string{}
	}
	return a
}

// notedHook is noted for a webhook. Of its address the host alone is kept: the rest may be a secret.
func (w *world) notedHook(c *cli.Context, tx *journal.Tx, what string, e *journal.Endpoint) error {
	return w.noted(c, tx, custody.Entry{What: what, Details: map[string]string{"webhook": e.ID, "to": nodeOnly(e.URL)}})
}

func runHookAdd(ctx context.Context, w *world, c *cli.Context) error {
	guard, err := webhook.ParseGuard(c.StringSlice("allow-webhook"))
	if err != nil {
		return &usageError{err.Error(), "such as --allow-webhook 10.0.0.0/8"}
	}
	url := c.Args().First()
	if err := guard.CheckURL(url); err != nil {
		return withHint(err, "--allow-webhook CIDR lets events go to private addresses, and over plain HTTP; give it to clew serve too")
	}
	secret, err := webhook.NewSecret()
	if err != nil {
		return err
	}
	endpoint := journal.Endpoint{ID: "end-" + rand.Text(), URL: url, Secret: secret, Events: c.StringSlice("event"), Created: w.now().UTC()}
	err = inJournal(ctx, w, c, func(tx *journal.Tx) error {
		return errors.Join(tx.PutEndpoint(endpoint), w.notedHook(c, tx, "webhook added", &endpoint))
	})
	if err != nil {
		return fmt.Errorf("add the webhook: %w", err)
	}
	a := hookOf(&endpoint)
	a.Schema, a.Secret = "clew.hook/1", secret.Reveal()
	if w.json {
		return writeJSON(w.stdout, a)
	}
	w.remark("webhook %s. The secret with which its events are signed is printed once:\n", a.ID)
	_, err = fmt.Fprintln(w.stdout, a.Secret)
	return err
}

func runHookList(ctx context.Context, w *world, c *cli.Context) (err error) {
	j, err := openJournal(ctx, w, c, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	list, err := j.Endpoints(ctx)
	if err != nil {
		return err
	}
	a := struct {
		Schema string       `json:"schema"` // "clew.hooks/1"
		Hooks  []hookAnswer `json:"hooks"`
	}{"clew.hooks/1", []hookAnswer{}}
	for i := range list {
		a.Hooks = append(a.Hooks, hookOf(&list[i]))
	}
	if w.json {
		return writeJSON(w.stdout, a)
	}
	p := newPage(w.stdout)
	if len(list) == 0 {
		p.line("no webhook was added: clew hook add URL")
		return p.flush()
	}
	rows := [][]string{{"id", "events", "added", "", "where"}}
	for i := range a.Hooks {
		h, gone := &a.Hooks[i], ""
		if !h.Removed.IsZero() {
			gone = "removed " + h.Removed.UTC().Format(time.DateOnly)
		}
		rows = append(rows, []string{h.ID, or(strings.Join(h.Events, ", "), "all"), h.Created.UTC().Format(time.DateOnly), gone, exhibit.Visible(nodeOnly(h.URL))})
	}
	p.table("lllll", rows)
	return p.flush()
}

// hook returns a webhook that was not removed.
func hook(ctx context.Context, j *journal.Journal, id string) (journal.Endpoint, error) {
	e, err := j.Endpoint(ctx, id)
	if err == nil && !e.Removed.IsZero() {
		err = fmt.Errorf("webhook %s was removed on %s", id, e.Removed.UTC().Format(time.DateOnly))
	}
	return e, withHint(err, "clew hook list prints them")
}

func runHookRemove(ctx context.Context, w *world, c *cli.Context) (err error) {
	j, err := openJournal(ctx, w, c, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	e, err := hook(ctx, j, c.Args().First())
	if err != nil {
		return err
	}
	err = j.Do(ctx, func(tx *journal.Tx) error {
		return errors.Join(tx.RemoveEndpoint(e.ID), w.notedHook(c, tx, "webhook removed", &e))
	})
	if err != nil {
		return fmt.Errorf("remove webhook %s: %w", e.ID, err)
	}
	a := hookOf(&e)
	a.Schema, a.Removed = "clew.hook/1", w.now().UTC()
	if w.json {
		return writeJSON(w.stdout, a)
	}
	_, err = fmt.Fprintf(w.stdout, "nothing is sent to %s any more\n", exhibit.Visible(nodeOnly(e.URL)))
	return err
}

func runHookTest(ctx context.Context, w *world, c *cli.Context) (err error) {
	guard, err := webhook.ParseGuard(c.StringSlice("allow-webhook"))
	if err != nil {
		return &usageError{err.Error(), "such as --allow-webhook 10.0.0.0/8"}
	}
	j, err := openJournal(ctx, w, c, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	e, err := hook(ctx, j, c.Args().First())
	if err != nil {
		return err
	}
	sender := webhook.NewSender(j, webhook.Options{Guard: guard, Agent: agent(), Log: w.log})
	if err := sender.Probe(ctx, e); err != nil {
		return fmt.Errorf("send an event to webhook %s: %w", e.ID, err)
	}
	a := hookOf(&e)
	a.Schema = "clew.hook/1"
	if w.json {
		return writeJSON(w.stdout, a)
	}
	_, err = fmt.Fprintf(w.stdout, "%s took an event of kind webhook.test\n", exhibit.Visible(nodeOnly(e.URL)))
	return err
}

// agent names the program where it asks others over HTTP.
func agent() string { return "clew/" + thisTool().Version }

// deliveryAnswer is a delivery in answers with --json.
type deliveryAnswer struct {
	Event    string                `json:"event"`
	Hook     string                `json:"hook"`
	Kind     string                `json:"kind"`
	State    journal.DeliveryState `json:"state"`
	Attempts int                   `json:"attempts"`
	Next     time.Time             `json:"next,omitzero"`
	Error    string                `json:"error,omitempty"` // of the last attempt
	Created  time.Time             `json:"created"`
	Finished time.Time             `json:"finished,omitzero"`
}

func runHookDeliveries(ctx context.Context, w *world, c *cli.Context) (err error) {
	j, err := openJournal(ctx, w, c, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	most := 20
	if c.IsSet("limit") {
		most = int(c.Int64("limit"))
	}
	list, next, err := j.Deliveries(ctx, journal.DeliveryState(c.String("state")), 0, most)
	if err != nil {
		return err
	}
	a := struct {
		Schema     string           `json:"schema"` // "clew.deliveries/1"
		More       bool             `json:"more"`
		Deliveries []deliveryAnswer `json:"deliveries"` // the newest first
	}{"clew.deliveries/1", next != 0, []deliveryAnswer{}}
	for i := range list {
		d := &list[i]
		a.Deliveries = append(a.Deliveries, deliveryAnswer{d.ID, d.Endpoint, d.Kind, d.State, d.Attempts, d.Next, d.Error, d.Created, d.Finished})
	}
	if w.json {
		return writeJSON(w.stdout, a)
	}
	p := newPage(w.stdout)
	rows := [][]string{{"event", "webhook", "kind", "state", "attempts", "since"}}
	for i := range a.Deliveries {
		d := &a.Deliveries[i]
		rows = append(rows, []string{d.Event, d.Hook, d.Kind, string(d.State), fmt.Sprint(d.Attempts), d.Created.UTC().Format(time.RFC3339)})
	}
	if len(list) == 0 {
		p.line("none")
		return p.flush()
	}
	p.table("llllrl", rows)
	for i := range a.Deliveries {
		if d := &a.Deliveries[i]; d.Error != "" {
			p.line("%s: %s", d.Event, fold(exhibit.Visible(d.Error), len(d.Event)+2))
		}
	}
	if a.More {
		p.line("and older ones: --limit N")
	}
	return p.flush()
}

func runHookResend(ctx context.Context, w *world, c *cli.Context) (err error) {
	event := c.Args().First()
	j, err := openJournal(ctx, w, c, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	var to []string
	for before := int64(0); ; {
		list, next, err := j.Deliveries(ctx, "", before, 1000)
		if err != nil {
			return err
		}
		for i := range list {
			if list[i].ID == event && list[i].State != journal.DeliveryDue {
				to = append(to, list[i].Endpoint)
			}
		}
		if before = next; next == 0 {
			break
		}
	}
	if len(to) == 0 {
		return withHint(fmt.Errorf("no event %q was sent or given up", event), "clew hook deliveries prints them; one that is due is sent anyway")
	}
	slices.Sort(to)
	err = j.Do(ctx, func(tx *journal.Tx) error {
		for _, endpoint := range to {
			if err := tx.Resend(event, endpoint, w.now()); err != nil {
				return err
			}
		}
		return w.noted(c, tx, custody.Entry{What: "event sent again", Details: map[string]string{"event": event, "webhooks": strings.Join(to, ", ")}})
	})
	if err != nil {
		return fmt.Errorf("send %s again: %w", event, err)
	}
	if w.json {
		return writeJSON(w.stdout, struct {
			Schema string   `json:"schema"` // "clew.resent/1"
			Event  string   `json:"event"`
			Hooks  []string `json:"hooks"`
		}{"clew.resent/1", event, to})
	}
	_, err = fmt.Fprintf(w.stdout, "%s is due again for %s; a running clew serve sends it\n", event, strings.Join(to, ", "))
	return err
}
