package screen_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/screen"
	"clew/tracer"
)

// requireFollowed checks that the sums of a path can be followed: no step carries more than the one in
// front of it and what came beside brought, and each says what kind of hop it is and whose the receiver is.
func requireFollowed(t require.TestingT, trace *tracer.Trace, path *screen.Path) {
	hops, merges := map[int]bool{}, 0
	for i := 1; i < len(path.Steps); i++ {
		s, before := &path.Steps[i], &path.Steps[i-1]
		hop := &trace.Hops[s.Hop-1]
		hops[s.Hop] = true
		require.Equal(t, string(hop.Kind), s.Kind)
		require.Equal(t, hop.Link, s.Link)
		requireReceiver(t, trace, hop, s)
		if s.Beside != nil {
			merges++
			require.NotEqual(t, screen.Split[chains.Amount]{}, s.Beside.Units)
			require.Positive(t, s.Beside.Movements)
			require.NotContains(t, s.Beside.Hops, before.Hop, "what the step before brought is not beside it")
			require.LessOrEqual(t, len(s.Beside.Hops), min(3, s.Beside.Movements))
		}
		if s.Hop == before.Hop || s.Asset != before.Asset || s.Chain != before.Chain {
			continue // a conversion
		}
		had := before.Carried
		if s.Beside != nil {
			had = screen.Split[chains.Amount]{FIFO: had.FIFO.Plus(s.Beside.Units.FIFO), ProRata: had.ProRata.Plus(s.Beside.Units.ProRata)}
		}
		require.False(t, had.FIFO.Less(s.Carried.FIFO), "hop %d carries %s by fifo of %s", s.Hop, s.Carried.FIFO, had.FIFO)
		had.ProRata = had.ProRata.Plus(chains.Units(64)) // apportioned over lots and seeds at each step, to a unit each
		require.False(t, had.ProRata.Less(s.Carried.ProRata), "hop %d carries %s pro rata of %s", s.Hop, s.Carried.ProRata, had.ProRata)
	}
	require.Len(t, hops, path.Hops)
	require.Equal(t, merges, path.Merges)
}

func requireReceiver(t require.TestingT, trace *tracer.Trace, hop *tracer.Hop, s *screen.Step) {
	for k := range hop.Legs {
		leg := &hop.Legs[k]
		if leg.TxID.String() != plain(s.TxID) || leg.Asset != s.Asset {
			continue
		}
		at := slices.IndexFunc(trace.Nodes, func(n tracer.Node) bool { return n.ID == leg.To })
		if n := &trace.Nodes[at]; n.Address == s.To && n.Address != "" {
			require.Equal(t, n.Entity, s.ToEntity)
			require.Equal(t, n.Label, s.ToSource)
			if n.Kind == tracer.NodeAddress {
				require.Empty(t, s.ToKind)
			} else {
				require.Equal(t, string(n.Kind), s.ToKind)
			}
		}
	}
}

// TestPathOverMixer: the way to the exchange of the worked example names the mixer and who claims it, says that
// the analyst chose the way out of it, and what came in beside where the sums would not add up else.
func TestPathOverMixer(t *testing.T) {
	all, err := demos()
	require.NoError(t, err)
	trace := all["atlanta-replica"]
	x := indexed(t, trace)
	var last *tracer.Hop
	for i := range trace.Hops {
		if h := &trace.Hops[i]; h.Number == 93 {
			last = h
		}
	}
	hits := x.Tx("polygon", last.Legs[0].TxID)
	require.Len(t, hits, 1)
	require.Equal(t, chains.EvidenceAttested, hits[0].Evidence, "a node's word lies on the way, whatever proves the last movement")
	paths, err := x.Path(hits[0], 24)
	require.NoError(t, err)
	require.Len(t, paths, 2)
	path := &paths[0]
	require.Equal(t, "V1", path.Seed)
	require.Len(t, path.Steps, 9)
	require.Equal(t, 7, path.Hops, "a passage of a mixer is one hop of two steps")
	require.Equal(t, 3, path.Merges)
	in, out := &path.Steps[4], &path.Steps[5]
	require.Equal(t, "mixer", in.Kind)
	require.Equal(t, "mixer", in.ToKind)
	require.Equal(t, "Tornado Cash 10000 matic", in.ToEntity)
	require.NotEmpty(t, in.ToSource)
	require.Equal(t, in.Hop, out.Hop)
	require.Equal(t, "mixer", out.Kind)
	require.Equal(t, "adopted", out.Basis)
	require.Nil(t, out.Beside, "what was received is for what was given")
	require.Equal(t, "contract", path.Steps[3].ToKind)
	gathered := path.Steps[6].Beside
	require.NotNil(t, gathered)
	require.Equal(t, 2, gathered.Movements, "three withdrawals were gathered, and one of them is on the way")
	require.Len(t, gathered.Hops, 2)
	require.Equal(t, "REPLICA exchange", path.Steps[8].ToEntity)
}
