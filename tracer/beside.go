package tracer

import (
	"slices"

	"clew/chains"
)

// Beside is what a transaction spends, in whole units of the coin: the outputs that its hops
// come from, and other funds beside them.
type Beside struct {
	Spent chains.Amount // of the outputs that the hops name
	Other chains.Amount // of everything else; a part of an output that no seed counts is there too
	Exact bool          // the trace lists all that leaves; otherwise Other is the least
}

// Beside says what each transaction of t spends, as far as the hops tell. Absent are those of
// which they do not: where pots are addresses, which hold more than one transaction brings,
// or where assets meet.
func (t *Trace) Beside() map[chains.TxID]Beside {
	all := map[chains.TxID]Beside{}
	if t.Incident.Accounts != string(AccountsOutput) {
		return all
	}
	whole := make(map[string]chains.Amount, len(t.Hops)+len(t.Seeds)) // of each output named
	for i := range t.Seeds {
		s := &t.Seeds[i]
		if s.Asset != chains.Native {
			continue
		}
		place := placeOf(s.TxID, s.Position)
		whole[place] = whole[place].Plus(s.Units)
	}
	out := map[chains.TxID]chains.Amount{}
	unclear := map[chains.TxID]bool{}
	for i := range t.Hops {
		h := &t.Hops[i]
		leg := &h.Legs[0]
		if len(h.Legs) > 1 || len(leg.Positions) != 1 || leg.Asset != chains.Native || outOfAccount(leg) || h.Kind == HopMixer {
			unclear[leg.TxID] = true
			continue
		}
		whole[placeOf(leg.TxID, leg.Positions[0].Value)] = leg.Units
		out[leg.TxID] = out[leg.TxID].Plus(leg.Units)
		b, known := all[leg.TxID]
		if !known {
			b.Exact = true
			for _, f := range leg.From {
				b.Spent = b.Spent.Plus(whole[f.OutPoint])
			}
		}
		// Poison marks the whole of every output of a touched transaction.
		poisoned, _ := h.Traced.Get(Poison)
		b.Exact = b.Exact && poisoned == leg.Units
		all[leg.TxID] = b
	}
	for id, b := range all {
		switch {
		case unclear[id]:
			delete(all, id)
		case b.Spent.Less(out[id]):
			b.Other = out[id].Minus(b.Spent)
			all[id] = b
		}
	}
	return all
}

// outOfAccount reports whether leg takes from a balance, of which a transaction spends what it
// moves and nothing beside it.
func outOfAccount(leg *Leg) bool {
	return slices.ContainsFunc(leg.From, func(f From) bool { return f.OutPoint == "" })
}
