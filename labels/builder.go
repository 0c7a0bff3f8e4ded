package labels

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"clew/chains"
)

// builder gathers what one edition says.
type builder struct {
	codec   Codec
	edition Edition
	claims  map[string]int // by what they say
	list    []Claim
	keys    []string // of list
	rows    []row
	actors  []Actor
	report  Report
	told    map[string]bool // remarks that were made, by line and text
}

// row is a label as the builder has it.
type row struct {
	chain, address, text, context, raw, written string
	claim                                       int
}

// said is a label as an importer read it.
type said struct {
	claim         Claim
	address       string // as written
	text, context string
	raw           string // the source's entry, with the address as written
	line          int
}

// errNUL refuses what a pack uses for itself, and no text holds.
var errNUL = errors.New("the entry holds a NUL")

func newBuilder(codec Codec, e Edition) *builder {
	return &builder{codec: codec, edition: e, claims: map[string]int{}, told: map[string]bool{}}
}

// remark reports m once, also where it is of a header, or of what several entries refer to.
func (b *builder) remark(m Remark) {
	if key := strconv.Itoa(m.Line) + m.What; !b.told[key] {
		b.told[key], b.report.Remarks = true, append(b.report.Remarks, m)
	}
}

// add takes a label, or refuses it in the report.
func (b *builder) add(s *said) {
	if err := b.take(s); err != nil {
		b.report.refuse(s.line, s.address, err)
	}
}

func (b *builder) take(s *said) error {
	if strings.ContainsAny(s.raw+s.address, placeholder) {
		return errNUL
	}
	// White space around an address is no part of it, also where a source publishes it so.
	chain, a, err := b.locate(s.claim.Asset, s.claim.Network, strings.TrimSpace(s.address))
	if err != nil {
		return err
	}
	if len(a) > maxAddress {
		return fmt.Errorf("an address of %d bytes is too long", len(a))
	}
	if c := &s.claim; !c.ValidTo.IsZero() && !c.ValidFrom.Before(c.ValidTo) {
		return fmt.Errorf("it is said to begin on %s and to have ended by %s: no time is left", date(c.ValidFrom), date(c.ValidTo))
	}
	claim, err := b.claimNo(&s.claim)
	if err != nil {
		return err
	}
	r := row{
		chain: chain, address: a, text: s.text, context: s.context, claim: claim,
		raw: strings.ReplaceAll(s.raw, s.address, placeholder), written: b.spelling(chain, a, s.address),
	}
	b.rows = append(b.rows, r)
	return nil
}

// spelling returns how text differs from what the codec writes for a.
func (b *builder) spelling(chain, a, text string) string {
	if strings.HasPrefix(chain, foreignMark) {
		return ""
	}
	switch canonical := b.codec.FormatAddress(chains.Chain(chain), chains.Address(a)); text {
	case canonical:
		return ""
	case strings.ToLower(canonical):
		return lowered
	}
	return text
}

// locate finds the chain that the words of a source mean: that of the network where it names one,
// else that of the asset. Where the table names several, the first on which text is an address.
func (b *builder) locate(asset, network, text string) (chain, a string, err error) {
	word := cmp.Or(network, asset)
	if word == "" {
		return "", "", errors.New("on which chain? The entry names neither currency nor network")
	}
	if text == "" {
		return "", "", errors.New("the address is empty")
	}
	tried, keep := chainsOf(word)
	for _, c := range tried {
		key, parseErr := b.codec.ParseAddress(c, text)
		if parseErr == nil {
			return string(c), string(key), nil
		}
		err = cmp.Or(err, parseErr)
	}
	if !keep {
		return "", "", err
	}
	return foreignMark + word, text, nil
}

// claimNo returns the number of a claim.
func (b *builder) claimNo(c *Claim) (int, error) {
	key := claimKey(c)
	n, ok := b.claims[key]
	if ok {
		return n, nil
	}
	if strings.Count(key, placeholder) != len(claimTexts(c))+len(claimTimes(c))-1 {
		return 0, errNUL
	}
	n = len(b.list)
	b.claims[key], b.list, b.keys = n, append(b.list, *c), append(b.keys, key)
	return n, nil
}

// claimKey writes a claim so that equal ones are equal texts, which sort the same everywhere.
func claimKey(c *Claim) string {
	parts := claimTexts(c)
	for _, t := range claimTimes(c) {
		parts = append(parts, strconv.Itoa(t))
	}
	return strings.Join(parts, placeholder)
}

func claimTexts(c *Claim) []string {
	return []string{c.Actor, c.Category, c.Abuse, strings.Join(c.Concepts, "\n"), c.Source, c.Confidence, c.ClusterDefiner, c.Asset, c.Network}
}

func claimTimes(c *Claim) []int {
	return []int{packedTime(c.LastMod), packedTime(c.ValidFrom), packedTime(c.ValidTo)}
}

// pack writes what was gathered. The same rows that are there twice count once.
func (b *builder) pack() (*Pack, Report, error) {
	slices.SortFunc(b.rows, func(x, y row) int {
		return cmp.Or(strings.Compare(x.chain, y.chain), strings.Compare(x.address, y.address), strings.Compare(b.keys[x.claim], b.keys[y.claim]),
			strings.Compare(x.text, y.text), strings.Compare(x.context, y.context), strings.Compare(x.raw, y.raw), strings.Compare(x.written, y.written))
	})
	all := len(b.rows)
	b.rows = slices.Compact(b.rows)
	b.report.Labels, b.report.Repeated = len(b.rows), all-len(b.rows)
	slices.SortStableFunc(b.actors, func(x, y Actor) int { return strings.Compare(x.ID, y.ID) })
	b.report.Actors = len(b.actors)
	b.report.Words = b.words()
	w := &packer{texts: map[string]int{}}
	body := b.body(w)
	head, err := json.Marshal(&b.edition)
	if err != nil {
		return nil, Report{}, fmt.Errorf("write the edition: %w", err)
	}
	out := &packer{out: []byte(packMagic)}
	out.number(len(head))
	out.out = append(out.out, head...)
	out.number(len(w.order))
	for _, s := range w.order {
		out.number(len(s))
		out.out = append(out.out, s...)
	}
	p, err := Unpack(append(out.out, body...))
	return p, b.report, err
}

// words lists the categories and abuses that say nothing here.
func (b *builder) words() []Word {
	count := map[string]int{}
	for i := range b.rows {
		c := &b.list[b.rows[i].claim]
		for _, word := range []string{c.Category, c.Abuse} {
			if word != "" && !Known(word) {
				count[word]++
			}
		}
	}
	var out []Word
	for _, word := range slices.Sorted(maps.Keys(count)) {
		out = append(out, Word{word, count[word]})
	}
	return out
}

// body writes everything behind the texts, and gathers these.
func (b *builder) body(w *packer) []byte {
	w.number(len(b.actors))
	for _, a := range b.actors {
		for _, s := range []string{a.ID, a.Label, a.URI, strings.Join(a.Categories, "\n"), strings.Join(a.Jurisdictions, "\n"), strings.Join(a.Aliases, "\n"), a.Raw} {
			w.number(w.text(s))
		}
	}
	numbers := b.writeClaims(w)
	var names []string
	for i := range b.rows {
		if len(names) == 0 || names[len(names)-1] != b.rows[i].chain {
			names = append(names, b.rows[i].chain)
		}
	}
	w.number(len(names))
	for _, name := range names {
		w.number(w.text(name))
	}
	w.number(len(b.rows))
	at := 0
	for i := range b.rows {
		for names[at] != b.rows[i].chain {
			at++
		}
		w.number(at)
	}
	for i := range b.rows {
		w.number(numbers[b.rows[i].claim])
	}
	for _, column := range []func(*row) string{
		func(r *row) string { return r.text }, func(r *row) string { return r.context },
		func(r *row) string { return r.raw }, func(r *row) string { return r.written },
	} {
		for i := range b.rows {
			w.number(w.text(column(&b.rows[i])))
		}
	}
	for i := range b.rows {
		w.number(len(b.rows[i].address))
	}
	for i := range b.rows {
		w.out = append(w.out, b.rows[i].address...)
	}
	return w.out
}

// writeClaims writes the claims in order of their keys and returns their new numbers.
func (b *builder) writeClaims(w *packer) []int {
	used := make([]bool, len(b.list))
	for i := range b.rows {
		used[b.rows[i].claim] = true
	}
	var order []int
	for i := range b.list {
		if used[i] {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(i, j int) int { return strings.Compare(b.keys[i], b.keys[j]) })
	numbers := make([]int, len(b.list))
	w.number(len(order))
	for n, i := range order {
		numbers[i] = n
		for _, s := range claimTexts(&b.list[i]) {
			w.number(w.text(s))
		}
		for _, t := range claimTimes(&b.list[i]) {
			w.number(t)
		}
	}
	return numbers
}
