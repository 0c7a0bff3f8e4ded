package exhibit

import (
	"fmt"
	"html/template"
	"regexp"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// ground is on what it rests that a branch ends as its reason says.
type ground uint8

const (
	groundChain   ground = iota // what the chain shows, or a limit of the trace
	groundClaim                 // what the incident, a list or a label says of the address
	groundMix                   // a heuristic takes the transaction for a mix
	groundDeposit               // a heuristic takes the address for a service's deposit address
	numGrounds
)

// short follows a reason in a narrow column.
func (g ground) short() string {
	return [numGrounds]string{"", ", claimed", ", inferred", ", deposit inferred"}[g]
}

// groundOf says on what the reason of an endpoint rests, and which findings say so, by number.
func (f *Findings) groundOf(e *tracer.Endpoint) (ground, []int) {
	i, ok := f.nodes[e.Node]
	if !ok {
		return groundChain, nil
	}
	n := &f.t.Nodes[i]
	if g := f.mix(n); g != nil && e.Reason == tracer.ReasonMixer {
		return groundMix, []int{f.Number(g)}
	}
	claimable := e.Reason == tracer.ReasonService || e.Reason == tracer.ReasonMixer || e.Reason == tracer.ReasonBridge
	if deposits := f.deposits(n); len(deposits) > 0 && !claimable {
		return groundDeposit, deposits
	}
	if claimable && claimed(n) {
		return groundClaim, nil
	}
	return groundChain, nil
}

// groundsOf says of endpoints of one reason, indexes, on whose word it is: ", inferred", ", partly
// claimed"; "" where the chain shows it of all.
func (f *Findings) groundsOf(endpoints []int) string {
	var n [numGrounds]int
	for _, i := range endpoints {
		g, _ := f.groundOf(&f.t.Endpoints[i])
		n[g]++
	}
	words := ""
	for g := numGrounds - 1; g > groundChain; g-- {
		switch said := strings.TrimPrefix(g.short(), ", "); {
		case n[g] == len(endpoints):
			return ", " + said
		case n[g] > 0:
			words += ", partly " + said
		}
	}
	return words
}

// Ends says in a narrow column why a branch ends and whether that is claimed or inferred, and points
// at the findings that infer it; "" where none does.
func (f *Findings) Ends(e *tracer.Endpoint) (reason, where string) {
	g, found := f.groundOf(e)
	if len(found) > 0 {
		where = refer(found)
	}
	return string(e.Reason) + g.short(), where
}

// deposits are the findings, by number, that take the address of a node for a deposit address.
func (f *Findings) deposits(n *tracer.Node) []int {
	var out []int
	for _, g := range f.About(n) {
		if family(g.Heuristic) == depositAddress && g.Addresses[0] == n.Address {
			out = append(out, f.Number(g))
		}
	}
	return out
}

// why is what schedules tell apart of the ends of branches.
type why struct {
	reason tracer.Reason
	chain  chains.Chain
	ground ground
}

// words say why a branch ends and on whose word, in the middle of a sentence.
func (w why) words() string {
	switch w.ground {
	case groundMix:
		return "in what a heuristic takes for a CoinJoin"
	case groundDeposit:
		return "at what a heuristic takes for a deposit address of a service"
	case groundClaim:
		return reasonWords(w.reason, w.chain) + ", as is claimed"
	}
	return reasonWords(w.reason, w.chain)
}

// process says what legal process could add there.
func (w why) process() string {
	switch w.ground {
	case groundMix:
		return "If it is a CoinJoin, the chain alone does not tell which of its equal outputs belongs to whom; change may be told apart (schedule D). Records of a coordinator, of wallets or of seized computers may."
	case groundDeposit:
		return "If the heuristic is right, the service can tell whose deposit address it is, and may be able to hold what lies there. If it is wrong, the address is anybody’s."
	case groundClaim:
		return "If the claim is right (schedule D says whose it is): " + lower(process(w.reason, w.chain))
	}
	return process(w.reason, w.chain)
}

// mostNumbers is how many findings a sentence names.
const mostNumbers = 3

// refer points at findings: "finding 1", "findings 1, 4 and 7", "findings 1, 4, 7, with 9 more".
func refer(numbers []int) string {
	if len(numbers) == 1 {
		return fmt.Sprintf("finding %d", numbers[0])
	}
	var parts []string
	shown, more := cut(numbers, mostNumbers)
	for _, n := range shown {
		parts = append(parts, fmt.Sprint(n))
	}
	if more > 0 {
		return "findings " + strings.Join(parts, ", ") + ", with " + groupThousands(fmt.Sprint(more)) + " more"
	}
	return "findings " + series(parts)
}

// references are places of a report as its sentences name them.
var references = regexp.MustCompile(`\b(findings? )([0-9]+)((?:, [0-9]+)*)((?: and [0-9]+)?)|\b(schedule )([A-G])\b`)

// linked is a sentence of the report as HTML, in which the findings and schedules that it names are links.
func linked(text string) template.HTML {
	number := regexp.MustCompile(`[0-9]+`)
	return template.HTML(references.ReplaceAllStringFunc(template.HTMLEscapeString(text), func(found string) string { // #nosec G203 escaped, and links of ours
		if name, of := strings.CutPrefix(found, "schedule "); of {
			return `<a href="#` + strings.ToLower(name) + `">` + found + `</a>`
		}
		return number.ReplaceAllStringFunc(found, func(n string) string { return `<a href="#finding` + n + `">` + n + `</a>` })
	}))
}

// lower begins a sentence in the middle of another.
func lower(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToLower(s[:1]) + s[1:]
}
