package tracer_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

// What a source tells of a traced output must be what the transaction that made it says.
func TestToldOutputsMustAgree(t *testing.T) {
	for name, lie := range map[string]func(*chains.Output){
		"another value":   func(o *chains.Output) { o.Value++ },
		"another address": func(o *chains.Output) { o.Address = "Z" },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook()
			seed := b.mine("A", 10)
			b.spend([]chains.OutPoint{seed}, pay{"B", 9})
			lie(&b.txs[1].Inputs[0].Spent)
			_, err := b.try("seeds:\n" + outSeed("V1", seed))
			require.ErrorIs(t, err, chains.ErrBadAnswer)
		})
	}
}

// A fee is proven only where every input's value was read from the transaction that made it.
func TestFeeEvidence(t *testing.T) {
	for _, c := range []struct {
		name   string
		proven bool
		want   string
	}{{"told by the source", false, "attested"}, {"read from its transaction", true, "proven"}} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			seed, other := b.mine("A", 10), b.mine("B", 10)
			paid := b.spend([]chains.OutPoint{seed, other}, pay{"C", 15})
			b.spend(paid, pay{"D", 14})
			b.txs[2].Inputs[1].Proven = c.proven
			trace := b.run(t, "seeds:\n"+outSeed("V1", seed))
			var fees []string
			for _, h := range trace.Hops {
				if h.Kind == tracer.HopFee {
					fees = append(fees, h.Legs[0].Evidence)
				} else {
					require.Equal(t, "proven", h.Legs[0].Evidence)
				}
			}
			require.Equal(t, []string{c.want, "proven"}, fees, "the second spends a traced output alone")
		})
	}
}

// A window of which a part was not read says so, at either end.
func TestWindowNotReadWhole(t *testing.T) {
	b := newBook()
	b.mine("P", 10)
	b.mine("P", 20)
	for _, tx := range b.txs {
		tx.Block.Height += 100
	}
	for _, c := range []struct {
		from, to string
		gaps     int
	}{
		{"100", "101", 0}, {"99", "101", 1}, {"100", "102", 1}, {"5", "900", 2},
		{"2020-09-13T12:26:40Z", "2020-09-13T12:36:40Z", 0},
		{"2020-09-13T12:26:39Z", "2020-09-13T12:36:40Z", 1},
		{"2020-09-13T12:26:40Z", "2020-09-13T12:36:41Z", 1},
	} {
		t.Run(c.from+" to "+c.to, func(t *testing.T) {
			trace := b.run(t, fmt.Sprintf("seeds:\n  - {id: V1, chain: %s, address: P, from: %s, to: %s}\n", chain, c.from, c.to))
			require.Len(t, trace.Gaps, c.gaps)
			require.Len(t, trace.Seeds, 2)
			require.Equal(t, int64(100), trace.AsOf[0].FromHeight)
		})
	}
}

// A seed of which all is traced already from another is a gap and does not end the trace.
func TestSeedTracedAlready(t *testing.T) {
	b := newBook()
	first := b.mine("A", 10)
	second := b.spend([]chains.OutPoint{first}, pay{"B", 10})
	trace := b.run(t, "seeds:\n"+outSeed("V1", first)+outSeed("V2", second[0]))
	require.Len(t, trace.Seeds, 1)
	require.Len(t, trace.Gaps, 1)
	require.Equal(t, "seed V2", trace.Gaps[0].What)
}

// No hops at all is refused: it must not mean no limit.
func TestNoHopsRefused(t *testing.T) {
	b := newBook()
	_, err := b.try("stop: {hops: 0}\nseeds:\n" + outSeed("V1", b.mine("A", 1)))
	var field *tracer.FieldError
	require.ErrorAs(t, err, &field)
	require.Equal(t, "stop.hops", field.Field)
}
