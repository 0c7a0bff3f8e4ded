package exhibit

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"clew/chains"
	"clew/exhibit/scene"
)

// artist places a diagram: it measures every box and label, asks the layout for places,
// and draws groups there.
type artist struct {
	d       *Diagram
	f       *scene.Fonts
	names   []string // aliases of nodes
	found   *Findings
	chains  []chains.Chain
	boxes   []block
	labels  []block // by arrow
	others  []block // by box; h = 0 where no other funds join
	scene   *scene.Scene
	traceID string
	fold    int    // whose level it is; 0: the whole trace
	prefix  string // of ids: "f12-" on the level of fold 12
	down    bool   // value flows from top to bottom, not from left to right
	framed  bool   // clusters have frames
	// footnotes are texts that do not fit into their boxes.
	footnotes []string
}

// scenes draws d and its levels. hash is printed at the foot of d.
func (d *Diagram) scenes(ctx context.Context, hash string) (_ *scene.Scene, _ []*scene.Scene, err error) {
	f, err := scene.OpenFonts()
	if err != nil {
		return nil, nil, err
	}
	e, err := openEngine(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if closed := e.close(); err == nil {
			err = closed
		}
	}()
	names, on, found := aliases(d.Trace), chainsOf(d.Trace), ReadFindings(d.Trace, d.Assets)
	top := &artist{d: d, f: f, names: names, found: found, chains: on, traceID: hash, scene: &scene.Scene{Fonts: f}}
	if err := top.draw(ctx, e, top.compose); err != nil {
		return nil, nil, err
	}
	var levels []*scene.Scene
	for i := range d.Levels {
		a := &artist{d: d.Levels[i].Diagram, f: f, names: names, found: found, chains: on, fold: i + 1, prefix: fmt.Sprintf("f%d-", i+1), scene: &scene.Scene{Fonts: f}}
		if err := a.draw(ctx, e, a.composeLevel); err != nil {
			return nil, nil, fmt.Errorf("fold %d: %w", i+1, err)
		}
		levels = append(levels, a.scene)
	}
	return top.scene, levels, nil
}

func (a *artist) draw(ctx context.Context, e *engine, compose func(*placement) error) error {
	if err := a.measure(); err != nil {
		return err
	}
	r := a.request()
	p, err := e.layout(ctx, r)
	if err != nil {
		return err
	}
	if r.together = a.inColumns(a.hulls(), p); a.fold == 0 && len(r.together) > 0 {
		if p, err = e.layout(ctx, r); err != nil { // with the members of a cluster beside each other
			return err
		}
	}
	if a.fold == 0 && p.w > tooWide && onAccounts(a.chains) {
		q, err := e.layout(ctx, r.turned())
		if err != nil {
			return err
		}
		if q = q.turned(); 3*q.w < 2*p.w {
			a.down, p = true, q
		}
	}
	return compose(p)
}

// tooWide is the width, in pixels, from which on a drawing is laid out from top to bottom as
// well: shown whole in a window of 1,400 pixels its text of 12 would be smaller than 8. On chains
// of accounts drawings are long, since the joints of swaps and bridges stand between places.
const tooWide = 2100

func (a *artist) measure() error {
	for i := range a.d.Boxes {
		b := &a.d.Boxes[i]
		least := 150
		if b.Kind == BoxJunction || b.Kind == BoxJoint || b.Kind.outside() {
			least = 60
		}
		ls, err := a.wrapped(a.boxLines(b))
		if err != nil {
			return err
		}
		bl, err := newBlock(a.f, ls, least, a.d.shapeOf(b).room())
		if err != nil {
			return err
		}
		a.boxes = append(a.boxes, a.even(bl))
		var other block
		if b.Kind == BoxJunction && !b.Other.isZero() {
			if other, err = newBlock(a.f, a.otherLines(b), 90, 0); err != nil {
				return err
			}
		}
		a.others = append(a.others, other)
	}
	for i := range a.d.Arrows {
		bl, err := a.arrowLabel(&a.d.Arrows[i])
		if err != nil {
			return err
		}
		a.labels = append(a.labels, labelSize(a.even(bl)))
	}
	return nil
}

// even makes blocks on the level of a fold a little wider, to a multiple of 24 pixels, so
// that levels of the same shape are laid out once.
func (a *artist) even(b block) block {
	if a.fold > 0 {
		b.w = (b.w + 23) / 24 * 24
	}
	return b
}

// labelSize makes a label as high above its line, which runs through its middle, as below.
func labelSize(b block) block {
	b.h = 2 * (max(b.above, len(b.lines)-b.above)*leading + 4)
	return b
}

// request says what has to be placed.
func (a *artist) request() layoutRequest {
	r := layoutRequest{quick: a.fold > 0}
	for i, b := range a.boxes {
		box := &a.d.Boxes[i]
		stack := stackWidth(box)
		r.nodes = append(r.nodes, layoutNode{name: fmt.Sprintf("b%d", i), w: b.w + stack, h: b.h + stack,
			first: box.Kind == BoxSeed || box.Kind == BoxFrom || box.Kind == BoxSeeds && box.Seeded.Equal(a.d.entering(i)), last: box.Kind == BoxTo})
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

// entering returns what is seeded in box i and what enters it by arrows.
func (d *Diagram) entering(i int) Sums {
	in, _, _ := d.Balance(i)
	return in
}

// stackWidth is how far the sheets behind a folded box stand out.
func stackWidth(b *Box) int {
	if b.Kind == BoxRun || b.Kind == BoxFold || b.Kind == BoxSeeds {
		return 8
	}
	return 0
}

// otherLines is the text of a stub of other funds.
func (a *artist) otherLines(b *Box) []line {
	first := "other funds"
	if !b.OtherExact {
		first = "other funds, at least"
	}
	return []line{{s: first, grey: scene.Dark}, {s: strings.Join(a.d.Assets.briefParts(b.Other), " + "), full: a.d.Assets.sums(b.Other), grey: scene.Dark}}
}

// boxLines is the text of a box.
func (a *artist) boxLines(b *Box) []line {
	var ls []line
	switch b.Kind {
	case BoxSeed:
		ls = append(ls, line{s: "ALLEGED THEFT" + a.onChain(b), bold: true}, line{s: "seed " + visible(b.Text)})
		ls = append(ls, a.amountLines("", b.Seeded, line{bold: true})...)
	case BoxSeeds:
		ls = append(ls, line{s: foldTitle(b) + count(b.Seeds, "further seed") + a.onChain(b), bold: true})
		ls = append(ls, a.amountLines("", b.Seeded, line{bold: true})...)
		ls = append(ls, a.insideLines(b)...)
	case BoxFrom:
		ls = append(ls, line{s: "from " + b.Text, grey: scene.Dark})
	case BoxTo:
		ls = append(ls, line{s: "to " + b.Text, grey: scene.Dark})
	case BoxPlace:
		ls = append(ls, a.placeLines(b)...)
	case BoxJunction:
		ls = append(ls, line{s: "transaction " + shorten(visible(b.Text)) + a.onChain(b)})
	case BoxJoint:
		ls = append(ls, a.jointLines(b)...)
	case BoxRun:
		ls = append(ls, line{s: foldTitle(b) + runTitle(b, &a.d.Runs[b.Run-1]) + a.onChain(b), bold: true})
		ls = append(ls, line{s: a.runLine(b) + a.found.byFinding(a.d.Runs[b.Run-1].Found)})
		ls = append(ls, a.insideLines(b)...)
	case BoxFold:
		ls = append(ls, a.foldLines(b)...)
	}
	if len(ls) > 0 && ls[0].grey == scene.Black {
		ls[0].grey = a.inkOf(b)
	}
	return append(append(ls, a.swapLines(b)...), a.stayLines(b)...)
}

// amountLines writes one line for each amount of s, in the manner of like.
func (a *artist) amountLines(what string, s Sums, like line) []line {
	parts := a.d.Assets.writings(s)
	var ls []line
	for i, p := range parts {
		like.s, like.full = what+p.brief, what+p.full
		if i == mostAmounts-1 && len(parts) > mostAmounts {
			like.s, like.full = what+count(len(parts)-i, "further asset"), ""
			return append(ls, like)
		}
		ls = append(ls, like)
	}
	return ls
}

func runTitle(b *Box, r *Run) string {
	switch {
	case r.Found != nil:
		return "Peel chain: " + count(b.Payments, "payment")
	case r.Kind == PeelRun || b.Payments > 0:
		return "Peel run: " + count(b.Payments, "payment")
	}
	return "Relay run"
}

func (a *artist) placeLines(b *Box) []line {
	n := &a.d.Trace.Nodes[b.Node]
	ls := []line{{s: kindWords(n.Kind) + " " + a.names[b.Node] + a.onChain(b), bold: true}}
	switch {
	case n.Address != "":
		ls = append(ls, line{s: shorten(visible(n.Address))})
	case n.TxID != "":
		ls = append(ls, line{s: "tx " + shorten(txText(n.Chain, n.TxID))})
	}
	if claim := cmp.Or(n.Entity, n.Label); claim != "" && a.found.mix(n) == nil {
		ls = append(ls, line{s: "claimed: " + visible(claim)})
	}
	for _, w := range a.found.words(n) {
		ls = append(ls, line{s: w})
	}
	return ls
}

// foldLines is the head of a box of folded places: what they are, and how much lies inside.
func (a *artist) foldLines(b *Box) []line {
	ls := []line{{s: foldTitle(b) + foldWords(b) + a.onChain(b), bold: true}}
	switch {
	case b.Run > 0:
		ls = append(ls, line{s: "part of " + a.runLine(b)})
	case b.Payments > 0:
		ls = append(ls, line{s: "with peel runs, schedule B"})
	}
	return append(ls, a.insideLines(b)...)
}

// runLine says where the steps of a run stand: schedule B lists those of the declared rule.
func (a *artist) runLine(b *Box) string {
	if a.d.Rule != drawnRule(a.d.Trace) {
		return fmt.Sprintf("run %d under %s", b.Run, a.d.Rule)
	}
	return fmt.Sprintf("run %d of schedule B", b.Run)
}

// foldTitle begins the title of a box that opens.
func foldTitle(b *Box) string {
	if b.Fold == 0 {
		return ""
	}
	return fmt.Sprintf("Fold %d: ", b.Fold)
}

// foldWords counts what a box of folded places stands for.
func foldWords(b *Box) string {
	switch {
	case b.Addresses == 0:
		return "the middle of a transaction"
	case len(b.Hops) == 0 && b.Addresses > 1:
		return count(b.Addresses, "further address")
	}
	return count(b.Addresses, "address")
}

func (a *artist) insideLines(b *Box) []line {
	if len(b.Hops) == 0 {
		return nil
	}
	ls := []line{{s: count(len(b.Hops), "hop") + " inside, " + count(b.Transactions, "transaction"), grey: scene.Dark}}
	if b.First != "" && day(b.First) != day(b.Last) {
		ls = append(ls, line{s: dates(b.First, b.Last), grey: scene.Dark})
	}
	return ls
}

// stayLines says what leaves in fees, returns, and ends in a box.
func (a *artist) stayLines(b *Box) []line {
	var ls []line
	if !b.Returned.isZero() && b.Kind == BoxPlace {
		ls = append(ls, a.amountLines("paid back to itself: ", b.Returned, line{grey: scene.Dark})...)
	}
	if !b.Other.isZero() && b.Kind != BoxJunction {
		ls = append(ls, a.amountLines("other funds inside: ", b.Other, line{grey: scene.Dark})...)
	}
	if !b.Fees.isZero() {
		ls = append(ls, a.amountLines(a.d.feeWords()+" ", b.Fees, line{grey: scene.Dark})...)
	}
	var last line
	most := mostHoldings
	if b.Kind != BoxPlace && onAccounts(a.chains) {
		most = mostFolded
	}
	for i := range b.Held {
		if i == most-1 && len(b.Held) > most {
			return append(ls, line{s: "and " + count(len(b.Held)-i, "further amount") + ": schedule C", band: true})
		}
		of := a.holdingLines(&b.Held[i], b.Kind == BoxPlace)
		if i > 0 && of[0] == last {
			of = of[1:] // the same reason in another asset
		} else {
			last = of[0]
		}
		ls = append(ls, of...)
	}
	return ls
}

// mostHoldings is how many amounts that end in a box are listed in it, and mostFolded in a folded
// one where there are many assets.
const mostHoldings, mostFolded = 8, 4

func (a *artist) holdingLines(h *Holding, single bool) []line {
	u, names := Unit{h.Chain, h.Asset}, a.d.Assets
	first := reasonWords(h.Reason, h.Chain)
	if !single { // the box of one place says itself on whose word
		first += a.found.groundsOf(h.Endpoints)
	}
	if n := len(h.Endpoints); n > 1 {
		first = fmt.Sprintf("%s (%s)", first, count(n, "endpoint"))
	}
	ls := []line{{s: first, bold: true, band: true}}
	if h.Asset.IsValuation() { // what is left of a valuation is no amount
		return append(ls, line{s: "in contact", band: true, grey: scene.Dark})
	}
	whole := h.Traced
	if single {
		whole = h.Units
	}
	amount := names.of(u, h.Traced, whole)
	ls = append(ls, line{s: amount.brief, full: amount.full, band: true})
	if h.Min.Cmp(h.Max) == 0 {
		ls = append(ls, line{s: "the same under every rule", band: true, grey: scene.Dark})
	} else {
		ls = append(ls, line{s: "by rule: " + names.briefNumber(u, h.Min) + " to " + names.briefNumber(u, h.Max),
			full: "by rule: " + names.number(u, h.Min) + " to " + names.number(u, h.Max), band: true, grey: scene.Dark})
	}
	return ls
}
