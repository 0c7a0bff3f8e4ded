package screen_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/evm"
	"clew/screen"
)

// bothCodecs reads the addresses of both families.
type bothCodecs struct{}

func (bothCodecs) ParseAddress(chain chains.Chain, text string) (chains.Address, error) {
	if chain.Info().Family == chains.FamilyEVM {
		return evm.Codec{}.ParseAddress(chain, text)
	}
	return bitcoin.Codec{}.ParseAddress(chain, text)
}

func (bothCodecs) FormatAddress(chain chains.Chain, a chains.Address) string {
	if chain.Info().Family == chains.FamilyEVM {
		return evm.Codec{}.FormatAddress(chain, a)
	}
	return bitcoin.Codec{}.FormatAddress(chain, a)
}

const (
	someTx   = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
	genesis  = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
	someCash = "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a"
	lowered  = "0xd8da6bf26964af9d7eed9e03e53415d37aa96045"
	summed   = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045"
	usdcLow  = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
	usdc     = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
)

func TestParseSubject(t *testing.T) {
	for _, c := range []struct{ text, key string }{
		{"bitcoin:" + genesis, `{"kind":"address","chain":"bitcoin","address":"` + genesis + `","direction":"source"}`},
		{" bitcoin:" + genesis + ":native\n", `{"kind":"address","chain":"bitcoin","address":"` + genesis + `","direction":"source"}`},
		{"bitcoin:" + strings.ToUpper(someTx), `{"kind":"transaction","chain":"bitcoin","txid":"` + someTx + `","direction":"source"}`},
		{"bitcoin:" + someTx + ":0", `{"kind":"output","chain":"bitcoin","txid":"` + someTx + `","vout":0,"direction":"source"}`},
		{"bitcoin:" + someTx + ":" + genesis, `{"kind":"deposit","chain":"bitcoin","address":"` + genesis + `","txid":"` + someTx + `","direction":"source"}`},
		{"bitcoin-cash:" + someCash, `{"kind":"address","chain":"bitcoin-cash","address":"` + someCash + `","direction":"source"}`},
		{"bitcoin-cash:" + someTx + ":" + someCash, `{"kind":"deposit","chain":"bitcoin-cash","address":"` + someCash + `","txid":"` + someTx + `","direction":"source"}`},
		{"ethereum:" + lowered, `{"kind":"address","chain":"ethereum","address":"` + summed + `","direction":"source"}`},
		{"eip155:1:" + lowered + ":" + usdcLow, `{"kind":"address","chain":"ethereum","address":"` + summed + `","asset":"` + usdc + `","direction":"source"}`},
		{"ethereum:" + someTx, `{"kind":"transaction","chain":"ethereum","txid":"0x` + someTx + `","direction":"source"}`},
		{"ethereum:0x" + someTx + ":" + lowered + ":" + usdcLow, `{"kind":"deposit","chain":"ethereum","address":"` + summed + `","txid":"0x` + someTx + `","asset":"` + usdc + `","direction":"source"}`},
		{"ethereum:0x" + someTx + ":" + lowered + ":native", `{"kind":"deposit","chain":"ethereum","address":"` + summed + `","txid":"0x` + someTx + `","asset":"native","direction":"source"}`},
	} {
		t.Run(c.text, func(t *testing.T) {
			s, err := screen.ParseSubject(c.text, bothCodecs{})
			require.NoError(t, err)
			require.Equal(t, c.key, s.Key())
			again, err := screen.ParseSubject(s.String(), bothCodecs{})
			require.NoError(t, err)
			require.Equal(t, s, again)
			var read screen.Subject
			require.NoError(t, json.Unmarshal([]byte(c.key), &read))
			checked, err := read.Check(bothCodecs{})
			require.NoError(t, err)
			require.Equal(t, s, checked)
		})
	}
}

func TestSubjectErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                        "unknown chain",
		"bitcoin":                                 "nothing stands behind",
		"bitcone:" + genesis:                      "unknown chain",
		"bitcoin:" + genesis[1:]:                  "not an address",
		"bitcoin:" + someTx + ":-1":               "not an address",
		"bitcoin:" + someTx + ":4294967296":       "not an address",
		"bitcoin:" + someTx + ":":                 "not an address",
		"ethereum:" + someTx + ":0":               "has no outputs",
		"bitcoin:" + genesis + ":" + usdc:         "native coin only",
		"ethereum:" + summed + ":claimed:usd":     "valuation",
		"ethereum:" + summed + ":" + usdc + "/01": "decimal digits",
	} {
		_, err := screen.ParseSubject(text, bothCodecs{})
		require.ErrorIs(t, err, screen.ErrSubject, text)
		require.ErrorContains(t, err, want, text)
	}
	vout := uint32(1)
	for name, c := range map[string]struct {
		subject screen.Subject
		want    string
	}{
		"kind":             {screen.Subject{Kind: "wallet", Chain: "bitcoin"}, "kind"},
		"direction":        {screen.Subject{Chain: "bitcoin", Address: genesis, Direction: "up"}, "direction"},
		"missing":          {screen.Subject{Kind: screen.KindDeposit, Chain: "bitcoin", Address: genesis}, "txid: missing"},
		"too much":         {screen.Subject{Kind: screen.KindAddress, Chain: "bitcoin", Address: genesis, TxID: someTx}, "txid: the kind address has none"},
		"output, accounts": {screen.Subject{Chain: "ethereum", TxID: someTx, Vout: &vout}, "keeps value in accounts"},
		"txid":             {screen.Subject{Chain: "bitcoin", TxID: "12"}, "txid"},
	} {
		_, err := c.subject.Check(bothCodecs{})
		require.ErrorIs(t, err, screen.ErrSubject, name)
		require.ErrorContains(t, err, c.want, name)
	}
}

func FuzzParseSubject(f *testing.F) {
	for _, text := range []string{
		"bitcoin:" + genesis, "bitcoin:" + someTx + ":7", "bitcoin-cash:" + someTx + ":" + someCash, "eip155:10:" + lowered + ":" + usdcLow,
		"eip155:999:0x" + someTx,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := screen.ParseSubject(text, bothCodecs{})
		if err != nil {
			require.ErrorIs(t, err, screen.ErrSubject)
			return
		}
		again, err := screen.ParseSubject(s.String(), bothCodecs{})
		require.NoError(t, err)
		require.Equal(t, s.Key(), again.Key())
		checked, err := s.Check(bothCodecs{})
		require.NoError(t, err)
		require.Equal(t, s, checked)
	})
}
