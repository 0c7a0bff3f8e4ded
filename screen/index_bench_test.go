package screen_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/screen"
	"clew/tracer"
)

// peeled is a trace of n payments out of a chain of change, each with its hop of change and of fee. salt
// makes it another one.
func peeled(n int, salt string) *tracer.Trace {
	id := func(kind string, i int) chains.Hash {
		return sha256.Sum256(binary.BigEndian.AppendUint64([]byte(salt+kind), uint64(i)))
	}
	when := func(i int) string { return time.Unix(1_548_000_000+int64(i)*60, 0).UTC().Format(time.RFC3339) }
	address := func(kind string, i int) string { return text(salt + kind + strconv.Itoa(i)) }
	all := func(units uint64) (out tracer.Traced) {
		for r := range out.Value {
			out.Value[r] = chains.Units(units)
		}
		return out
	}
	left := uint64(n)*2000 + 1000
	t := &tracer.Trace{Schema: tracer.Schema, Incident: tracer.IncidentRef{ID: "peel" + salt, Accounts: "output"}}
	t.Nodes = []tracer.Node{{ID: "miners", Chain: regtest, Kind: tracer.NodeCoinbase}, {ID: "change0", Chain: regtest, Kind: tracer.NodeAddress, Address: address("change", 0)}}
	t.Seeds = []tracer.SeedEntry{{ID: "V1", Chain: regtest, Asset: chains.Native, Units: chains.Units(left), TxID: id("tx", 0), Position: "0",
		Address: address("change", 0), Node: "change0", Time: when(0), Evidence: "proven"}}
	before, out := "V1", id("tx", 0).String()+":0"
	for i := 1; i <= n; i++ {
		tx := id("tx", i)
		hop := func(kind tracer.HopKind, name, position, to string, units uint64) {
			t.Hops = append(t.Hops, tracer.Hop{
				ID: name + strconv.Itoa(i), Number: len(t.Hops) + 1, Kind: kind, Inputs: []string{before},
				Legs: []tracer.Leg{{
					Chain: regtest, TxID: tx, Height: int64(i), Time: when(i), Positions: []tracer.Position{{Kind: "vout", Value: position}},
					From: []tracer.From{{Node: "change" + strconv.Itoa(i-1), OutPoint: out}}, To: to, Asset: chains.Native, Units: chains.Units(units), Evidence: "proven",
				}},
				Traced: all(units), TracedBySeed: tracer.BySeed{{Seed: "V1", Traced: all(units)}},
			})
		}
		left -= 2000
		for _, name := range []string{"paid", "change"} {
			t.Nodes = append(t.Nodes, tracer.Node{ID: name + strconv.Itoa(i), Chain: regtest, Kind: tracer.NodeAddress, Address: address(name, i)})
		}
		hop(tracer.HopTransfer, "paid", "0", "paid"+strconv.Itoa(i), 1900)
		hop(tracer.HopTransfer, "change", "1", "change"+strconv.Itoa(i), left)
		hop(tracer.HopFee, "fee", "fee", "miners", 100)
		before, out = "change"+strconv.Itoa(i), tx.String()+":1"
	}
	return t
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkIndexWith loads an incident of 32,000 hops and says what it keeps.
func BenchmarkIndexWith(b *testing.B) {
	trace := peeled(32_000/3, "")
	empty := screen.NewIndex(families{})
	var kept *screen.Index
	before := heap()
	for b.Loop() {
		x, err := empty.With(trace, screen.Loaded{ID: "peel"})
		require.NoError(b, err)
		kept = x
	}
	b.Logf("%d bytes a hop", (heap()-before)/uint64(len(trace.Hops)))
	runtime.KeepAlive(kept)
}

// BenchmarkIndex asks an index of 1,000 incidents, the largest of 32,000 hops.
func BenchmarkIndex(b *testing.B) {
	x := screen.NewIndex(families{})
	large := peeled(32_000/3, "")
	var err error
	for i := range 1000 {
		trace := large
		if i > 0 {
			trace = peeled(10, strconv.Itoa(i))
		}
		x, err = x.With(trace, screen.Loaded{ID: fmt.Sprintf("incident %04d", i)})
		require.NoError(b, err)
	}
	hop := &large.Hops[len(large.Hops)-3] // the last payment
	place := screen.Place{Chain: regtest, Tx: hop.Legs[0].TxID, Asset: chains.Native}
	address := large.Nodes[len(large.Nodes)-2].Address
	hits := x.At(place)
	require.Len(b, hits, 1)
	require.Len(b, x.Address(regtest, address), 1)
	b.Run("hit", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			x.At(place)
		}
	})
	b.Run("none", func(b *testing.B) {
		b.ReportAllocs()
		other := place
		other.Vout = 7
		for b.Loop() {
			x.At(other)
		}
	})
	b.Run("address", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			x.Address(regtest, address)
		}
	})
	b.Run("path", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := x.Path(hits[0], 8); err != nil {
				b.Fatal(err)
			}
		}
	})
}
