package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"clew/exhibit"
	"clew/store/journal"
)

func incidentCommand() *command {
	codes := []exitCode{codeNoStore, codeStore}
	return &command{
		path: "incident", short: "the incidents that screening knows: add, list, show, refresh, remove",
		long: "Every traced incident is an index: what it traced to an address, an output or a deposit is found at once, with the path from the theft. An incident that is added is looked in by clew screen and clew serve, and the places where its money lies are watched. Its trace is kept in the store (--db), and that it is used in the journal (--journal).",
		subs: []*command{
			{
				path: "incident add", args: "TRACE | INCIDENT.yaml [--rpc CHAIN=URL…]", short: "screen against an incident from now on",
				long: "TRACE is a trace.json, as clew trace --out writes it and as another party may send it, or the id of a trace in the store. An incident file is traced first, over the blocks in the store or over a node. Another trace of an incident that is known takes the place of the one before.",
				examples: []example{
					{"clew incident add clew-demo/atlanta-replica/trace.json", "the demonstration's replica; its addresses screen as matches"},
					{"clew incident add theft.yaml", "trace it over the blocks in the store, and load it"},
				},
				codes:   append([]exitCode{codeGaps, codeUnreachable}, codes...),
				options: rpcFlags("journal", "state-rpc", "from", "as-of", "without", "through", "label-as-of", "examiner", "purpose"),
				least:   1, most: 1,
				action: runIncidentAdd,
			},
			{
				path: "incident list", short: "what is loaded, and whether it still stands",
				examples: []example{{"clew incident list", "an incident whose blocks left the main chain raises no match, and says so"}},
				codes:    codes,
				options:  []string{"journal"},
				action:   runIncidentList,
			},
			{
				path: "incident show", args: "ID", short: "one of them: its trace, its blocks, and where its money lies",
				examples: []example{{"clew incident show atlanta-replica", "each place where traced money still lies, by the amount"}},
				codes:    codes,
				options:  []string{"journal", "limit"},
				least:    1, most: 1,
				action: runIncidentShow,
			},
			{
				path: "incident refresh", args: "ID [--rpc CHAIN=URL…]", short: "trace one again, as of now, and load that",
				long:     "It needs the incident's file, which is known of those that were added as a file, or whose trace.json lay beside its incident.yaml.",
				examples: []example{{"clew incident refresh example", "after clew sync read more blocks, or followed a reorganisation"}},
				codes:    append([]exitCode{codeGaps, codeUnreachable}, codes...),
				options:  rpcFlags("journal", "state-rpc", "from", "as-of", "without", "through", "label-as-of", "examiner", "purpose"),
				least:    1, most: 1,
				action: runIncidentRefresh,
			},
			{
				path: "incident remove", args: "ID", short: "do not screen against it any more",
				long:     "The trace stays in the store, and verdicts that were given stay as they are.",
				examples: []example{{"clew incident remove atlanta-replica", "its matches are gone from the next screening on"}},
				codes:    codes,
				options:  []string{"journal", "examiner", "purpose"},
				least:    1, most: 1,
				action: runIncidentRemove,
			},
		},
	}
}

// incidentAnswer is an incident in answers with --json.
type incidentAnswer struct {
	Schema string    `json:"schema,omitempty"` // "clew.incident-loaded/1"
	ID     string    `json:"id"`
	Title  string    `json:"title"`
	Trace  string    `json:"trace"`
	SHA256 string    `json:"sha256"` // of the trace's JSON
	Loaded time.Time `json:"loaded"`
	Stale  string    `json:"stale,omitempty"`
	// Refreshable: its file is known, so that it can be traced again.
	Refreshable bool          `json:"refreshable"`
	Synthetic   bool          `json:"synthetic,omitempty"`
	Hops        int           `json:"hops"`
	Gaps        int           `json:"gaps"`
	Watched     int           `json:"watched"` // places where its money lies
	Places      []placeAnswer `json:"places,omitempty"`
}

func runIncidentAdd(ctx context.Context, w *world, c *cli.Context) (err error) {
	d, err := openDesk(ctx, w, c, deskOptions{write: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	name := c.Args().First()
	file, err := incidentFile(name)
	if err != nil {
		return err
	}
	if file != nil {
		return d.traceAndLoad(ctx, name, file)
	}
	t, err := loadTrace(ctx, c, name)
	if err != nil {
		return err
	}
	if err := d.keepTrace(ctx, t); err != nil {
		return err
	}
	in, err := d.load(ctx, t, besideTrace(t))
	if err != nil {
		return err
	}
	return d.printIncident(ctx, &in, t.Trace)
}

func runIncidentRefresh(ctx context.Context, w *world, c *cli.Context) (err error) {
	d, err := openDesk(ctx, w, c, deskOptions{write: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	in, err := d.incident(ctx, c.Args().First())
	if err != nil {
		return err
	}
	if len(in.File) == 0 {
		return withHint(fmt.Errorf("incident %s was added as a trace alone: its file is not known", in.ID), "clew incident add INCIDENT.yaml traces it again")
	}
	return d.traceAndLoad(ctx, in.ID, in.File)
}

func runIncidentList(ctx context.Context, w *world, c *cli.Context) (err error) {
	d, err := openDesk(ctx, w, c, deskOptions{look: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	list, err := d.j.Incidents(ctx)
	if err != nil {
		return err
	}
	a := struct {
		Schema    string           `json:"schema"` // "clew.incidents/1"
		Incidents []incidentAnswer `json:"incidents"`
	}{"clew.incidents/1", []incidentAnswer{}}
	for i := range list {
		one, _, err := d.describe(ctx, &list[i])
		if err != nil {
			return err
		}
		a.Incidents = append(a.Incidents, one)
	}
	if w.json {
		return writeJSON(w.stdout, a)
	}
	p := newPage(w.stdout)
	if len(list) == 0 {
		p.line("no incident is loaded: clew incident add TRACE, such as clew-demo/atlanta-replica/trace.json")
		return p.flush()
	}
	rows := [][]string{{"id", "trace", "loaded", "hops", "gaps", "title"}}
	for i := range a.Incidents {
		in := &a.Incidents[i]
		rows = append(rows, []string{exhibit.Visible(in.ID), in.Trace, in.Loaded.UTC().Format(time.DateOnly), grouped(int64(in.Hops)), grouped(int64(in.Gaps)), exhibit.Visible(in.Title)})
	}
	p.table("lllrrl", rows)
	for i := range a.Incidents {
		if in := &a.Incidents[i]; in.Stale != "" {
			p.line("%s raises no match now: %s", exhibit.Visible(in.ID), fold(in.Stale, 0))
		}
	}
	return p.flush()
}

func runIncidentShow(ctx context.Context, w *world, c *cli.Context) (err error) {
	d, err := openDesk(ctx, w, c, deskOptions{look: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	in, err := d.incident(ctx, c.Args().First())
	if err != nil {
		return err
	}
	a, t, err := d.describe(ctx, &in)
	if err != nil {
		return err
	}
	most := 20
	if c.IsSet("limit") {
		most = int(c.Int64("limit"))
	}
	a.Schema, a.Places = "clew.incident-loaded/1", placesOf(t, most)
	if w.json {
		return writeJSON(w.stdout, a)
	}
	return pageIncident(w, &a, t)
}

func runIncidentRemove(ctx context.Context, w *world, c *cli.Context) (err error) {
	d, err := openDesk(ctx, w, c, deskOptions{write: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	in, err := d.incident(ctx, c.Args().First())
	if err != nil {
		return err
	}
	if err := d.drop(ctx, &in); err != nil {
		return err
	}
	if w.json {
		return writeJSON(w.stdout, incidentAnswer{Schema: "clew.incident-loaded/1", ID: in.ID, Trace: in.Trace, SHA256: in.SHA256, Loaded: in.Loaded})
	}
	_, err = fmt.Fprintf(w.stdout, "%s is not screened against any more; trace %s stays in %s\n", exhibit.Visible(in.ID), in.Trace, d.db)
	return err
}

// incident returns a loaded incident.
func (d *desk) incident(ctx context.Context, id string) (journal.Incident, error) {
	list, err := d.j.Incidents(ctx)
	if err != nil {
		return journal.Incident{}, err
	}
	for i := range list {
		if list[i].ID == id {
			return list[i], nil
		}
	}
	return journal.Incident{}, withHint(fmt.Errorf("no incident %q is loaded: %w", id, journal.ErrNotFound), "clew incident list prints those that are")
}
