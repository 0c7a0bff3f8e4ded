package heuristics_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/heuristics"
)

func TestWhirlpoolMix(t *testing.T) {
	const pool = 5_000_000
	build := func() *chains.Tx {
		return mixed(chains.ScriptP2WPKH, []uint64{pool, pool + 8_137, pool, pool, pool + 110_000}, equals(5, pool))
	}
	flips(t, build, heuristics.KindWhirlpool, []flip{
		{"an output in another form", func(tx *chains.Tx) { ofForm(tx, 2, chains.ScriptP2WSH) }, heuristics.KindWhirlpool},
		{"what inputs spend is unknown", unknown, heuristics.KindWhirlpool},
		{"unknown, and not in the order of BIP 69", func(tx *chains.Tx) {
			unknown(tx)
			slices.Reverse(tx.Inputs)
		}, ""},
		{"coinbase", func(tx *chains.Tx) { tx.Coinbase = true }, ""},
		{"an output of another value", func(tx *chains.Tx) { tx.Outputs[3].Value-- }, ""},
		{"not the value of a pool", func(tx *chains.Tx) {
			for i := range tx.Outputs {
				tx.Outputs[i].Value--
			}
		}, ""},
		{"one more input", func(tx *chains.Tx) { tx.Inputs = append(tx.Inputs, mixed(3, equals(6, pool), nil).Inputs[5]) }, ""},
		{"four participants", func(tx *chains.Tx) { tx.Inputs, tx.Outputs = tx.Inputs[:4], tx.Outputs[:4] }, ""},
		{"two inputs from one transaction", func(tx *chains.Tx) {
			tx.Inputs[1].Prev = chains.OutPoint{Tx: tx.Inputs[0].Prev.Tx, Index: 1}
		}, ""},
		{"nobody enters", func(tx *chains.Tx) { tx.Inputs[1].Spent.Value, tx.Inputs[4].Spent.Value = pool, pool }, ""},
		{"nobody was there before", func(tx *chains.Tx) {
			for i := range tx.Inputs {
				tx.Inputs[i].Spent.Value = pool + 500
			}
		}, ""},
		{"an input too large", func(tx *chains.Tx) { tx.Inputs[4].Spent.Value++ }, ""},
		{"an input too small", func(tx *chains.Tx) { tx.Inputs[0].Spent.Value-- }, ""},
		{"one script pays twice", func(tx *chains.Tx) { tx.Inputs[1].Spent.Address = tx.Inputs[0].Spent.Address }, ""},
		{"one script is paid twice", func(tx *chains.Tx) { tx.Outputs[1].Address = tx.Outputs[0].Address }, ""},
		{"data among the outputs", func(tx *chains.Tx) { ofForm(tx, 0, chains.ScriptNullData) }, ""},
	})
	for n, want := range map[int]bool{10: true, 11: false} {
		tx := mixed(chains.ScriptP2WPKH, append(equals(n-1, pool), pool+300), equals(n, pool))
		_, ok := heuristics.MixOf(tx)
		require.Equal(t, want, ok, n)
	}
	entrants, remixes, ok := heuristics.Entrants(build())
	require.True(t, ok)
	require.Equal(t, []int{1, 4}, entrants)
	require.Equal(t, []int{0, 2, 3}, remixes)
}

// preparing is a Tx0 for the pool of 0.01.
func preparing() *chains.Tx {
	tx := mixed(chains.ScriptP2WPKH, []uint64{4_000_000}, []uint64{0, 50_000, 730_000, 1_006_050, 1_006_050, 1_006_050})
	ofForm(tx, 0, chains.ScriptNullData)
	return tx
}

func TestWhirlpoolTx0(t *testing.T) {
	build := preparing
	for _, c := range []struct {
		name   string
		change func(tx *chains.Tx)
		want   bool
	}{
		{"as it is", func(*chains.Tx) {}, true},
		{"what inputs spend is unknown", unknown, true},
		{"one premix output", func(tx *chains.Tx) { tx.Outputs = tx.Outputs[:4] }, true},
		{"no data", func(tx *chains.Tx) { ofForm(tx, 0, chains.ScriptP2WPKH) }, false},
		{"data with value", func(tx *chains.Tx) { tx.Outputs[0].Value = 1 }, false},
		{"64 bytes of data", func(tx *chains.Tx) { tx.Outputs[0].Data = 64 }, true},
		{"80 bytes of data", func(tx *chains.Tx) { tx.Outputs[0].Data = 80 }, true},
		{"32 bytes of data", func(tx *chains.Tx) { tx.Outputs[0].Data = 32 }, false},
		{"other data", func(tx *chains.Tx) { tx.Outputs[0].Data = chains.DataOther }, false},
		{"data twice", func(tx *chains.Tx) { ofForm(tx, 1, chains.ScriptNullData) }, false},
		{"data last", func(tx *chains.Tx) { tx.Outputs = append(tx.Outputs[1:], tx.Outputs[0]) }, false},
		{"not by value", func(tx *chains.Tx) { tx.Outputs[1], tx.Outputs[2] = tx.Outputs[2], tx.Outputs[1] }, false},
		{"no premix: below the least share of the fee", func(tx *chains.Tx) { setPremix(tx, 1_000_099) }, false},
		{"the least share", func(tx *chains.Tx) { setPremix(tx, 1_000_100) }, true},
		{"the most", func(tx *chains.Tx) { setPremix(tx, 1_110_000) }, true},
		{"above it", func(tx *chains.Tx) { setPremix(tx, 1_110_001) }, false},
		{"premix of another form", func(tx *chains.Tx) { ofForm(tx, 4, chains.ScriptP2TR) }, false},
		{"nothing beside premix", func(tx *chains.Tx) { tx.Outputs = append(tx.Outputs[:1], tx.Outputs[3:]...) }, false},
		{"four beside premix", func(tx *chains.Tx) { addOutputs(tx, 2) }, true},
		{"five beside premix", func(tx *chains.Tx) { addOutputs(tx, 3) }, false},
		{"one script is paid twice", func(tx *chains.Tx) { tx.Outputs[1].Address = tx.Outputs[5].Address }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			tx := build()
			c.change(tx)
			kinds := kindsOf(heuristics.Identify(tx, heuristics.Facts{}))
			require.Equal(t, c.want, slices.Contains(kinds, heuristics.KindWhirlpoolTx0), "%v", kinds)
			require.False(t, heuristics.NoCospend(tx), "one owner")
		})
	}
	found := heuristics.Identify(build(), heuristics.Facts{})
	require.Len(t, found, 1)
	require.Equal(t, []int{3, 4, 5}, found[0].Outputs)
	require.Contains(t, found[0].Says, "3 outputs for the pool of 0.01,")
	// Of two runs that may be premix, the longer one is.
	tx := build()
	tx.Outputs[2].Value = 130_000
	require.Equal(t, []int{3, 4, 5}, heuristics.Identify(tx, heuristics.Facts{})[0].Outputs)
}

func setPremix(tx *chains.Tx, v uint64) {
	for i := 3; i < 6; i++ {
		tx.Outputs[i].Value = v
	}
}

// addOutputs adds n outputs behind the premix ones.
func addOutputs(tx *chains.Tx, n int) {
	for i := range n {
		tx.Outputs = append(tx.Outputs, chains.Output{Value: uint64(9_000_000 + i), Address: script(chains.ScriptP2WPKH, 500+i), Type: chains.ScriptP2WPKH})
	}
}

func kindsOf(found []heuristics.Finding) (kinds []heuristics.Kind) {
	for _, f := range found {
		kinds = append(kinds, f.Kind)
	}
	return kinds
}

// wasabi1Round is a CoinJoin of twelve: each gives 0.1 and fees, four get change, one output is the
// coordinator's.
func wasabi1Round() *chains.Tx {
	const base = 9_998_000
	in := append(equals(8, base+20_000), 30_000_000, 50_000_000, 12_000_000, 6_000_000, 7_000_000)
	out := append(equals(12, base), 19_990_000, 39_990_000, 1_990_000, 2_990_000, 190_000)
	return mixed(chains.ScriptP2WPKH, in, out)
}

func TestWasabi1(t *testing.T) {
	base := wasabi1Round().Outputs[0].Value
	flips(t, wasabi1Round, heuristics.KindWasabi1, []flip{
		{"what inputs spend is unknown", unknown, heuristics.KindWasabi1},
		{"version 1", func(tx *chains.Tx) { tx.Version = 1 }, heuristics.KindWasabi1},
		{"version 2", func(tx *chains.Tx) { tx.Version = 2 }, ""},
		{"an output of another form", func(tx *chains.Tx) { ofForm(tx, 13, chains.ScriptP2SH) }, ""},
		{"an input of another form", func(tx *chains.Tx) { tx.Inputs[0].Spent.Type = chains.ScriptP2SH }, ""},
		{"nine equal outputs", func(tx *chains.Tx) {
			for i := range 3 {
				tx.Outputs[i].Value += uint64(i + 1)
			}
		}, ""},
		{"a denomination of another size", func(tx *chains.Tx) {
			for i := range 12 {
				tx.Outputs[i].Value -= 2_000_000
			}
		}, ""},
		{"fewer inputs than equal outputs", func(tx *chains.Tx) { tx.Inputs = tx.Inputs[2:] }, ""},
		{"inputs that do not suffice for all", func(tx *chains.Tx) { tx.Inputs[0].Spent.Value = base - 8_000_000 }, ""},
		{"small inputs that suffice together", func(tx *chains.Tx) {
			tx.Inputs[0].Spent.Value = base - 2_000_000
		}, heuristics.KindWasabi1},
		{"one script is paid twice", func(tx *chains.Tx) { tx.Outputs[1].Address = tx.Outputs[0].Address }, ""},
		{"no value of its own", func(tx *chains.Tx) {
			for i := 12; i < 17; i++ {
				tx.Outputs[i].Value = 1_990_000
			}
		}, ""},
	})
	// The first rounds: fewer, of any value, and to the coordinator's fixed address.
	paid := func() *chains.Tx {
		tx := mixed(chains.ScriptP2WPKH, []uint64{50_000_000, 60_000_000}, []uint64{39_997_779, 39_997_779, 9_000_000, 100_000})
		tx.Outputs[3].Address = chains.Address("\x03\x86\x9f\x5c\x7a\x4c\xd7\x77\x6a\xe0\xc0\xfc\xd9\xc3\x31\x5a\xbb\x23\x9a\x9f\x0d")
		return tx
	}
	flips(t, paid, heuristics.KindWasabi1, []flip{
		{"to another address", func(tx *chains.Tx) { tx.Outputs[3].Address = script(chains.ScriptP2WPKH, 7) }, ""},
		{"no equal outputs", func(tx *chains.Tx) { tx.Outputs[0].Value++ }, ""},
	})
}

// wasabi2Round is in the order of the library.
func wasabi2Round() *chains.Tx {
	return mixed(chains.ScriptP2WPKH,
		[]uint64{9_000_000, 4_782_969, 1_594_323, 1_000_000, 531_441},
		[]uint64{4_782_969, 4_782_969, 4_194_304, 2_000_000, 531_441, 300_123})
}

func TestWasabi2(t *testing.T) {
	swap := func(i, j int) func(tx *chains.Tx) {
		return func(tx *chains.Tx) { tx.Outputs[i], tx.Outputs[j] = tx.Outputs[j], tx.Outputs[i] }
	}
	flips(t, wasabi2Round, heuristics.KindWasabi2, []flip{
		{"taproot among the inputs", func(tx *chains.Tx) { tx.Inputs[0].Spent.Type = chains.ScriptP2TR }, heuristics.KindWasabi2},
		{"taproot behind P2WPKH of the same value", func(tx *chains.Tx) { ofForm(tx, 1, chains.ScriptP2TR) }, heuristics.KindWasabi2},
		{"taproot before P2WPKH of the same value", func(tx *chains.Tx) { ofForm(tx, 0, chains.ScriptP2TR) }, ""},
		{"an input of another form", func(tx *chains.Tx) { tx.Inputs[0].Spent.Type = chains.ScriptP2PKH }, ""},
		{"outputs not by value", swap(2, 3), ""},
		{"equal outputs not by script", swap(0, 1), ""},
		{"inputs not by value", func(tx *chains.Tx) { slices.Reverse(tx.Inputs) }, ""},
		{"four inputs", func(tx *chains.Tx) { tx.Inputs = tx.Inputs[1:] }, ""},
		{"half of the outputs in standard denominations", func(tx *chains.Tx) {
			tx.Outputs[2].Value, tx.Outputs[3].Value = 4_194_303, 2_000_001
		}, ""},
		{"below the least output", func(tx *chains.Tx) {
			for i := 2; i < 6; i++ {
				tx.Outputs[i].Value = 4096
			}
		}, ""},
		{"data", func(tx *chains.Tx) { ofForm(tx, 5, chains.ScriptNullData) }, ""},
		{"one script is paid twice", func(tx *chains.Tx) { tx.Outputs[2].Address = tx.Outputs[1].Address }, ""},
		{"what inputs spend is unknown, and they are few", unknown, ""},
	})
	// Payments of round amounts, in order: only the order of equal values tells.
	decimal := func() *chains.Tx {
		return mixed(chains.ScriptP2WPKH, []uint64{9_000_000, 700_000, 600_000, 500_000, 400_000}, append(equals(7, 1_000_000), 12_345))
	}
	flips(t, decimal, heuristics.KindWasabi2, []flip{
		{"all equal, as BIP 69 orders them too", func(tx *chains.Tx) { tx.Outputs = tx.Outputs[:7] }, ""},
		{"few equal values", func(tx *chains.Tx) { tx.Outputs[0].Value = 2_000_000 }, ""},
		{"a power of three beside", func(tx *chains.Tx) { tx.Outputs[0].Value, tx.Outputs[1].Value = 4_782_969, 2_000_000 }, heuristics.KindWasabi2},
	})
	// Equal inputs stand by the bytes of their outpoints: txid as on the wire, then the index.
	equal := func() *chains.Tx {
		tx := wasabi2Round()
		tx.Inputs[1].Spent.Value = 1_594_323
		tx.Inputs[1].Prev.Tx, tx.Inputs[2].Prev.Tx = chains.TxID{9, 31: 1}, chains.TxID{1, 31: 2}
		return tx
	}
	flips(t, equal, heuristics.KindWasabi2, []flip{
		{"as people write txids", func(tx *chains.Tx) {
			tx.Inputs[1].Prev.Tx, tx.Inputs[2].Prev.Tx = tx.Inputs[2].Prev.Tx, tx.Inputs[1].Prev.Tx
		}, ""},
		{"of one transaction, by the lowest byte of the index", func(tx *chains.Tx) {
			tx.Inputs[1].Prev, tx.Inputs[2].Prev = chains.OutPoint{Tx: chains.TxID{7}, Index: 256}, chains.OutPoint{Tx: chains.TxID{7}, Index: 1}
		}, heuristics.KindWasabi2},
		{"of one transaction, by the number", func(tx *chains.Tx) {
			tx.Inputs[1].Prev, tx.Inputs[2].Prev = chains.OutPoint{Tx: chains.TxID{7}, Index: 1}, chains.OutPoint{Tx: chains.TxID{7}, Index: 256}
		}, ""},
	})
	entrants, remixes, ok := heuristics.Entrants(wasabi2Round())
	require.True(t, ok)
	require.Equal(t, []int{0}, entrants)
	require.Equal(t, []int{1, 2, 3, 4}, remixes)
}

// TestWasabi2InAnyOrder: with ten inputs and outputs the denominations suffice.
func TestWasabi2InAnyOrder(t *testing.T) {
	build := func() *chains.Tx {
		return mixed(chains.ScriptP2WPKH, equals(10, 3_000_123),
			[]uint64{5_000, 6_561, 8_192, 6_561, 10_000, 8_192, 20_000, 6_561, 7_777, 8_888})
	}
	few := func(tx *chains.Tx) { tx.Outputs[0].Value = 7_001 }
	flips(t, build, heuristics.KindWasabi2, []flip{
		{"what inputs spend is unknown", unknown, heuristics.KindWasabi2},
		{"what inputs spend is unknown, and an output is not segwit", func(tx *chains.Tx) {
			unknown(tx)
			ofForm(tx, 9, chains.ScriptP2SH)
		}, ""},
		{"less than four in five", few, ""},
		{"nine inputs", func(tx *chains.Tx) { tx.Inputs = tx.Inputs[1:] }, ""},
		{"nine outputs", func(tx *chains.Tx) { tx.Outputs = tx.Outputs[:9] }, ""},
		{"two denominations", func(tx *chains.Tx) {
			for i := range tx.Outputs {
				tx.Outputs[i].Value = []uint64{8_192, 10_000}[i%2]
			}
		}, ""},
		{"round amounts only", func(tx *chains.Tx) {
			for i := range tx.Outputs {
				tx.Outputs[i].Value = []uint64{10_000, 20_000, 50_000, 100_000}[i%4]
			}
		}, ""},
	})
}

// joinMarketRound: five of 40,000, the third is the taker.
func joinMarketRound() *chains.Tx {
	return mixed(chains.ScriptP2WPKH,
		[]uint64{500_000, 200_000, 900_000, 30_000, 70_000, 3_000_000},
		[]uint64{40_000, 460_002, 40_000, 160_002, 40_000, 859_100, 40_000, 60_002, 40_000, 2_960_002})
}

func TestJoinMarket(t *testing.T) {
	flips(t, joinMarketRound, heuristics.KindJoinMarket, []flip{
		{"what inputs spend is unknown", unknown, heuristics.KindJoinMarket},
		{"version 2", func(tx *chains.Tx) { tx.Version = 2 }, heuristics.KindJoinMarket},
		{"a taker without change", func(tx *chains.Tx) {
			tx.Outputs = append(tx.Outputs[:5], tx.Outputs[6:]...)
			tx.Inputs[2].Spent.Value = 41_000
		}, heuristics.KindJoinMarket},
		{"two without change", func(tx *chains.Tx) {
			tx.Outputs = append(tx.Outputs[:3], append(tx.Outputs[4:5], tx.Outputs[6:]...)...)
		}, ""},
		{"equal changes", func(tx *chains.Tx) { tx.Outputs[3].Value, tx.Inputs[1].Spent.Value = 460_002, 500_000 }, heuristics.KindJoinMarket},
		{"one is paid elsewhere", func(tx *chains.Tx) { ofForm(tx, 4, chains.ScriptP2TR) }, heuristics.KindJoinMarket},
		{"two are paid elsewhere", func(tx *chains.Tx) {
			ofForm(tx, 4, chains.ScriptP2TR)
			ofForm(tx, 6, chains.ScriptP2TR)
		}, ""},
		{"a change of another form", func(tx *chains.Tx) { ofForm(tx, 5, chains.ScriptP2TR) }, ""},
		{"an input of another form", func(tx *chains.Tx) { tx.Inputs[0].Spent.Type = chains.ScriptP2SH }, ""},
		{"all of a form that it has no wallets of", func(tx *chains.Tx) {
			for i := range tx.Outputs {
				ofForm(tx, i, chains.ScriptP2TR)
			}
			for i := range tx.Inputs {
				tx.Inputs[i].Spent.Type = chains.ScriptP2TR
			}
		}, ""},
		{"data", func(tx *chains.Tx) { ofForm(tx, 4, chains.ScriptNullData) }, ""},
		{"a change that no inputs give", func(tx *chains.Tx) {
			tx.Outputs[1].Value -= 30_000
			tx.Outputs[3].Value += 30_000
		}, ""},
		{"a maker who is paid too much", func(tx *chains.Tx) {
			tx.Outputs[1].Value += 11_000
			tx.Outputs[5].Value -= 11_000
		}, ""},
		{"fewer scripts than participants", func(tx *chains.Tx) {
			tx.Inputs[1].Spent.Address, tx.Inputs[3].Spent.Address = tx.Inputs[0].Spent.Address, tx.Inputs[0].Spent.Address
		}, ""},
		{"one script is paid twice", func(tx *chains.Tx) { tx.Outputs[1].Address = tx.Outputs[0].Address }, ""},
		{"before there was any", func(tx *chains.Tx) { tx.Block.Time = 1_420_761_599 }, ""},
		{"on the first day", func(tx *chains.Tx) { tx.Block.Time = 1_420_761_600 }, heuristics.KindJoinMarket},
	})
	early := joinMarketRound()
	early.Block.Time = 1_400_000_000
	require.True(t, heuristics.NoCospend(early), "whoever made it")
	dust := mixed(chains.ScriptP2WPKH, equals(3, 50_000), []uint64{2_730, 2_730, 2_730, 47_270, 47_270, 47_000})
	_, ok := heuristics.MixOf(dust)
	require.False(t, ok, "dust")
}

// TestJoinMarketOrWasabi1: ten of JoinMarket at about 0.1 are no round of Wasabi 1, whose
// participants all pay.
func TestJoinMarketOrWasabi1(t *testing.T) {
	build := func(fee int) *chains.Tx {
		var in, out []uint64
		for i := range 10 {
			give := uint64(21_000_000 + i*1_111_111)
			in = append(in, give)
			out = append(out, 9_999_000, give-9_999_000-uint64(fee))
		}
		out[19] -= 90_000 // the taker, or who pays more
		return mixed(chains.ScriptP2WPKH, in, out)
	}
	for fee, want := range map[int]heuristics.Kind{2_000: heuristics.KindJoinMarket, 50_000: heuristics.KindWasabi1} {
		kind, _ := heuristics.MixOf(build(fee))
		require.Equal(t, want, kind, fee)
	}
}
