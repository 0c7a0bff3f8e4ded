package store

import (
	"context"
	"fmt"
	"slices"

	"clew/chains"
)

// Holdings is what a cluster holds and when it was seen, as far as it was counted.
type Holdings struct {
	Units   chains.Amount // sum of the outputs that are unspent, of all that was read
	Outputs int           // how many these are
	First   chains.BlockRef
	Last    chains.BlockRef
	Txs     int // transactions that pay to it or spend from it
	// Counted: false where more transactions than the limit touch them. Then nothing else means
	// anything.
	Counted bool
	// Whole: the range begins with the chain's first block and has no hole, so that Units is what the
	// cluster holds, not only what it got of the blocks that were read.
	Whole bool
}

// Holdings adds up what the cluster of a holds, reading at most limit transactions.
func (u *Clusters) Holdings(ctx context.Context, a chains.Address, limit int) (h Holdings, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("what a cluster of %s holds: %w", u.r.chain, mapErr(ctx, err))
		}
	}()
	spans, err := readSpans(u.r.c, u.r.no)
	if err != nil {
		return h, err
	}
	h.Whole = spans[0].From == 0 && spans[0].To >= heightOf(u.end-1)
	if u.Size(a) > limit {
		return h, nil
	}
	var ids []uint32
	if id, ok := u.id(a); ok {
		ids = u.of(id)
	}
	as, err := u.addresses(ctx, ids)
	if err != nil {
		return h, err
	}
	if len(as) == 0 {
		as = append(as, a)
	}
	places, err := u.placesOf(ctx, as, limit)
	if err != nil || len(places) > limit {
		return h, err
	}
	h.Counted = true
	err = u.hold(ctx, &h, as, places)
	return h, err
}

// placesOf returns where transactions pay to as or spend from them, ascending, each once; more than
// limit where there are more, and then not all.
func (u *Clusters) placesOf(ctx context.Context, as []chains.Address, limit int) (places []place, err error) {
	room := 2*limit + 1 // so that those that several share are told from too many
	for _, a := range as {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for cur := newCursor(u.r, a, u.from-1, u.end); ; {
			pos, ok, err := cur.next()
			if err != nil {
				return nil, err
			}
			if !ok {
				break
			}
			if places = append(places, pos); len(places) >= room {
				slices.Sort(places)
				if places = slices.Compact(places); len(places) > limit {
					return places, nil
				}
			}
		}
	}
	slices.Sort(places)
	return slices.Compact(places), nil
}

// hold adds up what the transactions at places, which ascend, leave to as.
func (u *Clusters) hold(ctx context.Context, h *Holdings, as []chains.Address, places []place) error {
	own := make(map[chains.Address]bool, len(as))
	for _, a := range as {
		own[a] = true
	}
	// Keyed by output, so that the second of two coinbases with one txid replaces the first.
	unspent := map[chains.OutPoint]uint64{}
	var first, last place
	for _, pos := range places {
		if err := ctx.Err(); err != nil {
			return err
		}
		t, err := u.r.tx(pos)
		if err != nil {
			return err
		}
		touched := false
		for i := range t.Inputs {
			touched = touched || own[t.Inputs[i].Spent.Address]
			delete(unspent, t.Inputs[i].Prev)
		}
		for i := range t.Outputs {
			if own[t.Outputs[i].Address] {
				touched = true
				unspent[chains.OutPoint{Tx: t.ID, Index: uint32(i)}] = t.Outputs[i].Value
			}
		}
		if !touched { // another address has the same key
			continue
		}
		if h.Txs++; h.Txs == 1 {
			first = pos
		}
		last = pos
	}
	for _, v := range unspent {
		sum, err := h.Units.Add(chains.Units(v))
		if err != nil {
			return err
		}
		h.Units = sum
	}
	h.Outputs = len(unspent)
	if h.Txs == 0 {
		return nil
	}
	var err error
	if h.First, err = u.r.blockRef(heightOf(first)); err == nil {
		h.Last, err = u.r.blockRef(heightOf(last))
	}
	return err
}
