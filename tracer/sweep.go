// Package tracer follows stolen value from its seeds to where it ends, under every accounting
// rule at once, and says of each movement on what evidence and basis.
//
// It reads incidents, keeps pots and lots, goes once through the transactions that a Source
// gives it in chain order, and makes a Trace, whose JSON is the program's contract. It does
// not talk to nodes or stores, and draws nothing.
//
// Start reading at the conventions in docs/architecture.md, then Run (this file), divide
// (pot.go) and convention (convention.go).
package tracer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"clew/chains"
	"clew/heuristics"
)

// Options of Run. The zero value is useful.
type Options struct {
	Tool        Tool
	Inputs      Inputs
	FirstLogged *string // when the incident's hash was first logged, RFC 3339
	// Earlier are other declarations under the incident's id that were logged before, oldest first.
	Earlier []Declaration
	// TouchedOnly: the source knows only what conserving rules touch (a follow), so a
	// holding that poison alone reaches ends at once, with a gap that says so.
	TouchedOnly bool
	// Labels stop a trace at services, mixers and bridges, and name nodes; nil: none are used.
	Labels Labels
	// Without names heuristics that the trace does without: see WithoutNames. Unknown names are an
	// error. The trace says which they were.
	Without []string
	// Through names mixes that the trace goes on through, as an inference: see ThroughNames.
	Through []string
	// Sink receives hops and endpoints as they come to be; nil keeps them in the Trace. Of a chain of
	// outputs the trace then has no Peels: which hops are a run shows behind the last of them, when a sink
	// has them already. heuristics.Peels finds runs in any transactions.
	Sink Sink
	// Progress is called after each touched transaction; nil is not called.
	Progress func(at chains.BlockRef, touched, live int)
	// Sweeping is called by RunAll as it begins to go through a chain, which may be more than
	// once; nil is not called.
	Sweeping func(chain chains.Chain)
}

// Sink takes the long parts of a trace as they come to be, so that a trace of millions of
// hops needs memory for what is live only. It is called from one goroutine.
//
// Slices and pointers in what it is given are used again for the next one, but for Inputs,
// From, Raw and Findings: who keeps a hop or an endpoint copies the others.
type Sink interface {
	Hop(Hop) error
	// Endpoint is called with seq, the order of the endpoint among all.
	Endpoint(seq int, e Endpoint) error
}

// ErrDefect: sums that must be equal are not. The program is wrong, not the data.
var ErrDefect = errors.New("the sums do not add up: this is a defect of the program")

// sweep is one run over one chain: the pots that are live and the trace so far.
//
// It goes through the chain once, in order, and keeps all rules side by side. Memory is in
// proportion to what is live, and to the trace unless a Sink takes it.
type sweep struct {
	course
	spent []*holding // to be used again
	// Of the transaction that is being taken:
	pot      divider
	entering []bundle        // its inputs
	leaving  []chains.Amount // its outputs and its fee
	from     []*holding      // the live outputs that it spends
	made     []*holding      // its outputs
	gave     []*liveAccount  // the live accounts that gave to it

	held     map[chains.OutPoint]*holding    // live outputs (accounts: output)
	accounts map[chains.Address]*liveAccount // live accounts (accounts: address)
	seeded   map[chains.OutPoint]string      // which seed an output was given to
	learned  learned
	dusted   dusted
	clusters *clusterPots // accounts: cluster
}

// holding is a traced sum that lies somewhere: an output, or an arrival at an account.
type holding struct {
	bundle
	seq      int
	out      chains.OutPoint
	at       chains.Address // where the output lies
	node     string
	hop      string   // the hop that put it there; "" for a seed
	origin   []string // what else did: seeds, and for accounts all that arrived
	hops     int      // from its seed
	findings []string // of the hop that put it there alone: ids
	// accounts: address
	outs     []int        // every output of the arrival
	asset    chains.Asset // "": the native coin
	position string       // of what ends elsewhere than in an output; "" where out or reason say it
	balance  bool         // the whole account at the end, or what it gave
	spent    bool         // what it gave to a transaction that is not understood
}

// Run traces inc over the chain that src reads and returns the trace. An incident on
// another chain is an error; bridges lead nowhere (RunAll follows them).
//
// Errors: ErrNotFound and ErrIncomplete for a seed or an opening balance that the source
// cannot give, ErrReorged from the source; ErrDefect together with a Trace if the sums do
// not add up.
func Run(ctx context.Context, inc *Incident, chain chains.Chain, src Source, codec Codec, opt Options) (*Trace, error) {
	inc = inc.withDefaults()
	opt, err := opt.checked()
	if err != nil {
		return nil, fmt.Errorf("trace %s: %w", inc.ID, err)
	}
	for i := range inc.Seeds {
		if seed := &inc.Seeds[i]; seed.Chain != chain {
			return nil, fmt.Errorf("seed %s is on %s, and this trace runs on %s: one chain in a run", seed.ID, seed.Chain, chain)
		}
	}
	c := newCourse(inc, chain, src, codec, opt)
	var t *Trace
	if chain.Info().Family == chains.FamilyEVM {
		t, err = newBalances(c, newCrossing(inc, codec, nil)).alone(ctx)
	} else {
		t, err = newSweep(c).run(ctx)
	}
	if err != nil && !errors.Is(err, ErrDefect) {
		return nil, fmt.Errorf("trace %s: %w", inc.ID, err)
	}
	return t, err
}

// newSweep makes a run over a chain of outputs.
func newSweep(c course) *sweep {
	s := &sweep{
		course:   c,
		held:     map[chains.OutPoint]*holding{},
		accounts: map[chains.Address]*liveAccount{},
		seeded:   map[chains.OutPoint]string{},
	}
	if c.opt.uses(string(heuristics.KindPeel)) && c.out.sink == Sink(c.out) {
		s.learned.peels = heuristics.NewPeels(c.out.stopsAt)
	}
	if c.opt.uses(gatheredDeposit) && c.namesServices() && c.out.sink == Sink(c.out) {
		s.learned.gathered = &gathered{out: c.out, of: map[chains.Address]*gathering{}}
	}
	return s
}

// run goes through the chain and returns its trace.
func (s *sweep) run(ctx context.Context) (*Trace, error) {
	if err := s.needsClusters(); err != nil {
		return nil, err
	}
	if err := s.watchSeeds(ctx); err != nil {
		return nil, err
	}
	for {
		tx, err := s.src.Next(ctx)
		if errors.Is(err, io.EOF) {
			return s.finish()
		}
		if err != nil {
			return nil, err
		}
		if err := s.step(ctx, tx); err != nil {
			return nil, fmt.Errorf("transaction %s: %w", tx.ID, err)
		}
		if s.opt.Progress != nil {
			s.opt.Progress(tx.Block, s.touched, len(s.held)+len(s.accounts))
		}
	}
}

// step takes one transaction: value moves between pots, then seeds are laid.
func (s *sweep) step(ctx context.Context, tx *chains.Tx) error {
	var made []*holding
	var err error
	if err := s.resolve(ctx, tx); err != nil {
		return err
	}
	if s.out.accountPots {
		made, err = s.moveNets(tx)
	} else {
		made, err = s.spendOutputs(tx)
	}
	if err != nil {
		return err
	}
	reached := s.reachTouched()
	s.tokens(tx, made)
	for _, h := range made {
		if err := s.keep(ctx, tx, h); err != nil {
			return err
		}
	}
	s.done()
	switch {
	case reached:
		return s.dropPoison()
	case s.poisoned:
		return s.dropAccounts(s.gave)
	}
	return nil
}

// tokens writes a gap where traced value lies in outputs of tx beside tokens. What poison alone
// reaches is left out, as a pass over a node's blocks does not see all of it.
func (s *sweep) tokens(tx *chains.Tx, made []*holding) {
	if !slices.ContainsFunc(tx.Outputs, func(o chains.Output) bool { return o.Token }) {
		return
	}
	traced := map[int]bool{}
	for _, h := range made {
		for _, i := range h.outputs() {
			traced[i] = h.conserved()
		}
	}
	for _, a := range s.gave { // and keep a part
		for i, o := range tx.Outputs {
			traced[i] = traced[i] || a.conserved() && a.address == s.out.potOf(o.Address)
		}
	}
	var outs []int
	for i, o := range tx.Outputs {
		if o.Token && traced[i] {
			outs = append(outs, i)
		}
	}
	if len(outs) > 0 {
		s.out.unfollowed(tx, outs)
	}
}

// keep holds on to what a transaction made, or ends the branch there.
func (s *sweep) keep(ctx context.Context, tx *chains.Tx, h *holding) error {
	if !h.touched() {
		return nil
	}
	if h.seq < 0 {
		h.seq = s.nextSeq()
	}
	reason, note, err := s.stops(ctx, tx, h)
	if err != nil {
		return err
	}
	if reason != "" {
		if s.out.accountPots {
			if err := s.addClean(tx, h); err != nil {
				return err
			}
		}
		return s.out.end(h, reason, note)
	}
	if s.out.accountPots {
		return s.arrive(ctx, tx, h)
	}
	s.held[h.out] = h
	return s.src.WatchOut(ctx, h.out)
}

// fate returns why a branch ends at an output of some form whatever the incident says, and
// what kind of node that is; "" where it does not end.
func fate(form chains.ScriptType) (Reason, NodeKind, string) {
	switch form {
	case chains.ScriptNullData:
		return ReasonBurn, NodeAddress, "data output: can never be spent"
	case chains.ScriptPegIn:
		return ReasonMixer, NodeMixer, "peg-in: it goes on inside the extension block (MWEB), where amounts are confidential"
	case chains.ScriptPegged:
		return ReasonMixer, NodeMixer, "what everybody has in the extension block (MWEB), in one output"
	}
	return "", NodeAddress, ""
}

// stops says whether and why a holding is not followed.
func (s *sweep) stops(ctx context.Context, tx *chains.Tx, h *holding) (Reason, string, error) {
	out := &tx.Outputs[h.out.Index]
	if reason, _, note := fate(out.Type); reason != "" {
		return reason, note, nil
	}
	if s.clusters == nil {
		if reason, note := s.out.endsAt(out.Address); reason != "" {
			return reason, note, nil
		}
	} else {
		at, err := s.follows(ctx, s.out.potOf(out.Address))
		if err != nil {
			return "", "", err
		}
		if at != nil {
			s.out.is(h.node, at)
			return at.reason, at.note, nil
		}
	}
	reason, note := s.limits(h, chains.Native)
	return reason, note, nil
}

// dropPoison ends every live holding that poison alone reaches.
func (s *sweep) dropPoison() error {
	for _, h := range s.live() {
		if h.conserved() {
			continue
		}
		delete(s.held, h.out)
		if err := s.out.end(h, ReasonLimit, s.touchedNote()); err != nil {
			return err
		}
	}
	return s.dropAccounts(s.liveAccounts())
}

// dropAccounts ends those accounts that poison alone reaches.
func (s *sweep) dropAccounts(accounts []*liveAccount) error {
	for _, a := range accounts {
		if a.conserved() || s.accounts[a.address] != a {
			continue
		}
		delete(s.accounts, a.address)
		if a.units.IsZero() {
			continue
		}
		if err := s.out.end(a.asHolding(), ReasonLimit, s.touchedNote()); err != nil {
			return err
		}
	}
	return nil
}

// finish ends what is still live and balances the books.
func (s *sweep) finish() (*Trace, error) {
	if err := s.checkSeeds(); err != nil {
		return nil, err
	}
	for _, h := range s.live() {
		if err := s.out.end(h, ReasonUnspent, ""); err != nil {
			return nil, err
		}
	}
	for _, a := range s.liveAccounts() {
		if !a.touched() || a.units.IsZero() {
			continue
		}
		if err := s.out.end(a.asHolding(), ReasonBalance, ""); err != nil {
			return nil, err
		}
	}
	s.tell()
	return s.out.trace(s.src.From(), s.src.AsOf())
}

func utc(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }
