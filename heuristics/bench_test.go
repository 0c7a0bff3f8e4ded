package heuristics_test

import (
	"fmt"
	"strings"
	"testing"

	"clew/heuristics"
)

// BenchmarkSettle is the time for a payment and for a swap through a router and two pools.
func BenchmarkSettle(b *testing.B) {
	for name, moves := range map[string]string{
		"payment": "S>0 1 fee\nS>P 10 eth\n0>P2 1 tip",
		"swap":    "S>0 1 fee\nS>C1 100 USDC\nC1>L1 99 USDC\nC1>P3 1 USDC\nL1>L2 5 WETH\nL2>C1 70 DAI\nC1>S 70 DAI\n0>P2 1 tip",
	} {
		tx := transaction(b, moves)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				heuristics.Settle(tx, byName)
			}
		})
	}
}

// BenchmarkCrowd is the time for the largest transaction that fits into a block: 400 parties that
// give the same asset to one contract and 400 others that get it, and 400 that swap.
func BenchmarkCrowd(b *testing.B) {
	var moves strings.Builder
	for i := range 400 {
		fmt.Fprintf(&moves, "P%d>C 5 USDC\nP%d>C 7 UNI\nC>P%d 3 DAI\n", i, i+1000, i+1000)
	}
	for i := range 400 {
		fmt.Fprintf(&moves, "C>P%d 5 USDC\n", i+2000)
	}
	tx := transaction(b, moves.String())
	for b.Loop() {
		heuristics.Settle(tx, byName)
	}
}
