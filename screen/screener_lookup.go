package screen

import (
	"context"
	"fmt"
	"slices"
	"time"

	"clew/chains"
)

// lookup asks incidents and labels of the subject, reads no store, and reports whether they say
// anything that may decide: a hit that counts, or a label at which value ends.
func (w *work) lookup(ctx context.Context) (known bool, err error) {
	for _, h := range w.subjectHits() {
		if w.subject.Asset != "" && w.subject.Asset != h.Place.Asset || w.stale(&h) {
			continue
		}
		if err := w.addHit(h); err != nil {
			return false, err
		}
	}
	w.smallReceipts()
	w.partial = w.subject.Kind != KindOutput && len(w.receipts) > 0
	if err := w.own(ctx); err != nil {
		return false, err
	}
	return len(w.receipts) > 0 || w.ends(), nil
}

// subjectHits returns what incidents trace to places of the subject.
func (w *work) subjectHits() []Hit {
	x, s := w.s.cfg.Index, &w.subject
	switch s.Kind {
	case KindOutput:
		return x.At(Place{Chain: s.Chain, Tx: w.tx, Vout: *s.Vout, Asset: chains.Native})
	case KindAddress:
		return x.Address(s.Chain, s.Address)
	case KindTransaction:
		return x.Tx(s.Chain, w.tx)
	}
	var hits []Hit
	for _, h := range x.Tx(s.Chain, w.tx) {
		if h.Address == s.Address {
			hits = append(hits, h)
		}
	}
	return hits
}

// stale reports whether a hit does not count, because its incident does not, and says so.
func (w *work) stale(h *Hit) bool {
	if h.Incident.Stale == "" {
		return false
	}
	w.names(h.Incident.ID)
	w.gap(Gap{
		Chain: h.Place.Chain, TxID: formatTxID(h.Place.Chain, h.Place.Tx), What: "the trace of incident " + h.Incident.ID,
		Why: h.Incident.Stale, Effect: "what it traced here raises no match until it is traced again",
	})
	return true
}

// addHit adds what an incident alone tells of a place to the receipts.
func (w *work) addHit(h Hit) error {
	least := chains.Max(h.Whole, chains.Max(h.Units.FIFO, h.Units.ProRata))
	for i := range w.receipts {
		if r := &w.receipts[i]; r.place == h.Place {
			r.hits, r.units = append(r.hits, h), chains.Max(r.units, least)
			return nil
		}
	}
	r := receipt{place: h.Place, address: h.Address, units: least, time: h.Time, hits: []Hit{h}}
	switch h.Address {
	case "":
	case w.subject.Address:
		r.owner = w.address
	default:
		var err error
		if r.owner, err = w.s.cfg.Codec.ParseAddress(h.Place.Chain, h.Address); err != nil {
			return fmt.Errorf("incident %s: address of %s: %w", h.Incident.ID, formatTxID(h.Place.Chain, h.Place.Tx), err)
		}
	}
	w.receipts = append(w.receipts, r)
	return nil
}

// own asks what is said of the subject's own address: at the time of each of its receipts, or where none
// is known, now.
func (w *work) own(ctx context.Context) error {
	w.owners = nil
	a := w.address
	if w.subject.Kind == KindOutput && len(w.receipts) == 1 {
		a = w.receipts[0].owner
	}
	if a == "" {
		return nil
	}
	var asked []int64
	for i := range w.receipts {
		if at := w.receipts[i].time; !slices.Contains(asked, at) {
			asked = append(asked, at)
		}
	}
	if len(asked) == 0 {
		return w.attribute(ctx, a, time.Time{})
	}
	for _, at := range asked {
		if err := w.attribute(ctx, a, time.Unix(at, 0).UTC()); err != nil {
			return err
		}
	}
	return nil
}

// attribute adds what is said of a at a time to the owners.
func (w *work) attribute(ctx context.Context, a chains.Address, at time.Time) error {
	found, ok, err := w.s.who.Attribute(ctx, w.subject.Chain, a, at)
	if err != nil {
		return fmt.Errorf("who is behind %s: %w", w.s.cfg.Codec.FormatAddress(w.subject.Chain, a), err)
	}
	if !ok {
		return nil
	}
	for i := range w.owners {
		if o := &w.owners[i]; o.Category == found.Category && o.Entity == found.Entity && o.KnownBy == found.KnownBy {
			o.Claims, o.Ends = mergeClaims(o.Claims, found.Claims), o.Ends || found.Ends
			return nil
		}
	}
	w.owners = append(w.owners, found)
	return nil
}

// mergeClaims returns a with those of b: a claim that held at one of several transactions held at the
// time of a transaction.
func mergeClaims(a, b []Claim) []Claim {
	if len(a) == 0 {
		return b
	}
	out := slices.Clone(a)
	for _, c := range b {
		at := slices.IndexFunc(out, func(o Claim) bool {
			o.AtTransaction, o.Now = c.AtTransaction, c.Now
			return o == c
		})
		if at < 0 {
			out = append(out, c)
			continue
		}
		out[at].AtTransaction, out[at].Now = out[at].AtTransaction || c.AtTransaction, out[at].Now || c.Now
	}
	return out
}
