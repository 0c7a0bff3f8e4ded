package screen

import "clew/chains"

// lain adds, as destination, what incidents trace to a receipt: it is said of the subject itself, with its
// amounts, and explains nothing of where value goes.
func (b *books) lain(r *receipt) {
	for i := range r.lain {
		h := &r.lain[i]
		key := b.stolen(h, r.place.Asset, ByIncident, h.Evidence, h.Basis)
		key.distance, key.note = Own, joinNotes(key.note, "it came here so; where it goes is told apart")
		if r.notes != nil {
			key.note = joinNotes(key.note, r.notes[i])
		}
		e := b.entryOf(key, h.Hops)
		e.units = Split[chains.Amount]{FIFO: e.units.FIFO.Plus(h.Units.FIFO), ProRata: e.units.ProRata.Plus(h.Units.ProRata)}
		e.ways = append(e.ways, exposureWay{h.Units, func(most int) ([]Path, error) { return b.w.s.cfg.Index.Path(*h, most) }})
		b.w.names(h.Incident)
	}
}

// there names the incidents that trace something to a place.
func (b *books) there(p Place) (note string) {
	for _, h := range b.w.s.cfg.Index.At(p) {
		if h.Incident.counts(&h) {
			note = joinNotes(note, "there it lies on the trace of incident "+h.Incident.ID)
		}
	}
	return note
}

// entered says of the mix of outputs in which a walk ended how much of which incident went into it: of no
// output it is known to be that, and of all together it is.
func (b *books) entered(e *walkEnd) (note string) {
	if e.found.Category != Mixer || e.at.Account != "" {
		return ""
	}
	chain := b.w.subject.Chain
	sums := map[string]Split[chains.Amount]{}
	var ids []string
	for _, h := range b.w.s.cfg.Index.Tx(chain, e.at.Tx) {
		if !h.InMix || !h.Incident.counts(&h) {
			continue
		}
		sum, met := sums[h.Incident.ID]
		if !met {
			ids = append(ids, h.Incident.ID)
			b.w.names(h.Incident)
		}
		sums[h.Incident.ID] = Split[chains.Amount]{FIFO: capped(sum.FIFO, h.Units.FIFO), ProRata: capped(sum.ProRata, h.Units.ProRata)}
	}
	for _, id := range ids {
		text := append(appendCoins(nil, &b.w.v, chain, chains.Native, sums[id].FIFO), " (fifo), "...)
		text = append(appendCoins(text, &b.w.v, chain, chains.Native, sums[id].ProRata), " (pro rata) of incident "...)
		note = joinNotes(note, string(text)+id+" went into the mix")
	}
	return note
}
