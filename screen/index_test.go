package screen_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/screen"
	"clew/tracer"
)

// told is what a trace tells of a place, added up by its own words, apart from the index.
type told struct {
	units  screen.Split[chains.Amount]
	unsaid bool
	wholes map[string]chains.Amount    // by position
	alias  bool                        // it shares an arrival, of which it is not the first output
	seeds  chains.Amount               // of it, seeded there
	shared screen.Split[chains.Amount] // beside units: traced to several outputs, of which it is not the first
	hops   []int                       // indices of those that end there
}

// tell adds up a trace, by place.
func tell(t require.TestingT, trace *tracer.Trace) map[screen.Place]*told {
	out := map[screen.Place]*told{}
	nodes := map[string]*tracer.Node{}
	for i := range trace.Nodes {
		nodes[trace.Nodes[i].ID] = &trace.Nodes[i]
	}
	at := func(p screen.Place) *told {
		if out[p] == nil {
			out[p] = &told{unsaid: true, wholes: map[string]chains.Amount{}}
		}
		return out[p]
	}
	for i := range trace.Seeds {
		s := &trace.Seeds[i]
		p := screen.Place{Chain: s.Chain, Tx: s.TxID, Asset: s.Asset}
		setPosition(t, &p, s.Position, s.Address)
		x := at(p)
		x.units = screen.Split[chains.Amount]{FIFO: x.units.FIFO.Plus(s.Units), ProRata: x.units.ProRata.Plus(s.Units)}
		x.seeds, x.unsaid = x.seeds.Plus(s.Units), false
	}
	for i := range trace.Hops {
		h := &trace.Hops[i]
		for k := range h.Legs {
			leg, amounts := &h.Legs[k], &h.Traced
			if k < len(h.Legs)-1 {
				amounts = h.Given
			}
			to := nodes[leg.To]
			if to.Kind == tracer.NodeCoinbase || leg.Positions[0].Kind == "vin" || to.Address == "" && leg.Positions[0].Kind != "vout" {
				continue
			}
			if len(h.Legs) > 1 && k == 0 && leg.From[0].Node == leg.To {
				continue // the hop before brought it
			}
			p := screen.Place{Chain: leg.Chain, Tx: leg.TxID, Asset: leg.Asset}
			setPosition(t, &p, leg.Positions[0].Value, to.Address)
			x := at(p)
			x.units.FIFO = x.units.FIFO.Plus(amounts.Value[tracer.FIFO])
			x.units.ProRata = x.units.ProRata.Plus(amounts.Value[tracer.ProRata])
			x.unsaid = x.unsaid && amounts.Null[tracer.FIFO] && amounts.Null[tracer.ProRata]
			x.wholes[fmt.Sprint(leg.Positions[0])] = leg.Units
			x.hops = append(x.hops, i)
			for _, other := range leg.Positions[1:] {
				if q := p; other.Kind == "vout" {
					setPosition(t, &q, other.Value, "")
					at(q).alias = true
					at(q).shared = screen.Split[chains.Amount]{FIFO: amounts.Value[tracer.FIFO], ProRata: amounts.Value[tracer.ProRata]}
				}
			}
		}
	}
	return out
}

func setPosition(t require.TestingT, p *screen.Place, position, address string) {
	if p.Chain.Info().Family == chains.FamilyBitcoin {
		n, err := strconv.ParseUint(position, 10, 32)
		require.NoError(t, err)
		p.Vout = uint32(n)
		return
	}
	a, err := families{}.ParseAddress(p.Chain, address)
	require.NoError(t, err)
	p.Account = a
}

// indexed is an index of one trace.
func indexed(t require.TestingT, trace *tracer.Trace) *screen.Index {
	x, err := screen.NewIndex(families{}).With(trace, screen.Loaded{ID: "theft", Trace: "trace", SHA256: "sum", Title: "A theft"})
	require.NoError(t, err)
	return x
}

// TestIndexTellsWhatTheTraceTells: for every place of every recorded incident, the units are those of the
// trace, whichever way one asks.
func TestIndexTellsWhatTheTraceTells(t *testing.T) {
	eachDemo(t, func(t *testing.T, trace *tracer.Trace) { requireTold(t, trace) })
}

func requireTold(t require.TestingT, trace *tracer.Trace) {
	x := indexed(t, trace)
	byAddress, byTx := map[string]int{}, map[string]int{}
	for p, want := range tell(t, trace) {
		if want.alias {
			requireShared(t, x, p, want)
			continue
		}
		hits, contacts := x.At(p), x.Contacts(p)
		require.Len(t, append(hits, contacts...), 1, "%v", p)
		h := append(hits, contacts...)[0]
		require.Equal(t, p, h.Place)
		require.Equal(t, want.units, h.Units, "%v", p)
		require.Equal(t, want.unsaid, h.Unsaid)
		require.Equal(t, !want.units.FIFO.IsZero() || !want.units.ProRata.IsZero(), len(hits) == 1, "a contact is no hit")
		var whole chains.Amount
		for _, units := range want.wholes {
			whole = whole.Plus(units)
		}
		require.Equal(t, whole, h.Whole, "%v", p)
		if !want.seeds.IsZero() {
			require.Zero(t, h.Hops)
		}
		if len(hits) == 1 {
			byAddress[string(p.Chain)+" "+h.Address]++
			byTx[string(p.Chain)+" "+p.Tx.String()]++
			require.Contains(t, x.Address(p.Chain, h.Address), h)
			require.Contains(t, x.Tx(p.Chain, p.Tx), h)
		}
		p.Vout++
		p.Asset += "?"
		require.Empty(t, x.At(p))
	}
	if trace.Incident.Accounts == string(tracer.AccountsOutput) {
		requireCounts(t, x, trace, byAddress, byTx)
	}
}

// requireShared checks one more output of an arrival that came in several: asked for itself, it answers
// with all of it; in a list it stands only for what is seeded there.
func requireShared(t require.TestingT, x *screen.Index, p screen.Place, want *told) {
	hits := append(x.At(p), x.Contacts(p)...)
	require.Len(t, hits, 1)
	require.True(t, hits[0].Together)
	require.Equal(t, want.units.FIFO.Plus(want.shared.FIFO), hits[0].Units.FIFO)
	require.Equal(t, want.units.ProRata.Plus(want.shared.ProRata), hits[0].Units.ProRata)
	for _, h := range x.Tx(p.Chain, p.Tx) {
		if h.Place == p {
			require.Equal(t, want.units, h.Units)
		}
	}
}

// requireCounts checks that nothing else is answered, and the order.
func requireCounts(t require.TestingT, x *screen.Index, trace *tracer.Trace, byAddress, byTx map[string]int) {
	for i := range trace.Nodes {
		n := &trace.Nodes[i]
		hits := x.Address(n.Chain, n.Address)
		require.Len(t, hits, byAddress[string(n.Chain)+" "+n.Address])
		for k := 1; k < len(hits); k++ {
			require.LessOrEqual(t, hits[k-1].Time, hits[k].Time)
		}
	}
	for i := range trace.Hops {
		for k := range trace.Hops[i].Legs {
			leg := &trace.Hops[i].Legs[k]
			n := 0
			for _, h := range x.Tx(leg.Chain, leg.TxID) {
				if !h.InMix {
					n++
				}
			}
			require.Equal(t, byTx[string(leg.Chain)+" "+leg.TxID.String()], n)
		}
	}
}

// TestIndexTellsWhereBranchesEnd: what is unspent, at a service or in a mix says so, with the units of the
// endpoint; what accounts hold is told as well.
func TestIndexTellsWhereBranchesEnd(t *testing.T) {
	reasons := map[tracer.Reason]int{}
	eachDemo(t, func(t *testing.T, trace *tracer.Trace) {
		x := indexed(t, trace)
		nodes := map[string]*tracer.Node{}
		for i := range trace.Nodes {
			nodes[trace.Nodes[i].ID] = &trace.Nodes[i]
		}
		for i := range trace.Endpoints {
			e := &trace.Endpoints[i]
			want := screen.Split[chains.Amount]{FIFO: e.Traced.Value[tracer.FIFO], ProRata: e.Traced.Value[tracer.ProRata]}
			if e.Reason == tracer.ReasonFee || want == (screen.Split[chains.Amount]{}) {
				continue
			}
			reasons[e.Reason]++
			hits := x.Held(e.Chain, nodes[e.Node].Address)
			if e.TxID != nil {
				hits = x.Tx(e.Chain, *e.TxID)
			}
			found := false
			for _, h := range hits {
				if h.Place.Asset == e.Asset && h.Units == want && h.Ends == e.Reason {
					found = true
					require.Equal(t, e.Units, h.Whole)
				}
			}
			require.True(t, found, "endpoint %s of reason %s", e.ID, e.Reason)
		}
	})
	for _, r := range []tracer.Reason{tracer.ReasonUnspent, tracer.ReasonBalance, tracer.ReasonService, tracer.ReasonMixer, tracer.ReasonContract, tracer.ReasonGap} {
		require.NotZero(t, reasons[r], r)
	}
}

// TestIndexPaths: the ways to every place of every recorded incident.
func TestIndexPaths(t *testing.T) {
	eachDemo(t, func(t *testing.T, trace *tracer.Trace) { requirePaths(t, trace) })
}

func requirePaths(t require.TestingT, trace *tracer.Trace) {
	x := indexed(t, trace)
	for p := range tell(t, trace) {
		for _, h := range x.At(p) {
			paths, err := x.Path(h, 1<<20)
			require.NoError(t, err)
			require.NotEmpty(t, paths)
			var sum screen.Split[chains.Amount]
			for i := range paths {
				sum.FIFO, sum.ProRata = sum.FIFO.Plus(paths[i].Units.FIFO), sum.ProRata.Plus(paths[i].Units.ProRata)
				requirePath(t, trace, &paths[i], &h)
			}
			require.Equal(t, h.Units, sum, "the paths sum to the hit")
			requireShort(t, x, h, paths)
		}
	}
}

// requirePath checks a path against the trace, hop by hop.
func requirePath(t require.TestingT, trace *tracer.Trace, path *screen.Path, h *screen.Hit) {
	require.Zero(t, path.Omitted)
	require.Contains(t, []string{"", "fifo", "prorata"}, path.Rule)
	require.Equal(t, path.Rule == "prorata", path.Units.FIFO.IsZero() && path.Rule != "", "%v", path)
	first, last := &path.Steps[0], &path.Steps[len(path.Steps)-1]
	seeded := false
	for i := range trace.Seeds {
		s := &trace.Seeds[i]
		seeded = seeded || s.ID == path.Seed && plain(first.TxID) == s.TxID.String() && s.Address == first.To && s.Units == first.Carried.FIFO
	}
	require.True(t, seeded, "it begins at a receipt of its seed: %v", first)
	require.Zero(t, first.Hop)
	require.Equal(t, "seed", first.Kind)
	require.Nil(t, first.Beside)
	requireFollowed(t, trace, path)
	require.Equal(t, h.Place.Tx.String(), plain(last.TxID))
	if trace.Incident.Accounts != string(tracer.AccountsCluster) { // there what came in several outputs has the name of one
		require.Equal(t, h.Address, last.To)
	}
	weakest := "proven"
	for i := range path.Steps {
		s := &path.Steps[i]
		if s.Evidence != "proven" {
			weakest = s.Evidence
		}
		if i == 0 {
			continue
		}
		hop := &trace.Hops[s.Hop-1]
		leg := &hop.Legs[0]
		before := &path.Steps[i-1]
		if len(hop.Legs) > 1 && (before.Hop == s.Hop || leg.From[0].Node == leg.To) {
			leg = &hop.Legs[1]
		}
		require.Equal(t, leg.TxID.String(), plain(s.TxID))
		require.Equal(t, leg.Units, s.Units)
		require.Equal(t, leg.Asset, s.Asset)
		if leg.Chain == before.Chain || before.Hop != s.Hop { // else it came over a bridge
			if i == 1 && trace.Incident.Accounts == string(tracer.AccountsCluster) {
				continue // its pot has the name of another address
			}
			require.Equal(t, before.To, s.From, "hop %d begins where the one before it ends", s.Hop)
		}
		if s.FromOut != "" {
			require.Equal(t, before.ToOut, s.FromOut)
		}
		if leg == &hop.Legs[len(hop.Legs)-1] {
			require.Equal(t, traced(hop, path.Seed), s.Carried)
		}
		require.False(t, s.Carried.FIFO.IsZero() && path.Rule != "prorata", "it carries of the seed all the way")
		require.False(t, s.Carried.ProRata.IsZero() && path.Rule != "fifo")
	}
	require.Equal(t, weakest, path.Evidence)
	rank := []string{"imported", "attested", "proven"}
	require.LessOrEqual(t, slices.Index(rank, h.Evidence.String()), slices.Index(rank, weakest), "no way to a place is weaker than it says")
}

// traced is what a hop traces of a seed.
func traced(h *tracer.Hop, seed string) (out screen.Split[chains.Amount]) {
	for i := range h.TracedBySeed {
		if s := &h.TracedBySeed[i]; s.Seed == seed {
			out.FIFO, out.ProRata = s.Traced.Value[tracer.FIFO], s.Traced.Value[tracer.ProRata]
		}
	}
	return out
}

// requireShort checks that a short path is the long one without its middle.
func requireShort(t require.TestingT, x *screen.Index, h screen.Hit, long []screen.Path) {
	short, err := x.Path(h, 3)
	require.NoError(t, err)
	require.Len(t, short, len(long))
	for i := range short {
		steps := long[i].Steps
		require.Equal(t, len(steps), len(short[i].Steps)+short[i].Omitted)
		require.Equal(t, long[i].Evidence, short[i].Evidence)
		if len(steps) > 3 {
			require.Equal(t, append(append([]screen.Step{}, steps[:2]...), steps[len(steps)-1]), short[i].Steps)
		}
	}
}

// plain is a transaction's id without 0x.
func plain(id string) string { return strings.TrimPrefix(id, "0x") }
