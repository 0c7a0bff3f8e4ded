package exhibit

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// GraphML writes the whole graph of the trace, nothing folded, for programs that draw or measure graphs:
// yEd by the shapes and labels of its own, Gephi, igraph and networkx by plain data. Nodes are seeds, the
// places of the trace, and transactions in which value of several places meets; edges are receipts of
// seeds, legs of hops, and what such a transaction spends. Amounts are whole smallest units as text, since
// no float holds them; weight is the traced amount under the drawn rule in coins, for thickness alone, and
// amounts of two assets do not compare. In a place what comes in under an accounting rule equals what goes
// out and ends there, asset by asset.
func (x *Exhibit) GraphML(w io.Writer) error {
	g := &graph{register: newRegister(x.Trace, x.Diagram.Rule), x: x, w: bufio.NewWriterSize(w, 1<<16), made: map[string]holdingIn{}, junctions: map[string]bool{}}
	g.head()
	g.nodes()
	g.edges()
	g.print("</graph>\n</graphml>\n")
	if g.err == nil {
		g.err = g.w.Flush()
	}
	if g.err != nil {
		return fmt.Errorf("graph of %s: %w", x.Trace.Incident.ID, g.err)
	}
	return nil
}

// graph writes GraphML. The first error stays.
type graph struct {
	*register
	x         *Exhibit
	w         *bufio.Writer
	made      map[string]holdingIn // by output: what made it
	junctions map[string]bool      // transactions without a node of the trace that join several places
	err       error
}

// holdingIn is an output as a transaction spends it.
type holdingIn struct {
	place  string
	traced *tracer.Traced
	units  chains.Amount
	unit   Unit
}

func (g *graph) print(format string, args ...any) {
	if g.err == nil {
		_, g.err = fmt.Fprintf(g.w, format, args...)
	}
}

// attr is a column of nodes or edges: its name and GraphML's type.
type attr struct{ id, name, kind string }

func (g *graph) nodeAttrs() []attr {
	out := []attr{{"n0", "chain", "string"}, {"n1", "address", "string"}, {"n2", "kind", "string"}, {"n3", "alias", "string"}, {"n4", "label", "string"}, {"n5", "entity", "string"},
		{"n6", "cluster", "string"}, {"n7", "seeds", "string"}, {"n8", "ends", "string"}, {"n9", "assets_ended", "string"}, {"n10", "inferred", "string"}}
	for _, r := range g.t.Rules {
		out = append(out, attr{"n_" + r.String(), "ended_" + r.String(), "string"})
	}
	return out
}

func (g *graph) edgeAttrs() []attr {
	out := []attr{{"e0", "number", "int"}, {"e1", "kind", "string"}, {"e2", "leg", "int"}, {"e3", "txid", "string"}, {"e4", "time", "string"}, {"e5", "block", "long"}, {"e6", "chain", "string"},
		{"e7", "asset", "string"}, {"e8", "symbol", "string"}, {"e9", "units", "string"}, {"e10", "evidence", "string"}, {"e11", "basis", "string"}, {"e12", "findings", "string"}, {"e13", "weight", "double"}}
	for _, r := range g.t.Rules {
		out = append(out, attr{"e_" + r.String(), "traced_" + r.String(), "string"})
	}
	return out
}

func (g *graph) head() {
	g.print("%s<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\" xmlns:y=\"http://www.yworks.com/xml/graphml\">\n", xml.Header)
	t := g.t
	says := "Funds alleged to be stolen: " + title(t) + ". " + textAlleged + " " + textInnocent + " " + ruleLine(t, g.rule) + " Trace SHA-256 " + g.x.SHA256 + "."
	if t.Incident.Synthetic {
		says = textReplica + " " + says
	}
	g.print("<desc>%s</desc>\n", xmlEscape(says))
	for _, a := range g.nodeAttrs() {
		g.print("<key id=%q for=\"node\" attr.name=%q attr.type=%q/>\n", a.id, a.name, a.kind)
	}
	for _, a := range g.edgeAttrs() {
		g.print("<key id=%q for=\"edge\" attr.name=%q attr.type=%q/>\n", a.id, a.name, a.kind)
	}
	g.print("<key id=\"g0\" for=\"graph\" attr.name=\"description\" attr.type=\"string\"/>\n<key id=\"ny\" for=\"node\" yfiles.type=\"nodegraphics\"/>\n<key id=\"ey\" for=\"edge\" yfiles.type=\"edgegraphics\"/>\n")
	g.print("<graph id=\"trace\" edgedefault=\"directed\">\n<data key=\"g0\">%s</data>\n", xmlEscape(says))
}

// data writes the values of attrs that are not empty.
func (g *graph) data(attrs []attr, values []string) {
	for i, v := range values {
		if v != "" {
			g.print("<data key=\"%s\">%s</data>", attrs[i].id, xmlEscape(v))
		}
	}
}

// xmlEscape makes text visible and safe in XML.
func xmlEscape(text string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(visible(text))); err != nil {
		return "" // a Builder takes everything
	}
	return b.String()
}

// nodes writes seeds, places and junctions.
func (g *graph) nodes() {
	attrs := g.nodeAttrs()
	seeds, ends := map[string][]string{}, map[string][]int{}
	seen := map[string]bool{}
	for i := range g.t.Seeds {
		s := &g.t.Seeds[i]
		seeds[s.Node] = append(seeds[s.Node], s.ID)
		if !seen[s.ID] {
			seen[s.ID] = true
			g.node("seed "+s.ID, attrs, []string{string(s.Chain), "", "seed", "Seed " + s.ID}, "Seed "+s.ID, "ellipse")
		}
	}
	for i := range g.t.Endpoints {
		ends[g.t.Endpoints[i].Node] = append(ends[g.t.Endpoints[i].Node], i)
	}
	for i := range g.t.Nodes {
		n := &g.t.Nodes[i]
		p := g.place(n.ID)
		values := []string{string(n.Chain), p.Address, string(n.Kind), p.Alias, n.Label, n.Entity, g.found.Cluster(n), strings.Join(seeds[n.ID], " ")}
		values = append(values, g.ended(ends[n.ID])...)
		label := p.Alias + " " + shorten(p.Address)
		if p.Name != "" {
			label += "\n" + p.Name
		}
		values[10] = strings.Join(p.Found, "; ")
		g.node(n.ID, attrs, values, label, shapeOf(n.Kind))
	}
	g.spent()
	for i := range g.t.Hops {
		for k := range g.t.Hops[i].Legs {
			leg := &g.t.Hops[i].Legs[k]
			if id, made := g.from(leg); made && !g.junctions[id] {
				g.junctions[id] = true
				tx := txText(leg.Chain, leg.TxID.String())
				g.node(id, attrs, []string{string(leg.Chain), tx, string(tracer.NodeTransaction)}, "Transaction "+shorten(tx), "roundrectangle")
			}
		}
	}
}

func shapeOf(k tracer.NodeKind) string {
	switch k {
	case tracer.NodeMixer:
		return "hexagon"
	case tracer.NodeTransaction:
		return "roundrectangle"
	case tracer.NodeService:
		return "octagon"
	}
	return "rectangle"
}

func (g *graph) node(id string, attrs []attr, values []string, label, shape string) {
	g.print("<node id=\"%s\">", xmlEscape(id))
	g.data(attrs, values)
	g.print("<data key=\"ny\"><y:ShapeNode><y:Geometry height=\"40\" width=\"160\"/><y:Fill color=\"#FFFFFF\" transparent=\"false\"/><y:BorderStyle color=\"#000000\" type=\"line\" width=\"1\"/><y:NodeLabel>%s</y:NodeLabel><y:Shape type=\"%s\"/></y:ShapeNode></data></node>\n",
		xmlEscape(label), shape)
}

// ended is what ends at a place: reasons, assets, and under each rule its amount, or, of several assets,
// "123 SYMBOL; 456 OTHER" in their order.
func (g *graph) ended(ends []int) []string {
	var reasons []string
	var units []Unit
	sums := map[Unit]*tracer.Traced{}
	for _, i := range ends {
		e := &g.t.Endpoints[i]
		if r := string(e.Reason); !strings.Contains(" "+strings.Join(reasons, " ")+" ", " "+r+" ") {
			reasons = append(reasons, r)
		}
		u := Unit{e.Chain, e.Asset}
		if sums[u] == nil {
			sums[u] = &tracer.Traced{}
			units = append(units, u)
		}
		for _, r := range g.t.Rules {
			a, ok := e.Traced.Get(r)
			sums[u].Value[r], sums[u].Null[r] = plus(sums[u].Value[r], a), sums[u].Null[r] || !ok
		}
	}
	var names []string
	for _, u := range units {
		names = append(names, string(u.Asset))
	}
	out := []string{strings.Join(reasons, " "), strings.Join(names, "; "), ""}
	for _, r := range g.t.Rules {
		var parts []string
		for _, u := range units {
			if a, ok := sums[u].Get(r); ok {
				parts = append(parts, a.String())
			}
		}
		out = append(out, strings.Join(parts, "; "))
	}
	return out
}

// spent notes what made each output.
func (g *graph) spent() {
	for i := range g.t.Seeds {
		s := &g.t.Seeds[i]
		whole := g.whole(s)
		g.made[s.TxID.String()+":"+s.Position] = holdingIn{s.Node, whole, s.Units, Unit{s.Chain, s.Asset}}
	}
	for i := range g.t.Hops {
		h := &g.t.Hops[i]
		leg := &h.Legs[len(h.Legs)-1]
		for _, p := range leg.Positions {
			if p.Kind == "vout" {
				g.made[leg.TxID.String()+":"+p.Value] = holdingIn{leg.To, &h.Traced, leg.Units, legUnit(leg)}
			}
		}
	}
}

// whole is a seed under each rule that says something of the trace: all of it is traced.
func (g *graph) whole(s *tracer.SeedEntry) *tracer.Traced {
	whole := &tracer.Traced{}
	for _, r := range tracer.Rules() {
		_, says := g.t.Conservation.Get(r)
		whole.Value[r], whole.Null[r] = s.Units, !says
	}
	return whole
}

// from is the node that a leg leaves; made is true where it is a transaction that joins several places
// and is no node of the trace.
func (g *graph) from(leg *tracer.Leg) (id string, made bool) {
	if leg.Via != "" {
		return leg.Via, false
	}
	for i := range leg.From {
		if leg.From[i].Node != leg.From[0].Node {
			return "tx " + string(leg.Chain) + " " + leg.TxID.String(), true
		}
	}
	if len(leg.From) == 0 {
		return leg.To, false
	}
	return leg.From[0].Node, false
}

// edges writes receipts of seeds, then hops in order with what their transactions spend.
func (g *graph) edges() {
	attrs := g.edgeAttrs()
	for i := range g.t.Seeds {
		s := &g.t.Seeds[i]
		u := Unit{s.Chain, s.Asset}
		values := []string{"", "seed", "", txText(s.Chain, s.TxID.String()), s.Time, strconv.FormatInt(s.Height, 10), string(s.Chain), string(s.Asset), g.assets.symbol(u), s.Units.String(), s.Evidence, "", "", g.weight(u, s.Units)}
		whole := g.whole(s)
		g.edge(fmt.Sprintf("s%d", i+1), "seed "+s.ID, s.Node, attrs, append(values, g.perRule(whole)...), "Seed "+s.ID+"\n"+g.assets.brief(u, s.Units), s.Evidence, false)
	}
	fed := map[string]bool{}
	for i := range g.t.Hops {
		for k := range g.t.Hops[i].Legs {
			g.feeds(&g.t.Hops[i].Legs[k], attrs, fed)
			g.leg(&g.t.Hops[i], k, attrs)
		}
	}
}

// weight is an amount in coins, for programs that draw by it.
func (g *graph) weight(u Unit, a chains.Amount) string { return g.assets.plain(u, a) }

// feeds writes what the transaction of a leg spends, where several places meet in it.
func (g *graph) feeds(leg *tracer.Leg, attrs []attr, fed map[string]bool) {
	to, made := g.from(leg)
	if leg.Via == "" && !made {
		return
	}
	for _, f := range leg.From {
		in, ok := g.made[f.OutPoint]
		if !ok || fed[f.OutPoint] {
			continue
		}
		fed[f.OutPoint] = true
		values := []string{"", "input", "", txText(leg.Chain, leg.TxID.String()), leg.Time, strconv.FormatInt(leg.Height, 10), string(leg.Chain), string(in.unit.Asset), g.assets.symbol(in.unit), in.units.String(),
			leg.Evidence, "", "", g.weight(in.unit, tracedUnder(in.traced, g.rule))}
		g.edge("i"+f.OutPoint, f.Node, to, attrs, append(values, g.perRule(in.traced)...), "input", leg.Evidence, false)
	}
}

// leg writes one leg of a hop.
func (g *graph) leg(h *tracer.Hop, k int, attrs []attr) {
	leg := &h.Legs[k]
	u := legUnit(leg)
	traced, number := h.Given, strconv.Itoa(h.Number)
	if k+1 == len(h.Legs) {
		traced = &h.Traced
	}
	values := []string{number, string(h.Kind), strconv.Itoa(k + 1), txText(leg.Chain, leg.TxID.String()), leg.Time, strconv.FormatInt(leg.Height, 10), string(leg.Chain), string(leg.Asset), g.assets.symbol(u),
		leg.Units.String(), leg.Evidence, g.basisOf(h), refsText(g.findings(h))}
	label := "hop " + number
	if traced != nil {
		a := tracedUnder(traced, g.rule)
		values = append(append(values, g.weight(u, a)), g.perRule(traced)...)
		label += "\n" + g.assets.of(u, a, leg.Units).brief
	}
	b, ok := h.Basis.Get(g.rule)
	from, _ := g.from(leg)
	g.edge("h"+number+"."+strconv.Itoa(k+1), from, leg.To, attrs, values, label, leg.Evidence, ok && b >= tracer.Inference)
}

func (g *graph) edge(id, from, to string, attrs []attr, values []string, label, evidence string, weak bool) {
	line := "line"
	switch {
	case weak:
		line = "dotted"
	case evidence != "proven":
		line = "dashed_dotted"
	}
	g.print("<edge id=\"%s\" source=\"%s\" target=\"%s\">", xmlEscape(id), xmlEscape(from), xmlEscape(to))
	g.data(attrs, values)
	g.print("<data key=\"ey\"><y:PolyLineEdge><y:LineStyle color=\"#000000\" type=\"%s\" width=\"1\"/><y:Arrows source=\"none\" target=\"standard\"/><y:EdgeLabel>%s</y:EdgeLabel></y:PolyLineEdge></data></edge>\n", line, xmlEscape(label))
}
