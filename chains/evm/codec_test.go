package evm_test

import (
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
)

// eip55 are the examples of EIP-55.
var eip55 = []string{
	"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
	"0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
	"0x52908400098527886E0F7030069857D2E4169EE7", "0xde709f2102306220921060314715629080e2fb77",
}

func TestAddressText(t *testing.T) {
	for _, text := range eip55 {
		for _, form := range []string{text, strings.ToLower(text), "0x" + strings.ToUpper(text[2:])} {
			a, err := evm.Codec{}.ParseAddress("polygon", form)
			require.NoError(t, err)
			require.Len(t, string(a), 20)
			require.Equal(t, text, evm.Codec{}.FormatAddress("polygon", a))
		}
	}
}

func TestAddressTextRefused(t *testing.T) {
	right := eip55[0]
	_, err := evm.ParseAddress("ethereum", strings.Replace(right, "A", "a", 1))
	require.ErrorIs(t, err, evm.ErrChecksum)
	for name, text := range map[string]string{
		"too short": right[:41], "too long": right + "0", "no 0x": right[2:], "0X": "0X" + right[2:], "no hex": right[:41] + "g", "empty": "",
	} {
		_, err := evm.ParseAddress("ethereum", text)
		require.Error(t, err, name)
	}
	_, err = evm.ParseAddress("bitcoin", right)
	require.ErrorIs(t, err, chains.ErrUnknownChain)
	require.Equal(t, "[0102]", evm.FormatAddress("ethereum", "\x01\x02"))
}

func TestAssetText(t *testing.T) {
	contract := common.HexToAddress(eip55[1])
	for _, id := range []*uint256.Int{nil, uint256.NewInt(0), uint256.NewInt(17), new(uint256.Int).Not(new(uint256.Int))} {
		asset := evm.AssetOf(contract)
		if id != nil {
			asset = evm.NFT(contract, id)
		}
		back, number, ok := evm.AssetAddress(asset)
		require.True(t, ok, asset)
		require.Equal(t, contract, back)
		require.Equal(t, id, number)
	}
	for _, text := range []string{"native", "", strings.ToLower(eip55[1]), eip55[1] + "/", eip55[1] + "/007", eip55[1] + "/x", eip55[1][:41]} {
		_, _, ok := evm.AssetAddress(chains.Asset(text))
		require.False(t, ok, text)
	}
}

func TestKindOfCode(t *testing.T) {
	clone := func(implementation string) []byte {
		return common.FromHex("363d3d373d3d3d363d73" + implementation[2:] + "5af43d82803e903d91602b57fd5bf3")
	}
	wallet := "0x44e999d5c2F66Ef0861317f9A4805AC2e90aEB4f"
	for name, c := range map[string]struct {
		chain chains.Chain
		code  []byte
		want  chains.AccountKind
	}{
		"no code":                           {"ethereum", nil, chains.AccountKey},
		"a key that lent its power":         {"ethereum", common.FromHex("ef0100" + eip55[0][2:]), chains.AccountKey},
		"a delegation with a byte too many": {"ethereum", common.FromHex("ef0100" + eip55[0][2:] + "00"), chains.AccountContract},
		"a clone of a wallet":               {"polygon", clone(wallet), chains.AccountWallet},
		"the same on another chain":         {"ethereum", clone(wallet), chains.AccountContract},
		"a clone of something else":         {"polygon", clone(eip55[0]), chains.AccountContract},
		"a clone with more behind":          {"polygon", append(clone(wallet), 0), chains.AccountContract},
		"other code":                        {"polygon", codeForward, chains.AccountContract},
	} {
		require.Equal(t, c.want, evm.KindOfCode(c.chain, c.code), name)
	}
}
