package screen_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/screen"
	"clew/tracer"
)

// TestIndexLongPath: what is skipped of a long way is counted, and its evidence too.
func TestIndexLongPath(t *testing.T) {
	trace := peeled(520, "")
	for _, i := range []int{1, 130, 255, 256, 257, 400} { // every third is a change
		hop := &trace.Hops[(i-1)*3+1]
		hop.Legs[0].Evidence = "attested"
		x := indexed(t, trace)
		for _, end := range []int{1, 2, 127, 128, 129, 200, 256, 257, 258, 384, 385, 520} {
			h := x.At(screen.Place{Chain: regtest, Tx: trace.Hops[(end-1)*3].Legs[0].TxID})[0]
			require.Equal(t, end, h.Hops)
			long, err := x.Path(h, 1<<20)
			require.NoError(t, err)
			require.Len(t, long, 1)
			require.Len(t, long[0].Steps, end+1)
			require.Equal(t, map[bool]string{true: "attested", false: "proven"}[i < end], long[0].Evidence)
			requirePath(t, trace, &long[0], &h)
			for _, most := range []int{2, 3, 8, 130} {
				short, err := x.Path(h, most)
				require.NoError(t, err)
				require.Equal(t, max(0, end+1-most), short[0].Omitted)
				require.Equal(t, long[0].Evidence, short[0].Evidence)
				head := min((most+1)/2, end+1)
				if short[0].Omitted == 0 {
					head = end + 1
				}
				require.Equal(t, long[0].Steps[:head], short[0].Steps[:head])
				require.Equal(t, long[0].Steps[head+short[0].Omitted:], short[0].Steps[head:])
			}
		}
		hop.Legs[0].Evidence = "proven"
	}
}

// TestIndexStates: what is loaded, taken out and stale, in any order, is what is answered; an older index
// answers as before.
func TestIndexStates(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 7))
	x := screen.NewIndex(families{})
	loaded := map[string]string{} // ids to traces
	stale := map[string]string{}
	place := screen.Place{Chain: regtest, Tx: peeled(1, "").Hops[0].Legs[0].TxID}
	salted := map[string]*tracer.Trace{"": peeled(3, "")}
	for i := range 12 {
		salted[strconv.Itoa(i)] = peeled(1+i, strconv.Itoa(i))
	}
	for i := range 400 {
		id := fmt.Sprint("incident ", r.IntN(20))
		before, was := x, fmt.Sprint(x.Incidents(), len(x.At(place)))
		var err error
		switch r.IntN(5) {
		case 0:
			x = x.Without(id)
			delete(loaded, id)
			delete(stale, id)
		case 1:
			x = x.Stale(id, "its block left")
			if loaded[id] != "" {
				stale[id] = "its block left"
			}
		default:
			salt := ""
			if r.IntN(2) > 0 {
				salt = strconv.Itoa(r.IntN(12))
			}
			x, err = x.With(salted[salt], screen.Loaded{ID: id, Trace: "trace " + salt, SHA256: fmt.Sprint(i)})
			require.NoError(t, err)
			loaded[id] = "trace " + salt
			delete(stale, id)
		}
		require.Equal(t, was, fmt.Sprint(before.Incidents(), len(before.At(place))), "the index before is as it was")
		requireLoaded(t, x, loaded, stale)
		for salt, trace := range salted {
			requireHits(t, x, trace, "trace "+salt, loaded, stale)
		}
	}
}

func requireLoaded(t *testing.T, x *screen.Index, loaded, stale map[string]string) {
	t.Helper()
	all := x.Incidents()
	require.Len(t, all, len(loaded))
	for i, in := range all {
		require.Equal(t, loaded[in.ID], in.Trace)
		require.Equal(t, stale[in.ID], in.Stale)
		require.True(t, i == 0 || all[i-1].ID < in.ID, "in order of ids")
	}
}

// requireHits checks that exactly the incidents of a trace answer, in order of ids, in all three ways.
func requireHits(t *testing.T, x *screen.Index, trace *tracer.Trace, name string, loaded, stale map[string]string) {
	t.Helper()
	want := 0
	for _, of := range loaded {
		if of == name {
			want++
		}
	}
	leg := &trace.Hops[0].Legs[0]
	for _, hits := range [][]screen.Hit{
		x.At(screen.Place{Chain: leg.Chain, Tx: leg.TxID}), x.Address(leg.Chain, trace.Nodes[2].Address), x.Tx(leg.Chain, leg.TxID)[:want],
	} {
		require.Len(t, hits, want)
		for i, h := range hits {
			require.Equal(t, name, h.Incident.Trace)
			require.Equal(t, stale[h.Incident.ID], h.Incident.Stale)
			require.True(t, i == 0 || hits[i-1].Incident.ID <= h.Incident.ID)
		}
	}
}

// TestIndexPathOfAnother: a hit of an incident that was taken out, or traced again, has no path any more.
func TestIndexPathOfAnother(t *testing.T) {
	trace := peeled(3, "")
	x := indexed(t, trace)
	h := x.At(screen.Place{Chain: regtest, Tx: trace.Hops[0].Legs[0].TxID})[0]
	_, err := x.Without("theft").Path(h, 8)
	require.ErrorIs(t, err, screen.ErrNotLoaded)
	other, err := x.With(trace, screen.Loaded{ID: "theft", Trace: "another", SHA256: "sum"})
	require.NoError(t, err)
	_, err = other.Path(h, 8)
	require.ErrorIs(t, err, screen.ErrNotLoaded)
	_, err = x.Stale("theft", "why").Path(h, 8)
	require.NoError(t, err, "a stale one is still there")
}

// TestIndexAddsUp: several movements of a transaction to one account are one place; a movement that two
// hops tell of counts once in the whole; a venue's own side is a place of the venue.
func TestIndexAddsUp(t *testing.T) {
	const polygon = chains.Chain("polygon")
	const a, b, pool = "0x028a2e6d74996eD437364721Db3Dbc731a114dc1", "0x2aE51dBD00120007992058b22a5EF3D8bBb4c17a", "0xe222ecA817F15153e37013E45f76950c9E30BeA0"
	tx := chains.TxID{7}
	traced := func(units uint64) tracer.Traced {
		return tracer.Traced{Value: [7]chains.Amount{tracer.FIFO: chains.Units(units), tracer.ProRata: chains.Units(units / 2)}}
	}
	leg := func(from, to string, asset chains.Asset, log string, units uint64) tracer.Leg {
		return tracer.Leg{Chain: polygon, TxID: tx, Height: 5, Time: "2022-03-29T11:35:38Z", Positions: []tracer.Position{{Kind: "log", Value: log}},
			From: []tracer.From{{Node: from}}, To: to, Asset: asset, Units: chains.Units(units), Evidence: "proven"}
	}
	given, none := traced(60), traced(0)
	trace := &tracer.Trace{
		Incident: tracer.IncidentRef{Accounts: "output"},
		Nodes: []tracer.Node{
			{ID: "a", Chain: polygon, Kind: tracer.NodeAddress, Address: a}, {ID: "b", Chain: polygon, Kind: tracer.NodeAddress, Address: b},
			{ID: "pool", Chain: polygon, Kind: tracer.NodePool, Address: pool},
		},
		Seeds: []tracer.SeedEntry{{ID: "V1", Chain: polygon, Asset: chains.Native, Units: chains.Units(300), TxID: chains.TxID{1}, Position: "call 0",
			Address: a, Node: "a", Height: 4, Time: "2022-03-29T11:30:00Z", Evidence: "attested"}},
		Hops: []tracer.Hop{
			{ID: "1", Number: 1, Kind: tracer.HopTransfer, Inputs: []string{"V1"}, Legs: []tracer.Leg{leg("a", "b", chains.Native, "0", 100)}, Traced: traced(80)},
			{ID: "2", Number: 2, Kind: tracer.HopTransfer, Inputs: []string{"1"}, Legs: []tracer.Leg{leg("a", "b", chains.Native, "1", 50)}, Traced: traced(50)},
			{ID: "3", Number: 3, Kind: tracer.HopSwap, Inputs: []string{"2"}, Given: &given, Traced: traced(30),
				Legs: []tracer.Leg{leg("a", "pool", chains.Native, "2", 70), leg("pool", "b", b, "3", 35)}},
			{ID: "4", Number: 4, Kind: tracer.HopSwap, Inputs: []string{"3"}, Given: &none, Traced: traced(9),
				Legs: []tracer.Leg{leg("a", "pool", chains.Native, "2", 70), leg("pool", "b", a, "4", 10)}},
		},
		Assets: []tracer.AssetInfo{{Chain: polygon, Asset: b, Symbol: "B", Decimals: 6, Claimed: true}},
	}
	requireTold(t, trace)
	x := indexed(t, trace)
	hits := x.Address(polygon, b)
	require.Len(t, hits, 3, "a hit for each asset")
	require.Equal(t, chains.Native, hits[0].Place.Asset)
	require.Equal(t, []string{"130", "65", "150"}, []string{hits[0].Units.FIFO.String(), hits[0].Units.ProRata.String(), hits[0].Whole.String()})
	venue := x.Address(polygon, pool)
	require.Len(t, venue, 1)
	require.Equal(t, tracer.NodePool, venue[0].Kind)
	require.Equal(t, []string{"60", "70"}, []string{venue[0].Units.FIFO.String(), venue[0].Whole.String()}, "two hops tell of one giving")
	paths, err := x.Path(hits[1], 8)
	require.NoError(t, err)
	require.Len(t, paths, 1)
	require.Equal(t, []string{a, pool, b}, []string{paths[0].Steps[0].To, paths[0].Steps[1].To, paths[0].Steps[2].To}, "not over what left the account before")
	require.Equal(t, "attested", paths[0].Evidence)
	info, ok := x.Asset(polygon, b)
	require.True(t, ok)
	require.Equal(t, "B", info.Symbol)
	_, ok = x.Asset(polygon, a)
	require.False(t, ok)
}

// TestIndexUnsaid: where no rule says how much is traced, that is no hit, and not nothing either.
func TestIndexUnsaid(t *testing.T) {
	trace := peeled(2, "")
	last := &trace.Hops[3]
	last.Traced.Null[tracer.FIFO], last.Traced.Value[tracer.FIFO] = true, chains.Amount{}
	last.Traced.Null[tracer.ProRata], last.Traced.Value[tracer.ProRata] = true, chains.Amount{}
	x := indexed(t, trace)
	place := screen.Place{Chain: regtest, Tx: last.Legs[0].TxID}
	require.Empty(t, x.At(place))
	require.Len(t, x.Contacts(place), 1)
	require.True(t, x.Contacts(place)[0].Unsaid)
	require.Contains(t, fmt.Sprint(x.Incidents()[0].Notes), "1 movement of stolen value of which no rule tells the amount")
}

// TestIndexRefuses: a trace that contradicts itself is refused, with the place of it.
func TestIndexRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*tracer.Trace)
		says  string
	}{
		"a node that is not there": {func(t *tracer.Trace) { t.Hops[0].Legs[0].To = "nowhere" }, "hop 1"},
		"a kind of node":           {func(t *tracer.Trace) { t.Nodes[1].Kind = "palace" }, `"palace"`},
		"an input":                 {func(t *tracer.Trace) { t.Hops[4].Inputs = []string{"V9"} }, "hop 5: its input V9"},
		"an output":                {func(t *tracer.Trace) { t.Hops[0].Legs[0].Positions[0].Value = "first" }, "hop 1"},
		"a time":                   {func(t *tracer.Trace) { t.Hops[0].Legs[0].Time = "noon" }, "hop 1"},
		"no legs":                  {func(t *tracer.Trace) { t.Hops[2].Legs = nil }, "hop 3"},
		"a reason":                 {func(t *tracer.Trace) { t.Endpoints = []tracer.Endpoint{{ID: "e", Reason: "boredom"}} }, `"boredom"`},
	} {
		t.Run(name, func(t *testing.T) {
			trace := peeled(2, "")
			c.spoil(trace)
			_, err := screen.NewIndex(families{}).With(trace, screen.Loaded{ID: "theft"})
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, "incident theft")
		})
	}
	_, err := screen.NewIndex(families{}).With(peeled(1, ""), screen.Loaded{})
	require.ErrorContains(t, err, "id")
}
