package wallets

import (
	"bytes"
	"cmp"
	"slices"

	"clew/chains"
)

// dust is the value below which nobody makes an output, in satoshi.
const dust = 1000

// chooser is how a program takes coins for a payment.
type chooser uint8

const (
	knapsack chooser = iota // Bitcoin Core: what needs no change if there is such, else what comes closest
	buckets                 // Electrum: all coins of an address together, few addresses
	oldest
	largest
	smallest
)

// size is the virtual size in bytes of an input that spends form, signed by m keys.
func size(form chains.ScriptType, m uint8) int {
	switch {
	case form == chains.ScriptP2SH && m > 0:
		return 297
	case form == chains.ScriptP2SH:
		return 91
	case form == chains.ScriptP2WPKH:
		return 68
	case form == chains.ScriptP2WSH:
		return 105
	case form == chains.ScriptP2TR:
		return 58
	}
	return 148
}

// cost is the fee of a transaction in satoshi.
func (p *play) cost(h habit, ins []coin, outs int) uint64 {
	bytes := 11 + 33*outs
	for _, c := range ins {
		bytes += size(c.lock.form, c.lock.m)
	}
	return uint64(bytes * max(p.rate*h.fee/100, 1))
}

// ready are the coins of an account that a program would spend: those in earlier blocks.
func (w *wallet) ready(p *play, depth int) []coin {
	var all []coin
	for _, c := range w.coins {
		if c.depth == depth && c.height < p.height {
			all = append(all, c)
		}
	}
	return all
}

// choose takes coins of the account for outs and their fee as w's program does; nil where there
// are too few.
func (w *wallet) choose(p *play, depth int, outs []pay) []coin {
	all, want := w.ready(p, depth), uint64(0)
	for _, o := range outs {
		want += o.value
	}
	enough := func(ins []coin, outs int) bool { return worth(ins) >= want+p.cost(w.habit, ins, outs) }
	switch w.habit.choose {
	case knapsack:
		if ins := p.exact(w.habit, all, want, len(outs)); ins != nil {
			return ins
		}
		return p.closest(all, func(ins []coin) bool { return enough(ins, len(outs)+1) })
	case buckets:
		return p.bucketed(all, func(ins []coin) bool { return enough(ins, len(outs)+1) })
	case oldest: // as they came
	case largest:
		slices.SortStableFunc(all, func(a, b coin) int { return cmp.Compare(b.value, a.value) })
	case smallest:
		slices.SortStableFunc(all, func(a, b coin) int { return cmp.Compare(a.value, b.value) })
	}
	for i := range all {
		if enough(all[:i+1], len(outs)+1) {
			return slices.Clone(all[:i+1])
		}
	}
	return nil
}

// exact tries at random for coins that need no change.
func (p *play) exact(h habit, all []coin, want uint64, outs int) []coin {
	for range 30 {
		p.shuffle(all)
		var ins []coin
		for _, c := range all {
			ins = append(ins, c)
			sum, need := worth(ins), want+p.cost(h, ins, outs)
			if sum >= need+dust {
				break
			}
			if sum >= need {
				return ins
			}
		}
	}
	return nil
}

// closest takes the smallest coin that is enough, or some that come closer to it.
func (p *play) closest(all []coin, enough func([]coin) bool) []coin {
	var best []coin
	for i := range all {
		if one := all[i : i+1]; enough(one) && (best == nil || all[i].value < worth(best)) {
			best = slices.Clone(one)
		}
	}
	for range 20 {
		p.shuffle(all)
		for i := range all {
			ins := all[:i+1]
			if best != nil && worth(ins) >= worth(best) {
				break
			}
			if enough(ins) {
				best = slices.Clone(ins)
				break
			}
		}
	}
	return best
}

// bucketed takes all coins of as few addresses as do, of several tries.
func (p *play) bucketed(all []coin, enough func([]coin) bool) []coin {
	byAddress := map[chains.Address][]coin{}
	var order []chains.Address
	for _, c := range all {
		if byAddress[c.lock.address] == nil {
			order = append(order, c.lock.address)
		}
		byAddress[c.lock.address] = append(byAddress[c.lock.address], c)
	}
	var best []coin
	least := 0
	for range 10 {
		p.rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		var ins []coin
		for n, a := range order {
			ins = append(ins, byAddress[a]...)
			if enough(ins) {
				if best == nil || n < least {
					best, least = ins, n
				}
				break
			}
		}
	}
	return best
}

// shuffle orders coins at random.
func (p *play) shuffle(all []coin) {
	p.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
}

// worth is the sum of some coins.
func worth(coins []coin) (sum uint64) {
	for _, c := range coins {
		sum += c.value
	}
	return sum
}

// send lets w pay outs out of an account, unless it has too little.
func (p *play) send(kind string, w *wallet, depth int, outs []pay) {
	if ins := w.choose(p, depth, outs); ins != nil {
		p.spend(kind, w, ins, outs)
	}
}

// spend makes a transaction of w's coins, with change where it is worth one, in the account that
// the first coin lay in.
func (p *play) spend(kind string, w *wallet, ins []coin, outs []pay) []coin {
	w.drop(ins)
	rest := worth(ins)
	for _, o := range outs {
		rest -= o.value
	}
	depth := ins[0].depth
	if depth == premix || depth == postmix {
		depth = deposits
	}
	if fee := p.cost(w.habit, ins, len(outs)+1); rest > fee+dust {
		change := pay{lock: w.back(p, outs), value: rest - fee, change: true, depth: depth}
		outs = append(slices.Clone(outs), change)
	}
	ins, outs = p.arrange(w.habit.position, ins, outs)
	return p.emit(kind, w.id, ins, outs, w.habit)
}

// arrange puts inputs and outputs in a program's order; the change is the last of outs as given.
func (p *play) arrange(where position, ins []coin, outs []pay) ([]coin, []pay) {
	ins, outs = slices.Clone(ins), slices.Clone(outs)
	switch where {
	case anywhere:
		p.shuffle(ins)
		p.rng.Shuffle(len(outs), func(i, j int) { outs[i], outs[j] = outs[j], outs[i] })
	case last:
	case first:
		if n := len(outs) - 1; n > 0 && outs[n].change {
			outs = append([]pay{outs[n]}, outs[:n]...)
		}
	case sorted:
		slices.SortFunc(ins, func(a, b coin) int {
			return cmp.Or(bytes.Compare(a.out.Tx[:], b.out.Tx[:]), cmp.Compare(a.out.Index, b.out.Index))
		})
		slices.SortFunc(outs, func(a, b pay) int {
			return cmp.Or(cmp.Compare(a.value, b.value), bytes.Compare(a.lock.script, b.lock.script))
		})
	}
	return ins, outs
}
