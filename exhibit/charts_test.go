package exhibit_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/exhibit"
	"clew/exhibit/scene"
	"clew/tracer"
)

// spoken is all that a scene says.
func spoken(s *scene.Scene) string {
	var b strings.Builder
	for _, g := range s.Groups {
		b.WriteString(g.Say + "\n")
		for _, text := range g.Texts {
			b.WriteString(text.S + "\n")
		}
	}
	return spaces(strings.ReplaceAll(b.String(), "\u202f", " "))
}

func bothCharts(t *testing.T, x *exhibit.Exhibit) []*scene.Scene {
	t.Helper()
	timeline, err := x.Timeline()
	require.NoError(t, err)
	sankey, err := x.Sankey()
	require.NoError(t, err)
	return []*scene.Scene{timeline, sankey}
}

// TestChartsOfEveryShape: texts of the charts of every trace stay apart and inside of the sheet, and
// name the trace by its hash.
func TestChartsOfEveryShape(t *testing.T) {
	check := func(t *testing.T, x *exhibit.Exhibit) {
		for _, s := range bothCharts(t, x) {
			var seen []scene.Text
			for _, g := range s.Groups {
				if g.Kind == scene.GroupMark {
					require.True(t, x.Trace.Incident.Synthetic)
					continue
				}
				for _, text := range g.Texts {
					require.True(t, scene.Rect{W: s.Width, H: s.Height}.Contains(text.Bounds()), text.S)
					require.GreaterOrEqual(t, text.Size, 11)
					for _, o := range seen {
						require.False(t, text.Bounds().Meets(o.Bounds()), "%q meets %q", text.S, o.S)
					}
					seen = append(seen, text)
				}
			}
			require.Contains(t, spoken(s), x.SHA256)
			require.Contains(t, spoken(s), "alleged to be stolen, throughout")
			require.Equal(t, x.Trace.Incident.Synthetic, strings.Contains(spoken(s), "REPLICA"))
		}
	}
	eachCase(t, check)
	t.Run("replica", func(t *testing.T) { check(t, replica(t)) })
}

// TestSankeySays: amounts, shares and ranges of the chart are those of the trace.
func TestSankeySays(t *testing.T) {
	says := spoken(bothCharts(t, replica(t))[1])
	for _, want := range []string{"279 051.00 MATIC in all", "Still held 82 121.93 MATIC · 29.4 % · 10 endpoints by rule ", "Through a", "Goes on as MATIC on polygon (a)", "Taken up again behind a", "Over a bridge:"} {
		require.Contains(t, says, want)
	}
}

// TestChartsWithoutSums: where no accounting rule says anything, nothing is drawn in proportion; where
// sums do not close, the chart says so.
func TestChartsWithoutSums(t *testing.T) {
	tr, _ := ten().finish(t)
	tr.Endpoints[0].Traced.Value[tracer.FIFO] = tr.Endpoints[0].Traced.Value[tracer.FIFO].Plus(tr.Seeds[0].Units)
	x := exhibitOf(t, tr)
	require.Contains(t, spoken(bothCharts(t, x)[1]), "Not drawn: These do NOT add up")
}

// TestChartTimes: a time that is none is an error that names the hop.
func TestChartTimes(t *testing.T) {
	tr, _ := ten().finish(t)
	tr.Hops[1].Legs[0].Time = "yesterday"
	_, err := exhibitOf(t, tr).Timeline()
	require.ErrorContains(t, err, "time of hop 2")
	var b bytes.Buffer
	require.NoError(t, exhibitOf(t, tr).CSV(&b, "schedule_a_hops.csv"), "a schedule shows what the trace says")
}
