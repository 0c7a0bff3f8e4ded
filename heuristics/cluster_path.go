package heuristics

import (
	"cmp"
	"slices"
)

// Group is a set of numbers, of addresses mostly, that one piece of evidence joins: each belongs
// with each.
type Group struct {
	Members  []Member
	Evidence int // the caller's
}

// Member is a number in a group, and the input that shows it.
type Member struct {
	ID uint32
	In int
}

// Tie leads from one number to another through a group.
type Tie struct {
	A, B     uint32
	InA, InB int
	Group    int // index in the groups that were given
}

// Path returns a chain of the fewest ties from a to b; of equals the one through the earlier
// groups. Empty where there is none, or a is b. It takes 8 bytes a member beside the groups.
func Path(groups []Group, a, b uint32) []Tie {
	if a == b {
		return nil
	}
	in := groupsOf(groups)
	came := map[uint32]Tie{a: {}} // how a number was reached
	entered := make([]bool, len(groups))
	for queue := []uint32{a}; len(queue) > 0; queue = queue[1:] {
		from := queue[0]
		at, _ := slices.BinarySearchFunc(in, from, func(m membership, id uint32) int { return cmp.Compare(m.id, id) })
		for ; at < len(in) && in[at].id == from; at++ {
			no := int(in[at].group)
			if entered[no] {
				continue
			}
			entered[no] = true
			inA := inputOf(&groups[no], from)
			for _, m := range groups[no].Members {
				if _, known := came[m.ID]; known {
					continue
				}
				came[m.ID] = Tie{A: from, B: m.ID, InA: inA, InB: m.In, Group: no}
				if m.ID == b {
					return walkBack(came, a, b)
				}
				queue = append(queue, m.ID)
			}
		}
	}
	return nil
}

func walkBack(came map[uint32]Tie, a, b uint32) (path []Tie) {
	for b != a {
		path = append(path, came[b])
		b = came[b].A
	}
	slices.Reverse(path)
	return path
}

func inputOf(g *Group, id uint32) int {
	for _, m := range g.Members {
		if m.ID == id {
			return m.In
		}
	}
	return 0
}

// membership says that a number is in a group.
type membership struct {
	id    uint32
	group int32
}

// groupsOf returns the groups of each number, by number, then group.
func groupsOf(groups []Group) []membership {
	n := 0
	for i := range groups {
		n += len(groups[i].Members)
	}
	in := make([]membership, 0, n)
	for i := range groups {
		for _, m := range groups[i].Members {
			in = append(in, membership{m.ID, int32(i)})
		}
	}
	slices.SortFunc(in, func(x, y membership) int {
		return cmp.Or(cmp.Compare(x.id, y.id), cmp.Compare(x.group, y.group))
	})
	return in
}

// Falls returns what becomes of a cluster when some groups are taken away: the sets that the
// groups kept still join, each ascending, the largest first, of equals the one with the smallest
// number. members are all numbers of the cluster.
func Falls(members []uint32, kept []Group) [][]uint32 {
	index := make(map[uint32]uint32, len(members))
	for i, id := range members {
		index[id] = uint32(i)
	}
	var sets Partition
	sets.Grow(len(members))
	for i := range kept {
		for _, m := range kept[i].Members[1:] {
			sets.Join(index[kept[i].Members[0].ID], index[m.ID])
		}
	}
	by := make([][]uint32, len(members))
	for i, id := range members {
		root := sets.Root(uint32(i))
		by[root] = append(by[root], id)
	}
	by = slices.DeleteFunc(by, func(ids []uint32) bool { return len(ids) == 0 })
	for _, ids := range by {
		slices.Sort(ids)
	}
	slices.SortFunc(by, func(a, b []uint32) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a[0], b[0]))
	})
	return by
}
