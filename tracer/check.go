package tracer

import (
	"errors"
	"fmt"
	"slices"

	"clew/chains"
)

// ErrAltered: a trace says something that follows from the rest of it otherwise, so it is not
// what a run wrote.
var ErrAltered = errors.New("the trace was changed or is damaged")

// ErrShape is with ErrAltered where a part is missing or refers to nothing: whoever goes on would have
// to expect that of every part.
var ErrShape = errors.New("its parts do not hang together")

// Check computes again what follows from other parts of t, as one that was read from a file
// may have been changed. It returns nil or ErrAltered with the first difference: a part that
// is missing or refers to nothing; a sum by seed, by basis or over all endpoints that is
// another; a range; and where pots are transactions, a place or a transaction in which another
// amount enters than leaves. Books that do not balance and say so are no error here.
//
// It does not see a change of several parts that agree with each other, nor what the chain
// alone can tell. It is safe for concurrent use and changes nothing.
func (t *Trace) Check() error {
	c := &check{t: t, nodes: map[string]bool{}, hops: map[string]bool{}, seeds: map[string]bool{}, findings: map[string]bool{}}
	for _, part := range []func() error{c.head, c.references} {
		if err := part(); err != nil {
			return fmt.Errorf("%w: %w: %w", ErrAltered, ErrShape, err)
		}
	}
	for _, part := range []func() error{c.amounts, c.conservation, c.flow} {
		if err := part(); err != nil {
			return fmt.Errorf("%w: %w", ErrAltered, err)
		}
	}
	return nil
}

// check is one run of Check.
type check struct {
	t                            *Trace
	nodes, hops, seeds, findings map[string]bool // ids
}

// head checks that what every trace has is there.
func (c *check) head() error {
	t := c.t
	switch {
	case t.Schema != Schema:
		return fmt.Errorf("schema: stated %q, want %q", t.Schema, Schema)
	case t.Incident.ID == "":
		return errors.New("incident: it has no id")
	case len(t.Rules) == 0:
		return errors.New("rules: there are none")
	case slices.ContainsFunc(t.Rules, func(r Rule) bool { return r >= numRules }):
		return fmt.Errorf("rules: %v: there are %v", t.Rules, Rules())
	case !slices.Contains(t.Rules, t.Incident.Rule):
		return fmt.Errorf("incident: its rule, %s, is none of the trace's rules", t.Incident.Rule)
	case !t.Incident.Rule.Conserves():
		return fmt.Errorf("incident: its rule, %s, is no accounting rule", t.Incident.Rule)
	case !slices.Contains([]Accounts{AccountsOutput, AccountsAddress, AccountsCluster}, Accounts(t.Incident.Accounts)):
		return fmt.Errorf("incident: accounts %q is not known", t.Incident.Accounts)
	case len(t.AsOf) == 0:
		return errors.New("as_of: no block is named")
	case len(t.Seeds) == 0:
		return errors.New("seeds: there are none")
	}
	return nil
}

// references checks that every id stands for one thing, and that what is referred to is there.
func (c *check) references() error {
	for i := range c.t.Nodes {
		if id := c.t.Nodes[i].ID; !added(c.nodes, id) {
			return fmt.Errorf("node %d: id %q is empty or stands twice", i+1, id)
		}
	}
	for i := range c.t.Seeds {
		s := &c.t.Seeds[i]
		c.seeds[s.ID] = true
		if !c.nodes[s.Node] {
			return fmt.Errorf("seed %s: node %q is not in the trace", s.ID, s.Node)
		}
	}
	for i := range c.t.Findings {
		if id := c.t.Findings[i].ID; !added(c.findings, id) {
			return fmt.Errorf("finding %d: id %q is empty or stands twice", i+1, id)
		}
	}
	for i := range c.t.Hops {
		if err := c.hop(i); err != nil {
			return fmt.Errorf("hop %d: %w", i+1, err)
		}
	}
	ends := map[string]bool{}
	for i := range c.t.Endpoints {
		e := &c.t.Endpoints[i]
		switch {
		case !added(ends, e.ID):
			return fmt.Errorf("endpoint %d: id %q is empty or stands twice", i+1, e.ID)
		case !c.nodes[e.Node]:
			return fmt.Errorf("endpoint %s: node %q is not in the trace", e.ID, e.Node)
		case e.Hop != "" && !c.hops[e.Hop]:
			return fmt.Errorf("endpoint %s: hop %q is not in the trace", e.ID, e.Hop)
		case !slices.Contains(Reasons(), e.Reason):
			return fmt.Errorf("endpoint %s: reason %q is none of %v", e.ID, e.Reason, Reasons())
		}
	}
	return nil
}

// added puts id into set; false if it is empty or was there.
func added(set map[string]bool, id string) bool {
	if id == "" || set[id] {
		return false
	}
	set[id] = true
	return true
}

// hop checks the references of a hop: what it carries on comes before it.
func (c *check) hop(i int) error {
	h := &c.t.Hops[i]
	switch {
	case h.Number != i+1:
		return fmt.Errorf("stated number %d, its place is %d", h.Number, i+1)
	case len(h.Legs) == 0:
		return errors.New("it has no legs")
	case len(h.Inputs) == 0:
		return errors.New("it carries on nothing: inputs is empty")
	}
	for _, in := range h.Inputs {
		if !c.hops[in] && !c.seeds[in] {
			return fmt.Errorf("input %q is no seed and no hop before it", in)
		}
	}
	for _, f := range h.Findings {
		if !c.findings[f] {
			return fmt.Errorf("finding %q is not in the trace", f)
		}
	}
	for k := range h.Legs {
		leg := &h.Legs[k]
		if len(leg.Positions) == 0 {
			return errors.New("a leg has no position")
		}
		places := []string{leg.To}
		if leg.Via != "" {
			places = append(places, leg.Via)
		}
		for _, f := range leg.From {
			places = append(places, f.Node)
		}
		for _, p := range places {
			if !c.nodes[p] {
				return fmt.Errorf("node %q is not in the trace", p)
			}
		}
	}
	if !added(c.hops, h.ID) {
		return fmt.Errorf("id %q is empty or stands twice", h.ID)
	}
	return nil
}

// amounts checks what each hop and endpoint says of its traced amount.
func (c *check) amounts() error {
	if err := c.bounds(); err != nil {
		return err
	}
	for i := range c.t.Hops {
		h := &c.t.Hops[i]
		last := &h.Legs[len(h.Legs)-1]
		err := c.shares(&h.Traced, h.TracedBySeed, last.Units)
		if err == nil {
			err = c.speaks(&h.Traced, unit{last.Chain, last.Asset})
		}
		if err == nil {
			err = c.given(h)
		}
		for _, r := range c.t.Rules {
			a, ok := h.Traced.Get(r)
			if _, based := h.Basis.Get(r); err == nil && based != (ok && !a.IsZero()) {
				err = fmt.Errorf("basis under %s: stated without a traced amount, or missing", r)
			}
		}
		if err != nil {
			return fmt.Errorf("hop %d: %w", h.Number, err)
		}
	}
	for i := range c.t.Endpoints {
		e := &c.t.Endpoints[i]
		err := c.shares(&e.Traced, e.TracedBySeed, e.Units)
		if err == nil {
			err = c.speaks(&e.Traced, unit{e.Chain, e.Asset})
		}
		if err == nil {
			err = c.bases(e)
		}
		if err == nil && e.Range != e.rangeOf() {
			err = fmt.Errorf("range: stated %s to %s, computed %s to %s", e.Range.Min, e.Range.Max, e.rangeOf().Min, e.rangeOf().Max)
		}
		if err != nil {
			return fmt.Errorf("endpoint %s: %w", e.ID, err)
		}
	}
	return nil
}

// speaks checks that no rule states an amount of a unit of which it says nothing.
func (c *check) speaks(traced *Traced, u unit) error {
	for _, r := range c.t.Rules {
		if _, says := traced.Get(r); says && !exists(r, u) {
			return fmt.Errorf("traced under %s: stated of %s on %s, of which the rule says nothing", r, u.asset, u.chain)
		}
	}
	return nil
}

// given checks what goes into a hop of two legs.
func (c *check) given(h *Hop) error {
	if (len(h.Legs) > 1) != (h.Given != nil) {
		return errors.New("given: stated of one leg, or missing of two")
	}
	for _, r := range c.t.Rules {
		if h.Given == nil {
			break
		}
		given, says := h.Given.Get(r)
		_, also := h.Traced.Get(r)
		if says != also || h.Legs[0].Units.Less(given) {
			return fmt.Errorf("given under %s: stated %s, of %s in all", r, given, h.Legs[0].Units)
		}
	}
	return nil
}

// bounds checks that whoever adds up whole movements and holdings need not fear for the sum.
func (c *check) bounds() error {
	sums := map[unit]chains.Amount{}
	add := func(chain chains.Chain, asset chains.Asset, units chains.Amount) (err error) {
		u := unit{chain, asset}
		sums[u], err = sums[u].Add(units)
		return err
	}
	for i := range c.t.Hops {
		for k := range c.t.Hops[i].Legs {
			leg := &c.t.Hops[i].Legs[k]
			if err := add(leg.Chain, leg.Asset, leg.Units); err != nil {
				return fmt.Errorf("hop %d: %w", i+1, err)
			}
		}
	}
	for i := range c.t.Endpoints {
		e := &c.t.Endpoints[i]
		if err := add(e.Chain, e.Asset, e.Units); err != nil {
			return fmt.Errorf("endpoint %s: %w", c.t.Endpoints[i].ID, err)
		}
	}
	return nil
}

// shares checks that a traced amount is no more than the whole, and what its seeds give
// together. Poison gives each seed that touched it the whole.
func (c *check) shares(traced *Traced, bySeed BySeed, whole chains.Amount) error {
	for _, r := range c.t.Rules {
		total, said := traced.Get(r)
		if whole.Less(total) {
			return fmt.Errorf("traced under %s: stated %s, of %s in all", r, total, whole)
		}
		var sum chains.Amount
		for i := range bySeed {
			s := &bySeed[i]
			a, ok := s.Traced.Get(r)
			var err error
			switch {
			case !c.seeds[s.Seed]:
				return fmt.Errorf("traced_by_seed: seed %q is not in the trace", s.Seed)
			case ok != said:
				return fmt.Errorf("traced under %s: stated for seed %s alone, or for all but it", r, s.Seed)
			case r.Conserves():
				if sum, err = sum.Add(a); err != nil {
					return fmt.Errorf("traced_by_seed under %s: %w", r, err)
				}
			default:
				sum = chains.Max(sum, a)
			}
		}
		if sum != total {
			return fmt.Errorf("traced under %s: stated %s, computed %s from its seeds", r, total, sum)
		}
	}
	return nil
}

// bases checks that the parts of a traced amount by basis are the amount.
func (c *check) bases(e *Endpoint) error {
	for _, r := range c.t.Rules {
		total, said := e.Traced.Get(r)
		split, ok := e.ByBasis.Get(r)
		var sum chains.Amount
		for _, part := range split.Parts {
			var err error
			if sum, err = sum.Add(part); err != nil {
				return fmt.Errorf("by_basis under %s: %w", r, err)
			}
		}
		if ok != said || sum != total {
			return fmt.Errorf("traced under %s: stated %s, computed %s from by_basis", r, total, sum)
		}
	}
	return nil
}

// conservation checks the table of every rule against the seeds and endpoints. A rule that
// says nothing at all has none.
func (c *check) conservation() error {
	for _, r := range c.t.Rules {
		stated, ok := c.t.Conservation.Get(r)
		if !ok {
			for i := range c.t.Endpoints {
				if _, says := c.t.Endpoints[i].Traced.Get(r); says {
					return fmt.Errorf("conservation: the table of %s is missing", r)
				}
			}
			continue
		}
		rows, err := c.t.Books(r)
		if err != nil {
			return err
		}
		for _, want := range rows {
			at := slices.IndexFunc(stated, func(s ConservationRow) bool { return s.Chain == want.Chain && s.Asset == want.Asset })
			if at < 0 {
				return fmt.Errorf("conservation: %s has no row for %s of %s", r, want.Asset, want.Chain)
			}
			if got := stated[at]; got != want {
				return fmt.Errorf("conservation under %s, %s of %s: stated seeded %s, ended %s, difference %s; computed seeded %s, ended %s, difference %s",
					r, want.Asset, want.Chain, got.Seeded, got.Ended, got.Difference, want.Seeded, want.Ended, want.Difference)
			}
		}
		if len(stated) != len(rows) {
			return fmt.Errorf("conservation: %s has %d rows, want %d", r, len(stated), len(rows))
		}
	}
	return nil
}
