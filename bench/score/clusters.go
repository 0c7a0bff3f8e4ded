package main

import (
	"slices"

	"clew/chains"
	"clew/heuristics"
)

// pairs counts pairs of addresses whose owners are known.
type pairs struct {
	same     int // of one owner
	together int // in one cluster
	both     int
	addrs    int // addresses whose owner is known
}

// pairing compares clusters with owners.
func pairing(owner map[chains.Address]string, clusters [][]chains.Address) pairs {
	var p pairs
	each := map[string]int{}
	for _, who := range owner {
		each[who]++
		p.addrs++
	}
	for _, n := range each {
		p.same += n * (n - 1) / 2
	}
	for _, c := range clusters {
		in, known := map[string]int{}, 0
		for _, a := range c {
			if who, ok := owner[a]; ok {
				in[who]++
				known++
			}
		}
		p.together += known * (known - 1) / 2
		for _, n := range in {
			p.both += n * (n - 1) / 2
		}
	}
	return p
}

// precision is how many of the pairs that are together are of one owner.
func (p pairs) precision() string { return share(p.both, p.together) }

// recall is how many pairs of one owner are together.
func (p pairs) recall() string { return share(p.both, p.same) }

// way is one way to build clusters.
type way struct {
	name string
	// heuristic is the one whose error the way measures; "" where something was taken away.
	heuristic string
	joins     func(tx *chains.Tx) []heuristics.Join
}

// ways are with everything, and with one thing taken away each.
func ways() []way {
	only := func(keep func(heuristics.JoinRule) bool) func(*chains.Tx) []heuristics.Join {
		return func(tx *chains.Tx) []heuristics.Join {
			return slices.DeleteFunc(heuristics.Joins(tx, nil), func(j heuristics.Join) bool { return !keep(j.Rule) })
		}
	}
	return []way{
		{"co-spend and wraps", "", only(func(heuristics.JoinRule) bool { return true })},
		{"co-spend alone", string(heuristics.JoinCospend), only(func(r heuristics.JoinRule) bool { return r == heuristics.JoinCospend })},
		{"wraps alone", string(heuristics.JoinWraps), only(func(r heuristics.JoinRule) bool { return r == heuristics.JoinWraps })},
		{"co-spend, without the rule on payjoins", "", func(tx *chains.Tx) []heuristics.Join {
			if _, mixed := heuristics.MixOf(tx); mixed {
				return nil
			}
			return cospent(tx)
		}},
		{"co-spend, without the rules on mixes and payjoins", "", cospent},
	}
}

// cospent joins all inputs of a transaction, whatever it is.
func cospent(tx *chains.Tx) []heuristics.Join {
	var all []heuristics.Join
	for i := 1; i < len(tx.Inputs); i++ {
		a, b := &tx.Inputs[0], &tx.Inputs[i]
		if a.Known && b.Known {
			all = append(all, heuristics.Join{A: a.Spent.Address, B: b.Spent.Address, InB: i, Rule: heuristics.JoinCospend, Tx: tx.ID})
		}
	}
	return all
}

// owned is a set whose owners are known.
type owned struct {
	name string
	data heuristics.Data
	set  set
}

// ownedSets are those whose owners are known.
func ownedSets(repo string) ([]owned, error) {
	market, err := joinMarketChain(repo)
	if err != nil {
		return nil, err
	}
	wasabi, err := wasabi2Set(repo)
	if err != nil {
		return nil, err
	}
	return []owned{
		{"JoinMarket chain", heuristics.DataEmulated, market}, {"Wasabi 2 emulated", heuristics.DataEmulated, wasabi},
		{simulated, heuristics.DataSimulated, worldSet(world())},
	}, nil
}

// scoreClusters compares clusters with the wallets that own the addresses, by pairs of addresses.
func scoreClusters(s *sheet) error {
	sets, err := ownedSets(s.repo)
	if err != nil {
		return err
	}
	s.WriteString("| set | addresses | built by | pairs together | of one owner (precision) | of all pairs of one owner (recall) |\n|---|---|---|---|---|---|\n")
	for i := range sets {
		o := &sets[i]
		for _, w := range ways() {
			var c heuristics.Clusters
			for j := range o.set.txs {
				for _, join := range w.joins(&o.set.txs[j]) {
					c.Join(join)
				}
			}
			p := pairing(o.set.owner, c.All())
			s.printf("| %s | %d | %s | %d | %s | %s |\n", o.name, p.addrs, w.name, p.together, p.precision(), p.recall())
			if w.heuristic != "" {
				s.add(w.heuristic, o.data, o.name+", pairs", "wrong", p.together-p.both, p.together)
				s.add(w.heuristic, o.data, o.name+", pairs", "missed", p.same-p.both, p.same)
			}
		}
	}
	s.joins(sets)
	s.changeJoins(sets)
	return nil
}

// joins counts single joins that were wrong, which is the error of what `cluster --why` names.
func (s *sheet) joins(sets []owned) {
	s.WriteString("\n| set | joined by | joins | of two owners |\n|---|---|---|---|\n")
	for _, rule := range []heuristics.JoinRule{heuristics.JoinCospend, heuristics.JoinWraps} {
		sum, bad := map[heuristics.Data]int{}, map[heuristics.Data]int{}
		for i := range sets {
			o, n, wrong := &sets[i], 0, 0
			for j := range o.set.txs {
				for _, join := range heuristics.Joins(&o.set.txs[j], nil) {
					a, b := o.set.owner[join.A], o.set.owner[join.B]
					if join.Rule != rule || a == "" || b == "" {
						continue
					}
					n++
					if a != b {
						wrong++
					}
				}
			}
			s.printf("| %s | %s | %d | %s |\n", o.name, rule, n, of(wrong, n))
			sum[o.data], bad[o.data] = sum[o.data]+n, bad[o.data]+wrong
		}
		for _, data := range heuristics.Datas() {
			s.shows(string(rule), data, "joins of two addresses", bad[data], sum[data])
		}
	}
}

// changeJoins builds clusters with the change of every band and of those above it, after all that is
// certain: what it would bring, and cost.
func (s *sheet) changeJoins(sets []owned) {
	s.WriteString("\n| set | with change of band | joins | of two owners | precision | recall |\n|---|---|---|---|---|---|\n")
	for i := range sets {
		o := &sets[i]
		votes := o.set.changes()
		for n, band := range heuristics.Bands() {
			var c heuristics.Clusters
			for j := range o.set.txs {
				c.Add(&o.set.txs[j])
			}
			joins, wrong := []heuristics.Weighed{}, 0
			for _, b := range heuristics.Bands()[:n+1] {
				for _, w := range votes[b] {
					a, b := o.set.owner[w.A], o.set.owner[w.B]
					if a == "" || b == "" {
						continue
					}
					if joins = append(joins, w); a != b {
						wrong++
					}
				}
			}
			if len(joins) == 0 {
				continue
			}
			c.Weigh(joins)
			p := pairing(o.set.owner, c.All())
			s.printf("| %s | %s and above | %d | %s | %s | %s |\n", o.name, band, len(joins), of(wrong, len(joins)), p.precision(), p.recall())
			s.add("change/"+band, o.data, o.name+", joins of the band and above", "wrong", wrong, len(joins))
		}
	}
}

// changes are the joins that the vote on change would make in a set in which everything before and
// after is known, by band.
func (s *set) changes() map[string][]heuristics.Weighed {
	by, seen := spendersOf(s.txs), map[chains.Address]bool{}
	all := map[string][]heuristics.Weighed{}
	for i := range s.txs {
		tx := &s.txs[i]
		before := func(a chains.Address) (bool, bool) { return seen[a], true }
		v := heuristics.Change(tx, heuristics.Facts{Spender: by.of(tx), Seen: before})
		if v.Answered && tx.Inputs[0].Known && !heuristics.NoCospend(tx) {
			j := heuristics.Join{A: tx.Inputs[0].Spent.Address, B: tx.Outputs[v.Output].Address, InB: v.Output, Rule: heuristics.JoinChange, Tx: tx.ID, Height: tx.Block.Height}
			all[v.Band] = append(all[v.Band], heuristics.Weighed{Join: j, Strength: v.Score})
		}
		for j := range tx.Outputs {
			seen[tx.Outputs[j].Address] = true
		}
	}
	return all
}
