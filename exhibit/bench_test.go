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

// BenchmarkFigures prints how large drawings of every shape are and how many pairs of arrows cross (docs/drawing.md).
func BenchmarkFigures(b *testing.B) {
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				x, err := c.draw()
				require.NoError(b, err)
				b.ReportMetric(float64(len(x.Diagram.Boxes)), "boxes")
				b.ReportMetric(float64(x.Scene.Width), "pixels-wide")
				b.ReportMetric(float64(x.Scene.Height), "pixels-high")
				b.ReportMetric(float64(crossings(x.Scene)), "crossings")
			}
		})
	}
}
