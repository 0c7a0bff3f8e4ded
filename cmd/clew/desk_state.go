package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"clew/chains"
	"clew/screen"
	"clew/server"
	"clew/store/journal"
	"clew/tracer"
)

// deskParts are what a state is made of. A part that stayed as it was is taken over into the next state.
type deskParts struct {
	labels    *knownLabels
	names     []string // of the packs of the store that are in it
	pack      string   // what the answers of labels rest on: labelText
	index     *screen.Index
	incidents map[string]string // by id, the SHA-256 of its trace: what the index has
	clusters  *deskClusters
	listed    time.Time // of the newest list of sanctions among labels
}

// refresh makes the state anew from what store, journal and rules say now.
func (d *desk) refresh(ctx context.Context) (*deskState, error) {
	d.change.Lock()
	defer d.change.Unlock()
	mark, err := d.mark(ctx) // before what it names is read: what changes meanwhile is taken up the next time
	if err != nil {
		return nil, err
	}
	policy, name, err := d.policy()
	if err != nil {
		return nil, err
	}
	heads, err := d.headsNow(ctx, nil)
	if err != nil {
		return nil, err
	}
	if err := d.takeLabels(ctx); err != nil {
		return nil, err
	}
	if err := d.takeIncidents(ctx); err != nil {
		return nil, err
	}
	d.made.clusters = d.clustersOf(d.made.clusters, heads)
	s, err := d.assemble(policy, name, &d.made, heads)
	if err != nil {
		return nil, err
	}
	s.mark, s.words = mark, policy.SHA256+d.made.pack+hashOf(s.Blobs[len(s.Blobs)-1].Content)
	d.state.Store(s)
	return s, nil
}

// assemble makes a state of its parts.
func (d *desk) assemble(policy *screen.Policy, name string, parts *deskParts, heads []screen.Head) (*deskState, error) {
	s, err := screen.New(screen.Config{
		Policy: policy, Labels: parts.labels.set, LabelsSHA256: hashOf([]byte(parts.pack)), Clusters: parts.clusters, Index: parts.index,
		Chains: deskChains{d.st}, Heads: heads, Codec: families{}, Places: families{},
	})
	if err != nil {
		return nil, fmt.Errorf("get ready to screen: %w", err)
	}
	_, incidents := s.IncidentSet()
	out := &deskState{heads: heads, rules: name, Screener: s, Policy: policy, Blobs: []journal.Blob{
		{Kind: "rules", Content: policy.Source},
		{Kind: "labels", Content: []byte(parts.pack)},
		{Kind: "incidents", Content: incidents},
	}}
	out.api = &server.State{Screener: s, Policy: policy, Blobs: out.Blobs}
	out.listed = parts.listed
	return out, nil
}

// takeLabels reads the labels of the program and of the store, unless they are those that were read.
func (d *desk) takeLabels(ctx context.Context) error {
	var names []string
	if d.st != nil {
		var err error
		if names, err = d.st.LabelNames(ctx); err != nil {
			return err
		}
	}
	if d.made.labels != nil && slices.Equal(names, d.made.names) {
		return nil
	}
	known, err := labelsOf(ctx, d.st)
	if err != nil {
		return err
	}
	text, err := labelText(known)
	if err != nil {
		return err
	}
	d.made.labels, d.made.names, d.made.pack, d.made.clusters = known, names, text, nil
	d.made.listed = newestSanctions(known.set)
	return nil
}

// labelEditions are what the answers of labels rest on. The SHA-256 of its JSON is what verdicts pin.
type labelEditions struct {
	// Latest is the hash of the latest edition of each source, and of the table by which words of sources
	// become kinds.
	Latest string   `json:"latest"`
	Packs  []string `json:"packs"` // SHA-256 of all editions, ascending
}

// labelText writes what labels rest on.
func labelText(k *knownLabels) (string, error) {
	e := labelEditions{Latest: k.set.SHA256(time.Time{}), Packs: []string{}}
	for _, p := range k.packs {
		e.Packs = append(e.Packs, p.SHA256())
	}
	slices.Sort(e.Packs)
	text, err := json.Marshal(e)
	return string(text), err
}

// takeIncidents brings the index to what the journal says is loaded, and marks what a reorganisation
// took the ground from.
func (d *desk) takeIncidents(ctx context.Context) error {
	var list []journal.Incident
	if d.j != nil {
		var err error
		if list, err = d.j.Incidents(ctx); err != nil {
			return err
		}
	}
	if d.made.index == nil {
		d.made.index, d.made.incidents = screen.NewIndex(families{}), map[string]string{}
	}
	index, have := d.made.index, map[string]string{}
	for i := range list {
		in := &list[i]
		if d.made.incidents[in.ID] != in.SHA256 {
			t, about, err := d.loaded(ctx, in.Trace, in.SHA256)
			if err != nil {
				return fmt.Errorf("incident %s: %w", in.ID, err)
			}
			if index, err = index.With(t, about); err != nil {
				return err
			}
		}
		have[in.ID] = in.SHA256
	}
	for id := range d.made.incidents {
		if _, ok := have[id]; !ok {
			index = index.Without(id)
		}
	}
	for _, in := range index.Incidents() {
		why, stands, err := d.stale(ctx, in.AsOf, in.Tops)
		if err != nil {
			return fmt.Errorf("incident %s: %w", in.ID, err)
		}
		if why != in.Stale || !slices.Equal(stands, in.Stands) {
			index = index.Stale(in.ID, why, stands...)
		}
	}
	d.made.index, d.made.incidents = index, have
	return nil
}

// loaded reads a trace of the store as an incident: sum is the SHA-256 that its JSON must have.
func (d *desk) loaded(ctx context.Context, id, sum string) (*tracer.Trace, screen.Loaded, error) {
	none := screen.Loaded{}
	if d.st == nil {
		return nil, none, fmt.Errorf("trace %s is in the store, and there is no store %s: %w", id, d.db, chains.ErrNotFound)
	}
	full, text, err := d.st.LoadTrace(ctx, id)
	if err != nil {
		return nil, none, err
	}
	if got := hashOf(text); got != sum {
		return nil, none, withHint(fmt.Errorf("trace %s in the store is not the one that was loaded: its SHA-256 is %s, not %s", full, got, sum), "clew incident add %s loads it as it is now", full)
	}
	t, err := parseTrace("the store", text)
	if err != nil {
		return nil, none, err
	}
	return t.Trace, screen.Loaded{ID: t.Incident.ID, Trace: full, SHA256: sum, Title: t.Incident.Title, Synthetic: t.Incident.Synthetic}, nil
}

// stale says which of the blocks asOf, which a trace rests on, has left the main chain, as far as the store
// knows, and up to which blocks the trace stands all the same; "" where none has, or the trace has nothing in
// those that did (tops): then it lacks only what came since, as any trace does.
func (d *desk) stale(ctx context.Context, asOf []tracer.AsOf, tops []screen.Stand) (string, []screen.Stand, error) {
	var whys []string
	var stands []screen.Stand
	for i := range asOf {
		a := &asOf[i]
		b, err := d.st.Block(ctx, a.Chain, a.Height)
		if errors.Is(err, chains.ErrIncomplete) || errors.Is(err, chains.ErrNotFound) {
			continue // the trace's own word, which a gap of the verdict says
		}
		if err != nil {
			return "", nil, err
		}
		if b.Ref.Hash == a.Hash {
			continue
		}
		fork, err := d.fork(ctx, a)
		switch {
		case errors.Is(err, chains.ErrNotFound):
		case err != nil:
			return "", nil, err
		case !slices.ContainsFunc(tops, func(s screen.Stand) bool { return s.Chain == a.Chain && s.Height > fork }):
			continue
		default:
			stands = append(stands, screen.Stand{Chain: a.Chain, Height: fork})
		}
		whys = append(whys, fmt.Sprintf("block %d of %s, as of which it was traced, is not on the main chain: the store has %s there, not %s",
			a.Height, a.Chain, hashText(a.Chain, b.Ref.Hash), hashText(a.Chain, a.Hash)))
	}
	return strings.Join(whys, "; "), stands, nil
}

// fork returns the height of the last block that the branch of a has in common with the main chain;
// chains.ErrNotFound where the store never had that branch.
func (d *desk) fork(ctx context.Context, a *tracer.AsOf) (int64, error) {
	for hash := a.Hash; ; {
		b, err := d.st.BlockByHash(ctx, a.Chain, hash)
		if err != nil {
			return 0, err
		}
		if !b.Stale {
			return b.Ref.Height, nil
		}
		hash = b.Prev
	}
}

// clustersOf returns what answers about clusters as of heads: the one before where those stayed.
func (d *desk) clustersOf(before *deskClusters, heads []screen.Head) *deskClusters {
	return newDeskClusters(d.st, d.made.labels.set, heads, before)
}

// cut makes a state of today's rules, labels and incidents as of earlier blocks.
func (d *desk) cut(ctx context.Context, cuts map[chains.Chain]int64) (*deskState, error) {
	d.change.Lock()
	defer d.change.Unlock()
	heads, err := d.headsNow(ctx, cuts)
	if errors.Is(err, chains.ErrIncomplete) {
		return nil, withHint(err, "clew sync reads blocks; without --as-of, the last one is taken")
	}
	if err != nil {
		return nil, err
	}
	for chain := range cuts {
		if !slices.ContainsFunc(heads, func(h screen.Head) bool { return h.Chain == chain }) {
			return nil, withHint(fmt.Errorf("--as-of: the store has no blocks of %s", chain), "clew sync --chain %s --rpc URL", chain)
		}
	}
	policy, name, err := d.policy()
	if err != nil {
		return nil, err
	}
	parts := d.made
	parts.clusters = newDeskClusters(d.st, parts.labels.set, heads, nil)
	return d.assemble(policy, name, &parts, heads)
}

// record keeps verdicts, and the texts that they name. Without a journal it does nothing.
func (d *desk) record(ctx context.Context, s *deskState, verdicts []*screen.Verdict) error {
	if d.j == nil {
		return nil
	}
	err := d.j.Do(ctx, func(tx *journal.Tx) error {
		for _, v := range verdicts {
			if err := errors.Join(d.keep(tx, s, v), d.w.notedScreening(d.c, tx, v)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return withHint(fmt.Errorf("keep the verdicts: %w", err), "--no-journal screens without keeping anything")
	}
	return nil
}

// keep writes a verdict into the journal, and the texts that it names.
func (d *desk) keep(tx *journal.Tx, s *deskState, v *screen.Verdict) error {
	text, err := v.JSON()
	if err != nil {
		return err
	}
	added, err := tx.PutScreening(journal.Screening{
		ID: v.ID, Subject: v.Subject.Key(), Verdict: text, Outcome: string(v.Outcome), Action: string(v.Action),
	})
	for i := 0; err == nil && added && i < len(s.Blobs); i++ {
		_, err = tx.PutBlob(s.Blobs[i].Kind, s.Blobs[i].Content)
	}
	return err
}

// renew makes the state anew if what it is made of changed.
func (d *desk) renew(ctx context.Context) error {
	mark, err := d.mark(ctx)
	if err != nil || d.state.Load().mark == mark {
		return err
	}
	_, err = d.refresh(ctx)
	return err
}

// mark names what a state is made of: two states of one mark answer alike.
func (d *desk) mark(ctx context.Context) (string, error) {
	heads, err := d.headsNow(ctx, nil)
	if err != nil {
		return "", err
	}
	var names []string
	if d.st != nil {
		if names, err = d.st.LabelNames(ctx); err != nil {
			return "", err
		}
	}
	revision := int64(0)
	if d.j != nil {
		r, err := d.j.Revisions(ctx)
		if err != nil {
			return "", err
		}
		revision = r.Incidents
	}
	policy, _, err := d.policy()
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(struct {
		Heads     []screen.Head
		Labels    []string
		Incidents int64
		Rules     string
	}{heads, names, revision, policy.SHA256})
	return hashOf(text), err
}
