package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"clew/chains"
	"clew/exhibit"
	"clew/tracer"
)

// mostOnWay is how many steps of a way a sentence names at either end, and mostSources how many
// hops and seeds whose value a hop carries on.
const mostOnWay, mostSources = 4, 6

// pathTo returns a way from a seed to h, as "seed V1" and "hop 3", h itself last: back from each hop
// to that with the largest traced amount whose value it carries on.
func pathTo(t *tracer.Trace, h *tracer.Hop, rule tracer.Rule) []string {
	at := make(map[string]int, len(t.Hops))
	for i := range t.Hops {
		at[t.Hops[i].ID] = i
	}
	way := []string{fmt.Sprintf("hop %d", h.Number)}
	for {
		next, seed := -1, ""
		for _, id := range h.Inputs {
			k, isHop := at[id]
			switch {
			case !isHop && seed == "":
				seed = id
			case isHop && t.Hops[k].Number < h.Number && (next < 0 || weight(&t.Hops[next], rule).Less(weight(&t.Hops[k], rule))):
				next = k
			}
		}
		if next < 0 {
			if seed != "" {
				way = append(way, "seed "+exhibit.Visible(seed))
			}
			slices.Reverse(way)
			return way
		}
		before := &t.Hops[next]
		if reaches(before, h) {
			way = append(way, fmt.Sprintf("hop %d", before.Number))
		}
		h = before
	}
}

// weight is what of a hop is traced under a rule; under the rule that sees most where it says nothing.
func weight(h *tracer.Hop, rule tracer.Rule) chains.Amount {
	a, ok := h.Traced.Get(rule)
	if ok && !a.IsZero() {
		return a
	}
	return chains.Amount{}
}

// reaches reports whether h leaves where before arrived. Out of an account a hop names the last one
// out of it too, for what that left behind.
func reaches(before, h *tracer.Hop) bool {
	to := before.Legs[len(before.Legs)-1].To
	return slices.ContainsFunc(h.Legs[0].From, func(f tracer.From) bool { return f.Node == to }) || h.Legs[0].Chain.Info().Family != chains.FamilyEVM
}

// wayWords names the steps of a way, those in the middle of a long one by their number.
func wayWords(way []string) string {
	if more := len(way) - 2*mostOnWay; more > 1 {
		way = slices.Concat(way[:mostOnWay], []string{fmt.Sprintf("%s more", grouped(int64(more)))}, way[len(way)-mostOnWay:])
	}
	return strings.Join(way, " → ")
}

// why says whose value the hop carries on, and the way from a seed.
func (x *explanation) why(t *loadedTrace, names *exhibit.Assets) []string {
	var says []string
	if traced, ok := x.Hop.Traced.Get(x.Rule); !ok || traced.IsZero() {
		says = append(says, x.whyAtAll(t))
	}
	seeds, hops := map[string]*tracer.SeedEntry{}, map[string]*tracer.Hop{}
	for i := range t.Seeds {
		if seeds[t.Seeds[i].ID] == nil {
			seeds[t.Seeds[i].ID] = &t.Seeds[i]
		}
	}
	for i := range t.Hops {
		hops[t.Hops[i].ID] = &t.Hops[i]
	}
	var sources []string
	for _, id := range x.Hop.Inputs {
		if s := seeds[id]; s != nil {
			sources = append(sources, fmt.Sprintf("seed %s (%s that %s received, alleged stolen)", exhibit.Visible(id), coins(names, s.Chain, s.Asset, s.Units), exhibit.Visible(s.Address)))
		} else if h := hops[id]; h != nil {
			sources = append(sources, sourceWords(t.Trace, names, h, x.Hop, x.Rule))
		}
	}
	if more := len(sources) - mostSources; more > 0 {
		sources = append(sources[:mostSources], fmt.Sprintf("%s more", grouped(int64(more))))
	}
	if len(sources) > 0 {
		says = append(says, "It carries on "+strings.Join(sources, "; ")+".")
	}
	if len(x.Path) > 1 {
		says = append(says, fmt.Sprintf("A way from the theft, at each step back the hop with the largest traced amount: %s.", wayWords(x.Path)))
	}
	return says
}

// whyAtAll says which rules trace a hop of which the declared one traces nothing.
func (x *explanation) whyAtAll(t *loadedTrace) string {
	var by []string
	for _, r := range t.Rules {
		if a, ok := x.Hop.Traced.Get(r); ok && r.Conserves() && !a.IsZero() {
			by = append(by, r.String())
		}
	}
	if len(by) == 0 {
		return "Poison alone reaches it: it was in contact with traced value, and no accounting rule traces any of it."
	}
	return fmt.Sprintf("It is in the trace because other rules trace a part of it (%s); under %s it carries nothing.", strings.Join(by, ", "), x.Rule)
}

// sourceWords names a hop whose value another one carries on.
func sourceWords(t *tracer.Trace, names *exhibit.Assets, before, h *tracer.Hop, rule tracer.Rule) string {
	leg := &before.Legs[len(before.Legs)-1]
	if !reaches(before, h) {
		return fmt.Sprintf("what hop %d left in the account", before.Number)
	}
	traced, ok := before.Traced.Get(rule)
	if !ok {
		return fmt.Sprintf("hop %d", before.Number)
	}
	return fmt.Sprintf("hop %d (%s traced of the %s that %s received)", before.Number, coins(names, leg.Chain, leg.Asset, traced),
		coins(names, leg.Chain, leg.Asset, leg.Units), nodeName(t, leg.To))
}

// gapsAt are the gaps that touch a hop: of its transactions, or of the blocks in which they stand.
func gapsAt(t *tracer.Trace, h *tracer.Hop) []tracer.Gap {
	var out []tracer.Gap
	for i := range t.Gaps {
		g := &t.Gaps[i]
		if slices.ContainsFunc(h.Legs, func(l tracer.Leg) bool { return touches(g, l.Chain, l.TxID.String(), l.Height) }) {
			out = append(out, *g)
		}
	}
	return out
}

// touches reports whether a gap is of a transaction or of the block in which it stands.
func touches(g *tracer.Gap, chain chains.Chain, txid string, height int64) bool {
	switch {
	case g.Chain != chain:
		return false
	case g.TxID != "":
		return strings.TrimPrefix(g.TxID, "0x") == txid
	case g.FromHeight == nil && g.ToHeight == nil:
		return false
	}
	return (g.FromHeight == nil || *g.FromHeight <= height) && (g.ToHeight == nil || height <= *g.ToHeight)
}

// gapWords are a gap as people read it.
func gapWords(names *exhibit.Assets, g *tracer.Gap) string {
	text := fmt.Sprintf("%s: %s. Effect: %s.", strings.TrimSuffix(g.What, "."), strings.TrimSuffix(g.Why, "."), strings.TrimSuffix(g.Effect, "."))
	return plainSpaces(exhibit.Visible(names.InCoins(g.Chain, text)))
}

// unknown says what is not known of the hop.
func (x *explanation) unknown(names *exhibit.Assets, leg *tracer.Leg) []string {
	var says []string
	for i := range x.Gaps {
		says = append(says, "A gap: "+gapWords(names, &x.Gaps[i]))
	}
	if !x.Complete {
		says = append(says, "Only the traced part of the transaction is shown: neither a recording beside the trace nor the store has it whole. --rpc URL or --rpc recording:DIR shows the rest.")
	}
	if x.Hop.Kind == tracer.HopMixer && len(x.Hop.Legs) == 1 {
		says = append(says, "Which of the outputs is whose: the chain does not tell, and nothing is followed through.")
	}
	if len(leg.Raw) == 0 && leg.Evidence == chains.EvidenceProven.String() {
		says = append(says, "The trace was made from a store, which keeps no bytes of transactions: a node shows them again.")
	}
	return append(says, "Who holds the addresses: the chain does not tell.")
}

// adoptedBecause is the reason that the incident gives for adopting the way of a hop; "" where none is
// adopted, or the incident's file is not beside the trace.
func (x *explanation) adoptedBecause(t *loadedTrace) string {
	if len(x.Hop.Legs) < 2 || t.file == "" || x.Hop.Kind != tracer.HopMixer && x.Hop.Kind != tracer.HopBridge && x.Hop.Kind != tracer.HopFee {
		return ""
	}
	name := filepath.Join(filepath.Dir(t.file), "incident.yaml")
	text, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != t.Incident.SHA256 {
		return "" // another incident, or another state of it
	}
	inc, err := tracer.ParseIncident(name, text, codec())
	if err != nil {
		return ""
	}
	first, last := &x.Hop.Legs[0], &x.Hop.Legs[1]
	for i := range inc.Adopt {
		a := &inc.Adopt[i]
		if a.FromTx == first.TxID && a.To.Tx != nil && *a.To.Tx == last.TxID {
			return exhibit.Visible(a.Reason)
		}
	}
	return ""
}
