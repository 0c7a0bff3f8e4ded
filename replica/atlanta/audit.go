package atlanta

import (
	"context"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
)

// Audit refuses a play that does not add up: the logs of each token must lead to the balances
// that its contract tells, these to its supply, and all native coin with what was burnt to what
// the chain started with.
func (p *Play) Audit(ctx context.Context) error {
	for _, name := range p.names() {
		side := p.Chains[name]
		seen := side.everybody()
		for _, token := range sorted(side.tokens) {
			if err := side.auditToken(ctx, token, seen); err != nil {
				return fmt.Errorf("%s of %s: %w", token, name, err)
			}
		}
		if err := p.auditNative(ctx, side, seen); err != nil {
			return fmt.Errorf("native coin of %s: %w", name, err)
		}
	}
	return nil
}

// everybody is each address that can hold something: all of the cast, all contracts, whoever
// makes the blocks, and the zero address.
func (s *Side) everybody() []common.Address {
	all := []common.Address{{}, s.Validator}
	for _, name := range sorted(s.accounts) {
		all = append(all, s.accounts[name].Address)
	}
	for _, name := range sorted(s.contracts) {
		all = append(all, s.contracts[name].Address)
	}
	return all
}

// ledger is what logs say that everybody holds of one token.
type ledger map[common.Address]*big.Int

func (l ledger) add(a common.Address, amount *big.Int) {
	if l[a] == nil {
		l[a] = new(big.Int)
	}
	l[a].Add(l[a], amount)
}

// read adds a log of the token.
func (l ledger) read(log *types.Log) {
	amount := func() *big.Int { return new(big.Int).SetBytes(log.Data) }
	account := func(i int) common.Address { return common.BytesToAddress(log.Topics[i].Bytes()) }
	switch log.Topics[0] {
	case topicTransfer:
		l.add(account(1), amount().Neg(amount()))
		l.add(account(2), amount())
	case topicWrap:
		l.add(account(1), amount())
	case topicUnwrap:
		l.add(account(1), amount().Neg(amount()))
	}
}

var (
	topicWrap   = crypto.Keccak256Hash([]byte("Deposit(address,uint256)"))
	topicUnwrap = crypto.Keccak256Hash([]byte("Withdrawal(address,uint256)"))
)

func (s *Side) auditToken(ctx context.Context, token string, seen []common.Address) error {
	contract := s.contracts[token]
	held := ledger{}
	for _, tx := range s.Txs {
		for i := range tx.Logs {
			if tx.Logs[i].Address == contract.Address {
				held.read(&tx.Logs[i])
			}
		}
	}
	// What was made came from the zero address, which no contract of the play keeps a balance of.
	delete(held, common.Address{})
	sum := new(big.Int)
	for _, a := range seen {
		balance := s.Number(ctx, contract, "balanceOf", a)
		if said := held[a]; said != nil && balance.Cmp(said) != 0 || said == nil && balance.Sign() != 0 {
			return fmt.Errorf("%s holds %s, its logs say %v", a, balance, said)
		}
		delete(held, a)
		sum.Add(sum, balance)
	}
	for a := range held {
		return fmt.Errorf("its logs name %s, whom nobody cast", a)
	}
	if supply := s.Number(ctx, contract, "totalSupply"); s.Err() == nil && supply.Cmp(sum) != 0 {
		return fmt.Errorf("everybody holds %s, its supply is %s", sum, supply)
	}
	return s.Err()
}

func (p *Play) auditNative(ctx context.Context, side *Side, seen []common.Address) error {
	left := new(big.Int)
	for _, e := range p.Truth.Endowed {
		units, ok := new(big.Int).SetString(e.Units, 10)
		if !ok {
			return fmt.Errorf("endowed: %q is no number", e.Units)
		}
		if e.Chain == side.Name {
			left.Add(left, units)
		}
	}
	for _, tx := range side.Txs {
		left.Sub(left, tx.Burnt)
	}
	for _, a := range seen {
		left.Sub(left, side.Balance(ctx, a))
	}
	if left.Sign() != 0 && side.Err() == nil {
		return fmt.Errorf("%s of what the chain started with is nowhere", left)
	}
	return side.Err()
}
