package exhibit_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/exhibit"
	"clew/exhibit/scene"
)

// TestSceneKeepsTextApart: no text meets another, none leaves its box, no box meets
// another, nothing leaves the sheet, and nothing is too small to read.
func TestSceneKeepsTextApart(t *testing.T) {
	eachCase(t, func(t *testing.T, x *exhibit.Exhibit) {
		s := x.Scene
		sheet := scene.Rect{W: s.Width, H: s.Height}
		var frames []scene.Group
		for _, g := range s.Groups {
			switch g.Kind {
			case scene.GroupMark:
				continue
			case scene.GroupArrow:
				require.Empty(t, g.Texts)
				continue
			}
			require.True(t, sheet.Contains(g.Frame), "%s %s leaves the sheet", g.Kind, g.ID)
			for i, text := range g.Texts {
				b := text.Bounds()
				require.True(t, g.Frame.Contains(b), "%q leaves %s %s: %v not in %v", text.S, g.Kind, g.ID, b, g.Frame)
				require.GreaterOrEqual(t, text.Size, 11, text.S)
				for _, other := range g.Texts[:i] {
					require.False(t, b.Meets(other.Bounds()), "%q meets %q", text.S, other.S)
				}
			}
			for _, f := range frames {
				require.False(t, g.Frame.Meets(f.Frame), "%s %s %q meets %s %s %q", g.Kind, g.ID, g.Say, f.Kind, f.ID, f.Say)
			}
			frames = append(frames, g)
		}
	})
}

// TestLinesAvoidText: no arrow runs through the words of a box or of another arrow.
func TestLinesAvoidText(t *testing.T) {
	eachCase(t, func(t *testing.T, x *exhibit.Exhibit) {
		requireClearText(t, x.Scene)
	})
}

func requireClearText(t *testing.T, s *scene.Scene) {
	t.Helper()
	var texts []scene.Text
	for _, g := range s.Groups {
		if g.Kind != scene.GroupMark {
			texts = append(texts, g.Texts...)
		}
	}
	for _, g := range s.Groups {
		if g.Kind != scene.GroupArrow {
			continue
		}
		var line []scene.Point // of one piece, or two with the label between them
		for _, path := range g.Paths {
			if path.Curve {
				line = append(line, sample(path.Points)...)
			}
		}
		require.NotEmpty(t, line)
		for _, p := range line {
			dot := scene.Rect{X: p.X, Y: p.Y, W: 1, H: 1}
			for _, text := range texts {
				b := text.Bounds()
				b.Y, b.H = b.Y+2, b.H-4 // the letters, not the air around them
				if b.Meets(dot) {
					t.Fatalf("%s: arrow %s (%s) runs through %q at %v", s.Title, g.ID, g.Say, text.S, p)
				}
			}
		}
	}
}

// sample returns points along cubic Bézier segments, close to each other.
func sample(ps []scene.Point) []scene.Point {
	var out []scene.Point
	const n = 48
	for i := 0; i+3 < len(ps); i += 3 {
		for k := 0; k <= n; k++ {
			a, b := n-k, k
			at := func(p0, p1, p2, p3 int) int {
				return (a*a*a*p0 + 3*a*a*b*p1 + 3*a*b*b*p2 + b*b*b*p3) / (n * n * n)
			}
			out = append(out, scene.Point{X: at(ps[i].X, ps[i+1].X, ps[i+2].X, ps[i+3].X), Y: at(ps[i].Y, ps[i+1].Y, ps[i+2].Y, ps[i+3].Y)})
		}
	}
	return out
}

// TestSVGKeepsTextApart reads the file as a viewer would: well-formed, greys only, and no
// two texts meet.
func TestSVGKeepsTextApart(t *testing.T) {
	eachCase(t, func(t *testing.T, x *exhibit.Exhibit) {
		var b bytes.Buffer
		require.NoError(t, x.Scene.SVG(&b))
		var boxes []scene.Rect
		var words []string
		ids := map[string]bool{}
		dec := xml.NewDecoder(&b)
		for {
			tok, err := dec.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			el, ok := tok.(xml.StartElement)
			if !ok {
				continue
			}
			attr := map[string]string{}
			for _, a := range el.Attr {
				attr[a.Name.Local] = a.Value
			}
			if id := attr["id"]; id != "" {
				require.False(t, ids[id], "id %s twice", id)
				ids[id] = true
			}
			for _, key := range []string{"fill", "stroke"} {
				requireGrey(t, attr[key])
			}
			if el.Name.Local != "text" || attr["transform"] != "" {
				continue
			}
			box := scene.Text{X: number(t, attr["x"]), Y: number(t, attr["y"]), W: number(t, attr["textLength"]), Size: number(t, attr["font-size"])}.Bounds()
			require.True(t, (scene.Rect{W: x.Scene.Width, H: x.Scene.Height}).Contains(box))
			boxes = append(boxes, box)
			words = append(words, attr["x"]+","+attr["y"])
		}
		require.NotEmpty(t, boxes)
		for i := range boxes {
			for k := range boxes[:i] {
				if boxes[i].Meets(boxes[k]) {
					t.Fatalf("%s meets %s", words[i], words[k])
				}
			}
		}
	})
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	require.NoError(t, err)
	return n
}

func requireGrey(t *testing.T, c string) {
	t.Helper()
	if c == "" || c == "none" {
		return
	}
	require.True(t, strings.HasPrefix(c, "#"), c)
	switch c = c[1:]; len(c) {
	case 3:
		require.True(t, c[0] == c[1] && c[1] == c[2], c)
	default:
		require.Len(t, c, 6)
		require.True(t, c[:2] == c[2:4] && c[2:4] == c[4:], c)
	}
}

// TestDrawingSaysWhatItMust looks for what has to stand on every drawing.
func TestDrawingSaysWhatItMust(t *testing.T) {
	eachCase(t, func(t *testing.T, x *exhibit.Exhibit) {
		var words []string
		replica := 0
		for _, g := range x.Scene.Groups {
			for _, text := range g.Texts {
				words = append(words, text.S)
				if text.S == "REPLICA" {
					replica++
				}
			}
		}
		all := strings.Join(words, " ")
		for _, want := range []string{"alleged", "may be innocent", "Not to scale", x.SHA256, x.Trace.AsOf[0].Hash.String(), "fifo", "rule declared", "movement proven", "attested", "inferred"} {
			require.Contains(t, all, want)
		}
		require.Equal(t, x.Trace.Incident.Synthetic, replica > 0)
		if len(x.Trace.Gaps) > 0 {
			require.Contains(t, all, "not read or not understood")
		}
	})
}
