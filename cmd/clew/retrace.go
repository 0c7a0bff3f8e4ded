package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"clew/bundle"
	"clew/chains"
	"clew/labels"
	"clew/store"
	"clew/tracer"
)

// retrace runs the trace of a bundle again, from the bundle alone, and returns what trace.json must
// be. The store of the machine, its labels and its clock have no part in it: what a trace reads in a
// store is put into a new one, which is removed. What says who ran the trace and when they had
// declared it is taken over from the bundle's trace.
func (w *world) retrace(ctx context.Context, b *bundle.Bundle) (text []byte, err error) {
	return w.retraceOn(ctx, b, nil)
}

// ownNode opens a node of one's own in place of the recording of a chain; nil where there is none.
type ownNode func(ctx context.Context, chain chains.Chain, wrapped []chains.Address) (*openedNode, error)

// retraceOn is retrace over nodes of one's own, where own is not nil and has one for a chain. They are
// read from the first to the last block that the trace names.
func (w *world) retraceOn(ctx context.Context, b *bundle.Bundle, own ownNode) (text []byte, err error) {
	sealed, err := readSealed(b)
	if err != nil {
		return nil, err
	}
	sealed.own = own
	dir, err := os.MkdirTemp("", "clew-retrace-")
	if err != nil {
		return nil, fmt.Errorf("trace again: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	j := &traceJob{w: w, inc: sealed.inc, chains: sealed.inc.chains(), db: filepath.Join(dir, "retrace.db"), started: w.now(), brief: true}
	if j.c, err = sealed.context(); err != nil {
		return nil, fmt.Errorf("%s: %w", bundle.SettingsFile, err)
	}
	if j.pins, err = pinned(sealed.set.AsOf, ""); err != nil {
		return nil, fmt.Errorf("%s: %w", bundle.SettingsFile, err)
	}
	if own != nil {
		j.between(sealed.trace.AsOf)
	}
	if j.st, err = store.Open(ctx, j.db, store.Options{Create: true}); err != nil {
		return nil, fmt.Errorf("trace again: %w", err)
	}
	defer func() { err = errors.Join(err, j.st.Close()) }()
	if err := sealed.fill(ctx, w, j.st); err != nil {
		return nil, err
	}
	if err := sealed.run(ctx, j); err != nil {
		return nil, fmt.Errorf("trace again from the bundle: %w", err)
	}
	takeOver(j.trace, sealed.trace)
	if own != nil {
		takeRecorded(j.trace, sealed.trace)
	}
	text, _, err = encodeTrace(j.trace)
	return text, err
}

// takeOver gives again what says of was: who made it and when it was declared, which is not of the facts.
func takeOver(again, was *tracer.Trace) {
	again.Tool = was.Tool
	again.Incident.FirstLogged, again.Incident.Earlier = was.Incident.FirstLogged, was.Incident.Earlier
}

// takeRecorded gives a trace over nodes what stands in the recording of was alone, and is checked
// against that: its hash, the raw answers with the evidence that they are, and that the node was
// loading then.
func takeRecorded(again, was *tracer.Trace) {
	again.Inputs.Recording = was.Inputs.Recording
	for i := range was.Gaps {
		if g := &was.Gaps[i]; strings.HasPrefix(g.Why, stillLoading) {
			again.Gaps = append(again.Gaps, *g)
		}
	}
	hops := map[string]*tracer.Hop{}
	for i := range was.Hops {
		hops[was.Hops[i].ID] = &was.Hops[i]
	}
	for i := range again.Hops {
		h, from := &again.Hops[i], hops[again.Hops[i].ID]
		if from == nil || len(from.Legs) != len(h.Legs) {
			continue
		}
		for k := range h.Legs {
			h.Legs[k].Raw, h.Legs[k].Evidence = from.Legs[k].Raw, from.Legs[k].Evidence
		}
	}
}

// between reads each chain of a trace from its first to its last block.
func (j *traceJob) between(list []tracer.AsOf) {
	j.pins, j.begin = map[chains.Chain]chains.BlockRef{}, map[chains.Chain]int64{}
	for i := range list {
		a := &list[i]
		j.pins[a.Chain] = chains.BlockRef{Height: a.Height, Hash: a.Hash}
		j.begin[a.Chain] = a.FromHeight
	}
}

// sealedTrace is what a bundle says of how its trace is run.
type sealedTrace struct {
	b     *bundle.Bundle
	inc   *declared
	set   bundle.Settings
	trace *tracer.Trace // as it says itself
	own   ownNode       // nil: the recordings alone
}

func readSealed(b *bundle.Bundle) (*sealedTrace, error) {
	s := &sealedTrace{b: b, trace: &tracer.Trace{}}
	text, err := b.ReadFile(bundle.TraceFile)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, s.trace); err != nil {
		return nil, fmt.Errorf("%s: %w", bundle.TraceFile, err)
	}
	if text, err = b.ReadFile(bundle.IncidentFile); err != nil {
		return nil, err
	}
	if s.inc, err = parseDeclaration(bundle.IncidentFile, text); err != nil {
		return nil, err
	}
	s.set, err = b.Settings()
	return s, err
}

// context is the command line that gives the settings.
func (s *sealedTrace) context() (*cli.Context, error) {
	flags := flag.NewFlagSet("retrace", flag.ContinueOnError)
	for _, o := range options() {
		if err := o.urfave().Apply(flags); err != nil {
			return nil, fmt.Errorf("--%s: %w", o.name, err)
		}
	}
	for name, values := range givenBy(&s.set) {
		for _, value := range values {
			if err := flags.Set(name, value); err != nil {
				return nil, fmt.Errorf("--%s %q: %w", name, value, err)
			}
		}
	}
	c := cli.NewContext(cli.NewApp(), flags, nil)
	return c, checkChoices(c)
}

// givenBy returns the flags of clew trace that stand in settings, each with its values.
func givenBy(s *bundle.Settings) map[string][]string {
	one := func(value string) []string {
		if value == "" {
			return nil
		}
		return []string{value}
	}
	return map[string][]string{
		"from": one(s.From), "as-of": s.AsOf, "without": s.Without, "through": s.Through, "label-as-of": one(s.LabelAsOf),
	}
}

// settingsOf returns the settings that the flags of clew trace give.
func settingsOf(c *cli.Context) bundle.Settings {
	s := bundle.Settings{
		AsOf: c.StringSlice("as-of"), Without: c.StringSlice("without"), Through: c.StringSlice("through"), LabelAsOf: c.String("label-as-of"),
	}
	if c.IsSet("from") {
		s.From = strconv.FormatInt(c.Int64("from"), 10)
	}
	return s
}

// fill puts labels and imported files into a store that has none.
func (s *sealedTrace) fill(ctx context.Context, w *world, st *store.Store) error {
	if sum := s.trace.Inputs.Labels; sum != nil {
		packs, err := sealedLabels(s.b)
		if err != nil {
			return err
		}
		var kept []store.LabelPack
		for _, p := range packs {
			kept = append(kept, store.LabelPack{Added: w.now(), Content: p.Bytes()})
		}
		if err := st.ReplaceLabels(ctx, kept); err != nil {
			return fmt.Errorf("labels of the bundle: %w", err)
		}
	}
	for i := range s.set.Imports {
		in := &s.set.Imports[i]
		content, err := s.b.ReadFile(bundle.ImportsFolder + "/" + in.SHA256)
		if err != nil {
			return fmt.Errorf("imported file %q: %w", in.Name, err)
		}
		// The store reads files in the order in which they were imported.
		_, err = st.SaveImport(ctx, store.Import{
			Chain: in.Chain, Name: in.Name, Source: in.Source, Unit: in.Unit, Decimals: in.Decimals, Imported: time.Unix(int64(i), 0), Content: content,
		})
		if err != nil {
			return fmt.Errorf("imported file %q: %w", in.Name, err)
		}
	}
	return nil
}

// labelsMember is the archive of the labels in a bundle.
const labelsMember = bundle.LabelsFolder + "/labels.zst"

// sealedLabels reads the labels of a bundle.
func sealedLabels(b *bundle.Bundle) ([]*labels.Pack, error) {
	data, err := b.ReadFile(labelsMember)
	if err != nil {
		return nil, fmt.Errorf("labels of the bundle: %w", err)
	}
	packs, err := labels.Unarchive(data)
	if err != nil {
		return nil, fmt.Errorf("labels of the bundle: %s: %w", labelsMember, err)
	}
	return packs, nil
}

// run traces from the recordings, or from the imported files where there are none.
func (s *sealedTrace) run(ctx context.Context, j *traceJob) (err error) {
	folders := s.b.Recordings()
	if len(folders) == 0 {
		return j.fromStore(ctx)
	}
	nodes := &openedNodes{w: j.w, c: j.c, inc: j.inc, flag: "rpc", seeds: j.chains, of: map[chains.Chain]*openedNode{}}
	defer func() { err = errors.Join(err, nodes.Close()) }()
	for _, folder := range folders {
		files, err := fs.Sub(s.b.FS(), folder)
		if err != nil {
			return fmt.Errorf("%s: %w", folder, err)
		}
		node, err := openRecording(ctx, files, folder, "")
		if err != nil {
			return err
		}
		nodes.of[node.chain] = node
		if s.own == nil {
			continue
		}
		other, err := s.own(ctx, node.chain, s.inc.wrapped(node.chain))
		if err != nil {
			return err
		}
		if other != nil {
			nodes.of[node.chain] = other
			if err := node.Close(); err != nil {
				return fmt.Errorf("%s: %w", folder, err)
			}
		}
	}
	return j.follow(ctx, nodes)
}
