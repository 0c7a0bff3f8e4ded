package exhibit_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/exhibit"
	"clew/tracer"
)

// TestEveryBoxBalances: what enters a box equals what leaves it, stays in it and goes to
// fees, folded or not, asset by asset; and over the whole drawing what was seeded and received
// for other assets equals what is held, paid in fees and given for others.
func TestEveryBoxBalances(t *testing.T) {
	eachCase(t, func(t *testing.T, x *exhibit.Exhibit) {
		d := x.Diagram
		var came, went exhibit.Sums
		requireBalance(t, d)
		for i := range d.Boxes {
			b := &d.Boxes[i]
			came, went = append(append(came, b.Seeded...), b.ConvertedIn...), append(append(went, b.Fees...), b.ConvertedOut...)
			for _, h := range b.Held {
				went = append(went, exhibit.Sum{Chain: h.Chain, Asset: h.Asset, Units: h.Traced})
			}
		}
		requireSame(t, came, went, "over all boxes")
		var stated exhibit.Sums
		rows, _ := x.Trace.Conservation.Get(d.Rule)
		for _, r := range rows {
			stated = append(stated, exhibit.Sum{Chain: r.Chain, Asset: r.Asset, Units: r.Seeded}, exhibit.Sum{Chain: r.Chain, Asset: r.Asset, Units: r.ConvertedIn})
		}
		requireSame(t, stated, came, "as schedule E says")
	})
}

// TestEveryHopIsSomewhere: each hop with traced value is on one arrow or inside one box,
// never on two, and no hop without is drawn.
func TestEveryHopIsSomewhere(t *testing.T) {
	eachCase(t, func(t *testing.T, x *exhibit.Exhibit) {
		d := x.Diagram
		seen := map[int]int{}
		for i := range d.Arrows {
			require.NotEqual(t, d.Arrows[i].From, d.Arrows[i].To)
			for _, h := range d.Arrows[i].Hops {
				seen[h]++
			}
		}
		for i := range d.Boxes {
			for _, h := range d.Boxes[i].Hops {
				seen[h]++
			}
		}
		left := 0
		for i := range x.Trace.Hops {
			a, ok := x.Trace.Hops[i].Traced.Get(d.Rule)
			if !ok || a.IsZero() {
				left++
				require.Zero(t, seen[i], "hop %d", i+1)
				continue
			}
			require.Equal(t, 1, seen[i], "hop %d", i+1)
		}
		require.Equal(t, left, d.TouchedOnly)
	})
}

func TestFoldsKeepToTheLimit(t *testing.T) {
	tr, _ := busy(2000).finish(t)
	for _, limit := range []int{0, 8, 20, 60, 200, 100000} {
		d, err := exhibit.NewDiagram(tr, exhibit.Options{MaxBoxes: limit})
		require.NoError(t, err)
		want := limit
		if limit == 0 {
			want = 90
		}
		// Each opened place may bring boxes for what stays closed beside it.
		require.LessOrEqual(t, len(d.Boxes), min(2*want+8, 220), "limit %d", limit)
		for i := range d.Boxes {
			in, out, _ := d.Balance(i)
			require.True(t, in.Equal(out))
		}
	}
}

func TestPeelRun(t *testing.T) {
	d := byName(t, "peel-61").Diagram
	require.Len(t, d.Runs, 1)
	require.Equal(t, exhibit.PeelRun, d.Runs[0].Kind)
	require.Len(t, d.Runs[0].Steps, 61)
	require.Equal(t, 61, d.Runs[0].Payments())
	var runs []exhibit.Box
	for _, b := range d.Boxes {
		if b.Kind == exhibit.BoxRun {
			runs = append(runs, b)
		}
	}
	require.Len(t, runs, 1)
	require.Equal(t, 61, runs[0].Payments)
	require.Equal(t, 121, runs[0].Addresses, "61 payees and 60 addresses that pass the rest on")
	require.Len(t, d.Boxes, 4)

	require.Empty(t, byName(t, "peel-3").Diagram.Runs, "three transactions are read one by one")
}

// TestPeelRunThatBranches: a payee that moves on is not hidden in the run.
func TestPeelRunThatBranches(t *testing.T) {
	c := newChain("branching")
	key, left := c.seed("V1", "thief", 100*btc), uint64(100*btc)
	var fifth string
	for i := range 12 {
		left -= btc + 1000
		out := c.spend([]string{key}, pay{string(rune('a' + i)), btc}, pay{"rest " + string(rune('a'+i)), left})
		key = out[1]
		if i == 5 {
			fifth = out[0]
		}
	}
	c.spend([]string{fifth}, pay{"cashed out", btc - 1000})
	tr, data := c.finish(t)
	x, err := exhibit.New(context.Background(), tr, data, exhibit.Options{})
	require.NoError(t, err)
	var drawn []string
	for _, b := range x.Diagram.Boxes {
		if b.Kind == exhibit.BoxPlace {
			drawn = append(drawn, x.Trace.Nodes[b.Node].ID)
		}
	}
	require.ElementsMatch(t, []string{"n-thief", "n-f", "n-cashed out", "n-rest l"}, drawn)
}

func TestOtherFundsJoin(t *testing.T) {
	x := byName(t, "ten")
	var junctions []exhibit.Box
	for _, b := range x.Diagram.Boxes {
		if b.Kind == exhibit.BoxJunction {
			junctions = append(junctions, b)
		}
	}
	require.Len(t, junctions, 1)
	require.True(t, junctions[0].OtherExact)
	require.Equal(t, "3.00000000\u00a0BTC", junctions[0].Other.String())
}

// TestFundsThatComeBack: an arrow to an earlier box is marked, and payments of an address
// to itself stay inside its box.
func TestFundsThatComeBack(t *testing.T) {
	d := byName(t, "cycle").Diagram
	back := 0
	for i := range d.Arrows {
		if d.Arrows[i].Back {
			back++
		}
	}
	require.Equal(t, 1, back)
	require.Equal(t, "17.99994000\u00a0BTC", d.Boxes[1].Returned.String())
}

// TestFarEndsStayVisible: where most value ends is drawn even if the way there is folded.
func TestFarEndsStayVisible(t *testing.T) {
	c := newChain("far")
	key := c.seed("V1", "thief", 100*btc)
	for i := range 30 { // at every step other funds join, so that no run can be folded
		name := string(rune('a' + i%26))
		key = c.spend([]string{key, c.clean("x"+name, btc)}, pay{name + string(rune('0'+i/26)), 101 * btc})[0]
		c.outs[key].units = 101 * btc
		key = c.spend([]string{key}, pay{"cut " + name + string(rune('0'+i/26)), 100 * btc}, pay{"side" + name + string(rune('0'+i/26)), btc})[0]
	}
	tr, data := c.finish(t)
	x, err := exhibit.New(context.Background(), tr, data, exhibit.Options{})
	require.NoError(t, err)
	largest := 0
	for i := range tr.Endpoints {
		if tr.Endpoints[largest].Traced.Value[tracer.FIFO].Less(tr.Endpoints[i].Traced.Value[tracer.FIFO]) {
			largest = i
		}
	}
	found := false
	for _, b := range x.Diagram.Boxes {
		found = found || (b.Kind == exhibit.BoxPlace && tr.Nodes[b.Node].ID == tr.Endpoints[largest].Node)
	}
	require.True(t, found)
	require.Positive(t, x.Diagram.Folded)
	require.Less(t, x.Scene.Width, 6000, "no ribbon")
}

// TestServicesDoNotHideTheLargestEnd: where many branches end at services and in gaps, the
// place that simply holds the most is drawn too.
func TestServicesDoNotHideTheLargestEnd(t *testing.T) {
	tr, _ := mixed(5000, 5).finish(t)
	d, err := exhibit.NewDiagram(tr, exhibit.Options{})
	require.NoError(t, err)
	largest := -1
	for i := range tr.Endpoints {
		e := &tr.Endpoints[i]
		if e.Reason == tracer.ReasonUnspent && (largest < 0 || tr.Endpoints[largest].Traced.Value[tracer.FIFO].Less(e.Traced.Value[tracer.FIFO])) {
			largest = i
		}
	}
	require.True(t, slices.ContainsFunc(d.Boxes, func(b exhibit.Box) bool {
		return b.Kind == exhibit.BoxPlace && tr.Nodes[b.Node].ID == tr.Endpoints[largest].Node
	}))
}

// TestGapsAreNotFolded: a gap in a peel run and a service in a wide split are drawn.
func TestGapsAreNotFolded(t *testing.T) {
	c := peel(40)
	for _, k := range c.order {
		if o := c.outs[k]; o != nil && o.address == "payee 20" {
			c.stop(k, tracer.ReasonGap, "")
		}
	}
	requireOwnBox(t, c, "n-payee 20")

	c = fan(300)
	for _, k := range c.order {
		if o := c.outs[k]; o != nil && o.address == "arm 290" {
			c.stop(k, tracer.ReasonService, "")
		}
	}
	requireOwnBox(t, c, "n-arm 290")
}

func requireOwnBox(t *testing.T, c *chain, node string) {
	t.Helper()
	tr, _ := c.finish(t)
	d, err := exhibit.NewDiagram(tr, exhibit.Options{})
	require.NoError(t, err)
	for _, b := range d.Boxes {
		if b.Kind == exhibit.BoxPlace && tr.Nodes[b.Node].ID == node {
			return
		}
	}
	t.Fatalf("%s is folded away", node)
}

// TestRealTraces draws the traces that the tracer's own tests keep.
func TestRealTraces(t *testing.T) {
	files, err := filepath.Glob("../tracer/testdata/trace_*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		var tr tracer.Trace
		require.NoError(t, json.Unmarshal(data, &tr))
		x, err := exhibit.New(context.Background(), &tr, data, exhibit.Options{})
		require.NoError(t, err)
		require.NotEmpty(t, x.Diagram.Arrows)
		for i := range x.Diagram.Boxes {
			in, out, known := x.Diagram.Balance(i)
			require.True(t, !known || in.Equal(out), "%s: box %d: %s in, %s out", file, i, in, out)
		}
		require.Contains(t, page(t, x), x.SHA256)
	}
}
