package heuristics_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/heuristics"
)

// spending returns a transaction of that number that spends from the addresses and pays to two
// fresh ones.
func spending(n byte, from ...string) *chains.Tx {
	tx := &chains.Tx{ID: chains.TxID{n}, Block: chains.BlockRef{Height: int64(n)}, Version: 2}
	for i, a := range from {
		tx.Inputs = append(tx.Inputs, chains.Input{
			Prev: chains.OutPoint{Tx: chains.TxID{n, byte(i)}}, Known: true,
			Spent: chains.Output{Value: 1000, Address: chains.Address(a), Type: chains.ScriptP2WPKH},
		})
	}
	for i := range 2 {
		tx.Outputs = append(tx.Outputs, chains.Output{Value: uint64(300 + i), Address: chains.Address(fmt.Sprintf("out %d.%d", n, i)), Type: chains.ScriptP2WPKH})
	}
	return tx
}

// revealing sets what an input shows to be inside of the script that it spends.
func revealing(tx *chains.Tx, at int, inside string) *chains.Tx {
	tx.Inputs[at].Spent.Type, tx.Inputs[at].Signed.Wraps = chains.ScriptP2SH, chains.Address(inside)
	return tx
}

// words writes joins as "A(input)-B(input) rule".
func words(js []heuristics.Join) (out []string) {
	for _, j := range js {
		out = append(out, fmt.Sprintf("%s(%d)-%s(%d) %s", j.A, j.InA, j.B, j.InB, j.Rule))
	}
	return out
}

func TestJoins(t *testing.T) {
	unknown := revealing(spending(1, "a", "b"), 0, "w")
	unknown.Inputs[1].Known, unknown.Inputs[1].Spent = false, chains.Output{}
	coinbase := spending(1, "a", "b")
	coinbase.Coinbase = true
	accounts := spending(1, "a", "b")
	accounts.Exec = &chains.Execution{}
	pretended := revealing(spending(1, "a"), 0, "w") // of a script that nodes do not compare with what was revealed
	pretended.Inputs[0].Spent.Type = chains.ScriptUnknown
	for name, c := range map[string]struct {
		tx   *chains.Tx
		want []string
	}{
		"a script that is not inside": {pretended, nil},
		"one input":                   {spending(1, "a"), nil},
		"one address twice":           {spending(1, "a", "a"), nil},
		"two":                         {spending(1, "a", "b"), []string{"a(0)-b(1) co-spend"}},
		"each address once":           {spending(1, "a", "a", "b", "a", "c", "b"), []string{"a(0)-b(2) co-spend", "a(0)-c(4) co-spend"}},
		"a script inside":             {revealing(spending(1, "a"), 0, "w"), []string{"a(0)-w(0) wraps"}},
		"two, and a script inside":    {revealing(spending(1, "a", "b"), 1, "w"), []string{"a(0)-b(1) co-spend", "b(1)-w(1) wraps"}},
		"a spent output is unknown":   {unknown, nil},
		"coinbase":                    {coinbase, nil},
		"a chain of accounts":         {accounts, nil},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, words(heuristics.Joins(c.tx, nil)))
		})
	}
	js := heuristics.Joins(spending(7, "a", "b"), nil)
	require.Equal(t, chains.TxID{7}, js[0].Tx)
	require.Equal(t, int64(7), js[0].Height)
}

// TestJoinsOfMany: a transaction with more addresses than are looked through one by one.
func TestJoinsOfMany(t *testing.T) {
	var from []string
	for i := range 300 {
		from = append(from, fmt.Sprint(i%150))
	}
	js := heuristics.Joins(spending(1, from...), nil)
	require.Len(t, js, 149)
	for i, j := range js {
		require.Equal(t, chains.Address("0"), j.A)
		require.Equal(t, chains.Address(fmt.Sprint(i+1)), j.B)
		require.Equal(t, i+1, j.InB)
	}
}
