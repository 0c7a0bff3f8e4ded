package transfers

import (
	"cmp"
	"slices"

	"clew/chains"
)

// Merge puts what several files say of one chain into one list, in order of time. Exports of two
// addresses that paid each other hold the same transfer twice: transfers of one transaction that
// agree in everything count as often as the file in which they stand most often. It changes none
// of what it is given.
func Merge(files ...[]chains.Tx) []chains.Tx {
	var all []chains.Tx
	at := map[chains.TxID]int{}
	for _, txs := range files {
		for i := range txs {
			n, known := at[txs[i].ID]
			if !known {
				at[txs[i].ID] = len(all)
				all = append(all, txs[i].Clone())
				continue
			}
			have := &all[n]
			have.Block.Height = max(have.Block.Height, txs[i].Block.Height)
			join(have.Exec, txs[i].Exec)
		}
	}
	slices.SortStableFunc(all, func(a, b chains.Tx) int {
		return cmp.Or(cmp.Compare(a.Block.Time, b.Block.Time), cmp.Compare(a.Block.Height, b.Block.Height))
	})
	for i := range all {
		all[i].Index = i
	}
	return all
}

// same is what two rows agree in that tell of one transfer.
type same struct {
	kind     chains.MoveKind
	asset    chains.Asset
	from, to chains.Address
	amount   chains.Amount
}

func sameOf(m *chains.Move) same { return same{m.Kind, m.Asset, m.From, m.To, m.Amount} }

// join adds to e what other has more of.
func join(e, other *chains.Execution) {
	left := map[same]int{}
	for i := range e.Moves {
		left[sameOf(&e.Moves[i])]++
	}
	for i := range other.Moves {
		m := other.Moves[i]
		if key := sameOf(&m); left[key] > 0 {
			left[key]--
			continue
		}
		if m.Kind == chains.MoveFee {
			e.Moves = slices.Insert(e.Moves, 0, m)
			continue
		}
		e.Moves = append(e.Moves, m)
	}
	if e.Sender == "" {
		e.Sender = other.Sender
	}
	e.Failed = e.Failed || other.Failed
}
