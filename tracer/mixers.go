package tracer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"clew/chains"
	"clew/heuristics"
)

// Historian is a Source of a chain of accounts that tells what an account did, whether it is watched
// or not.
type Historian interface {
	// History returns the transactions from a time on, in Unix seconds, up to the last block, in
	// which a acts (chains.Execution.Acts), in chain order: the first most of them. ErrUnsupported:
	// it has no index of accounts, or does not reach back as far.
	History(ctx context.Context, a chains.Address, since int64, most int) ([]*chains.Tx, error)
}

// Bounds of what is read of a mixer's pools, since a node gives each transaction with its proof, some
// tens a second.
const (
	mostPassages   = 4_000 // deposits, and withdrawals, of a pool
	mostAccounts   = 150   // whose histories are asked for; where there are more, only the depositors' side is
	mostOfHistory  = 500   // transactions of an account; with more it serves many
	mostDepositors = 50    // traced ones whose histories are asked for
)

// mixed is a deposit of traced value to a pool.
type mixed struct {
	tx    *chains.Tx
	event *chains.Event
	node  string // of the pool
}

// mixers is the work on what went into pools of mixers.
type mixers struct {
	s        *balances
	since    int64
	facts    heuristics.MixerFacts
	deposits []*mixed // by index in facts.Deposits; nil for those of others
	ran      map[chains.Address]bool
}

// propose writes, for each deposit of traced value to a mixer's pool, which withdrawals may be its
// way out. It moves nothing: what the analyst takes for true the incident adopts.
func (s *balances) propose(ctx context.Context, t *Trace) error {
	if len(s.deposits) == 0 || !s.opt.uses(mixerCandidates) {
		return nil
	}
	m := &mixers{s: s, since: s.lookFrom(s.deposits[0].tx.Block.Time), ran: map[chains.Address]bool{}}
	finder, can := s.src.(EventFinder)
	if !can {
		m.notLooked("what reads this chain cannot look for what contracts said")
		return nil
	}
	for _, pool := range m.pools() {
		err := m.readPool(ctx, finder, pool)
		if errors.Is(err, chains.ErrUnsupported) || errors.Is(err, chains.ErrIncomplete) {
			m.notLooked(fmt.Sprintf("the history of the pool %s: %v", s.out.codec.FormatAddress(s.chain, pool), err))
			return nil
		}
		if err != nil {
			return err
		}
	}
	if err := m.readTies(ctx); err != nil {
		return err
	}
	m.write(t)
	return nil
}

// lookFrom is the time from which on histories are looked at: what every source of this trace has
// read, and no earlier than MixerWindow before.
func (s *balances) lookFrom(first int64) int64 { return max(s.began, first-heuristics.MixerWindow) }

// pools returns those with traced deposits, in the order of these.
func (m *mixers) pools() []chains.Address {
	var list []chains.Address
	for _, d := range m.s.deposits {
		if !slices.Contains(list, d.event.Emitter) {
			list = append(list, d.event.Emitter)
		}
	}
	return list
}

// readPool reads the ways into and out of a pool.
func (m *mixers) readPool(ctx context.Context, finder EventFinder, pool chains.Address) error {
	for _, kind := range []chains.EventKind{chains.EventMixerIn, chains.EventMixerOut} {
		q := chains.EventQuery{Kind: kind, Protocol: m.protocolOf(pool), Emitter: pool, Since: m.since, Most: mostPassages + 1}
		txs, err := finder.FindEvents(ctx, q)
		if err != nil {
			return err
		}
		if len(txs) > mostPassages {
			txs = txs[:mostPassages]
			m.tooMany(pool, kind, txs[len(txs)-1])
		}
		for _, tx := range txs {
			m.passages(&q, tx)
		}
	}
	slices.SortStableFunc(m.facts.Withdrawals, inChainOrder)
	order := make([]int, len(m.facts.Deposits))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return inChainOrder(m.facts.Deposits[a], m.facts.Deposits[b]) })
	deposits, traced := make([]heuristics.Passage, len(order)), make([]*mixed, len(order))
	for to, from := range order {
		deposits[to], traced[to] = m.facts.Deposits[from], m.deposits[from]
	}
	m.facts.Deposits, m.deposits = deposits, traced
	return nil
}

func inChainOrder(a, b heuristics.Passage) int {
	switch {
	case a.At.Before(b.At):
		return -1
	case b.At.Before(a.At):
		return 1
	}
	return 0
}

func (m *mixers) protocolOf(pool chains.Address) string {
	i := slices.IndexFunc(m.s.deposits, func(d *mixed) bool { return d.event.Emitter == pool })
	return m.s.deposits[i].event.Protocol
}

// passages takes the ways into a pool, or out of it, in a transaction.
func (m *mixers) passages(q *chains.EventQuery, tx *chains.Tx) {
	m.seen(tx)
	for _, p := range heuristics.Passages(q, tx) {
		if q.Kind == chains.EventMixerOut {
			m.facts.Withdrawals = append(m.facts.Withdrawals, p)
			continue
		}
		var own *mixed
		if at := slices.IndexFunc(m.s.deposits, func(d *mixed) bool { return d.tx.ID == p.Tx && d.event.Index == p.Event }); at >= 0 {
			p.Traced, own = true, m.s.deposits[at]
		}
		m.facts.Deposits, m.deposits = append(m.facts.Deposits, p), append(m.deposits, own)
	}
}

// seen notes whose code ran: those are contracts, and tie nobody.
func (m *mixers) seen(tx *chains.Tx) {
	for _, a := range tx.Exec.Ran {
		m.ran[a] = true
	}
}

// readTies asks what depositors of traced value and recipients behind did outside of the pools.
func (m *mixers) readTies(ctx context.Context) error {
	historian, can := m.s.src.(Historian)
	if !can {
		m.facts.NotLooked = "what reads this chain does not tell what accounts did"
		return nil
	}
	asked := m.depositors()
	if len(asked) > mostDepositors {
		m.facts.NotLooked = fmt.Sprintf("of %d depositors those of the first %d", len(asked), mostDepositors)
		asked = asked[:mostDepositors]
	}
	more := m.recipients(asked)
	if len(more) > mostAccounts {
		m.facts.NotLooked = fmt.Sprintf("what %d recipients did was not read, %d at most are; only who their depositor's side knows", len(more), mostAccounts)
		more = nil
	}
	asked = append(asked, more...)
	var all []heuristics.History
	done := map[chains.Address]bool{}
	for round := range 2 { // the accounts, then who funded their gas
		var next []chains.Address
		for _, a := range asked {
			if done[a] {
				continue
			}
			done[a] = true
			h, err := m.history(ctx, historian, a)
			if errors.Is(err, chains.ErrUnsupported) || errors.Is(err, chains.ErrIncomplete) {
				m.facts.NotLooked = notTold(err)
				return nil
			}
			if err != nil {
				return fmt.Errorf("what %s did: %w", m.s.out.codec.FormatAddress(m.s.chain, a), err)
			}
			all = append(all, h)
			if from := heuristics.GasFunder(&h); round == 0 && from != "" && !m.outside(from) {
				next = append(next, from)
			}
		}
		asked = next
	}
	m.facts.Ties = heuristics.TiesOf(all, m.outside)
	return nil
}

func (m *mixers) history(ctx context.Context, from Historian, a chains.Address) (heuristics.History, error) {
	txs, err := from.History(ctx, a, m.since, mostOfHistory+1)
	h := heuristics.History{Account: a, Txs: txs, Cut: len(txs) > mostOfHistory}
	if h.Cut {
		h.Txs = txs[:mostOfHistory]
	}
	for _, tx := range h.Txs {
		m.seen(tx)
	}
	return h, err
}

// depositors are those of traced value, in order.
func (m *mixers) depositors() []chains.Address {
	var list []chains.Address
	for i := range m.facts.Deposits {
		if d := &m.facts.Deposits[i]; d.Traced && !slices.Contains(list, d.Account) {
			list = append(list, d.Account)
		}
	}
	return list
}

// recipients are those of withdrawals behind the first traced deposit of their pool, but for some.
func (m *mixers) recipients(but []chains.Address) []chains.Address {
	var list []chains.Address
	met := map[chains.Address]bool{}
	for _, a := range but {
		met[a] = true
	}
	first := map[chains.Address]chains.Place{}
	for i := range m.facts.Deposits {
		d := &m.facts.Deposits[i]
		if _, have := first[d.Pool]; d.Traced && !have {
			first[d.Pool] = d.At
		}
	}
	for i := range m.facts.Withdrawals {
		w := &m.facts.Withdrawals[i]
		if start, have := first[w.Pool]; have && start.Before(w.At) && !met[w.Account] && !m.outside(w.Account) {
			met[w.Account] = true
			list = append(list, w.Account)
		}
	}
	return list
}

// outside reports whether an account is nobody's own: a pool, a service, a contract.
func (m *mixers) outside(a chains.Address) bool {
	pool := func(d *mixed) bool { return d.event.Emitter == a }
	return m.ran[a] || slices.ContainsFunc(m.s.deposits, pool) || m.s.nobodysOwn(a)
}

// nobodysOwn reports whether the incident, tables or labels say that an account holds other people's
// value.
func (s *balances) nobodysOwn(a chains.Address) bool {
	if known := s.inc.known(s.chain, a); known != nil {
		return roleOf(NodeKind(known.Kind)) != heuristics.RoleParty
	}
	if s.places != nil {
		if kind, _, _, ok := s.places.Place(s.chain, a); ok {
			return roleOf(kind) != heuristics.RoleParty
		}
	}
	at := s.out.labelled(a)
	return at != nil && at.reason != ""
}
