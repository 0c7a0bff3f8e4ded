package transfers

import (
	"fmt"
	"slices"

	"clew/chains"
)

// Merge puts what several files say of one chain into one list, in the order of File.Txs, with the
// tokens that they count. Exports of two addresses that paid each other hold the same transfer
// twice: transfers of one transaction that agree in everything count as often as the file in which
// they stand most often. An error means that two files count one asset in different decimals, so
// that their amounts do not add. It changes none of what it is given.
func Merge(files ...*File) ([]chains.Tx, []chains.Token, error) {
	var all []chains.Tx
	var tokens []chains.Token
	at := map[chains.TxID]int{}
	for _, f := range files {
		for _, t := range f.Tokens {
			k := slices.IndexFunc(tokens, func(have chains.Token) bool { return have.Asset == t.Asset })
			if k < 0 {
				tokens = append(tokens, t)
			} else if tokens[k].Decimals != t.Decimals {
				return nil, nil, fmt.Errorf("%s is counted in %d decimals in one file and in %d in another", t.Asset, tokens[k].Decimals, t.Decimals)
			}
		}
		for i := range f.Txs {
			tx := &f.Txs[i]
			n, known := at[tx.ID]
			if !known {
				at[tx.ID] = len(all)
				all = append(all, tx.Clone())
				continue
			}
			have := &all[n]
			have.Block.Height = max(have.Block.Height, tx.Block.Height)
			have.Index = max(have.Index, tx.Index)
			join(have.Exec, tx.Exec)
		}
	}
	inOrder(all)
	for i := range all {
		all[i].Index = i
	}
	return all, tokens, nil
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
