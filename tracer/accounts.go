package tracer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"clew/chains"
)

// liveAccount is an address, or a cluster of them, as a pot.
type liveAccount struct {
	account
	seq     int
	address chains.Address
	node    string
	arrived []string // the hops and seeds that came in since the last hop out
	last    string   // the first hop of the transaction that took from it last
	rest    bool     // something was left then
	hops    int
}

// origin names what a hop out of the account carries on: what arrived since the last hop
// out, and that hop for what it left behind. Naming every arrival in every hop would grow
// with the square of a busy account's history.
func (a *liveAccount) origin() []string {
	if a.last != "" && (a.rest || len(a.arrived) == 0) {
		return append([]string{a.last}, a.arrived...)
	}
	return a.arrived
}

// left notes that a transaction took from the account.
func (a *liveAccount) left(m *movement) {
	if m.first == "" {
		return
	}
	a.last, a.arrived, a.rest = m.first, nil, !a.units.IsZero()
}

func (a *liveAccount) asHolding() *holding {
	return &holding{bundle: a.bundle, seq: a.seq, node: a.node, origin: a.origin(), hops: a.hops, balance: true}
}

// net is what one address gives or receives in a transaction, all its inputs and outputs
// taken together.
type net struct {
	address chains.Address
	units   chains.Amount
	outs    []int // its outputs, for a receiver
}

// moveNets moves each address's net only: givers in order of their first input, receivers
// of their first output, the fee last. The givers' withdrawals enter the pot of the
// transaction, the receivers' arrivals leave it. It returns the arrivals in order.
func (s *sweep) moveNets(tx *chains.Tx) ([]*holding, error) {
	m := s.mix(tx)
	unknown := slices.IndexFunc(tx.Inputs, func(in chains.Input) bool { return !in.Known })
	if unknown >= 0 && !m.ends() {
		return s.loseAccounts(tx, unknown)
	}
	givers, receivers, err := nets(tx, s.out.potOf)
	if err != nil {
		return nil, err
	}
	in := make([]bundle, len(givers))
	var traced []*holding
	var parts []lost
	s.gave = s.gave[:0]
	for i, g := range givers {
		in[i] = bundle{units: g.units}
		a := s.accounts[g.address]
		if a == nil {
			continue
		}
		if in[i], err = s.withdraw(tx, a, g.units); err != nil {
			return nil, err
		}
		if in[i].touched() {
			traced = append(traced, &holding{bundle: in[i], node: a.node, origin: a.origin(), hops: a.hops})
			s.gave = append(s.gave, a)
			parts = append(parts, lost{traced[len(traced)-1], s.inputsAt(tx, g.address), a})
		}
	}
	made := make([]*holding, len(receivers))
	for i, r := range receivers {
		made[i] = &holding{
			bundle: bundle{units: r.units}, seq: -1, outs: r.outs,
			out: chains.OutPoint{Tx: tx.ID, Index: uint32(r.outs[0])},
		}
	}
	if len(traced) > 0 {
		s.touched++
		if err := s.moveTraced(tx, m, in, traced, parts, made); err != nil {
			return nil, err
		}
		if unknown >= 0 {
			s.out.unknownGiven(tx, unknown)
		}
	}
	if err := s.seedOutputs(tx, made); err != nil {
		return nil, err
	}
	return made, s.addCleans(tx, made)
}

// moveTraced lets what accounts gave go on, or end in a mix.
func (s *sweep) moveTraced(tx *chains.Tx, m *mixing, in []bundle, traced []*holding, parts []lost, made []*holding) error {
	s.learn(tx, traced)
	if m.ends() {
		return s.endInMix(tx, m, parts)
	}
	move := &movement{tx: tx, from: traced, findings: s.prepares(tx, made)}
	if m != nil {
		s.goThrough(move, m, parts, made)
	}
	s.markDust(tx, traced, made)
	if err := s.payNets(move, in, made); err != nil {
		return err
	}
	for _, a := range s.gave {
		a.left(move)
	}
	return nil
}

// inputsAt returns the inputs of tx that spend from a pot.
func (s *sweep) inputsAt(tx *chains.Tx, pot chains.Address) (at []int) {
	for i := range tx.Inputs {
		if tx.Inputs[i].Known && s.out.potOf(tx.Inputs[i].Spent.Address) == pot {
			at = append(at, i)
		}
	}
	return at
}

// addCleans lets clean arrivals into accounts that are live: they are traced value's
// company from then on.
func (s *sweep) addCleans(tx *chains.Tx, made []*holding) error {
	for _, h := range made {
		if h.touched() {
			continue
		}
		if err := s.addClean(tx, h); err != nil {
			return err
		}
	}
	return nil
}

// addClean lets an arrival into its account, if that is live, as clean.
func (s *sweep) addClean(tx *chains.Tx, h *holding) error {
	if a := s.accounts[s.out.potOf(tx.Outputs[h.out.Index].Address)]; a != nil {
		return a.deposit(&bundle{units: h.units})
	}
	return nil
}

func (s *sweep) payNets(move *movement, in []bundle, made []*holding) error {
	outs := make([]chains.Amount, 0, len(made)+1)
	var left, entered chains.Amount
	for _, h := range made {
		outs = append(outs, h.units)
		left = left.Plus(h.units)
	}
	for i := range in {
		entered = entered.Plus(in[i].units)
	}
	if entered.Less(left) {
		return fmt.Errorf("pays %s out of %s: %w", left, entered, chains.ErrBadAnswer)
	}
	hops := hopsAfter(move.from)
	for i, b := range s.pot.divide(in, append(outs, entered.Minus(left))) {
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
		made[i].bundle, made[i].hops = b, hops
		if err := s.out.transfer(move, made[i]); err != nil {
			return err
		}
	}
	return nil
}

// withdraw takes units from a, which is filled at its front if it was not seen to hold them.
func (s *sweep) withdraw(tx *chains.Tx, a *liveAccount, units chains.Amount) (bundle, error) {
	if a.units.Less(units) {
		lack := units.Minus(a.units)
		if err := a.fill(lack); err != nil {
			return bundle{}, err
		}
		if err := s.out.unexplained(tx, a.address, lack); err != nil {
			return bundle{}, err
		}
	}
	return a.account.withdraw(units, &s.pot.proportions), nil
}

// arrive deposits a traced arrival in its account, which is opened if it is not live.
func (s *sweep) arrive(ctx context.Context, tx *chains.Tx, h *holding) error {
	address := s.out.potOf(tx.Outputs[h.out.Index].Address)
	a := s.accounts[address]
	if a == nil {
		a = &liveAccount{seq: h.seq, address: address, node: h.node, hops: h.hops}
		s.accounts[address] = a
		for _, member := range s.members(address) {
			opening, err := s.opening(ctx, tx, member)
			if err == nil {
				a.units, err = a.units.Add(opening)
			}
			if err == nil {
				err = s.src.WatchAddress(ctx, member)
			}
			if err != nil {
				return err
			}
		}
	}
	return a.receive(h)
}

// receive deposits a traced arrival.
func (a *liveAccount) receive(h *holding) error {
	switch {
	case h.conserved() && !a.conserved():
		a.hops = h.hops // see hopsAfter
	case h.conserved() == a.conserved():
		a.hops = min(a.hops, h.hops)
	}
	if h.hop != "" {
		a.arrived = append(a.arrived, h.hop)
	}
	a.arrived = append(a.arrived, h.origin...)
	return a.deposit(&h.bundle)
}

// opening returns what address held just before tx, by which the first traced value arrives there:
// as a source tells that knows the chain from genesis, else as the incident states it.
func (s *sweep) opening(ctx context.Context, tx *chains.Tx, address chains.Address) (chains.Amount, error) {
	stated := s.inc.stated(s.chain, address, chains.Native)
	why := fmt.Errorf("%w: a single pass over a node's blocks does not know it", chains.ErrIncomplete)
	if b, ok := s.src.(Balancer); ok {
		told, err := b.BalanceBefore(ctx, address)
		if !errors.Is(err, chains.ErrIncomplete) {
			if err == nil {
				s.out.compareOpening(tx, stated, told)
			}
			return told, err
		}
		why = err
	}
	if stated == nil {
		return chains.Amount{}, &OpeningError{s.out.codec.FormatAddress(s.chain, address), why}
	}
	return stated.Amount, nil
}

// OpeningError says that nothing tells what an address held before stolen value came to it,
// without which its account cannot be followed.
type OpeningError struct {
	Address string
	Err     error // chains.ErrIncomplete
}

// Error names the address and the ways out.
func (e *OpeningError) Error() string {
	return fmt.Sprintf("opening balance of %s: %v: state it under openings, sync a store from block 0, or use accounts: output", e.Address, e.Err)
}

// Unwrap returns what was not read.
func (e *OpeningError) Unwrap() error { return e.Err }

// loseAccounts ends what the live accounts give in a transaction whose total is unknown.
func (s *sweep) loseAccounts(tx *chains.Tx, unknown int) ([]*holding, error) {
	note := fmt.Sprintf("transaction %s: the value of input %d (%s) is not known", tx.ID, unknown, tx.Inputs[unknown].Prev)
	givers, receivers := knownNets(tx, s.out.potOf)
	move := &movement{tx: tx, ruleEnds: true}
	t := taint{basis: ByRule}
	s.gave = s.gave[:0]
	for _, g := range givers {
		a := s.accounts[g.address]
		if a == nil {
			continue
		}
		b, err := s.withdraw(tx, a, g.units)
		if err != nil {
			return nil, err
		}
		if !b.touched() {
			continue
		}
		h := &holding{bundle: b, seq: s.nextSeq(), node: a.node, origin: a.origin(), hops: a.hops, out: chains.OutPoint{Tx: tx.ID}, spent: true}
		move.from = append(move.from, h)
		s.gave = append(s.gave, a)
		t.seeds, t.basis = union(t.seeds, b.taint.seeds), max(t.basis, b.taint.basis)
		if err := s.out.endConserving(h, note); err != nil {
			return nil, err
		}
	}
	made := make([]*holding, len(receivers))
	for i, r := range receivers {
		made[i] = &holding{bundle: bundle{units: r.units}, seq: -1, outs: r.outs, out: chains.OutPoint{Tx: tx.ID, Index: uint32(r.outs[0])}}
	}
	if len(move.from) > 0 {
		s.touched++
		s.learn(tx, move.from)
		s.out.unknownInputs(tx, unknown)
		for _, h := range made {
			h.taint, h.hops = t, hopsAfter(move.from)
			if err := s.out.transfer(move, h); err != nil {
				return nil, err
			}
		}
		for _, a := range s.gave {
			a.left(move)
		}
	}
	if err := s.seedOutputs(tx, made); err != nil {
		return nil, err
	}
	return made, s.addCleans(tx, made)
}

// nets returns what each address gives and receives, all its inputs and outputs summed.
func nets(tx *chains.Tx, pot func(chains.Address) chains.Address) (givers, receivers []net, err error) {
	givers, receivers = knownNets(tx, pot)
	for _, side := range [][]net{givers, receivers} {
		var sum chains.Amount
		for _, n := range side {
			if sum, err = sum.Add(n.units); err != nil {
				return nil, nil, err
			}
		}
	}
	return givers, receivers, nil
}

// knownNets does so over the inputs whose value is known.
func knownNets(tx *chains.Tx, pot func(chains.Address) chains.Address) (givers, receivers []net) {
	type flow struct {
		in, out chains.Amount
		outs    []int
	}
	flows := map[chains.Address]*flow{}
	var first []chains.Address
	at := func(a chains.Address) *flow {
		if flows[a] == nil {
			flows[a] = &flow{}
			first = append(first, a)
		}
		return flows[a]
	}
	for i := range tx.Inputs {
		if spent := &tx.Inputs[i].Spent; tx.Inputs[i].Known {
			f := at(pot(spent.Address))
			f.in = f.in.Plus(chains.Units(spent.Value))
		}
	}
	for i, o := range tx.Outputs {
		f := at(pot(o.Address))
		f.out = f.out.Plus(chains.Units(o.Value))
		f.outs = append(f.outs, i)
	}
	for _, a := range first {
		switch f := flows[a]; f.in.Cmp(f.out) {
		case 1:
			givers = append(givers, net{a, f.in.Minus(f.out), nil})
		case -1:
			receivers = append(receivers, net{a, f.out.Minus(f.in), f.outs})
		}
	}
	slices.SortStableFunc(receivers, func(a, b net) int { return cmp.Compare(a.outs[0], b.outs[0]) })
	return givers, receivers
}

func (s *sweep) liveAccounts() []*liveAccount {
	as := make([]*liveAccount, 0, len(s.accounts))
	for _, a := range s.accounts {
		as = append(as, a)
	}
	slices.SortFunc(as, func(a, b *liveAccount) int { return cmp.Compare(a.seq, b.seq) })
	return as
}
