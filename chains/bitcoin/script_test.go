package bitcoin_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
)

const (
	key33  = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
	key33b = "02192d74d0cb94344c9569c2e77901573d8d7903c3ebec3a957724895dca52c6b4"
	// The key of the genesis block's coinbase.
	key65  = "04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f"
	hash20 = "751e76e8199196d454941c45d1b3a323f1433bd6"
	hash32 = "1863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262"
)

func TestClassify(t *testing.T) {
	cases := []struct {
		name   string
		script string
		form   chains.ScriptType
		text   string // on bitcoin; "" where it only has a script hash
	}{
		{"P2PKH", "76a914" + hash20 + "88ac", chains.ScriptP2PKH, "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH"},
		{"P2SH", "a914f815b036d9bbbce5e9f2a00abd1bf3dc91e9551087", chains.ScriptP2SH, "3QJmV3qfvL9SuYo34YihAf3sRCW3qSinyC"},
		{"P2WPKH", "0014" + hash20, chains.ScriptP2WPKH, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"},
		{"P2WSH", "0020" + hash32, chains.ScriptP2WSH, "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3"},
		{"P2TR", "5120" + key33[2:], chains.ScriptP2TR, "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"},
		{"anchor", "51024e73", chains.ScriptWitness, "bc1pfeessrawgf"},
		{"witness version 1, 40 bytes", "5128" + hash20 + hash20, chains.ScriptWitness, "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y"},
		{"witness version 2", "5210751e76e8199196d454941c45d1b3a323", chains.ScriptWitness, "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs"},
		{"witness version 16", "6002751e", chains.ScriptWitness, "bc1sw50qgdz25j"},
		{"P2PK, 33 bytes", "21" + key33 + "ac", chains.ScriptP2PK, "p2pk:" + key33},
		{"P2PK, 65 bytes", "41" + key65 + "ac", chains.ScriptP2PK, "p2pk:" + key65},
		{"P2PK, hybrid", "4106" + key65[2:] + "ac", chains.ScriptP2PK, "p2pk:06" + key65[2:]},
		{"multisig 1 of 2", "5121" + key33 + "21" + key33b + "52ae", chains.ScriptMultisig, ""},
		{"multisig with a long key", "5241" + key65 + "21" + key33b + "52ae", chains.ScriptMultisig, ""},
		{"multisig 17 of 17", "0111" + strings.Repeat("21"+key33, 17) + "0111ae", chains.ScriptMultisig, ""},
		{"multisig 3 of 2", "5321" + key33 + "21" + key33b + "52ae", chains.ScriptUnknown, ""},
		{"multisig with a key too few", "5121" + key33 + "52ae", chains.ScriptUnknown, ""},
		{"multisig with bytes behind", "5121" + key33 + "51ae51", chains.ScriptUnknown, ""},
		{"OP_RETURN", "6a0b68656c6c6f20776f726c64", chains.ScriptNullData, ""},
		{"OP_RETURN alone", "6a", chains.ScriptNullData, ""},
		{"OP_RETURN and code", "6a76a988", chains.ScriptNullData, ""},
		{"empty", "", chains.ScriptUnknown, ""},
		{"OP_TRUE", "51", chains.ScriptUnknown, ""},
		{"witness version 0 of 21 bytes", "0015" + hash20 + "00", chains.ScriptUnknown, ""},
		{"witness version 1 of 41 bytes", "5129" + hash20 + hash20 + "00", chains.ScriptUnknown, ""},
		{"witness version 1 of 1 byte", "510100", chains.ScriptUnknown, ""},
		{"P2PKH cut short", "76a914" + hash20 + "88", chains.ScriptUnknown, ""},
		{"P2PK of a wrong first byte", "2105" + key33[2:] + "ac", chains.ScriptUnknown, ""},
		{"P2PK of a wrong length", "2002" + key33[4:] + "ac", chains.ScriptUnknown, ""},
	}
	seen := map[chains.Address]string{}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			script := unhex(t, c.script)
			a, form := bitcoin.Classify("bitcoin", script)
			require.Equal(t, c.form, form)
			require.NotContains(t, seen, a, "another script has this key")
			seen[a] = c.name
			text := bitcoin.FormatAddress("bitcoin", a)
			if c.text == "" {
				require.Regexp(t, "^script:[0-9a-f]{64}$", text)
			} else {
				require.Equal(t, c.text, text)
			}
			back, err := bitcoin.ParseAddress("bitcoin", text)
			require.NoError(t, err)
			require.Equal(t, a, back)
		})
	}
}

// An Electrum server looks up an output by the SHA-256 of its script, bytes reversed. The
// first pair is the one in the Electrum protocol's documentation.
func TestScriptHashIsElectrums(t *testing.T) {
	electrum := func(script []byte) string {
		sum := sha256.Sum256(script)
		slices.Reverse(sum[:])
		return hex.EncodeToString(sum[:])
	}
	genesis := unhex(t, "76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac")
	require.Equal(t, "8b01df4e368ea28f8dc0423bcf7a4923e3a12d307c875e47a0cfbf90b5c39161", electrum(genesis))
	multisig := unhex(t, "5121"+key33+"51ae")
	a, _ := bitcoin.Classify("bitcoin", multisig)
	require.Equal(t, "script:"+electrum(multisig), bitcoin.FormatAddress("bitcoin", a))
}

func FuzzClassify(f *testing.F) {
	for _, seed := range []string{"51", "6a", "76a914" + hash20 + "88ac", "aa20" + hash20 + hash20[:24] + "87", "5920" + hash20 + hash20[:24], "0014" + hash20, "5121" + key33 + "51ae", "21" + key33 + "ac"} {
		f.Add(unhex(f, seed))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		before := bytes.Clone(script)
		for _, chain := range family() {
			a, form := bitcoin.Classify(chain, script)
			require.Equal(t, before, script, "the script was written to")
			text := bitcoin.FormatAddress(chain, a)
			back, err := bitcoin.ParseAddress(chain, text)
			require.NoError(t, err, "%s %x", form, script)
			require.Equal(t, a, back)
		}
	})
}

// TestDataLength: the length of a data output's only push is kept, whichever way it is pushed.
func TestDataLength(t *testing.T) {
	for script, want := range map[string]uint8{
		"6a" + "0b" + strings.Repeat("61", 11):    11,
		"6a" + "40" + strings.Repeat("61", 64):    64,
		"6a" + "4b" + strings.Repeat("61", 75):    75,
		"6a" + "4c50" + strings.Repeat("61", 80):  80,
		"6a" + "4cfe" + strings.Repeat("61", 254): 254,
		"6a" + "4cff" + strings.Repeat("61", 255): chains.DataOther,
		"6a":                                     chains.DataOther,
		"6a" + "4c00":                            chains.DataOther,
		"6a" + "4c50" + strings.Repeat("61", 79): chains.DataOther,
		"6a" + "5d" + "0161":                     chains.DataOther,
		"6a" + "0161" + "0161":                   chains.DataOther,
		"6a" + "4d0001" + strings.Repeat("61", 256):  chains.DataOther,
		"76a914" + strings.Repeat("00", 20) + "88ac": 0,
	} {
		out := bitcoin.Output("bitcoin", 5, unhex(t, script))
		require.Equal(t, want, out.Data, script)
		require.Equal(t, uint64(5), out.Value)
	}
}
