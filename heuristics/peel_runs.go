package heuristics

import (
	"strings"

	"clew/chains"
)

// Peels finds runs in transactions that are given one by one. It keeps of each what a run needs,
// about 200 bytes and its outputs, and is used by one goroutine.
type Peels struct {
	service func(chains.Address) bool
	nodes   []peelNode
	made    map[chains.TxID]int // index in nodes
}

// peelNode is a transaction.
type peelNode struct {
	id     chains.TxID
	ins    []peelIn // of what has the form of a step
	known  bool     // the values of all inputs are
	habits Habits
	stop   PeelStop // of peelShape
	change int      // index of an output by the vote without spenders, −1 without an answer
	outs   []peelOut
}

type peelIn struct {
	prev  chains.OutPoint
	value uint64 // 0 where it is not known
}

type peelOut struct {
	index   int
	to      chains.Address
	value   uint64
	spender int // index in nodes, −1 where none was given
}

// NewPeels returns a builder; service tells at which addresses a run ends (nil: at none).
func NewPeels(service func(chains.Address) bool) *Peels {
	return &Peels{service: service, made: map[chains.TxID]int{}}
}

// Add takes a transaction, each after those that it spends; one that was added is ignored. It
// keeps nothing of tx's memory. Runs do not depend on what else is known of the chain: an output
// whose spender was not added is unspent.
func (p *Peels) Add(tx *chains.Tx) {
	if _, there := p.made[tx.ID]; there {
		return
	}
	at := len(p.nodes)
	p.made[tx.ID] = at
	n := peelNode{id: tx.ID, habits: HabitsOf(tx), stop: peelShape(tx), change: -1}
	for i := range tx.Inputs {
		p.spends(tx.Inputs[i].Prev, at)
	}
	if n.stop == "" {
		n.values(tx)
		n.change = Change(tx, Facts{}).Output
		for i := range tx.Outputs {
			if out := &tx.Outputs[i]; canContinue(out) {
				n.outs = append(n.outs, peelOut{i, chains.Address(strings.Clone(string(out.Address))), out.Value, -1})
			}
		}
	}
	p.nodes = append(p.nodes, n)
}

// values notes what goes in.
func (n *peelNode) values(tx *chains.Tx) {
	n.known = true
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		n.known = n.known && in.Known
		one := peelIn{prev: in.Prev}
		if in.Known {
			one.value = in.Spent.Value
		}
		n.ins = append(n.ins, one)
	}
}

// spends notes that node at spends o.
func (p *Peels) spends(o chains.OutPoint, at int) {
	maker, there := p.made[o.Tx]
	if !there {
		return
	}
	outs := p.nodes[maker].outs
	for i := range outs {
		if uint32(outs[i].index) == o.Index {
			outs[i].spender = at
		}
	}
}

// Runs returns the runs of at least the given number of steps among all that was added, by the
// order in which their first steps were. No transaction is a step of two runs.
func (p *Peels) Runs(least int) []Peel {
	var runs []Peel
	taken := make([]bool, len(p.nodes))
	for i := range p.nodes {
		if taken[i] {
			continue
		}
		if run := p.run(i, taken); len(run.Txs) >= max(1, least) {
			runs = append(runs, run)
		}
	}
	return runs
}

// run follows a run from a node, and takes its steps. It is empty where the node is no step.
func (p *Peels) run(at int, taken []bool) (run Peel) {
	n := &p.nodes[at]
	next := p.continuing(n)
	if next == nil {
		return run
	}
	run.Closed = true
	for {
		taken[at] = true
		run.enter(n)
		run.Txs = append(run.Txs, n.id)
		for i := range n.outs {
			if o := &n.outs[i]; o != next {
				run.Paid = append(run.Paid, Peeled{chains.OutPoint{Tx: n.id, Index: uint32(o.index)}, o.to, o.value})
			}
		}
		run.Tip, run.TipValue = chains.OutPoint{Tx: n.id, Index: uint32(next.index)}, next.value
		if run.Stop = p.stops(n, next, len(run.Txs), taken); run.Stop != "" {
			run.close()
			return run
		}
		at = next.spender
		n = &p.nodes[at]
		next = p.continuing(n)
	}
}

// enter takes what comes into a run by its next step.
func (r *Peel) enter(n *peelNode) {
	r.Closed = r.Closed && n.known
	largest := 0
	for i, in := range n.ins {
		switch {
		case len(r.Txs) == 0:
			r.ValueIn += in.value
		case in.prev != r.Tip:
			r.Added = append(r.Added, PeelAdded{n.id, i, in.value})
		}
		if in.value > n.ins[largest].value {
			largest = i
		}
	}
	if len(r.Txs) == 0 {
		r.In = n.ins[largest].prev
	}
}

// close says what nobody got.
func (r *Peel) close() {
	if !r.Closed {
		return
	}
	r.Fees = r.ValueIn - r.TipValue
	for _, in := range r.Added {
		r.Fees += in.Value
	}
	for _, out := range r.Paid {
		r.Fees -= out.Value
	}
}

// stops returns why a run of steps ends with n, of which tip goes on; "" where it does not.
func (p *Peels) stops(n *peelNode, tip *peelOut, steps int, taken []bool) PeelStop {
	if p.service != nil && p.service(tip.to) {
		return PeelLabel
	}
	if tip.spender < 0 {
		return PeelUnspent
	}
	by := &p.nodes[tip.spender]
	switch {
	case by.stop != "":
		return by.stop
	case taken[tip.spender]:
		return PeelConsolidation
	case !n.habits.Same(by.habits) || p.continuing(by) == nil:
		return PeelHabits
	case steps == PeelLongest:
		return PeelLimit
	}
	return ""
}

// continuing returns the output of n that goes on: the only one that is spent with the habits of
// n, else the change of the vote; nil where n has not the form of a step, where nothing tells, and where
// habits name one and the vote another.
func (p *Peels) continuing(n *peelNode) *peelOut {
	var change, alike *peelOut
	same := 0
	for i := range n.outs {
		o := &n.outs[i]
		if o.index == n.change {
			change = o
		}
		if o.spender >= 0 && n.habits.Same(p.nodes[o.spender].habits) {
			same++
			alike = o
		}
	}
	switch {
	case same != 1:
		return change
	case change != nil && change != alike:
		return nil
	}
	return alike
}
