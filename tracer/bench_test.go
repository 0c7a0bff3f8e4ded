package tracer_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"clew/chains"
	"clew/tracer"
)

// branchingStream spends one to three of the outputs that are live, at random, and pays two
// or three addresses, so that stolen value spreads and meets clean money and itself.
func branchingStream(n int) *stream {
	s := &stream{n: n}
	rng := rand.New(rand.NewPCG(1, 2))
	type live struct {
		tx, index int
		value     uint64
		address   string
	}
	var unspent []live
	s.make = func(i int, tx *chains.Tx) {
		if i == 0 || rng.IntN(20) == 0 {
			value := uint64(1_000_000_000)
			if i == 0 {
				value = 1_000_000_000_000
			}
			tx.Coinbase, tx.Outputs = true, []chains.Output{output(value, "M")}
			unspent = append(unspent, live{i, 0, value, "M"})
			return
		}
		total := uint64(0)
		for range 1 + rng.IntN(min(3, len(unspent))) {
			k := rng.IntN(len(unspent))
			u := unspent[k]
			unspent[k] = unspent[len(unspent)-1]
			unspent = unspent[:len(unspent)-1]
			tx.Inputs = append(tx.Inputs, s.input(u.tx, u.index, u.value, u.address))
			total += u.value
		}
		total -= total / 1000
		parts := 2 + rng.IntN(2)
		for k := range parts {
			value := total
			if k < parts-1 {
				value = total / 2
			}
			total -= value
			address := fmt.Sprintf("A%d", rng.IntN(100_000))
			tx.Outputs = append(tx.Outputs, output(value, address))
			unspent = append(unspent, live{i, k, value, address})
		}
	}
	return s
}

// BenchmarkBranching is the cost of one transaction of a trace that spreads: under every
// rule, hops written to a sink. An operation is one transaction.
func BenchmarkBranching(b *testing.B) {
	for _, pots := range []string{"output", "address"} {
		b.Run(pots, func(b *testing.B) {
			inc, err := tracer.ParseIncident("incident.yaml", []byte("clew: incident/1\nid: bench\nrule: fifo\naccounts: "+pots+"\n"+seedOf(0, 0)), plain{})
			if err != nil {
				b.Fatal(err)
			}
			s := branchingStream(b.N)
			c := &counter{}
			b.ReportAllocs()
			b.ResetTimer()
			if _, err := tracer.Run(context.Background(), inc, chain, s, plain{}, tracer.Options{Sink: c}); err != nil {
				b.Fatal(err)
			}
			b.Logf("%d transactions, %d hops", b.N, c.hops)
		})
	}
}
