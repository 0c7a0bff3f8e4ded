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
