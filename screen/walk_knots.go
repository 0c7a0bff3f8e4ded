package screen

import (
	"fmt"
	"slices"

	"clew/chains"
	"clew/heuristics"
)

// knotKind is what a transaction does to value that is followed.
type knotKind uint8

const (
	knotPlain    knotKind = iota
	knotCoinbase          // newly issued
	knotMix               // value of several owners meets
	knotUnclear           // an input's value is not known
)

// knot is a transaction that was read.
type knot struct {
	tx      *chains.Tx
	kind    knotKind
	mix     heuristics.Kind
	unknown int     // the first input of unknown value
	entry   []*spot // that are asked for: back its outputs, forward what it spends
	index   []int   // of entry, the slot
	in      line    // of entry's slots
	out     line    // of those that value is asked of: back its inputs, forward its outputs, the fee last
	spots   []*spot // of out; nil: not met
	passed  bool    // it was looked through
	hops    int
	asks    asked // of the whole line
	back    asked // of it, what the address that is asked about gave here itself: see walking.returns
	weak
}

// cameBack is the note of value that an address gave to the transaction of a start itself.
const cameBack = "it came back from the address itself"

// returned reports whether what a slot of k gave is the address's own, that came back to it.
func (o *outputsWalk) returned(k *knot, slot int) bool {
	return !o.forward && o.returns != "" && k.tx.Inputs[slot].Spent.Address == o.returns &&
		slices.ContainsFunc(k.entry, func(s *spot) bool { return s.start })
}

// knotOf returns the knot of a transaction, a new one where it was not met.
func (o *outputsWalk) knotOf(tx *chains.Tx) (*knot, error) {
	if k := o.knots[tx.ID]; k != nil {
		return k, nil
	}
	k := &knot{tx: tx, unknown: slices.IndexFunc(tx.Inputs, func(in chains.Input) bool { return !in.Known })}
	mix, mixed := heuristics.MixOf(tx)
	switch {
	case tx.Coinbase:
		k.kind = knotCoinbase
	case mixed:
		k.kind, k.mix = knotMix, mix
	case k.unknown >= 0:
		k.kind = knotUnclear
	}
	if err := o.lines(k); err != nil {
		return nil, fmt.Errorf("transaction %s: %w", tx.ID, err)
	}
	o.knots[tx.ID] = k
	o.order = append(o.order, k)
	if o.forward && len(tx.Inputs) > 1 {
		for i := range tx.Inputs {
			o.spentBy[tx.Inputs[i].Prev] = k
		}
	}
	return k, nil
}

// lines makes the lines of what enters and what leaves k's transaction.
func (o *outputsWalk) lines(k *knot) error {
	tx := k.tx
	given, ok := newLine(len(tx.Inputs), func(i int) uint64 { return tx.Inputs[i].Spent.Value })
	if !ok {
		return fmt.Errorf("what it spends: %w", chains.ErrOverflow)
	}
	paid, err := outLine(tx, nil)
	if err != nil {
		return err
	}
	if k.kind == knotPlain {
		if given.total() < paid.total() {
			return fmt.Errorf("pays %d out of %d: %w", paid.total(), given.total(), chains.ErrBadAnswer)
		}
		if o.forward {
			fee := given.total() - paid.total()
			if paid, err = outLine(tx, &fee); err != nil {
				return err
			}
		}
	}
	k.in, k.out = paid, given
	if o.forward {
		k.in, k.out = given, paid
	}
	k.spots = make([]*spot, k.out.slots())
	return nil
}

// outLine is the line of what leaves a transaction, with the fee behind it where one is given.
func outLine(tx *chains.Tx, fee *uint64) (line, error) {
	n := len(tx.Outputs)
	if fee != nil {
		n++
	}
	l, ok := newLine(n, func(i int) uint64 {
		if i == len(tx.Outputs) {
			return *fee
		}
		return tx.Outputs[i].Value
	})
	if !ok {
		return l, fmt.Errorf("what it pays: %w", chains.ErrOverflow)
	}
	return l, nil
}
