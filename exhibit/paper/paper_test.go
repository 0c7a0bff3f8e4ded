package paper_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/exhibit/paper"
	"clew/exhibit/scene"
)

func fonts(t require.TestingT) *scene.Fonts {
	f, err := scene.OpenFonts()
	require.NoError(t, err)
	return f
}

// squeezed is text without spaces, as it is found again across lines.
func squeezed(text string) string { return strings.Join(strings.Fields(text), "") }

// said is what a page says, in the order in which it is written.
func said(p *scene.Scene) string {
	var b strings.Builder
	for i := range p.Groups {
		for _, t := range p.Groups[i].Texts {
			b.WriteString(squeezed(t.S))
		}
	}
	return b.String()
}

// requireClean wants every text inside of the margins and none on another.
func requireClean(t require.TestingT, pages []*scene.Scene) {
	for n, p := range pages {
		edge := scene.Rect{X: 300, Y: 250, W: p.Width - 600, H: p.Height - 500}
		var all []scene.Text
		for i := range p.Groups {
			if p.Groups[i].Kind != scene.GroupMark {
				all = append(all, p.Groups[i].Texts...)
			}
		}
		for i, a := range all {
			require.True(t, edge.Contains(a.Bounds()), "page %d: %q outside of the margins", n+1, a.S)
			for _, b := range all[i+1:] {
				require.False(t, shrunk(a.Bounds()).Meets(shrunk(b.Bounds())), "page %d: %q on %q", n+1, a.S, b.S)
			}
		}
	}
}

// shrunk leaves out what ascenders and descenders of two lines may share.
func shrunk(r scene.Rect) scene.Rect {
	cut := r.H / 8
	return scene.Rect{X: r.X, Y: r.Y + cut, W: r.W, H: r.H - 2*cut}
}

func letter(t require.TestingT) paper.Size {
	s, err := paper.SizeNamed("")
	require.NoError(t, err)
	return s
}

// sample has every kind of block.
func sample(t require.TestingT, rows [][]paper.Cell) *paper.Document {
	return &paper.Document{
		Title: "Flow of funds alleged to be stolen", Size: letter(t), Head: []string{"UNITED STATES DISTRICT COURT", "A v. B", "No. 1:22-cr-7"},
		Sticker: "Government Exhibit 12", Mark: "Offered as a summary", Foot: []string{"Source: blocks to 5.", "Trace SHA-256 " + strings.Repeat("5e", 32)},
		BatesPrefix: "GOV", BatesStart: 101, Watermark: "REPLICA",
		Parts: []paper.Part{
			{Blocks: []paper.Block{paper.Paragraph{Text: strings.Repeat("What it finds, in words. ", 40)}, paper.Heading{Text: "Heading"}, paper.Paragraph{Text: "Fine.", Fine: true}}},
			{Title: "Schedule A", Blocks: []paper.Block{paper.Table{Repeat: "Schedule A, continued", Rows: rows,
				Columns: []paper.Column{{Head: "Hop", Width: 10}, {Head: "A long head of a column", Width: 20}, {Head: "Amount", Width: 30}}}}},
			{Title: "Schedule C", Landscape: true, Blocks: []paper.Block{paper.Table{Rows: rows[:min(3, len(rows))],
				Columns: []paper.Column{{Head: "Hop", Width: 10}, {Head: "To", Width: 20}, {Head: "Amount", Width: 30, Right: true}}}}},
		},
	}
}

func TestPagesProperties(t *testing.T) {
	f := fonts(t)
	text := rapid.OneOf(
		rapid.StringMatching(`[0-9a-f]{64}`),
		rapid.StringMatching(`[A-Za-z0-9 ,.]{0,90}`),
		rapid.Just("0x"+strings.Repeat("aB", 20)),
		rapid.Just("中文 \u202e evil"),
		rapid.Map(rapid.IntRange(1, 1500), func(n int) string { return strings.Repeat("long ", n) }),
		rapid.Map(rapid.IntRange(1, 300), func(n int) string { return strings.Repeat("W", n) }),
	)
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []paper.Cell {
			var row []paper.Cell
			for range rapid.IntRange(3, 5).Draw(t, "cells") {
				row = append(row, paper.Cell{Text: text.Draw(t, "text"), Bold: rapid.Bool().Draw(t, "bold")})
			}
			return row
		}), 0, 20).Draw(t, "rows")
		doc := sample(t, rows)
		pages, err := doc.Pages(f)
		require.NoError(t, err)
		requireClean(t, pages)
		var whole strings.Builder
		var columns [3]strings.Builder
		for i, p := range pages {
			page := said(p)
			require.Contains(t, page, fmt.Sprintf("page%dof%d", i+1, len(pages)))
			require.Contains(t, page, fmt.Sprintf("GOV%06d", 101+i))
			require.Contains(t, page, "GovernmentExhibit12")
			require.Contains(t, page, "Offeredasasummary")
			require.Contains(t, page, strings.Repeat("5e", 32))
			require.Contains(t, page, "REPLICA")
			whole.WriteString(body(p, 0, p.Width))
			edges := append(columnsOf(p), p.Width)
			for c := range columns {
				if len(edges) == len(columns)+1 {
					columns[c].WriteString(body(p, edges[c], edges[c+1]))
				}
			}
		}
		for _, row := range rows {
			for i, c := range row {
				shown, err := f.Shown(c.Text, c.Bold)
				require.NoError(t, err)
				in := whole.String()
				if i < len(columns) { // a row that is cut has other columns between its halves
					in = columns[i].String()
				}
				require.Contains(t, in, squeezed(shown))
			}
		}
	})
}

// columnsOf are the left edges of the columns of the table of a page, by its head; nil without one.
func columnsOf(p *scene.Scene) (edges []int) {
	for i := range p.Groups {
		if g := &p.Groups[i]; len(g.Rects) == 1 && g.Frame.Y > 700 && len(edges) == 0 {
			for _, t := range g.Texts {
				if !slices.Contains(edges, t.X) {
					edges = append(edges, t.X)
				}
			}
		}
	}
	slices.Sort(edges)
	return edges
}

// body is what stands between head and foot of a page and between two edges, without the heads of
// tables that are repeated.
func body(p *scene.Scene, from, to int) string {
	var b strings.Builder
	for i := range p.Groups {
		g := &p.Groups[i]
		if head := len(g.Rects) > 0; head || g.Kind == scene.GroupMark {
			continue
		}
		for _, t := range g.Texts {
			if at := t.X + t.W/2; at >= from && at < to && t.Y > 800 && t.Y < p.Height-700 && !strings.Contains(t.S, "continued") {
				b.WriteString(squeezed(t.S))
			}
		}
	}
	return b.String()
}

// A head stands on each page of a table, and rows that fit on a page are not cut.
func TestTableOverPages(t *testing.T) {
	var rows [][]paper.Cell
	for i := range 200 {
		rows = append(rows, []paper.Cell{{Text: fmt.Sprintf("row%d", i), Anchor: scene.HopAnchor(i)}, {Text: "a\nb\nc"}, {Text: "1"}, {Text: "end of row" + fmt.Sprint(i)}})
	}
	pages, err := sample(t, rows).Pages(fonts(t))
	require.NoError(t, err)
	heads := 0
	for i, p := range pages[1 : len(pages)-1] {
		text := said(p)
		require.Contains(t, text, "Alongheadofacolumn")
		require.Equal(t, i > 0, strings.Contains(text, "ScheduleA,continued"))
		require.Equal(t, strings.Count(text, "row")-strings.Count(text, "endofrow"), strings.Count(text, "endofrow"), "a row is whole")
		heads++
	}
	require.Greater(t, heads, 4)
	require.Equal(t, "Schedule A", pages[1].Bookmarks[0].Title)
	require.Equal(t, letter(t).H, pages[len(pages)-1].Width, "landscape")
}

func TestDrawingFits(t *testing.T) {
	f := fonts(t)
	w, err := f.Measure("12 · 1.5 BTC", 12, false)
	require.NoError(t, err)
	for _, size := range []struct{ w, h int }{{300, 200}, {3000, 500}, {400, 4000}} {
		g := scene.Group{Kind: scene.GroupLabel, Hops: []int{12}, Frame: scene.Rect{W: size.w, H: size.h}}
		g.AddText(scene.Text{X: size.w - w, Y: size.h - 4, W: w, Size: 12, S: "12 · 1.5 BTC"})
		g.AddPath(scene.Path{Points: []scene.Point{{X: 0, Y: 0}, {X: size.w, Y: size.h}}, Line: 2})
		doc := sample(t, nil)
		doc.Parts = []paper.Part{{}, {Title: "Flow", Landscape: true, Blocks: []paper.Block{paper.Drawing{Scene: &scene.Scene{Width: size.w, Height: size.h, Groups: []scene.Group{g}, Fonts: f}, Caption: "Not to scale."}}}}
		pages, err := doc.Pages(f)
		require.NoError(t, err)
		require.Len(t, pages, 2)
		requireClean(t, pages)
		for i := range pages[1].Groups {
			if p := &pages[1].Groups[i]; p.Kind == scene.GroupLabel {
				require.Less(t, p.Frame.X+p.Frame.W, pages[1].Width-300)
				require.Less(t, p.Frame.Y+p.Frame.H, pages[1].Height-700)
				require.LessOrEqual(t, p.Texts[0].Size, 90, "never enlarged")
			}
		}
	}
}

func TestPDFOfDocumentIsDeterministic(t *testing.T) {
	var a, b bytes.Buffer
	require.NoError(t, sample(t, [][]paper.Cell{{{Text: "1"}, {Text: "x"}, {Text: "2"}}}).PDF(&a, fonts(t)))
	require.NoError(t, sample(t, [][]paper.Cell{{{Text: "1"}, {Text: "x"}, {Text: "2"}}}).PDF(&b, fonts(t)))
	require.Equal(t, a.Bytes(), b.Bytes())
	_, err := paper.SizeNamed("a9")
	require.ErrorContains(t, err, "arch-d")
}
