package main

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"

	"clew/bench/wallets"
	"clew/chains"
	"clew/heuristics"
)

// kindOf is the kind that is found of a transaction: a mix, or what prepares one; "" where it is none.
func kindOf(tx *chains.Tx) heuristics.Kind {
	if k, ok := heuristics.MixOf(tx); ok {
		return k
	}
	for _, f := range heuristics.Identify(tx, heuristics.Facts{}) {
		if f.Kind == heuristics.KindWhirlpoolTx0 {
			return f.Kind
		}
	}
	return ""
}

// mixKinds are the kinds that are measured.
func mixKinds() []heuristics.Kind {
	return []heuristics.Kind{heuristics.KindWhirlpool, heuristics.KindWhirlpoolTx0, heuristics.KindWasabi1, heuristics.KindWasabi2, heuristics.KindJoinMarket}
}

// sample is transactions of one kind, or of none.
type sample struct {
	name string
	data heuristics.Data
	want heuristics.Kind // "": none of the kinds
	// loose: whether they are CoinJoins is not known.
	loose bool
	txs   []*chains.Tx
	// peers are the shares that others' rules find here, by column: BlockSci's flag, GraphSense
	// 2026, Dumplings. They were run by us earlier, by their own rules.
	peers [3]string
}

// samples are all sets that tell which transactions are CoinJoins, and which are not.
func samples(repo string) ([]sample, error) {
	all, err := samples2024(repo)
	if err != nil {
		return nil, err
	}
	wasabi1, err := wasabi1Set(repo)
	if err != nil {
		return nil, err
	}
	wasabi2, err := wasabi2Set(repo)
	if err != nil {
		return nil, err
	}
	market, err := joinMarketChain(repo)
	if err != nil {
		return nil, err
	}
	blocks, err := blocks2019(repo)
	if err != nil {
		return nil, err
	}
	old, err := block2014(repo)
	if err != nil {
		return nil, err
	}
	rounds, none := market.split()
	mixed, lone := sample{name: "Wasabi 1", data: heuristics.DataReal, want: heuristics.KindWasabi1}, sample{name: "one or two outputs, in the list of Wasabi 1", data: heuristics.DataReal}
	for i := range wasabi1.txs {
		if tx := &wasabi1.txs[i]; len(tx.Outputs) > 2 {
			mixed.txs = append(mixed.txs, tx)
		} else { // nobody is hidden among them
			lone.txs = append(lone.txs, tx)
		}
	}
	all = append(all,
		mixed, lone,
		sample{name: "Wasabi 2 emulated", data: heuristics.DataEmulated, want: heuristics.KindWasabi2, txs: pointers(wasabi2.txs)},
		sample{name: "JoinMarket emulated", data: heuristics.DataEmulated, want: heuristics.KindJoinMarket, txs: rounds, peers: [3]string{"32 of 32", "32 of 32", "0 of 32"}},
		sample{name: "JoinMarket chain, all others", data: heuristics.DataEmulated, txs: none},
		sample{name: "ten blocks of 2019", data: heuristics.DataReal, txs: pointers(blocks.txs)},
		sample{name: "block 300025 (2014)", data: heuristics.DataReal, txs: pointers(old.txs)})
	return append(all, samplesWorld()...), nil
}

// samples2024 reads the transactions around mixes of 2024. Their labels are of the folder in which
// their collectors had them: a mix also stands among the preparations and the spends behind it, where
// it is known by its outputs, all of one pool's value and as many as inputs.
func samples2024(repo string) ([]sample, error) {
	txs, err := mainnet2024(repo)
	if err != nil {
		return nil, err
	}
	mixes := sample{name: "Whirlpool 2024", data: heuristics.DataReal, want: heuristics.KindWhirlpool, peers: [3]string{"0 %", "100 %", "81 %"}}
	tx0 := sample{name: "Whirlpool Tx0 2024", data: heuristics.DataReal, want: heuristics.KindWhirlpoolTx0, peers: [3]string{"–", "83.8 %", "–"}}
	post := sample{name: "spends behind Whirlpool 2024", data: heuristics.DataReal, peers: [3]string{"10.3 %", "0.3 %", "3.2 %"}}
	near := sample{name: "spends behind candidates of JoinMarket 2024", data: heuristics.DataReal, loose: true}
	candidates := sample{name: "candidates of JoinMarket 2024", data: heuristics.DataReal, loose: true}
	for i := range txs {
		l := &txs[i]
		switch {
		case l.is("whirlpool") || !l.is("joinmarket_candidate") && poolOutputs(&l.tx):
			mixes.txs = append(mixes.txs, &l.tx)
		case l.is("whirlpool_tx0"):
			tx0.txs = append(tx0.txs, &l.tx)
		case l.is("postmix_whirlpool"):
			post.txs = append(post.txs, &l.tx)
		case l.is("postmix_other"):
			near.txs = append(near.txs, &l.tx)
		default:
			candidates.txs = append(candidates.txs, &l.tx)
		}
	}
	return []sample{mixes, tx0, post, near, candidates}, nil
}

// poolOutputs reports whether tx makes five outputs or more of one pool's value, as many as it has inputs,
// and nothing else.
func poolOutputs(tx *chains.Tx) bool {
	pools := []uint64{100_000, 1_000_000, 2_500_000, 5_000_000, 25_000_000, 50_000_000}
	v := tx.Outputs[0].Value
	return len(tx.Outputs) >= 5 && len(tx.Outputs) == len(tx.Inputs) && slices.Contains(pools, v) &&
		!slices.ContainsFunc(tx.Outputs, func(o chains.Output) bool { return o.Value != v })
}

// split parts a set into transactions that several paid, and the others but coinbases.
func (s *set) split() (several, others []*chains.Tx) {
	for i := range s.txs {
		switch {
		case s.several[i]:
			several = append(several, &s.txs[i])
		case !s.txs[i].Coinbase:
			others = append(others, &s.txs[i])
		}
	}
	return several, others
}

// samplesWorld are the transactions of the simulated wallets, by what they are in truth.
func samplesWorld() []sample {
	w := world()
	kinds := map[string]heuristics.Kind{
		wallets.KindWhirlpool: heuristics.KindWhirlpool, wallets.KindTx0: heuristics.KindWhirlpoolTx0, wallets.KindWasabi1: heuristics.KindWasabi1,
		wallets.KindWasabi2: heuristics.KindWasabi2, wallets.KindJoinMarket: heuristics.KindJoinMarket,
	}
	by := map[heuristics.Kind][]*chains.Tx{}
	for i := range w.Txs {
		k := kinds[w.Truth[i].Kind]
		by[k] = append(by[k], &w.Txs[i])
	}
	var all []sample
	for _, k := range append(mixKinds(), "") {
		name := simulated + ": " + strings.TrimPrefix(string(k), "coinjoin/")
		if k == "" {
			name = simulated + ": no mix"
		}
		all = append(all, sample{name: name, data: heuristics.DataSimulated, want: k, txs: by[k]})
	}
	return all
}

func pointers(txs []chains.Tx) []*chains.Tx {
	var all []*chains.Tx
	for i := range txs {
		all = append(all, &txs[i])
	}
	return all
}

// counted is what was found in a sample.
type counted struct {
	*sample
	found int                     // of the kind that it has
	fired map[heuristics.Kind]int // of the others
	// missed are those in which the kind was not found, astray those in which another one was.
	missed, astray []*chains.Tx
	real           map[heuristics.Kind]int // found where none is listed, and real all the same (examined)
}

//go:embed examined.csv
var examinedCSV string

// examined are transactions among those of sets without mixes of which their coins show that they are
// of a kind: somebody looked, and examined.csv says why.
func examined() (map[chains.TxID]heuristics.Kind, error) {
	rows, err := csv.NewReader(strings.NewReader(examinedCSV)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("examined.csv: %w", err)
	}
	kinds := map[chains.TxID]heuristics.Kind{}
	for _, r := range rows[1:] {
		id, err := chains.ParseHash(r[0])
		if err != nil {
			return nil, fmt.Errorf("examined.csv: %w", err)
		}
		kinds[id] = heuristics.Kind(r[1])
	}
	return kinds, nil
}

func (s *sample) count(looked map[chains.TxID]heuristics.Kind) counted {
	c := counted{sample: s, fired: map[heuristics.Kind]int{}, real: map[heuristics.Kind]int{}}
	for _, tx := range s.txs {
		k := kindOf(tx)
		if k == s.want {
			c.found++
			continue
		}
		if s.want != "" {
			c.missed = append(c.missed, tx)
		}
		switch k {
		case "":
		case looked[tx.ID]:
			c.real[k]++
		default:
			c.fired[k]++
			c.astray = append(c.astray, tx)
		}
	}
	return c
}

// wrong is how many other kinds were found in it.
func (c *counted) wrong() (n int) {
	for _, k := range c.fired {
		n += k
	}
	return n
}

// kindsIn lists kinds and how many there are of each.
func kindsIn(n map[heuristics.Kind]int) string {
	var list []string
	for _, k := range mixKinds() {
		if n[k] > 0 {
			list = append(list, fmt.Sprintf("%s %d", k, n[k]))
		}
	}
	return strings.Join(list, ", ")
}

// scoreCoinjoins measures how many CoinJoins of each kind are found, and how often one is found
// where there is none.
func scoreCoinjoins(s *sheet) error {
	all, err := samples(s.repo)
	if err != nil {
		return err
	}
	looked, err := examined()
	if err != nil {
		return err
	}
	var sets []counted
	for i := range all {
		sets = append(sets, all[i].count(looked))
	}
	s.WriteString("| set | kind | n | found | as another kind | BlockSci's flag | GraphSense 2026 | Dumplings |\n|---|---|---|---|---|---|---|---|\n")
	for i := range sets {
		if c := &sets[i]; c.want != "" {
			s.printf("| %s | %s | %d | %s | %s | %s | %s | %s |\n", c.name, c.want, len(c.txs), share(c.found, len(c.txs)), orDash(kindsIn(c.fired)), orDash(c.peers[0]), orDash(c.peers[1]), orDash(c.peers[2]))
			s.add(string(c.want), c.data, c.name, "missed", len(c.txs)-c.found, len(c.txs))
		}
	}
	s.negatives(sets)
	s.firing(sets)
	return nil
}

// negatives writes what is fired on where there is no mix, or nobody knows of one.
func (s *sheet) negatives(sets []counted) {
	for _, loose := range []bool{false, true} {
		head := "set without mixes | n | wrongly fired on"
		if loose {
			head = "set of which nobody knows | n | fired on"
		}
		s.printf("\n| %s | kinds | rightly, looked at by hand | BlockSci's flag | GraphSense 2026 | Dumplings |\n|---|---|---|---|---|---|---|---|\n", head)
		for i := range sets {
			c := &sets[i]
			if c.want != "" || c.loose != loose {
				continue
			}
			s.printf("| %s | %d | %s | %s | %s | %s | %s | %s |\n", c.name, len(c.txs), of(c.wrong(), len(c.txs)), orDash(kindsIn(c.fired)), orDash(kindsIn(c.real)), orDash(c.peers[0]), orDash(c.peers[1]), orDash(c.peers[2]))
			for _, k := range mixKinds() {
				if !loose {
					s.add(string(k), c.data, c.name, "wrong", c.fired[k], len(c.txs))
				}
			}
		}
	}
}

// firings is what was taken for a kind on one kind of data.
type firings struct {
	known, others int // transactions that are of the kind, and that are not, as their sets have it
	hits, wrong   int // taken for one, where that is known
	looked        int // of hits: in sets without, and found to be one by hand
	unknown       int // taken for one in sets of which nobody knows
}

func fired(sets []counted, k heuristics.Kind, data heuristics.Data) (f firings) {
	for i := range sets {
		c := &sets[i]
		switch {
		case c.data != data:
			continue
		case c.loose:
			f.unknown += c.fired[k] + c.real[k]
			continue
		case c.want == k:
			f.known += len(c.txs)
			f.hits += c.found
		default:
			f.others += len(c.txs)
		}
		f.hits += c.fired[k] + c.real[k]
		f.wrong += c.fired[k]
		f.looked += c.real[k]
	}
	return f
}

// set says what was looked through.
func (f *firings) set() string {
	text := fmt.Sprintf("those taken for one among %d known ones and %d others", f.known, f.others)
	if f.known == 0 {
		text = fmt.Sprintf("those taken for one among %d of which none was known to be", f.others)
	}
	if n := f.looked + f.wrong; f.looked > 0 {
		text += fmt.Sprintf(", %d of them looked at by hand", n)
	}
	if f.unknown > 0 {
		text += fmt.Sprintf("; %d more, of which nobody knows, are not counted", f.unknown)
	}
	return text
}

// firing writes of what is fired on how much is wrong, apart for each kind of data, and which that is.
func (s *sheet) firing(sets []counted) {
	s.WriteString("\n| kind | data | known ones | transactions of other kinds | taken for one | of these wrong | found to be one by hand | taken for one where nobody knows |\n|---|---|---|---|---|---|---|---|\n")
	for _, k := range mixKinds() {
		for _, data := range heuristics.Datas() {
			f := fired(sets, k, data)
			s.printf("| %s | %s | %d | %d | %d | %s | %d | %d |\n", k, data, f.known, f.others, f.hits, of(f.wrong, f.hits), f.looked, f.unknown)
			set := f.set()
			if chain := fired(sets, k, heuristics.DataReal); chain.hits == 0 {
				set += fmt.Sprintf("; none of %d real transactions was", chain.others)
			}
			s.shows(string(k), data, set, f.wrong, f.hits)
		}
	}
	for i := range sets {
		c := &sets[i]
		if c.loose {
			continue
		}
		listed(s, "Missed in "+c.name, c.missed)
		listed(s, "Wrongly fired on in "+c.name, c.astray)
	}
}

// listed writes the ids of some transactions.
func listed(s *sheet, what string, txs []*chains.Tx) {
	const most = 12
	if len(txs) == 0 {
		return
	}
	s.printf("\n%s (%d):\n\n", what, len(txs))
	for i, tx := range txs {
		if i == most {
			s.printf("- … and %d more\n", len(txs)-most)
			return
		}
		kind := kindOf(tx)
		s.printf("- `%s` %s: %d inputs, %d outputs\n", tx.ID, orDash(string(kind)), len(tx.Inputs), len(tx.Outputs))
	}
}

// orDash is text, or a dash where there is none.
func orDash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}
