package tracer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

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

// identified writes the finding that tx is of a kind, and returns it with its id; "" where it is not.
func (s *sweep) identified(tx *chains.Tx, kind heuristics.Kind) (heuristics.Finding, string) {
	all := heuristics.Identify(tx, heuristics.Facts{})
	i := slices.IndexFunc(all, func(f heuristics.Finding) bool { return f.Kind == kind })
	if i < 0 {
		return heuristics.Finding{}, ""
	}
	f := all[i]
	txid := tx.ID.String()
	written := Finding{
		ID:        id("finding", f.Heuristic, string(s.chain), txid),
		Heuristic: f.Heuristic, Version: f.Version, TxID: txid, Says: f.Says, Set: f.Set,
	}
	if f.Set > 0 {
		value := chains.Units(f.SetValue)
		written.SetUnits = &value
	}
	return f, s.out.find(written)
}

// note says what a branch ends in, and what of it the anonymity set covers: gave is what entered.
func (m *mixing) note(tx *chains.Tx, gave uint64) string {
	alike := fmt.Sprintf("%d outputs of %d units of native each", m.found.Set, m.found.SetValue)
	says := fmt.Sprintf("%s: value of several owners meets here; ", m.kind)
	e, ok := heuristics.Emerge(tx, gave)
	switch {
	case !ok:
		return says + "it came out in outputs of many values, each a set of its own; the largest, " + alike + ", hides an owner among at most " + strconv.Itoa(m.found.Set)
	case e.Rest == 0:
		return says + fmt.Sprintf("it came out in one of %s, perhaps with more: an anonymity set of at most %d", alike, m.found.Set)
	case m.kind == heuristics.KindWhirlpool:
		return says + fmt.Sprintf("all but %d units of native of fees came out in one of %s: an anonymity set of at most %d", e.Rest, alike, m.found.Set)
	}
	return says + fmt.Sprintf("of %d units of native at most %d units of native came out in one of %s, an anonymity set of at most %d; the other %d units of native are fees and change, which may be told apart",
		gave, e.Alike, alike, m.found.Set, e.Rest)
}

// change writes the finding of the one output that looks like the change of whoever gave value with
// the inputs, and returns it with the output; -1 where there is none.
func (s *sweep) change(tx *chains.Tx, inputs []int, gave uint64) (output int, finding []string) {
	e, ok := heuristics.Emerge(tx, gave)
	if !ok || e.Change < 0 || !s.opt.uses(mixChange) {
		return -1, nil
	}
	txid, out := tx.ID.String(), &tx.Outputs[e.Change]
	return e.Change, []string{s.out.find(Finding{
		ID:        id("finding", mixChange, string(s.chain), txid, strconv.Itoa(inputs[0])),
		Heuristic: mixChange, Version: heuristics.MixChangeVersion, TxID: txid, Addresses: []string{s.out.codec.FormatAddress(s.chain, out.Address)},
		Says: fmt.Sprintf("%s gave %d units of native, of which at most %d units of native are in one of the outputs that look alike. If the owner gave nothing else, the other %d units of native, less fees, came out as change, and output %d alone, of %d units of native, fits to that",
			inputsSay(inputs), gave, e.Alike, e.Rest, e.Change, out.Value),
	})}
}

// lost is a part of what goes into a mix: an input, or what an account gives in several.
type lost struct {
	*holding
	inputs  []int        // of the transaction, ascending
	account *liveAccount // that gave it; nil for an output
}

// gave returns what the inputs are worth. Of an account that is paid too that is more than what left
// it; what a single output holds is known also where the source does not tell what inputs spend.
func (p *lost) gave(tx *chains.Tx) uint64 {
	if value, ok := p.units.Uint64(); ok && p.account == nil {
		return value
	}
	var sum uint64
	for _, i := range p.inputs {
		sum += tx.Inputs[i].Spent.Value
	}
	return sum
}

// inputsSay names inputs: "input 3", "inputs 3, 5".
func inputsSay(inputs []int) string {
	if len(inputs) == 1 {
		return fmt.Sprintf("input %d", inputs[0])
	}
	return "inputs " + strings.Trim(strings.ReplaceAll(fmt.Sprint(inputs), " ", ", "), "[]")
}

// endInMix ends what is traced in a mix, under every rule and under poison too: its pot holds other
// people's money, and nothing that leaves it is told from the rest. Each input is a hop to the
// transaction, so that no amount is divided.
func (s *sweep) endInMix(tx *chains.Tx, m *mixing, parts []lost) error {
	m.found, m.finding = s.identified(tx, m.kind)
	node := s.out.node(Node{Kind: NodeMixer, TxID: tx.ID.String(), Entity: string(m.kind), Label: m.found.Says})
	for _, p := range parts {
		gave := p.gave(tx)
		_, change := s.change(tx, p.inputs, gave)
		move := &movement{tx: tx, from: []*holding{p.holding}, findings: append([]string{m.finding}, change...)}
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
		if err := s.out.end(h, ReasonMixer, m.note(tx, gave)); err != nil {
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
	changes := map[int][]string{}
	for i := range entered {
		out, finding := s.change(move.tx, entered[i].inputs, entered[i].gave(move.tx))
		changes[out] = append(changes[out], finding...)
	}
	for _, h := range made {
		i := int(h.out.Index)
		switch {
		case h.units.IsZero():
			continue
		case counted:
			h.findings = append(changes[i], s.linked(move.tx, i, entered, &mapped))
		case len(changes[i]) > 0: // arithmetic says more than how many others there are
			h.findings = changes[i]
		default:
			h.findings = []string{s.oneOf(move.tx, i)}
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

// oneOf writes the finding of an output whose links were not computed: no more than among how many it
// is one, for which no error was measured.
func (s *sweep) oneOf(tx *chains.Tx, output int) string {
	n, of := equals(tx, output), "outputs of this value"
	if n == 1 {
		n, of = owners(tx), "addresses that entered, as its value is like no other's"
	}
	ppm := 1_000_000 / n
	txid := tx.ID.String()
	return s.out.find(Finding{
		ID:        id("finding", mixLink, string(s.chain), txid, strconv.Itoa(output)),
		Heuristic: mixLink, Version: heuristics.CoinJoinVersion, TxID: txid, LinkPPM: &ppm,
		Says: fmt.Sprintf("output %d: 1/%d, for one of %d %s; which inputs it is linked to was not computed", output, n, n, of),
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
