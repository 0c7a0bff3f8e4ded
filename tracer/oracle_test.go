package tracer_test

import (
	"math/big"
	"slices"
	"sort"
	"strconv"

	"clew/chains"
	"clew/tracer"
)

// The oracle works out a trace by brute force, from the text of the conventions alone: a
// pot is a literal slice of single units in order, each with the seed it came from, and a
// rule literally picks units. It shares no code with the tracer and is good for tens of
// units, not for chains.

// unit is one satoshi: the index of its seed in the incident, or untainted.
type unit int8

const untainted unit = -1

// oracleRules are the rules that pick units; poison is kept apart as a set of seeds.
var oracleRules = []tracer.Rule{tracer.FIFO, tracer.LIFO, tracer.ProRata, tracer.LIBR, tracer.PIFO, tracer.TIHO}

// units are the contents of one pot or holding under every rule that picks units.
type units [6][]unit

// seedSet is a set of seeds by index: what poison remembers.
type seedSet uint64

// place is an output of a transaction, its fee, its receiver where addresses are pots, or
// (tx < 0) the balance of an account at the end.
type place struct {
	tx  int
	pos string
}

// amounts are what a movement or the end of a branch carries.
type amounts struct {
	reason tracer.Reason // of an endpoint
	value  int           // the whole of it
	by     units
	poison seedSet
	null   bool // conserving rules say nothing here
}

type holding struct {
	by     units
	poison seedSet
	value  int
	hops   int
	at     place
}

type oracleSeed struct {
	tx       int            // by output or by transaction; -1 for a window
	out      int            // by output; -1 otherwise
	address  chains.Address // by transaction or window
	from, to int64          // window, heights
	amount   int            // 0: all
	last     bool
}

type oracle struct {
	book    *book
	seeds   []oracleSeed
	address bool // addresses are pots
	hops    int  // 0: no bound
	dust    int
	touched int

	left     []int // of each seed, what its amount still asks for; -1: no bound
	marked   []int // of each seed, what became stolen by it
	refused  bool  // an amount is more than what was received, net
	live     map[chains.OutPoint]*holding
	accounts map[chains.Address]*holding
	count    int // touched transactions
	moves    map[place]*amounts
	ends     []*end
}

type end struct {
	at place
	amounts
}

// take removes w units from pot as the rule says and returns them in the order in which
// they left.
func take(r tracer.Rule, pot *[]unit, w int, seeds int) []unit {
	if r == tracer.ProRata {
		return takeShares(pot, w, seeds)
	}
	var out []unit
	for range w {
		i := pick(r, *pot)
		out = append(out, (*pot)[i])
		*pot = append(append([]unit(nil), (*pot)[:i]...), (*pot)[i+1:]...)
	}
	return out
}

// pick returns the index of the unit that leaves first.
func pick(r tracer.Rule, pot []unit) int {
	first := func(tainted bool) int {
		for i, u := range pot {
			if (u != untainted) == tainted {
				return i
			}
		}
		return 0
	}
	switch r {
	case tracer.FIFO:
		return 0
	case tracer.LIFO:
		return len(pot) - 1
	case tracer.LIBR:
		return first(false)
	case tracer.PIFO, tracer.TIHO:
		return first(true)
	}
	panic("no such rule")
}

// takeShares is prorata by its formula: floor(source·w/T) of each source, the units that
// remain to the largest fractions, ties to the earlier seed, clean last.
func takeShares(pot *[]unit, w int, seeds int) []unit {
	total := int64(len(*pot))
	if w == 0 || total == 0 {
		return nil
	}
	type share struct {
		source   unit
		floor    int64
		fraction *big.Rat
	}
	var shares []share
	given := int64(0)
	for s := range seeds + 1 {
		source := unit(s)
		if s == seeds {
			source = untainted
		}
		exact := new(big.Rat).SetFrac(big.NewInt(count(*pot, source)*int64(w)), big.NewInt(total))
		floor := new(big.Int).Quo(exact.Num(), exact.Denom())
		given += floor.Int64()
		shares = append(shares, share{source, floor.Int64(), exact.Sub(exact, new(big.Rat).SetInt(floor))})
	}
	order := append([]share(nil), shares...)
	sort.SliceStable(order, func(i, j int) bool { return order[i].fraction.Cmp(order[j].fraction) > 0 })
	for i := range int64(w) - given {
		for j := range shares {
			if shares[j].source == order[i].source {
				shares[j].floor++
			}
		}
	}
	var out []unit
	for _, s := range shares {
		for range s.floor {
			for i, u := range *pot {
				if u == s.source {
					out = append(out, u)
					*pot = append(append([]unit(nil), (*pot)[:i]...), (*pot)[i+1:]...)
					break
				}
			}
		}
	}
	return out
}

func count(pot []unit, source unit) (n int64) {
	for _, u := range pot {
		if u == source {
			n++
		}
	}
	return n
}

func tainted(pot []unit) int { return len(pot) - int(count(pot, untainted)) }

// largest is the largest traced amount over the rules that conserve and that say anything.
func (o *oracle) largest(by *units) (most int) {
	for i, r := range oracleRules {
		if o.says(r) {
			most = max(most, tainted(by[i]))
		}
	}
	return most
}

// says reports whether a rule is computed at all: tiho ends at accounts.
func (o *oracle) says(r tracer.Rule) bool { return !o.address || r != tracer.TIHO }

func clean(n int) (by units) {
	for i := range by {
		by[i] = make([]unit, n)
		for j := range by[i] {
			by[i][j] = untainted
		}
	}
	return by
}

// run works through the whole chain in order.
func (o *oracle) run() {
	o.live, o.accounts = map[chains.OutPoint]*holding{}, map[chains.Address]*holding{}
	o.moves = map[place]*amounts{}
	o.left, o.marked = make([]int, len(o.seeds)), make([]int, len(o.seeds))
	for i, s := range o.seeds {
		o.left[i] = -1
		if s.amount > 0 {
			o.left[i] = s.amount
		}
	}
	for n := range o.book.txs {
		if o.address {
			o.stepAccounts(n)
		} else {
			o.stepOutputs(n)
		}
		o.cutPoison()
	}
	for _, h := range o.live {
		o.finish(h, tracer.ReasonUnspent)
	}
	for a, h := range o.accounts {
		if h.poison != 0 && h.value > 0 {
			h.at = place{-1, string(a)}
			o.finish(h, tracer.ReasonBalance)
		}
	}
}

func copied(by units) units {
	for i := range by {
		by[i] = slices.Clone(by[i])
	}
	return by
}

func (o *oracle) finish(h *holding, why tracer.Reason) {
	o.ends = append(o.ends, &end{h.at, amounts{reason: why, value: h.value, by: h.by, poison: h.poison}})
}

// cutPoison ends what poison alone reaches once enough transactions are touched.
func (o *oracle) cutPoison() {
	if o.count < o.touched {
		return
	}
	for k, h := range o.live {
		if o.largest(&h.by) == 0 {
			o.finish(h, tracer.ReasonLimit)
			delete(o.live, k)
		}
	}
	for a, h := range o.accounts {
		if h.poison != 0 && o.largest(&h.by) == 0 {
			if h.value > 0 {
				h.at = place{-1, string(a)}
				o.finish(h, tracer.ReasonLimit)
			}
			h.poison, h.hops = 0, 1<<30
		}
	}
}

// stepOutputs is one transaction where transactions are the pots.
func (o *oracle) stepOutputs(n int) {
	tx := o.book.txs[n]
	var pot units
	var poison seedSet
	var entered []*holding
	least, total, known := 1<<30, 0, true
	for _, in := range tx.Inputs {
		h := o.live[in.Prev]
		switch {
		case !in.Known:
			known = false
			continue
		case h == nil:
			h = &holding{by: clean(int(in.Spent.Value)), value: int(in.Spent.Value), hops: 1 << 30}
		}
		entered = append(entered, h)
		delete(o.live, in.Prev)
		for i := range pot {
			pot[i] = append(pot[i], h.by[i]...)
		}
		poison |= h.poison
		least = min(least, h.hops)
		total += h.value
	}
	if poison != 0 {
		o.count++
	}
	for _, h := range entered {
		if !known && o.largest(&h.by) > 0 {
			o.ends = append(o.ends, &end{h.at, amounts{reason: tracer.ReasonGap, by: h.by}})
		}
	}
	outs := o.leave(tx, pot, known && poison != 0)
	var made []receipt
	for i, out := range tx.Outputs {
		h := &holding{by: outs[i], value: int(out.Value), hops: least + 1, poison: poison, at: place{n, index(i)}}
		if h.value == 0 {
			continue
		}
		if poison != 0 {
			o.moves[h.at] = &amounts{value: h.value, by: copied(h.by), poison: poison, null: !known}
		}
		made = append(made, receipt{h, []int{i}})
	}
	o.lay(n, made)
	for _, m := range made {
		i := m.outs[0]
		if m.h.poison == 0 {
			continue
		}
		if why := o.stops(m.h, tx.Outputs[i].Type); why != "" {
			o.finish(m.h, why)
			continue
		}
		o.live[chains.OutPoint{Tx: tx.ID, Index: uint32(i)}] = m.h
	}
	for _, out := range tx.Outputs {
		total -= int(out.Value)
	}
	if fee := total; poison != 0 && known && fee > 0 {
		h := &holding{by: outs[len(tx.Outputs)], value: fee, poison: poison, at: place{n, "fee"}}
		o.moves[h.at] = &amounts{value: fee, by: h.by, poison: poison}
		o.finish(h, tracer.ReasonFee)
	}
}

// leave empties the pot of a transaction into its outputs, the fee last.
func (o *oracle) leave(tx *chains.Tx, pot units, touched bool) []units {
	outs := make([]units, len(tx.Outputs)+1)
	for i, out := range tx.Outputs {
		outs[i] = clean(int(out.Value))
	}
	if !touched {
		return outs
	}
	for r, rule := range oracleRules {
		if rule == tracer.TIHO {
			continue
		}
		for i, out := range tx.Outputs {
			outs[i][r] = take(rule, &pot[r], int(out.Value), len(o.seeds))
		}
		outs[len(tx.Outputs)][r] = pot[r]
	}
	// tiho: the outputs by value, largest first, ties to the lower index, fee last.
	t := int(tracer.TIHO)
	order := make([]int, len(tx.Outputs))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return tx.Outputs[order[i]].Value > tx.Outputs[order[j]].Value })
	for _, i := range order {
		outs[i][t] = take(tracer.TIHO, &pot[t], int(tx.Outputs[i].Value), len(o.seeds))
	}
	outs[len(tx.Outputs)][t] = pot[t]
	return outs
}

// stops says why a holding is not followed; "" if it is.
func (o *oracle) stops(h *holding, t chains.ScriptType) tracer.Reason {
	switch {
	case t == chains.ScriptNullData:
		return tracer.ReasonBurn
	case o.largest(&h.by) < o.dust:
		return tracer.ReasonDust
	case o.hops > 0 && h.hops >= o.hops:
		return tracer.ReasonLimit
	case o.count >= o.touched && o.largest(&h.by) == 0:
		return tracer.ReasonLimit
	}
	return ""
}

// receipt is a holding with the outputs that it is.
type receipt struct {
	h    *holding
	outs []int
}

// lay marks what the incident calls stolen in what transaction n made: seed by seed in the
// order of the incident, output by output, from the last one back for its last units.
func (o *oracle) lay(n int, made []receipt) {
	for s, seed := range o.seeds {
		order := slices.Clone(made)
		if seed.last {
			slices.Reverse(order)
		}
		for _, m := range order {
			for _, i := range m.outs {
				if seed.hits(o.book, n, i) {
					o.refused = o.refused || o.address && seed.tx >= 0 && seed.amount > m.h.value
					o.mark(s, m.h, int(o.book.txs[n].Outputs[i].Value))
				}
			}
		}
	}
}

// mark makes clean units stolen: as many as no rule traces already, the first clean ones
// under each rule, or the last.
func (o *oracle) mark(s int, h *holding, received int) {
	free := min(h.value-o.largest(&h.by), received)
	if free <= 0 {
		return
	}
	n := free
	if o.left[s] >= 0 {
		n = min(free, o.left[s])
		o.left[s] -= n
	}
	if n == 0 {
		return
	}
	for r := range h.by {
		skip := 0
		if o.seeds[s].last {
			skip = int(count(h.by[r], untainted)) - n
		}
		passed := 0
		for i, u := range h.by[r] {
			if u != untainted {
				continue
			}
			if skip <= passed && passed < skip+n {
				h.by[r][i] = unit(s)
			}
			passed++
		}
	}
	o.marked[s] += n
	h.poison |= 1 << s
	h.hops = 0
}

// net is what an address gives or receives over a whole transaction.
type net struct {
	address chains.Address
	units   int
	script  chains.ScriptType
	outs    []int // of a receiver
}

// nets returns the givers in order of their first input, the receivers in order of their
// first output, and the fee.
func nets(tx *chains.Tx) (givers, receivers []net, fee int) {
	balance := map[chains.Address]int{}
	for _, in := range tx.Inputs {
		balance[in.Spent.Address] -= int(in.Spent.Value)
		fee += int(in.Spent.Value)
	}
	for _, out := range tx.Outputs {
		balance[out.Address] += int(out.Value)
		fee -= int(out.Value)
	}
	seen := map[chains.Address]bool{}
	for _, in := range tx.Inputs {
		if a := in.Spent.Address; balance[a] < 0 && !seen[a] {
			seen[a] = true
			givers = append(givers, net{address: a, units: -balance[a]})
		}
	}
	at := map[chains.Address]int{}
	for i, out := range tx.Outputs {
		a := out.Address
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
	givers, receivers, fee := nets(tx)
	var pot units
	var poison seedSet
	least, known := 1<<30, true
	for _, in := range tx.Inputs {
		known = known && in.Known
	}
	for _, g := range givers {
		acc := o.account(g.address)
		var given units
		for r, rule := range oracleRules {
			if o.says(rule) {
				given[r] = take(rule, &acc.by[r], g.units, len(o.seeds))
				pot[r] = append(pot[r], given[r]...)
			}
		}
		acc.value -= g.units
		if !known && o.largest(&given) > 0 {
			o.ends = append(o.ends, &end{place{n, string(g.address)}, amounts{reason: tracer.ReasonGap, by: given}})
		}
		if acc.poison != 0 {
			poison |= acc.poison
			least = min(least, acc.hops)
		}
	}
	if poison != 0 {
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
		if why := o.stops(h, rc.script); why != "" {
			o.finish(h, why)
			h = &holding{by: clean(rc.units), value: rc.units, hops: 1 << 30}
		}
	}
	acc := o.account(rc.address)
	for r := range acc.by {
		acc.by[r] = append(acc.by[r], h.by[r]...)
	}
	acc.value += h.value
	acc.poison |= h.poison
	if h.poison != 0 {
		acc.hops = min(acc.hops, h.hops)
	}
}

func index(i int) string { return strconv.Itoa(i) }
