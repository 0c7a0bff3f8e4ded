package tracer

import (
	"context"
	"fmt"
	"slices"

	"clew/chains"
	"clew/heuristics"
)

// crossings finds, once for a transaction, which of its steps are its departures over bridges. An
// event is of the one step that fits it best: what goes beside it to the same bridge, as its price
// does, is not the message's. Events that name what moved, and how much of it, come first.
func (s *balances) crossings(ctx context.Context, t *passage) error {
	if t.leaves != nil || len(t.events) == 0 {
		return nil
	}
	t.leaves, t.unsure = map[int]*chains.Event{}, map[int]string{}
	ends := map[int]heuristics.Role{} // steps that lead out of everybody's hands
	for k := range t.set.Steps {
		st := &t.set.Steps[k]
		switch {
		case st.Kind == heuristics.StepFee || st.Kind == heuristics.StepGive:
		case st.To == "":
			ends[k] = heuristics.RoleContract
		case !t.set.Through[heuristics.Holding{Account: st.To, Asset: st.Asset}]:
			role, err := s.role(ctx, t, st.To)
			if err != nil {
				return err
			}
			if reason, _ := fateOf(role); reason != "" {
				ends[k] = role
			}
		}
	}
	var rest []*chains.Event
	for _, e := range t.events {
		if best := s.fitting(t, e, ends, exactly); len(best) > 0 {
			t.leaves[best[0]] = e // equal ones are as good as each other
		} else {
			rest = append(rest, e)
		}
	}
	for _, e := range rest {
		best := s.fitting(t, e, ends, 1)
		if len(best) == 1 {
			t.leaves[best[0]] = e
			continue
		}
		for _, k := range best {
			t.unsure[k] = fmt.Sprintf("%s, %s, key %s: the event does not show which of %d movements to the bridge it is of", e.Protocol, e.Name, e.Key, len(best))
		}
	}
	return nil
}

// exactly is the least of fit where asset and amount agree.
const exactly = 8

// fitting returns the steps that fit e best, by least or more, of those that are not of another
// event; in order.
func (s *balances) fitting(t *passage, e *chains.Event, ends map[int]heuristics.Role, least int) (best []int) {
	for k := range t.set.Steps {
		role, leads := ends[k]
		if !leads || t.leaves[k] != nil {
			continue
		}
		switch n := s.fit(&t.set.Steps[k], e, role); {
		case n == 0 || n < least:
		case n > least:
			best, least = []int{k}, n
		default:
			best = append(best, k)
		}
	}
	return best
}

// fit says how well a step fits an event of a bridge: by what the event names of asset and amount,
// then by whether it leads to the event's own contract. An amount may be less than what moved,
// where the bridge keeps a part; another asset may be named where the amounts agree, as that which
// wraps what moved.
func (s *balances) fit(st *heuristics.Step, e *chains.Event, role heuristics.Role) int {
	at := 0
	switch {
	case st.To == e.Emitter:
		at = 2
	case st.To == "", role == heuristics.RoleBridge, slices.Contains(e.Others, st.To), s.out.codec.FormatAddress(s.chain, st.To) == string(e.Asset):
		at = 1
	}
	same, all := st.Asset == e.Asset, st.Units == e.Amount
	part := e.Amount.IsZero() || e.Amount.Less(st.Units)
	switch {
	case same && all:
		return exactly + at
	case at == 0:
		return 0
	case e.Asset == "" && all:
		return 5 + at
	case same && part:
		return 3 + at
	case all, e.Asset == "" && part:
		return at
	}
	return 0
}

// notDeparted says why what goes to a bridge is no departure: nothing that was read says so, or a
// contract does that is not known as the protocol's.
func (s *balances) notDeparted(t *passage, k int, reason Reason) {
	st := &t.set.Steps[k]
	if reason == "" || t.note != "" || st.Asset.IsValuation() {
		return
	}
	for i := range t.tx.Exec.Events {
		if e := &t.tx.Exec.Events[i]; e.Kind == chains.EventBridgeOut && e.Emitter == st.To && !s.trusts(e) {
			t.note = fmt.Sprintf("%s, %s, key %s: logged by a contract that is not known as the protocol's; where it is, name it under known", e.Protocol, e.Name, e.Key)
		}
	}
	switch {
	case t.note == "" && reason == ReasonBridge && len(t.leaves) == 0:
		t.note = "no departure over a bridge that was read is of this movement"
	case t.note == "" && reason == ReasonBridge:
		t.note = "it went to the bridge beside what left, as its price does"
		return
	case t.note == "":
		return
	}
	if t.unsure == nil {
		t.unsure = map[int]string{}
	}
	t.unsure[k] = t.note
}

// join looks for the other side of the departure at hand. A key that several departures of the
// transaction have tells none of them.
func (s *balances) join(ctx context.Context, t *passage) (*joined, error) {
	n := 0
	for _, e := range t.events {
		if e.Protocol == t.crosses.Protocol && e.Key == t.crosses.Key && e.Peer == t.crosses.Peer {
			n++
		}
	}
	if n > 1 {
		return &joined{why: fmt.Sprintf("%s: %d departures in this transaction have the key %s", t.crosses.Protocol, n, t.crosses.Key)}, nil
	}
	return s.cross.join(ctx, s.chain, t.tx, t.crosses)
}

// underWay writes the finding of a departure that has not arrived yet.
func (s *balances) underWay(t *passage) {
	e := t.crosses
	f := Finding{
		ID:        id("finding", "bridge-pending", string(s.chain), t.txidText(), fmt.Sprint(e.Index)),
		Heuristic: "bridge-pending", Version: "1", TxID: t.txidText(), Addresses: []string{s.out.codec.FormatAddress(s.chain, e.Emitter)},
		Says: fmt.Sprintf("%s, key %s: it left for %s and has not arrived there up to the last block read", e.Protocol, e.Key, e.Peer),
	}
	s.find(t, f)
}

// find writes a finding, once, and gives it to the step at hand.
func (s *balances) find(t *passage, f Finding) {
	if s.out.found(f.ID) {
		return
	}
	t.findings = []string{s.out.find(f)}
}
