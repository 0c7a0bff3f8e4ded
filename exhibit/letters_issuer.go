package exhibit

import (
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/exhibit/paper"
	"clew/tracer"
)

// nobody stands for an issuer who does not exist: no key of a contract can hold what an address has.
const nobody = "-"

// issuers names who publishes that they can hold (freeze) a token at single addresses, by the contracts
// that they name as their own. Where it is nobody, a letter would ask for what cannot be done. A
// token that is not here may have an issuer who can: the letter then leaves the name open.
func issuers() map[Unit]string {
	const circle, tether = "Circle (issuer of USDC)", "Tether (issuer of USDT)"
	return map[Unit]string{
		{"ethereum", "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"}: circle,
		{"arbitrum", "0xaf88d065e77c8cC2239327C5EDb3A432268e5831"}: circle,
		{"optimism", "0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85"}: circle,
		{"base", "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"}:     circle,
		{"ethereum", "0xdAC17F958D2ee523a2206206994597C13D831ec7"}: tether,
		{"ethereum", "0x6B175474E89094C44Da98b954EedeAC495271d0F"}: nobody, // DAI
		{"ethereum", "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"}: nobody, // wrapped coins
		{"polygon", "0x0d500B1d8E8eF31E21C99d1Db9A6444d3ADf1270"}:  nobody,
		{"bsc", "0xbb4CdB9CBd36B01bD1cBaEBF2De08d9173bc095c"}:      nobody,
		{"arbitrum", "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1"}: nobody,
		{"optimism", "0x4200000000000000000000000000000000000006"}: nobody,
		{"base", "0x4200000000000000000000000000000000000006"}:     nobody,
	}
}

// mostHolders is how many addresses one letter to an issuer names, those with most first.
const mostHolders = 200

// tokenHeld is an endpoint at which a token is still held.
type tokenHeld struct {
	endpoint int
	traced   chains.Amount // under the rule of the trace
}

// issuerLetters are for the issuers of tokens that are still held at addresses where an accounting rule
// finds value.
func (x *Exhibit) issuerLetters(r *register) []letter {
	of := map[Unit][]tokenHeld{}
	var order []Unit
	for i := range r.t.Endpoints {
		e := &r.t.Endpoints[i]
		u := Unit{e.Chain, e.Asset}
		if e.Reason != tracer.ReasonBalance || e.Asset == chains.Native || e.Asset.IsValuation() || e.Range.Max.IsZero() || issuers()[u] == nobody {
			continue
		}
		if of[u] == nil {
			order = append(order, u)
		}
		of[u] = append(of[u], tokenHeld{i, tracedUnder(&e.Traced, r.rule)})
	}
	var out []letter
	for _, u := range order {
		held := of[u]
		slices.SortStableFunc(held, func(a, b tokenHeld) int { return b.traced.Cmp(a.traced) })
		out = append(out, x.issuerLetter(r, u, held))
	}
	return out
}

// issuerOf says whom a letter about a token is for, and how that is known.
func (r *register) issuerOf(u Unit) (to, who string) {
	if name := issuers()[u]; name != "" {
		return name, name + " (by the contract, as a table of this program has it; [____ check it against what the issuer publishes, and their address for legal requests])"
	}
	for i := range r.t.Nodes {
		n := &r.t.Nodes[i]
		if n.Chain == u.Chain && n.Address == string(u.Asset) && claimed(n) {
			p := r.place(n.ID)
			return p.Name, p.Claim + " (so it is claimed of the contract, see schedule D; [____ check that they issue the token, and their address for legal requests])"
		}
	}
	return "the issuer of " + r.assets.symbol(u), "[____ name of the issuer of the token; look whether its contract lets anybody freeze balances, and who has the key]"
}

func (x *Exhibit) issuerLetter(r *register, u Unit, held []tokenHeld) letter {
	to, who := r.issuerOf(u)
	l := letter{to: to, about: fmt.Sprintf("%s at %s", assetLine(u), count(len(held), "endpoint"))}
	b := x.sender(who)
	b = append(b, paper.Heading{Text: "What this is about"}, paper.Paragraph{Text: "Value that is alleged to be stolen was traced on public blockchains, and a part of it is held in a token that you are taken to issue:"},
		paper.Paragraph{Text: "Contract: " + visible(string(u.Asset)) + "\nChain:    " + visible(string(u.Chain)) + " (" + visible(u.Chain.CAIP2()) + ")\nSymbol:   " + r.assets.symbol(u) + " (as the contract says; nobody checked it)"},
		paper.Paragraph{Text: strings.ReplaceAll(textLetterPerson, "The customer may", "The holder of an address may")}, paper.Paragraph{Text: textLetterLimits})
	lists, firm := r.heldList(u, held)
	if len(firm) == 0 {
		l.why = "value is found there through a guess alone: it asks to hold nothing"
		b = append(b, paper.Paragraph{Text: "At none of these addresses does an accounting rule find value but through a candidate that was adopted or a link that a heuristic infers. This is a reason not to send this letter.", Bold: true})
	}
	b = append(append(b, askedOfIssuer(firm, len(held))...), signature()...)
	b = append(b, paper.Heading{Text: "Annex 1: where it is held"}, paper.Paragraph{Text: "As of " + r.asOf(u.Chain) + ". It may have moved since: look first."})
	l.blocks = append(append(b, lists...), x.checkLines("Annex 2: how")...)
	return l
}

// heldList lists where a token is held, and names the endpoints at which more than a guess finds it.
func (r *register) heldList(u Unit, held []tokenHeld) (b []paper.Block, firm []string) {
	for _, h := range held[:min(mostHolders, len(held))] {
		text, ok := r.heldText(u, h)
		b = append(b, paper.Paragraph{Text: text})
		if ok {
			firm = append(firm, fmt.Sprint(h.endpoint+1))
		}
	}
	if more := len(held) - mostHolders; more > 0 {
		b = append(b, paper.Paragraph{Text: count(more, "endpoint") + " more, with less, are in schedule_c_endpoints.csv."})
	}
	return b, firm
}

// askedOfIssuer is what an issuer is asked for: firm are the endpoints, of all so many, at which it is
// asked to hold the token.
func askedOfIssuer(firm []string, all int) []paper.Block {
	hold := "This letter does not ask to hold anything: see the warning above. [____ Only where the sender has other grounds: state them here.]"
	if len(firm) > 0 {
		where := "at the addresses of annex 1"
		if len(firm) < min(all, mostHolders) {
			where = "at the addresses of " + numbered("endpoint", firm) + " in annex 1 alone (of the others see the warnings there)"
		}
		hold = "[  ] Hold it " + where + ", up to the traced amounts where that is possible, [____ or as the order says], until [____ date], and tell us when it was done."
	}
	return []paper.Block{paper.Heading{Text: "What is asked"},
		paper.Paragraph{Text: "[  ] Say whether you can hold (freeze) the token at single addresses, and by what rule and on whose order you do."},
		paper.Paragraph{Text: hold},
		paper.Paragraph{Text: "[  ] Preserve what you know of these addresses: whether they belong to a customer of yours, issued or redeemed the token, and every earlier request about them."},
		paper.Paragraph{Text: "[  ] Say what becomes of an amount that is held, and how an owner who shows a better right can have it released."}}
}

// heldText says what one address holds; firm is false where value is found there through an adopted
// candidate or an inference alone, which the text says.
func (r *register) heldText(u Unit, h tokenHeld) (text string, firm bool) {
	e := &r.t.Endpoints[h.endpoint]
	a := account{Endpoint: h.endpoint, Rule: r.rule}
	if rule, ok := r.ruleAt(e); ok {
		a.Rule = rule
	}
	lines := []string{fmt.Sprintf("Endpoint %d of schedule C", h.endpoint+1), "  Address:     " + r.place(e.Node).Address, "  Holds:       " + r.exactly(u, e.Units),
		"  Of it traced, under each rule of accounting:", r.underRules(u, &e.Traced)}
	if i, ok := r.hopAt[e.Hop]; ok {
		last := &r.t.Hops[i].Legs[len(r.t.Hops[i].Legs)-1]
		lines = append(lines, fmt.Sprintf("  Last came with hop %d of schedule A, %s, block %d:", r.t.Hops[i].Number, visible(last.Time), last.Height), "  "+txText(last.Chain, last.TxID.String()))
	}
	if line := r.weakLine(&a, e); line != "" {
		lines = append(lines, "  "+line)
	}
	return strings.Join(lines, "\n"), r.firm(&a)
}

// asOf names the last block of a chain that was read.
func (r *register) asOf(c chains.Chain) string {
	for i := range r.t.AsOf {
		if a := &r.t.AsOf[i]; a.Chain == c && !listed(a) {
			return fmt.Sprintf("block %d of %s (%s), %s", a.Height, visible(string(c)), hashOn(c, a.Hash), visible(a.Time))
		}
	}
	return "the last row of the files that were read"
}

func hashOn(c chains.Chain, h chains.BlockHash) string { return txText(c, h.String()) }
