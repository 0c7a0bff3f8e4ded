package chains_test

import (
	"encoding/json"
	"math"
	"math/big" // an oracle that shares nothing with uint256
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/chains"
)

// most is 2²⁵⁶ − 1.
const most = "115792089237316195423570985008687907853269984665640564039457584007913129639935"

func amount(tb testing.TB, text string) chains.Amount {
	tb.Helper()
	a, err := chains.ParseAmount(text)
	require.NoError(tb, err)
	return a
}

func TestParseAmount(t *testing.T) {
	for text, canonical := range map[string]string{
		"0": "0", "1": "1", "007": "7", "2100000000000000": "2100000000000000", most: most, "18446744073709551616": "18446744073709551616",
	} {
		require.Equal(t, canonical, amount(t, text).String())
	}
	for _, text := range []string{"", " 1", "1 ", "-1", "+1", "1.0", "1e3", "0x10", "1_000", "١", strings.Repeat("0", 79)} {
		_, err := chains.ParseAmount(text)
		require.Error(t, err, "%q", text)
	}
	for _, text := range []string{most[:77] + "6", strings.Repeat("9", 78)} {
		_, err := chains.ParseAmount(text)
		require.ErrorIs(t, err, chains.ErrOverflow, text)
	}
}

func TestAmountJSON(t *testing.T) {
	text, err := json.Marshal(map[string]chains.Amount{"units": amount(t, most)})
	require.NoError(t, err)
	require.Contains(t, string(text), `:"`+most+`"`, "a string, never a number")
	var back map[string]chains.Amount
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, amount(t, most), back["units"])
	for _, bad := range []string{`{"units":5}`, `{"units":"5.0"}`, `{"units":""}`} {
		require.Error(t, json.Unmarshal([]byte(bad), &back), bad)
	}
}

func TestAmountUint64(t *testing.T) {
	n, fits := chains.Units(math.MaxUint64).Uint64()
	require.True(t, fits)
	require.Equal(t, uint64(math.MaxUint64), n)
	_, fits = amount(t, "18446744073709551616").Uint64()
	require.False(t, fits)
}

func TestAmountEdges(t *testing.T) {
	zero, one, top := chains.Amount{}, chains.Units(1), amount(t, most)
	require.True(t, zero.IsZero())
	require.False(t, one.IsZero())
	_, err := top.Add(one)
	require.ErrorIs(t, err, chains.ErrOverflow)
	require.Panics(t, func() { top.Plus(one) })
	require.Panics(t, func() { zero.Minus(one) })
	require.Panics(t, func() { one.MulDiv(one, zero) })
	require.Panics(t, func() { top.MulDiv(top, one) })
	q, r := top.MulDiv(top, top)
	require.Equal(t, top, q)
	require.True(t, r.IsZero())
	require.Equal(t, one, chains.Min(top, one))
	require.Equal(t, top, chains.Max(top, one))
}

// Amounts agree with math/big, and no operation changes its operands.
func TestAmountArithmetic(t *testing.T) {
	limit := new(big.Int).Lsh(big.NewInt(1), 256)
	draw := func(t *rapid.T, name string) (chains.Amount, *big.Int) {
		raw := rapid.SliceOfN(rapid.Byte(), 0, 32).Draw(t, name)
		n := new(big.Int).SetBytes(raw)
		a, err := chains.ParseAmount(n.String())
		require.NoError(t, err)
		return a, n
	}
	rapid.Check(t, func(t *rapid.T) {
		a, x := draw(t, "a")
		b, y := draw(t, "b")
		require.Equal(t, x.Cmp(y), a.Cmp(b))
		require.Equal(t, x.Cmp(y) < 0, a.Less(b))
		sum, err := a.Add(b)
		if want := new(big.Int).Add(x, y); want.Cmp(limit) < 0 {
			require.NoError(t, err)
			require.Equal(t, want.String(), sum.String())
			require.Equal(t, sum, a.Plus(b))
			require.Equal(t, a, sum.Minus(b))
		} else {
			require.ErrorIs(t, err, chains.ErrOverflow)
		}
		if small, large := chains.Min(a, b), chains.Max(a, b); !large.IsZero() {
			c, z := draw(t, "c")
			q, r := c.MulDiv(small, large)
			p, m := new(big.Int), new(big.Int)
			p.DivMod(new(big.Int).Mul(z, bigger(x, y, -1)), bigger(x, y, 1), m)
			require.Equal(t, p.String(), q.String())
			require.Equal(t, m.String(), r.String())
		}
		require.Equal(t, x.String(), a.String())
		require.Equal(t, y.String(), b.String())
	})
}

// bigger returns the larger of x and y for side 1, the smaller for −1.
func bigger(x, y *big.Int, side int) *big.Int {
	if x.Cmp(y) == side {
		return x
	}
	return y
}

func FuzzParseAmount(f *testing.F) {
	for _, seed := range []string{"0", "1", most, "-1", "1.5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := chains.ParseAmount(text)
		if err != nil {
			return
		}
		require.Equal(t, a, amount(t, a.String()))
		n, ok := new(big.Int).SetString(text, 10)
		require.True(t, ok)
		require.Equal(t, n.String(), a.String())
	})
}

func TestAmountBytes(t *testing.T) {
	for _, text := range []string{"0", "1", "255", "256", "115792089237316195423570985008687907853269984665640564039457584007913129639935"} {
		a, err := chains.ParseAmount(text)
		require.NoError(t, err)
		b := a.AppendBytes(nil)
		require.True(t, len(b) == 0 || b[0] != 0, "no leading zeros: %x", b)
		back, err := chains.BytesAmount(b)
		require.NoError(t, err)
		require.Equal(t, a, back)
	}
	_, err := chains.BytesAmount(make([]byte, 33))
	require.ErrorIs(t, err, chains.ErrOverflow)
}
