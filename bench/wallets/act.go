package wallets

import (
	"slices"
)

// Accounts of a wallet that mixes (Whirlpool): what comes in, what waits to be mixed, what was mixed.
const (
	deposits = 0
	premix   = 100
	postmix  = 101
)

// anybody returns a wallet at random, no coordinator.
func (p *play) anybody() *wallet {
	for {
		if w := p.wallets[p.rng.IntN(len(p.wallets))]; w.role != coordinator {
			return w
		}
	}
}

// of returns a wallet of the role at random.
func (p *play) of(r role) *wallet {
	var all []*wallet
	for _, w := range p.wallets {
		if w.role == r {
			all = append(all, w)
		}
	}
	return all[p.rng.IntN(len(all))]
}

// act lets somebody do something.
func (p *play) act() {
	switch n := p.rng.IntN(1000); {
	case n < 560:
		p.pays(p.anybody())
	case n < 700: // to an exchange
		p.paysIn(p.anybody(), p.of(exchange))
	case n < 790:
		p.withdrawals(p.of(exchange))
	case n < 815:
		p.gathers(p.of(exchange), 40)
	case n < 850:
		p.invoice(p.anybody(), p.of(processor))
	case n < 858:
		p.gathers(p.of(processor), 25)
	case n < 866:
		p.withdrawals(p.of(processor))
	case n < 880:
		p.pays(p.of(custodian))
	case n < 884:
		p.gathers(p.anybody(), 12)
	case n < 890:
		p.launders(p.of(launderer))
	case n < 910:
		p.payjoin(p.of(person), p.of(person))
	case n < 925:
		p.joinMarketRound()
	case n < 931:
		p.wasabi1Round()
	case n < 938:
		p.wasabi2Round()
	case n < 958:
		p.tx0(p.of(whirlpool))
	default:
		p.whirlpoolRound()
	}
}

// amount is what somebody pays out of a purse: of any size, and often round.
func (p *play) amount(w *wallet, purse uint64) uint64 {
	top := min(purse/2, 400_000_000)
	if top < 20_000 {
		return 0
	}
	v := top >> p.rng.IntN(12)
	v = max(v/2+p.rng.Uint64N(v/2+1), 15_000)
	if p.rng.IntN(100) < w.habit.round {
		unit := uint64(1000)
		for unit*20 <= v && p.rng.IntN(4) > 0 {
			unit *= 10
		}
		v = max(v/unit*unit, unit)
	}
	return v
}

// pays lets w pay somebody, now and then two or three at once.
func (p *play) pays(w *wallet) {
	n := 1
	if p.rng.IntN(20) == 0 {
		n = 2 + p.rng.IntN(2)
	}
	purse := w.balance(p, w.account(p))
	var outs []pay
	for range n {
		to, v := p.anybody(), p.amount(w, purse/uint64(n))
		if to == w || v == 0 {
			return
		}
		outs = append(outs, pay{lock: to.receive(p), value: v, depth: to.inbox(p)})
	}
	p.send(KindPayment, w, w.account(p), outs)
}

// account is the one that a wallet pays from: a mixer's what was mixed, a market maker's any.
func (w *wallet) account(p *play) int {
	switch {
	case w.role == whirlpool && w.balance(p, postmix) > w.balance(p, deposits):
		return postmix
	case w.role == joinMarket:
		return w.richest(p)
	}
	return deposits
}

// inbox is the account into which a wallet is paid.
func (w *wallet) inbox(p *play) int {
	if w.role == joinMarket {
		return p.rng.IntN(mixDepths)
	}
	return deposits
}

// paysIn lets w pay into its account at an exchange, at the address that it was given for that.
func (p *play) paysIn(w, at *wallet) {
	v := p.amount(w, w.balance(p, w.account(p)))
	if w == at || v == 0 {
		return
	}
	l := at.payers[w.id]
	if l == nil {
		l = p.lock(at.id, at.habit.form, at.habit.m, at.habit.n)
		at.payers[w.id] = l
	}
	p.send(KindPayment, w, w.account(p), []pay{{lock: l, value: v}})
}

// invoice lets w pay an address that is made for this one time.
func (p *play) invoice(w, to *wallet) {
	if v := p.amount(w, w.balance(p, w.account(p))); v > 0 && w != to {
		p.send(KindPayment, w, w.account(p), []pay{{lock: p.lock(to.id, to.habit.form, 0, 0), value: v}})
	}
}

// withdrawals lets a firm pay several customers at once, or one.
func (p *play) withdrawals(w *wallet) {
	n := 1
	if p.rng.IntN(3) > 0 {
		n = 3 + p.rng.IntN(25)
	}
	purse, kind := w.balance(p, deposits), KindPayment
	var outs []pay
	for range n {
		to, v := p.anybody(), p.amount(w, purse/uint64(n))
		if to != w && v > 0 {
			outs = append(outs, pay{lock: to.receive(p), value: v, depth: to.inbox(p)})
		}
	}
	if len(outs) == 0 {
		return
	}
	if len(outs) > 2 {
		kind = KindBatch
	}
	p.send(kind, w, deposits, outs)
}

// gathers lets w put up to n of its smallest coins together.
func (p *play) gathers(w *wallet, n int) {
	all := w.ready(p, w.account(p))
	slices.SortStableFunc(all, func(a, b coin) int { return int(min(a.value, 1<<40)) - int(min(b.value, 1<<40)) })
	all = all[:min(n, len(all))]
	fee := p.cost(w.habit, all, 1)
	if len(all) < 4 || worth(all) < fee+10*dust {
		return
	}
	depth := all[0].depth
	w.drop(all)
	ins, _ := p.arrange(w.habit.position, all, nil)
	to := w.back(p, nil)
	p.emit(KindConsolidation, w.id, ins, []pay{{lock: to, value: worth(all) - fee, depth: depth}}, w.habit)
}

// launders lets w peel its largest coin: each step pays somebody, most often into an exchange, and
// passes the rest on within the same hours.
func (p *play) launders(w *wallet) {
	all := w.ready(p, deposits)
	if len(all) == 0 {
		return
	}
	carry := slices.MaxFunc(all, func(a, b coin) int { return int(min(a.value, 1<<50)) - int(min(b.value, 1<<50)) })
	at := p.of(exchange)
	for range 6 + p.rng.IntN(30) {
		share := carry.value / uint64(8+p.rng.IntN(30))
		if share < 20_000 {
			return
		}
		to := p.anybody()
		peel := pay{lock: to.receive(p), value: share / 1000 * 1000, depth: to.inbox(p)}
		if p.rng.IntN(10) < 6 {
			peel = pay{lock: p.lock(at.id, at.habit.form, at.habit.m, at.habit.n), value: share / 1000 * 1000}
		}
		if to == w {
			continue
		}
		made := p.spend(KindPeel, w, []coin{carry}, []pay{peel})
		i := slices.IndexFunc(made, func(c coin) bool { return c.lock.owner == w.id })
		if i < 0 {
			return
		}
		carry = made[i]
	}
}

// payjoin lets w pay to, who puts a coin of his own beside (BIP 78). Both have programs that can.
func (p *play) payjoin(w, to *wallet) {
	v := p.amount(w, w.balance(p, deposits))
	theirs := to.ready(p, deposits)
	if w == to || v == 0 || len(theirs) == 0 || w.habit.oneAddress || to.habit.oneAddress || w.habit.form != to.habit.form {
		return
	}
	beside := theirs[p.rng.IntN(len(theirs))]
	outs := []pay{{lock: to.receive(p), value: v}}
	ins := w.choose(p, deposits, outs)
	if ins == nil {
		return
	}
	fee := p.cost(w.habit, ins, 2) + uint64(size(beside.lock.form, 0)*max(p.rate*w.habit.fee/100, 1))
	if worth(ins) < v+fee+dust {
		return
	}
	w.drop(ins)
	to.drop([]coin{beside})
	outs[0].value += beside.value
	outs = append(outs, pay{lock: w.back(p, outs), value: worth(ins) - v - fee, change: true})
	ins, outs = p.arrange(anywhere, append(ins, beside), outs)
	p.emit(KindPayjoin, NoOwner, ins, outs, w.habit)
}
