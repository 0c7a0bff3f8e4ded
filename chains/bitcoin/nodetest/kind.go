package nodetest

import (
	"fmt"
	"path/filepath"
	"strings"

	"clew/chains"
)

// Kind is a program that Start can run.
type Kind string

// The kinds of node. BitcoinCore is a bitcoind, whoever built it.
const (
	BitcoinCore  Kind = "bitcoind"
	LitecoinCore Kind = "litecoind"
	Btcd         Kind = "btcd"
)

// Kinds returns every kind, for a test that runs on each.
func Kinds() []Kind { return []Kind{BitcoinCore, LitecoinCore, Btcd} }

// program is what is particular to a kind.
type program struct {
	chain chains.Chain
	path  string                 // below build/tools
	get   string                 // how to get it
	ready string                 // a line of its log has this once it answers
	args  func(n *Node) []string // before those of Options
	// submits: blocks are made here and handed over, since it mines none of given
	// transactions.
	submits bool
	// first is how many blocks a new chain has before segwit counts there.
	first int
	tls   bool
}

// Names of the account on a node that takes no cookie.
const user, password = "nodetest", "nodetest-password"

func (k Kind) program() program {
	switch k {
	case LitecoinCore:
		return program{
			chain: "litecoin-regtest", path: "litecoind/litecoind", ready: "Done loading",
			get: "scripts/get-node.sh litecoind build/tools/litecoind",
			// Blocks from 432 on would need one transaction more (MWEB). It ends only when idle
			// connections have timed out.
			args: func(n *Node) []string { return append(coreArgs(n), "-vbparams=mweb:-2:0", "-rpcservertimeout=2") },
		}
	case Btcd:
		return program{
			chain: "bitcoin-simnet", path: "btcd", ready: "RPC server listening", get: "make build/tools/btcd",
			args: btcdArgs, submits: true, first: 300, tls: true,
		}
	}
	return program{
		chain: "bitcoin-regtest", path: "bitcoind/bitcoind", ready: "Done loading",
		get:  "scripts/get-node.sh bitcoind build/tools/bitcoind",
		args: func(n *Node) []string { return append(coreArgs(n), "-rest=1", "-fixedseeds=0") },
	}
}

// env is the variable that names the program.
func (k Kind) env() string { return "CLEW_" + strings.ToUpper(string(k)) }

func coreArgs(n *Node) []string {
	return []string{
		"-regtest", "-datadir=" + n.DataDir, "-server=1", "-txindex=1",
		"-listen=0", "-connect=0", "-dnsseed=0",
		"-rpcbind=127.0.0.1", "-rpcallowip=127.0.0.1", fmt.Sprintf("-rpcport=%d", n.port),
		"-printtoconsole=1", "-persistmempool=0", "-par=1", "-dbcache=32",
	}
}

// btcd forgets its regtest at each start, so simnet it is.
func btcdArgs(n *Node) []string {
	return []string{
		"--simnet", "--datadir=" + n.DataDir, "--logdir=" + filepath.Join(n.DataDir, "logs"),
		"--configfile=" + filepath.Join(n.DataDir, "none.conf"),
		"--nolisten", "--nodnsseed", "--txindex", "--nocfilters",
		fmt.Sprintf("--rpclisten=127.0.0.1:%d", n.port), "--rpcuser=" + user, "--rpcpass=" + password,
		"--rpccert=" + n.CAFile, "--rpckey=" + filepath.Join(n.DataDir, "rpc.key"), "--rpcmaxclients=100",
	}
}
