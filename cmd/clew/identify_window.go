package main

import (
	"fmt"
	"io"

	"clew/chains"
)

// defaultWindow is how many transactions see each other where --window does not say: some forty blocks,
// a fifth of a gigabyte.
const defaultWindow = 100_000

// linkWindow holds back the last transactions of a file, so that each is told what those around it know:
// an input what it spends, an output who spends it. Two see each other where no more than most stand
// from the one to the other, whichever comes first, so that memory does not grow with the file.
type linkWindow struct {
	most     int
	answer   func(tx *chains.Tx, spender func(output int) *chains.Tx) error
	held     []*givenTx // in the order of the file
	at       map[chains.TxID]*givenTx
	spenders map[chains.OutPoint]*chains.Tx
}

// add takes the next transaction and answers the one that leaves the window.
func (w *linkWindow) add(t *givenTx) error {
	if w.at == nil {
		w.at, w.spenders = map[chains.TxID]*givenTx{}, map[chains.OutPoint]*chains.Tx{}
	}
	w.at[t.tx.ID] = t
	for i := range t.tx.Inputs {
		in := &t.tx.Inputs[i]
		w.spenders[in.Prev] = &t.tx
		if maker := w.at[in.Prev.Tx]; maker != nil {
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
	if w.held = append(w.held, t); len(w.held) > w.most {
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

// next answers the first that is held, and lets go of it.
func (w *linkWindow) next() error {
	t := w.held[0]
	w.held[0], w.held = nil, w.held[1:]
	err := w.answer(&t.tx, func(i int) *chains.Tx { return w.spenders[chains.OutPoint{Tx: t.tx.ID, Index: uint32(i)}] })
	if w.at[t.tx.ID] == t {
		delete(w.at, t.tx.ID)
	}
	for i := range t.tx.Inputs {
		if prev := t.tx.Inputs[i].Prev; w.spenders[prev] == &t.tx {
			delete(w.spenders, prev)
		}
	}
	return err
}

// finish answers all that are held.
func (w *linkWindow) finish() error {
	for len(w.held) > 0 {
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
