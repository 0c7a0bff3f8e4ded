package screen

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"clew/chains"
	"clew/tracer"
)

// Path returns the ways that stolen value took to a hit's place: for each seed of which units lie
// there, the main chain of hops from its receipt to the place, the largest first.
//
// Units are the seed's units at the place, so that the paths of a rule sum to the hit. The chain goes
// back from what brought the most of the seed to the place over what brought the most of it to each
// place before, so that it is one way of possibly many: `clew explain TRACE HOP` shows all that met.
// Where it is another under FIFO than pro rata, each is given, with its Rule, and units under that rule
// alone. The first step is the receipt of the seed; each other one is a hop, a swap or a bridge two.
// Carried is what the trace traces of the seed in it.
//
// Beyond most steps, those behind the first (most+1)/2 are left out; most below 2 counts as 2.
// ErrNotLoaded: its incident was taken out since, or is another trace now.
func (x *Index) Path(h Hit, most int) ([]Path, error) {
	no, ok := x.byID[h.Incident.ID]
	if !ok {
		return nil, fmt.Errorf("path in incident %s: %w", h.Incident.ID, ErrNotLoaded)
	}
	s := &x.slots[no]
	if s.about.Trace != h.Incident.Trace || s.about.SHA256 != h.Incident.SHA256 || h.Ref < 0 || h.Ref >= len(s.arrivals) {
		return nil, fmt.Errorf("path in trace %s of incident %s: %w", h.Incident.Trace, h.Incident.ID, ErrNotLoaded)
	}
	w := &pathing{traced: s.traced, most: max(most, 2), met: map[int32]bool{}}
	var out []Path
	for _, w.seed = range s.seedsAt(int32(h.Ref)) {
		paths, err := w.paths(int32(h.Ref))
		if err != nil {
			return nil, fmt.Errorf("path in trace %s of incident %s: %w", s.about.Trace, s.about.ID, err)
		}
		for i := range paths {
			paths[i].Incident, paths[i].Trace = s.about.ID, s.about.Trace
		}
		out = append(out, paths...)
	}
	slices.SortStableFunc(out, func(a, b Path) int { return b.larger().Cmp(a.larger()) })
	return out, nil
}

func (p *Path) larger() chains.Amount { return chains.Max(p.Units.FIFO, p.Units.ProRata) }

// pathing looks for the ways of one seed.
type pathing struct {
	*traced
	seed int32
	most int
	met  map[int32]bool // parents that were looked at
}

// paths returns the ways of the seed to the place of an arrival: none, one, or one for each rule.
func (w *pathing) paths(place int32) ([]Path, error) {
	var units Split[chains.Amount]
	for n := place; n >= 0; n = w.arrivals[n].nextAtPlace {
		units.FIFO, units.ProRata = units.FIFO.Plus(w.units(n, 0)), units.ProRata.Plus(w.units(n, 1))
	}
	var ways [2]way
	for r, all := range []chains.Amount{units.FIFO, units.ProRata} {
		if all.IsZero() {
			continue
		}
		var err error
		if ways[r], err = w.way(w.largestAt(place, r), r); err != nil {
			return nil, err
		}
	}
	switch {
	case ways[0].arrivals == nil && ways[1].arrivals == nil:
		return nil, nil
	case ways[0].arrivals == nil:
		return []Path{w.path(&ways[1], units, tracer.ProRata.String())}, nil
	case ways[1].arrivals == nil:
		return []Path{w.path(&ways[0], units, tracer.FIFO.String())}, nil
	case slices.Equal(ways[0].arrivals, ways[1].arrivals):
		return []Path{w.path(&ways[0], units, "")}, nil
	}
	return []Path{
		w.path(&ways[0], Split[chains.Amount]{FIFO: units.FIFO}, tracer.FIFO.String()),
		w.path(&ways[1], Split[chains.Amount]{ProRata: units.ProRata}, tracer.ProRata.String()),
	}, nil
}

// units returns what of the seed an arrival traces under a rule of splitRules.
func (w *pathing) units(n int32, r int) chains.Amount {
	a := &w.arrivals[n]
	switch {
	case a.has(isAlias):
		return w.units(a.hop, r)
	case a.has(isSeed) && a.hop != w.seed:
		return chains.Amount{}
	case a.has(isSeed) || len(w.seeds) == 1:
		return w.amount(a.units[r])
	}
	for _, part := range w.partsOf(n) {
		if part.seed == w.seed {
			return w.amount(part.units[r])
		}
	}
	return chains.Amount{}
}

// seedsAt returns the seeds of which value came to the place of an arrival, ascending: a trace may have
// thousands, and few have a part at one place.
func (t *traced) seedsAt(place int32) (seeds []int32) {
	if len(t.seeds) == 1 {
		return []int32{0}
	}
	for n := place; n >= 0; n = t.arrivals[n].nextAtPlace {
		at := n
		for t.arrivals[at].has(isAlias) {
			at = t.arrivals[at].hop
		}
		if a := &t.arrivals[at]; a.has(isSeed) {
			seeds = append(seeds, a.hop)
		}
		for _, part := range t.partsOf(at) {
			seeds = append(seeds, part.seed)
		}
	}
	slices.Sort(seeds)
	return slices.Compact(seeds)
}

// partsOf returns what each seed has in an arrival of a trace with several seeds.
func (t *traced) partsOf(n int32) []seedPart {
	end := len(t.parts)
	if int(n)+1 < len(t.arrivals) {
		end = int(t.arrivals[n+1].parts)
	}
	return t.parts[t.arrivals[n].parts:end]
}

// largestAt returns the arrival at a place that brings the most of the seed.
func (w *pathing) largestAt(place int32, r int) int32 {
	best, most := place, chains.Amount{}
	for n := place; n >= 0; n = w.arrivals[n].nextAtPlace {
		if u := w.units(n, r); most.Less(u) {
			best, most = n, u
		}
	}
	if a := &w.arrivals[best]; a.has(isAlias) {
		return a.hop
	}
	return best
}

// skips stands in a way for stride-1 arrivals before the one in front of it.
const skips = -1

// way is one that a seed's value took, the last arrival first.
type way struct {
	arrivals     []int32 // with skips beyond what a path shows
	hops, merges int     // see Path
}

// way returns the arrivals from an arrival back to the seed's receipt.
func (w *pathing) way(n int32, r int) (out way, err error) {
	for {
		out.arrivals = append(out.arrivals, n)
		a := &w.arrivals[n]
		if a.has(isSeed) {
			return out, nil
		}
		if len(out.arrivals) > 2*len(w.arrivals) {
			return way{}, fmt.Errorf("hop %d carries itself on", w.hops[a.hop].number)
		}
		if skip := w.hops[a.hop].skip; skip >= 0 && len(out.arrivals) > w.most {
			out.arrivals, out.hops, n = append(out.arrivals, skips), out.hops+stride, skip
			continue
		}
		if a.has(isSecond) {
			a = &w.arrivals[n-1]
			if a.from != a.address { // else the hop before brought it, and it is handed on
				out.arrivals = append(out.arrivals, n-1)
			}
		}
		next, came := w.before(a, r)
		if came == 0 {
			return way{}, fmt.Errorf("hop %d: nothing that it carries on has units of seed %s under %s", w.hops[a.hop].number, w.seeds[w.seed], splitRules[r])
		}
		n = next
		out.hops++
		if came > 1 {
			out.merges++
		}
	}
}

// skipped returns what a way skips behind arrival n, the nearest first.
func (w *pathing) skipped(n int32) []int32 {
	out := make([]int32, 0, stride-1)
	for len(out) < stride-1 {
		n = w.parentsOf(int(w.arrivals[n].hop))[0]
		out = append(out, n)
	}
	return out
}

// before returns what brought the most of the seed to where a hop begins, the first of equals, and how
// many arrivals did bring any; 0: none has units under the rule.
func (w *pathing) before(a *tracedArrival, r int) (best int32, came int) {
	var most chains.Amount
	w.feed(a, func(n int32) {
		came++
		if u := w.units(n, r); most.Less(u) {
			best, most = n, u
		}
	})
	if most.IsZero() {
		return -1, 0
	}
	return best, came
}

// feed calls f once with each arrival that brought some of the seed to where a hop begins. An account pays
// out of what came since it paid last, and of what was left then.
func (w *pathing) feed(a *tracedArrival, f func(n int32)) {
	parents := w.parentsOf(int(a.hop))
	look := func(n int32) {
		if !(w.units(n, 0).IsZero() && w.units(n, 1).IsZero()) && w.beginsAt(a, n) {
			f(n)
		}
	}
	if len(parents) == 1 && parents[0] >= 0 {
		look(parents[0])
		return
	}
	clear(w.met)
	todo := slices.Clone(parents)
	slices.Reverse(todo) // the last is looked at first
	for len(todo) > 0 {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch {
		case w.met[p]:
		case p >= 0:
			look(p)
		default:
			todo = append(todo, w.parentsOf(int(-2-p))...)
		}
		w.met[p] = true
	}
}

// beside tells what else than arrival from was brought to where the hop of a begins; nil: nothing.
func (w *pathing) beside(a *tracedArrival, from int32) *Beside {
	const named = 3
	var out *Beside
	var others []int32
	w.feed(a, func(n int32) {
		if n == from {
			return
		}
		if out == nil {
			out = &Beside{}
		}
		out.Movements++
		out.Units = Split[chains.Amount]{FIFO: out.Units.FIFO.Plus(w.units(n, 0)), ProRata: out.Units.ProRata.Plus(w.units(n, 1))}
		others = append(others, n)
	})
	larger := func(n int32) chains.Amount { return chains.Max(w.units(n, 0), w.units(n, 1)) }
	slices.SortStableFunc(others, func(i, j int32) int { return larger(j).Cmp(larger(i)) })
	for _, n := range others {
		if b := &w.arrivals[n]; !b.has(isSeed) && len(out.Hops) < named {
			out.Hops = append(out.Hops, int(w.hops[b.hop].number))
		}
	}
	return out
}

// beginsAt reports whether an arrival came to where a leg begins.
func (w *pathing) beginsAt(leg *tracedArrival, n int32) bool {
	to := w.arrivals[n].address
	if w.arrivals[n].has(isSeed) {
		to = w.arrivals[n].from
	}
	if leg.from >= -1 {
		return to == leg.from
	}
	at := -2 - leg.from
	return slices.Contains(w.several[at+1:at+1+w.several[at]], to)
}

// path writes down a way.
func (w *pathing) path(found *way, units Split[chains.Amount], rule string) Path {
	p := Path{Seed: w.seeds[w.seed], Rule: rule, Units: units, Hops: found.hops, Merges: found.merges}
	way := found.arrivals
	evidence, length := chains.EvidenceProven, 0
	for i, n := range way {
		if n == skips {
			evidence, length = min(evidence, w.hops[w.arrivals[way[i-1]].hop].skipped), length+stride-1
			continue
		}
		evidence, length = min(evidence, w.arrivals[n].evidence), length+1
	}
	p.Evidence = evidence.String()
	head, tail := length, 0
	if length > w.most {
		head = (w.most + 1) / 2
		tail, p.Omitted = w.most-head, length-w.most
	}
	p.Steps = make([]Step, 0, head+tail)
	before := int32(-1)
	for _, n := range w.first(way, head) {
		p.Steps = append(p.Steps, w.step(before, n))
		before = n
	}
	for i := tail - 1; i >= 0; i-- {
		p.Steps = append(p.Steps, w.step(way[i+1], way[i]))
	}
	return p
}

// first returns the first arrivals of a way, in the order in which value moved.
func (w *pathing) first(way []int32, many int) []int32 {
	out := make([]int32, 0, many)
	for i := len(way) - 1; len(out) < many; i-- {
		if way[i] != skips {
			out = append(out, way[i])
			continue
		}
		between := w.skipped(way[i-1])
		slices.Reverse(between)
		out = append(out, between[:min(len(between), many-len(out))]...)
	}
	return out
}

// step writes down the movement that brought arrival n, behind the arrival before it, -1 for none.
func (w *pathing) step(from, n int32) Step {
	a := &w.arrivals[n]
	tx := &w.txs[a.tx]
	s := Step{
		Chain: tx.chain, TxID: txText(tx.chain, tx.id), Height: tx.height, Time: time.Unix(tx.time, 0).UTC().Format(time.RFC3339),
		To: w.text(a.address), Asset: w.assets[a.asset], Units: w.amount(a.whole),
		Carried:  Split[chains.Amount]{FIFO: w.units(n, 0), ProRata: w.units(n, 1)},
		Evidence: a.evidence.String(), Basis: max(a.basis[0], a.basis[1]).String(),
	}
	if a.has(isOutput) && !a.has(isShared) {
		s.ToOut = outText(tx, a)
	}
	w.receiver(&s, a)
	if a.has(isSeed) {
		s.Units, s.Basis, s.Kind = w.amount(a.units[0]), tracer.Whole.String(), seedKind
		return s
	}
	h := &w.hops[a.hop]
	s.Hop, s.Kind, s.Link = int(h.number), string(hopKinds[h.kind]), w.links[a.hop]
	switch {
	case !a.has(isSecond):
		s.Beside = w.beside(a, from)
	case from != n-1: // of the two legs one is a step
		s.Beside = w.beside(&w.arrivals[n-1], from)
	}
	before := &w.arrivals[from]
	switch {
	case a.from >= 0:
		s.From = w.text(a.from)
	case a.from < -1 && !a.has(isSecond):
		s.From = w.text(before.address)
	}
	if before.has(isOutput) && !before.has(isShared) && !w.accounts && !a.has(isSecond) {
		s.FromOut = outText(&w.txs[before.tx], before)
	}
	return s
}

// receiver says whose an address is to which an arrival came.
func (w *pathing) receiver(s *Step, a *tracedArrival) {
	if kind := nodeKinds[a.kind]; kind != tracer.NodeAddress && kind != tracer.NodeTransaction {
		s.ToKind = string(kind)
	}
	if a.address >= 0 && w.addresses[a.address].said >= 0 {
		said := &w.said[w.addresses[a.address].said]
		s.ToEntity, s.ToSource = said.entity, said.source
	}
}

func outText(tx *tracedTx, a *tracedArrival) string {
	return tx.id.String() + ":" + strconv.FormatUint(uint64(a.vout), 10)
}

// txText writes a transaction's id as users of its chain do.
func txText(c chains.Chain, id chains.TxID) string {
	if c.Info().Family == chains.FamilyEVM {
		return "0x" + id.String()
	}
	return id.String()
}
