package screen

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"clew/chains"
	"clew/heuristics"
)

// Value that came without being asked for says nothing of whoever got it: anybody can send a few units to
// any address. It is told, and it is no part of the value that exposures explain. But much of it is money:
// what one transaction pays an address in small parts, or what comes to it in many, counts as value.

const (
	// mostSmall is how many times the dust limit all that is small may be together, in one asset, before it
	// counts as value: what an address is sent to be marked is a few units a time, and rarely dozens.
	mostSmall = 50
	// mostUnasked is how much of what came unasked a verdict writes out.
	mostUnasked = 20
)

// small is why a receipt may have come unasked: it is no more than a limit.
type small struct {
	limit chains.Amount
	why   string // "": it is none
}

// smallReceipt is a receipt that may have come unasked.
type smallReceipt struct {
	receipt
	small
}

// smallOutput says why an output is small; the zero value where it is not.
func (w *work) smallOutput(r *receipt) small {
	if heuristics.Dust(r.tx, int(r.place.Vout)) {
		limit := heuristics.DustLimit(r.tx.Outputs[r.place.Vout].Type)
		return small{chains.Units(limit), fmt.Sprintf("it costs about as much to spend as it holds (%d units at most), and its address gave nothing to the transaction", limit)}
	}
	if spends(r.tx, r.owner) || r.tx.Coinbase {
		return small{}
	}
	return w.belowDust(r)
}

// smallArrival says why what an account got is small; the zero value where it is not.
func (w *work) smallArrival(r *receipt) small {
	if r.tx.Exec != nil && r.tx.Exec.Sender == r.owner {
		return small{}
	}
	return w.belowDust(r)
}

// belowDust says whether the rules count an amount as dust.
func (w *work) belowDust(r *receipt) small {
	limit, ok := w.s.cfg.Policy.Dust[r.place.Chain][r.place.Asset]
	if !ok || !r.units.Less(limit) {
		return small{}
	}
	return small{limit, fmt.Sprintf("it is below the %s units that the rules count as dust, and its address gave nothing to the transaction", limit)}
}

// smallHit says why a receipt of which incidents alone tell may be small: who gave is not known without the
// store.
func (w *work) smallHit(r *receipt) small {
	limit := w.s.cfg.Policy.Dust[r.place.Chain][r.place.Asset]
	if r.place.Account == "" {
		limit = chains.Max(limit, chains.Units(heuristics.DustLimit(chains.ScriptMultisig)+1))
	}
	if !r.units.Less(limit) {
		return small{}
	}
	return small{limit, "it is as small as dust; who gave it is not known without the blocks of the chain"}
}

// sift takes out of the small receipts those that together are money, and returns the others.
func (w *work) sift() (left []smallReceipt) {
	type payment struct {
		tx    chains.TxID
		owner chains.Address
		asset chains.Asset
	}
	paid := map[payment]chains.Amount{}
	of := func(r *smallReceipt) payment { return payment{r.place.Tx, r.owner, r.place.Asset} }
	for i := range w.small {
		r := &w.small[i]
		paid[of(r)] = capped(paid[of(r)], r.units)
	}
	sums := map[chains.Asset]chains.Amount{}
	for i := range w.small {
		if r := &w.small[i]; r.limit.Less(paid[of(r)]) {
			w.receipts = append(w.receipts, r.receipt)
		} else {
			left = append(left, *r)
			sums[r.place.Asset] = capped(sums[r.place.Asset], r.units)
		}
	}
	left = slices.DeleteFunc(left, func(r smallReceipt) bool {
		share, _ := sums[r.place.Asset].MulDiv(chains.Units(1), chains.Units(mostSmall))
		if share.Less(r.limit) {
			return false
		}
		w.receipts = append(w.receipts, r.receipt)
		return true
	})
	w.small = nil
	slices.SortStableFunc(w.receipts, func(a, b receipt) int { return cmp.Compare(a.met, b.met) })
	return left
}

// tell writes out what came unasked.
func (w *work) tell(ctx context.Context, left []smallReceipt) error {
	more := map[chains.Asset]chains.Amount{}
	for i := range left {
		r := &left[i]
		if len(w.v.Unasked) >= mostUnasked {
			more[r.place.Asset] = capped(more[r.place.Asset], r.units)
			continue
		}
		if err := w.unasked(ctx, &r.receipt, r.why); err != nil {
			return err
		}
	}
	for _, asset := range slices.Sorted(maps.Keys(more)) {
		w.gap(Gap{
			Chain: w.subject.Chain, What: fmt.Sprintf("%s units of %s more that came unasked", more[asset], asset),
			Why: fmt.Sprintf("a verdict writes out %d of what came so", mostUnasked), Effect: "it is no part of the value, as they are",
		})
	}
	return nil
}

// unasked tells a receipt that is no part of the value.
func (w *work) unasked(ctx context.Context, r *receipt, why string) error {
	u := Unasked{
		Chain: r.place.Chain, Asset: r.place.Asset, TxID: formatTxID(r.place.Chain, r.place.Tx), Units: r.units, Why: why,
	}
	if len(r.hits) > 0 {
		u.Incident, u.Category = r.hits[0].Incident.ID, Stolen
		w.names(r.hits[0].Incident)
	}
	if giver := onlyGiver(r.tx); giver != "" {
		u.From = w.s.cfg.Codec.FormatAddress(r.place.Chain, giver)
		found, ok, err := w.s.who.Attribute(ctx, r.place.Chain, giver, time.Unix(r.time, 0).UTC())
		if err != nil {
			return fmt.Errorf("who is behind %s: %w", u.From, err)
		}
		if ok && u.Category == "" {
			u.Category = found.Category
		}
	}
	w.v.Unasked = append(w.v.Unasked, u)
	return nil
}

// onlyGiver returns the address that alone gives to a transaction; "" where there are several, or none.
func onlyGiver(tx *chains.Tx) (giver chains.Address) {
	switch {
	case tx == nil:
		return ""
	case tx.Exec != nil:
		return tx.Exec.Sender
	}
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		if !in.Known || giver != "" && giver != in.Spent.Address {
			return ""
		}
		giver = in.Spent.Address
	}
	return giver
}
