package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"clew/heuristics"
)

// scorePools asks how much runs and portfolios say on real pools: how many recipients show what a
// depositor of the theft of March 2022 is taken to have put in, beside how many do by accident. Nobody
// knows which of them, if any, is right, so that no row is an error.
func scorePools(s *sheet) error {
	pools, err := readPools(s.repo)
	if err != nil {
		return err
	}
	all, err := readPaid(s.repo)
	if err != nil {
		return err
	}
	s.printf("| deposits of 100 ETH of one depositor | depositors | hours until the pool had them | a run: recipients that show it, of these depositors in all | by accident | a portfolio over both pools | by accident |\n|%s\n", dashes(7))
	var every []tried
	for _, band := range [][2]int{{15, 29}, {30, 30}, {31, 50}, {51, 100}} {
		var of []tried
		wallets := 0
		for _, p := range all {
			n := []int{p.coins / 100, p.coins % 100 / 10}
			if n[0] < band[0] || n[0] > band[1] {
				continue
			}
			if t, ok := try(pools, p.time, n); ok {
				if of = append(of, t); n[1] > 0 {
					wallets++
				}
			}
		}
		every = append(every, of...)
		name := fmt.Sprint(band[0])
		if band[1] > band[0] {
			name += fmt.Sprintf(" to %d", band[1])
		}
		run, walletsFound := signalSums(of)
		s.printf("| %s | %d | %d | %d | %s | %d of %d depositors | %s |\n", name, len(of), middle(of, func(t tried) int { return t.hours }),
			run.Owners, hundredths(run.Expected, 1), walletsFound.Owners, wallets, hundredths(walletsFound.Expected, 1))
	}
	s.printf("\nThe first of their deposits stands behind %s others in the pool of 100 ETH (median), the upper bound of its anonymity set. Of withdrawals from the pool %d come within a day behind it and %d within the time that counts (medians): who takes the next one for its own has so many to choose from.\n\n",
		strconv.Itoa(middle(every, func(t tried) int { return t.before })), middle(every, func(t tried) int { return t.day }), middle(every, func(t tried) int { return t.behind }))
	s.printf("| had each depositor put in | recipients that show it as a run, per depositor | by accident | a portfolio of as many in each pool | by accident |\n|%s\n", dashes(5))
	for _, n := range []int{2, 3, 5, 10, 15, 20, 30} {
		var of []tried
		for _, p := range all {
			if t, ok := try(pools, p.time, []int{n, n}); ok {
				of = append(of, t)
			}
		}
		run, wallet := signalSums(of)
		s.printf("| %d | %s | %s | %s | %s |\n", n, hundredths(int64(run.Owners)*million, len(of)), hundredths(run.Expected, len(of)),
			hundredths(int64(wallet.Owners)*million, len(of)), hundredths(wallet.Expected, len(of)))
	}
	return nil
}

// million is what heuristics.TriedSignal counts expected matches in parts of.
const million = 1_000_000

// signalSums adds up what the signals say.
func signalSums(of []tried) (run, wallet heuristics.TriedSignal) {
	for _, t := range of {
		run.Owners += t.run.Owners
		run.Expected += t.run.Expected
		wallet.Owners += t.wallet.Owners
		wallet.Expected += t.wallet.Expected
	}
	return run, wallet
}

// middle is the median of a figure.
func middle(of []tried, figure func(tried) int) int {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.SortedFunc(slices.Values(of), func(a, b tried) int { return cmp.Compare(figure(a), figure(b)) })
	return figure(sorted[len(sorted)/2])
}

// hundredths is millionths / n as a decimal.
func hundredths(millionths int64, n int) string {
	if n == 0 {
		return "–"
	}
	h := millionths / int64(n) / (million / 100)
	return fmt.Sprintf("%d.%02d", h/100, h%100)
}
