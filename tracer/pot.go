package tracer

import (
	"fmt"
	"slices"

	"clew/chains"
)

// bundle is a sum of money as every rule sees it: what lies in an output, what an account
// holds, what leaves a pot.
type bundle struct {
	units chains.Amount // the whole sum, stolen or not
	by    [Poison]lots  // nil: all of it is clean under that rule
	taint taint
}

// taint is what poison says of a bundle: touched, by which seeds, on what basis.
type taint struct {
	seeds []int32 // sorted; nil: not touched. Shared between bundles, never written to
	basis Basis
}

func (b *bundle) lots(r Rule) lots {
	if b.by[r] == nil {
		return cleanLots(b.units)
	}
	return b.by[r]
}

// touched reports whether any rule, poison included, sees stolen value here.
func (b *bundle) touched() bool { return b.taint.seeds != nil || b.conserved() }

// conserved reports whether any conserving rule sees stolen value here.
func (b *bundle) conserved() bool {
	for r := range b.by {
		if b.by[r] != nil {
			return true
		}
	}
	return false
}

// largest returns the largest traced amount over the conserving rules.
func (b *bundle) largest() chains.Amount {
	var m chains.Amount
	for r := range b.by {
		m = chains.Max(m, b.by[r].traced())
	}
	return m
}

// mark seeds n clean units of the bundle under every rule.
func (b *bundle) mark(seed int32, n chains.Amount, last bool) {
	for r := range b.by {
		b.by[r] = b.lots(Rule(r)).mark(seed, n, last)
	}
	b.taint.seeds = union(b.taint.seeds, []int32{seed})
}

// union returns the sorted union of two sorted sets. The result may share memory with one
// of them.
func union(a, b []int32) []int32 {
	if len(b) == 0 || slices.Equal(a, b) {
		return a
	}
	if len(a) == 0 {
		return b
	}
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

// divide is the pot of a transaction, which lives for one moment: bundles enter in order,
// outs leave in order, the last of outs being the fee. Both sums must be equal.
//
// Purpose: the one place where value changes hands between pots. Every stolen unit that
// enters leaves, under every conserving rule; divide checks that and panics otherwise,
// because nothing after it could be trusted.
func divide(in []bundle, outs []chains.Amount) []bundle {
	served := make([]bundle, len(outs))
	for i := range outs {
		served[i].units = outs[i]
	}
	var single lots // what entered under the rule `of`, if that is one lot: no rule can choose
	var of int
	for r := range conventions {
		entered := enter(in, Rule(r))
		switch {
		case entered == nil:
		case len(entered) == 1 && slices.Equal(entered, single):
			for i := range served {
				served[i].by[r] = served[i].by[of]
			}
		default:
			serve(Rule(r), entered, served)
			if len(entered) == 1 {
				single, of = entered, r
			}
		}
	}
	t := poisoned(in)
	for i := range served {
		if !served[i].units.IsZero() {
			served[i].taint = t
		}
	}
	return served
}

// enter returns what lies in a pot of a moment under r, in order; nil if nothing there is
// stolen.
func enter(in []bundle, r Rule) lots {
	n, stolen := 0, false
	for i := range in {
		n += max(1, len(in[i].by[r]))
		stolen = stolen || in[i].by[r] != nil
	}
	if !stolen {
		return nil
	}
	entered := make(lots, 0, n)
	for i := range in {
		if in[i].by[r] == nil {
			entered = entered.push(lot{amount: in[i].units, seed: clean})
			continue
		}
		for _, l := range in[i].by[r] {
			entered = entered.push(l)
		}
	}
	if entered.mixed() {
		return entered.weaken(ByRule)
	}
	return entered
}

// serve divides what entered under r over served, by their units.
func serve(r Rule, entered lots, served []bundle) {
	outs := make([]chains.Amount, len(served))
	for i := range served {
		outs[i] = served[i].units
	}
	left := chains.Amount{}
	for i, ls := range conventions[r].divide(entered, outs) {
		if t := ls.traced(); !t.IsZero() {
			served[i].by[r] = ls
			left = left.Plus(t)
		}
	}
	if left.Cmp(entered.traced()) != 0 {
		panic(fmt.Sprintf("tracer: %s: %s entered a pot and %s left it", r, entered.traced(), left))
	}
}

// poisoned returns the taint of everything that leaves a pot which in entered.
func poisoned(in []bundle) taint {
	var t taint
	all := true
	for i := range in {
		if in[i].taint.seeds == nil {
			all = all && in[i].units.IsZero()
			continue
		}
		t.seeds = union(t.seeds, in[i].taint.seeds)
		t.basis = max(t.basis, in[i].taint.basis)
	}
	if !all && t.seeds != nil {
		t.basis = max(t.basis, ByRule)
	}
	return t
}

// account is a pot that lives on: the balance of one (chain, address, asset).
type account struct {
	bundle
	stolen [Poison]chains.Amount // sum of the stolen lots
	mixed  [Poison]bool          // clean value has lain beside stolen value since it was last empty
	ready  [Poison]bool          // the lots are arranged: nothing has entered since
}

// deposit adds b at the back, or ErrOverflow.
func (a *account) deposit(b *bundle) error {
	sum, err := a.units.Add(b.units)
	if err != nil {
		return fmt.Errorf("deposit: %w", err)
	}
	for r := range a.by {
		if a.by[r] == nil && b.by[r] == nil {
			continue
		}
		held, entering := a.lots(Rule(r)), b.lots(Rule(r))
		if !a.mixed[r] && slices.Concat(held[:min(1, len(held))], entering).mixed() {
			a.mixed[r] = true
			held = held.weaken(ByRule)
		}
		for _, l := range entering {
			if a.mixed[r] && l.stolen() {
				l.basis = max(l.basis, ByRule)
			}
			held = held.push(l)
		}
		a.by[r] = held
		a.stolen[r] = a.stolen[r].Plus(entering.traced())
		a.ready[r] = false
	}
	a.taint = poisoned([]bundle{a.bundle, *b})
	a.units = sum
	return nil
}

// fill adds clean units at the front: value that was there although nothing showed it
// coming.
func (a *account) fill(units chains.Amount) error {
	held := *a
	*a = account{bundle: bundle{units: units}}
	if err := a.deposit(&held.bundle); err != nil {
		*a = held
		return err
	}
	for r := range a.mixed {
		a.mixed[r] = a.mixed[r] || held.mixed[r]
	}
	return nil
}

// withdraw removes units, which the account must hold.
func (a *account) withdraw(units chains.Amount) bundle {
	out := bundle{units: units, taint: a.taint}
	for r := range a.by {
		if a.by[r] == nil {
			continue
		}
		c := &conventions[r]
		if c.arrange != nil && !a.ready[r] {
			a.by[r], a.ready[r] = c.arrange(a.by[r]), true
		}
		taken := c.take(&a.by[r], units)
		if t := taken.traced(); !t.IsZero() {
			out.by[r] = taken
			a.stolen[r] = a.stolen[r].Minus(t)
		}
		if a.stolen[r].IsZero() {
			a.by[r] = nil
			a.mixed[r] = false
		}
	}
	a.units = a.units.Minus(units)
	return out
}
