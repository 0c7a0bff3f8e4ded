package bitcoin_test

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
)

// The registry's genesis hashes are those of headers made of the chains' own numbers, and the
// header has the work that the chain asks for.
func TestGenesis(t *testing.T) {
	const (
		times  = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
		jobs   = "97ddfbbae6be97fd6cdf3e7ca13232a3afff2353e29badfab7f73011edd4ced9"
		ninton = "5b2a3f53f605d62c53e62932dac6925e3d74afa5a4b459745c36d42d0ed26a69"
	)
	cases := []struct {
		chain             chains.Chain
		root              string
		time, bits, nonce uint32
	}{
		{"bitcoin", times, 1231006505, 0x1d00ffff, 2083236893},
		{"bitcoin-testnet", times, 1296688602, 0x1d00ffff, 414098458},
		{"bitcoin-testnet4", "7aa0a7ae1e223414cb807e40cd57e667b718e42aaf9306db9102fe28912b7b4e", 1714777860, 0x1d00ffff, 393743547},
		{"bitcoin-signet", times, 1598918400, 0x1e0377ae, 52613770},
		{"bitcoin-regtest", times, 1296688602, 0x207fffff, 2},
		{"bitcoin-simnet", times, 1401292357, 0x207fffff, 2},
		{"litecoin", jobs, 1317972665, 0x1e0ffff0, 2084524493},
		{"litecoin-testnet", jobs, 1486949366, 0x1e0ffff0, 293345},
		{"litecoin-regtest", jobs, 1296688602, 0x207fffff, 0},
		{"bitcoin-cash", times, 1231006505, 0x1d00ffff, 2083236893},
		{"bitcoin-cash-testnet", times, 1296688602, 0x1d00ffff, 414098458},
		{"bitcoin-cash-regtest", times, 1296688602, 0x207fffff, 2},
		{"dogecoin", ninton, 1386325540, 0x1e0ffff0, 99943},
		{"dogecoin-testnet", ninton, 1391503289, 0x1e0ffff0, 997879},
		{"dogecoin-regtest", ninton, 1296688602, 0x207fffff, 2},
	}
	for _, c := range cases {
		t.Run(string(c.chain), func(t *testing.T) {
			h := bitcoin.Header{Version: 1, MerkleRoot: hash(t, c.root), Time: int64(c.time), Bits: c.bits, Nonce: c.nonce}
			back, err := bitcoin.DecodeHeader(c.chain, h.Encode())
			require.NoError(t, err)
			require.Equal(t, c.chain.Info().Genesis, back.Hash.String())
			require.NoError(t, bitcoin.CheckWork(c.chain, h.Encode()))
			h.Bits = 0x1d000fff
			require.ErrorIs(t, bitcoin.CheckWork(c.chain, h.Encode()), bitcoin.ErrNoWork)
		})
	}
	var family int
	for _, in := range chains.Known() {
		if in.Family == chains.FamilyBitcoin {
			family++
		}
	}
	require.Len(t, cases, family, "a network without its genesis here")
}

// Bitcoin and Bitcoin Cash share block 0: what the node calls itself tells them apart where
// its chain is too short to have split.
func TestDialTellsCashFromBitcoin(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	named := func(software string) string {
		return nodetest.Proxy(t, node.URL, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
			if q.Method == "getnetworkinfo" {
				r.Body = bytes.ReplaceAll(r.Body, []byte("/Satoshi:"), []byte(software))
			}
		}})
	}
	cases := []struct {
		name, software string
		asked, want    chains.Chain
		fails          error
	}{
		{"a Bitcoin node", "/Satoshi:", "", "bitcoin-regtest", nil},
		{"a Cash node", "/Bitcoin Cash Node:", "", "bitcoin-cash-regtest", nil},
		{"bchd", "/bchwire:0.5.0/bchd:", "bitcoin-cash-regtest", "bitcoin-cash-regtest", nil},
		{"a Cash node for Bitcoin", "/Bitcoin Cash Node:", "bitcoin-regtest", "", chains.ErrWrongChain},
		{"a Bitcoin node for Cash", "/Satoshi:", "bitcoin-cash-regtest", "", chains.ErrWrongChain},
		{"an unknown node, asked", "/Mystery:", "bitcoin-cash-regtest", "bitcoin-cash-regtest", nil},
		{"an unknown node, not asked", "/Mystery:", "", "", chains.ErrUnknownChain},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			n, err := bitcoin.Dial(t.Context(), c.asked, named(c.software), bitcoin.Options{CookieFile: node.CookieFile})
			if c.fails != nil {
				require.ErrorIs(t, err, c.fails)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, n.Chain())
		})
	}
}

// On every chain a script's address, written and read back, is the same; so is the text, and
// no other chain's key is written.
func TestAddressesComeBack(t *testing.T) {
	forms := []struct{ front, back string }{
		{"76a914", "88ac"}, {"a914", "87"}, {"0014", ""}, {"0020", ""}, {"5120", ""}, {"5202", ""}, {"5920", ""}, {"5820", ""},
		{"aa20", "87"}, {"2102", "ac"}, {"4104", "ac"}, {"6a", ""}, {"ef", ""}, {"", ""},
	}
	sizes := map[string]int{"76a914": 20, "a914": 20, "0014": 20, "5202": 2, "2102": 32, "4104": 64}
	chain := rapid.SampledFrom(family())
	rapid.Check(t, func(t *rapid.T) {
		c, form := chain.Draw(t, "chain"), rapid.SampledFrom(forms).Draw(t, "form")
		size, fixed := sizes[form.front]
		if !fixed {
			size = 32
		}
		hash := rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "payload")
		script := slices.Concat(mustHex(form.front), hash, mustHex(form.back))
		a, _ := bitcoin.Classify(c, script)
		text := bitcoin.FormatAddress(c, a)
		back, err := bitcoin.ParseAddress(c, text)
		require.NoError(t, err, text)
		require.Equal(t, a, back)
		require.Equal(t, text, bitcoin.FormatAddress(c, back))
		other := chain.Draw(t, "other")
		if foreign := bitcoin.FormatAddress(other, a); foreign != "" {
			back, err := bitcoin.ParseAddress(other, foreign)
			require.NoError(t, err, "%s on %s", foreign, other)
			require.Equal(t, a, back)
		}
	})
}

func mustHex(text string) []byte {
	raw, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return raw
}

// A bchd answers every path with 200 and an error of JSON-RPC, and refuses getblock 3.
func TestNodeThatAnswersAsBchd(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	hash := node.MineBlock(nodetest.Anyone(0))
	url := nodetest.Proxy(t, node.URL, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
		switch {
		case strings.HasPrefix(q.Path, "/rest/"):
			r.Status, r.Body = 200, []byte(`{"jsonrpc":"1.0","result":null,"error":{"code":-32600,"message":"Invalid request: malformed"},"id":null}`)
		case q.Method == "getblock" && bytes.Contains(q.Body, []byte(",3]")):
			r.Status, r.Body = 200, q.Refusal(-8, "invalid VerbosityLevel value")
		}
	}})
	n, err := bitcoin.Dial(t.Context(), "bitcoin-regtest", url, node.Options())
	require.NoError(t, err)
	block, err := n.Block(t.Context(), node.Height(), hash)
	require.NoError(t, err)
	require.Equal(t, hash, block.Ref.Hash)
	require.False(t, n.SpentKnown())
}
