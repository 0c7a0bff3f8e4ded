package exhibit

import (
	"cmp"
	"fmt"
	"slices"

	"clew/chains"
)

const (
	// levelBoxes is about how many boxes an opened fold shows, and levelMost the most; the
	// boxes outside of the fold count.
	levelBoxes, levelMost = 40, 60
	// levelArrows is the number of arrows from which a level shows fewer boxes.
	levelArrows = 80
	// leafSpots is the number of things up to which a fold opens to all of them.
	leafSpots = 24
	// shapedSpots is the number of things up to which a fold is folded again by the shape of
	// the flow, as the whole trace is. Beyond it that would be a ladder of hundreds of rungs;
	// so larger folds open to slices of time, which halve the way several times over.
	shapedSpots = 160
	// sliceCount is the largest number of slices, and sliceEnds how many of the places where
	// most value ends stand beside them, each with at least one part in endShare of what
	// ends in the fold.
	sliceCount, sliceEnds, endShare = 8, 16, 200
	// outsideBoxes is how many boxes outside of a fold are named on each side; the smallest
	// of more are one.
	outsideBoxes = 8
)

// Level is what a folded box opens to: its inside as a diagram of its own, at most 60
// boxes, of which some are folds again. What enters and leaves the fold enters and leaves
// its diagram through boxes of the kinds BoxFrom and BoxTo, so that the level balances as
// its box does.
type Level struct {
	Parent  int // the fold on whose level the box stands; 0: the whole trace
	Box     int // index into the Boxes there
	Diagram *Diagram
}

// opening is a level whose folded boxes are to be opened.
type opening struct {
	flow *flow
	p    *partition
	d    *Diagram
	fold int // 0: the whole trace
}

// addLevels gives every folded box of top, and of the levels so made, its level, numbered
// level by level. A fold holds fewer things than the one around it, so there is an end; the
// cost grows with the number of movements times the depth, which grows with its logarithm. Where
// there would be more than most levels, no box opens.
func (f *flow) addLevels(top *Diagram, p *partition, most int) {
	aliases := aliases(f.trace)
	queue := []opening{{f, p, top, 0}}
	for len(queue) > 0 {
		o := queue[0]
		queue = queue[1:]
		next := len(top.Levels)
		for b := range o.p.boxes {
			if len(o.p.boxes[b].spots) > 1 {
				next++
				o.d.Boxes[b].Fold = next
			}
		}
		if next > most {
			top.close()
			return
		}
		moves := o.movesByBox()
		names := o.d.names(aliases)
		for b := range o.p.boxes {
			if o.d.Boxes[b].Fold == 0 {
				continue
			}
			inside := o.inside(b, moves[b], names)
			p, d := inside.level()
			d.Runs = top.Runs
			top.Levels = append(top.Levels, Level{Parent: o.fold, Box: b, Diagram: d})
			queue = append(queue, opening{inside, p, d, len(top.Levels)})
		}
	}
}

// close takes the levels from d again.
func (d *Diagram) close() {
	d.Levels, d.closed = nil, true
	for b := range d.Boxes {
		d.Boxes[b].Fold = 0
	}
}

// movesByBox lists, for each folded box, the movements with an end in it, in order.
func (o *opening) movesByBox() [][]int {
	out := make([][]int, len(o.d.Boxes))
	for i := range o.flow.moves {
		m := &o.flow.moves[i]
		from, to := o.p.box[m.from], o.p.box[m.to]
		if o.d.Boxes[from].Fold > 0 {
			out[from] = append(out[from], i)
		}
		if to != from && o.d.Boxes[to].Fold > 0 {
			out[to] = append(out[to], i)
		}
	}
	return out
}

// inside is the flow within a box: its spots, the movements with an end in it, and a spot
// for each box outside from which, or to which, they run.
func (o *opening) inside(box int, moves []int, names []string) *flow {
	f := o.flow
	in := &flow{trace: f.trace, assets: f.assets, accounts: f.accounts, largest: f.largest, rule: f.rule, run: o.p.boxes[box].run}
	at := map[int]int{}
	spots := slices.Clone(o.p.boxes[box].spots)
	slices.Sort(spots)
	for _, s := range spots {
		at[s] = len(in.spots)
		in.spots = append(in.spots, f.spots[s])
	}
	outside := o.outside(in, box, moves, names)
	for _, i := range moves {
		m := f.moves[i]
		if b := o.p.box[m.from]; b == box {
			m.from = at[m.from]
		} else {
			m.from = outside[neighbour{b, spotFrom}]
		}
		if b := o.p.box[m.to]; b == box {
			m.to = at[m.to]
		} else {
			m.to = outside[neighbour{b, spotTo}]
		}
		in.moves = append(in.moves, m)
	}
	return in
}

// neighbour is a box outside of a fold, on one side of it.
type neighbour struct {
	box  int
	side spotKind // spotFrom or spotTo
}

// outside adds a spot to in for each neighbour of box, in the order of the boxes, and
// returns them. Of many on one side the smallest share one.
func (o *opening) outside(in *flow, box int, moves []int, names []string) map[neighbour]int {
	f, size := o.flow, map[neighbour]chains.Amount{}
	for _, i := range moves {
		m := &o.flow.moves[i]
		if b := o.p.box[m.from]; b != box {
			size[neighbour{b, spotFrom}] = plus(size[neighbour{b, spotFrom}], f.share(m.unit, m.traced))
		}
		if b := o.p.box[m.to]; b != box {
			size[neighbour{b, spotTo}] = plus(size[neighbour{b, spotTo}], f.share(m.unit, m.traced))
		}
	}
	spots := map[neighbour]int{}
	for _, side := range []spotKind{spotFrom, spotTo} {
		var all []neighbour
		for n := range size {
			if n.side == side {
				all = append(all, n)
			}
		}
		slices.SortFunc(all, func(a, b neighbour) int {
			return cmp.Or(size[b].Cmp(size[a]), a.box-b.box)
		})
		named := all
		if len(all) > outsideBoxes {
			named = all[:outsideBoxes-1]
			for _, n := range all[len(named):] {
				spots[n] = len(in.spots)
			}
			in.spots = append(in.spots, spot{kind: side, node: -1, text: count(len(all)-len(named), "further box")})
		}
		for _, n := range named {
			spots[n] = len(in.spots)
			in.spots = append(in.spots, spot{kind: side, node: -1, text: names[n.box]})
		}
	}
	return spots
}

// level chooses what an opened fold shows.
func (f *flow) level() (*partition, *Diagram) {
	inside := f.insideSpots()
	for limit := levelBoxes; limit >= 10; limit = limit * 3 / 4 {
		p := f.shape(inside, limit)
		if p == nil {
			break
		}
		p, d := f.settle(p, nil)
		if len(d.Boxes) <= levelMost && len(d.Arrows) <= levelArrows && p.divides(len(inside)) {
			return p, d
		}
	}
	for ends := min(sliceEnds, len(inside)/4); ends > 0; ends /= 2 {
		p := f.slices(inside, ends)
		if d := f.diagram(p, nil); len(d.Arrows) <= levelArrows {
			d.findBack()
			return p, d
		}
	}
	p := f.slices(inside, 0)
	d := f.diagram(p, nil)
	d.findBack()
	return p, d
}

// insideSpots lists the spots that are not outside, in the order in which the flow meets
// them.
func (f *flow) insideSpots() []int {
	met := make([]int, len(f.spots))
	for i := len(f.moves) - 1; i >= 0; i-- {
		met[f.moves[i].from], met[f.moves[i].to] = i, i
	}
	var inside []int
	for s := range f.spots {
		if !kindOf(f.spots[s].kind).outside() {
			inside = append(inside, s)
		}
	}
	slices.SortStableFunc(inside, func(a, b int) int { return met[a] - met[b] })
	return inside
}

// shape folds by the shape of the flow; nil where there is too much inside for that.
func (f *flow) shape(inside []int, limit int) *partition {
	if len(inside) > shapedSpots {
		return nil
	}
	if len(inside) <= leafSpots && limit == levelBoxes {
		return f.singles()
	}
	p, err := f.fold(nil, limit, siblingsInside)
	if err != nil {
		return nil // without runs nothing is looked up that could be missing
	}
	return p
}

// singles is the partition in which nothing is folded.
func (f *flow) singles() *partition {
	p := &partition{box: make([]int, len(f.spots))}
	for s := range f.spots {
		p.box[s] = s
		p.boxes = append(p.boxes, part{kind: kindOf(f.spots[s].kind), spots: []int{s}})
	}
	return p
}

// divides reports whether no box of p holds all n spots that are inside.
func (p *partition) divides(n int) bool {
	return !slices.ContainsFunc(p.boxes, func(b part) bool { return len(b.spots) >= n })
}

// slices shows, of the spots inside, the given number of places where the most value ends
// one by one, and puts the others, in order of time, into folded boxes of about one size.
func (f *flow) slices(inside []int, ends int) *partition {
	own := f.largestEnds(inside, ends)
	p := &partition{box: make([]int, len(f.spots))}
	add := func(b part) {
		for _, s := range b.spots {
			p.box[s] = len(p.boxes)
		}
		p.boxes = append(p.boxes, b)
	}
	var rest []int
	for s := range f.spots {
		if k := kindOf(f.spots[s].kind); k.outside() || own[s] {
			add(part{kind: k, spots: []int{s}})
		}
	}
	for _, s := range inside {
		if !own[s] {
			rest = append(rest, s)
		}
	}
	n := min(sliceCount, max(2, (len(rest)+leafSpots-1)/leafSpots))
	for k := range n {
		b := part{kind: BoxFold, spots: rest[len(rest)*k/n : len(rest)*(k+1)/n], run: f.run}
		switch {
		case len(b.spots) == 0:
			continue
		case len(b.spots) == 1:
			b.kind, b.run = kindOf(f.spots[b.spots[0]].kind), 0
		case slices.ContainsFunc(b.spots, func(s int) bool { return f.spots[s].kind == spotSeed }):
			b.kind = BoxSeeds
		}
		add(b)
	}
	return p
}

// largestEnds chooses n places where value ends, gaps, services and the like first, then by
// amount.
func (f *flow) largestEnds(inside []int, n int) map[int]bool {
	held, all := map[int]chains.Amount{}, chains.Amount{}
	var ends []int
	for _, s := range inside {
		if f.spots[s].kind != spotNode || len(f.spots[s].held) == 0 {
			continue
		}
		for _, h := range f.holdings(f.spots[s].held) {
			part := f.share(Unit{h.Chain, h.Asset}, h.Traced)
			held[s], all = plus(held[s], part), plus(all, part)
		}
		ends = append(ends, s)
	}
	least, _ := all.MulDiv(chains.Units(1), chains.Units(endShare))
	ends = slices.DeleteFunc(ends, func(s int) bool { return held[s].Less(least) && !f.telling(s) })
	slices.SortStableFunc(ends, func(a, b int) int {
		if x, y := f.telling(a), f.telling(b); x != y {
			if x {
				return -1
			}
			return 1
		}
		return held[b].Cmp(held[a])
	})
	own := map[int]bool{}
	for _, s := range ends[:min(n, len(ends))] {
		own[s] = true
	}
	return own
}

// names says for each box of d how others call it, for what lies beyond a frame.
func (d *Diagram) names(aliases []string) []string {
	out := make([]string, len(d.Boxes))
	for i := range d.Boxes {
		switch b := &d.Boxes[i]; {
		case b.Fold > 0:
			out[i] = fmt.Sprintf("fold %d", b.Fold)
		case b.Kind == BoxSeed:
			out[i] = "seed " + clip(visible(b.Text), 24)
		case b.Kind == BoxPlace:
			out[i] = aliases[b.Node]
		case b.Kind == BoxJunction:
			out[i] = "transaction " + shorten(visible(b.Text))
		case b.Kind == BoxJoint:
			out[i] = d.jointTitle(b)
		default:
			out[i] = b.Text
		}
	}
	return out
}
