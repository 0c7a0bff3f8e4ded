package heuristics_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/heuristics"
)

// What somebody gave is covered by the set up to the value of one output; the rest is change, which is
// named where one output alone fits to it.
func TestEmerge(t *testing.T) {
	whirlpool := func() *chains.Tx {
		const pool = 5_000_000
		return mixed(chains.ScriptP2WPKH, []uint64{pool, pool + 8_137, pool, pool, pool + 110_000}, equals(5, pool))
	}
	const none = -1
	for _, c := range []struct {
		name string
		tx   *chains.Tx
		gave uint64
		want heuristics.Emerging
		ok   bool
	}{
		{"a maker who was paid", joinMarketRound(), 500_000, heuristics.Emerging{Alike: 40_000, Rest: 460_000, Change: 1}, true},
		{"a taker who paid", joinMarketRound(), 900_000, heuristics.Emerging{Alike: 40_000, Rest: 860_000, Change: 5}, true},
		{"up to the share", joinMarketRound(), 509_000, heuristics.Emerging{Alike: 40_000, Rest: 469_000, Change: 1}, true},
		{"beyond the share", joinMarketRound(), 513_000, heuristics.Emerging{Alike: 40_000, Rest: 473_000, Change: none}, true},
		{"less than the change by the share", joinMarketRound(), 490_002, heuristics.Emerging{Alike: 40_000, Rest: 450_002, Change: 1}, true},
		{"less than that", joinMarketRound(), 490_001, heuristics.Emerging{Alike: 40_000, Rest: 450_001, Change: none}, true},
		{"two outputs fit", mixed(chains.ScriptP2WPKH, []uint64{500_000, 505_000, 900_000}, []uint64{40_000, 460_002, 40_000, 465_002, 40_000, 855_000}),
			500_000, heuristics.Emerging{Alike: 40_000, Rest: 460_000, Change: none}, true},
		{"the rest may be fees", joinMarketRound(), 50_000, heuristics.Emerging{Alike: 40_000, Rest: 10_000, Change: none}, true},
		{"less than the value", joinMarketRound(), 30_000, heuristics.Emerging{Alike: 30_000, Change: none}, true},
		{"a coordinator is paid", wasabi1Round(), 50_000_000, heuristics.Emerging{Alike: 9_998_000, Rest: 40_002_000, Change: 13}, true},
		{"nobody is paid for taking part", wasabi1Round(), 49_987_000, heuristics.Emerging{Alike: 9_998_000, Rest: 39_989_000, Change: none}, true},
		{"Whirlpool's has no change", whirlpool(), 5_110_000, heuristics.Emerging{Alike: 5_000_000, Rest: 110_000, Change: none}, true},
		{"any number of outputs", wasabi2Round(), 1_000_000, heuristics.Emerging{}, false},
		{"no mix", mixed(chains.ScriptP2WPKH, []uint64{5}, []uint64{4}), 5, heuristics.Emerging{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := heuristics.Emerge(c.tx, c.gave)
			require.Equal(t, c.ok, ok)
			require.Equal(t, c.want, got)
		})
	}
}

// The set is of outputs of one value, and says which.
func TestSetHasAValue(t *testing.T) {
	for _, tx := range []*chains.Tx{joinMarketRound(), wasabi1Round(), wasabi2Round()} {
		f := heuristics.Identify(tx, heuristics.Facts{})[0]
		n := 0
		for _, o := range tx.Outputs {
			if o.Value == f.SetValue {
				n++
			}
		}
		require.Equal(t, f.Set, n, f.Says)
	}
}
