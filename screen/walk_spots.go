package screen

import (
	"context"

	"clew/chains"
)

// meet makes the spot of a slot of k.
func (o *outputsWalk) meet(k *knot, slot int) *spot {
	s := &spot{value: k.out.value(slot), by: k, slot: slot}
	switch {
	case !o.forward:
		in := &k.tx.Inputs[slot]
		s.at, s.addr, s.form = in.Prev, in.Spent.Address, in.Spent.Type
	default:
		s.at, s.height = chains.OutPoint{Tx: k.tx.ID, Index: uint32(slot)}, k.tx.Block.Height
		if slot < len(k.tx.Outputs) {
			s.addr, s.form = k.tx.Outputs[slot].Address, k.tx.Outputs[slot].Type
		}
	}
	if start := o.atStart[s.at]; start != nil && start.by == nil {
		start.by, start.slot = k, slot
		s = start
	} else {
		o.spots = append(o.spots, s)
	}
	k.spots[slot] = s
	return s
}

// judge asks what is known of a spot, at the time of the transaction over which it was met.
func (o *outputsWalk) judge(ctx context.Context, s *spot) (err error) {
	s.fate = new(fate)
	if o.forward && s.slot >= len(s.by.tx.Outputs) {
		s.fate.found, s.fate.note = byTransaction(Mining, ""), "the fee"
		return nil
	}
	hits, sum, err := o.traced(Place{Chain: o.chain, Tx: s.at.Tx, Vout: s.at.Index, Asset: chains.Native})
	if err != nil {
		return err
	}
	whole := chains.Units(s.value)
	s.fate.fifo, s.fate.pro = len(hits) > 0 && !sum.FIFO.Less(whole), len(hits) > 0 && !sum.ProRata.Less(whole)
	if s.fate.fifo || s.fate.pro {
		s.fate.hits = hits
	}
	switch s.form {
	case chains.ScriptNullData:
		s.fate.found, s.fate.note = byTransaction(Other, ""), "a data output, which can never be spent"
		return nil
	case chains.ScriptPegIn, chains.ScriptPegged:
		s.fate.found, s.fate.note = byTransaction(Mixer, "MWEB"), "the extension block (MWEB), where amounts are confidential"
		return nil
	}
	s.fate.found, err = o.attribute(ctx, s.addr, s.by.tx.Block.Time)
	return err
}
