package exhibit

import (
	"slices"
	"strings"
	"time"

	"clew/chains"
	"clew/tracer"
)

// Quotes tells what assets were worth in money. Safe for concurrent use.
type Quotes interface {
	// Worth values units of an asset at a time. decimals is how many digits of a whole coin stand
	// behind its point. ok is false where nobody quoted the asset within the day before.
	Worth(chain chains.Chain, asset chains.Asset, units chains.Amount, decimals int, at time.Time) (w Worth, ok bool)
	// Currency is the one in which everything is quoted: "USD".
	Currency() string
	// SHA256 is the hash of what the answers rest on, hex.
	SHA256() string
}

// Worth is what an amount was worth at a time.
type Worth struct {
	Hundredths chains.Amount // of the currency, rounded once
	// Claimed by others:
	Price  string    // of one whole coin, a decimal
	At     time.Time // of the quote
	Source string
}

// appraiser values the seeds and endpoints of a trace. What it says is an illustration: no amount of
// the trace rests on it.
type appraiser struct {
	t       *tracer.Trace
	assets  *Assets
	quotes  Quotes
	rule    tracer.Rule
	started map[string]string   // the first receipt of each seed, by its id
	arrived map[holder]string   // the last traced arrival at an account
	hops    map[string]int      // index into Trace.Hops, by id
	units   map[string]Unit     // of each seed, by its id
	used    []string            // sources of the quotes that were used, as met
	silent  map[string]struct{} // assets for which a quote was missing
}

// holder is an account in one asset.
type holder struct {
	node  string
	asset chains.Asset
}

// newAppraiser reads the times of t.
func newAppraiser(t *tracer.Trace, assets *Assets, rule tracer.Rule, q Quotes) *appraiser {
	a := &appraiser{t: t, assets: assets, quotes: q, rule: rule, started: map[string]string{}, arrived: map[holder]string{}, hops: map[string]int{},
		units: map[string]Unit{}, silent: map[string]struct{}{}}
	for i := range t.Seeds {
		s := &t.Seeds[i]
		if _, met := a.started[s.ID]; !met {
			a.started[s.ID], a.units[s.ID] = s.Time, Unit{s.Chain, s.Asset}
		}
		a.arrived[holder{s.Node, s.Asset}] = s.Time
	}
	for i := range t.Hops {
		h := &t.Hops[i]
		a.hops[h.ID] = i
		leg := &h.Legs[len(h.Legs)-1]
		if !tracedUnder(&h.Traced, rule).IsZero() {
			a.arrived[holder{leg.To, leg.Asset}] = leg.Time
		}
	}
	return a
}

// worth values units of u at a time as traces write it.
func (a *appraiser) worth(u Unit, units chains.Amount, when string) (Worth, bool) {
	at, err := time.Parse(time.RFC3339, when)
	if err != nil || units.IsZero() {
		return Worth{}, false
	}
	w, ok := a.quotes.Worth(u.Chain, u.Asset, units, a.assets.name(u).decimals, at)
	if !ok {
		a.silent[a.assets.onChain(u)] = struct{}{}
		return Worth{}, false
	}
	if source := visible(w.Source); !slices.Contains(a.used, source) {
		a.used = append(a.used, source)
	}
	return w, true
}

// seed values a receipt at its time.
func (a *appraiser) seed(s *tracer.SeedEntry) (Worth, bool) {
	return a.worth(Unit{s.Chain, s.Asset}, s.Units, s.Time)
}

// arrival values what is traced to an endpoint under the rule when it came there. Of an account
// that is the last traced arrival.
func (a *appraiser) arrival(e *tracer.Endpoint) (w Worth, when string, ok bool) {
	if k, led := a.hops[e.Hop]; led {
		legs := a.t.Hops[k].Legs
		when = legs[len(legs)-1].Time
	} else {
		when = a.arrived[holder{e.Node, e.Asset}]
	}
	w, ok = a.worth(Unit{e.Chain, e.Asset}, tracedUnder(&e.Traced, a.rule), when)
	return w, when, ok
}

// taken values what is traced to an endpoint as if it had lain there when its seeds were taken:
// the units of each seed at the time of its first receipt. ok is false where one of them has no
// quote, and where the endpoint is in an asset that was not taken: no such value existed then.
func (a *appraiser) taken(e *tracer.Endpoint) (hundredths chains.Amount, ok bool) {
	u := Unit{e.Chain, e.Asset}
	for i := range e.TracedBySeed {
		by := &e.TracedBySeed[i]
		units := tracedUnder(&by.Traced, a.rule)
		if units.IsZero() {
			continue
		}
		if a.units[by.Seed] != u {
			return chains.Amount{}, false
		}
		w, quoted := a.worth(u, units, a.started[by.Seed])
		if !quoted {
			return chains.Amount{}, false
		}
		hundredths, ok = plus(hundredths, w.Hundredths), true
	}
	return hundredths, ok
}

// money writes hundredths of the currency: "337,000.00" with thin spaces between thousands.
func money(hundredths chains.Amount) string {
	whole, part, _ := strings.Cut(plainMoney(hundredths), ".")
	return groupThousands(whole) + "." + part
}

// plainMoney is money without groups.
func plainMoney(hundredths chains.Amount) string {
	whole, part := splitDecimal(hundredths.String(), 2)
	return whole + "." + part
}

// valued appends to the rows of a schedule, the head first, what its amounts were worth; the rows
// as they are where no prices were given, or the schedule has no such amounts.
func (x *Exhibit) valued(schedule string, rows [][]string) [][]string {
	if x.options.Quotes == nil || len(rows) == 0 {
		return rows
	}
	a := newAppraiser(x.Trace, NameAssets(x.Trace), x.Diagram.Rule, x.options.Quotes)
	quote := func(w Worth, ok bool) []string {
		if !ok {
			return []string{"", "", "", "", ""}
		}
		return []string{plainMoney(w.Hundredths), a.quotes.Currency(), w.Price, w.At.UTC().Format(time.RFC3339), w.Source}
	}
	columns := []string{"fiat_value", "fiat_currency", "fiat_price", "fiat_quoted_utc", "fiat_source"}
	switch schedule {
	case "seeds.csv":
		rows[0] = append(rows[0], columns...)
		for i := range x.Trace.Seeds {
			rows[i+1] = append(rows[i+1], quote(a.seed(&x.Trace.Seeds[i]))...)
		}
	case "schedule_c_endpoints.csv":
		rows[0] = append(append(rows[0], columns...), "fiat_arrival_utc", "fiat_value_when_taken")
		for i := range x.Trace.Endpoints {
			e := &x.Trace.Endpoints[i]
			w, when, ok := a.arrival(e)
			then := ""
			if sum, priced := a.taken(e); priced {
				then = plainMoney(sum)
			}
			rows[i+1] = append(append(rows[i+1], quote(w, ok)...), when, then)
		}
	}
	return rows
}
