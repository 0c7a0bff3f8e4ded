package tracer_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

// What goes to a bridge beside what the message is about does not cross, and what cannot be told
// apart does not either.
func TestBridgeOfWhat(t *testing.T) {
	a, b, seeds := twoChains()
	out := a.txs[2].Exec
	call := chains.Move{Kind: chains.MoveCall, Asset: chains.Native, From: "T", To: "bridge", Amount: chains.Units(7), Evidence: chains.EvidenceAttested}
	event := out.Events[0]
	for name, c := range map[string]struct {
		seeds string
		moves []chains.Move
		asset chains.Asset
		units uint64
		want  string
		gap   string
	}{
		"a price in coins, which is not ours": {seeds, []chains.Move{call, out.Moves[0]}, token, 60, "balance TOKEN R: " + same("57"), ""},
		"nobody says of what":                 {seeds, []chains.Move{call, out.Moves[0]}, "", 60, "balance TOKEN R: " + same("57"), ""},
		"more moved than is said":             {seeds, []chains.Move{call, out.Moves[0]}, token, 58, "balance TOKEN R: " + same("57"), ""},
		"of something else":                   {seeds, []chains.Move{out.Moves[0]}, dollar, 1, "contract TOKEN bridge: " + same("60"), ""},
		"of more than moved":                  {seeds, []chains.Move{out.Moves[0]}, token, 61, "contract TOKEN bridge: " + same("60"), ""},
		"neither said":                        {seeds, []chains.Move{call, out.Moves[0]}, "", 0, "contract TOKEN bridge: " + same("60"), "which of 2 movements"},
		"of a movement beside it": {seeds, []chains.Move{out.Moves[0],
			{Kind: chains.MoveToken, Asset: dollar, From: "T", To: "bridge", Amount: chains.Units(60), Evidence: chains.EvidenceProven}},
			dollar, 60, "contract TOKEN bridge: " + same("60"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := event
			e.Asset, e.Amount = c.asset, chains.Units(c.units)
			out.Moves, out.Events = c.moves, []chains.Event{e}
			trace := newWorld(a, b).must(t, c.seeds)
			require.Contains(t, lies(trace), c.want)
			if c.gap == "" {
				require.NotContains(t, fmt.Sprint(trace.Gaps), "movements to the bridge")
				return
			}
			require.Contains(t, fmt.Sprint(trace.Gaps), c.gap)
		})
	}
}

// Decimals are a token's claim: those by which nearly all would be lost on the way are not believed.
func TestBridgeDecimalsThatLie(t *testing.T) {
	a, b, seeds := twoChains()
	b.tokens[token] = chains.Token{Asset: token, Decimals: 18}
	trace := newWorld(a, b).must(t, seeds)
	require.ElementsMatch(t, []string{"balance TOKEN T: " + same("40"), "balance TOKEN R: " + same("57")}, lies(trace))
}

// A key that two departures have leads neither of them anywhere.
func TestBridgeKeyOfTwo(t *testing.T) {
	a, b, seeds := twoChains()
	out := a.txs[2].Exec
	out.Moves = append(out.Moves, chains.Move{Kind: chains.MoveToken, Asset: dollar, From: "T", To: "bridge", Amount: chains.Units(1), Evidence: chains.EvidenceProven})
	e := out.Events[0]
	e.Asset, e.Amount = dollar, chains.Units(1)
	out.Events = append(out.Events, e)
	trace := newWorld(a, b).must(t, seeds)
	require.Contains(t, lies(trace), "bridge TOKEN bridge: "+same("60"))
	require.Contains(t, trace.Gaps[0].Why, "2 departures in this transaction have the key k1")
}

// Several deposits may leave as one withdrawal, and one deposit as several; the sums stay whole.
func TestAdoptedSeveral(t *testing.T) {
	deposits := func(b *evmBook, n int, units uint64) (ids []string) {
		for range n {
			ids = append(ids, b.tx("T", coin("T", "tornado", units)).String())
			b.event(chains.Event{Kind: chains.EventMixerIn, Protocol: "tornado", Name: "Deposit", Emitter: "tornado", Registered: true})
		}
		return ids
	}
	t.Run("into one", func(t *testing.T) {
		b, seeds := theft(polygon, chains.Native, 100)
		b.tx("C", coin("", "tornado", 500))
		in := deposits(b, 2, 50)
		out := b.tx("relayer", coin("tornado", "W", 98))
		b.tx("W", coin("W", "X", 98))
		adopt := "adopt:\n"
		for _, id := range in {
			adopt += fmt.Sprintf("  - {from: \"polygon:%s\", to: \"polygon:%s:W\", reason: r}\n", id, out)
		}
		trace, err := newWorld(b).run(t, adopt+seeds)
		require.NoError(t, err)
		evmSound(t, trace)
		require.ElementsMatch(t, []string{"balance native X: " + same("98"), "fee native : " + same("2")}, lies(trace))
		require.Len(t, trace.Hops, 4)
		require.Equal(t, []tracer.HopKind{tracer.HopMixer, tracer.HopMixer}, []tracer.HopKind{trace.Hops[0].Kind, trace.Hops[1].Kind})
		require.Equal(t, same("48"), values(trace.Hops[1].Traced))
		require.ElementsMatch(t, []string{trace.Hops[0].ID, trace.Hops[1].ID}, trace.Hops[3].Inputs)

		over := adopt + fmt.Sprintf("  - {from: \"polygon:%s\", to: \"polygon:%s:W\", reason: r}\n", deposits(b, 1, 40)[0], out)
		_, err = newWorld(b).run(t, over+seeds)
		require.ErrorContains(t, err, "adopt[2]", "it is full, and earlier")
	})
	t.Run("out of one", func(t *testing.T) {
		b, seeds := theft(polygon, chains.Native, 100)
		b.tx("C", coin("", "tornado", 500))
		in := deposits(b, 1, 100)[0]
		adopt := "adopt:\n"
		for i, w := range []string{"W", "X"} {
			adopt += fmt.Sprintf("  - {from: \"polygon:%s\", to: \"polygon:%s:%s\", units: \"%d\", reason: r}\n",
				in, b.tx("relayer", coin("tornado", w, uint64(60-20*i))), w, 60-20*i)
		}
		trace, err := newWorld(b).run(t, adopt+seeds)
		require.NoError(t, err)
		evmSound(t, trace)
		require.ElementsMatch(t, []string{"balance native W: " + same("60"), "balance native X: " + same("40")}, lies(trace))
	})
}
