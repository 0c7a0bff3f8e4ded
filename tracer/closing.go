package tracer

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strconv"

	"clew/chains"
)

// end writes the endpoint at which a holding leaves the sweep.
func (l *ledger) end(h *holding, reason Reason, note string) error {
	if reason == ReasonLimit {
		if l.limited[note] == 0 {
			l.limitOrder = append(l.limitOrder, note)
		}
		l.limited[note]++
	}
	e := l.endpoint(h, reason, note)
	if err := l.tally(e.Asset).end(&e.Traced); err != nil {
		return err
	}
	return l.sink.Endpoint(h.seq, e)
}

// endConserving ends a holding under every conserving rule in a gap; poison goes on.
func (l *ledger) endConserving(h *holding, note string) error {
	if !h.conserved() {
		return nil
	}
	part := *h
	part.taint = taint{}
	return l.end(&part, ReasonGap, note)
}

func (l *ledger) endpoint(h *holding, reason Reason, note string) Endpoint {
	asset := cmp.Or(h.asset, chains.Native)
	traced := l.traced(&h.bundle, asset, false)
	e := Endpoint{
		Node: h.node, Chain: l.chain, Asset: asset, Reason: reason, Units: h.units,
		Position: strconv.Itoa(int(h.out.Index)), Hop: h.hop, Note: note,
		Traced: traced, TracedBySeed: l.bySeed(&h.bundle, &traced), ByBasis: l.byBasis(&h.bundle, asset),
	}
	switch {
	case h.position != "":
		e.Position = h.position
	case reason == ReasonFee:
		e.Position = "fee"
	case h.balance, h.spent:
		e.Position = "balance"
	}
	switch {
	case !h.balance:
		l.written.tx = h.out.Tx
		e.TxID = &l.written.tx
		e.ID = l.once(id("endpoint", string(l.chain), h.out.Tx.String(), e.Position, h.node))
	case reason == ReasonBalance && e.Asset == chains.Native:
		e.ID = id("endpoint", string(l.chain), "balance", h.node)
	case reason == ReasonBalance:
		e.ID = id("endpoint", string(l.chain), "balance", h.node, string(e.Asset))
	default: // an account may be left more than once
		e.ID = id("endpoint", string(l.chain), "balance", h.node, string(reason), strconv.Itoa(h.seq))
	}
	e.Range = e.rangeOf()
	return e
}

// rangeOf computes the range of the traced amount.
func (e *Endpoint) rangeOf() (span Range) {
	first := true
	for r, v := range e.Traced.Value {
		if e.Traced.Null[r] || !Rule(r).Conserves() {
			continue
		}
		if first || v.Less(span.Min) {
			span.Min = v
		}
		span.Max = chains.Max(span.Max, v)
		first = false
	}
	return span
}

func (l *ledger) byBasis(b *bundle, asset chains.Asset) PerRule[BasisSplit] {
	var p PerRule[BasisSplit]
	for r := range b.by {
		p.Null[r] = !l.says(Rule(r), asset)
		for _, lot := range b.by[r] {
			if lot.stolen() {
				part := &p.Value[r].Parts[lot.basis]
				*part = part.Plus(lot.amount)
			}
		}
	}
	if b.taint.seeds != nil {
		p.Value[Poison].Parts[b.taint.basis] = b.units
	}
	return p
}

func (l *ledger) gap(g Gap) { l.t.Gaps = append(l.t.Gaps, g) }

// unknownInputs writes the gap of a transaction with an input of unknown value.
func (l *ledger) unknownInputs(tx *chains.Tx, first int) {
	l.notRead(tx, first, "total and fee are unknown: every accounting rule ends here, and only poison goes on")
}

// unknownGiven writes the gap of a mix with an input of unknown value, which may be of an account
// that is followed.
func (l *ledger) unknownGiven(tx *chains.Tx, first int) {
	l.notRead(tx, first, "what accounts that are followed gave there, if anything, counts as theirs still")
}

func (l *ledger) notRead(tx *chains.Tx, first int, effect string) {
	n := 0
	for _, in := range tx.Inputs {
		if !in.Known {
			n++
		}
	}
	h := tx.Block.Height
	l.gap(Gap{
		Chain: l.chain, FromHeight: &h, ToHeight: &h, TxID: tx.ID.String(),
		What:   fmt.Sprintf("%d of %d inputs, the first of them input %d", n, len(tx.Inputs), first),
		Why:    fmt.Sprintf("the outputs that they spend were not read (the first: %s)", tx.Inputs[first].Prev),
		Effect: effect,
	})
}

// unfollowed writes the gap of a transaction with tokens in outputs of traced value.
func (l *ledger) unfollowed(tx *chains.Tx, outs []int) {
	what := fmt.Sprintf("a token, in output %d", outs[0])
	if len(outs) > 1 {
		what = fmt.Sprintf("tokens, in %d outputs, the first of them output %d", len(outs), outs[0])
	}
	h := tx.Block.Height
	l.gap(Gap{
		Chain: l.chain, FromHeight: &h, ToHeight: &h, TxID: tx.ID.String(), What: what,
		Why:    "it lies in the same output as traced value, and tokens are not read",
		Effect: "where the token goes is not followed; amounts of the coin are complete",
	})
}

// unexplained writes the gap of an account that pays out more than it was seen to hold.
func (l *ledger) unexplained(tx *chains.Tx, a chains.Address, lack chains.Amount) error {
	if err := l.tally(chains.Native).unexplain(lack); err != nil {
		return err
	}
	h := tx.Block.Height
	l.gap(Gap{
		Chain: l.chain, FromHeight: &h, ToHeight: &h, TxID: tx.ID.String(),
		What:   fmt.Sprintf("%s units of %s", lack, l.codec.FormatAddress(l.chain, a)),
		Why:    "the address pays out more than it was seen to hold",
		Effect: "the difference counts as clean and as oldest",
	})
	return nil
}

// trace closes the books and returns the trace; ErrDefect if a rule's do not balance.
func (l *ledger) trace(from, asOf chains.BlockRef) (*Trace, error) {
	l.t.AsOf = []AsOf{{l.chain, l.chain.CAIP2(), asOf.Height, asOf.Hash, utc(asOf.Time), from.Height}}
	l.sortEndpoints()
	for _, note := range l.limitOrder {
		l.gap(Gap{
			Chain: l.chain, What: fmt.Sprintf("%d holdings", l.limited[note]), Why: note,
			Effect: "where their value went was not examined: they are endpoints of reason limit",
		})
	}
	if l.chain.Info().Family != chains.FamilyEVM {
		l.tally(chains.Native) // the one asset that there is
	}
	var defect error
	for _, r := range Rules() {
		rows := make([]ConservationRow, 0, len(l.tallies))
		for _, t := range l.tallies {
			if !l.says(r, t.asset) {
				continue
			}
			row := t.row(r)
			diff := row.difference()
			row.Difference = diff.String()
			rows = append(rows, row)
			if r.Conserves() && diff.Sign() != 0 {
				defect = fmt.Errorf("%s, %s of %s: %s seeded, %s converted in, %s ended, %s converted out: %w",
					r, t.asset, t.chain, row.Seeded, row.ConvertedIn, row.Ended, row.ConvertedOut, ErrDefect)
			}
		}
		if len(rows) == 0 {
			l.t.Conservation.Null[r] = true
			continue
		}
		l.t.Conservation.Value[r] = rows
	}
	return l.t, defect
}

// difference is what came in and did not end: 0, or a defect under every rule but poison.
func (c *ConservationRow) difference() *big.Int {
	d := new(big.Int).Add(bigOf(c.Seeded), bigOf(c.ConvertedIn))
	d.Sub(d, bigOf(c.Ended))
	return d.Sub(d, bigOf(c.ConvertedOut))
}

func bigOf(a chains.Amount) *big.Int {
	n, _ := new(big.Int).SetString(a.String(), 10)
	return n
}

// sortEndpoints puts the endpoints into the order in which their holdings came to be.
func (l *ledger) sortEndpoints() {
	order := make([]int, len(l.ends))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return l.ends[a] - l.ends[b] })
	sorted := make([]Endpoint, 0, len(order))
	for _, i := range order {
		sorted = append(sorted, l.t.Endpoints[i])
	}
	l.t.Endpoints = sorted
}
