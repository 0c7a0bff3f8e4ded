package accountgen

import (
	"crypto/ecdsa"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
)

// Gas that transactions use.
const (
	plainGas = 21_000
	tokenGas = 50_000
	innerGas = 60_000
)

// Numbers of keys beside those of the accounts.
const (
	bystander = 1 << 20
	thief     = bystander + 1
)

// maker makes the bodies of a chain.
type maker struct {
	chain  *Chain
	signer types.Signer
	keys   []*ecdsa.PrivateKey // of the accounts
	nonce  uint64
}

// bodies makes the body of every block: stolen value moves from account to account in blocks that
// lie evenly apart.
func (g *maker) bodies(last int64) error {
	c := g.chain
	c.usual = &body{}
	if err := g.background(c.usual); err != nil {
		return err
	}
	c.usual.seal()
	if err := c.usual.write(); err != nil {
		return err
	}
	for i := range c.Accounts {
		height := 1 + int64(i)*(last-1)/int64(len(c.Accounts))
		b := &body{}
		if err := g.background(b); err != nil {
			return err
		}
		if err := g.hop(b, height, i); err != nil {
			return err
		}
		b.seal()
		if err := b.write(); err != nil {
			return err
		}
		c.special[height] = b
	}
	return nil
}

// background adds payments, payments in a token, and calls that pay another account.
func (g *maker) background(b *body) error {
	key, err := keyOf(bystander)
	if err != nil {
		return err
	}
	from, router := crypto.PubkeyToAddress(key.PublicKey), named("router")
	g.nonce = 0
	for i := range Background {
		to := named(string(rune('a' + i)))
		switch i % 3 {
		case 0:
			err = g.add(b, key, to, 1000, plainGas, nil, []call{{from, to, 1000, false}})
		case 1:
			err = g.add(b, key, g.chain.Token, 0, tokenGas, transfer(g.chain.Token, from, to, 5), []call{{from, g.chain.Token, 0, true}})
		default:
			err = g.add(b, key, router, 2000, innerGas, nil, []call{{from, router, 2000, true}, {router, to, 2000, false}})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// hop adds what brings the stolen value to account number to.
func (g *maker) hop(b *body, height int64, to int) error {
	c := g.chain
	key, err := keyOf(thief)
	if to > 0 {
		key = g.keys[to-1]
	}
	if err != nil {
		return err
	}
	from, account := crypto.PubkeyToAddress(key.PublicKey), c.Accounts[to]
	g.nonce = 0
	if err := g.add(b, key, account, Stolen, plainGas, nil, []call{{from, account, Stolen, false}}); err != nil {
		return err
	}
	err = g.add(b, key, c.Token, 0, tokenGas, transfer(c.Token, from, account, Stolen), []call{{from, c.Token, 0, true}})
	c.hops = append(c.hops, hop{height: height, payer: from, to: to})
	return err
}

// add signs a transaction and adds it with its receipt and calls.
func (g *maker) add(b *body, key *ecdsa.PrivateKey, to common.Address, wei int64, gas uint64, log *types.Log, calls []call) error {
	var data []byte
	if log != nil {
		data = append(append([]byte{0xa9, 0x05, 0x9c, 0xbb}, log.Topics[2][:]...), log.Data...)
	}
	tx, err := types.SignNewTx(key, g.signer, &types.LegacyTx{
		Nonce: g.nonce, GasPrice: big.NewInt(gasPrice), Gas: gas, To: &to, Value: big.NewInt(wei), Data: data,
	})
	if err != nil {
		return err
	}
	g.nonce++
	r := &types.Receipt{GasUsed: gas, Logs: []*types.Log{}}
	if log != nil {
		r.Logs = append(r.Logs, log)
	}
	b.txs, b.receipts, b.calls = append(b.txs, tx), append(b.receipts, r), append(b.calls, calls)
	b.senders = append(b.senders, calls[0].from)
	return nil
}

// topicTransfer is the topic of every token's Transfer.
var topicTransfer = crypto.Keccak256Hash([]byte("Transfer(address,address,uint256)"))

func transfer(token, from, to common.Address, units int64) *types.Log {
	return &types.Log{
		Address: token, Topics: []common.Hash{topicTransfer, common.BytesToHash(from[:]), common.BytesToHash(to[:])},
		Data: common.LeftPadBytes(big.NewInt(units).Bytes(), 32),
	}
}
