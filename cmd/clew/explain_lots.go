package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"clew/chains"
	"clew/tracer"
)

// mostDerived is how many transactions are divided again to find the pieces in one output. A chain of
// mixed pots has no end by itself, and each transaction is read from its block.
const mostDerived = 256

// errUnknownOrder: what lies in an output is known, and in which order is not.
var errUnknownOrder = errors.New("the order of what lies in it")

// refill derives, from whole transactions and the conventions of the rule, of which pieces each output
// was filled: the same computation that a trace made, from its end. What comes out must be what the
// trace says, or there is no answer. It serves one goroutine.
type refill struct {
	t      *tracer.Trace
	rule   tracer.Rule
	source *txSource
	made   map[string]*origin // by outpoint
	ended  map[string]bool    // outpoints at which the trace ends, whatever spends them
	seeds  []string
	done   map[chains.TxID][][]tracer.Piece
}

// origin is what the trace says of one output.
type origin struct {
	leg    *tracer.Leg // of the hop that made it; nil for a seed
	traced chains.Amount
	seeds  []string // those with value in it, under the rule
	known  bool     // the rule says something of it
	seeded bool     // a seed was laid there
}

func newRefill(t *tracer.Trace, rule tracer.Rule, source *txSource) *refill {
	r := &refill{t: t, rule: rule, source: source, made: map[string]*origin{}, ended: map[string]bool{}, done: map[chains.TxID][][]tracer.Piece{}}
	for i := range t.Hops {
		h := &t.Hops[i]
		leg := &h.Legs[len(h.Legs)-1]
		traced, ok := h.Traced.Get(rule)
		from := seedsIn(h.TracedBySeed, rule)
		for _, p := range leg.Positions {
			o := &origin{leg: leg, traced: traced, seeds: from, known: ok && len(leg.Positions) == 1}
			r.made[leg.TxID.String()+":"+positionName(p)] = o
		}
	}
	for i := range t.Seeds {
		s := &t.Seeds[i]
		if !slices.Contains(r.seeds, s.ID) {
			r.seeds = append(r.seeds, s.ID)
		}
		key := s.TxID.String() + ":" + s.Position
		o := r.made[key]
		if o == nil {
			o = &origin{known: true}
			r.made[key] = o
		}
		sum, err := o.traced.Add(s.Units)
		o.traced, o.seeds, o.seeded, o.known = sum, append(slices.Clone(o.seeds), s.ID), true, o.known && err == nil
	}
	for i := range t.Endpoints {
		if e := &t.Endpoints[i]; e.TxID != nil && e.Reason != tracer.ReasonUnspent {
			r.ended[e.TxID.String()+":"+e.Position] = true
		}
	}
	return r
}

// seedsIn are the seeds that have value under a rule.
func seedsIn(by tracer.BySeed, rule tracer.Rule) []string {
	var out []string
	for i := range by {
		if a, ok := by[i].Traced.Get(rule); ok && !a.IsZero() {
			out = append(out, by[i].Seed)
		}
	}
	return out
}

// outputs returns the pieces of each output of tx, the fee last.
func (r *refill) outputs(ctx context.Context, tx *chains.Tx) ([][]tracer.Piece, error) {
	if out, ok := r.done[tx.ID]; ok {
		return out, nil
	}
	if len(r.done) >= mostDerived {
		return nil, fmt.Errorf("%w rests on more than %d transactions before it", errUnknownOrder, mostDerived)
	}
	r.done[tx.ID] = nil // counts, and ends a circle that no chain has
	var entered []tracer.Piece
	var in, out chains.Amount
	for i := range tx.Inputs {
		input := &tx.Inputs[i]
		if !input.Known {
			return nil, fmt.Errorf("%w cannot be told: the value of input %d of %s is not known", errUnknownOrder, i, tx.ID)
		}
		units := chains.Units(input.Spent.Value)
		in = in.Plus(units)
		inside, err := r.inside(ctx, input.Prev.String(), int(input.Prev.Index), units)
		if err != nil {
			return nil, err
		}
		for _, p := range inside {
			entered = append(entered, tracer.Piece{Input: i, Seed: p.Seed, Units: p.Units})
		}
	}
	var outs []chains.Amount
	for _, o := range tx.Outputs {
		outs, out = append(outs, chains.Units(o.Value)), out.Plus(chains.Units(o.Value))
	}
	if in.Less(out) {
		return nil, fmt.Errorf("transaction %s pays %s out of %s: %w", tx.ID, out, in, chains.ErrBadAnswer)
	}
	left, err := tracer.Divide(r.rule, entered, append(outs, in.Minus(out)), r.seeds)
	if err != nil {
		return nil, err
	}
	r.done[tx.ID] = left
	return left, r.agrees(tx.ID, left)
}

// agrees compares what was derived with what the trace says of each output.
func (r *refill) agrees(id chains.TxID, left [][]tracer.Piece) error {
	for i, pieces := range left {
		name := fmt.Sprint(i)
		if i == len(left)-1 {
			name = "fee"
		}
		var traced, said chains.Amount
		for _, p := range pieces {
			if p.Seed != "" {
				traced = traced.Plus(p.Units)
			}
		}
		o := r.made[id.String()+":"+name]
		if o != nil {
			if o.seeded {
				continue // a seed was laid over what came in
			}
			said = o.traced
		}
		if traced != said {
			return fmt.Errorf("%w is not told by one pot alone: %s of %s is traced otherwise by the whole trace", errUnknownOrder, name, id)
		}
	}
	return nil
}

// inside returns the pieces that lie in an output, in order.
func (r *refill) inside(ctx context.Context, key string, index int, units chains.Amount) ([]tracer.Piece, error) {
	o := r.made[key]
	switch {
	case o == nil || r.ended[key] || o.known && o.traced.IsZero():
		return []tracer.Piece{{Units: units}}, nil
	case !o.known:
		return nil, fmt.Errorf("%w cannot be told: the rule ends before %s", errUnknownOrder, key)
	case o.traced == units && len(o.seeds) == 1:
		return []tracer.Piece{{Seed: o.seeds[0], Units: units}}, nil
	case o.seeded:
		return nil, fmt.Errorf("%w is not in the trace: %s is a seed in part, or of several seeds", errUnknownOrder, key)
	}
	tx, err := r.source.find(ctx, o.leg)
	if err != nil {
		return nil, err
	}
	if tx == nil {
		return nil, fmt.Errorf("%w rests on transaction %s, which %s does not have", errUnknownOrder, o.leg.TxID, r.source.whence)
	}
	left, err := r.outputs(ctx, tx)
	if err != nil {
		return nil, err
	}
	if index >= len(left)-1 {
		return nil, fmt.Errorf("transaction %s has no output %d: %w", tx.ID, index, chains.ErrBadAnswer)
	}
	return left[index], nil
}

// fill puts into x of which pieces the rule filled what the hop moved, or why nobody can say.
func (x *explanation) fill(ctx context.Context, t *loadedTrace, source *txSource, tx *chains.Tx) error {
	leg := &x.Hop.Legs[len(x.Hop.Legs)-1]
	traced, ok := x.Hop.Traced.Get(x.Rule)
	if tx == nil || onAccounts(leg) || t.Incident.Accounts != string(tracer.AccountsOutput) || !ok || traced.IsZero() || len(leg.Positions) != 1 || leg.Positions[0].Kind == "vin" {
		return nil
	}
	left, err := newRefill(t.Trace, x.Rule, source).outputs(ctx, tx)
	if errors.Is(err, errUnknownOrder) {
		x.PiecesNot = err.Error()
		return nil
	}
	if err != nil {
		return err
	}
	name := positionName(leg.Positions[0])
	for i := range left {
		if name == fmt.Sprint(i) && i < len(left)-1 || name == "fee" && i == len(left)-1 {
			x.Pieces = left[i]
		}
	}
	return nil
}
