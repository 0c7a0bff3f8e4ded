package labels

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"sync"

	"clew/chains"
)

// kindsTable and chainsTable are data: a row for each word, with a sentence why.
//
//go:embed tables/kinds.csv
var kindsTable string

//go:embed tables/chains.csv
var chainsTable string

// Meaning is a row of the table of kinds.
type Meaning struct {
	Word string
	Kind Kind
	Why  string
}

// chainWord is a row of the table of chains.
type chainWord struct {
	chains []chains.Chain
	keep   bool
}

var meanings = sync.OnceValue(func() []Meaning {
	var out []Meaning
	for _, row := range tableRows(kindsTable) {
		out = append(out, Meaning{row[0], Kind(row[1]), row[2]})
	}
	return out
})

// Meanings returns the table of kinds, in its order.
func Meanings() []Meaning { return slices.Clone(meanings()) }

var kindByWord = sync.OnceValue(func() map[string]Kind {
	out := map[string]Kind{}
	for _, m := range meanings() {
		out[m.Word] = m.Kind
	}
	return out
})

var chainByWord = sync.OnceValue(func() map[string]chainWord {
	out := map[string]chainWord{}
	for _, row := range tableRows(chainsTable) {
		w := chainWord{keep: row[2] == "yes"}
		for name := range strings.FieldsSeq(row[1]) {
			w.chains = append(w.chains, chains.Chain(name))
		}
		out[row[0]] = w
	}
	return out
})

// tableRows reads an embedded table without its header. It panics where the program was built
// with a broken one, which its tests read.
func tableRows(text string) [][]string {
	r := csv.NewReader(strings.NewReader(text))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		panic(fmt.Sprintf("table of labels: %v", err))
	}
	return rows[1:]
}

// chainsOf returns the chains that a source's word means, in the order in which an address is
// tried, and whether an address of none of them is kept as written. The program's own names of
// chains count too; any other word is of a chain that is not known.
func chainsOf(word string) (tried []chains.Chain, keep bool) {
	if w, ok := chainByWord()[strings.ToUpper(word)]; ok {
		return w.chains, w.keep
	}
	if c, err := chains.ParseChain(word); err == nil {
		return []chains.Chain{c}, false
	}
	return nil, true
}

// KindOf derives the kind from a source's words. What an address is (its category) comes before
// what was done there (the abuse), since value that reaches a mixer is in a mixer, whoever runs
// it; of words that say neither, the concepts' count in order, and the categories of its actor
// last. Upper case and spaces do not matter.
func KindOf(category, abuse string, concepts, ofActor []string) Kind {
	words := kindByWord()
	kind := func(word string) Kind {
		return words[normal(word)]
	}
	if k := kind(category); k.holds() {
		return k
	}
	best := Kind("")
	for _, word := range slices.Concat([]string{abuse}, concepts, []string{category}, ofActor) {
		if k := kind(word); k != "" && (best == "" || best == Other) {
			best = k
		}
	}
	if best == "" {
		return Other
	}
	return best
}

// normal is how a source's word stands in the table of kinds.
func normal(word string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimSpace(word)), " ", "_")
}

// Known reports whether the table of kinds has a word; upper case and spaces do not matter.
func Known(word string) bool {
	_, ok := kindByWord()[normal(word)]
	return ok
}

// ends reports whether a trace ends at an address of kind k.
func (k Kind) ends() bool { return k == Service || k == Mixer || k == Bridge }

// holds reports whether k says what an address is, and not what was done there or by whom.
func (k Kind) holds() bool {
	return slices.Contains([]Kind{Service, Mixer, Bridge, Pool, Contract}, k)
}
