package chains

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/holiman/uint256"
)

// Amount is a number of whole smallest units (satoshi, wei) of some asset, from 0 to
// 2²⁵⁶−1. The zero value is 0. It is a value: methods never change their receiver.
type Amount struct{ v uint256.Int }

// ErrOverflow: a sum does not fit in an Amount.
var ErrOverflow = errors.New("amount overflows")

// Units returns the Amount of n units.
func Units(n uint64) Amount {
	var a Amount
	a.v.SetUint64(n)
	return a
}

// AmountOf returns the Amount of v units.
func AmountOf(v *uint256.Int) Amount { return Amount{*v} }

// ParseAmount reads a decimal string of whole units: digits only.
func ParseAmount(text string) (Amount, error) {
	if text == "" || len(text) > 78 {
		return Amount{}, fmt.Errorf("amount %q: want whole units as 1 to 78 digits", text)
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return Amount{}, fmt.Errorf("amount %q: want whole units, digits only", text)
		}
	}
	var a Amount
	if err := a.v.SetFromDecimal(text); err != nil {
		return Amount{}, fmt.Errorf("amount %q: %w", text, ErrOverflow)
	}
	return a, nil
}

// String returns the decimal digits, the form of every amount in JSON.
func (a Amount) String() string { return a.v.Dec() }

// Uint64 returns the amount and whether it fits.
func (a Amount) Uint64() (uint64, bool) { return a.v.Uint64(), a.v.IsUint64() }

// AppendBytes appends the bytes of a to b, the highest first, without leading zeros: none for 0.
func (a Amount) AppendBytes(b []byte) []byte {
	word := a.v.Bytes32()
	return append(b, word[len(word)-a.v.ByteLen():]...)
}

// BytesAmount returns the amount whose bytes, the highest first, are b.
func BytesAmount[B []byte | string](b B) (Amount, error) {
	var a Amount
	if len(b) > 32 {
		return a, fmt.Errorf("amount of %d bytes: %w", len(b), ErrOverflow)
	}
	var word [32]byte
	copy(word[len(word)-len(b):], b)
	a.v.SetBytes32(word[:])
	return a, nil
}

// IsZero reports whether a is 0.
func (a Amount) IsZero() bool { return a.v.IsZero() }

// Cmp returns −1, 0 or 1 as a is less than, equal to or greater than b.
func (a Amount) Cmp(b Amount) int { return a.v.Cmp(&b.v) }

// Less reports whether a < b.
func (a Amount) Less(b Amount) bool { return a.v.Lt(&b.v) }

// Add returns a+b, or ErrOverflow.
func (a Amount) Add(b Amount) (Amount, error) {
	var r Amount
	if _, over := r.v.AddOverflow(&a.v, &b.v); over {
		return Amount{}, fmt.Errorf("%s + %s: %w", a, b, ErrOverflow)
	}
	return r, nil
}

// Plus returns a+b where the caller knows that it fits, because both are parts of a sum
// that Add has checked. It panics otherwise: that is a defect of the program.
func (a Amount) Plus(b Amount) Amount {
	var r Amount
	if _, over := r.v.AddOverflow(&a.v, &b.v); over {
		panic("chains: amount overflows in Plus")
	}
	return r
}

// Minus returns a−b where the caller knows that b ≤ a. It panics otherwise.
func (a Amount) Minus(b Amount) Amount {
	var r Amount
	if _, under := r.v.SubOverflow(&a.v, &b.v); under {
		panic("chains: amount below zero in Minus")
	}
	return r
}

// MulDiv returns floor(a·b/d) and the remainder a·b mod d, exact over 512 bits. It panics
// if d is 0 or the quotient does not fit, which b ≤ d or a ≤ d rules out.
func (a Amount) MulDiv(b, d Amount) (quotient, remainder Amount) {
	if d.IsZero() {
		panic("chains: MulDiv by zero")
	}
	if a.v.IsUint64() && b.v.IsUint64() && d.v.IsUint64() { // every amount of a Bitcoin-family chain
		high, low := bits.Mul64(a.v.Uint64(), b.v.Uint64())
		if high < d.v.Uint64() {
			q, r := bits.Div64(high, low, d.v.Uint64())
			return Units(q), Units(r)
		}
	}
	if _, over := quotient.v.MulDivOverflow(&a.v, &b.v, &d.v); over {
		panic("chains: quotient overflows in MulDiv")
	}
	remainder.v.MulMod(&a.v, &b.v, &d.v)
	return quotient, remainder
}

// Min returns the smaller of a and b.
func Min(a, b Amount) Amount {
	if b.Less(a) {
		return b
	}
	return a
}

// Max returns the larger of a and b.
func Max(a, b Amount) Amount {
	if a.Less(b) {
		return b
	}
	return a
}

// MarshalText gives the decimal digits: JSON carries amounts as strings, never as numbers.
func (a Amount) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (a *Amount) UnmarshalText(text []byte) error {
	v, err := ParseAmount(string(text))
	if err != nil {
		return err
	}
	*a = v
	return nil
}
