package nodetest

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"os"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/rawdb"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/eth"
	"github.com/ethereum/go-ethereum/eth/catalyst"
	"github.com/ethereum/go-ethereum/eth/ethconfig"
	"github.com/ethereum/go-ethereum/eth/filters"
	"github.com/ethereum/go-ethereum/eth/tracers"
	_ "github.com/ethereum/go-ethereum/eth/tracers/native" // the callTracer
	"github.com/ethereum/go-ethereum/node"
	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rpc"
)

// blockGas is the gas limit of a block: room for about 2,800 plain payments.
const blockGas = 60_000_000

// startGeth runs a go-ethereum whose blocks are sealed by a simulated beacon chain.
func (n *Node) startGeth(o Options) {
	n.t.Helper()
	stack, backend, beacon, err := newGeth(o)
	if err != nil {
		n.t.Fatalf("start a go-ethereum: %v", err)
	}
	n.t.Cleanup(func() {
		if err := beacon.Stop(); err != nil {
			n.t.Errorf("stop the beacon chain: %v", err)
		}
		if err := stack.Close(); err != nil {
			n.t.Errorf("stop go-ethereum: %v", err)
		}
	})
	n.URL, n.WS, n.client, n.PID = stack.HTTPEndpoint(), stack.WSEndpoint(), stack.Attach(), os.Getpid()
	n.mine = func(*Node) common.Hash { return beacon.Commit() }
	// Over RPC the pool takes transactions up in a task of its own, and leaves some of them for
	// a later block where the machine is busy.
	n.send = func(tx *types.Transaction) error {
		return errors.Join(backend.TxPool().Add([]*types.Transaction{tx}, true)...)
	}
	n.reorg = func(n *Node, depth int) {
		var parent struct {
			Hash common.Hash `json:"hash"`
		}
		n.RPC(&parent, "eth_getBlockByNumber", hexutil.Uint64(n.Height()-int64(depth)), false)
		if err := beacon.Fork(parent.Hash); err != nil {
			n.t.Fatalf("fork: %v", err)
		}
		beacon.Rollback()
		n.Skip(depth + 1)
	}
}

// newGeth builds and starts one.
func newGeth(o Options) (*node.Node, *eth.Ethereum, *catalyst.SimulatedBeacon, error) {
	modules := o.Modules
	if modules == nil {
		modules = []string{"eth", "net", "web3", "debug", "txpool"}
	}
	stack, err := node.New(&node.Config{
		Name: "Geth", Version: "1.17.10-stable",
		P2P:      p2p.Config{NoDiscovery: true, NoDial: true},
		HTTPHost: "127.0.0.1", HTTPModules: modules,
		WSHost: "127.0.0.1", WSModules: modules, WSOrigins: []string{"*"},
		BatchRequestLimit: 1000, BatchResponseMaxSize: 25_000_000,
	})
	if err != nil {
		return nil, nil, nil, err
	}
	backend, err := eth.New(stack, gethConfig(o))
	if err != nil {
		return nil, nil, nil, fmt.Errorf("the chain: %w", err)
	}
	system := filters.NewFilterSystem(backend.APIBackend, filters.Config{})
	stack.RegisterAPIs([]rpc.API{{Namespace: "eth", Service: filters.NewFilterAPI(system)}})
	stack.RegisterAPIs(tracers.APIs(backend.APIBackend))
	if err := stack.Start(); err != nil {
		return nil, nil, nil, fmt.Errorf("listen: %w", err)
	}
	beacon, err := catalyst.NewSimulatedBeacon(0, FeeRecipient(), backend)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("the beacon chain: %w", err)
	}
	return stack, backend, beacon, beacon.Fork(backend.BlockChain().GetCanonicalHash(0))
}

// FeeRecipient returns the account that blocks pay their tips to.
func FeeRecipient() common.Address {
	return common.HexToAddress("0xfee0000000000000000000000000000000000fee")
}

func gethConfig(o Options) *ethconfig.Config {
	chain := *params.AllDevChainProtocolChanges
	chain.ChainID = new(big.Int).SetUint64(o.ChainID)
	chain.BogotaTime = nil // rules that no chain has yet
	alloc := core.SystemContractAllocs()
	maps.Copy(alloc, o.alloc())
	conf := ethconfig.Defaults
	conf.NetworkId = o.ChainID
	conf.SyncMode = ethconfig.FullSync
	conf.TxPool.NoLocals = true
	conf.TransactionHistory = 0 // all
	conf.LogNoHistory = true    // the index of logs lags behind
	conf.StateScheme = rawdb.HashScheme
	conf.NoPruning = !o.Pruned
	conf.Miner.GasCeil = blockGas
	conf.Genesis = &core.Genesis{
		Config: &chain, GasLimit: blockGas, Alloc: alloc, Timestamp: o.Time, BaseFee: big.NewInt(params.GWei),
	}
	return &conf
}
