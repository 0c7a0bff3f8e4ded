package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"clew/heuristics"
)

// scoreDoubts counts in how many transactions a part stays unclear, by reason.
func scoreDoubts(shared string, out io.Writer) error {
	txs, err := transactions(shared)
	if err != nil {
		return err
	}
	converted, doubted := 0, 0
	by := map[string]int{}
	for _, k := range txs {
		s := heuristics.Settle(&k.tx, k.role())
		if len(s.Conversions) > 0 {
			converted++
		}
		if len(s.Unclear) > 0 {
			doubted++
		}
		seen := map[string]bool{}
		for _, u := range s.Unclear {
			if !seen[u.Why] {
				seen[u.Why] = true
				by[u.Why]++
			}
		}
	}
	rows := []string{
		fmt.Sprintf("| transactions | %d |", len(txs)),
		fmt.Sprintf("| with conversions | %d |", converted),
		fmt.Sprintf("| in which something stays unclear | %d |", doubted),
	}
	var reasons []string
	for why, n := range by {
		reasons = append(reasons, fmt.Sprintf("| … %s | %d |", why, n))
	}
	slices.Sort(reasons)
	_, err = fmt.Fprintf(out, "| what | n |\n|---|---|\n%s\n", strings.Join(append(rows, reasons...), "\n"))
	return err
}
