package exhibit_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/chains"
	"clew/exhibit"
	"clew/exhibit/scene"
	"clew/tracer"
)

// total adds up amounts of bitcoin.
func total(sums ...exhibit.Sums) (sum chains.Amount) {
	for _, s := range sums {
		for _, e := range s {
			sum = sum.Plus(e.Units)
		}
	}
	return sum
}

// crossing returns what enters and what leaves box i of d by arrows.
func crossing(d *exhibit.Diagram, i int) (in, out exhibit.Sums) {
	for k := range d.Arrows {
		a := &d.Arrows[k]
		one := exhibit.Sum{Chain: a.Chain, Asset: a.Asset, Units: a.Traced}
		if a.To == i {
			in = append(in, one)
		} else if a.From == i {
			out = append(out, one)
		}
	}
	return in, out
}

// requireSame compares sums asset by asset; an asset may stand in them more than once.
func requireSame(t require.TestingT, a, b exhibit.Sums, name string) {
	require.Equal(t, byAsset(a), byAsset(b), name)
}

func byAsset(lists ...exhibit.Sums) map[string]string {
	sums := map[string]chains.Amount{}
	for _, s := range lists {
		for _, e := range s {
			key := string(e.Chain) + " " + string(e.Asset)
			if sums[key] = sums[key].Plus(e.Units); sums[key].IsZero() {
				delete(sums, key)
			}
		}
	}
	out := map[string]string{}
	for k, a := range sums {
		out[k] = a.String()
	}
	return out
}

// above is the diagram on which the box of a level stands.
func above(d *exhibit.Diagram, l *exhibit.Level) *exhibit.Diagram {
	if l.Parent == 0 {
		return d
	}
	return d.Levels[l.Parent-1].Diagram
}

// hopsOf lists the hops of d with how often each is shown; those on arrows that cross the
// frame apart.
func hopsOf(d *exhibit.Diagram) (inside, across map[int]int) {
	inside, across = map[int]int{}, map[int]int{}
	for i := range d.Boxes {
		for _, h := range d.Boxes[i].Hops {
			inside[h]++
		}
	}
	for i := range d.Arrows {
		a := &d.Arrows[i]
		to := inside
		if d.Boxes[a.From].Kind == exhibit.BoxFrom || d.Boxes[a.To].Kind == exhibit.BoxTo {
			to = across
		}
		for _, h := range a.Hops {
			to[h]++
		}
	}
	return inside, across
}

// requireLevels checks, on every level of d, that each box balances, that the frame shows
// what the folded box shows (entering, leaving, seeded, held, paid in fees, to the unit),
// and that the hops of the box are on the level, each once.
func requireLevels(t require.TestingT, d *exhibit.Diagram) {
	for n := range d.Levels {
		l := &d.Levels[n]
		up := above(d, l)
		box, name := &up.Boxes[l.Box], fmt.Sprintf("fold %d", n+1)
		require.Equal(t, n+1, box.Fold)
		require.LessOrEqual(t, len(l.Diagram.Boxes), 60, name)
		for i := range l.Diagram.Boxes {
			b := &l.Diagram.Boxes[i]
			if b.Kind == exhibit.BoxFrom || b.Kind == exhibit.BoxTo {
				continue
			}
			in, out, known := l.Diagram.Balance(i)
			require.True(t, known, name)
			require.True(t, in.Equal(out), "%s, box %d: %s in, %s out", name, i, in, out)
			require.Less(t, b.Addresses, max(2, box.Addresses+1), name)
		}
		f := l.Diagram.Frame()
		in, out := crossing(up, l.Box)
		requireSame(t, in, f.Enter, name+": enters")
		requireSame(t, out, f.Leave, name+": leaves")
		requireSame(t, box.Seeded, f.Seeded, name+": seeded")
		requireSame(t, box.Fees, f.Fees, name+": fees")
		requireSame(t, box.ConvertedIn, f.ConvertedIn, name+": received")
		requireSame(t, box.ConvertedOut, f.ConvertedOut, name+": given")
		var held exhibit.Sums
		for _, h := range box.Held {
			held = append(held, exhibit.Sum{Chain: h.Chain, Asset: h.Asset, Units: h.Traced})
		}
		requireSame(t, held, f.Held, name+": held")
		require.Equal(t, byAsset(f.Enter, f.Seeded, f.ConvertedIn), byAsset(f.Leave, f.Held, f.Fees, f.ConvertedOut), name)
		inside, across := hopsOf(l.Diagram)
		require.Len(t, inside, len(box.Hops), name)
		for _, h := range box.Hops {
			require.Equal(t, 1, inside[h], "%s: hop %d", name, h+1)
		}
		for k := range up.Arrows {
			if a := &up.Arrows[k]; a.From == l.Box || a.To == l.Box {
				for _, h := range a.Hops {
					require.Equal(t, 1, across[h], "%s: hop %d crosses", name, h+1)
				}
			}
		}
	}
	for _, b := range d.Boxes {
		folded := b.Kind == exhibit.BoxRun || b.Kind == exhibit.BoxFold || b.Kind == exhibit.BoxSeeds
		require.Equal(t, folded, b.Fold > 0, "every folded box opens, and no other")
	}
}

// TestEveryLevelBalances looks into every fold of traces of every shape.
func TestEveryLevelBalances(t *testing.T) {
	levels := 0
	eachCase(t, func(t *testing.T, x *exhibit.Exhibit) {
		requireLevels(t, x.Diagram)
		levels += len(x.Diagram.Levels)
	})
	require.Greater(t, levels, 300)
}

// TestRandomLevelsBalance folds random traces to random sizes.
func TestRandomLevelsBalance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c *chain
		switch size := rapid.IntRange(5, 600).Draw(t, "size"); rapid.IntRange(0, 5).Draw(t, "shape") {
		case 0:
			c = peel(size)
		case 1:
			c = fan(size)
		case 2:
			c = merge(2 + size%200)
		case 3:
			tr, _ := roam(size, uint64(rapid.IntRange(0, 1<<20).Draw(t, "random"))).finish(panicker{})
			tr.Incident.Rule = []tracer.Rule{tracer.FIFO, tracer.LIBR}[rapid.IntRange(0, 1).Draw(t, "rule")]
			d, err := exhibit.NewDiagram(tr, exhibit.Options{MaxBoxes: rapid.IntRange(8, 120).Draw(t, "boxes")})
			require.NoError(t, err)
			requireBalance(t, d)
			requireLevels(t, d)
			return
		default:
			c = mixed(size, uint64(rapid.IntRange(0, 1<<20).Draw(t, "random")))
		}
		tr, _ := c.finish(panicker{})
		tr.Incident.Rule = tracer.Rule(rapid.IntRange(0, 5).Draw(t, "rule"))
		d, err := exhibit.NewDiagram(tr, exhibit.Options{MaxBoxes: rapid.IntRange(8, 120).Draw(t, "boxes")})
		require.NoError(t, err)
		requireLevels(t, d)
	})
}

// TestFoldsEnd: however long a chain, however wide a split, folds lie in few levels.
func TestFoldsEnd(t *testing.T) {
	for name, c := range map[string]*chain{"peel": peel(7000), "fan": fan(20000), "busy": busy(20000)} {
		tr, _ := c.finish(t)
		d, err := exhibit.NewDiagram(tr, exhibit.Options{})
		require.NoError(t, err)
		depth := make([]int, len(d.Levels)+1)
		for i, l := range d.Levels {
			depth[i+1] = depth[l.Parent] + 1
			require.LessOrEqual(t, depth[i+1], 8, name)
		}
		require.Less(t, len(d.Levels), len(tr.Hops)/12, name)
	}
}

// TestLevelsAreDrawn: on the drawing of every level no text meets another and no arrow runs
// through one, and the sum of the fold stands at its head.
func TestLevelsAreDrawn(t *testing.T) {
	for _, name := range []string{"busy-300", "peel-61", "merge-400", "fan-50", "roam-60", "roam-2000"} {
		x := byName(t, name)
		require.Len(t, x.Levels, len(x.Diagram.Levels))
		for i, s := range x.Levels {
			var frames []scene.Group
			words := ""
			for _, g := range s.Groups {
				if g.Kind == scene.GroupArrow || g.Kind == scene.GroupMark {
					continue
				}
				require.True(t, scene.Rect{W: s.Width, H: s.Height}.Contains(g.Frame), "%s, fold %d: %s leaves the sheet", name, i+1, g.ID)
				for _, f := range frames {
					require.False(t, g.Frame.Meets(f.Frame), "%s, fold %d: %q meets %q", name, i+1, g.Say, f.Say)
				}
				frames = append(frames, g)
				for _, text := range g.Texts {
					require.True(t, g.Frame.Contains(text.Bounds()), "%s, fold %d: %q", name, i+1, text.S)
					words += text.S + " "
				}
			}
			requireClearText(t, s)
			f := x.Diagram.Levels[i].Diagram.Frame()
			require.Contains(t, words, fmt.Sprintf("Fold %d: ", i+1))
			require.Contains(t, s.Description, " = ")
			for _, sum := range []exhibit.Sums{f.Enter, f.Leave, f.Held, f.Fees} {
				for _, e := range sum {
					if !e.Units.IsZero() {
						require.Contains(t, s.Description, x.Diagram.Assets.Number(e.Chain, e.Asset, e.Units), "%s, fold %d", name, i+1)
					}
				}
			}
		}
	}
}

// TestNoFoldOfTwo: a place and the transaction that spends it beside other
// funds are never folded into one box, in which the other funds would vanish.
func TestNoFoldOfTwo(t *testing.T) {
	eachCase(t, func(t *testing.T, x *exhibit.Exhibit) {
		for i := range x.Diagram.Boxes {
			b := &x.Diagram.Boxes[i]
			if b.Kind == exhibit.BoxFold {
				require.False(t, b.Addresses < 2 && !total(b.Other).IsZero(), "box %d folds away %s", i, b.Other)
			}
		}
	})
}
