package tracer_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

// theft begins a chain in which S is given units of an asset and loses them to T.
func theft(chain chains.Chain, asset chains.Asset, units uint64) (*evmBook, string) {
	b := newEVM(chain)
	b.tx("S", mv{"", "S", asset, units})
	id := b.tx("S", mv{"S", "T", asset, units})
	return b, "seeds:\n" + txSeed("V1", chain, id, "T", asset)
}

func same(n string) string { return n + " " + n + " " + n + " " + n + " " + n + " null " + n }

// The fee is paid first, out of what the sender holds.
func TestBalancesFee(t *testing.T) {
	b, seeds := theft(polygon, chains.Native, 100)
	id := b.tx("T", fee("T", 10), coin("T", "X", 90))
	trace := b.run(t, seeds)
	require.Equal(t, map[string]string{"native fee": same("10"), "native X": same("90")}, went(trace, id))
	require.Equal(t, []string{"fee native : " + same("10"), "balance native X: " + same("90")}, lies(trace))
	require.Equal(t, "proven", trace.Hops[0].Legs[0].Evidence)
	require.Equal(t, "attested", trace.Hops[1].Legs[0].Evidence)
	require.Equal(t, []tracer.Position{{Kind: "fee", Value: "fee"}}, trace.Hops[0].Legs[0].Positions)
	require.Equal(t, []tracer.Position{{Kind: "call", Value: "0"}}, trace.Hops[1].Legs[0].Positions)
}

// Who signs the transaction in which a seed is received pays its fee: of what was there before,
// and the seed is what was received.
func TestBalancesSeedOfTheSigner(t *testing.T) {
	b := newEVM(polygon)
	b.tx("S", coin("", "T", 7))
	id := b.tx("T", fee("T", 2), coin("V", "T", 100))
	trace := b.run(t, "seeds:\n"+txSeed("V1", polygon, id, "T", chains.Native))
	require.Equal(t, chains.Units(100), trace.Seeds[0].Units)
	require.Contains(t, lies(trace), "balance native T: 100 100 100 100 100 null 105")
}

// A failed transaction pays its fee and moves nothing.
func TestBalancesFailed(t *testing.T) {
	b, seeds := theft(polygon, chains.Native, 100)
	id := b.tx("T", fee("T", 10))
	b.txs[len(b.txs)-1].Exec.Failed = true
	trace := b.run(t, seeds)
	require.Equal(t, map[string]string{"native fee": same("10")}, went(trace, id))
	require.Contains(t, lies(trace), "balance native T: "+same("90"))
}

// Assets are pots of their own: what is paid in one does not touch another.
func TestBalancesAssetsApart(t *testing.T) {
	b, seeds := theft(polygon, token, 100)
	b.tx("C", usd("", "C", 500), coin("", "C", 500))
	b.tx("C", coin("C", "T", 70))
	id := b.tx("T", fee("T", 5), coin("T", "X", 20), tok("T", "X", 40), coin("T", "X", 10), tok("T", "Y", 60))
	trace := b.run(t, seeds)
	require.Equal(t, map[string]string{"TOKEN X": same("40"), "TOKEN Y": same("60")}, went(trace, id))
	require.Equal(t, []tracer.AssetInfo{{Chain: polygon, Asset: token, Decimals: -1, Claimed: true}}, trace.Assets)
}

// A contract that passes everything on is a pot of that moment: of two givers, the first one's
// units leave first under fifo.
func TestBalancesThrough(t *testing.T) {
	b, seeds := theft(polygon, token, 60)
	b.tx("C", tok("", "C", 500))
	id := b.tx("C", tok("C", "router", 40), tok("T", "router", 60), tok("router", "X", 50), tok("router", "Y", 50))
	trace := b.run(t, seeds)
	require.Equal(t, "10 50 30 10 50 null 50", went(trace, id)["TOKEN X"])
	require.Equal(t, "50 10 30 50 10 null 50", went(trace, id)["TOKEN Y"])
	require.Len(t, trace.Hops, 3)
	require.Equal(t, "transfer", string(trace.Hops[1].Kind))
	require.Equal(t, "router", address(trace, trace.Hops[1].Legs[0].From[0].Node))
}

// A contract that keeps what it got is where a branch ends, unless the incident names it a wallet.
func TestBalancesContractKeeps(t *testing.T) {
	b, seeds := theft(polygon, token, 60)
	b.tx("T", tok("T", "vault", 60))
	out := b.tx("vault", tok("vault", "X", 60))
	require.Equal(t, []string{"contract TOKEN vault: " + same("60")}, lies(b.run(t, seeds)))
	known := "known:\n  - {chain: polygon, address: vault, kind: wallet, entity: the thief, source: a note}\n"
	trace := b.run(t, known+seeds)
	require.Equal(t, map[string]string{"TOKEN X": same("60")}, went(trace, out))
	for kind, reason := range map[string]string{"service": "service", "mixer": "mixer", "bridge": "bridge", "pool": "contract"} {
		trace := b.run(t, "known:\n  - {chain: polygon, address: T2, kind: "+kind+", source: a note}\n  - {chain: polygon, address: vault, kind: "+kind+", entity: whose, source: who says it}\n"+seeds)
		require.Equal(t, []string{reason + " TOKEN vault: " + same("60")}, lies(trace))
		for _, n := range trace.Nodes {
			if n.Address == "vault" {
				require.Equal(t, []string{kind, "whose", "who says it"}, []string{string(n.Kind), n.Entity, n.Label})
			}
		}
	}
}

// What is destroyed is an endpoint, and what is made without payment is clean.
func TestBalancesBurnMint(t *testing.T) {
	b, seeds := theft(polygon, token, 60)
	b.tx("T", tok("", "T", 40), tok("T", "", 70))
	trace := b.run(t, seeds)
	require.Equal(t, []string{"balance TOKEN T: 0 30 18 30 0 null 30", "burn TOKEN : 60 30 42 30 60 null 70"}, lies(trace))
}

// A swap gives lots of one asset for lots of another: floor of the sums, so that they add up.
func TestSwapRounds(t *testing.T) {
	b, seeds := theft(polygon, token, 7)
	b.tx("C", tok("", "C", 500), usd("", "pool", 1000))
	b.tx("C", tok("C", "T", 6))
	id := b.tx("T", tok("T", "pool", 13), usd("pool", "T", 5))
	trace := b.run(t, seeds)
	// fifo: 7 stolen, 6 clean: floor(5·7/13)=2. lifo: 6 clean, 7 stolen: 5−floor(5·6/13)=3.
	require.Equal(t, map[string]string{"USD T": "2 3 2 3 2 null 5"}, went(trace, id))
	h := trace.Hops[0]
	require.Equal(t, "swap", string(h.Kind))
	require.Equal(t, []chains.Asset{token, dollar}, []chains.Asset{h.Legs[0].Asset, h.Legs[1].Asset})
	require.Equal(t, "7 7 7 7 7 null 13", values(*h.Given))
	basis, _ := h.Basis.Get(tracer.FIFO)
	require.Equal(t, tracer.Conversion, basis)
	rows, _ := trace.Conservation.Get(tracer.LIFO)
	require.Len(t, rows, 2)
	require.Equal(t, []chains.Amount{chains.Units(7), chains.Units(3)}, []chains.Amount{rows[0].ConvertedOut, rows[1].ConvertedIn})
	require.Contains(t, lies(trace), "balance USD T: 2 3 2 3 2 null 5")
}

// Several victims stay apart through a swap.
func TestSwapKeepsSeeds(t *testing.T) {
	b := newEVM(polygon)
	b.tx("C", tok("", "C", 500), usd("", "pool", 1000))
	v1, v2 := b.tx("C", tok("C", "T", 10)), b.tx("C", tok("C", "T", 20))
	b.tx("T", tok("T", "pool", 30), usd("pool", "T", 60))
	trace := b.run(t, "seeds:\n"+txSeed("V1", polygon, v1, "T", token)+txSeed("V2", polygon, v2, "T", token))
	by := trace.Hops[0].TracedBySeed
	require.Equal(t, same("20"), values(by[0].Traced)[:len(same("20"))-2]+"20")
	require.Equal(t, "40 40 40 40 40 null 60", values(by[1].Traced))
}

// Wrapping the native coin and unwrapping it keeps the basis.
func TestWrapKeepsBasis(t *testing.T) {
	b, seeds := theft(polygon, chains.Native, 100)
	weth := chains.Asset("weth")
	b.tx("T", coin("T", "weth", 100), mv{"", "T", weth, 100})
	m := &b.txs[2].Exec.Moves[1]
	m.Kind = chains.MoveWrap
	b.tx("T", mv{"T", "", weth, 100}, coin("weth", "T", 100))
	b.txs[3].Exec.Moves[1].Kind = chains.MoveUnwrap
	b.txs[3].Exec.Moves[0], b.txs[3].Exec.Moves[1] = b.txs[3].Exec.Moves[1], b.txs[3].Exec.Moves[0]
	b.txs[3].Exec.Moves[1].Kind, b.txs[3].Exec.Moves[0].Kind = chains.MoveUnwrap, chains.MoveCall
	trace := b.run(t, seeds)
	require.Equal(t, []string{"balance native T: " + same("100")}, lies(trace))
	for _, h := range trace.Hops {
		require.Equal(t, tracer.HopSwap, h.Kind)
		basis, ok := h.Basis.Get(tracer.FIFO)
		require.True(t, ok)
		require.Equal(t, tracer.Whole, basis)
	}
	require.Len(t, trace.Hops, 2)
}

// Of several assets received, each stands for all that was given; what was given counts once.
func TestSwapSeveralReceived(t *testing.T) {
	b, seeds := theft(polygon, token, 10)
	b.tx("C", usd("", "pool", 1000), coin("", "pool", 1000))
	id := b.tx("T", tok("T", "", 10), coin("pool", "T", 30), usd("pool", "T", 7))
	trace := b.run(t, seeds)
	require.Equal(t, map[string]string{"USD T": same("7"), "native T": same("30")}, went(trace, id))
	require.Equal(t, same("10"), values(*trace.Hops[0].Given))
	require.Equal(t, same("0"), values(*trace.Hops[1].Given))
}

// Of several assets given without anything that tells what each was worth, every accounting rule
// ends, with both extremes; poison goes on.
func TestSwapSeveralGiven(t *testing.T) {
	b, seeds := theft(polygon, token, 10)
	b.tx("C", usd("", "C", 100))
	b.tx("C", usd("C", "T", 40))
	id := b.tx("T", tok("T", "pool", 10), usd("T", "pool", 40), mv{"", "T", "SHARE", 50})
	trace := b.run(t, knownPool+seeds)
	require.Equal(t, map[string]string{"SHARE T": strings.Repeat("null ", 6) + "50"}, went(trace, id))
	require.Len(t, trace.Gaps, 1)
	require.Contains(t, trace.Gaps[0].Effect, "between 0 and 50 of the 50 units of SHARE")
	require.Equal(t, []string{"gap TOKEN T: 10 10 10 10 10 null 0", "balance SHARE T: 0 0 0 0 0 null 50"}, sorted(lies(trace)))
}

func sorted(all []string) []string {
	for i := range all {
		for j := i; j > 0 && all[j-1] < all[j]; j-- {
			all[j-1], all[j] = all[j], all[j-1]
		}
	}
	return []string{all[0], all[1]}
}

// What an account pays out beyond what it was seen to hold is clean, oldest, and a gap.
func TestBalancesOverdrawn(t *testing.T) {
	b, seeds := theft(polygon, token, 10)
	b.noState = true
	id := b.tx("T", tok("T", "X", 25))
	trace := b.run(t, seeds)
	require.Equal(t, map[string]string{"TOKEN X": "10 10 10 10 10 null 25"}, went(trace, id))
	rows, _ := trace.Conservation.Get(tracer.FIFO)
	require.Equal(t, chains.Units(15), rows[0].Unexplained)
	whats := ""
	for _, g := range trace.Gaps {
		whats += g.What + "|" + g.Why + "\n"
	}
	require.Contains(t, whats, "15 units of TOKEN of T|the account pays out more than it was seen to hold")
	require.Contains(t, whats, "opening balances of 2 accounts, the first of them T in TOKEN")
	require.Contains(t, whats, "balances were not compared")
	require.Contains(t, whats, "what accounts are")
}

// An account opens with what it held before, also with what came in the same transaction.
func TestBalancesOpening(t *testing.T) {
	b := newEVM(polygon)
	b.tx("C", tok("", "C", 100), tok("", "T", 5))
	id := b.tx("C", tok("C", "T", 3), tok("C", "M", 1), tok("M", "T", 1), tok("C", "T", 12))
	trace := b.run(t, "seeds:\n  - {chain: polygon, tx: "+id.String()+", to: T, asset: TOKEN, amount: \"12\", take: last}\n")
	require.Empty(t, trace.Gaps)
	require.Equal(t, []string{"balance TOKEN T: 12 12 12 12 12 null 21"}, lies(trace))
	stated := b.run(t, "openings:\n  - {chain: polygon, address: T, asset: TOKEN, amount: \"9\", source: s}\nseeds:\n"+txSeed("V1", polygon, id, "T", token))
	require.Len(t, stated.Gaps, 1, "the node says another balance than was stated")
	require.Equal(t, "opening balance of T: 5 units of TOKEN by the chain, 9 as stated (s)", stated.Gaps[0].What)
	require.Equal(t, lies(b.run(t, "seeds:\n"+txSeed("V1", polygon, id, "T", token))), lies(stated), "the chain's own number counts")
}

// A balance that changes without a movement is found to the block: more is clean, less leaves by
// the rule.
func TestBalancesAudit(t *testing.T) {
	b, seeds := theft(polygon, token, 100)
	for range 40 {
		b.tx("C", coin("", "C", 1))
	}
	b.tx("T", tok("T", "X", 10))
	b.drift["T"] = []drift{{17, token, 40}, {29, token, -60}}
	trace := b.run(t, seeds)
	require.Len(t, trace.Gaps, 2)
	heights := map[int64]string{}
	for _, g := range trace.Gaps {
		require.Equal(t, *g.FromHeight, *g.ToHeight)
		heights[*g.FromHeight] = g.What
	}
	require.Equal(t, map[int64]string{17: "40 units of TOKEN of T", 29: "60 units of TOKEN of T"}, heights)
	require.Contains(t, lies(trace), "gap TOKEN T: 60 20 43 20 60 null 60")
	require.Equal(t, chains.Units(40), func() chains.Amount { r, _ := trace.Conservation.Get(tracer.FIFO); return r[0].Unexplained }())
}

// A token that takes a fee on the way brings less than its log says.
func TestBalancesFeeOnTransfer(t *testing.T) {
	b, seeds := theft(polygon, token, 100)
	b.tx("T", tok("T", "X", 50))
	b.drift["X"] = []drift{{3, token, -1}}
	trace := b.run(t, seeds)
	require.Len(t, trace.Gaps, 1)
	require.Equal(t, int64(3), *trace.Gaps[0].FromHeight)
	require.Contains(t, lies(trace), "gap TOKEN X: "+same("1"))
	require.Contains(t, lies(trace), "balance TOKEN X: "+same("49"))
}

// A node that does not tell of the calls inside, where it matters.
func TestBalancesUntraced(t *testing.T) {
	b, seeds := theft(polygon, token, 100)
	b.tx("T", tok("T", "X", 50))
	b.txs[2].Exec.Untraced = true
	trace := b.run(t, seeds)
	require.Len(t, trace.Gaps, 1)
	require.Contains(t, trace.Gaps[0].What, "internal calls of 1 transactions")
	require.Equal(t, int64(3), *trace.Gaps[0].FromHeight)
}

// Poison marks the whole of an account from the touch on, and passes through conversions.
func TestBalancesPoison(t *testing.T) {
	b, seeds := theft(polygon, token, 1)
	b.tx("T", tok("T", "X", 1))
	b.tx("C", tok("", "C", 500), usd("", "pool", 1000))
	b.tx("C", tok("C", "T", 50))
	id := b.tx("T", tok("T", "pool", 20), usd("pool", "T", 5))
	trace := b.run(t, seeds)
	require.Equal(t, map[string]string{"USD T": "0 0 0 0 0 null 5"}, went(trace, id))
	touched, err := tracer.Run(context.Background(), evmIncident(t, seeds), polygon, b.rewind(), plain{}, tracer.Options{TouchedOnly: true})
	require.NoError(t, err)
	evmSound(t, touched)
	require.Contains(t, lies(touched), "limit USD T: 0 0 0 0 0 null 5")
	cut := b.run(t, "stop: {touched: 1}\n"+seeds)
	require.Contains(t, lies(cut), "balance TOKEN X: "+same("1"))
	require.Empty(t, went(cut, id))
}

// Stops cut a branch, for each asset with its own least amount.
func TestBalancesStops(t *testing.T) {
	b, seeds := theft(polygon, token, 100)
	b.tx("T", tok("T", "X", 10), tok("T", "Y", 20))
	b.tx("Y", tok("Y", "Z", 20))
	trace := b.run(t, "stop: {dust: {TOKEN: \"11\", native: \"1000\"}}\n"+seeds)
	require.Contains(t, lies(trace), "dust TOKEN X: "+same("10"))
	require.Contains(t, lies(trace), "balance TOKEN Z: "+same("20"))
	trace = b.run(t, "stop: {hops: 1}\n"+seeds)
	require.Contains(t, lies(trace), "limit TOKEN Y: "+same("20"))
}

// What an address receives in a window, and a part of what it receives in a transaction.
func TestBalancesSeeds(t *testing.T) {
	b := newEVM(polygon)
	b.tx("S", tok("", "S", 100))
	b.tx("S", tok("S", "T", 10))
	two := b.tx("S", tok("S", "T", 20), tok("T", "Q", 5))
	b.tx("S", tok("S", "T", 40))
	trace := b.run(t, "seeds:\n  - {id: V1, chain: polygon, address: T, asset: TOKEN, from: 2, to: 3}\n")
	require.Len(t, trace.Seeds, 2)
	require.Equal(t, chains.Units(15), trace.Seeds[1].Units)
	last := b.run(t, "seeds:\n  - {id: V1, chain: polygon, tx: "+two.String()+", to: T, asset: TOKEN, amount: \"4\", take: last}\n")
	require.Contains(t, lies(last), "balance TOKEN T: 4 0 3 4 0 null 65")
	_, err := b.try(t, "seeds:\n  - {id: V1, chain: polygon, tx: "+two.String()+", to: T, asset: TOKEN, amount: \"16\", take: first}\n")
	require.ErrorContains(t, err, "amount 16 is more than the 15 received")
	_, err = b.try(t, "seeds:\n"+txSeed("V1", polygon, two, "X", token))
	require.ErrorIs(t, err, chains.ErrNotFound)
	_, err = b.try(t, "seeds:\n"+txSeed("V1", polygon, two, "T", token)+"  - {id: V2, chain: polygon, address: T, asset: TOKEN, from: 1, to: 9}\n")
	require.ErrorContains(t, err, "two seeds overlap")
}
