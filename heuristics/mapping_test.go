package heuristics_test

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/chains"
	"clew/heuristics"
)

// valued returns a transaction with inputs and outputs of these values.
func valued(in, out []uint64) *chains.Tx {
	tx := &chains.Tx{}
	for i, v := range in {
		tx.Inputs = append(tx.Inputs, chains.Input{
			Prev: chains.OutPoint{Tx: chains.TxID{byte(i)}}, Known: true,
			Spent: chains.Output{Value: v, Type: chains.ScriptP2WPKH},
		})
	}
	for _, v := range out {
		tx.Outputs = append(tx.Outputs, chains.Output{Value: v, Type: chains.ScriptP2WPKH})
	}
	return tx
}

// byHand puts inputs and outputs one after the other into every part that is there and into a new
// one, and counts the results of which each part has an input and an output and is worth no more
// behind than before; links has a row for each input.
func byHand(in, out []uint64) (count int64, links [][]int64) {
	links = make([][]int64, len(in))
	for i := range links {
		links[i] = make([]int64, len(out))
	}
	part := make([]int, len(in)+len(out))
	var put func(k, parts int)
	put = func(k, parts int) {
		if k < len(part) {
			for p := range parts + 1 {
				part[k] = p
				put(k+1, max(parts, p+1))
			}
			return
		}
		sums, ins, outs := make([]int64, parts), make([]int, parts), make([]int, parts)
		for i, v := range in {
			sums[part[i]] += int64(v)
			ins[part[i]]++
		}
		for o, v := range out {
			sums[part[len(in)+o]] -= int64(v)
			outs[part[len(in)+o]]++
		}
		for p := range parts {
			if sums[p] < 0 || ins[p] == 0 || outs[p] == 0 {
				return
			}
		}
		count++
		for i := range in {
			for o := range out {
				if part[i] == part[len(in)+o] {
					links[i][o]++
				}
			}
		}
	}
	put(0, 0)
	return count, links
}

// agrees fails unless Mapping counts what was counted by hand.
func agrees(t require.TestingT, in, out []uint64) {
	count, links := byHand(in, out)
	m, ok := heuristics.Mapping(valued(in, out), heuristics.Steps(1000))
	require.True(t, ok)
	require.Equal(t, big.NewInt(count).String(), m.Count.String(), "%v -> %v", in, out)
	for i := range in {
		for o := range out {
			require.Equal(t, big.NewInt(links[i][o]).String(), m.Links[i][o].String(), "input %d, output %d of %v -> %v", i, o, in, out)
		}
	}
}

func TestMappingByHand(t *testing.T) {
	for name, c := range map[string]struct{ in, out []uint64 }{
		"one":                      {[]uint64{10}, []uint64{9}},
		"two payments":             {[]uint64{10, 20}, []uint64{10, 20}},
		"two payments with fees":   {[]uint64{12, 21}, []uint64{10, 20}},
		"equal and change":         {[]uint64{15, 25}, []uint64{10, 10, 5, 15}},
		"an output of nothing":     {[]uint64{10, 20}, []uint64{0, 10, 19}},
		"all equal":                {[]uint64{5, 5, 5, 5}, []uint64{5, 5, 5, 5}},
		"an input below the fee":   {[]uint64{1, 30, 30}, []uint64{29, 29}},
		"more inputs than outputs": {[]uint64{4, 3, 2, 1}, []uint64{5, 4}},
	} {
		t.Run(name, func(t *testing.T) { agrees(t, c.in, c.out) })
	}
}

// TestMappingAtRandom: whatever is split, the count is that by hand.
func TestMappingAtRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOfN(rapid.Uint64Range(1, 12), 1, 5).Draw(t, "in")
		var left uint64
		for _, v := range in {
			left += v
		}
		var out []uint64
		for range rapid.IntRange(1, 4).Draw(t, "outputs") {
			v := rapid.Uint64Range(0, min(left, 12)).Draw(t, "out")
			out, left = append(out, v), left-v
		}
		agrees(t, in, out)
	})
}

// TestMappingOfMixes: of n equal inputs and outputs there are as many mappings as uniform block
// permutations of n things (OEIS A023998).
func TestMappingOfMixes(t *testing.T) {
	for n, want := range []string{1: "1", 2: "3", 3: "16", 4: "131", 5: "1496", 6: "22482", 7: "426833", 8: "9934563"} {
		if n == 0 {
			continue
		}
		var in, out []uint64
		for range n {
			in, out = append(in, 100_000), append(out, 100_000)
		}
		in[0] += 300 // who enters pays the fee
		m, ok := heuristics.Mapping(valued(in, out), heuristics.Steps(100))
		require.True(t, ok)
		require.Equal(t, want, m.Count.String())
	}
}

// TestMappingLinks: the link is in a million, by the places in the transaction, and data has none.
func TestMappingLinks(t *testing.T) {
	tx := valued([]uint64{16, 27}, []uint64{0, 17, 10, 10, 6})
	tx.Outputs[0].Type = chains.ScriptNullData
	m, ok := heuristics.Mapping(tx, heuristics.Steps(10))
	require.True(t, ok)
	require.Equal(t, "3", m.Count.String()) // together, and each equal output to either
	require.Equal(t, []int{0, 333_333, 666_666, 666_666, 1_000_000}, linksOf(&m, 0))
	require.Equal(t, []int{0, 1_000_000, 666_666, 666_666, 333_333}, linksOf(&m, 1))
}

func linksOf(m *heuristics.Mappings, input int) (ppm []int) {
	for o := range m.Links[input] {
		ppm = append(ppm, m.Link(input, o))
	}
	return ppm
}

func TestMappingIsNotComputed(t *testing.T) {
	many := make([]uint64, heuristics.MappingPlaces/2)
	for i := range many {
		many[i] = uint64(1000 + i*i)
	}
	unknown := valued([]uint64{5, 6}, []uint64{5, 6})
	unknown.Inputs[1].Known = false
	data := valued([]uint64{5}, []uint64{0})
	data.Outputs[0].Type = chains.ScriptNullData
	coinbase := valued(nil, []uint64{5})
	coinbase.Coinbase = true
	for name, tx := range map[string]*chains.Tx{
		"what an input spends is unknown": unknown,
		"nothing but data":                data,
		"coinbase":                        coinbase,
		"more places than are counted":    valued(append([]uint64{1}, many...), many),
		"more work than is allowed":       valued(many, many),
	} {
		_, ok := heuristics.Mapping(tx, heuristics.Steps(1))
		require.False(t, ok, name)
	}
}

func TestLinkBand(t *testing.T) {
	for ppm, want := range map[int]string{0: "0-10", 99_999: "0-10", 100_000: "10-20", 999_999: "90-100", 1_000_000: heuristics.LinkCertain} {
		require.Equal(t, want, heuristics.LinkBand(ppm), ppm)
	}
}
