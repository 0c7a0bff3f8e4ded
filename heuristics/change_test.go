package heuristics_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/heuristics"
)

// asked is what is known of a payment's outputs: who spends them, and which addresses were paid before.
type asked struct {
	spends [10]*chains.Tx
	seen   []chains.Address // nil: nobody can tell
}

func (a asked) facts() heuristics.Facts {
	f := heuristics.Facts{Spender: func(i int) *chains.Tx { return a.spends[i] }}
	if a.seen != nil {
		f.Seen = func(a2 chains.Address) (seen, known bool) { return slices.Contains(a.seen, a2), true }
	}
	return f
}

func otherHabits(set func(*chains.Tx)) asked { return asked{spends: [10]*chains.Tx{nil, payment(set)}} }

func multisig(tx *chains.Tx) { tx.Inputs[0].Signed.M, tx.Inputs[0].Signed.N = 2, 3 }
func same(*chains.Tx)        {}

// twoInputs has inputs of 900,000 and 800,000.
func twoInputs(change, paid uint64) func(*chains.Tx) {
	return func(tx *chains.Tx) {
		repeat(tx, 2)
		tx.Inputs[0].Spent.Value, tx.Inputs[1].Spent.Value = 900_000, 800_000
		tx.Outputs[0].Value, tx.Outputs[1].Value = change, paid
	}
}

// Each predicate alone, with its vote for output 0, or none; the group, and what turns it off.
func TestVotes(t *testing.T) {
	cases := []struct {
		name, group string
		set         func(*chains.Tx)
		known       asked
		votes       []int // for which output, of each predicate of the group
	}{
		{"nothing speaks", "", same, asked{}, nil},
		{"an input's script", "self", func(tx *chains.Tx) { tx.Outputs[0].Address = "payer" }, asked{}, []int{0}},
		{"both inputs' scripts", "self", func(tx *chains.Tx) { tx.Outputs[0].Address, tx.Outputs[1].Address = "payer", "payer" }, asked{}, nil},
		{"multisig", "fingerprint", multisig, otherHabits(same), []int{0}},
		{"multisig in both", "fingerprint", multisig, otherHabits(multisig), nil},
		{"no multisig to compare", "fingerprint", same, otherHabits(multisig), nil},
		{"lock time", "fingerprint", same, otherHabits(func(tx *chains.Tx) { tx.LockTime = 699_999 }), []int{0}},
		{"version", "fingerprint", same, otherHabits(func(tx *chains.Tx) { tx.Version = 1 }), []int{0}},
		{"sequence", "fingerprint", same, otherHabits(func(tx *chains.Tx) { tx.Inputs[0].Sequence = 0xffffffff }), []int{0}},
		{"keys", "fingerprint", same, otherHabits(func(tx *chains.Tx) { tx.Inputs[0].Signed.Form = chains.SignedRead | chains.SignedUncompressed }), []int{0}},
		{"keys of both kinds", "fingerprint", same, otherHabits(func(tx *chains.Tx) { tx.Inputs[0].Signed.Form |= chains.SignedUncompressed }), nil},
		{"keys not read", "fingerprint", same, otherHabits(func(tx *chains.Tx) { tx.Inputs[0].Signed = chains.Signed{} }), nil},
		{"grinding", "fingerprint", func(tx *chains.Tx) { repeat(tx, 4) }, otherHabits(func(tx *chains.Tx) { tx.Inputs[0].Signed.Form |= chains.SignedHighR }), []int{0}},
		{"order", "fingerprint", func(tx *chains.Tx) { repeat(tx, 4) }, otherHabits(func(tx *chains.Tx) { tx.Outputs[0].Value = 900_000 }), []int{0}},
		{"order by accident", "fingerprint", same, otherHabits(func(tx *chains.Tx) { tx.Outputs[0].Value = 900_000 }), nil},
		{"both spent otherwise", "fingerprint", func(tx *chains.Tx) { tx.Version = 1 }, asked{spends: [10]*chains.Tx{payment(), payment()}}, nil},
		{"type", "type", func(tx *chains.Tx) { tx.Outputs[1].Type = chains.ScriptP2PKH }, asked{}, []int{0}},
		{"type, inputs mixed", "type", func(tx *chains.Tx) {
			repeat(tx, 2)
			tx.Inputs[1].Spent.Type, tx.Outputs[1].Type = chains.ScriptP2PKH, chains.ScriptP2PKH
		}, asked{}, nil},
		{"type, an input not known", "type", func(tx *chains.Tx) { tx.Inputs[0].Known, tx.Outputs[1].Type = false, chains.ScriptP2PKH }, asked{}, nil},
		{"the other is round", "amount", func(tx *chains.Tx) { tx.Outputs[1].Value = 600_000 }, asked{}, []int{0}},
		{"the other is round to a hundred", "amount", func(tx *chains.Tx) { tx.Outputs[1].Value = 600_100 }, asked{}, nil},
		{"at the smallest input", "amount", twoInputs(800_000, 899_000), asked{}, nil},
		{"both are round", "amount", func(tx *chains.Tx) { tx.Outputs[0].Value, tx.Outputs[1].Value = 300_000, 600_000 }, asked{}, nil},
		{"below the smallest input, and needless", "amount", twoInputs(100_111, 1_500_111), asked{}, []int{0, 0}},
		{"both below", "amount", twoInputs(750_111, 790_111), asked{}, nil},
		{"an input's value not known", "amount", func(tx *chains.Tx) {
			twoInputs(100_111, 1_500_111)(tx)
			tx.Inputs[1].Known = false
		}, asked{}, nil},
		{"new", "freshness", same, asked{seen: []chains.Address{"b"}}, []int{0}},
		{"both new", "freshness", same, asked{seen: []chains.Address{"c"}}, nil},
		{"both seen", "freshness", same, asked{seen: []chains.Address{"a", "b"}}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			vote := heuristics.Change(payment(c.set), c.known.facts())
			var outputs []int
			for _, v := range vote.Votes {
				if v.Group == c.group {
					outputs = append(outputs, v.Output)
				}
				require.Positive(t, v.Weight)
			}
			require.Equal(t, c.votes, outputs, "%+v", vote.Votes)
			require.Equal(t, c.group == "self" && c.votes != nil, vote.Answered, "one group alone decides nothing but self-change")
		})
	}
}

// Groups add up, predicates of a group do not, and what contradicts is taken off.
func TestChangeCounts(t *testing.T) {
	round := func(i int) func(*chains.Tx) {
		return func(tx *chains.Tx) { tx.Outputs[i].Value = 600_000 }
	}
	typed := func(tx *chains.Tx) { tx.Outputs[1].Type = chains.ScriptP2PKH }
	strange := asked{spends: [10]*chains.Tx{nil, payment(func(tx *chains.Tx) { tx.LockTime, tx.Version = 699_999, 1 })}}
	cases := []struct {
		name   string
		opts   []func(*chains.Tx)
		known  asked
		output int
		score  int
		band   string
	}{
		{"amount and type", []func(*chains.Tx){round(1), typed}, asked{}, 0, 4185 + 2542, heuristics.Band6},
		{"amount against type", []func(*chains.Tx){round(0), typed}, asked{}, -1, 0, ""},
		{"one group, two predicates", nil, strange, -1, 0, ""},
		{"the strongest of a group counts", []func(*chains.Tx){typed}, strange, 0, 4595 + 2542, heuristics.Band6},
		{"equals of a group cancel out", []func(*chains.Tx){typed, func(tx *chains.Tx) { repeat(tx, 4) }}, asked{spends: [10]*chains.Tx{
			payment(func(tx *chains.Tx) { tx.Outputs[0].Value = 900_000 }), // not sorted
			payment(func(tx *chains.Tx) { tx.Inputs[0].Signed.Form = chains.SignedRead | chains.SignedUncompressed }),
		}}, -1, 0, ""},
		{"three groups", []func(*chains.Tx){typed, round(1)}, strange, 0, 4595 + 2542 + 4185, heuristics.Band8},
		{"two groups against one", []func(*chains.Tx){typed, round(0)}, strange, 0, 4595 + 2542 - 4185, heuristics.Band2},
		{"two groups hardly against one", []func(*chains.Tx){typed, round(0)}, asked{seen: []chains.Address{"b"}}, 0, 3178 + 2542 - 4185, heuristics.Band0},
		{"its own script, whatever else", []func(*chains.Tx){round(0), func(tx *chains.Tx) { tx.Outputs[0].Address = "payer" }}, asked{}, 0, 6907, heuristics.BandSelf},
		{"data is no output", []func(*chains.Tx){round(1), typed, func(tx *chains.Tx) { tx.Outputs[1].Type = chains.ScriptNullData }}, asked{}, -1, 0, ""},
		{"a batch", []func(*chains.Tx){round(1), typed, func(tx *chains.Tx) {
			for range 9 {
				tx.Outputs = append(tx.Outputs, tx.Outputs[1])
			}
		}}, asked{}, -1, 0, ""},
		{"ten outputs are none", []func(*chains.Tx){round(1), typed, func(tx *chains.Tx) {
			for range 8 {
				tx.Outputs = append(tx.Outputs, tx.Outputs[1])
			}
		}}, asked{}, 0, 4185 + 2542, heuristics.Band6},
		{"mined", []func(*chains.Tx){round(1), typed, func(tx *chains.Tx) { tx.Coinbase = true }}, asked{}, -1, 0, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			vote := heuristics.Change(payment(c.opts...), c.known.facts())
			require.Equal(t, c.output, vote.Output, "%+v", vote.Votes)
			require.Equal(t, c.output >= 0, vote.Answered)
			require.Equal(t, c.score, vote.Score)
			require.Equal(t, c.band, vote.Band)
		})
	}
}

// In a CoinJoin no change is named, whatever speaks for one.
func TestChangeInMix(t *testing.T) {
	tx := payment(func(tx *chains.Tx) {
		repeat(tx, 5)
		tx.Outputs = nil
		for i := range 5 {
			tx.Inputs[i].Prev.Tx[1] = byte(i)
			tx.Inputs[i].Spent.Value = 1_000_000 + uint64(i%2)*500
			tx.Inputs[i].Spent.Address = chains.Address(rune('p' + i))
			tx.Outputs = append(tx.Outputs, chains.Output{Value: 1_000_000, Address: chains.Address(rune('a' + i)), Type: chains.ScriptP2WPKH})
		}
	})
	_, mix := heuristics.MixOf(tx)
	require.True(t, mix)
	tx.Outputs[0].Address = "p"
	require.False(t, heuristics.Change(tx, heuristics.Facts{}).Answered)
	tx.Outputs[1].Value++ // no mix any more
	require.True(t, heuristics.Change(tx, heuristics.Facts{}).Answered)
}

// On mainnet every answer rests on two votes or on an input's own script, and none names data.
func TestChangeOfMainnet(t *testing.T) {
	txs, by := recordedBlocks(t)
	counts := map[string]int{}
	for _, tx := range txs {
		vote := heuristics.Change(tx, heuristics.Facts{Spender: spendersOf(by, tx)})
		counts[vote.Band]++
		require.Equal(t, vote.Answered, vote.Band != "", tx.ID)
		if vote.Answered && vote.Band != heuristics.BandSelf {
			require.NotEqual(t, chains.ScriptNullData, tx.Outputs[vote.Output].Type)
			require.GreaterOrEqual(t, len(vote.Votes), 2)
		}
	}
	t.Log(counts)
	for _, band := range heuristics.Bands()[:5] {
		require.NotZero(t, counts[band], band)
	}
}
