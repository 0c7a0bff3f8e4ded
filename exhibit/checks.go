package exhibit

import (
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// checkForm is a request by which anybody sees a leg of a hop on a node of their own. {tx},
// {height} and {raw} stand for the transaction, its block and the SHA-256 of its bytes.
type checkForm struct {
	// For says when it serves: "" always, "raw" once for each raw answer, "call" where the leg is
	// a call inside of its transaction.
	For  string `json:"for"`
	Text string `json:"text"`
}

// Checks are requests that show h on a node of one's own: of a chain of outputs its last leg, of
// accounts each leg. They are text to copy and are never run here.
func Checks(h *tracer.Hop) []string {
	var out []string
	for i := range h.Legs {
		leg := &h.Legs[i]
		if leg.Chain.Info().Family != chains.FamilyEVM && i+1 < len(h.Legs) {
			continue
		}
		for _, line := range legChecks(leg) {
			if !slices.Contains(out, line) {
				out = append(out, line)
			}
		}
	}
	return out
}

// ChecksOfEnd are requests that show on a node of one's own what lies at endpoint e of t, as of the last
// block; none where a node cannot tell.
func ChecksOfEnd(t *tracer.Trace, e *tracer.Endpoint) []string {
	if e.Chain.Info().Family != chains.FamilyEVM {
		if e.Reason != tracer.ReasonUnspent || e.TxID == nil {
			return []string{}
		}
		return []string{fmt.Sprintf("%s gettxout %s %s false   # prints nothing if it was spent since", nodeCLIOf(e.Chain).program, e.TxID, visible(e.Position))}
	}
	height := int64(-1)
	for _, a := range t.AsOf {
		if a.Chain == e.Chain {
			height = a.Height
		}
	}
	k := slices.IndexFunc(t.Nodes, func(n tracer.Node) bool { return n.ID == e.Node })
	if e.Reason != tracer.ReasonBalance || k < 0 || height < 0 {
		return []string{}
	}
	address := visible(t.Nodes[k].Address)
	if e.Asset == chains.Native {
		return []string{ask(e.Chain, "eth_getBalance", fmt.Sprintf(`"%s","0x%x"`, address, height))}
	}
	token, _, _ := strings.Cut(visible(string(e.Asset)), "/")
	return []string{ask(e.Chain, "eth_call", fmt.Sprintf(`{"to":"%s","data":"0x70a08231000000000000000000000000%s"},"0x%x"`,
		token, strings.ToLower(strings.TrimPrefix(address, "0x")), height))}
}

// ask is a request to the node of a chain of accounts, whose address stands in RPC_OF_ and its name.
func ask(c chains.Chain, method, params string) string {
	return fmt.Sprintf(`curl -s -H 'content-type: application/json' -d '{"jsonrpc":"2.0","id":1,"method":"%s","params":[%s]}' "$RPC_OF_%s"`,
		method, params, envName(c))
}

func legChecks(leg *tracer.Leg) []string {
	var out []string
	call := slices.ContainsFunc(leg.Positions, func(p tracer.Position) bool { return p.Kind == "call" })
	for _, f := range checkForms(leg.Chain) {
		fill := func(raw string) string {
			return strings.NewReplacer("{tx}", leg.TxID.String(), "{height}", fmt.Sprint(leg.Height), "{raw}", raw).Replace(f.Text)
		}
		switch {
		case f.For == "raw":
			for _, raw := range leg.Raw {
				out = append(out, fill(visible(raw)))
			}
		case f.For == "" || f.For == "call" && call:
			out = append(out, fill(""))
		}
	}
	return out
}

// checkForms are the requests for a chain.
func checkForms(c chains.Chain) []checkForm {
	if c.Info().Family == chains.FamilyEVM {
		return []checkForm{{"", ask(c, "eth_getTransactionReceipt", `"0x{tx}"`)}, {"call", ask(c, "debug_traceTransaction", `"0x{tx}",{"tracer":"callTracer"}`)}}
	}
	n := nodeCLIOf(c)
	height := fmt.Sprintf("$(%s getblockhash {height})", n.program)
	block := ""
	if n.inBlock {
		block = " " + height
	}
	out := []checkForm{{"", n.program + " getrawtransaction {tx} 2" + block}, {"raw", n.program + " getrawtransaction {tx} 0" + block + " | xxd -r -p | sha256sum   # {raw}"}}
	if n.proves {
		out = append(out, checkForm{"", n.program + ` gettxoutproof '["{tx}"]' ` + height})
	}
	return out
}

// CheckHead heads the requests for a chain, with what the node needs for them.
func CheckHead(c chains.Chain) string {
	switch {
	case c.Info().Family == chains.FamilyEVM:
		return "Check it on a node of your own"
	case nodeCLIOf(c).inBlock:
		return "Check it on a node of your own (with -txindex=1 the block may be left out)"
	}
	return "Check it on a node of your own, with an index of transactions (-txindex=1)"
}

// nodeCLI is how a chain's node is asked by hand.
type nodeCLI struct {
	program string
	inBlock bool // getrawtransaction takes the block, so that no index is needed
	proves  bool // it knows gettxoutproof
}

func nodeCLIOf(chain chains.Chain) nodeCLI {
	for _, c := range []struct {
		chain string // and its test networks
		nodeCLI
	}{
		{"bitcoin-simnet", nodeCLI{"btcctl --simnet", false, false}},
		{"bitcoin-cash", nodeCLI{"bitcoin-cli", true, true}},
		{"bitcoin", nodeCLI{"bitcoin-cli", true, true}},
		{"litecoin", nodeCLI{"litecoin-cli", true, true}},
		{"dogecoin", nodeCLI{"dogecoin-cli", false, true}},
	} {
		network, is := strings.CutPrefix(string(chain), c.chain)
		switch {
		case is && network == "":
			return c.nodeCLI
		case is && network[0] == '-':
			c.program += " " + network // -testnet, -regtest
			return c.nodeCLI
		}
	}
	return nodeCLI{program: "bitcoin-cli", inBlock: true, proves: true}
}

// envName writes a chain's name as part of the name of a variable.
func envName(c chains.Chain) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case r < '0' || r > '9':
			return '_'
		}
		return r
	}, string(c))
}
