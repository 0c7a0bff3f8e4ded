package heuristics_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/heuristics"
)

// peeling makes transactions that spend each other's outputs.
type peeling struct {
	txs []*chains.Tx
	by  map[chains.OutPoint]*chains.Tx
}

// pay adds a transaction that spends an output of from, which is nil for coins from elsewhere, and
// has outputs of those values. Its addresses are its number and the output's.
func (p *peeling) pay(from *chains.Tx, index uint32, values ...uint64) *chains.Tx {
	n := len(p.txs) + 1
	tx := payment()
	tx.ID = chains.TxID{0xee, byte(n >> 8), byte(n)}
	tx.Inputs[0].Prev = chains.OutPoint{Tx: chains.TxID{0xff, byte(n)}}
	tx.Outputs = nil
	for i, v := range values {
		tx.Outputs = append(tx.Outputs, chains.Output{Value: v, Address: chains.Address(fmt.Sprintf("%d/%d", n, i)), Type: chains.ScriptP2WPKH})
	}
	if from != nil {
		tx.Inputs[0].Prev = chains.OutPoint{Tx: from.ID, Index: index}
		tx.Inputs[0].Spent = from.Outputs[index]
	}
	if p.by == nil {
		p.by = map[chains.OutPoint]*chains.Tx{}
	}
	p.by[tx.Inputs[0].Prev] = tx
	p.txs = append(p.txs, tx)
	return tx
}

// beside adds an input of coins from elsewhere.
func beside(tx *chains.Tx, value uint64) {
	in := tx.Inputs[0]
	in.Prev = chains.OutPoint{Tx: chains.TxID{0xdd, byte(len(tx.Inputs))}}
	in.Spent.Value, in.Spent.Address = value, chains.Address(fmt.Sprint("beside ", value))
	tx.Inputs = append(tx.Inputs, in)
}

// steps adds n steps, the first of other coins, and returns the last. What goes on is at index 1;
// it is worth 500 less and a payment of 100 each time.
func (p *peeling) steps(n int) *chains.Tx {
	tx := p.pay(nil, 0, 100, 900_000)
	for range n - 1 {
		tx = p.pay(tx, 1, 100, tx.Outputs[1].Value-500)
	}
	return tx
}

func (p *peeling) runs(service func(chains.Address) bool) []heuristics.Peel {
	b := heuristics.NewPeels(service)
	for _, tx := range p.txs {
		b.Add(tx)
		b.Add(tx) // once more is ignored
	}
	return b.Runs(3)
}

func TestPeel(t *testing.T) {
	var p peeling
	p.steps(5)
	runs := p.runs(nil)
	require.Len(t, runs, 1)
	run := runs[0]
	require.Len(t, run.Txs, 4, "of the last one nothing tells which output goes on")
	require.Equal(t, heuristics.PeelHabits, run.Stop)
	require.Equal(t, p.txs[0].ID, run.Txs[0])
	require.Equal(t, p.txs[0].Inputs[0].Prev, run.In)
	require.EqualValues(t, 1_000_000, run.ValueIn)
	require.Equal(t, chains.OutPoint{Tx: p.txs[3].ID, Index: 1}, run.Tip)
	require.EqualValues(t, 898_500, run.TipValue)
	require.Len(t, run.Paid, 4)
	require.Equal(t, heuristics.Peeled{Output: chains.OutPoint{Tx: p.txs[2].ID}, To: "3/0", Value: 100}, run.Paid[2])

	beside(p.txs[0], 2_000_000)
	run = p.runs(nil)[0]
	require.Equal(t, p.txs[0].Inputs[1].Prev, run.In, "the larger of two")
	require.EqualValues(t, 3_000_000, run.ValueIn, "both")

	p.txs[4].Outputs[0].Value = 7000 // round, and the type differs: the vote tells
	p.txs[4].Outputs[1].Value++
	p.txs[4].Outputs[0].Type = chains.ScriptP2PKH
	run = p.runs(nil)[0]
	require.Len(t, run.Txs, 5)
	require.Equal(t, heuristics.PeelUnspent, run.Stop)
	require.Equal(t, chains.OutPoint{Tx: p.txs[4].ID, Index: 1}, run.Tip)
}

// Why a run ends. Each case spends what goes on after four steps.
func TestPeelStops(t *testing.T) {
	many := slices.Repeat([]uint64{100}, 10)
	cases := []struct {
		name  string
		spend func(*peeling, *chains.Tx)
		stop  heuristics.PeelStop
		steps int
	}{
		{"with other habits", func(p *peeling, last *chains.Tx) { p.pay(last, 1, 100, 700_000).Version = 1 }, heuristics.PeelHabits, 3},
		{"whole", func(p *peeling, last *chains.Tx) { p.pay(last, 1, 800_000) }, heuristics.PeelSwept, 4},
		{"whole, with data", func(p *peeling, last *chains.Tx) {
			p.pay(last, 1, 800_000, 0).Outputs[1].Type = chains.ScriptNullData
		}, heuristics.PeelSwept, 4},
		{"whole, with nothing beside", func(p *peeling, last *chains.Tx) { p.pay(last, 1, 0, 800_000) }, heuristics.PeelSwept, 4},
		{"to ten", func(p *peeling, last *chains.Tx) { p.pay(last, 1, many...) }, heuristics.PeelHabits, 4},
		{"to many", func(p *peeling, last *chains.Tx) { p.pay(last, 1, append(many, 100)...) }, heuristics.PeelBatch, 4},
		{"with two more coins", func(p *peeling, last *chains.Tx) {
			tx := p.pay(last, 1, 100, 2_700_000)
			beside(tx, 1_000_000)
			beside(tx, 999_999)
		}, heuristics.PeelConsolidation, 4},
		{"in a mix", func(p *peeling, last *chains.Tx) {
			tx := p.pay(last, 1, slices.Repeat([]uint64{100_000}, 5)...)
			tx.Inputs[0].Spent.Value = 100_500
			for range 4 {
				beside(tx, 100_000)
				tx.Inputs[len(tx.Inputs)-1].Spent.Address = chains.Address(fmt.Sprint(len(tx.Inputs)))
			}
		}, heuristics.PeelMix, 4},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var p peeling
			c.spend(&p, p.steps(4))
			runs := p.runs(nil)
			require.Len(t, runs, 1)
			require.Equal(t, c.stop, runs[0].Stop)
			require.Len(t, runs[0].Txs, c.steps)
		})
	}
	t.Run("at a service", func(t *testing.T) {
		var p peeling
		p.steps(9)
		runs := p.runs(func(a chains.Address) bool { return a == "4/1" })
		require.Len(t, runs, 2)
		require.Equal(t, heuristics.PeelLabel, runs[0].Stop)
		require.Equal(t, chains.OutPoint{Tx: p.txs[3].ID, Index: 1}, runs[0].Tip)
	})
	t.Run("at the limit", func(t *testing.T) {
		var p peeling
		p.steps(1005)
		runs := p.runs(nil)
		require.Len(t, runs, 2)
		require.Equal(t, heuristics.PeelLimit, runs[0].Stop)
		require.Len(t, runs[0].Txs, 1000)
		require.Len(t, runs[1].Txs, 4)
	})
	t.Run("in another run", func(t *testing.T) {
		var p peeling
		first := p.steps(4)
		second := p.steps(4)
		joined := p.pay(first, 1, 100, 1_600_000)
		beside(joined, second.Outputs[1].Value)
		joined.Inputs[1].Prev = chains.OutPoint{Tx: second.ID, Index: 1}
		p.pay(joined, 1, 100, 1_500_000)
		runs := p.runs(nil)
		require.Len(t, runs, 2)
		require.Len(t, runs[0].Txs, 5)
		require.Equal(t, heuristics.PeelConsolidation, runs[1].Stop)
	})
}

// facts are all that p knows around tx.
func (p *peeling) facts(tx *chains.Tx) heuristics.Facts {
	return heuristics.Facts{Spender: spendersOf(p.by, tx), Around: p.facts, Maker: func(i int) *chains.Tx {
		at := slices.IndexFunc(p.txs, func(m *chains.Tx) bool { return m.ID == tx.Inputs[i].Prev.Tx })
		if at < 0 {
			return nil
		}
		return p.txs[at]
	}}
}

// A step is one before or behind another: a payment with a change that one more payment spends is none.
func TestPeelStep(t *testing.T) {
	var p peeling
	p.steps(3)
	step := func(i int) (int, bool) { return heuristics.PeelStep(p.txs[i], p.facts(p.txs[i])) }
	for i, want := range []bool{true, true, false} {
		out, ok := step(i)
		require.Equal(t, want, ok, "of the last one nothing spends anything: %d", i)
		if ok {
			require.Equal(t, 1, out)
		}
	}
	for name, hide := range map[string]func(*heuristics.Facts){
		"nobody knows what spends it":  func(f *heuristics.Facts) { f.Spender = nil },
		"nobody knows what lies there": func(f *heuristics.Facts) { f.Around = nil },
		"nobody knows what is before":  func(f *heuristics.Facts) { f.Maker = nil },
		"what is before is not known":  func(f *heuristics.Facts) { f.Maker = func(int) *chains.Tx { return nil } },
	} {
		facts := p.facts(p.txs[1])
		hide(&facts)
		_, ok := heuristics.PeelStep(p.txs[1], facts)
		require.False(t, ok, name)
	}
	var two peeling
	two.steps(2)
	_, ok := heuristics.PeelStep(two.txs[0], two.facts(two.txs[0]))
	require.False(t, ok, "one step is no run")
	var aside peeling // the payment of what was before is what it spends
	first := aside.pay(nil, 0, 100_000, 800_000)
	aside.pay(aside.pay(first, 0, 100, 90_000), 1, 100, 80_000)
	aside.pay(aside.pay(first, 1, 100, 700_000), 1, 100, 600_000).Version = 1
	first.Outputs[0].Type = chains.ScriptP2PKH
	first.Outputs[1].Value++ // the vote: what goes on is output 1
	_, ok = heuristics.PeelStep(aside.txs[1], aside.facts(aside.txs[1]))
	require.False(t, ok, "the step before goes on elsewhere")
}

// What goes on: by habits, or by the vote, and nothing where they differ.
func TestPeelStepGoesOn(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(p *peeling)
		want int // output; -1 for none
	}{
		{"by habits", func(*peeling) {}, 1},
		{"other habits", func(p *peeling) { p.txs[1].Version = 1 }, -1},
		{"spent whole", func(p *peeling) { p.txs[1].Outputs[0].Value = 0 }, -1},
		{"both are spent alike", func(p *peeling) { p.pay(p.txs[0], 0, 10, 20) }, -1},
		{"both are spent alike, and the vote tells", func(p *peeling) {
			p.pay(p.txs[0], 0, 10, 20)
			p.txs[0].Outputs[0].Value, p.txs[0].Outputs[0].Type = 8000, chains.ScriptP2PKH
			p.txs[0].Outputs[1].Value++
		}, 1},
		{"the vote names the other", func(p *peeling) {
			p.txs[0].Outputs[1].Value, p.txs[0].Outputs[1].Type = 8000, chains.ScriptP2PKH
			p.txs[0].Outputs[0].Value++
		}, -1},
		{"the other pays the payer", func(p *peeling) { p.txs[0].Outputs[0].Address = p.txs[0].Inputs[0].Spent.Address }, -1},
		{"the other pays the payer, and is spent alike", func(p *peeling) {
			p.pay(p.pay(p.pay(p.txs[0], 0, 10, 70), 1, 10, 50), 1, 10, 30)
			p.txs[0].Outputs[0].Address = p.txs[0].Inputs[0].Spent.Address
		}, 0},
		{"it gathers coins", func(p *peeling) {
			beside(p.txs[0], 5)
			beside(p.txs[0], 6)
		}, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p peeling
			p.steps(4)
			c.set(&p)
			out, ok := heuristics.PeelStep(p.txs[0], p.facts(p.txs[0]))
			require.Equal(t, c.want >= 0, ok)
			require.Equal(t, c.want, out)
			runs := p.runs(nil)
			if slices.ContainsFunc(runs, func(r heuristics.Peel) bool { return r.Txs[0] == p.txs[0].ID }) {
				require.True(t, ok, "a run begins with it")
			}
			for _, f := range heuristics.Identify(p.txs[0], p.facts(p.txs[0])) {
				require.Contains(t, []heuristics.Kind{heuristics.KindPeel, heuristics.KindChange}, f.Kind)
				if ok {
					require.Equal(t, []int{out}, f.Outputs, "change and peel name one output")
				}
			}
		})
	}
}

// around is what a set of transactions shows of one of them.
func around(txs []*chains.Tx, by map[chains.OutPoint]*chains.Tx) (of func(tx *chains.Tx) heuristics.Facts) {
	made := map[chains.TxID]*chains.Tx{}
	for _, tx := range txs {
		made[tx.ID] = tx
	}
	of = func(tx *chains.Tx) heuristics.Facts {
		return heuristics.Facts{Spender: spendersOf(by, tx), Around: of, Maker: func(i int) *chains.Tx { return made[tx.Inputs[i].Prev.Tx] }}
	}
	return of
}

// The runs of ten steps and more in ten blocks of mainnet; that a transaction which PeelStep calls a step
// continues as the runs do, and as the vote; and that it calls all of them so of which the vote, which knows
// spenders there, says nothing else. (Counted without their last transaction, of which nothing tells
// which output goes on, and without the 56 runs that pay nobody but write data.)
func TestPeelsOfMainnet(t *testing.T) {
	txs, by := recordedBlocks(t)
	b := heuristics.NewPeels(nil)
	for _, tx := range txs {
		b.Add(tx)
	}
	longest, n := 0, 0
	goesOn := map[chains.TxID]uint32{}
	for _, run := range b.Runs(1) {
		for i, id := range run.Txs[:max(0, len(run.Txs)-2)] { // of the last two steps the one that follows may have another form
			if _, twice := goesOn[id]; twice {
				t.Fatalf("%s is a step of two runs", id)
			}
			for out := range uint32(heuristics.PeelOutputs) {
				if next := by[chains.OutPoint{Tx: id, Index: out}]; next != nil && next.ID == run.Txs[i+1] {
					goesOn[id] = out
				}
			}
		}
		if len(run.Txs) >= 10 {
			n++
		}
		longest = max(longest, len(run.Txs))
	}
	require.Equal(t, 106, n)
	require.Equal(t, 250, longest)
	of := around(txs, by)
	for _, tx := range txs {
		out, ok := heuristics.PeelStep(tx, of(tx))
		want, in := goesOn[tx.ID]
		vote := heuristics.Change(tx, of(tx))
		if ok {
			require.True(t, !in || int(want) == out, tx.ID)
			require.True(t, !vote.Answered || vote.Output == out, tx.ID)
		} else if in {
			next := by[chains.OutPoint{Tx: tx.ID, Index: want}]
			further := heuristics.Change(next, of(next))
			behind, named := goesOn[next.ID]
			require.True(t, vote.Answered && vote.Output != int(want) || further.Answered && (!named || further.Output != int(behind)), tx.ID)
		}
	}
}

// BenchmarkChange is the vote, and whether each is a step of a run, over ten blocks of mainnet, with the spenders that they hold known.
func BenchmarkChange(b *testing.B) {
	txs, by := recordedBlocks(b)
	of := around(txs, by)
	b.ReportAllocs()
	for b.Loop() {
		for _, tx := range txs {
			facts := of(tx)
			heuristics.Change(tx, facts)
			heuristics.PeelStep(tx, facts)
		}
	}
	b.ReportMetric(float64(len(txs)*b.N)/b.Elapsed().Seconds(), "tx/s") //nolint:forbidigo // the testing package wants one
}

// BenchmarkPeels finds the runs in ten blocks of mainnet.
func BenchmarkPeels(b *testing.B) {
	txs, _ := recordedBlocks(b)
	b.ReportAllocs()
	for b.Loop() {
		p := heuristics.NewPeels(nil)
		for _, tx := range txs {
			p.Add(tx)
		}
		p.Runs(3)
	}
	b.ReportMetric(float64(len(txs)*b.N)/b.Elapsed().Seconds(), "tx/s") //nolint:forbidigo // the testing package wants one
}
