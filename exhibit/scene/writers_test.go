package scene_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/exhibit/scene"
)

const (
	hash    = "5d8875ed1b8f03ae4b8e1a4f3f1bd22b8be3d1f5d0a4a1b4a6a64b14bb7b9a65"
	foreign = "симв 中 \u202e"
)

// sample is a drawing with every kind of shape.
func sample(t testing.TB, perInch int) *scene.Scene {
	fonts, err := scene.OpenFonts()
	require.NoError(t, err)
	k := max(perInch, 96) / 96
	text := func(x, y, size int, bold bool, s string) scene.Text {
		w, err := fonts.Measure(s, size*k, bold)
		require.NoError(t, err)
		return scene.Text{X: x * k, Y: y * k, W: w, Size: size * k, Bold: bold, S: s}
	}
	at := func(xy ...int) (out []scene.Point) {
		for i := 0; i < len(xy); i += 2 {
			out = append(out, scene.Point{X: xy[i] * k, Y: xy[i+1] * k})
		}
		return out
	}
	mark := scene.Group{Kind: scene.GroupMark}
	m := text(60, 380, 60, true, "REPLICA")
	m.Turn, m.Fill = 30, scene.Pale
	mark.AddText(m)
	box := scene.Group{Kind: scene.GroupBox, ID: "b1", Frame: scene.Rect{X: 20 * k, Y: 20 * k, W: 560 * k, H: 60 * k}}
	box.AddRect(scene.Rect{X: 20 * k, Y: 20 * k, W: 560 * k, H: 60 * k, Round: 8 * k, Line: k, Fill: scene.Pale, Filled: true, Stroke: scene.Dark})
	box.AddText(text(30, 45, 12, true, "Title"))
	box.AddText(text(30, 65, 11, false, hash))
	box.AddRect(scene.Rect{X: 30 * k, Y: 100 * k, W: 60 * k, H: 30 * k, Line: 2 * k, Dash: scene.Dashed, Stroke: scene.Middle})
	arrow := scene.Group{Kind: scene.GroupArrow}
	for i, p := range []scene.Path{
		{Points: at(100, 120, 200, 120, 200, 200, 300, 200), Curve: true, Line: 2 * k, Stroke: scene.Black},
		{Points: at(100, 140, 200, 140, 200, 220, 300, 220), Curve: true, Line: 2 * k, Dash: scene.DashDot},
		{Points: at(100, 160, 300, 240, 400, 240), Line: 5 * k, Dash: scene.Dotted, Double: true, Stroke: scene.Dark},
		{Points: at(300, 195, 310, 200, 300, 205), Filled: true, Fill: scene.Dark},
		{Points: at(420, 150, 480, 150, 500, 180, 480, 210, 420, 210, 400, 180), Filled: true, Fill: scene.White, Line: k, Stroke: scene.Black},
	} {
		require.NotEmpty(t, p.Points, i)
		arrow.AddPath(p)
	}
	label := scene.Group{Kind: scene.GroupLabel, Hops: []int{12}, Frame: scene.Rect{X: 320 * k, Y: 100 * k, W: 90 * k, H: 20 * k}}
	label.AddText(text(320, 115, 11, false, "12 · 1.5 BTC"))
	label.AddText(text(320, 300, 11, false, foreign))
	return &scene.Scene{Width: 600 * k, Height: 400 * k, PerInch: perInch, Fonts: fonts, Title: "Sample", Groups: []scene.Group{mark, box, arrow, label}}
}

func pdfOf(t testing.TB, pages ...*scene.Scene) []byte {
	var b bytes.Buffer
	require.NoError(t, scene.PDF(&b, pages, scene.Info{Title: "Sample · α"}))
	return b.Bytes()
}

// tool runs a program of poppler over a PDF.
func tool(t *testing.T, file []byte, name string, args ...string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed (package poppler-utils)", name)
	}
	in := filepath.Join(t.TempDir(), "in.pdf")
	require.NoError(t, os.WriteFile(in, file, 0o600))
	for i, a := range args {
		if a == "FILE" {
			args[i] = in
		}
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

func TestPDFTextIsWhole(t *testing.T) {
	row := sample(t, 720)
	row.Groups[1].Anchor, row.Groups[1].Link = scene.HopAnchor(12), scene.ShownAnchor(12)
	row.Bookmarks = []scene.Bookmark{{Title: "Schedule A"}}
	file := pdfOf(t, sample(t, 0), row)
	text := tool(t, file, "pdftotext", "-layout", "FILE", "-")
	require.Equal(t, 2, strings.Count(text, hash))
	require.Contains(t, text, "12 · 1.5 BTC")
	require.Contains(t, text, "симв [U+4E2D] [U+202E]")
	info := tool(t, file, "pdfinfo", "-l", "2", "FILE")
	require.Regexp(t, `Title: +Sample · α`, info)
	require.NotContains(t, info, "Date", "a PDF says no time at which it was made: of the data it would be a false one")
	require.Regexp(t, `Page +1 size: +450 x 300 pts`, info)
	require.Regexp(t, `Page +2 size: +420 x 280 pts`, info)
	require.Equal(t, file, pdfOf(t, sample(t, 0), row), "the same pages give the same bytes")
}

// Places are said by links to page and height, and by bookmarks.
func TestPDFLinks(t *testing.T) {
	drawing, row := sample(t, 0), sample(t, 720)
	row.Groups[1].Anchor, row.Groups[1].Link = scene.HopAnchor(12), scene.ShownAnchor(12)
	row.Bookmarks = []scene.Bookmark{{Title: "Schedule A", Y: 140}}
	file := string(pdfOf(t, drawing, row, drawing))
	require.Contains(t, file, "/Dest [5 0 R /XYZ 0 266.00 null]", "from the label to the row on page 2, whose top is 14 pt below the page's")
	require.Contains(t, file, "/Dest [7 0 R /XYZ 0 225.00 null]", "from the row to the last page that shows the hop")
	require.Contains(t, file, "/Dest [5 0 R /XYZ 0 266.00 null]\n/Count 0>>", "the bookmark, on a page of another size than the last")
	row.Groups[1].Anchor = ""
	require.NotContains(t, string(pdfOf(t, drawing, row)), "/Dest [5 0 R /XYZ 0 266.00 null] >>")
}

func TestPNG(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, sample(t, 0).PNG(&b, 192))
	img, err := png.Decode(bytes.NewReader(b.Bytes()))
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, 1200, 800), img.Bounds())
	grey := img.(*image.Gray)
	at := func(x, y int) byte { return grey.GrayAt(2*x, 2*y).Y }
	require.EqualValues(t, 255, at(5, 5), "paper")
	require.EqualValues(t, scene.Pale, at(500, 30), "inside of the box")
	require.EqualValues(t, 0, at(200, 160), "on the middle of the curve")
	require.EqualValues(t, scene.Dark, at(304, 200), "the head of the arrow")
	require.EqualValues(t, 255, at(450, 180), "the hexagon is white")
	i := bytes.Index(b.Bytes(), []byte("pHYs"))
	require.EqualValues(t, 7559, binary.BigEndian.Uint32(b.Bytes()[i+4:]), "192 pixels an inch")

	var again bytes.Buffer
	require.NoError(t, sample(t, 720).PNG(&again, 192))
	img, err = png.Decode(&again)
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, 1120, 747), img.Bounds())
}

func TestPNGIsBounded(t *testing.T) {
	sc := sample(t, 0)
	sc.Width, sc.Height = 96*300, 96*10
	require.ErrorContains(t, sc.PNG(&bytes.Buffer{}, 96), "28800 × 960 pixels")
	n := sc.PixelsPerInch(192, 40_000_000)
	require.Equal(t, 60, n)
	require.NoError(t, sc.PNG(&bytes.Buffer{}, n))
}
