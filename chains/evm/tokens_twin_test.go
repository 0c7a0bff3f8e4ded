package evm_test

import (
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
)

func TestTokensAtTwoAddresses(t *testing.T) {
	const older, newer = "0xcB444e90D8198415266c6a2724b7900fb12FC56E", "0x420CA0f9B9b604cE0fd9C18EF134C705e5Fa3430"
	transfer := func(emitter string, units byte) evm.Log {
		return evm.Log{
			Address: common.HexToAddress(emitter),
			Topics:  [][32]byte{common.HexToHash("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"), {31: 1}, {31: 2}},
			Data:    append(make([]byte, 31), units),
		}
	}
	for name, c := range map[string]struct {
		chain chains.Chain
		logs  []evm.Log
		want  []chains.Asset
	}{
		"each movement once":           {"gnosis", []evm.Log{transfer(newer, 5), transfer(older, 5), transfer(older, 6), transfer(newer, 6)}, []chains.Asset{newer, newer}},
		"the old address alone":        {"gnosis", []evm.Log{transfer(older, 5)}, []chains.Asset{older}},
		"another amount":               {"gnosis", []evm.Log{transfer(newer, 5), transfer(older, 6)}, []chains.Asset{newer, older}},
		"not side by side":             {"gnosis", []evm.Log{transfer(newer, 5), {Address: [20]byte{9}}, transfer(older, 5)}, []chains.Asset{newer, older}},
		"a chain without these tokens": {"polygon", []evm.Log{transfer(newer, 5), transfer(older, 5)}, []chains.Asset{newer, older}},
	} {
		parts := evm.Parts{Receipt: evm.Receipt{Logs: c.logs}, Tx: evm.Transaction{To: &common.Address{7}}}
		tx, err := evm.NewDecoder(c.chain).Tx(&parts, &evm.Header{}, chains.EvidenceProven)
		require.NoError(t, err, name)
		var got []chains.Asset
		for _, m := range tx.Exec.Moves {
			if m.Kind == chains.MoveToken {
				got = append(got, m.Asset)
			}
		}
		require.Equal(t, c.want, got, name)
	}
}
