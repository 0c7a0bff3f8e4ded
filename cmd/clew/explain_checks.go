package main

import (
	"fmt"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// checks are commands that show the same on a node of one's own.
func checks(leg *tracer.Leg) []string {
	n := nodeCLIOf(leg.Chain)
	height := fmt.Sprintf("$(%s getblockhash %d)", n.program, leg.Height)
	block := ""
	if n.inBlock {
		block = " " + height
	}
	out := []string{fmt.Sprintf("%s getrawtransaction %s 2%s", n.program, leg.TxID, block)}
	for _, raw := range leg.Raw {
		out = append(out, fmt.Sprintf("%s getrawtransaction %s 0%s | xxd -r -p | sha256sum   # %s", n.program, leg.TxID, block, raw))
	}
	if n.proves {
		out = append(out, fmt.Sprintf("%s gettxoutproof '[\"%s\"]' %s", n.program, leg.TxID, height))
	}
	return out
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

// byHand says what to compute of a leg without this program and without trusting a node's word.
func byHand(leg *tracer.Leg) []string {
	if onAccounts(leg) {
		return []string{
			"Keccak-256 over the header's RLP is the block's hash; take the hash from somebody whom you trust (since proof of stake a header shows no work).",
			"The transaction's bytes lie in the trie under the header's transactionsRoot, and the receipt in that under receiptsRoot, at the key RLP(index of the transaction).",
			"The receipt's logs show the tokens that moved; the sender follows from the signature. Calls inside are a node's word: run the transaction again to see them.",
		}
	}
	steps := []string{"SHA-256 twice over the transaction's bytes without witness, the result reversed, is its id."}
	if len(leg.Raw) > 0 {
		steps = append(steps, "SHA-256 once over its bytes with witness is the hash that is given above, and the name of the object in the recording.")
	}
	return append(steps,
		"The id, hashed with each sibling of the branch that gettxoutproof gives (SHA-256 twice, two ids in wire order at a time), leads to the Merkle root in bytes 36 to 68 of the header.",
		"SHA-256 twice over the header of 80 bytes, reversed, is the block's hash (on Litecoin and Dogecoin its work is that of scrypt); compare hash and height with nodes that you trust.",
		"What an input brings is the value of the output that it names: read that transaction in the same way. Fee: inputs less outputs.")
}
