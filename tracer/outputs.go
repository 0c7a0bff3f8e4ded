package tracer

import (
	"cmp"
	"fmt"
	"slices"

	"clew/chains"
)

// spendOutputs is the pot of a UTXO transaction: inputs enter by index, outputs leave by
// index, the fee last. It returns a holding for each output, traced or only seeded, in
// order; none where nothing traced is spent and nothing is seeded.
func (s *sweep) spendOutputs(tx *chains.Tx) ([]*holding, error) {
	inputs, traced, unknown, err := s.takeInputs(tx)
	if err != nil {
		return nil, err
	}
	made := s.made[:0]
	for i, o := range tx.Outputs {
		h := s.spare()
		h.units, h.seq, h.at = chains.Units(o.Value), -1, o.Address
		h.out = chains.OutPoint{Tx: tx.ID, Index: uint32(i)}
		made = append(made, h)
	}
	s.made = made
	if len(traced) > 0 {
		s.touched++
		if err := s.move(tx, inputs, traced, made, unknown); err != nil {
			return nil, err
		}
	}
	return made, s.seedOutputs(tx, made)
}

// move lets what is traced in a transaction go on, or end in it. unknown is the first input of
// unknown value, −1 for none.
func (s *sweep) move(tx *chains.Tx, inputs []bundle, traced, made []*holding, unknown int) error {
	s.learn(tx, traced)
	m := s.mix(tx)
	if m.ends() {
		return s.endInMix(tx, m, spentIn(tx, traced))
	}
	move := &movement{tx: tx, from: traced, findings: s.prepares(tx, made)}
	if m != nil {
		s.goThrough(move, m, spentIn(tx, traced), made)
	}
	s.markDust(tx, traced, made)
	if unknown >= 0 {
		return s.loseAt(move, unknown, made)
	}
	return s.pay(move, inputs, made)
}

// spare returns an empty holding, one that was spent if there is any: most outputs of a trace
// live shortly.
func (s *sweep) spare() *holding {
	if len(s.spent) == 0 {
		return new(holding)
	}
	h := s.spent[len(s.spent)-1]
	s.spent = s.spent[:len(s.spent)-1]
	*h = holding{}
	return h
}

// done lets the holdings that the transaction has spent be used again.
func (s *sweep) done() {
	const most = 1 << 12 // a transaction may have spent more
	for _, h := range s.from {
		if len(s.spent) < most {
			s.spent = append(s.spent, h)
		}
	}
	clear(s.from)
	s.from = s.from[:0]
}

// takeInputs removes the live holdings that tx spends. bundles has an entry for each input
// and means something if unknown is −1; else it is the first input whose value nobody
// told. The value of a traced input is known from the output that made it.
//
// What the source tells of a traced input must be what the transaction that made it says:
// ErrBadAnswer if not.
func (s *sweep) takeInputs(tx *chains.Tx) (bundles []bundle, traced []*holding, unknown int, err error) {
	unknown, bundles, traced = -1, s.entering[:0], s.from[:0]
	defer func() { s.entering, s.from = bundles, traced }()
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		if h := s.held[in.Prev]; h != nil {
			if told := chains.Units(in.Spent.Value); in.Known && (told != h.units || in.Spent.Address != h.at) {
				return nil, nil, 0, fmt.Errorf("input %d: the source says that %s is worth %s at another place than the %s units it was made with: %w",
					i, in.Prev, told, h.units, chains.ErrBadAnswer)
			}
			delete(s.held, in.Prev)
			traced = append(traced, h)
			bundles = append(bundles, h.bundle)
			continue
		}
		if !in.Known && unknown < 0 {
			unknown = i
		}
		bundles = append(bundles, bundle{units: chains.Units(in.Spent.Value)})
	}
	return bundles, traced, unknown, nil
}

// pay divides what entered over the outputs and the fee, and writes the hops.
func (s *sweep) pay(move *movement, in []bundle, made []*holding) error {
	outs, err := s.withFee(move.tx, in)
	if err != nil {
		return err
	}
	hops := hopsAfter(move.from)
	for i, b := range s.pot.divide(in, outs) {
		if !b.touched() {
			continue
		}
		b.weaken(move.weakest)
		if i == len(made) {
			if err := s.payFee(move, b); err != nil {
				return err
			}
			continue
		}
		h := made[i]
		h.bundle, h.hops = b, hops
		if err := s.out.transfer(move, h); err != nil {
			return err
		}
	}
	return nil
}

func (s *sweep) payFee(move *movement, b bundle) error {
	h := &holding{bundle: b, seq: s.nextSeq(), out: chains.OutPoint{Tx: move.tx.ID}}
	if err := s.out.fee(move, h, feeEvidence(move)); err != nil {
		return err
	}
	return s.out.end(h, ReasonFee, "")
}

// feeEvidence says how the fee is known. It is not in the transaction: it follows from the
// values of what is spent, and is as good as they are.
func feeEvidence(move *movement) chains.Evidence {
	own := move.from // in the order of the inputs that spend them
	for i := range move.tx.Inputs {
		in := &move.tx.Inputs[i]
		if len(own) > 0 && own[0].out == in.Prev {
			own = own[1:]
		} else if !in.Proven {
			return min(move.tx.Evidence, chains.EvidenceAttested)
		}
	}
	return move.tx.Evidence
}

// withFee returns the values of tx's outputs and its fee behind them, until the next call.
func (s *sweep) withFee(tx *chains.Tx, in []bundle) ([]chains.Amount, error) {
	var entered, left chains.Amount
	var err error
	for i := range in {
		if entered, err = entered.Add(in[i].units); err != nil {
			return nil, err
		}
	}
	outs := s.leaving[:0]
	for _, o := range tx.Outputs {
		outs = append(outs, chains.Units(o.Value))
		if left, err = left.Add(chains.Units(o.Value)); err != nil {
			return nil, err
		}
	}
	if entered.Less(left) {
		return nil, fmt.Errorf("pays %s out of %s: %w", left, entered, chains.ErrBadAnswer)
	}
	s.leaving = append(outs, entered.Minus(left))
	return s.leaving, nil
}

// hopsAfter returns the hop count behind a pot: one more than the least that entered it. What
// poison alone reaches counts only where nothing else is traced: a pass over a node's blocks
// does not follow it, and a limit must cut both traces at the same place.
func hopsAfter(from []*holding) int {
	least := slices.MinFunc(from, func(a, b *holding) int {
		if a.conserved() != b.conserved() {
			if a.conserved() {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.hops, b.hops)
	})
	return least.hops + 1
}

// loseAt ends every conserving rule's value at a transaction with an input of unknown
// value, whose total and fee are unknown too; poison goes on.
func (s *sweep) loseAt(move *movement, unknown int, made []*holding) error {
	tx := move.tx
	note := fmt.Sprintf("transaction %s: the value of input %d (%s) is not known", tx.ID, unknown, tx.Inputs[unknown].Prev)
	var t taint
	for _, h := range move.from {
		t.seeds = union(t.seeds, h.taint.seeds)
		t.basis = max(t.basis, h.taint.basis)
		if err := s.out.endConserving(h, note); err != nil {
			return err
		}
	}
	if len(move.from) < len(tx.Inputs) {
		t.basis = max(t.basis, ByRule)
	}
	t.basis = max(t.basis, move.weakest)
	s.out.unknownInputs(tx, unknown)
	move.ruleEnds = true
	for _, h := range made {
		if h.units.IsZero() {
			continue
		}
		h.bundle.taint, h.hops = t, hopsAfter(move.from)
		if err := s.out.transfer(move, h); err != nil {
			return err
		}
	}
	return nil
}

// live returns the live outputs in the order in which they came to be.
func (s *sweep) live() []*holding {
	hs := make([]*holding, 0, len(s.held))
	for _, h := range s.held {
		hs = append(hs, h)
	}
	slices.SortFunc(hs, func(a, b *holding) int { return cmp.Compare(a.seq, b.seq) })
	return hs
}
