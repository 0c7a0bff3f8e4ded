package tracer_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/chains"
	"clew/tracer"
)

func piece(input int, seed string, units uint64) tracer.Piece {
	return tracer.Piece{Input: input, Seed: seed, Units: chains.Units(units)}
}

// One pot, three inputs, two outputs and a fee: each rule takes other pieces, in an order of its own.
// (prorata: 35/100 of 30, 20 and 50 is 10½, 7 and 17½, and the unit left over goes to the earlier seed.)
func TestDivideNamesEachPiece(t *testing.T) {
	entered := []tracer.Piece{piece(0, "V1", 30), piece(1, "", 50), piece(2, "V2", 20)}
	outs := []chains.Amount{chains.Units(35), chains.Units(60), chains.Units(5)}
	for _, c := range []struct {
		rule tracer.Rule
		want [][]tracer.Piece
	}{
		{tracer.FIFO, [][]tracer.Piece{{piece(0, "V1", 30), piece(1, "", 5)}, {piece(1, "", 45), piece(2, "V2", 15)}, {piece(2, "V2", 5)}}},
		{tracer.LIFO, [][]tracer.Piece{{piece(2, "V2", 20), piece(1, "", 15)}, {piece(1, "", 35), piece(0, "V1", 25)}, {piece(0, "V1", 5)}}},
		{tracer.LIBR, [][]tracer.Piece{{piece(1, "", 35)}, {piece(1, "", 15), piece(0, "V1", 30), piece(2, "V2", 15)}, {piece(2, "V2", 5)}}},
		{tracer.PIFO, [][]tracer.Piece{{piece(0, "V1", 30), piece(2, "V2", 5)}, {piece(2, "V2", 15), piece(1, "", 45)}, {piece(1, "", 5)}}},
		{tracer.TIHO, [][]tracer.Piece{{piece(1, "", 35)}, {piece(0, "V1", 30), piece(2, "V2", 20), piece(1, "", 10)}, {piece(1, "", 5)}}},
		{tracer.ProRata, [][]tracer.Piece{{piece(-1, "V1", 11), piece(-1, "V2", 7), piece(-1, "", 17)}, {piece(-1, "V1", 18), piece(-1, "V2", 12), piece(-1, "", 30)}, {piece(-1, "V1", 1), piece(-1, "V2", 1), piece(-1, "", 3)}}},
	} {
		t.Run(c.rule.String(), func(t *testing.T) {
			got, err := tracer.Divide(c.rule, entered, outs, []string{"V1", "V2"})
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestDivideRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		rule  tracer.Rule
		in    []tracer.Piece
		outs  []chains.Amount
		wants string
	}{
		{"poison", tracer.Poison, nil, nil, "divides nothing"},
		{"more than entered", tracer.FIFO, []tracer.Piece{piece(0, "V1", 1)}, []chains.Amount{chains.Units(2)}, "1 entered and 2 left"},
		{"an unknown seed", tracer.FIFO, []tracer.Piece{piece(0, "V9", 1)}, []chains.Amount{chains.Units(1)}, `seed "V9"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := tracer.Divide(c.rule, c.in, c.outs, []string{"V1"})
			require.ErrorContains(t, err, c.wants)
		})
	}
}

// Whatever enters, each output gets its amount, and of each seed as much leaves as entered.
func TestDivideConserves(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		seeds := []string{"V1", "V2"}
		var entered []tracer.Piece
		var sum uint64
		for i := range rapid.IntRange(1, 6).Draw(r, "inputs") {
			units := rapid.Uint64Range(1, 1000).Draw(r, "units")
			entered = append(entered, piece(i, rapid.SampledFrom([]string{"", "V1", "V2"}).Draw(r, "seed"), units))
			sum += units
		}
		var outs []chains.Amount
		left := sum
		for range rapid.IntRange(1, 5).Draw(r, "outputs") {
			part := rapid.Uint64Range(0, left).Draw(r, "out")
			outs, left = append(outs, chains.Units(part)), left-part
		}
		outs = append(outs, chains.Units(left))
		got, err := tracer.Divide(rapid.SampledFrom(tracer.Rules()[:tracer.Poison]).Draw(r, "rule"), entered, outs, seeds)
		require.NoError(r, err)
		bySeed := map[string]chains.Amount{}
		for _, e := range entered {
			bySeed[e.Seed] = bySeed[e.Seed].Plus(e.Units)
		}
		for i, ps := range got {
			var out chains.Amount
			for _, p := range ps {
				out, bySeed[p.Seed] = out.Plus(p.Units), bySeed[p.Seed].Minus(p.Units)
			}
			require.Equal(r, outs[i], out)
		}
		for _, rest := range bySeed {
			require.True(r, rest.IsZero())
		}
	})
}
