package tracer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"clew/chains"
	"clew/heuristics"
)

// leave follows what goes to a bridge or a mixer to the other side, where that is known. gone:
// nothing of it is left here. Of what is left, h, the hop was written.
func (s *balances) leave(ctx context.Context, t *passage, k int, h *holding, reason Reason, from *livePot, write func(*holding) error) (gone bool, err error) {
	switch {
	case t.crosses != nil:
		j, err := s.join(ctx, t)
		if err != nil {
			return false, err
		}
		if j.why == "" {
			d := &departure{
				bundle: h.bundle, kind: HopBridge, basis: BridgeKey, adopt: -1, link: &Link{t.crosses.Protocol, t.crosses.Key},
				chain: t.crosses.Peer, tx: j.tx.ID, account: j.move.To, asset: j.move.Asset, there: j.tx, move: j.move,
			}
			return true, s.depart(ctx, t, k, h, d, from, write)
		}
		if t.note, t.pending = j.why, j.pending; j.pending {
			s.underWay(t)
		}
		s.notCrossed(t, h)
	case reason == ReasonMixer || reason == ReasonBridge:
		gone, err := s.adopted(ctx, t, k, h, reason, from, write)
		if gone || err != nil {
			return gone, err
		}
	}
	if t.unsure[k] != "" && !h.units.IsZero() {
		s.notCrossed(t, h)
	}
	return false, write(h)
}

// notCrossed writes the gap of what went to a bridge and is not followed, for the reason in the note.
func (s *balances) notCrossed(t *passage, h *holding) {
	effect := "the branch ends at the bridge"
	if t.pending {
		effect = "it was under way at the last block read, and the branch ends there"
	}
	height := t.tx.Block.Height
	s.out.gap(Gap{Chain: s.chain, FromHeight: &height, ToHeight: &height, TxID: t.txidText(),
		What: fmt.Sprintf("%s units of %s over a bridge", h.units, h.asset), Why: t.note, Effect: effect})
}

// adopted lets go what the analyst adopts of h, and leaves the rest in it. A valuation is nothing
// that could arrive elsewhere.
func (s *balances) adopted(ctx context.Context, t *passage, k int, h *holding, reason Reason, from *livePot, write func(*holding) error) (gone bool, err error) {
	for i := range s.inc.Adopt {
		a := &s.inc.Adopt[i]
		left := a.Units
		if used := s.adoptedOf[i]; left != nil {
			rest := left.Minus(chains.Min(used, *left))
			left = &rest
		}
		if a.FromChain != s.chain || a.FromTx != t.tx.ID || h.units.IsZero() || h.asset.IsValuation() || left != nil && left.IsZero() {
			continue
		}
		d := &departure{
			bundle: h.bundle, kind: HopMixer, basis: Adopted, adopt: i, chain: a.To.Chain, tx: *a.To.Tx, account: a.To.Address, asset: a.To.Asset,
		}
		if reason == ReasonBridge {
			d.kind = HopBridge
		}
		h.bundle = bundle{units: chains.Amount{}}
		if left != nil && left.Less(d.units) {
			parts := s.divider.divide([]bundle{d.bundle}, []chains.Amount{*left, d.units.Minus(*left)})
			d.bundle, h.bundle = parts[0], parts[1]
		}
		s.adoptedOf[i] = s.adoptedOf[i].Plus(d.units)
		part := &holding{bundle: d.bundle, asset: h.asset, node: h.node, out: h.out, position: h.position}
		if err := s.depart(ctx, t, k, part, d, from, write); err != nil {
			return false, err
		}
		if h.units.IsZero() {
			return true, nil
		}
	}
	return false, nil
}

// depart lets h go. Where it does not come straight out of a pot, the hop that brings it to the
// bridge or mixer is written first.
func (s *balances) depart(ctx context.Context, t *passage, k int, h *holding, d *departure, from *livePot, write func(*holding) error) error {
	if from == nil {
		if err := write(h); err != nil {
			return err
		}
		d.inputs, d.hops = []string{h.hop}, h.hops
		d.leg = s.leg(t, k, h.node, h.node, h.units)
	} else {
		d.inputs, d.hops = inputsOf(from), from.hops
		d.leg = s.leg(t, k, from.node, h.node, h.units)
	}
	d.given, d.found = s.out.traced(&h.bundle, h.asset, false), t.findings
	tally := s.out.tally(h.asset)
	err := tally.count(&tally.out, &d.given)
	if err != nil {
		return err
	}
	if d.decimals, err = s.decimals(ctx, h.asset); err != nil {
		return err
	}
	if d.adopt >= 0 {
		s.cross.used[d.adopt] = true
	}
	if d.chain == s.chain {
		s.due[d.tx] = append(s.due[d.tx], d)
		return s.src.WatchTx(ctx, d.tx)
	}
	s.left = append(s.left, d)
	return nil
}

// decimals returns what an asset claims of its decimals; −1 where nobody says.
func (s *balances) decimals(ctx context.Context, asset chains.Asset) (int, error) {
	if asset == chains.Native {
		return s.chain.Info().Decimals, nil
	}
	if s.tokens == nil {
		return -1, nil
	}
	token, err := s.tokens.Token(ctx, asset)
	if errors.Is(err, chains.ErrUnsupported) || errors.Is(err, chains.ErrNotFound) {
		return -1, nil
	}
	return token.Decimals, err
}

// watchDue asks for the transactions in which value arrives from elsewhere.
func (s *balances) watchDue(ctx context.Context) error {
	var ids []chains.TxID
	for id := range s.due {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b chains.TxID) int { return bytes.Compare(a[:], b[:]) })
	for i := range s.inc.Adopt {
		if a := &s.inc.Adopt[i]; a.To.Chain == s.chain {
			ids = append(ids, *a.To.Tx)
			s.parties[a.To.Address] = true
		}
	}
	for _, id := range ids {
		if err := s.src.WatchTx(ctx, id); err != nil {
			return fmt.Errorf("what arrives from elsewhere in %s: %w", id, err)
		}
	}
	return nil
}

// dueAt returns what may arrive from elsewhere by a step, in the order in which it left.
func (s *balances) dueAt(t *passage, st *heuristics.Step) (due []*departure) {
	for _, d := range s.due[t.tx.ID] {
		if !d.arrived && d.account == st.To && (d.asset == "" || d.asset == st.Asset) && !st.Asset.IsValuation() {
			due = append(due, d)
		}
	}
	return due
}

// arrive brings the first of due by step k; of what is adopted, as many as the step can hold: one
// way out may be that of several deposits. What the last of them left with beyond that is a fee.
func (s *balances) arrive(ctx context.Context, t *passage, k int, due []*departure) error {
	st := &t.set.Steps[k]
	var parts []bundle
	var fee bundle
	rest := st.Units
	for _, d := range due {
		if len(parts) > 0 && (rest.IsZero() || d.adopt < 0 || due[0].adopt < 0) {
			break
		}
		if d.adopt >= 0 && d.chain != d.leg.Chain && d.leg.Time > utc(t.tx.Block.Time+clockSkew) {
			return s.inc.Adopt[d.adopt].errorf("%s lies before the deposit", d.tx)
		}
		d.arrived = true
		b, err := s.landed(ctx, d, st.Asset, rest)
		if err != nil {
			return err
		}
		if rest.Less(b.units) {
			split := s.divider.divide([]bundle{b}, []chains.Amount{rest, b.units.Minus(rest)})
			b, fee = split[0], split[1]
		}
		rest = rest.Minus(b.units)
		parts = append(parts, b)
	}
	s.touch(t)
	return s.land(ctx, t, k, due[:len(parts)], parts, fee)
}

// land writes down what arrives by step k: of each departure its part, in order, and of the last
// the fee. What else the step brings is clean.
func (s *balances) land(ctx context.Context, t *passage, k int, due []*departure, parts []bundle, fee bundle) error {
	st := &t.set.Steps[k]
	b, err := join(parts)
	if err == nil && b.units.Less(st.Units) {
		b, err = join([]bundle{b, {units: st.Units.Minus(b.units)}})
	}
	if err != nil {
		return err
	}
	kind := NodeBridge
	if due[0].kind == HopMixer {
		kind = NodeMixer
	}
	from := s.node(st.From, kind)
	last := ""
	err = s.receive(ctx, t, k, b, nil, func(h *holding) error {
		h.hops = due[0].hops + 1
		for i, d := range due {
			part := &holding{bundle: parts[i]}
			if len(due) == 1 {
				part = h
			}
			w := wide{kind: d.kind, inputs: d.inputs, link: d.link, given: &d.given, findings: d.found,
				legs: []Leg{d.leg, s.leg(t, k, from, h.node, part.units)}}
			if err := s.out.write(&w, part); err != nil {
				return err
			}
			h.hops = min(h.hops, d.hops+1)
			if last = part.hop; h.hop == "" {
				h.hop = part.hop
			} else if i > 0 {
				h.origin = append(h.origin, part.hop)
			}
		}
		return nil
	})
	if err != nil || !fee.touched() {
		return err
	}
	return s.feeOf(t, k, due[len(due)-1], fee, from, last)
}

// landed returns a departure in the units and on the basis in which it arrives, where rest is what
// nothing else has brought of the arrival.
func (s *balances) landed(ctx context.Context, d *departure, asset chains.Asset, rest chains.Amount) (bundle, error) {
	n := d.units
	if d.chain != d.leg.Chain || asset != d.leg.Asset {
		there, err := s.decimals(ctx, asset)
		if err != nil {
			return bundle{}, err
		}
		if there < 0 || d.decimals < 0 {
			n = rest
		} else if n, err = scaled(n, there-d.decimals); err != nil {
			return bundle{}, err
		}
	}
	half, _ := n.MulDiv(chains.Units(1), chains.Units(2))
	switch {
	case n.IsZero(), d.adopt < 0 && n.Less(rest):
		n = rest // by the protocol's own key all of it is for what left
	case d.adopt < 0 && d.chain != d.leg.Chain && rest.Less(half):
		n = rest // no bridge takes more than half: the decimals, which a token claims, are not true
	}
	return d.converted(n, d.basis), nil
}

// scaled returns n·10^power, rounded down.
func scaled(n chains.Amount, power int) (chains.Amount, error) {
	ten := chains.Units(10)
	for ; power > 0; power-- {
		var sum chains.Amount
		for range 10 {
			var err error
			if sum, err = sum.Add(n); err != nil {
				return sum, err
			}
		}
		n = sum
	}
	for ; power < 0; power++ {
		n, _ = n.MulDiv(chains.Units(1), ten)
	}
	return n, nil
}

// feeOf ends what did not arrive.
func (s *balances) feeOf(t *passage, k int, d *departure, fee bundle, from, beside string) error {
	h := &holding{bundle: fee, asset: t.set.Steps[k].Asset, node: s.out.feeNode(), out: chains.OutPoint{Tx: t.tx.ID}, position: "fee of the " + string(d.kind)}
	none := Traced{Null: d.given.Null}
	w := wide{kind: HopFee, inputs: d.inputs, link: d.link, given: &none, legs: []Leg{d.leg, s.leg(t, k, from, h.node, fee.units)}}
	if beside == "" {
		w.given = &d.given
	}
	w.legs[1].Evidence = chains.EvidenceAttested.String() // no movement: the difference of two sides
	if err := s.out.write(&w, h); err != nil {
		return err
	}
	h.seq = s.nextSeq()
	return s.out.end(h, ReasonFee, "what left and did not arrive")
}

// notArrived ends what came over a bridge and was not met, and refuses what was adopted and was
// not met.
func (s *balances) notArrived() error {
	var ids []chains.TxID
	for id := range s.due {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b chains.TxID) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range ids {
		for _, d := range s.due[id] {
			if d.arrived {
				continue
			}
			if d.adopt >= 0 {
				return s.inc.Adopt[d.adopt].errorf("in %s, behind the deposit, %s receives nothing of %s that is not traced already",
					d.tx, s.out.codec.FormatAddress(s.chain, d.account), d.asset)
			}
			if err := s.lost(d); err != nil {
				return err
			}
		}
	}
	return nil
}

// lost ends at the bridge what the protocol's events say arrived and no step shows.
func (s *balances) lost(d *departure) error {
	node := s.node(d.account, NodeBridge)
	to := Leg{
		Chain: s.chain, TxID: d.tx, Height: d.there.Block.Height, Time: utc(d.there.Block.Time),
		Positions: []Position{{d.move.Kind.Position(), fmt.Sprint(d.move.Index)}}, From: []From{{Node: s.node(d.move.From, NodeBridge)}},
		To: node, Asset: d.move.Asset, Units: d.move.Amount, Evidence: min(d.there.Evidence, d.move.Evidence).String(), Raw: []string{},
	}
	h := &holding{bundle: d.converted(d.move.Amount, d.basis), asset: d.move.Asset, node: node, out: chains.OutPoint{Tx: d.tx}, position: "arrival"}
	w := wide{kind: HopBridge, inputs: d.inputs, link: d.link, given: &d.given, legs: []Leg{d.leg, to}}
	if err := s.out.write(&w, h); err != nil {
		return err
	}
	h.seq = s.nextSeq()
	note := "it arrived inside of a conversion or behind the last block read, and is not followed"
	s.out.gap(Gap{Chain: s.chain, TxID: d.tx.String(), What: fmt.Sprintf("%s units of %s", d.move.Amount, d.move.Asset), Why: note,
		Effect: "the branch ends at the bridge"})
	return s.out.end(h, ReasonBridge, note)
}
