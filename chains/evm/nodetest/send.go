package nodetest

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/crypto/kzg4844"
	"github.com/ethereum/go-ethereum/params"
	"github.com/holiman/uint256"

	"clew/chains"
)

// Send signs a transaction with key number from, sends it and returns it. What is zero in data
// is filled in: chain id, nonce, gas (1,000,000) and prices (2 gwei for the maker of the block, 100 in all).
func (n *Node) Send(from int, data types.TxData) *types.Transaction {
	n.t.Helper()
	tx := n.Sign(from, data)
	if err := n.send(tx); err != nil {
		n.t.Fatalf("%s: send a transaction: %v", n.Kind, err)
	}
	return tx
}

// Sign is Send without sending: the nonce counts as used.
func (n *Node) Sign(from int, data types.TxData) *types.Transaction {
	n.t.Helper()
	n.fill(data, n.nonce(from))
	tx, err := types.SignNewTx(Key(from), types.LatestSignerForChainID(n.ChainID), data)
	if err != nil {
		n.t.Fatalf("sign a transaction: %v", err)
	}
	return tx
}

// nonce returns the next one of a key, and counts it as used.
func (n *Node) nonce(from int) uint64 {
	n.t.Helper()
	next, known := n.nonces[from]
	if !known {
		var count hexutil.Uint64
		n.RPC(&count, "eth_getTransactionCount", Account(from), "pending")
		next = uint64(count)
	}
	n.nonces[from] = next + 1
	return next
}

const defaultGas = 1_000_000

func tip() *big.Int    { return big.NewInt(2 * params.GWei) }
func feeCap() *big.Int { return big.NewInt(100 * params.GWei) }

// fill sets what a test has no opinion of.
func (n *Node) fill(data types.TxData, nonce uint64) {
	n.t.Helper()
	chain, price := uint256.MustFromBig(n.ChainID), feeCap()
	switch d := data.(type) {
	case *types.LegacyTx:
		d.Nonce, d.Gas, d.GasPrice = nonce, orGas(d.Gas), orBig(d.GasPrice, price)
	case *types.AccessListTx:
		d.ChainID, d.Nonce, d.Gas, d.GasPrice = n.ChainID, nonce, orGas(d.Gas), orBig(d.GasPrice, price)
	case *types.DynamicFeeTx:
		d.ChainID, d.Nonce, d.Gas = n.ChainID, nonce, orGas(d.Gas)
		d.GasTipCap, d.GasFeeCap = orBig(d.GasTipCap, tip()), orBig(d.GasFeeCap, price)
	case *types.BlobTx:
		d.ChainID, d.Nonce, d.Gas = chain, nonce, orGas(d.Gas)
		d.GasTipCap, d.GasFeeCap = orInt(d.GasTipCap, tip()), orInt(d.GasFeeCap, price)
		d.BlobFeeCap = orInt(d.BlobFeeCap, price)
	case *types.SetCodeTx:
		d.ChainID, d.Nonce, d.Gas = chain, nonce, orGas(d.Gas)
		d.GasTipCap, d.GasFeeCap = orInt(d.GasTipCap, tip()), orInt(d.GasFeeCap, price)
	default:
		n.t.Fatalf("no transaction of this type can be sent: %T", data)
	}
}

func orGas(gas uint64) uint64 {
	if gas == 0 {
		return defaultGas
	}
	return gas
}

func orBig(v, otherwise *big.Int) *big.Int {
	if v == nil {
		return otherwise
	}
	return v
}

func orInt(v *uint256.Int, otherwise *big.Int) *uint256.Int {
	if v == nil {
		return uint256.MustFromBig(otherwise)
	}
	return v
}

// Pay sends native coin from a key to an account.
func (n *Node) Pay(from int, to common.Address, wei int64) *types.Transaction {
	n.t.Helper()
	return n.Send(from, &types.DynamicFeeTx{To: &to, Value: big.NewInt(wei), Gas: params.TxGas})
}

// Call sends a transaction with data to a contract.
func (n *Node) Call(from int, to common.Address, wei int64, data ...[]byte) *types.Transaction {
	n.t.Helper()
	var input []byte
	for _, d := range data {
		input = append(input, d...)
	}
	return n.Send(from, &types.DynamicFeeTx{To: &to, Value: big.NewInt(wei), Data: input})
}

// Deploy sends a transaction that creates a contract with this code, and returns where it will be.
func (n *Node) Deploy(from int, runtime []byte) common.Address {
	n.t.Helper()
	tx := n.Send(from, &types.DynamicFeeTx{Data: InitCode(runtime), Gas: 5_000_000})
	return crypto.CreateAddress(Account(from), tx.Nonce())
}

// InitCode returns code of creation that leaves runtime as the contract's code.
func InitCode(runtime []byte) []byte {
	size := len(runtime)
	// PUSH2 size, DUP1, PUSH1 13, PUSH0, CODECOPY, PUSH0, RETURN
	head := []byte{0x61, byte(size >> 8), byte(size), 0x80, 0x60, 0x0a, 0x5f, 0x39, 0x5f, 0xf3}
	return append(head, runtime...)
}

// Lend signs that the account of a key runs the code of another (EIP-7702), for a transaction
// that another key sends; the account's nonce counts as used once.
func (n *Node) Lend(key int, code common.Address) types.SetCodeAuthorization {
	n.t.Helper()
	auth, err := types.SignSetCode(Key(key), types.SetCodeAuthorization{
		ChainID: *uint256.MustFromBig(n.ChainID), Address: code, Nonce: n.nonce(key),
	})
	if err != nil {
		n.t.Fatalf("sign an authorization: %v", err)
	}
	return auth
}

// TxID returns the id of a transaction.
func TxID(tx *types.Transaction) chains.TxID { return chains.TxID(tx.Hash()) }

// Word returns a number as 32 bytes, as contracts take it.
func Word(v int64) []byte { return common.LeftPadBytes(big.NewInt(v).Bytes(), 32) }

// AddressWord returns an address as 32 bytes.
func AddressWord(a common.Address) []byte { return common.LeftPadBytes(a[:], 32) }

// Succeeded fails the test unless every transaction is in the chain and went well.
func (n *Node) Succeeded(txs ...*types.Transaction) {
	n.t.Helper()
	for i, tx := range txs {
		var receipt struct {
			Status hexutil.Uint64 `json:"status"`
			Block  *hexutil.Big   `json:"blockNumber"`
		}
		n.RPC(&receipt, "eth_getTransactionReceipt", tx.Hash())
		if receipt.Block == nil || receipt.Status != 1 {
			n.t.Fatalf("%s", fmt.Sprintf("transaction %d (%s): block %v, status %d", i, tx.Hash(), receipt.Block, receipt.Status))
		}
	}
}

// SendBlob sends a transaction with one blob of zeros from a key. The commitment to it, and what
// proves it, is the point at infinity, so that nothing has to be computed.
func (n *Node) SendBlob(from int, to common.Address, wei *big.Int) *types.Transaction {
	n.t.Helper()
	infinity := [48]byte{0xc0}
	version, proofs := types.BlobSidecarVersion0, []kzg4844.Proof{infinity}
	if n.Kind == Geth { // Osaka wants a proof for each cell
		version, proofs = types.BlobSidecarVersion1, slices.Repeat(proofs, kzg4844.CellProofsPerBlob)
	}
	side := types.NewBlobTxSidecar(version, []kzg4844.Blob{{}}, []kzg4844.Commitment{infinity}, proofs)
	return n.Send(from, &types.BlobTx{To: to, Value: uint256.MustFromBig(wei), Sidecar: side, BlobHashes: side.BlobHashes()})
}
