package transfers

import (
	"cmp"
	"container/heap"
	"slices"

	"clew/chains"
)

// unplaced is the Index of a transaction whose place in its block no file states.
const unplaced = -1

// inOrder sorts transactions by time and block, and the movements in each. Those of one block
// stand by their places, where the files state all of them; else each receipt before the payments
// that could be made of it, as the movements of one transaction do.
func inOrder(txs []chains.Tx) {
	slices.SortStableFunc(txs, func(a, b chains.Tx) int { return compare(&a, &b) })
	for from := 0; from < len(txs); {
		to, placed := from, true
		for ; to < len(txs) && compare(&txs[from], &txs[to]) == 0; to++ {
			placed = placed && txs[to].Index != unplaced
		}
		block := txs[from:to]
		if placed {
			slices.SortStableFunc(block, func(a, b chains.Tx) int { return cmp.Compare(a.Index, b.Index) })
		} else {
			receiptsFirst(block, func(tx *chains.Tx) []chains.Move { return tx.Exec.Moves })
		}
		from = to
	}
	for i := range txs {
		moves := txs[i].Exec.Moves
		if len(moves) > 0 && moves[0].Kind == chains.MoveFee {
			moves = moves[1:]
		}
		receiptsFirst(moves, func(m *chains.Move) []chains.Move { return []chains.Move{*m} })
	}
}

// compare orders transactions as far as time and block tell.
func compare(a, b *chains.Tx) int {
	return cmp.Or(cmp.Compare(a.Block.Time, b.Block.Time), cmp.Compare(a.Block.Height, b.Block.Height))
}

// purse is what an account has of an asset.
type purse struct {
	account chains.Address
	asset   chains.Asset
}

// waiting is a thing that is not in order yet.
type waiting struct {
	pays, gets map[purse]bool // what is in both is in pays
	before     int            // purses that it pays from and into which others still pay
	done       bool
}

// receiptsFirst puts a thing behind all that pay into what it pays from. Of several that can come
// next, and where they wait for each other in a circle, the first one given does. Its cost grows
// with the movements, and their logarithm.
func receiptsFirst[T any](things []T, moves func(*T) []chains.Move) {
	if len(things) < 2 {
		return
	}
	all := make([]waiting, len(things))
	coming, payers := map[purse]int{}, map[purse][]int{}
	for i := range things {
		w := waitingOf(moves(&things[i]))
		for p := range w.gets {
			coming[p]++
		}
		for p := range w.pays {
			payers[p] = append(payers[p], i)
		}
		all[i] = w
	}
	ready := &queue{}
	for i := range all {
		for p := range all[i].pays {
			if coming[p] > 0 {
				all[i].before++
			}
		}
		if all[i].before == 0 {
			heap.Push(ready, i)
		}
	}
	sorted, first := make([]T, 0, len(things)), 0
	for len(sorted) < len(things) {
		for first < len(things) && all[first].done {
			first++
		}
		next := first // out of a circle, where nothing is ready
		if ready.Len() > 0 {
			next = heap.Pop(ready).(int)
		}
		if all[next].done {
			continue // it was taken out of a circle before
		}
		all[next].done = true
		sorted = append(sorted, things[next])
		for p := range all[next].gets {
			if coming[p]--; coming[p] > 0 {
				continue
			}
			for _, i := range payers[p] {
				if all[i].before--; all[i].before == 0 {
					heap.Push(ready, i)
				}
			}
		}
	}
	copy(things, sorted)
}

func waitingOf(moves []chains.Move) waiting {
	w := waiting{pays: map[purse]bool{}, gets: map[purse]bool{}}
	for i := range moves {
		w.pays[purse{moves[i].From, moves[i].Asset}] = true
	}
	for i := range moves {
		p := purse{moves[i].To, moves[i].Asset}
		if p.account != "" && !w.pays[p] {
			w.gets[p] = true
		}
	}
	return w
}

// queue gives out the smallest number first.
type queue struct{ all []int }

func (q *queue) Len() int           { return len(q.all) }
func (q *queue) Less(i, j int) bool { return q.all[i] < q.all[j] }
func (q *queue) Swap(i, j int)      { q.all[i], q.all[j] = q.all[j], q.all[i] }

// Push puts one behind the others.
func (q *queue) Push(x any) { q.all = append(q.all, x.(int)) }

// Pop takes the last one off.
func (q *queue) Pop() any {
	last := q.all[len(q.all)-1]
	q.all = q.all[:len(q.all)-1]
	return last
}
