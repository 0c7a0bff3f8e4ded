package exhibit

import (
	"fmt"

	"clew/chains"
	"clew/tracer"
)

// accountView is an account of schedule H as people read it.
type accountView struct {
	Number, Endpoint int // its row here, and that of schedule C
	Place            place
	Reason           string
	Chain, TxID      string
	Rule             string
	Declared         bool // Rule is that of the trace
	Whole, Traced    string
	Leading          string // how many hops lead here in all
	Caveats          []string
	Seeds            []accountSeedView
	More             string // of seeds whose chain is not written out
}

// accountSeedView is what of one seed is at an account, and the chain that brought it.
type accountSeedView struct {
	Seed, Amount    string
	Cells           []cellView // under each rule of the trace
	Basis, Evidence string
	Says            string
	Steps           []accountStepView
}

// accountStepView is a leg of a hop of a chain.
type accountStepView struct {
	Step, Hop                int
	Role                     string
	Second                   bool // the second leg of its hop
	Time, Chain, Block, TxID string
	From                     []place
	To                       place
	Whole, Traced, OfSeed    string
	Part                     bool // a part of the movement only is traced
	Evidence, Basis          string
	Narrow                   bool // least of the seed passes here
}

// accountViews are schedule H.
func (r *register) accountViews() []accountView {
	all := r.accounts()
	out := make([]accountView, len(all))
	for i := range all {
		out[i] = r.accountView(i+1, &all[i])
	}
	return out
}

func (r *register) accountView(n int, a *account) accountView {
	e := &r.t.Endpoints[a.Endpoint]
	u := Unit{e.Chain, e.Asset}
	v := accountView{Number: n, Endpoint: a.Endpoint + 1, Place: r.place(e.Node), Reason: why{e.Reason, e.Chain, a.Ground}.words(), Chain: visible(string(e.Chain)),
		Rule: a.Rule.String(), Declared: a.Rule == r.t.Incident.Rule, Whole: r.assets.format(u, e.Units), Traced: r.assets.format(u, tracedUnder(&e.Traced, a.Rule)),
		Leading: count(a.Leading, "hop"), Caveats: a.Caveats}
	if e.TxID != nil {
		v.TxID = txText(e.Chain, e.TxID.String())
	}
	if a.More > 0 {
		v.More = count(a.More, "seed") + " more, of which less ended here; their chains are not written out."
	}
	for i := range e.TracedBySeed {
		if s := &e.TracedBySeed[i]; !nothing(&s.Traced) {
			v.Seeds = append(v.Seeds, r.accountSeed(a, s, u))
		}
	}
	return v
}

// nothing reports whether t is 0 under every rule.
func nothing(t *tracer.Traced) bool {
	for _, rule := range tracer.Rules() {
		if !tracedUnder(t, rule).IsZero() {
			return false
		}
	}
	return true
}

func (r *register) accountSeed(a *account, s *tracer.SeedTraced, u Unit) accountSeedView {
	v := accountSeedView{Seed: visible(s.Seed), Amount: r.assets.format(u, tracedUnder(&s.Traced, a.Rule))}
	for _, rule := range r.t.Rules {
		text := "–"
		if units, ok := s.Traced.Get(rule); ok {
			text = r.assets.number(u, units)
		}
		v.Cells = append(v.Cells, cellView{Text: text, Declared: rule == r.rule})
	}
	c := a.chainOf(s.Seed)
	if c == nil {
		return v
	}
	v.Basis, v.Evidence, v.Says = c.Basis.String(), c.evidence(), r.chainLine(c)
	for step := c.Same; step < len(c.Hops); step++ {
		h := &r.t.Hops[c.Hops[step]]
		for k := range h.Legs {
			v.Steps = append(v.Steps, r.accountStep(a, c, step, k))
		}
	}
	return v
}

func (r *register) accountStep(a *account, c *accountChain, step, k int) accountStepView {
	h := &r.t.Hops[c.Hops[step]]
	leg := &h.Legs[k]
	u := legUnit(leg)
	v := accountStepView{Step: step + 1, Hop: h.Number, Role: roleWords(h, k), Second: k > 0, Time: clock(leg.Time), Chain: visible(string(leg.Chain)), Block: fmt.Sprint(leg.Height),
		TxID: txText(leg.Chain, leg.TxID.String()), To: r.place(leg.To), Whole: r.assets.format(u, leg.Units), Evidence: visible(leg.Evidence), Narrow: step == c.Narrow}
	v.From, _ = r.sources(leg)
	if b, ok := h.Basis.Get(a.Rule); ok {
		v.Basis = b.String()
	}
	var traced chains.Amount
	switch {
	case k+1 == len(h.Legs):
		traced = tracedUnder(&h.Traced, a.Rule)
		v.OfSeed = r.assets.format(u, seedTraced(h.TracedBySeed, c.Seed, a.Rule))
	case h.Given != nil:
		traced = tracedUnder(h.Given, a.Rule)
	default:
		v.Traced = "not stated"
		return v
	}
	v.Traced, v.Part = r.assets.format(u, traced), traced.Cmp(leg.Units) != 0
	return v
}

// Accounts are schedule H of the report.
func (p *reportPage) Accounts() []accountView {
	return newRegister(p.Trace, drawnRule(p.Trace)).accountViews()
}

// AccountsLine says what a chain is.
func (p *reportPage) AccountsLine() string { return textAccounts }

// NoAccounts stands where there is none.
func (p *reportPage) NoAccounts() string { return textNoAccounts }
