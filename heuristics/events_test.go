package heuristics_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/heuristics"
)

// with returns the transaction with what contracts said in it.
func with(t *testing.T, moves string, events ...chains.Event) *chains.Tx {
	tx := transaction(t, moves)
	tx.Exec.Events = events
	return tx
}

// Owner is named by a venue: a contract that owns what it trades.
func owner(account chains.Address, asset chains.Asset, fee string, registered bool) chains.Event {
	return chains.Event{
		Kind: chains.EventOwner, Protocol: "cow", Name: "Trade", Account: account, Asset: asset, Registered: registered,
		Fields: []chains.Field{{Name: "feeAmount", Value: fee}},
	}
}

const auction = "C7>C1 100 USDC\nC1>L 97 USDC\nL>C1 50 DAI\nC1>C7 50 DAI"

func TestOwnersWhomVenuesName(t *testing.T) {
	s := heuristics.Settle(with(t, auction, owner("C7", "USDC", "3", true)), byName)
	require.Equal(t, "C7 pays 3 USDC\nC7 gives 97 USDC to swap 0\nC7 takes 50 DAI from 0\n", told(s))
	require.Equal(t, []heuristics.Leg{{Account: "C7", Asset: "USDC", Units: chains.Units(3)}}, s.Conversions[0].Fees)
	require.Equal(t, chains.Address("C1"), s.Conversions[0].Venue)

	s = heuristics.Settle(with(t, auction, owner("C7", "USDC", "3", false)), byName)
	require.Empty(t, s.Conversions, "any contract can say whose it acts for")
}

func TestFeesThatCannotBe(t *testing.T) {
	for name, fee := range map[string]string{"all that was given": "100", "more": "101", "none": "0", "no number": "0x03", "": ""} {
		s := heuristics.Settle(with(t, auction, owner("C7", "USDC", fee, true)), byName)
		require.Equal(t, "C7 gives 100 USDC to swap 0\nC7 takes 50 DAI from 0\n", told(s), name)
	}
	forged := chains.Event{Kind: chains.EventFee, Account: "C7", Asset: "USDC", Amount: chains.Units(3)}
	s := heuristics.Settle(with(t, auction, owner("C7", "USDC", "0", true), forged), byName)
	require.Empty(t, s.Conversions[0].Fees, "any contract can name a fee")
	forged.Registered = true
	s = heuristics.Settle(with(t, auction, owner("C7", "USDC", "0", true), forged), byName)
	require.Len(t, s.Conversions[0].Fees, 1)
	s = heuristics.Settle(with(t, auction, owner("C7", "DAI", "3", true)), byName)
	require.Empty(t, s.Conversions[0].Fees, "a fee in what was got has been taken already")
}

// What comes for nothing while a contract notes a debt is lent, whoever that contract is.
func TestLoansNotedInNoToken(t *testing.T) {
	e := chains.Event{Kind: chains.EventPool, Protocol: "compound", Name: "Borrow", Account: "S"}
	s := heuristics.Settle(with(t, "C>S 70 USDC", e), byName)
	require.Len(t, s.Unclear, 1)
	require.True(t, s.Unclear[0].Loan)
	require.Contains(t, s.Unclear[0].Why, "a loan")
	e.Account = "P"
	require.Empty(t, heuristics.Settle(with(t, "C>S 70 USDC", e), byName).Unclear, "somebody else's debt")
	e.Account, e.Name = "S", "RepayBorrow"
	require.Empty(t, heuristics.Settle(with(t, "C>S 70 USDC", e), byName).Unclear)
}

func pool(name string, fields ...string) chains.Event {
	e := chains.Event{Kind: chains.EventPool, Protocol: "uniswap-v2", Name: name, Emitter: "L"}
	for i := 0; i < len(fields); i += 2 {
		e.Fields = append(e.Fields, chains.Field{Name: fields[i], Value: fields[i+1]})
	}
	return e
}

func TestSharesOfLiquidity(t *testing.T) {
	const moves = "S>L 100 USDC\nS>L 90 DAI\n0>S 95 LP"
	sync, mint := pool("Sync", "reserve0", "900", "reserve1", "1000"), pool("Mint", "amount0", "90", "amount1", "100")
	for name, c := range map[string]struct {
		events []chains.Event
		want   []chains.Amount
	}{
		"each amount times the other reserve": {[]chains.Event{sync, mint}, []chains.Amount{chains.Units(90000), chains.Units(90000)}},
		"no reserves told":                    {[]chains.Event{mint}, nil},
		"reserves told afterwards":            {[]chains.Event{mint, sync}, nil},
		"of other amounts":                    {[]chains.Event{sync, pool("Mint", "amount0", "90", "amount1", "101")}, nil},
		"reserves too large to be":            {[]chains.Event{pool("Sync", "reserve0", "900", "reserve1", "340282366920938463463374607431768211456"), mint}, nil},
	} {
		s := heuristics.Settle(with(t, moves, c.events...), byName)
		require.Equal(t, heuristics.KindAddLiquidity, s.Conversions[0].Kind)
		require.Equal(t, c.want, s.Conversions[0].Weights, name)
	}
}

// Any contract can write what a pool writes: only one that has the amounts, or a registered one,
// tells what they are worth.
func TestSharesThatNobodyVouchesFor(t *testing.T) {
	for emitter, n := range map[chains.Address]int{"L": 2, "C": 0} {
		for registered, want := range map[bool]int{true: 2, false: n} {
			sync, mint := pool("Sync", "reserve0", "900", "reserve1", "1000"), pool("Mint", "amount0", "90", "amount1", "100")
			for _, e := range []*chains.Event{&sync, &mint} {
				e.Emitter, e.Registered = emitter, registered
			}
			s := heuristics.Settle(with(t, "S>L 100 USDC\nS>L 90 DAI\n0>S 95 LP", sync, mint), byName)
			require.Len(t, s.Conversions[0].Weights, want, emitter)
		}
	}
}

// Who has what was given is said: contracts that nobody vouches for, and other parties.
func TestCounterparts(t *testing.T) {
	leg := func(a chains.Address, asset chains.Asset, n uint64) heuristics.Leg {
		return heuristics.Leg{Account: a, Asset: asset, Units: chains.Units(n)}
	}
	trade := func(a chains.Address, registered bool) chains.Event { return owner(a, "USDC", "0", registered) }
	speaks := chains.Event{Kind: chains.EventFee, Emitter: "C", Registered: true}
	for name, c := range map[string]struct {
		moves  string
		events []chains.Event
		kept   []heuristics.Leg
		made   bool
		sold   []heuristics.Leg
	}{
		"a token of the keeper's own":       {"S>C 100 USDC\n0>S 1 JUNK", nil, []heuristics.Leg{leg("C", "USDC", 100)}, true, nil},
		"made by way of a router":           {"S>C 100 USDC\n0>C1 1 JUNK\nC1>S 1 JUNK\nC>C1 1 USDC", nil, []heuristics.Leg{leg("C", "USDC", 99), leg("C1", "USDC", 1)}, true, nil},
		"out of its stock":                  {"S>C 100 USDC\nC>S 1 JUNK", nil, []heuristics.Leg{leg("C", "USDC", 100)}, false, nil},
		"interest made beside it":           {"S>C 100 USDC\n0>C 1 JUNK\nC>S 5 JUNK", nil, []heuristics.Leg{leg("C", "USDC", 100)}, false, nil},
		"a known pool":                      {"S>L 100 USDC\n0>S 1 JUNK", nil, nil, false, nil},
		"it speaks for a registered venue":  {"S>C 100 USDC\n0>S 1 JUNK", []chains.Event{speaks}, nil, false, nil},
		"nobody keeps it":                   {"S>0 100 USDC\n0>S 100 USDT", nil, nil, false, nil},
		"the wrapper of the coin keeps it":  {"S>C 5 eth\n0>C1 5 +WETH\nC1>L 5 WETH\nL>S 9 DAI", nil, nil, false, nil},
		"wrapped only":                      {"S>C 5 eth\n0>S 5 +WETH", nil, nil, false, nil},
		"the coin is kept beside a wrapper": {"S>C 5 eth\nS>C1 5 eth\n0>L 5 +WETH\n0>S 9 JUNK", nil, []heuristics.Leg{leg("C", chains.Native, 5), leg("C1", chains.Native, 5)}, true, nil},
		"a sale between owners":             {"P>C 1 JUNK\nS>C 900 USDC\nC>S 1 JUNK\nC>P 900 USDC", nil, nil, false, []heuristics.Leg{leg("P", "USDC", 900)}},
		"a sale, directly":                  {"P>S 1 JUNK\nS>P 900 USDC", nil, nil, false, []heuristics.Leg{leg("P", "USDC", 900)}},
		"an order that a venue filled":      {"P>C 1 JUNK\nS>C 900 USDC\nC>S 1 JUNK\nC>P 900 USDC", []chains.Event{trade("P", true)}, nil, false, nil},
		"an order that anybody tells of":    {"P>C 1 JUNK\nS>C 900 USDC\nC>S 1 JUNK\nC>P 900 USDC", []chains.Event{trade("P", false)}, nil, false, []heuristics.Leg{leg("P", "USDC", 900)}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, got := range heuristics.Settle(with(t, c.moves, c.events...), byName).Conversions {
				if got.Giver == "S" {
					require.Equal(t, c.kept, got.Kept)
					require.Equal(t, c.made, got.Made)
					require.Equal(t, c.sold, got.Sold)
					return
				}
			}
			require.Fail(t, "no conversion")
		})
	}
}

func TestSharesThatFitBothWays(t *testing.T) {
	s := heuristics.Settle(with(t, "S>L 90 USDC\nS>L 90 DAI\n0>S 95 LP",
		pool("Sync", "reserve0", "900", "reserve1", "1000"), pool("Mint", "amount0", "90", "amount1", "90")), byName)
	require.Nil(t, s.Conversions[0].Weights)
}

func TestWhoGotFirst(t *testing.T) {
	s := heuristics.Settle(transaction(t, "S>L 100 USDC\nL>S 89 DAI\nL>C 1 DAI\nC>P 1 DAI"), byName)
	require.Equal(t, chains.Address("S"), s.Conversions[0].Receiver)
	require.Equal(t, []heuristics.Leg{
		{Account: "S", Asset: "DAI", Units: chains.Units(89)}, {Account: "P", Asset: "DAI", Units: chains.Units(1)},
	}, s.Conversions[0].Received)
	require.Equal(t, "swap: one asset for one asset to 2 accounts, net of 4 moves", s.Conversions[0].Says)
}

func TestSharesOfTheCoinAndItsWrapper(t *testing.T) {
	s := heuristics.Settle(transaction(t, "S>C 3 eth\n0>C 3 +WETH\nS>C 4 WETH\nC>L 7 WETH\nL>S 20 DAI"), byName)
	require.Equal(t, []chains.Amount{chains.Units(3), chains.Units(4)}, s.Conversions[0].Weights)
}

func TestThrough(t *testing.T) {
	for name, c := range map[string]struct {
		moves string
		want  map[heuristics.Holding]bool
	}{
		"keeps nothing":                  {"S>C 10 eth\nC>P 10 eth", map[heuristics.Holding]bool{{Account: "C", Asset: chains.Native}: true}},
		"keeps a part":                   {"S>C 10 eth\nC>P 9 eth", map[heuristics.Holding]bool{{Account: "C", Asset: chains.Native}: true}},
		"keeps all":                      {"S>C 10 eth\nS>P 9 eth", nil},
		"pays first, of its own":         {"C>P 10 eth\nS>C 10 eth", nil},
		"keeps another asset":            {"S>C 10 eth\nS>C 5 USDC\nC>P 10 eth", map[heuristics.Holding]bool{{Account: "C", Asset: chains.Native}: true}},
		"adds of its own, and is repaid": {"S>C 10 eth\nC>P 11 eth\nP>C 1 eth", nil},
	} {
		require.Equal(t, c.want, heuristics.Settle(transaction(t, c.moves), byName).Through, name)
	}
}

func TestNothingHappened(t *testing.T) {
	require.Empty(t, heuristics.Settle(&chains.Tx{}, byName).Steps, "a transaction of another family")
	asked := 0
	s := heuristics.Settle(transaction(t, "S>0 5 fee\nS>S 3 eth"), func(chains.Address) heuristics.Role { asked++; return heuristics.RoleParty })
	require.Equal(t, "S pays 5 eth\n", told(s), "what goes in a circle moves nothing")
	require.Zero(t, asked, "nobody is asked who the sender is")
}

func TestRolesAreAskedOnce(t *testing.T) {
	asked := map[chains.Address]int{}
	heuristics.Settle(transaction(t, "S>C 10 eth\nC>L 10 eth\nL>C 5 USDC\nC>S 5 USDC"), func(a chains.Address) heuristics.Role {
		asked[a]++
		return byName(a)
	})
	require.Equal(t, map[chains.Address]int{"C": 1, "L": 1}, asked)
}
