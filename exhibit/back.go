package exhibit

import (
	"slices"
	"sort"

	"clew/tracer"
)

// findBack marks the arrows that lead back to a box on the way to where they start, and
// returns the column of each box: how many boxes stand on the longest way to it along the
// other arrows.
func (d *Diagram) findBack() []int {
	out := make([][]int, len(d.Boxes))
	entered := make([]bool, len(d.Boxes))
	for i := range d.Arrows {
		out[d.Arrows[i].From] = append(out[d.Arrows[i].From], i)
		entered[d.Arrows[i].To] = true
	}
	b := backFinder{d: d, out: out, state: make([]uint8, len(d.Boxes))}
	for i := range d.Boxes { // what nothing enters comes first: seeds, in their order
		if !entered[i] {
			b.from(i)
		}
	}
	for i := range d.Boxes {
		b.from(i)
	}
	column := make([]int, len(d.Boxes))
	for i := len(b.done) - 1; i >= 0; i-- {
		v := b.done[i]
		for _, k := range out[v] {
			if a := &d.Arrows[k]; !a.Back {
				column[a.To] = max(column[a.To], column[v]+1)
			}
		}
	}
	return column
}

// backFinder searches in depth, arrows in their order.
type backFinder struct {
	d     *Diagram
	out   [][]int
	state []uint8 // 0: not met, 1: on the way, 2: done
	done  []int   // boxes as they were finished
}

func (b *backFinder) from(start int) {
	if b.state[start] != 0 {
		return
	}
	type frame struct{ v, next int }
	stack := []frame{{start, 0}}
	b.state[start] = 1
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if top.next == len(b.out[top.v]) {
			b.state[top.v] = 2
			b.done = append(b.done, top.v)
			stack = stack[:len(stack)-1]
			continue
		}
		a := &b.d.Arrows[b.out[top.v][top.next]]
		top.next++
		switch b.state[a.To] {
		case 0:
			b.state[a.To] = 1
			stack = append(stack, frame{a.To, 0})
		case 1:
			a.Back = true
		}
	}
}

// foldBeyond puts what stands right of the last column but one into folded boxes, one for
// each connected part, but for the places where the most value ends. It returns nil if
// nothing stands there.
func (p *partition) foldBeyond(d *Diagram, column []int) *partition {
	if len(column) == 0 || slices.Max(column) < d.flow.columns() {
		return nil
	}
	keep := d.farEnds(column)
	part := newUnion(len(d.Boxes))
	far := func(i int) bool { return column[i] >= d.flow.columns()-2 && !keep[i] && !d.Boxes[i].Kind.outside() }
	for i := range d.Arrows {
		if a := &d.Arrows[i]; far(a.From) && far(a.To) {
			part.join(a.From, a.To)
		}
	}
	out := &partition{box: make([]int, len(p.box))}
	target := make([]int, len(p.boxes))
	at, size := map[int]int{}, map[int]int{}
	for i := range p.boxes {
		size[part.find(i)]++
	}
	for i := range p.boxes {
		root := part.find(i)
		if size[root] < leastFold { // as in openSmall
			root = i
		}
		box, ok := at[root]
		if !ok {
			box = len(out.boxes)
			at[root] = box
			out.boxes = append(out.boxes, p.boxes[i])
		} else {
			b := &out.boxes[box]
			b.kind, b.run = BoxFold, 0
			b.payments += p.boxes[i].payments
			b.spots = append(slices.Clip(b.spots), p.boxes[i].spots...)
		}
		target[i] = box
	}
	if len(out.boxes) == len(p.boxes) {
		return nil
	}
	for s, b := range p.box {
		out.box[s] = target[b]
	}
	return out
}

// columns is how many boxes in a row are drawn: fewer where much is folded anyway.
func (f *flow) columns() int {
	if f.accounts && len(f.spots) <= fewSpots {
		return maxAccountColumns
	}
	return maxColumns
}

// farEnds chooses the boxes right of the last columns that stay as they are: places where
// value ends and nothing leaves, services and the like first, then the largest.
func (d *Diagram) farEnds(column []int) map[int]bool {
	leaves := make([]bool, len(d.Boxes))
	for i := range d.Boxes {
		leaves[i] = d.Boxes[i].Kind == BoxPlace && column[i] >= d.flow.columns()-2 && len(d.Boxes[i].Held) > 0
	}
	for i := range d.Arrows {
		leaves[d.Arrows[i].From] = false
	}
	var ends []int
	for i, leaf := range leaves {
		if leaf {
			ends = append(ends, i)
		}
	}
	named := func(i int) bool {
		b := &d.Boxes[i]
		return tellingReason(b.Held[0].Reason) || d.Trace.Nodes[b.Node].Kind != tracer.NodeAddress
	}
	sort.SliceStable(ends, func(i, j int) bool {
		if a, b := named(ends[i]), named(ends[j]); a != b {
			return a
		}
		a, b := &d.Boxes[ends[i]].Held[0], &d.Boxes[ends[j]].Held[0]
		return d.flow.share(Unit{b.Chain, b.Asset}, b.Traced).Less(d.flow.share(Unit{a.Chain, a.Asset}, a.Traced))
	})
	keep := map[int]bool{}
	telling, plain := 0, 0
	for _, i := range ends {
		if named(i) {
			telling++
			keep[i] = telling <= tellingEnds
		} else {
			plain++
			keep[i] = plain <= farEnds
		}
	}
	return keep
}

// union tells which boxes belong together.
type union []int

func newUnion(n int) union {
	u := make(union, n)
	for i := range u {
		u[i] = i
	}
	return u
}

func (u union) find(i int) int {
	for u[i] != i {
		u[i] = u[u[i]]
		i = u[i]
	}
	return i
}

// join puts a and b together under the smaller.
func (u union) join(a, b int) {
	a, b = u.find(a), u.find(b)
	u[max(a, b)] = min(a, b)
}
