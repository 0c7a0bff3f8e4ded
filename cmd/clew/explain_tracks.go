package main

import (
	"fmt"
	"strconv"

	"clew/chains"
	"clew/tracer"
)

// track is what the trace says about one output.
type track struct {
	traced tracer.Traced
	refs   []string
}

// tracks are the outputs that the trace speaks of, by TXID:POSITION.
type tracks map[string]*track

func newTracks(t *tracer.Trace) tracks {
	led := tracks{}
	for i := range t.Hops {
		h := &t.Hops[i]
		leg := &h.Legs[len(h.Legs)-1]
		for _, p := range leg.Positions {
			led.add(leg.TxID.String()+":"+positionName(p), h.Traced, fmt.Sprintf("hop %d", h.Number))
		}
		if len(h.Legs) > 1 && h.Given != nil {
			for _, p := range h.Legs[0].Positions {
				led.add(h.Legs[0].TxID.String()+":"+positionName(p), *h.Given, fmt.Sprintf("hop %d", h.Number))
			}
		}
	}
	for i := range t.Seeds {
		s := &t.Seeds[i]
		var traced tracer.Traced
		for r := range traced.Value {
			traced.Value[r] = s.Units
		}
		led.add(s.TxID.String()+":"+s.Position, traced, "seed "+s.ID)
	}
	return led
}

// add notes that traced value came to an output by ref. Value of a hop and of a seed may
// lie in one output side by side.
func (led tracks) add(key string, traced tracer.Traced, ref string) {
	k := led[key]
	if k == nil {
		led[key] = &track{traced, []string{ref}}
		return
	}
	for r := range traced.Value {
		sum, err := k.traced.Value[r].Add(traced.Value[r])
		k.traced.Value[r], k.traced.Null[r] = sum, k.traced.Null[r] || traced.Null[r] || err != nil
	}
	k.refs = append(k.refs, ref)
}

func (led tracks) entry(e potEntry, key string) potEntry {
	e.Refs = []string{}
	if k := led[key]; k != nil {
		e.Traced, e.Refs = k.traced, k.refs
	}
	return e
}

// wholePot lists every input and output of tx.
func wholePot(led tracks, tx *chains.Tx, chain chains.Chain) (entered, left []potEntry) {
	address := func(a chains.Address) string { return codec().FormatAddress(chain, a) }
	var in, out chains.Amount
	known := true
	for i, input := range tx.Inputs {
		e := potEntry{Position: strconv.Itoa(i), OutPoint: input.Prev.String()}
		if input.Known {
			units := chains.Units(input.Spent.Value)
			e.Units, e.Address, in = &units, address(input.Spent.Address), in.Plus(units)
		}
		known = known && input.Known
		entered = append(entered, led.entry(e, input.Prev.String()))
	}
	for i, o := range tx.Outputs {
		units := chains.Units(o.Value)
		out = out.Plus(units)
		e := potEntry{Position: strconv.Itoa(i), Units: &units, Address: address(o.Address)}
		left = append(left, led.entry(e, fmt.Sprintf("%s:%d", tx.ID, i)))
	}
	fee := led.entry(potEntry{Position: "fee"}, tx.ID.String()+":fee")
	if known && !in.Less(out) {
		units := in.Minus(out)
		fee.Units = &units
	}
	return entered, append(left, fee)
}

// tracedPot lists what the trace itself knows of leg's transaction.
func tracedPot(t *tracer.Trace, led tracks, leg *tracer.Leg) (entered, left []potEntry) {
	seen := map[string]bool{}
	for i := range t.Hops {
		h := &t.Hops[i]
		l := &h.Legs[len(h.Legs)-1]
		if l.TxID != leg.TxID {
			continue
		}
		for _, f := range l.From {
			if f.OutPoint != "" && !seen[f.OutPoint] {
				seen[f.OutPoint] = true
				entered = append(entered, led.entry(potEntry{OutPoint: f.OutPoint, Address: nodeName(t, f.Node)}, f.OutPoint))
			}
		}
		for _, p := range l.Positions {
			e := potEntry{Position: positionName(p), Address: nodeName(t, l.To)}
			if len(l.Positions) == 1 {
				e.Units = &l.Units
			}
			left = append(left, led.entry(e, leg.TxID.String()+":"+e.Position))
		}
	}
	return entered, left
}
