package tracer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/chains"
	"clew/tracer"
)

// world is several chains in memory, opened by name. It counts how often each is.
type world struct {
	books  map[chains.Chain]*evmBook
	opened []chains.Chain
}

func newWorld(books ...*evmBook) *world {
	w := &world{books: map[chains.Chain]*evmBook{}}
	for _, b := range books {
		w.books[b.chain] = b
	}
	return w
}

func (w *world) Open(_ context.Context, chain chains.Chain, _, _ int64) (tracer.Source, error) {
	b := w.books[chain]
	if b == nil {
		return nil, fmt.Errorf("%s: %w", chain, chains.ErrUnsupported)
	}
	w.opened = append(w.opened, chain)
	return b.rewind(), nil
}

func (w *world) run(t reporter, rest string) (*tracer.Trace, error) {
	t.Helper()
	return tracer.RunAll(context.Background(), evmIncident(t, rest), w, plain{}, tracer.Options{})
}

func (w *world) must(t reporter, rest string) *tracer.Trace {
	t.Helper()
	trace, err := w.run(t, rest)
	require.NoError(t, err)
	evmSound(t, trace)
	return trace
}

// FindEvents looks through the whole chain.
func (b *evmBook) FindEvents(_ context.Context, q chains.EventQuery) ([]*chains.Tx, error) {
	var found []*chains.Tx
	for _, tx := range b.txs {
		for i := range tx.Exec.Events {
			if e := &tx.Exec.Events[i]; q.Answers(*e) && tx.Block.Time >= q.Since {
				found = append(found, tx)
				break
			}
		}
	}
	return found, nil
}

// over sends units of the token over a bridge, and lets got of them arrive.
func over(from, to *evmBook, sender, receiver, key string, units, got uint64) (out, in chains.TxID) {
	from.height = max(from.height, to.height)
	out = from.tx(sender, tok(sender, "bridge", units))
	from.event(chains.Event{Kind: chains.EventBridgeOut, Protocol: "nomad", Name: "Dispatch", Emitter: "bridge", Registered: true, Key: key,
		Peer: to.chain, Asset: token, Amount: chains.Units(units), Fields: []chains.Field{{Name: "amount", Value: fmt.Sprint(units)}}})
	to.height = max(from.height, to.height)
	in = to.tx("relayer", tok("bridge", receiver, got))
	to.event(chains.Event{Kind: chains.EventBridgeIn, Protocol: "nomad", Name: "Process", Emitter: "bridge", Registered: true, Key: key,
		Account: chains.Address(receiver), Asset: token, Amount: chains.Units(got), Fields: []chains.Field{{Name: "amount", Value: fmt.Sprint(units)}}})
	return out, in
}

// twoChains steals 100 of the token on polygon and brings 60 of them to ethereum, where 57 arrive.
func twoChains() (a, b *evmBook, seeds string) {
	a, seeds = theft(polygon, token, 100)
	b = newEVM(ethereum)
	for _, book := range []*evmBook{a, b} {
		book.tokens[token] = chains.Token{Asset: token, Symbol: "TKN", Decimals: 6}
	}
	b.tx("bridge", tok("", "bridge", 1000))
	over(a, b, "T", "R", "k1", 60, 57)
	return a, b, seeds
}

func TestBridgeFollowed(t *testing.T) {
	a, b, seeds := twoChains()
	out := b.tx("R", tok("R", "X", 57))
	w := newWorld(a, b)
	trace := w.must(t, seeds)
	require.ElementsMatch(t, []string{"balance TOKEN T: " + same("40"), "balance TOKEN X: " + same("57"), "fee TOKEN : " + same("3")}, lies(trace))
	require.Len(t, trace.Hops, 3)
	h := trace.Hops[0]
	require.Equal(t, tracer.HopBridge, h.Kind)
	require.Equal(t, &tracer.Link{Protocol: "nomad", Key: "k1"}, h.Link)
	require.Equal(t, []chains.Chain{polygon, ethereum}, []chains.Chain{h.Legs[0].Chain, h.Legs[1].Chain})
	require.Equal(t, []string{"T", "bridge", "bridge", "R"}, []string{address(trace, h.Legs[0].From[0].Node), address(trace, h.Legs[0].To),
		address(trace, h.Legs[1].From[0].Node), address(trace, h.Legs[1].To)})
	require.Equal(t, same("60"), values(*h.Given))
	require.Equal(t, tracer.HopFee, trace.Hops[1].Kind)
	require.Equal(t, "attested", trace.Hops[1].Legs[1].Evidence, "no movement shows it")
	basis, _ := h.Basis.Get(tracer.FIFO)
	require.Equal(t, tracer.BridgeKey, basis)
	require.Equal(t, map[string]string{"TOKEN X": same("57")}, went(trace, out))
	require.Len(t, trace.AsOf, 2)
	require.Equal(t, []tracer.AssetInfo{{Chain: polygon, Asset: token, Symbol: "TKN", Decimals: 6, Claimed: true},
		{Chain: ethereum, Asset: token, Symbol: "TKN", Decimals: 6, Claimed: true}}, trace.Assets)
	require.Empty(t, trace.Gaps)
}

// Over a bridge and back again: the first chain is swept again with what comes back.
func TestBridgeThereAndBack(t *testing.T) {
	a, b, seeds := twoChains()
	over(b, a, "R", "T", "k2", 57, 57)
	over(a, b, "T", "Q", "k3", 97, 97)
	w := newWorld(a, b)
	trace := w.must(t, seeds)
	require.ElementsMatch(t, []string{"balance TOKEN Q: " + same("97"), "fee TOKEN : " + same("3")}, lies(trace))
	for i, h := range trace.Hops {
		require.Equal(t, i+1, h.Number)
	}
	again := newWorld(a, b).must(t, seeds)
	one, err := json.Marshal(trace)
	require.NoError(t, err)
	two, err := json.Marshal(again)
	require.NoError(t, err)
	require.Equal(t, string(one), string(two))
}

// Where a bridge leads nowhere that is known, the branch ends there and says what was looked for.
func TestBridgeNotFollowed(t *testing.T) {
	for name, c := range map[string]struct {
		change func(a, b *evmBook) *world
		says   string
		reason tracer.Reason
	}{
		"no node": {func(a, _ *evmBook) *world { return newWorld(a) }, "nothing of ethereum was given to read", tracer.ReasonBridge},
		"no such key": {func(a, b *evmBook) *world { b.txs[1].Exec.Events = nil; return newWorld(a, b) },
			"nothing on ethereum has this key", tracer.ReasonPending},
		"another field": {func(a, b *evmBook) *world { b.txs[1].Exec.Events[0].Fields[0].Value = "61"; return newWorld(a, b) },
			"does not agree", tracer.ReasonBridge},
		"forged there": {func(a, b *evmBook) *world { b.txs[1].Exec.Events[0].Registered = false; return newWorld(a, b) },
			"nothing on ethereum has this key", tracer.ReasonPending},
		"before it left": {func(a, b *evmBook) *world { b.txs[1].Block.Time -= 100; return newWorld(a, b) },
			"nothing on ethereum has this key", tracer.ReasonPending},
		"twice": {func(a, b *evmBook) *world {
			b.txs[1].Exec.Events = append(b.txs[1].Exec.Events, b.txs[1].Exec.Events[0])
			return newWorld(a, b)
		}, "2 events on ethereum agree", tracer.ReasonBridge},
		"in several movements": {func(a, b *evmBook) *world {
			x := b.txs[1].Exec
			x.Moves = append(x.Moves, x.Moves[0])
			x.Moves[0].Amount, x.Moves[1].Amount = chains.Units(30), chains.Units(27)
			return newWorld(a, b)
		}, "it arrived in several movements", tracer.ReasonBridge},
	} {
		t.Run(name, func(t *testing.T) {
			a, b, seeds := twoChains()
			trace := c.change(a, b).must(t, seeds)
			require.Contains(t, lies(trace), string(c.reason)+" TOKEN bridge: "+same("60"))
			require.Len(t, trace.Gaps, 1)
			require.Contains(t, trace.Gaps[0].Why, c.says)
			if c.reason == tracer.ReasonPending {
				require.Len(t, trace.Findings, 1)
				require.Equal(t, "bridge-pending", trace.Findings[0].Heuristic)
				require.Equal(t, []string{trace.Findings[0].ID}, trace.Hops[0].Findings)
			} else {
				require.Empty(t, trace.Findings)
			}
			for _, e := range trace.Endpoints {
				if e.Reason == c.reason {
					require.Contains(t, e.Note, c.says)
					require.Contains(t, e.Note, "nomad")
				}
			}
		})
	}
	a, b, seeds := twoChains()
	a.txs[2].Exec.Events[0].Registered = false // anybody can write such an event
	forged := newWorld(a, b).must(t, seeds)
	require.Contains(t, lies(forged), "contract TOKEN bridge: "+same("60"))
	require.Len(t, forged.Gaps, 1)
	require.Contains(t, forged.Gaps[0].Why, "nomad, Dispatch, key k1: logged by a contract that is not known")
	named := ""
	for _, chain := range []chains.Chain{polygon, ethereum} {
		named += fmt.Sprintf("  - {chain: %s, address: bridge, kind: bridge, protocol: nomad, source: a note}\n", chain)
	}
	trace := newWorld(a, b).must(t, "known:\n"+named+seeds)
	require.Contains(t, lies(trace), "balance TOKEN R: "+same("57"))
	a.txs[2].Exec.Events = nil
	silent := newWorld(a, b).must(t, "known:\n"+named+seeds)
	require.Contains(t, lies(silent), "bridge TOKEN bridge: "+same("60"))
	require.Len(t, silent.Gaps, 1)
	require.Contains(t, silent.Gaps[0].Why, "no departure over a bridge")
}

// A token of other decimals arrives in its own units.
func TestBridgeDecimals(t *testing.T) {
	a, b, seeds := twoChains()
	b.tokens[token] = chains.Token{Asset: token, Decimals: 8}
	b.txs[1].Exec.Moves[0].Amount = chains.Units(5800)
	b.txs[1].Exec.Events[0].Amount = chains.Units(5800)
	b.txs[0].Exec.Moves[0].Amount = chains.Units(100000)
	trace := newWorld(a, b).must(t, seeds)
	require.ElementsMatch(t, []string{"balance TOKEN T: " + same("40"), "balance TOKEN R: " + same("5800"), "fee TOKEN : " + same("200")}, lies(trace))
}

// adoptCase deposits 100 of the native coin and withdraws 99 to W and 1 to a relayer.
func adoptCase() (b *evmBook, deposit, withdrawal chains.TxID, seeds string) {
	b, seeds = theft(polygon, chains.Native, 100)
	b.tx("C", coin("", "C", 500))
	b.tx("C", coin("C", "tornado", 100))
	deposit = b.tx("T", coin("T", "router", 100), coin("router", "tornado", 100))
	b.event(chains.Event{Kind: chains.EventMixerIn, Protocol: "tornado", Name: "Deposit", Emitter: "tornado", Registered: true,
		Asset: chains.Native, Amount: chains.Units(100), Fields: []chains.Field{{Name: "leafIndex", Value: "17"}}})
	withdrawal = b.tx("relayer", coin("tornado", "W", 99), coin("tornado", "relayer", 1))
	b.tx("W", coin("W", "X", 50))
	return b, deposit, withdrawal, seeds
}

// At a mixer the trace ends with the deposit and a finding.
func TestMixerEnds(t *testing.T) {
	b, _, _, seeds := adoptCase()
	trace := b.run(t, seeds)
	require.Equal(t, []string{"mixer native tornado: " + same("100")}, lies(trace))
	require.Len(t, trace.Findings, 1)
	f := trace.Findings[0]
	require.Equal(t, "tornado-deposit", f.Heuristic)
	require.Contains(t, f.Says, "17 deposits were made to it before; later ones")
	require.Nil(t, f.Error)
	require.Equal(t, []string{f.ID}, trace.Hops[1].Findings)
	require.Empty(t, trace.Hops[0].Findings)
	trace.Hops[1].Findings[0] = "another"
	require.ErrorIs(t, trace.Check(), tracer.ErrAltered)
}

// What the analyst adopts goes on behind the mixer, and everything behind it is adopted.
func TestAdopted(t *testing.T) {
	b, deposit, withdrawal, seeds := adoptCase()
	adopt := fmt.Sprintf("adopt:\n  - {from: \"polygon:%s\", to: \"polygon:0x%s:W\", reason: the amounts agree}\n", deposit, withdrawal)
	for name, run := range map[string]func() (*tracer.Trace, error){
		"one chain": func() (*tracer.Trace, error) { return b.try(t, adopt+seeds) },
		"rounds":    func() (*tracer.Trace, error) { return newWorld(b).run(t, adopt+seeds) },
	} {
		t.Run(name, func(t *testing.T) {
			trace, err := run()
			require.NoError(t, err)
			evmSound(t, trace)
			require.ElementsMatch(t, []string{"balance native W: " + same("49"), "balance native X: " + same("50"), "fee native : " + same("1")}, lies(trace))
			for _, h := range trace.Hops[1:] {
				basis, _ := h.Basis.Get(tracer.FIFO)
				require.Equal(t, tracer.Adopted, basis)
			}
			require.Equal(t, tracer.HopMixer, trace.Hops[1].Kind)
			require.Equal(t, []string{"router", "tornado", "tornado", "W"}, []string{
				address(trace, trace.Hops[1].Legs[0].From[0].Node), address(trace, trace.Hops[1].Legs[0].To),
				address(trace, trace.Hops[1].Legs[1].From[0].Node), address(trace, trace.Hops[1].Legs[1].To)})
		})
	}
	part := strings.Replace(adopt, "reason", "units: \"40\", reason", 1)
	trace := b.run(t, part+seeds)
	require.ElementsMatch(t, []string{"mixer native tornado: " + same("60"), "balance native X: 40 0 20 0 40 null 50", "balance native W: 0 40 20 40 0 null 49"}, lies(trace))
}

// What was never in the mixer cannot be adopted: the error names the line.
func TestAdoptedRefused(t *testing.T) {
	b, deposit, withdrawal, seeds := adoptCase()
	for name, c := range map[string]struct{ from, to, says string }{
		"not a deposit of ours": {b.txs[3].ID.String(), withdrawal.String() + ":W", "incident.yaml:5: field adopt[0]: no traced value goes into a mixer or a bridge"},
		"before the deposit":    {deposit.String(), b.txs[2].ID.String() + ":C", "incident.yaml:5: field adopt[0]: in "},
		"not to him":            {deposit.String(), withdrawal.String() + ":Y", "Y receives nothing of native"},
	} {
		t.Run(name, func(t *testing.T) {
			adopt := fmt.Sprintf("adopt:\n  - {from: \"polygon:%s\", to: \"polygon:%s\", reason: r}\n", c.from, c.to)
			_, err := newWorld(b).run(t, adopt+seeds)
			require.ErrorContains(t, err, c.says)
		})
	}
}

// Two seeds on two chains make one trace.
func TestSeedsOnTwoChains(t *testing.T) {
	a, one := theft(polygon, token, 10)
	b, two := theft(ethereum, chains.Native, 20)
	seeds := one + strings.Replace(strings.TrimPrefix(two, "seeds:\n"), "V1", "V2", 1)
	trace := newWorld(a, b).must(t, seeds)
	require.Equal(t, []string{"balance TOKEN T: " + same("10"), "balance native T: " + same("20")}, lies(trace))
	require.Len(t, trace.Seeds, 2)
	_, err := a.try(t, seeds)
	require.ErrorContains(t, err, "one chain in a run")
}

// A trace of several chains that somebody changed is found out.
func TestCheckFindsChangedConversions(t *testing.T) {
	a, b, seeds := twoChains()
	for name, change := range map[string]func(*tracer.Trace){
		"what arrived":    func(t *tracer.Trace) { t.Hops[0].Traced.Value[0] = chains.Units(56) },
		"what was given":  func(t *tracer.Trace) { t.Hops[0].Given.Value[0] = chains.Units(59) },
		"no longer given": func(t *tracer.Trace) { t.Hops[0].Given = nil },
		"the place":       func(t *tracer.Trace) { t.Hops[0].Legs[1].To = "elsewhere" },
		"the other chain": func(t *tracer.Trace) { t.Hops[0].Legs[1].Chain = "bsc" },
		"the books": func(t *tracer.Trace) {
			t.Conservation.Value[0][0].ConvertedOut = chains.Units(61)
		},
	} {
		t.Run(name, func(t *testing.T) {
			trace := newWorld(a, b).must(t, seeds)
			change(trace)
			require.ErrorIs(t, trace.Check(), tracer.ErrAltered)
		})
	}
}

// Over bridges that take no fee, accounts on two chains hold what they would on one chain on which
// each passage was a payment: however often value goes there and back, under every rule.
func TestBridgesArePayments(t *testing.T) {
	checks(t, 300)
	rapid.Check(t, func(t *rapid.T) {
		a, b, one := newEVM(polygon), newEVM(ethereum), newEVM(polygon)
		held := map[string]int{}
		side := map[string]*evmBook{}
		all := []string{"A", "B", "C", "U", "V", "W"}
		for i, who := range all {
			side[who] = map[bool]*evmBook{true: a, false: b}[i < 3]
			held[who] = rapid.IntRange(1, 30).Draw(t, "has")
			for _, book := range []*evmBook{side[who], one} {
				book.tx(who, tok("", who, uint64(held[who])))
			}
		}
		for _, book := range []*evmBook{a, b} {
			book.tokens[token] = chains.Token{Asset: token, Decimals: 6}
			book.tx("bridge", tok("", "bridge", 1_000_000))
		}
		var stolen, same chains.TxID
		for n := range rapid.IntRange(2, 16).Draw(t, "payments") {
			from := rapid.SampledFrom(all).Draw(t, "from")
			if n == 0 {
				from = "A"
			}
			to := rapid.SampledFrom(slices.DeleteFunc(slices.Clone(all), func(w string) bool { return w == from || n == 0 && w != "B" })).Draw(t, "to")
			if held[from] == 0 {
				continue
			}
			units := rapid.IntRange(1, held[from]).Draw(t, "units")
			held[from], held[to] = held[from]-units, held[to]+units
			id := one.tx(from, tok(from, to, uint64(units)))
			a.height = max(a.height, b.height)
			b.height = a.height
			if side[from] == side[to] {
				other := side[from].tx(from, tok(from, to, uint64(units)))
				if n == 0 {
					stolen, same = other, id
				}
				continue
			}
			over(side[from], side[to], from, to, fmt.Sprint("k", n), uint64(units), uint64(units))
		}
		two := newWorld(a, b).must(t, "seeds:\n"+txSeed("V1", polygon, stolen, "B", token))
		require.ElementsMatch(t, lies(one.run(t, "seeds:\n"+txSeed("V1", polygon, same, "B", token))), lies(two))
	})
}
