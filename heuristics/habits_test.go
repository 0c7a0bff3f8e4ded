package heuristics_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/heuristics"
)

// recordedBlocks are ten blocks of mainnet, in chain order, with the outputs that were made in
// them filled in where they are spent, and who spends what.
func recordedBlocks(tb testing.TB) (txs []*chains.Tx, spenders map[chains.OutPoint]*chains.Tx) {
	tb.Helper()
	made := map[chains.OutPoint]chains.Output{}
	spenders = map[chains.OutPoint]*chains.Tx{}
	for height := int64(560062); height <= 560071; height++ {
		packed, err := os.ReadFile(filepath.Join("..", "testdata", "bitcoin", "blocks", fmt.Sprintf("%d.blk.gz", height)))
		require.NoError(tb, err)
		r, err := gzip.NewReader(bytes.NewReader(packed))
		require.NoError(tb, err)
		raw, err := io.ReadAll(r)
		require.NoError(tb, err)
		block, err := bitcoin.DecodeBlock("bitcoin", raw, height)
		require.NoError(tb, err)
		for i := range block.Txs {
			tx := &block.Txs[i]
			for j := range tx.Inputs {
				in := &tx.Inputs[j]
				in.Spent, in.Known = made[in.Prev]
				spenders[in.Prev] = tx
			}
			for j, out := range tx.Outputs {
				made[chains.OutPoint{Tx: tx.ID, Index: uint32(j)}] = out
			}
			txs = append(txs, tx)
		}
	}
	return txs, spenders
}

// spendersOf returns what tells who spends the outputs of tx.
func spendersOf(by map[chains.OutPoint]*chains.Tx, tx *chains.Tx) func(int) *chains.Tx {
	return func(i int) *chains.Tx { return by[chains.OutPoint{Tx: tx.ID, Index: uint32(i)}] }
}

// payment is a transaction of one input and two outputs, which opts change.
func payment(opts ...func(*chains.Tx)) *chains.Tx {
	tx := &chains.Tx{
		ID: chains.TxID{9}, Version: 2, Block: chains.BlockRef{Height: 700_000},
		Inputs: []chains.Input{{
			Prev: chains.OutPoint{Tx: chains.TxID{1}}, Sequence: 0xfffffffd, Known: true,
			Spent:  chains.Output{Value: 1_000_000, Address: "payer", Type: chains.ScriptP2WPKH},
			Signed: chains.Signed{Form: chains.SignedRead | chains.SignedECDSA | chains.SignedCompressed},
		}},
		Outputs: []chains.Output{
			{Value: 300_123, Address: "a", Type: chains.ScriptP2WPKH},
			{Value: 600_321, Address: "b", Type: chains.ScriptP2WPKH},
		},
	}
	for _, opt := range opts {
		opt(tx)
	}
	return tx
}

func TestHabits(t *testing.T) {
	usual := heuristics.Habits{
		Version: 2, Sequence: heuristics.SequenceReplace, Keys: heuristics.KeyCompressed, Types: 1 << chains.ScriptP2WPKH,
	}
	cases := []struct {
		name string
		set  func(*chains.Tx)
		want func(*heuristics.Habits)
	}{
		{"as it is", func(*chains.Tx) {}, func(*heuristics.Habits) {}},
		{"version 1", func(tx *chains.Tx) { tx.Version = 1 }, func(h *heuristics.Habits) { h.Version = 1 }},
		{"another version", func(tx *chains.Tx) { tx.Version = 3 }, func(h *heuristics.Habits) { h.Version = 0 }},
		{"the height of the day", func(tx *chains.Tx) { tx.LockTime = 699_999 }, func(h *heuristics.Habits) { h.LockTime = heuristics.LockTimeHeight }},
		{"some blocks off, and a week of waiting", func(tx *chains.Tx) { tx.LockTime = 700_000 - 99 - 1008 }, func(h *heuristics.Habits) { h.LockTime = heuristics.LockTimeHeight }},
		{"an old height", func(tx *chains.Tx) { tx.LockTime = 700_000 - 99 - 1009 }, func(h *heuristics.Habits) { h.LockTime = heuristics.LockTimeOther }},
		{"a height, the block's own not known", func(tx *chains.Tx) { tx.LockTime, tx.Block.Height = 5, 0 }, func(h *heuristics.Habits) { h.LockTime = heuristics.LockTimeHeight }},
		{"a time", func(tx *chains.Tx) { tx.LockTime = 1_600_000_000 }, func(h *heuristics.Habits) { h.LockTime = heuristics.LockTimeOther }},
		{"final", func(tx *chains.Tx) { tx.Inputs[0].Sequence = 0xffffffff }, func(h *heuristics.Habits) { h.Sequence = heuristics.SequenceFinal }},
		{"not final", func(tx *chains.Tx) { tx.Inputs[0].Sequence = 0xfffffffe }, func(h *heuristics.Habits) { h.Sequence = heuristics.SequenceNotFinal }},
		{"another sequence", func(tx *chains.Tx) { tx.Inputs[0].Sequence = 7 }, func(h *heuristics.Habits) { h.Sequence = heuristics.SequenceOther }},
		{"wrapped", func(tx *chains.Tx) {
			tx.Inputs[0].Spent.Type, tx.Inputs[0].Signed.Wraps = chains.ScriptP2SH, "inside"
		}, func(h *heuristics.Habits) { h.Types = 1 << heuristics.WrappedType }},
		{"the spent output is not known", func(tx *chains.Tx) { tx.Inputs[0].Known = false }, func(h *heuristics.Habits) { h.Types = 0 }},
		{"two of three", func(tx *chains.Tx) { tx.Inputs[0].Signed.M, tx.Inputs[0].Signed.N = 2, 3 }, func(h *heuristics.Habits) { h.M, h.N = 2, 3 }},
		{"high r", func(tx *chains.Tx) { tx.Inputs[0].Signed.Form |= chains.SignedHighR }, func(h *heuristics.Habits) { h.Keys |= heuristics.KeyHighR }},
		{"low r, four times", func(tx *chains.Tx) { repeat(tx, 4) }, func(h *heuristics.Habits) { h.Keys |= heuristics.KeyLowR; h.Order = heuristics.OrderSorted }},
		{"low r, thrice", func(tx *chains.Tx) { repeat(tx, 3) }, func(*heuristics.Habits) {}},
		{"not all inputs alike", func(tx *chains.Tx) {
			repeat(tx, 2)
			tx.Inputs[1].Sequence, tx.Inputs[1].Signed.M, tx.Inputs[1].Signed.N = 1, 1, 2
		}, func(h *heuristics.Habits) { h.Sequence = heuristics.SequenceMixed }},
		{"outputs not sorted", func(tx *chains.Tx) { tx.Outputs[0].Value = 900_000 }, func(h *heuristics.Habits) { h.Order = heuristics.OrderUnsorted }},
		{"inputs not sorted", func(tx *chains.Tx) {
			repeat(tx, 2)
			tx.Inputs[0].Prev.Index = 5
		}, func(h *heuristics.Habits) { h.Order = heuristics.OrderUnsorted }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			want := usual
			c.want(&want)
			require.Equal(t, want, heuristics.HabitsOf(payment(c.set)))
		})
	}
	require.Zero(t, heuristics.HabitsOf(&chains.Tx{Coinbase: true, Version: 2, LockTime: 5}))
}

// What sets two transactions of one run apart, and what does not.
func TestSame(t *testing.T) {
	h := heuristics.HabitsOf(payment())
	for _, set := range []func(*heuristics.Habits){
		func(o *heuristics.Habits) { o.Version = 1 },
		func(o *heuristics.Habits) { o.LockTime = heuristics.LockTimeHeight },
		func(o *heuristics.Habits) { o.Sequence = heuristics.SequenceFinal },
		func(o *heuristics.Habits) { o.Types = 1 << chains.ScriptP2PKH },
	} {
		o := h
		set(&o)
		require.False(t, h.Same(o), "%+v", o)
	}
	o := h
	o.Types, o.Keys, o.Order = 0, heuristics.KeyHighR, heuristics.OrderUnsorted
	require.True(t, h.Same(o), "types that are not known, keys and order decide nothing")
	require.True(t, o.Same(h))
}

// repeat gives tx n inputs like its first, sorted.
func repeat(tx *chains.Tx, n int) {
	for i := 1; i < n; i++ {
		in := tx.Inputs[0]
		in.Prev.Index = uint32(i)
		tx.Inputs = append(tx.Inputs, in)
	}
}

// The habits of mainnet in 2019, when no wallet that most used set lock times but Core and Electrum, nor
// ground signatures but the newest Core.
func TestHabitsOfMainnet(t *testing.T) {
	txs, _ := recordedBlocks(t)
	n, versions, lockTimes, keys := 0, map[uint8]int{}, map[heuristics.LockTimeHabit]int{}, map[heuristics.KeyHabit]int{}
	for _, tx := range txs {
		if tx.Coinbase {
			continue
		}
		n++
		h := heuristics.HabitsOf(tx)
		versions[h.Version]++
		lockTimes[h.LockTime]++
		for bit := heuristics.KeyCompressed; bit <= heuristics.KeyNotAll; bit <<= 1 {
			if h.Keys&bit != 0 {
				keys[bit]++
			}
		}
	}
	t.Log(n, versions, lockTimes, keys)
	require.Zero(t, keys[heuristics.KeySchnorr])
	require.Greater(t, keys[heuristics.KeyHighR], n/2)
	require.Less(t, keys[heuristics.KeyLowR], keys[heuristics.KeyHighR]/10)
	require.Greater(t, lockTimes[heuristics.LockTimeNone], n/2)
	require.Greater(t, lockTimes[heuristics.LockTimeHeight], 10*lockTimes[heuristics.LockTimeOther])
	require.Greater(t, versions[1]+versions[2], n*999/1000)
}
