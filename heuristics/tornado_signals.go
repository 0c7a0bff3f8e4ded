package heuristics

import (
	"slices"

	"clew/chains"
)

// rareIn: a habit is rare where at most one in so many deposits of others shows it. Basis: Béres et
// al. take prices that nobody else used; a wallet's default, which a great part of all use, says nothing.
const rareIn = 100

// fewestRun is the smallest run: one deposit and one withdrawal are no pattern.
const fewestRun = 2

// mixing is the work on the facts of some pools.
type mixing struct {
	f *MixerFacts
	// owners are, for each withdrawal, its recipient and who gathers from it.
	owners   [][2]chains.Address
	numbers  [][2]int32       // the same, as places in names
	names    []chains.Address // every owner once
	byHabit  map[string]int   // deposits of others that show a habit
	others   int              // deposits of others
	runs     []*takenTogether // by deposit
	wallets  []*takenTogether // by deposit: all that was put in, over pools
	pools    map[chains.Address][]int
	shuffled []shuffle
	matched  map[*takenTogether]*matches
	own      map[*takenTogether]map[chains.Address]bool
}

// takenTogether is a number of deposits that are taken together.
type takenTogether struct {
	pools []chains.Address // in the order of their first deposits
	of    map[chains.Address][]int
	until int64 // the last time of a withdrawal that counts
	whole bool  // what else the recipient takes out of other pools counts against it
}

// hit is a withdrawal that passes a signal.
type hit struct {
	at     int
	signal Signal
}

func newMixing(f *MixerFacts) *mixing {
	m := &mixing{f: f, byHabit: map[string]int{}, runs: make([]*takenTogether, len(f.Deposits)), wallets: make([]*takenTogether, len(f.Deposits)),
		pools: map[chains.Address][]int{}, matched: map[*takenTogether]*matches{}, own: map[*takenTogether]map[chains.Address]bool{}}
	for j := range f.Withdrawals {
		w := &f.Withdrawals[j]
		m.pools[w.Pool] = append(m.pools[w.Pool], j)
		owner := [2]chains.Address{w.Account, w.Account}
		if f.Ties != nil {
			if to := f.Ties.Gatherer(w.Account, w.Time); to != "" {
				owner[1] = to
			}
		}
		m.owners = append(m.owners, owner)
	}
	m.numberOwners()
	for i := range f.Deposits {
		if d := &f.Deposits[i]; !d.Traced {
			m.others++
			m.byHabit[d.Habit]++
		}
	}
	m.groupDeposits()
	m.shuffle()
	return m
}

// numberOwners counts owners, so that permutations need not look them up by name.
func (m *mixing) numberOwners() {
	number := map[chains.Address]int32{}
	for j := range m.owners {
		var pair [2]int32
		for level, owner := range m.owners[j] {
			n, met := number[owner]
			if !met {
				n = int32(len(m.names)) // #nosec G115 -- a pool has fewer
				number[owner] = n
				m.names = append(m.names, owner)
			}
			pair[level] = n
		}
		m.numbers = append(m.numbers, pair)
	}
}

// groupDeposits finds the runs and the portfolios: what one account put in within MixerWindow from its
// first traced deposit (or, of others, from its first); of traced deposits, where one account made no
// such group, all that are traced.
func (m *mixing) groupDeposits() {
	type key struct{ account, pool chains.Address }
	runs, wallets := map[key][]int{}, map[key][]int{}
	var traced key // the trace as a whole
	for i := range m.f.Deposits {
		d := &m.f.Deposits[i]
		keys := []chains.Address{d.Account}
		if d.Traced {
			keys = append(keys, traced.account)
		}
		for _, account := range keys {
			runs[key{account, d.Pool}] = append(runs[key{account, d.Pool}], i)
			wallets[key{account, ""}] = append(wallets[key{account, ""}], i)
		}
	}
	made := map[string]*takenTogether{}
	choose := func(of map[key][]int, i int, pool chains.Address, whole bool) *takenTogether {
		d := &m.f.Deposits[i]
		accounts := []chains.Address{d.Account}
		if d.Traced {
			accounts = append(accounts, traced.account)
		}
		for _, account := range accounts {
			name := string(account) + " " + string(pool)
			if whole {
				name += " whole"
			}
			if _, met := made[name]; !met {
				made[name] = m.groupOf(of[key{account, pool}], whole)
			}
			if g := made[name]; g != nil && slices.Contains(g.of[d.Pool], i) {
				return g
			}
		}
		return nil
	}
	for i := range m.f.Deposits {
		m.runs[i] = choose(runs, i, m.f.Deposits[i].Pool, false)
		m.wallets[i] = choose(wallets, i, "", true)
	}
}

// groupOf makes a group of deposits; nil where they are too few, or a portfolio of one pool.
func (m *mixing) groupOf(deposits []int, whole bool) *takenTogether {
	first := deposits[0]
	if t := slices.IndexFunc(deposits, func(i int) bool { return m.f.Deposits[i].Traced }); t >= 0 {
		first = deposits[t]
	}
	g := &takenTogether{of: map[chains.Address][]int{}, whole: whole}
	n := 0
	for _, i := range deposits {
		d := &m.f.Deposits[i]
		if i < first || d.Time > m.f.Deposits[first].Time+MixerWindow {
			continue
		}
		if g.of[d.Pool] == nil {
			g.pools = append(g.pools, d.Pool)
		}
		g.of[d.Pool] = append(g.of[d.Pool], i)
		g.until = d.Time + MixerWindow
		n++
	}
	if n < fewestRun || whole && len(g.pools) < 2 {
		return nil
	}
	return g
}

// try returns the withdrawals behind deposit i that pass a signal, in order; how many owners they
// have, and how many would have some by accident, in millionths.
func (m *mixing) try(name string, i int) (hits []hit, owners int, expected int64) {
	d := &m.f.Deposits[i]
	if g := m.groupFor(name, i); g != nil {
		found := m.match(g)
		return m.matching(name, g, d.Pool, d.At), len(found.owners), found.mean()
	}
	pass := map[chains.Address]bool{}
	labels := []int{} // those that pass, wherever they stand
	for _, j := range m.pools[d.Pool] {
		strength := m.strength(name, i, j)
		if strength == 0 {
			continue
		}
		labels = append(labels, j)
		if w := &m.f.Withdrawals[j]; d.At.Before(w.At) {
			pass[w.Account] = true
			hits = append(hits, hit{j, Signal{Name: name, Strength: strength}})
		}
	}
	if len(labels) == 0 {
		return nil, 0, 0
	}
	behind := m.expectBehind(d, labels)
	for k := range hits {
		hits[k].signal.Expected = behind.others(m.f.Withdrawals[hits[k].at].Account)
	}
	return hits, len(pass), behind.mean()
}

// groupFor returns the group of deposits that a signal is about; nil of one about a single deposit,
// or where there is none.
func (m *mixing) groupFor(name string, i int) *takenTogether {
	switch name {
	case SignalRun:
		return m.runs[i]
	case SignalPortfolio:
		return m.wallets[i]
	}
	return nil
}

// strength says how strongly withdrawal j passes a signal with deposit i; 0: it does not.
func (m *mixing) strength(name string, i, j int) int {
	d, w := &m.f.Deposits[i], &m.f.Withdrawals[j]
	switch name {
	case SignalSame:
		if d.Account == w.Account {
			return 1
		}
	case SignalLinked:
		if m.f.Ties != nil && d.Account != w.Account {
			n, _ := m.f.Ties.Linked(d.Account, w.Account)
			return n
		}
	case SignalFee:
		if shown := m.byHabit[d.Habit]; d.Habit != "" && d.Habit == w.Habit && m.others > 0 && shown*rareIn <= m.others {
			return m.others - shown
		}
	}
	return 0
}

// fits reports whether deposit i passes a signal of withdrawal j too, or cannot be said not to.
func (m *mixing) fits(s *Signal, i, j int) bool {
	d, w := &m.f.Deposits[i], &m.f.Withdrawals[j]
	switch s.Name {
	case SignalSame:
		return d.Account == w.Account
	case SignalFee:
		return d.Habit == "" || d.Habit == w.Habit
	case SignalLinked:
		n, known := m.f.Ties.Linked(d.Account, w.Account)
		return n > 0 || !known
	}
	g := m.groupFor(s.Name, i)
	return g != nil && m.owning(g)[s.owner]
}
