package main

import (
	"clew/chains"
	"clew/heuristics"
)

// masked is a set in which no transaction shows which addresses it spends from, though all else, and
// which outputs pay one that paid: truth that a heuristic cannot see.
type masked struct {
	txs  []chains.Tx
	at   map[chains.TxID]int
	by   spenders
	back []int // of each transaction the only output that pays an address that paid; -1 where none or several do
}

func maskedOf(s *set) (*masked, error) {
	m := &masked{at: map[chains.TxID]int{}}
	for i := range s.txs {
		from, err := payers(&s.txs[i])
		if err != nil {
			return nil, err
		}
		tx := s.txs[i].Clone()
		back := -1
		if to := returns(&tx, from); len(to) == 1 && len(tx.Outputs) > 1 {
			back = to[0]
		}
		for j := range tx.Inputs {
			tx.Inputs[j].Spent.Address = ""
		}
		m.at[tx.ID] = i
		m.txs, m.back = append(m.txs, tx), append(m.back, back)
	}
	m.by = spendersOf(m.txs)
	return m, nil
}

// facts are what the set shows around tx.
func (m *masked) facts(tx *chains.Tx) heuristics.Facts {
	return heuristics.Facts{Spender: m.by.of(tx), Around: m.facts, Maker: func(i int) *chains.Tx {
		if at, in := m.at[tx.Inputs[i].Prev.Tx]; in {
			return &m.txs[at]
		}
		return nil
	}}
}

// steps asks which transactions are steps of a chain, each by itself.
func (m *masked) steps() (g graded) {
	for i := range m.txs {
		if m.back[i] < 0 {
			continue
		}
		if out, ok := heuristics.PeelStep(&m.txs[i], m.facts(&m.txs[i])); ok {
			g.take(out == m.back[i])
		}
	}
	return g
}

// inRuns asks of runs of so many steps at least, as a trace finds them.
func (m *masked) inRuns(least int) (g graded) {
	p := heuristics.NewPeels(nil)
	for i := range m.txs {
		p.Add(&m.txs[i])
	}
	for _, r := range p.Runs(least) {
		for k, id := range r.Txs {
			if back := m.back[m.at[id]]; back >= 0 {
				g.take(uint32(back) == next(&r, k, m.txs, m.at))
			}
		}
	}
	return g
}

// ownAddress counts steps that go on elsewhere than to the address that paid.
func (s *sheet) ownAddress(blocks *set) error {
	m, err := maskedOf(blocks)
	if err != nil {
		return err
	}
	asked := len(m.back)
	for _, back := range m.back {
		if back < 0 {
			asked--
		}
	}
	const set = "in ten Bitcoin blocks of 2019, of payers who take their change where they paid from, which the rule is not told"
	s.printf("\n| of %d transactions of 2019 with one output to an address that paid, which is hidden from the rule | taken for steps | goes on elsewhere |\n|---|---|---|\n", asked)
	g := m.steps()
	s.printf("| single transactions, as `clew identify` says it | %d | %s |\n", g.n, of(g.wrong, g.n))
	s.shows("peel", heuristics.DataReal, "steps of peel chains "+set, g.wrong, g.n)
	for _, least := range []int{1, 2, 3, longRun} {
		g := m.inRuns(least)
		s.printf("| in runs of %d and more | %d | %s |\n", least, g.n, of(g.wrong, g.n))
		if least >= 3 {
			s.add("peel", heuristics.DataReal, "steps "+runWords(least)+" "+set, "wrong", g.wrong, g.n)
		}
	}
	return nil
}
