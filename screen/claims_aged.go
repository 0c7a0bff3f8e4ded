package screen

import (
	"fmt"
	"time"
)

// listAge is how old a list of sanctions may be when it is taken before a verdict says so, in days. States
// change theirs many times a year, and take names off as well as put them on.
const listAge = 90

// agedList says of claims of sanctions that hold now that even the newest list with them was old when it was
// taken; "" where it was not, or where none is among them. It compares dates of that list alone, so that a
// verdict stays a function of what it pins: how old it is today is for whoever looks at a clock.
func agedList(claims []Claim) string {
	newest, days := "", int64(0)
	for i := range claims {
		c := &claims[i]
		if c.Category != Sanctioned && c.Category != Terrorism || !c.Now || c.ListDated == "" || c.ListDated <= newest {
			continue
		}
		newest, days = c.ListDated, daysBetween(c.ListDated, c.Retrieved)
	}
	if days <= listAge {
		return ""
	}
	return fmt.Sprintf("rests on a list of %s, which was %d days old when it was taken: who was taken off the list since then still stands on it "+
		"(clew label import reads a newer one)", newest[:len(time.DateOnly)], days)
}

// daysBetween returns the whole days between two times as instant writes them.
func daysBetween(from, to string) int64 {
	a, errFrom := time.Parse(time.RFC3339, from)
	b, errTo := time.Parse(time.RFC3339, to)
	if errFrom != nil || errTo != nil {
		return 0
	}
	return int64(b.Sub(a) / (24 * time.Hour))
}
