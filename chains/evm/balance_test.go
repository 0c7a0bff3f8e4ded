package evm_test

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/chains/evm/nodetest"
)

// programs draws contracts that call, create, destroy and revert at random. Each calls only
// those made before it, so that every run ends.
type programs struct {
	random *rand.Rand
	known  []common.Address
}

func (p *programs) anyone() common.Address { return p.known[p.random.IntN(len(p.known))] }

// program returns code of a few steps.
func (p *programs) program(depth int) nodetest.Code {
	var c nodetest.Code
	for range 1 + p.random.IntN(4) {
		wei := uint64(p.random.IntN(3)) * uint64(1+p.random.IntN(50))
		switch p.random.IntN(10) {
		case 0, 1, 2, 3:
			c = c.Call(vm.CALL, p.anyone(), wei)
		case 4:
			c = c.Call(vm.CALLCODE, p.anyone(), wei)
		case 5:
			c = c.CallWithout(vm.DELEGATECALL, p.anyone())
		case 6:
			c = c.CallWithout(vm.STATICCALL, p.anyone())
		case 7, 8:
			if depth > 0 {
				c = c.Create(p.creation(depth-1), wei, uint64(p.random.IntN(2)*p.random.IntN(1000)))
			}
		case 9:
			c = c.Call(vm.CALL, p.anyone(), 1_000_000_000_000) // more than it has
		}
	}
	switch p.random.IntN(12) {
	case 0, 1:
		return c.Revert()
	case 2:
		return c.Ops(vm.INVALID)
	case 3, 4:
		return c.Destruct(p.anyone())
	}
	return c.Ops(vm.STOP)
}

// creation returns code of creation: it does something, and may leave a contract.
func (p *programs) creation(depth int) []byte {
	if p.random.IntN(2) == 0 {
		return p.program(depth)
	}
	return nodetest.InitCode(p.program(depth))
}

// TestNativeBalances sends random transactions and compares, of every account and block, what
// the moves sum up to with what the node says that the balance changed by.
func TestNativeBalances(t *testing.T) {
	onEach(t, func(t *testing.T, n *nodetest.Node) {
		const blocks, each, keys = 25, 12, 6
		p := &programs{random: rand.New(rand.NewPCG(4, 8))} // the same numbers each time
		for i := range keys {
			p.known = append(p.known, nodetest.Account(i))
		}
		p.known = append(p.known, common.HexToAddress("0xdead00000000000000000000000000000000beef"), nodetest.FeeRecipient())
		for range blocks {
			for range each {
				from := p.random.IntN(keys)
				wei := big.NewInt(int64(p.random.IntN(500)))
				switch p.random.IntN(4) {
				case 0:
					tx := n.Send(from, &types.DynamicFeeTx{Value: wei, Data: nodetest.InitCode(p.program(2)), Gas: 3_000_000})
					p.known = append(p.known, crypto.CreateAddress(nodetest.Account(from), tx.Nonce()))
				case 1:
					n.Send(from, &types.LegacyTx{Value: wei, Data: p.creation(2), Gas: 3_000_000})
				default:
					to := p.anyone()
					n.Send(from, &types.DynamicFeeTx{To: &to, Value: wei, Gas: 2_000_000})
				}
			}
			n.Mine()
		}
		node := dial(t, n, n.URL, evm.Options{})
		seen := map[chains.MoveKind]int{}
		failed, inside := 0, 0
		accounts := map[chains.Address]bool{}
		for height := int64(1); height <= n.Height(); height++ {
			b := readBlock(t, node, height)
			change := map[chains.Address]*big.Int{}
			for i := range b.Txs {
				e := b.Txs[i].Exec
				require.False(t, e.Untraced)
				if e.Failed {
					failed++
				}
				for _, m := range e.Moves {
					seen[m.Kind]++
					if m.Kind == chains.MoveCall && m.Index > 0 {
						inside++
					}
					add(change, m.From, m.Amount, -1)
					add(change, m.To, m.Amount, 1)
				}
			}
			for a := range change {
				accounts[a] = true
			}
			for a := range accounts {
				c, _ := evm.Account(a)
				before, after := n.Balance(c, height-1), n.Balance(c, height)
				want := new(big.Int).Sub(after, before)
				got := change[a]
				if got == nil {
					got = new(big.Int)
				}
				require.Equal(t, want.String(), got.String(), "block %d, account %s", height, c)
			}
			for _, a := range p.known {
				if accounts[evm.Address(a)] {
					continue
				}
				require.Equal(t, n.Balance(a, height-1), n.Balance(a, height), "block %d, account %s", height, a)
			}
		}
		for _, kind := range []chains.MoveKind{chains.MoveFee, chains.MoveCall, chains.MoveCreate, chains.MoveDestruct, chains.MoveTip} {
			require.Positive(t, seen[kind], "moves of kind %d", kind)
		}
		require.Positive(t, failed)
		require.Greater(t, inside, 20, "calls inside that move value")
	})
}

func add(to map[chains.Address]*big.Int, a chains.Address, amount chains.Amount, sign int64) {
	if a == "" {
		return
	}
	if to[a] == nil {
		to[a] = new(big.Int)
	}
	v, _ := new(big.Int).SetString(amount.String(), 10)
	to[a].Add(to[a], v.Mul(v, big.NewInt(sign)))
}
