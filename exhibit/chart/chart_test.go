package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/chains"
	"clew/exhibit/chart"
	"clew/exhibit/scene"
)

// requireReadable: no text meets another or leaves the sheet, none is too small, and the SVG is XML.
func requireReadable(t require.TestingT, s *scene.Scene) {
	sheet := scene.Rect{W: s.Width, H: s.Height}
	var seen []scene.Text
	for _, g := range s.Groups {
		if g.Kind == scene.GroupMark {
			continue
		}
		for _, text := range g.Texts {
			b := text.Bounds()
			require.True(t, sheet.Contains(b), "%q leaves the sheet", text.S)
			require.True(t, g.Frame.Contains(b), "%q leaves its frame: %v not in %v", text.S, b, g.Frame)
			require.GreaterOrEqual(t, text.Size, 11)
			for _, o := range seen {
				require.False(t, b.Meets(o.Bounds()), "%q meets %q", text.S, o.S)
			}
			seen = append(seen, text)
		}
	}
	var b bytes.Buffer
	require.NoError(t, s.SVG(&b))
	d := xml.NewDecoder(&b)
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
	}
}

func words(n chains.Amount) string { return n.String() + " units" }

// TestTimelineSpans: a timeline of a minute, an hour, three years and thirty is readable and has ticks
// of units that people know.
func TestTimelineSpans(t *testing.T) {
	start := time.Date(2022, 3, 29, 11, 19, 50, 0, time.UTC)
	for name, c := range map[string]struct {
		long time.Duration
		tick string
	}{
		"one moment": {0, "11:19"}, "an hour": {time.Hour, "11:30"}, "two days": {48 * time.Hour, "12:00"}, "a month": {30 * 24 * time.Hour, "2022-04-11"},
		"three years": {3 * 365 * 24 * time.Hour, "2023"}, "thirty years": {30 * 365 * 24 * time.Hour, "2030"},
	} {
		t.Run(name, func(t *testing.T) {
			tl := chart.Timeline{Frame: chart.Frame{Title: "Times", Replica: "REPLICA: made up"}}
			row := chart.Row{Name: "moved", Note: "in 50 movements", Look: chart.Moved}
			for i := range 50 {
				row.Events = append(row.Events, chart.Event{At: start.Add(c.long * time.Duration(i) / 49).Unix(), Amount: chains.Units(uint64(i + 1)), Hop: i + 1})
			}
			for i := range 3 {
				tl.Bands = append(tl.Bands, chart.Band{Name: fmt.Sprint("asset ", i), Write: words, Rows: []chart.Row{row, {Name: "ends: at what a heuristic takes for a deposit address of a service", Note: "1 unit", Look: chart.Weak, Events: row.Events[40:]}}})
			}
			tl.Spans = []chart.Span{{Name: "blocks of a", From: start.Unix(), To: start.Add(c.long).Unix(), First: "1", Last: "999 999"}}
			s, err := tl.Draw()
			require.NoError(t, err)
			requireReadable(t, s)
			var texts []string
			for _, g := range s.Groups {
				for _, text := range g.Texts {
					texts = append(texts, text.S)
				}
			}
			require.Contains(t, texts, c.tick)
		})
	}
}

// TestTimelineBarsAddUp: what bars name adds up to the events.
func TestTimelineBarsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var row chart.Row
		n := rapid.IntRange(1, 60).Draw(t, "n")
		for i := range n {
			row.Events = append(row.Events, chart.Event{At: rapid.Int64Range(0, 2_000_000_000).Draw(t, "at"), Amount: chains.Units(1), Hop: i + 1})
		}
		s, err := (&chart.Timeline{Bands: []chart.Band{{Name: "x", Write: words, Rows: []chart.Row{row}}}}).Draw()
		require.NoError(t, err)
		seen := map[int]bool{}
		for _, g := range s.Groups {
			for _, h := range g.Hops {
				require.False(t, seen[h])
				seen[h] = true
			}
		}
		require.Len(t, seen, n)
	})
}

// TestSankeyBalances: what does not balance is not drawn, and no way may lead back.
func TestSankeyBalances(t *testing.T) {
	s := chart.Sankey{Units: []string{"u"}, Nodes: []chart.Node{{Kind: chart.Source, Lines: []string{"a"}}, {Kind: chart.Trunk, Lines: []string{"b"}}, {Kind: chart.End, Lines: []string{"c"}}},
		Links: []chart.Link{{From: 0, To: 1, Amount: chains.Units(5)}, {From: 1, To: 2, Amount: chains.Units(4)}}}
	_, err := s.Draw()
	require.ErrorContains(t, err, "does not balance: 5 comes in and 4 goes out")
	s.Links[1].Amount = chains.Units(5)
	_, err = s.Draw()
	require.NoError(t, err)
	s.Links = append(s.Links, chart.Link{From: 2, To: 0, Amount: chains.Units(5)})
	_, err = s.Draw()
	require.ErrorContains(t, err, "leads back")
}

// TestSankeyReadable: random flows over several assets are readable, and no two bars meet.
func TestSankeyReadable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := chart.Sankey{Frame: chart.Frame{Title: "Random"}}
		node := func(k chart.Kind, lines ...string) int {
			d.Nodes = append(d.Nodes, chart.Node{Kind: k, Lines: lines})
			return len(d.Nodes) - 1
		}
		carried, from := int64(0), -1
		for u := range rapid.IntRange(1, 3).Draw(t, "units") {
			d.Units = append(d.Units, fmt.Sprint("u", u))
			trunk, sum := node(chart.Trunk, fmt.Sprint("asset ", u), "so much in all"), carried
			if from >= 0 {
				d.Links = append(d.Links, chart.Link{From: from, To: trunk, Unit: u, Amount: chains.Units(uint64(carried)), Weak: u == 2})
			}
			for range rapid.IntRange(1, 5).Draw(t, "seeds") {
				a := rapid.Int64Range(1, 1e12).Draw(t, "seed")
				sum += a
				d.Links = append(d.Links, chart.Link{From: node(chart.Source, "Seed", fmt.Sprint(a, " alleged stolen")), To: trunk, Unit: u, Amount: chains.Units(uint64(a))})
			}
			for range rapid.IntRange(0, 6).Draw(t, "ends") {
				a := rapid.Int64Range(0, sum/8).Draw(t, "end")
				sum -= a
				d.Links = append(d.Links, chart.Link{From: trunk, To: node(chart.End, "In a mixer or confidential pool, as is claimed: somebody", fmt.Sprint(a), "by rule 1 to 2"), Unit: u, Amount: chains.Units(uint64(a))})
			}
			from, carried = node(chart.Joint, "Swapped", fmt.Sprint(sum)), sum
			d.Links = append(d.Links, chart.Link{From: trunk, To: from, Unit: u, Amount: chains.Units(uint64(sum))})
		}
		s, err := d.Draw()
		require.NoError(t, err)
		requireReadable(t, s)
		var bars []scene.Rect
		for _, g := range s.Groups {
			if g.Kind == scene.GroupBox {
				for _, o := range bars {
					require.False(t, o.Meets(g.Rects[0]))
				}
				bars = append(bars, g.Rects[0])
			}
		}
		require.Len(t, bars, len(d.Nodes))
	})
}
