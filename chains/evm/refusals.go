package evm

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"clew/chains"
	"clew/chains/rpc"
)

// dialect is what nodes of chains of accounts say, and what a person is told.
var dialect = rpc.Dialect{
	Version: "2.0",
	Nulls:   true,
	Meaning: meaning,
	Serve:   "its HTTP or WebSocket interface",
	Login: "give what the node wants to see: a key in the URL or in CLEW_RPC_HEADER (NAME: VALUE), " +
		"--rpc-user and CLEW_RPC_PASSWORD, or --rpc-jwt-file FILE",
}

// What a refusal means, beside the sentinels of chains and rpc.
var (
	// errStateGone: the node has forgotten the state, or the trace, of that block.
	errStateGone = fmt.Errorf("%w: the node has no state of that block", chains.ErrUnsupported)
	// errReverted: a contract refused the call, in words of its own.
	errReverted = errors.New("the contract refuses")
)

// refusals are what nodes and services say when they refuse, in the order in which they are
// compared: the first row counts whose code is that of the error, or 0, and whose text is in its
// words, without regard to case. Words are compared because the codes are not enough: −32000
// means anything, and one service uses −32005 for both "too often" and "too much".
var refusals = []struct {
	code int
	text string
	what error
	// who says so, and where it is written
}{
	// What a contract says when it refuses is its own: it must not be taken for the node's words.
	{3, "", errReverted},                            // geth, anvil, reth, Erigon
	{0, "execution reverted", errReverted},          // any, and what the contract says behind it
	{0, "vm execution error", errReverted},          // Nethermind, −32015
	{0, "indexing is in progress", rpc.ErrNotReady}, // geth: of its index of transactions
	{0, "requests in batch", rpc.ErrTooMuch},
	// Too often: before what is too much, since both speak of limits.
	{0, "rate limit", chains.ErrRateLimited},             // Alchemy, QuickNode, Infura ("request rate limited"), publicnode
	{0, "rate exceeded", chains.ErrRateLimited},          // Infura: "project ID request rate exceeded"
	{0, "too many requests", chains.ErrRateLimited},      // any that quotes status 429
	{0, "request count exceeded", chains.ErrRateLimited}, // Infura: "daily request count exceeded"
	{0, "compute units per second", chains.ErrRateLimited},
	{0, "capacity exceeded", chains.ErrRateLimited},
	{-32029, "", chains.ErrRateLimited}, // Alchemy over WebSocket
	{429, "", chains.ErrRateLimited},    // as a code of JSON-RPC: Alchemy
	// Too much: as a status.
	{http.StatusRequestEntityTooLarge, "", rpc.ErrTooMuch},
	{http.StatusGatewayTimeout, "", rpc.ErrTooMuch},
	// Too much: batches.
	{0, "batch too large", rpc.ErrTooMuch},     // geth, −32600
	{0, "batch size", rpc.ErrTooMuch},          // Erigon: "batch limit", Nethermind: "batch size limit exceeded"
	{0, "batch limit", rpc.ErrTooMuch},         // Erigon
	{0, "maximum batch", rpc.ErrTooMuch},       // BSC's public nodes
	{0, "response too large", rpc.ErrTooMuch},  // geth, −32003
	{0, "response size", rpc.ErrTooMuch},       // Alchemy: "Log response size exceeded"; Erigon
	{0, "response is too big", rpc.ErrTooMuch}, // reth: "Response is too big"
	{0, "request is too big", rpc.ErrTooMuch},  // reth
	{0, "body too large", rpc.ErrTooMuch},
	// Too much: ranges and results of eth_getLogs and trace_filter.
	{0, "more than 10000 results", rpc.ErrTooMuch},  // Infura, −32005
	{0, "query returned more than", rpc.ErrTooMuch}, // Infura, Polygon
	{0, "too many results", rpc.ErrTooMuch},
	{0, "too many blocks", rpc.ErrTooMuch},
	{0, "max results", rpc.ErrTooMuch},                // reth: "query exceeds max results"
	{0, "exceeds max block range", rpc.ErrTooMuch},    // reth
	{0, "exceed maximum block range", rpc.ErrTooMuch}, // BSC
	{0, "exceeds the range", rpc.ErrTooMuch},          // Chainstack
	{0, "block range", rpc.ErrTooMuch},                // "is too wide" (Ankr), "is too large" (Polygon), "limit exceeded" (Chainstack), "less than" (thirdweb)
	{0, "blocks range", rpc.ErrTooMuch},               // "eth_getLogs is limited to a 10,000 range" comes with the next
	{0, "is limited to", rpc.ErrTooMuch},              // QuickNode, −32614; BlockPI: "is limited to 1024 block"
	{0, "range too large", rpc.ErrTooMuch},            // Cloudflare
	{0, "range is too large", rpc.ErrTooMuch},
	{0, "exceed max topics", rpc.ErrTooMuch},    // geth
	{0, "exceed max addresses", rpc.ErrTooMuch}, // geth
	{0, "limit exceeded", rpc.ErrTooMuch},       // Infura and Conduit: −32005 of a query
	{0, "timed out", rpc.ErrTooMuch},            // geth: "request timed out", −32002
	{0, "timeout", rpc.ErrTooMuch},              // "query timeout exceeded" (Infura), "execution timeout" (callTracer of geth)
	{0, "took too long", rpc.ErrTooMuch},
	{0, "deadline exceeded", rpc.ErrTooMuch},
	{-32005, "", chains.ErrRateLimited}, // EIP-1474: limit exceeded, without words that tell which
	// What is not kept: state, traces, old blocks.
	{0, "missing trie node", errStateGone},      // geth
	{0, "historical state", errStateGone},       // geth: "required historical state unavailable", "historical state … is not available"
	{0, "state is not available", errStateGone}, // geth
	{0, "state not available", errStateGone},
	{0, "state histories", errStateGone},                  // geth, path scheme
	{0, "state unavailable", errStateGone},                // Besu: "World state unavailable"
	{0, "no state available", errStateGone},               // Nethermind
	{0, "state at block", errStateGone},                   // reth: "state at block #… is pruned"
	{0, "distance to target block exceeds", errStateGone}, // reth: "distance to target block exceeds maximum proof window"
	{0, "due to pruning", errStateGone},                   // Erigon: "old data not available due to pruning"
	{0, "pruned", errStateGone},                           // geth: "pruned history unavailable", 4444; Nethermind; BSC
	{0, "parent not found", errStateGone},                 // geth, of the first block after a snapshot
	{0, "parent block not found", errStateGone},
	{0, "genesis is not traceable", errStateGone}, // geth
	{4444, "", errStateGone},                      // EIP-4444
	// What is not offered.
	{-32601, "", chains.ErrUnsupported},
	{-32004, "", chains.ErrUnsupported}, // EIP-1474: method not supported
	{0, "method not found", chains.ErrUnsupported},
	{0, "method not supported", chains.ErrUnsupported},
	{0, "method not available", chains.ErrUnsupported},
	{0, "method is not available", chains.ErrUnsupported},
	{0, "does not exist/is not available", chains.ErrUnsupported}, // geth
	{0, "not whitelisted", chains.ErrUnsupported},
	{0, "unsupported method", chains.ErrUnsupported},
	{0, "not available on the", chains.ErrUnsupported}, // Alchemy: "… is not available on the Free tier"
	{0, "is not supported", chains.ErrUnsupported},
	{0, "paid plan", chains.ErrUnsupported},
	// What is not there.
	{-32001, "", chains.ErrNotFound},     // EIP-1474: resource not found
	{0, "not found", chains.ErrNotFound}, // geth: "block not found", "header not found", "transaction not found"
	{0, "unknown block", chains.ErrNotFound},
	{0, "no block", chains.ErrNotFound},
}

// meaning returns what an error with that code and these words means; nil: an error of its own.
func meaning(code int, words string) error {
	words = strings.ToLower(words)
	for _, r := range refusals {
		if (r.code == 0 || r.code == code) && strings.Contains(words, r.text) {
			return r.what
		}
	}
	return nil
}
