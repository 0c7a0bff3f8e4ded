package tracer

import (
	"fmt"
	"slices"
	"strconv"

	"clew/chains"
	"clew/heuristics"
)

// mappingSteps is how often heuristics.Mapping may ask whether to stop, for each mix that a trace
// goes through: a count and no time, so that the answer hangs on nothing but the transaction.
const mappingSteps = 20_000

// mixing is what a transaction is in which value of several owners meets.
type mixing struct {
	kind    heuristics.Kind
	through bool               // the trace goes on
	found   heuristics.Finding // once it is written
	finding string             // its id
}

// mix says whether a transaction is a mix that the trace knows; nil where it is none.
func (s *sweep) mix(tx *chains.Tx) *mixing {
	kind, ok := heuristics.MixOf(tx)
	if !ok || !s.opt.uses(string(kind)) {
		return nil
	}
	return &mixing{kind: kind, through: covers(s.opt.Through, string(kind))}
}

// ends reports whether every trace ends in the transaction.
func (m *mixing) ends() bool { return m != nil && !m.through }

// prepares returns the finding of a transaction that prepares a mix, which the trace goes through:
// one owner's still.
func (s *sweep) prepares(tx *chains.Tx) []string {
	data := func(o chains.Output) bool { return o.Type == chains.ScriptNullData }
	if !s.opt.uses(string(heuristics.KindWhirlpoolTx0)) || !slices.ContainsFunc(tx.Outputs, data) {
		return nil
	}
	if _, id := s.identified(tx, heuristics.KindWhirlpoolTx0); id != "" {
		return []string{id}
	}
	return nil
}

// identified writes the finding that tx is of a kind, and returns it with its id; "" where it is not.
func (s *sweep) identified(tx *chains.Tx, kind heuristics.Kind) (heuristics.Finding, string) {
	all := heuristics.Identify(tx, heuristics.Facts{})
	i := slices.IndexFunc(all, func(f heuristics.Finding) bool { return f.Kind == kind })
	if i < 0 {
		return heuristics.Finding{}, ""
	}
	f := all[i]
	txid := tx.ID.String()
	return f, s.out.find(Finding{
		ID:        id("finding", f.Heuristic, string(s.chain), txid),
		Heuristic: f.Heuristic, Version: f.Version, TxID: txid, Says: f.Says, Set: f.Set,
	})
}

// note says what a branch ends in.
func (m *mixing) note() string {
	if m.found.Set == 0 {
		return fmt.Sprintf("%s: value of several owners meets here", m.kind)
	}
	return fmt.Sprintf("%s: value of several owners meets here; anonymity set of at most %d, the outputs of one value", m.kind, m.found.Set)
}

// lost is a part of what goes into a mix: an input, or what an account gives in several.
type lost struct {
	*holding
	inputs  []int        // of the transaction, ascending
	account *liveAccount // that gave it; nil for an output
}

// endInMix ends what is traced in a mix, under every rule and under poison too: its pot holds other
// people's money, and nothing that leaves it is told from the rest. Each input is a hop to the
// transaction, so that no amount is divided.
func (s *sweep) endInMix(tx *chains.Tx, m *mixing, parts []lost) error {
	m.found, m.finding = s.identified(tx, m.kind)
	node := s.out.node(Node{Kind: NodeMixer, TxID: tx.ID.String(), Entity: string(m.kind), Label: m.found.Says})
	for _, p := range parts {
		move := &movement{tx: tx, from: []*holding{p.holding}, findings: []string{m.finding}}
		h := &holding{bundle: p.bundle, seq: s.nextSeq(), node: node, out: chains.OutPoint{Tx: tx.ID}, position: positionInput + " " + strconv.Itoa(p.inputs[0])}
		positions := s.out.written.positions[:0]
		for _, i := range p.inputs {
			positions = append(positions, Position{positionInput, strconv.Itoa(i)})
		}
		if err := s.out.hop(move, h, HopMixer, positions, tx.Evidence); err != nil {
			return err
		}
		if p.account != nil {
			p.account.left(move)
		}
		if err := s.out.end(h, ReasonMixer, m.note()); err != nil {
			return err
		}
	}
	return nil
}

// positionInput is the kind of a position that is an input of a transaction: where value goes into a
// mix. The endpoint there has it in its position, before the number of the first input.
const positionInput = "vin"

// spentIn returns the holdings that tx spends with the inputs that do.
func spentIn(tx *chains.Tx, from []*holding) []lost {
	parts := make([]lost, 0, len(from))
	for i := range tx.Inputs {
		if len(from) > 0 && from[0].out == tx.Inputs[i].Prev {
			parts = append(parts, lost{holding: from[0], inputs: []int{i}})
			from = from[1:]
		}
	}
	return parts
}

// weaken makes the basis of all that is traced in b at least as weak.
func (b *bundle) weaken(basis Basis) {
	if basis == Whole {
		return
	}
	for r := range b.by {
		if b.by[r] != nil {
			b.by[r] = b.by[r].weaken(nil, basis)
		}
	}
	if b.taint.seeds != nil {
		b.taint.basis = max(b.taint.basis, basis)
	}
}

// goThrough makes move one through a mix: an inference, with a finding for each output that says how
// likely it is linked to what entered.
func (s *sweep) goThrough(move *movement, m *mixing, entered []lost, made []*holding) {
	m.found, m.finding = s.identified(move.tx, m.kind)
	move.weakest = Inference
	move.findings = append(move.findings, m.finding)
	var mapped heuristics.Mappings
	counted := false
	if s.opt.uses(mapping) {
		mapped, counted = heuristics.Mapping(move.tx, heuristics.Steps(mappingSteps))
	}
	for i, h := range made {
		if h.units.IsZero() {
			continue
		}
		if counted {
			h.findings = []string{s.linked(move.tx, i, entered, &mapped)}
		} else {
			h.findings = []string{s.oneOf(move.tx, i, m)}
		}
	}
}

// linked writes the finding of an output whose links to the inputs were computed.
func (s *sweep) linked(tx *chains.Tx, output int, entered []lost, mapped *heuristics.Mappings) string {
	most, input := -1, 0
	for _, e := range entered {
		for _, i := range e.inputs {
			if ppm := mapped.Link(i, output); ppm > most {
				most, input = ppm, i
			}
		}
	}
	txid := tx.ID.String()
	return s.out.find(Finding{
		ID:        id("finding", mapping, string(s.chain), txid, strconv.Itoa(output)),
		Heuristic: mapping, Version: "1", TxID: txid, LinkPPM: &most,
		Says: fmt.Sprintf("output %d is in one part with input %d, the traced one that it is linked to most, in %d of a million of the %s ways to split the transaction into payments; all count alike, so that this is no chance that it is the same owner's",
			output, input, most, mapped.Count),
	})
}

// oneOf writes the finding of an output whose links were not computed.
func (s *sweep) oneOf(tx *chains.Tx, output int, m *mixing) string {
	n, of := equals(tx, output), "outputs of this value"
	if n == 1 {
		n, of = owners(tx), "inputs' addresses, as its value is like no other's"
	}
	ppm := 1_000_000 / n
	txid := tx.ID.String()
	return s.out.find(Finding{
		ID:        id("finding", m.found.Heuristic, string(s.chain), txid, strconv.Itoa(output)),
		Heuristic: m.found.Heuristic, Version: m.found.Version, TxID: txid, LinkPPM: &ppm,
		Says: fmt.Sprintf("output %d: 1/%d, one of %d %s; which inputs it is linked to was not computed", output, n, n, of),
	})
}

// equals counts the outputs of the same value as one.
func equals(tx *chains.Tx, output int) int {
	n := 0
	for i := range tx.Outputs {
		if tx.Outputs[i].Value == tx.Outputs[output].Value {
			n++
		}
	}
	return n
}

// owners counts the addresses that tx spends from, each input of an unknown one too: at least one.
func owners(tx *chains.Tx) int {
	met := make(map[chains.Address]bool, len(tx.Inputs))
	unknown := 0
	for i := range tx.Inputs {
		if tx.Inputs[i].Known {
			met[tx.Inputs[i].Spent.Address] = true
		} else {
			unknown++
		}
	}
	return max(1, len(met)+unknown)
}
