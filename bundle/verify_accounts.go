package bundle

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// movesAt returns the recorded movements of an asset that stand at positions, which the trace writes
// as kind and value.
func (v *verifier) movesAt(s *site, asset chains.Asset, positions []tracer.Position) (moves []*chains.Move) {
	for _, p := range positions {
		before := len(moves)
		for i := range s.tx.Exec.Moves {
			m := &s.tx.Exec.Moves[i]
			at := strconv.Itoa(int(m.Index))
			if m.Kind == chains.MoveFee {
				at = "fee"
			}
			if m.Asset == asset && m.Kind.Position() == p.Kind && at == p.Value && !slices.Contains(moves, m) {
				moves = append(moves, m)
			}
		}
		if len(moves) == before && p.Kind != "step" {
			v.problem(TraceFile, "%s: nothing moves %s at %s %s of transaction %s", s.what, printable(string(asset)), printable(p.Kind), printable(p.Value), s.tx.ID)
		}
	}
	return moves
}

// bestOf is the evidence of the weakest of some movements of a transaction.
func bestOf(tx *chains.Tx, moves []*chains.Move) chains.Evidence {
	best := tx.Evidence
	for _, m := range moves {
		best = min(best, m.Evidence)
	}
	return best
}

// accountSeed checks a seed of a chain of accounts: what the address received there, net.
func (v *verifier) accountSeed(s *site, e *tracer.SeedEntry) {
	kind, value, ok := strings.Cut(e.Position, " ")
	if !ok {
		kind, value = "log", e.Position
		if value == "fee" {
			kind = "fee"
		}
	}
	moves := v.movesAt(s, e.Asset, []tracer.Position{{Kind: kind, Value: value}})
	if len(moves) == 0 {
		return
	}
	v.claims(s, e.Evidence, bestOf(s.tx, moves))
	var came chains.Amount
	for i := range s.tx.Exec.Moves {
		if m := &s.tx.Exec.Moves[i]; m.Asset == e.Asset && v.opt.Format(e.Chain, m.To) == e.Address {
			sum, err := came.Add(m.Amount)
			if err != nil {
				return // more than any amount can hold: a token that lies
			}
			came = sum
		}
	}
	if came.Less(e.Units) {
		v.problem(TraceFile, "%s: %s units; %s receives %s of %s in transaction %s", s.what, e.Units, e.Address, came, e.Asset, s.tx.ID)
	}
}

// accountLeg checks a leg of a chain of accounts.
func (v *verifier) accountLeg(s *site, h *tracer.Hop, k int) {
	leg := &h.Legs[k]
	moves := v.movesAt(s, leg.Asset, leg.Positions)
	if len(moves) == 0 {
		return
	}
	v.claims(s, leg.Evidence, bestOf(s.tx, moves))
	if leg.Positions[0].Kind == "fee" && moves[0].Kind != chains.MoveFee || len(leg.From) != 1 {
		v.problem(TraceFile, "%s: it is no movement of one account to another", s.what)
		return
	}
	from, to := v.addressOf(leg.From[0].Node), v.addressOf(leg.To)
	alone := len(h.Legs) == 1 && len(leg.Positions) == 1
	switch {
	case alone && h.Kind != tracer.HopFee, alone && moves[0].Kind == chains.MoveFee:
		v.exactly(s, leg, moves, from, to)
	case len(h.Legs) == 1 || k == 0: // given, net of what came back
		v.within(s, leg, moves, func(m *chains.Move) chains.Address { return m.From }, from, "gives")
	case h.Kind != tracer.HopFee: // received, net of what went back; what a bridge kept is no movement
		v.within(s, leg, moves, func(m *chains.Move) chains.Address { return m.To }, to, "receives")
	}
}

// addressOf returns the address of a node; "" of one that has none.
func (v *verifier) addressOf(node string) string {
	if n := v.nodes[node]; n != nil {
		return n.Address
	}
	return ""
}

// exactly wants one of the movements to be what the leg says.
func (v *verifier) exactly(s *site, leg *tracer.Leg, moves []*chains.Move, from, to string) {
	var are []string
	for _, m := range moves {
		// A node without an address is whoever makes blocks, or nobody.
		sender, receiver := v.formatted(leg.Chain, m.From), v.formatted(leg.Chain, m.To)
		if m.Amount == leg.Units && (sender == from || m.From == "") && (receiver == to || m.To == "") {
			return
		}
		are = append(are, fmt.Sprintf("%s units from %s to %s", m.Amount, sender, receiver))
	}
	v.problem(TraceFile, "%s: the trace says %s units from %s to %s; transaction %s moves there %s", s.what, leg.Units, from, to, s.tx.ID, strings.Join(are, ", "))
}

// formatted writes an address; "" of nobody.
func (v *verifier) formatted(chain chains.Chain, a chains.Address) string {
	if a == "" {
		return ""
	}
	return v.opt.Format(chain, a)
}

// within wants the account of the leg to move at least its units in these movements.
func (v *verifier) within(s *site, leg *tracer.Leg, moves []*chains.Move, side func(*chains.Move) chains.Address, account, does string) {
	var sum chains.Amount
	for _, m := range moves {
		if v.formatted(leg.Chain, side(m)) != account {
			continue
		}
		next, err := sum.Add(m.Amount)
		if err != nil {
			return // more than any amount can hold: a token that lies
		}
		sum = next
	}
	if sum.Less(leg.Units) {
		v.problem(TraceFile, "%s: the trace says that %s %s %s units of %s; in transaction %s it is %s", s.what, account, does, leg.Units, leg.Asset, s.tx.ID, sum)
	}
}
