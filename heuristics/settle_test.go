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
	return map[byte]heuristics.Role{
		'S': heuristics.RoleParty, 'P': heuristics.RoleParty, 'C': heuristics.RoleContract, 'L': heuristics.RolePool,
		'M': heuristics.RoleMixer, 'B': heuristics.RoleBridge, 'X': heuristics.RoleService,
	}[a[0]]
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
}
