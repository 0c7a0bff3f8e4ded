package exhibit

import (
	"fmt"
	"slices"
	"strings"

	"clew/exhibit/paper"
	"clew/tracer"
)

// serviceLetter asks a service about one of its addresses; of are the accounts of schedule H there,
// which share the address. What is asked and the signature stand before the lists.
func (x *Exhibit) serviceLetter(r *register, accounts []account, of []int) letter {
	first := &accounts[of[0]]
	e := &r.t.Endpoints[first.Endpoint]
	p := r.place(e.Node)
	to, who := "a service nobody has named ("+p.Alias+")", "[____ name and address of the service whose account this is; where nobody can say, there is nobody to send this to]"
	if p.Name != "" && first.Ground != groundDeposit {
		to, who = p.Name, p.Claim+" (so it is claimed; [____ check that this is who is meant, and their address for service of process])"
	}
	l := letter{to: to, about: fmt.Sprintf("%s on %s, %s", p.Address, visible(string(e.Chain)), count(len(of), "endpoint"))}
	b := x.sender(who)
	b = append(b, paper.Heading{Text: "What this is about"}, paper.Paragraph{Text: "Value that is alleged to be stolen was traced on public blockchains to this address, which is taken for one of yours:"},
		paper.Paragraph{Text: "Address:  " + p.Address + "\nChain:    " + visible(string(e.Chain)) + " (" + visible(e.Chain.CAIP2()) + ")"})
	common := r.commonCaveats(accounts, of)
	for _, c := range common {
		b = append(b, paper.Paragraph{Text: c, Bold: true})
	}
	b = append(b, paper.Paragraph{Text: textLetterPerson}, paper.Paragraph{Text: textLetterLimits})
	var firm []string
	for _, i := range of {
		if r.firm(&accounts[i]) {
			firm = append(firm, fmt.Sprint(i+1))
		}
	}
	b = append(append(b, asked(firm, len(of), r.since(accounts, of))...), signature()...)
	b = append(b, paper.Heading{Text: "Annex 1: what came to the address"})
	for _, i := range of {
		b = append(b, r.receipt(i+1, &accounts[i])...)
		for _, c := range accounts[i].Caveats {
			if !slices.Contains(common, c) {
				b = append(b, paper.Paragraph{Text: fmt.Sprintf("Account %d: %s", i+1, c), Bold: true})
			}
		}
	}
	b = append(b, paper.Heading{Text: "Annex 2: the chain of hops to it"}, paper.Paragraph{Text: textAccounts, Fine: true})
	for _, i := range of {
		b = append(b, r.chainParagraphs(i+1, &accounts[i])...)
	}
	l.why = whyNotFirm(first.Ground, len(firm), len(of))
	l.blocks = append(b, x.checkLines("Annex 3: how")...)
	return l
}

// whyNotFirm says what speaks against sending a letter as it is, which asks to hold what came to firm of
// so many accounts, all of which rest on ground; "" for nothing.
func whyNotFirm(on ground, firm, of int) string {
	switch {
	case on == groundDeposit:
		return "no list names the address: that it is a service’s at all, a heuristic alone infers. It asks for records, and to hold nothing"
	case firm == 0:
		return "contact, an adopted candidate or an inference alone leads there: it asks for records, and to hold nothing"
	case firm < of:
		return fmt.Sprintf("to %d of the %s contact, an adopted candidate or an inference alone leads: of those it asks for records only", of-firm, count(of, "endpoint"))
	}
	return ""
}

// commonCaveats are those that all of the accounts have.
func (r *register) commonCaveats(accounts []account, of []int) []string {
	var out []string
	for _, c := range accounts[of[0]].Caveats {
		if !slices.ContainsFunc(of, func(i int) bool { return !slices.Contains(accounts[i].Caveats, c) }) {
			out = append(out, c)
		}
	}
	return out
}

// firm reports whether an accounting rule finds value at an account that did not come through an
// adopted candidate or an inference alone, at an address that more than a heuristic takes for a
// service's: only then does a letter ask to hold something.
func (r *register) firm(a *account) bool {
	e := &r.t.Endpoints[a.Endpoint]
	if !a.Rule.Conserves() || e.Asset.IsValuation() || a.Ground == groundDeposit {
		return false
	}
	split, ok := e.ByBasis.Get(a.Rule)
	if !ok {
		return false
	}
	whole := tracedUnder(&e.Traced, a.Rule)
	return plus(split.Parts[tracer.Adopted], split.Parts[tracer.Inference]).Cmp(whole) < 0
}

// since is the time of the first transaction that brought something; "" where none is named.
func (r *register) since(accounts []account, of []int) string {
	first := ""
	for _, i := range of {
		if k, ok := r.hopAt[r.t.Endpoints[accounts[i].Endpoint].Hop]; ok {
			legs := r.t.Hops[k].Legs
			if at := legs[len(legs)-1].Time; first == "" || at < first {
				first = at
			}
		}
	}
	return visible(first)
}

// receipt says what one endpoint received, n being its number in schedule H.
func (r *register) receipt(n int, a *account) []paper.Block {
	e := &r.t.Endpoints[a.Endpoint]
	u := Unit{e.Chain, e.Asset}
	lines := []string{fmt.Sprintf("Account %d of schedule H, endpoint %d of schedule C", n, a.Endpoint+1)}
	if e.TxID != nil {
		lines = append(lines, "  Transaction: "+txText(e.Chain, e.TxID.String()), "  Position:    "+visible(e.Position))
	}
	if i, ok := r.hopAt[e.Hop]; ok {
		last := &r.t.Hops[i].Legs[len(r.t.Hops[i].Legs)-1]
		lines = append(lines, fmt.Sprintf("  Time (UTC):  %s, block %d", visible(last.Time), last.Height))
	}
	lines = append(lines, "  Asset:       "+assetLine(u), "  Received:    "+r.exactly(u, e.Units), "  Of it traced, under each rule of accounting:")
	return []paper.Block{paper.Paragraph{Text: strings.Join(lines, "\n") + "\n" + r.underRules(u, &e.Traced)}}
}

// chainParagraphs write out the chains to one account.
func (r *register) chainParagraphs(n int, a *account) []paper.Block {
	var b []paper.Block
	for k := range a.Chains {
		c := &a.Chains[k]
		said := fmt.Sprintf("To account %d from seed %s, under %s: %s, with the numbers of hops in schedule A; weakest evidence %s, weakest basis %s.", n, visible(c.Seed), a.Rule, count(len(c.Hops), "step"), c.evidence(), c.Basis)
		if len(c.Hops) == 0 {
			said = fmt.Sprintf("To account %d: seed %s itself was received at the address.", n, visible(c.Seed))
		}
		b = append(b, paper.Paragraph{Text: said, Bold: true})
		for step := range c.Hops {
			if left := len(c.Hops) - mostSteps; left > 0 && step >= mostSteps/2 && step < mostSteps/2+left {
				if step == mostSteps/2 {
					b = append(b, paper.Paragraph{Text: fmt.Sprintf("[steps %d to %d are in schedule_h_accounts.csv, account %d]", step+1, step+left, n)})
				}
				continue
			}
			b = append(b, paper.Paragraph{Text: r.stepText(a, c, step)})
		}
	}
	if a.More > 0 {
		b = append(b, paper.Paragraph{Text: count(a.More, "seed") + " more came here with less; schedule C has the amounts of each.", Fine: true})
	}
	return b
}

// stepText is one hop of a chain, each hash and address on a line of its own.
func (r *register) stepText(a *account, c *accountChain, step int) string {
	h := &r.t.Hops[c.Hops[step]]
	var lines []string
	for k := range h.Legs {
		leg := &h.Legs[k]
		u := legUnit(leg)
		what := string(h.Kind)
		if role := roleWords(h, k); role != "" {
			what += ", " + role
		}
		lines = append(lines, fmt.Sprintf("Step %d (hop %d): %s, %s, %s block %d", step+1, h.Number, what, visible(leg.Time), visible(string(leg.Chain)), leg.Height),
			"  "+txText(leg.Chain, leg.TxID.String()))
		from, _ := r.sources(leg)
		for i := range from {
			lines = append(lines, "  from "+from[i].Address)
		}
		lines = append(lines, "  to   "+r.place(leg.To).Address, "  moved "+r.exactly(u, leg.Units)+"; "+visible(leg.Evidence))
		if k+1 == len(h.Legs) {
			lines = append(lines, "  traced under "+a.Rule.String()+" "+r.exactly(u, tracedUnder(&h.Traced, a.Rule)))
		}
	}
	return strings.Join(lines, "\n")
}

// asked is what a service is asked for: firm are the accounts, of all so many, of which it is asked to
// hold funds, and since is from when on it is asked for records.
func asked(firm []string, all int, since string) []paper.Block {
	from := "[____ date]"
	if since != "" {
		from = since + " [____ or an earlier date]"
	}
	lines := []string{"[  ] Preserve every record about the account to which the receipts of annex 1 were credited, and keep it until [____ date]."}
	switch {
	case len(firm) == 0:
		lines = append(lines, "This letter does not ask to hold funds: see the warnings above and in annex 1. [____ Only where the sender has other grounds: state them here.]")
	default:
		which := ""
		if len(firm) < all {
			which = " of " + numbered("account", firm) + " in annex 1 alone (of the others see the warnings there),"
		}
		lines = append(lines, "[  ] Hold (freeze) on that account up to the traced amounts of annex 1,"+which+" [____ or the amount that the order names], as far as the law that applies to you allows, and tell us what was held and when.")
	}
	lines = append(lines,
		"[  ] Say whether the address above is yours, since when and until when it was assigned to one account, and whether the receipts of annex 1 were credited, to which account, and when.",
		"[  ] Who opened the account: the identification that was made (KYC), contact data, bank accounts and cards that are linked, as [____ the legal basis] allows.",
		"[  ] Log-ins and orders since "+from+": times, IP addresses, devices.",
		"[  ] Deposits, trades, internal transfers and withdrawals since "+from+": times, amounts, assets, addresses, and transaction hashes.",
		"[  ] What the account holds now.",
		"[____ Whether the customer may be told of this letter, and by what rule.]")
	blocks := []paper.Block{paper.Heading{Text: "What is asked"}}
	for _, line := range lines {
		blocks = append(blocks, paper.Paragraph{Text: line})
	}
	return blocks
}

// numbered names things of one kind by their numbers: "account 5", "accounts 5 and 6".
func numbered(thing string, numbers []string) string {
	if len(numbers) > 1 {
		thing += "s"
	}
	return thing + " " + series(numbers)
}
