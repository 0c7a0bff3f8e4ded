// Package prices reads what coins were worth in money and tells the last quote before a time. It
// knows no trace: units are the evidence, and money beside them is an illustration, so that nothing
// that is traced rests on a price.
//
// It asks nobody. A file names its source in each line, and the hash of the file names the answers.
// Numbers are exact decimals; the worth of an amount is rounded once, to hundredths. Start reading
// at Read, then Table.At.
package prices

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/holiman/uint256"

	"clew/chains"
)

// Oldest is how old a quote may be at the time that is asked for. An older one says nothing: a price
// of yesterday's market is no price at the time of the transaction.
const Oldest = 24 * time.Hour

// Table holds the quotes of one file, all in one currency. It is read only: safe for concurrent use.
type Table struct {
	sha256   string
	currency string
	quotes   map[unit][]Quote // ascending by time, no two alike
	dated    int              // quotes with a date and no time
}

type unit struct {
	chain chains.Chain
	asset chains.Asset
}

// Quote is what one whole coin of an asset was worth at a time, and who says so.
type Quote struct {
	// Claimed by others:
	At     time.Time // UTC; a date counts from its first second
	Price  string    // a decimal as the file has it, in units of the table's currency
	Source string
	Line   int // of the file, from 1
	// Derived by us:
	digits chains.Amount // Price without its point
	places int           // how many of them stand behind it
}

// SHA256 is the hash of the file's bytes, hex.
func (t *Table) SHA256() string { return t.sha256 }

// Currency is that of every quote, three capital letters: "USD".
func (t *Table) Currency() string { return t.currency }

// Dated is how many quotes have a date and no time, and so count from the first second of that day in UTC,
// whenever in the day they were made.
func (t *Table) Dated() int { return t.dated }

// Len is how many quotes the table has.
func (t *Table) Len() int {
	n := 0
	for _, q := range t.quotes {
		n += len(q)
	}
	return n
}

// At returns the last quote of an asset at or before a time. ok is false where there is none, or
// only one that is more than Oldest before it.
func (t *Table) At(chain chains.Chain, asset chains.Asset, when time.Time) (q Quote, ok bool) {
	all := t.quotes[unit{chain, asset}]
	i, exact := slices.BinarySearchFunc(all, when, func(q Quote, at time.Time) int { return q.At.Compare(at) })
	if exact {
		return all[i], true
	}
	if i == 0 || when.Sub(all[i-1].At) > Oldest {
		return Quote{}, false
	}
	return all[i-1], true
}

// Hundredths returns what units of the quoted asset are worth, in hundredths of the currency, a half
// rounded up. decimals is how many digits of a whole coin stand behind its point, 0 to 77. ok is
// false where the worth is beyond any Amount.
func (q *Quote) Hundredths(units chains.Amount, decimals int) (worth chains.Amount, ok bool) {
	shift := decimals + q.places - 2 // hundredths: two places less
	a, b := number(units), number(q.digits)
	for ; shift < 0; shift++ {
		if _, over := b.MulOverflow(b, uint256.NewInt(10)); over {
			return chains.Amount{}, false
		}
	}
	if shift > mostShift {
		return chains.Amount{}, true // less than half of a hundredth, whatever the units
	}
	divisor := new(uint256.Int).Exp(uint256.NewInt(10), uint256.NewInt(uint64(shift)))
	whole, over := new(uint256.Int).MulDivOverflow(a, b, divisor)
	if over {
		return chains.Amount{}, false
	}
	rest := new(uint256.Int).MulMod(a, b, divisor)
	if half := new(uint256.Int).Sub(divisor, rest); rest.Cmp(half) >= 0 && !rest.IsZero() {
		if _, over := whole.AddOverflow(whole, uint256.NewInt(1)); over {
			return chains.Amount{}, false
		}
	}
	return chains.AmountOf(whole), true
}

// mostShift is the largest power of ten that 256 bits hold.
const mostShift = 77

func number(a chains.Amount) *uint256.Int {
	n := new(uint256.Int)
	return n.SetBytes(a.AppendBytes(nil))
}

// sort puts the quotes of each asset in order of time and refuses two of one time.
func (t *Table) sort() error {
	for u, all := range t.quotes {
		slices.SortFunc(all, func(a, b Quote) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Line, b.Line)) })
		for i := 1; i < len(all); i++ {
			if all[i].At.Equal(all[i-1].At) {
				return fmt.Errorf("line %d: %s of %s has a quote for %s in line %d already", all[i].Line, u.asset, u.chain, all[i].At.Format(time.RFC3339), all[i-1].Line)
			}
		}
	}
	return nil
}
