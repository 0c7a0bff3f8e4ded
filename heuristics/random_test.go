package heuristics_test

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/chains"
	"clew/heuristics"
)

// nets are signed sums for each holding.
type nets map[heuristics.Holding]*big.Int

func (n nets) add(a chains.Address, asset chains.Asset, units chains.Amount, sign int64) {
	h := heuristics.Holding{Account: a, Asset: asset}
	if n[h] == nil {
		n[h] = new(big.Int)
	}
	v, _ := new(big.Int).SetString(units.String(), 10)
	n[h].Add(n[h], v.Mul(v, big.NewInt(sign)))
}

// ends keeps the holdings of accounts where steps end.
func (n nets) ends() map[string]string {
	kept := map[string]string{}
	for h, v := range n {
		if h.Account != "" && byName(h.Account) != heuristics.RoleContract && byName(h.Account) != heuristics.RolePool && v.Sign() != 0 {
			kept[fmt.Sprint(h)] = v.String()
		}
	}
	return kept
}

func movesNets(x *chains.Execution) nets {
	n := nets{}
	for i := range x.Moves {
		m := &x.Moves[i]
		n.add(m.From, m.Asset, m.Amount, -1)
		n.add(m.To, m.Asset, m.Amount, 1)
	}
	return n
}

func stepsNets(s heuristics.Settlement) nets {
	n := nets{}
	for _, p := range s.Steps {
		n.add(p.From, p.Asset, p.Units, -1)
		n.add(p.To, p.Asset, p.Units, 1)
	}
	return n
}

// checkSettlement asserts what holds of every settlement.
func checkSettlement(t require.TestingT, x *chains.Execution, s heuristics.Settlement) {
	require.Equal(t, movesNets(x).ends(), stepsNets(s).ends(), "what steps do to a party is what the moves did")
	given, received := make([]int, len(s.Conversions)), make([]int, len(s.Conversions))
	for _, p := range s.Steps {
		require.False(t, p.Units.IsZero(), "a step of nothing")
		require.NotEmpty(t, p.Moves, "a step without a move")
		require.True(t, slices.IsSorted(p.Moves))
		switch p.Kind {
		case heuristics.StepGive:
			c := s.Conversions[p.Conversion]
			require.Zero(t, received[p.Conversion], "a take before a give")
			require.Equal(t, heuristics.Leg{Account: p.From, Asset: p.Asset, Units: p.Units}, c.Given[given[p.Conversion]], "weights go by the order of gives")
			require.Equal(t, c.Giver, p.From)
			given[p.Conversion]++
		case heuristics.StepTake:
			require.Contains(t, s.Conversions[p.Conversion].Received, heuristics.Leg{Account: p.To, Asset: p.Asset, Units: p.Units})
			received[p.Conversion]++
		case heuristics.StepTransfer:
			require.Equal(t, -1, p.Conversion)
		}
	}
	for i, c := range s.Conversions {
		require.Equal(t, len(c.Given), given[i])
		require.Equal(t, len(c.Received), received[i])
		require.NotEmpty(t, c.Given)
		require.NotEmpty(t, c.Received)
		require.NotEqual(t, heuristics.RolePool, byName(c.Giver))
		require.NotEqual(t, heuristics.RolePool, byName(c.Receiver))
	}
	checkPots(t, x, s)
}

// checkPots asserts that steps of one holding stand in the order of their moves, where each
// stands for one move, and that what passes through a contract was there before.
func checkPots(t require.TestingT, x *chains.Execution, s heuristics.Settlement) {
	last := map[heuristics.Holding]int{}
	held := nets{}
	for _, p := range s.Steps {
		m := x.Moves[p.Moves[0]]
		for _, a := range []chains.Address{p.From, p.To} {
			h := heuristics.Holding{Account: a, Asset: p.Asset}
			if p.Kind == heuristics.StepTransfer && len(p.Moves) == 1 && p.From == m.From && p.To == m.To && p.Units == m.Amount {
				require.GreaterOrEqual(t, p.Moves[0], last[h], "order within a holding")
				last[h] = p.Moves[0]
			}
		}
		held.add(p.From, p.Asset, p.Units, -1)
		held.add(p.To, p.Asset, p.Units, 1)
		if s.Through[heuristics.Holding{Account: p.From, Asset: p.Asset}] {
			require.GreaterOrEqual(t, held[heuristics.Holding{Account: p.From, Asset: p.Asset}].Sign(), 0, "it paid what it had not got")
		}
	}
	for h := range s.Through {
		require.GreaterOrEqual(t, held[h].Sign(), 0, "a contract that is passed through spent its own")
	}
}

// TestRandomMoves settles moves without any sense: whatever happens, the sums are kept.
func TestRandomMoves(t *testing.T) {
	accounts := []chains.Address{"S", "P1", "P2", "P3", "C1", "C2", "L1", "L2", "M", "B", ""}
	assets := []chains.Asset{chains.Native, "USDC", "WETH", "LP", "APE/7"}
	rapid.Check(t, func(t *rapid.T) {
		x := &chains.Execution{Sender: "S"}
		for range rapid.IntRange(0, 14).Draw(t, "moves") {
			m := chains.Move{
				Kind: chains.MoveToken, Asset: rapid.SampledFrom(assets).Draw(t, "asset"), Amount: chains.Units(rapid.Uint64Range(1, 9).Draw(t, "units")),
				From: rapid.SampledFrom(accounts).Draw(t, "from"), To: rapid.SampledFrom(accounts).Draw(t, "to"),
			}
			x.Moves = append(x.Moves, m)
		}
		s := heuristics.Settle(&chains.Tx{Exec: x}, byName)
		checkSettlement(t, x, s)
		require.Equal(t, s, heuristics.Settle(&chains.Tx{Exec: x}, byName), "the same moves, another settlement")
	})
}

// builder makes transactions as routers, pools and markets do, and knows what each party wanted.
type builder struct {
	t    *rapid.T
	x    *chains.Execution
	want []string // "P gave 10 A got 7 B", a line for each conversion
	next int
}

func (b *builder) units(name string) chains.Amount {
	return chains.Units(rapid.Uint64Range(1_000, 1_000_000).Draw(b.t, name))
}

func (b *builder) name(kind string) chains.Address {
	b.next++
	return chains.Address(fmt.Sprintf("%s%d", kind, b.next))
}

func (b *builder) asset() chains.Asset {
	b.next++
	return chains.Asset(fmt.Sprintf("T%d", b.next))
}

func (b *builder) move(from, to chains.Address, asset chains.Asset, units chains.Amount) {
	b.x.Moves = append(b.x.Moves, chains.Move{Kind: chains.MoveToken, From: from, To: to, Asset: asset, Amount: units})
}

func (b *builder) yes(what string) bool { return rapid.Bool().Draw(b.t, what) }

// swap plays a swap of party through one to three pools, with what routers add to it.
func (b *builder) swap(party chains.Address) {
	router, given, gets, units := b.name("C"), b.asset(), b.asset(), b.units("given")
	receiver := party
	if b.yes("to another") {
		receiver = b.name("P")
	}
	sent := units
	if b.yes("refund") {
		sent = sent.Plus(chains.Units(500))
	}
	b.move(party, router, given, sent)
	if b.yes("fee") {
		b.move(router, b.name("P"), given, chains.Units(10))
		units = units.Minus(chains.Units(10))
	}
	at, asset, passed := router, given, units
	for range rapid.IntRange(1, 3).Draw(b.t, "pools") {
		pool, out, got := b.name("L"), b.asset(), b.units("out")
		b.move(at, pool, asset, passed)
		if b.yes("flash") {
			b.move(pool, router, "FLASH", chains.Units(77))
			b.move(router, pool, "FLASH", chains.Units(77))
		}
		at, asset, passed = pool, out, got
	}
	pool := b.name("L")
	b.move(at, pool, asset, passed)
	got := b.units("got")
	if b.yes("through the router") {
		b.move(pool, router, gets, got)
		b.move(router, receiver, gets, got)
	} else {
		b.move(pool, receiver, gets, got)
	}
	if sent != units && sent.Minus(units).String() >= "500" {
		b.move(router, party, given, chains.Units(500))
	}
	b.want = append(b.want, fmt.Sprintf("%s gave %s %s, %s got %s %s", party, units, given, receiver, got, gets))
}

// trade plays a sale of an NFT through a market.
func (b *builder) trade(buyer chains.Address) {
	market, seller, nft, price := b.name("C"), b.name("P"), b.asset()+"/1", b.units("price")
	b.move(buyer, market, "PAY", price.Plus(chains.Units(5)))
	b.move(market, b.name("P"), "PAY", chains.Units(5))
	b.move(market, seller, "PAY", price)
	b.move(seller, buyer, nft, chains.Units(1))
	b.want = append(b.want,
		fmt.Sprintf("%s gave %s PAY, %s got 1 %s", buyer, price, buyer, nft),
		fmt.Sprintf("%s gave 1 %s, %s got %s PAY", seller, nft, seller, price))
}

// TestBuiltTransactions settles bundles of swaps, sales and payments whose meaning is known:
// every conversion is found, with the right amounts, and no step names a pool or a router.
func TestBuiltTransactions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := &builder{t: t, x: &chains.Execution{Sender: "S"}}
		for range rapid.IntRange(1, 4).Draw(t, "owners") {
			party := b.name("P")
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				b.trade(party)
			case 1:
				b.swap(party)
			case 2:
				b.move(party, b.name("P"), b.asset(), b.units("paid"))
				b.swap(party)
			}
		}
		s := heuristics.Settle(&chains.Tx{Exec: b.x}, byName)
		checkSettlement(t, b.x, s)
		var got []string
		for _, c := range s.Conversions {
			require.Len(t, c.Given, 1)
			require.Len(t, c.Received, 1)
			got = append(got, fmt.Sprintf("%s gave %s %s, %s got %s %s", c.Giver, c.Given[0].Units, c.Given[0].Asset, c.Receiver, c.Received[0].Units, c.Received[0].Asset))
		}
		require.ElementsMatch(t, b.want, got)
		for _, p := range s.Steps {
			for _, a := range []chains.Address{p.From, p.To} {
				require.True(t, a == "" || byName(a) == heuristics.RoleParty, "a step names %s", a)
			}
		}
		require.Empty(t, s.Unclear)
	})
}
