package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"os"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
)

// Contracts are compiled contracts by name.
type Contracts map[string]Compiled

// Compiled is what the compiler made of one contract.
type Compiled struct {
	ABI     abi.ABI `json:"abi"`
	Code    string  `json:"code"`    // that creates it, hex
	Runtime string  `json:"runtime"` // that stands at its address, hex; immutables are 0 in it
}

// ReadContracts reads the file that compile.js writes.
func ReadContracts(path string) (Contracts, error) {
	data, err := os.ReadFile(path) // #nosec G304 -- named by whoever runs the replica
	if err != nil {
		return nil, fmt.Errorf("compiled contracts (`make replica` compiles them): %w", err)
	}
	var file struct{ Contracts Contracts }
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("compiled contracts %s: %w", path, err)
	}
	return file.Contracts, nil
}

// Contract is one that stands on a chain.
type Contract struct {
	Address common.Address
	abi     abi.ABI
}

// At returns the contract of that kind which stands at address.
func (c *Chain) At(kind string, address common.Address) *Contract {
	compiled, ok := c.contracts[kind]
	if !ok {
		c.fail(fmt.Errorf("no compiled contract %q", kind))
	}
	return &Contract{Address: address, abi: compiled.ABI}
}

// Lay puts the code of a contract at an address without a transaction, as part of the state
// that the chain starts with. Its storage is empty.
func (c *Chain) Lay(ctx context.Context, kind string, address common.Address) *Contract {
	k := c.At(kind, address)
	c.ask(ctx, nil, "anvil_setCode", address, "0x"+c.contracts[kind].Runtime)
	return k
}

// Endow gives an account its native coin in the state that the chain starts with.
func (c *Chain) Endow(ctx context.Context, address common.Address, wei *big.Int) {
	c.ask(ctx, nil, "anvil_setBalance", address, hexutil.EncodeBig(wei))
}

// Deploy creates a contract by a transaction of from.
func (c *Chain) Deploy(ctx context.Context, from *Account, kind string, args ...any) *Contract {
	k := c.At(kind, crypto.CreateAddress(from.Address, c.nonces[from.Address]))
	data, err := k.abi.Pack("", args...)
	c.fail(err)
	c.submit(ctx, from, nil, new(big.Int), append(common.FromHex(c.contracts[kind].Code), data...))
	return k
}

// Do calls a method of a contract by a transaction of from that gives value; nil is 0.
func (c *Chain) Do(ctx context.Context, from *Account, value *big.Int, k *Contract, method string, args ...any) *Tx {
	data, err := k.abi.Pack(method, args...)
	if err != nil {
		c.fail(fmt.Errorf("%s of %s: %w", method, from.Name, err))
	}
	if value == nil {
		value = new(big.Int)
	}
	return c.submit(ctx, from, &k.Address, value, data)
}

// Read asks a contract as of the last block. The result is the first value that it returns.
func (c *Chain) Read(ctx context.Context, k *Contract, method string, args ...any) any {
	data, err := k.abi.Pack(method, args...)
	c.fail(err)
	var answer hexutil.Bytes
	c.ask(ctx, &answer, "eth_call", map[string]any{"to": k.Address, "data": hexutil.Bytes(data)}, "latest")
	if c.err != nil {
		return nil
	}
	values, err := k.abi.Unpack(method, answer)
	if err != nil {
		c.fail(fmt.Errorf("read %s of %s: %w", method, k.Address, err))
		return nil
	}
	return values[0]
}

// Number is Read of a method that returns a number; 0 after an error.
func (c *Chain) Number(ctx context.Context, k *Contract, method string, args ...any) *big.Int {
	if n, ok := c.Read(ctx, k, method, args...).(*big.Int); ok {
		return n
	}
	c.fail(fmt.Errorf("%s of %s is no number", method, k.Address))
	return new(big.Int)
}

// Data encodes a call of a method of a kind of contract.
func (c *Chain) Data(kind, method string, args ...any) []byte {
	data, err := c.At(kind, common.Address{}).abi.Pack(method, args...)
	c.fail(err)
	return data
}
