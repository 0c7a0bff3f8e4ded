package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/custody"
	"clew/exhibit"
	"clew/screen"
	"clew/screen/watch"
	"clew/store/journal"
	"clew/tracer"
)

// incidentFile reads the incident file that a person named; nil where the name is of a trace.
func incidentFile(name string) ([]byte, error) {
	if !strings.ContainsAny(name, `./\`) {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, withHint(fmt.Errorf("read the incident: %w", err), "name a trace.json, the id of a trace in the store, or an incident file")
	}
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return nil, nil
	}
	return text, nil
}

// besideTrace returns the incident file of a trace that was read from a folder of clew trace; nil where
// there is none, or that there is another one.
func besideTrace(t *loadedTrace) []byte {
	if t.file == "" {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(t.file), "incident.yaml"))
	if err != nil || hashOf(text) != t.Incident.SHA256 {
		return nil
	}
	return text
}

// keepTrace puts a trace into the store that is not there yet.
func (d *desk) keepTrace(ctx context.Context, t *loadedTrace) error {
	_, kept, err := d.st.LoadTrace(ctx, t.id)
	switch {
	case err == nil && bytes.Equal(kept, t.text):
		return nil
	case err != nil && !errors.Is(err, chains.ErrNotFound):
		return err
	}
	return d.st.SaveTrace(ctx, t.id, t.Incident.SHA256, t.text)
}

// load screens against a trace in the store from now on, watches the places where its money lies, and
// says so in the logs of store and journal. file is the incident's, nil where it is not known.
func (d *desk) load(ctx context.Context, t *loadedTrace, file []byte) (journal.Incident, error) {
	in := journal.Incident{ID: t.Incident.ID, Trace: t.id, SHA256: hashOf(t.text), File: file, Loaded: d.w.now().UTC()}
	var err error
	if in.Stale, _, err = d.stale(ctx, t.AsOf, screen.Tops(t.Trace)); err != nil {
		return in, err
	}
	if file == nil { // what was known of it before still holds where it declares the same
		if before, err := d.incident(ctx, in.ID); err == nil && hashOf(before.File) == t.Incident.SHA256 {
			in.File = before.File
		}
	}
	did := custody.Entry{What: "incident loaded", SHA256: t.Incident.SHA256, Incident: in.ID, Trace: t.id, Result: in.SHA256}
	err = d.j.Do(ctx, func(tx *journal.Tx) error { return errors.Join(tx.PutIncident(in), d.w.noted(d.c, tx, did)) })
	if err != nil {
		return in, fmt.Errorf("load incident %s: %w", in.ID, err)
	}
	if err := d.watchPlaces(ctx, in.ID, t.Trace); err != nil {
		return in, err
	}
	_, err = d.st.AppendLog(ctx, d.w.signed(d.c, did))
	return in, err
}

// drop screens against an incident no more, and says so in the logs of store and journal.
func (d *desk) drop(ctx context.Context, in *journal.Incident) error {
	did := custody.Entry{What: "incident removed", Incident: in.ID, Trace: in.Trace}
	err := d.j.Do(ctx, func(tx *journal.Tx) error { return errors.Join(tx.DropIncident(in.ID), d.w.noted(d.c, tx, did)) })
	if err != nil {
		return fmt.Errorf("remove incident %s: %w", in.ID, err)
	}
	if err := d.watchPlaces(ctx, in.ID, nil); err != nil {
		return err
	}
	_, err = d.st.AppendLog(ctx, d.w.signed(d.c, did))
	return err
}

// watchPlaces watches the places where an incident's money lies; nil: none any more.
func (d *desk) watchPlaces(ctx context.Context, id string, t *tracer.Trace) error {
	w, err := watch.NewWatcher(watch.Options{Journal: d.j, Chains: deskChains{d.st}, Codec: codec(), Now: d.w.now, Log: d.w.log})
	if err != nil {
		return err
	}
	return w.OnIncident(ctx, id, t, watch.Settings{Screen: false})
}

// traceAndLoad traces an incident file, keeps the trace in the store and loads it.
func (d *desk) traceAndLoad(ctx context.Context, name string, file []byte) error {
	in, t, err := d.trace(ctx, name, file)
	gaps, hasGaps := errors.AsType[*gapsError](err)
	if err != nil && !hasGaps {
		return err
	}
	if err := d.printIncident(ctx, &in, t); err != nil {
		return err
	}
	if hasGaps {
		return gaps
	}
	return nil
}

// trace runs the trace of an incident file. A *gapsError comes with the loaded incident.
func (d *desk) trace(ctx context.Context, name string, file []byte) (journal.Incident, *tracer.Trace, error) {
	inc, err := parseDeclaration(name, file)
	if err != nil {
		return journal.Incident{}, nil, err
	}
	return d.traceAs(ctx, d.c, inc)
}

// traceAs is trace by the flags of c.
func (d *desk) traceAs(ctx context.Context, c *cli.Context, inc *declared) (journal.Incident, *tracer.Trace, error) {
	none := journal.Incident{}
	job := &traceJob{w: d.w, c: c, inc: inc, chains: inc.chains(), db: d.db, started: d.w.now(), silent: true}
	ran := job.run(ctx)
	if _, hasGaps := errors.AsType[*gapsError](ran); ran != nil && !hasGaps {
		return none, nil, ran
	}
	id, text, err := d.st.LoadTrace(ctx, job.id)
	if err != nil {
		return none, nil, err
	}
	in, err := d.load(ctx, &loadedTrace{Trace: job.trace, id: id, text: text}, inc.text)
	if err != nil {
		return none, nil, err
	}
	return in, job.trace, ran
}

// placeAnswer is a place where traced money lies.
type placeAnswer struct {
	Chain   chains.Chain  `json:"chain"`
	Address string        `json:"address,omitempty"`
	TxID    string        `json:"txid,omitempty"`
	Asset   chains.Asset  `json:"asset"`
	Reason  string        `json:"reason"`
	Units   chains.Amount `json:"units"` // traced, by fifo
}

// placesOf returns the endpoints that hold the most traced value by fifo, at most so many.
func placesOf(t *tracer.Trace, most int) []placeAnswer {
	addresses := map[string]string{}
	for i := range t.Nodes {
		addresses[t.Nodes[i].ID] = t.Nodes[i].Address
	}
	out := []placeAnswer{}
	for i := range t.Endpoints {
		e := &t.Endpoints[i]
		units, ok := e.Traced.Get(tracer.FIFO)
		if !ok || units.IsZero() {
			continue
		}
		at := placeAnswer{Chain: e.Chain, Address: addresses[e.Node], Asset: e.Asset, Reason: string(e.Reason), Units: units}
		if e.TxID != nil {
			at.TxID = hashText(e.Chain, e.TxID.String())
		}
		out = append(out, at)
	}
	slices.SortStableFunc(out, func(a, b placeAnswer) int {
		return cmp.Or(strings.Compare(string(a.Chain), string(b.Chain)), strings.Compare(string(a.Asset), string(b.Asset)), b.Units.Cmp(a.Units))
	})
	return out[:min(len(out), most)]
}

// describe says what is known of a loaded incident.
func (d *desk) describe(ctx context.Context, in *journal.Incident) (incidentAnswer, *tracer.Trace, error) {
	a := incidentAnswer{ID: in.ID, Trace: in.Trace, SHA256: in.SHA256, Loaded: in.Loaded, Refreshable: len(in.File) > 0}
	t, about, err := d.loaded(ctx, in.Trace, in.SHA256)
	if err != nil {
		return a, nil, fmt.Errorf("incident %s: %w", in.ID, err)
	}
	a.Title, a.Synthetic, a.Hops, a.Gaps = about.Title, about.Synthetic, len(t.Hops), len(t.Gaps)
	if a.Stale, _, err = d.stale(ctx, t.AsOf, screen.Tops(t)); err != nil {
		return a, nil, err
	}
	watched, err := d.j.Watches(ctx, journal.WatchFilter{Incident: in.ID}, "", 0)
	a.Watched = len(watched)
	return a, t, err
}

// printIncident says what was loaded.
func (d *desk) printIncident(ctx context.Context, in *journal.Incident, t *tracer.Trace) error {
	a, _, err := d.describe(ctx, in)
	if err != nil {
		return err
	}
	a.Schema = "clew.incident-loaded/1"
	if d.w.json {
		return writeJSON(d.w.stdout, a)
	}
	return pageIncident(d.w, &a, t)
}

// pageIncident prints an incident for people.
func pageIncident(w *world, a *incidentAnswer, t *tracer.Trace) error {
	names := exhibit.NameAssets(t)
	p := newPage(w.stdout)
	title := exhibit.Visible(a.Title)
	if a.Synthetic {
		title += " (synthetic)"
	}
	p.line("%s: %s", exhibit.Visible(a.ID), fold(title, len(a.ID)+2))
	p.line("  trace %s, %s, %s; %s where its money lies watched", a.Trace, counted(int64(a.Hops), "hop"), counted(int64(a.Gaps), "gap"), counted(int64(a.Watched), "place"))
	for i := range t.AsOf {
		p.line("  as of block %s of %s, %s", grouped(t.AsOf[i].Height), t.AsOf[i].Chain, t.AsOf[i].Time)
	}
	if a.Stale != "" {
		p.line("  it raises no match now: %s", fold(a.Stale, 2))
	}
	if len(a.Places) > 0 {
		p.line("")
		p.line("Where the most of it lies, by fifo")
		rows := [][]string{}
		for i := range a.Places {
			at := &a.Places[i]
			rows = append(rows, []string{plainSpaces(names.Brief(at.Chain, at.Asset, at.Units)), symbol(names, at.Chain, at.Asset), string(at.Chain), at.Reason, or(at.Address, at.TxID)})
		}
		p.table("rllll", rows)
	}
	return p.flush()
}
