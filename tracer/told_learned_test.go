package tracer_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

// peelCase pays out of one sum: steps times to the payees in turn, and then the rest whole.
func peelCase(steps int, payees ...string) (*book, string) {
	b := newBook()
	v := b.mine("V", 1_000_000)
	last := v
	for i := range steps {
		rest := uint64(1_000_000 - (i+1)*100_000)
		outs := b.spend([]chains.OutPoint{last}, pay{payees[i%len(payees)], 100_000 - 777}, pay{fmt.Sprint("R", i), rest})
		last = outs[1]
	}
	b.spend([]chains.OutPoint{last}, pay{"Z", 99_000})
	return b, "seeds:\n" + outSeed("V1", v)
}

// A run has three steps at least, and its sentence counts whom it paid.
func TestLeastPeels(t *testing.T) {
	b, seeds := peelCase(2, "A", "B")
	require.Empty(t, b.run(t, seeds).Peels)
	b, seeds = peelCase(3, "A", "B")
	trace := b.run(t, seeds)
	require.Len(t, trace.Peels, 1)
	require.Contains(t, trace.Findings[0].Says, "a run of 3 transactions")
	require.Contains(t, trace.Findings[0].Says, "in 3 payments to 2 addresses")
	require.Contains(t, trace.Findings[0].Says, "the rest was paid whole")
}

// A run ends where the trace ends; a label that ends nothing, or where a seed lies, ends no run.
func TestPeelsEndAtLabels(t *testing.T) {
	for _, c := range []struct {
		name  string
		at    string
		stops tracer.NodeKind
		stop  string
		steps int
	}{
		{"a service, behind which nothing is seen", "R3", tracer.NodeService, "habits", 3},
		{"a label that ends nothing", "R3", "", "swept", 6},
		{"where a seed lies", "R2", tracer.NodeService, "swept", 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, seeds := peelCase(6, "A", "B")
			seeds += fmt.Sprintf("  - {id: V2, chain: %s, address: R2, from: 0, to: 9}\n", chain)
			b.opt.Labels = claims{chains.Address(c.at): {{Text: "theirs", Stops: c.stops}}}
			trace := b.run(t, seeds)
			require.Len(t, trace.Peels, 1)
			require.Equal(t, c.stop, trace.Peels[0].Stop)
			require.Len(t, trace.Peels[0].Hops, c.steps)
		})
	}
}

// What poison alone reaches shows nothing: one pass over a node's blocks does not follow it.
func TestPoisonTeachesNothing(t *testing.T) {
	b := newBook()
	v := b.mine("P", 1000)
	b.spend([]chains.OutPoint{v}, pay{"X", 1000})
	clean, other := b.mine("P", 5000), b.mine("Q", 500)
	b.spend([]chains.OutPoint{clean, other}, pay{"Y", 5000}, pay{"D", 200})
	seeds := "accounts: address\nseeds:\n" + outSeed("V1", v) // P alone stays poisoned
	trace := b.run(t, seeds)
	require.True(t, slices.ContainsFunc(trace.Hops, func(h tracer.Hop) bool { return address(trace, h.Legs[0].To) == "Y" }))
	require.Empty(t, trace.Findings)
}

// Each transaction is evidence once, and only where it brings two together.
func TestEvidenceOfClusters(t *testing.T) {
	b := newBook()
	v := b.mine("V", 100_000)
	outs := b.spend([]chains.OutPoint{v}, pay{"A", 20_000}, pay{"B", 20_000}, pay{"C", 20_000}, pay{"A", 20_000}, pay{"B", 20_000})
	b.spend(outs[:3], pay{"D", 60_000})
	b.spend(outs[3:], pay{"E", 40_000})
	trace := b.run(t, "seeds:\n"+outSeed("V1", v))
	require.Len(t, trace.Findings, 1)
	require.Equal(t, []string{b.txs[2].ID.String()}, trace.Findings[0].TxIDs)
	require.Equal(t, []string{"A", "B", "C"}, trace.Findings[0].Addresses)
	require.Contains(t, trace.Findings[0].Says, "they were spent from together")
}

// Dust is one finding with its counts; an account is paid dust where all that it got was.
func TestDustIsCounted(t *testing.T) {
	b := newBook()
	v := b.mine("V", 100_000)
	outs := b.spend([]chains.OutPoint{v}, pay{"R", 90_000}, pay{"A", 200}, pay{"A", 100}, pay{"B", 250}, pay{"B", 5_000})
	b.spend(outs[:1], pay{"C", 80_000}, pay{"D", 90})
	seeds := "seeds:\n" + outSeed("V1", v)
	for pots, want := range map[string][]string{"output": {"200", "100", "250", "90"}, "address": {"300", "90"}} {
		trace := b.run(t, "accounts: "+pots+"\n"+seeds)
		require.Len(t, trace.Findings, 1)
		var got []string
		for _, h := range trace.Hops {
			if slices.Contains(h.Findings, trace.Findings[0].ID) {
				got = append(got, h.Legs[0].Units.String())
			}
		}
		require.Equal(t, want, got, pots)
		says := map[string]string{"output": "outputs: 4, transactions: 2, the first: output 1)", "address": "outputs: 3, transactions: 2, the first: output 1)"}
		require.Contains(t, trace.Findings[0].Says, says[pots])
		require.Equal(t, outs[0].Tx.String(), trace.Findings[0].TxID)
	}
}

// Labels of one entity name it once, a label that says the kind itself says it once, and what the
// incident says is named as such.
func TestLabelWords(t *testing.T) {
	b, seeds := labelCase()
	b.opt.Labels = claims{"S": {
		{Text: "S's service", Entity: "S", Stops: tracer.NodeService}, {Text: "S, cold", Entity: "S", Stops: tracer.NodeService},
	}}
	n := nodeOf(b.run(t, seeds), "S")
	require.Equal(t, "S", n.Entity)
	require.Equal(t, "S's service; S, cold, service", n.Label)
	trace := b.run(t, "known: [{chain: bitcoin-regtest, address: S, kind: service, source: a note}]\n"+seeds)
	i := slices.IndexFunc(trace.Endpoints, func(e tracer.Endpoint) bool { return e.Reason == tracer.ReasonService })
	require.Equal(t, "the incident says so: a note", trace.Endpoints[i].Note)
}

// A cluster is an endpoint by the first of its addresses that is one, and its node says so; by none
// where a seed lies at any of them. A label that ends nothing ends no cluster.
func TestClustersEnd(t *testing.T) {
	b := newBook()
	v := b.mine("V", 100)
	came := b.spend([]chains.OutPoint{v}, pay{"A1", 100})
	b.spend(came, pay{"X", 100})
	b.mine("A3", 7)
	g := &gathered{book: b, clusters: [][]chains.Address{{"A0", "A1", "A2", "A3"}}}
	seeds := "seeds:\n" + outSeed("V1", v)
	b.opt.Labels = claims{"A0": {{Text: "a person"}}, "A2": {{Text: "a shop", Entity: "Shop", Stops: tracer.NodeService}}, "A3": {{Text: "a mixer", Stops: tracer.NodeMixer}}}
	trace := g.run(t, seeds)
	e := trace.Endpoints[0]
	require.Equal(t, tracer.ReasonService, e.Reason)
	require.Equal(t, "labelled as a service: a shop, service; it is of the cluster of A2", e.Note)
	n := nodeOf(trace, "A1")
	require.Equal(t, tracer.NodeService, n.Kind)
	require.Equal(t, "Shop", n.Entity)
	require.Len(t, trace.Hops, 1)

	require.Len(t, g.run(t, seeds+"  - {id: V2, chain: bitcoin-regtest, address: A3, from: 0, to: 9}\n").Hops, 2, "a seed lies in it")
	b.opt.Labels = claims{"A0": {{Text: "a person"}}}
	require.Len(t, g.run(t, seeds).Hops, 2)
	b.opt.Labels = claims{"X": {{Text: "X", Stops: tracer.NodeService}}}
	ends := g.run(t, seeds).Endpoints
	i := slices.IndexFunc(ends, func(e tracer.Endpoint) bool { return e.Reason == tracer.ReasonService })
	require.Equal(t, "labelled as a service: X, service", ends[i].Note, "of an address alone")
}

// wide is a book in which one cluster has as many addresses as may be followed.
type wide struct{ *gathered }

func (w wide) ClusterOf(ctx context.Context, a chains.Address) (cluster uint64, size int, err error) {
	cluster, size, err = w.gathered.ClusterOf(ctx, a)
	if size > 1 {
		size = tracer.MostMembers
	}
	return cluster, size, err
}

// A cluster of the most addresses is followed; an address that only spends is of its pot too.
func TestLargestCluster(t *testing.T) {
	b := newBook()
	v, own := b.mine("V", 100), b.mine("H2", 50)
	came := b.spend([]chains.OutPoint{v}, pay{"H1", 100})
	b.spend([]chains.OutPoint{own}, pay{"Y", 50})
	b.spend(came, pay{"X", 100})
	w := wide{&gathered{book: b, clusters: [][]chains.Address{{"H1", "H2"}}}}
	inc, err := tracer.ParseIncident("incident.yaml", []byte("clew: incident/1\nid: test\nrule: lifo\naccounts: cluster\nseeds:\n"+outSeed("V1", v)), plain{})
	require.NoError(t, err)
	b.rewind()
	trace, err := tracer.Run(t.Context(), inc, chain, w, plain{}, b.opt)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"Y": "50"}, arrivals(trace, b.txs[3].ID, tracer.LIFO), "what the other address spends is the pot's newest")
}
