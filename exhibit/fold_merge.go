package exhibit

import "sort"

// groupKey tells the box into which a closed branch goes: one for seeds, one for places
// that lead nowhere, one for those that lead to the same open box, one for the others.
type groupKey struct {
	parent, next int
	seeds        bool
}

// merge puts every branch that is not opened into a box beside the place that dominates it.
func (p *partition) merge(g *digraph, opened []bool) *partition {
	out := &partition{box: make([]int, len(p.box))}
	target := make([]int, len(p.boxes)) // new box by old box
	groups := map[groupKey]int{}
	for _, b := range g.tops(opened) {
		if opened[b] {
			target[b] = len(out.boxes)
			out.boxes = append(out.boxes, p.boxes[b])
			continue
		}
		key := g.group(b)
		box, ok := groups[key]
		if !ok {
			box = len(out.boxes)
			groups[key] = box
			out.boxes = append(out.boxes, part{kind: BoxFold})
		}
		g.below(b, func(c int) {
			if opened[c] {
				return
			}
			target[c] = box
			out.boxes[box].spots = append(out.boxes[box].spots, p.boxes[c].spots...)
			out.boxes[box].payments += p.boxes[c].payments
			if p.boxes[c].kind == BoxSeed { // the receipts of a seed stay countable
				out.boxes[box].kind = BoxSeeds
			}
		})
		if !ok && g.size[b] == 1 { // one box alone stays what it is
			out.boxes[box].kind, out.boxes[box].run = p.boxes[b].kind, p.boxes[b].run
		} else if out.boxes[box].run = 0; out.boxes[box].kind != BoxSeeds {
			out.boxes[box].kind = BoxFold
		}
	}
	for s, b := range p.box {
		out.box[s] = target[b]
	}
	return out
}

// tops lists, in order, the open boxes and the closed ones under which a closed branch
// begins.
func (g *digraph) tops(opened []bool) []int {
	var tops []int
	for _, b := range g.order {
		if b != g.root() && (opened[b] || g.idom[b] == g.root() || opened[g.idom[b]]) {
			tops = append(tops, b)
		}
	}
	sort.Ints(tops)
	return tops
}

// openSmall opens what would make a fold of fewer than leastFold boxes, or of one place: an
// address with the transaction that spends it beside other funds would vanish in it to save
// one box.
func (g *digraph) openSmall(opened []bool) {
	groups := map[groupKey][]int{}
	for _, b := range g.tops(opened) {
		if !opened[b] {
			key := g.group(b)
			g.below(b, func(c int) {
				if !opened[c] {
					groups[key] = append(groups[key], c)
				}
			})
		}
	}
	for _, boxes := range groups {
		places := 0
		for _, b := range boxes {
			if k := g.p.boxes[b].kind; k != BoxJunction && k != BoxJoint {
				places++
			}
		}
		if len(boxes) < leastFold || places < 2 {
			for _, b := range boxes {
				opened[b] = true
			}
		}
	}
}

// group returns the box that the closed branch at b goes into.
func (g *digraph) group(b int) groupKey {
	k := groupKey{parent: g.idom[b], next: -2, seeds: g.p.boxes[b].kind == BoxSeed}
	if g.size[b] == 1 && len(g.succ[b]) == 0 {
		k.next = -1
	} else if g.size[b] == 1 && len(g.succ[b]) == 1 {
		k.next = g.succ[b][0]
	}
	return k
}

// below calls visit for b and everything under it in the tree of dominators.
func (g *digraph) below(b int, visit func(int)) {
	stack := []int{b}
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		visit(v)
		stack = append(stack, g.child[v]...)
	}
}

// dominators computes, for every box, the last box through which every way from the seeds
// leads to it ("A Simple, Fast Dominance Algorithm", Rice University, 2001). A
// box that no seed reaches hangs from the root.
func (g *digraph) dominators() {
	root := g.root()
	g.postorder()
	place := make([]int, root+1)
	for i, v := range g.order {
		place[v] = i
	}
	g.idom = make([]int, root+1)
	for i := range g.idom {
		g.idom[i] = -1
	}
	g.idom[root] = root
	for changed := true; changed; {
		changed = false
		for _, v := range g.order[1:] {
			best := -1
			for _, u := range g.pred[v] {
				if g.idom[u] < 0 {
					continue
				}
				if best < 0 {
					best = u
					continue
				}
				for a := u; a != best; {
					for place[a] > place[best] {
						a = g.idom[a]
					}
					for place[best] > place[a] {
						best = g.idom[best]
					}
				}
			}
			if g.idom[v] != best {
				g.idom[v], changed = best, true
			}
		}
	}
	g.tree(root)
}

func (g *digraph) tree(root int) {
	g.child = make([][]int, root+1)
	g.size = make([]int, root+1)
	for v := range root {
		g.child[g.idom[v]] = append(g.child[g.idom[v]], v)
	}
	for i := len(g.order) - 1; i >= 0; i-- {
		v := g.order[i]
		g.size[v]++
		if v != root {
			g.size[g.idom[v]] += g.size[v]
		}
	}
}

// postorder orders the boxes by a search in depth from the root, last finished first. Boxes
// that no seed reaches (of a trace whose seeds are elsewhere) are tied to the root.
func (g *digraph) postorder() {
	root := g.root()
	seen := make([]bool, root+1)
	g.order = g.finish(root, seen, nil)
	for b := range g.p.boxes {
		if !seen[b] {
			g.succ[root] = append(g.succ[root], b)
			g.pred[b] = append(g.pred[b], root)
			last := len(g.order) - 1
			g.order = append(g.finish(b, seen, g.order[:last]), root)
		}
	}
	for i, j := 0, len(g.order)-1; i < j; i, j = i+1, j-1 {
		g.order[i], g.order[j] = g.order[j], g.order[i]
	}
}

// finish appends what is reached from v and not seen yet, in postorder.
func (g *digraph) finish(v int, seen []bool, order []int) []int {
	type frame struct{ v, next int }
	stack := []frame{{v, 0}}
	seen[v] = true
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if top.next == len(g.succ[top.v]) {
			order = append(order, top.v)
			stack = stack[:len(stack)-1]
			continue
		}
		u := g.succ[top.v][top.next]
		top.next++
		if !seen[u] {
			seen[u] = true
			stack = append(stack, frame{u, 0})
		}
	}
	return order
}
