package tracer_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

// A token is a gap where an accounting rule traces value in the same output, and there alone.
func TestTokenGaps(t *testing.T) {
	token := func(b *book, outs ...int) {
		for _, i := range outs {
			b.txs[len(b.txs)-1].Outputs[i].Token = true
		}
	}
	cases := []struct {
		name, pots string
		build      func(b *book) chains.OutPoint // returns the seed
		want       []string
	}{
		{"the seed's own", "output", func(b *book) chains.OutPoint {
			defer token(b, 0)
			return b.mine("A", 10)
		}, []string{"a token, in output 0"}},
		{"outputs that poison alone reaches", "output", func(b *book) chains.OutPoint {
			v, c := b.mine("A", 1), b.mine("B", 99)
			b.spend([]chains.OutPoint{v, c}, pay{"P", 50}, pay{"Q", 40}, pay{"R", 10})
			token(b, 1)
			return v
		}, nil},
		{"beside them, others", "output", func(b *book) chains.OutPoint {
			v, c := b.mine("A", 1), b.mine("B", 99)
			b.spend([]chains.OutPoint{v, c}, pay{"P", 50}, pay{"Q", 40}, pay{"R", 10})
			token(b, 0, 1, 2)
			return v
		}, []string{"tokens, in 2 outputs, the first of them output 0"}},
		{"behind an unknown input", "output", func(b *book) chains.OutPoint {
			v := b.mine("A", 10)
			b.spend([]chains.OutPoint{v, {Tx: chains.TxID{1}}}, pay{"P", 15})
			token(b, 0)
			return v
		}, []string{"1 of 2 inputs, the first of them input 1"}},
		{"two outputs to one account", "address", func(b *book) chains.OutPoint {
			v := b.mine("A", 10)
			b.spend([]chains.OutPoint{v}, pay{"B", 4}, pay{"B", 6})
			token(b, 1)
			return v
		}, []string{"a token, in output 1"}},
		{"what an account gives back to itself", "address", func(b *book) chains.OutPoint {
			v := b.mine("A", 10)
			b.spend([]chains.OutPoint{v}, pay{"B", 4}, pay{"A", 6})
			token(b, 1)
			return v
		}, []string{"a token, in output 1"}},
		{"clean value that comes to an account", "address", func(b *book) chains.OutPoint {
			v, c := b.mine("A", 10), b.mine("C", 10)
			b.spend([]chains.OutPoint{c}, pay{"A", 10})
			token(b, 0)
			return v
		}, nil},
		{"an account that gave before", "address", func(b *book) chains.OutPoint {
			v := b.mine("A", 10)
			b.spend([]chains.OutPoint{v}, pay{"B", 4}, pay{"A", 6})
			c := b.mine("C", 10)
			b.spend([]chains.OutPoint{c}, pay{"A", 10})
			token(b, 0)
			return v
		}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			seed := c.build(b)
			trace, err := b.try("accounts: " + c.pots + "\nseeds:\n" + outSeed("V1", seed))
			require.NoError(t, err)
			require.Equal(t, c.want, whats(trace))
		})
	}
}

// whats returns what the gaps of a trace are about.
func whats(trace *tracer.Trace) (all []string) {
	for _, g := range trace.Gaps {
		all = append(all, g.What)
	}
	return all
}
