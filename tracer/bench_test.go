package tracer_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
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

// transfers is a chain of accounts that pay each other at random, one transfer a block: stolen
// value spreads and meets clean money. It knows no balances.
type transfers struct {
	*evmBook
	n, at   int
	rng     *rand.Rand
	balance map[int]uint64
	from    int
}

func (s *transfers) WatchTx(context.Context, chains.TxID) error         { return nil }
func (s *transfers) WatchAddress(context.Context, chains.Address) error { return nil }
func (s *transfers) AsOf() chains.BlockRef                              { return chains.BlockRef{Height: int64(s.n)} }
func (s *transfers) From() chains.BlockRef                              { return chains.BlockRef{} }
func (s *transfers) Next(context.Context) (*chains.Tx, error) {
	if s.at == s.n {
		return nil, io.EOF
	}
	const accounts = 5000
	tx := &chains.Tx{ID: number(s.at), Block: chains.BlockRef{Height: int64(s.at), Time: int64(s.at)}, Evidence: chains.EvidenceProven}
	to := s.rng.IntN(accounts)
	m := chains.Move{Kind: chains.MoveToken, Asset: token, From: "S", To: chains.Address(fmt.Sprint("A", to)), Amount: chains.Units(1 << 50), Index: uint32(s.at), Evidence: chains.EvidenceProven}
	units := uint64(1 << 50)
	if s.at > 0 && s.at%50 != 0 {
		for s.balance[s.from] < 4 {
			s.from = (s.from + 1) % accounts
		}
		units = s.balance[s.from] / 2
		s.balance[s.from] -= units
		m.From, m.Amount = chains.Address(fmt.Sprint("A", s.from)), chains.Units(units)
	}
	s.balance[to] += units
	s.from = to
	tx.Exec = &chains.Execution{Sender: m.From, Moves: []chains.Move{m}}
	s.at++
	return tx, nil
}

// number is the id of transaction i.
func number(i int) (id chains.TxID) {
	binary.BigEndian.PutUint64(id[:], uint64(i))
	return id
}

// BenchmarkBalances is the cost of one transfer on a chain of accounts under every rule, hops kept
// in memory. An operation is one transaction.
func BenchmarkBalances(b *testing.B) {
	s := &transfers{evmBook: &evmBook{noState: true}, n: b.N, rng: rand.New(rand.NewPCG(1, 2)), balance: map[int]uint64{}}
	to := rand.New(rand.NewPCG(1, 2)).IntN(5000)
	inc := evmIncident(b, "seeds:\n"+txSeed("V1", polygon, number(0), fmt.Sprint("A", to), token))
	b.ReportAllocs()
	b.ResetTimer()
	trace, err := tracer.Run(context.Background(), inc, polygon, s, plain{}, tracer.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d transactions, %d hops", b.N, len(trace.Hops))
}
