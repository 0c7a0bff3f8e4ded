package screen_test

import (
	"testing"

	"clew/screen"
)

// BenchmarkDecide decides verdicts by the default policy: one that is clear, and one that three rules take.
func BenchmarkDecide(b *testing.B) {
	p := screen.DefaultPolicy()
	for name, v := range map[string]*screen.Verdict{
		"clear": deposited(exposed(screen.Exchange, 9*coin, 9*coin, direct, entity("An Exchange"))),
		"match": deposited(exposed(screen.Stolen, 9*coin, 9*coin, incident("a")), exposed(screen.Exchange, coin, coin)),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				v.Outcome = screen.Clear
				p.Decide(v)
			}
		})
	}
}
