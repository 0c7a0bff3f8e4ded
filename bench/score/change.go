package main

import (
	"maps"
	"slices"
	"strings"

	"clew/bench/wallets"
	"clew/chains"
	"clew/heuristics"
)

// question is a transaction whose change is known, and what may be known when it is asked for.
type question struct {
	tx    *chains.Tx
	right []int // the outputs that return to who paid; none where nothing does
	facts heuristics.Facts
}

// exam is questions of one kind.
type exam struct {
	name, about string
	asked       []question
	// shown: its errors are those that the program prints.
	shown bool
	data  heuristics.Data
}

// spenders tells who spends what in a set.
type spenders map[chains.OutPoint]*chains.Tx

func spendersOf(txs []chains.Tx) spenders {
	by := spenders{}
	for i := range txs {
		for j := range txs[i].Inputs {
			by[txs[i].Inputs[j].Prev] = &txs[i]
		}
	}
	return by
}

// of returns what Facts.Spender wants of tx.
func (s spenders) of(tx *chains.Tx) func(int) *chains.Tx {
	return func(i int) *chains.Tx { return s[chains.OutPoint{Tx: tx.ID, Index: uint32(i)}] }
}

// spendable counts outputs that somebody can spend.
func spendable(tx *chains.Tx) (n int) {
	for i := range tx.Outputs {
		if tx.Outputs[i].Type != chains.ScriptNullData {
			n++
		}
	}
	return n
}

// exams are all questions that there are.
func exams(repo string) ([]exam, error) {
	blocks, err := blocks2019(repo)
	if err != nil {
		return nil, err
	}
	hidden, shown, back, err := revealed(&blocks)
	if err != nil {
		return nil, err
	}
	w := world()
	return []exam{
		{"2019, later", "ten blocks of 2019, spenders hidden", hidden, false, heuristics.DataReal},
		{"2019, later, spenders", "ten blocks of 2019, spenders shown", shown, true, heuristics.DataReal},
		{"2019, own address", "ten blocks of 2019, change to an address that paid, which the vote does not see", back, true, heuristics.DataReal},
		{simulated, simulated + ", everything known", asked(w, true), false, heuristics.DataSimulated},
		{simulated + ", no spenders", simulated + ", spenders hidden", asked(w, false), false, heuristics.DataSimulated},
	}, nil
}

// revealed are the transactions of a set with two outputs of which later exactly one was spent
// together with an address that paid, or with one that others' co-spends join with it: that one was
// the change. Where an output pays an address that paid, nothing is asked. What revealed it is a
// transaction that spends outputs, so in hidden no spender is known at all; in shown all are.
//
// In back are those of which one output pays an address that paid, as keys and scripts of the inputs
// show, while the outputs that they spend are not known: so the vote cannot see it.
func revealed(s *set) (hidden, shown, back []question, err error) {
	from := make([][]chains.Address, len(s.txs))
	for i := range s.txs {
		if from[i], err = payers(&s.txs[i]); err != nil {
			return nil, nil, nil, err
		}
	}
	clusters, by := cospends(s.txs, from), spendersOf(s.txs)
	for i := range s.txs {
		tx := &s.txs[i]
		if tx.Coinbase || len(tx.Outputs) != 2 || spendable(tx) != 2 || heuristics.NoCospend(tx) {
			continue
		}
		q := question{tx: tx, facts: heuristics.Facts{Spender: by.of(tx)}}
		if q.right = returns(tx, from[i]); len(q.right) > 0 {
			if len(q.right) == 1 && !slices.ContainsFunc(tx.Inputs, func(in chains.Input) bool { return in.Known }) {
				back = append(back, q)
			}
			continue
		}
		for j := range tx.Outputs {
			a := tx.Outputs[j].Address
			if slices.ContainsFunc(from[i], func(b chains.Address) bool { return b != "" && clusters.Together(a, b) }) {
				q.right = append(q.right, j)
			}
		}
		if len(q.right) == 1 {
			shown = append(shown, q)
			q.facts.Spender = nil
			hidden = append(hidden, q)
		}
	}
	return hidden, shown, back, nil
}

// returns are the outputs that pay an address that paid.
func returns(tx *chains.Tx, from []chains.Address) (at []int) {
	for i := range tx.Outputs {
		if slices.Contains(from, tx.Outputs[i].Address) {
			at = append(at, i)
		}
	}
	return at
}

// cospends clusters the addresses that transactions spend from.
func cospends(txs []chains.Tx, from [][]chains.Address) *heuristics.Clusters {
	var c heuristics.Clusters
	for i := range txs {
		if heuristics.NoCospend(&txs[i]) {
			continue
		}
		first := chains.Address("")
		for _, a := range from[i] {
			switch {
			case a == "":
			case first == "":
				first = a
			default:
				c.Join(heuristics.Join{A: first, B: a, Rule: heuristics.JoinCospend, Tx: txs[i].ID})
			}
		}
	}
	return &c
}

// asked are the transactions of the world with two outputs and more, up to those of a batch, that
// are no mix. Everything that was paid before and after is known, with spenders, or before alone.
func asked(w *wallets.World, later bool) []question {
	by := spendersOf(w.Txs)
	first := map[chains.Address]int{} // the transaction that paid it first
	var all []question
	for i := range w.Txs {
		tx, truth := &w.Txs[i], &w.Truth[i]
		for j := range tx.Outputs {
			if _, ok := first[tx.Outputs[j].Address]; !ok {
				first[tx.Outputs[j].Address] = i
			}
		}
		if tx.Coinbase || spendable(tx) < 2 || len(tx.Outputs) > 10 || truth.Payer == wallets.NoOwner && truth.Kind != wallets.KindPayjoin {
			continue
		}
		right := slices.Clone(truth.Change)
		for j := range tx.Outputs {
			if truth.Payer != wallets.NoOwner && w.Owner[tx.Outputs[j].Address] == truth.Payer && !slices.Contains(right, j) {
				right = append(right, j)
			}
		}
		q := question{tx: tx, right: right, facts: heuristics.Facts{Seen: func(a chains.Address) (bool, bool) {
			at, ok := first[a]
			return ok && at < i, true
		}}}
		if later {
			q.facts.Spender = by.of(tx)
		}
		all = append(all, q)
	}
	return all
}

// graded counts answers and those that were wrong.
type graded struct{ n, wrong int }

func (g *graded) take(right bool) {
	g.n++
	if !right {
		g.wrong++
	}
}

// grade asks everything and counts by band and by predicate.
func (e *exam) grade() (bands, predicates map[string]*graded, all graded) {
	bands, predicates = map[string]*graded{}, map[string]*graded{}
	count := func(m map[string]*graded, name string, right bool) {
		if m[name] == nil {
			m[name] = &graded{}
		}
		m[name].take(right)
	}
	for i := range e.asked {
		q := &e.asked[i]
		v := heuristics.Change(q.tx, q.facts)
		for _, vote := range v.Votes {
			if v.Band == heuristics.BandSelf && vote.Weight < v.Score {
				continue // nobody asks these where an output pays an address that paid
			}
			count(predicates, vote.Group+": "+vote.Predicate, slices.Contains(q.right, vote.Output))
		}
		if v.Answered {
			right := slices.Contains(q.right, v.Output)
			count(bands, v.Band, right)
			all.take(right)
		}
	}
	return bands, predicates, all
}

// scoreChange asks which output is the change where that is known.
func scoreChange(s *sheet) error {
	all, err := exams(s.repo)
	if err != nil {
		return err
	}
	names, mainnet, ours := map[string]bool{}, map[string]*graded{}, map[string]*graded{}
	var predicates []map[string]*graded
	s.WriteString("| asked of | n | answered | wrong |")
	for _, b := range heuristics.Bands() {
		s.printf(" band %s |", b)
	}
	s.printf("\n|---|---|---|---|%s\n", dashes(len(heuristics.Bands())))
	for i := range all {
		e := &all[i]
		bands, votes, sum := e.grade()
		predicates = append(predicates, votes)
		s.printf("| %s | %d | %s | %s |", e.about, len(e.asked), share(sum.n, len(e.asked)), of(sum.wrong, sum.n))
		for _, b := range heuristics.Bands() {
			g := bands[b]
			if g == nil {
				g = &graded{}
			}
			s.printf(" %s |", wrongOf(g))
			s.change("change/"+b, e, g, mainnet)
			if e.name == simulated && g.n > 0 {
				ours["change/"+b] = g
			}
		}
		s.WriteByte('\n')
		s.change("change", e, &sum, mainnet)
		s.add("change", e.data, e.about, "unanswered", len(e.asked)-sum.n, len(e.asked))
		for name := range votes {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(mainnet)) {
		s.shows(name, heuristics.DataReal, "outputs taken for change"+ofStrength(name)+" in ten Bitcoin blocks of 2019, where other evidence shows which it was", mainnet[name].wrong, mainnet[name].n)
	}
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		s.shows(name, heuristics.DataSimulated, "outputs taken for change"+ofStrength(name)+" where everything is known", ours[name].wrong, ours[name].n)
	}
	s.predicates(all, predicates, names)
	return nil
}

// ofStrength says which of the answers a row is about; "" for all.
func ofStrength(heuristic string) string {
	switch _, band, ok := strings.Cut(heuristic, "/"); {
	case !ok:
		return ""
	case band == heuristics.BandSelf:
		return ", as they pay a script that paid,"
	default:
		return " with strength " + band
	}
}

// change adds a row, and adds up what is shown: the answers on mainnet.
func (s *sheet) change(heuristic string, e *exam, g *graded, mainnet map[string]*graded) {
	if g.n == 0 {
		return
	}
	s.add(heuristic, e.data, e.about, "wrong", g.wrong, g.n)
	if e.shown {
		if mainnet[heuristic] == nil {
			mainnet[heuristic] = &graded{}
		}
		mainnet[heuristic].n += g.n
		mainnet[heuristic].wrong += g.wrong
	}
}

// predicates writes how often each predicate was right by itself.
func (s *sheet) predicates(all []exam, votes []map[string]*graded, names map[string]bool) {
	s.WriteString("\n| predicate alone, wrong of its votes |")
	for i := range all {
		s.printf(" %s |", all[i].name)
	}
	s.printf("\n|---|%s\n", dashes(len(all)))
	for _, name := range sortedKeys(names) {
		s.printf("| %s |", name)
		for i := range all {
			g := votes[i][name]
			if g == nil {
				g = &graded{}
			}
			s.printf(" %s |", wrongOf(g))
		}
		s.WriteByte('\n')
	}
}

// wrongOf is of, or a dash where nothing was counted.
func wrongOf(g *graded) string {
	if g.n == 0 {
		return "–"
	}
	return of(g.wrong, g.n)
}
