package screen

import (
	"context"
	"fmt"
	"time"

	"clew/chains"
	"clew/heuristics"
)

// Value that came without being asked for says nothing of whoever got it: anybody can send a few units,
// or a token that nobody wants, to any address. It is told, and it is no part of the value that
// exposures explain.

// smallOutput says why an output counts as unasked; "" where it does not.
func (w *work) smallOutput(r *receipt) string {
	if heuristics.Dust(r.tx, int(r.place.Vout)) {
		return fmt.Sprintf("it costs about as much to spend as it holds (%d units at most), and its address gave nothing to the transaction",
			heuristics.DustLimit(r.tx.Outputs[r.place.Vout].Type))
	}
	if spends(r.tx, r.owner) || r.tx.Coinbase {
		return ""
	}
	return w.belowDust(r)
}

// smallArrival says why what an account got counts as unasked; "" where it does not.
func (w *work) smallArrival(r *receipt) string {
	if r.tx.Exec != nil && r.tx.Exec.Sender == r.owner {
		return ""
	}
	return w.belowDust(r)
}

// belowDust says whether the rules count an amount as dust.
func (w *work) belowDust(r *receipt) string {
	limit, ok := w.s.cfg.Policy.Dust[r.place.Chain][r.place.Asset]
	if !ok || !r.units.Less(limit) {
		return ""
	}
	return fmt.Sprintf("it is below the %s units that the rules count as dust, and its address gave nothing to the transaction", limit)
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

// smallReceipts takes receipts that only incidents tell of, and that may be dust, out of a lookup: who
// gave is not known without the store. Where there is no store they are told as unasked.
func (w *work) smallReceipts() {
	kept := w.receipts[:0]
	for i := range w.receipts {
		r := &w.receipts[i]
		limit := w.s.cfg.Policy.Dust[r.place.Chain][r.place.Asset]
		if r.place.Account == "" {
			limit = chains.Max(limit, chains.Units(heuristics.DustLimit(chains.ScriptMultisig)+1))
		}
		if !r.units.Less(limit) {
			kept = append(kept, *r)
			continue
		}
		if w.head != nil {
			continue
		}
		w.names(r.hits[0].Incident)
		w.v.Unasked = append(w.v.Unasked, Unasked{
			Chain: r.place.Chain, Asset: r.place.Asset, TxID: formatTxID(r.place.Chain, r.place.Tx), Units: r.units,
			Category: Stolen, Incident: r.hits[0].Incident.ID, Why: "it is as small as dust; who gave it is not known, since nothing of the chain was read",
		})
	}
	w.receipts = kept
}
