package evm

import (
	"fmt"

	"github.com/holiman/uint256"

	"clew/chains"
)

// price returns what was paid for a unit of gas, in wei: as the receipt says, else as
// EIP-1559 computes it.
func (p *Parts) price(h *Header) uint256.Int {
	switch {
	case p.Receipt.GasPrice != nil:
		return *p.Receipt.GasPrice
	case p.Tx.Type == typeLegacy || p.Tx.Type == typeAccess:
		return p.Tx.GasPrice
	case h.BaseFee == nil || !signed(p.Tx.Type):
		return p.Tx.FeeCap
	}
	return p.Tx.priceAt(h.BaseFee)
}

// priceAt is min(fee cap, base fee + tip cap).
func (t *Transaction) priceAt(base *uint256.Int) uint256.Int {
	var sum uint256.Int
	if _, over := sum.AddOverflow(base, &t.TipCap); over || sum.Gt(&t.FeeCap) {
		return t.FeeCap
	}
	return sum
}

// cost is what a transaction paid, in wei.
type cost struct {
	gas  uint256.Int // for gas
	more uint256.Int // for blobs and for the L1: what only the node says
	tip  uint256.Int // the part of gas that went to whoever made the block
	unit uint256.Int // paid for a unit of gas
}

// cost computes the fee. Gas is paid for by failed transactions too; Arbitrum's gas holds the
// part for the L1 already, the OP stack and Scroll name it apart.
func (p *Parts) cost(h *Header, noTip bool) (c cost, err error) {
	r := &p.Receipt
	c.unit = p.price(h)
	over := mul(&c.gas, r.GasUsed, &c.unit)
	over = mul(&c.more, r.BlobGas*blobsPaid(p.Tx.Type), &r.BlobFee) || over
	_, sum := c.more.AddOverflow(&c.more, &r.L1Fee)
	if over || sum {
		return c, fmt.Errorf("fee of transaction %x: %w: %w", p.Tx.Hash, chains.ErrBadAnswer, chains.ErrOverflow)
	}
	if noTip {
		return c, nil
	}
	tip := c.unit
	if h.BaseFee != nil {
		if _, below := tip.SubOverflow(&c.unit, h.BaseFee); below {
			tip.Clear()
		}
	}
	mul(&c.tip, r.GasUsed, &tip)
	return c, nil
}

// blobsPaid is 1 for blob transactions. Elsewhere blobGasUsed counts something else (the OP
// stack's footprint since Jovian), which nobody pays by that price.
func blobsPaid(kind uint8) uint64 {
	if kind == typeBlob {
		return 1
	}
	return 0
}

func mul(into *uint256.Int, n uint64, price *uint256.Int) (overflow bool) {
	_, overflow = into.MulOverflow(new(uint256.Int).SetUint64(n), price)
	return overflow
}
