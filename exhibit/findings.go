package exhibit

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// Findings are what heuristics say in a trace, as people read it: what each is about, and how
// wrong its heuristic was where it was measured. None of it is a fact. Safe for concurrent use.
type Findings struct {
	t        *tracer.Trace
	on       []chains.Chain // of the trace
	assets   *Assets
	at       map[string]int          // index into Trace.Findings, by id
	nodes    map[string]int          // index into Trace.Nodes, by id
	hops     map[string][]int        // numbers of the hops that name a finding, by its id
	chain    map[string]chains.Chain // of a transaction, as findings write its id
	clusters map[string]int          // number of the finding among those of clusters, by id
	about    map[string][]int        // findings that name an address, by "chain address"
}

// ReadFindings gathers the findings of t. names is how its amounts are written.
func ReadFindings(t *tracer.Trace, names *Assets) *Findings {
	f := &Findings{t: t, on: chainsOf(t), assets: names, at: map[string]int{}, nodes: map[string]int{}, hops: map[string][]int{}, chain: map[string]chains.Chain{},
		clusters: map[string]int{}, about: map[string][]int{}}
	for i := range t.Nodes {
		f.nodes[t.Nodes[i].ID] = i
	}
	for i := range t.Hops {
		h := &t.Hops[i]
		for _, id := range h.Findings {
			f.hops[id] = append(f.hops[id], h.Number)
		}
		for k := range h.Legs {
			f.chain[h.Legs[k].TxID.String()] = h.Legs[k].Chain
		}
	}
	for i := range t.Seeds {
		f.chain[t.Seeds[i].TxID.String()] = t.Seeds[i].Chain
	}
	for i := range t.Findings {
		g := &t.Findings[i]
		f.at[g.ID] = i
		if isCluster(g.Heuristic) {
			f.clusters[g.ID] = len(f.clusters) + 1
		}
		for _, a := range g.Addresses {
			key := string(f.Chain(g)) + " " + a
			f.about[key] = append(f.about[key], i)
		}
	}
	return f
}

// depositAddress is the heuristic that takes an address for one of a customer at a service.
const depositAddress = "deposit-address"

// isCluster reports whether findings of a heuristic say that addresses belong together.
func isCluster(heuristic string) bool { return heuristic == "co-spend" || heuristic == "wraps" }

// family is the part of a heuristic's name before the stroke: "coinjoin" of "coinjoin/wasabi1".
func family(heuristic string) string {
	name, _, _ := strings.Cut(heuristic, "/")
	return name
}

// Chain returns the chain of a finding. Of one that does not tell it is that of its transaction, or the
// only one of the trace; else "".
func (f *Findings) Chain(g *tracer.Finding) chains.Chain {
	if g.Chain != "" {
		return g.Chain
	}
	for _, id := range append([]string{g.TxID}, g.TxIDs...) {
		if c, ok := f.chain[strings.TrimPrefix(id, "0x")]; ok {
			return c
		}
	}
	if len(f.on) == 1 {
		return f.on[0]
	}
	return ""
}

// Of returns the findings that a hop names, in its order.
func (f *Findings) Of(h *tracer.Hop) []*tracer.Finding {
	var out []*tracer.Finding
	for _, id := range h.Findings {
		if i, ok := f.at[id]; ok {
			out = append(out, &f.t.Findings[i])
		}
	}
	return out
}

// About returns the findings that name the address of a node.
func (f *Findings) About(n *tracer.Node) []*tracer.Finding {
	var out []*tracer.Finding
	if n.Address == "" {
		return nil
	}
	for _, i := range f.about[string(n.Chain)+" "+n.Address] {
		out = append(out, &f.t.Findings[i])
	}
	return out
}

// Number is the row of a finding in schedule D.
func (f *Findings) Number(g *tracer.Finding) int { return f.at[g.ID] + 1 }

// Hops are the numbers of the hops that name a finding, ascending.
func (f *Findings) Hops(g *tracer.Finding) []int { return f.hops[g.ID] }

// Says is the finding as one sentence without its full stop, with amounts in coins.
func (f *Findings) Says(g *tracer.Finding) string {
	return strings.TrimSuffix(visible(f.assets.InCoins(f.Chain(g), g.Says)), ".")
}

// Title names what a finding finds: "Peel chain", "Addresses spent together (K2)".
func (f *Findings) Title(g *tracer.Finding) string {
	title := HeuristicWords(g.Heuristic)
	if n := f.clusters[g.ID]; n > 0 {
		title += fmt.Sprintf(" (K%d)", n)
	}
	return title
}

// Cluster is the name, such as K2, of the cluster that a node's address is in; "" for none. Of
// several the first is taken.
func (f *Findings) Cluster(n *tracer.Node) string {
	for _, g := range f.About(n) {
		if k := f.clusters[g.ID]; k > 0 {
			return fmt.Sprintf("K%d", k)
		}
	}
	return ""
}

// mix returns the finding that a node is a mix; nil where there is none.
func (f *Findings) mix(n *tracer.Node) *tracer.Finding {
	if n.Kind != tracer.NodeMixer || n.TxID == "" {
		return nil
	}
	for i := range f.t.Findings {
		if g := &f.t.Findings[i]; g.TxID == n.TxID && family(g.Heuristic) == "coinjoin" {
			return g
		}
	}
	return nil
}

// FindingGroup is what one version of a heuristic says in a trace, in all.
type FindingGroup struct {
	Heuristic, Version string
	Title              string
	Count              int
	Error              *tracer.MeasuredError
}

// Groups counts the findings of each heuristic, in the order in which the trace has them.
func (f *Findings) Groups() []FindingGroup {
	var out []FindingGroup
	for i := range f.t.Findings {
		g := &f.t.Findings[i]
		k := slices.IndexFunc(out, func(o FindingGroup) bool { return o.Heuristic == g.Heuristic && o.Version == g.Version })
		if k < 0 {
			k = len(out)
			out = append(out, FindingGroup{Heuristic: g.Heuristic, Version: g.Version, Title: HeuristicWords(g.Heuristic), Error: g.Error})
		}
		out[k].Count++
	}
	return out
}

// HeuristicWords names what a heuristic finds; its own name where this version does not know it.
func HeuristicWords(heuristic string) string {
	if words := map[string]string{
		"coinjoin/whirlpool": "CoinJoin of Whirlpool", "coinjoin/whirlpool-tx0": "Preparation of a CoinJoin of Whirlpool (Tx0)",
		"coinjoin/wasabi1": "CoinJoin of Wasabi 1", "coinjoin/wasabi2": "CoinJoin of Wasabi 2", "coinjoin/joinmarket": "CoinJoin of JoinMarket",
		"peel": "Peel chain", "change": "Change output", "consolidation": "Consolidation", "batch": "Batch of payments",
		"co-spend": "Addresses spent together", "wraps": "A script inside of another", "mapping": "Link inside of a CoinJoin", "mix-link": "Link inside of a CoinJoin, not computed", "mix-change": "Change out of a CoinJoin",
		"deposit-address": "Deposit address of a service", "deposit-address/consolidation": "Deposit address of a service, by how it is emptied", "dust": "Dust", "loan": "Loan",
		"mixer-candidates": "Not looked at behind a mixer", "tornado-deposit": "Deposit to a mixer's pool", "swap-counterpart": "Other side of a swap", "bridge-pending": "Under way over a bridge",
	}[heuristic]; words != "" {
		return words
	}
	if signal, ok := strings.CutPrefix(heuristic, "mixer-candidates/"); ok {
		return "Candidates behind a mixer, by " + visible(signal)
	}
	return visible(heuristic)
}

// ErrorWords says how often a heuristic was in error where it was measured: "wrong in 0 of 8 (too few to
// say) on real transactions: …", or missed; nil: that it was not measured. Traces that do not say what was
// counted mean wrong, and some do not say on what kind of data: "wrong in 1 of 1 300: …".
func ErrorWords(e *tracer.MeasuredError) string {
	if e == nil {
		return "error not measured"
	}
	n := groupThousands(fmt.Sprint(e.N))
	few := ""
	if e.N < tracer.FewCases {
		few = " (too few to say)"
	}
	if e.What != "" && e.Data != "" {
		return visible(e.What) + " in " + groupThousands(fmt.Sprint(e.Hits)) + " of " + n + few + " on " + longNumbers.ReplaceAllStringFunc(visible(e.MeasuredOn), groupThousands)
	}
	if e.What != "" {
		return visible(e.What) + " in " + groupThousands(fmt.Sprint(e.Hits)) + " of " + n + ": " + visible(e.MeasuredOn)
	}
	wrong, ok := partOf(e.Rate, e.N)
	if !ok {
		return fmt.Sprintf("error rate %s on %s (n = %s)", visible(e.Rate), visible(e.MeasuredOn), n)
	}
	return "wrong in " + groupThousands(wrong.String()) + " of " + n + ": " + visible(e.MeasuredOn)
}

// longNumbers are numbers in a sentence that are no years.
var longNumbers = regexp.MustCompile(`[0-9]{5,}`)

// partOf returns the whole number next to rate, a decimal, times n: rates are rounded to a few
// decimals. ok is false where rate is none.
func partOf(rate string, n int) (part chains.Amount, ok bool) {
	const mostDigits = 30
	whole, frac, _ := strings.Cut(rate, ".")
	digits := strings.TrimLeft(whole+frac, "0")
	if whole == "" || n < 0 || len(rate) > mostDigits {
		return part, false
	}
	parts, err := chains.ParseAmount(cmp.Or(digits, "0"))
	if err != nil {
		return part, false
	}
	step := powerOfTen(len(frac))
	part, left := parts.MulDiv(chains.Units(uint64(n)), step)
	if !plus(left, left).Less(step) {
		part = plus(part, chains.Units(1))
	}
	return part, true
}

// inUnits is how a trace writes an amount inside of a sentence.
var inUnits = regexp.MustCompile(`\b([0-9]{1,78}) units of (native|0x[0-9a-fA-F]{40}(?:/[0-9]+)?)\b`)

// InCoins returns text, a sentence of a trace about chain, with amounts that stand as "N units of
// ASSET" written in coins, exactly. What the trace does not name stays as it is.
func (a *Assets) InCoins(chain chains.Chain, text string) string {
	return inUnits.ReplaceAllStringFunc(text, func(found string) string {
		m := inUnits.FindStringSubmatch(found)
		u := Unit{chain, chains.Asset(m[2])}
		_, named := a.names[u]
		amount, err := chains.ParseAmount(m[1])
		if err != nil || chain == "" || !named && u.Asset != chains.Native {
			return found
		}
		return a.format(u, amount)
	})
}
