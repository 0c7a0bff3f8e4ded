package tracer_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

// Of several assets given, where it is told what each is worth, each stands for its part of what
// was received: the native coin and the token that wraps it are worth the same.
func TestSwapSeveralGivenWithWeights(t *testing.T) {
	b, seeds := theft(polygon, chains.Native, 10)
	weth := chains.Asset("weth")
	b.tx("C", mv{"", "C", weth, 100}, usd("", "pool", 100))
	b.tx("C", mv{"C", "T", weth, 30})
	id := b.tx("T", coin("T", "router", 10), coin("router", "weth", 10), mv{"", "router", weth, 10}, mv{"T", "router", weth, 30}, mv{"router", "pool", weth, 40}, usd("pool", "T", 21))
	b.txs[len(b.txs)-1].Exec.Moves[2].Kind = chains.MoveWrap
	trace := b.run(t, seeds)
	require.Equal(t, map[string]string{"USD T": "5 5 5 5 5 null 5"}, went(trace, id), "21·10/40, rounded down")
	require.Contains(t, lies(trace), "balance USD T: 5 5 5 5 5 null 21")
	require.Empty(t, trace.Gaps)
	basis, _ := trace.Hops[0].Basis.Get(tracer.LIFO)
	require.Equal(t, tracer.Conversion, basis)
}

// What a token's logs claim may be more than any balance can hold. The trace goes on, and says it.
func TestBalancesAbsurdToken(t *testing.T) {
	b, seeds := theft(polygon, token, 100)
	b.noState = true
	most, err := chains.ParseAmount("115792089237316195423570985008687907853269984665640564039457584007913129639935")
	require.NoError(t, err)
	b.tx("C", tok("C", "T", 1))
	b.txs[2].Exec.Moves[0].Amount = most
	b.tx("T", tok("T", "X", 40))
	trace := b.run(t, seeds)
	require.Equal(t, []string{"balance TOKEN T: " + same("60"), "balance TOKEN X: " + same("40")}, lies(trace))
	why := ""
	for _, g := range trace.Gaps {
		why += g.Why
	}
	require.Contains(t, why, "no balance can hold as much")
}

// One log may move one asset several times to one place: every hop has an id of its own.
func TestBalancesOneLogTwice(t *testing.T) {
	b, seeds := theft(polygon, "NFT/7", 3)
	b.tx("T", mv{"T", "X", "NFT/7", 1}, mv{"T", "X", "NFT/7", 2})
	for i := range b.txs[2].Exec.Moves {
		b.txs[2].Exec.Moves[i].Kind, b.txs[2].Exec.Moves[i].Index = chains.MoveNFT, 5
	}
	trace := b.run(t, seeds)
	require.Len(t, trace.Hops, 2)
	require.NotEqual(t, trace.Hops[0].ID, trace.Hops[1].ID)
	require.Equal(t, []string{"balance NFT/7 X: " + same("3")}, lies(trace))
}

// What is swapped straight into a mixer ends there.
func TestSwapIntoMixer(t *testing.T) {
	b, seeds := theft(polygon, token, 10)
	b.tx("C", coin("", "pool", 1000))
	b.tx("T", tok("T", "pool", 10), coin("pool", "tornado", 100))
	trace := b.run(t, "known:\n  - {chain: polygon, address: tornado, kind: mixer, source: s}\n"+seeds)
	require.Equal(t, []string{"mixer native tornado: " + same("100")}, lies(trace))
	require.Equal(t, tracer.HopSwap, trace.Hops[0].Kind)
}

// placed is a codec that knows some contracts.
type placed struct{ plain }

func (placed) Place(chain chains.Chain, a chains.Address) (tracer.NodeKind, string, string, bool) {
	if chain == polygon && a == "hot" {
		return tracer.NodeService, "an exchange", "a list", true
	}
	return "", "", "", false
}

// Tables name services, whatever code is there; the incident wins over them.
func TestPlaces(t *testing.T) {
	b, seeds := theft(polygon, token, 10)
	b.tx("T", tok("T", "hot", 10))
	run := func(known string) *tracer.Trace {
		trace, err := tracer.Run(context.Background(), evmIncident(t, known+seeds), polygon, b.rewind(), placed{}, tracer.Options{})
		require.NoError(t, err)
		evmSound(t, trace)
		return trace
	}
	trace := run("")
	require.Equal(t, []string{"service TOKEN hot: " + same("10")}, lies(trace))
	last := trace.Nodes[len(trace.Nodes)-1]
	require.Equal(t, []string{"service", "an exchange", "a list"}, []string{string(last.Kind), last.Entity, last.Label})
	require.Equal(t, []string{"balance TOKEN hot: " + same("10")}, lies(run("known:\n  - {chain: polygon, address: hot, kind: wallet, source: s}\n")))
}

// An address whose code was seen to run is a contract where nobody tells what it is.
func TestBalancesGuessedContract(t *testing.T) {
	b, seeds := theft(polygon, token, 10)
	b.noState = true
	b.tx("T", tok("T", "Q", 4), tok("T", "R", 6))
	b.txs[2].Exec.Ran = []chains.Address{"Q"}
	require.ElementsMatch(t, []string{"contract TOKEN Q: " + same("4"), "balance TOKEN R: " + same("6")}, lies(b.run(t, seeds)))
}

// books opens chains of outputs.
type books map[chains.Chain]*book

func (b books) Open(_ context.Context, chain chains.Chain, _, _ int64) (tracer.Source, error) {
	return b[chain].rewind(), nil
}

// Over one chain of outputs RunAll is Run.
func TestRunAllOverOutputs(t *testing.T) {
	b, text := goldenBook(true)
	inc, err := tracer.ParseIncident("i.yaml", []byte("clew: incident/1\nid: x\nrule: fifo\n"+text), plain{})
	require.NoError(t, err)
	var swept []chains.Chain
	all, err := tracer.RunAll(context.Background(), inc, books{chain: b}, plain{}, tracer.Options{Sweeping: func(c chains.Chain) { swept = append(swept, c) }})
	require.NoError(t, err)
	one, err := tracer.Run(context.Background(), inc, chain, b.rewind(), plain{}, tracer.Options{})
	require.NoError(t, err)
	x, err := json.Marshal(all)
	require.NoError(t, err)
	y, err := json.Marshal(one)
	require.NoError(t, err)
	require.Equal(t, string(y), string(x))
	require.Equal(t, []chains.Chain{chain}, swept)
}

// sink takes the long parts of a trace.
type sink struct {
	hops []tracer.Hop
	ends []tracer.Endpoint
}

func (s *sink) Hop(h tracer.Hop) error                  { s.hops = append(s.hops, h); return nil }
func (s *sink) Endpoint(_ int, e tracer.Endpoint) error { s.ends = append(s.ends, e); return nil }

// A sink is given the hops of all chains in one order, and the trace keeps none.
func TestRunAllSink(t *testing.T) {
	a, b, seeds := twoChains()
	kept := newWorld(a, b).must(t, seeds)
	s := &sink{}
	trace, err := tracer.RunAll(context.Background(), evmIncident(t, seeds), newWorld(a, b), plain{}, tracer.Options{Sink: s})
	require.NoError(t, err)
	require.Equal(t, kept.Hops, s.hops)
	require.Equal(t, kept.Endpoints, s.ends)
	require.Empty(t, trace.Hops)
}

// A seed on a chain of outputs and one on a chain of accounts make one trace, each under the rules
// that it has.
func TestOutputsAndBalances(t *testing.T) {
	b := newBook()
	seed := b.mine("A", 1000)
	b.spend([]chains.OutPoint{seed}, pay{"C", 700}, pay{"D", 290})
	e, seeds := theft(polygon, token, 10)
	w := mixedWorld{newWorld(e), books{chain: b}}
	trace, err := tracer.RunAll(context.Background(), evmIncident(t, seeds+outSeed("V2", seed)), w, plain{}, tracer.Options{})
	require.NoError(t, err)
	sound(t, trace)
	rows, ok := trace.Conservation.Get(tracer.TIHO)
	require.True(t, ok)
	require.Len(t, rows, 1)
	rows, _ = trace.Conservation.Get(tracer.FIFO)
	require.Len(t, rows, 2)
}

type mixedWorld struct {
	accounts *world
	outputs  books
}

func (w mixedWorld) Open(ctx context.Context, c chains.Chain, height, unix int64) (tracer.Source, error) {
	if b := w.outputs[c]; b != nil {
		return b.rewind(), nil
	}
	return w.accounts.Open(ctx, c, height, unix)
}

// An account is as many hops from the seed as the shortest way to it.
func TestBalancesFewestHops(t *testing.T) {
	b, seeds := theft(polygon, token, 100)
	b.tx("T", tok("T", "X", 10), tok("T", "Y", 10))
	b.tx("Y", tok("Y", "X", 10))
	b.tx("X", tok("X", "Z", 20))
	require.Contains(t, lies(b.run(t, "stop: {hops: 3}\n"+seeds)), "balance TOKEN Z: "+same("20"))
	require.Contains(t, lies(b.run(t, "stop: {hops: 2}\n"+seeds)), "limit TOKEN X: "+same("10"))
}

// A token that claims more than can be counted takes nothing with it: what was given for it ends.
func TestSwapAbsurdToken(t *testing.T) {
	b, seeds := theft(polygon, token, 100)
	b.noState = true
	most, err := chains.ParseAmount("115792089237316195423570985008687907853269984665640564039457584007913129639935")
	require.NoError(t, err)
	for range 3 {
		b.tx("T", tok("T", "pool", 10), usd("pool", "T", 1))
		b.txs[len(b.txs)-1].Exec.Moves[1].Amount = most
	}
	trace := b.run(t, seeds)
	require.Contains(t, lies(trace), "balance TOKEN T: "+same("70"))
	require.Contains(t, lies(trace), "gap TOKEN T: 10 10 10 10 10 null 0")
}
