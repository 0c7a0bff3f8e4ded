package heuristics

import (
	"slices"

	"clew/chains"
)

// Settle says what a transaction did to its parties. role tells what an account is; it is asked
// once for each account, and not for the sender nor for owners whom a registered venue names:
// those are parties.
//
// What one party pays another is a transfer, through however many contracts. A party that gave
// one asset and got another, net of everything in the transaction, converted it, and none of the
// pools and routers in between is seen. Everything else stays as it was moved. See
// docs/methods.md for the shapes.
func Settle(tx *chains.Tx, role func(chains.Address) Role) Settlement {
	s := settler{exec: tx.Exec, ask: role, roles: map[chains.Address]Role{}}
	if tx.Exec == nil {
		return Settlement{}
	}
	s.roles[tx.Exec.Sender] = RoleParty
	for i := range tx.Exec.Events {
		if e := &tx.Exec.Events[i]; e.Kind == chains.EventOwner && e.Registered && e.Account != "" {
			s.roles[e.Account] = RoleParty
		}
	}
	s.pick()
	s.convert()
	s.rest()
	s.order()
	return s.out
}

// settler is the work on one transaction.
type settler struct {
	exec  *chains.Execution
	ask   func(chains.Address) Role
	roles map[chains.Address]Role
	inner []int                   // moves that are netted: indices of exec.Moves, ascending
	plain []int                   // moves that are steps of their own, ascending
	alike []int                   // those of plain that were at venues where nothing was converted
	paid  map[chains.Address]bool // parties that gave and got, and paid another party directly
	steps []placed
	out   Settlement
}

// placed is a step and the move at whose place it stands.
type placed struct {
	Step
	at int
}

// role returns what an account is; "" is nobody.
func (s *settler) role(a chains.Address) Role {
	r, known := s.roles[a]
	if !known {
		r = s.ask(a)
		s.roles[a] = r
	}
	return r
}

// isEnd reports whether steps may begin and end at a. Out of nothing and into nothing belong to
// the contract of the token.
func (s *settler) isEnd(a chains.Address) bool { return a != "" && s.role(a).end() }

// pick divides the moves into those that are netted and those that stand alone: what the
// protocol itself moves, and tokens that tell of more than any amount can hold.
func (s *settler) pick() {
	for i := range s.exec.Moves {
		switch m := &s.exec.Moves[i]; {
		case !netted(m.Kind):
			s.plain = append(s.plain, i)
		case m.From != m.To:
			s.inner = append(s.inner, i)
		}
	}
	if len(s.inner) < 2 {
		s.plain, s.alike, s.inner = append(s.plain, s.inner...), s.inner, nil
		return
	}
	s.absurd()
}

// trades reports whether a is a party that gave something and got something else.
func (s *settler) trades(a chains.Address, b *books) bool {
	given, received := b.sides(a)
	return s.role(a) == RoleParty && len(given) > 0 && len(received) > 0
}

// netted reports whether moves of that kind are what contracts and their callers do.
func netted(kind chains.MoveKind) bool {
	switch kind {
	case chains.MoveCall, chains.MoveCreate, chains.MoveDestruct, chains.MoveToken, chains.MoveNFT, chains.MoveWrap, chains.MoveUnwrap:
		return true
	}
	return false
}

// alone takes the netted moves that fit out of the netting and reports whether there were any.
func (s *settler) alone(fits func(*chains.Move) bool) bool {
	before := len(s.inner)
	s.inner = slices.DeleteFunc(s.inner, func(i int) bool {
		if !fits(&s.exec.Moves[i]) {
			return false
		}
		s.plain = append(s.plain, i)
		return true
	})
	return len(s.inner) < before
}

// absurd takes out every token whose moves add up to more than an amount can hold. No honest one
// does, and their nets would mean nothing.
func (s *settler) absurd() {
	sums := map[chains.Asset]chains.Amount{}
	var found []chains.Asset
	for _, i := range s.inner {
		m := &s.exec.Moves[i]
		sum, err := sums[m.Asset].Add(m.Amount)
		if err != nil && !slices.Contains(found, m.Asset) {
			found = append(found, m.Asset)
			s.out.Unclear = append(s.out.Unclear, Unclear{m.To, m.Asset, m.Amount, []int{i}, "this token's movements add up to more than any amount can hold: none of them is netted", false})
		}
		sums[m.Asset] = sum
	}
	if found != nil {
		s.alone(func(m *chains.Move) bool { return slices.Contains(found, m.Asset) })
	}
}

// convert settles venue by venue. What one end pays another directly stands alone where either
// gave, or got, nothing else at that venue, and where both traded there without it: else nobody
// could tell what they traded from what the one gave the other.
func (s *settler) convert() {
	if len(s.inner) == 0 {
		if len(s.exec.Events) > 0 { // of one movement only an event can make a doubt
			s.besides()
		}
		return
	}
	s.paid = map[chains.Address]bool{}
	venues := s.venues()
	for s.payments(venues) {
		venues = s.venues()
	}
	for _, moves := range venues {
		s.settle(moves)
	}
	s.besides()
}

// payments takes direct payments out of the netting and reports whether there were any.
func (s *settler) payments(venues [][]int) bool {
	direct := map[*chains.Move]bool{}
	for _, moves := range venues {
		b := s.books(moves)
		alone := s.books(slices.DeleteFunc(slices.Clone(moves), func(i int) bool {
			return s.isEnd(s.exec.Moves[i].From) && s.isEnd(s.exec.Moves[i].To)
		}))
		for _, i := range moves {
			m := &s.exec.Moves[i]
			if !s.isEnd(m.From) || !s.isEnd(m.To) {
				continue
			}
			if !s.trades(m.From, b) || !s.trades(m.To, b) || s.trades(m.From, alone) && s.trades(m.To, alone) {
				direct[m] = true
				s.paid[m.From] = s.paid[m.From] || s.trades(m.From, b) && s.role(m.To) == RoleParty && !s.makesBlocks(m.To)
			}
		}
	}
	return len(direct) > 0 && s.alone(func(m *chains.Move) bool { return direct[m] })
}

// makesBlocks reports whether a made the block: what it is paid is the price of a place in it.
func (s *settler) makesBlocks(a chains.Address) bool {
	return slices.ContainsFunc(s.exec.Moves, func(m chains.Move) bool { return m.Kind == chains.MoveTip && m.To == a })
}

// rest makes steps of the moves that stand alone and finds the contracts that they pass through.
func (s *settler) rest() {
	slices.Sort(s.plain)
	for _, i := range s.plain {
		m := &s.exec.Moves[i]
		kind := StepTransfer
		if m.Kind == chains.MoveFee {
			kind = StepFee
		}
		s.steps = append(s.steps, placed{Step{kind, []int{i}, m.From, m.To, m.Asset, m.Amount, -1}, i})
	}
	s.through()
}

// through finds the holdings of contracts that pass on what they get, all or a part of it, and
// spend nothing of their own.
func (s *settler) through() {
	if len(s.plain) < 2 {
		return
	}
	held := map[Holding]chains.Amount{}
	own, paid := map[Holding]bool{}, map[Holding]bool{}
	for _, i := range s.plain {
		m := &s.exec.Moves[i]
		if to := (Holding{m.To, m.Asset}); m.To != "" && !s.isEnd(m.To) {
			sum, err := held[to].Add(m.Amount)
			held[to], own[to] = sum, own[to] || err != nil
		}
		if from := (Holding{m.From, m.Asset}); m.From != "" && !s.isEnd(m.From) {
			paid[from] = true
			if held[from].Less(m.Amount) {
				own[from], held[from] = true, chains.Amount{}
			} else {
				held[from] = held[from].Minus(m.Amount)
			}
		}
	}
	for h := range paid {
		if !own[h] {
			if s.out.Through == nil {
				s.out.Through = map[Holding]bool{}
			}
			s.out.Through[h] = true
		}
	}
	s.parted()
}
