package bundle

import (
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// say sorts what the trace says by how it is known. Amounts are not evidence: which part of a
// movement is traced follows from a convention, however well the movement is proven.
func (v *verifier) say() {
	if v.trace == nil {
		return
	}
	v.sayEvidence()
	v.sayWord()
	v.sayConventions()
	v.sayInferred()
	v.sayClaimed()
	v.sayLimits()
}

// group counts legs of hops that share something.
type group struct {
	key   string
	legs  int
	hops  []int
	chain chains.Chain
}

// maxNamed is how many hops are named where a group is not most of the trace.
const maxNamed = 100

func (g *group) said(what string, all int) Said {
	s := Said{What: what, Movements: g.legs}
	if len(g.hops) <= maxNamed && 2*len(g.hops) < all {
		s.Hops = g.hops
	}
	return s
}

// groups sorts the legs of all hops by what key says, in the order in which they are met; "" is none.
func (v *verifier) groups(key func(h *tracer.Hop, leg *tracer.Leg) string) []group {
	var list []group
	at := map[string]int{}
	for i := range v.trace.Hops {
		h := &v.trace.Hops[i]
		for k := range h.Legs {
			name := key(h, &h.Legs[k])
			if name == "" {
				continue
			}
			n, met := at[name]
			if !met {
				n, at[name] = len(list), len(list)
				list = append(list, group{key: name, chain: h.Legs[k].Chain})
			}
			g := &list[n]
			if g.legs++; len(g.hops) == 0 || g.hops[len(g.hops)-1] != h.Number {
				g.hops = append(g.hops, h.Number)
			}
		}
	}
	return list
}

func (v *verifier) sayEvidence() {
	all := len(v.trace.Hops)
	for _, g := range v.groups(func(_ *tracer.Hop, leg *tracer.Leg) string { return leg.Evidence + " " + string(leg.Chain) }) {
		switch evidence, _, _ := strings.Cut(g.key, " "); evidence {
		case chains.EvidenceProven.String():
			v.out.Proven = append(v.out.Proven, g.said(v.provenWords(g.chain), all))
		case chains.EvidenceAttested.String():
			v.out.Attested = append(v.out.Attested, g.said(attestedWords(g.chain), all))
		default:
			v.out.Imported = append(v.out.Imported, g.said(fmt.Sprintf("on %s, as an imported file says", g.chain), all))
		}
	}
}

func (v *verifier) provenWords(chain chains.Chain) string {
	c := v.chains[chain]
	if c == nil {
		return "on " + string(chain) + ": said to be proven, and nothing of it is recorded"
	}
	m := &c.r.Manifest
	if chain.Info().Family == chains.FamilyEVM {
		return fmt.Sprintf("on %s: transactions and receipts in the tries of %d headers between blocks %d and %d, signatures of their senders", chain, len(c.headers), m.From, m.To)
	}
	return fmt.Sprintf("on %s: transactions by their bytes and their branches to %d headers, blocks %d to %d", chain, len(c.headers), m.From, m.AsOf.Height)
}

func attestedWords(chain chains.Chain) string {
	if chain.Info().Family == chains.FamilyEVM {
		return fmt.Sprintf("on %s, inside of calls or by contracts: the word of the node that was asked", chain)
	}
	return fmt.Sprintf("fees on %s that hang on the value of an output of which nobody recorded the transaction", chain)
}

// sayWord says what else is somebody's word, beside movements.
func (v *verifier) sayWord() {
	for _, chain := range v.order {
		c := v.chains[chain]
		if n := c.attested[0]; n > 0 {
			v.out.Attested = append(v.out.Attested, Said{What: fmt.Sprintf("values of %d spent outputs on %s (of %d): they decide how pots are divided, and which fees there are", n, chain, n+c.attested[1])})
		}
		if chain.Info().Family == chains.FamilyEVM {
			v.out.Attested = append(v.out.Attested, Said{What: fmt.Sprintf("what accounts on %s held and are, and what tokens say of themselves: the word of the node that was asked", chain)})
			v.out.Attested = append(v.out.Attested, Said{What: fmt.Sprintf("the numbers of logs in their blocks on %s, where other transactions stand before theirs: that the log is the transaction's, and which of them, is proven", chain)})
		}
		if c.unfixed > 0 {
			v.out.Attested = append(v.out.Attested, Said{What: fmt.Sprintf("the depth of the tree of transactions in %d blocks of %s, which no coinbase fixes here: a forged leaf would take some 2^70 hashes", c.unfixed, chain)})
		}
	}
	v.sayIncident()
}

// sayIncident says what is the word of whoever wrote the incident or ran the program.
func (v *verifier) sayIncident() {
	t := v.trace
	add := func(format string, args ...any) {
		v.out.Attested = append(v.out.Attested, Said{What: fmt.Sprintf(format, args...)})
	}
	add("that what %s received was stolen, and from whom: the incident's own word", counted(len(t.Seeds), "seed"))
	if n := v.opt.Beside; n != nil {
		for _, what := range n(v.b) {
			add("%s: the incident's own word", what)
		}
	}
	if set, err := v.b.Settings(); err == nil {
		if set.From != "" {
			add("that nothing before block %s matters: whoever traced chose it (--from)", printable(set.From))
		}
		if set.LabelAsOf != "" {
			add("that labels are asked as of %s: whoever traced chose it (--label-as-of)", printable(set.LabelAsOf))
		}
	}
	add("that clew %s (%s) made the trace: the bundle's own word; what was run again here ran with %s (%s)", or(printable(t.Tool.Version), "of no version"), or(printable(t.Tool.Commit), "no commit"), or(v.opt.Tool.Version, "no version"), or(v.opt.Tool.Commit, "no commit"))
}

func (v *verifier) sayConventions() {
	add := func(format string, args ...any) {
		v.out.Rules = append(v.out.Rules, Said{What: fmt.Sprintf(format, args...)})
	}
	t := v.trace
	var others []string
	for _, r := range t.Rules {
		if r != t.Incident.Rule {
			others = append(others, r.String())
		}
	}
	add("every traced amount follows the rule %s, declared with the reason: %q; beside it the trace says what %s give", t.Incident.Rule, t.Incident.RuleReason, strings.Join(others, ", "))
	add("pots are %s (accounts: %s); inputs enter by index, outputs leave by index, the fee last", map[string]string{
		string(tracer.AccountsOutput): "transactions, or balances on chains of accounts", string(tracer.AccountsAddress): "addresses", string(tracer.AccountsCluster): "clusters of addresses",
	}[t.Incident.Accounts], t.Incident.Accounts)
	if len(t.Through) > 0 {
		add("the trace goes on through mixes: %s", strings.Join(t.Through, ", "))
	}
	if len(t.Without) > 0 {
		add("the trace does without %s", strings.Join(t.Without, ", "))
	}
	for _, g := range v.groups(func(h *tracer.Hop, _ *tracer.Leg) string {
		if b, ok := h.Basis.Get(t.Incident.Rule); ok {
			return b.String()
		}
		return ""
	}) {
		s := g.said(basisWords(g.key), len(t.Hops))
		if g.key == tracer.Inference.String() || g.key == tracer.Adopted.String() {
			v.out.Inferred = append(v.out.Inferred, s)
		} else {
			v.out.Rules = append(v.out.Rules, s)
		}
	}
}

func basisWords(basis string) string {
	switch basis {
	case "whole":
		return "amounts that no rule divides: nothing clean lay in any pot on the way (basis whole)"
	case "rule":
		return "amounts that the rule divides from others in a pot (basis rule)"
	case "conversion":
		return "amounts behind a swap, in proportion to what was given (basis conversion)"
	case "bridge-key":
		return "amounts behind a bridge whose both sides name one key (basis bridge-key)"
	case "inference":
		return "amounts behind a mix that the trace goes through (basis inference)"
	case "adopted":
		return "amounts behind what the analyst adopted, with a reason in the incident (basis adopted)"
	}
	return "amounts of basis " + basis
}

func (v *verifier) sayInferred() {
	type key struct{ heuristic, version, wrong string }
	count := map[key]int{}
	var order []key
	for i := range v.trace.Findings {
		f := &v.trace.Findings[i]
		wrong := "its error was not measured"
		if e := f.Error; e != nil {
			wrong = fmt.Sprintf("%s in %d of %d on %s", or(e.What, "wrong"), e.Hits, e.N, e.MeasuredOn)
		}
		k := key{f.Heuristic, f.Version, wrong}
		if count[k]++; count[k] == 1 {
			order = append(order, k)
		}
	}
	for _, k := range order {
		v.out.Inferred = append(v.out.Inferred, Said{What: fmt.Sprintf("%s, version %s: %s; %s", k.heuristic, k.version, counted(count[k], "finding"), k.wrong)})
	}
	if n := len(v.trace.Candidates); n > 0 {
		v.out.Inferred = append(v.out.Inferred, Said{What: fmt.Sprintf("candidates for the way out of %s to a mixer: no value goes that way but where the incident adopts it", counted(n, "deposit"))})
	}
}

func (v *verifier) sayClaimed() {
	count := map[string]int{}
	var order []string
	for i := range v.trace.Nodes {
		n := &v.trace.Nodes[i]
		if n.Label == "" || n.Address == "" {
			continue
		}
		if count[n.Label]++; count[n.Label] == 1 {
			order = append(order, n.Label)
		}
	}
	for _, label := range order {
		v.out.Claimed = append(v.out.Claimed, Said{What: fmt.Sprintf("%s named by %s", counted(count[label], "address"), label)})
	}
	for i := range v.trace.Assets {
		if a := &v.trace.Assets[i]; a.Claimed {
			v.out.Claimed = append(v.out.Claimed, Said{What: fmt.Sprintf("that token %s on %s is called %q and has %d decimals: its contract's word", a.Asset, a.Chain, a.Symbol, a.Decimals)})
		}
	}
}

// sayLimits says what no verification of a bundle can show.
func (v *verifier) sayLimits() {
	family := func(f chains.Family) bool {
		return slices.ContainsFunc(v.order, func(c chains.Chain) bool { return c.Info().Family == f })
	}
	if family(chains.FamilyEVM) {
		v.note("headers of chains of accounts carry no work that could be checked here: one that was invented whole, with transactions, receipts and calls that fit it, is found by a hash that you trust or a node of your own (--trust, --rpc), and by nothing in this bundle")
	}
	if family(chains.FamilyBitcoin) {
		v.note("work shows what it costs to make the headers, not that they are on the main chain, nor that the first of them has the height that is said")
	}
	if !v.looked {
		v.note("that nothing is missing: what was not recorded does not show")
	}
	v.note("that heuristics, labels and adopted candidates are right; that the rule declared is the one to apply")
	if n := len(v.trace.Gaps); n > 0 {
		v.note("the trace itself lists %s: what it did not read or did not understand", counted(n, "gap"))
	}
	if v.out.Signed != nil && v.out.Signed.State == NotChecked {
		v.note("it carries a signature that names key %s, not checked: --key FILE checks it; until then nobody is known to have signed", v.out.Signed.KeyID)
	}
}

// or returns text, or other where it is empty.
func or(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// counted writes a number with its noun.
func counted(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "s"):
		return fmt.Sprintf("%d %ses", n, noun)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
