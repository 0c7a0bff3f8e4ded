package main

import (
	"fmt"
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
	return []owned{{"JoinMarket chain", market}, {"Wasabi 2 emulated", wasabi}, {"our world of wallets", worldSet(world())}}, nil
}

// scoreClusters compares clusters with the wallets that own the addresses, by pairs of addresses.
func scoreClusters(s *sheet) error {
	sets, err := ownedSets(s.repo)
	if err != nil {
		return err
	}
	fmt.Fprint(s, "| set | addresses | built by | pairs together | of one owner (precision) | of all pairs of one owner (recall) |\n|---|---|---|---|---|---|\n")
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
			fmt.Fprintf(s, "| %s | %d | %s | %d | %s | %s |\n", o.name, p.addrs, w.name, p.together, p.precision(), p.recall())
			if w.heuristic != "" {
				s.add(w.heuristic, o.name+", pairs", "wrong", p.together-p.both, p.together)
				s.add(w.heuristic, o.name+", pairs", "missed", p.same-p.both, p.same)
			}
		}
	}
	fmt.Fprint(s, "\n| set | joined by | joins | of two owners |\n|---|---|---|---|\n")
	s.joins(sets)
	return nil
}

// joins counts single joins that were wrong, which is the error of what `cluster --why` names.
func (s *sheet) joins(sets []owned) {
	for _, rule := range []heuristics.JoinRule{heuristics.JoinCospend, heuristics.JoinWraps} {
		sum, bad := 0, 0
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
			fmt.Fprintf(s, "| %s | %s | %d | %s |\n", o.name, rule, n, of(wrong, n))
			sum, bad = sum+n, bad+wrong
		}
		s.shows(string(rule), "joins in chains whose owners are known (docs/methods.md)", "wrong", bad, sum)
	}
}
