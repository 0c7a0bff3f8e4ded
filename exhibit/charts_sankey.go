package exhibit

import (
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/exhibit/chart"
	"clew/exhibit/scene"
	"clew/tracer"
)

const (
	// mostSources and mostEnds are how many bars an asset has in a Sankey; the smallest are drawn as one.
	mostSources, mostEnds = 6, 8
)

// Sankey draws value in proportion from the seeds, over swaps, bridges and mixers, to where it ends under
// the drawn rule, asset by asset.
func (x *Exhibit) Sankey() (*scene.Scene, error) {
	c := newCharter(x)
	s := &chart.Sankey{Frame: c.frame("Where value alleged to be stolen ends, in proportion: ")}
	switch {
	case contactOnly(x.Trace):
		s.Head = append(s.Head, c.sum.Opening())
	case !c.sum.Balanced():
		s.Head = append(s.Head, "Not drawn: "+c.sum.SumLine())
	default:
		newMaker(c, s).make()
	}
	out, err := s.Draw()
	if err != nil {
		return nil, fmt.Errorf("sankey of %s: %w", x.Trace.Incident.ID, err)
	}
	return out, nil
}

// maker fills in a Sankey.
type maker struct {
	*charter
	s      *chart.Sankey
	at     map[Unit]int // index into Units
	trunk  map[Unit]int // index into Nodes
	total  map[Unit]chains.Amount
	joints []*joint
	letter int // of what goes on elsewhere in the drawing
}

// joint is all of one asset that turned, or crossed, in one way.
type joint struct {
	way      way
	from     Unit
	given    chains.Amount
	to       Sums
	protocol []string
	hops     []int
}

func newMaker(c *charter, s *chart.Sankey) *maker {
	m := &maker{charter: c, s: s, at: map[Unit]int{}, trunk: map[Unit]int{}, total: map[Unit]chains.Amount{}}
	m.gather()
	for _, u := range c.sum.units {
		sum := c.sum.Stolen.of(u)
		if by := c.sum.ways[u]; by != nil {
			for _, a := range by.received {
				sum = plus(sum, a)
			}
		}
		if sum.IsZero() {
			continue
		}
		m.total[u] = sum
		m.at[u] = len(s.Units)
		s.Units = append(s.Units, c.assets.onChain(u))
		m.trunk[u] = len(s.Nodes)
		s.Nodes = append(s.Nodes, chart.Node{Kind: chart.Trunk, Lines: []string{m.assetName(u), narrow(c.assets.brief(u, sum)) + " in all"}})
	}
	return m
}

// assetName is the name of an asset in a narrow column.
func (m *maker) assetName(u Unit) string {
	name, on := m.assets.briefSymbol(u), " on "+visible(string(u.Chain))
	return strings.TrimSuffix(name, " ("+visible(string(u.Chain))+")") + on
}

// narrow lets an amount break before its symbol.
func narrow(amount string) string { return strings.ReplaceAll(amount, "\u00a0", " ") }

// gather adds up what was given and received, by the asset given and the way.
func (m *maker) gather() {
	feeOf := feeWays(m.t)
	at := map[[2]any]*joint{}
	for i := range m.t.Hops {
		h := &m.t.Hops[i]
		if len(h.Legs) < 2 {
			continue
		}
		first, w := legUnit(&h.Legs[0]), wayOfKind(h.Kind)
		if h.Kind == tracer.HopFee {
			w = feeOf[legKey(&h.Legs[0])]
		}
		got, given := tracedUnder(&h.Traced, m.rule), chains.Amount{}
		if h.Given != nil {
			given = tracedUnder(h.Given, m.rule)
		}
		if w == wayOther || got.IsZero() && given.IsZero() {
			continue
		}
		j := at[[2]any{w, first}]
		if j == nil {
			j = &joint{way: w, from: first}
			at[[2]any{w, first}] = j
			m.joints = append(m.joints, j)
		}
		j.given, j.to = plus(j.given, given), j.to.add(legUnit(&h.Legs[len(h.Legs)-1]), got)
		j.hops = append(j.hops, h.Number)
		if h.Link != nil && !slices.Contains(j.protocol, h.Link.Protocol) {
			j.protocol = append(j.protocol, h.Link.Protocol)
		}
	}
}

func (m *maker) make() {
	m.sources()
	m.turn()
	weak := false
	for _, u := range m.sum.units {
		if _, ok := m.total[u]; ok {
			weak = m.ends(u) || weak
		}
	}
	notes := []string{"The width of a band is in proportion to its amount within one asset; widths of two assets do not compare, since their amounts do not add. Shares are of all that came in of an asset; what comes back to an asset counts again. “By rule” is the smallest and the largest amount over the accounting rules: such ranges do not add up."}
	if weak || slices.ContainsFunc(m.s.Links, func(l chart.Link) bool { return l.Weak }) {
		notes = append(notes, "White with a dotted edge: what a heuristic infers, or the analyst adopts.")
	}
	if m.letter > 0 {
		notes = append(notes, "A letter in parentheses stands where a band leaves the drawing and where the same value comes in again.")
	}
	m.s.Notes = append(notes, m.s.Notes...)
}

func (m *maker) node(kind chart.Kind, weak bool, lines ...string) int {
	m.s.Nodes = append(m.s.Nodes, chart.Node{Kind: kind, Lines: lines, Weak: weak})
	return len(m.s.Nodes) - 1
}

func (m *maker) link(from, to int, u Unit, a chains.Amount, weak bool, hops []int) {
	if a.IsZero() {
		return
	}
	say := fmt.Sprintf("%s to %s: %s", m.s.Nodes[from].Lines[0], m.s.Nodes[to].Lines[0], m.assets.format(u, a))
	m.s.Links = append(m.s.Links, chart.Link{From: from, To: to, Unit: m.at[u], Amount: a, Weak: weak, Say: say, Hops: hops})
}

// sources are the seeds of each asset, and what the books say was received in ways that no hop shows.
func (m *maker) sources() {
	type seed struct {
		id    string
		units chains.Amount
	}
	by := map[Unit][]seed{}
	for i := range m.t.Seeds {
		s := &m.t.Seeds[i]
		u := Unit{s.Chain, s.Asset}
		k := slices.IndexFunc(by[u], func(o seed) bool { return o.id == s.ID })
		if k < 0 {
			by[u] = append(by[u], seed{id: s.ID})
			k = len(by[u]) - 1
		}
		by[u][k].units = plus(by[u][k].units, s.Units)
	}
	for _, u := range m.sum.units {
		trunk, ok := m.trunk[u]
		if !ok {
			continue
		}
		list := by[u]
		slices.SortStableFunc(list, func(a, b seed) int { return b.units.Cmp(a.units) })
		var rest chains.Amount
		for i, s := range list {
			if len(list) > mostSources && i >= mostSources-1 {
				rest = plus(rest, s.units)
				continue
			}
			m.link(m.node(chart.Source, false, "Alleged theft "+visible(s.id), narrow(m.assets.brief(u, s.units))+" alleged stolen"), trunk, u, s.units, false, nil)
		}
		if !rest.IsZero() {
			m.link(m.node(chart.Source, false, count(len(list)-mostSources+1, "further alleged theft"), narrow(m.assets.brief(u, rest))+" alleged stolen"), trunk, u, rest, false, nil)
		}
		if by := m.sum.ways[u]; by != nil {
			if a := by.received[wayOther]; !a.IsZero() {
				m.link(m.node(chart.Source, false, "Received in conversions", m.assets.brief(u, a)), trunk, u, a, false, nil)
			}
		}
	}
}

// jointTitle names a way in the drawing.
func (j *joint) title() string {
	switch j.way {
	case waySwap:
		return "Swapped"
	case wayBridge:
		if len(j.protocol) > 0 {
			return "Over a bridge: " + visible(series(j.protocol))
		}
		return "Over a bridge"
	case wayMixer:
		return "Through a mixer, as adopted"
	}
	return "Converted"
}

// turn draws the joints. What would lead back, or too far to the right, goes on under a letter.
func (m *maker) turn() {
	behind := map[Unit]map[Unit]bool{} // what an asset leads to, as drawn
	depth := map[Unit]int{}
	for _, j := range m.joints {
		weak := j.way == wayMixer
		node := -1
		if _, ok := m.trunk[j.from]; ok && !j.given.IsZero() {
			node = m.node(chart.Joint, weak, j.title(), narrow(m.assets.brief(j.from, j.given)))
			m.link(m.trunk[j.from], node, j.from, j.given, weak, j.hops)
		}
		for _, s := range j.to {
			to, ok := m.trunk[s.unit()]
			if !ok || s.Units.IsZero() {
				continue
			}
			u := s.unit()
			back := u == j.from || behind[u][j.from] || 2*(depth[j.from]+1)+3 > chart.MostColumns
			if node >= 0 && !back {
				m.link(node, to, u, s.Units, weak, j.hops)
				m.reach(behind, depth, j.from, u)
				continue
			}
			mark := ""
			if node >= 0 {
				mark = fmt.Sprintf(" (%c)", 'a'+rune(m.letter%26))
				m.letter++
				end := m.node(chart.End, weak, "Goes on as "+m.assetName(u)+mark, m.assets.brief(u, s.Units))
				m.link(node, end, u, s.Units, weak, j.hops)
			}
			m.link(m.node(chart.Source, weak, j.way.gotTitle()+mark, m.assets.brief(u, s.Units)), to, u, s.Units, weak, j.hops)
		}
	}
}

// reach notes that from leads to u, and with it all that leads to from.
func (m *maker) reach(behind map[Unit]map[Unit]bool, depth map[Unit]int, from, to Unit) {
	join := func(a Unit) {
		if behind[a] == nil {
			behind[a] = map[Unit]bool{}
		}
		behind[a][to] = true
		for u := range behind[to] {
			behind[a][u] = true
		}
	}
	join(from)
	for a := range behind {
		if behind[a][from] {
			join(a)
		}
	}
	depth[to] = max(depth[to], depth[from]+1)
	for u := range behind[to] {
		depth[u] = max(depth[u], depth[to]+1)
	}
}

// ending is what of an asset ends for one reason, at one place where that has a name.
type ending struct {
	lines []string
	kind  why
	sum   chains.Amount
	weak  chains.Amount // the part of it that is inferred or adopted
	rules tracer.Traced
	count int
	hops  []int
}

// ends draws where u ends and returns whether any of it is inferred.
func (m *maker) ends(u Unit) bool {
	list := m.endings(u)
	slices.SortStableFunc(list, func(a, b *ending) int { return b.sum.Cmp(a.sum) })
	trunk, weak := m.trunk[u], false
	if len(list) > mostEnds {
		rest := &ending{}
		n := len(list) - mostEnds + 1
		for _, e := range list[mostEnds-1:] {
			rest.sum, rest.weak, rest.count, rest.hops = plus(rest.sum, e.sum), plus(rest.weak, e.weak), rest.count+e.count, append(rest.hops, e.hops...)
			for _, r := range tracer.Rules() {
				rest.rules.Value[r], rest.rules.Null[r] = plus(rest.rules.Value[r], e.rules.Value[r]), rest.rules.Null[r] || e.rules.Null[r]
			}
		}
		rest.lines = []string{fmt.Sprintf("%d further ways in which it ends", n)}
		list = append(list[:mostEnds-1:mostEnds-1], rest)
	}
	for _, e := range list {
		ground := e.kind.ground == groundMix || e.kind.ground == groundDeposit
		lines := append(e.lines, m.assets.brief(u, e.sum)+" · "+percentOf(e.sum, m.total[u])+" · "+count(e.count, "endpoint"))
		if line := m.rangeLine(u, e); line != "" {
			lines = append(lines, line)
		}
		if !e.weak.IsZero() && e.weak.Cmp(e.sum) != 0 {
			lines = append(lines, "of it inferred or adopted: "+m.assets.brief(u, e.weak))
		}
		node := m.node(chart.End, ground, lines...)
		m.link(trunk, node, u, e.sum.Minus(e.weak), false, e.hops)
		m.link(trunk, node, u, e.weak, true, e.hops)
		weak = weak || ground
	}
	if by := m.sum.ways[u]; by != nil {
		if a := by.given[wayOther]; !a.IsZero() {
			m.link(trunk, m.node(chart.End, false, "Converted; into what, the trace does not say", m.assets.brief(u, a)), u, a, false, nil)
		}
	}
	return weak
}

func (m *maker) endings(u Unit) []*ending {
	type key struct {
		why  why
		node string
	}
	at, list := map[key]*ending{}, []*ending(nil)
	for i := range m.t.Endpoints {
		e := &m.t.Endpoints[i]
		a := tracedUnder(&e.Traced, m.rule)
		if (Unit{e.Chain, e.Asset}) != u || a.IsZero() {
			continue
		}
		g, _ := m.found.groundOf(e)
		k := key{why: why{e.Reason, e.Chain, g}}
		name := ""
		if g != groundMix && (e.Reason == tracer.ReasonService || e.Reason == tracer.ReasonMixer || e.Reason == tracer.ReasonBridge || e.Reason == tracer.ReasonContract) {
			p := m.place(e.Node)
			name = p.Name
			if k.node = name; name == "" {
				k.node, name = e.Node, p.Alias
			}
		}
		one := at[k]
		if one == nil {
			one = &ending{kind: k.why, lines: []string{capital(k.why.words())}}
			if name != "" {
				one.lines = []string{capital(k.why.words()) + ": " + name}
			}
			at[k] = one
			list = append(list, one)
		}
		one.add(e, a, m)
	}
	return list
}

func (o *ending) add(e *tracer.Endpoint, a chains.Amount, m *maker) {
	o.sum, o.count = plus(o.sum, a), o.count+1
	for _, r := range tracer.Rules() {
		v, ok := e.Traced.Get(r)
		o.rules.Value[r], o.rules.Null[r] = plus(o.rules.Value[r], v), o.rules.Null[r] || !ok
	}
	if split, ok := e.ByBasis.Get(m.rule); ok {
		o.weak = plus(o.weak, chains.Min(a, plus(split.Parts[tracer.Inference], split.Parts[tracer.Adopted])))
	}
	if k, ok := m.hopAt[e.Hop]; ok {
		o.hops = append(o.hops, m.t.Hops[k].Number)
	}
}

// rangeLine is what the rules differ by in an ending; "" where they agree.
func (m *maker) rangeLine(u Unit, e *ending) string {
	least, most, some := e.sum, e.sum, false
	for _, r := range m.t.Rules {
		if a, ok := e.rules.Get(r); ok && r.Conserves() {
			some = some || a.Cmp(e.sum) != 0
			least, most = chains.Min(least, a), chains.Max(most, a)
		}
	}
	if !some {
		return ""
	}
	return "by rule " + m.assets.briefNumber(u, least) + " to " + m.assets.briefNumber(u, most)
}

// percentOf writes a of whole as a percentage, rounded to one decimal.
func percentOf(a, whole chains.Amount) string {
	n, rest := a.MulDiv(chains.Units(1000), whole)
	if !rest.Less(whole.Minus(rest)) {
		n = n.Plus(chains.Units(1))
	}
	if n.IsZero() {
		return "<0.1\u00a0%"
	}
	tenths, _ := n.Uint64() // a is a part of whole
	return fmt.Sprintf("%d.%d\u00a0%%", tenths/10, tenths%10)
}
