package screen

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"clew/labels"
)

// The tables are data: a row for each word, with a sentence why.
//
//go:embed tables/categories.csv
var categoriesTable string

//go:embed tables/confidence.csv
var confidenceTable string

// grave orders the categories: of several the first decides. What a state names comes before what
// was done, that before who pools or mixes value, and what only names somebody last.
var grave = [...]Category{
	Sanctioned, Terrorism, Stolen, Ransomware, Darknet, Fraud, Illicit, Frozen,
	Mixer, Gambling, Bridge, Exchange, Service, Mining, Contract, Unmoved, Other, Unknown,
}

// gravity is the place of c in grave; what is not there counts as unknown.
func (c Category) gravity() int {
	if i := slices.Index(grave[:], c); i >= 0 {
		return i
	}
	return len(grave) - 1
}

// Explains reports whether value is explained that comes from somebody of category c, or goes there. A
// person's name, or a contract's through which value passed, explains nothing.
func (c Category) Explains() bool {
	return c != Contract && c != Other && c != Unmoved && c != Unknown && c != ""
}

// keeps reports whether who is of category c keeps value of many owners.
func (c Category) keeps() bool {
	return slices.Contains([]Category{Darknet, Mixer, Gambling, Bridge, Exchange, Service, Mining}, c)
}

// Meaning is a row of the table of categories.
type Meaning struct {
	Word     string
	Category Category
	Why      string
}

var meanings = sync.OnceValue(func() []Meaning {
	var out []Meaning
	for _, row := range tableRows(categoriesTable) {
		out = append(out, Meaning{row[0], Category(row[1]), row[2]})
	}
	return out
})

// Meanings returns the table by which words of sources become categories, in its order.
func Meanings() []Meaning { return slices.Clone(meanings()) }

var categoryByWord = sync.OnceValue(func() map[string]Category {
	out := map[string]Category{}
	for _, m := range meanings() {
		out[m.Word] = m.Category
	}
	return out
})

var levelByWord = sync.OnceValue(func() map[string]int {
	out := map[string]int{}
	for _, row := range tableRows(confidenceTable) {
		level, err := strconv.Atoi(row[1])
		if err != nil {
			panic(fmt.Sprintf("table of confidence: %v", err))
		}
		out[row[0]] = level
	}
	return out
})

// tableRows reads an embedded table without its header. It panics where the program was built with a
// broken one, which its tests read.
func tableRows(text string) [][]string {
	r := csv.NewReader(strings.NewReader(text))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		panic(fmt.Sprintf("table of screening: %v", err))
	}
	return rows[1:]
}

// CategoriesSHA256 is the hash, hex, of the tables by which words of sources become categories and
// levels of confidence.
var CategoriesSHA256 = sync.OnceValue(func() string {
	sum := sha256.Sum256([]byte(categoriesTable + "\x00" + confidenceTable))
	return hex.EncodeToString(sum[:])
})

// CategoryOf derives the category of a label: the gravest that the source's own words of it say
// (category, abuse, concepts). Where these say no more than that it is a service, or that it is
// somebody, the words for its actor refine them, and where nothing was said at all, the title of its
// edition. Other, where no word is known.
func CategoryOf(l *labels.Label) Category {
	said := gravestOf(l.Category, l.Abuse)
	said = moreGrave(said, gravestOf(l.Concepts...))
	if said != "" && said != Service && said != Other {
		return said
	}
	said = moreGrave(said, gravestOf(l.OfActor...))
	if said == "" && l.Edition != nil {
		said = gravestOf(l.Edition.Title)
	}
	return cmp.Or(said, gravestOf(string(l.Kind)), Other)
}

// KnowsWord reports whether the table of categories has a word; upper case and spaces do not matter.
func KnowsWord(word string) bool {
	_, ok := categoryByWord()[plainWord(word)]
	return ok
}

// gravestOf returns the gravest category that words have; "" where none is known.
func gravestOf(words ...string) (out Category) {
	for _, word := range words {
		if c, ok := categoryByWord()[plainWord(word)]; ok {
			out = moreGrave(out, c)
		}
	}
	return out
}

// moreGrave returns the graver of two categories, of which "" is none.
func moreGrave(a, b Category) Category {
	if a == "" || b != "" && b.gravity() < a.gravity() {
		return b
	}
	return a
}

// plainWord is how a source's word stands in the tables.
func plainWord(word string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimSpace(word)), " ", "_")
}

// levelOf returns the level of confidence of a source's word, or number.
func levelOf(word string) int {
	if n, err := strconv.Atoi(word); err == nil {
		return min(max(n, 0), 100)
	}
	return levelByWord()[plainWord(word)]
}
