package tracer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/heuristics"
)

// mostSweepers bounds how many accounts are looked at that may be deposit addresses.
const mostSweepers = 200

// sweepers are the accounts of a trace that may be deposit addresses of services: those that paid
// traced value to one, and those at which a branch ends as at a service or a contract.
type sweepers struct {
	list []chains.Address // as met
	met  map[chains.Address]bool
	// services: traced value came to one, or to what may lead to one.
	services bool
}

func (w *sweepers) add(a chains.Address) {
	if w.met == nil {
		w.met = map[chains.Address]bool{}
	}
	if !w.met[a] {
		w.met[a] = true
		w.list = append(w.list, a)
	}
}

// mayDeposit notes what a step shows of deposit addresses: from is the pot that it comes out of, if any.
func (s *balances) mayDeposit(st *heuristics.Step, reason Reason, kind NodeKind, from *livePot) {
	switch {
	case reason == ReasonService:
		s.sweepers.services = true
		if from != nil && !from.moment {
			s.sweepers.add(from.address)
		}
		s.sweepers.add(st.To)
	case reason == ReasonContract && kind == NodeContract:
		s.sweepers.add(st.To)
	}
}

// depositing is the work on them at the end of a run.
type depositing struct {
	s         *balances
	src       Historian
	since     int64
	histories map[chains.Address]*heuristics.History
	failed    error
}

// nameDeposits writes which accounts are taken for deposit addresses of services. No value goes another
// way by it: an account with a key is a pot whose value goes on to the service; a contract is where a
// branch ends.
func (s *balances) nameDeposits(ctx context.Context, t *Trace) error {
	if len(s.sweepers.list) == 0 || !s.opt.uses(depositAddress) || !s.sweepers.services && !s.namesServices() {
		return nil
	}
	src, can := s.src.(Historian)
	if !can {
		s.depositsNotLooked("what reads this chain does not tell what accounts did")
		return nil
	}
	w := &depositing{s: s, src: src, since: s.began, histories: map[chains.Address]*heuristics.History{}}
	list := s.sweepers.list
	if len(list) > mostSweepers {
		s.depositsNotLooked(fmt.Sprintf("%d accounts may be some, and the first %d are looked at", len(list), mostSweepers))
		list = list[:mostSweepers]
	}
	alike := map[string]int{}
	found := make([]heuristics.Deposit, len(list))
	for range 2 { // accounts that nothing else ties count for each other
		next := map[string]int{}
		for i, a := range list {
			d, pattern, tied := w.look(ctx, a, alike)
			if w.failed != nil {
				return s.depositsFailed(w.failed)
			}
			if pattern {
				next[d.Service]++
			}
			if found[i] = d; !tied {
				found[i] = heuristics.Deposit{}
			}
		}
		alike = next
	}
	for i, a := range list {
		if found[i].Service != "" {
			s.isDeposit(t, a, &found[i])
		}
	}
	return nil
}

// namesServices reports whether anybody names a service: without one nothing leads to any.
func (c *course) namesServices() bool {
	return c.opt.Labels != nil || slices.ContainsFunc(c.inc.Known, func(k Known) bool {
		return k.Chain == c.chain && NodeKind(k.Kind) == NodeService
	})
}

// look says whether a is a deposit address; alike are those that show the pattern, by service.
func (w *depositing) look(ctx context.Context, a chains.Address, alike map[string]int) (d heuristics.Deposit, pattern, tied bool) {
	h := w.history(ctx, a)
	if h.Cut || w.failed != nil {
		return d, false, false
	}
	return heuristics.DepositAddress(&heuristics.DepositFacts{
		Account: a, Chain: w.s.chain, Txs: h.Txs, End: w.s.src.AsOf().Time, Owner: w.s.owner,
		Funder: func(a chains.Address) chains.Address { return heuristics.GasFunder(w.history(ctx, a)) },
		Alike:  func(service string) int { return max(0, alike[service]-1) },
	})
}

// history returns what an account did, asked for once. After a failure it is empty.
func (w *depositing) history(ctx context.Context, a chains.Address) *heuristics.History {
	if h := w.histories[a]; h != nil {
		return h
	}
	h := &heuristics.History{Account: a}
	w.histories[a] = h
	if w.failed != nil {
		return h
	}
	txs, err := w.src.History(ctx, a, w.since, mostOfHistory+1)
	if err != nil {
		w.failed = fmt.Errorf("what %s did: %w", w.s.out.codec.FormatAddress(w.s.chain, a), err)
		return h
	}
	if h.Cut = len(txs) > mostOfHistory; h.Cut {
		txs = txs[:mostOfHistory]
	}
	h.Txs = txs
	return h
}

// owner returns the service that an account belongs to, as the incident, tables or labels say; "" for
// none.
func (s *balances) owner(a chains.Address) string {
	if a == "" {
		return ""
	}
	kind, entity := NodeKind(""), ""
	if known := s.inc.known(s.chain, a); known != nil {
		kind, entity = NodeKind(known.Kind), known.Entity
	} else if s.places != nil {
		if at, who, _, ok := s.places.Place(s.chain, a); ok {
			kind, entity = at, who
		}
	}
	if at := s.out.labelled(a); kind == "" && at != nil && at.reason != "" {
		kind, entity = at.kind, at.entity
	}
	switch {
	case kind != NodeService:
		return ""
	case entity == "":
		return s.out.codec.FormatAddress(s.chain, a)
	}
	return entity
}

// isDeposit writes the finding of a deposit address, and names its nodes.
func (s *balances) isDeposit(t *Trace, a chains.Address, d *heuristics.Deposit) {
	at := s.out.codec.FormatAddress(s.chain, a)
	addresses := []string{at}
	for _, to := range d.To {
		addresses = append(addresses, s.out.codec.FormatAddress(s.chain, to))
	}
	s.out.find(Finding{
		ID:        id("finding", depositAddress, string(s.chain), at, d.Service),
		Heuristic: depositAddress, Version: heuristics.DepositVersion, Addresses: addresses,
		Says: fmt.Sprintf("%s is taken for a deposit address of %s: %s. It received %s from %s to %s. %s", at, d.Service, d.Says, received(d),
			utc(d.Receipts[0].Time), utc(d.Receipts[len(d.Receipts)-1].Time), customerSays(d.Service)),
	})
	for i := range t.Nodes {
		if n := &t.Nodes[i]; n.Chain == s.chain && n.Address == at {
			s.out.depositAt(n, d.Service, depositAddress)
		}
	}
}

// customerSays is what goes with every deposit address.
func customerSays(service string) string {
	return fmt.Sprintf("Who pays there is a customer of %s or pays for one, and may be innocent; the service knows who the customer is, and can hold what comes", service)
}

// depositAt writes at the endpoints of a node what it is taken for. Their reason stays what the chain
// shows: the finding needs more than each way to read a chain tells. The node names no entity, since
// nobody claims one.
func (l *ledger) depositAt(n *Node, service, heuristic string) {
	note := fmt.Sprintf("taken for a deposit address of %s, which can hold what comes there (%s, %s)",
		service, heuristic, l.measured(heuristic, heuristics.DepositVersion).Says())
	for i := range l.t.Endpoints {
		e := &l.t.Endpoints[i]
		if e.Node != n.ID {
			continue
		}
		if e.Note != "" {
			e.Note += "; "
		}
		e.Note += note
	}
}

// received sums up what came, by asset.
func received(d *heuristics.Deposit) string {
	var order []chains.Asset
	sums, failed := map[chains.Asset]chains.Amount{}, map[chains.Asset]bool{}
	for i := range d.Receipts {
		r := &d.Receipts[i]
		if !slices.Contains(order, r.Asset) {
			order = append(order, r.Asset)
		}
		sum, err := sums[r.Asset].Add(r.Units)
		sums[r.Asset], failed[r.Asset] = sum, failed[r.Asset] || err != nil
	}
	var parts []string
	for _, asset := range order {
		if failed[asset] {
			parts = append(parts, fmt.Sprintf("an amount of %s that no balance can hold", asset))
			continue
		}
		parts = append(parts, fmt.Sprintf("%s units of %s", sums[asset], asset))
	}
	return strings.Join(parts, ", ")
}

// depositsFailed says that deposit addresses were not looked for where the source cannot, and is an
// error otherwise.
func (s *balances) depositsFailed(err error) error {
	if !errors.Is(err, chains.ErrUnsupported) && !errors.Is(err, chains.ErrIncomplete) {
		return err
	}
	s.depositsNotLooked(notTold(err))
	return nil
}

// notTold says why what accounts did is not known, without the words of a node, which name where it is
// and would make another trace of the same facts.
func notTold(err error) string {
	if errors.Is(err, chains.ErrIncomplete) {
		return "not all of what accounts did was read"
	}
	return "what reads this chain does not tell what accounts did"
}

func (s *balances) depositsNotLooked(why string) {
	s.out.find(Finding{
		ID:        id("finding", depositAddress, "not looked", string(s.chain), why),
		Heuristic: depositAddress, Version: heuristics.DepositVersion,
		Says: "deposit addresses of services were not looked for everywhere: " + why,
	})
}
