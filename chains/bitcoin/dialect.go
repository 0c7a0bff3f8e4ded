package bitcoin

import (
	"clew/chains"
	"clew/chains/rpc"
)

// Codes of bitcoind's JSON-RPC.
const (
	codeNotFound  = -5  // no such block or transaction
	codeParameter = -8  // height out of range
	codeWarmingUp = -28 // still loading
	codeNoMethod  = -32601
	codeMisc      = -1
)

// dialect is what nodes of the family say, and what a person is told.
var dialect = rpc.Dialect{
	Version:     "1.0",
	Meaning:     meaning,
	Serve:       "-server=1",
	Certificate: "a btcd keeps its own in rpc.cert",
	Login:       "name the node's cookie file with --rpc-cookie FILE, or give --rpc-user and CLEW_RPC_PASSWORD (or --rpc-password-file FILE)",
	Forbidden:   "this address or this call is not allowed (bitcoind's options -rpcallowip and -rpcwhitelist)",
}

// meaning goes by codes alone: a node's words are shown, never branched on.
func meaning(code int, _ string) error {
	switch code {
	case codeWarmingUp:
		return rpc.ErrNotReady
	case codeNoMethod:
		return chains.ErrUnsupported
	}
	return nil
}
