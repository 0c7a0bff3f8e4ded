package main

import (
	"math/big"
	"math/rand/v2"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"

	"clew/chains/evm/nodetest"
)

// scene are the contracts that a node's blocks are filled with.
type scene struct {
	node            *nodetest.Node
	rng             *rand.Rand
	token, router   common.Address
	splitters       []common.Address
	others          []common.Address // who is paid
	transfer, swaps common.Hash
}

const (
	splitterCount = 50
	payeeCount    = 5000
)

// newScene deploys two tokens, a pool between them, a router before the pool, and contracts that
// pass native coin on to two accounts.
func newScene(n *nodetest.Node) *scene {
	s := &scene{
		node: n, rng: rand.New(rand.NewPCG(nodeSeed, 1)),
		transfer: crypto.Keccak256Hash([]byte("Transfer(address,address,uint256)")),
		swaps:    crypto.Keccak256Hash([]byte("Swap(address,uint256,uint256,uint256,uint256,address)")),
	}
	for range payeeCount {
		var a common.Address
		for i := range a {
			a[i] = byte(s.rng.Uint32())
		}
		s.others = append(s.others, a)
	}
	s.token = n.Deploy(0, s.tokenCode())
	second := n.Deploy(0, s.tokenCode())
	oracle := n.Deploy(0, nodetest.Code{}.Return(7))
	pool := n.Deploy(0, s.poolCode(second, oracle))
	s.router = n.Deploy(0, s.routerCode(pool))
	n.Mine()
	for range splitterCount {
		s.splitters = append(s.splitters, n.Deploy(0, nodetest.Code{}.
			Call(vm.CALL, s.payee(), 1).Call(vm.CALL, s.payee(), 2).Ops(vm.STOP)))
	}
	n.Mine()
	return s
}

func (s *scene) payee() common.Address { return s.others[s.rng.IntN(len(s.others))] }

// argument pushes word n of what a contract was given.
func argument(c nodetest.Code, n uint64) nodetest.Code { return c.Push(32 * n).Ops(vm.CALLDATALOAD) }

// tokenCode takes from, to and an amount, writes into its storage what was paid to whom, and logs it.
func (s *scene) tokenCode() nodetest.Code {
	c := argument(nodetest.Code{}, 2).Ops(vm.PUSH0, vm.MSTORE)
	c = argument(argument(c, 2), 1).Ops(vm.SLOAD, vm.ADD)
	c = argument(c, 1).Ops(vm.SSTORE)
	c = argument(argument(c, 1), 0).PushBytes(s.transfer[:])
	return c.Push(32).Push(0).Ops(vm.LOG3, vm.STOP)
}

// ask calls a contract with as many words of the memory.
func ask(c nodetest.Code, to common.Address, words uint64) nodetest.Code {
	return c.Ops(vm.PUSH0, vm.PUSH0).Push(32*words).Ops(vm.PUSH0, vm.PUSH0).PushBytes(to[:]).Ops(vm.GAS, vm.CALL, vm.POP)
}

// poolCode takes a trader and an amount: it pays the trader in its token, looks at a price, and
// logs the trade.
func (s *scene) poolCode(token, oracle common.Address) nodetest.Code {
	c := nodetest.Code{}.Ops(vm.ADDRESS, vm.PUSH0, vm.MSTORE)
	c = argument(c, 0).Push(32).Ops(vm.MSTORE)
	c = argument(c, 1).Push(64).Ops(vm.MSTORE)
	c = ask(c, token, 3).CallWithout(vm.STATICCALL, oracle)
	c = c.Log(5, crypto.Keccak256Hash([]byte("Sync(uint112,uint112)")))
	c = argument(c, 0).Ops(vm.CALLER).PushBytes(s.swaps[:])
	return c.Push(128).Push(0).Ops(vm.LOG3, vm.STOP)
}

// routerCode takes an amount: it moves it from its caller to the pool and has the pool pay.
func (s *scene) routerCode(pool common.Address) nodetest.Code {
	c := nodetest.Code{}.Ops(vm.CALLER, vm.PUSH0, vm.MSTORE).PushBytes(pool[:]).Push(32).Ops(vm.MSTORE)
	c = argument(c, 0).Push(64).Ops(vm.MSTORE)
	c = ask(c, s.token, 3)
	c = argument(c, 0).Push(32).Ops(vm.MSTORE)
	return ask(c, pool, 2).Ops(vm.STOP)
}

// Parts in a hundred of the transactions of a block; the rest are calls that pass coin on.
const (
	payments = 35
	tokens   = 35
	trades   = 15
)

// block makes a block of txs transactions.
func (s *scene) block(txs int) {
	for i := range txs {
		from, amount := i%nodetest.Funded, nodetest.Word(1+s.rng.Int64N(1e15))
		switch p := s.rng.IntN(100); {
		case p < payments:
			s.node.Pay(from, s.payee(), 1+s.rng.Int64N(1e15))
		case p < payments+tokens:
			s.call(from, s.token, nodetest.AddressWord(nodetest.Account(from)), nodetest.AddressWord(s.payee()), amount)
		case p < payments+tokens+trades:
			s.call(from, s.router, amount)
		default:
			to := s.splitters[s.rng.IntN(len(s.splitters))]
			s.node.Send(from, &types.DynamicFeeTx{To: &to, Value: big.NewInt(100), Gas: callGas})
		}
	}
	s.node.Mine()
}

// callGas is enough for each of the contracts.
const callGas = 250_000

func (s *scene) call(from int, to common.Address, words ...[]byte) {
	var data []byte
	for _, w := range words {
		data = append(data, w...)
	}
	s.node.Send(from, &types.DynamicFeeTx{To: &to, Data: data, Gas: callGas})
}
