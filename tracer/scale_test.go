package tracer_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

// stream is a Source that makes its transactions as they are asked for and forgets them:
// what is left in memory is the tracer's own. It gives every transaction, watched or not,
// which a trace of one branch never notices.
type stream struct {
	n    int // transactions
	at   int
	make func(n int, tx *chains.Tx)
}

func (s *stream) WatchTx(context.Context, chains.TxID) error         { return nil }
func (s *stream) WatchOut(context.Context, chains.OutPoint) error    { return nil }
func (s *stream) WatchAddress(context.Context, chains.Address) error { return nil }
func (s *stream) From() chains.BlockRef                              { return chains.BlockRef{} }
func (s *stream) AsOf() chains.BlockRef                              { return chains.BlockRef{Height: int64(s.n)} }
func (s *stream) BalanceBefore(context.Context, chains.Address) (chains.Amount, error) {
	return chains.Amount{}, nil
}

func (s *stream) Next(context.Context) (*chains.Tx, error) {
	if s.at == s.n {
		return nil, io.EOF
	}
	tx := &chains.Tx{ID: streamID(s.at), Evidence: chains.EvidenceProven}
	tx.Block = chains.BlockRef{Height: int64(s.at), Time: 1_600_000_000 + int64(s.at)}
	s.make(s.at, tx)
	s.at++
	return tx, nil
}

func streamID(n int) chains.TxID {
	var id chains.TxID
	binary.BigEndian.PutUint64(id[:], uint64(n)+1)
	return id
}

func (s *stream) input(tx, index int, value uint64, address string) chains.Input {
	return chains.Input{
		Prev:  chains.OutPoint{Tx: streamID(tx), Index: uint32(index)},
		Spent: chains.Output{Value: value, Address: chains.Address(address), Type: chains.ScriptP2WPKH}, Known: true,
	}
}

func output(value uint64, address string) chains.Output {
	return chains.Output{Value: value, Address: chains.Address(address), Type: chains.ScriptP2WPKH}
}

// counter is a Sink that keeps sums only, and the largest heap seen every so many hops.
type counter struct {
	hops, ends int
	inputs     int // of all hops
	most       int // inputs of one hop
	heap       uint64
}

func (c *counter) Hop(h tracer.Hop) error {
	if c.hops++; c.hops%250_000 == 0 {
		c.heap = max(c.heap, liveHeap())
	}
	c.inputs += len(h.Inputs)
	c.most = max(c.most, len(h.Inputs))
	return nil
}

func (c *counter) Endpoint(int, tracer.Endpoint) error { c.ends++; return nil }

// liveHeap is what is in use after a collection.
func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func incidentOf(t *testing.T, text string) *tracer.Incident {
	t.Helper()
	inc, err := tracer.ParseIncident("incident.yaml", []byte("clew: incident/1\nid: scale\nrule: fifo\n"+text), plain{})
	require.NoError(t, err)
	return inc
}

// runStream traces with a counting sink and logs what it took.
func runStream(t *testing.T, what, text string, s *stream) (*counter, *tracer.Trace) {
	t.Helper()
	c := &counter{}
	start := time.Now()
	trace, err := tracer.Run(context.Background(), incidentOf(t, text), chain, s, plain{}, tracer.Options{Sink: c})
	require.NoError(t, err)
	took := time.Since(start)
	c.heap = max(c.heap, liveHeap())
	runtime.KeepAlive(trace)
	t.Logf("%s: %d transactions in %s, %d ns each; %d hops, %d endpoints, largest live heap %d kB", what, s.n,
		took.Round(time.Millisecond), took.Nanoseconds()/int64(s.n), c.hops, c.ends, c.heap/1000)
	return c, trace
}

// peelStream pays 10 to one of a thousand addresses and the rest on to another, n times.
func peelStream(n int) *stream {
	s := &stream{n: n}
	value := func(i int) uint64 { return uint64(n-i)*10 + 1000 }
	s.make = func(i int, tx *chains.Tx) {
		at := fmt.Sprintf("P%d", i%1000)
		if i == 0 {
			tx.Coinbase, tx.Outputs = true, []chains.Output{output(value(0), at)}
			return
		}
		index := 1
		if i == 1 {
			index = 0
		}
		tx.Inputs = []chains.Input{s.input(i-1, index, value(i-1), fmt.Sprintf("P%d", (i-1)%1000))}
		tx.Outputs = []chains.Output{output(10, fmt.Sprintf("X%d", i%1000)), output(value(i), at)}
	}
	return s
}

func seedOf(n, index int) string {
	return fmt.Sprintf("seeds:\n  - {id: V1, output: \"%s:%s:%d\"}\n", chain, streamID(n), index)
}

// A peel chain of a million hops: what is live is one output and what was peeled off, which
// the limit of dust ends at once, so that memory does not grow with the chain.
func TestScalePeelChain(t *testing.T) {
	text := "stop: {dust: {native: \"11\"}}\n" + seedOf(0, 0)
	short, _ := runStream(t, "peel chain", text, peelStream(10_000))
	long, trace := runStream(t, "peel chain", text, peelStream(1_000_000))
	require.Equal(t, 2*999_999, long.hops)
	require.Equal(t, 1_000_000, long.ends)
	require.Less(t, long.heap, short.heap+4<<20, "memory in proportion to what is live, not to the chain")
	for _, r := range tracer.Rules() {
		if rows, _ := trace.Conservation.Get(r); r.Conserves() {
			require.Equal(t, "0", rows[0].Difference)
		}
	}
}

// One transaction with 20,000 inputs, stolen and clean in turn, and 20,000 outputs.
func TestScaleWideTransaction(t *testing.T) {
	const wide = 20_000
	s := &stream{n: wide + 1}
	s.make = func(i int, tx *chains.Tx) {
		if i < wide {
			address := "V"
			if i%2 == 1 {
				address = "C"
			}
			tx.Coinbase, tx.Outputs = true, []chains.Output{output(1000+uint64(i), address)}
			return
		}
		for k := range wide {
			tx.Inputs = append(tx.Inputs, s.input(k, 0, 1000+uint64(k), "V"))
			tx.Outputs = append(tx.Outputs, output(1000+uint64(wide-1-k), fmt.Sprintf("X%d", k)))
		}
	}
	c, trace := runStream(t, "20,000 by 20,000", fmt.Sprintf("seeds:\n  - {id: V1, chain: %s, address: V, from: 0, to: %d}\n", chain, wide), s)
	require.Equal(t, wide, c.hops)
	require.Len(t, trace.Seeds, wide/2)
}

// cycleStream sends 100 units from A to B and back again, n times, each time beside 7 new
// clean units that A keeps or passes on.
func cycleStream(n int, keeps bool) *stream {
	s := &stream{n: 3*n + 1}
	s.make = func(i int, tx *chains.Tx) {
		round := (i - 1) / 3
		held := uint64(100)
		if !keeps {
			held += uint64(round) * 7
		}
		switch {
		case i == 0:
			tx.Coinbase, tx.Outputs = true, []chains.Output{output(100, "A")}
		case i%3 == 1: // clean money comes to A
			tx.Coinbase, tx.Outputs = true, []chains.Output{output(7, "A")}
		case i%3 == 2: // A to B
			from := s.input(i-2, 0, held, "A")
			tx.Inputs = []chains.Input{from}
			if !keeps {
				held += 7
				tx.Inputs = append(tx.Inputs, s.input(i-1, 0, 7, "A"))
			}
			tx.Outputs = []chains.Output{output(held, "B")}
		default: // and back
			if !keeps {
				held += 7
			}
			tx.Inputs = []chains.Input{s.input(i-1, 0, held, "B")}
			tx.Outputs = []chains.Output{output(held, "A")}
		}
	}
	return s
}

// 100,000 cycles through one address, in both kinds of pots; a tenth of that where clean
// money stays behind in the account.
func TestScaleCycles(t *testing.T) {
	for _, pots := range []string{"output", "address"} {
		for what, cycles := range map[string]int{"all moves on": 100_000, "clean residue stays": 10_000} {
			t.Run(pots+", "+what, func(t *testing.T) {
				s := cycleStream(cycles, what == "clean residue stays")
				c, _ := runStream(t, "cycles", "accounts: "+pots+"\n"+seedOf(0, 0), s)
				require.Equal(t, 2*cycles, c.hops)
				require.Less(t, c.most, 10, "a hop names what entered since, not all of the past")
			})
		}
	}
}

// hubStream lets stolen and clean units come to H in turn and pays a little out after each
// pair, so that H holds more and more lots.
func hubStream(pairs int) *stream {
	s := &stream{n: 3 * pairs}
	s.make = func(i int, tx *chains.Tx) {
		switch i % 3 {
		case 0, 1: // stolen from V, clean from C
			tx.Coinbase, tx.Outputs = true, []chains.Output{output(100, "H")}
			tx.Block.Height = int64(i % 3)
		default:
			tx.Inputs = []chains.Input{s.input(i-1, 0, 100, "H")}
			tx.Outputs = []chains.Output{output(7, "X"), output(93, "H")}
			tx.Block.Height = 2
		}
	}
	return s
}

// An address that keeps tens of thousands of lots, stolen and clean in turn: a payment costs
// what it moves, not what lies there.
func TestScaleManyLots(t *testing.T) {
	window := fmt.Sprintf("accounts: address\nseeds:\n  - {id: V1, chain: %s, address: H, from: 0, to: 0}\n", chain)
	few, _ := runStream(t, "many lots", window, hubStream(1_000))
	many, _ := runStream(t, "many lots", window, hubStream(10_000))
	require.Equal(t, 1_000, few.hops)
	require.Equal(t, 10_000, many.hops)
}

// fanStream pays one stolen output to n others, each of which is spent on its own.
func fanStream(n int) *stream {
	s := &stream{n: n + 2}
	s.make = func(i int, tx *chains.Tx) {
		switch i {
		case 0:
			tx.Coinbase, tx.Outputs = true, []chains.Output{output(uint64(n)*100, "V")}
		case 1:
			tx.Inputs = []chains.Input{s.input(0, 0, uint64(n)*100, "V")}
			for range n {
				tx.Outputs = append(tx.Outputs, output(100, "F"))
			}
		default:
			tx.Inputs = []chains.Input{s.input(1, i-2, 100, "F")}
			tx.Outputs = []chains.Output{output(100, "X")}
		}
	}
	return s
}

// An output with 100,000 spent descendants: each costs as many allocations as one of 10,000.
func TestScaleFan(t *testing.T) {
	per1000 := func(n int) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c, _ := runStream(t, "fan", seedOf(0, 0), fanStream(n))
		runtime.ReadMemStats(&after)
		require.Equal(t, 2*n, c.hops)
		require.Equal(t, n, c.ends)
		return (after.Mallocs - before.Mallocs) * 1000 / uint64(n)
	}
	few, many := per1000(10_000), per1000(100_000)
	require.Less(t, many, few*12/10, "allocations in proportion")
}
