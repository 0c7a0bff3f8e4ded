package exhibit

import (
	"clew/chains"
	"clew/tracer"
)

// Why says in the middle of a sentence why a branch ends and on whose word, and, in sentences, what
// legal process could add there.
func (f *Findings) Why(e *tracer.Endpoint) (reason, process string) {
	g, _ := f.groundOf(e)
	w := why{e.Reason, e.Chain, g}
	return w.words(), w.process()
}

// ByBasis divides the traced amount of an endpoint under a rule by how it is known: "1.00000000 BTC
// whole, 2.00000000 BTC rule"; "" where the rule says nothing.
func (a *Assets) ByBasis(e *tracer.Endpoint, rule tracer.Rule) string {
	split, ok := e.ByBasis.Get(rule)
	if !ok {
		return ""
	}
	return splitWords(&split, func(units chains.Amount) string { return a.format(Unit{e.Chain, e.Asset}, units) })
}

// Silent says why a rule has no amount for a movement of the asset.
func Silent(rule tracer.Rule, chain chains.Chain, asset chains.Asset) string {
	switch {
	case asset.IsValuation():
		return "poison only"
	case rule == tracer.TIHO && chain.Info().Family == chains.FamilyEVM:
		return "a rule of outputs"
	}
	return "the rule ends here"
}

// EvidenceSays says in a sentence what the evidence of a movement is worth; accounts: on a chain of accounts.
func EvidenceSays(evidence string, accounts bool) string {
	switch evidence {
	case chains.EvidenceProven.String():
		what := "the transaction belongs"
		if accounts {
			what = "the transaction and what it logged belong"
		}
		return "The movement is proven: it follows from a block header, by a proof that " + what + " to the block."
	case chains.EvidenceAttested.String():
		why := ""
		if accounts {
			why = " (of a call inside of the transaction, or on a chain whose headers prove less)"
		}
		return "The movement is attested: a node says so" + why + ", and it can be computed again."
	}
	return "The movement is " + visible(evidence) + ": somebody’s file says so."
}

// BasisSays goes on from "The amount is known" and says on what ground.
func BasisSays(b tracer.Basis) string {
	switch b {
	case tracer.Whole:
		return "whole: nothing else was in any pot on the way"
	case tracer.ByRule:
		return "by rule: other money was in a pot on the way, and the accounting convention decided; another rule may say otherwise"
	case tracer.Conversion:
		return "through a conversion from another asset"
	case tracer.BridgeKey:
		return "over a bridge, by the protocol’s own key"
	case tracer.Inference:
		return "by an inference: a heuristic linked two ends"
	case tracer.Adopted:
		return "as adopted: the analyst said so, with a reason"
	}
	return "by " + b.String()
}
