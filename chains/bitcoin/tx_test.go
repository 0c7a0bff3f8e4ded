package bitcoin_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
)

const (
	// The coinbase of Bitcoin's first block.
	genesisTx = "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000"
	// The P2WPKH example of BIP143, signed: two inputs, the first without a witness.
	segwitTx = "01000000000102fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f00000000494830450221008b9d1dc26ba6a9cb62127b02742fa9d754cd3bebf337f7a55d114c8e5cdd30be022040529b194ba3f9281a99f2b1c0a19c0489bc22ede944ccf4ecbab4cc618ef3ed01eeffffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac000247304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4518331561406f90300e8f3358f51928d43c212a8caed02de67eebee0121025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee635711000000"
)

func TestDecodeTx(t *testing.T) {
	t.Run("genesis coinbase", func(t *testing.T) {
		tx, err := bitcoin.DecodeTx("bitcoin", unhex(t, genesisTx))
		require.NoError(t, err)
		require.Equal(t, "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b", tx.ID.String())
		require.True(t, tx.Coinbase)
		require.Empty(t, tx.Inputs)
		require.Len(t, tx.Outputs, 1)
		require.EqualValues(t, 50_00000000, tx.Outputs[0].Value)
		require.Equal(t, "p2pk:"+key65, bitcoin.FormatAddress("bitcoin", tx.Outputs[0].Address))
		require.Equal(t, chains.EvidenceProven, tx.Evidence)
	})
	t.Run("witness is not part of the txid", func(t *testing.T) {
		raw := unhex(t, segwitTx)
		tx, err := bitcoin.DecodeTx("bitcoin", raw)
		require.NoError(t, err)
		require.Equal(t, wireTxID(t, raw), tx.ID.String())
		require.Equal(t, raw, tx.Raw)
		require.EqualValues(t, 1, tx.Version)
		require.EqualValues(t, 17, tx.LockTime)
		require.Equal(t, "9f96ade4b41d5433f4eda31e1738ec2b36f6e7d1420d94a6af99801a88f7f7ff:0", tx.Inputs[0].Prev.String())
		require.EqualValues(t, 0xffffffee, tx.Inputs[0].Sequence)
		require.Equal(t, "8ac60eb9575db5b2d987e29f301b5b819ea83a5c6579d282d189cc04b8e151ef:1", tx.Inputs[1].Prev.String())
		require.False(t, tx.Inputs[0].Known)
		require.EqualValues(t, 112340000, tx.Outputs[0].Value)
		require.EqualValues(t, 223450000, tx.Outputs[1].Value)
	})
}

// wireTxID is what btcd's decoder says, which is independent of ours.
func wireTxID(tb testing.TB, raw []byte) string {
	tb.Helper()
	var tx wire.MsgTx
	require.NoError(tb, tx.Deserialize(bytes.NewReader(raw)))
	return tx.TxHash().String()
}

func TestDecodeTxRefuses(t *testing.T) {
	in := "01" + hash32 + "00000000" + "00" + "ffffffff"
	out := "01" + "0100000000000000" + "00"
	cases := []struct{ name, raw, says string }{
		{"nothing", "", "want 4 bytes"},
		{"no inputs", "01000000" + "00" + "02" + out[2:] + out[2:] + "00000000", "no inputs"},
		{"no inputs, with a witness", "01000000" + "0001" + "00" + out + "00000000", "without inputs"},
		{"no outputs", "01000000" + in + "00" + "00000000", "without outputs"},
		{"unknown flag", "01000000" + "0008" + in + out + "00000000", "flags 08"},
		{"marked as segwit without a witness", "01000000" + "0001" + in + out + "00" + "00000000", "has none"},
		{"negative value", "01000000" + in + "01" + "00000000000000ff" + "00" + "00000000", "negative"},
		{"bytes behind", genesisTx + "00", "1 bytes too many"},
		{"cut short", genesisTx[:len(genesisTx)-2], "want 4 bytes, have 3"},
		{"long form of a small length", "01000000" + "fd0100" + in[2:] + out + "00000000", "shortest form"},
		{"more inputs than bytes", "01000000" + "feffffffff" + in[2:] + out + "00000000", "do not fit"},
		{"script beyond the end", "01000000" + in + "01" + "0100000000000000" + "ff00000000000000ff" + "00000000", "want"},
		{"an input of nothing beside another", "01000000" + "02" + in[2:] + hex.EncodeToString(make([]byte, 32)) + "ffffffff" + "00" + "ffffffff" + out + "00000000", "spends nothing"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := bitcoin.DecodeTx("bitcoin", unhex(t, c.raw))
			require.ErrorIs(t, err, bitcoin.ErrBadEncoding)
			require.ErrorContains(t, err, c.says)
		})
	}
}

// Cut anywhere, a transaction is refused and nothing panics.
func TestDecodeTxCutShort(t *testing.T) {
	raw := unhex(t, segwitTx)
	for n := range raw {
		_, err := bitcoin.DecodeTx("bitcoin", raw[:n])
		require.ErrorIs(t, err, bitcoin.ErrBadEncoding, "%d bytes", n)
	}
}

// What we decode, btcd decodes to the same: txid, outpoints, values, scripts by address.
func FuzzDecodeTx(f *testing.F) {
	f.Add(unhex(f, genesisTx))
	f.Add(unhex(f, segwitTx))
	block, err := bitcoin.DecodeBlock("bitcoin", rawBlock(f, 560066), 560066)
	require.NoError(f, err)
	for i := 1; i < 40; i++ {
		f.Add(block.Txs[i].Raw)
	}
	pegged, err := bitcoin.DecodeBlock("litecoin-regtest", fixture(f, "litecoin/regtest/443.blk.gz"), 443)
	require.NoError(f, err)
	f.Add(pegged.Txs[1].Raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, chain := range family() {
			if tx, err := bitcoin.DecodeTx(chain, raw); err == nil {
				requireAddresses(t, chain, &tx)
			} else {
				require.ErrorIs(t, err, bitcoin.ErrBadEncoding)
			}
		}
		tx, err := bitcoin.DecodeTx("bitcoin", raw)
		if err != nil {
			require.ErrorIs(t, err, bitcoin.ErrBadEncoding)
			return
		}
		requireAsWire(t, &tx)
	})
}

// family returns every chain of the Bitcoin family.
func family() []chains.Chain {
	var names []chains.Chain
	for _, in := range chains.Known() {
		if in.Family == chains.FamilyBitcoin {
			names = append(names, in.Name)
		}
	}
	return names
}

// requireAddresses checks that every output's address can be written and read back.
func requireAddresses(tb testing.TB, chain chains.Chain, tx *chains.Tx) {
	tb.Helper()
	for _, out := range tx.Outputs {
		back, err := bitcoin.ParseAddress(chain, bitcoin.FormatAddress(chain, out.Address))
		require.NoError(tb, err, "%s %s", chain, out.Type)
		require.Equal(tb, out.Address, back)
	}
}

func requireAsWire(tb testing.TB, tx *chains.Tx) {
	tb.Helper()
	var other wire.MsgTx
	require.NoError(tb, other.Deserialize(bytes.NewReader(tx.Raw)))
	require.Equal(tb, other.TxHash().String(), tx.ID.String())
	require.Equal(tb, other.Version, tx.Version)
	require.Equal(tb, other.LockTime, tx.LockTime)
	if tx.Coinbase {
		require.Empty(tb, tx.Inputs)
	} else {
		require.Len(tb, tx.Inputs, len(other.TxIn))
	}
	for i, in := range tx.Inputs {
		require.Equal(tb, other.TxIn[i].PreviousOutPoint.String(), in.Prev.String())
		require.Equal(tb, other.TxIn[i].Sequence, in.Sequence)
	}
	require.Len(tb, tx.Outputs, len(other.TxOut))
	for i, out := range tx.Outputs {
		require.EqualValues(tb, other.TxOut[i].Value, out.Value)
		a, form := bitcoin.Classify("bitcoin", other.TxOut[i].PkScript)
		require.Equal(tb, a, out.Address)
		require.Equal(tb, form, out.Type)
	}
}

// CVE-2017-12842: 64 bytes are two hashes of a Merkle tree as well as a transaction.
func TestDecodeTxRefusesNodesOfATree(t *testing.T) {
	input := "01" + strings.Repeat("ab", 32) + "00000000" + "00" + "ffffffff"
	for size, ok := range map[int]bool{63: true, 64: false, 65: true} {
		n := size - 60
		body := input + "01" + strings.Repeat("00", 8) + fmt.Sprintf("%02x", n) + strings.Repeat("51", n)
		for name, raw := range map[string]string{
			"bare":           "01000000" + body + "00000000",
			"with a witness": "01000000" + "0001" + body + "01" + "02abcd" + "00000000",
		} {
			t.Run(fmt.Sprintf("%d bytes, %s", size, name), func(t *testing.T) {
				_, err := bitcoin.DecodeTx("bitcoin", unhex(t, raw))
				if ok {
					require.NoError(t, err)
					return
				}
				require.ErrorIs(t, err, bitcoin.ErrBadEncoding)
				require.ErrorContains(t, err, "Merkle tree")
			})
		}
	}
}
