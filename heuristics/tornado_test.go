package heuristics_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/heuristics"
)

const mixerDay = 24 * 60 * 60

// mixerPool is a mixer's pool in the making: every passage stands in a block of its own, an hour after
// the one before.
type mixerPool struct {
	facts  heuristics.MixerFacts
	height int64
	late   int64 // added to all times from now on
}

func (p *mixerPool) passage(name, account string) heuristics.Passage {
	p.height++
	return heuristics.Passage{
		Pool: chains.Address(name), Tx: sha256.Sum256(fmt.Appendf(nil, "%d", p.height)), At: chains.Place{Height: p.height},
		Time: 1_600_000_000 + p.height*3600 + p.late, Account: chains.Address(account), Earlier: -1,
	}
}

// in adds deposits of accounts to a pool; capital letters mark traced value.
func (p *mixerPool) in(name, account string) *heuristics.Passage {
	d := p.passage(name, account)
	d.Traced = account[0] >= 'A' && account[0] <= 'Z'
	p.facts.Deposits = append(p.facts.Deposits, d)
	return &p.facts.Deposits[len(p.facts.Deposits)-1]
}

// out adds a withdrawal.
func (p *mixerPool) out(name, account string) *heuristics.Passage {
	p.facts.Withdrawals = append(p.facts.Withdrawals, p.passage(name, account))
	return &p.facts.Withdrawals[len(p.facts.Withdrawals)-1]
}

// passed lists who passes a signal with the n-th traced deposit.
func (p *mixerPool) passed(n int, name string) []string {
	list := []string{}
	for _, c := range heuristics.MixerCandidates(&p.facts)[n].List {
		for _, s := range c.Signals {
			if s.Name == name {
				list = append(list, string(p.facts.Withdrawals[c.Withdrawal].Account))
			}
		}
	}
	return list
}

func TestMixerSignals(t *testing.T) {
	for _, c := range []struct {
		name, signal string
		build        func(p *mixerPool)
		want         []string
	}{
		{"who deposited receives", heuristics.SignalSame, func(p *mixerPool) { p.in("1", "T"); p.out("1", "x"); p.out("1", "T") }, []string{"T"}},
		{"a withdrawal before the deposit is nobody's", heuristics.SignalSame, func(p *mixerPool) { p.out("1", "T"); p.in("1", "T") }, []string{}},
		{"out of another pool", heuristics.SignalSame, func(p *mixerPool) { p.in("1", "T"); p.out("2", "T") }, []string{}},
		{"a rare habit", heuristics.SignalFee, func(p *mixerPool) { payLike(p, 100, 1) }, []string{"x"}},
		{"a habit that one in fifty has", heuristics.SignalFee, func(p *mixerPool) { payLike(p, 100, 2) }, []string{}},
		{"a habit, and nobody to compare with", heuristics.SignalFee, func(p *mixerPool) { payLike(p, 0, 0) }, []string{}},
		{"as often out as in", heuristics.SignalRun, func(p *mixerPool) { takeOut(p, "xxx", "yy") }, []string{"x", "x", "x"}},
		{"once too often", heuristics.SignalRun, func(p *mixerPool) { takeOut(p, "xxxx", "yy") }, []string{}},
		{"out before its way in", heuristics.SignalRun, func(p *mixerPool) {
			p.in("1", "T")
			p.out("1", "x")
			p.out("1", "x")
			p.in("1", "T")
		}, []string{}},
		{"one deposit is no run", heuristics.SignalRun, func(p *mixerPool) { p.in("1", "T"); p.out("1", "x") }, []string{}},
		{"a run of thirty days", heuristics.SignalRun, func(p *mixerPool) { outLater(p, 29*mixerDay) }, []string{"x", "x"}},
		{"a run of more", heuristics.SignalRun, func(p *mixerPool) { outLater(p, 30*mixerDay) }, []string{}},
		{"two depositors of one trace", heuristics.SignalRun, func(p *mixerPool) {
			p.in("1", "T")
			p.in("1", "U")
			p.out("1", "x")
			p.out("1", "x")
		}, []string{"x", "x"}},
		{"what was put into two pools", heuristics.SignalPortfolio, func(p *mixerPool) { portfolio(p, "1", "1", "2") }, []string{"x", "x"}},
		{"and out of a third", heuristics.SignalPortfolio, func(p *mixerPool) { portfolio(p, "1", "1", "2", "3") }, []string{}},
		{"less than was put in", heuristics.SignalPortfolio, func(p *mixerPool) { portfolio(p, "1", "2") }, []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &mixerPool{}
			c.build(p)
			require.Equal(t, c.want, p.passed(0, c.signal))
		})
	}
}

// payLike has T deposit in one way of paying for gas, which x shares, and so do some of other depositors.
func payLike(p *mixerPool, others, share int) {
	for i := range others {
		d := p.in("1", fmt.Sprintf("o%d", i))
		if d.Habit = "price 1"; i < share {
			d.Habit = "price 7"
		}
	}
	p.in("1", "T").Habit = "price 7"
	p.out("1", "x").Habit = "price 7"
	p.out("1", "y").Habit = "price 1"
	p.out("1", "z").Relayed = true
}

// takeOut has T deposit three times, and others take out.
func takeOut(p *mixerPool, outs ...string) {
	for range 3 {
		p.in("1", "T")
	}
	for _, list := range outs {
		for _, who := range list {
			p.out("1", string(who))
		}
	}
}

func outLater(p *mixerPool, by int64) {
	p.in("1", "T")
	p.in("1", "T")
	p.late = by
	p.out("1", "x")
	p.out("1", "x")
}

// portfolio has T deposit twice to 1 and once to 2, and x withdraw from pools.
func portfolio(p *mixerPool, outs ...string) {
	p.in("3", "o")
	p.in("1", "T")
	p.in("2", "T")
	p.in("1", "T")
	for _, name := range outs {
		p.out(name, "x")
	}
	p.out("1", "y")
}

// tieTx is a transaction of a sender with movements of coin, each "from to".
func tieTx(n int, sender string, nonce uint64, moves ...[2]string) *chains.Tx {
	tx := &chains.Tx{
		ID: sha256.Sum256(fmt.Appendf(nil, "tie %d", n)), Block: chains.BlockRef{Height: int64(n), Time: 1_600_000_000 + int64(n)*3600},
		Exec: &chains.Execution{Sender: chains.Address(sender), Nonce: nonce},
	}
	for _, m := range moves {
		tx.Exec.Moves = append(tx.Exec.Moves, chains.Move{
			Kind: chains.MoveCall, Asset: chains.Native, From: chains.Address(m[0]), To: chains.Address(m[1]), Amount: chains.Units(10),
		})
	}
	return tx
}

func TestLinked(t *testing.T) {
	history := func(a string, txs ...*chains.Tx) heuristics.History {
		return heuristics.History{Account: chains.Address(a), Txs: txs}
	}
	paid := func(n int, from, to string) *chains.Tx { return tieTx(n, from, uint64(n), [2]string{from, to}) }
	service := func(a chains.Address) bool { return a == "s" }
	for _, c := range []struct {
		name      string
		histories []heuristics.History
		want      int
		known     bool
	}{
		{"nobody was looked at", nil, 0, false},
		{"three transfers", []heuristics.History{history("T", paid(1, "T", "x"), paid(2, "x", "T"), paid(3, "T", "x"))}, 3, true},
		{"two", []heuristics.History{history("T", paid(1, "T", "x"), paid(2, "x", "T"))}, 0, true},
		{"one transaction seen from both sides", []heuristics.History{history("T", paid(1, "T", "x"), paid(2, "x", "T")), history("x", paid(1, "T", "x"), paid(2, "x", "T"))}, 0, true},
		{"one paid for the gas of both", []heuristics.History{history("T", paid(1, "g", "T"), tieTx(2, "T", 0)), history("x", paid(3, "g", "x"), tieTx(4, "x", 0))}, 1, true},
		{"after they had signed", []heuristics.History{history("T", paid(1, "g", "T"), tieTx(2, "T", 5)), history("x", paid(3, "g", "x"), tieTx(4, "x", 0))}, 0, true},
		{"a service paid for both", []heuristics.History{history("T", paid(1, "s", "T"), tieTx(2, "T", 0)), history("x", paid(3, "s", "x"), tieTx(4, "x", 0))}, 0, true},
		{"who serves many paid for both", []heuristics.History{history("T", paid(1, "g", "T"), tieTx(2, "T", 0)), history("x", paid(3, "g", "x"), tieTx(4, "x", 0)), {Account: "g", Cut: true}}, 0, true},
		{"the depositor paid for the recipient's gas", []heuristics.History{history("x", paid(3, "T", "x"), tieTx(4, "x", 0))}, 1, true},
		{"those who paid for gas deal with each other", []heuristics.History{
			history("T", paid(1, "g", "T"), tieTx(2, "T", 0)), history("x", paid(3, "h", "x"), tieTx(4, "x", 0)),
			history("g", paid(5, "g", "h"), paid(6, "g", "h"), paid(7, "h", "g")),
		}, 3, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, known := heuristics.TiesOf(c.histories, service).Linked("T", "x")
			require.Equal(t, c.want, n)
			require.Equal(t, c.known, known)
		})
	}
}

// Recipients that pass on to one account count together, and the list names each.
func TestGatheredRun(t *testing.T) {
	p := &mixerPool{}
	takeOut(p, "xyz", "qq")
	gather := func(n int, who, to string) heuristics.History { // what came out of the pool at n goes on
		return heuristics.History{Account: chains.Address(who), Txs: []*chains.Tx{
			tieTx(n, "relayer", 9, [2]string{"1", who}), tieTx(20+n, who, 0, [2]string{who, to}),
		}}
	}
	outside := func(a chains.Address) bool { return a == "1" }
	histories := []heuristics.History{gather(4, "x", "G"), gather(5, "y", "G"), gather(6, "z", "G"), gather(8, "q", "H")}
	p.facts.Ties = heuristics.TiesOf(histories, outside)
	require.Equal(t, []string{"x", "y", "z"}, p.passed(0, heuristics.SignalRun))
	histories[2] = gather(6, "z", "H")
	p.facts.Ties = heuristics.TiesOf(histories, outside)
	require.Equal(t, []string{"z", "q", "q"}, p.passed(0, heuristics.SignalRun), "as often by H")
	histories[2].Txs[1].Exec.Moves[0].Amount = chains.Units(5) // half of it is not most of it
	require.Empty(t, p.passed(0, heuristics.SignalRun))
}

// Accidental matches are those of other recipients, by permuted recipients, and come out the same each
// time.
func TestExpectedAccidents(t *testing.T) {
	p := &mixerPool{}
	for range 5 {
		p.out("1", "before")
	}
	payLike(p, 100, 0)
	p.out("1", "w").Habit = "price 7"
	all := heuristics.MixerCandidates(&p.facts)
	require.Equal(t, all, heuristics.MixerCandidates(&p.facts))
	require.Len(t, all[0].List, 2)
	for _, c := range all[0].List {
		// Four of nine withdrawals stand behind the deposit, so that the other one of the two does in
		// four of nine permutations.
		require.InDelta(t, 4_000_000/9, c.Signals[0].Expected, 100_000)
		require.Equal(t, 100, c.Signals[0].Strength)
	}
	fee := all[0].Tried[2]
	require.Equal(t, []any{heuristics.SignalFee, 2, 2}, []any{fee.Name, fee.Passed, fee.Owners})
	require.InDelta(t, 8_000_000/9, fee.Expected, 100_000)
	require.Zero(t, all[0].Tried[0].Expected, "nobody has the depositor's address")
	p.facts.Withdrawals[len(p.facts.Withdrawals)-1].Habit = "price 8"
	require.Zero(t, heuristics.MixerCandidates(&p.facts)[0].List[0].Signals[0].Expected, "nobody else")
}

// Of a run, accidental matches are counted where nobody passes it too.
func TestExpectedRuns(t *testing.T) {
	p := &mixerPool{}
	p.out("1", "x")
	p.in("1", "T")
	p.in("1", "T")
	for _, who := range []string{"x", "y", "y", "y"} {
		p.out("1", who)
	}
	run := heuristics.MixerCandidates(&p.facts)[0].Tried[4]
	require.Equal(t, []any{heuristics.SignalRun, 0, 0}, []any{run.Name, run.Passed, run.Owners})
	// Of the five places of two withdrawals of x and three of y the first is before the deposits: in two of
	// five permutations x stands there once, and y stands behind three times; else y stands there, and
	// both behind twice.
	require.InDelta(t, 3_000_000*2/5, run.Expected, 150_000)
}

func TestAnonymitySet(t *testing.T) {
	p := &mixerPool{}
	payLike(p, 100, 1) // before x's withdrawal: 100 others, one of whom pays so, and T
	for i := range p.facts.Deposits {
		p.facts.Deposits[i].Earlier = 40 + int64(i)
	}
	p.in("1", "late").Earlier = 141
	c := heuristics.MixerCandidates(&p.facts)[0]
	require.Equal(t, []int{142, 40, 3}, []int{c.Set, c.Unread, c.Withdrawals})
	require.Equal(t, []int{141, 2}, []int{c.List[0].Set, c.List[0].SetAfter})
	require.Equal(t, 2, c.List[0].Signals[0].SetAfter)
}

// More signals go before fewer, fewer accidents before more, and the chain's order stays.
func TestCandidatesRanked(t *testing.T) {
	p := &mixerPool{}
	for i := range 200 {
		p.in("1", fmt.Sprintf("o%d", i)).Habit = "price 1"
	}
	p.in("1", "T").Habit = "price 7"
	p.in("1", "T").Habit = "price 7"
	p.out("1", "a").Habit = "price 7"
	p.out("1", "b").Habit = "price 7"
	p.out("1", "b")
	p.out("1", "T")
	var got []string
	all := heuristics.MixerCandidates(&p.facts)
	for _, c := range all[0].List {
		got = append(got, fmt.Sprint(p.facts.Withdrawals[c.Withdrawal].Account, len(c.Signals)))
	}
	require.Equal(t, []string{"b2", "b1", "T1", "a1"}, got)
	require.Len(t, all, 2)
}

func TestFeeHabit(t *testing.T) {
	for want, e := range map[string]chains.Execution{
		"price 30":   {GasPrice: chains.Units(30)},
		"price 31":   {Type: 1, GasPrice: chains.Units(31)},
		"tip 2 of 9": {Type: 2, GasPrice: chains.Units(31), TipCap: chains.Units(2), FeeCap: chains.Units(9)},
		"":           {Type: 2, GasPrice: chains.Units(31)},
	} {
		require.Equal(t, want, heuristics.FeeHabit(&e))
	}
}
