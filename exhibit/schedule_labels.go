package exhibit

import (
	"regexp"
	"strconv"
	"strings"
)

// labelRows are what others claim of addresses as a table: a row a claim, those of one address side by
// side, which they contradict or not.
func labelRows(r *register, _ []Run) [][]string {
	rows := [][]string{{"place", "address", "chain", "taken_for", "entities", "claim", "of", "says", "source", "retrieved", "hops", "endpoints"}}
	hops, ends := r.timesAt()
	for i := range r.t.Nodes {
		n := &r.t.Nodes[i]
		if !claimed(n) {
			continue
		}
		claims := claimsOf(n.Label)
		for k, c := range claims {
			rows = append(rows, []string{r.names[i], n.Address, string(n.Chain), string(n.Kind), n.Entity, strconv.Itoa(k + 1), strconv.Itoa(len(claims)),
				c.says, c.source, c.retrieved, strconv.Itoa(hops[n.ID]), strconv.Itoa(ends[n.ID])})
		}
	}
	return rows
}

// timesAt counts, by node, the hops that lead there and the endpoints there.
func (r *register) timesAt() (hops, ends map[string]int) {
	hops, ends = map[string]int{}, map[string]int{}
	for i := range r.t.Hops {
		legs := r.t.Hops[i].Legs
		hops[legs[len(legs)-1].To]++
	}
	for i := range r.t.Endpoints {
		ends[r.t.Endpoints[i].Node]++
	}
	return hops, ends
}

// claim is one label as a trace writes it: what it says, and, in parentheses at its end, whose word that
// is and when it was retrieved. What the incident itself says is its source alone.
type claim struct{ says, source, retrieved string }

// betweenLabels is where one label ends and the next begins: each ends with the day of its source.
var betweenLabels = regexp.MustCompile(`, retrieved ([0-9]{4}-[0-9]{2}-[0-9]{2})\)(; |$)`)

// claimsOf takes apart what a node carries of all labels of its address.
func claimsOf(label string) []claim {
	var out []claim
	for {
		at := betweenLabels.FindStringSubmatchIndex(label)
		if at == nil {
			break
		}
		one := claim{says: label[:at[0]], retrieved: label[at[2]:at[3]]}
		if open := openAt(one.says); open > 0 {
			one.says, one.source = strings.TrimSpace(one.says[:open]), one.says[open+1:]
		}
		out = append(out, one)
		label = label[at[1]:]
	}
	if label != "" || len(out) == 0 {
		out = append(out, claim{source: label})
	}
	return out
}

// openAt finds the parenthesis that text, which stops before its last closing one, leaves open; −1 for
// none.
func openAt(text string) int {
	depth := 0
	for i := len(text) - 1; i >= 0; i-- {
		switch text[i] {
		case ')':
			depth++
		case '(':
			if depth == 0 {
				return i
			}
			depth--
		}
	}
	return -1
}
