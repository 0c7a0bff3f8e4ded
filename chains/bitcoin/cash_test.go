package bitcoin_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
)

// The pairs of the specification of CashAddr, and the longer hashes that this chain uses.
func TestCashAddr(t *testing.T) {
	cases := []struct {
		chain        chains.Chain
		text, legacy string
	}{
		{"bitcoin-cash", "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a", "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu"},
		{"bitcoin-cash", "bitcoincash:qr95sy3j9xwd2ap32xkykttr4cvcu7as4y0qverfuy", "1KXrWXciRDZUpQwQmuM1DbwsKDLYAYsVLR"},
		{"bitcoin-cash", "bitcoincash:qqq3728yw0y47sqn6l2na30mcw6zm78dzqre909m2r", "16w1D5WRVKJuZUsSRzdLp9w3YGcgoxDXb"},
		{"bitcoin-cash", "bitcoincash:ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq", "3CWFddi6m4ndiGyKqzYvsFYagqDLPVMTzC"},
		{"bitcoin-cash", "bitcoincash:pr95sy3j9xwd2ap32xkykttr4cvcu7as4yc93ky28e", "3LDsS579y7sruadqu11beEJoTjdFiFCdX4"},
		{"bitcoin-cash", "bitcoincash:pqq3728yw0y47sqn6l2na30mcw6zm78dzq5ucqzc37", "31nwvkZwyPdgzjBJZXfDmSWsC4ZLKpYyUw"},
		{"bitcoin-cash", "bitcoincash:qr6m7j9njldwwzlg9v7v53unlr4jkmx6eylep8ekg2", ""},
		{"bitcoin-cash-testnet", "bchtest:pr6m7j9njldwwzlg9v7v53unlr4jkmx6eyvwc0uz5t", ""},
		{"bitcoin-cash-testnet", "bchtest:qr95sy3j9xwd2ap32xkykttr4cvcu7as4ytjg7p7mc", ""},
		{"bitcoin-cash-regtest", "bchreg:qr95sy3j9xwd2ap32xkykttr4cvcu7as4y3w7lzdc7", ""},
		{"bitcoin-cash-regtest", "bchreg:ppm2qsznhks23z7629mms6s4cwef74vcwvdp9ptp96", ""},
		{"bitcoin-cash-testnet", "bchtest:pvch8mmxy0rtfrlarg7ucrxxfzds5pamg73h7370aa87d80gyhqxq7fqng6m6", ""},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			a, err := bitcoin.ParseAddress(c.chain, c.text)
			require.NoError(t, err)
			require.Equal(t, c.text, bitcoin.FormatAddress(c.chain, a))
			_, bare, _ := strings.Cut(c.text, ":")
			for _, other := range []string{bare, strings.ToUpper(c.text), strings.ToUpper(bare), c.legacy} {
				if other == "" {
					continue
				}
				again, err := bitcoin.ParseAddress(c.chain, other)
				require.NoError(t, err, other)
				require.Equal(t, a, again, other)
			}
			_, err = bitcoin.ParseAddress("bitcoin", c.text)
			require.ErrorIs(t, err, chains.ErrWrongChain)
			require.ErrorContains(t, err, "of "+string(c.chain))
		})
	}
}

// A wallet that understands tokens gives its address another letter; it is the same address.
func TestCashAddrForTokens(t *testing.T) {
	plain, err := bitcoin.ParseAddress("bitcoin-cash", "bitcoincash:qr6m7j9njldwwzlg9v7v53unlr4jkmx6eylep8ekg2")
	require.NoError(t, err)
	aware, err := bitcoin.ParseAddress("bitcoin-cash", "bitcoincash:zr6m7j9njldwwzlg9v7v53unlr4jkmx6eycnjehshe")
	require.NoError(t, err)
	require.Equal(t, plain, aware)
}

func TestCashAddrRefuses(t *testing.T) {
	cases := []struct{ text, says string }{
		{"bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6q", "checksum"},
		{"bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6", "checksum"},
		{"bitcoincash:Qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a", "mixes"},
		{"bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6b", "no character 'b'"},
		{"bitcoincash:", "checksum"},
		{"bitcoincash:q", "checksum"},
		{"bitcoincash:qvch8mmxy0rtfrlarg7ucrxxfzds5pamg73h7370aa87d80gyhqxq5nlegake", "no address that is known"},
		{"bchtest:qr95sy3j9xwd2ap32xkykttr4cvcu7as4ytjg7p7mc", "of bitcoin-cash-testnet"},
		{"qr95sy3j9xwd2ap32xkykttr4cvcu7as4ytjg7p7mc", "of bitcoin-cash-testnet"},
		{"ecash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a", "no network"},
		{"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "of bitcoin"},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			_, err := bitcoin.ParseAddress("bitcoin-cash", c.text)
			require.ErrorIs(t, err, bitcoin.ErrBadAddress)
			require.ErrorContains(t, err, c.says)
		})
	}
}

// A P2SH of 32 bytes is an address on Bitcoin Cash, and a script without one elsewhere.
func TestP2SH32(t *testing.T) {
	script := slices.Concat([]byte{0xaa, 32}, slices.Repeat([]byte{5}, 32), []byte{0x87})
	a, form := bitcoin.Classify("bitcoin-cash", script)
	require.Equal(t, chains.ScriptP2SH, form)
	require.Regexp(t, "^bitcoincash:p[a-z0-9]{60}$", bitcoin.FormatAddress("bitcoin-cash", a))
	require.Empty(t, bitcoin.FormatAddress("bitcoin", a))
	other, form := bitcoin.Classify("bitcoin", script)
	require.Equal(t, chains.ScriptUnknown, form)
	require.NotEqual(t, a, other)
}

// Transactions with tokens of the network's own test vectors: a prefix that is well formed
// is no part of the script behind it, a malformed one is.
func TestTokenPrefixes(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "bitcoin-cash", "tokens.json"))
	require.NoError(t, err)
	type vector struct{ ID, What, Why, Tx string }
	var vectors struct{ Valid, Malformed []vector }
	require.NoError(t, json.Unmarshal(text, &vectors))
	require.Len(t, vectors.Valid, 13)
	require.NotEmpty(t, vectors.Malformed)
	prefixed := func(v vector) (known, unknown int) {
		tx, err := bitcoin.DecodeTx("bitcoin-cash", unhex(t, v.Tx))
		require.NoError(t, err, v.ID)
		for i, script := range scripts(t, tx.Raw) {
			require.Equal(t, script[0] == 0xef && tx.Outputs[i].Type != chains.ScriptUnknown, tx.Outputs[i].Token, v.ID)
			require.Equal(t, tx.Outputs[i], bitcoin.SpentOutput{Value: tx.Outputs[i].Value, Script: script}.Output("bitcoin-cash"), v.ID)
			if script[0] != 0xef {
				continue
			}
			if tx.Outputs[i].Type == chains.ScriptUnknown {
				unknown++
			} else {
				known++
			}
			require.Equal(t, tx.Outputs[i].Address, address(t, script))
		}
		return known, unknown
	}
	for _, v := range vectors.Valid {
		known, unknown := prefixed(v)
		require.Positive(t, known, "%s: %s", v.ID, v.What)
		require.Zero(t, unknown, "%s: %s", v.ID, v.What)
	}
	for _, v := range vectors.Malformed {
		_, unknown := prefixed(v)
		require.Positive(t, unknown, "%s: %s", v.ID, v.Why)
	}
}

func address(t *testing.T, script []byte) chains.Address {
	t.Helper()
	a, _ := bitcoin.Classify("bitcoin-cash", script)
	return a
}

// Each bit of the prefix by hand.
func TestTokenPrefixForms(t *testing.T) {
	const p2pkh = "76a914751e76e8199196d454941c45d1b3a323f1433bd688ac"
	category := strings.Repeat("ab", 32)
	cases := []struct {
		name, prefix string
		ok           bool
	}{
		{"amount", "ef" + category + "10" + "fd00ff", true},
		{"the largest amount", "ef" + category + "10" + "ffffffffffffffff7f", true},
		{"an immutable token", "ef" + category + "20", true},
		{"a minting one with commitment and amount", "ef" + category + "72" + "02cccc" + "01", true},
		{"neither token nor amount", "ef" + category + "00", false},
		{"the reserved bit", "ef" + category + "a0", false},
		{"capability 3", "ef" + category + "23", false},
		{"a capability without token", "ef" + category + "11" + "01", false},
		{"a commitment without token", "ef" + category + "50" + "01cc" + "01", false},
		{"an empty commitment", "ef" + category + "60" + "00", false},
		{"an amount of 0", "ef" + category + "10" + "00", false},
		{"too large an amount", "ef" + category + "10" + "ff0000000000000080", false},
		{"an amount in a longer form", "ef" + category + "10" + "fd0100", false},
	}
	plain := address(t, unhex(t, p2pkh))
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a, form := bitcoin.Classify("bitcoin-cash", unhex(t, c.prefix+p2pkh))
			require.Equal(t, c.ok, a == plain)
			require.Equal(t, c.ok, form == chains.ScriptP2PKH)
			_, form = bitcoin.Classify("bitcoin", unhex(t, c.prefix+p2pkh))
			require.Equal(t, chains.ScriptUnknown, form, "no other chain has tokens")
		})
	}
	_, form := bitcoin.Classify("bitcoin-cash", unhex(t, "ef"+category[2:]))
	require.Equal(t, chains.ScriptUnknown, form, "cut off")
}

// scripts returns the scripts of a transaction's outputs, as another library reads them.
func scripts(t *testing.T, raw []byte) [][]byte {
	t.Helper()
	var tx wire.MsgTx
	require.NoError(t, tx.DeserializeNoWitness(bytes.NewReader(raw)))
	var all [][]byte
	for _, out := range tx.TxOut {
		all = append(all, out.PkScript)
	}
	return all
}

// spendOf returns a transaction that spends output 0 of another one, and its id.
func spendOf(t *testing.T, prev chains.TxID, salt byte) (raw []byte, id chains.TxID) {
	t.Helper()
	wired := prev.Reversed()
	raw = slices.Concat(unhex(t, "0100000001"), wired[:], unhex(t, "00000000"+"00"+"ffffffff"+"01"+"e803000000000000"+"1976a914"),
		slices.Repeat([]byte{salt}, 20), unhex(t, "88ac"+"00000000"))
	tx, err := bitcoin.DecodeTx("bitcoin-cash-regtest", raw)
	require.NoError(t, err)
	return raw, tx.ID
}

// blockOf returns a block of the regression test network with these transactions behind a
// coinbase, in that order, without work.
func blockOf(t *testing.T, txs ...[]byte) []byte {
	t.Helper()
	all := append([][]byte{unhex(t, genesisTx)}, txs...)
	var ids []chains.TxID
	for _, raw := range all {
		tx, err := bitcoin.DecodeTx("bitcoin-cash-regtest", raw)
		require.NoError(t, err)
		ids = append(ids, tx.ID)
	}
	root, err := bitcoin.MerkleRoot(ids)
	require.NoError(t, err)
	h := bitcoin.Header{Version: 4, MerkleRoot: root, Time: 1700000000, Bits: 0x207fffff}
	return slices.Concat(h.Encode(), []byte{byte(len(all))}, slices.Concat(all...))
}

// Bitcoin Cash sorts a block by txid. Transactions come back with each behind those that it
// spends, and know where in the block they stand.
func TestBlockOfAnyOrder(t *testing.T) {
	a, idA := spendOf(t, chains.TxID{9}, 1)
	b, idB := spendOf(t, idA, 2)
	c, idC := spendOf(t, idB, 3)
	d, idD := spendOf(t, chains.TxID{8}, 4)
	cases := []struct {
		name   string
		txs    [][]byte
		ids    []chains.TxID
		places []int
	}{
		{"in order", [][]byte{a, d, b, c}, []chains.TxID{idA, idD, idB, idC}, nil},
		{"turned round", [][]byte{c, b, d, a}, []chains.TxID{idD, idA, idB, idC}, []int{0, 3, 4, 2, 1}},
		{"one child first", [][]byte{d, b, a, c}, []chains.TxID{idD, idA, idB, idC}, []int{0, 1, 3, 2, 4}},
		{"a child waits, what has nothing to do with it does not", [][]byte{b, d, a}, []chains.TxID{idD, idA, idB}, []int{0, 2, 3, 1}},
	}
	for _, k := range cases {
		t.Run(k.name, func(t *testing.T) {
			raw := blockOf(t, k.txs...)
			block, err := bitcoin.DecodeBlock("bitcoin-cash-regtest", raw, 5)
			require.NoError(t, err)
			require.Equal(t, k.places, block.Places)
			inBlock := make([]chains.TxID, len(block.Txs))
			for i := range block.Txs {
				require.Equal(t, i, block.Txs[i].Index)
				inBlock[block.Place(i)] = block.Txs[i].ID
				if i > 0 {
					require.Equal(t, k.ids[i-1], block.Txs[i].ID)
				}
			}
			h, err := bitcoin.DecodeHeader("bitcoin-cash-regtest", block.Header)
			require.NoError(t, err)
			root, err := bitcoin.MerkleRoot(inBlock)
			require.NoError(t, err)
			require.Equal(t, h.MerkleRoot, root, "places are those of the Merkle tree")

			spent := [][]byte{bitcoin.EncodeSpent(nil)}
			for i := range k.txs { // in the block's order, with the place as value
				spent = append(spent, bitcoin.EncodeSpent([]bitcoin.SpentOutput{{Value: 5000 + uint64(i) + 1, Script: []byte{0x51}}}))
			}
			require.NoError(t, bitcoin.AttachSpent("bitcoin-cash-regtest", block, spent))
			for i := 1; i < len(block.Txs); i++ {
				require.EqualValues(t, 5000+block.Place(i), block.Txs[i].Inputs[0].Spent.Value)
			}
			other, err := bitcoin.DecodeBlock("bitcoin-regtest", raw, 5)
			require.NoError(t, err)
			require.Nil(t, other.Places, "elsewhere a child never stands before its parent")
			require.Equal(t, inBlock[1], other.Txs[1].ID)
		})
	}
}

// Blocks that a bchd accepted, each a chain of six transactions sorted by txid.
func TestDecodeSortedBlock(t *testing.T) {
	for height, places := range map[string][]int{"1001": {0, 3, 2, 6, 5, 4, 1}, "1002": {0, 1, 5, 4, 6, 3, 2}} {
		block, err := bitcoin.DecodeBlock("bitcoin-cash-regtest", fixture(t, "bitcoin-cash/regtest/"+height+".blk.gz"), 1001)
		require.NoError(t, err)
		require.NoError(t, bitcoin.CheckWork("bitcoin-cash-regtest", block.Header))
		require.Equal(t, places, block.Places)
		for i := 2; i < len(block.Txs); i++ {
			require.Equal(t, block.Txs[i-1].ID, block.Txs[i].Inputs[0].Prev.Tx)
		}
	}
}
