package tracer

import (
	"errors"
	"fmt"

	"clew/chains"
)

// lying is what lies in one place, an output or a fee, and what becomes of it.
type lying struct {
	amount [numRules]chains.Amount
	spent  string // the transaction that spends it; "" for none
	ended  string // the endpoint at which it ends; "" for none
}

// entering is what a transaction takes and gives, under each rule.
type entering struct {
	in, out [numRules]chains.Amount
	says    [numRules]bool
}

// flow follows the amounts through places and transactions. It is for pots that are
// transactions: an account keeps what no hop shows.
func (c *check) flow() error {
	if c.t.Incident.Accounts != string(AccountsOutput) {
		return nil
	}
	places, err := c.places()
	if err == nil {
		err = c.ends(places)
	}
	if err == nil {
		err = c.transactions(places)
	}
	if err != nil {
		return err
	}
	for i := range c.t.Hops {
		leg := &c.t.Hops[i].Legs[0]
		if !inOutputs(leg.Chain) {
			continue
		}
		if err := c.goesOn(places, placeOfHop(leg)); err != nil {
			return fmt.Errorf("hop %d: %w", i+1, err)
		}
	}
	for i := range c.t.Seeds {
		s := &c.t.Seeds[i]
		if !inOutputs(s.Chain) {
			continue
		}
		if err := c.goesOn(places, placeOf(s.TxID, s.Position)); err != nil {
			return fmt.Errorf("seed %s: %w", s.ID, err)
		}
	}
	return nil
}

// inOutputs reports whether a chain keeps value in outputs. Value does not pass between those that
// do and those that do not.
func inOutputs(chain chains.Chain) bool { return chain.Info().Family != chains.FamilyEVM }

// goesOn checks that what lies in a place is spent or ends there.
func (c *check) goesOn(places map[string]*lying, name string) error {
	p := places[name]
	for _, r := range c.rules() {
		if p.spent == "" && p.ended == "" && !p.amount[r].IsZero() {
			return fmt.Errorf("%s of it under %s goes nowhere", p.amount[r], r)
		}
	}
	return nil
}

// placeOfHop names where a hop leads: an output, a fee, or an input of a mix.
func placeOfHop(leg *Leg) string {
	if leg.Positions[0].Kind != positionInput {
		return placeOf(leg.TxID, leg.Positions[0].Value)
	}
	return placeOf(leg.TxID, positionInput+" "+leg.Positions[0].Value)
}

// placeOf names an output, a fee or an input of a mix.
func placeOf(tx chains.TxID, position string) string { return tx.String() + ":" + position }

// rules are those of the trace under which amounts are divided.
func (c *check) rules() []Rule {
	var rules []Rule
	for _, r := range c.t.Rules {
		if r.Conserves() {
			rules = append(rules, r)
		}
	}
	return rules
}

// places lays down what hops and seeds bring, by "txid:position".
func (c *check) places() (map[string]*lying, error) {
	places := make(map[string]*lying, len(c.t.Hops)+len(c.t.Seeds))
	lay := func(name string, r Rule, a chains.Amount) (err error) {
		p := places[name]
		if p == nil {
			p = &lying{}
			places[name] = p
		}
		if p.amount[r], err = p.amount[r].Add(a); err != nil {
			return fmt.Errorf("%s under %s: %w", name, r, err)
		}
		return nil
	}
	for i := range c.t.Hops {
		h := &c.t.Hops[i]
		leg := &h.Legs[0]
		if !inOutputs(leg.Chain) {
			continue
		}
		if len(leg.Positions) != 1 {
			return nil, fmt.Errorf("hop %d: it has %d positions, want 1", h.Number, len(leg.Positions))
		}
		name := placeOfHop(leg)
		if places[name] != nil {
			return nil, fmt.Errorf("hop %d: another one led to %s before", h.Number, name)
		}
		for _, r := range c.rules() {
			a, _ := h.Traced.Get(r)
			if err := lay(name, r, a); err != nil {
				return nil, err
			}
		}
	}
	for i := range c.t.Seeds {
		s := &c.t.Seeds[i]
		if !inOutputs(s.Chain) {
			continue
		}
		for _, r := range c.rules() {
			if err := lay(placeOf(s.TxID, s.Position), r, s.Units); err != nil {
				return nil, err
			}
		}
	}
	return places, nil
}

// ends checks that what ends in a place is what came there.
func (c *check) ends(places map[string]*lying) error {
	for i := range c.t.Endpoints {
		e := &c.t.Endpoints[i]
		if !inOutputs(e.Chain) {
			continue
		}
		if e.TxID == nil {
			return fmt.Errorf("endpoint %s: it names no transaction", e.ID)
		}
		p := places[placeOf(*e.TxID, e.Position)]
		if p == nil || p.ended != "" {
			return fmt.Errorf("endpoint %s: nothing came to it that did not end elsewhere", e.ID)
		}
		p.ended = e.ID
		for _, r := range c.rules() {
			if a, _ := e.Traced.Get(r); a != p.amount[r] {
				return fmt.Errorf("endpoint %s: traced under %s: stated %s, computed %s from what came there", e.ID, r, a, p.amount[r])
			}
		}
	}
	return nil
}

// transactions checks that what enters each transaction leaves it. A rule that ends there
// says nothing of what leaves; then it ended in the places that were spent.
func (c *check) transactions(places map[string]*lying) error {
	txs := map[chains.TxID]*entering{}
	for i := range c.t.Hops {
		h := &c.t.Hops[i]
		leg := &h.Legs[0]
		if !inOutputs(leg.Chain) {
			continue
		}
		tx := txs[leg.TxID]
		if tx == nil || h.Kind == HopMixer { // each hop into a mix spends what is its own
			if tx == nil {
				tx = &entering{}
				txs[leg.TxID] = tx
			}
			if err := c.spend(tx, leg, places); err != nil {
				return fmt.Errorf("hop %d: %w", h.Number, err)
			}
		}
		for _, r := range c.rules() {
			a, ok := h.Traced.Get(r)
			var err error
			if tx.out[r], err = tx.out[r].Add(a); err != nil {
				return fmt.Errorf("hop %d: %w", h.Number, err)
			}
			tx.says[r] = tx.says[r] || ok
		}
	}
	for i := range c.t.Hops {
		id := c.t.Hops[i].Legs[0].TxID
		tx := txs[id]
		if tx == nil {
			continue // of a chain of accounts
		}
		for _, r := range c.rules() {
			if tx.says[r] && tx.in[r] != tx.out[r] {
				return fmt.Errorf("transaction %s: %s enters it under %s, and its hops state %s", id, tx.in[r], r, tx.out[r])
			}
		}
	}
	return nil
}

// spend adds up what the places that leg came from bring into its transaction.
func (c *check) spend(tx *entering, leg *Leg, places map[string]*lying) error {
	id := leg.TxID.String()
	if len(leg.From) == 0 {
		return errors.New("it comes from nowhere: from is empty")
	}
	for _, f := range leg.From {
		p := places[f.OutPoint]
		switch {
		case p == nil:
			return fmt.Errorf("it spends %q, to which no seed and no hop leads", f.OutPoint)
		case p.spent != "":
			return fmt.Errorf("it spends %s, which %s spends too", f.OutPoint, p.spent)
		}
		p.spent = id
		for _, r := range c.rules() {
			var err error
			if tx.in[r], err = tx.in[r].Add(p.amount[r]); err != nil {
				return err
			}
		}
	}
	return nil
}
