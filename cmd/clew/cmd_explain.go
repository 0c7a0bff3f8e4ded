package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/exhibit"
	"clew/tracer"
)

func explainCommand() *command {
	return &command{
		path: "explain", args: "TRACE HOP", short: "why a hop is in a trace, in words and evidence, and how to check it",
		long: "TRACE is a trace.json, or the id that clew trace printed; HOP is the number of an arrow or a row of schedule A, or a hop's id. Prints the transaction, what entered it and what left it under the declared rule, the evidence, what every rule says, and the commands that check it on a node of one's own.\n\n" +
			"The inputs and outputs that are not traced come from the recording beside the file, from the store, or from --rpc (a node, or recording:DIR). Where none has the transaction, only its traced part is shown, and said to be so.",
		examples: []example{
			{"clew explain report/trace.json 3", "hop 3; the recording beside the file tells the whole transaction"},
			{"clew explain 3f2a9c1e 3 --rpc http://127.0.0.1:8332", "the same from the store, with a node to ask"},
		},
		codes:   []exitCode{codeCheck, codeNoStore, codeStore, codeUnreachable},
		options: rpcFlags(),
		least:   2, most: 2,
		action: runExplain,
	}
}

func runExplain(ctx context.Context, w *world, c *cli.Context) error {
	t, err := loadTrace(ctx, c, c.Args().First())
	if err != nil {
		return err
	}
	h, err := findHop(t, c.Args().Get(1))
	if err != nil {
		return err
	}
	tx, whence, err := wholeTx(ctx, w, c, t, &h.Legs[len(h.Legs)-1])
	if err != nil {
		return fmt.Errorf("read the transaction of hop %d: %w", h.Number, err)
	}
	x := explain(t, h, tx)
	if tx != nil {
		x.Whence = whence
	}
	stands, err := standingOf(ctx, c, t.Trace, &h.Legs[len(h.Legs)-1])
	if err != nil {
		return fmt.Errorf("ask the store for the block of hop %d: %w", h.Number, err)
	}
	x.Main, x.AsOfStands, x.Says = stands.main, stands.asOf, append(x.Says, stands.says...)
	if w.json {
		return writeJSON(w.stdout, x)
	}
	return x.write(newPage(w.stdout), t)
}

// sentences says in words what the tables hold.
func (x *explanation) sentences(t *loadedTrace, leg *tracer.Leg) []string {
	names := exhibit.NameAssets(t.Trace)
	amount := func(a chains.Amount) string { return coins(names, leg.Chain, leg.Asset, a) }
	traced, ok := x.Hop.Traced.Get(x.Rule)
	var says []string
	if onAccounts(leg) {
		says = append(says, x.deed(t, names))
		if given := x.givenWords(names); given != "" {
			says = append(says, given)
		}
	} else {
		who, did := x.payer(names, leg), "paid "+amount(leg.Units)+" to "+x.To
		switch x.Hop.Kind {
		case tracer.HopFee:
			did = "paid a fee of " + amount(leg.Units)
		case tracer.HopMixer:
			who, did = strings.Join(slices.Compact(x.From), ", "), "put "+amount(leg.Units)+" into "+x.To+", in which heuristics see a mix of several owners"
		}
		says = append(says, fmt.Sprintf("%s %s, in block %d of %s.", who, did, leg.Height, leg.Time))
	}
	switch {
	case !ok && leg.Asset.IsValuation():
		says = append(says, fmt.Sprintf("Under %s nothing can be said of it: %s.", x.Rule, exhibit.TextValued))
	case !ok:
		says = append(says, fmt.Sprintf("Under %s nothing can be said of it: the rule ends at this transaction.", x.Rule))
	case traced.IsZero():
		says = append(says, fmt.Sprintf("Under %s, the rule that the incident declares, none of it is traced; it is in the trace because another rule traces it.", x.Rule))
	default:
		says = append(says, fmt.Sprintf("Under %s, the rule that the incident declares, %s of it is traced.", x.Rule, amount(traced)))
	}
	says = append(says, x.evidence()...)
	if basis, ok := x.Hop.Basis.Get(x.Rule); ok && !traced.IsZero() {
		says = append(says, basisWords(basis))
	}
	pots := potWords(t.Incident.Accounts)
	if onAccounts(leg) {
		pots = "The pots are balances: each account's balance in one asset lives on, and value enters and leaves it in chain order; the fee leaves first."
	}
	says = append(says, pots, ruleWords(x.Rule))
	return append(append(says, x.claimWords(t)...), x.foundWords(t, names)...)
}

// evidence says how each leg is known, once where they are known alike.
func (x *explanation) evidence() []string {
	var says []string
	for i := range x.Hop.Legs {
		leg := &x.Hop.Legs[i]
		words := evidenceWords(leg.Evidence, onAccounts(leg))
		if !slices.Contains(says, words) {
			says = append(says, words)
		}
	}
	return says
}

func evidenceWords(evidence string, accounts bool) string {
	if accounts {
		switch evidence {
		case chains.EvidenceProven.String():
			return "The movement is proven: the transaction and what it logged belong to their block by the roots in its header."
		case chains.EvidenceAttested.String():
			return "The movement is attested: a node says so (a call inside of the transaction, or a chain whose headers prove less), and it can be computed again."
		}
	}
	switch evidence {
	case chains.EvidenceProven.String():
		return "The movement is proven: the transaction belongs to its block by the block's Merkle root."
	case chains.EvidenceAttested.String():
		return "The movement is attested: a node says so, and it can be computed again."
	}
	return "The movement is " + evidence + ": somebody's file says so."
}

func basisWords(b tracer.Basis) string {
	switch b {
	case tracer.Whole:
		return "The amount is known whole: nothing else was in any pot on the way."
	case tracer.ByRule:
		return "The amount is known by rule: other money was in a pot on the way, and the accounting convention decided. Another rule may say otherwise."
	case tracer.Conversion:
		return "The amount came through a conversion."
	case tracer.BridgeKey:
		return "The amount came over a bridge, by the protocol's own key."
	case tracer.Inference:
		return "The amount rests on an inference: a heuristic linked two ends."
	case tracer.Adopted:
		return "The amount is adopted: the analyst said so, with a reason."
	}
	return "The amount is known by " + b.String() + "."
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

// checks are commands that show the same on a node of one's own.
func checks(leg *tracer.Leg) []string {
	n := nodeCLIOf(leg.Chain)
	height := fmt.Sprintf("$(%s getblockhash %d)", n.program, leg.Height)
	block := ""
	if n.inBlock {
		block = " " + height
	}
	out := []string{fmt.Sprintf("%s getrawtransaction %s 2%s", n.program, leg.TxID, block)}
	for _, raw := range leg.Raw {
		out = append(out, fmt.Sprintf("%s getrawtransaction %s 0%s | xxd -r -p | sha256sum   # %s", n.program, leg.TxID, block, raw))
	}
	if n.proves {
		out = append(out, fmt.Sprintf("%s gettxoutproof '[\"%s\"]' %s", n.program, leg.TxID, height))
	}
	return out
}

// nodeCLI is how a chain's node is asked by hand.
type nodeCLI struct {
	program string
	inBlock bool // getrawtransaction takes the block, so that no index is needed
	proves  bool // it knows gettxoutproof
}

func nodeCLIOf(chain chains.Chain) nodeCLI {
	for _, c := range []struct {
		chain string // and its test networks
		nodeCLI
	}{
		{"bitcoin-simnet", nodeCLI{"btcctl --simnet", false, false}},
		{"bitcoin-cash", nodeCLI{"bitcoin-cli", true, true}},
		{"bitcoin", nodeCLI{"bitcoin-cli", true, true}},
		{"litecoin", nodeCLI{"litecoin-cli", true, true}},
		{"dogecoin", nodeCLI{"dogecoin-cli", false, true}},
	} {
		network, is := strings.CutPrefix(string(chain), c.chain)
		switch {
		case is && network == "":
			return c.nodeCLI
		case is && network[0] == '-':
			c.program += " " + network // -testnet, -regtest
			return c.nodeCLI
		}
	}
	return nodeCLI{program: "bitcoin-cli", inBlock: true, proves: true}
}

func (x *explanation) write(p *page, t *loadedTrace) error {
	leg, names := &x.Hop.Legs[len(x.Hop.Legs)-1], exhibit.NameAssets(t.Trace)
	p.line("Hop %d (%s) of trace %s", x.Hop.Number, x.Hop.ID, x.Trace)
	p.line("")
	for _, s := range x.Says {
		p.fold(s)
	}
	p.line("")
	p.table("ll", x.whereabouts(leg))
	p.line("")
	if onAccounts(leg) {
		p.line("What moved, in order; > marks this hop")
		x.moved(p, names, leg)
	} else {
		p.line("What entered, by input (%s)%s", symbol(names, leg.Chain, leg.Asset), map[bool]string{true: "; > marks this hop"}[x.Hop.Kind == tracer.HopMixer])
		x.pot(p, names, leg, x.Entered)
		p.line("What left, by output%s", map[bool]string{false: "; > marks this hop"}[x.Hop.Kind == tracer.HopMixer])
		x.pot(p, names, leg, x.Left)
	}
	if !x.Complete {
		p.fold("Only the traced part of the transaction is shown: neither a recording beside the trace nor the store has it whole. --rpc URL or --rpc recording:DIR shows the rest.")
	}
	p.line("")
	p.line("What every rule says of this hop%s", map[bool]string{true: ", in " + symbol(names, leg.Chain, leg.Asset)}[onAccounts(leg)])
	x.rules(p, names, t, leg)
	p.line("")
	x.next(p, names, leg)
	if onAccounts(leg) {
		p.line("Check it on a node of your own")
	} else if nodeCLIOf(leg.Chain).inBlock {
		p.line("Check it on a node of your own (with -txindex=1 the block may be left out)")
	} else {
		p.line("Check it on a node of your own, with an index of transactions (-txindex=1)")
	}
	for _, line := range x.Check {
		p.line("  %s", line)
	}
	return p.flush()
}

// whereabouts names the transaction that is shown, and that of the other leg.
func (x *explanation) whereabouts(leg *tracer.Leg) [][]string {
	name := func(l *tracer.Leg) string { return hashText(l.Chain, l.TxID) }
	rows := [][]string{{"transaction", name(leg)}, {"block", grouped(leg.Height) + ", " + leg.Time}, {"chain", string(leg.Chain)}}
	if first := &x.Hop.Legs[0]; first.TxID != leg.TxID {
		rows = append(rows, []string{"given in", name(first)}, []string{"block", grouped(first.Height) + ", " + first.Time}, []string{"chain", string(first.Chain)})
	}
	return rows
}

func (x *explanation) pot(p *page, names *exhibit.Assets, leg *tracer.Leg, entries []potEntry) {
	rows := [][]string{{"", "", "value", "traced " + x.Rule.String(), "", ""}}
	for _, e := range entries {
		mark, value, traced := " ", "not known", "-"
		if e.This {
			mark = ">"
		}
		if e.Units != nil {
			value = number(names, leg.Chain, leg.Asset, *e.Units)
		}
		if a, ok := e.Traced.Get(x.Rule); ok {
			traced = number(names, leg.Chain, leg.Asset, a)
		}
		refs := strings.Join(e.Refs, ", ")
		if refs == "" {
			refs = "not traced"
		}
		rows = append(rows, []string{mark, e.Position, value, traced, refs, orElse(e.Address, e.OutPoint)})
	}
	p.table("lrrrll", rows)
}

func orElse(value, instead string) string { return or(value, short(instead)) }

func (x *explanation) rules(p *page, names *exhibit.Assets, t *loadedTrace, leg *tracer.Leg) {
	rows := [][]string{{"rule", "traced", "basis"}}
	for _, r := range t.Rules {
		amount, basis := "-", "the rule ends here"
		switch {
		case leg.Asset.IsValuation():
			basis = "poison only"
		case r == tracer.TIHO && onAccounts(leg):
			basis = "a rule of outputs"
		}
		if a, ok := x.Hop.Traced.Get(r); ok {
			amount, basis = number(names, leg.Chain, leg.Asset, a), "-"
			if b, ok := x.Hop.Basis.Get(r); ok {
				basis = b.String()
			}
		}
		rows = append(rows, []string{r.String(), amount, basis})
	}
	p.table("lrl", rows)
}

// next says what became of the value.
func (x *explanation) next(p *page, names *exhibit.Assets, leg *tracer.Leg) {
	var hops, ends []string
	for _, n := range x.Next {
		switch {
		case n.Hop > 0:
			hops = append(hops, fmt.Sprint(n.Hop))
		case n.Note != "":
			ends = append(ends, string(n.Reason)+" ("+plainSpaces(exhibit.Visible(names.InCoins(leg.Chain, n.Note)))+")")
		default:
			ends = append(ends, string(n.Reason))
		}
	}
	if len(hops) > 0 {
		p.fold("It went on in hop " + strings.Join(hops, ", ") + ".")
	}
	if len(ends) > 0 {
		p.fold("It ended here: " + strings.Join(ends, "; ") + ".")
	}
	if len(hops)+len(ends) > 0 {
		p.line("")
	}
}
