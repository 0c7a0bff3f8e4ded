package heuristics

import (
	"cmp"
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
	inner []int // moves that are netted: indices of exec.Moves, ascending
	plain []int // moves that are steps of their own, ascending
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
// protocol itself moves, and what one end pays another without getting anything.
func (s *settler) pick() {
	for i := range s.exec.Moves {
		m := &s.exec.Moves[i]
		switch m.Kind {
		case chains.MoveCall, chains.MoveCreate, chains.MoveDestruct, chains.MoveToken, chains.MoveNFT, chains.MoveWrap, chains.MoveUnwrap:
			if m.From != m.To {
				s.inner = append(s.inner, i)
			}
		default:
			s.plain = append(s.plain, i)
		}
	}
	for again := len(s.inner) > 0; again; {
		b := s.books(s.inner)
		again = false
		s.inner = slices.DeleteFunc(s.inner, func(i int) bool {
			m := &s.exec.Moves[i]
			if !s.isEnd(m.From) || !s.isEnd(m.To) || b.converts(m.From) && b.converts(m.To) {
				return false
			}
			s.plain = append(s.plain, i)
			again = true
			return true
		})
	}
}

// convert makes a conversion of each party that gave and got.
func (s *settler) convert() {
	b := s.books(s.inner)
	used := map[chains.Address]bool{}
	for _, a := range b.accounts {
		if s.role(a) == RoleParty && b.converts(a) {
			s.conversion(a, b)
			used[a] = true
		}
	}
	if len(used) == 0 {
		s.plain, s.inner = append(s.plain, s.inner...), nil
		return
	}
	s.inner = slices.DeleteFunc(s.inner, func(i int) bool {
		m := &s.exec.Moves[i]
		if used[m.From] || used[m.To] || !s.isEnd(m.From) && !s.isEnd(m.To) {
			return true
		}
		s.plain = append(s.plain, i)
		return true
	})
}

// conversion writes down what a gave and got.
func (s *settler) conversion(a chains.Address, b *books) {
	c := Conversion{Kind: KindSwap, Giver: a, Receiver: a}
	number := len(s.out.Conversions)
	given, received := b.sides(a)
	for _, e := range given {
		c.Given = append(c.Given, Leg{a, e.asset, e.net})
		s.steps = append(s.steps, placed{Step{StepGive, e.moves, a, "", e.asset, e.net, number}, e.firstOut})
	}
	for _, e := range received {
		c.Received = append(c.Received, Leg{a, e.asset, e.net})
		s.steps = append(s.steps, placed{Step{StepTake, e.moves, "", a, e.asset, e.net, number}, e.lastIn})
	}
	first := s.exec.Moves[given[0].firstOut]
	if !s.isEnd(first.To) {
		c.Venue = first.To
	}
	if len(given) == 1 && len(received) == 1 && given[0].net.Cmp(received[0].net) == 0 {
		c.Kind = s.wraps(given[0].asset, received[0].asset)
	}
	s.out.Conversions = append(s.out.Conversions, c)
}

// wraps returns wrap or unwrap where one asset is the native coin and the other wraps it.
func (s *settler) wraps(given, received chains.Asset) string {
	for i := range s.exec.Moves {
		m := &s.exec.Moves[i]
		switch {
		case m.Kind == chains.MoveWrap && given == chains.Native && received == m.Asset:
			return KindWrap
		case m.Kind == chains.MoveUnwrap && received == chains.Native && given == m.Asset:
			return KindUnwrap
		}
	}
	return KindSwap
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

// through finds the holdings of contracts that keep nothing and spend nothing of their own.
func (s *settler) through() {
	held := map[Holding]chains.Amount{}
	own := map[Holding]bool{}
	for _, i := range s.plain {
		m := &s.exec.Moves[i]
		if to := (Holding{m.To, m.Asset}); m.To != "" && !s.isEnd(m.To) {
			sum, err := held[to].Add(m.Amount)
			held[to], own[to] = sum, own[to] || err != nil
		}
		if from := (Holding{m.From, m.Asset}); m.From != "" && !s.isEnd(m.From) {
			if held[from].Less(m.Amount) {
				own[from], held[from] = true, chains.Amount{}
			} else {
				held[from] = held[from].Minus(m.Amount)
			}
		}
	}
	for h, left := range held {
		if left.IsZero() && !own[h] {
			if s.out.Through == nil {
				s.out.Through = map[Holding]bool{}
			}
			s.out.Through[h] = true
		}
	}
}

// order sorts the steps by place and moves the gives of a conversion before its takes.
func (s *settler) order() {
	slices.SortStableFunc(s.steps, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.Kind, b.Kind))
	})
	done := map[int]bool{}
	for i := range s.steps {
		p := &s.steps[i]
		if p.Kind == StepGive && done[p.Conversion] {
			continue
		}
		if p.Conversion >= 0 && !done[p.Conversion] {
			done[p.Conversion] = true
			for j := range s.steps {
				if g := &s.steps[j]; g.Kind == StepGive && g.Conversion == p.Conversion {
					s.out.Steps = append(s.out.Steps, g.Step)
				}
			}
			if p.Kind == StepGive {
				continue
			}
		}
		s.out.Steps = append(s.out.Steps, p.Step)
	}
}
