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

// divider is the pot of a transaction, which lives for one moment, with the working memory
// that all of them share. The zero value is ready; it serves one goroutine.
type divider struct {
	entered, held lots             // of the rule that is being served
	moved         lots             // what left the pot, under every rule
	parts         [][Poison]extent // of moved, by output and rule
	order         []int
	served        []bundle
	proportions   proportions
}

// extent is a part of a slice.
type extent struct{ from, to int }

// divide lets bundles enter the pot in order and gives to outs, in order, the last of outs
// being the fee. Both sums must be equal. The bundles returned are the caller's, the slice of
// them is valid until the next call.
//
// Purpose: the one place where value changes hands between pots. Every stolen unit that
// enters leaves, under every conserving rule; divide checks that and panics otherwise,
// because nothing after it could be trusted.
func (d *divider) divide(in []bundle, outs []chains.Amount) []bundle {
	d.moved = d.moved[:0]
	d.parts = slices.Grow(d.parts[:0], len(outs))[:len(outs)]
	clear(d.parts)
	single := -1 // the last rule under which one lot entered, `only`: no rule can choose there
	var only lot
	for r := range conventions {
		d.enter(in, Rule(r))
		switch {
		case len(d.entered) == 0:
		case len(d.entered) == 1 && single >= 0 && d.entered[0] == only:
			for i := range d.parts {
				d.parts[i][r] = d.parts[i][single]
			}
		default:
			d.serve(Rule(r), outs)
			if len(d.entered) == 1 {
				single, only = r, d.entered[0]
			}
		}
	}
	t := poisoned(in)
	d.served = d.served[:0]
	for i := range outs {
		b := bundle{units: outs[i], by: d.settle(&d.parts[i])}
		if !outs[i].IsZero() {
			b.taint = t
		}
		d.served = append(d.served, b)
	}
	return d.served
}

// enter puts what lies in a pot of a moment under r into d.entered, in order; nothing if
// nothing there is stolen.
func (d *divider) enter(in []bundle, r Rule) {
	d.entered = d.entered[:0]
	stolen := false
	for i := range in {
		stolen = stolen || in[i].by[r] != nil
	}
	if !stolen {
		return
	}
	for i := range in {
		if in[i].by[r] == nil {
			d.entered = d.entered.push(lot{amount: in[i].units, seed: clean})
			continue
		}
		for _, l := range in[i].by[r] {
			d.entered = d.entered.push(l)
		}
	}
	if d.entered.mixed() {
		d.entered = d.entered.weaken(d.entered[:0], ByRule)
	}
}

// serve divides what entered under r over the outputs.
func (d *divider) serve(r Rule, outs []chains.Amount) {
	c := &conventions[r]
	if c.arrange != nil {
		d.held = c.arrange(d.held[:0], d.entered)
	} else {
		d.held = append(d.held[:0], d.entered...)
	}
	held, left := d.held, chains.Amount{}
	d.order = c.serve(d.order, outs)
	for _, i := range d.order {
		from := len(d.moved)
		part := c.take(d.moved[from:], &held, outs[i], &d.proportions)
		traced := part.traced()
		if traced.IsZero() {
			continue
		}
		d.moved = append(d.moved, part...) // in place, unless part has outgrown the rest of moved
		d.parts[i][r] = extent{from, len(d.moved)}
		left = left.Plus(traced)
	}
	if entered := d.entered.traced(); left.Cmp(entered) != 0 {
		panic(fmt.Sprintf("tracer: %s: %s entered a pot and %s left it", r, entered, left))
	}
}

// settle returns what one output was given under each rule, in memory of its own: as long as
// it lives, nothing else of the transaction is kept. Rules that agree share it.
func (d *divider) settle(parts *[Poison]extent) (by [Poison]lots) {
	size := 0
	for r, part := range parts {
		by[r] = d.moved[part.from:part.to]
		if first(by[:r], by[r]) < 0 {
			size += len(by[r])
		}
	}
	if size == 0 {
		return [Poison]lots{}
	}
	all := make(lots, 0, size)
	for r, own := range by {
		if len(own) == 0 {
			by[r] = nil
			continue
		}
		if same := first(by[:r], own); same >= 0 {
			by[r] = by[same]
			continue
		}
		from := len(all)
		all = append(all, own...)
		by[r] = all[from:len(all):len(all)]
	}
	return by
}

// first returns the index of what equals own, −1 if nothing does.
func first(among []lots, own lots) int {
	return slices.IndexFunc(among, func(ls lots) bool { return slices.Equal(ls, own) })
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
	unsure bool                  // what it held at first is not known: nobody can say that nothing else lay in it
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
		if !a.mixed[r] && (a.unsure || slices.Concat(held[:min(1, len(held))], entering).mixed()) {
			a.mixed[r] = true
			held = held.weaken(nil, ByRule)
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
	if a.unsure && a.taint.seeds != nil {
		a.taint.basis = max(a.taint.basis, ByRule)
	}
	a.units = sum
	return nil
}

// fill adds clean units at the front: value that was there although nothing showed it
// coming.
func (a *account) fill(units chains.Amount) error {
	held := *a
	*a = account{bundle: bundle{units: units}, unsure: held.unsure}
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
func (a *account) withdraw(units chains.Amount, p *proportions) bundle {
	out := bundle{units: units, taint: a.taint}
	for r := range a.by {
		if a.by[r] == nil {
			continue
		}
		c := &conventions[r]
		if c.arrange != nil && !a.ready[r] {
			a.by[r], a.ready[r] = c.arrange(nil, a.by[r]), true
		}
		taken := c.take(nil, &a.by[r], units, p)
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
