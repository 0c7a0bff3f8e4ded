package tracer_test

import (
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
	mixes   bool                             // a mix ends everything
	labels  map[chains.Address]tracer.Reason // where a branch ends, but where a seed lies
	// clusters are pots too, each known by its first address.
	clusters [][]chains.Address

	left     []int  // of each seed, what its amount still asks for; -1: no bound
	marked   []int  // of each seed, what became stolen by it
	met      []bool // of each seed, whether anything was received
	refused  bool   // an amount is more than what was received, net
	live     map[chains.OutPoint]*holding
	accounts map[chains.Address]*holding
	count    int // touched transactions
	seedLies map[chains.Address]bool
	mixed    map[int]bool // transactions in which something ended so
	moves    map[place]*amounts
	ends     []*end
}

type end struct {
	at place
	amounts
}

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
	o.moves, o.seedLies, o.mixed = map[place]*amounts{}, map[chains.Address]bool{}, map[int]bool{}
	for _, s := range o.seeds {
		o.seedLies[s.address] = true
	}
	o.left, o.marked, o.met = make([]int, len(o.seeds)), make([]int, len(o.seeds)), make([]bool, len(o.seeds))
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
	least, leastTraced, total, known := 1<<30, 1<<30, 0, true
	mixed := o.mixes && o.book.mixes[n]
	for i, in := range tx.Inputs {
		h := o.live[in.Prev]
		switch {
		case !in.Known:
			known = false
			continue
		case h == nil:
			h = &holding{by: clean(int(in.Spent.Value)), value: int(in.Spent.Value), hops: 1 << 30}
		}
		delete(o.live, in.Prev)
		if mixed && h.poison != 0 {
			o.mixIn(n, "vin "+index(i), h)
			continue
		}
		entered = append(entered, h)
		for i := range pot {
			pot[i] = append(pot[i], h.by[i]...)
		}
		poison |= h.poison
		least = min(least, h.hops)
		if o.largest(&h.by) > 0 {
			leastTraced = min(leastTraced, h.hops)
		}
		total += h.value
	}
	if leastTraced < 1<<30 {
		least = leastTraced // what poison alone reaches counts only where nothing else is traced
	}
	if poison != 0 || o.mixed[n] {
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
		if why := o.stops(m.h, tx.Outputs[i]); why != "" {
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

// mixIn ends what goes into a mix.
func (o *oracle) mixIn(n int, pos string, h *holding) {
	o.mixed[n] = true
	at := place{n, pos}
	o.moves[at] = &amounts{value: h.value, by: copied(h.by), poison: h.poison}
	o.ends = append(o.ends, &end{at, amounts{reason: tracer.ReasonMixer, value: h.value, by: h.by, poison: h.poison}})
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
func (o *oracle) stops(h *holding, out chains.Output) tracer.Reason {
	switch {
	case out.Type == chains.ScriptNullData:
		return tracer.ReasonBurn
	case o.labelled(out.Address) != "":
		return o.labelled(out.Address)
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
			hit := 0
			for _, i := range m.outs {
				if seed.hits(o.book, n, i) {
					hit += int(o.book.txs[n].Outputs[i].Value)
				}
			}
			o.refused = o.refused || hit > 0 && o.address && seed.tx >= 0 && seed.amount > min(hit, m.h.value)
			for _, i := range m.outs {
				if seed.hits(o.book, n, i) && o.book.txs[n].Outputs[i].Value > 0 {
					o.met[s] = true
					o.mark(s, m.h, int(o.book.txs[n].Outputs[i].Value), o.book.txs[n].Outputs[i].Address)
				}
			}
		}
	}
}

// mark makes clean units stolen: as many as no rule traces already, the first clean ones
// under each rule, or the last.
func (o *oracle) mark(s int, h *holding, received int, at chains.Address) {
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
	o.seedLies[at] = true
	h.poison |= 1 << s
	h.hops = 0
}

func index(i int) string { return strconv.Itoa(i) }
