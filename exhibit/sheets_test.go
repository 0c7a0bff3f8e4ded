package exhibit_test

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/exhibit"
	"clew/exhibit/paper"
	"clew/exhibit/scene"
)

// letterPaper is what a page of letter paper across has for a drawing.
func letterPaper() paper.Area { return paper.Area{W: 960, H: 640} }

// TestSheets: a drawing that is cut loses nothing, shows nothing twice, and every cut of an arrow has its
// letter on both sides.
func TestSheets(t *testing.T) {
	eachCase(t, func(t *testing.T, x *exhibit.Exhibit) {
		requireSheets(t, x.Scene, letterPaper())
		if len(x.Diagram.Boxes) < 60 {
			requireSheets(t, x.Scene, paper.Area{W: 1440, H: 900})
		}
	})
	for chance := range uint64(6) {
		t.Run(fmt.Sprintf("mixed %d", chance), func(t *testing.T) {
			tr, data := mixed(150, chance).finish(t)
			x, err := exhibit.New(context.Background(), tr, data, exhibit.Options{MaxBoxes: 200})
			require.NoError(t, err)
			requireSheets(t, x.Scene, letterPaper())
		})
		t.Run(fmt.Sprintf("roam %d", chance), func(t *testing.T) {
			tr, data := roam(80, chance).finish(t)
			x, err := exhibit.New(context.Background(), tr, data, exhibit.Options{})
			require.NoError(t, err)
			requireSheets(t, x.Scene, letterPaper())
		})
	}
}

func requireSheets(t *testing.T, s *scene.Scene, area paper.Area) {
	t.Helper()
	sheets, key, err := paper.Sheets(s, area, area)
	require.NoError(t, err)
	again, _, err := paper.Sheets(s, area, area)
	require.NoError(t, err)
	require.Equal(t, sheets, again)
	if key == nil {
		require.Empty(t, sheets)
		require.True(t, paper.Fits(paper.Bare(s), area))
		return
	}
	var shown []string
	for i, one := range sheets {
		require.Equal(t, i+1, one.Number)
		shown = append(shown, wordsOf(one.Scene)...)
		requireApart(t, one.Scene, area)
		requireClearText(t, one.Scene)
	}
	sort.Strings(shown)
	require.Equal(t, wordsOf(s), shown)
	requireApart(t, key, area)
	requireLetters(t, s, sheets)
}

func inDrawing(g *scene.Group) bool {
	return g.Kind == scene.GroupBox || g.Kind == scene.GroupLabel || g.Kind == scene.GroupOther || g.Kind == scene.GroupCluster
}

func inFrame(g *scene.Group) bool { return g.Kind == scene.GroupFrame }

// wordsOf lists the texts of a drawing but for its frame, sorted.
func wordsOf(s *scene.Scene) []string {
	var out []string
	for i := range s.Groups {
		if g := &s.Groups[i]; inDrawing(g) {
			for _, text := range g.Texts {
				out = append(out, text.S)
			}
		}
	}
	sort.Strings(out)
	return out
}

// requireApart: everything lies on the sheet, which its page shows with text of 7 pt, and nothing meets.
func requireApart(t *testing.T, s *scene.Scene, area paper.Area) {
	t.Helper()
	const pixels, text, least = 96, 12, 7 // a text of 12 pixels must be 7 points high
	require.LessOrEqual(t, s.Width*least*pixels, area.W*text*72+least*pixels, s.Title)
	require.LessOrEqual(t, s.Height*least*pixels, area.H*text*72+least*pixels, s.Title)
	var frames []*scene.Group
	for i := range s.Groups {
		g := &s.Groups[i]
		if g.Kind == scene.GroupArrow || g.Kind == scene.GroupMark || g.Frame.W == 0 {
			continue
		}
		for _, text := range g.Texts {
			require.GreaterOrEqual(t, text.Size, 12, text.S)
			require.True(t, scene.Rect{W: s.Width, H: s.Height}.Contains(text.Bounds()), "%q leaves %s", text.S, s.Title)
		}
		if strings.HasPrefix(s.Title, "Key") && !inFrame(g) { // small boxes may touch after rounding
			continue
		}
		for _, f := range frames {
			require.False(t, g.Frame.Meets(f.Frame), "%s: %s %q meets %s %q", s.Title, g.Kind, g.Say, f.Kind, f.Say)
		}
		frames = append(frames, g)
	}
}

// requireLetters: each letter stands on two sheets, which name each other, where a piece of an arrow ends
// and where one begins; arrows have no more pieces than letters say.
func requireLetters(t *testing.T, s *scene.Scene, sheets []paper.Sheet) {
	t.Helper()
	type crossing struct{ from, to int }
	leaves, enters := map[string]crossing{}, map[string]crossing{}
	pieces := -lines(s)
	for _, one := range sheets {
		pieces += lines(one.Scene)
		begin, finish := ends(one.Scene)
		for i := range one.Scene.Groups {
			g := &one.Scene.Groups[i]
			if g.Kind != scene.GroupFrame || len(g.Texts) < 2 || g.Link == "" {
				continue
			}
			name, at := g.Texts[0].S, g.Paths[0].Points[0]
			if strings.HasPrefix(g.Anchor, "to") {
				require.NotContains(t, leaves, name)
				require.True(t, slices.Contains(finish, at), "letter %s stands where no arrow ends", name)
				leaves[name] = crossing{one.Number, named(t, g, "to sheet %d", one.Number)}
				require.Contains(t, append(one.To, one.Number), leaves[name].to)
				continue
			}
			require.NotContains(t, enters, name)
			require.True(t, slices.Contains(begin, at), "letter %s stands where no arrow begins", name)
			enters[name] = crossing{named(t, g, "from sheet %d", one.Number), one.Number}
			require.Contains(t, append(one.From, one.Number), enters[name].from)
		}
	}
	require.Equal(t, leaves, enters)
	require.Len(t, leaves, pieces, "each cut of an arrow makes one piece more, and has a letter")
}

// named is the sheet that is named beside a letter: another one, or this one.
func named(t *testing.T, g *scene.Group, format string, this int) int {
	if g.Texts[1].S == "this sheet" {
		return this
	}
	other := 0
	_, err := fmt.Sscanf(g.Texts[1].S, format, &other)
	require.NoError(t, err)
	require.NotEqual(t, this, other)
	return other
}

// lines counts the lines of all arrows.
func lines(s *scene.Scene) (n int) {
	begin, _ := ends(s)
	return len(begin)
}

// ends are where the lines of arrows begin and where they end.
func ends(s *scene.Scene) (begin, finish []scene.Point) {
	for _, g := range s.Groups {
		for _, p := range g.Paths {
			if g.Kind == scene.GroupArrow && !p.Filled {
				begin, finish = append(begin, p.Points[0]), append(finish, p.Points[len(p.Points)-1])
			}
		}
	}
	return begin, finish
}

// TestSheetsOfSmallPaper: paper on which nothing could be read is refused.
func TestSheetsOfSmallPaper(t *testing.T) {
	_, _, err := paper.Sheets(byName(t, "busy-60").Scene, paper.Area{W: 300, H: 200}, letterPaper())
	require.ErrorContains(t, err, "choose larger paper")
}
