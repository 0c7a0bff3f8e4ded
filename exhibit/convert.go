package exhibit

import (
	"clew/chains"
	"clew/tracer"
)

// way is how value passes on as something else, or elsewhere.
type way uint8

const (
	waySwap   way = iota
	wayBridge     // to another chain
	wayMixer      // taken up again behind a mixer, since the analyst adopted a withdrawal
	wayOther      // the trace does not say which
	ways
)

// gaveWords follow an amount that left its asset, gotWords one that came to it.
func (w way) gaveWords() string {
	return [ways]string{"was given in swaps", "crossed a bridge", "went through a mixer and is taken up again behind it, as the analyst adopts", "was converted"}[w]
}

func (w way) gotWords() string {
	return [ways]string{"received in swaps", "came over a bridge", "taken up again behind a mixer, as the analyst adopts", "received in conversions"}[w]
}

// gaveTitle and gotTitle head the same in a table.
func (w way) gaveTitle() string {
	return [ways]string{"Given in swaps", "Crossed a bridge", "Through a mixer, taken up again (adopted)", "Converted"}[w]
}

func (w way) gotTitle() string {
	return [ways]string{"Received in swaps", "Came over a bridge", "Taken up again behind a mixer (adopted)", "Received in conversions"}[w]
}

// byWay divides the converted amounts of one asset by how they passed.
type byWay struct{ given, received [ways]chains.Amount }

// conversions divides what the books of rule say is converted, asset by asset. What no hop
// accounts for is wayOther: a trace need not say how much was given.
func conversions(t *tracer.Trace, rule tracer.Rule, books []tracer.ConservationRow) map[Unit]*byWay {
	out := map[Unit]*byWay{}
	at := func(u Unit) *byWay {
		if out[u] == nil {
			out[u] = &byWay{}
		}
		return out[u]
	}
	feeOf := feeWays(t)
	for i := range t.Hops {
		h := &t.Hops[i]
		if len(h.Legs) < 2 {
			continue
		}
		first, last := &h.Legs[0], &h.Legs[len(h.Legs)-1]
		w := wayOfKind(h.Kind)
		if h.Kind == tracer.HopFee {
			w = feeOf[legKey(first)]
		}
		if h.Given != nil {
			b := at(legUnit(first))
			b.given[w] = plus(b.given[w], tracedUnder(h.Given, rule))
		}
		b := at(legUnit(last))
		b.received[w] = plus(b.received[w], tracedUnder(&h.Traced, rule))
	}
	for _, r := range books {
		b := at(Unit{r.Chain, r.Asset})
		rest(&b.given, r.ConvertedOut)
		rest(&b.received, r.ConvertedIn)
	}
	return out
}

// rest puts what is missing of all into wayOther.
func rest(parts *[ways]chains.Amount, all chains.Amount) {
	var sum chains.Amount
	for _, p := range parts {
		sum = plus(sum, p)
	}
	if sum.Less(all) {
		parts[wayOther] = plus(parts[wayOther], all.Minus(sum))
	}
}

func wayOfKind(k tracer.HopKind) way {
	switch k {
	case tracer.HopSwap:
		return waySwap
	case tracer.HopBridge:
		return wayBridge
	case tracer.HopMixer:
		return wayMixer
	}
	return wayOther
}

// feeWays tells of which way a fee is a part: that of the hop which shares its first leg.
func feeWays(t *tracer.Trace) map[string]way {
	out := map[string]way{}
	for i := range t.Hops {
		h := &t.Hops[i]
		if len(h.Legs) < 2 {
			continue
		}
		key := legKey(&h.Legs[0])
		if _, known := out[key]; !known || h.Kind != tracer.HopFee {
			out[key] = wayOfKind(h.Kind)
		}
	}
	return out
}
