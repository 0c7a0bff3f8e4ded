package exhibit

import (
	"fmt"
	"slices"

	"clew/chains"
	"clew/tracer"
)

// Ending is what ended for one reason, of one asset, in all.
type Ending struct {
	Reason    tracer.Reason
	ground    ground // on which the reason rests
	found     []int  // numbers of the findings that say so
	Chain     chains.Chain
	Asset     chains.Asset
	Endpoints int           // with traced value under any accounting rule
	Drawn     int           // with traced value under the drawn rule
	Poisoned  int           // that poison reaches
	Traced    tracer.Traced // totals; null where a rule does not say for one of them
}

// addEndings adds up where the trace ends, by reason and by what that rests on.
func (s *Summary) addEndings() {
	type key struct {
		reason tracer.Reason
		ground ground
		unit   Unit
	}
	at := map[key]*Ending{}
	found := ReadFindings(s.trace, s.assets)
	for i := range s.trace.Endpoints {
		e := &s.trace.Endpoints[i]
		u := Unit{e.Chain, e.Asset}
		g, by := found.groundOf(e)
		k := key{e.Reason, g, u}
		if at[k] == nil {
			at[k] = &Ending{Reason: e.Reason, ground: g, Chain: e.Chain, Asset: e.Asset}
		}
		at[k].add(e, s.Rule)
		at[k].found = append(at[k].found, by...)
	}
	for _, u := range s.units {
		for _, r := range tracer.Reasons() {
			for g := range numGrounds {
				if e := at[key{r, g, u}]; e != nil {
					slices.Sort(e.found)
					e.found = slices.Compact(e.found)
					s.Endings = append(s.Endings, *e)
				}
			}
		}
	}
}

func (g *Ending) add(e *tracer.Endpoint, drawn tracer.Rule) {
	reached := false
	for _, r := range tracer.Rules() {
		a, ok := e.Traced.Get(r)
		if !ok {
			g.Traced.Null[r] = true
			continue
		}
		g.Traced.Value[r] = plus(g.Traced.Value[r], a)
		reached = reached || (r.Conserves() && !a.IsZero())
	}
	if reached {
		g.Endpoints++
	}
	if !tracedUnder(&e.Traced, drawn).IsZero() {
		g.Drawn++
	}
	if !tracedUnder(&e.Traced, tracer.Poison).IsZero() {
		g.Poisoned++
	}
}

func (g *Ending) unit() Unit { return Unit{g.Chain, g.Asset} }

// endings writes what ended of the given units, under the drawn rule, with amounts as write does.
func (s *Summary) endings(units []Unit, write func(Unit, chains.Amount) string) []string {
	var parts []string
	for i := range s.Endings {
		e := &s.Endings[i]
		a, ok := e.Traced.Get(s.Rule)
		if !ok || a.IsZero() || !slices.Contains(units, e.unit()) {
			continue
		}
		parts = append(parts, write(e.unit(), a)+" "+endingWords(e))
	}
	return parts
}

// endingWords follows an amount: "is in 3 unspent outputs"; what rests on more than the chain says so.
func endingWords(e *Ending) string {
	n := e.Drawn
	switch e.ground {
	case groundMix:
		return fmt.Sprintf("went into what a heuristic takes for a CoinJoin (%s), with %s", refer(e.found), count(n, "input"))
	case groundDeposit:
		return fmt.Sprintf("is at %s, at what a heuristic takes for deposit addresses of services (%s)", count(n, "endpoint"), refer(e.found))
	case groundClaim:
		return chainWords(e, n) + ", as is claimed (schedule D)"
	}
	return chainWords(e, n)
}

// chainWords is endingWords as the chain has it; n counts endpoints.
func chainWords(e *Ending, n int) string {
	if e.Chain.Info().Family == chains.FamilyEVM {
		switch e.Reason { // where there are no outputs
		case tracer.ReasonBurn:
			return "can never be spent, at " + count(n, "endpoint")
		case tracer.ReasonDust:
			return "was left as dust, at " + count(n, "endpoint")
		case tracer.ReasonPending:
			return "is " + reasonWords(e.Reason, e.Chain) + ", at " + count(n, "endpoint")
		case tracer.ReasonFee:
			return "went to fees"
		}
	}
	switch e.Reason {
	case tracer.ReasonUnspent:
		return "is in " + count(n, "unspent output")
	case tracer.ReasonBalance:
		return "is still held in " + count(n, "account")
	case tracer.ReasonService:
		return "reached services in " + count(n, "deposit")
	case tracer.ReasonMixer:
		return "entered mixers or confidential pools in " + count(n, "deposit")
	case tracer.ReasonBridge:
		return "entered bridges in " + count(n, "deposit")
	case tracer.ReasonContract:
		return "is in contracts, at " + count(n, "endpoint")
	case tracer.ReasonFee:
		return "went to network fees"
	case tracer.ReasonBurn:
		return "can never be spent, in " + count(n, "output")
	case tracer.ReasonDust:
		return "was left as dust, in " + count(n, "output")
	case tracer.ReasonLimit:
		return "was not followed further (limits of the trace), at " + count(n, "endpoint")
	case tracer.ReasonPending:
		return "is not confirmed yet, in " + count(n, "output")
	case tracer.ReasonGap:
		return "is not known (gaps), at " + count(n, "endpoint")
	}
	return "ended as " + visible(string(e.Reason)) + ", at " + count(n, "endpoint")
}

// Column names the ending in a narrow column: its reason, and whether that is claimed or inferred.
func (g *Ending) Column() string { return string(g.Reason) + g.ground.short() }

func (g *Ending) why() why { return why{g.Reason, g.Chain, g.ground} }
