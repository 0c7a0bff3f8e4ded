package screen

import (
	"slices"
	"strings"
	"time"

	"clew/chains"
	"clew/tracer"
)

// way returns the largest way from a spot, where a ends, back to a start; where it ends in a
// transaction beyond, in is that. What of a came over each of
// its steps gets less with each transaction from which value goes to the starts in other ways too; what
// is left of it at the start came this way.
func (o *outputsWalk) way(s *spot, in *knot, a asked, most int) Path {
	steps := []Step{}
	basis := tracer.Whole
	evidence := chains.EvidenceProven
	if in != nil {
		steps, evidence = append(steps, o.step(in, nil, s)), in.tx.Evidence
	}
	for !s.start {
		k := s.by
		if k.contributors() > 1 {
			basis = max(basis, tracer.ByRule)
		}
		evidence = min(evidence, k.tx.Evidence)
		next, part := o.toStart(k, s, a)
		steps = append(steps, o.step(k, s, next))
		s, a = next, part
	}
	p := Path{Units: Split[chains.Amount]{FIFO: chains.Units(a.first()), ProRata: chains.Units(a.pro)}, Hops: len(steps), Evidence: evidence.String()}
	if o.forward {
		slices.Reverse(steps)
	}
	for i := range steps {
		steps[i].Carried, steps[i].Basis = p.Units, basis.String()
	}
	p.Steps, p.Omitted = shorten(steps, most)
	return p
}

// shorten leaves out steps in the middle.
func shorten(steps []Step, most int) ([]Step, int) {
	if most <= 0 || len(steps) <= most {
		return steps, 0
	}
	front := (most + 1) / 2
	omitted := len(steps) - most
	return slices.Concat(steps[:front], steps[front+omitted:]), omitted
}

// contributors counts the inputs that bring value: with one, nothing else lies in the pot.
func (k *knot) contributors() (n int) {
	for i := range k.tx.Inputs {
		if !k.tx.Inputs[i].Known || k.tx.Inputs[i].Spent.Value > 0 {
			n++
		}
	}
	return n
}

// toStart returns the spot of k's entry over which most of a goes towards the starts, and that part of a.
func (o *outputsWalk) toStart(k *knot, s *spot, a asked) (*spot, asked) {
	inLine := k.lineOf(s, a)
	var best *spot
	var most asked
	for i, e := range k.entry {
		open := e.open()
		part := asked{fifo: meeting(inLine, open.fifo, k.in.offset[k.index[i]])}
		if k.asks.pro > 0 {
			q, _ := chains.Units(a.pro).MulDiv(chains.Units(open.pro), chains.Units(k.asks.pro))
			part.pro, _ = q.Uint64() // no more than a.pro
		}
		if best == nil || part.carried() > most.carried() {
			best, most = e, part
		}
	}
	return best, most
}

// lineOf returns the stretches of the line of k that those of s are.
func (k *knot) lineOf(s *spot, a asked) []stretch {
	var out asked
	for _, sp := range a.fifo {
		base := k.out.offset[s.slot]
		out.add(stretch{base + sp.lo, base + sp.hi})
	}
	return out.fifo
}

// meeting returns the parts of open, which lies at base in the line, that a line's stretches hold,
// counted from base.
func meeting(inLine, open []stretch, base uint64) []stretch {
	var out asked
	for _, o := range open {
		for _, l := range inLine {
			lo, hi := max(o.lo+base, l.lo), min(o.hi+base, l.hi)
			if lo < hi {
				out.add(stretch{lo - base, hi - base})
			}
		}
	}
	return out.fifo
}

// step is the movement through k between s, over which the walk came there, and next, which is nearer
// to the starts. One of them is nil where value of several meets in k.
func (o *outputsWalk) step(k *knot, s, next *spot) Step {
	from, to := s, next
	if o.forward {
		from, to = next, s
	}
	step := Step{
		Chain: o.chain, TxID: k.tx.ID.String(), Height: k.tx.Block.Height, Asset: chains.Native,
		Time: time.Unix(k.tx.Block.Time, 0).UTC().Format(time.RFC3339), Evidence: k.tx.Evidence.String(),
	}
	if from != nil {
		step.From, step.FromOut, step.Units = o.format(from.addr), from.at.String(), chains.Units(from.value)
	}
	if to != nil {
		step.To, step.ToOut, step.Units = o.format(to.addr), to.at.String(), chains.Units(to.value)
		if o.forward && s.slot >= len(k.tx.Outputs) {
			step.ToOut, step.Evidence = "", min(k.tx.Evidence, chains.EvidenceAttested).String()
		}
	}
	return step
}

func (o *outputsWalk) format(a chains.Address) string {
	if a == "" {
		return ""
	}
	return strings.Clone(o.codec.FormatAddress(o.chain, a))
}
