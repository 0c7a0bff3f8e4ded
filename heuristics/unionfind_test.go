package heuristics_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/heuristics"
)

// TestPartition: the sets are those of the joins taken one by one, whatever their order, and a root
// is the smallest of its set.
func TestPartition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "numbers")
		var p heuristics.Partition
		p.Grow(n)
		want := make([]uint32, n) // the smallest of the set
		for i := range want {
			want[i] = uint32(i)
		}
		for range rapid.IntRange(0, 60).Draw(t, "joins") {
			a, b := rapid.Uint32Range(0, uint32(n)-1).Draw(t, "a"), rapid.Uint32Range(0, uint32(n)-1).Draw(t, "b")
			x, y := want[a], want[b]
			require.Equal(t, x != y, p.Join(a, b))
			for i := range want {
				if want[i] == max(x, y) {
					want[i] = min(x, y)
				}
			}
		}
		for i := range want {
			require.Equal(t, want[i], p.Find(uint32(i)))
			require.Equal(t, want[i], p.Root(uint32(i)))
		}
		require.Equal(t, n, p.Len())
	})
}

// TestGuarded: what must never be together is not, every other join is taken, and what is refused
// is refused for that reason alone.
func TestGuarded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n = 16
		number := rapid.Uint32Range(0, n-1)
		var g heuristics.Guarded
		var free heuristics.Partition
		g.Grow(n)
		free.Grow(n)
		var apart [][2]uint32
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			a, b := number.Draw(t, "a"), number.Draw(t, "b")
			if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
				require.Equal(t, g.Root(a) != g.Root(b), g.Never(a, b))
				if g.Root(a) != g.Root(b) {
					apart = append(apart, [2]uint32{a, b})
				}
				continue
			}
			breaks := false
			for _, x := range apart {
				r := [2]uint32{g.Root(x[0]), g.Root(x[1])}
				breaks = breaks || r == [2]uint32{g.Root(a), g.Root(b)} || r == [2]uint32{g.Root(b), g.Root(a)}
			}
			together := g.Root(a) == g.Root(b)
			require.Equal(t, !breaks, g.MayJoin(a, b))
			joined, refused := g.Join(a, b)
			require.Equal(t, breaks, refused)
			require.Equal(t, !breaks && !together, joined)
		}
		for _, x := range apart {
			require.NotEqual(t, g.Root(x[0]), g.Root(x[1]))
		}
	})
}

// BenchmarkPartition is the time of a join among ten million numbers: of two that lie anywhere, and
// of one with another that came shortly before it, as most are on a chain.
func BenchmarkPartition(b *testing.B) {
	const n = 10_000_000
	for name, other := range map[string]func(*rand.Rand, uint32) uint32{
		"anywhere": func(r *rand.Rand, _ uint32) uint32 { return r.Uint32N(n) },
		"near":     func(r *rand.Rand, a uint32) uint32 { return a - r.Uint32N(min(a, 200_000)+1) },
	} {
		b.Run(name, func(b *testing.B) {
			rng := rand.New(rand.NewPCG(7, 1))
			pairs := make([][2]uint32, n)
			for i := range pairs {
				a := uint32(i)
				if name == "anywhere" {
					a = rng.Uint32N(n)
				}
				pairs[i] = [2]uint32{a, other(rng, a)}
			}
			for b.Loop() {
				var p heuristics.Partition
				p.Grow(n)
				for _, x := range pairs {
					p.Join(x[0], x[1])
				}
			}
			b.ReportMetric(float64(int64(n)*int64(b.N)*int64(time.Second)/int64(b.Elapsed())), "joins/s") //nolint:forbidigo // what testing takes
		})
	}
}
