package wallets

import (
	"cmp"
	"slices"

	"clew/chains"
)

// rounds is what coordinators remember.
type rounds struct {
	desk *lock // where Wasabi's coordinator is paid
}

// mixDepths is how many accounts a wallet of JoinMarket has; change stays in its account and
// what was mixed goes to the next.
const mixDepths = 5

// richest is the account with most in it.
func (w *wallet) richest(p *play) int {
	best := 0
	for d := 1; d < mixDepths; d++ {
		if w.balance(p, d) > w.balance(p, best) {
			best = d
		}
	}
	return best
}

// side is what one of several owners brings into a transaction.
type side struct {
	w     *wallet
	depth int
	ins   []coin
}

// joinMarketRound lets a taker mix an amount with some makers, who earn a fee for it. A taker who
// empties an account sweeps, and gets no change. A tumbler's outputs are in random order.
func (p *play) joinMarketRound() {
	taker := p.of(joinMarket)
	depth := taker.richest(p)
	purse := taker.balance(p, depth)
	if purse < 1_000_000 {
		return
	}
	sweep := p.rng.IntN(5) == 0
	amount := purse / 5 * uint64(1+p.rng.IntN(3))
	var makers []side
	for range 20 {
		if m, ok := p.maker(amount, taker, makers); ok && len(makers) < 3+p.rng.IntN(6) {
			makers = append(makers, m)
		}
	}
	if len(makers) < 2 {
		return
	}
	ins := taker.ready(p, depth)
	if !sweep {
		ins = taker.choose(p, depth, []pay{{value: amount + uint64(len(makers))*2000 + p.cost(taker.habit, nil, 30)}})
	}
	if ins == nil {
		return
	}
	p.joinMarket(taker, depth, ins, makers, amount, sweep)
}

// maker finds a wallet that has the amount in one account.
func (p *play) maker(amount uint64, taker *wallet, taken []side) (side, bool) {
	w := p.of(joinMarket)
	if w == taker || slices.ContainsFunc(taken, func(s side) bool { return s.w == w }) {
		return side{}, false
	}
	depth := w.richest(p)
	ins := w.choose(p, depth, []pay{{value: amount + 3*dust}})
	return side{w, depth, ins}, ins != nil
}

// joinMarket makes the transaction of a round.
func (p *play) joinMarket(taker *wallet, depth int, own []coin, makers []side, amount uint64, sweep bool) {
	all := slices.Clone(own)
	for _, m := range makers {
		all = append(all, m.ins...)
	}
	size := len(all)*68 + len(makers)*70 + 80
	cost := uint64(size * max(p.rate*taker.habit.fee/100, 1))
	fees := make([]uint64, len(makers))
	for i := range makers {
		fees[i] = 200 + p.rng.Uint64N(800) + amount/uint64(20_000+p.rng.IntN(100_000))
		cost += fees[i]
	}
	if sweep {
		if amount = worth(own) - cost; worth(own) < cost+1_000_000 {
			return
		}
	}
	if worth(own) < amount+cost {
		return
	}
	var outs []pay
	for i, m := range makers {
		if worth(m.ins) < amount+dust {
			return
		}
		outs = append(outs, pay{lock: m.w.back(p, nil), value: amount, depth: (m.depth + 1) % mixDepths},
			pay{lock: m.w.back(p, nil), value: worth(m.ins) - amount + fees[i], depth: m.depth})
	}
	outs = append(outs, pay{lock: taker.back(p, nil), value: amount, depth: (depth + 1) % mixDepths})
	if rest := worth(own) - amount - cost; rest > 3*dust {
		outs = append(outs, pay{lock: taker.back(p, nil), value: rest, depth: depth})
	}
	taker.drop(own)
	for _, m := range makers {
		m.w.drop(m.ins)
	}
	all, outs = p.arrange(anywhere, all, outs)
	p.emit(KindJoinMarket, NoOwner, all, outs, taker.habit)
}

// base is the denomination of a round of Wasabi 1: a tenth of a coin, a little less each time that
// coins were mixed again.
func (p *play) base() uint64 { return 10_000_000 - p.rng.Uint64N(400_000) }

// wasabi1Round mixes a tenth of a coin each of at least ten, the double and the fourfold too where
// several have as much; the rest is change, and the coordinator is paid.
func (p *play) wasabi1Round() {
	base := p.base()
	sides := p.enter(wasabi1, 7, func(w *wallet) []coin { return w.choose(p, deposits, []pay{{value: base + 500_000}}) })
	if len(sides) < 10 {
		return
	}
	var outs []pay
	var ins []coin
	paid := uint64(0)
	levels := p.levels(sides, base)
	for i, s := range sides {
		rest := worth(s.ins) - uint64(len(s.ins)*70+120)*uint64(p.rate)
		if worth(s.ins) < base+uint64(len(s.ins)*70+120)*uint64(p.rate)+base/100 {
			continue
		}
		ins = append(ins, s.ins...)
		s.w.drop(s.ins)
		for l := range levels[i] {
			v := base << l
			rest -= v
			outs = append(outs, pay{lock: s.w.back(p, nil), value: v})
			fee := v * 3 / 1000 * uint64(len(sides)) / 20
			fee = min(fee, rest)
			rest, paid = rest-fee, paid+fee
		}
		if rest > 2*dust {
			outs = append(outs, pay{lock: s.w.back(p, nil), value: rest})
		}
	}
	if len(ins) == 0 {
		return
	}
	outs = append(outs, pay{lock: p.fee(), value: max(paid, dust)})
	ins, outs = p.arrange(anywhere, ins, outs)
	p.emit(KindWasabi1, NoOwner, ins, outs, sides[0].w.habit)
}

// levels is into how many outputs of doubling value each side's coins go: one, and more where
// another side can do the same.
func (p *play) levels(sides []side, base uint64) []int {
	n := make([]int, len(sides))
	for l := range 4 {
		var can []int
		for i, s := range sides {
			spare := uint64(len(s.ins)*70+160)*uint64(p.rate) + base<<l/50
			if n[i] == l && worth(s.ins) > base<<(l+1)-base+spare {
				can = append(can, i)
			}
		}
		if l > 0 && len(can) < 2 {
			break
		}
		for _, i := range can {
			n[i] = l + 1
		}
	}
	return n
}

// fee is where the coordinator is paid: at one address for a time.
func (p *play) fee() *lock {
	if p.mixes.desk == nil || p.rng.IntN(8) == 0 {
		p.mixes.desk = p.lock(p.of(coordinator).id, chains.ScriptP2WPKH, 0, 0)
	}
	return p.mixes.desk
}

// enter asks every wallet of a role whether it takes part: in ten, some do, with the coins that
// bring returns.
func (p *play) enter(r role, some int, bring func(*wallet) []coin) []side {
	var sides []side
	for _, w := range p.wallets {
		if w.role != r || p.rng.IntN(10) >= some {
			continue
		}
		if ins := bring(w); ins != nil {
			sides = append(sides, side{w: w, ins: ins})
		}
	}
	return sides
}

// denominations are the standard ones of WabiSabi, descending, in satoshi.
func denominations() []uint64 {
	var all []uint64
	for _, series := range []struct{ start, times uint64 }{{1, 2}, {1, 3}, {2, 3}, {1, 10}, {2, 10}, {5, 10}} {
		for v := series.start; v <= 134_375_000_000; v *= series.times {
			if v >= 5_000 {
				all = append(all, v)
			}
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	slices.Reverse(all)
	return all
}

// wasabi2Round mixes what each of many brings, split into standard denominations; what is left is
// change where it is worth an output. Inputs and outputs are sorted by value, the larger first.
func (p *play) wasabi2Round() {
	sides := p.enter(wasabi2, 8, func(w *wallet) []coin {
		all := w.ready(p, deposits)
		p.shuffle(all)
		if all = all[:min(len(all), 1+p.rng.IntN(8))]; worth(all) < 100_000 {
			return nil
		}
		return all
	})
	var ins []coin
	var outs []pay
	for _, s := range sides {
		cost := uint64(len(s.ins) * 68 * p.rate)
		if worth(s.ins) < cost+100_000 {
			continue
		}
		parts := p.split(worth(s.ins) - cost)
		ins = append(ins, s.ins...)
		s.w.drop(s.ins)
		for _, v := range parts {
			form := chains.ScriptP2WPKH
			if p.rng.IntN(2) == 0 {
				form = chains.ScriptP2TR
			}
			outs = append(outs, pay{lock: p.lock(s.w.id, form, 0, 0), value: v})
		}
	}
	if len(ins) == 0 {
		return
	}
	slices.SortStableFunc(ins, func(a, b coin) int { return cmp.Compare(b.value, a.value) })
	slices.SortStableFunc(outs, func(a, b pay) int { return cmp.Compare(b.value, a.value) })
	p.emit(KindWasabi2, NoOwner, ins, outs, sides[0].w.habit)
}

// split divides a sum into standard denominations, the largest first, now and then a smaller one,
// until eight outputs or too little is left.
func (p *play) split(sum uint64) []uint64 {
	var parts []uint64
	each := uint64(43 * p.rate)
	for _, d := range denominations() {
		for d+each <= sum && len(parts) < 8 {
			if len(parts) == 0 && p.rng.IntN(3) == 0 {
				break
			}
			parts, sum = append(parts, d), sum-d-each
		}
	}
	if sum > each+50_000 {
		parts = append(parts, sum-each)
	}
	return parts
}

// pools are the denominations of Whirlpool that are played, with the coordinator's fee of each.
var pools = []struct{ value, fee uint64 }{{100_000, 5_000}, {1_000_000, 50_000}, {5_000_000, 175_000}}

// tx0 prepares a wallet's coins for a pool: equal outputs with what the round will cost on top, the
// coordinator's fee, data, and what is left.
func (p *play) tx0(w *wallet) {
	pool := pools[p.rng.IntN(len(pools))]
	all := w.ready(p, deposits)
	p.shuffle(all)
	ins := all[:min(len(all), 1+p.rng.IntN(3))]
	each := pool.value + uint64(max(p.rate, 2))*102
	fee := p.cost(w.habit, ins, 10) + pool.fee
	if worth(ins) < fee+2*each {
		return
	}
	n := min((worth(ins)-fee)/each, 5+p.rng.Uint64N(20))
	fee += n * 33 * uint64(p.rate)
	if worth(ins) < fee+n*each {
		return
	}
	w.drop(ins)
	outs := []pay{{lock: p.data(80)}, {lock: p.lock(p.of(coordinator).id, chains.ScriptP2WPKH, 0, 0), value: pool.fee}}
	for range n {
		outs = append(outs, pay{lock: p.lock(w.id, chains.ScriptP2WPKH, 0, 0), value: each, depth: premix})
	}
	if rest := worth(ins) - fee - n*each; rest > dust {
		outs = append(outs, pay{lock: w.back(p, nil), value: rest, change: true})
	}
	ins, outs = p.arrange(sorted, ins, outs)
	p.emit(KindTx0, w.id, ins, outs, w.habit)
}

// seeds gives some wallets coins of every pool that count as mixed: somebody has to be in the first
// round already.
func (p *play) seeds() {
	left := 5
	for _, w := range p.wallets {
		if w.role != whirlpool || left == 0 {
			continue
		}
		left--
		for _, pool := range pools {
			p.open(w)
			coins := slices.Clone(w.coins[len(w.coins)-1:])
			var outs []pay
			for range 5 {
				outs = append(outs, pay{lock: p.lock(w.id, chains.ScriptP2WPKH, 0, 0), value: pool.value, depth: postmix})
			}
			p.spend(KindSplit, w, coins, outs)
		}
	}
}

// whirlpoolRound mixes two or three entrants with coins that were mixed before, five to eight in
// all, each of another owner.
func (p *play) whirlpoolRound() {
	pool := pools[p.rng.IntN(len(pools))]
	n := 5 + p.rng.IntN(4)
	entrants := p.candidates(premix, func(v uint64) bool { return v > pool.value && v < pool.value+110_000 }, nil, 2+p.rng.IntN(2))
	remixed := p.candidates(postmix, func(v uint64) bool { return v == pool.value }, entrants, n-len(entrants))
	if len(entrants) == 0 || len(entrants)+len(remixed) < 5 {
		return
	}
	ins := slices.Concat(entrants, remixed)
	var outs []pay
	for _, c := range ins {
		w := p.wallets[c.lock.owner]
		w.drop([]coin{c})
		outs = append(outs, pay{lock: p.lock(w.id, chains.ScriptP2WPKH, 0, 0), value: pool.value, depth: postmix})
	}
	ins, outs = p.arrange(sorted, ins, outs)
	p.emit(KindWhirlpool, NoOwner, ins, outs, p.wallets[ins[0].lock.owner].habit)
}

// candidates takes up to n coins of an account, one of each owner and of each transaction, none of
// those whose coins are beside them already.
func (p *play) candidates(depth int, fits func(uint64) bool, beside []coin, n int) []coin {
	var found []coin
	for _, i := range p.rng.Perm(len(p.wallets)) {
		w := p.wallets[i]
		if w.role != whirlpool || slices.ContainsFunc(beside, func(c coin) bool { return c.lock.owner == w.id }) {
			continue
		}
		for _, c := range w.ready(p, depth) {
			twice := func(o coin) bool { return o.out.Tx == c.out.Tx }
			if fits(c.value) && len(found) < n && !slices.ContainsFunc(found, twice) && !slices.ContainsFunc(beside, twice) {
				found = append(found, c)
				break
			}
		}
	}
	return found
}
