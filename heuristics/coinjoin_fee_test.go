package heuristics_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/heuristics"
)

// The coordinator's fee is told by its value, in full and of one output alone.
func TestTx0Fee(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(tx *chains.Tx)
		output int // -1: not told
	}{
		{"0.01", func(*chains.Tx) {}, 1},
		{"0.001", func(tx *chains.Tx) { setPremix(tx, 106_050); tx.Outputs[1].Value, tx.Outputs[2].Value = 4_000, 5_000 }, 2},
		{"0.05", func(tx *chains.Tx) { setPremix(tx, 5_006_050); tx.Outputs[1].Value = 175_000 }, 1},
		{"0.5", func(tx *chains.Tx) { setPremix(tx, 50_006_050); tx.Outputs[2].Value = 1_750_000 }, 2},
		{"of a pool whose fee is not known", func(tx *chains.Tx) { setPremix(tx, 2_506_050) }, -1},
		{"less than in full", func(tx *chains.Tx) { tx.Outputs[1].Value = 37_500 }, -1},
		{"two alike", func(tx *chains.Tx) { tx.Outputs[2].Value = 50_000 }, -1},
		{"no Tx0", func(tx *chains.Tx) { tx.Outputs[0].Data = 32 }, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			tx := preparing()
			c.change(tx)
			output, told := heuristics.Tx0Fee(tx)
			require.Equal(t, c.output, output)
			require.Equal(t, c.output >= 0, told)
		})
	}
	told := 0
	for _, tx := range mainnet(t)["whirlpool_tx0"] {
		if _, ok := heuristics.Tx0Fee(tx); ok {
			told++
		}
	}
	require.Equal(t, 742, told, "of 749 of March 2024")
}
