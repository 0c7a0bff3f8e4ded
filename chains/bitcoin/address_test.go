package bitcoin_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/address/v2/base58"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
)

// Addresses and what stands in the script. Sources: BIP173 and BIP350 (segwit), btcd's
// address/v2 tests (base58, and P2TR of BIP341), Bitcoin's genesis block.
func TestParseAddress(t *testing.T) {
	cases := []struct{ chain, text, script, canonical string }{
		{"bitcoin", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac", ""},
		{"bitcoin", "1MirQ9bwyQcGVJPwKUgapu5ouK2E2Ey4gX", "76a914e34cce70c86373273efcc54ce7d2a491bb4a0e8488ac", ""},
		{"bitcoin", "12MzCDwodF9G1e7jfwLXfR164RNtx4BRVG", "76a9140ef030107fd26e0b6bf40512bca2ceb1dd80adaa88ac", ""},
		{"bitcoin-testnet", "mrX9vMRYLfVy1BnZbc5gZjuyaqH3ZW2ZHz", "76a91478b316a08647d5b77283e512d3603f1f1c8de68f88ac", ""},
		{"bitcoin-regtest", "mrX9vMRYLfVy1BnZbc5gZjuyaqH3ZW2ZHz", "76a91478b316a08647d5b77283e512d3603f1f1c8de68f88ac", ""},
		{"bitcoin", "3QJmV3qfvL9SuYo34YihAf3sRCW3qSinyC", "a914f815b036d9bbbce5e9f2a00abd1bf3dc91e9551087", ""},
		{"bitcoin", "3NukJ6fYZJ5Kk8bPjycAnruZkE5Q7UW7i8", "a914e8c300c87986efa84c37c0519929019ef86eb5b487", ""},
		{"bitcoin-testnet", "2NBFNJTktNa7GZusGbDbGKRZTxdK9VVez3n", "a914c579342c2c4c9220205e2cdc285617040c924a0a87", ""},
		{"bitcoin", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "0014" + hash20, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"},
		{"bitcoin", "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3", "0020" + hash32, ""},
		{"bitcoin-testnet", "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7", "0020" + hash32, ""},
		{"bitcoin-testnet", "tb1qqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesrxh6hy", "0020000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433", ""},
		{"bitcoin-testnet", "tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c", "5120000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433", ""},
		{"bitcoin", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", "5120" + key33[2:], ""},
		{"bitcoin", "BC1SW50QGDZ25J", "6002751e", "bc1sw50qgdz25j"},
		{"bitcoin", "p2pk:" + strings.ToUpper(key33), "21" + key33 + "ac", "p2pk:" + key33},
		{"bitcoin", "p2pk:" + key65, "41" + key65 + "ac", ""},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			want, _ := bitcoin.Classify("bitcoin", unhex(t, c.script))
			got, err := bitcoin.ParseAddress(chains.Chain(c.chain), c.text)
			require.NoError(t, err)
			require.Equal(t, want, got)
			canonical := c.canonical
			if canonical == "" {
				canonical = c.text
			}
			require.Equal(t, canonical, bitcoin.FormatAddress(chains.Chain(c.chain), got))
		})
	}
}

// Addresses that BIP173 and BIP350 list as invalid, with what is wrong with each, and
// others that people paste.
func TestParseAddressRefuses(t *testing.T) {
	cases := []struct{ chain, text, says string }{
		{"bitcoin", "", "empty"},
		{"bitcoin", " 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "white space"},
		{"bitcoin", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa\n", "white space"},
		{"bitcoin", "1A1zP1eP5QGefi2DMPTfTL5SLmv7Divf\u200bNa", "white space"},
		{"bitcoin", "1a1zp1ep5qgefi2dmptftl5slmv7divfna", "no form that is known"}, // an l is not of base58
		{"bitcoin", "1MirQ9bwyQcGVJPwKUgapu5ouK2E2Ey4gY", "checksum"},
		{"bitcoin", "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ", "base58 of 32 bytes"}, // a private key
		{"bitcoin", strings.Repeat("1", 138), "too many"},
		{"bitcoin", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd", "bech32m"},
		{"bitcoin-testnet", "tb1z0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqglt7rf", "bech32m"},
		{"bitcoin", "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL", "bech32m"},
		{"bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh", "bech32"},
		{"bitcoin-testnet", "tb1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq24jc47", "bech32"},
		{"bitcoin", "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4", "invalid character"},
		{"bitcoin", "BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R", "version 17"},
		{"bitcoin", "bc1pw5dgrnzv", "1 bytes"},
		{"bitcoin", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav", "41 bytes"},
		{"bitcoin", "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P", "20 or 32"},
		{"bitcoin-testnet", "tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq47Zagq", "lowercase"},
		{"bitcoin", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf", "incomplete group"},
		{"bitcoin-testnet", "tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vpggkg4j", "incomplete group"},
		{"bitcoin", "bc1gmk9yu", "no witness version"},
		{"bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "checksum"},
		{"bitcoin", "tc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq5zuyut", "no form that is known"},
		{"bitcoin", base58.CheckEncode(make([]byte, 20), 0x4c), "no network of the Bitcoin family"}, // Dash
		{"bitcoin", "0x52908400098527886E0F7030069857D2E4169EE7", "no form that is known"},
		{"bitcoin", "p2pk:05" + key33[2:], "33 or 65 bytes"},
		{"bitcoin", "p2pk:zz", "33 or 65 bytes"},
		{"bitcoin", "script:00", "64 hex digits"},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			_, err := bitcoin.ParseAddress(chains.Chain(c.chain), c.text)
			require.ErrorIs(t, err, bitcoin.ErrBadAddress)
			require.ErrorContains(t, err, c.says)
			require.NotErrorIs(t, err, chains.ErrWrongChain)
		})
	}
}

func TestParseAddressOfAnotherNetwork(t *testing.T) {
	cases := []struct{ chain, text, says string }{
		{"bitcoin", "mrX9vMRYLfVy1BnZbc5gZjuyaqH3ZW2ZHz", "not an address of bitcoin but of bitcoin-testnet, bitcoin-testnet4, "},
		{"bitcoin", "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9", "but of litecoin"},
		{"bitcoin", "LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc1", "but of litecoin"},
		{"bitcoin", "2NBFNJTktNa7GZusGbDbGKRZTxdK9VVez3n", "bitcoin-testnet"},
		{"bitcoin-regtest", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "but of bitcoin"},
		{"bitcoin-regtest", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "but of bitcoin-testnet"},
		{"bitcoin-testnet", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "but of bitcoin"},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			_, err := bitcoin.ParseAddress(chains.Chain(c.chain), c.text)
			require.ErrorIs(t, err, bitcoin.ErrBadAddress)
			require.ErrorIs(t, err, chains.ErrWrongChain)
			require.ErrorContains(t, err, c.says)
		})
	}
	_, err := bitcoin.ParseAddress("eip155:1", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")
	require.ErrorIs(t, err, chains.ErrUnknownChain)
}

// A key that no adapter made has no text, rather than a wrong one.
func TestFormatAddressOfNoKey(t *testing.T) {
	for _, key := range []string{"", "00", "09", "01" + hash20 + "00", "02", "0501", "0601" + hash32, "0600751e", "0611751e", "07" + key33[2:], "08"} {
		require.Empty(t, bitcoin.FormatAddress("bitcoin", chains.Address(unhex(t, key))), key)
	}
	require.Empty(t, bitcoin.FormatAddress("eip155:1", chains.Address(unhex(t, "01"+hash20))))
}

// Whatever parses, its formatted text parses to the same key, on every network.
func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{
		"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "3QJmV3qfvL9SuYo34YihAf3sRCW3qSinyC", "BC1SW50QGDZ25J", "bc1gmk9yu",
		"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", "p2pk:" + key33, "script:" + hex.EncodeToString(make([]byte, 32)),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, chain := range []chains.Chain{"bitcoin", "bitcoin-testnet", "bitcoin-regtest", "bitcoin-simnet"} {
			a, err := bitcoin.ParseAddress(chain, text)
			if err != nil {
				require.ErrorIs(t, err, bitcoin.ErrBadAddress)
				require.Empty(t, a)
				continue
			}
			formatted := bitcoin.FormatAddress(chain, a)
			require.True(t, strings.EqualFold(text, formatted), "%q became %q", text, formatted)
			back, err := bitcoin.ParseAddress(chain, formatted)
			require.NoError(t, err)
			require.Equal(t, a, back)
		}
	})
}
