package evm

import (
	"fmt"

	"github.com/holiman/uint256"

	"clew/chains"
)

// price returns what was paid for a unit of gas, in wei: as the receipt says or, where it does
// not, as what was signed and the base fee make it. Where both are known on a chain that does
// as Ethereum does, another price is chains.ErrBadAnswer.
func (p *Parts) price(h *Header, plain bool) (uint256.Int, error) {
	said := p.Receipt.GasPrice
	if !signed(p.Tx.Type) {
		if said != nil {
			return *said, nil
		}
		return p.Tx.FeeCap, nil
	}
	made := p.Tx.priceAt(h.BaseFee)
	if said == nil {
		return made, nil
	}
	if *said != made && plain && h.Raw != nil {
		return made, fmt.Errorf("fee of transaction %x: %w: %s wei for a unit of gas, but it was signed for %s", p.Tx.Hash, chains.ErrBadAnswer, said.Dec(), made.Dec())
	}
	return *said, nil
}

// priceAt is min(fee cap, base fee + tip cap), or the price that older types fix.
func (t *Transaction) priceAt(base *uint256.Int) uint256.Int {
	if t.Type == typeLegacy || t.Type == typeAccess {
		return t.GasPrice
	}
	if base == nil {
		return t.FeeCap
	}
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
	said bool        // unit is the receipt's word: it does not follow from what was signed and the header
}

// cost computes the fee. Gas is paid for by failed transactions too; Arbitrum's gas holds the
// part for the L1 already, the OP stack and Scroll name it apart.
func (p *Parts) cost(h *Header, q *quirks) (c cost, err error) {
	r := &p.Receipt
	if c.unit, err = p.price(h, q.plainHeader); err != nil {
		return c, err
	}
	made := p.Tx.priceAt(h.BaseFee)
	c.said = !signed(p.Tx.Type) || c.unit != made
	over := mul(&c.gas, r.GasUsed, &c.unit)
	over = mul(&c.more, r.BlobGas*blobsPaid(p.Tx.Type), &r.BlobFee) || over
	_, sum := c.more.AddOverflow(&c.more, &r.L1Fee)
	if over || sum {
		return c, fmt.Errorf("fee of transaction %x: %w: %w", p.Tx.Hash, chains.ErrBadAnswer, chains.ErrOverflow)
	}
	if q.noTip || q.feeLog {
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
