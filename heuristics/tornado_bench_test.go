package heuristics_test

import (
	"fmt"
	"testing"

	"clew/heuristics"
)

// BenchmarkMixerCandidates ranks 4,000 withdrawals for a hundred of 4,000 deposits, of which each
// fortieth is traced.
func BenchmarkMixerCandidates(b *testing.B) {
	p := &mixerPool{}
	for i := range 4_000 {
		who := fmt.Sprintf("o%d", i/3)
		if i%40 == 0 {
			who = fmt.Sprintf("T%d", i/400)
		}
		p.in("1", who).Habit = fmt.Sprintf("price %d", i%300)
		p.out("1", fmt.Sprintf("r%d", i/2)).Habit = fmt.Sprintf("price %d", i%300)
	}
	b.ReportAllocs()
	for b.Loop() {
		if n := len(heuristics.MixerCandidates(&p.facts)); n != 100 {
			b.Fatal(n)
		}
	}
}
