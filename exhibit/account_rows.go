package exhibit

import (
	"fmt"
	"strconv"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// textNoAccounts is Schedule H where it has no rows.
const textNoAccounts = "None of the traced value was seen to reach a known service."

// accountRows are schedule H as a table: for each account a row, a row for each seed of which something
// is there, and behind that of a seed its chain, a row for each leg of each hop.
func accountRows(r *register, _ []Run) [][]string {
	head := []string{"account", "row", "endpoint", "service_address", "service_alias", "service_claimed", "ground", "rule", "seed", "step", "hop", "kind", "leg_role",
		"time_utc", "chain", "block", "txid", "position", "from", "to", "asset", "symbol", "whole_units", "whole_amount", "traced_units", "traced_amount",
		"traced_of_seed_units", "traced_of_seed_amount"}
	head = append(head, ruleColumns(r.t, "traced_")...)
	rows := [][]string{append(head, "evidence", "basis", "narrowest", "hops_in_chain", "hops_in_all", "raw_sha256", "says")}
	all := r.accounts()
	for i := range all {
		rows = append(rows, r.accountRows(i+1, &all[i])...)
	}
	if len(all) == 0 {
		row := make([]string, len(rows[0]))
		row[1], row[len(row)-1] = "none", textNoAccounts
		rows = append(rows, row)
	}
	return rows
}

// accountRows writes account number n.
func (r *register) accountRows(n int, a *account) [][]string {
	e := &r.t.Endpoints[a.Endpoint]
	p, u := r.place(e.Node), Unit{e.Chain, e.Asset}
	lead := []string{strconv.Itoa(n), "", strconv.Itoa(a.Endpoint + 1), p.Address, p.Alias, p.Claim, a.groundText(), a.Rule.String()}
	start := func(row, seed string) []string {
		out := append([]string(nil), lead...)
		out[1] = row
		return append(out, seed)
	}
	txid := ""
	if e.TxID != nil {
		txid = txText(e.Chain, e.TxID.String())
	}
	ends := func(seed string, t *tracer.Traced, of chains.Amount, tail ...string) []string {
		row := append(start("account", seed), "", "", string(e.Reason), "", "", string(e.Chain), "", txid, e.Position, "", p.Address, string(e.Asset), r.assets.symbol(u),
			e.Units.String(), r.assets.plain(u, e.Units))
		traced := tracedUnder(t, a.Rule)
		row = append(row, traced.String(), r.assets.plain(u, traced))
		if seed != "" {
			row[1] = "seed"
			row[len(row)-2], row[len(row)-1] = "", ""
			row = append(row, of.String(), r.assets.plain(u, of))
		} else {
			row = append(row, "", "")
		}
		return append(append(row, r.perRule(t)...), tail...)
	}
	basis := ""
	if b, ok := e.ByBasis.Get(a.Rule); ok {
		basis = splitWords(&b, func(a chains.Amount) string { return a.String() })
	}
	rows := [][]string{ends("", &e.Traced, chains.Amount{}, "", basis, "", "", strconv.Itoa(a.Leading), "", strings.Join(a.Caveats, " "))}
	for i := range e.TracedBySeed {
		s := &e.TracedBySeed[i]
		c, says := a.chainOf(s.Seed), ""
		basis, hops, evidence := "", "", ""
		switch {
		case c != nil:
			basis, hops, evidence, says = c.Basis.String(), strconv.Itoa(len(c.Hops)), c.evidence(), r.chainLine(c)
		case !tracedUnder(&s.Traced, a.Rule).IsZero():
			says = fmt.Sprintf("no chain is written out: more of %d other seeds ended here", mostChains)
		}
		rows = append(rows, ends(s.Seed, &s.Traced, tracedUnder(&s.Traced, a.Rule), evidence, basis, "", hops, "", "", says))
		if c == nil {
			continue
		}
		for step := c.Same; step < len(c.Hops); step++ {
			h := &r.t.Hops[c.Hops[step]]
			for k := range h.Legs {
				rows = append(rows, append(start("hop", s.Seed), r.stepCells(a, c, step, k)...))
			}
		}
	}
	return rows
}

// stepCells are the cells of one leg of a step, from that of the step on.
func (r *register) stepCells(a *account, c *accountChain, step, k int) []string {
	h := &r.t.Hops[c.Hops[step]]
	leg := &h.Legs[k]
	u := legUnit(leg)
	from, _ := r.sources(leg)
	addresses := make([]string, len(from))
	for i := range from {
		addresses[i] = from[i].Address
	}
	row := []string{strconv.Itoa(step + 1), strconv.Itoa(h.Number), string(h.Kind), legRole(h, k), leg.Time, string(leg.Chain), strconv.FormatInt(leg.Height, 10),
		txText(leg.Chain, leg.TxID.String()), positions(leg), strings.Join(addresses, " "), r.place(leg.To).Address, string(leg.Asset), r.assets.symbol(u), leg.Units.String(), r.assets.plain(u, leg.Units)}
	switch {
	case k+1 == len(h.Legs):
		traced, of := tracedUnder(&h.Traced, a.Rule), seedTraced(h.TracedBySeed, c.Seed, a.Rule)
		row = append(row, traced.String(), r.assets.plain(u, traced), of.String(), r.assets.plain(u, of))
		row = append(row, r.perRule(&h.Traced)...)
	case h.Given != nil:
		given := tracedUnder(h.Given, a.Rule)
		row = append(row, given.String(), r.assets.plain(u, given), "", "")
		row = append(row, r.perRule(h.Given)...)
	default:
		row = append(row, make([]string, 4+len(r.t.Rules))...)
	}
	basis, narrow := "", ""
	if b, ok := h.Basis.Get(a.Rule); ok {
		basis = b.String()
	}
	if step == c.Narrow {
		narrow = "narrowest"
	}
	return append(row, leg.Evidence, basis, narrow, "", "", strings.Join(leg.Raw, " "), "")
}

// chainOf is the chain from a seed; nil where none is written.
func (a *account) chainOf(seed string) *accountChain {
	for i := range a.Chains {
		if a.Chains[i].Seed == seed {
			return &a.Chains[i]
		}
	}
	return nil
}

// groundText says in a column on what it rests that the account is at a service.
func (a *account) groundText() string {
	switch a.Ground {
	case groundDeposit:
		return "inferred"
	case groundClaim:
		return "claimed"
	}
	return ""
}

// evidence is the weakest on the way.
func (c *accountChain) evidence() string {
	if c.Attested {
		return "attested or imported"
	}
	return "proven"
}

// chainLine says of a chain what its rows do not.
func (r *register) chainLine(c *accountChain) string {
	switch {
	case len(c.Hops) == 0:
		return "the seed itself was received here"
	case c.Same == len(c.Hops):
		return fmt.Sprintf("all %d steps are steps of account %d, seed %s", c.Same, c.SameAs, visible(c.Seed))
	case c.Same > 0:
		return fmt.Sprintf("steps 1 to %d are those of account %d, seed %s (hops %d to %d)", c.Same, c.SameAs, visible(c.Seed),
			r.t.Hops[c.Hops[0]].Number, r.t.Hops[c.Hops[c.Same-1]].Number)
	}
	return ""
}
