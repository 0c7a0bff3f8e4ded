package exhibit

import (
	"cmp"
	"fmt"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// register finds things of a trace by their ids, for the schedules.
type register struct {
	t      *tracer.Trace
	assets *Assets
	rule   tracer.Rule
	names  []string // aliases of nodes
	nodeAt map[string]int
	hopAt  map[string]int
	found  *Findings
	beside map[chains.TxID]tracer.Beside // what transactions spend
}

func newRegister(t *tracer.Trace, rule tracer.Rule) *register {
	r := &register{t: t, assets: NameAssets(t), rule: rule, names: aliases(t), nodeAt: map[string]int{}, hopAt: map[string]int{}, beside: t.Beside()}
	r.found = ReadFindings(t, r.assets)
	for i := range t.Nodes {
		r.nodeAt[t.Nodes[i].ID] = i
	}
	for i := range t.Hops {
		r.hopAt[t.Hops[i].ID] = i
	}
	return r
}

// txText writes a transaction's id as users of its chain do.
func txText(c chains.Chain, id string) string {
	if len(id) == 64 && c.Info().Family == chains.FamilyEVM {
		return "0x" + id
	}
	return visible(id)
}

// mostNamed is how many characters of a claim stand where an address is only mentioned; schedule D
// has the whole, with who says so.
const mostNamed = 60

// place is a node as schedules show it.
type place struct {
	Alias, Address, Kind, Claim string
	Name                        string   // the claim in short: who it is said to be
	Found                       []string // what heuristics say that it is
}

func (r *register) place(id string) place {
	i, ok := r.nodeAt[id]
	if !ok {
		return place{Address: visible(id), Kind: "not listed in the trace"}
	}
	n := &r.t.Nodes[i]
	p := place{Alias: r.names[i], Kind: string(n.Kind), Address: visible(n.Address)}
	if p.Address == "" {
		p.Address = txText(n.Chain, n.TxID)
	}
	var claims []string
	for _, c := range []string{n.Entity, n.Label} {
		if c != "" {
			claims = append(claims, visible(c))
		}
	}
	p.Claim = strings.Join(claims, "; ")
	p.Name = clip(visible(cmp.Or(n.Entity, n.Label)), mostNamed)
	if g := r.found.mix(n); g != nil {
		p.Claim, p.Name = "", ""
	}
	p.Found = r.found.words(n)
	return p
}

// sources returns the places that a leg came from, each once, and the outputs it spent.
func (r *register) sources(leg *tracer.Leg) (places []place, outpoints []string) {
	seen := map[string]bool{}
	for _, f := range leg.From {
		if !seen[f.Node] {
			seen[f.Node] = true
			places = append(places, r.place(f.Node))
		}
		if f.OutPoint != "" {
			outpoints = append(outpoints, visible(f.OutPoint))
		}
	}
	return places, outpoints
}

// other returns the other funds that the transaction of leg spends beside the outputs that
// its hops come from; exact is false where they are the least. Zero: none are known of.
func (r *register) other(leg *tracer.Leg) (units chains.Amount, exact bool) {
	b := r.beside[leg.TxID]
	return b.Other, b.Exact
}

// otherWords says so: "with other funds: 3.00000000 BTC"; "" where none are known of.
func (r *register) otherWords(leg *tracer.Leg) string {
	units, exact := r.other(leg)
	switch amount := r.assets.format(legUnit(leg), units); {
	case units.IsZero():
		return ""
	case exact:
		return "with other funds: " + amount
	default:
		return "with other funds: at least " + amount
	}
}

// inputs names the hops and seeds whose value h carries on: "hop 3", "seed V1".
func (r *register) inputs(h *tracer.Hop) []string {
	out := make([]string, len(h.Inputs))
	for i, id := range h.Inputs {
		if k, ok := r.hopAt[id]; ok {
			out[i] = fmt.Sprintf("hop %d", r.t.Hops[k].Number)
			continue
		}
		out[i] = "seed " + visible(id)
	}
	return out
}

// told is a sentence of the trace about a chain as people read it.
func (r *register) told(c chains.Chain, text string) string {
	return visible(r.assets.InCoins(c, text))
}

// findings names the findings of h: what each finds, and its row in schedule D.
func (r *register) findings(h *tracer.Hop) []findingRef {
	var out []findingRef
	for _, g := range r.found.Of(h) {
		out = append(out, findingRef{r.found.Number(g), r.found.Title(g)})
	}
	return out
}

// findingRef leads to a row of schedule D.
type findingRef struct {
	Number int
	Title  string
}

func positions(leg *tracer.Leg) string {
	parts := make([]string, len(leg.Positions))
	for i, p := range leg.Positions {
		parts[i] = visible(p.Kind)
		if p.Value != "" && p.Value != p.Kind {
			parts[i] += " " + visible(p.Value)
		}
	}
	return strings.Join(parts, ", ")
}

// basisOf returns the basis of h under the drawn rule; "" where nothing is traced.
func (r *register) basisOf(h *tracer.Hop) string {
	if tracedUnder(&h.Traced, r.rule).IsZero() {
		return ""
	}
	b, ok := h.Basis.Get(r.rule)
	if !ok {
		return ""
	}
	return b.String()
}

// splitWords writes the parts of b: "whole 12, rule 3", in units.
func splitWords(b *tracer.BasisSplit, write func(chains.Amount) string) string {
	var parts []string
	for i, a := range b.Parts {
		if !a.IsZero() {
			parts = append(parts, tracer.Basis(i).String()+" "+write(a))
		}
	}
	return strings.Join(parts, ", ")
}

// heights writes the blocks of a gap.
func heights(g *tracer.Gap) string {
	switch {
	case g.FromHeight == nil && g.ToHeight == nil:
		return ""
	case g.ToHeight == nil:
		return fmt.Sprintf("from %d", *g.FromHeight)
	case g.FromHeight == nil:
		return fmt.Sprintf("to %d", *g.ToHeight)
	case *g.FromHeight == *g.ToHeight:
		return fmt.Sprint(*g.FromHeight)
	}
	return fmt.Sprintf("%d to %d", *g.FromHeight, *g.ToHeight)
}
