package screen

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// write puts values and exposures into the verdict, in an order that is always the same: what is said of
// the subject itself first, then by category, the gravest first, by distance, and the largest first.
func (b *books) write() error {
	v := &b.w.v
	for _, book := range b.values {
		if !book.whole.IsZero() {
			v.Value = append(v.Value, b.w.valueOf(book))
		}
	}
	slices.SortStableFunc(v.Value, func(x, y Value) int { return cmp.Compare(assetRank(x.Asset), assetRank(y.Asset)) })
	slices.SortFunc(b.entries, compareEntries)
	for _, e := range b.entries {
		v.Exposure = append(v.Exposure, b.exposure(e))
	}
	told := make([]bool, len(b.entries))
	for _, i := range largest(v.Exposure) {
		told[i] = true
		if err := b.paths(b.entries[i], &v.Exposure[i]); err != nil {
			return err
		}
	}
	for i, e := range b.entries {
		if !told[i] {
			v.Exposure[i].More = len(e.ways)
		}
	}
	return nil
}

// largest returns the indices of exposures whose paths are written: all, or those with the largest share
// under either rule.
func largest(of []Exposure) []int {
	all := make([]int, len(of))
	for i := range of {
		all[i] = i
	}
	if len(all) <= mostTold {
		return all
	}
	share := func(i int) int64 { return max(of[i].SharePPM.FIFO, of[i].SharePPM.ProRata) }
	slices.SortStableFunc(all, func(i, j int) int { return cmp.Compare(share(j), share(i)) })
	return all[:mostTold]
}

// assetRank orders assets: the coin first, tokens by their text.
func assetRank(a chains.Asset) string {
	if a == chains.Native {
		return ""
	}
	return string(a)
}

func (w *work) valueOf(b *valueBook) Value {
	v := Value{
		Chain: w.subject.Chain, Asset: b.asset, Units: b.whole, Unknown: b.left, Partial: w.partial,
		Explained: Split[chains.Amount]{FIFO: b.whole.Minus(b.left.FIFO), ProRata: b.whole.Minus(b.left.ProRata)},
	}
	if info := w.subject.Chain.Info(); b.asset == chains.Native {
		v.Symbol, v.Decimals = info.Symbol, info.Decimals
	} else if token, ok := w.s.cfg.Index.Asset(w.subject.Chain, b.asset); ok {
		v.Symbol, v.Decimals = token.Symbol, token.Decimals
	}
	v.ExplainedPPM = Split[int64]{FIFO: shareOf(v.Explained.FIFO, v.Units), ProRata: shareOf(v.Explained.ProRata, v.Units)}
	return v
}

func compareEntries(x, y *exposureBook) int {
	distances := []Distance{Own, Direct, Indirect}
	return cmp.Or(
		-compareBool(x.own, y.own),
		cmp.Compare(x.category.gravity(), y.category.gravity()),
		cmp.Compare(slices.Index(distances, x.distance), slices.Index(distances, y.distance)),
		cmp.Compare(assetRank(x.asset), assetRank(y.asset)),
		y.larger().Cmp(x.larger()),
		cmp.Compare(x.entity, y.entity), cmp.Compare(x.incident, y.incident), cmp.Compare(x.known, y.known),
		cmp.Compare(x.evidence, y.evidence), cmp.Compare(x.basis, y.basis), cmp.Compare(x.note, y.note),
	)
}

func compareBool(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return 1
	}
	return -1
}

func (e *exposureBook) larger() chains.Amount { return chains.Max(e.units.FIFO, e.units.ProRata) }

// exposure writes an entry, but for its paths.
func (b *books) exposure(e *exposureBook) Exposure {
	whole := b.value(e.asset).whole
	x := Exposure{
		Category: e.category, Distance: e.distance, Entity: e.entity, Incident: e.incident, Chain: b.w.subject.Chain, Asset: e.asset,
		Units: e.units, Hops: e.hops, KnownBy: e.known, Claims: e.claims, Note: e.note,
		SharePPM: Split[int64]{FIFO: shareOf(e.units.FIFO, whole), ProRata: shareOf(e.units.ProRata, whole)},
	}
	if e.own {
		x.SharePPM = Split[int64]{FIFO: Million, ProRata: Million}
		if e.known == ByCluster {
			x.Basis = tracer.Inference.String()
		}
	} else {
		x.Evidence, x.Basis = e.evidence.String(), e.basis.String()
	}
	x.Note = joinNotes(x.Note, agedList(x.Claims))
	if more := len(x.Claims) - mostClaims; more > 0 {
		x.Claims = x.Claims[:mostClaims]
		x.Note = joinNotes(x.Note, fmt.Sprintf("%d more labels say so", more))
	}
	return x
}

// paths writes the largest ways of an exposure.
func (b *books) paths(e *exposureBook, x *Exposure) error {
	slices.SortStableFunc(e.ways, func(p, q exposureWay) int {
		return chains.Max(q.units.FIFO, q.units.ProRata).Cmp(chains.Max(p.units.FIFO, p.units.ProRata))
	})
	for i := range e.ways {
		if e.ways[i].paths == nil {
			continue
		}
		if len(x.Paths) >= mostPaths {
			x.More++
			continue
		}
		paths, err := e.ways[i].paths(mostSteps)
		if err != nil {
			return fmt.Errorf("path to %s: %w", cmp.Or(e.entity, e.incident, string(e.category)), err)
		}
		paths = slices.DeleteFunc(paths, func(p Path) bool { return len(p.Steps) == 0 }) // it lies where it was
		if more := len(x.Paths) + len(paths) - mostPaths; more > 0 {                     // the largest first: see Index.Path
			x.More += more
			paths = paths[:len(paths)-more]
		}
		x.Paths = append(x.Paths, paths...)
	}
	return nil
}

// joined returns the ways from a seed to a place of an incident and on to the subject, or as destination
// from the subject there.
func (b *books) joined(h *Hit, e *walkEnd, most int) ([]Path, error) {
	before, err := b.w.s.cfg.Index.Path(*h, most/2)
	if err != nil {
		return nil, err
	}
	walk := e.path(most - most/2)
	if b.w.subject.Direction == Destination || len(before) == 0 {
		walk.Incident, walk.Trace = h.Incident.ID, h.Incident.Trace
		return []Path{walk}, nil
	}
	for i := range before {
		p := &before[i]
		p.Units = walk.Units
		p.Steps = append(p.Steps, walk.Steps...)
		p.Omitted += walk.Omitted
		p.Hops += walk.Hops
	}
	return before, nil
}

func joinNotes(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

// names pins an incident that the verdict names, and says what its trace cannot tell.
func (w *work) names(in *Loaded) {
	at, ok := slices.BinarySearchFunc(w.v.Pins.Incidents, in.ID, func(p PinIncident, id string) int { return cmp.Compare(p.ID, id) })
	if ok {
		return
	}
	w.v.Pins.Incidents = slices.Insert(slices.Clone(w.v.Pins.Incidents), at, w.s.loaded[in.ID])
	if len(in.Notes) > 0 {
		w.gap(Gap{
			Chain: w.subject.Chain, What: "the trace of incident " + in.ID, Why: strings.Join(in.Notes, "; "),
			Effect: "there may be more stolen value here than it traces",
		})
	}
}
