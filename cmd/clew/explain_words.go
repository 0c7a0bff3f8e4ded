package main

import (
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/exhibit"
	"clew/tracer"
)

// section is a part of an explanation: what is fact, what a rule decides, what is inferred or claimed
// never stand under one heading.
type section struct {
	Title string   `json:"title"`
	Says  []string `json:"says"`
}

// tell adds a section, if it says anything.
func (x *explanation) tell(title string, says ...string) {
	if len(says) > 0 {
		x.Sections = append(x.Sections, section{title, says})
	}
}

// sections say in words what the tables hold.
func (x *explanation) sections(t *loadedTrace, leg *tracer.Leg, s standing) {
	names := exhibit.NameAssets(t.Trace)
	x.tell("What happened", x.happened(t, names, leg)...)
	x.tell("Why it is in the trace", x.why(t, names)...)
	x.tell("Did it happen? Evidence", append(x.evidence(), s.says...)...)
	x.tell("Whose money is it? The rule", x.decided(t, names, leg)...)
	x.tell("What heuristics infer (no fact)", x.foundWords(t, names)...)
	x.tell("What others claim (no fact)", x.claimWords(t)...)
	x.tell("What is not known", x.unknown(names, leg)...)
	for _, s := range x.Sections {
		x.Says = append(x.Says, s.Says...)
	}
}

// happened says what moved, as the chain has it.
func (x *explanation) happened(t *loadedTrace, names *exhibit.Assets, leg *tracer.Leg) []string {
	if onAccounts(leg) {
		says := []string{x.deed(t, names)}
		if reason := x.adoptedBecause(t); reason != "" {
			says = append(says, "The reason that the incident gives: “"+reason+"”")
		}
		return says
	}
	amount := coins(names, leg.Chain, leg.Asset, leg.Units)
	who, did := x.payer(names, leg), "paid "+amount+" to "+x.To
	switch x.Hop.Kind {
	case tracer.HopFee:
		did = "paid a fee of " + amount
	case tracer.HopMixer:
		who, did = strings.Join(slices.Compact(x.From), ", "), "put "+amount+" into "+x.To+", in which heuristics see a mix of several owners"
	}
	return []string{fmt.Sprintf("%s %s, in block %d of %s.", who, did, leg.Height, leg.Time)}
}

// decided says how much is traced under the declared rule, how sure that is, and what the others say.
func (x *explanation) decided(t *loadedTrace, names *exhibit.Assets, leg *tracer.Leg) []string {
	amount := func(a chains.Amount) string { return coins(names, leg.Chain, leg.Asset, a) }
	traced, ok := x.Hop.Traced.Get(x.Rule)
	var says []string
	if given := x.givenWords(names); given != "" {
		says = append(says, given)
	}
	switch {
	case !ok && leg.Asset.IsValuation():
		says = append(says, fmt.Sprintf("Under %s nothing can be said of it: %s.", x.Rule, exhibit.TextValued))
	case !ok:
		says = append(says, fmt.Sprintf("Under %s nothing can be said of it: the rule ends at this transaction.", x.Rule))
	case traced.IsZero():
		says = append(says, fmt.Sprintf("Under %s, the rule that the incident declares, none of it is traced.", x.Rule))
	default:
		says = append(says, fmt.Sprintf("Under %s, the rule that the incident declares, %s of it is traced.", x.Rule, amount(traced)))
	}
	if basis, ok := x.Hop.Basis.Get(x.Rule); ok && !traced.IsZero() {
		says = append(says, "The amount is known "+exhibit.BasisSays(basis)+".")
	}
	if most, least, differ := spread(&x.Hop.Traced, t.Rules); differ {
		says = append(says, fmt.Sprintf("Over the accounting rules it is from %s to %s: the table has each.", amount(least), amount(most)))
	}
	if x.PiecesNot != "" {
		says = append(says, "Of which pieces the rule filled it is not shown: "+x.PiecesNot+".")
	}
	return append(says, potWordsOf(t.Incident.Accounts, leg.Chain), ruleWords(x.Rule))
}

// spread is the largest and the smallest amount over the accounting rules that say anything.
func spread(traced *tracer.Traced, rules []tracer.Rule) (most, least chains.Amount, differ bool) {
	first := true
	for _, r := range rules {
		a, ok := traced.Get(r)
		if !ok || !r.Conserves() {
			continue
		}
		if first {
			most, least, first = a, a, false
		}
		most, least = chains.Max(most, a), chains.Min(least, a)
	}
	return most, least, most != least
}

// evidence says how each leg is known, once where they are known alike, and where the hop's own
// transaction was found.
func (x *explanation) evidence() []string {
	var says []string
	for i := range x.Hop.Legs {
		leg := &x.Hop.Legs[i]
		words := exhibit.EvidenceSays(leg.Evidence, onAccounts(leg))
		if x.Hop.Kind == tracer.HopFee && !onAccounts(leg) {
			words += " A fee stands in no transaction: it follows from the values of what is spent, and is as good as they are."
		}
		if !slices.Contains(says, words) {
			says = append(says, words)
		}
	}
	leg := &x.Hop.Legs[len(x.Hop.Legs)-1]
	if x.Block == nil {
		return says
	}
	place := fmt.Sprintf("It is transaction %s, counted from 0, of block %s (%s)", grouped(int64(x.Block.Index)), grouped(leg.Height), hashText(leg.Chain, x.Block.Hash))
	if x.Block.Proven {
		return append(says, place+": the recording "+x.Whence+" has its bytes and the proof, and both were checked when it was read for this explanation.")
	}
	return append(says, place+", as "+x.Whence+" says.")
}

// potWordsOf says what mixes value on a chain: on one of accounts that is never anything but balances.
func potWordsOf(accounts string, chain chains.Chain) string {
	if chain.Info().Family == chains.FamilyEVM {
		return "The pots are balances: each account's balance in one asset lives on, and value enters and leaves it in chain order; the fee leaves first."
	}
	return potWords(accounts)
}

func potWords(accounts string) string {
	switch accounts {
	case string(tracer.AccountsAddress):
		return "The pots are addresses: what an address received earlier stands before what it received later."
	case string(tracer.AccountsCluster):
		return "The pots are clusters: addresses that a heuristic takes for one owner's (clew cluster --why says by which transactions) count as one, and what one received earlier stands before what another received later. It is named by the address that was met first."
	}
	return "The pot is the transaction: value enters by input, in order, and leaves by output, in order; the fee leaves last."
}

func ruleWords(r tracer.Rule) string {
	switch r {
	case tracer.FIFO:
		return "fifo: the value that entered first leaves first."
	case tracer.LIFO:
		return "lifo: the value that entered last leaves first."
	case tracer.ProRata:
		return "prorata: every lot leaves in proportion; whole units that remain go to the largest fractions."
	case tracer.LIBR:
		return "libr: clean value leaves first, then the traced in order of entry."
	case tracer.PIFO:
		return "pifo: traced value leaves first, in order of entry."
	case tracer.TIHO:
		return "tiho: traced value goes to the largest outputs first."
	case tracer.Poison:
		return "poison: everything after contact is marked; it divides nothing."
	}
	return r.String()
}

// byHand says what to compute of a leg without this program and without trusting a node's word.
func byHand(leg *tracer.Leg) []string {
	if onAccounts(leg) {
		return []string{
			"Keccak-256 over the header's RLP is the block's hash; take the hash from somebody whom you trust (since proof of stake a header shows no work).",
			"The transaction's bytes lie in the trie under the header's transactionsRoot, and the receipt in that under receiptsRoot, at the key RLP(index of the transaction).",
			"The receipt's logs show the tokens that moved; the sender follows from the signature. Calls inside are a node's word: run the transaction again to see them.",
		}
	}
	steps := []string{"SHA-256 twice over the transaction's bytes without witness, the result reversed, is its id."}
	if len(leg.Raw) > 0 {
		steps = append(steps, "SHA-256 once over its bytes with witness is the hash that is given above, and the name of the object in the recording.")
	}
	return append(steps,
		"The id, hashed with each sibling of the branch that gettxoutproof gives (SHA-256 twice, two ids in wire order at a time), leads to the Merkle root in bytes 36 to 68 of the header.",
		"SHA-256 twice over the header of 80 bytes, reversed, is the block's hash (on Litecoin and Dogecoin its work is that of scrypt); compare hash and height with nodes that you trust.",
		"What an input brings is the value of the output that it names: read that transaction in the same way. Fee: inputs less outputs.")
}
