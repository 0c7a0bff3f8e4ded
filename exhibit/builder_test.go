package exhibit_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sort"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

// chain makes transactions on an imaginary chain and a trace of them that balances under
// every rule. It divides lots by the rules' own words, apart from the tracer, so that
// drawings are tested on amounts that a trace could have.
type chain struct {
	tr      tracer.Trace
	height  int64
	nodes   map[string]bool
	outs    map[string]*coin
	order   []string // outputs, as made
	evident string
}

// piece is a part of an output: stolen or clean.
type piece struct {
	units  uint64
	stolen bool
}

type coin struct {
	key, address string
	units        uint64
	lots         [7][]piece
	hop          string // id of the hop or seed that made it
	traced       bool   // in the trace at all
}

type pay struct {
	to    string
	units uint64
}

func newChain(id string) *chain {
	c := &chain{height: 560000, nodes: map[string]bool{}, outs: map[string]*coin{}, evident: "proven"}
	c.tr = tracer.Trace{Schema: tracer.Schema, Tool: tracer.Tool{Version: "test", Commit: "0000000"},
		Incident: tracer.IncidentRef{ID: id, Title: "Test incident " + id, Rule: tracer.FIFO, RuleReason: "it follows the order in which value came and went", Accounts: "output", SHA256: hash(id).String()},
		Rules:    tracer.Rules(), Stop: tracer.Stop{Touched: 1000000}, Seeds: []tracer.SeedEntry{}, Findings: []tracer.Finding{}, Gaps: []tracer.Gap{}}
	return c
}

func hash(parts ...any) chains.Hash { return sha256.Sum256([]byte(fmt.Sprint(parts...))) }

// address is bech32 in looks only.
func address(name string) string {
	const letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	h := hash(name)
	text := []byte("bc1q")
	for i := range 38 {
		text = append(text, letters[(h[i%32]+byte(i*i))&31])
	}
	return string(text)
}

func (c *chain) when() string {
	return time.Unix(1548000000+(c.height-560000)*600, 0).UTC().Format(time.RFC3339)
}

func (c *chain) node(name string, kind tracer.NodeKind) string {
	id := "n-" + name
	if !c.nodes[id] {
		c.nodes[id] = true
		n := tracer.Node{ID: id, Chain: "bitcoin", Kind: kind}
		if kind == tracer.NodeTransaction {
			n.TxID = name
		} else if kind != tracer.NodeCoinbase {
			n.Address = address(name)
		}
		c.tr.Nodes = append(c.tr.Nodes, n)
	}
	return id
}

// seed records that to received units that are alleged to be stolen, and returns the output.
func (c *chain) seed(id, to string, units uint64) string {
	c.height++
	tx := hash("seed", id, to, c.height)
	c.tr.Seeds = append(c.tr.Seeds, tracer.SeedEntry{ID: id, Chain: "bitcoin", Asset: chains.Native, Units: chains.Units(units), TxID: tx,
		Position: "0", Address: address(to), Node: c.node(to, tracer.NodeAddress), Height: c.height, Time: c.when(), Evidence: c.evident})
	out := &coin{key: fmt.Sprintf("%s:%d", tx, 0), address: to, units: units, hop: id, traced: true}
	return c.keep(out, true)
}

// clean makes an output that has nothing to do with the theft.
func (c *chain) clean(to string, units uint64) string {
	key := fmt.Sprintf("%s:%d", hash("clean", to, len(c.order)), 1)
	return c.keep(&coin{key: key, address: to, units: units}, false)
}

func (c *chain) keep(o *coin, dirty bool) string {
	for r := range o.lots {
		o.lots[r] = []piece{{o.units, dirty}}
	}
	c.outs[o.key] = o
	c.order = append(c.order, o.key)
	return o.key
}

func stolen(lots []piece) (sum uint64) {
	for _, l := range lots {
		if l.stolen {
			sum += l.units
		}
	}
	return sum
}

// spend makes a transaction and returns its outputs; what is left over is the fee.
func (c *chain) spend(inputs []string, pays ...pay) []string {
	c.height++
	tx := hash("tx", inputs, pays, c.height)
	var ins []*coin
	var left uint64
	for _, k := range inputs {
		ins = append(ins, c.outs[k])
		left += c.outs[k].units
		delete(c.outs, k)
	}
	amounts := make([]uint64, 0, len(pays)+1)
	for _, p := range pays {
		amounts = append(amounts, p.units)
		left -= p.units
	}
	amounts = append(amounts, left)
	var shares [7][][]piece
	for r := range shares {
		var lots []piece
		for _, in := range ins {
			lots = append(lots, in.lots[r]...)
		}
		shares[r] = divide(tracer.Rule(r), lots, amounts)
	}
	via := c.via(tx, ins)
	keys := make([]string, 0, len(pays))
	for i, p := range append(pays, pay{"miners", left}) {
		if p.units == 0 {
			continue
		}
		made := &coin{key: fmt.Sprintf("%s:%d", tx, i), address: p.to, units: p.units}
		if i < len(pays) {
			keys = append(keys, c.keep(made, false))
		}
		for r := range shares {
			made.lots[r] = shares[r][i]
		}
		c.hop(tx, i, i == len(pays), ins, made, via)
	}
	return keys
}

// via is the junction where traced value comes from several addresses.
func (c *chain) via(tx chains.Hash, ins []*coin) string {
	from := map[string]bool{}
	for _, in := range ins {
		if stolen(in.lots[tracer.Poison]) > 0 {
			from[in.address] = true
		}
	}
	if len(from) < 2 {
		return ""
	}
	return c.node(tx.String(), tracer.NodeTransaction)
}

func (c *chain) hop(tx chains.Hash, i int, fee bool, ins []*coin, made *coin, via string) {
	if stolen(made.lots[tracer.Poison]) == 0 {
		return
	}
	h := tracer.Hop{Number: len(c.tr.Hops) + 1, Kind: tracer.HopTransfer, Findings: []string{}, TracedBySeed: tracer.BySeed{}}
	h.ID = hash("hop", tx, i).String()[:16]
	for r := range made.lots {
		s := stolen(made.lots[r])
		h.Traced.Value[r] = chains.Units(s)
		h.Basis.Null[r] = s == 0
		if s < made.units {
			h.Basis.Value[r] = tracer.ByRule
		}
	}
	leg := tracer.Leg{Chain: "bitcoin", TxID: tx, Height: c.height, Time: c.when(), Positions: []tracer.Position{{Kind: "vout", Value: fmt.Sprint(i)}},
		Via: via, Asset: chains.Native, Units: chains.Units(made.units), Evidence: c.evident, Raw: []string{hash("raw", tx).String()}}
	if fee {
		h.Kind, leg.Positions = tracer.HopFee, []tracer.Position{{Kind: "fee"}}
		leg.To = c.node("miners", tracer.NodeCoinbase)
	} else {
		leg.To = c.node(made.address, tracer.NodeAddress)
	}
	for _, in := range ins {
		if in.traced {
			h.Inputs = append(h.Inputs, in.hop)
			leg.From = append(leg.From, tracer.From{Node: c.node(in.address, tracer.NodeAddress), OutPoint: in.key})
		}
	}
	h.Legs = []tracer.Leg{leg}
	c.tr.Hops = append(c.tr.Hops, h)
	made.hop, made.traced = h.ID, true
	if fee {
		c.end(made, tracer.ReasonFee, "")
	}
}

// stop ends the branch at an output for a reason other than unspent.
func (c *chain) stop(key string, reason tracer.Reason, note string) {
	o := c.outs[key]
	delete(c.outs, key)
	c.end(o, reason, note)
}

func (c *chain) end(o *coin, reason tracer.Reason, note string) {
	e := tracer.Endpoint{ID: "e" + hash(o.key, reason).String()[:12], Node: c.node(o.address, tracer.NodeAddress), Chain: "bitcoin", Asset: chains.Native,
		Reason: reason, Position: o.key[65:], Units: chains.Units(o.units), Hop: o.hop, Note: note, TracedBySeed: tracer.BySeed{}}
	if reason == tracer.ReasonFee {
		e.Position = "fee"
	}
	tx, err := chains.ParseHash(o.key[:64])
	if err != nil {
		panic(err)
	}
	e.TxID = &tx
	for r := range o.lots {
		s := chains.Units(stolen(o.lots[r]))
		e.Traced.Value[r] = s
		basis := tracer.Whole
		if stolen(o.lots[r]) < o.units {
			basis = tracer.ByRule
		}
		e.ByBasis.Value[r].Parts[basis] = s
		if r == 0 {
			e.Range = tracer.Range{Min: s, Max: s}
		}
		if tracer.Rule(r).Conserves() {
			e.Range = tracer.Range{Min: chains.Min(e.Range.Min, s), Max: chains.Max(e.Range.Max, s)}
		}
	}
	c.tr.Endpoints = append(c.tr.Endpoints, e)
}

// finish ends what is unspent, adds up, and returns the trace with its JSON.
func (c *chain) finish(t testing.TB) (*tracer.Trace, []byte) {
	for _, k := range c.order {
		if o := c.outs[k]; o != nil && o.traced {
			c.end(o, tracer.ReasonUnspent, "")
		}
	}
	var seeded chains.Amount
	for _, s := range c.tr.Seeds {
		seeded = seeded.Plus(s.Units)
	}
	for r := range c.tr.Conservation.Value {
		var ended chains.Amount
		for i := range c.tr.Endpoints {
			ended = ended.Plus(c.tr.Endpoints[i].Traced.Value[r])
		}
		diff := "0"
		if tracer.Rule(r).Conserves() {
			require.Equal(t, seeded.String(), ended.String(), "the builder of the test balances under %s", tracer.Rule(r))
		} else if diff = "0"; seeded.Less(ended) {
			diff = "-" + ended.Minus(seeded).String()
		}
		c.tr.Conservation.Value[r] = []tracer.ConservationRow{{Asset: chains.Native, Chain: "bitcoin", Seeded: seeded, Ended: ended, Difference: diff}}
	}
	c.tr.AsOf = []tracer.AsOf{{Chain: "bitcoin", CAIP2: chains.Chain("bitcoin").CAIP2(), Height: c.height + 6, Hash: hash("block", c.height), Time: c.when()}}
	data, err := json.Marshal(&c.tr)
	require.NoError(t, err)
	return &c.tr, data
}

// divide gives lots, in order of entry, to outputs of the given amounts, the fee last.
func divide(rule tracer.Rule, lots []piece, amounts []uint64) [][]piece {
	out := make([][]piece, len(amounts))
	order := make([]int, len(amounts))
	var total uint64
	for i, a := range amounts {
		order[i] = i
		total += a
	}
	queue := append([]piece(nil), lots...)
	rank := func(first bool) {
		sort.SliceStable(queue, func(i, j int) bool { return queue[i].stolen == first && queue[j].stolen != first })
	}
	switch rule {
	case tracer.Poison:
		for i, a := range amounts {
			out[i] = []piece{{a, stolen(lots) > 0}}
		}
		return out
	case tracer.LIFO:
		for i, j := 0, len(queue)-1; i < j; i, j = i+1, j-1 {
			queue[i], queue[j] = queue[j], queue[i]
		}
	case tracer.LIBR:
		rank(false)
	case tracer.PIFO:
		rank(true)
	case tracer.TIHO:
		rank(true)
		fee := len(amounts) - 1
		sort.SliceStable(order[:fee], func(i, j int) bool { return amounts[order[i]] > amounts[order[j]] })
	case tracer.ProRata:
		return proportion(stolen(lots), total, amounts)
	}
	for _, i := range order {
		for need := amounts[i]; need > 0; {
			take := min(need, queue[0].units)
			out[i] = append(out[i], piece{take, queue[0].stolen})
			if queue[0].units -= take; queue[0].units == 0 {
				queue = queue[1:]
			}
			need -= take
		}
	}
	return out
}

func proportion(dirty, total uint64, amounts []uint64) [][]piece {
	out := make([][]piece, len(amounts))
	for i, a := range amounts {
		if a == 0 {
			continue
		}
		q, _ := chains.Units(a).MulDiv(chains.Units(dirty), chains.Units(total))
		s, _ := q.Uint64()
		out[i] = []piece{{s, true}, {a - s, false}}
		dirty, total = dirty-s, total-a
	}
	return out
}
