package screen

import (
	"context"
	"fmt"
	"slices"
	"time"

	"clew/chains"
	"clew/tracer"
)

// lookup asks incidents and labels of the subject, reads no store, and reports whether they say
// anything that may decide: a hit that counts, or a label at which value ends.
func (w *work) lookup(ctx context.Context) (known bool, err error) {
	hits := w.subjectHits()
	at := make(map[Place]int, len(hits))
	for _, h := range hits {
		if w.subject.Asset != "" && w.subject.Asset != h.Place.Asset || w.passed(&h) || w.stale(&h) {
			continue
		}
		if err := w.addHit(h, at); err != nil {
			return false, err
		}
	}
	if err := w.siftHits(ctx); err != nil {
		return false, err
	}
	w.shareSums()
	w.countOnce()
	w.partial = len(w.receipts) > 0 && !w.whole(len(at))
	w.lay()
	if err := w.own(ctx); err != nil {
		return false, err
	}
	return len(w.receipts) > 0 || w.subject.Kind == KindAddress && w.ends(), nil
}

// whole reports whether the receipts, of so many places that incidents traced, are all of the subject. Of an
// output that is what lies there, and of a deposit in outputs all that one transaction pays: pro rata each of
// its outputs carries a part. A seed is as much as its incident says, which of an output is nearly always all:
// where there is a store, it tells. Of an account's arrivals in one transaction those alone are known that a
// trace follows.
func (w *work) whole(places int) bool {
	if w.subject.Kind != KindOutput && w.subject.Kind != KindDeposit || len(w.receipts) != places {
		return false
	}
	if w.subject.Kind == KindOutput && w.head == nil {
		return true
	}
	return !slices.ContainsFunc(w.receipts, func(r receipt) bool {
		return r.place.Account != "" || slices.ContainsFunc(r.hits, func(h Hit) bool { return h.Hops == 0 || h.Together })
	})
}

// siftHits takes out of a lookup what may be dust. Without a store it is told as that; with one, the store
// tells who gave.
func (w *work) siftHits(ctx context.Context) error {
	all := w.receipts
	w.receipts = nil
	for i := range all {
		r := all[i]
		r.met = i
		if s := w.smallHit(&r); s.why != "" {
			w.small = append(w.small, smallReceipt{r, s})
		} else {
			w.receipts = append(w.receipts, r)
		}
	}
	left := w.sift()
	if w.head != nil {
		return nil
	}
	return w.tell(ctx, left)
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

// passed reports whether value of a hit is not the subject's: it entered a mix, of which no output is
// known to carry it, or it passed a pool, a bridge or a mixer whose address is screened.
func (w *work) passed(h *Hit) bool {
	if h.InMix {
		return true
	}
	if w.subject.Kind != KindAddress || h.Kind != tracer.NodePool && h.Kind != tracer.NodeBridge && h.Kind != tracer.NodeMixer {
		return false
	}
	w.names(h.Incident)
	w.gap(Gap{
		Chain: h.Place.Chain, What: fmt.Sprintf("value of incident %s that passed the address", h.Incident.ID),
		Why: fmt.Sprintf("it is a %s, in which value of many lies", h.Kind), Effect: "it is not counted as the address's own",
	})
	return true
}

// shareSums divides what incidents tell in sum of several receipts of an address in one transaction: from
// the first on, as much as lies there.
func (w *work) shareSums() {
	type sumKey struct {
		incident, address string
		tx                chains.TxID
	}
	var left map[sumKey]Split[chains.Amount]
	for i := range w.receipts {
		r := &w.receipts[i]
		for j := range r.hits {
			h := &r.hits[j]
			if !h.Together {
				continue
			}
			key := sumKey{h.Incident.ID, r.address, r.place.Tx}
			sum, met := left[key]
			if !met {
				sum = h.Units
			}
			h.Units = Split[chains.Amount]{FIFO: chains.Min(sum.FIFO, r.units), ProRata: chains.Min(sum.ProRata, r.units)}
			if left == nil {
				left = map[sumKey]Split[chains.Amount]{}
			}
			left[key] = Split[chains.Amount]{FIFO: sum.FIFO.Minus(h.Units.FIFO), ProRata: sum.ProRata.Minus(h.Units.ProRata)}
		}
	}
}

// countOnce leaves of several incidents that trace the same money to a receipt the larger amount: the one
// with the lowest id has its own, each other one what it traces beyond.
func (w *work) countOnce() {
	for i := range w.receipts {
		r := &w.receipts[i]
		if len(r.hits) < 2 {
			continue
		}
		r.notes = make([]string, len(r.hits))
		for j, units := range w.s.cfg.Index.Once(r.hits) {
			h := &r.hits[j]
			if h.Units != units {
				r.notes[j] = "what another incident traces here too is counted there"
				r.notes[0] = joinNotes(r.notes[0], "incident "+h.Incident.ID+" traces some of the same money: it is counted once")
			}
			h.Units = units
		}
	}
}

// lay sets apart, where it is asked where value goes, what incidents trace to the receipts: that is how it
// came, and no more explains where it goes than anything else about its past.
func (w *work) lay() {
	if w.subject.Direction != Destination {
		return
	}
	for i := range w.receipts {
		r := &w.receipts[i]
		each, _ := r.stolen()
		for j := range r.hits {
			r.hits[j].Units = each[j]
		}
		r.lain, r.hits = r.hits, nil
	}
}

// stale reports whether a hit does not count, because its incident does not up to there, and says so. Whether
// stolen value lies there is not known then, so that what is not a match is not covered either.
func (w *work) stale(h *Hit) bool {
	if h.Incident.counts(h) {
		return false
	}
	w.names(h.Incident)
	w.v.Outcome = NotCovered
	w.gap(Gap{
		Chain: h.Place.Chain, TxID: formatTxID(h.Place.Chain, h.Place.Tx), What: "the trace of incident " + h.Incident.ID,
		Why: h.Incident.Stale, Effect: "what it traced here is not known until it is traced again: it raises no match, and nothing is clear",
	})
	return true
}

// addHit adds what an incident alone tells of a place to the receipts, of which at knows the places.
func (w *work) addHit(h Hit, at map[Place]int) error {
	least := chains.Max(h.Whole, chains.Max(h.Units.FIFO, h.Units.ProRata))
	if i, met := at[h.Place]; met {
		r := &w.receipts[i]
		r.hits, r.units = append(r.hits, h), chains.Max(r.units, least)
		return nil
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
	at[h.Place] = len(w.receipts)
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
	if len(w.receipts) == 0 {
		return w.attribute(ctx, a, time.Time{})
	}
	times := make([]int64, len(w.receipts))
	for i := range w.receipts {
		times[i] = w.receipts[i].time
	}
	slices.Sort(times)
	for _, at := range slices.Compact(times) {
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
