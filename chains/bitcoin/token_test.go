package bitcoin_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
)

// Bitcoin Cash Node tells a token of a spent output beside the script, without the prefix that
// stands in the transaction: what is kept is what stands there. The node is a bitcoind without
// witnesses, whose answers get tokens on the way.
func TestSpentTokens(t *testing.T) {
	category := "01" + strings.Repeat("00", 30) + "02"
	prefix := "ef" + "02" + strings.Repeat("00", 30) + "01"
	cases := []struct {
		name, token string
		prefix      string // "": refused
	}{
		{"amount", `{"amount":"253"}`, "10fdfd00"},
		{"the largest amount", `{"amount":"9223372036854775807"}`, "10ffffffffffffffff7f"},
		{"immutable, without commitment", `{"amount":"0","nft":{"capability":"none","commitment":""}}`, "20"},
		{"mutable, with one", `{"amount":"0","nft":{"capability":"mutable","commitment":"cc"}}`, "6101cc"},
		{"minting, with all", `{"amount":"1","nft":{"capability":"minting","commitment":"cccc"}}`, "7202cccc01"},
		{"too large an amount", `{"amount":"9223372036854775808"}`, ""},
		{"no amount", `{}`, ""},
		{"another capability", `{"amount":"0","nft":{"capability":"melting","commitment":""}}`, ""},
		{"no digits", `{"amount":"0","nft":{"capability":"none","commitment":"c"}}`, ""},
		{"no category", `{"amount":"1","category":"01"}`, ""},
	}
	node := nodetest.Start(t, nodetest.Options{Args: []string{"-rest=0", "-testactivationheight=segwit@1000"}})
	coin := node.Fund(nodetest.Bare(1), 1)[0]
	tx := nodetest.Spend(t, []nodetest.Coin{coin}, nodetest.Pay{To: nodetest.Bare(2), Value: 40e8})
	hash := node.MineBlock(nodetest.Bare(0), tx)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			url := nodetest.Proxy(t, node.URL, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
				token := map[string]any{"category": category}
				if err := json.Unmarshal([]byte(c.token), &token); err != nil {
					t.Error(err)
				}
				text, err := json.Marshal(token)
				if err != nil {
					t.Error(err)
				}
				r.Body = bytes.ReplaceAll(r.Body, []byte("/Satoshi:"), []byte("/Bitcoin Cash Node:"))
				r.Body = bytes.ReplaceAll(r.Body, []byte(`"prevout":{`), []byte(`"prevout":{"tokenData":`+string(text)+`,`))
			}})
			n, err := bitcoin.Dial(t.Context(), "bitcoin-cash-regtest", url, node.Options())
			require.NoError(t, err)
			block, err := n.Block(t.Context(), node.Height(), hash)
			if c.prefix == "" {
				require.ErrorIs(t, err, chains.ErrBadAnswer)
				require.ErrorContains(t, err, "transaction 1, input 0: token")
				return
			}
			require.NoError(t, err)
			spent, err := bitcoin.DecodeSpent(block.Spent[1])
			require.NoError(t, err)
			require.Equal(t, prefix+c.prefix+hex.EncodeToString(coin.Lock.Script), hex.EncodeToString(spent[0].Script))
			in := block.Txs[1].Inputs[0]
			require.True(t, in.Spent.Token)
			require.Equal(t, spent[0].Output("bitcoin-cash-regtest"), in.Spent)
			require.Equal(t, address(t, coin.Lock.Script), in.Spent.Address, "the script is the one behind the prefix")
			require.False(t, block.Txs[1].Outputs[0].Token)
		})
	}
}
