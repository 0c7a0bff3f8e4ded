package main

import (
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/exhibit"
	"clew/tracer"
)

// spends finds what the transaction of leg spends of the places that the hop names, and beside
// them: from its inputs where they are known, else from the trace, where it lists all that
// leaves.
func (x *explanation) spends(t *loadedTrace, leg *tracer.Leg) {
	if onAccounts(leg) {
		return // a transaction of accounts spends nothing beside what it moves
	}
	if x.Accounts == string(tracer.AccountsCluster) { // the trace does not list whose inputs they are
		return
	}
	if !x.Complete {
		if b, ok := t.Beside()[leg.TxID]; ok && b.Exact {
			x.Spent, x.Other = &b.Spent, &b.Other
		}
		return
	}
	var spent, other chains.Amount
	for i := range x.Entered {
		e := &x.Entered[i]
		if e.Units == nil {
			return
		}
		if x.named(leg, e) {
			spent = spent.Plus(*e.Units)
		} else {
			other = other.Plus(*e.Units)
		}
	}
	x.Spent, x.Other = &spent, &other
}

// named reports whether the hop names the place of an input: the output, or where pots are
// addresses, the address.
func (x *explanation) named(leg *tracer.Leg, e *potEntry) bool {
	if x.Accounts == string(tracer.AccountsAddress) {
		return slices.Contains(x.From, e.Address)
	}
	return slices.ContainsFunc(leg.From, func(f tracer.From) bool { return f.OutPoint == e.OutPoint })
}

// payer is the subject of the sentence that says who paid: an address only where it alone did.
func (x *explanation) payer(names *exhibit.Assets, leg *tracer.Leg) string {
	var from []string
	for _, f := range x.From {
		if !slices.Contains(from, f) {
			from = append(from, f)
		}
	}
	alone := x.Other != nil && x.Other.IsZero()
	if alone && len(from) == 1 {
		return from[0]
	}
	who := strings.Join(from, ", ")
	if len(from) > 3 {
		who = fmt.Sprintf("%s and %d more addresses", strings.Join(from[:2], ", "), len(from)-2)
	}
	amount := func(a chains.Amount) string { return coins(names, leg.Chain, leg.Asset, a) }
	switch {
	case alone:
		return fmt.Sprintf("A transaction that spends %s of %s", amount(*x.Spent), who)
	case x.Other != nil:
		return fmt.Sprintf("A transaction that spends %s of %s beside %s of other funds", amount(*x.Spent), who, amount(*x.Other))
	}
	return fmt.Sprintf("A transaction that spends value of %s, and may spend other funds beside it,", who)
}
