package exhibit_test

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/exhibit"
)

// BenchmarkDraw folds, lays out and writes traces of growing size, in all formats.
func BenchmarkDraw(b *testing.B) {
	for _, size := range []struct {
		name string
		make func() *chain
	}{
		{"10 hops", ten},
		{"300 hops", func() *chain { return busy(300) }},
		{"20000 hops", func() *chain { return busy(20000) }},
		{"peel of 7000", func() *chain { return peel(7000) }},
	} {
		tr, data := size.make().finish(b)
		draw := func(b *testing.B) *exhibit.Exhibit {
			x, err := exhibit.New(context.Background(), tr, data, exhibit.Options{})
			require.NoError(b, err)
			return x
		}
		b.Run(size.name+"/diagram", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				draw(b)
			}
		})
		b.Run(size.name+"/report", func(b *testing.B) {
			b.ReportAllocs()
			x := draw(b)
			for b.Loop() {
				require.NoError(b, x.HTML(io.Discard))
			}
		})
		b.Run(size.name+"/schedules", func(b *testing.B) {
			b.ReportAllocs()
			x := draw(b)
			for b.Loop() {
				for _, name := range exhibit.CSVNames() {
					require.NoError(b, x.CSV(io.Discard, name))
				}
			}
		})
	}
}
