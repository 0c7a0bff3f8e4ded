package heuristics

import (
	"cmp"
	"slices"

	"clew/chains"
)

// side is what one account gave, or got, of one asset at a venue.
type side struct {
	*entry
	account chains.Address
	trades  bool          // the account is a party that gave and got here
	left    chains.Amount // what no step accounts for yet
}

// dealing is the settlement of one venue.
type dealing struct {
	*settler
	moves       []int
	gives, gets []*side
	steps       []placed
	traders     []chains.Address // who gets a conversion, in order
	taken       map[chains.Address][]*side
	fromIdle    map[chains.Address]bool // parties whose gets can all have come from some who get nothing
	into        map[string][]int        // the moves into each place of the venue, once needed
	unclear     []Unclear
	mixed       []int // those of unclear that a pot of the moment decides where nothing is converted
}

// settle settles one venue: what is paid on in the same asset first, then what was got for what
// was given, then what is left on one side. Where nothing was converted its moves stand as they
// are.
func (s *settler) settle(moves []int) {
	d := &dealing{settler: s, moves: moves, taken: map[chains.Address][]*side{}}
	b := s.books(moves)
	for _, a := range b.accounts {
		given, received := b.sides(a)
		trades := s.trades(a, b)
		for _, e := range given {
			d.gives = append(d.gives, &side{e, a, trades, e.net})
		}
		for _, e := range received {
			d.gets = append(d.gets, &side{e, a, trades, e.net})
		}
	}
	if len(d.gives) > 0 && len(d.gets) > 0 {
		d.idle()
		d.payOn()
		d.match()
		before := len(d.out.Conversions)
		d.trade()
		d.judge(before)
		d.between()
	}
	if len(d.traders) == 0 {
		s.plain, s.alike = append(s.plain, moves...), append(s.alike, moves...)
		for i, u := range d.unclear {
			if !slices.Contains(d.mixed, i) {
				s.out.Unclear = append(s.out.Unclear, u)
			}
		}
		return
	}
	d.leave()
	s.steps = append(s.steps, d.steps...)
	s.out.Unclear = append(s.out.Unclear, d.unclear...)
}

// payOn finds what of somebody's gift went on to others as it was: fees that a router takes, or
// a payment through a contract. Of two givers the one counts whose gift can have reached the
// receiver. What a party sells to a dealer who is paid at one account and pays from another is no
// payment.
func (d *dealing) payOn() {
	for _, get := range d.gets {
		if get.trades || d.minted(get.account, get.entry) {
			continue
		}
		from := d.givers(get, func(g *side) bool { return g.asset == get.asset && !d.sells(g, get) })
		if len(from) > 1 {
			from = d.reaching(from, get, get.asset)
		}
		switch {
		case len(from) == 1:
			units := chains.Min(from[0].left, get.left)
			d.add(StepTransfer, get.entry.moves, from[0].account, get.account, get.asset, units, from[0].firstOut)
			from[0].left, get.left = from[0].left.Minus(units), get.left.Minus(units)
		case len(from) > 1:
			d.mixed = append(d.mixed, len(d.unclear))
			d.wonder(get, "several gave this asset, and the contracts in between do not show whose it is")
			d.pay(get)
		}
	}
}

// sells reports whether g, given by a party that trades, went whole to get's account, and
// somebody else who gets nothing here gave all that the party got.
func (d *dealing) sells(g, get *side) bool {
	return g.trades && !get.left.Less(g.net) && d.fromIdle[g.account]
}

// idle finds the parties of whose gets each can have come from one who gets nothing here.
func (d *dealing) idle() {
	d.fromIdle = map[chains.Address]bool{}
	for _, got := range d.gets {
		if !got.trades {
			continue
		}
		before, known := d.fromIdle[got.account]
		d.fromIdle[got.account] = (before || !known) && slices.ContainsFunc(d.gives, func(from *side) bool {
			return !from.trades && from.asset == got.asset && !from.net.Less(got.net)
		})
	}
}

// match finds whose conversion brought what somebody got without giving anything here: a
// receiver named by the giver, or a fee that a router takes from what comes out. What is minted
// beside a trade is the token's own affair.
func (d *dealing) match() {
	anyTrades := slices.ContainsFunc(d.gives, func(g *side) bool { return g.trades && !g.left.IsZero() })
	for _, get := range d.gets {
		if get.trades || get.left.IsZero() || anyTrades && d.minted(get.account, get.entry) {
			continue
		}
		from := d.givers(get, func(g *side) bool { return g.trades && d.tradesFor(g.account, get.asset) })
		if len(accounts(from)) == 0 {
			from = d.givers(get, func(g *side) bool { return g.asset != get.asset })
			if len(accounts(from)) > 1 {
				from = d.reaching(from, get, "")
			}
		}
		switch who := accounts(from); len(who) {
		case 0:
		case 1:
			d.take(who[0], get)
		default:
			d.wonder(get, "several gave something for it, and the contracts in between do not show who")
			d.pay(get)
		}
	}
}

// trade makes the conversions.
func (d *dealing) trade() {
	for _, get := range d.gets {
		if !get.trades {
			continue
		}
		if len(d.givers(get, func(g *side) bool { return g.account == get.account })) == 0 {
			d.wonder(get, "all that was given went on to others, and this came back: perhaps for it")
			continue
		}
		d.take(get.account, get)
	}
	first := func(a chains.Address) int {
		return d.gives[slices.IndexFunc(d.gives, func(g *side) bool { return g.account == a })].firstOut
	}
	slices.SortStableFunc(d.traders, func(a, b chains.Address) int { return cmp.Compare(first(a), first(b)) })
	for _, a := range d.traders {
		d.conversion(a)
	}
}

// leave makes transfers of what is left on one side: to the contract that keeps it, or from the
// one that paid.
func (d *dealing) leave() {
	for _, get := range d.gets {
		d.pay(get)
	}
	for _, g := range d.gives {
		if !g.left.IsZero() {
			to := d.exec.Moves[g.firstOut].To
			d.add(StepTransfer, g.moves, g.account, to, g.asset, g.left, g.firstOut)
			g.left = chains.Amount{}
		}
	}
}

// pay makes a transfer of what is left of get from the contract that paid it last; from nobody
// where that was a party, whose own conversion has taken it.
func (d *dealing) pay(get *side) {
	if get.left.IsZero() {
		return
	}
	from := d.exec.Moves[get.lastIn].From
	if d.isEnd(from) {
		from = ""
	}
	d.add(StepTransfer, get.moves, from, get.account, get.asset, get.left, get.lastIn)
	get.left = chains.Amount{}
}

// take gives get to the conversion of a.
func (d *dealing) take(a chains.Address, get *side) {
	if d.taken[a] == nil {
		d.traders = append(d.traders, a)
	}
	d.taken[a] = append(d.taken[a], get)
}

// conversion writes down what a gave and who got what for it.
func (d *dealing) conversion(a chains.Address) {
	number := len(d.out.Conversions)
	c := Conversion{Kind: KindSwap, Giver: a}
	given := d.givers(nil, func(g *side) bool { return g.account == a })
	slices.SortFunc(given, func(x, y *side) int { return cmp.Compare(x.firstOut, y.firstOut) })
	received := d.taken[a]
	slices.SortStableFunc(received, func(x, y *side) int { return cmp.Compare(x.lastIn, y.lastIn) })
	for _, g := range given {
		d.fee(&c, g, number)
		c.Given = append(c.Given, Leg{a, g.asset, g.left})
		d.steps = append(d.steps, placed{Step{StepGive, g.moves, a, "", g.asset, g.left, number}, g.firstOut})
		g.left = chains.Amount{}
	}
	for _, get := range received {
		c.Received = append(c.Received, Leg{get.account, get.asset, get.left})
		d.steps = append(d.steps, placed{Step{StepTake, get.moves, "", get.account, get.asset, get.left, number}, get.lastIn})
		get.left = chains.Amount{}
	}
	c.Receiver = c.Received[0].Account
	if to := d.exec.Moves[given[0].firstOut].To; !d.isEnd(to) {
		c.Venue = to
	}
	d.describe(&c)
	c.Says = says(&c, len(d.moves))
	d.out.Conversions = append(d.out.Conversions, c)
}

// add makes a step.
func (d *dealing) add(kind StepKind, moves []int, from, to chains.Address, asset chains.Asset, units chains.Amount, at int) {
	d.steps = append(d.steps, placed{Step{kind, moves, from, to, asset, units, -1}, at})
}

// wonder says that a get is unclear.
func (d *dealing) wonder(get *side, why string) {
	d.unclear = append(d.unclear, Unclear{get.account, get.asset, get.left, get.moves, why, false})
}

// givers returns what fits of that which others gave and which is not accounted for yet; where
// get is nil, anybody's.
func (d *dealing) givers(get *side, fits func(*side) bool) []*side {
	var list []*side
	for _, g := range d.gives {
		if !g.left.IsZero() && (get == nil || get.trades || g.account != get.account) && fits(g) {
			list = append(list, g)
		}
	}
	return list
}

// tradesFor reports whether a trades here and got the asset.
func (d *dealing) tradesFor(a chains.Address, asset chains.Asset) bool {
	return slices.ContainsFunc(d.gets, func(g *side) bool { return g.account == a && g.trades && g.asset == asset })
}

// reaching returns those of from whose gift can have reached get through contracts, by moves of
// the asset, or of any where asset is "".
func (d *dealing) reaching(from []*side, get *side, asset chains.Asset) []*side {
	if d.into == nil {
		d.into = map[string][]int{}
		for _, i := range d.moves {
			if to := d.exec.Moves[i].To; !d.isEnd(to) {
				at := d.place(to, &d.exec.Moves[i])
				d.into[at] = append(d.into[at], i)
			}
		}
	}
	givers, seen := map[chains.Address]bool{}, map[string]bool{}
	for open := get.moves; len(open) > 0; {
		m := &d.exec.Moves[open[0]]
		open = open[1:]
		if asset != "" && m.Asset != asset || m.From == get.account {
			continue
		}
		if d.isEnd(m.From) {
			givers[m.From] = true
		} else if at := d.place(m.From, m); !seen[at] {
			seen[at] = true
			open = append(slices.Clip(open), d.into[at]...)
		}
	}
	return slices.DeleteFunc(slices.Clone(from), func(g *side) bool { return !givers[g.account] })
}

// accounts returns whose sides these are, each once.
func accounts(sides []*side) []chains.Address {
	var list []chains.Address
	for _, s := range sides {
		if !slices.Contains(list, s.account) {
			list = append(list, s.account)
		}
	}
	return list
}
