package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/labels"
	"clew/screen"
	"clew/store/journal"
)

// replay makes a verdict again from what it pins, and nothing else. What it pins and is no longer there
// is a *screen.ReplayError that names it.
func (d *desk) replay(ctx context.Context, v *screen.Verdict) (*screen.Verdict, error) {
	s, err := d.pinned(ctx, v)
	if err != nil {
		return nil, err
	}
	return s.Screener.Replay(ctx, v)
}

// gone is the error of a replay that misses something.
func gone(v *screen.Verdict, format string, args ...any) error {
	return &screen.ReplayError{ID: v.ID, Missing: []string{fmt.Sprintf(format, args...)}}
}

// pinned makes the state that a verdict was made from.
func (d *desk) pinned(ctx context.Context, v *screen.Verdict) (*deskState, error) {
	policy, err := d.pinnedPolicy(ctx, v)
	if err != nil {
		return nil, err
	}
	parts := &deskParts{}
	if err := d.pinnedLabels(ctx, v, parts); err != nil {
		return nil, err
	}
	if parts.index, err = d.pinnedIncidents(ctx, v); err != nil {
		return nil, err
	}
	heads, err := d.pinnedHeads(ctx, v)
	if err != nil {
		return nil, err
	}
	parts.clusters = newDeskClusters(d.st, parts.labels.set, heads, nil)
	return d.assemble(policy, "rules as they were", parts, heads)
}

// pinnedText returns a text that the journal kept because verdicts name its SHA-256; what says what is
// missing without it.
func (d *desk) pinnedText(ctx context.Context, v *screen.Verdict, sum, what string) ([]byte, error) {
	if d.j == nil {
		return nil, gone(v, "%s with the SHA-256 %s: there is no journal", what, sum)
	}
	blob, err := d.j.Blob(ctx, sum)
	if errors.Is(err, journal.ErrNotFound) {
		return nil, gone(v, "%s with the SHA-256 %s: the journal does not have it", what, sum)
	}
	return blob.Content, err
}

// pinnedIncidents makes the index that a verdict was made from.
func (d *desk) pinnedIncidents(ctx context.Context, v *screen.Verdict) (*screen.Index, error) {
	sum := v.Pins.IncidentSet
	text, err := d.pinnedText(ctx, v, sum, "the list of incidents")
	if err != nil {
		return nil, err
	}
	var list []screen.PinIncident
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("list of incidents %s: %w", sum, err)
	}
	index := screen.NewIndex(families{})
	for _, in := range list {
		t, about, err := d.loaded(ctx, in.Trace, in.SHA256)
		if errors.Is(err, chains.ErrNotFound) {
			return nil, gone(v, "trace %s of incident %s is not in the store", in.Trace, in.ID)
		}
		if err != nil {
			return nil, gone(v, "incident %s: %v", in.ID, err)
		}
		about.ID, about.Stale = in.ID, in.Stale
		if about.Stands, err = screen.ParseStands(in.StandsTo); err != nil {
			return nil, fmt.Errorf("list of incidents %s: incident %s: %w", sum, in.ID, err)
		}
		if index, err = index.With(t, about); err != nil {
			return nil, err
		}
	}
	return index, nil
}

// pinnedPolicy finds the rules with that hash: the program's own, or those that the journal kept.
func (d *desk) pinnedPolicy(ctx context.Context, v *screen.Verdict) (*screen.Policy, error) {
	sum := v.Pins.Policy
	if own := screen.DefaultPolicy(); own.SHA256 == sum {
		return own, nil
	}
	text, err := d.pinnedText(ctx, v, sum, "the rules")
	if err != nil {
		return nil, err
	}
	return parseRules("rules "+short(sum), text)
}

// pinnedLabels finds the packs of labels behind a hash: those of the program and of the store, of which
// the journal kept the list.
func (d *desk) pinnedLabels(ctx context.Context, v *screen.Verdict, parts *deskParts) error {
	sum := v.Pins.Labels
	known, err := labelsOf(ctx, d.st)
	if err != nil {
		return err
	}
	if parts.pack, err = labelText(known); err != nil {
		return err
	}
	parts.labels = known
	if hashOf([]byte(parts.pack)) == sum {
		return nil
	}
	text, err := d.pinnedText(ctx, v, sum, "the list of labels")
	if err != nil {
		return err
	}
	var was labelEditions
	if err := json.Unmarshal(text, &was); err != nil {
		return fmt.Errorf("list of labels %s: %w", sum, err)
	}
	carried, err := labels.BuiltIn()
	if err != nil {
		return err
	}
	var packs []*labels.Pack
	var missing []string
	for _, name := range was.Packs {
		at := slices.IndexFunc(known.packs, func(p *labels.Pack) bool { return p.SHA256() == name })
		own := slices.IndexFunc(carried, func(p *labels.Pack) bool { return p.SHA256() == name })
		switch {
		case at >= 0:
			packs = append(packs, known.packs[at])
		case own >= 0:
			packs = append(packs, carried[own])
		default:
			missing = append(missing, short(name))
		}
	}
	if len(missing) > 0 {
		return gone(v, "of its labels, %s (%s) are neither in the program nor in the store any more", counted(int64(len(missing)), "pack"), strings.Join(missing, ", "))
	}
	set, err := labels.NewSet(packs...)
	if err != nil {
		return err
	}
	parts.labels = &knownLabels{set: set, packs: packs, from: known.from}
	if parts.pack, err = labelText(parts.labels); err == nil && hashOf([]byte(parts.pack)) != sum {
		err = gone(v, "the labels are there, and this version of the program reads their words otherwise")
	}
	return err
}

// pinnedHeads returns the chains as far as a verdict saw them.
func (d *desk) pinnedHeads(ctx context.Context, v *screen.Verdict) ([]screen.Head, error) {
	cuts := map[chains.Chain]int64{}
	for i := range v.Pins.Blocks {
		cuts[v.Pins.Blocks[i].Chain] = v.Pins.Blocks[i].Height
	}
	heads, err := d.headsNow(ctx, cuts)
	if errors.Is(err, chains.ErrIncomplete) {
		return nil, gone(v, "%v", err)
	}
	if err != nil {
		return nil, err
	}
	var out []screen.Head
	for i := range v.Pins.Blocks {
		pin := &v.Pins.Blocks[i]
		at := slices.IndexFunc(heads, func(h screen.Head) bool { return h.Chain == pin.Chain })
		if at < 0 {
			return nil, gone(v, "the store has no blocks of %s", pin.Chain)
		}
		h := heads[at]
		if hash := hashText(pin.Chain, h.Block.Hash); strings.TrimPrefix(hash, "0x") != strings.TrimPrefix(pin.Hash, "0x") {
			return nil, gone(v, "block %d of %s is not on the main chain any more: the store has %s there, not %s", pin.Height, pin.Chain, hash, pin.Hash)
		}
		h.Behind = pin.Behind
		out = append(out, h)
	}
	return out, nil
}
