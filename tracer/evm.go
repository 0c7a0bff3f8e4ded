package tracer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"clew/chains"
	"clew/heuristics"
)

// balances is one run over a chain of accounts, where each balance of an asset is a pot that
// lives on. heuristics.Settle says what a transaction did to its parties; the steps of its
// answer are taken one by one, in order.
//
// What a pot pays out leaves it by the rule and enters the next pot. Contracts that keep nothing
// are pots of the moment, those that keep value are where a branch ends, and a conversion takes
// lots of one asset and gives them back as lots of another.
type balances struct {
	course
	state  State  // nil where the source does not know what accounts hold
	tokens Tokens // nil where nobody knows what tokens claim
	places Places // nil where nobody knows contracts
	cross  *crossing

	pots    map[heuristics.Holding]*livePot
	parties map[chains.Address]bool // whoever has, or had, a pot
	kinds   map[chains.Address]heuristics.Role
	nodes   map[string]string // of accounts, by kind and address
	due     map[chains.TxID][]*departure
	claimed map[claim]string // which seed a receipt was given to
	left    []*departure     // what went to other chains

	block   chains.BlockRef // of the transaction taken last
	dirty   []*livePot      // pots that it and those before it in the block touched
	lacking lacking
	divider divider

	adoptedOf []chains.Amount // units, by line of adopt
	deposits  []*mixed        // to pools of mixers
	sweepers  sweepers        // what may be deposit addresses of services
	began     int64           // when traced value was met first, Unix seconds; 0: not yet
}

// livePot is a balance as a pot.
type livePot struct {
	liveAccount
	asset  chains.Asset
	moment bool  // of a contract that passes everything on in one transaction
	agreed int64 // the last block at whose end the node said the same; −1 for none
	dirty  bool  // touched since the last comparison
}

func (p *livePot) key() heuristics.Holding {
	return heuristics.Holding{Account: p.address, Asset: p.asset}
}

// passage is the work on one transaction.
type passage struct {
	tx      *chains.Tx
	set     heuristics.Settlement
	roles   map[chains.Address]heuristics.Role
	moment  map[heuristics.Holding]*livePot
	trades  []trade // beside set.Conversions
	grants  []*grant
	events  []*chains.Event       // departures over bridges
	leaves  map[int]*chains.Event // which steps they are, once asked: see crossings
	unsure  map[int]string        // steps that may be one, and why that cannot be told
	crosses *chains.Event         // the departure that the step at hand is
	pending bool                  // and it has not arrived yet
	note    string                // why it was not followed

	findings []string   // of the step at hand: ids
	gave     []*livePot // live pots that paid, maybe more than once
	touched  bool
	reached  bool // stop.touched, only now

	txid, time string
	raw        []string
}

// newBalances makes a run. cross is nil where the trace stays on one chain.
func newBalances(c course, cross *crossing) *balances {
	s := &balances{
		course: c, cross: cross,
		pots:      map[heuristics.Holding]*livePot{},
		parties:   map[chains.Address]bool{},
		kinds:     map[chains.Address]heuristics.Role{},
		nodes:     map[string]string{},
		due:       map[chains.TxID][]*departure{},
		claimed:   map[claim]string{},
		adoptedOf: make([]chains.Amount, len(c.inc.Adopt)),
	}
	s.state, _ = c.src.(State)
	s.tokens, _ = c.src.(Tokens)
	s.places, _ = c.out.codec.(Places)
	for i := range c.inc.Seeds {
		if c.inc.Seeds[i].Chain == c.chain {
			s.parties[c.inc.Seeds[i].Address] = true
		}
	}
	return s
}

// run goes through the chain and returns its trace.
func (s *balances) run(ctx context.Context) (*Trace, error) {
	if err := s.watchSeeds(ctx); err != nil {
		return nil, err
	}
	if err := s.watchDue(ctx); err != nil {
		return nil, err
	}
	for {
		tx, err := s.src.Next(ctx)
		if errors.Is(err, io.EOF) {
			return s.finish(ctx)
		}
		if err != nil {
			return nil, err
		}
		if err := s.step(ctx, tx); err != nil {
			return nil, fmt.Errorf("transaction %s: %w", tx.ID, err)
		}
		if s.opt.Progress != nil {
			s.opt.Progress(tx.Block, s.touched, len(s.pots))
		}
	}
}

// alone runs where the trace stays on one chain.
func (s *balances) alone(ctx context.Context) (*Trace, error) {
	t, err := s.run(ctx)
	if err != nil {
		return t, err
	}
	if len(s.left) > 0 {
		d := s.left[0]
		return nil, s.inc.Adopt[d.adopt].errorf("it leads to %s, and this trace runs on %s alone", d.chain, s.chain)
	}
	for i, used := range s.cross.used {
		if !used {
			a := &s.inc.Adopt[i]
			return nil, a.errorf("no traced value goes into a mixer or a bridge in %s", a.FromTx)
		}
	}
	return t, nil
}

// step takes one transaction.
func (s *balances) step(ctx context.Context, tx *chains.Tx) error {
	if tx.Exec == nil {
		return fmt.Errorf("it is not of a chain of accounts: %w", chains.ErrBadAnswer)
	}
	if err := s.turn(ctx, tx.Block); err != nil {
		return err
	}
	t, err := s.settle(ctx, tx)
	if err != nil {
		return err
	}
	if err := s.compareBefore(ctx, t); err != nil {
		return err
	}
	if err := s.grantSeeds(t); err != nil {
		return err
	}
	for k := range t.set.Steps {
		if err := s.pass(ctx, t, k); err != nil {
			return fmt.Errorf("step %d: %w", k, err)
		}
	}
	if err := s.closeMoments(t); err != nil {
		return err
	}
	if err := s.writeSeeds(t); err != nil {
		return err
	}
	s.noteUnclear(t)
	if s.began == 0 && (t.touched || len(t.grants) > 0) {
		s.began = tx.Block.Time
	}
	return s.dropReached(t)
}

// settle asks what tx did to its parties.
func (s *balances) settle(ctx context.Context, tx *chains.Tx) (*passage, error) {
	t := &passage{tx: tx, roles: map[chains.Address]heuristics.Role{}}
	for i := range tx.Exec.Events {
		switch e := &tx.Exec.Events[i]; {
		case e.Kind == chains.EventMixerIn && e.Registered:
			t.roles[e.Emitter] = heuristics.RoleMixer
		case e.Kind == chains.EventBridgeOut && s.trusts(e):
			t.events = append(t.events, e)
		case e.Kind == chains.EventOwner && e.Registered && e.Account != "":
			t.roles[e.Account] = heuristics.RoleParty
		}
	}
	if tx.Exec.Sender != "" {
		t.roles[tx.Exec.Sender] = heuristics.RoleParty
	}
	var failed error
	t.set = heuristics.Settle(tx, func(a chains.Address) heuristics.Role {
		r, err := s.role(ctx, t, a)
		failed = errors.Join(failed, err)
		return r
	})
	t.trades = make([]trade, len(t.set.Conversions))
	return t, failed
}

// pass takes one step.
func (s *balances) pass(ctx context.Context, t *passage, k int) error {
	st := &t.set.Steps[k]
	if st.From == st.To || st.Units.IsZero() {
		return nil
	}
	if absurd(st.Units) {
		s.leaveOut(t, st)
	}
	switch {
	case st.Kind == heuristics.StepGive:
		return s.give(t, k)
	case st.Kind == heuristics.StepTake:
		return s.take(ctx, t, k)
	case absurd(st.Units):
		return nil
	}
	b, from, err := s.withdraw(t, heuristics.Holding{Account: st.From, Asset: st.Asset}, st.Units)
	if err != nil {
		return err
	}
	if st.Kind == heuristics.StepFee {
		return s.payFee(t, k, b, from)
	}
	if !b.touched() {
		if due := s.dueAt(t, st); due != nil {
			return s.arrive(ctx, t, k, due)
		}
	}
	return s.receive(ctx, t, k, b, from, func(h *holding) error {
		return s.transfer(t, k, from, h)
	})
}

// payFee ends what a fee takes.
func (s *balances) payFee(t *passage, k int, b bundle, from *livePot) error {
	if !b.touched() {
		return nil
	}
	t.findings = nil
	st := &t.set.Steps[k]
	h := &holding{bundle: b, asset: st.Asset, out: chains.OutPoint{Tx: t.tx.ID}, position: s.position(t, st)}
	if st.Conversion >= 0 {
		venue := t.set.Conversions[st.Conversion].Venue
		h.node = s.node(venue, NodePool)
	} else {
		h.node = s.out.feeNode()
	}
	if err := s.hop(t, HopFee, k, from, h); err != nil {
		return err
	}
	h.seq = s.nextSeq()
	return s.out.end(h, ReasonFee, "")
}

// dropReached ends what poison alone reaches: everything where stop.touched was reached only now,
// later what this transaction left so.
func (s *balances) dropReached(t *passage) error {
	if !t.touched || !s.poisoned {
		return nil
	}
	pots := t.gave
	if t.reached {
		pots = s.livePots()
	}
	for _, p := range pots {
		if p.conserved() || !p.touched() || s.pots[p.key()] != p {
			continue
		}
		delete(s.pots, p.key())
		if p.units.IsZero() {
			continue
		}
		if err := s.out.end(p.ending(), ReasonLimit, s.touchedNote()); err != nil {
			return err
		}
	}
	return nil
}

// livePots returns the live pots in the order in which they came to be.
func (s *balances) livePots() []*livePot {
	all := make([]*livePot, 0, len(s.pots))
	for _, p := range s.pots {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *livePot) int { return a.seq - b.seq })
	return all
}

// finish compares what is left with the node, ends it and balances the books.
func (s *balances) finish(ctx context.Context) (*Trace, error) {
	asOf := s.src.AsOf()
	if err := s.compareLast(ctx, asOf); err != nil {
		return nil, err
	}
	if err := s.notArrived(); err != nil {
		return nil, err
	}
	if err := s.checkSeeds(); err != nil {
		return nil, err
	}
	for _, p := range s.livePots() {
		if !p.touched() || p.units.IsZero() {
			continue
		}
		if err := s.out.end(p.ending(), ReasonBalance, ""); err != nil {
			return nil, err
		}
	}
	s.noteLacking()
	if err := s.describeAssets(ctx); err != nil {
		return nil, err
	}
	t, err := s.out.trace(s.src.From(), asOf)
	if t == nil {
		return t, err
	}
	return t, errors.Join(err, s.propose(ctx, t), s.nameDeposits(ctx, t))
}
