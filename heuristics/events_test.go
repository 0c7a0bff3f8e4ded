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
		"keeps a part":                   {"S>C 10 eth\nC>P 9 eth", nil},
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
