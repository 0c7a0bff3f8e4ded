package bundle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"clew/chains"
	"clew/tracer"
)

// evidence checks each movement that the trace states against the recorded bytes, by itself: it
// knows nothing of how a trace is made. What it asks of each: the transaction is recorded, at that
// place and time; the position is there, and moves that much of that asset between these addresses;
// and the evidence stated is no better than what the recording proves.
func (v *verifier) evidence(ctx context.Context) error {
	if v.trace == nil {
		return nil
	}
	for i := range v.trace.Seeds {
		v.seed(&v.trace.Seeds[i])
	}
	for i := range v.trace.Hops {
		if err := ctx.Err(); err != nil {
			return err
		}
		h := &v.trace.Hops[i]
		for k := range h.Legs {
			v.leg(h, k)
		}
	}
	for i := range v.trace.Endpoints {
		v.endpoint(&v.trace.Endpoints[i])
	}
	for i := range v.trace.AsOf {
		v.pinned(&v.trace.AsOf[i])
	}
	return nil
}

// pinned compares the last block of a chain with the recording's.
func (v *verifier) pinned(a *tracer.AsOf) {
	c := v.chains[a.Chain]
	if c == nil {
		return
	}
	if pin := c.r.Manifest.AsOf; pin.Height != a.Height || pin.Hash != a.Hash || utc(pin.Time) != a.Time {
		v.problem(TraceFile, "as of block %d (%s) of %s; the recording ends at block %d (%s)", a.Height, a.Hash, a.Chain, pin.Height, pin.Hash)
	}
	c.needed[a.Height] = true
}

// site is where a movement stands, as the trace says, and the transaction of that id.
type site struct {
	what string // "hop 12", "seed V1"
	c    *checked
	tx   *chains.Tx
}

// find looks a transaction up and compares its place; false where there is nothing to compare.
func (v *verifier) find(what string, chain chains.Chain, id chains.TxID, height int64, at, evidence string) (*site, bool) {
	c := v.chains[chain]
	if c == nil {
		if evidence != chains.EvidenceImported.String() {
			v.problem(TraceFile, "%s is said to be %s, and the bundle has no recording of %s", what, evidence, chain)
		}
		return nil, false
	}
	tx := c.txs[id]
	if tx == nil {
		v.problem(TraceFile, "%s: transaction %s is not in %s, or its proof fails there", what, id, c.folder)
		return nil, false
	}
	if tx.Block.Height != height || utc(tx.Block.Time) != at {
		v.problem(TraceFile, "%s: transaction %s is said to be in block %d at %s; it is recorded in block %d at %s", what, id, height, at, tx.Block.Height, utc(tx.Block.Time))
	}
	c.needed[tx.Block.Height] = true
	return &site{what, c, tx}, true
}

// utc is a block's time as a trace writes it.
func utc(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

// claims compares the evidence that is stated with the best that the recording shows.
func (v *verifier) claims(s *site, stated string, best chains.Evidence) {
	for e := best + 1; e <= chains.EvidenceProven; e++ {
		if e.String() == stated {
			v.problem(TraceFile, "%s is said to be %s; the recording shows %s", s.what, stated, best)
		}
	}
}

func (v *verifier) seed(e *tracer.SeedEntry) {
	s, ok := v.find("seed "+e.ID, e.Chain, e.TxID, e.Height, e.Time, e.Evidence)
	if !ok {
		return
	}
	if s.tx.Exec != nil {
		v.accountSeed(s, e)
		return
	}
	v.claims(s, e.Evidence, s.tx.Evidence)
	n, err := strconv.ParseUint(e.Position, 10, 32)
	if err != nil || n >= uint64(len(s.tx.Outputs)) {
		v.problem(TraceFile, "%s: transaction %s has no output %q", s.what, s.tx.ID, e.Position)
		return
	}
	out := &s.tx.Outputs[n]
	if value := chains.Units(out.Value); value.Less(e.Units) {
		v.problem(TraceFile, "%s: %s units, and output %d of %s has %s", s.what, e.Units, n, s.tx.ID, value)
	}
	if at := v.opt.Format(e.Chain, out.Address); at != e.Address {
		v.problem(TraceFile, "%s is said to lie at %s; output %d of %s pays %s", s.what, e.Address, n, s.tx.ID, at)
	}
}

// leg checks one leg of a hop.
func (v *verifier) leg(h *tracer.Hop, k int) {
	leg := &h.Legs[k]
	what := fmt.Sprintf("hop %d", h.Number)
	if len(h.Legs) > 1 {
		what = fmt.Sprintf("hop %d, leg %d", h.Number, k+1)
	}
	s, ok := v.find(what, leg.Chain, leg.TxID, leg.Height, leg.Time, leg.Evidence)
	if !ok {
		return
	}
	raw := []string{}
	if s.tx.Raw != nil {
		sum := sha256.Sum256(s.tx.Raw)
		raw = append(raw, hex.EncodeToString(sum[:]))
	}
	if !slices.Equal(raw, leg.Raw) {
		v.problem(TraceFile, "%s: raw is %v; the recorded bytes of %s hash to %v", what, leg.Raw, leg.TxID, raw)
	}
	if s.tx.Exec != nil {
		v.accountLeg(s, h, k)
		return
	}
	v.outputLeg(s, leg)
}

// endpoint compares an output at which a branch ends with the recorded one. What accounts hold is
// not in any transaction.
func (v *verifier) endpoint(e *tracer.Endpoint) {
	c := v.chains[e.Chain]
	if c == nil || e.TxID == nil || e.Chain.Info().Family == chains.FamilyEVM {
		return
	}
	what := "endpoint " + e.ID
	tx := c.txs[*e.TxID]
	if tx == nil {
		v.problem(TraceFile, "%s: transaction %s is not in %s, or its proof fails there", what, e.TxID, c.folder)
		return
	}
	s := &site{what, c, tx}
	if n, ok := strings.CutPrefix(e.Position, "vin "); ok {
		v.entered(s, n, "", e.Units)
		return
	}
	if e.Position == "fee" {
		if fee, _, known := v.feeOf(s); known && fee != e.Units {
			v.problem(TraceFile, "%s: a fee of %s units; inputs less outputs of %s are %s", what, e.Units, tx.ID, fee)
		}
		return
	}
	v.received(s, []string{e.Position}, e.Node, e.Units)
}

// outputLeg checks a leg of a chain that keeps value in outputs.
func (v *verifier) outputLeg(s *site, leg *tracer.Leg) {
	best := s.tx.Evidence
	kind := leg.Positions[0].Kind
	var values []string
	for _, p := range leg.Positions {
		if p.Kind != kind {
			v.problem(TraceFile, "%s: positions of several kinds", s.what)
			return
		}
		values = append(values, p.Value)
	}
	switch kind {
	case "vout":
		v.received(s, values, leg.To, leg.Units)
	case "vin":
		from := ""
		if len(leg.From) == 1 {
			from = leg.From[0].OutPoint
		}
		if len(values) == 1 {
			v.entered(s, values[0], from, leg.Units)
		}
	case "fee":
		fee, proven, known := v.feeOf(s)
		switch {
		case !known:
			v.problem(TraceFile, "%s: the fee of %s is stated, and the value of an input is not recorded", s.what, s.tx.ID)
		case fee != leg.Units:
			v.problem(TraceFile, "%s: a fee of %s units; inputs less outputs of %s are %s", s.what, leg.Units, s.tx.ID, fee)
		case !proven:
			best = min(best, chains.EvidenceAttested)
		}
	default:
		v.problem(TraceFile, "%s: a position of kind %q is none of %s", s.what, printable(kind), leg.Chain)
	}
	v.claims(s, leg.Evidence, best)
	v.came(s, leg)
}

// received checks outputs: there, to that node, of so many units in all.
func (v *verifier) received(s *site, positions []string, node string, units chains.Amount) {
	var sum chains.Amount
	for _, text := range positions {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil || n >= uint64(len(s.tx.Outputs)) {
			v.problem(TraceFile, "%s: transaction %s has no output %q", s.what, s.tx.ID, printable(text))
			return
		}
		out := &s.tx.Outputs[n]
		sum = sum.Plus(chains.Units(out.Value))
		v.at(s, node, fmt.Sprintf("output %d of %s pays", n, s.tx.ID), out.Address)
	}
	// An account's receipts are net of what it gave in the same transaction.
	exact := v.trace.Incident.Accounts == string(tracer.AccountsOutput)
	if exact && sum != units || sum.Less(units) {
		v.problem(TraceFile, "%s: %s units; the outputs that it names in %s have %s", s.what, units, s.tx.ID, sum)
	}
}

// at compares the address of a node with one that is recorded. Where pots are clusters a node stands
// for several.
func (v *verifier) at(s *site, node, where string, recorded chains.Address) {
	n := v.nodes[node]
	if n == nil || n.Address == "" || v.trace.Incident.Accounts == string(tracer.AccountsCluster) {
		return // Check has said that a node is missing
	}
	if is := v.opt.Format(s.chain(), recorded); is != n.Address {
		v.problem(TraceFile, "%s: the trace says %s; %s %s", s.what, n.Address, where, is)
	}
}

// chain names the chain of the site.
func (s *site) chain() chains.Chain { return s.c.r.Manifest.Chain }

// entered checks an input that goes into a mix.
func (v *verifier) entered(s *site, position, from string, units chains.Amount) {
	n, err := strconv.ParseUint(position, 10, 32)
	if err != nil || n >= uint64(len(s.tx.Inputs)) {
		v.problem(TraceFile, "%s: transaction %s has no input %q", s.what, s.tx.ID, printable(position))
		return
	}
	in := &s.tx.Inputs[n]
	if from != "" && in.Prev.String() != from {
		v.problem(TraceFile, "%s: input %d of %s spends %s, not %s", s.what, n, s.tx.ID, in.Prev, from)
	}
	if out, _, ok := v.spent(s, in); ok && chains.Units(out.Value) != units {
		v.problem(TraceFile, "%s: %s units; input %d of %s brings %d", s.what, units, n, s.tx.ID, out.Value)
	}
}

// spent returns the output that an input spends: that of a recorded transaction, whose bytes hash to
// the id that the input names, else what somebody said of it.
func (v *verifier) spent(s *site, in *chains.Input) (out chains.Output, proven, ok bool) {
	if made := s.c.txs[in.Prev.Tx]; made != nil && uint64(in.Prev.Index) < uint64(len(made.Outputs)) {
		out = made.Outputs[in.Prev.Index]
		if in.Known && (in.Spent.Value != out.Value || in.Spent.Address != out.Address) {
			v.problem(s.c.folder, "output %s is said to have %d units where %s spends it; it was made with %d, or elsewhere", in.Prev, in.Spent.Value, s.tx.ID, out.Value)
		}
		return out, true, true
	}
	return in.Spent, in.Proven, in.Known
}

// feeOf returns what a transaction leaves to the miner.
func (v *verifier) feeOf(s *site) (fee chains.Amount, proven, known bool) {
	proven = true
	var in, out chains.Amount
	for i := range s.tx.Inputs {
		o, sure, ok := v.spent(s, &s.tx.Inputs[i])
		if !ok {
			return fee, false, false
		}
		in, proven = in.Plus(chains.Units(o.Value)), proven && sure
	}
	for i := range s.tx.Outputs {
		out = out.Plus(chains.Units(s.tx.Outputs[i].Value))
	}
	if in.Less(out) {
		v.problem(s.c.folder, "transaction %s: its outputs have %s units, and what it spends is said to have %s", s.tx.ID, out, in)
		return fee, false, false
	}
	return in.Minus(out), proven, true
}

// came checks the sources of a leg: outputs that the transaction spends, of those nodes.
func (v *verifier) came(s *site, leg *tracer.Leg) {
	for _, f := range leg.From {
		if f.OutPoint == "" {
			v.cameFrom(s, f.Node)
			continue
		}
		p, ok := parseOutPoint(f.OutPoint)
		i := slices.IndexFunc(s.tx.Inputs, func(in chains.Input) bool { return ok && in.Prev == p })
		if i < 0 {
			v.problem(TraceFile, "%s: transaction %s does not spend %s", s.what, s.tx.ID, printable(f.OutPoint))
			continue
		}
		if out, _, known := v.spent(s, &s.tx.Inputs[i]); known {
			v.at(s, f.Node, "output "+f.OutPoint+" lies at", out.Address)
		}
	}
}

// cameFrom checks that an account gives something in the transaction.
func (v *verifier) cameFrom(s *site, node string) {
	n := v.nodes[node]
	if n == nil || n.Address == "" || v.trace.Incident.Accounts == string(tracer.AccountsCluster) {
		return
	}
	all := true
	for i := range s.tx.Inputs {
		out, _, known := v.spent(s, &s.tx.Inputs[i])
		if known && v.opt.Format(s.chain(), out.Address) == n.Address {
			return
		}
		all = all && known
	}
	if all {
		v.problem(TraceFile, "%s: transaction %s spends nothing of %s", s.what, s.tx.ID, n.Address)
	}
}

// parseOutPoint reads TXID:INDEX.
func parseOutPoint(text string) (p chains.OutPoint, ok bool) {
	name, index, ok := strings.Cut(text, ":")
	id, err := chains.ParseHash(name)
	n, fault := strconv.ParseUint(index, 10, 32)
	return chains.OutPoint{Tx: id, Index: uint32(n)}, ok && err == nil && fault == nil
}
