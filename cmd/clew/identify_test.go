package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Amounts as programs write them, exactly or not at all.
func TestGivenUnits(t *testing.T) {
	for _, c := range []struct {
		text    string
		inCoins bool
		want    uint64
		ok      bool
	}{
		{"0", false, 0, true},
		{"5000000", false, 5_000_000, true},
		{"5e6", false, 5_000_000, true},
		{"1.5", false, 0, false},
		{"1.50e1", false, 15, true},
		{"-1", false, 0, false},
		{"1e99", false, 0, false},
		{"1e100", false, 0, false},
		{"1e1000000000", false, 0, false},
		{"18446744073709551616", false, 0, false},
		{"0.05000000", true, 5_000_000, true},
		{"1e-08", true, 1, true},
		{"1.0E-8", true, 1, true},
		{"1e-9", true, 0, false},
		{"0.000000001", true, 0, false},
		{"0.000000010", true, 1, true},
		{"20999999.97690000", true, 2_099_999_997_690_000, true},
	} {
		v, err := units(c.text, c.inCoins)
		require.Equal(t, c.ok, err == nil, "%s: %v", c.text, err)
		require.Equal(t, c.want, v, c.text)
	}
}
