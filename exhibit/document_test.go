package exhibit_test

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/exhibit"
	"clew/exhibit/scene"
	"clew/tracer"
)

func pagesOf(t testing.TB, x *exhibit.Exhibit) []*scene.Scene {
	doc, err := x.Document()
	require.NoError(t, err)
	pages, err := doc.Pages(x.Scene.Fonts)
	require.NoError(t, err)
	return pages
}

func squeezed(text string) string { return strings.Join(strings.Fields(text), "") }

// printed is all text of pages, in order, without spaces.
func printed(pages []*scene.Scene) string {
	var b strings.Builder
	for _, p := range pages {
		for i := range p.Groups {
			for _, t := range p.Groups[i].Texts {
				b.WriteString(squeezed(t.S))
			}
		}
	}
	return b.String()
}

// The smallest texts, in tenths of a point, of pages and of charts on them, which are rather a little smaller than on two
// pages.
const leastOnPaper, leastDrawn = 70, 65

// Whatever is traced, no text of the exhibit leaves its page, each page has its foot, and every hash
// of the trace stands there whole.
func TestExhibitOnPaper(t *testing.T) {
	eachCase(t, func(t *testing.T, x *exhibit.Exhibit) {
		if len(x.Trace.Hops) > 1000 {
			return // the smaller ones have all kinds of pages
		}
		pages := pagesOf(t, x)
		least := leastOnPaper
		for n, p := range pages {
			text := printed(pages[n : n+1])
			require.Contains(t, text, fmt.Sprintf("page%dof%d", n+1, len(pages)))
			require.Contains(t, text, "TraceSHA-256"+x.SHA256)
			require.Contains(t, text, "Notyetmarkedasasummary(Fed.R.Evid.1006)")
			require.Equal(t, x.Trace.Incident.Synthetic, strings.Contains(text, "REPLICA") && p.Groups[0].Kind == scene.GroupMark)
			edge := scene.Rect{X: 300, Y: 250, W: p.Width - 600, H: p.Height - 500}
			for _, b := range p.Bookmarks {
				if b.Level == 0 {
					least = leastOnPaper
					if b.Title == "Timeline" || b.Title == "Value in proportion" {
						least = leastDrawn
					}
				}
			}
			for i := range p.Groups {
				if p.Groups[i].Kind == scene.GroupMark {
					continue
				}
				for _, s := range p.Groups[i].Texts {
					require.True(t, edge.Contains(s.Bounds()), "page %d: %q leaves the page", n+1, s.S)
					require.GreaterOrEqual(t, s.Size, least, "page %d: %q is too small", n+1, s.S)
				}
			}
		}
		all := printed(pages)
		for i := range x.Trace.Hops {
			for _, leg := range x.Trace.Hops[i].Legs {
				require.Contains(t, all, leg.TxID.String())
				for _, raw := range leg.Raw {
					require.Contains(t, all, raw)
				}
			}
		}
		for i := range x.Trace.Nodes {
			require.Contains(t, all, squeezed(exhibit.Visible(x.Trace.Nodes[i].Address)))
		}
	})
}

// What a case says stands where a court looks for it.
func TestCaseOnPaper(t *testing.T) {
	tr, data := ten().finish(t)
	of := tracer.Case{Court: "UNITED STATES DISTRICT COURT", Caption: []string{"UNITED STATES OF AMERICA", "v.", "A. B."}, Docket: "No. 1:22-cr-7", Exhibit: "Government Exhibit 12",
		BatesPrefix: "GOV", BatesStart: 101, Offered: tracer.OfferedAid, PreparedBy: "An analyst", Paper: "a4"}
	x, err := exhibit.New(context.Background(), tr, data, exhibit.Options{Case: of, DrawingPaper: "a3"})
	require.NoError(t, err)
	pages := pagesOf(t, x)
	first := printed(pages[:1])
	for _, want := range []string{"UNITEDSTATESDISTRICTCOURT", "UNITEDSTATESOFAMERICAv.A.B.", "No.1:22-cr-7"} {
		require.Contains(t, first, want)
	}
	require.Contains(t, printed(pages), "Preparedby:Ananalyst")
	for n, p := range pages {
		text := printed(pages[n : n+1])
		require.Contains(t, text, "GovernmentExhibit12")
		require.Contains(t, text, fmt.Sprintf("GOV%06d", 101+n))
		require.Contains(t, text, "Illustrativeaid(Fed.R.Evid.107);notevidence")
		require.Contains(t, []int{5953, 8419, 11906}, p.Width)
	}
	require.Equal(t, 11906, widest(pages), "the drawing is on A3")
	of.Offered = tracer.OfferedSummary
	x, err = exhibit.New(context.Background(), tr, data, exhibit.Options{Case: of})
	require.NoError(t, err)
	require.Contains(t, printed(pagesOf(t, x)), "Offeredasasummaryofvoluminousrecords(Fed.R.Evid.1006)")
	of.Paper = "legal"
	x, err = exhibit.New(context.Background(), tr, data, exhibit.Options{Case: of})
	require.NoError(t, err)
	require.ErrorContains(t, x.PDF(&bytes.Buffer{}), `no paper is named "legal"`)
}

func widest(pages []*scene.Scene) int {
	most := 0
	for _, p := range pages {
		most = max(most, p.Width)
	}
	return most
}

// Numbers on arrows are rows of schedule A, and lead there and back.
func TestArrowsLeadToRows(t *testing.T) {
	tr, data := ten().finish(t)
	x, err := exhibit.New(context.Background(), tr, data, exhibit.Options{})
	require.NoError(t, err)
	anchors, links := map[string]bool{}, map[string]bool{}
	shown := 0
	for _, p := range pagesOf(t, x) {
		for i := range p.Groups {
			g := &p.Groups[i]
			anchors[g.Anchor], links[g.Link] = true, true
			if g.Kind == scene.GroupLabel && len(g.Hops) > 0 {
				shown++
			}
		}
	}
	require.Positive(t, shown)
	for i := range tr.Hops {
		n := tr.Hops[i].Number
		require.True(t, anchors[scene.HopAnchor(n)], n)
		require.True(t, links[scene.ShownAnchor(n)], n)
	}
	var a, b bytes.Buffer
	require.NoError(t, x.PDF(&a))
	require.NoError(t, x.PDF(&b))
	require.Equal(t, a.Bytes(), b.Bytes())
	require.Greater(t, strings.Count(a.String(), "/Subtype /Link"), len(tr.Hops))
}

func TestPicture(t *testing.T) {
	tr, data := ten().finish(t)
	x, err := exhibit.New(context.Background(), tr, data, exhibit.Options{})
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, x.PNG(&b))
	img, err := png.Decode(&b)
	require.NoError(t, err)
	require.Equal(t, 2*x.Scene.Width, img.Bounds().Dx())
}

// BenchmarkPaper sets and writes the exhibit of a long trace.
func BenchmarkPaper(b *testing.B) {
	for _, size := range []struct {
		name string
		make func() *chain
	}{{"300 hops", func() *chain { return busy(300) }}, {"20000 hops", func() *chain { return busy(20000) }}, {"peel of 20000", func() *chain { return peel(20000) }}} {
		b.Run(size.name, func(b *testing.B) {
			tr, data := size.make().finish(b)
			x, err := exhibit.New(context.Background(), tr, data, exhibit.Options{})
			require.NoError(b, err)
			b.ReportAllocs()
			var out bytes.Buffer
			for b.Loop() {
				out.Reset()
				require.NoError(b, x.PDF(&out))
			}
			b.ReportMetric(float64(out.Len())/1e6, "MB")
			b.ReportMetric(float64(len(pagesOf(b, x))), "pages")
		})
	}
}
