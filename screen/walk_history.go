package screen

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"clew/chains"
	"clew/heuristics"
)

// How much of what one account did is read, in transactions, and in which steps. An account with more
// would leave nothing of a walk's budget for any other; what it paid is not explained, and a gap says so.
const (
	mostHistory  = 1_000
	historyChunk = 128
)

// settled is a transaction of a chain of accounts as its parties see it.
type settled struct {
	tx    *chains.Tx
	set   heuristics.Settlement
	roles map[chains.Address]heuristics.Role
}

func (t *settled) place() chains.Place { return placeOf(t.tx) }

func placeOf(tx *chains.Tx) chains.Place {
	return chains.Place{Height: tx.Block.Height, Index: tx.Index}
}

// history is what is known of what an account did.
type history struct {
	txs      []*chains.Tx
	complete bool // there is no more as of the block
	busy     bool // there is more than is read
	ledgers  map[chains.Asset]*ledger
}

// reaches reports whether all up to a place is known.
func (h *history) reaches(p chains.Place) bool {
	return h.complete || len(h.txs) > 0 && !placeOf(h.txs[len(h.txs)-1]).Before(p)
}

// entry is one step of an account's ledger: what came in, or went out.
type entry struct {
	t      *settled
	k      int // step
	out    bool
	units  chains.Amount
	lo, hi chains.Amount // in the line of what came in
	lack   chains.Amount // of what went out, what the account was not seen to have
	held   chains.Amount // before it
}

// before reports whether e stands before step k at p.
func (e *entry) before(p chains.Place, k int) bool {
	at := e.t.place()
	return at.Before(p) || at == p && e.k < k
}

// ledger is what came to an account and left it of one asset, in order: the line under fifo. It opens
// empty. What it pays out beyond what it was seen to have comes from its front, and nobody knows where
// that was from.
type ledger struct {
	entries []entry
	ins     []int // of entries, what came in
	lacks   bool
	line    chains.Amount // all that came in
}

// add appends a step.
func (l *ledger) add(t *settled, k int, out bool, held chains.Amount) (chains.Amount, error) {
	units := t.set.Steps[k].Units
	e := entry{t: t, k: k, out: out, units: units, held: held}
	if out {
		if held.Less(units) {
			e.lack, l.lacks = units.Minus(held), true
		}
		e.lo = l.line.Minus(held)
		e.hi = e.lo.Plus(units.Minus(e.lack))
		held = held.Minus(units.Minus(e.lack))
	} else {
		e.lo = l.line
		sum, err := l.line.Add(units)
		if err != nil {
			return held, fmt.Errorf("what an account received: %w", err)
		}
		l.line, e.hi = sum, sum
		l.ins = append(l.ins, len(l.entries))
		held = held.Plus(units)
	}
	l.entries = append(l.entries, e)
	return held, nil
}

// mixed reports whether value of several sources lay there.
func (l *ledger) mixed() bool { return len(l.ins) > 1 || l.lacks }

// find returns where the step of f stands, which must be one of the account's.
func (l *ledger) find(f *flow) (int, error) {
	p := f.t.place()
	i := sort.Search(len(l.entries), func(i int) bool { return !l.entries[i].before(p, f.k) })
	if i == len(l.entries) || l.entries[i].t != f.t || l.entries[i].k != f.k {
		return 0, fmt.Errorf("step %d of transaction %s is not in the history of the account that it names: %w", f.k, f.t.tx.ID, chains.ErrBadAnswer)
	}
	return i, nil
}

// accountBooks reads and keeps what accounts did.
type accountBooks struct {
	*walking
	*meter
	txs       map[chains.TxID]*settled
	histories map[chains.Address]*history
	parties   map[chains.Address]bool // whose histories are followed: they own what they hold
	pinned    map[chains.TxID]bool    // of the starts: what they paid to whom stays as it was asked
	known     map[whenKnown]*Attribution
}

func newAccountBooks(w *walking, m *meter) *accountBooks {
	b := &accountBooks{
		walking: w, meter: m, txs: map[chains.TxID]*settled{}, histories: map[chains.Address]*history{},
		parties: map[chains.Address]bool{}, pinned: map[chains.TxID]bool{}, known: map[whenKnown]*Attribution{},
	}
	for _, a := range w.own {
		b.parties[a] = true
	}
	return b
}

type whenKnown struct {
	a    chains.Address
	unix int64
}

// attributed is attribute, once for each address and time.
func (b *accountBooks) attributed(ctx context.Context, a chains.Address, unix int64) (*Attribution, error) {
	key := whenKnown{a, unix}
	if found, met := b.known[key]; met {
		return found, nil
	}
	found, err := b.attribute(ctx, a, unix)
	if err == nil {
		b.known[key] = found
	}
	return found, err
}

// settle says what a transaction did to its parties.
func (b *accountBooks) settle(ctx context.Context, tx *chains.Tx) (*settled, error) {
	if t := b.txs[tx.ID]; t != nil {
		return t, nil
	}
	if tx.Exec == nil {
		return nil, fmt.Errorf("transaction %s is none of a chain of accounts: %w", tx.ID, chains.ErrBadAnswer)
	}
	t := &settled{tx: tx, roles: map[chains.Address]heuristics.Role{}}
	for i := range tx.Exec.Events {
		switch e := &tx.Exec.Events[i]; {
		case e.Kind == chains.EventMixerIn && e.Registered:
			t.roles[e.Emitter] = heuristics.RoleMixer
		case e.Kind == chains.EventOwner && e.Registered && e.Account != "":
			t.roles[e.Account] = heuristics.RoleParty
		}
	}
	if tx.Exec.Sender != "" {
		t.roles[tx.Exec.Sender] = heuristics.RoleParty
	}
	var failed error
	t.set = heuristics.Settle(tx, func(a chains.Address) heuristics.Role {
		r, err := b.role(ctx, t, a)
		failed = errors.Join(failed, err)
		return r
	})
	b.txs[tx.ID] = t
	return t, failed
}

// role says what an account is to a transaction: as the transaction shows, as tables know it, as
// somebody claims; else it is a contract if its code ran there. A store does not know who has code: a
// wallet with code looks like a contract.
func (b *accountBooks) role(ctx context.Context, t *settled, a chains.Address) (heuristics.Role, error) {
	if r, shown := t.roles[a]; shown {
		return r, nil
	}
	r := heuristics.RoleParty
	kind, found := b.placed(a)
	switch {
	case b.parties[a]:
	case found:
		r = kind
	default:
		at, err := b.attributed(ctx, a, t.tx.Block.Time)
		if err != nil {
			return 0, err
		}
		if at != nil {
			r = roleOfCategory(at.Category)
		} else if slices.Contains(t.tx.Exec.Ran, a) {
			r = heuristics.RoleContract
		}
	}
	t.roles[a] = r
	return r, nil
}

// placed says what tables know of an account.
func (b *accountBooks) placed(a chains.Address) (heuristics.Role, bool) {
	if b.places == nil {
		return 0, false
	}
	kind, _, _, ok := b.places.Place(b.chain, a)
	return roleOfNode(kind), ok
}

// follow makes an account a party, whose history is read.
func (b *accountBooks) follow(a chains.Address) {
	if b.parties[a] {
		return
	}
	b.parties[a] = true
	for id, t := range b.txs {
		if r, asked := t.roles[a]; asked && r != heuristics.RoleParty && !b.pinned[id] {
			delete(b.txs, id) // it was taken for a contract there
			for _, h := range b.histories {
				h.ledgers = nil
			}
		}
	}
}

// load reads what an account did, up to a place at least.
func (b *accountBooks) load(ctx context.Context, a chains.Address, p chains.Place) error {
	h := b.histories[a]
	if h == nil {
		h = &history{}
		b.histories[a] = h
	}
	for !h.busy && !h.reaches(p) && !b.spent() {
		after, most := BeforeFirst, historyChunk
		if n := len(h.txs); n > 0 {
			after = placeOf(h.txs[n-1])
		}
		if b.most > 0 {
			most = min(most, b.most-b.read)
		}
		// One more than is wanted tells whether there are more, however small the rest of the budget is.
		txs, err := b.facts.AddressTxs(ctx, a, after, most+1)
		if err != nil {
			return fmt.Errorf("what %s did: %w", b.codec.FormatAddress(b.chain, a), err)
		}
		h.complete = len(txs) <= most
		txs = txs[:min(len(txs), most)]
		b.read += len(txs)
		h.txs, h.ledgers = append(h.txs, txs...), nil
		h.busy = len(h.txs) >= mostHistory && !h.reaches(p)
	}
	return nil
}

// ledger returns what an account received and paid of an asset, as far as its history is read.
func (b *accountBooks) ledger(ctx context.Context, a chains.Address, asset chains.Asset) (*ledger, error) {
	h := b.histories[a]
	if l := h.ledgers[asset]; l != nil {
		return l, nil
	}
	l := &ledger{}
	var held chains.Amount
	for _, tx := range h.txs {
		t, err := b.settle(ctx, tx)
		if err != nil {
			return nil, err
		}
		if held, err = l.take(t, a, asset, held); err != nil {
			return nil, err
		}
	}
	if h.ledgers == nil {
		h.ledgers = map[chains.Asset]*ledger{}
	}
	h.ledgers[asset] = l
	return l, nil
}

// take adds what a transaction did to an account, which held some before.
func (l *ledger) take(t *settled, a chains.Address, asset chains.Asset, held chains.Amount) (_ chains.Amount, err error) {
	for k := range t.set.Steps {
		st := &t.set.Steps[k]
		if st.Asset != asset || !counts(st) || st.From != a && st.To != a {
			continue
		}
		if held, err = l.add(t, k, st.From == a, held); err != nil {
			return held, err
		}
	}
	return held, nil
}

// counts reports whether a step moves something: what a token that lies tells of does not.
func counts(st *heuristics.Step) bool {
	const most = 28 // bytes of an amount: what is below adds up, in whatever history
	return st.From != st.To && !st.Units.IsZero() && len(st.Units.AppendBytes(nil)) <= most
}
