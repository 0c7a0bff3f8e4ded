package exhibit

import (
	"slices"

	"clew/chains"
	"clew/tracer"
)

// wayfinder finds, among the many ways from a seed to a hop, the one that carries most at its
// narrowest: the widest path of the literature on networks (M. Pollack, The maximum capacity through
// a network, Operations Research 8, 1960), found in one pass since hops stand in chain order. Where a
// hop turns one asset into another, what may pass is turned at the rate of that hop, rounded down;
// this decides between ways and is no amount that is shown.
//
// The inputs of a hop are the hops whose value it carries on. Of an account's balance, which lives on,
// that is often the hop that left it before: such a hop is no step of the way, and what came to the
// balance is found through it.
type wayfinder struct {
	r       *register
	shares  map[string][]share // by seed: the hops with something of it, in order
	into    map[landing][]int  // hops by where they lead
	trees   map[treeKey]*tree
	counted [2][]int // of the last count that met a hop: as a step, and as what left a balance before
	count   int
}

// share is the part of a seed in a hop.
type share struct{ hop, entry int }

type landing struct {
	pot  string
	unit Unit
}

type treeKey struct {
	seed string
	rule tracer.Rule
}

// tree has the best ways of one seed under one rule.
type tree struct {
	to    map[int]reach // to a hop with something of the seed
	drawn map[int]reach // into what a hop draws on; before is −2 where nothing of the seed came there
}

// reach is a best way: how much passes at its narrowest, in units of the last leg of the hop it leads
// to, and that hop's predecessor; −1: the seed.
type reach struct {
	width  chains.Amount
	before int
	narrow int // the hop at which it is that narrow; −1: the seed
}

const (
	fromSeed = -1
	nowhere  = -2
)

func newWayfinder(r *register) *wayfinder {
	w := &wayfinder{r: r, shares: map[string][]share{}, into: map[landing][]int{}, trees: map[treeKey]*tree{}}
	for i := range w.counted {
		w.counted[i] = make([]int, len(r.t.Hops))
	}
	for i := range r.t.Hops {
		h := &r.t.Hops[i]
		for k := range h.TracedBySeed {
			w.shares[h.TracedBySeed[k].Seed] = append(w.shares[h.TracedBySeed[k].Seed], share{i, k})
		}
		at := w.landing(h)
		w.into[at] = append(w.into[at], i)
	}
	return w
}

// pot names what a node's value is held in: its cluster where clusters are pots, else itself.
func (w *wayfinder) pot(node string) string {
	if i, ok := w.r.nodeAt[node]; ok && w.r.t.Incident.Accounts == "cluster" && w.r.t.Nodes[i].Cluster != "" {
		return w.r.t.Nodes[i].Cluster
	}
	return node
}

func (w *wayfinder) landing(h *tracer.Hop) landing {
	last := &h.Legs[len(h.Legs)-1]
	return landing{w.pot(last.To), legUnit(last)}
}

// besides reports whether k, an input of h, left the pot that h leaves, and did not come to it.
func (w *wayfinder) besides(k, h *tracer.Hop) bool {
	left, here := &k.Legs[0], &h.Legs[0]
	at, shared := w.landing(k), false
	for _, f := range here.From {
		pot := w.pot(f.Node)
		if at == (landing{pot, legUnit(here)}) {
			return false
		}
		shared = shared || slices.ContainsFunc(left.From, func(g tracer.From) bool { return w.pot(g.Node) == pot })
	}
	return shared && legUnit(left) == legUnit(here)
}

// tree finds the best way from a seed to every hop that carries something of it under rule.
func (w *wayfinder) tree(seed string, rule tracer.Rule) *tree {
	key := treeKey{seed, rule}
	if t := w.trees[key]; t != nil {
		return t
	}
	t := &tree{map[int]reach{}, map[int]reach{}}
	w.trees[key] = t
	for _, s := range w.shares[seed] {
		h := &w.r.t.Hops[s.hop]
		part := tracedUnder(&h.TracedBySeed[s.entry].Traced, rule)
		if part.IsZero() {
			continue
		}
		best := w.draws(t, s.hop, seed)
		if best.before == nowhere {
			continue
		}
		if width := w.turned(h, best.width, rule); best.before == fromSeed || !width.Less(part) {
			best.width, best.narrow = part, s.hop
		} else {
			best.width = width
		}
		t.to[s.hop] = best
	}
	return t
}

// draws is the best way into what hop i draws on, in units of its first leg.
func (w *wayfinder) draws(t *tree, i int, seed string) reach {
	if best, ok := t.drawn[i]; ok {
		return best
	}
	h, best := &w.r.t.Hops[i], reach{before: nowhere}
	for _, id := range h.Inputs {
		one := reach{before: fromSeed, narrow: fromSeed}
		if k, ok := w.r.hopAt[id]; ok && k < i {
			if w.besides(&w.r.t.Hops[k], h) {
				one = w.draws(t, k, seed)
			} else if to, ok := t.to[k]; ok {
				one = reach{to.width, k, to.narrow}
			} else {
				continue
			}
		} else if id != seed {
			continue
		}
		if w.better(&one, &best) {
			best = one
		}
	}
	t.drawn[i] = best
	return best
}

// better reports whether more passes through a than through b; a seed that lies in the pot is the
// shortest way, and of equals the lower number wins.
func (w *wayfinder) better(a, b *reach) bool {
	switch {
	case a.before == nowhere || b.before == fromSeed:
		return false
	case b.before == nowhere || a.before == fromSeed:
		return true
	}
	return b.width.Less(a.width) || b.width.Cmp(a.width) == 0 && a.before < b.before
}

// turned is width, in units of the first leg of h, as units of its last.
func (w *wayfinder) turned(h *tracer.Hop, width chains.Amount, rule tracer.Rule) chains.Amount {
	if len(h.Legs) == 1 {
		return width
	}
	got := tracedUnder(&h.Traced, rule)
	if h.Given == nil {
		return got
	}
	given := tracedUnder(h.Given, rule)
	if given.IsZero() || given.Less(width) { // 0: another hop of the same giving names it
		return got
	}
	out, _ := width.MulDiv(got, given)
	return out
}

// chains fills in the ways to a, and how many hops lead there.
func (w *wayfinder) chains(a *account) {
	e := &w.r.t.Endpoints[a.Endpoint]
	last := w.last(e)
	a.Leading = w.leading(last, a.Rule)
	type part struct {
		seed  string
		units chains.Amount
	}
	var parts []part
	for i := range e.TracedBySeed {
		if units := tracedUnder(&e.TracedBySeed[i].Traced, a.Rule); !units.IsZero() {
			parts = append(parts, part{e.TracedBySeed[i].Seed, units})
		}
	}
	slices.SortStableFunc(parts, func(x, y part) int { return y.units.Cmp(x.units) })
	for i, p := range parts {
		if i == mostChains {
			a.More = len(parts) - mostChains
			break
		}
		if c, ok := w.chain(e, p.seed, a.Rule, last); ok {
			a.Chains = append(a.Chains, c)
		}
	}
}

// last are the hops by which value came to e: the one that it names, or, where it is what an account
// held at the end, all that lead to the account.
func (w *wayfinder) last(e *tracer.Endpoint) []int {
	if k, ok := w.r.hopAt[e.Hop]; ok {
		return []int{k}
	}
	if e.TxID != nil {
		return nil // a seed that never moved
	}
	return w.into[landing{w.pot(e.Node), Unit{e.Chain, e.Asset}}]
}

// chain is the best way from a seed through one of last; false where the trace has none.
func (w *wayfinder) chain(e *tracer.Endpoint, seed string, rule tracer.Rule, last []int) (accountChain, bool) {
	t, end := w.tree(seed, rule), -1
	for _, k := range last {
		if one, ok := t.to[k]; ok && (end < 0 || t.to[end].width.Less(one.width)) {
			end = k
		}
	}
	c := accountChain{Seed: seed, Narrow: -1}
	if end < 0 {
		return c, w.r.receivedAt(seed, e.Node)
	}
	for k := end; k >= 0; k = t.to[k].before {
		c.Hops = append(c.Hops, k)
	}
	slices.Reverse(c.Hops)
	c.Narrow = slices.Index(c.Hops, t.to[end].narrow)
	for _, k := range c.Hops {
		h := &w.r.t.Hops[k]
		if b, ok := h.Basis.Get(rule); ok {
			c.Basis = max(c.Basis, b)
		}
		for i := range h.Legs {
			c.Attested = c.Attested || h.Legs[i].Evidence != "proven"
		}
	}
	return c, true
}

// receivedAt reports whether a seed was received at a node.
func (r *register) receivedAt(seed, node string) bool {
	return slices.ContainsFunc(r.t.Seeds, func(s tracer.SeedEntry) bool { return s.ID == seed && s.Node == node })
}

// leading counts the hops with traced value that lead to some hops, these among them.
func (w *wayfinder) leading(last []int, rule tracer.Rule) int {
	const step, beside = 0, 1
	w.count++
	n, queue := 0, []int(nil)
	meet := func(k, as int) {
		if as == step && tracedUnder(&w.r.t.Hops[k].Traced, rule).IsZero() || w.counted[as][k] == w.count {
			return
		}
		if w.counted[as][k] = w.count; as == step {
			n++
		}
		if w.counted[1-as][k] != w.count { // what it draws on is the same, however it was met
			queue = append(queue, k)
		}
	}
	for _, k := range last {
		meet(k, step)
	}
	for len(queue) > 0 {
		h := &w.r.t.Hops[queue[len(queue)-1]]
		queue = queue[:len(queue)-1]
		for _, id := range h.Inputs {
			k, ok := w.r.hopAt[id]
			switch {
			case !ok:
			case w.besides(&w.r.t.Hops[k], h):
				meet(k, beside)
			default:
				meet(k, step)
			}
		}
	}
	return n
}
