package tracer_test

import (
	"slices"

	"clew/chains"
	"clew/tracer"
)

// net is what an address gives or receives over a whole transaction.
type net struct {
	address chains.Address
	units   int
	script  chains.ScriptType
	outs    []int // of a receiver
}

// pot is the account of an address: of its cluster, if that is a pot.
func (o *oracle) pot(a chains.Address) chains.Address { return o.cluster(a)[0] }

// cluster is all addresses of an account.
func (o *oracle) cluster(a chains.Address) []chains.Address {
	for _, c := range o.clusters {
		if slices.Contains(c, a) {
			return c
		}
	}
	return []chains.Address{a}
}

// labelled says why a branch ends at an account: the first label of its addresses that ends one, if a
// seed lies at none of them.
func (o *oracle) labelled(a chains.Address) (why tracer.Reason) {
	for _, member := range o.cluster(a) {
		if o.seedLies[member] {
			return ""
		}
		if why == "" {
			why = o.labels[member]
		}
	}
	return why
}

// nets returns the givers in order of their first input, the receivers in order of their
// first output, and the fee.
func (o *oracle) nets(tx *chains.Tx) (givers, receivers []net, fee int) {
	balance := map[chains.Address]int{}
	for _, in := range tx.Inputs {
		balance[o.pot(in.Spent.Address)] -= int(in.Spent.Value)
		fee += int(in.Spent.Value)
	}
	for _, out := range tx.Outputs {
		balance[o.pot(out.Address)] += int(out.Value)
		fee -= int(out.Value)
	}
	seen := map[chains.Address]bool{}
	for _, in := range tx.Inputs {
		if a := o.pot(in.Spent.Address); balance[a] < 0 && !seen[a] {
			seen[a] = true
			givers = append(givers, net{address: a, units: -balance[a]})
		}
	}
	at := map[chains.Address]int{}
	for i, out := range tx.Outputs {
		a := o.pot(out.Address)
		if balance[a] <= 0 {
			continue
		}
		if !seen[a] {
			seen[a] = true
			at[a] = len(receivers)
			receivers = append(receivers, net{a, balance[a], out.Type, nil})
		}
		receivers[at[a]].outs = append(receivers[at[a]].outs, i)
	}
	return givers, receivers, fee
}

func (o *oracle) account(a chains.Address) *holding {
	if o.accounts[a] == nil {
		o.accounts[a] = &holding{hops: 1 << 30}
	}
	return o.accounts[a]
}

// stepAccounts is one transaction where addresses are the pots: the givers' nets leave
// their accounts by the rule, meet in the transaction, and leave it to the receivers.
func (o *oracle) stepAccounts(n int) {
	tx := o.book.txs[n]
	givers, receivers, fee := o.nets(tx)
	var pot units
	var poison seedSet
	least, leastTraced, known := 1<<30, 1<<30, true
	for _, in := range tx.Inputs {
		known = known && in.Known
	}
	mixed := o.mixes && o.book.mixes[n]
	for _, g := range givers {
		acc := o.account(g.address)
		var given units
		for r, rule := range oracleRules {
			if o.says(rule) {
				given[r] = take(rule, &acc.by[r], g.units, len(o.seeds))
				if !mixed {
					pot[r] = append(pot[r], given[r]...)
				}
			}
		}
		acc.value -= g.units
		if mixed && acc.poison != 0 {
			o.mixIn(n, "from "+string(g.address), &holding{by: given, value: g.units, poison: acc.poison})
			continue
		}
		if !known && o.largest(&given) > 0 {
			o.ends = append(o.ends, &end{place{n, string(g.address)}, amounts{reason: tracer.ReasonGap, by: given}})
		}
		if acc.poison != 0 {
			poison |= acc.poison
			least = min(least, acc.hops)
			if o.largest(&given) > 0 {
				leastTraced = min(leastTraced, acc.hops)
			}
		}
	}
	if leastTraced < 1<<30 {
		least = leastTraced // what poison alone reaches counts only where nothing else is traced
	}
	if poison != 0 || o.mixed[n] {
		o.count++
	}
	var made []receipt
	for _, rc := range receivers {
		h := &holding{by: clean(rc.units), value: rc.units, hops: least + 1, poison: poison, at: place{n, string(rc.address)}}
		if poison != 0 && known {
			for r, rule := range oracleRules {
				if o.says(rule) {
					h.by[r] = take(rule, &pot[r], rc.units, len(o.seeds))
				}
			}
		}
		if poison != 0 {
			o.moves[h.at] = &amounts{value: h.value, by: copied(h.by), poison: poison, null: !known}
		}
		made = append(made, receipt{h, rc.outs})
	}
	o.lay(n, made)
	for i, rc := range receivers {
		o.arrive(rc, made[i].h)
	}
	if poison != 0 && known && fee > 0 {
		h := &holding{by: pot, value: fee, poison: poison, at: place{n, "fee"}}
		o.moves[h.at] = &amounts{value: fee, by: pot, poison: poison}
		o.finish(h, tracer.ReasonFee)
	}
}

// arrive ends what a receiver gets or lets it enter the account at its back.
func (o *oracle) arrive(rc net, h *holding) {
	if h.poison != 0 {
		if why := o.stops(h, chains.Output{Type: rc.script, Address: rc.address}); why != "" {
			o.finish(h, why)
			h = &holding{by: clean(rc.units), value: rc.units, hops: 1 << 30}
		}
	}
	acc := o.account(rc.address)
	had, brings := o.largest(&acc.by) > 0, o.largest(&h.by) > 0
	for r := range acc.by {
		acc.by[r] = append(acc.by[r], h.by[r]...)
	}
	acc.value += h.value
	acc.poison |= h.poison
	switch {
	case h.poison == 0 || had && !brings:
	case brings && !had:
		acc.hops = h.hops
	default:
		acc.hops = min(acc.hops, h.hops)
	}
}
