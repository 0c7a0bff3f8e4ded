package stage

import (
	"crypto/ecdsa"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// Account is a key of the play. The same seed and name give the same key on every chain.
type Account struct {
	Name    string
	Address common.Address
	key     *ecdsa.PrivateKey
	// Price is the habit of its wallet, in wei a unit of gas: what it offers at most, and as tip.
	Price Price
}

// Price is what a wallet offers for a unit of gas, in wei. Without a tip its transactions have
// the old form with one price.
type Price struct{ Most, Tip uint64 }

// NewAccount makes the account of that name.
func NewAccount(seed, name string, price Price) (*Account, error) {
	key, err := crypto.ToECDSA(crypto.Keccak256([]byte(seed + "/" + name)))
	if err != nil {
		return nil, fmt.Errorf("key of %q: %w", name, err)
	}
	return &Account{Name: name, Address: crypto.PubkeyToAddress(key.PublicKey), key: key, Price: price}, nil
}

// Units returns amount of a unit with that many decimals, in smallest units. The amount is
// written with digits and at most one point.
func Units(amount string, decimals int) (*big.Int, error) {
	r, ok := new(big.Rat).SetString(amount)
	if !ok {
		return nil, fmt.Errorf("amount %q: want a decimal number", amount)
	}
	r.Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil)))
	if !r.IsInt() {
		return nil, fmt.Errorf("amount %q: more than %d decimals", amount, decimals)
	}
	return r.Num(), nil
}
