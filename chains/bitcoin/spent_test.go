package bitcoin_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
)

func TestSpentEncodesBack(t *testing.T) {
	cases := map[string][]bitcoin.SpentOutput{
		"none":           {},
		"one":            {{Value: 5, Script: []byte{0x51}}},
		"an empty one":   {{Value: 0, Script: []byte{}}},
		"a large script": {{Value: 21e14, Script: bytes.Repeat([]byte{0x51}, 10_000)}, {Value: 1, Script: []byte{1, 2}}},
		"many":           slices.Repeat([]bitcoin.SpentOutput{{Value: 7, Script: []byte{0x6a}}}, 300),
	}
	for name, spent := range cases {
		t.Run(name, func(t *testing.T) {
			raw := bitcoin.EncodeSpent(spent)
			back, err := bitcoin.DecodeSpent(raw)
			require.NoError(t, err)
			require.Equal(t, spent, back)
			_, err = bitcoin.DecodeSpent(append(raw, 0))
			require.ErrorIs(t, err, bitcoin.ErrBadEncoding)
			_, err = bitcoin.DecodeSpent(raw[:len(raw)-1])
			require.ErrorIs(t, err, bitcoin.ErrBadEncoding)
		})
	}
	out := bitcoin.SpentOutput{Value: 5, Script: unhex(t, "0014"+hash20)}.Output("bitcoin")
	require.Equal(t, chains.ScriptP2WPKH, out.Type)
	require.EqualValues(t, 5, out.Value)
}

func TestAttachSpentRefuses(t *testing.T) {
	fresh := func() (*chains.Block, [][]byte) {
		block, err := bitcoin.DecodeBlock("bitcoin", testdata(t, "block300025.raw.gz"), 300025)
		require.NoError(t, err)
		return block, spentOf300025(t, block)
	}
	cases := map[string]func(spent [][]byte) [][]byte{
		"a transaction too few":    func(s [][]byte) [][]byte { return s[:len(s)-1] },
		"an input of the coinbase": func(s [][]byte) [][]byte { s[0] = bitcoin.EncodeSpent([]bitcoin.SpentOutput{{}}); return s },
		"an output too few":        func(s [][]byte) [][]byte { s[1] = []byte{0}; return s },
		"bytes behind":             func(s [][]byte) [][]byte { s[1] = append(slices.Clone(s[1]), 0); return s },
		"cut short":                func(s [][]byte) [][]byte { s[1] = s[1][:len(s[1])-1]; return s },
		"less than is paid": func(s [][]byte) [][]byte {
			outs, err := bitcoin.DecodeSpent(s[1])
			require.NoError(t, err)
			outs[0].Value = 1
			s[1] = bitcoin.EncodeSpent(outs)
			return s
		},
		"nothing": func(s [][]byte) [][]byte { s[1] = nil; return s },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			block, spent := fresh()
			require.ErrorIs(t, bitcoin.AttachSpent("bitcoin", block, change(spent)), chains.ErrBadAnswer)
			require.Nil(t, block.Spent)
		})
	}
}

// Undo data by hand: every kind of script that bitcoind compresses, amounts as its own unit
// tests list them, and a varint at each of its lengths.
func TestDecodeUndo(t *testing.T) {
	x := key33[2:] // the generator's x; its y is even
	long := "04" + x + "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
	cases := []struct {
		name, entry string
		value       uint64
		script      string
	}{
		{"P2PKH, 0", "00" + "00" + "00" + hash20, 0, "76a914" + hash20 + "88ac"},
		{"P2SH, 1 unit", "00" + "01" + "01" + hash20, 1, "a914" + hash20 + "87"},
		{"P2PK, 0.01 coins", "00" + "07" + "02" + x, 1_000_000, "21" + key33 + "ac"},
		{"P2PK with an odd y, 1 coin", "00" + "09" + "03" + x, 100_000_000, "2103" + x + "ac"},
		{"long P2PK, 50 coins", "00" + "32" + "04" + x, 50_00000000, "41" + long + "ac"},
		{"21 million coins", "00" + varint(0x1406f40) + "00" + hash20, 21_000_000_00000000, "76a914" + hash20 + "88ac"},
		{"a script as it is", "00" + "01" + "08" + "6a51", 1, "6a51"},
		{"an empty script", "00" + "01" + "06", 1, ""},
		{"of a coinbase at height 100", varint(201) + "00" + "01" + "06", 1, ""},
		{"at height 560062", varint(560062*2) + "00" + "01" + "06", 1, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			spent, err := bitcoin.DecodeUndo("bitcoin", unhex(t, "01"+"01"+c.entry))
			require.NoError(t, err)
			require.Len(t, spent, 2, "the coinbase and one more")
			require.Equal(t, []byte{0}, spent[0])
			outs, err := bitcoin.DecodeSpent(spent[1])
			require.NoError(t, err)
			require.Equal(t, []bitcoin.SpentOutput{{Value: c.value, Script: unhex(t, c.script)}}, outs)
		})
	}
}

// varint writes bitcoind's own variable-length integer, as hex.
func varint(n uint64) string {
	const digits = "0123456789abcdef"
	var raw []byte
	for high := byte(0); ; high = 0x80 {
		raw = append([]byte{byte(n&0x7f) | high}, raw...)
		if n <= 0x7f {
			break
		}
		n = n>>7 - 1
	}
	text := ""
	for _, b := range raw {
		text += string(digits[b>>4]) + string(digits[b&15])
	}
	return text
}

func TestDecodeUndoRefuses(t *testing.T) {
	cases := map[string]string{
		"no point of the curve":        "0101" + "00" + "01" + "04" + "0000000000000000000000000000000000000000000000000000000000000005",
		"an amount beyond 64 bits":     "0101" + "00" + varint(1<<63) + "06",
		"a number beyond 64 bits":      "0101" + "ffffffffffffffffffff00" + "01" + "06",
		"a script longer than allowed": "0101" + "00" + "01" + varint(10_007),
		"cut short":                    "0101" + "00" + "01" + "00" + hash20[:38],
		"bytes behind":                 "0101" + "00" + "01" + "06" + "00",
		"more than fits":               "fdffff",
	}
	for name, raw := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := bitcoin.DecodeUndo("bitcoin", unhex(t, raw))
			require.ErrorIs(t, err, bitcoin.ErrBadEncoding)
		})
	}
}

func FuzzDecodeSpent(f *testing.F) {
	block, err := bitcoin.DecodeBlock("bitcoin", testdata(f, "block300025.raw.gz"), 300025)
	require.NoError(f, err)
	spent := spentOf300025(f, block)
	f.Add(spent[1])
	f.Add(slices.Concat([]byte{2}, spent[0], spent[1]))
	f.Add(unhex(f, "0101"+"00"+"32"+"04"+key33[2:]))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if outs, err := bitcoin.DecodeSpent(raw); err == nil {
			require.Equal(t, raw, bitcoin.EncodeSpent(outs), "one serialization only")
		}
		if parts, err := bitcoin.DecodeSpentTxOuts(raw); err == nil {
			for _, part := range parts {
				outs, err := bitcoin.DecodeSpent(part)
				require.NoError(t, err)
				require.Equal(t, part, bitcoin.EncodeSpent(outs))
			}
		}
		if parts, err := bitcoin.DecodeUndo("bitcoin", raw); err == nil {
			for _, part := range parts {
				_, err := bitcoin.DecodeSpent(part)
				require.NoError(t, err)
			}
		}
	})
}
