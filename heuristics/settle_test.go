package heuristics_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/heuristics"
)

// transaction reads moves of the form "FROM>TO UNITS ASSET", one a line, the sender being "S".
// "0" is nobody. Assets in lower case are native ("eth"), NFTs have a slash, "+WETH" wraps and
// "-WETH" unwraps; ">" alone before a name is the protocol's fee.
func transaction(t testing.TB, text string) *chains.Tx {
	t.Helper()
	x := &chains.Execution{Sender: "S"}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		require.Len(t, fields, 3, line)
		from, to, _ := strings.Cut(fields[0], ">")
		units, err := chains.ParseAmount(fields[1])
		require.NoError(t, err)
		m := chains.Move{Kind: chains.MoveToken, Asset: chains.Asset(fields[2]), From: account(from), To: account(to), Amount: units}
		switch {
		case fields[2] == "eth":
			m.Kind, m.Asset = chains.MoveCall, chains.Native
		case fields[2] == "fee":
			m.Kind, m.Asset = chains.MoveFee, chains.Native
		case fields[2] == "tip":
			m.Kind, m.Asset = chains.MoveTip, chains.Native
		case strings.HasPrefix(fields[2], "+"):
			m.Kind, m.Asset = chains.MoveWrap, m.Asset[1:]
		case strings.HasPrefix(fields[2], "-"):
			m.Kind, m.Asset = chains.MoveUnwrap, m.Asset[1:]
		case strings.Contains(fields[2], "/"):
			m.Kind = chains.MoveNFT
		}
		x.Moves = append(x.Moves, m)
	}
	return &chains.Tx{Exec: x}
}

func account(name string) chains.Address {
	if name == "0" {
		return ""
	}
	return chains.Address(name)
}

// byName: parties begin with S or P, contracts with C, pools with L, mixers with M, bridges with
// B, services with X.
func byName(a chains.Address) heuristics.Role {
	switch a[0] {
	case 'C':
		return heuristics.RoleContract
	case 'L':
		return heuristics.RolePool
	case 'M':
		return heuristics.RoleMixer
	case 'B':
		return heuristics.RoleBridge
	case 'X':
		return heuristics.RoleService
	}
	return heuristics.RoleParty
}

// told writes a settlement down, a line for each step, conversion and doubt.
func told(s heuristics.Settlement) string {
	var b strings.Builder
	who := func(a chains.Address) string {
		if a == "" {
			return "0"
		}
		return string(a)
	}
	for _, p := range s.Steps {
		asset := p.Asset
		if asset == chains.Native {
			asset = "eth"
		}
		switch p.Kind {
		case heuristics.StepTransfer:
			fmt.Fprintf(&b, "%s>%s %s %s\n", who(p.From), who(p.To), p.Units, asset)
		case heuristics.StepGive:
			fmt.Fprintf(&b, "%s gives %s %s to %s %d\n", p.From, p.Units, asset, s.Conversions[p.Conversion].Kind, p.Conversion)
		case heuristics.StepTake:
			fmt.Fprintf(&b, "%s takes %s %s from %d\n", p.To, p.Units, asset, p.Conversion)
		case heuristics.StepFee:
			fmt.Fprintf(&b, "%s pays %s %s\n", p.From, p.Units, asset)
		}
	}
	for _, u := range s.Unclear {
		fmt.Fprintf(&b, "unclear: %s %s %s: %s\n", who(u.Account), u.Units, u.Asset, u.Why)
	}
	return b.String()
}

// lines takes the indentation from text and an empty first line.
func lines(text string) string {
	return strings.ReplaceAll(strings.TrimPrefix(text, "\n"), "\t", "")
}

func TestSettle(t *testing.T) {
	for _, c := range shapes {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, lines(c.want), told(heuristics.Settle(transaction(t, c.moves), byName)))
		})
	}
}

var shapes = []struct{ name, moves, want string }{
	{"a payment", "S>0 1 fee\nS>P 10 eth\n0>P2 1 tip", `
		S pays 1 eth
		S>P 10 eth
		0>P2 1 eth
		`},
	{"through a contract that keeps nothing", "S>C 10 eth\nC>P1 4 eth\nC>P2 6 eth", `
		S>C 10 eth
		C>P1 4 eth
		C>P2 6 eth
		`},
	{"two givers, one contract, two receivers", "S>C 10 eth\nP1>C 5 eth\nC>P2 7 eth\nC>P3 8 eth", `
		S>C 10 eth
		P1>C 5 eth
		C>P2 7 eth
		C>P3 8 eth
		`},
	{"two givers beside a swap in the same contract", "S>C 10 UNI\nP1>C 5 UNI\nC>P2 15 UNI\nP4>C 9 USDC\nC>P4 8 DAI", `
		S>C 10 UNI
		P1>C 5 UNI
		C>P2 15 UNI
		P4 gives 9 USDC to swap 0
		P4 takes 8 DAI from 0
		unclear: P2 15 UNI: several gave this asset, and the contracts in between do not show whose it is
		`},
	{"a contract keeps it", "S>C 10 USDC", `
		S>C 10 USDC
		`},
	{"a simple swap, the native coin got before the token is given", "C>S 5 eth\nS>L 100 USDC\nL>C 5 WETH\nC>0 5 -WETH", `
		S gives 100 USDC to swap 0
		S takes 5 eth from 0
		`},
	{"wrap", "S>C 10 eth\n0>S 10 +WETH", `
		S gives 10 eth to wrap 0
		S takes 10 WETH from 0
		`},
	{"unwrap", "C>S 10 eth\nS>0 10 -WETH", `
		S gives 10 WETH to unwrap 0
		S takes 10 eth from 0
		`},
	{"a refund leaves the net", "S>C 10 eth\nC>L 7 eth\nC>S 3 eth\nL>S 100 USDC", `
		S gives 7 eth to swap 0
		S takes 100 USDC from 0
		`},
	{"a swap through a router of two pools", "S>C1 100 USDC\nC1>L1 100 USDC\nL1>L2 5 WETH\nL2>C1 70 DAI\nC1>S 70 DAI", `
		S gives 100 USDC to swap 0
		S takes 70 DAI from 0
		`},
	{"a flash loan leaves the net", "L>S 900 USDC\nS>C 910 USDC\nC>S 20 DAI\nS>L 901 USDC", `
		S gives 911 USDC to swap 0
		S takes 20 DAI from 0
		`},
	{"swap and send", "S>L 100 USDC\nL>P 90 DAI", `
		S gives 100 USDC to swap 0
		P takes 90 DAI from 0
		`},
	{"swap and bridge", "S>C 100 USDC\nC>L 100 USDC\nL>C 90 DAI\nC>B 90 DAI", `
		S gives 100 USDC to swap 0
		B takes 90 DAI from 0
		`},
	{"a fee out of what is given", "S>C 100 USDC\nC>P 1 USDC\nC>L 99 USDC\nL>S 90 DAI", `
		S>P 1 USDC
		S gives 99 USDC to swap 0
		S takes 90 DAI from 0
		`},
	{"a fee out of what is got", "S>L 100 USDC\nL>C 90 DAI\nC>P 1 DAI\nC>S 89 DAI", `
		S gives 100 USDC to swap 0
		P takes 1 DAI from 0
		S takes 89 DAI from 0
		`},
	{"a dealer who is paid at one account and pays from another", "S>C 100 USDC\nC>P1 100 USDC\nP2>C 90 DAI\nC>S 90 DAI", `
		S gives 100 USDC to swap 0
		P2 gives 90 DAI to swap 1
		P1 takes 100 USDC from 1
		S takes 90 DAI from 0
		`},
	{"something is made for whom another was paid", "S>P 100 USDC\n0>S 1 APE/7", `
		S>P 100 USDC
		0>S 1 APE/7
		unclear: S 1 APE/7: somebody else was paid directly, and this came from a contract: perhaps for it
		`},
	{"who makes the block is paid for a place in it", "S>P 1 eth\nC>S 100 USDC\n0>P 2 tip", `
		S>P 1 eth
		C>S 100 USDC
		0>P 2 eth
		`},
	{"a loan against what was left before", "C>S 70 USDC\n0>S 70 DEBT", `
		C>S 70 USDC
		0>S 70 DEBT
		unclear: S 70 USDC: it came for nothing, and a token was made together with it: perhaps a loan
		`},
	{"two who trade, and one pays the other through a contract", "S>L 100 USDC\nL>S 90 DAI\nP>L 50 USDC\nL>P 45 DAI\nS>C 9 DAI\nC>P 9 DAI", `
		S gives 100 USDC to swap 0
		S takes 81 DAI from 0
		P gives 50 USDC to swap 1
		P takes 54 DAI from 1
		unclear: P 9 DAI: another one who traded here paid this through a contract: it stands among what was traded
		`},
	{"a contract that keeps a part", "S>C 100 USDC\nC>P 99 USDC", `
		S>C 100 USDC
		C>P 99 USDC
		`},
	{"a contract that adds some of its own", "S>C 100 USDC\nC>P 101 USDC", `
		S>C 100 USDC
		C>P 101 USDC
		unclear: P 101 USDC: a contract paid it that got the same from somebody else here, and paid more than it got: perhaps out of it
		`},
	{"a contract that gives back", "S>C 100 USDC\nC>S 99 USDC", `
		S>C 100 USDC
		C>S 99 USDC
		`},
	{"a mixer is paid directly, and a ticket is made", "S>M 100 eth\n0>S 1 TICKET", `
		S>M 100 eth
		0>S 1 TICKET
		`},
	{"a bridge never trades", "S>B 100 USDC\nB>S 90 DAI", `
		S>B 100 USDC
		B>S 90 DAI
		`},
	{"the pool's own share while liquidity is removed", "S>L 95 LP\n0>P 2 LP\nL>0 95 LP\nL>S 100 USDC\nL>S 90 DAI", `
		S gives 95 LP to remove-liquidity 0
		0>P 2 LP
		S takes 100 USDC from 0
		S takes 90 DAI from 0
		`},
	{"two things given, and one got that was there before", "S>L 100 USDC\nS>L 90 DAI\nL>S 95 UNI", `
		S gives 100 USDC to swap 0
		S gives 90 DAI to swap 0
		S takes 95 UNI from 0
		`},
	{"a fee that only one of two givers can have paid", "P1>C1 10 UNI\nC1>P3 1 UNI\nC1>L 9 UNI\nP2>C2 10 UNI\nC2>L 10 UNI\nL>P1 5 DAI\nL>P2 6 DAI", `
		P1>P3 1 UNI
		P1 gives 9 UNI to swap 0
		P2 gives 10 UNI to swap 1
		P1 takes 5 DAI from 0
		P2 takes 6 DAI from 1
		`},
	{"a receiver whom only one of two givers can reach", "P1>L1 100 UNI\nL1>C 5 DAI\nC>P3 5 DAI\nP2>L2 100 AAVE\nC>L2 1 DUST", `
		P1 gives 100 UNI to swap 0
		P3 takes 5 DAI from 0
		P2>L2 100 AAVE
		`},
	{"what a party brought that was converted itself", "S>C 10 eth\nC>P1 10 eth\nP2>S 5 UNI\nC>P2 7 DAI", `
		S>P1 10 eth
		0>S 5 UNI
		P2 gives 5 UNI to swap 0
		P2 takes 7 DAI from 0
		unclear: S 5 UNI: all that was given went on to others, and this came back: perhaps for it
		`},
	{"what is got is there before it is paid on", "L>S 10 eth\nS>P 4 eth\nS>L 100 USDC", `
		S gives 100 USDC to swap 0
		S takes 10 eth from 0
		S>P 4 eth
		`},
	{"what is given keeps its order, whatever the one thing waits for", "L>P 10 eth\nP>S 4 eth\nS>C 5 eth\nS>C 5 USDC\nC>S 7 DAI\nP>L 100 UNI", `
		P gives 100 UNI to swap 0
		P takes 10 eth from 0
		P>S 4 eth
		S gives 5 eth to swap 1
		S gives 5 USDC to swap 1
		S takes 7 DAI from 1
		`},
	{"given in two parts", "S>L 10 UNI\nS>L 10 AAVE\nS>L 5 UNI\nL>S 7 DAI", `
		S gives 15 UNI to swap 0
		S gives 10 AAVE to swap 0
		S takes 7 DAI from 0
		`},
	{"a share made for another, and two who paid", "S>C1 10 UNI\nP1>C2 10 AAVE\n0>P2 5 SHARE", `
		S>C1 10 UNI
		P1>C2 10 AAVE
		0>P2 5 SHARE
		`},
	{"a payment beside a swap", "S>P 3 eth\nS>L 100 USDC\nL>S 90 DAI", `
		S>P 3 eth
		S gives 100 USDC to swap 0
		S takes 90 DAI from 0
		`},
	{"an NFT bought through a market that takes its fee", "S>C 100 eth\nC>P1 90 eth\nC>P2 10 eth\nP1>S 1 APE/7", `
		S>P2 10 eth
		S gives 90 eth to swap 0
		P1 gives 1 APE/7 to swap 1
		P1 takes 90 eth from 1
		S takes 1 APE/7 from 0
		`},
	{"an NFT sold for an offer, owners directly", "S>P 1 APE/7\nP>S 100 WETH", `
		S gives 1 APE/7 to swap 0
		P gives 100 WETH to swap 1
		P takes 1 APE/7 from 1
		S takes 100 WETH from 0
		`},
	{"liquidity added", "S>L 100 USDC\nS>L 90 DAI\n0>S 95 LP", `
		S gives 100 USDC to add-liquidity 0
		S gives 90 DAI to add-liquidity 0
		S takes 95 LP from 0
		`},
	{"liquidity removed, the token of it burnt by its pool", "S>L 95 LP\nL>0 95 LP\nL>S 100 USDC\nL>S 90 DAI", `
		S gives 95 LP to remove-liquidity 0
		S takes 100 USDC from 0
		S takes 90 DAI from 0
		`},
	{"the pool's own share of new liquidity", "S>L 100 USDC\nS>L 90 DAI\n0>P 2 LP\n0>S 95 LP", `
		S gives 100 USDC to add-liquidity 0
		S gives 90 DAI to add-liquidity 0
		0>P 2 LP
		S takes 95 LP from 0
		`},
	{"a share burnt at the token, paid out by a vault", "S>0 95 SHARE\nC>S 100 USDC", `
		S gives 95 SHARE to swap 0
		S takes 100 USDC from 0
		`},
	{"a share minted for somebody else", "S>C 100 USDC\n0>P 95 SHARE", `
		S gives 100 USDC to swap 0
		P takes 95 SHARE from 0
		`},
	{"the coin and its wrapper given together", "S>C 3 eth\n0>C 3 +WETH\nS>C 4 WETH\nC>L 7 WETH\nL>S 20 DAI", `
		S gives 3 eth to swap 0
		S gives 4 WETH to swap 0
		S takes 20 DAI from 0
		`},
	{"owners behind one bundle, each on their own", "P1>L 100 USDC\nL>P1 90 DAI\nP2>L 50 DAI\nL>P2 55 USDC", `
		P1 gives 100 USDC to swap 0
		P1 takes 90 DAI from 0
		P2 gives 50 DAI to swap 1
		P2 takes 55 USDC from 1
		`},
	{"two venues that have nothing in common", "S>L1 100 USDC\nL1>S 90 DAI\nS>L2 5 UNI\nL2>S 7 AAVE", `
		S gives 100 USDC to swap 0
		S takes 90 DAI from 0
		S gives 5 UNI to swap 1
		S takes 7 AAVE from 1
		`},
	{"two venues in a row", "S>L1 100 USDC\nL1>S 90 DAI\nS>L2 90 DAI\nL2>S 7 AAVE", `
		S gives 100 USDC to swap 0
		S takes 7 AAVE from 0
		`},
	{"a tax that the token takes", "S>L 95 TAX\nS>C 5 TAX\nL>S 90 DAI", `
		S gives 100 TAX to swap 0
		S takes 90 DAI from 0
		`},
	{"all that was given went on, and something came back", "S>C 10 eth\nC>P 10 eth\n0>S 1 TICKET", `
		S>C 10 eth
		C>P 10 eth
		0>S 1 TICKET
		unclear: S 1 TICKET: all that was given went on to others, and this came back: perhaps for it
		`},
	{"a mixer beside a swap is paid", "S>C 100 eth\nC>M 100 eth\nC>S 5 REWARD", `
		S>C 100 eth
		C>M 100 eth
		C>S 5 REWARD
		unclear: S 5 REWARD: all that was given went on to others, and this came back: perhaps for it
		`},
	{"two givers, two receivers of what came out", "P1>L 100 USDC\nP2>L 50 UNI\nL>P3 90 DAI\nL>S 1 GAS\nS>L 2 FUEL", `
		P1>L 100 USDC
		P2>L 50 UNI
		L>P3 90 DAI
		S gives 2 FUEL to swap 0
		S takes 1 GAS from 0
		unclear: P3 90 DAI: several gave something for it, and the contracts in between do not show who
		`},
	{"tokens that lie about sums", "S>C 115792089237316195423570985008687907853269984665640564039457584007913129639935 LIE\nC>S 115792089237316195423570985008687907853269984665640564039457584007913129639935 LIE\nS>L 1 USDC\nL>S 2 DAI", `
		S>C 115792089237316195423570985008687907853269984665640564039457584007913129639935 LIE
		C>S 115792089237316195423570985008687907853269984665640564039457584007913129639935 LIE
		S gives 1 USDC to swap 0
		S takes 2 DAI from 0
		unclear: S 115792089237316195423570985008687907853269984665640564039457584007913129639935 LIE: this token's movements add up to more than any amount can hold: none of them is netted
		`},
}
