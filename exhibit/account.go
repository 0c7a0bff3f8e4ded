package exhibit

import (
	"fmt"
	"slices"

	"clew/chains"
	"clew/tracer"
)

// account is an endpoint at a service: one that the incident, a label or a heuristic takes for an
// account of a customer, and the way by which value came to it. Schedule H lists them.
type account struct {
	Endpoint int         // index into Trace.Endpoints
	Rule     tracer.Rule // of its chains: the drawn one where that finds value here, else the first that does
	Ground   ground
	Found    []int          // numbers of the findings on which it rests that this is a service's
	Chains   []accountChain // one a seed, the seed of which most is here first
	More     int            // seeds with value here that have no chain, beyond mostChains
	Leading  int            // hops that lead here with traced value under Rule, by whatever way
	Caveats  []string
}

// accountChain leads from a seed to an account, hop by hop.
type accountChain struct {
	Seed     string
	Hops     []int        // indexes into Trace.Hops, in order; none where the seed itself was received here
	Narrow   int          // the hop, by its place in Hops, through which least of the seed passes; −1 for none
	Basis    tracer.Basis // the weakest on the way
	Attested bool         // a movement on the way is a node's word or somebody's file
	Same     int          // how many of its first hops are those of another account's chain
	SameAs   int          // that account's number, from 1
}

const (
	// mostChains is how many seeds of one account have a chain of their own.
	mostChains = 3
	// leastShared is from how many hops on a beginning that two chains share is written once: in a
	// trace of 20,000 payments that follow each other, chains written whole would have 10⁸ rows.
	leastShared = 25
)

// accounts lists the endpoints at services: first those that the drawn rule reaches, then those that
// another accounting rule does, then those that poison alone does, each in the order of schedule C.
func (r *register) accounts() []account {
	var groups [3][]account
	for i := range r.t.Endpoints {
		e := &r.t.Endpoints[i]
		g, found := r.found.groundOf(e)
		if e.Reason != tracer.ReasonService && g != groundDeposit {
			continue
		}
		rule, ok := r.ruleAt(e)
		if !ok {
			continue
		}
		k := 0
		if rule != r.rule {
			k = 1
		}
		if !rule.Conserves() {
			k = 2
		}
		groups[k] = append(groups[k], account{Endpoint: i, Rule: rule, Ground: g, Found: found})
	}
	all := slices.Concat(groups[:]...)
	finder := newWayfinder(r)
	for i := range all {
		finder.chains(&all[i])
		all[i].Caveats = r.caveats(&all[i])
	}
	shareBeginnings(all)
	return all
}

// ruleAt is the rule under which a chain to e is shown: the drawn one if value ends there under it, else
// the first of the trace that finds some, poison last.
func (r *register) ruleAt(e *tracer.Endpoint) (tracer.Rule, bool) {
	for _, rule := range append([]tracer.Rule{r.rule}, r.t.Rules...) {
		if !tracedUnder(&e.Traced, rule).IsZero() {
			return rule, true
		}
	}
	return 0, false
}

// shareBeginnings notes where the beginning of a chain is that of an earlier one. Ways of one seed under
// one rule form a tree, so that what two of them share is their beginning.
func shareBeginnings(all []account) {
	type key struct {
		rule tracer.Rule
		seed string
		hop  int
	}
	first := map[key]int{} // the account in whose chain the hop is written
	for i := range all {
		for k := range all[i].Chains {
			c := &all[i].Chains[k]
			for n := len(c.Hops); n > 0; n-- {
				if at, ok := first[key{all[i].Rule, c.Seed, c.Hops[n-1]}]; ok {
					if n >= leastShared {
						c.Same, c.SameAs = n, at
					}
					break
				}
			}
			for _, h := range c.Hops[c.Same:] {
				if at := (key{all[i].Rule, c.Seed, h}); first[at] == 0 {
					first[at] = i + 1
				}
			}
		}
	}
}

// caveats are the sentences without which a must not be shown.
func (r *register) caveats(a *account) []string {
	e := &r.t.Endpoints[a.Endpoint]
	var out []string
	switch {
	case e.Asset.IsValuation():
		out = append(out, "Contact only: "+TextValued+".")
	case !a.Rule.Conserves():
		out = append(out, "Poison alone leads here: this marks contact, and no accounting rule finds stolen value at this account.")
	case a.Rule != r.rule:
		out = append(out, fmt.Sprintf("Under %s, the rule of this trace, nothing ends here; amounts and chain are those under %s.", r.rule, a.Rule))
	case e.Range.Min.IsZero():
		out = append(out, "Under some accounting rules nothing ends here: see the amounts under each rule.")
	}
	if line := r.weakLine(a, e); line != "" {
		out = append(out, line)
	}
	switch a.Ground {
	case groundDeposit:
		out = append(out, fmt.Sprintf("That the address is a service’s deposit address is what a heuristic infers (%s: %s); no list names it.", refer(a.Found), r.foundError(a.Found)))
	case groundClaim:
		out = append(out, "That the address is a service’s is claimed (schedule D says by whom).")
	}
	for i := range a.Chains {
		if a.Chains[i].Attested {
			out = append(out, "A movement on the way is attested by a node or imported, not proven.")
			break
		}
	}
	if len(a.Chains) == 0 {
		out = append(out, "The trace does not say by which hops value came here.")
	}
	return out
}

// weakLine says how much of what ends at e rests on an adopted candidate or on an inference; "" for
// nothing.
func (r *register) weakLine(a *account, e *tracer.Endpoint) string {
	split, ok := e.ByBasis.Get(a.Rule)
	whole := tracedUnder(&e.Traced, a.Rule)
	if !ok || !a.Rule.Conserves() {
		return ""
	}
	u, line := Unit{e.Chain, e.Asset}, ""
	for _, w := range []struct {
		basis tracer.Basis
		words string
	}{{tracer.Adopted, "a candidate that the analyst adopted"}, {tracer.Inference, "a link that a heuristic infers"}} {
		part := split.Parts[w.basis]
		if part.IsZero() {
			continue
		}
		if line != "" {
			line += " "
		}
		if part.Cmp(whole) == 0 {
			line += "It is reached only through " + w.words + ": without it, nothing of it is known to have come here."
			continue
		}
		line += fmt.Sprintf("Of it, %s came only through %s.", r.assets.format(u, part), w.words)
	}
	return line
}

// foundError is how often the heuristics of some findings, by number, were wrong.
func (r *register) foundError(numbers []int) string {
	var out []string
	for _, n := range numbers {
		if words := ErrorWords(r.t.Findings[n-1].Error); !slices.Contains(out, words) {
			out = append(out, words)
		}
	}
	return series(out)
}

// seedTraced is what is traced of one seed under rule; 0 where none is.
func seedTraced(by tracer.BySeed, seed string, rule tracer.Rule) chains.Amount {
	for i := range by {
		if by[i].Seed == seed {
			return tracedUnder(&by[i].Traced, rule)
		}
	}
	return chains.Amount{}
}
