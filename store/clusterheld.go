package store

import (
	"context"
	"fmt"

	"clew/chains"
)

// Holdings is what a cluster holds and when it was seen, as far as it was counted.
type Holdings struct {
	Units   chains.Amount // sum of the outputs that are unspent, of all that was read
	Outputs int           // how many these are
	First   chains.BlockRef
	Last    chains.BlockRef
	Txs     int // transactions that were read, one for each address that they touch
	// Counted: of all addresses. False where Txs reached the limit: then nothing else means
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
	var ids []uint32
	if id, ok := u.id(a); ok {
		ids = u.of(id)
	}
	if len(ids) > limit {
		return h, nil
	}
	as, err := u.addresses(ctx, ids)
	if err != nil {
		return h, err
	}
	if len(as) == 0 {
		as = append(as, a)
	}
	seen := seen{}
	for _, a := range as {
		if err := ctx.Err(); err != nil {
			return h, err
		}
		if more, err := u.holds(&h, &seen, a, limit); err != nil || more {
			return h, err
		}
	}
	h.Counted = true
	if seen.some {
		if h.First, err = u.r.blockRef(heightOf(seen.first)); err == nil {
			h.Last, err = u.r.blockRef(heightOf(seen.last))
		}
	}
	return h, err
}

// seen are the first and the last place that touch a cluster.
type seen struct {
	first, last place
	some        bool
}

// holds adds what one address holds; more: the limit was reached before all was read.
func (u *Clusters) holds(h *Holdings, seen *seen, a chains.Address, limit int) (more bool, err error) {
	// Keyed by output, so that the second of two coinbases with one txid replaces the first.
	unspent := map[chains.OutPoint]uint64{}
	for cur := newCursor(u.r, a, u.from-1, u.end); ; {
		pos, ok, err := cur.next()
		if err != nil {
			return false, err
		}
		if !ok {
			break
		}
		if h.Txs++; h.Txs > limit {
			return true, nil
		}
		t, err := u.r.tx(pos)
		if err != nil {
			return false, err
		}
		if !touches(t, a) {
			continue
		}
		if !seen.some {
			seen.first, seen.last, seen.some = pos, pos, true
		}
		seen.first, seen.last = min(seen.first, pos), max(seen.last, pos)
		for i := range t.Inputs {
			delete(unspent, t.Inputs[i].Prev)
		}
		for i := range t.Outputs {
			if t.Outputs[i].Address == a {
				unspent[chains.OutPoint{Tx: t.ID, Index: uint32(i)}] = t.Outputs[i].Value
			}
		}
	}
	for _, v := range unspent {
		if h.Units, err = h.Units.Add(chains.Units(v)); err != nil {
			return false, err
		}
	}
	h.Outputs += len(unspent)
	return false, nil
}
