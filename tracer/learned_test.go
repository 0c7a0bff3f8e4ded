package tracer_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

// Addresses that are spent from together are one finding, with the transactions that show it, and
// their nodes name it; others have none.
func TestSpentTogether(t *testing.T) {
	b := newBook()
	v := b.mine("V", 100)
	outs := b.spend([]chains.OutPoint{v}, pay{"A", 50}, pay{"B", 30}, pay{"C", 20})
	b.spend(outs[:2], pay{"D", 79})
	seeds := "seeds:\n" + outSeed("V1", v)
	b.opt.Without = []string{"dust"} // these amounts are
	trace := b.run(t, seeds)
	sound(t, trace)
	require.Len(t, trace.Findings, 1)
	f := trace.Findings[0]
	require.Equal(t, "co-spend", f.Heuristic)
	require.Equal(t, []string{"A", "B"}, f.Addresses)
	require.Equal(t, []string{b.txs[2].ID.String()}, f.TxIDs)
	for name, cluster := range map[string]string{"A": f.ID, "B": f.ID, "C": "", "D": "", "V": ""} {
		require.Equal(t, cluster, nodeOf(trace, name).Cluster, name)
	}
	b.opt.Without = []string{"co-spend", "dust"}
	trace = b.run(t, seeds)
	require.Empty(t, trace.Findings)
	require.Empty(t, nodeOf(trace, "A").Cluster)
}

// A run of payments is one thing, and all of its hops are in the trace.
func TestPeelRun(t *testing.T) {
	b := newBook()
	v := b.mine("V", 1_000_000)
	last := v
	for i, name := range []string{"A", "B", "C", "D", "E"} {
		rest := uint64(1_000_000 - (i+1)*100_000)
		outs := b.spend([]chains.OutPoint{last}, pay{"to " + name, 100_000 - 777}, pay{name, rest})
		last = outs[1]
	}
	b.spend([]chains.OutPoint{last}, pay{"Z", 499_000})
	seeds := "seeds:\n" + outSeed("V1", v)
	trace := b.run(t, seeds)
	sound(t, trace)
	require.Len(t, trace.Peels, 1)
	run := trace.Peels[0]
	require.GreaterOrEqual(t, len(run.Hops), 3)
	require.Equal(t, chains.Units(1_000_000), run.ValueIn)
	require.Len(t, run.Peels, len(run.Hops))
	require.Equal(t, "swept", run.Stop)
	require.Equal(t, nodeOf(trace, "E").ID, run.Tip)
	require.Equal(t, chains.Units(500_000), run.TipUnits)
	require.Equal(t, chains.Units(uint64(len(run.Hops))*777), *run.Fees)
	require.Empty(t, run.Added)
	valid(t, "clew.trace-1", trace)
	for _, p := range run.Peels {
		require.Equal(t, chains.Units(99_223), p.Units)
	}
	for _, h := range trace.Hops {
		peeled := slices.ContainsFunc(run.Peels, func(p tracer.PeelHop) bool { return p.Hop == h.ID })
		require.Equal(t, peeled || slices.Contains(run.Hops, h.ID), slices.Contains(h.Findings, run.Finding), "hop %d", h.Number)
	}
	b.opt.Without = []string{"peel"}
	trace = b.run(t, seeds)
	require.Empty(t, trace.Peels)
	require.Empty(t, trace.Findings)
}

// What goes into a peel chain is what comes out of it, also where coins come beside on the way.
func TestPeelRunCloses(t *testing.T) {
	b := newBook()
	v := b.mine("V", 1_000_000)
	last, beside := v, b.mine("W", 70_000)
	rest := uint64(1_000_000)
	for i, name := range []string{"A", "B", "C", "D"} {
		spent := []chains.OutPoint{last}
		if i%2 == 0 { // into the first step, and into the third
			spent, rest = append(spent, beside), rest+70_000
			beside = b.mine("X", 70_000)
		}
		rest -= 100_000
		last = b.spend(spent, pay{"to " + name, 100_000 - 777}, pay{name, rest})[1]
	}
	b.spend([]chains.OutPoint{last}, pay{"Z", rest - 1})
	trace := b.run(t, "seeds:\n"+outSeed("V1", v))
	valid(t, "clew.trace-1", trace)
	require.Len(t, trace.Peels, 1)
	run := trace.Peels[0]
	require.Equal(t, chains.Units(1_070_000), run.ValueIn)
	require.Len(t, run.Added, 1)
	require.Equal(t, 1, run.Added[0].Input)
	require.Equal(t, trace.Findings[slices.IndexFunc(trace.Findings, func(f tracer.Finding) bool { return f.ID == run.Finding })].TxIDs[2], run.Added[0].TxID)
	out := run.TipUnits.Plus(*run.Fees)
	for _, p := range run.Peels {
		out = out.Plus(p.Units)
	}
	require.Equal(t, run.ValueIn.Plus(run.Added[0].Units), out)
	require.Equal(t, chains.Units(4*777), *run.Fees)
}

// What comes unasked below the dust limit is told from a payment; what is paid to an address that
// paid too is not.
func TestDustIsTold(t *testing.T) {
	b := newBook()
	v := b.mine("V", 10_000)
	b.spend([]chains.OutPoint{v}, pay{"A", 200}, pay{"V", 100}, pay{"B", 9_000})
	seeds := "seeds:\n" + outSeed("V1", v)
	trace := b.run(t, seeds)
	require.Len(t, trace.Findings, 1)
	require.Equal(t, "dust", trace.Findings[0].Heuristic)
	for _, h := range trace.Hops {
		require.Equal(t, h.Legs[0].Units == chains.Units(200), len(h.Findings) == 1, "hop %d", h.Number)
	}
	b.opt.Without = []string{"dust"}
	require.Empty(t, b.run(t, seeds).Findings)
}

// gathered is a book that knows clusters.
type gathered struct {
	*book
	clusters [][]chains.Address
	asked    []chains.Address // of which clusters were listed
}

func (g *gathered) of(a chains.Address) int {
	return slices.IndexFunc(g.clusters, func(c []chains.Address) bool { return slices.Contains(c, a) })
}

func (g *gathered) ClusterOf(_ context.Context, a chains.Address) (cluster uint64, size int, err error) {
	if i := g.of(a); i >= 0 {
		return uint64(i) + 1, len(g.clusters[i]), nil
	}
	return 0, 1, nil
}

func (g *gathered) Cluster(_ context.Context, a chains.Address) ([]chains.Address, error) {
	g.asked = append(g.asked, a)
	return g.clusters[g.of(a)], nil
}

func (g *gathered) run(t *testing.T, yaml string) *tracer.Trace {
	t.Helper()
	trace, err := g.try("accounts: cluster\n" + yaml)
	require.NoError(t, err)
	balances(t, trace)
	sound(t, trace)
	return trace
}

func (g *gathered) try(yaml string) (*tracer.Trace, error) {
	inc, err := tracer.ParseIncident("incident.yaml", []byte("clew: incident/1\nid: test\nrule: fifo\n"+yaml), plain{})
	if err != nil {
		return nil, err
	}
	g.rewind()
	return tracer.Run(context.Background(), inc, chain, g, plain{}, g.opt)
}

// A cluster is one pot: what its addresses hold before counts, and what moves among them moves
// nothing.
func TestClusterPots(t *testing.T) {
	b := newBook()
	old := b.mine("A2", 30) // in the pot before the theft
	v := b.mine("V", 100)
	came := b.spend([]chains.OutPoint{v}, pay{"A1", 100})
	moved := b.spend(came, pay{"A3", 100})
	b.spend([]chains.OutPoint{moved[0], old}, pay{"X", 50}, pay{"A1", 80})
	g := &gathered{book: b, clusters: [][]chains.Address{{"A1", "A2", "A3"}}}
	trace := g.run(t, "seeds:\n"+outSeed("V1", v))
	require.Equal(t, []string{"transfer vout 0", "transfer vout 0"}, kinds(trace), "inside of the cluster nothing moves")
	require.Equal(t, "20", traced(trace, b.txs[4].ID, tracer.FIFO)["0"], "30 clean units are oldest")
	require.Equal(t, "50", traced(trace, b.txs[4].ID, tracer.LIFO)["0"])
	require.Equal(t, trace.Hops[0].Legs[0].To, trace.Hops[1].Legs[0].From[0].Node, "one node")
	require.Equal(t, "80", trace.Endpoints[0].Units.String())

	apart := &gathered{book: b}
	require.Len(t, apart.run(t, "seeds:\n"+outSeed("V1", v)).Hops, 4, "each address a pot of its own")

	labelled := &gathered{book: b, clusters: g.clusters}
	b.opt.Labels = claims{"A2": {{Text: "A2", Stops: tracer.NodeService}}}
	ends := labelled.run(t, "seeds:\n"+outSeed("V1", v)).Endpoints
	require.Equal(t, tracer.ReasonService, ends[0].Reason, "an address of the cluster is a service's")
}

// A cluster of too many addresses is not followed, nor listed.
func TestHugeClusterIsLeftAlone(t *testing.T) {
	b := newBook()
	v := b.mine("V", 100)
	b.spend([]chains.OutPoint{v}, pay{"H", 100})
	huge := make([]chains.Address, tracer.MostMembers+1)
	huge[0] = "H"
	g := &gathered{book: b, clusters: [][]chains.Address{huge}}
	trace := g.run(t, "seeds:\n"+outSeed("V1", v))
	require.Equal(t, tracer.ReasonLimit, trace.Endpoints[0].Reason)
	require.Contains(t, trace.Gaps[0].Why, "a cluster of more than 50000 addresses")
	require.Empty(t, g.asked)
}

// A source that knows no clusters refuses them as pots, with the way out.
func TestClusterPotsNeedAStore(t *testing.T) {
	b, seeds := labelCase()
	_, err := b.try("accounts: cluster\n" + seeds)
	require.ErrorIs(t, err, chains.ErrUnsupported)
	require.ErrorContains(t, err, "clew sync --chain bitcoin-regtest")
}

// An address of which every spend is gathered into one service is taken for a deposit address of it.
func TestGatheredIntoAService(t *testing.T) {
	const known = "known: [{chain: bitcoin-regtest, address: E, kind: service, entity: Big, source: a note}]\n"
	build := func(more func(b *book, d []chains.OutPoint)) (*book, string) {
		b := newBook()
		v, x := b.mine("V", 10_000), b.mine("X", 5_000)
		outs := b.spend([]chains.OutPoint{v}, pay{"D", 3_000}, pay{"D", 2_000}, pay{"D", 2_500}, pay{"A", 2_500})
		b.spend([]chains.OutPoint{outs[0], x, outs[3]}, pay{"E", 10_000})
		if more != nil {
			more(b, outs)
		}
		return b, known + "seeds:\n" + outSeed("V1", v)
	}
	told := func(trace *tracer.Trace) (list []tracer.Finding) {
		for _, f := range trace.Findings {
			if f.Heuristic == "deposit-address/consolidation" {
				list = append(list, f)
			}
		}
		return list
	}
	b, seeds := build(nil)
	trace := b.run(t, seeds)
	sound(t, trace)
	found := told(trace)
	require.Len(t, found, 2)
	for i, name := range []string{"D", "A"} {
		f := found[i]
		require.Equal(t, []string{name, "E"}, f.Addresses)
		require.Equal(t, []string{b.txs[3].ID.String()}, f.TxIDs)
		require.Nil(t, f.Error)
		for _, says := range []string{name + " is taken for a deposit address of Big", "of the spends seen of it (1)", "may be innocent"} {
			require.Contains(t, f.Says, says)
		}
		require.Empty(t, nodeOf(trace, name).Entity, "nobody claims it")
	}
	for _, e := range trace.Endpoints {
		require.Equal(t, e.Node == nodeOf(trace, "D").ID, strings.Contains(e.Note, "deposit address of Big, which can hold what comes there (deposit-address/consolidation, error not measured)"))
		require.Equal(t, e.Node == nodeOf(trace, "E").ID, e.Reason == tracer.ReasonService)
	}
	valid(t, "clew.trace-1", trace)
	for name, c := range map[string]struct {
		more func(b *book, d []chains.OutPoint)
		want []string
	}{
		"gathered twice": {func(b *book, d []chains.OutPoint) {
			b.spend([]chains.OutPoint{d[1], b.mine("Y", 9), d[2]}, pay{"E", 4_500})
		}, []string{"D", "A"}},
		"spent alone": {func(b *book, d []chains.OutPoint) { b.spend(d[1:2], pay{"E", 2_000}) }, []string{"A"}},
		"gathered by somebody else": {func(b *book, d []chains.OutPoint) {
			b.spend([]chains.OutPoint{d[1], b.mine("Y", 9), d[2]}, pay{"F", 4_500})
		}, []string{"A"}},
		"where the trace sees nothing": {func(b *book, _ []chains.OutPoint) { b.spend([]chains.OutPoint{b.mine("D", 9)}, pay{"F", 9}) }, []string{"D", "A"}},
	} {
		t.Run(name, func(t *testing.T) {
			b, seeds := build(c.more)
			var names []string
			for _, f := range told(b.run(t, seeds)) {
				names = append(names, f.Addresses[0])
			}
			require.Equal(t, c.want, names)
		})
	}
	b.opt.Without = []string{"deposit-address"}
	require.Empty(t, told(b.run(t, seeds)))
	b.opt.Without = nil
	require.Empty(t, told(b.run(t, strings.Replace(seeds, "kind: service", "kind: wallet", 1))))
}
