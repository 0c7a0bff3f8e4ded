package exhibit_test

import (
	"bytes"
	"encoding/xml"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/exhibit"
	"clew/tracer"
)

type graphML struct {
	Keys []struct {
		ID   string `xml:"id,attr"`
		For  string `xml:"for,attr"`
		Name string `xml:"attr.name,attr"`
	} `xml:"key"`
	Desc  string `xml:"desc"`
	Graph struct {
		Nodes []graphThing `xml:"node"`
		Edges []graphThing `xml:"edge"`
	} `xml:"graph"`
}

type graphThing struct {
	ID     string `xml:"id,attr"`
	Source string `xml:"source,attr"`
	Target string `xml:"target,attr"`
	Data   []struct {
		Key  string `xml:"key,attr"`
		Text string `xml:",chardata"`
	} `xml:"data"`
}

func (g *graphML) value(of graphThing, kind, name string) string {
	for _, k := range g.Keys {
		if k.For == kind && k.Name == name {
			for _, d := range of.Data {
				if d.Key == k.ID {
					return d.Text
				}
			}
		}
	}
	return ""
}

func readGraph(t *testing.T, x *exhibit.Exhibit) *graphML {
	t.Helper()
	var b, again bytes.Buffer
	require.NoError(t, x.GraphML(&b))
	require.NoError(t, x.GraphML(&again))
	require.Equal(t, b.Bytes(), again.Bytes())
	var g graphML
	require.NoError(t, xml.Unmarshal(b.Bytes(), &g))
	return &g
}

// TestGraphBalances reads the graph as another program would: in every address what comes in under each
// accounting rule goes out or ends there, asset by asset, to the unit.
func TestGraphBalances(t *testing.T) {
	check := func(t *testing.T, x *exhibit.Exhibit) {
		g := readGraph(t, x)
		require.Contains(t, g.Desc, "alleged")
		require.Equal(t, x.Trace.Incident.Synthetic, strings.Contains(g.Desc, "REPLICA"))
		type at struct{ node, asset string }
		kinds, hops := map[string]string{}, 0
		for _, n := range g.Graph.Nodes {
			require.NotContains(t, kinds, n.ID)
			kinds[n.ID] = g.value(n, "node", "kind")
		}
		for _, r := range x.Trace.Rules {
			if !r.Conserves() {
				continue
			}
			sums := map[at]*big.Int{}
			add := func(node, asset, units string, sign int64) {
				if units == "" {
					return
				}
				n, ok := new(big.Int).SetString(units, 10)
				require.True(t, ok, units)
				key := at{node, asset}
				if sums[key] == nil {
					sums[key] = new(big.Int)
				}
				sums[key].Add(sums[key], n.Mul(n, big.NewInt(sign)))
			}
			hops = 0
			for _, e := range g.Graph.Edges {
				require.Contains(t, kinds, e.Source)
				require.Contains(t, kinds, e.Target)
				units, asset := g.value(e, "edge", "traced_"+r.String()), g.value(e, "edge", "asset")
				add(e.Source, asset, units, -1)
				add(e.Target, asset, units, 1)
				if g.value(e, "edge", "number") != "" {
					hops++
				}
			}
			for _, n := range g.Graph.Nodes {
				assets, ended := strings.Split(g.value(n, "node", "assets_ended"), "; "), strings.Split(g.value(n, "node", "ended_"+r.String()), "; ")
				for i, units := range ended {
					add(n.ID, assets[min(i, len(assets)-1)], units, -1)
				}
			}
			for key, sum := range sums {
				switch kinds[key.node] {
				case string(tracer.NodeAddress), string(tracer.NodeTransaction), string(tracer.NodeCoinbase):
					require.Zero(t, sum.Sign(), "%s of %s at %s %s", sum, key.asset, kinds[key.node], key.node)
				}
			}
		}
		legs := 0
		for i := range x.Trace.Hops {
			legs += len(x.Trace.Hops[i].Legs)
		}
		if hops > 0 {
			require.Equal(t, legs, hops)
		}
	}
	for _, name := range []string{"three", "ten", "cycle", "merge-20", "busy-300", "found", "swapped", "attested"} {
		t.Run(name, func(t *testing.T) { check(t, byName(t, name)) })
	}
	t.Run("replica", func(t *testing.T) { check(t, replica(t)) })
}

// TestGraphEscapes: text of chains does nothing in the graph.
func TestGraphEscapes(t *testing.T) {
	c := ten()
	c.tr.Incident.Title, c.tr.Nodes[2].Label = hostile, hostile
	tr, _ := c.finish(t)
	tr.Seeds[0].ID = "<&" + hostile
	for i := range tr.Hops {
		for k := range tr.Hops[i].Inputs {
			if tr.Hops[i].Inputs[k] == "V1" {
				tr.Hops[i].Inputs[k] = tr.Seeds[0].ID
			}
		}
	}
	g := readGraph(t, exhibitOf(t, tr))
	require.Contains(t, g.Desc, "<script>alert(1)</script>[U+202E]", "shown as text")
	for _, n := range g.Graph.Nodes {
		require.NotContains(t, n.ID+g.value(n, "node", "label"), "\u202e")
	}
}
