package screen

import (
	"fmt"
	"slices"

	"clew/chains"
	"clew/tracer"
)

// The bounds of what a verdict writes out.
const (
	mostTold   = 20 // exposures with paths: those with the largest shares
	mostPaths  = 3  // of an exposure
	mostSteps  = 24 // of a path
	mostClaims = 20 // of an exposure
)

// books are the values and exposures of a verdict in the making.
type books struct {
	w       *work
	values  []*valueBook
	entries []*exposureBook
	byKey   map[exposureKey]*exposureBook // of entries, once they are many
}

// valueBook is the value of the subject in one asset.
type valueBook struct {
	asset chains.Asset
	whole chains.Amount
	left  Split[chains.Amount] // that nothing explains yet
}

// exposureKey is what exposures have alike that are one.
type exposureKey struct {
	category Category
	distance Distance
	entity   string
	incident string
	asset    chains.Asset
	known    Way
	evidence chains.Evidence
	basis    tracer.Basis
	own      bool // no basis and no evidence
	note     string
}

// exposureBook is an exposure in the making.
type exposureBook struct {
	exposureKey
	units  Split[chains.Amount]
	hops   int
	claims []Claim
	ways   []exposureWay
}

// exposureWay is one way that value of an exposure took. Paths are made of the largest ones alone.
type exposureWay struct {
	units Split[chains.Amount]
	paths func(most int) ([]Path, error)
}

// assemble makes values and exposures of what the three ways found.
func (w *work) assemble() error {
	b := &books{w: w}
	if err := b.wholes(); err != nil {
		return err
	}
	for i := range w.receipts {
		b.traced(&w.receipts[i])
		b.lain(&w.receipts[i])
	}
	for i := range w.receipts {
		b.held(&w.receipts[i])
	}
	for i := range w.walks {
		if err := b.walked(&w.walks[i]); err != nil {
			return err
		}
	}
	b.takeBack()
	b.own()
	if err := b.write(); err != nil {
		return err
	}
	for i := range w.walks {
		b.left(&w.walks[i])
	}
	return w.v.checkSums()
}

// wholes adds up what the subject holds of each asset, in the order of its receipts.
func (b *books) wholes() error {
	for i := range b.w.receipts {
		r := &b.w.receipts[i]
		v := b.value(r.place.Asset)
		sum, err := v.whole.Add(r.units)
		if err != nil {
			return fmt.Errorf("value of %s in %s: %w", b.w.subject, r.place.Asset, err)
		}
		v.whole, v.left = sum, Split[chains.Amount]{FIFO: sum, ProRata: sum}
	}
	return nil
}

func (b *books) value(asset chains.Asset) *valueBook {
	for _, v := range b.values {
		if v.asset == asset {
			return v
		}
	}
	v := &valueBook{asset: asset}
	b.values = append(b.values, v)
	return v
}

// explain takes units out of what is left of an asset and puts them to an exposure. What is more than is
// left, which rounding alone can bring, is dropped.
func (b *books) explain(key exposureKey, units Split[chains.Amount], hops int, claims []Claim, paths func(int) ([]Path, error)) {
	v := b.value(key.asset)
	units = Split[chains.Amount]{FIFO: chains.Min(units.FIFO, v.left.FIFO), ProRata: chains.Min(units.ProRata, v.left.ProRata)}
	if units.FIFO.IsZero() && units.ProRata.IsZero() {
		return
	}
	v.left = Split[chains.Amount]{FIFO: v.left.FIFO.Minus(units.FIFO), ProRata: v.left.ProRata.Minus(units.ProRata)}
	key.distance = Indirect
	if hops <= 1 {
		key.distance = Direct
	}
	e := b.entryOf(key, hops)
	e.units = Split[chains.Amount]{FIFO: e.units.FIFO.Plus(units.FIFO), ProRata: e.units.ProRata.Plus(units.ProRata)}
	e.claims = mergeClaims(e.claims, claims)
	e.ways = append(e.ways, exposureWay{units, paths})
}

func (b *books) entryOf(key exposureKey, hops int) *exposureBook {
	e := b.find(key)
	if e == nil {
		e = &exposureBook{exposureKey: key, hops: hops}
		b.entries = append(b.entries, e)
		if b.byKey != nil {
			b.byKey[key] = e
		}
	}
	e.hops = min(e.hops, hops)
	return e
}

// find returns the exposure with a key; nil if there is none. A lookup has a few, a walk may have hundreds.
func (b *books) find(key exposureKey) *exposureBook {
	const few = 8
	if b.byKey != nil {
		return b.byKey[key]
	}
	for _, e := range b.entries {
		if e.exposureKey == key {
			return e
		}
	}
	if len(b.entries) > few {
		b.byKey = make(map[exposureKey]*exposureBook, 2*len(b.entries))
		for _, e := range b.entries {
			b.byKey[e.exposureKey] = e
		}
	}
	return nil
}

// traced puts what incidents trace to a receipt to their exposures.
func (b *books) traced(r *receipt) {
	each, _ := r.stolen()
	for i := range r.hits {
		h := &r.hits[i]
		key := b.stolen(h, r.place.Asset, ByIncident, h.Evidence, h.Basis)
		if r.notes != nil && r.notes[i] != "" {
			key.note = joinNotes(key.note, r.notes[i])
		}
		b.explain(key, each[i], h.Hops, nil, func(most int) ([]Path, error) {
			return b.w.s.cfg.Index.Path(*h, most)
		})
		b.w.names(h.Incident)
	}
}

// stolen is the key of what an incident traced.
func (b *books) stolen(h *Hit, asset chains.Asset, known Way, evidence chains.Evidence, basis Split[tracer.Basis]) exposureKey {
	note := ""
	if h.Incident.Synthetic {
		note = "the incident is synthetic: made for a test or a demonstration"
	}
	return exposureKey{
		category: Stolen, incident: h.Incident.ID, asset: asset, known: known,
		evidence: evidence, basis: b.basis(basis), note: note,
	}
}

// basis is the one under the rule by which the policy decides; the weaker one where both do.
func (b *books) basis(of Split[tracer.Basis]) tracer.Basis {
	switch b.w.s.cfg.Policy.DecideBy {
	case ByFIFO:
		return of.FIFO
	case ByProRata:
		return of.ProRata
	}
	return max(of.FIFO, of.ProRata)
}

// held puts what is left at a receipt to whoever holds it.
func (b *books) held(r *receipt) {
	if r.holder == nil {
		return
	}
	_, left := r.stolen()
	key := b.known(r.holder, r.place.Asset, r.tx.Evidence, tracer.Whole, "")
	b.explain(key, left, 0, r.holder.Claims, nil)
}

// known is the key of what is known of somebody.
func (b *books) known(a *Attribution, asset chains.Asset, evidence chains.Evidence, basis tracer.Basis, note string) exposureKey {
	if a.KnownBy == ByCluster {
		basis = max(basis, tracer.Inference)
	}
	return exposureKey{
		category: a.Category, entity: a.Entity, asset: asset, known: a.KnownBy, evidence: evidence, basis: basis, note: joinNotes(note, a.Note),
	}
}

// walked puts what a walk found to its exposures. Of what incidents told at the receipts the walk says
// the same again, and may say it otherwise by rounding, so that no more is taken than they left.
func (b *books) walked(g *groupWalk) error {
	if g.found == nil {
		return nil
	}
	left := map[chains.Asset]Split[chains.Amount]{}
	for _, i := range g.receipts {
		r := &b.w.receipts[i]
		_, more := r.stolen()
		sum := left[r.place.Asset]
		left[r.place.Asset] = Split[chains.Amount]{FIFO: sum.FIFO.Plus(more.FIFO), ProRata: sum.ProRata.Plus(more.ProRata)}
	}
	for i := range g.found.ends {
		e := &g.found.ends[i]
		if g.told(e) {
			continue
		}
		sum := left[e.asset]
		units := Split[chains.Amount]{FIFO: chains.Min(e.units.FIFO, sum.FIFO), ProRata: chains.Min(e.units.ProRata, sum.ProRata)}
		left[e.asset] = Split[chains.Amount]{FIFO: sum.FIFO.Minus(units.FIFO), ProRata: sum.ProRata.Minus(units.ProRata)}
		if err := b.end(e, units); err != nil {
			return err
		}
	}
	return nil
}

// twoReadings says where a walk took an account that a transaction pays for somebody else's than whoever
// looked at that transaction alone.
func (b *books) twoReadings(g *groupWalk) {
	sums := map[chains.Asset]chains.Amount{}
	for _, i := range g.receipts {
		r := &b.w.receipts[i]
		sums[r.place.Asset] = sums[r.place.Asset].Plus(r.units)
	}
	for _, whole := range g.found.whole {
		if sum := sums[whole.asset]; sum != whole.units {
			b.w.gap(Gap{
				Chain: b.w.subject.Chain, What: fmt.Sprintf("%s units of %s, of which the walk sees %s", sum, whole.asset, whole.units),
				Why:    "an account that passes value on looks like a contract in one transaction and like somebody's own in another",
				Effect: "the difference counts as unknown, or as explained by less than it is",
			})
		}
	}
}

// told reports whether an end is a place of an incident that told of the same money at the receipt.
func (g *groupWalk) told(e *walkEnd) bool {
	return slices.ContainsFunc(e.hits, func(h Hit) bool { return slices.Contains(g.incidents, h.Incident.ID) })
}

// end puts units that a walk followed to an end to its exposure. Where several incidents trace all that
// lies there, the one with the lowest id is named.
func (b *books) end(e *walkEnd, units Split[chains.Amount]) error {
	walk := func(most int) ([]Path, error) { return []Path{e.path(most)}, nil }
	switch {
	case e.still:
		key := exposureKey{category: Unmoved, asset: e.asset, known: ByWalk, evidence: e.evidence, basis: b.basis(e.basis), note: joinNotes(e.note, b.there(e.at))}
		b.explain(key, units, e.hops, nil, walk)
	case len(e.hits) > 0:
		h := &e.hits[0]
		basis := Split[tracer.Basis]{FIFO: max(h.Basis.FIFO, e.basis.FIFO), ProRata: max(h.Basis.ProRata, e.basis.ProRata)}
		b.w.names(h.Incident)
		b.explain(b.stolen(h, e.asset, ByWalk, min(h.Evidence, e.evidence), basis), units, h.Hops+e.hops, nil,
			func(most int) ([]Path, error) { return b.joined(h, e, most) })
	case e.found != nil:
		b.explain(b.known(e.found, e.asset, e.evidence, b.basis(e.basis), joinNotes(e.note, b.entered(e))), units, e.hops, e.found.Claims, walk)
	default:
		return fmt.Errorf("the walk ended at %s and does not say why: a defect of the program", formatTxID(b.w.subject.Chain, e.at.Tx))
	}
	return nil
}

// left says why a walk does not explain all of its value. The verdict has its values then, with how their
// amounts are written.
func (b *books) left(g *groupWalk) {
	if g.found == nil {
		b.w.gap(Gap{
			Chain: b.w.subject.Chain, What: fmt.Sprintf("value in %d places", len(g.receipts)), Why: "the walk's budget ended before it was followed", Effect: "it counts as unknown",
		})
		return
	}
	effect := "it counts as unknown"
	if len(g.incidents) > 0 {
		effect += ", but for what incidents tell of it"
	}
	for i := range g.found.rests {
		r := &g.found.rests[i]
		text := appendCoins(nil, &b.w.v, b.w.subject.Chain, r.asset, r.units.FIFO)
		if r.units.FIFO != r.units.ProRata {
			text = append(appendCoins(append(text, " (fifo), "...), &b.w.v, b.w.subject.Chain, r.asset, r.units.ProRata), " (pro rata)"...)
		}
		b.w.gap(Gap{
			Chain: b.w.subject.Chain, What: string(text) + ", followed no further", Why: r.why, Effect: effect,
		})
	}
	b.twoReadings(g)
}

// takeBack takes out of the value what an address only got back of its own, as much of it as did under both
// rules: it was counted when it came first.
func (b *books) takeBack() {
	var sum Split[chains.Amount]
	for _, e := range b.entries {
		if e.note == cameBack {
			sum = Split[chains.Amount]{FIFO: sum.FIFO.Plus(e.units.FIFO), ProRata: sum.ProRata.Plus(e.units.ProRata)}
		}
	}
	both := chains.Min(sum.FIFO, sum.ProRata)
	if both.IsZero() {
		return
	}
	v := b.value(chains.Native) // chains of outputs have no other asset
	v.whole = v.whole.Minus(both)
	left := Split[chains.Amount]{FIFO: both, ProRata: both}
	b.entries = slices.DeleteFunc(b.entries, func(e *exposureBook) bool {
		if e.note != cameBack {
			return false
		}
		fifo, prorata := chains.Min(e.units.FIFO, left.FIFO), chains.Min(e.units.ProRata, left.ProRata)
		e.units = Split[chains.Amount]{FIFO: e.units.FIFO.Minus(fifo), ProRata: e.units.ProRata.Minus(prorata)}
		left = Split[chains.Amount]{FIFO: left.FIFO.Minus(fifo), ProRata: left.ProRata.Minus(prorata)}
		return e.larger().IsZero()
	})
}

// own adds what is said of the subject's own address. It explains no value, and its units are not added.
func (b *books) own() {
	for i := range b.w.owners {
		a := &b.w.owners[i]
		key := exposureKey{category: a.Category, distance: Own, entity: a.Entity, asset: b.w.assetOf(), known: a.KnownBy, own: true, note: a.Note}
		if len(b.values) == 1 {
			key.asset = b.values[0].asset
		}
		e := b.entryOf(key, 0)
		e.claims = mergeClaims(e.claims, a.Claims)
		for _, v := range b.values {
			if v.asset == key.asset {
				e.units = Split[chains.Amount]{FIFO: v.whole, ProRata: v.whole}
			}
		}
	}
}

// checkSums makes sure that under each rule the exposures of an asset, and what is unknown, are what the
// subject holds. A difference is a defect of the program.
func (v *Verdict) checkSums() error {
	for i := range v.Value {
		value := &v.Value[i]
		for _, rule := range []tracer.Rule{tracer.FIFO, tracer.ProRata} {
			sum, err := value.Unknown.Of(rule), error(nil)
			for j := range v.Exposure {
				if e := &v.Exposure[j]; e.Distance != Own && e.Chain == value.Chain && e.Asset == value.Asset && err == nil {
					sum, err = sum.Add(e.Units.Of(rule))
				}
			}
			if err != nil || sum.Cmp(value.Units) != 0 {
				return fmt.Errorf("under %s the exposures and what is unknown are %s %s, and the subject holds %s: a defect of the program",
					rule, sum, value.Asset, value.Units)
			}
		}
	}
	return nil
}
