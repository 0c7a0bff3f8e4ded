package exhibit_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/exhibit"
	"clew/exhibit/scene"
)

// TestClusterHasAFrame: round the addresses of one cluster that stand together, and nothing else, with the rule
// that joined them; the legend explains it.
func TestClusterHasAFrame(t *testing.T) {
	s := byName(t, "found").Scene
	var frame *scene.Group
	for i := range s.Groups {
		if s.Groups[i].Kind == scene.GroupCluster {
			require.Nil(t, frame)
			frame = &s.Groups[i]
		}
	}
	require.NotNil(t, frame)
	require.Equal(t, "cluster K1: spent together", frame.Texts[0].S)
	var inside []string
	for _, g := range s.Groups {
		if g.Kind != scene.GroupBox && g.Kind != scene.GroupLabel {
			continue
		}
		if frame.Rects[0].Contains(g.Frame) {
			inside = append(inside, g.Texts[0].S)
			require.Contains(t, g.Say, "cluster K1")
			continue
		}
		require.False(t, frame.Rects[0].Meets(g.Frame), g.Say)
	}
	require.Equal(t, []string{"Address A2", "Address A3"}, inside)
	require.Contains(t, strings.Join(words(s, scene.GroupFrame), " "), "takes for one owner’s (inferred")
}

// TestFoldsSayOnWhoseWord: where a heuristic alone takes what lies in a fold for mixes, the fold says so.
func TestFoldsSayOnWhoseWord(t *testing.T) {
	c := newChain("mixes")
	var pays []pay
	for i := range 40 {
		pays = append(pays, pay{fmt.Sprint("arm ", i), btc})
	}
	out := c.spend([]string{c.seed("V1", "thief", 40*btc+1000)}, pays...)
	for i := range out {
		c.mix(out[i:i+1], "coinjoin/wasabi1", 37+i)
	}
	tr, data := c.finish(t)
	x, err := exhibit.New(context.Background(), tr, data, exhibit.Options{MaxBoxes: 30})
	require.NoError(t, err)
	require.Contains(t, strings.Join(words(x.Scene, scene.GroupBox), " "), "in a mixer or confidential pool, inferred (")
}

// TestLongWordsAreWrapped: what is too wide for a box stands in three lines at most, and whole in a note.
func TestLongWordsAreWrapped(t *testing.T) {
	x := byName(t, "found")
	name := strings.TrimSpace(strings.Repeat("Long & <b>Sons</b> ", 8))
	require.Contains(t, strings.Join(words(x.Scene, scene.GroupFrame), " "), "Note 1: claimed: "+name)
	for _, g := range x.Scene.Groups {
		if g.Kind == scene.GroupBox && strings.Contains(g.Say, "claimed: ") {
			require.Contains(t, g.Say, "claimed: "+name, "the tooltip has all of it")
			require.Equal(t, 1, strings.Count(strings.Join(words(x.Scene, scene.GroupBox), " "), "… (note 1)"))
		}
	}
}
