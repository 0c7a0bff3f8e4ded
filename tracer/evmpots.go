package tracer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"clew/chains"
	"clew/heuristics"
)

// role says what an account is: as the incident names it, as an event of this transaction
// shows, as tables know it, as the node tells. Where nobody tells, it is a contract if its code
// ran here and it was not followed before.
func (s *balances) role(ctx context.Context, t *passage, a chains.Address) (heuristics.Role, error) {
	if known := s.inc.known(s.chain, a); known != nil {
		return roleOf(NodeKind(known.Kind)), nil
	}
	if r, shown := t.roles[a]; shown {
		return r, nil
	}
	if s.parties[a] {
		return heuristics.RoleParty, nil
	}
	r, met := s.kinds[a]
	if met {
		return r, nil
	}
	if s.places != nil {
		if kind, _, _, ok := s.places.Place(s.chain, a); ok {
			r = roleOf(kind)
			s.kinds[a] = r
			return r, nil
		}
	}
	if at := s.out.labelled(a); at != nil && at.reason != "" {
		s.kinds[a] = roleOf(at.kind)
		return s.kinds[a], nil
	}
	kind := chains.AccountUnknown
	var err error
	if s.state != nil && !s.lacking.kinds {
		kind, err = s.state.AccountKind(ctx, a)
		if errors.Is(err, chains.ErrUnsupported) {
			s.lacking.kinds = true
			kind, err = chains.AccountUnknown, nil
		}
		if err != nil {
			return 0, fmt.Errorf("what stands behind %s: %w", s.out.codec.FormatAddress(s.chain, a), err)
		}
	}
	switch kind {
	case chains.AccountKey, chains.AccountWallet:
		r = heuristics.RoleParty
	case chains.AccountContract:
		r = heuristics.RoleContract
	default:
		s.lacking.guessed++
		if !slices.Contains(t.tx.Exec.Ran, a) {
			return heuristics.RoleParty, nil // asked again: its code may run later
		}
		r = heuristics.RoleContract
	}
	s.kinds[a] = r
	return r, nil
}

// roleOf returns what accounts of a kind of node are.
func roleOf(kind NodeKind) heuristics.Role {
	switch kind {
	case NodeService:
		return heuristics.RoleService
	case NodeMixer:
		return heuristics.RoleMixer
	case NodeBridge:
		return heuristics.RoleBridge
	case NodePool:
		return heuristics.RolePool
	case NodeContract, KnownWrapped:
		return heuristics.RoleContract
	}
	return heuristics.RoleParty
}

// fateOf returns why a branch ends at an account and what node that is; "" where it is a party.
func fateOf(r heuristics.Role) (Reason, NodeKind) {
	switch r {
	case heuristics.RoleService:
		return ReasonService, NodeService
	case heuristics.RoleMixer:
		return ReasonMixer, NodeMixer
	case heuristics.RoleBridge:
		return ReasonBridge, NodeBridge
	case heuristics.RolePool:
		return ReasonContract, NodePool
	case heuristics.RoleContract:
		return ReasonContract, NodeContract
	}
	return "", NodeAddress
}

// pot returns the pot of a holding, of the moment or live; nil where there is none.
func (s *balances) pot(t *passage, key heuristics.Holding) *livePot {
	if p := t.moment[key]; p != nil {
		return p
	}
	return s.pots[key]
}

// withdraw takes units out of the pot of a holding; clean ones where it has none. A pot that was
// not seen to hold as much is filled at its front.
func (s *balances) withdraw(t *passage, key heuristics.Holding, units chains.Amount) (bundle, *livePot, error) {
	p := s.pot(t, key)
	if p == nil {
		return bundle{units: units}, nil, nil
	}
	s.soil(p)
	if p.units.Less(units) {
		lack := units.Minus(p.units)
		if err := p.fill(lack); err != nil {
			return bundle{}, nil, err
		}
		if !p.moment {
			if err := s.overdrawn(t, p, lack); err != nil {
				return bundle{}, nil, err
			}
		}
	}
	b := p.account.withdraw(units, &s.divider.proportions)
	if b.touched() {
		s.touch(t)
		t.gave = append(t.gave, p)
	}
	return b, p, nil
}

// touch counts a transaction that moves traced value, once.
func (s *balances) touch(t *passage) {
	if !t.touched {
		t.touched = true
		s.touched++
		t.reached = s.reachTouched()
	}
}

// soil notes that the pot must be compared at the end of the block.
func (s *balances) soil(p *livePot) {
	if !p.dirty && !p.moment {
		p.dirty = true
		s.dirty = append(s.dirty, p)
	}
}

// receive lets b come to where step k leads. write writes the hop that brings it, if any rule
// sees stolen value in it.
//
// from is the pot that it comes out of; nil where it comes out of a conversion, or from another
// chain.
func (s *balances) receive(ctx context.Context, t *passage, k int, b bundle, from *livePot, write func(*holding) error) error {
	st := &t.set.Steps[k]
	key := heuristics.Holding{Account: st.To, Asset: st.Asset}
	grant := t.grantAt(key)
	if !b.touched() && grant == nil {
		return s.company(s.pot(t, key), b)
	}
	reason, kind, err := s.ends(ctx, t, k)
	if err != nil {
		return err
	}
	h := &holding{
		bundle: b, seq: -1, asset: st.Asset, node: s.node(st.To, kind),
		out: chains.OutPoint{Tx: t.tx.ID}, position: s.position(t, st),
	}
	if b.touched() {
		t.findings = nil
		if reason == ReasonMixer {
			s.deposited(t, st)
		}
		s.mayDeposit(st, reason, kind, from)
		if reason != "" {
			if gone, err := s.leave(ctx, t, k, h, reason, from, write); gone || err != nil {
				return err
			}
		} else if err := write(h); err != nil {
			return err
		}
	}
	if grant != nil {
		if err := s.grantTo(grant, h); err != nil {
			return err
		}
	}
	switch {
	case !h.touched():
		return s.company(s.pot(t, key), h.bundle)
	case reason != "":
		if t.pending {
			reason = ReasonPending
		}
		h.seq = s.nextSeq()
		return s.out.end(h, reason, t.note)
	case !t.set.Through[key]:
		if reason, note := s.limits(h, st.Asset); reason != "" {
			if err := s.company(s.pots[key], bundle{units: h.units}); err != nil {
				return err
			}
			h.seq = s.nextSeq()
			return s.out.end(h, reason, note)
		}
	}
	return s.enter(ctx, t, k, key, h)
}

// ends says whether and why a branch ends where step k leads, and what node that is.
func (s *balances) ends(ctx context.Context, t *passage, k int) (Reason, NodeKind, error) {
	t.crosses, t.note, t.pending = nil, "", false
	if err := s.crossings(ctx, t); err != nil {
		return "", "", err
	}
	if t.crosses = t.leaves[k]; t.crosses != nil {
		return ReasonBridge, NodeBridge, nil
	}
	t.note = t.unsure[k]
	st := &t.set.Steps[k]
	if st.To == "" {
		return ReasonBurn, NodeAddress, nil
	}
	role, err := s.role(ctx, t, st.To)
	if err != nil {
		return "", "", err
	}
	reason, kind := fateOf(role)
	t.note = cmp.Or(t.note, s.onWord(reason, st.To))
	if t.set.Through[heuristics.Holding{Account: st.To, Asset: st.Asset}] {
		reason = ""
	}
	s.notDeparted(t, k, reason)
	return reason, kind, nil
}

// onWord says on which labels a branch ends at an account; "" where the incident or a table says so.
func (s *balances) onWord(reason Reason, a chains.Address) string {
	if reason == "" || s.inc.known(s.chain, a) != nil {
		return ""
	}
	if s.places != nil {
		if _, _, _, ok := s.places.Place(s.chain, a); ok {
			return ""
		}
	}
	if at := s.out.labelled(a); at != nil && at.reason == reason {
		return at.note
	}
	return ""
}

// company lets clean value into a pot: it is traced value's company from then on.
func (s *balances) company(p *livePot, b bundle) error {
	if p == nil {
		return nil
	}
	s.soil(p)
	return p.deposit(&bundle{units: b.units})
}

// absurd reports whether an amount is one that only a token which lies can tell of: 2²²⁴ units or
// more. What is below adds up, in whatever trace.
func absurd(units chains.Amount) bool {
	const bytes = 28
	return len(units.AppendBytes(nil)) > bytes
}

// leaveOut writes the gap of a step with an absurd amount, where it concerns a pot.
func (s *balances) leaveOut(t *passage, st *heuristics.Step) {
	p := s.pot(t, heuristics.Holding{Account: st.From, Asset: st.Asset})
	if p == nil {
		p = s.pot(t, heuristics.Holding{Account: st.To, Asset: st.Asset})
	}
	if p == nil {
		return
	}
	s.out.gap(Gap{Chain: s.chain, TxID: t.txidText(), What: fmt.Sprintf("%s units of %s of %s", st.Units, p.asset, s.out.codec.FormatAddress(s.chain, p.address)),
		Why: "no balance can hold as much: the token's logs are not true", Effect: "this movement is left out"})
}

// enter deposits a traced arrival in its pot, which is opened if it is not live.
func (s *balances) enter(ctx context.Context, t *passage, k int, key heuristics.Holding, h *holding) error {
	p := s.pot(t, key)
	if p == nil {
		var err error
		if p, err = s.open(ctx, t, k, key, h); err != nil {
			return err
		}
	}
	s.soil(p)
	return p.receive(h)
}

// open makes the pot of a holding, with what it held before step k.
func (s *balances) open(ctx context.Context, t *passage, k int, key heuristics.Holding, h *holding) (*livePot, error) {
	p := &livePot{asset: key.Asset, moment: t.set.Through[key], agreed: -1}
	p.liveAccount = liveAccount{address: key.Account, node: h.node, hops: h.hops}
	if p.moment {
		if t.moment == nil {
			t.moment = map[heuristics.Holding]*livePot{}
		}
		t.moment[key] = p
	} else {
		p.seq = s.nextSeq()
		if err := s.opening(ctx, t, p); err != nil {
			return nil, err
		}
		s.pots[key] = p
		s.parties[key.Account] = true
		if err := s.src.WatchAddress(ctx, key.Account); err != nil {
			return nil, err
		}
	}
	for i := range t.set.Steps[:k] {
		st := &t.set.Steps[i]
		switch {
		case st.Asset != key.Asset || st.From == st.To || absurd(st.Units):
		case st.To == key.Account:
			if err := p.deposit(&bundle{units: st.Units}); err != nil {
				return nil, err
			}
		case st.From == key.Account:
			p.units = p.units.Minus(chains.Min(p.units, st.Units))
		}
	}
	return p, nil
}

// opening puts into a new pot what it held before the transaction, as clean: as the source tells,
// else as the incident states it.
func (s *balances) opening(ctx context.Context, t *passage, p *livePot) error {
	if p.asset.IsValuation() {
		s.lacking.valuedIn(p.asset).pots++
		return nil // what an account held before has no part in contact
	}
	stated := s.inc.stated(s.chain, p.address, p.asset)
	if s.asks(p.asset) {
		told, err := s.state.BalanceBefore(ctx, p.address, p.asset)
		if err == nil {
			s.out.compareOpening(t.tx, stated, told)
			p.units, p.agreed = told, t.tx.Block.Height-1
			return nil
		}
		if !errors.Is(err, chains.ErrUnsupported) {
			return fmt.Errorf("opening balance of %s: %w", s.out.codec.FormatAddress(s.chain, p.address), err)
		}
		s.lacking.without(p.asset)
	}
	if stated == nil {
		s.lacking.opened(p)
		return nil
	}
	p.units = stated.Amount
	return nil
}

// closeMoments ends what is left in the pots of the moment.
func (s *balances) closeMoments(t *passage) error {
	var left []*livePot
	for _, p := range t.moment {
		if p.touched() && !p.units.IsZero() {
			left = append(left, p)
		}
	}
	slices.SortFunc(left, func(a, b *livePot) int {
		return cmp.Or(cmp.Compare(a.address, b.address), cmp.Compare(a.asset, b.asset))
	})
	for _, p := range left {
		h := p.ending()
		h.seq, h.balance, h.out.Tx, h.position = s.nextSeq(), false, t.tx.ID, "kept"
		if err := s.out.end(h, ReasonContract, "the contract kept it"); err != nil {
			return err
		}
	}
	return nil
}

// ending returns what is in the pot as what ends.
func (p *livePot) ending() *holding {
	h := p.asHolding()
	h.asset = p.asset
	return h
}
