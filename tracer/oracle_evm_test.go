package tracer_test

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clew/chains"
	"clew/tracer"
)

// The oracle of chains of accounts works on literal units too. It does not look at movements: it
// is told what the generator meant by each transaction.

// deed is one thing that happens in a transaction.
type deed struct {
	kind     string // pay, fee, burn, mint, keep (by a contract), swap
	from, to string
	asset    chains.Asset
	units    int
	got      chains.Asset // swap
	gets     int
}

type balanceKey struct {
	who   string
	asset chains.Asset
}

// ledgerEntry is what one account holds of one asset.
type ledgerEntry struct {
	by     units
	value  int
	poison seedSet
}

type evmOracle struct {
	deeds  [][]deed
	seeds  []evmOracleSeed
	pots   map[balanceKey]*ledgerEntry
	flows  map[string]int // "tx asset from>to rule seed" → units
	ends   map[string]int
	passed []int // of each seed in the transaction at hand
	spans  [][2]int
	lasts  []bool
	met    bool // every seed brought something
}

type evmOracleSeed struct {
	tx     int
	at     balanceKey
	amount int // 0: all
	last   bool
}

func (o *evmOracle) pot(k balanceKey) *ledgerEntry {
	if o.pots[k] == nil {
		o.pots[k] = &ledgerEntry{}
	}
	return o.pots[k]
}

// out takes units from a pot.
func (o *evmOracle) out(k balanceKey, n int) *ledgerEntry {
	p := o.pot(k)
	e := &ledgerEntry{value: n, poison: p.poison}
	for r, rule := range oracleRules {
		if rule != tracer.TIHO {
			e.by[r] = take(rule, &p.by[r], n, len(o.seeds))
		}
	}
	p.value -= n
	return e
}

// in lets e into a pot, where the seeds of the transaction lie on it.
func (o *evmOracle) in(k balanceKey, e *ledgerEntry) {
	for s, seed := range o.seeds {
		if o.spans[s][1] > 0 && seed.at == k {
			o.mark(s, e)
		}
	}
	p := o.pot(k)
	for r := range p.by {
		p.by[r] = append(p.by[r], e.by[r]...)
	}
	p.value += e.value
	p.poison |= e.poison
}

// mark makes those units of e stolen that lie in the span of a seed, as far as they are clean
// under every rule.
func (o *evmOracle) mark(s int, e *ledgerEntry) {
	n, most := 0, 0
	for i := range e.value {
		if at := o.passed[s] + i; at >= o.spans[s][0] && at < o.spans[s][1] {
			n++
		}
	}
	o.passed[s] += e.value
	for r, rule := range oracleRules {
		if rule != tracer.TIHO {
			most = max(most, tainted(e.by[r]))
		}
	}
	n = min(n, e.value-most)
	if n == 0 {
		return
	}
	for r, rule := range oracleRules {
		if rule == tracer.TIHO {
			continue
		}
		left := n
		for i := range e.by[r] {
			if o.lasts[s] {
				i = len(e.by[r]) - 1 - i
			}
			if left > 0 && e.by[r][i] == untainted {
				e.by[r][i] = unit(s)
				left--
			}
		}
	}
	e.poison |= 1 << s
}

// note adds what a movement or an end carries.
func (o *evmOracle) note(to map[string]int, what string, e *ledgerEntry) {
	for r, rule := range oracleRules {
		for s := range o.seeds {
			if n := int(count(e.by[r], unit(s))); n > 0 && rule != tracer.TIHO {
				to[fmt.Sprintf("%s %s V%d", what, rule, s)] += n
			}
		}
	}
	for s := range o.seeds {
		if e.poison&(1<<s) != 0 {
			to[fmt.Sprintf("%s poison V%d", what, s)] += e.value
		}
	}
}

// converted turns every unit of e into what it is worth of m: the sums of all up to it, rounded
// down.
func converted(e *ledgerEntry, m int) *ledgerEntry {
	out := &ledgerEntry{value: m, poison: e.poison}
	for r := range e.by {
		n := len(e.by[r])
		for i, u := range e.by[r] {
			for range m*(i+1)/n - m*i/n {
				out.by[r] = append(out.by[r], u)
			}
		}
	}
	return out
}

// rounded is what a swap took and of whose seed nothing came out.
func rounded(given, got *ledgerEntry) *ledgerEntry {
	lost := &ledgerEntry{}
	for r := range given.by {
		for _, u := range given.by[r] {
			if !slices.Contains(got.by[r], u) {
				lost.by[r] = append(lost.by[r], u)
			}
		}
	}
	return lost
}

func (o *evmOracle) run() {
	o.pots, o.flows, o.ends = map[balanceKey]*ledgerEntry{}, map[string]int{}, map[string]int{}
	o.met = true
	for n, deeds := range o.deeds {
		o.begin(n, deeds)
		for _, d := range deeds {
			o.do(n, d)
		}
		for k, p := range o.pots {
			if k.who == "router" {
				p.poison = 0
			}
		}
	}
	for k, p := range o.pots {
		if p.value > 0 {
			o.note(o.ends, fmt.Sprintf("balance %s %s", k.asset, k.who), p)
		}
	}
}

// begin finds which units that come in the transaction are seeds.
func (o *evmOracle) begin(n int, deeds []deed) {
	o.passed, o.spans, o.lasts = make([]int, len(o.seeds)), make([][2]int, len(o.seeds)), make([]bool, len(o.seeds))
	for s, seed := range o.seeds {
		if seed.tx != n {
			continue
		}
		in, net := 0, netOf(deeds, seed.at)
		for _, d := range deeds {
			if (balanceKey{d.to, d.asset}) == seed.at && d.kind != "swap" {
				in += d.units
			}
			if (balanceKey{d.from, d.got}) == seed.at && d.kind == "swap" {
				in += d.gets
			}
		}
		want := net
		if seed.amount > 0 {
			want = seed.amount
		}
		o.lasts[s] = seed.last
		o.spans[s] = [2]int{0, want}
		if seed.last {
			o.spans[s] = [2]int{in - want, in}
		}
	}
}

// netOf is what a transaction brings to a balance, less what it takes but for its own fee.
func netOf(deeds []deed, k balanceKey) (net int) {
	for _, d := range deeds {
		if (balanceKey{d.from, d.asset}) == k && d.kind != "fee" {
			net -= d.units
		}
		switch {
		case d.kind == "swap" && (balanceKey{d.from, d.got}) == k:
			net += d.gets
		case d.kind != "swap" && (balanceKey{d.to, d.asset}) == k:
			net += d.units
		}
	}
	return net
}

func (o *evmOracle) do(n int, d deed) {
	from := balanceKey{d.from, d.asset}
	flow := func(asset chains.Asset, a, b string, e *ledgerEntry) {
		o.note(o.flows, fmt.Sprintf("%d %s %s>%s", n, asset, a, b), e)
	}
	switch d.kind {
	case "mint":
		o.in(balanceKey{d.to, d.asset}, &ledgerEntry{by: clean(d.units), value: d.units})
	case "pay":
		e := o.out(from, d.units)
		flow(d.asset, d.from, d.to, e)
		o.in(balanceKey{d.to, d.asset}, e)
	case "fee", "burn", "keep":
		e := o.out(from, d.units)
		to := map[string]string{"fee": "fee", "burn": "", "keep": d.to}[d.kind]
		flow(d.asset, d.from, to, e)
		o.note(o.ends, fmt.Sprintf("%s %s %s", map[string]string{"fee": "fee", "burn": "burn", "keep": "contract"}[d.kind], d.asset, strings.Replace(to, "fee", "", 1)), e)
	case "swap":
		given := o.out(from, d.units)
		e := converted(given, d.gets)
		o.note(o.ends, fmt.Sprintf("gap %s %s", d.asset, d.from), rounded(given, e))
		flow(d.got, "pool", d.from, e)
		o.in(balanceKey{d.from, d.got}, e)
	}
}

// evmCase is a random chain, as the engine and as the oracle read it.
type evmCase struct {
	book   *evmBook
	oracle *evmOracle
	held   map[balanceKey]int
	yaml   string
}

var evmAssets = []chains.Asset{chains.Native, token, dollar}

func randomAccounts(t *rapid.T) *evmCase {
	c := &evmCase{book: newEVM(polygon), oracle: &evmOracle{}, held: map[balanceKey]int{}}
	for _, who := range names {
		var deeds []deed
		for _, asset := range evmAssets {
			if n := rapid.IntRange(0, 30).Draw(t, "has"); n > 0 {
				deeds = append(deeds, deed{kind: "mint", to: who, asset: asset, units: n})
			}
		}
		c.add(who, deeds)
	}
	for range rapid.IntRange(3, 18).Draw(t, "transactions") {
		c.book.unbroken = rapid.IntRange(0, 2).Draw(t, "same block") == 0
		c.random(t)
	}
	return c
}

// random adds a transaction.
func (c *evmCase) random(t *rapid.T) {
	who := rapid.SampledFrom(names).Draw(t, "sender")
	var deeds []deed
	spend := func(from string, asset chains.Asset) int {
		k := balanceKey{from, asset}
		n := rapid.IntRange(0, c.held[k]).Draw(t, "units")
		c.held[k] -= n
		return n
	}
	other := func(not ...string) string {
		return rapid.SampledFrom(slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(not, n) })).Draw(t, "other")
	}
	asset := rapid.SampledFrom(evmAssets).Draw(t, "asset")
	if n := rapid.IntRange(0, 2).Draw(t, "fee"); n > 0 && c.held[balanceKey{who, chains.Native}] >= n {
		c.held[balanceKey{who, chains.Native}] -= n
		deeds = append(deeds, deed{kind: "fee", from: who, asset: chains.Native, units: n})
	}
	switch rapid.IntRange(0, 6).Draw(t, "kind") {
	case 0, 1, 2: // pays one or several
		for range rapid.IntRange(1, 3).Draw(t, "receivers") {
			deeds = append(deeds, deed{kind: "pay", from: who, to: other(who), asset: asset, units: spend(who, asset)})
		}
	case 3: // two give to a contract that passes all on to two
		second := other(who)
		a, b := spend(who, asset), spend(second, asset)
		x := other(who, second)
		y := other(who, second, x)
		cut := rapid.IntRange(0, a+b).Draw(t, "cut")
		deeds = append(deeds, deed{kind: "pay", from: who, to: "router", asset: asset, units: a}, deed{kind: "pay", from: second, to: "router", asset: asset, units: b},
			deed{kind: "pay", from: "router", to: x, asset: asset, units: cut}, deed{kind: "pay", from: "router", to: y, asset: asset, units: a + b - cut})
	case 4: // swaps
		got := rapid.SampledFrom(slices.DeleteFunc(slices.Clone(evmAssets), func(a chains.Asset) bool { return a == asset })).Draw(t, "got")
		if n := spend(who, asset); n > 0 {
			deeds = append(deeds, deed{kind: "swap", from: who, asset: asset, units: n, got: got, gets: rapid.IntRange(1, 40).Draw(t, "gets")})
		}
	case 5: // gives to a contract that keeps it
		deeds = append(deeds, deed{kind: "keep", from: who, to: "vault", asset: asset, units: spend(who, asset)})
	case 6: // destroys
		deeds = append(deeds, deed{kind: "burn", from: who, asset: asset, units: spend(who, asset)})
	}
	c.add(who, deeds)
}

// add writes deeds down for both. What is paid in the native coin stands before tokens, as on
// chain, which changes nothing between assets.
func (c *evmCase) add(who string, deeds []deed) {
	deeds = slices.DeleteFunc(deeds, func(d deed) bool { return d.units == 0 })
	var moves []mv
	for _, d := range deeds {
		switch d.kind {
		case "fee":
			moves = append(moves, fee(d.from, uint64(d.units)))
		case "swap":
			moves = append(moves, mv{d.from, "pool", d.asset, uint64(d.units)}, mv{"pool", d.from, d.got, uint64(d.gets)})
			c.held[balanceKey{d.from, d.got}] += d.gets
		default:
			moves = append(moves, mv{d.from, d.to, d.asset, uint64(d.units)})
			c.held[balanceKey{d.to, d.asset}] += d.units
		}
	}
	sort.SliceStable(moves, func(i, j int) bool { return rank(moves[i]) < rank(moves[j]) })
	c.oracle.deeds = append(c.oracle.deeds, deeds)
	c.book.tx(who, moves...)
	c.book.unbroken = false
}

func rank(m mv) int {
	switch m.asset {
	case "fee":
		return 0
	case chains.Native:
		return 1
	}
	return 2
}

// randomSeeds draws up to three receipts that are stolen; false where there are none.
func (c *evmCase) randomSeeds(t *rapid.T) bool {
	type receipt struct {
		tx int
		at balanceKey
	}
	var all []receipt
	for n, deeds := range c.oracle.deeds {
		for _, who := range names {
			for _, asset := range evmAssets {
				if k := (balanceKey{who, asset}); netOf(deeds, k) > 0 {
					all = append(all, receipt{n, k})
				}
			}
		}
	}
	if len(all) == 0 {
		return false
	}
	var b strings.Builder
	b.WriteString("seeds:\n")
	used := map[receipt]bool{}
	for range rapid.IntRange(1, 3).Draw(t, "seeds") {
		r := rapid.SampledFrom(all).Draw(t, "seed")
		if used[r] {
			continue
		}
		used[r] = true
		s := evmOracleSeed{tx: r.tx, at: r.at}
		part := ""
		if rapid.Bool().Draw(t, "part") {
			s.amount = rapid.IntRange(1, netOf(c.oracle.deeds[r.tx], r.at)).Draw(t, "amount")
			s.last = rapid.Bool().Draw(t, "last")
			part = fmt.Sprintf(", amount: \"%d\", take: %s", s.amount, map[bool]string{true: "last", false: "first"}[s.last])
		}
		fmt.Fprintf(&b, "  - {id: V%d, chain: polygon, tx: %s, to: %s, asset: %s%s}\n", len(c.oracle.seeds), c.book.txs[r.tx].ID, r.at.who, r.at.asset, part)
		c.oracle.seeds = append(c.oracle.seeds, s)
	}
	c.yaml = b.String()
	return true
}

// evmLines writes a trace in the form of the oracle's sums.
func evmLines(c *evmCase, trace *tracer.Trace) (flows, ends map[string]int) {
	flows, ends = map[string]int{}, map[string]int{}
	number := map[chains.TxID]int{}
	for i, tx := range c.book.txs {
		number[tx.ID] = i
	}
	sum := func(to map[string]int, what string, by tracer.BySeed) {
		for _, s := range by {
			for _, r := range tracer.Rules() {
				if v, ok := s.Traced.Get(r); ok && !v.IsZero() {
					n, _ := v.Uint64()
					to[fmt.Sprintf("%s %s %s", what, r, s.Seed)] += int(n)
				}
			}
		}
	}
	for _, h := range trace.Hops {
		leg := h.Legs[len(h.Legs)-1]
		to := address(trace, leg.To)
		if h.Kind == tracer.HopFee {
			to = "fee"
		}
		sum(flows, fmt.Sprintf("%d %s %s>%s", number[leg.TxID], leg.Asset, address(trace, leg.From[0].Node), to), h.TracedBySeed)
	}
	for _, e := range trace.Endpoints {
		sum(ends, fmt.Sprintf("%s %s %s", e.Reason, e.Asset, address(trace, e.Node)), e.TracedBySeed)
	}
	return flows, ends
}

func evmAgree(t *rapid.T) {
	c := randomAccounts(t)
	if !c.randomSeeds(t) {
		t.Skip("nobody received anything")
	}
	c.oracle.run()
	trace, err := c.book.try(t, c.yaml)
	if err != nil {
		t.Fatalf("%v\n%s%v", err, c.yaml, c.oracle.deeds)
	}
	evmSound(t, trace)
	flows, ends := evmLines(c, trace)
	for _, g := range trace.Gaps {
		if !strings.Contains(g.Why, "traced already") && !strings.Contains(g.Why, "less than one unit") {
			t.Fatalf("a gap where everything is known: %+v\n%s%v", g, c.yaml, c.oracle.deeds)
		}
	}
	for what, pair := range map[string][2]map[string]int{"movements": {c.oracle.flows, flows}, "ends": {c.oracle.ends, ends}} {
		if !maps.Equal(pair[0], pair[1]) {
			var diff []string
			for k, n := range pair[0] {
				if pair[1][k] != n {
					diff = append(diff, fmt.Sprintf("%s: oracle %d, tracer %d", k, n, pair[1][k]))
				}
			}
			for k, n := range pair[1] {
				if _, ok := pair[0][k]; !ok {
					diff = append(diff, fmt.Sprintf("%s: tracer only %d", k, n))
				}
			}
			slices.Sort(diff)
			t.Fatalf("%s differ:\n%s\n%s%v", what, strings.Join(diff, "\n"), c.yaml, c.oracle.deeds)
		}
	}
}

func TestOracleAgreesBalances(t *testing.T) {
	checks(t, 2000)
	rapid.Check(t, evmAgree)
}
