package tracer

import (
	"fmt"
	"slices"

	"clew/chains"
)

// Piece is a run of units in a pot, for those who show how it was divided.
type Piece struct {
	Input int           `json:"input"` // index of the input that brought it; −1 where the rule takes from all of them at once
	Seed  string        `json:"seed"`  // id of the seed that it is traced to; "" where it is clean
	Units chains.Amount `json:"units"`
}

// Divide shows what each output takes out of the pot of a transaction under a conserving rule: pieces
// in the order in which they leave, by the same conventions as a trace. entered are the inputs' pieces
// in the order in which they enter, outs the outputs with the fee last, seeds the ids of the incident
// in its order, which decides between equal fractions. It is an error where both sums differ, where a
// piece names an unknown seed, and for poison, which divides nothing.
func Divide(rule Rule, entered []Piece, outs []chains.Amount, seeds []string) ([][]Piece, error) {
	if !rule.Conserves() {
		return nil, fmt.Errorf("divide a pot by %s: it divides nothing", rule)
	}
	c := &conventions[rule]
	held, in, err := asLots(c, entered, seeds)
	if err != nil {
		return nil, err
	}
	var out chains.Amount
	for _, o := range outs {
		if out, err = out.Add(o); err != nil {
			return nil, fmt.Errorf("sum of the outputs: %w", err)
		}
	}
	if in != out {
		return nil, fmt.Errorf("divide a pot: %s entered and %s left", in, out)
	}
	if c.arrange != nil {
		held = c.arrange(nil, held)
	}
	d := pieces{c: c, seeds: seeds, entered: entered, clean: cleanPieces(entered, c.newest)}
	left := make([][]Piece, len(outs))
	var p proportions
	for _, i := range c.serve(nil, outs) {
		for _, l := range c.take(nil, &held, outs[i], &p) {
			left[i] = d.name(left[i], l)
		}
	}
	return left, nil
}

// asLots turns pieces into lots. Where lots leave in an order, the seed of a stolen one is its place
// among the pieces, so that none is joined to another and each can be named; else it is its seed.
func asLots(c *convention, entered []Piece, seeds []string) (ls lots, sum chains.Amount, err error) {
	for i, e := range entered {
		l := lot{amount: e.Units, seed: clean}
		if e.Seed != "" {
			k := slices.Index(seeds, e.Seed)
			if k < 0 {
				return nil, sum, fmt.Errorf("divide a pot: seed %q is not one of %v", e.Seed, seeds)
			}
			if l.seed = int32(i); c.proportional {
				l.seed = int32(k)
			}
		}
		if sum, err = sum.Add(e.Units); err != nil {
			return nil, sum, fmt.Errorf("sum of what enters a pot: %w", err)
		}
		ls = ls.push(l)
	}
	return ls, sum, nil
}

// cleanPieces are what is not stolen, in the order in which it leaves.
func cleanPieces(entered []Piece, newest bool) []Piece {
	var out []Piece
	for _, e := range entered {
		if e.Seed == "" {
			out = append(out, e)
		}
	}
	if newest {
		slices.Reverse(out)
	}
	return out
}

// pieces names the lots that leave a pot.
type pieces struct {
	c       *convention
	seeds   []string
	entered []Piece
	clean   []Piece // what is still to leave of it
}

// name appends what l is to an output's pieces. Clean value has no name in a lot, but keeps its
// order, so that it is taken from the front of what is left of it.
func (d *pieces) name(out []Piece, l lot) []Piece {
	switch {
	case d.c.proportional && l.stolen():
		return append(out, Piece{-1, d.seeds[l.seed], l.amount})
	case d.c.proportional:
		return append(out, Piece{-1, "", l.amount})
	case l.stolen():
		return append(out, Piece{d.entered[l.seed].Input, d.entered[l.seed].Seed, l.amount})
	}
	for left := l.amount; !left.IsZero(); {
		front := &d.clean[0]
		part := chains.Min(front.Units, left)
		left, front.Units = left.Minus(part), front.Units.Minus(part)
		if n := len(out); n > 0 && out[n-1].Seed == "" && out[n-1].Input == front.Input {
			out[n-1].Units = out[n-1].Units.Plus(part)
		} else if !part.IsZero() {
			out = append(out, Piece{front.Input, "", part})
		}
		if front.Units.IsZero() {
			d.clean = d.clean[1:]
		}
	}
	return out
}
