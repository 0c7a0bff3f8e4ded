package tracer

import (
	"fmt"
	"slices"
	"strconv"

	"clew/chains"
	"clew/heuristics"
)

// leastPeels is the number of steps from which a run of payments is told: one payment with change is
// what every wallet makes, and two in a row are no run.
const leastPeels = 3

// PeelRun is a peel chain: transactions that each pay somebody and pass the rest on. It is a way to
// look at hops that are all in the trace, and moves nothing.
type PeelRun struct {
	Finding string        `json:"finding"`
	Chain   chains.Chain  `json:"chain"`
	ValueIn chains.Amount `json:"value_in"` // whole units of all that the first step spends
	// Added are coins that came beside in later steps. Where Fees is told, value_in and what was added are
	// what peels, tip_units and fees are together.
	Added []PeelAdded `json:"added,omitempty"`
	// Fees are what no step paid to anybody: fees, and what outputs with data hold. nil: the value of an
	// input is not known.
	Fees  *chains.Amount `json:"fees,omitempty"`
	Hops  []string       `json:"hops"`  // what goes on, one for each step; the last leads to the tip
	Peels []PeelHop      `json:"peels"` // what was paid on the way, in chain order
	Tip   string         `json:"tip"`   // the node to which the last step leads
	// TipUnits is the whole value there. Stop says why the run ends: one of heuristics.PeelStop.
	TipUnits chains.Amount `json:"tip_units"`
	Stop     string        `json:"stop"`
}

// PeelAdded is an input by which other coins come to a peel chain.
type PeelAdded struct {
	TxID  string        `json:"txid"`
	Input int           `json:"vin"`
	Units chains.Amount `json:"units"`
}

// PeelHop is a payment out of a peel chain.
type PeelHop struct {
	Hop   string        `json:"hop"`
	To    string        `json:"to"` // node
	Units chains.Amount `json:"units"`
}

// stopsAt tells which addresses end a peel chain: those at which a branch of the trace ends.
func (l *ledger) stopsAt(a chains.Address) bool {
	at := l.attribute(a)
	return at != nil && at.reason != "" && !l.seedAddress[a]
}

// runs writes the peel chains among the transactions that were given to the builder. Where a sink
// took the hops there are none: what a run is made of is known only behind its last hop.
func (l *ledger) runs(found []heuristics.Peel) {
	if len(found) == 0 {
		return
	}
	to := map[chains.TxID][]int{} // hops to outputs, by transaction
	for i := range found {
		for _, tx := range found[i].Txs {
			to[tx] = nil
		}
	}
	for i := range l.t.Hops {
		h := &l.t.Hops[i]
		if of, step := to[h.Legs[0].TxID]; step && h.Kind == HopTransfer {
			to[h.Legs[0].TxID] = append(of, i)
		}
	}
	for i := range found {
		l.peelRun(&found[i], to)
	}
}

// peelRun writes one run with its finding. to are the hops to outputs by transaction.
func (l *ledger) peelRun(p *heuristics.Peel, to map[chains.TxID][]int) {
	run := PeelRun{Chain: l.chain, ValueIn: chains.Units(p.ValueIn), TipUnits: chains.Units(p.TipValue), Stop: string(p.Stop), Hops: []string{}, Peels: []PeelHop{}}
	if p.Closed {
		fees := chains.Units(p.Fees)
		run.Fees = &fees
	}
	in := run.ValueIn
	for _, a := range p.Added {
		in = in.Plus(chains.Units(a.Value))
		run.Added = append(run.Added, PeelAdded{a.Tx.String(), a.Input, chains.Units(a.Value)})
	}
	f := Finding{Heuristic: string(heuristics.KindPeel), Version: heuristics.PeelVersion}
	for _, tx := range p.Txs {
		f.TxIDs = append(f.TxIDs, tx.String())
	}
	f.TxID = f.TxIDs[0]
	f.ID = id("finding", f.Heuristic, string(l.chain), f.TxID)
	run.Finding = f.ID
	var paid chains.Amount
	left := map[string]bool{} // places of what left
	for _, o := range p.Paid {
		paid = paid.Plus(chains.Units(o.Value))
		left[placeOf(o.Output.Tx, strconv.Itoa(int(o.Output.Index)))] = true
	}
	receivers := map[string]bool{}
	for _, tx := range p.Txs {
		for _, i := range to[tx] {
			h := &l.t.Hops[i]
			leg := &h.Legs[0]
			h.Findings = append(slices.Clip(h.Findings), f.ID)
			if left[placeOf(tx, leg.Positions[0].Value)] {
				run.Peels = append(run.Peels, PeelHop{h.ID, leg.To, leg.Units})
				receivers[leg.To] = true
				continue
			}
			run.Hops, run.Tip = append(run.Hops, h.ID), leg.To
		}
	}
	f.Says = fmt.Sprintf("a run of %d transactions that each pay somebody and pass the rest on: of %s units of native, %s units of native left in %d payments to %d addresses; %s",
		len(p.Txs), in, paid, len(p.Paid), len(receivers), stopWords(p.Stop))
	l.find(f)
	l.t.Peels = append(l.t.Peels, run)
}

// stopWords says why a run ends.
func stopWords(stop heuristics.PeelStop) string {
	switch stop {
	case heuristics.PeelUnspent:
		return "the rest was not spent in what the trace follows"
	case heuristics.PeelMix:
		return "the rest went into a CoinJoin"
	case heuristics.PeelBatch:
		return "the rest was paid to many at once"
	case heuristics.PeelConsolidation:
		return "the rest was spent with other coins"
	case heuristics.PeelSwept:
		return "the rest was paid whole"
	case heuristics.PeelLabel:
		return "the rest went to an address at which the trace ends"
	case heuristics.PeelLimit:
		return "a longer run is not followed"
	}
	return "of the transaction that spends the rest nothing tells which output goes on, and the run ends before it"
}
