package tracer_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

// labelCase pays from V by way of M to S, and from there on.
func labelCase() (*book, string) {
	b := newBook()
	v := b.mine("V", 100)
	outs := b.spend([]chains.OutPoint{v}, pay{"M", 100})
	outs = b.spend(outs, pay{"S", 60}, pay{"R", 40})
	b.spend(outs[:1], pay{"Z", 60})
	return b, "seeds:\n" + outSeed("V1", v)
}

func nodeOf(trace *tracer.Trace, address string) tracer.Node {
	i := slices.IndexFunc(trace.Nodes, func(n tracer.Node) bool { return n.Address == address })
	return trace.Nodes[i]
}

// A label of a service, mixer or bridge ends a branch; another one names the node alone.
func TestLabelsEnd(t *testing.T) {
	service := tracer.Label{Text: "S hot wallet", Entity: "Exchange S", Stops: tracer.NodeService, Source: "a pack, 2022"}
	theft := tracer.Label{Text: "a theft", Entity: "nobody", Source: "a list"}
	for _, pots := range []string{"output", "address"} {
		for _, c := range []struct {
			name   string
			labels []tracer.Label
			reason tracer.Reason
			note   string
			entity string
		}{
			{"a service", []tracer.Label{service}, tracer.ReasonService, "labelled as a service: S hot wallet, service (a pack, 2022)", "Exchange S"},
			{"a theft", []tracer.Label{theft}, "", "", ""},
			{"both", []tracer.Label{theft, service}, tracer.ReasonService, "2 labels, the first that ends a trace as a service: a theft (a list); S hot wallet, service (a pack, 2022)", "Exchange S"},
			{"two that contradict", []tracer.Label{service, {Text: "M's bridge", Entity: "M", Stops: tracer.NodeBridge}}, tracer.ReasonService, "M's bridge", "Exchange S / M"},
			{"a mixer", []tracer.Label{{Text: "M", Stops: tracer.NodeMixer}}, tracer.ReasonMixer, "labelled as a mixer", ""},
		} {
			t.Run(pots+" "+c.name, func(t *testing.T) {
				b, seeds := labelCase()
				b.opt.Labels = claims{"S": c.labels}
				trace := b.run(t, "accounts: "+pots+"\n"+seeds)
				sound(t, trace)
				n := nodeOf(trace, "S")
				for i := range c.labels {
					require.Contains(t, n.Label, c.labels[i].Text)
				}
				require.Equal(t, c.entity, n.Entity)
				require.Equal(t, strings.Repeat("ab", 32), trace.Inputs.Labels.SHA256)
				if c.reason == "" {
					require.Equal(t, tracer.NodeAddress, n.Kind)
					require.Len(t, trace.Hops, 4)
					return
				}
				require.Equal(t, tracer.NodeKind(c.reason), n.Kind)
				require.Len(t, trace.Hops, 3)
				i := slices.IndexFunc(trace.Endpoints, func(e tracer.Endpoint) bool { return e.Reason == c.reason })
				require.Equal(t, chains.Units(60), trace.Endpoints[i].Units)
				require.Contains(t, trace.Endpoints[i].Note, c.note)
			})
		}
	}
}

// What the incident says wins over labels, and labels do not end a trace where a seed lies, or where
// they are left out.
func TestLabelsGiveWay(t *testing.T) {
	for name, c := range map[string]struct {
		more    string
		labels  claims
		without []string
		ends    tracer.Reason
	}{
		"known as a wallet":  {"known: [{chain: bitcoin-regtest, address: S, kind: wallet, entity: them, source: a note}]\n", claims{"S": {{Text: "S", Stops: tracer.NodeService}}}, nil, ""},
		"known as a service": {"known: [{chain: bitcoin-regtest, address: S, kind: service, entity: them, source: a note}]\n", nil, nil, tracer.ReasonService},
		"known over another": {"known: [{chain: bitcoin-regtest, address: S, kind: bridge, source: a note}]\n", claims{"S": {{Text: "S", Stops: tracer.NodeMixer}}}, nil, tracer.ReasonBridge},
		"where a seed lies":  {"", claims{"V": {{Text: "V", Stops: tracer.NodeService}}}, nil, ""},
		"left out":           {"", claims{"S": {{Text: "S", Stops: tracer.NodeService}}}, []string{"labels"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b, seeds := labelCase()
			if c.labels != nil {
				b.opt.Labels = c.labels
			}
			b.opt.Without = c.without
			trace := b.run(t, c.more+seeds)
			ended := slices.ContainsFunc(trace.Endpoints, func(e tracer.Endpoint) bool { return e.Reason == c.ends })
			require.Equal(t, c.ends != "", ended)
			require.Len(t, trace.Hops, map[bool]int{true: 3, false: 4}[c.ends != ""])
			if c.ends == "" && name != "where a seed lies" {
				require.Equal(t, tracer.NodeAddress, nodeOf(trace, "S").Kind)
			}
			require.Equal(t, c.labels == nil || c.without != nil, trace.Inputs.Labels == nil)
		})
	}
}
