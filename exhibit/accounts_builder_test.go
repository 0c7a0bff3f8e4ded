package exhibit_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

// books makes a trace over chains of accounts that balances under every rule. Pots hold traced
// and clean value; pifo and its like take the traced first, libr the clean, which is enough to
// draw: how real rules divide is tested in tracer.
type books struct {
	tr      tracer.Trace
	clock   int64
	nodes   map[string]bool
	pots    map[pot]*[2]holding // by manner of taking
	order   []pot
	tokens  map[string]token
	convert map[asset]*[2][2]uint64 // in, out by manner
	log     int
}

type asset struct{ chain, name string }

type pot struct {
	asset
	address string
}

// holding is in thousandths of a coin.
type holding struct {
	traced, clean uint64
	from          []string // hops and seeds
}

type token struct {
	contract chains.Asset
	symbol   string
	decimals int
}

func newBooks(id string) *books {
	c := newChain(id)
	b := &books{tr: c.tr, nodes: map[string]bool{}, pots: map[pot]*[2]holding{}, tokens: map[string]token{}, convert: map[asset]*[2][2]uint64{}}
	b.tr.Rules = []tracer.Rule{tracer.FIFO, tracer.LIFO, tracer.ProRata, tracer.LIBR, tracer.PIFO, tracer.Poison}
	return b
}

// manner is how rule r takes from a pot here.
func manner(r tracer.Rule) int {
	if r == tracer.LIBR {
		return 1
	}
	return 0
}

func account(name string) string {
	h := hash("account", name)
	return "0x" + hex.EncodeToString(h[:20])
}

// claim lets a token's contract claim a symbol.
func (b *books) claim(chain, name, symbol string, decimals int) {
	contract := chains.Asset(account(chain + " " + name))
	b.tokens[chain+" "+name] = token{contract, symbol, decimals}
	b.tr.Assets = append(b.tr.Assets, tracer.AssetInfo{Chain: chains.Chain(chain), Asset: contract, Symbol: symbol, Decimals: decimals, Claimed: true})
}

// named is an asset in a trace: "" is the native coin.
func (b *books) named(a asset) chains.Asset {
	if a.name == "" {
		return chains.Native
	}
	return b.tokens[a.chain+" "+a.name].contract
}

// units writes thousandths in smallest units.
func (b *books) units(a asset, milli uint64) chains.Amount {
	decimals := 18
	if a.name != "" {
		decimals = b.tokens[a.chain+" "+a.name].decimals
	}
	u := chains.Units(milli)
	for ; decimals > 3 && decimals < 78; decimals-- {
		u, _ = u.MulDiv(chains.Units(10), chains.Units(1))
	}
	return u
}

func (b *books) node(chain, name string, kind tracer.NodeKind) string {
	id := "n-" + chain + "-" + name
	if !b.nodes[id] {
		b.nodes[id] = true
		n := tracer.Node{ID: id, Chain: chains.Chain(chain), Kind: kind}
		if kind != tracer.NodeCoinbase {
			n.Address = account(name)
		}
		if kind != tracer.NodeCoinbase && kind != tracer.NodeAddress {
			n.Entity = name
		}
		b.tr.Nodes = append(b.tr.Nodes, n)
	}
	return id
}

func (b *books) when() string { return time.Unix(1648552790+b.clock*97, 0).UTC().Format(time.RFC3339) }

func (b *books) pot(p pot) *[2]holding {
	if b.pots[p] == nil {
		b.pots[p] = &[2]holding{}
		b.order = append(b.order, p)
	}
	return b.pots[p]
}

func (b *books) seed(id string, a asset, to string, milli uint64) {
	b.clock++
	b.log++
	b.tr.Seeds = append(b.tr.Seeds, tracer.SeedEntry{ID: id, Chain: chains.Chain(a.chain), Asset: b.named(a), Units: b.units(a, milli), TxID: hash("seed", id, b.clock),
		Position: fmt.Sprint("log ", b.log), Address: account(to), Node: b.node(a.chain, to, tracer.NodeAddress), Height: 26498039 + b.clock, Time: b.when(), Evidence: "proven"})
	p := b.pot(pot{a, to})
	for m := range p {
		p[m].traced += milli
		p[m].from = append(p[m].from, id)
	}
}

// clean lets an account hold value that has nothing to do with the theft.
func (b *books) clean(a asset, to string, milli uint64) {
	p := b.pot(pot{a, to})
	for m := range p {
		p[m].clean += milli
	}
}

// take withdraws and returns what of it is traced, and what it carries on.
func (b *books) take(p pot, milli uint64) (traced [2]uint64, from []string) {
	h := b.pot(p)
	for m := range h {
		if m == 0 {
			traced[m] = min(milli, h[m].traced)
		} else if milli > h[m].clean {
			traced[m] = milli - h[m].clean
		}
		h[m].traced -= traced[m]
		h[m].clean -= milli - traced[m]
	}
	return traced, h[0].from
}

func (b *books) put(p pot, milli uint64, traced [2]uint64, hop string) {
	h := b.pot(p)
	for m := range h {
		h[m].traced += traced[m]
		h[m].clean += milli - traced[m]
		h[m].from = append(h[m].from, hop)
	}
}

func (b *books) perRule(a asset, traced [2]uint64) (t tracer.Traced) {
	for r := range t.Value {
		t.Value[r] = b.units(a, traced[manner(tracer.Rule(r))])
		t.Null[r] = tracer.Rule(r) == tracer.TIHO
	}
	return t
}

func (b *books) leg(a asset, tx chains.Hash, from, to string, milli uint64, kind string) tracer.Leg {
	b.log++
	return tracer.Leg{Chain: chains.Chain(a.chain), TxID: tx, Height: 26498039 + b.clock, Time: b.when(),
		Positions: []tracer.Position{{Kind: kind, Value: fmt.Sprint(b.log)}}, From: []tracer.From{{Node: from}}, To: to, Asset: b.named(a),
		Units: b.units(a, milli), Evidence: map[string]string{"log": "proven", "call": "attested", "fee": "proven"}[kind], Raw: []string{}}
}

// hop writes a hop whose last leg is in a, and returns its id; "" if nothing is traced.
func (b *books) hop(kind tracer.HopKind, a asset, legs []tracer.Leg, traced [2]uint64, from []string, basis tracer.Basis) string {
	if traced == [2]uint64{} {
		return ""
	}
	h := tracer.Hop{Number: len(b.tr.Hops) + 1, Kind: kind, Legs: legs, Inputs: from, Traced: b.perRule(a, traced), Findings: []string{}, TracedBySeed: tracer.BySeed{}}
	h.ID = hash("hop", len(b.tr.Hops), b.tr.Incident.ID).String()[:16]
	for r := range h.Basis.Value {
		h.Basis.Value[r] = basis
		h.Basis.Null[r] = h.Traced.Value[r].IsZero() || h.Traced.Null[r]
	}
	b.tr.Hops = append(b.tr.Hops, h)
	return h.ID
}

func moves(a asset) string {
	if a.name == "" {
		return "call"
	}
	return "log"
}

// pay moves value from one account to another; to one of another kind it ends there.
func (b *books) pay(a asset, from, to string, milli uint64, kind tracer.NodeKind) {
	b.clock++
	tx := hash("tx", b.clock)
	traced, inputs := b.take(pot{a, from}, milli)
	leg := b.leg(a, tx, b.node(a.chain, from, tracer.NodeAddress), b.node(a.chain, to, kind), milli, moves(a))
	id := b.hop(tracer.HopTransfer, a, []tracer.Leg{leg}, traced, inputs, tracer.ByRule)
	if kind == tracer.NodeAddress {
		b.put(pot{a, to}, milli, traced, id)
		return
	}
	b.end(a, to, tracer.Reason(kind), milli, traced, id, &tx)
}

// burnGas pays a fee.
func (b *books) burnGas(a asset, from string, milli uint64) {
	b.clock++
	tx := hash("tx", b.clock)
	traced, inputs := b.take(pot{a, from}, milli)
	leg := b.leg(a, tx, b.node(a.chain, from, tracer.NodeAddress), b.node(a.chain, "makers", tracer.NodeCoinbase), milli, "fee")
	id := b.hop(tracer.HopFee, a, []tracer.Leg{leg}, traced, inputs, tracer.ByRule)
	b.end(a, "makers", tracer.ReasonFee, milli, traced, id, &tx)
}

func (b *books) end(a asset, at string, reason tracer.Reason, milli uint64, traced [2]uint64, hop string, tx *chains.Hash) {
	if traced == [2]uint64{} {
		return
	}
	e := tracer.Endpoint{ID: "e" + hash("end", a, at, hop, len(b.tr.Endpoints)).String()[:12], Node: "n-" + a.chain + "-" + at, Chain: chains.Chain(a.chain), Asset: b.named(a), Reason: reason,
		TxID: tx, Position: "balance", Units: b.units(a, milli), Hop: hop, Traced: b.perRule(a, traced), TracedBySeed: tracer.BySeed{}}
	if tx != nil {
		e.Position = "log 1"
	}
	for r := range e.ByBasis.Value {
		e.ByBasis.Value[r].Parts[tracer.ByRule] = e.Traced.Value[r]
		e.ByBasis.Null[r] = e.Traced.Null[r]
	}
	low, high := min(traced[0], traced[1]), max(traced[0], traced[1])
	e.Range = tracer.Range{Min: b.units(a, low), Max: b.units(a, high)}
	b.tr.Endpoints = append(b.tr.Endpoints, e)
}

func (b *books) converted(a asset, side int, traced [2]uint64) {
	if b.convert[a] == nil {
		b.convert[a] = &[2][2]uint64{}
	}
	for m := range traced {
		b.convert[a][side][m] += traced[m]
	}
}

type amount struct {
	asset
	milli uint64
}

// swap gives one asset for one or several.
func (b *books) swap(giver string, give amount, receiver string, takes ...amount) {
	b.clock++
	tx := hash("tx", b.clock)
	gave, inputs := b.take(pot{give.asset, giver}, give.milli)
	venue := b.node(give.chain, "venue", tracer.NodePool)
	first := b.leg(give.asset, tx, b.node(give.chain, giver, tracer.NodeAddress), venue, give.milli, moves(give.asset))
	b.wide(tracer.HopSwap, first, give, gave, inputs, venue, receiver, tx, nil, takes)
}

// bridge moves value to another chain; fee is what does not arrive.
func (b *books) bridge(giver string, give amount, receiver string, take amount, protocol string, fee uint64) {
	b.clock++
	tx := hash("tx", b.clock)
	gave, inputs := b.take(pot{give.asset, giver}, give.milli)
	first := b.leg(give.asset, tx, b.node(give.chain, giver, tracer.NodeAddress), b.node(give.chain, protocol, tracer.NodeBridge), give.milli, "log")
	take.milli -= fee
	link := &tracer.Link{Protocol: protocol, Key: hash("key", b.clock).String()}
	there := hash("there", b.clock)
	from := b.node(take.chain, protocol, tracer.NodeBridge)
	b.wide(tracer.HopBridge, first, give, gave, inputs, from, receiver, there, link, []amount{take})
	if fee == 0 {
		return
	}
	var part [2]uint64
	for m := range part {
		part[m] = gave[m] * fee / give.milli
	}
	leg := b.leg(take.asset, there, from, b.node(take.chain, "makers", tracer.NodeCoinbase), fee, "call")
	id := b.hop(tracer.HopFee, take.asset, []tracer.Leg{first, leg}, part, inputs, tracer.BridgeKey)
	if id != "" {
		none := b.perRule(give.asset, [2]uint64{})
		b.tr.Hops[len(b.tr.Hops)-1].Given, b.tr.Hops[len(b.tr.Hops)-1].Link = &none, link
		b.converted(take.asset, 0, part)
	}
	b.end(take.asset, "makers", tracer.ReasonFee, fee, part, id, &there)
}

func (b *books) wide(kind tracer.HopKind, first tracer.Leg, give amount, gave [2]uint64, inputs []string, venue, receiver string, tx chains.Hash, link *tracer.Link, takes []amount) {
	if gave != [2]uint64{} {
		b.converted(give.asset, 1, gave)
	}
	for i, t := range takes {
		var got [2]uint64
		for m := range got {
			got[m] = gave[m] * t.milli / give.milli
		}
		second := b.leg(t.asset, tx, venue, b.node(t.chain, receiver, tracer.NodeAddress), t.milli, moves(t.asset))
		id := b.hop(kind, t.asset, []tracer.Leg{first, second}, got, inputs, tracer.Conversion)
		if id != "" {
			given := b.perRule(give.asset, gave)
			if i > 0 {
				given = b.perRule(give.asset, [2]uint64{})
			}
			h := &b.tr.Hops[len(b.tr.Hops)-1]
			h.Given, h.Link = &given, link
			b.converted(t.asset, 0, got)
		}
		b.put(pot{t.asset, receiver}, t.milli, got, id)
	}
}

// finish ends what accounts hold and adds up.
func (b *books) finish(t testing.TB) (*tracer.Trace, []byte) {
	for _, p := range b.order {
		h := b.pots[p]
		b.end(p.asset, p.address, tracer.ReasonBalance, h[0].traced+h[0].clean, [2]uint64{h[0].traced, h[1].traced}, "", nil)
	}
	for r := range b.tr.Conservation.Value {
		b.tr.Conservation.Null[r] = tracer.Rule(r) == tracer.TIHO
		m := manner(tracer.Rule(r))
		for _, a := range slices.SortedFunc(maps.Keys(b.convert), func(a, b asset) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }) {
			c := b.convert[a]
			b.tr.Conservation.Value[r] = append(b.tr.Conservation.Value[r], tracer.ConservationRow{Chain: chains.Chain(a.chain), Asset: b.named(a),
				ConvertedIn: b.units(a, c[0][m]), ConvertedOut: b.units(a, c[1][m])})
		}
		rows, err := b.tr.Books(tracer.Rule(r))
		require.NoError(t, err)
		b.tr.Conservation.Value[r] = rows
		for _, row := range rows {
			if tracer.Rule(r) != tracer.Poison {
				require.Equal(t, "0", row.Difference, "%s of %s under %s", row.Asset, row.Chain, tracer.Rule(r))
			}
		}
	}
	seen := map[chains.Chain]bool{}
	for _, n := range b.tr.Nodes {
		if !seen[n.Chain] {
			seen[n.Chain] = true
			b.tr.AsOf = append(b.tr.AsOf, tracer.AsOf{Chain: n.Chain, CAIP2: n.Chain.CAIP2(), Height: 26600000, Hash: hash("block", n.Chain), Time: b.when()})
		}
	}
	data, err := json.Marshal(&b.tr)
	require.NoError(t, err)
	return &b.tr, data
}
