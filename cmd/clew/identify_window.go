package main

import (
	"fmt"
	"io"

	"clew/chains"
	"clew/heuristics"
)

// defaultWindow is how many transactions on either side one sees where --window does not say: some twenty
// blocks; both sides take a fifth of a gigabyte.
const defaultWindow = 50_000

// linkWindow holds the transactions of a file around the one that is answered, so that each is told what
// those around it know: an input what it spends, an output who spends it, and of these two the same. Two
// see each other where no more than most stand from the one to the other, whichever comes first, so that
// memory does not grow with the file.
type linkWindow struct {
	most     int
	answer   func(tx *chains.Tx, facts heuristics.Facts) error
	held     []*givenTx // in the order of the file: the first ones are answered, most at most
	answered int        // how many
	given    int        // transactions so far
	at       map[chains.TxID]*givenTx
	spenders map[chains.OutPoint]*chains.Tx
}

// add takes the next transaction and answers the one of which now all is known that will be.
func (w *linkWindow) add(t *givenTx) error {
	if w.at == nil {
		w.at, w.spenders = map[chains.TxID]*givenTx{}, map[chains.OutPoint]*chains.Tx{}
	}
	w.given++
	t.place = w.given
	w.at[t.tx.ID] = t
	for i := range t.tx.Inputs {
		in := &t.tx.Inputs[i]
		w.spenders[in.Prev] = &t.tx
		if maker := w.at[in.Prev.Tx]; maker != nil && t.place-maker.place <= w.most {
			maker.tell(in)
		}
	}
	for i := range t.tx.Outputs {
		out := chains.OutPoint{Tx: t.tx.ID, Index: uint32(i)}
		spender := w.spenders[out]
		for j := 0; spender != nil && j < len(spender.Inputs); j++ {
			if in := &spender.Inputs[j]; in.Prev == out {
				t.tell(in)
			}
		}
	}
	if w.held = append(w.held, t); len(w.held)-w.answered > w.most {
		return w.next()
	}
	return nil
}

// tell fills in what an input spends of t. Bytes that were given count more than what the input's own
// entry says.
func (t *givenTx) tell(in *chains.Input) {
	if int(in.Prev.Index) < len(t.tx.Outputs) && (!in.Known || t.raw) {
		in.Spent, in.Known, in.Proven = t.tx.Outputs[in.Prev.Index], true, t.raw
	}
}

// next answers the first that was not, and lets go of the one that none sees any more.
func (w *linkWindow) next() error {
	t := w.held[w.answered]
	w.answered++
	err := w.answer(&t.tx, w.around(&t.tx))
	if w.answered > w.most {
		w.drop()
	}
	return err
}

// around is what the window knows of a transaction.
func (w *linkWindow) around(tx *chains.Tx) heuristics.Facts {
	return heuristics.Facts{
		Spender: func(i int) *chains.Tx { return w.spenders[chains.OutPoint{Tx: tx.ID, Index: uint32(i)}] },
		Maker: func(i int) *chains.Tx {
			if maker := w.at[tx.Inputs[i].Prev.Tx]; maker != nil {
				return &maker.tx
			}
			return nil
		},
		Around: w.around,
	}
}

// drop lets go of the first that is held.
func (w *linkWindow) drop() {
	t := w.held[0]
	w.held[0], w.held = nil, w.held[1:]
	w.answered--
	if w.at[t.tx.ID] == t {
		delete(w.at, t.tx.ID)
	}
	for i := range t.tx.Inputs {
		if prev := t.tx.Inputs[i].Prev; w.spenders[prev] == &t.tx {
			delete(w.spenders, prev)
		}
	}
}

// finish answers all that are held.
func (w *linkWindow) finish() error {
	for w.answered < len(w.held) {
		if err := w.next(); err != nil {
			return err
		}
	}
	return nil
}

// flushing reads, and writes out first what was answered: reading may wait.
type flushing struct {
	in    io.Reader
	flush func() error
}

func (f flushing) Read(b []byte) (int, error) {
	if err := f.flush(); err != nil {
		return 0, fmt.Errorf("write to standard output: %w", err)
	}
	return f.in.Read(b)
}
