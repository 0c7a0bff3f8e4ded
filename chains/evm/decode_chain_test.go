package evm_test

import (
	"crypto/ecdsa"
	"encoding/json"
	"fmt"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/consensus"
	"github.com/ethereum/go-ethereum/consensus/beacon"
	"github.com/ethereum/go-ethereum/consensus/ethash"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/rawdb"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/eth/tracers"
	_ "github.com/ethereum/go-ethereum/eth/tracers/native" // callTracer
	"github.com/ethereum/go-ethereum/params"
	"github.com/holiman/uint256"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
)

// made is a block that go-ethereum made, as a node would give it.
type made struct {
	block    *types.Block
	json     []byte
	receipts []byte
	calls    []byte
	balances map[common.Address]*big.Int // of watched accounts, at its end
}

// maker makes blocks of one chain with go-ethereum, and remembers calls and balances.
type maker struct {
	tb      testing.TB
	config  *params.ChainConfig
	engine  consensus.Engine
	alloc   types.GenesisAlloc
	watched []common.Address
}

var testMiner = common.HexToAddress("0x00000000000000000000000000000000000c01de")

func testKey(n int) *ecdsa.PrivateKey {
	k, err := crypto.ToECDSA(crypto.Keccak256([]byte(fmt.Sprint("key of the decoder's tests ", n))))
	if err != nil {
		panic(err)
	}
	return k
}

func testAccount(n int) common.Address { return crypto.PubkeyToAddress(testKey(n).PublicKey) }

// newMaker funds ten keys. Merged chains have every fork; the others none at all.
func newMaker(tb testing.TB, merged bool) *maker {
	m := &maker{tb: tb, alloc: types.GenesisAlloc{}, watched: []common.Address{testMiner}}
	if merged {
		m.config, m.engine = params.MergedTestChainConfig, beacon.New(ethash.NewFaker())
		for a, code := range core.SystemContractAllocs() {
			m.alloc[a] = code
		}
	} else {
		m.config, m.engine = &params.ChainConfig{ChainID: big.NewInt(1), Ethash: new(params.EthashConfig)}, ethash.NewFaker()
	}
	for n := range 10 {
		m.alloc[testAccount(n)] = types.Account{Balance: new(big.Int).Mul(big.NewInt(1000), big.NewInt(params.Ether))}
		m.watched = append(m.watched, testAccount(n))
	}
	return m
}

// code puts a contract into block 0.
func (m *maker) code(a common.Address, code []byte, wei int64) {
	m.alloc[a] = types.Account{Code: code, Balance: big.NewInt(wei)}
	m.watched = append(m.watched, a)
}

// builder adds transactions to a block.
type builder struct {
	*core.BlockGen
	m *maker
}

// send signs and runs a transaction.
func (b *builder) send(from int, data types.TxData) {
	b.m.tb.Helper()
	tx, err := types.SignNewTx(testKey(from), b.Signer(), data)
	require.NoError(b.m.tb, err)
	b.AddTx(tx)
}

func (b *builder) pay(from int, to common.Address, wei int64, input ...byte) {
	b.m.tb.Helper()
	b.send(from, &types.LegacyTx{Nonce: b.TxNonce(testAccount(from)), To: &to, Value: big.NewInt(wei), Gas: 500_000, GasPrice: big.NewInt(50 * params.GWei), Data: input})
}

// make returns n blocks.
func (m *maker) make(n int, fill func(i int, b *builder)) []made {
	m.tb.Helper()
	genesis := &core.Genesis{Config: m.config, Alloc: m.alloc, GasLimit: 30_000_000}
	if m.config.LondonBlock != nil {
		genesis.BaseFee, genesis.Difficulty = big.NewInt(params.InitialBaseFee), new(big.Int)
	}
	_, blocks, receipts := core.GenerateChainWithGenesis(genesis, m.engine, n, func(i int, g *core.BlockGen) {
		g.SetCoinbase(testMiner)
		if m.config.LondonBlock != nil {
			g.SetPoS()
		}
		fill(i, &builder{BlockGen: g, m: m})
	})
	calls, balances := m.replay(genesis, blocks)
	list := make([]made, n)
	for i := range list {
		list[i] = made{blocks[i], m.blockJSON(blocks[i]), m.receiptsJSON(blocks[i], receipts[i]), m.callsJSON(blocks[i], calls[i]), balances[i]}
	}
	return list
}

// replay runs the blocks in a chain of its own and returns the calls of each transaction and
// the balances of watched accounts at the end of each block.
func (m *maker) replay(genesis *core.Genesis, blocks []*types.Block) ([][]json.RawMessage, []map[common.Address]*big.Int) {
	m.tb.Helper()
	var frames []json.RawMessage
	var tracer *tracers.Tracer
	options := core.DefaultConfig().WithArchive(true)
	options.VmConfig = vm.Config{Tracer: &tracing.Hooks{
		OnTxStart: func(ctx *tracing.VMContext, tx *types.Transaction, from common.Address) {
			var err error
			tracer, err = tracers.DefaultDirectory.New("callTracer", &tracers.Context{}, nil, m.config)
			require.NoError(m.tb, err)
			tracer.OnTxStart(ctx, tx, from)
		},
		OnTxEnd: func(receipt *types.Receipt, err error) {
			tracer.OnTxEnd(receipt, err)
			frame, err := tracer.GetResult()
			require.NoError(m.tb, err)
			frames, tracer = append(frames, frame), nil
		},
		OnEnter: func(depth int, kind byte, from, to common.Address, input []byte, gas uint64, value *big.Int) {
			if tracer != nil {
				tracer.OnEnter(depth, kind, from, to, input, gas, value)
			}
		},
		OnExit: func(depth int, output []byte, used uint64, err error, reverted bool) {
			if tracer != nil {
				tracer.OnExit(depth, output, used, err, reverted)
			}
		},
	}}
	chain, err := core.NewBlockChain(rawdb.NewMemoryDatabase(), genesis, m.engine, options)
	require.NoError(m.tb, err)
	defer chain.Stop()
	calls := make([][]json.RawMessage, len(blocks))
	balances := make([]map[common.Address]*big.Int, len(blocks))
	for i, block := range blocks {
		frames = nil
		_, err := chain.InsertChain(types.Blocks{block})
		require.NoError(m.tb, err)
		calls[i] = frames
		state, err := chain.State()
		require.NoError(m.tb, err)
		balances[i] = map[common.Address]*big.Int{}
		for _, a := range m.watched {
			balances[i][a] = state.GetBalance(a).ToBig()
		}
	}
	return calls, balances
}

// object returns the members of v's JSON.
func (m *maker) object(v any) map[string]any {
	m.tb.Helper()
	data, err := json.Marshal(v)
	require.NoError(m.tb, err)
	var members map[string]any
	require.NoError(m.tb, json.Unmarshal(data, &members))
	return members
}

func (m *maker) text(v any) []byte {
	m.tb.Helper()
	data, err := json.Marshal(v)
	require.NoError(m.tb, err)
	return data
}

func (m *maker) blockJSON(block *types.Block) []byte {
	m.tb.Helper()
	members := m.object(block.Header())
	txs := []any{}
	for i, tx := range block.Transactions() {
		t := m.object(tx)
		from, err := types.Sender(types.LatestSigner(m.config), tx)
		require.NoError(m.tb, err)
		t["from"], t["transactionIndex"], t["blockHash"] = from, fmt.Sprintf("0x%x", i), block.Hash()
		txs = append(txs, t)
	}
	members["transactions"] = txs
	if block.Withdrawals() != nil {
		members["withdrawals"] = block.Withdrawals()
	}
	uncles := []common.Hash{}
	for _, u := range block.Uncles() {
		uncles = append(uncles, u.Hash())
	}
	members["uncles"] = uncles
	return m.text(members)
}

func (m *maker) receiptsJSON(block *types.Block, receipts types.Receipts) []byte {
	list := []any{}
	for i, r := range receipts {
		members := m.object(r)
		if len(r.PostState) > 0 { // as a node does
			delete(members, "status")
		}
		members["blockHash"], members["transactionIndex"] = block.Hash(), fmt.Sprintf("0x%x", i)
		list = append(list, members)
	}
	return m.text(list)
}

func (m *maker) callsJSON(block *types.Block, calls []json.RawMessage) []byte {
	list := []any{}
	for i, c := range calls {
		list = append(list, map[string]any{"txHash": block.Transactions()[i].Hash(), "result": c})
	}
	return m.text(list)
}

// parts reads what a node would say of the block.
func (b *made) parts(tb testing.TB, chain chains.Chain) *evm.BlockParts {
	tb.Helper()
	parts, err := evm.ParseBlock(chain, b.json, true)
	require.NoError(tb, err)
	receipts, err := evm.ParseReceipts(b.receipts)
	require.NoError(tb, err)
	calls, err := evm.ParseBlockTracer(b.calls)
	require.NoError(tb, err)
	require.NoError(tb, parts.Attach(receipts, calls))
	return parts
}

// nativeSums sums up moves of the native coin.
type nativeSums map[chains.Address]*big.Int

func (l nativeSums) add(tb testing.TB, moves []chains.Move) {
	tb.Helper()
	for _, m := range moves {
		if m.Asset != chains.Native {
			continue
		}
		amount, ok := new(big.Int).SetString(m.Amount.String(), 10)
		require.True(tb, ok)
		for _, side := range []struct {
			a   chains.Address
			add func(z, x, y *big.Int) *big.Int
		}{{m.From, (*big.Int).Sub}, {m.To, (*big.Int).Add}} {
			if l[side.a] == nil {
				l[side.a] = new(big.Int)
			}
			side.add(l[side.a], l[side.a], amount)
		}
	}
}

// requireBalances decodes the blocks and compares every watched balance at the end of each.
func (m *maker) requireBalances(chain chains.Chain, blocks []made) {
	m.tb.Helper()
	sums := nativeSums{}
	for a, acc := range m.alloc {
		sums[evm.Address(a)] = new(big.Int).Set(acc.Balance)
	}
	for i := range blocks {
		block, err := evm.NewDecoder(chain).Block(blocks[i].parts(m.tb, chain))
		require.NoError(m.tb, err)
		for j := range block.Txs {
			sums.add(m.tb, block.Txs[j].Exec.Moves)
		}
		for _, a := range m.watched {
			got := sums[evm.Address(a)]
			if got == nil {
				got = new(big.Int)
			}
			require.Equal(m.tb, blocks[i].balances[a].String(), got.String(), "%s in block %d", a, i+1)
		}
	}
}

// Code of small contracts. Arguments are words of the calldata.
var (
	// codeForward calls the account in word 0 with all of the value.
	codeForward = common.FromHex("5f5f5f5f345f355af100")
	// codeRevert calls on like codeForward, then reverts.
	codeRevert = common.FromHex("5f5f5f5f345f355af15f5ffd")
	// codeDestruct destroys itself for the account in word 0.
	codeDestruct = common.FromHex("5f35ff")
	// codeLog writes Transfer(word 0, word 1, word 2).
	codeLog = common.FromHex("6040355f526020356000357fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef60205fa300")
)

func argument(a common.Address) []byte { return common.LeftPadBytes(a[:], 32) }

func u256(n int64) *uint256.Int { return uint256.NewInt(uint64(n)) }
