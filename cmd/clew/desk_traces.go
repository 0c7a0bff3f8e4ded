package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/store/journal"
)

// deskTraces loads incidents for the API.
type deskTraces struct{ d *desk }

// Run implements server.Traces: it traces over the blocks in the store where these have the seeds' chains,
// else over the nodes.
func (k deskTraces) Run(ctx context.Context, file []byte) (journal.Incident, error) {
	none := journal.Incident{}
	inc, err := parseDeclaration("the incident", file)
	if err != nil {
		return none, err
	}
	c, err := k.d.traceContext(ctx, inc)
	if err != nil {
		return none, err
	}
	in, _, err := k.d.traceAs(ctx, c, inc)
	if _, hasGaps := errors.AsType[*gapsError](err); err != nil && !hasGaps {
		return none, err
	}
	_, err = k.d.refresh(ctx)
	return in, err
}

// Load implements server.Traces.
func (k deskTraces) Load(ctx context.Context, trace string) (journal.Incident, error) {
	id, text, err := k.d.st.LoadTrace(ctx, trace)
	if err != nil {
		return journal.Incident{}, err
	}
	t, err := parseTrace("the store", text)
	if err != nil {
		return journal.Incident{}, err
	}
	in, err := k.d.load(ctx, &loadedTrace{Trace: t.Trace, id: id, text: text}, nil)
	if err == nil {
		_, err = k.d.refresh(ctx)
	}
	return in, err
}

// Check implements server.Traces.
func (k deskTraces) Check(file []byte) error {
	_, err := parseDeclaration("the incident", file)
	return err
}

// Drop implements server.Traces.
func (k deskTraces) Drop(ctx context.Context, incident string) error {
	in, err := k.d.j.Incident(ctx, incident)
	if errors.Is(err, journal.ErrNotFound) {
		return fmt.Errorf("incident %q: %w", incident, chains.ErrNotFound)
	}
	if err == nil {
		err = k.d.drop(ctx, &in)
	}
	if err == nil {
		_, err = k.d.refresh(ctx)
	}
	return err
}

// JSON implements server.Traces.
func (k deskTraces) JSON(ctx context.Context, trace string) ([]byte, error) {
	_, text, err := k.d.st.LoadTrace(ctx, trace)
	return text, err
}

// traceContext is the command line of clew trace for an incident that a running clew serve traces: over
// the store, with its nodes telling what accounts hold, where it has blocks of every seed's chain; else
// over the nodes.
func (d *desk) traceContext(ctx context.Context, inc *declared) (*cli.Context, error) {
	has, err := d.knownChains(ctx)
	if err != nil {
		return nil, err
	}
	nodes := "state-rpc"
	if slices.ContainsFunc(inc.chains(), func(chain chains.Chain) bool { return !slices.Contains(has, chain) }) {
		nodes = "rpc"
	}
	flags := flag.NewFlagSet("trace", flag.ContinueOnError)
	for _, o := range options() {
		if err := o.urfave().Apply(flags); err != nil {
			return nil, fmt.Errorf("--%s: %w", o.name, err)
		}
	}
	set := func(name, value string) {
		if err == nil && value != "" {
			err = flags.Set(name, value)
		}
	}
	for _, url := range d.c.StringSlice("rpc") {
		set(nodes, url)
	}
	for _, o := range nodeOptions() {
		if strings.HasPrefix(o.name, "rpc-") && d.c.IsSet(o.name) {
			set(o.name, fmt.Sprint(d.c.Value(o.name)))
		}
	}
	for _, name := range []string{"examiner", "purpose"} {
		set(name, d.c.String(name))
	}
	if err != nil {
		return nil, fmt.Errorf("trace as clew serve was started: %w", err)
	}
	return cli.NewContext(cli.NewApp(), flags, nil), nil
}
