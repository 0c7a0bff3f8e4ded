package main

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"clew/chains"
	"clew/heuristics"
)

// pool is what happened in a pool of a mixer, in chain order. Who paid into it is not known.
type pool struct {
	name    chains.Address // its denomination, in coins
	in, out []heuristics.Passage
}

// readPools reads the two pools of testdata/tornado.
func readPools(repo string) ([]*pool, error) {
	var pools []*pool
	for _, name := range []string{"100", "10"} {
		p := &pool{name: chains.Address(name)}
		file := filepath.Join(repo, "tornado", "ethereum_eth_"+name+"_")
		err := table(file+"deposits.csv.gz", 3, func(n []int64, _ string) {
			p.in = append(p.in, heuristics.Passage{
				Pool: p.name, At: chains.Place{Height: n[0], Index: len(p.in)}, Time: n[1], Earlier: n[2],
				Account: chains.Address(fmt.Sprintf("depositor %d", n[2])), // nobody knows which are one's
			})
		})
		if err != nil {
			return nil, err
		}
		err = table(file+"withdrawals.csv.gz", 1, func(n []int64, recipient string) {
			p.out = append(p.out, heuristics.Passage{
				Pool: p.name, At: chains.Place{Height: n[0], Index: len(p.in) + len(p.out)}, Time: p.timeOf(n[0]),
				Account: chains.Address(recipient), Relayed: true, Earlier: -1,
			})
		})
		if err != nil {
			return nil, err
		}
		pools = append(pools, p)
	}
	return pools, nil
}

// table calls each with the numbers in the first columns of each row, and the text behind them.
func table(file string, numbers int, each func(n []int64, text string)) error {
	return unpack(file, func(r io.Reader) error {
		rows, err := csv.NewReader(r).ReadAll()
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows[1:] {
			n := make([]int64, numbers)
			for i := range n {
				if n[i], err = strconv.ParseInt(row[i], 10, 64); err != nil {
					return err
				}
			}
			each(n, strings.Join(row[numbers:], ","))
		}
		return nil
	})
}

// timeOf is the time of a block, between those of the deposits around it: withdrawals come without.
func (p *pool) timeOf(height int64) int64 {
	i, found := slices.BinarySearchFunc(p.in, height, func(d heuristics.Passage, h int64) int { return cmp.Compare(d.At.Height, h) })
	if i == len(p.in) {
		return p.in[i-1].Time // no later withdrawal is a day away
	}
	b := p.in[i]
	if found || i == 0 {
		return b.Time
	}
	a := p.in[i-1]
	return a.Time + (b.Time-a.Time)*(height-a.At.Height)/(b.At.Height-a.At.Height)
}

// span returns the passages from a time on, up to another.
func span(list []heuristics.Passage, from, to int64) []heuristics.Passage {
	at := func(d heuristics.Passage, t int64) int { return cmp.Compare(d.Time, t) }
	i, _ := slices.BinarySearchFunc(list, from, at)
	k, _ := slices.BinarySearchFunc(list, to+1, at)
	return list[i:k]
}

// paid is what a depositor of the theft of March 2022 was seen to receive, in whole coins.
type paid struct {
	time  int64 // of the first payment
	coins int
}

// readPaid returns who is taken for a depositor, in the order of their first payments: accounts that pay
// nothing on in the list and received 100 coins or more from April 2022 on. (Those of March went to exchanges.)
func readPaid(repo string) ([]paid, error) {
	data, err := os.ReadFile(filepath.Join(repo, "cases", "ronin", "lazarus_tabular_txs.csv"))
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(strings.NewReader(string(data))).ReadAll()
	if err != nil {
		return nil, err
	}
	const from, to, worth, least, april = 1, 2, 3, 100, 1648771200
	pays := map[string]bool{}
	for _, row := range rows {
		pays[row[from]] = true
	}
	got := map[string]*paid{}
	for _, row := range rows[1:] {
		at, err := time.Parse(time.RFC3339, row[0])
		if err != nil {
			return nil, err
		}
		whole, _, _ := strings.Cut(row[worth], ".")
		coins, err := strconv.Atoi(whole)
		if err != nil || coins < least || pays[row[to]] || at.Unix() < april {
			continue // small ones are written as 1e-05
		}
		if got[row[to]] == nil {
			got[row[to]] = &paid{time: at.Unix()}
		}
		p := got[row[to]]
		p.time, p.coins = min(p.time, at.Unix()), p.coins+coins
	}
	var all []paid
	for _, p := range got {
		all = append(all, *p)
	}
	slices.SortFunc(all, func(a, b paid) int { return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.coins, b.coins)) })
	return all, nil
}

// tried is what signals say of deposits that are taken for one's.
type tried struct {
	deposits    int // to the first pool
	hours       int // until the pool had them
	before      int // deposits to the first pool before the first of them
	day, behind int // withdrawals from it in the day, and in the time that counts, behind the first of them
	run, wallet heuristics.TriedSignal
}

// try takes the first n[i] deposits to each pool from a time on for one's, and asks the heuristic for
// what came out. ok is false where there are not as many.
func try(pools []*pool, from int64, n []int) (t tried, ok bool) {
	var facts heuristics.MixerFacts
	last := from
	for i, p := range pools {
		behind := span(p.in, from, p.in[len(p.in)-1].Time)
		if len(behind) < n[i] {
			return t, false
		}
		if n[i] > 0 {
			last = max(last, behind[n[i]-1].Time)
		}
	}
	end := last + heuristics.MixerWindow
	for i, p := range pools {
		left := n[i]
		for _, d := range span(p.in, from-heuristics.MixerWindow, end) {
			if d.Time >= from && left > 0 {
				d.Traced, d.Account = true, "the thief"
				if i == 0 && t.deposits == 0 {
					t.before = int(d.Earlier)
					t.day = len(span(p.out, d.Time, d.Time+24*60*60))
					t.behind = len(span(p.out, d.Time, end))
				}
				if left--; i == 0 {
					t.deposits++
				}
			}
			facts.Deposits = append(facts.Deposits, d)
		}
		facts.Withdrawals = append(facts.Withdrawals, span(p.out, from-heuristics.MixerWindow, end)...)
	}
	inOrder := func(a, b heuristics.Passage) int {
		return cmp.Or(cmp.Compare(a.At.Height, b.At.Height), cmp.Compare(a.Pool, b.Pool), cmp.Compare(a.At.Index, b.At.Index))
	}
	slices.SortStableFunc(facts.Deposits, inOrder)
	slices.SortStableFunc(facts.Withdrawals, inOrder)
	t.hours = int(last-from) / 3600
	for _, c := range heuristics.MixerCandidates(&facts) {
		if facts.Deposits[c.Deposit].Pool != pools[0].name {
			continue
		}
		for _, s := range c.Tried {
			switch s.Name {
			case heuristics.SignalRun:
				t.run = s
			case heuristics.SignalPortfolio:
				t.wallet = s
			}
		}
		break
	}
	return t, true
}
