package watch_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/labels"
	"clew/screen"
	"clew/screen/watch"
	"clew/store"
	"clew/store/journal"
	"clew/tracer"
)

const rules = `clew: rules/1
id: test
title: Rules of a test
decide_by: larger
budget: {hops: 50, transactions: 500, milliseconds: 60000}
deep: {hops: 100, transactions: 5000, milliseconds: 60000}
not_covered: review
failed: review
rules:
  - id: stolen
    category: stolen
    action: block
    reason: It is stolen.
  - id: mixer
    category: mixer
    action: review
    reason: Where it came from is hidden.
`

// state is what a rig's screener is made of.
type state struct {
	r       *rig
	c       *made
	index   *screen.Index
	labels  []labels.OwnLabel
	current atomic.Pointer[screen.Screener]
}

func newState(r *rig, c *made) *state {
	s := &state{r: r, c: c, index: screen.NewIndex(codec{})}
	s.make()
	r.screener = s.current.Load
	r.again()
	return s
}

// make makes the screener of the present state.
func (s *state) make() {
	t := s.r.t
	t.Helper()
	policy, err := screen.ParsePolicy("rules.yaml", []byte(rules), codec{})
	require.NoError(t, err)
	pack, _, err := labels.Own(s.labels, labels.Options{Codec: bitcoin.Codec{}, Edition: labels.Edition{
		Source: "a test", Retrieved: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC), SHA256: "00",
	}})
	require.NoError(t, err)
	set, err := labels.NewSet(pack)
	require.NoError(t, err)
	last := int64(len(s.c.blocks)) - 1
	made, err := screen.New(screen.Config{
		Policy: policy, Codec: codec{}, Index: s.index, Chains: views{s.r.store}, Labels: set, LabelsSHA256: set.SHA256(time.Time{}),
		Heads: []screen.Head{{Chain: regtest, Spans: []chains.Span{{From: 0, To: last}}, Block: s.c.blocks[last].Ref}},
	})
	require.NoError(t, err)
	s.current.Store(made)
}

// label has somebody call an address a mixer.
func (s *state) label(who string) {
	s.labels = append(s.labels, labels.OwnLabel{
		Address: bitcoin.Codec{}.FormatAddress(regtest, key(who)), Chain: string(regtest), Text: "Tumbler", Category: "mixer",
		Source: "a test", Confidence: "high", Made: time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC),
	})
	s.make()
}

// trace traces an incident whose seed is an output.
func (s *state) trace(id string, seed chains.OutPoint) *tracer.Trace {
	t := s.r.t
	t.Helper()
	text := fmt.Sprintf("clew: incident/1\nid: %s\ntitle: Theft\nrule: fifo\nrule_reason: a test\nseeds:\n  - {id: V1, output: \"%s:%s\"}\n", id, regtest, seed)
	inc, err := tracer.ParseIncident(id+".yaml", []byte(text), bitcoin.Codec{})
	require.NoError(t, err)
	src, err := s.r.store.Source(t.Context(), regtest, store.Latest)
	require.NoError(t, err)
	trace, err := tracer.Run(t.Context(), inc, regtest, src, bitcoin.Codec{}, tracer.Options{})
	require.NoError(t, err)
	require.NoError(t, src.Close())
	return trace
}

// load makes a trace one that is screened against.
func (s *state) load(id string, trace *tracer.Trace) {
	t := s.r.t
	t.Helper()
	var err error
	s.index, err = s.index.With(trace, screen.Loaded{ID: id, Trace: "trace-" + id, SHA256: fmt.Sprintf("%064x", 1)})
	require.NoError(t, err)
	s.make()
}

func (r *rig) onState() {
	r.t.Helper()
	require.NoError(r.t, r.watcher.OnState(r.t.Context()))
}

// verdicts are the changes that wait to be sent, in their order.
func (r *rig) verdicts() []watch.VerdictChange {
	r.t.Helper()
	out := []watch.VerdictChange{}
	for _, g := range r.queued() {
		if g.Type == watch.EventVerdict {
			var c watch.VerdictChange
			decode(r.t, g.Data, &c)
			out = append(out, c)
		}
	}
	return out
}

// A new label, and its end, change the verdict about an address: each is told once, with what changed
// and why.
func TestVerdictChanges(t *testing.T) {
	r := newRig(t)
	r.sink("end-1")
	c, _, _ := paid(r)
	s := newState(r, c)
	id := r.watch(at("thief"), watch.Settings{Seen: watch.WithChain, Screen: true, Note: "a customer"})
	r.watch(at("shop"), watch.Settings{Seen: watch.WithChain}) // nobody wants it screened
	r.onState()
	require.Empty(t, r.verdicts(), "what is clear when it is first screened is no news")
	first, err := r.journal.Watch(t.Context(), id)
	require.NoError(t, err)
	require.NotEmpty(t, first.Last)

	c.block("miner")
	c.save()
	s.make()
	r.onState()
	require.Empty(t, r.verdicts(), "another block pinned says nothing else of it")

	s.label("thief")
	r.onState()
	r.onState()
	r.again()
	r.onState()
	all := r.verdicts()
	require.Len(t, all, 1)
	require.Equal(t, id, all[0].Watch)
	require.Equal(t, "a customer", all[0].Note)
	require.Equal(t, first.Last, all[0].Before.ID)
	require.Equal(t, screen.Clear, all[0].Before.Outcome)
	require.Equal(t, screen.Match, all[0].After.Outcome)
	require.Equal(t, screen.Review, all[0].After.Action)
	require.Equal(t, "verdict", all[0].Changes[0].Field)
	require.NotEmpty(t, all[0].Changes[0].Why)
	kept, err := r.journal.Screening(t.Context(), all[0].After.ID)
	require.NoError(t, err)
	require.Equal(t, string(screen.Match), kept.Outcome)

	labelled := s.labels
	s.labels = nil
	s.make()
	r.onState()
	s.labels = labelled
	s.make()
	r.onState()
	all = r.verdicts()
	require.Len(t, all, 3, "back, and there again: the same verdicts, and still news")
	require.Equal(t, all[0].After.ID, all[1].Before.ID)
	require.Equal(t, all[0].After.ID, all[2].After.ID)
	w, err := r.journal.Watch(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, int64(watch.WithChain), w.Seen, "how far blocks were looked through is not touched")
}

// What is a match when it is first screened is told: before is null.
func TestVerdictAtFirst(t *testing.T) {
	r := newRig(t)
	r.sink("end-1")
	c, _, _ := paid(r)
	s := newState(r, c)
	s.label("thief")
	r.watch(at("thief"), watch.Settings{Screen: true})
	r.onState()
	all := r.verdicts()
	require.Len(t, all, 1)
	require.Nil(t, all[0].Before)
	require.Equal(t, screen.Match, all[0].After.Outcome)
}

// An incident that is loaded, a block that brings its money, and one that leaves with it: the verdict
// about who got it follows.
func TestVerdictFollowsBlocks(t *testing.T) {
	r := newRig(t)
	r.sink("end-1")
	c, loot, left := paid(r)
	s := newState(r, c)
	r.watch(at("exchange"), watch.Settings{Seen: watch.WithChain, Screen: true})
	s.load("theft", s.trace("theft", loot))
	r.onState()
	require.Empty(t, r.verdicts())
	r.onBlocks()

	c.block("miner")
	c.tx([]chains.OutPoint{left}, pay{"exchange", 30e8})
	c.save()
	s.make()
	r.onBlocks() // screens what the block touched
	all := r.verdicts()
	require.Len(t, all, 1)
	require.Equal(t, screen.Match, all[0].After.Outcome)
	require.Equal(t, screen.Block, all[0].After.Action)

	c.leave(3)
	c.block("miner")
	c.block("miner")
	c.save()
	s.make()
	r.onBlocks()
	all = r.verdicts()
	require.Len(t, all, 2)
	require.NotEqual(t, screen.Match, all[1].After.Outcome)
	require.Equal(t, all[0].After.ID, all[1].Before.ID)
}

// An incident brings a watch for every place where its money lies, and takes it away again.
func TestOnIncident(t *testing.T) {
	r := newRig(t)
	r.sink("end-1")
	c, loot, left := paid(r)
	s := newState(r, c)
	r.watch(at("thief"), watch.Settings{Seen: watch.WithChain})
	require.NoError(t, r.watcher.OnIncident(t.Context(), "theft", s.trace("theft", loot), watch.Settings{Note: "theft of a test"}))
	of := func() map[chains.OutPoint]journal.Watch {
		t.Helper()
		all, err := r.journal.Watches(t.Context(), journal.WatchFilter{Incident: "theft"}, "", 0)
		require.NoError(t, err)
		out := map[chains.OutPoint]journal.Watch{}
		for _, w := range all {
			id, err := chains.ParseHash(w.TxID)
			require.NoError(t, err)
			out[chains.OutPoint{Tx: id, Index: w.Vout}] = w
		}
		return out
	}
	shop := chains.OutPoint{Tx: left.Tx, Index: 0}
	before := of()
	require.Len(t, before, 2)
	require.Equal(t, int64(3), before[left].Seen, "the last block of the trace")
	require.Contains(t, before, shop)
	require.Equal(t, "theft of a test", before[left].Note)

	c.block("miner")
	next := c.tx([]chains.OutPoint{left}, pay{"exchange", 30e8})[0]
	c.save()
	r.onBlocks()
	require.Equal(t, "theft", <-r.moved)
	require.NoError(t, r.watcher.OnIncident(t.Context(), "theft", s.trace("theft", loot), watch.Settings{}))
	after := of()
	require.Len(t, after, 2)
	require.Contains(t, after, next)
	require.NotContains(t, after, left)
	require.Equal(t, before[shop].ID, after[shop].ID, "what lies where it lay goes on")

	require.NoError(t, r.watcher.OnIncident(t.Context(), "theft", nil, watch.Settings{}))
	require.Empty(t, of())
	all, err := r.journal.Watches(t.Context(), journal.WatchFilter{}, "", 0)
	require.NoError(t, err)
	require.Len(t, all, 1, "what was set by hand stays")
}
