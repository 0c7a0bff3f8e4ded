package tracer_test

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/chains"
	"clew/tracer"
)

// checks sets how many random cases a property gets, unless the command line says.
func checks(t *testing.T, n int) {
	t.Helper()
	set := false
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == "rapid.checks" })
	if set {
		return
	}
	require.NoError(t, flag.Set("rapid.checks", strconv.Itoa(n)))
	require.NoError(t, flag.Set("rapid.nofailfile", "true"))
}

// randomCase is a chain and an incident on it, as the engine and as the oracle read it.
type randomCase struct {
	book    *book
	yaml    string
	oracle  *oracle
	unspent []chains.OutPoint
}

var names = []string{"A", "B", "C", "D", "E", "F"}

// randomChain draws a chain with coinbases, merges, fan outs, peels, cycles through an
// address, zero-value outputs, unspendable outputs, several transactions in a block and,
// where asked, inputs whose value nobody knows.
func randomChain(t *rapid.T, unknown bool) *randomCase {
	c := &randomCase{book: newBook()}
	height := int64(0)
	for range rapid.IntRange(4, 20).Draw(t, "transactions") {
		if len(c.unspent) == 0 || rapid.IntRange(0, 4).Draw(t, "kind") == 0 {
			to := rapid.SampledFrom(names).Draw(t, "miner")
			c.unspent = append(c.unspent, c.book.mine(to, rapid.Uint64Range(1, 30).Draw(t, "reward")))
		} else {
			if !c.randomMix(t) {
				c.randomSpend(t, unknown)
			}
		}
		height += int64(rapid.IntRange(0, 1).Draw(t, "next block"))
		n := len(c.book.txs) - 1
		c.book.txs[n].Block.Height, c.book.txs[n].Index = height, n
	}
	return c
}

func (c *randomCase) randomSpend(t *rapid.T, unknown bool) {
	var from []chains.OutPoint
	total := uint64(0)
	for range rapid.IntRange(1, min(4, len(c.unspent))).Draw(t, "inputs") {
		i := len(c.unspent) - 1 - rapid.IntRange(0, len(c.unspent)-1).Draw(t, "input from the end")
		from = append(from, c.unspent[i])
		total += c.book.outputs[c.unspent[i]].Value
		c.unspent = slices.Delete(c.unspent, i, i+1)
	}
	if unknown && rapid.IntRange(0, 9).Draw(t, "unknown") == 0 {
		at := rapid.IntRange(0, len(from)).Draw(t, "where")
		from = slices.Insert(from, at, chains.OutPoint{Tx: chains.TxID{1, byte(len(c.book.txs))}})
		total += 20
	}
	var to []pay
	for range rapid.IntRange(1, 5).Draw(t, "outputs") {
		name := rapid.SampledFrom(append([]string{"data"}, slices.Repeat(names, 3)...)).Draw(t, "to")
		value := rapid.Uint64Range(0, total).Draw(t, "value")
		total -= value
		to = append(to, pay{name, value})
	}
	if rapid.Bool().Draw(t, "no fee") {
		to[0].units += total
	}
	for i, o := range c.book.spend(from, to...) {
		if to[i].to != "data" {
			c.unspent = append(c.unspent, o)
		}
	}
}

// randomIncident draws one to three seeds that do not overlap, and stops.
func (c *randomCase) randomIncident(t *rapid.T, pots tracer.Accounts) {
	o := &oracle{book: c.book, address: pots != tracer.AccountsOutput, touched: tracer.DefaultTouched}
	if pots == tracer.AccountsCluster {
		o.clusters = randomClusters(t)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "accounts: %s\nseeds:\n", pots)
	covered := map[chains.OutPoint]bool{}
	for range rapid.IntRange(1, 3).Draw(t, "seeds") {
		if s, text, ok := c.randomSeed(t, covered); ok {
			fmt.Fprintf(&b, "  - {id: V%d, %s}\n", len(o.seeds), text)
			o.seeds = append(o.seeds, s)
		}
	}
	var stop []string
	if rapid.IntRange(0, 3).Draw(t, "limit hops") == 0 {
		o.hops = rapid.IntRange(1, 4).Draw(t, "hops")
		stop = append(stop, fmt.Sprintf("hops: %d", o.hops))
	}
	if rapid.IntRange(0, 3).Draw(t, "limit dust") == 0 {
		o.dust = rapid.IntRange(1, 12).Draw(t, "dust")
		stop = append(stop, fmt.Sprintf("dust: {native: \"%d\"}", o.dust))
	}
	if rapid.IntRange(0, 3).Draw(t, "limit poison") == 0 {
		o.touched = rapid.IntRange(1, 6).Draw(t, "touched")
		stop = append(stop, fmt.Sprintf("touched: %d", o.touched))
	}
	if len(stop) > 0 {
		b.WriteString("stop: {" + strings.Join(stop, ", ") + "}\n")
	}
	c.yaml, c.oracle = b.String(), o
}

// randomSeed draws a seed in one of its three forms; false if it would overlap.
func (c *randomCase) randomSeed(t *rapid.T, covered map[chains.OutPoint]bool) (oracleSeed, string, bool) {
	var all []chains.OutPoint
	for _, tx := range c.book.txs {
		for i, out := range tx.Outputs {
			if out.Value > 0 {
				all = append(all, chains.OutPoint{Tx: tx.ID, Index: uint32(i)})
			}
		}
	}
	at := rapid.SampledFrom(all).Draw(t, "seed")
	n, out := c.book.byID[at.Tx], c.book.outputs[at]
	tx := c.book.txs[n]
	s, text := oracleSeed{tx: n, out: int(at.Index)}, fmt.Sprintf("output: \"%s:%s\"", chain, at)
	switch rapid.IntRange(0, 2).Draw(t, "form") {
	case 1:
		s = oracleSeed{tx: n, out: -1, address: out.Address}
		text = fmt.Sprintf("chain: %s, tx: %s, to: %s", chain, at.Tx, named(string(out.Address)))
	case 2:
		to := tx.Block.Height + int64(rapid.IntRange(0, 4).Draw(t, "window"))
		s = oracleSeed{tx: -1, out: -1, address: out.Address, from: tx.Block.Height, to: to}
		text = fmt.Sprintf("chain: %s, address: %s, from: %d, to: %d", chain, named(string(out.Address)), s.from, s.to)
	}
	got := 0
	var hits []chains.OutPoint
	for _, o := range all {
		m := c.book.byID[o.Tx]
		if s.hits(c.book, m, int(o.Index)) {
			if covered[o] {
				return s, "", false
			}
			hits = append(hits, o)
			got += int(c.book.outputs[o].Value)
		}
	}
	for _, o := range hits {
		covered[o] = true
	}
	if rapid.IntRange(0, 3).Draw(t, "part") == 0 {
		s.amount = rapid.IntRange(1, got).Draw(t, "amount")
		s.last = rapid.Bool().Draw(t, "last") && s.tx >= 0
		text += fmt.Sprintf(", amount: \"%d\"", s.amount)
		if s.last {
			text += ", take: last"
		} else {
			text += ", take: first"
		}
	}
	return s, text, true
}

// hits reports whether the seed names output i of transaction n.
func (s oracleSeed) hits(b *book, n, i int) bool {
	if s.out >= 0 {
		return s.tx == n && s.out == i
	}
	h := b.txs[n].Block.Height
	return b.txs[n].Outputs[i].Address == s.address && (s.tx == n || s.tx < 0 && s.from <= h && h <= s.to)
}

// lines writes what the oracle found, one movement or endpoint and rule a line, sorted.
func (o *oracle) lines() []string {
	var out []string
	for at, m := range o.moves {
		out = append(out, o.describe(fmt.Sprintf("hop %d[%s]", at.tx, named(at.pos)), *m)...)
	}
	for _, e := range o.ends {
		out = append(out, o.describe(fmt.Sprintf("end %d[%s] %s", e.at.tx, named(e.at.pos), e.reason), e.amounts)...)
	}
	slices.Sort(out)
	return out
}

func named(pos string) string { return strings.ReplaceAll(pos, coordinator, "coordinator") }

func (o *oracle) describe(what string, m amounts) (out []string) {
	for i, r := range oracleRules {
		if !o.says(r) {
			continue
		}
		for s := range o.seeds {
			if n := count(m.by[i], unit(s)); n > 0 {
				out = append(out, fmt.Sprintf("%s %s V%d=%d", what, r, s, n))
			}
		}
	}
	for s := range o.seeds {
		if m.poison&(1<<s) != 0 {
			out = append(out, fmt.Sprintf("%s poison V%d=%d", what, s, m.value))
		}
	}
	return out
}

// traceLines writes a trace in the form of the oracle's lines.
func traceLines(c *randomCase, trace *tracer.Trace) []string {
	var out []string
	node, at := map[string]tracer.Node{}, map[string]string{}
	for _, n := range trace.Nodes {
		node[n.ID] = n
	}
	for _, h := range trace.Hops {
		leg := h.Legs[0]
		pos := leg.Positions[0].Value
		switch {
		case h.Kind == tracer.HopMixer && c.oracle.address:
			pos = "from " + c.potAt(node[leg.From[0].Node])
		case h.Kind == tracer.HopMixer:
			pos = "vin " + pos
		case c.oracle.address && pos != "fee":
			pos = c.potAt(node[leg.To])
		}
		at[h.ID] = pos
		out = append(out, seedLines(fmt.Sprintf("hop %d[%s]", c.book.byID[leg.TxID], pos), h.TracedBySeed)...)
	}
	for _, e := range trace.Endpoints {
		n, pos := -1, e.Position
		if e.TxID != nil {
			n = c.book.byID[*e.TxID]
		}
		switch {
		case strings.HasPrefix(pos, "vin "):
			pos = at[e.Hop]
		case c.oracle.address && pos != "fee":
			pos = c.potAt(node[e.Node])
		}
		out = append(out, seedLines(fmt.Sprintf("end %d[%s] %s", n, pos, e.Reason), e.TracedBySeed)...)
	}
	slices.Sort(out)
	return out
}

func seedLines(what string, by tracer.BySeed) (out []string) {
	for _, s := range by {
		for _, r := range tracer.Rules() {
			if v, ok := s.Traced.Get(r); ok && !v.IsZero() {
				out = append(out, fmt.Sprintf("%s %s %s=%s", what, r, s.Seed, v))
			}
		}
	}
	return out
}

func agree(t *rapid.T, pots tracer.Accounts, unknown bool) {
	c := randomChain(t, unknown)
	c.randomIncident(t, pots)
	c.randomChoices(t)
	c.oracle.run()
	trace, err := c.try()
	if c.oracle.refused || slices.Contains(c.oracle.met, false) {
		if err == nil || !c.oracle.refused && !errors.Is(err, chains.ErrNotFound) {
			t.Fatalf("a seed of nothing or of too much: error %v\n%s", err, c)
		}
		return
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, c)
	}
	balances(t, trace)
	sound(t, trace)
	want, got := c.oracle.lines(), traceLines(c, trace)
	if !slices.Equal(want, got) {
		t.Fatalf("%s\n%s", c, difference(want, got))
	}
}

func difference(want, got []string) string {
	var b strings.Builder
	for _, l := range want {
		if !slices.Contains(got, l) {
			b.WriteString("oracle only: " + l + "\n")
		}
	}
	for _, l := range got {
		if !slices.Contains(want, l) {
			b.WriteString("tracer only: " + l + "\n")
		}
	}
	return b.String()
}

// String writes the chain as a person would.
func (c *randomCase) String() string {
	var b strings.Builder
	b.WriteString(c.yaml)
	for n, tx := range c.book.txs {
		fmt.Fprintf(&b, "%d (height %d, %.8s):", n, tx.Block.Height, tx.ID)
		for _, in := range tx.Inputs {
			fmt.Fprintf(&b, " %d[%d] %s %d", c.book.byID[in.Prev.Tx], in.Prev.Index, in.Spent.Address, in.Spent.Value)
		}
		b.WriteString(" ->")
		for _, out := range tx.Outputs {
			fmt.Fprintf(&b, " %s %d", out.Address, out.Value)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestOracleAgreesOutputs(t *testing.T) {
	checks(t, 3000)
	rapid.Check(t, func(t *rapid.T) { agree(t, tracer.AccountsOutput, false) })
}

func TestOracleAgreesAddresses(t *testing.T) {
	checks(t, 3000)
	rapid.Check(t, func(t *rapid.T) { agree(t, tracer.AccountsAddress, false) })
}

func TestOracleAgreesUnknownInputs(t *testing.T) {
	checks(t, 1500)
	rapid.Check(t, func(t *rapid.T) { agree(t, tracer.AccountsOutput, true) })
}

func TestOracleAgreesAddressesUnknownInputs(t *testing.T) {
	checks(t, 1500)
	rapid.Check(t, func(t *rapid.T) { agree(t, tracer.AccountsAddress, true) })
}

func TestOracleAgreesClusters(t *testing.T) {
	checks(t, 3000)
	rapid.Check(t, func(t *rapid.T) { agree(t, tracer.AccountsCluster, false) })
}

func TestOracleAgreesClustersUnknownInputs(t *testing.T) {
	checks(t, 1500)
	rapid.Check(t, func(t *rapid.T) { agree(t, tracer.AccountsCluster, true) })
}
