package atlanta

import (
	"context"
	"fmt"
	"math/big"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"clew/replica/stage"
)

var (
	topicSwap     = crypto.Keccak256Hash([]byte("Swap(address,uint256,uint256,uint256,uint256,address)"))
	topicTransfer = crypto.Keccak256Hash([]byte("Transfer(address,address,uint256)"))
)

// finish completes the truth with what the chains say: accounts, what trades paid, what was
// stolen and what everybody has.
func (p *Play) finish(ctx context.Context) error {
	options := chainsOf(Options{})
	for _, name := range p.names() {
		side := p.Chains[name]
		p.Truth.Chains = append(p.Truth.Chains, ChainTruth{
			name, caip2(options[name].ChainID), options[name].Height, side.Height, side.Hash.Hex(), len(side.Txs),
		})
		for _, house := range sorted(side.contracts) {
			p.Truth.Contracts = append(p.Truth.Contracts, House{name, house, side.contracts[house].Address.Hex(), public(name, house)})
		}
		p.hold(ctx, side)
		if err := side.Err(); err != nil {
			return err
		}
	}
	for _, name := range sorted(p.Chains["polygon"].accounts) {
		p.Truth.Accounts = append(p.Truth.Accounts, Person{name, owner(name), p.Chains["polygon"].accounts[name].Address.Hex()})
	}
	if err := p.trades(); err != nil {
		return err
	}
	if err := p.thefts(); err != nil {
		return err
	}
	return p.Audit(ctx)
}

func public(chain, name string) bool {
	for _, l := range laid {
		if l.chain == chain && l.name == name {
			return true
		}
	}
	return false
}

// hold writes down every holding that is not 0, of accounts by name and then asset.
func (p *Play) hold(ctx context.Context, side *Side) {
	for _, name := range sorted(side.accounts) {
		address := side.accounts[name].Address
		write := func(asset string, units *big.Int) {
			if units.Sign() > 0 {
				p.Truth.Holdings = append(p.Truth.Holdings, Holding{owner(name), name, side.Name, address.Hex(), asset, units.String()})
			}
		}
		write(Native, side.Balance(ctx, address))
		for _, token := range sorted(side.tokens) {
			write(side.asset(token), side.Number(ctx, side.contracts[token], "balanceOf", address))
		}
	}
}

// find returns a transaction of the play.
func (p *Play) find(chain, txid string) (*stage.Tx, error) {
	for _, tx := range p.Chains[chain].Txs {
		if tx.Hash.Hex() == txid {
			return tx, nil
		}
	}
	return nil, fmt.Errorf("transaction %s of %s was not mined", txid, chain)
}

// trades reads from the last pool of each trade what it paid.
func (p *Play) trades() error {
	for _, swap := range p.Truth.Swaps {
		tx, err := p.find(swap.Chain, swap.TxID)
		if err != nil {
			return err
		}
		last := slices.IndexFunc(tx.Logs, func(l types.Log) bool { return l.Topics[0] == topicSwap })
		for i := range tx.Logs {
			if tx.Logs[i].Topics[0] == topicSwap {
				last = i
			}
		}
		if last < 0 {
			return fmt.Errorf("transaction %s did not trade", swap.TxID)
		}
		data := tx.Logs[last].Data
		out := new(big.Int).Add(new(big.Int).SetBytes(data[64:96]), new(big.Int).SetBytes(data[96:128]))
		swap.Received.Units = out.String()
	}
	return nil
}

// taken are the amounts of the victim's report, in whole coins, in the order of the acts.
var taken = []struct{ lp, token, native, units string }{
	{"LP-ELIXIR", "ELIXIR", "43089", "4074960.77"},
	{"LP-START", "START", "185962", "110846"},
}

// thefts names what the thief's wallet received in the two removals, and refuses a play in which
// it is not what the victim's report says.
func (p *Play) thefts() error {
	side := p.Chains["polygon"]
	collector := side.accounts["thief.collector"].Address
	for _, t := range taken {
		native, err := stage.Units(t.native, 18)
		if err != nil {
			return err
		}
		tokens, err := stage.Units(t.units, 18)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(p.Truth.Acts, func(a Acted) bool { return a.Step == 2 && a.Says == "remove "+shares[t.lp]+" "+t.lp+" thief.collector" })
		if at < 0 {
			return fmt.Errorf("nobody removes %s", t.lp)
		}
		tx, err := p.find("polygon", p.Truth.Acts[at].TxID)
		if err != nil {
			return err
		}
		if got := received(tx, side.contracts[t.token].Address, collector); got.Cmp(tokens) != 0 {
			return fmt.Errorf("the removal of %s gave %s of %s, want %s", t.lp, got, t.token, tokens)
		}
		if got := unwrapped(tx, side.contracts["WMATIC"].Address); got.Cmp(native) != 0 {
			return fmt.Errorf("the removal of %s gave %s of the native coin, want %s", t.lp, got, native)
		}
		for _, leg := range []Leg{{Native, native.String()}, {side.asset(t.token), tokens.String()}} {
			id := "V" + string(rune('1'+len(p.Truth.Stolen)))
			p.Truth.Stolen = append(p.Truth.Stolen, Stolen{id, "polygon", tx.Hash.Hex(), collector.Hex(), leg.Asset, leg.Units})
		}
	}
	return nil
}

// shares that were drained, in whole ones.
var shares = map[string]string{"LP-ELIXIR": "406618", "LP-START": "129463"}

// received is how much of a token its logs give to an address.
func received(tx *stage.Tx, token, to common.Address) *big.Int {
	sum := new(big.Int)
	for _, log := range tx.Logs {
		if log.Address == token && log.Topics[0] == topicTransfer && log.Topics[2] == common.BytesToHash(to.Bytes()) {
			sum.Add(sum, new(big.Int).SetBytes(log.Data))
		}
	}
	return sum
}

// unwrapped is how much of the native coin came out of its wrapper.
func unwrapped(tx *stage.Tx, wrapper common.Address) *big.Int {
	sum := new(big.Int)
	for _, log := range tx.Logs {
		if log.Address == wrapper && log.Topics[0] == topicUnwrap {
			sum.Add(sum, new(big.Int).SetBytes(log.Data))
		}
	}
	return sum
}
