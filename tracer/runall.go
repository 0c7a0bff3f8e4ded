package tracer

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"clew/chains"
)

// RunAll traces inc over every chain to which its value leads and returns one trace.
//
// Each chain is swept whole. What leaves one over a bridge, by a key that agrees on both sides, or
// as the incident adopts it, arrives on another, which is swept with it, and again when what
// arrives there changes, until nothing does.
//
// Errors are those of Run; an adopted line to which no traced value leads is one that names the
// line. Where there is one chain, and it keeps value in outputs, hops go to opt.Sink as they come
// to be; otherwise at the end.
func RunAll(ctx context.Context, inc *Incident, open Opener, codec Codec, opt Options) (*Trace, error) {
	opt, err := opt.checked()
	if err != nil {
		return nil, fmt.Errorf("trace %s: %w", inc.ID, err)
	}
	r := &rounds{inc: inc.withDefaults(), open: open, codec: codec, opt: opt}
	r.cross = newCrossing(r.inc, codec, open)
	var names []chains.Chain
	for i := range inc.Seeds {
		if c := inc.Seeds[i].Chain; !slices.Contains(names, c) {
			names = append(names, c)
		}
	}
	if len(names) == 1 && names[0].Info().Family != chains.FamilyEVM && len(inc.Adopt) == 0 {
		return r.one(ctx, names[0])
	}
	sink := opt.Sink
	r.opt.Sink = nil
	for _, c := range names {
		r.chains = append(r.chains, &swept{chain: c, seeded: true, stale: true})
	}
	t, err := r.run(ctx)
	err = errors.Join(err, r.cross.close())
	if t != nil && sink != nil {
		err = errors.Join(err, t.handTo(sink))
	}
	return t, err
}

// handTo gives the long parts of a trace to a sink.
func (t *Trace) handTo(sink Sink) error {
	for _, h := range t.Hops {
		if err := sink.Hop(h); err != nil {
			return err
		}
	}
	for i, e := range t.Endpoints {
		if err := sink.Endpoint(i, e); err != nil {
			return err
		}
	}
	t.Hops, t.Endpoints = []Hop{}, []Endpoint{}
	return nil
}

// withDefaults returns a copy with the stops that every incident has.
func (inc *Incident) withDefaults() *Incident {
	own := *inc
	if own.Stop.Touched == 0 {
		own.Stop.Touched = DefaultTouched
	}
	return &own
}

// rounds is one run over several chains.
type rounds struct {
	inc    *Incident
	open   Opener
	codec  Codec
	opt    Options
	cross  *crossing
	chains []*swept // in the order in which value came to them
}

// swept is a chain with the result of its last sweep.
type swept struct {
	chain  chains.Chain
	seeded bool // seeds lie on it
	stale  bool // what arrives there has changed since
	due    []*departure
	left   []*departure
	trace  *Trace
	defect error
}

// one traces over a single chain of outputs.
func (r *rounds) one(ctx context.Context, chain chains.Chain) (*Trace, error) {
	src, err := r.open.Open(ctx, chain, -1, -1)
	if err != nil {
		return nil, err
	}
	if r.opt.Sweeping != nil {
		r.opt.Sweeping(chain)
	}
	t, err := Run(ctx, r.inc, chain, src, r.codec, r.opt)
	return t, errors.Join(err, closeSource(src))
}

// mostRounds bounds the sweeps of one trace. Value that really moved goes forward in time, so
// that each sweep settles at least the earliest arrival; only bridges that lead around in a
// circle of time, which cannot be, never settle.
const mostRounds = 256

// run sweeps what is stale until nothing is.
func (r *rounds) run(ctx context.Context) (*Trace, error) {
	for n := 0; ; n++ {
		i := slices.IndexFunc(r.chains, func(c *swept) bool { return c.stale })
		if i < 0 {
			break
		}
		if n == mostRounds {
			return nil, fmt.Errorf("trace %s: after %d sweeps the bridges still bring something else: they lead around in a circle: %w", r.inc.ID, n, chains.ErrBadAnswer)
		}
		c := r.chains[i]
		if err := r.sweep(ctx, c); err != nil {
			return nil, fmt.Errorf("trace %s: %s: %w", r.inc.ID, c.chain, err)
		}
		r.hand()
	}
	for i, used := range r.cross.used {
		if !used {
			a := &r.inc.Adopt[i]
			return nil, a.errorf("no traced value goes into a mixer or a bridge in %s", a.FromTx)
		}
	}
	return r.merge()
}

// hand gives every chain what leads to it, and notes which have to be swept again.
func (r *rounds) hand() {
	due := map[chains.Chain][]*departure{}
	for _, c := range r.chains {
		for _, d := range c.left {
			due[d.chain] = append(due[d.chain], d)
			if !slices.ContainsFunc(r.chains, func(o *swept) bool { return o.chain == d.chain }) {
				r.chains = append(r.chains, &swept{chain: d.chain})
			}
		}
	}
	for _, c := range r.chains {
		fresh := make([]*departure, len(due[c.chain]))
		for i, d := range due[c.chain] {
			own := *d
			own.arrived = false
			fresh[i] = &own
		}
		c.stale = c.stale || !sameArrivals(c.due, fresh)
		c.due = fresh
	}
}

func sameArrivals(a, b []*departure) bool {
	return slices.EqualFunc(a, b, func(x, y *departure) bool {
		one, two := *x, *y
		one.arrived, two.arrived = false, false
		return reflect.DeepEqual(one, two)
	})
}

// sweep goes through one chain with what arrives there.
func (r *rounds) sweep(ctx context.Context, c *swept) (err error) {
	c.stale, c.left, c.trace = false, nil, nil
	if len(c.due) == 0 && !c.seeded {
		return nil
	}
	src, err := r.source(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeSource(src)) }()
	if r.opt.Sweeping != nil {
		r.opt.Sweeping(c.chain)
	}
	if c.chain.Info().Family != chains.FamilyEVM {
		c.trace, err = newSweep(newCourse(r.inc, c.chain, src, r.codec, r.opt)).run(ctx)
	} else {
		b := newBalances(newCourse(r.inc, c.chain, src, r.codec, r.opt), r.cross)
		for _, d := range c.due {
			b.due[d.tx] = append(b.due[d.tx], d)
		}
		c.trace, err = b.run(ctx)
		c.left = b.left
	}
	if errors.Is(err, ErrDefect) {
		c.defect, err = err, nil
	}
	return err
}

// source opens a chain where its seeds or what arrives there begin.
func (r *rounds) source(ctx context.Context, c *swept) (Source, error) {
	height, unix := int64(-1), int64(-1)
	if !c.seeded {
		for _, d := range c.due {
			at, since := int64(-1), d.left()-clockSkew
			if d.there != nil {
				at, since = d.there.Block.Height, d.there.Block.Time
			}
			if unix < 0 || since < unix {
				height, unix = at, since
			}
		}
		if height >= 0 {
			unix = -1
		}
	}
	return r.open.Open(ctx, c.chain, height, unix)
}

// left returns when it left, in Unix seconds.
func (d *departure) left() int64 {
	t, err := parseTime(d.leg.Time)
	if err != nil {
		return 0 // from the first block on
	}
	return t.Unix()
}

// merge makes one trace of all.
func (r *rounds) merge() (*Trace, error) {
	var all []*Trace
	var defect error
	for _, c := range r.chains {
		if c.trace != nil {
			all = append(all, c.trace)
			defect = errors.Join(defect, c.defect)
		}
	}
	t := *all[0]
	for rule := range t.Conservation.Value {
		t.Conservation.Null[rule] = true
		t.Conservation.Value[rule] = nil
		for _, one := range all {
			rows, ok := one.Conservation.Get(Rule(rule))
			t.Conservation.Null[rule] = t.Conservation.Null[rule] && !ok
			t.Conservation.Value[rule] = append(t.Conservation.Value[rule], rows...)
		}
	}
	for _, one := range all[1:] {
		t.AsOf = append(t.AsOf, one.AsOf...)
		t.Seeds = append(t.Seeds, one.Seeds...)
		t.Nodes = append(t.Nodes, one.Nodes...)
		t.Endpoints = append(t.Endpoints, one.Endpoints...)
		t.Findings = append(t.Findings, one.Findings...)
		t.Gaps = append(t.Gaps, one.Gaps...)
		t.Assets = append(t.Assets, one.Assets...)
		t.Peels = append(t.Peels, one.Peels...)
		t.Candidates = append(t.Candidates, one.Candidates...)
	}
	var err error
	if t.Hops, err = inOrder(all); err != nil {
		return nil, err
	}
	uniqueNodes(&t)
	return &t, defect
}

// inOrder merges the hops of several chains: each chain's in its order, what carries on another
// behind it, and for the rest by time, the earlier chain first.
func inOrder(all []*Trace) ([]Hop, error) {
	n := 0
	waits := map[string]bool{} // hops that are not written yet
	for _, t := range all {
		n += len(t.Hops)
		for i := range t.Hops {
			waits[t.Hops[i].ID] = true
		}
	}
	next := make([]int, len(all))
	ready := func(h *Hop) bool {
		return !slices.ContainsFunc(h.Inputs, func(in string) bool { return waits[in] })
	}
	time := func(h *Hop) string { return h.Legs[len(h.Legs)-1].Time }
	hops := make([]Hop, 0, n)
	for len(hops) < n {
		best := -1
		for i, t := range all {
			if next[i] == len(t.Hops) {
				continue
			}
			h := &t.Hops[next[i]]
			if ready(h) && (best < 0 || time(h) < time(&all[best].Hops[next[best]])) {
				best = i
			}
		}
		if best < 0 {
			return nil, fmt.Errorf("hops of several chains wait for each other: the clocks of the nodes cannot be right: %w", chains.ErrBadAnswer)
		}
		h := all[best].Hops[next[best]]
		next[best]++
		delete(waits, h.ID)
		h.Number = len(hops) + 1
		hops = append(hops, h)
	}
	return hops, nil
}

// uniqueNodes drops nodes that stand twice.
func uniqueNodes(t *Trace) {
	met := map[string]bool{}
	t.Nodes = slices.DeleteFunc(slices.Clone(t.Nodes), func(n Node) bool {
		twice := met[n.ID]
		met[n.ID] = true
		return twice
	})
}
