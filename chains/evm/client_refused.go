package evm

import (
	"errors"
	"strings"
)

// meaning is what a refusal by a node means for whoever asked.
type meaning uint8

const (
	notKnown    meaning = iota // an error of its own
	tooMuch                    // ask for less: a shorter range, a smaller batch
	tooOften                   // ask again later
	noMethod                   // it does not offer that
	stateGone                  // it has forgotten the state, or the trace, of that block
	unknownItem                // it does not know the block or transaction that was named
	reverted                   // a contract refused the call, in words of its own
	notYet                     // it is still making ready what would answer
)

// errTooMuch: the node refuses the question or its answer as too large, too many or too slow.
var errTooMuch = errors.New("too much for the node")

// errStateGone: the node does not keep the state of that block.
var errStateGone = errors.New("the node has no state of that block")

// errReverted: a contract refused the call.
var errReverted = errors.New("the contract refuses")

// refusals are what nodes and services say when they refuse, in the order in which they are
// compared: the first row counts whose code is that of the error, or 0, and whose text is in its
// words, without regard to case. Words are compared because the codes are not enough: −32000
// means anything, and one service uses −32005 for both "too often" and "too much".
var refusals = []struct {
	code int
	text string
	what meaning
	// who says so, and where it is written
}{
	// What a contract says when it refuses is its own: it must not be taken for the node's words.
	{3, "", reverted},                      // geth, anvil, reth, Erigon
	{0, "execution reverted", reverted},    // any, and what the contract says behind it
	{0, "vm execution error", reverted},    // Nethermind, −32015
	{0, "indexing is in progress", notYet}, // geth: of its index of transactions
	{0, "requests in batch", tooMuch},
	// Too often: before what is too much, since both speak of limits.
	{0, "rate limit", tooOften},             // Alchemy, QuickNode, Infura ("request rate limited"), publicnode
	{0, "rate exceeded", tooOften},          // Infura: "project ID request rate exceeded"
	{0, "too many requests", tooOften},      // any that quotes status 429
	{0, "request count exceeded", tooOften}, // Infura: "daily request count exceeded"
	{0, "compute units per second", tooOften},
	{0, "capacity exceeded", tooOften},
	{-32029, "", tooOften}, // Alchemy over WebSocket
	{429, "", tooOften},    // as a code of JSON-RPC: Alchemy
	// Too much: batches.
	{0, "batch too large", tooMuch},     // geth, −32600
	{0, "batch size", tooMuch},          // Erigon: "batch limit", Nethermind: "batch size limit exceeded"
	{0, "batch limit", tooMuch},         // Erigon
	{0, "maximum batch", tooMuch},       // BSC's public nodes
	{0, "response too large", tooMuch},  // geth, −32003
	{0, "response size", tooMuch},       // Alchemy: "Log response size exceeded"; Erigon
	{0, "response is too big", tooMuch}, // reth: "Response is too big"
	{0, "request is too big", tooMuch},  // reth
	{0, "body too large", tooMuch},
	// Too much: ranges and results of eth_getLogs and trace_filter.
	{0, "more than 10000 results", tooMuch},  // Infura, −32005
	{0, "query returned more than", tooMuch}, // Infura, Polygon
	{0, "too many results", tooMuch},
	{0, "too many blocks", tooMuch},
	{0, "max results", tooMuch},                // reth: "query exceeds max results"
	{0, "exceeds max block range", tooMuch},    // reth
	{0, "exceed maximum block range", tooMuch}, // BSC
	{0, "exceeds the range", tooMuch},          // Chainstack
	{0, "block range", tooMuch},                // "is too wide" (Ankr), "is too large" (Polygon), "limit exceeded" (Chainstack), "less than" (thirdweb)
	{0, "blocks range", tooMuch},               // "eth_getLogs is limited to a 10,000 range" comes with the next
	{0, "is limited to", tooMuch},              // QuickNode, −32614; BlockPI: "is limited to 1024 block"
	{0, "range too large", tooMuch},            // Cloudflare
	{0, "range is too large", tooMuch},
	{0, "exceed max topics", tooMuch},    // geth
	{0, "exceed max addresses", tooMuch}, // geth
	{0, "limit exceeded", tooMuch},       // Infura and Conduit: −32005 of a query
	{0, "timed out", tooMuch},            // geth: "request timed out", −32002
	{0, "timeout", tooMuch},              // "query timeout exceeded" (Infura), "execution timeout" (callTracer of geth)
	{0, "took too long", tooMuch},
	{0, "deadline exceeded", tooMuch},
	{-32005, "", tooOften}, // EIP-1474: limit exceeded, without words that tell which
	// What is not kept: state, traces, old blocks.
	{0, "missing trie node", stateGone},      // geth
	{0, "historical state", stateGone},       // geth: "required historical state unavailable", "historical state … is not available"
	{0, "state is not available", stateGone}, // geth
	{0, "state not available", stateGone},
	{0, "state histories", stateGone},                  // geth, path scheme
	{0, "state unavailable", stateGone},                // Besu: "World state unavailable"
	{0, "no state available", stateGone},               // Nethermind
	{0, "state at block", stateGone},                   // reth: "state at block #… is pruned"
	{0, "distance to target block exceeds", stateGone}, // reth: "distance to target block exceeds maximum proof window"
	{0, "due to pruning", stateGone},                   // Erigon: "old data not available due to pruning"
	{0, "pruned", stateGone},                           // geth: "pruned history unavailable", 4444; Nethermind; BSC
	{0, "parent not found", stateGone},                 // geth, of the first block after a snapshot
	{0, "parent block not found", stateGone},
	{0, "genesis is not traceable", stateGone}, // geth
	{4444, "", stateGone},                      // EIP-4444
	// What is not offered.
	{-32601, "", noMethod},
	{-32004, "", noMethod}, // EIP-1474: method not supported
	{0, "method not found", noMethod},
	{0, "method not supported", noMethod},
	{0, "method not available", noMethod},
	{0, "method is not available", noMethod},
	{0, "does not exist/is not available", noMethod}, // geth
	{0, "not whitelisted", noMethod},
	{0, "unsupported method", noMethod},
	{0, "not available on the", noMethod}, // Alchemy: "… is not available on the Free tier"
	{0, "is not supported", noMethod},
	{0, "paid plan", noMethod},
	// What is not there.
	{-32001, "", unknownItem},     // EIP-1474: resource not found
	{0, "not found", unknownItem}, // geth: "block not found", "header not found", "transaction not found"
	{0, "unknown block", unknownItem},
	{0, "no block", unknownItem},
}

// refusalOf returns what an error with that code and these words means.
func refusalOf(code int, words string) meaning {
	words = strings.ToLower(words)
	for _, r := range refusals {
		if (r.code == 0 || r.code == code) && strings.Contains(words, r.text) {
			return r.what
		}
	}
	return notKnown
}
