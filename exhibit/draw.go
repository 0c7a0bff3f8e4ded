package exhibit

import (
	"context"
	"fmt"
	"strings"
)

// artist places a diagram: it measures every box and label, asks the layout for places,
// and draws groups there.
type artist struct {
	d       *Diagram
	f       *fonts
	names   []string // aliases of nodes
	boxes   []block
	labels  []block // by arrow
	others  []block // by box; h = 0 where no other funds join
	scene   *Scene
	traceID string
}

// scene draws d. hash is printed at the foot.
func (d *Diagram) scene(ctx context.Context, hash string) (*Scene, error) {
	f, err := openFonts()
	if err != nil {
		return nil, err
	}
	a := &artist{d: d, f: f, names: aliases(d.Trace), traceID: hash, scene: &Scene{fonts: f}}
	if err := a.measure(); err != nil {
		return nil, err
	}
	p, err := layout(ctx, a.request())
	if err != nil {
		return nil, err
	}
	if err := a.compose(p); err != nil {
		return nil, err
	}
	return a.scene, nil
}

func (a *artist) measure() error {
	for i := range a.d.Boxes {
		b := &a.d.Boxes[i]
		least := 150
		if b.Kind == BoxJunction {
			least = 60
		}
		bl, err := a.f.newBlock(a.boxLines(b), least)
		if err != nil {
			return err
		}
		a.boxes = append(a.boxes, bl)
		var other block
		if b.Kind == BoxJunction && !b.Other.isZero() {
			if other, err = a.f.newBlock(otherLines(b), 90); err != nil {
				return err
			}
		}
		a.others = append(a.others, other)
	}
	for i := range a.d.Arrows {
		bl, err := a.f.newBlock(a.arrowLines(&a.d.Arrows[i]), 40)
		if err != nil {
			return err
		}
		a.labels = append(a.labels, labelSize(bl))
	}
	return nil
}

// labelSize makes a label as high above its line, which runs through its middle, as below.
func labelSize(b block) block {
	half := (len(b.lines) + 1) / 2
	b.h = 2 * (half*leading + 4)
	return b
}

// request says what has to be placed.
func (a *artist) request() layoutRequest {
	var r layoutRequest
	for i, b := range a.boxes {
		r.nodes = append(r.nodes, layoutNode{name: fmt.Sprintf("b%d", i), w: b.w + stackWidth(&a.d.Boxes[i]), h: b.h + stackWidth(&a.d.Boxes[i]), first: a.d.Boxes[i].Kind == BoxSeed || a.d.Boxes[i].Kind == BoxSeeds})
	}
	for i, l := range a.labels {
		label, ar := fmt.Sprintf("l%d", i), &a.d.Arrows[i]
		r.nodes = append(r.nodes, layoutNode{name: label, w: l.w, h: l.h})
		weight := 1
		if ar.Feeds == 0 {
			weight = 3
		}
		from, to, below := ar.From, ar.To, ""
		if ar.Back { // laid out in the direction of the flow, drawn against it, from foot to foot
			from, to, below = to, from, ":s"
		}
		r.edges = append(r.edges,
			layoutEdge{from: fmt.Sprintf("b%d", from), to: label, weight: weight, fromPort: below},
			layoutEdge{from: label, to: fmt.Sprintf("b%d", to), weight: weight, toPort: below})
	}
	for i, o := range a.others {
		if o.h > 0 {
			name := fmt.Sprintf("o%d", i)
			r.nodes = append(r.nodes, layoutNode{name: name, w: o.w, h: o.h})
			r.edges = append(r.edges, layoutEdge{from: name, to: fmt.Sprintf("b%d", i), weight: 1})
		}
	}
	return r
}

// stackWidth is how far the sheets behind a folded box stand out.
func stackWidth(b *Box) int {
	if b.Kind == BoxRun || b.Kind == BoxFold || b.Kind == BoxSeeds {
		return 8
	}
	return 0
}

// otherLines is the text of a stub of other funds.
func otherLines(b *Box) []line {
	first := "other funds"
	if !b.OtherExact {
		first = "other funds, at least"
	}
	return []line{{s: first, grey: Dark}, {s: b.Other.String(), grey: Dark}}
}

// boxLines is the text of a box.
func (a *artist) boxLines(b *Box) []line {
	var ls []line
	switch b.Kind {
	case BoxSeed:
		ls = append(ls, line{s: "ALLEGED THEFT", bold: true}, line{s: "seed " + clip(visible(b.Text), 24)}, line{s: b.Seeded.String(), bold: true})
	case BoxSeeds:
		ls = append(ls, line{s: count(b.Seeds, "further seed"), bold: true}, line{s: b.Seeded.String(), bold: true})
		ls = append(ls, a.insideLines(b)...)
	case BoxPlace:
		ls = append(ls, a.placeLines(b)...)
	case BoxJunction:
		ls = append(ls, line{s: "transaction " + shorten(visible(b.Text))})
	case BoxRun:
		ls = append(ls, line{s: runTitle(b, a.d.Runs[b.Run-1].Kind), bold: true})
		ls = append(ls, line{s: fmt.Sprintf("run %d of schedule B", b.Run)})
		ls = append(ls, a.insideLines(b)...)
	case BoxFold:
		ls = append(ls, a.foldLines(b)...)
	}
	ls = append(ls, a.stayLines(b)...)
	return ls
}

func runTitle(b *Box, k RunKind) string {
	if k == PeelRun || b.Payments > 0 {
		return "Peel run: " + count(b.Payments, "payment")
	}
	return "Relay run"
}

func (a *artist) placeLines(b *Box) []line {
	n := &a.d.Trace.Nodes[b.Node]
	ls := []line{{s: kindWords(n.Kind) + " " + a.names[b.Node], bold: true}}
	switch {
	case n.Address != "":
		ls = append(ls, line{s: shorten(visible(n.Address))})
	case n.TxID != "":
		ls = append(ls, line{s: "tx " + shorten(visible(n.TxID))})
	}
	if n.Entity != "" || n.Label != "" {
		claim := n.Entity
		if claim == "" {
			claim = n.Label
		}
		ls = append(ls, line{s: "claimed: " + clip(visible(claim), 26)})
	}
	return ls
}

// foldLines is the head of a box of folded places: what they are, and how much lies inside.
func (a *artist) foldLines(b *Box) []line {
	head := "Folded: " + count(b.Addresses, "address")
	if len(b.Hops) == 0 && b.Addresses > 1 {
		head = count(b.Addresses, "further address")
	}
	ls := []line{{s: head, bold: true}}
	if b.Payments > 0 {
		ls = append(ls, line{s: "with peel runs, schedule B"})
	}
	return append(ls, a.insideLines(b)...)
}

func (a *artist) insideLines(b *Box) []line {
	if len(b.Hops) == 0 {
		return nil
	}
	return []line{{s: count(len(b.Hops), "hop") + " inside, " + count(b.Transactions, "transaction"), grey: Dark}}
}

// stayLines says what leaves in fees, returns, and ends in a box.
func (a *artist) stayLines(b *Box) []line {
	var ls []line
	if !b.Returned.isZero() && b.Kind == BoxPlace {
		ls = append(ls, line{s: "paid back to itself: " + b.Returned.String(), grey: Dark})
	}
	if !b.Other.isZero() && b.Kind != BoxJunction {
		ls = append(ls, line{s: "other funds inside: " + b.Other.String(), grey: Dark})
	}
	if !b.Fees.isZero() {
		ls = append(ls, line{s: "network fees " + b.Fees.String(), grey: Dark})
	}
	for i := range b.Held {
		ls = append(ls, holdingLines(&b.Held[i], b.Kind == BoxPlace)...)
	}
	return ls
}

func holdingLines(h *Holding, single bool) []line {
	u := unit{h.Chain, h.Asset}
	first := reasonWords(h.Reason)
	if n := len(h.Endpoints); n > 1 {
		first = fmt.Sprintf("%s (%s)", first, count(n, "endpoint"))
	}
	ls := []line{{s: first, bold: true, band: true}}
	amount := u.format(h.Traced)
	if h.Traced.Cmp(h.Units) != 0 && single {
		amount = u.number(h.Traced) + " of " + u.format(h.Units)
	}
	ls = append(ls, line{s: amount, band: true})
	if h.Min.Cmp(h.Max) == 0 {
		ls = append(ls, line{s: "the same under every rule", band: true, grey: Dark})
	} else {
		ls = append(ls, line{s: "by rule: " + u.number(h.Min) + " to " + u.number(h.Max), band: true, grey: Dark})
	}
	return ls
}

// arrowLines is the text on an arrow: numbers and dates above the line, the amount below.
func (a *artist) arrowLines(ar *Arrow) []line {
	var above []string
	switch {
	case len(ar.Hops) > 0:
		above = append(above, a.hopNumbers(ar.Hops))
	case ar.Seeds > 0:
		above = append(above, receipts(ar.Seeds))
	case ar.Feeds > 0:
		above = append(above, "input")
	}
	if ar.Back {
		above = append(above, "comes back")
	}
	if ar.Feeds == 0 && ar.First != "" {
		above = append(above, dates(ar.First, ar.Last))
	}
	amount := "amount not divided"
	if ar.Known {
		amount = ar.unit().format(ar.Traced)
		if ar.Traced.Cmp(ar.Units) != 0 {
			amount = ar.unit().number(ar.Traced) + " of " + ar.unit().format(ar.Units)
		}
	}
	return []line{{s: strings.Join(above, "  ·  "), bold: ar.Feeds == 0, grey: Black}, {s: amount}}
}

func receipts(n int) string {
	if n == 1 {
		return "receipt"
	}
	return count(n, "receipt")
}

func dates(first, last string) string {
	if day(first) == day(last) {
		return day(first)
	}
	return day(first) + " – " + day(last)
}

// hopNumbers writes hop numbers as they stand in schedule A: up to three, else the first
// and the last with how many there are.
func (a *artist) hopNumbers(hops []int) string {
	num := func(i int) string { return fmt.Sprint(a.d.Trace.Hops[i].Number) }
	if len(hops) == 1 {
		return "hop " + num(hops[0])
	}
	if len(hops) <= 3 {
		parts := make([]string, len(hops))
		for i, h := range hops {
			parts[i] = num(h)
		}
		return "hops " + strings.Join(parts, ", ")
	}
	return fmt.Sprintf("hops %s … %s (%d)", num(hops[0]), num(hops[len(hops)-1]), len(hops))
}
