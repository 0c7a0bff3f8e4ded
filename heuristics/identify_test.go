package heuristics_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/heuristics"
)

func TestPayjoin(t *testing.T) {
	for _, c := range []struct {
		name    string
		in, out []uint64
		want    bool
	}{
		{"the receiver adds 30", []uint64{100, 30}, []uint64{90, 40}, true},
		{"the smaller input is needed", []uint64{100, 30}, []uint64{105, 25}, false},
		{"three inputs, of which two are needed without the third", []uint64{60, 50, 30}, []uint64{110, 30}, true},
		{"three outputs", []uint64{100, 30}, []uint64{60, 30, 40}, false},
		{"one input", []uint64{130}, []uint64{90, 40}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, heuristics.NoCospend(mixed(chains.ScriptP2WPKH, c.in, c.out)))
		})
	}
	for name, change := range map[string]func(tx *chains.Tx){
		"one address":                func(tx *chains.Tx) { tx.Inputs[1].Spent.Address = tx.Inputs[0].Spent.Address },
		"an input of another form":   func(tx *chains.Tx) { tx.Inputs[1].Spent.Type = chains.ScriptP2SH },
		"an output of another form":  func(tx *chains.Tx) { ofForm(tx, 1, chains.ScriptP2SH) },
		"what one spends is unknown": func(tx *chains.Tx) { tx.Inputs[1].Known = false },
	} {
		tx := mixed(chains.ScriptP2WPKH, []uint64{100, 30}, []uint64{90, 40})
		change(tx)
		require.False(t, heuristics.NoCospend(tx), name)
	}
	require.True(t, heuristics.NoCospend(&chains.Tx{Coinbase: true}))
}

// TestStonewall: an equal pair and two changes, as a wallet makes that pays and mixes with itself.
func TestStonewall(t *testing.T) {
	tx := mixed(chains.ScriptP2WPKH, []uint64{700_000, 500_000}, []uint64{300_000, 300_000, 399_000, 199_500})
	_, ok := heuristics.MixOf(tx)
	require.False(t, ok)
	require.False(t, heuristics.NoCospend(tx))
}

func TestIdentify(t *testing.T) {
	batch := mixed(chains.ScriptP2WPKH, []uint64{1 << 40}, nil)
	for i := range 11 {
		batch.Outputs = append(batch.Outputs, chains.Output{Value: uint64(1000 + i), Address: script(chains.ScriptP2PKH, i), Type: chains.ScriptP2PKH})
	}
	ten := batch.Clone()
	ofForm(&ten, 3, chains.ScriptNullData)
	gathers := mixed(chains.ScriptP2WPKH, []uint64{1, 2, 3}, []uint64{5})
	coinbase := batch.Clone()
	coinbase.Coinbase = true
	for name, c := range map[string]struct {
		tx   *chains.Tx
		want string
	}{
		"a batch":                   {batch, "batch"},
		"ten, and data":             {&ten, ""},
		"a coinbase":                {&coinbase, ""},
		"gathered":                  {gathers, "consolidation"},
		"two, to one":               {mixed(chains.ScriptP2WPKH, []uint64{1, 2}, []uint64{3}), ""},
		"a mix of many is no batch": {wasabi1Round(), "coinjoin/wasabi1"},
		"change":                    {selfChange(), "change"},
	} {
		t.Run(name, func(t *testing.T) {
			var kinds []string
			for _, f := range heuristics.Identify(c.tx, heuristics.Facts{}) {
				require.Equal(t, f.Heuristic, string(f.Kind))
				require.Equal(t, "1", f.Version)
				require.NotEmpty(t, f.Says)
				if f.Kind != heuristics.KindPeel {
					kinds = append(kinds, string(f.Kind))
				}
			}
			require.Equal(t, c.want, strings.Join(kinds, " "))
		})
	}
	mix := heuristics.Identify(joinMarketRound(), heuristics.Facts{})
	require.Len(t, mix, 1)
	require.Equal(t, 5, mix[0].Set)
	require.Equal(t, []int{0, 2, 4, 6, 8}, mix[0].Outputs)
}

// selfChange pays one output back to where an input came from.
func selfChange() *chains.Tx {
	tx := mixed(chains.ScriptP2WPKH, []uint64{1000}, []uint64{300, 600})
	tx.Outputs[1].Address = tx.Inputs[0].Spent.Address
	return tx
}

// TestMixOfAllocates nothing of an ordinary transaction.
func TestMixOfAllocates(t *testing.T) {
	tx := mixed(chains.ScriptP2WPKH, equals(3, 1000), []uint64{1, 2, 3, 4, 5, 6, 7})
	require.Zero(t, testing.AllocsPerRun(100, func() { heuristics.MixOf(tx) }))
}

// A change is said with its reasons; where it pays a script that paid, that alone is said.
func TestChangeInWords(t *testing.T) {
	says := func(tx *chains.Tx) string {
		found := heuristics.Identify(tx, heuristics.Facts{})
		require.NotEmpty(t, found)
		require.Equal(t, heuristics.KindChange, found[0].Kind)
		return found[0].Says
	}
	tx := mixed(chains.ScriptP2WPKH, []uint64{90_000}, []uint64{50_000, 39_123})
	ofForm(tx, 0, chains.ScriptP2PKH)
	require.Equal(t, "output 1 looks like the payer's change, because its script is of the inputs' type, and the other outputs are round amounts (strength 6-8 on the scale 8+, 6-8, 4-6, 2-4, 0-2)", says(tx))
	tx.Outputs[0].Address = tx.Inputs[0].Spent.Address
	require.Equal(t, "output 0 is the payer's change: it pays a script that paid", says(tx))
}

// Beside a change stands the error of its band, never that of all.
func TestErrorOfABand(t *testing.T) {
	for _, band := range append(heuristics.Bands(), "another") {
		want, measured := heuristics.ErrorOf("change/"+band, heuristics.ChangeVersion)
		got, ok := heuristics.Finding{Heuristic: "change", Version: heuristics.ChangeVersion, Band: band}.Error()
		require.Equal(t, measured, ok, band)
		require.Equal(t, want, got)
	}
	_, ok := heuristics.Finding{Heuristic: "change", Version: heuristics.ChangeVersion, Band: "another"}.Error()
	require.False(t, ok)
	all, ok := heuristics.Finding{Heuristic: "change", Version: heuristics.ChangeVersion}.Error()
	require.True(t, ok)
	require.Positive(t, all.N)
}
