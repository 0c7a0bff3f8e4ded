package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
)

// Chain is a chain on a node of its own. Its first error stays: everything after it does
// nothing, and Err says it. Not safe for concurrent use.
type Chain struct {
	*Node
	Height int64     // of the last block
	Time   time.Time // of the last block
	Hash   common.Hash
	// Txs are all transactions that were mined, in chain order.
	Txs []*Tx
	// Validator makes the blocks.
	Validator common.Address

	signer    types.Signer
	id        *big.Int
	baseFee   uint64
	contracts Contracts
	nonces    map[common.Address]uint64
	waiting   []*Tx
	err       error
}

// Tx is one transaction of the play.
type Tx struct {
	From *Account
	Hash common.Hash
	// Fails is set by a play that wants it reverted; any other that is reverted is an error.
	Fails bool
	// Set once it is mined:
	Height int64
	Logs   []types.Log
	Fee    *big.Int // in wei, what of it is burnt included
	Burnt  *big.Int
}

// gasLimit of a transaction, in units of gas: more than any of its kind in the play uses, and so
// little that a wallet can pay it with a twentieth of a coin, since a node wants to see that.
func gasLimit(to *common.Address, data []byte) uint64 {
	switch {
	case to == nil:
		return 5_000_000
	case len(data) == 0:
		return 60_000
	default:
		return 500_000
	}
}

// Start starts a node and its chain. Stop it.
func Start(ctx context.Context, o Options) (*Chain, error) {
	node, err := startNode(ctx, o)
	if err != nil {
		return nil, err
	}
	c := &Chain{
		Node: node, Height: o.Height, Time: o.Time, baseFee: o.BaseFee, contracts: o.Contracts,
		id: new(big.Int).SetUint64(o.ChainID), nonces: map[common.Address]uint64{},
	}
	c.signer = types.NewLondonSigner(c.id)
	validator, err := NewAccount("validator", o.Validator, Price{})
	c.fail(err)
	if validator != nil {
		c.Validator = validator.Address
		c.ask(ctx, nil, "anvil_setCoinbase", c.Validator)
	}
	if c.err != nil {
		return nil, errors.Join(c.err, node.Stop())
	}
	return c, nil
}

// Err returns the first error.
func (c *Chain) Err() error { return c.err }

func (c *Chain) fail(err error) {
	if c.err == nil && err != nil {
		c.err = fmt.Errorf("chain %s, behind block %d: %w", c.id, c.Height, err)
	}
}

func (c *Chain) ask(ctx context.Context, out any, method string, params ...any) {
	if c.err == nil {
		c.fail(c.Node.Ask(ctx, out, method, params...))
	}
}

// Send gives value of the native coin from one account to an address.
func (c *Chain) Send(ctx context.Context, from *Account, to common.Address, value *big.Int) *Tx {
	return c.submit(ctx, from, &to, value, nil)
}

// submit signs a transaction and hands it to the node, where it waits for Mine.
func (c *Chain) submit(ctx context.Context, from *Account, to *common.Address, value *big.Int, data []byte) *Tx {
	nonce := c.nonces[from.Address]
	var inner types.TxData = &types.DynamicFeeTx{
		ChainID: c.id, Nonce: nonce, To: to, Value: value, Data: data, Gas: gasLimit(to, data),
		GasFeeCap: new(big.Int).SetUint64(from.Price.Most), GasTipCap: new(big.Int).SetUint64(from.Price.Tip),
	}
	if from.Price.Tip == 0 {
		inner = &types.LegacyTx{Nonce: nonce, To: to, Value: value, Data: data, Gas: gasLimit(to, data), GasPrice: new(big.Int).SetUint64(from.Price.Most)}
	}
	tx := &Tx{From: from}
	signed, err := types.SignNewTx(from.key, c.signer, inner)
	if err != nil {
		c.fail(fmt.Errorf("sign for %s: %w", from.Name, err))
		return tx
	}
	raw, err := signed.MarshalBinary()
	c.fail(err)
	tx.Hash = signed.Hash()
	c.ask(ctx, nil, "eth_sendRawTransaction", hexutil.Bytes(raw))
	c.nonces[from.Address]++
	c.waiting = append(c.waiting, tx)
	return tx
}

// Mine makes a block of what waits, in the order in which it came, at a time behind the last
// block's. It is an error if the node took another order, or if a transaction ended otherwise
// than the play says.
func (c *Chain) Mine(ctx context.Context, at time.Time) {
	if !at.After(c.Time) {
		c.fail(fmt.Errorf("a block at %s, which is not behind %s", at, c.Time))
	}
	c.ask(ctx, nil, "anvil_setNextBlockBaseFeePerGas", hexutil.EncodeUint64(c.baseFee))
	c.ask(ctx, nil, "evm_setNextBlockTimestamp", at.Unix())
	c.ask(ctx, nil, "evm_mine")
	var raw json.RawMessage
	c.ask(ctx, &raw, "eth_getBlockByNumber", "latest", false)
	var block struct {
		Number       hexutil.Uint64
		Hash         common.Hash
		Transactions []common.Hash
	}
	var header types.Header
	if c.err == nil {
		c.fail(errors.Join(json.Unmarshal(raw, &block), json.Unmarshal(raw, &header)))
	}
	if c.err != nil {
		return
	}
	if header.Hash() != block.Hash {
		c.fail(fmt.Errorf("block %d: its header hashes to %s, the node says %s", block.Number, header.Hash(), block.Hash))
	}
	c.Height, c.Time, c.Hash = c.Height+1, at, block.Hash
	if int64(block.Number) != c.Height || len(block.Transactions) != len(c.waiting) { // #nosec G115 -- a height
		c.fail(fmt.Errorf("block %d has %d transactions, want %d", block.Number, len(block.Transactions), len(c.waiting)))
		return
	}
	for i, tx := range c.waiting {
		if block.Transactions[i] != tx.Hash {
			c.fail(fmt.Errorf("transaction %d is not the one of %s", i, tx.From.Name))
			return
		}
		c.mined(ctx, tx)
	}
	c.Txs = append(c.Txs, c.waiting...)
	c.waiting = nil
}

// mined reads the receipt of tx.
func (c *Chain) mined(ctx context.Context, tx *Tx) {
	var receipt types.Receipt
	c.ask(ctx, &receipt, "eth_getTransactionReceipt", tx.Hash)
	tx.Height = c.Height
	if c.err != nil {
		return
	}
	if failed := receipt.Status == types.ReceiptStatusFailed; failed != tx.Fails {
		c.fail(fmt.Errorf("transaction %s of %s: failed %t, want %t", tx.Hash, tx.From.Name, failed, tx.Fails))
	}
	used := new(big.Int).SetUint64(receipt.GasUsed)
	tx.Fee, tx.Burnt = new(big.Int).Mul(used, receipt.EffectiveGasPrice), used.Mul(used, new(big.Int).SetUint64(c.baseFee))
	for _, log := range receipt.Logs {
		tx.Logs = append(tx.Logs, *log)
	}
}

// Waiting is how many transactions wait for the next block.
func (c *Chain) Waiting() int { return len(c.waiting) }

// Balance returns the native coin of an address as of the last block, in wei; 0 after an error.
func (c *Chain) Balance(ctx context.Context, address common.Address) *big.Int {
	var balance hexutil.Big
	c.ask(ctx, &balance, "eth_getBalance", address, "latest")
	return balance.ToInt()
}
