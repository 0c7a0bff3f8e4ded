package heuristics

import (
	"cmp"
	"container/heap"
	"slices"
)

// order sorts the steps by place, but so that the gives of a conversion stand before its takes:
// then only the steps of one holding, which are one pot, keep their order among themselves.
func (s *settler) order() {
	slices.SortStableFunc(s.steps, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(rank(a.Kind), rank(b.Kind)))
	})
	s.out.Steps = make([]Step, 0, len(s.steps))
	if len(s.out.Conversions) == 0 {
		for i := range s.steps {
			s.out.Steps = append(s.out.Steps, s.steps[i].Step)
		}
		return
	}
	q := s.queue()
	for len(s.out.Steps) < len(s.steps) {
		if q.ready.Len() == 0 {
			q.force()
			continue
		}
		n := heap.Pop(&q.ready).(int)
		q.done[n] = true
		s.out.Steps = append(s.out.Steps, s.steps[n].Step)
		for _, after := range q.next[n] {
			if q.waits[after]--; q.waits[after] == 0 && !q.done[after] {
				heap.Push(&q.ready, after)
			}
		}
	}
}

// rank puts what a giver pays others at the same place before what is left to convert.
func rank(k StepKind) int {
	switch k {
	case StepFee:
		return 0
	case StepTransfer:
		return 1
	case StepGive:
		return 2
	}
	return 3
}

// queue is an order of steps in the making: a step is ready when what must stand before it is
// written.
type queue struct {
	steps []placed
	next  [][]int // what waits for a step
	waits []int
	done  []bool
	ready numbers
}

// queue returns the queue of all steps, in which each waits for the one before it in the same
// holding, a give for the one before it in its conversion and a take for all of them.
func (s *settler) queue() *queue {
	q := &queue{steps: s.steps, next: make([][]int, len(s.steps)), waits: make([]int, len(s.steps)), done: make([]bool, len(s.steps))}
	before := map[Holding]int{}
	gives := map[int][]int{}
	wait := func(n, after int) {
		q.next[n] = append(q.next[n], after)
		q.waits[after]++
	}
	for n := range s.steps {
		p := &s.steps[n]
		for _, h := range []Holding{{p.From, p.Asset}, {p.To, p.Asset}} {
			if h.Account == "" {
				continue
			}
			if last, known := before[h]; known {
				wait(last, n)
			}
			before[h] = n
		}
		if p.Kind == StepGive {
			if list := gives[p.Conversion]; len(list) > 0 {
				wait(list[len(list)-1], n)
			}
			gives[p.Conversion] = append(gives[p.Conversion], n)
		}
	}
	for n := range s.steps {
		if p := &s.steps[n]; p.Kind == StepTake {
			for _, g := range gives[p.Conversion] {
				wait(g, n)
			}
		}
	}
	for n, w := range q.waits {
		if w == 0 {
			q.ready = append(q.ready, n)
		}
	}
	return q
}

// force frees the first step that is no take where every step waits for another: several parties
// that each paid with what another one's conversion brought. The pots' order yields there.
func (q *queue) force() {
	for n := range q.steps {
		if !q.done[n] && q.steps[n].Kind != StepTake {
			q.waits[n] = 0
			q.ready = append(q.ready, n)
			return
		}
	}
}

// numbers is a heap of places.
type numbers []int

// Len, Less, Swap, Push and Pop make it one.
func (h numbers) Len() int           { return len(h) }
func (h numbers) Less(i, j int) bool { return h[i] < h[j] }
func (h numbers) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push adds a place behind the others.
func (h *numbers) Push(x any) { *h = append(*h, x.(int)) }

// Pop takes the last place away.
func (h *numbers) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
