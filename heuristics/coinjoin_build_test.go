package heuristics_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/heuristics"
)

// script returns an address key of a form that no other number gives; the keys of a form ascend.
func script(form chains.ScriptType, n int) chains.Address {
	kind := map[chains.ScriptType]byte{chains.ScriptP2PKH: 1, chains.ScriptP2SH: 2, chains.ScriptP2WPKH: 3, chains.ScriptP2WSH: 4, chains.ScriptP2TR: 5, chains.ScriptNullData: 8}[form]
	return chains.Address(append([]byte{kind}, fmt.Sprintf("%020d", n)...))
}

// mixed builds a transaction whose inputs spend from, and whose outputs pay to, scripts of their own
// of one form. Each input comes from another transaction, in the order of BIP 69.
func mixed(form chains.ScriptType, in, out []uint64) *chains.Tx {
	tx := &chains.Tx{ID: chains.TxID{9}}
	for i, v := range in {
		tx.Inputs = append(tx.Inputs, chains.Input{
			Prev: chains.OutPoint{Tx: chains.TxID{byte(i), byte(i)}}, Sequence: 0xffffffff, Known: true,
			Spent: chains.Output{Value: v, Address: script(form, i), Type: form},
		})
	}
	for i, v := range out {
		tx.Outputs = append(tx.Outputs, chains.Output{Value: v, Address: script(form, 100+i), Type: form})
	}
	return tx
}

// unknown forgets what the inputs spend.
func unknown(tx *chains.Tx) {
	for i := range tx.Inputs {
		tx.Inputs[i].Known, tx.Inputs[i].Spent = false, chains.Output{}
	}
}

// ofForm changes the form of an output.
func ofForm(tx *chains.Tx, output int, form chains.ScriptType) {
	tx.Outputs[output].Type, tx.Outputs[output].Address = form, script(form, 900+output)
}

// flip is a change of a transaction, and what it is then.
type flip struct {
	name   string
	change func(tx *chains.Tx)
	want   heuristics.Kind // "" for none
}

// flips runs each change on a transaction of its own.
func flips(t *testing.T, build func() *chains.Tx, want heuristics.Kind, table []flip) {
	t.Helper()
	all := append([]flip{{"as it is", func(*chains.Tx) {}, want}}, table...)
	for _, f := range all {
		t.Run(f.name, func(t *testing.T) {
			tx := build()
			f.change(tx)
			kind, ok := heuristics.MixOf(tx)
			require.Equal(t, f.want, kind)
			require.Equal(t, f.want != "", ok)
		})
	}
}

func equals(n int, v uint64) []uint64 { return slices.Repeat([]uint64{v}, n) }
